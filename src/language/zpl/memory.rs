//! What the printer keeps for us in its `R:` drive, and what we have seen often enough to store.
//!
//! Two pictures that would share a name are told apart here.

use super::graphic::Graphic;
use super::name::{Digest, Name};
use std::collections::{HashMap, HashSet};

/// What a stored graphic takes besides its rows; a guess on the safe side, the manuals do not say.
const OVERHEAD: usize = 64;

/// Smaller pictures are sent each time: recalling them costs as many bytes.
const WORTH_STORING: usize = 96;

/// How many pictures we remember having seen once; then we start over.
const SEEN_MOST: usize = 4096;

/// What to do with a picture.
pub enum Sight {
    /// The printer has it: recall it.
    Stored(Name),
    /// Store it now, under that name, and recall it.
    Store(Name),
    /// Send it as it is: it is new, or there is no room.
    Send,
}

#[derive(Debug)]
pub struct Memory {
    room: usize,
    stored: HashMap<Name, Digest>,
    seen: HashSet<Digest>,
}

impl Memory {
    pub fn new(room: usize) -> Memory {
        Memory { room, stored: HashMap::new(), seen: HashSet::new() }
    }

    pub fn stored(&self) -> usize {
        self.stored.len()
    }

    /// A picture that is sure to come again.
    pub fn fixed(&mut self, graphic: &Graphic) -> Sight {
        self.look_up(digest(graphic), graphic, true)
    }

    /// A picture that may come again: it is stored when it does.
    pub fn sight(&mut self, graphic: &Graphic) -> Sight {
        if graphic.rows.len() < WORTH_STORING {
            return Sight::Send;
        }
        let digest = digest(graphic);
        if self.seen.len() >= SEEN_MOST {
            self.seen.clear();
        }
        let again = !self.seen.insert(digest);
        self.look_up(digest, graphic, again)
    }

    fn look_up(&mut self, digest: Digest, graphic: &Graphic, store: bool) -> Sight {
        let name = Name::of(&digest);
        let need = graphic.rows.len() + OVERHEAD;
        match self.stored.get(&name) {
            Some(known) if *known == digest => Sight::Stored(name),
            None if store && need <= self.room => {
                self.room -= need;
                self.stored.insert(name, digest);
                Sight::Store(name)
            }
            _ => Sight::Send,
        }
    }
}

fn digest(graphic: &Graphic) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(graphic.stride as u32).to_le_bytes()).update(&graphic.rows);
    let mut digest = Digest::default();
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::Point;

    fn graphic(byte: u8) -> Graphic {
        Graphic { at: Point::default(), stride: 10, rows: vec![byte; 200] }
    }

    #[test]
    fn a_picture_is_stored_on_its_second_sight_and_recalled_from_the_third() {
        let mut memory = Memory::new(10_000);
        assert!(matches!(memory.sight(&graphic(1)), Sight::Send));
        assert!(matches!(memory.sight(&graphic(2)), Sight::Send));
        assert!(matches!(memory.sight(&graphic(1)), Sight::Store(_)));
        assert!(matches!(memory.sight(&graphic(1)), Sight::Stored(_)));
        assert_eq!(memory.stored(), 1);
    }

    #[test]
    fn a_full_memory_stores_nothing_more_and_keeps_what_it_has() {
        let mut memory = Memory::new(2 * (200 + OVERHEAD));
        for byte in [1, 2, 3] {
            memory.sight(&graphic(byte));
            memory.sight(&graphic(byte));
        }
        assert_eq!(memory.stored(), 2);
        assert!(matches!(memory.sight(&graphic(1)), Sight::Stored(_)));
        assert!(matches!(memory.sight(&graphic(3)), Sight::Send));
    }

    #[test]
    fn names_are_eight_letters_and_tell_shapes_apart() {
        let tall = Graphic { at: Point::default(), stride: 5, rows: vec![1; 200] };
        let names = [Name::of(&digest(&graphic(1))), Name::of(&digest(&graphic(2))), Name::of(&digest(&tall))]
            .map(|name| name.to_string());
        assert!(names.iter().all(|name| name.len() == 8 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())));
        assert!(names[0] != names[1] && names[0] != names[2]);
    }
}
