//! A scan while its characters arrive.
//!
//! It ends with Enter, Tab or a line end, or, from a scanner that sends none of these, with a pause. What is too long, or
//! misses characters, is dropped up to its end, so that half a code is never taken for a whole one.

use std::time::{Duration, Instant};

/// The longest scan, in characters: no code of a waybill is near it.
pub const LONGEST: usize = 512;

/// What came of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    Text(String),
    /// More than [`LONGEST`] characters came without an end.
    TooLong,
    /// Some of its characters were lost on the way.
    Torn,
}

/// The characters so far.
#[derive(Debug)]
pub(super) struct Unfinished {
    text: String,
    /// Characters are missing.
    torn: bool,
    pause: Duration,
    until: Option<Instant>,
}

impl Unfinished {
    /// One that a pause of this length ends.
    pub fn new(pause: Duration) -> Unfinished {
        Unfinished { text: String::new(), torn: false, pause, until: None }
    }

    pub fn push(&mut self, character: char, now: Instant) -> Option<Scanned> {
        if matches!(character, '\r' | '\n' | '\t' | END_OF_TEXT) {
            return self.end();
        }
        self.until = Some(now + self.pause);
        // One more than may be: enough to know that it is too long.
        if character != '\0' && self.text.chars().count() <= LONGEST {
            self.text.push(character);
        }
        None
    }

    /// Something of it was lost.
    pub fn tear(&mut self, now: Instant) {
        self.torn = true;
        self.until = Some(now + self.pause);
    }

    /// What came before was no scan.
    pub fn forget(&mut self) {
        self.text.clear();
        self.torn = false;
        self.until = None;
    }

    /// When it counts as ended if nothing more comes.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.until
    }

    pub fn handle_timeout(&mut self, now: Instant) -> Option<Scanned> {
        if self.until.is_some_and(|until| until <= now) { self.end() } else { None }
    }

    fn end(&mut self) -> Option<Scanned> {
        let scanned = match self.text.trim() {
            _ if self.torn => Some(Scanned::Torn),
            "" => None,
            text if text.chars().count() > LONGEST => Some(Scanned::TooLong),
            text => Some(Scanned::Text(text.to_owned())),
        };
        self.forget();
        scanned
    }
}

/// ETX, the last character of what some scanners frame.
const END_OF_TEXT: char = '\x03';
