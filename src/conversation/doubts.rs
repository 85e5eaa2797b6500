//! What is left open when a line breaks, and what settles it.
//!
//! Labels in doubt with the count at which none of them was out. Knows no reply and no question.

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
}
