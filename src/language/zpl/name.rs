//! The name of a graphic stored in the printer: made from the picture it stands for, so the same picture gets the same name
//! everywhere.

use std::fmt;

/// First letter of every name of ours: by it we delete what an earlier connection left.
pub const PREFIX: u8 = b'W';

/// What tells pictures apart.
pub type Digest = [u8; 16];

/// The name of a stored graphic: eight capitals and digits (ZPL II guide, ~DG: 1 to 8 alphanumeric characters).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name([u8; 8]);

impl Name {
    /// The name of the picture with that digest.
    pub fn of(digest: &Digest) -> Name {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
        let mut name = [PREFIX; 8];
        for (letter, byte) in name[1..].iter_mut().zip(digest) {
            *letter = LETTERS[usize::from(byte % 32)];
        }
        Name(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", *letter as char))
    }
}
