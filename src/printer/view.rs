//! How a printer stands, in closed sets for programs and a sentence for people.

use super::words::{ConfirmsBy, PrinterReason, PrinterState};
use crate::closed_set::ClosedSet;
use crate::conversation::{Answers, Counter, Echo, PrinterState as Heard, Profile};
use crate::dots::Dpi;
use crate::language::Language;
use crate::spool::{EventKind, UnixMs};

/// What everybody may know of a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub stands: Stands,
    /// The run being printed.
    pub run: Option<i64>,
    /// The label last begun of it.
    pub label: Option<String>,
    /// Whether it answers when asked for its status; `None`: not known yet.
    pub answers_status: Option<bool>,
    /// By what a label counts as printed; `None`: not known yet.
    pub confirms_by: Option<ConfirmsBy>,
    /// What it says that it is; `None`: it did not say, or was not asked yet.
    pub identity: Option<String>,
    /// When it last answered or took a connection; `None`: not since the daemon started.
    pub reached_at: Option<UnixMs>,
    /// Since when it is not reached, when it was tried.
    pub not_reached_since: Option<UnixMs>,
    /// It is being looked at.
    pub looking: bool,
    /// The resolution of an adopted printer, where the configuration says another.
    pub adopted_dpi: Option<Dpi>,
}

impl Default for View {
    fn default() -> View {
        View {
            stands: Stands::idle(),
            run: None,
            label: None,
            answers_status: None,
            confirms_by: None,
            identity: None,
            reached_at: None,
            not_reached_since: None,
            looking: false,
            adopted_dpi: None,
        }
    }
}

/// How it stands, why, and the same in a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stands {
    pub state: PrinterState,
    pub reasons: Vec<PrinterReason>,
    pub sentence: String,
}

impl Stands {
    /// Nothing is to print.
    pub fn idle() -> Stands {
        Stands::well(PrinterState::Idle, "nothing to print.")
    }

    /// It prints or would print.
    pub fn well(state: PrinterState, sentence: &str) -> Stands {
        Stands { state, reasons: Vec::new(), sentence: sentence.to_owned() }
    }

    /// It stands still for that reason.
    pub fn stopped(reason: PrinterReason, sentence: impl Into<String>) -> Stands {
        Stands { state: PrinterState::Stopped, reasons: vec![reason], sentence: sentence.into() }
    }

    /// The first reason, else the state itself.
    pub fn word(&self) -> &'static str {
        self.reasons.first().map_or(self.state.word(), |reason| reason.word())
    }

    /// As what it is told.
    pub fn event(&self) -> EventKind {
        // A reason that is no event of its own stops the printer all the same.
        EventKind::from_word(self.word()).unwrap_or(EventKind::Stopped)
    }
}

/// By what a printer of that language confirms, as far as it is known.
pub fn confirms_by(language: Language, profile: &Profile) -> Option<ConfirmsBy> {
    match (profile.status, language) {
        (Answers::Unknown, _) => None,
        (Answers::Silent, _) => Some(ConfirmsBy::Nothing),
        (Answers::Yes, Language::Tspl | Language::EscPos) => match profile.echo {
            Echo::Unknown => None,
            Echo::No => Some(ConfirmsBy::Nothing),
            Echo::Before if profile.counter == Counter::Counts => Some(ConfirmsBy::Counter),
            Echo::Heard(_) | Echo::Before | Echo::After => Some(ConfirmsBy::Echo),
        },
        (Answers::Yes, Language::Zpl) if profile.counter == Counter::Counts => Some(ConfirmsBy::Counter),
        (Answers::Yes, Language::Zpl) => Some(ConfirmsBy::Buffers),
    }
}

/// How a printer stands that was asked to print.
pub fn tell(heard: &Heard, offline: Option<&str>, busy: bool) -> Stands {
    match heard {
        Heard::Offline if busy || offline.is_some() => {
            let why = offline.unwrap_or("the line is being opened");
            let again = if busy { "; waybilld tries again by itself." } else { "." };
            let reasons = vec![PrinterReason::Offline];
            Stands { state: PrinterState::Offline, reasons, sentence: format!("{why}{again}") }
        }
        Heard::Stopped(reasons) => {
            let reasons: Vec<PrinterReason> = reasons.iter().copied().map(PrinterReason::from).collect();
            let sentence = reasons.first().map_or("stopped.", |reason| remedy(*reason)).to_owned();
            Stands { state: PrinterState::Stopped, reasons, sentence }
        }
        Heard::NotAnswering => Stands::stopped(
            PrinterReason::TimedOut,
            "it answered before and does not now: look at the printer; printing goes on by itself.",
        ),
        Heard::Stalled => {
            Stands::stopped(PrinterReason::TimedOut, "it takes no more data: look at the printer; printing goes on by itself.")
        }
        _ if busy => Stands::well(PrinterState::Printing, "printing."),
        _ => Stands::idle(),
    }
}

/// What a person does about it.
fn remedy(reason: PrinterReason) -> &'static str {
    match reason {
        PrinterReason::MediaEmpty => "out of labels: load a roll; printing goes on by itself.",
        PrinterReason::CoverOpen => "the cover is open: close it; printing goes on by itself.",
        PrinterReason::Paused => "paused at the printer: press its pause button; printing goes on by itself.",
        PrinterReason::RibbonEmpty => "out of ribbon: load one; printing goes on by itself.",
        PrinterReason::HeadTooHot => "the print head is too hot: it goes on by itself when it has cooled.",
        _ => "the printer reports a fault: look at it; printing goes on by itself.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn what_a_printer_reports_is_a_kind_of_event() {
        // These two are no report of a printer: nothing could be told of it.
        let told = |reason: &&PrinterReason| !matches!(reason, PrinterReason::Busy | PrinterReason::LedgerNotWritable);
        for reason in PrinterReason::VARIANTS.iter().filter(told) {
            assert_eq!(Stands::stopped(*reason, "").event().word(), reason.word());
        }
        for state in PrinterState::VARIANTS {
            assert_eq!(Stands::well(*state, "").event().word(), state.word());
        }
    }
}
