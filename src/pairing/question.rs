//! What a probe asks, in the bytes of each language.

use super::introduction::ASK_LANGUAGES;
use crate::language::reading::Mark;
use crate::language::{Language, escpos, tspl, zpl};

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `device.languages`, of a Zebra.
    Languages,
    HostIdentity,
    HostStatus,
    HostErrors,
    LabelCounter,
    State,
    Flags,
    Model,
    Out,
    Online,
    /// A further part of the status, `DLE EOT` 2 to 4.
    Part(u8),
    Name,
    Reports,
    ProcessId,
}

/// Initialise, `ESC @`: an ESC/POS printer forgets the text and the print mode it took a question for.
const FORGET: &[u8] = b"\x1b@";
/// Ends the reports it was asked for, `GS a 0`.
const NO_REPORTS: &[u8] = b"\x1da\0";

impl Question {
    /// Those that find out whether a printer speaks the language at all.
    pub fn knocks(language: Language) -> &'static [Question] {
        match language {
            Language::Zpl => &[Question::HostIdentity, Question::HostStatus],
            Language::Tspl => &[Question::State, Question::Flags],
            Language::EscPos => &[Question::Online],
        }
    }

    /// The others.
    pub fn more(language: Language) -> &'static [Question] {
        match language {
            Language::Zpl => &[Question::HostErrors, Question::LabelCounter],
            Language::Tspl => &[Question::Model, Question::Out],
            Language::EscPos => {
                &[Question::Part(2), Question::Part(3), Question::Part(4), Question::Name, Question::Reports, Question::ProcessId]
            }
        }
    }

    /// As a person writes it.
    pub fn name(self) -> &'static str {
        match self {
            Question::Languages => "device.languages",
            Question::HostIdentity => "~HI",
            Question::HostStatus => "~HS",
            Question::HostErrors => "~HQES",
            Question::LabelCounter => "its label counter",
            Question::State => "<ESC>!S",
            Question::Flags => "<ESC>!?",
            Question::Model => "~!T",
            Question::Out => "OUT",
            Question::Online => "DLE EOT 1",
            Question::Part(2) => "DLE EOT 2",
            Question::Part(3) => "DLE EOT 3",
            Question::Part(_) => "DLE EOT 4",
            Question::Name => "GS I",
            Question::Reports => "GS a",
            Question::ProcessId => "GS ( H",
        }
    }

    pub fn bytes(self, mark: Mark) -> Vec<u8> {
        let online = escpos::status::ask(escpos::status::Ask::Printer);
        match self {
            Question::Languages => ASK_LANGUAGES.to_vec(),
            Question::HostIdentity => [zpl::status::ASK_IDENTITY, FORGET].concat(),
            Question::HostStatus => [zpl::status::ASK_STATUS, FORGET].concat(),
            Question::HostErrors => [zpl::status::ASK_ERRORS, FORGET].concat(),
            Question::LabelCounter => zpl::status::ASK_COUNTER.to_vec(),
            Question::State => [tspl::status::ASK_STATE, FORGET].concat(),
            // One byte could be anything: twice the same is an answer.
            Question::Flags => [tspl::status::ASK_FLAGS, tspl::status::ASK_FLAGS, FORGET].concat(),
            Question::Model => tspl::status::ASK_IDENTITY.to_vec(),
            // What knocks left behind is a line of its own, and no command.
            Question::Out => [b"\r\n", tspl::status::ask_echo(mark).as_slice()].concat(),
            Question::Online => [online.as_slice(), &online].concat(),
            Question::Part(2) => escpos::status::ask(escpos::status::Ask::OfflineCause),
            Question::Part(3) => escpos::status::ask(escpos::status::Ask::ErrorCause),
            Question::Part(_) => escpos::status::ask(escpos::status::Ask::Media),
            Question::Name => [escpos::status::ASK_IDENTITY, FORGET].concat(),
            Question::Reports => [escpos::status::REPORT_CHANGES, NO_REPORTS, FORGET].concat(),
            Question::ProcessId => [escpos::status::ask_echo(mark).as_slice(), FORGET].concat(),
        }
    }
}
