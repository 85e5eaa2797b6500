//! What is left open when a line breaks, and what settles it.
//!
//! Labels in doubt with the count at which none of them was out; and the printer's stored graphics, which vanish
//! when its power is cut. Knows no reply and no question.

use std::time::Duration;

/// Labels in doubt, in the order of the wire.
#[derive(Debug)]
pub(super) struct Doubts {
    keys: Vec<u64>,
    /// The printer's count while none of them was out.
    none_out: u64,
    /// The count may hold torn labels or feeds.
    tainted: bool,
}

/// What a counter says of labels that should have come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    NoneCameOut,
    Unclear,
}

impl Doubts {
    pub fn new(keys: Vec<u64>, none_out: u64, tainted: bool) -> Doubts {
        Doubts { keys, none_out, tainted }
    }

    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    pub fn taint(&mut self) {
        self.tainted = true;
    }

    /// The printer is quiet and has counted so far: each label, and whether it is out. Empty when that stays open.
    ///
    /// A count that did not move is proof. One that moved may have counted a torn label, or the feed of a printer
    /// that was switched on; it proves something only when neither can have been.
    pub fn settle(&self, count: u64, power_stayed: bool) -> Vec<(u64, bool)> {
        let Some(came_out) = count.checked_sub(self.none_out).filter(|out| *out <= self.keys.len() as u64) else {
            return Vec::new();
        };
        if came_out > 0 && (self.tainted || !power_stayed) {
            return Vec::new();
        }
        self.keys.iter().zip(0..).map(|(key, before)| (*key, before < came_out)).collect()
    }
}

/// The number of stored graphics, www of ~HS. Which part of it lies in flash is not said, so it proves that the
/// power stayed only when it was once seen lower. A number is believed when it was read twice.
#[derive(Debug, Default)]
pub(super) struct Memory {
    last: Option<u32>,
    low: Option<u32>,
    high: u32,
    /// Readings in a row, since the printer was out of sight, that show all that was there.
    intact: u32,
}

impl Memory {
    /// A reading; whether something is gone.
    pub fn stored(&mut self, graphics: u32) -> bool {
        let lost = graphics < self.high;
        self.intact = if lost { 0 } else { self.intact + 1 };
        if self.last == Some(graphics) {
            self.high = graphics;
            self.low = Some(self.low.map_or(graphics, |low| low.min(graphics)));
        }
        self.last = Some(graphics);
        lost
    }

    /// The printer was out of sight: what is there now is to be read anew.
    pub fn out_of_sight(&mut self) {
        self.last = None;
        self.intact = 0;
    }

    /// Whether the graphics we stored are still there.
    pub fn survived(&self) -> bool {
        self.intact >= 2 && self.low.is_some_and(|low| low < self.high)
    }
}

/// How long the line may hide the printer before it could have been switched off and on: they take longer to start.
pub(super) const POWER_CYCLE_MIN: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_did_not_move_proves_that_nothing_came_out_whatever_happened() {
        let mut doubts = Doubts::new(vec![7, 8], 100, false);
        doubts.taint();
        assert_eq!(doubts.settle(100, false), [(7, false), (8, false)]);
    }

    #[test]
    fn a_count_that_moved_settles_only_when_the_power_stayed() {
        let doubts = Doubts::new(vec![7, 8], 100, false);
        assert_eq!(doubts.settle(101, true), [(7, true), (8, false)]);
        assert_eq!(doubts.settle(102, true), [(7, true), (8, true)]);
        assert_eq!(doubts.settle(101, false), []);
        assert_eq!(doubts.settle(103, true), [], "somebody else printed");
        assert_eq!(doubts.settle(99, true), [], "another printer");
    }

    #[test]
    fn graphics_that_are_still_there_prove_that_the_power_stayed() {
        let mut memory = Memory::default();
        for graphics in [0, 0, 3, 3] {
            assert!(!memory.stored(graphics));
        }
        memory.out_of_sight();
        assert!(!memory.survived());
        memory.stored(3);
        memory.stored(3);
        assert!(memory.survived());
        memory.out_of_sight();
        assert!(memory.stored(0));
        memory.stored(0);
        assert!(!memory.survived());
    }
}
