//! What a printer says that can be asked how it stands and to say a word back: the same for every such language.

use super::Reason;

/// One answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Reading(Reading),
    /// A part of a reading: the next is to be asked for.
    More,
    /// A word of ours, said back.
    Echo(Mark),
    /// Labels printed in the printer's life.
    Count(u64),
    /// What it is, in its own words.
    Identity(String),
}

/// How a printer stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Why it does not print; empty when nothing stops it.
    pub reasons: Vec<Reason>,
    /// It draws, prints or feeds, or waits for its label to be taken.
    pub busy: bool,
}

/// A word a printer is asked to say back, one of [`Mark::MANY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark(u32);

impl Mark {
    /// Four characters of 95.
    pub const MANY: u64 = 95 * 95 * 95 * 95;

    pub fn new(number: u64) -> Mark {
        Mark((number % Mark::MANY) as u32)
    }

    pub fn number(self) -> u32 {
        self.0
    }
}
