//! The conversation with one printer: labels go in, what became of them comes out.
//!
//! The caller carries the bytes and tells the time, so the same code drives a wire and a test: `print`,
//! `handle_connected`, `handle_bytes`, `handle_timeout`, `handle_disconnect` say what happened; `poll_write` (and
//! `wrote`), `poll_event`, `poll_timeout` say what to do now. Knows no transport, no template and no disk.
//!
//! Two kinds of printers, two machines with one contract: a ZPL printer tells how many labels it printed ([`zpl`]); an
//! ESC/POS or TSPL printer can be asked to say a word of ours back when it comes to it ([`echo`]). Their headers
//! hold the rules by which a label counts as printed.

mod doubts;
pub mod echo;
mod facts;
mod wire;
pub mod zpl;

pub use crate::closed_set::Evidence;
pub use facts::{Answers, Counter, Doubt, Echo, Event, Loss, PrinterState, Profile, Rules};

use crate::language::{Encoded, Language};
use std::time::Duration;

/// A label given to us and not begun.
#[derive(Debug)]
struct InHand {
    key: u64,
    encoded: Encoded,
}

/// A label begun, in the order of the wire.
#[derive(Debug)]
struct OnWire {
    key: u64,
    /// How many of its bytes make it print.
    trigger: usize,
    /// Its last byte was handed over.
    whole: bool,
}

impl wire::Begun for OnWire {
    fn key(&self) -> u64 {
        self.key
    }

    fn trigger(&self) -> usize {
        self.trigger
    }

    fn is_whole(&self) -> bool {
        self.whole
    }
}

/// The conversation with one printer.
#[derive(Debug)]
pub enum Conversation {
    Zpl(Box<zpl::Conversation>),
    Echo(Box<echo::Conversation>),
}

macro_rules! either {
    ($self:expr, $talk:ident => $what:expr) => {
        match $self {
            Conversation::Zpl($talk) => $what,
            Conversation::Echo($talk) => $what,
        }
    };
}

impl Conversation {
    pub fn new(language: Language, rules: Rules, profile: Profile) -> Conversation {
        match language {
            Language::Zpl => Conversation::Zpl(Box::new(zpl::Conversation::new(rules, profile))),
            Language::Tspl => Conversation::Echo(Box::new(echo::Conversation::new(echo::Dialect::Tspl, rules, profile))),
            Language::EscPos => Conversation::Echo(Box::new(echo::Conversation::new(echo::Dialect::EscPos, rules, profile))),
        }
    }

    pub fn state(&self) -> &PrinterState {
        either!(self, talk => talk.state())
    }

    pub fn profile(&self) -> &Profile {
        either!(self, talk => talk.profile())
    }

    /// Labels given to us whose end is not known.
    pub fn open(&self) -> usize {
        either!(self, talk => talk.open())
    }

    /// Whether another label may be given.
    pub fn has_room(&self) -> bool {
        either!(self, talk => talk.has_room())
    }

    /// Whether a printer that is reached again could settle labels in doubt.
    pub fn has_doubts(&self) -> bool {
        either!(self, talk => talk.has_doubts())
    }

    /// Prints a label. The caller has checked `has_room`.
    pub fn print(&mut self, key: u64, encoded: Encoded, now: Duration) {
        either!(self, talk => talk.print(key, encoded, now));
    }

    /// Writes a command that is neither label nor question. The caller has checked that no label is open.
    pub fn say(&mut self, bytes: Vec<u8>, now: Duration) {
        either!(self, talk => talk.say(bytes, now));
    }

    /// What ends a label that the last line cut short, to be written before anything else; empty: there is none.
    pub fn resync(&self) -> Vec<u8> {
        match self {
            // ZPL has its own word for it, which `handle_connected` writes.
            Conversation::Zpl(_) => Vec::new(),
            Conversation::Echo(talk) => talk.resync(),
        }
    }

    /// That was written.
    pub fn resynced(&mut self) {
        if let Conversation::Echo(talk) = self {
            talk.resynced();
        }
    }

    /// The line is open.
    pub fn handle_connected(&mut self, now: Duration) {
        either!(self, talk => talk.handle_connected(now));
    }

    /// The printer wrote.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        either!(self, talk => talk.handle_bytes(bytes, now));
    }

    /// It is now that time.
    pub fn handle_timeout(&mut self, now: Duration) {
        either!(self, talk => talk.handle_timeout(now));
    }

    /// The line is gone; `why` in a few words.
    pub fn handle_disconnect(&mut self, why: &str) {
        either!(self, talk => talk.handle_disconnect(why));
    }

    /// Bytes to write now. What of them was taken is told by `wrote`.
    pub fn poll_write(&mut self) -> Option<&[u8]> {
        either!(self, talk => talk.poll_write())
    }

    /// How much is left of the label whose bytes `poll_write` offers; `None`: they are of no label.
    pub fn left_of_label(&self) -> Option<usize> {
        either!(self, talk => talk.left_of_label())
    }

    /// So many of the bytes of the last `poll_write` were taken by the line.
    pub fn wrote(&mut self, taken: usize, now: Duration) {
        either!(self, talk => talk.wrote(taken, now));
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        either!(self, talk => talk.poll_event())
    }

    /// When `handle_timeout` wants to be called; `None`: not before something happens.
    pub fn poll_timeout(&self) -> Option<Duration> {
        either!(self, talk => talk.poll_timeout())
    }
}
