//! The words of the two languages, side by side.

use crate::language::reading::{Mark, Reply};
use crate::language::{escpos, tspl};

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Tspl,
    EscPos,
}

impl Dialect {
    /// What is said first on a line, behind one that broke with so many bytes of a label missing at most.
    pub(super) fn opening(self, missing: usize, asks: bool) -> Vec<u8> {
        let (mut bytes, listen) = match self {
            Dialect::Tspl => (tspl::status::resync(missing), tspl::status::LISTEN),
            Dialect::EscPos => (escpos::status::resync(missing.min(escpos::COMMAND_BYTES)), escpos::status::REPORT_CHANGES),
        };
        if asks {
            bytes.extend_from_slice(listen);
        }
        bytes
    }

    pub(super) fn ask_echo(self, mark: Mark) -> Vec<u8> {
        match self {
            Dialect::Tspl => tspl::status::ask_echo(mark),
            Dialect::EscPos => escpos::status::ask_echo(mark),
        }
    }

    /// Whether the printer prints a label that was cut short again by itself.
    pub(super) fn prints_again(self) -> bool {
        self == Dialect::Tspl
    }

    /// Whether it tells a printer at work from one that rests.
    pub(super) fn says_that_it_rests(self) -> bool {
        self == Dialect::Tspl
    }

    /// Whether its word is said after printing, by the manual.
    pub(super) fn says_it_after(self) -> bool {
        self == Dialect::EscPos
    }
}

/// Gathers replies, and knows what to ask for the next part of a reading.
#[derive(Debug)]
pub(super) enum Listener {
    Tspl {
        reader: tspl::status::ReplyReader,
        /// It does not know `<ESC>!S`: its older sister is asked.
        flags: bool,
    },
    EscPos(escpos::status::ReplyReader),
}

impl Listener {
    pub fn new(dialect: Dialect) -> Listener {
        match dialect {
            Dialect::Tspl => Listener::Tspl { reader: Default::default(), flags: false },
            Dialect::EscPos => Listener::EscPos(Default::default()),
        }
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        match self {
            Listener::Tspl { reader, .. } => reader.feed(bytes),
            Listener::EscPos(reader) => reader.feed(bytes),
        }
    }

    pub fn poll(&mut self) -> Option<Reply> {
        match self {
            Listener::Tspl { reader, .. } => reader.poll(),
            Listener::EscPos(reader) => reader.poll(),
        }
    }

    /// The question how it stands; `on`: the next part of what was half said.
    pub fn ask(&mut self, on: bool) -> Vec<u8> {
        match self {
            Listener::Tspl { flags: false, .. } => tspl::status::ASK_STATE.to_vec(),
            Listener::Tspl { reader, flags: true } => {
                reader.expect_flags();
                tspl::status::ASK_FLAGS.to_vec()
            }
            Listener::EscPos(reader) => match reader.open().filter(|_| on) {
                Some(part) => escpos::status::ask(part),
                None => {
                    reader.expect(escpos::status::Ask::Printer);
                    escpos::status::ask(escpos::status::Ask::Printer)
                }
            },
        }
    }

    /// Whether a part of what it began to say is still to be asked for.
    pub fn half_said(&self) -> bool {
        match self {
            Listener::Tspl { .. } => false,
            Listener::EscPos(reader) => reader.open().is_some(),
        }
    }

    /// Another question to the same end, when this one is not answered; whether there is one.
    pub fn try_another(&mut self) -> bool {
        match self {
            Listener::Tspl { flags, .. } => !std::mem::replace(flags, true),
            Listener::EscPos(_) => false,
        }
    }
}
