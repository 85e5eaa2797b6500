//! Whether a ZPL printer's power was cut while it was out of sight, and what its counter says of what should have come out.
//!
//! Stored graphics vanish with the power. Knows no reply and no question.

/// What a counter says of labels that should have come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    NoneCameOut,
    Unclear,
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

#[cfg(test)]
mod tests {
    use super::*;

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
