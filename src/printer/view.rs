//! How a printer stands, in words for a person and keywords for a program.

use crate::closed_set::ClosedSet;
use crate::conversation::{Answers, Counter, Echo, PrinterState, Profile};
use crate::language::{Language, Reason};
use crate::spool::{EventKind, UnixMs};

/// What everybody may know of a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// `idle`, `printing`, `stopped`, `paused` or `offline`.
    pub state: &'static str,
    /// IPP keywords: `media-empty`, `cover-open`, …
    pub reasons: Vec<String>,
    /// The same in a sentence, with what to do.
    pub sentence: String,
    /// The run being printed.
    pub run: Option<i64>,
    /// The label last begun of it.
    pub label: Option<String>,
    /// Whether it answers when asked for its status; `None`: not known yet.
    pub answers_status: Option<bool>,
    /// By what a label counts as printed: `counter`, `echo`, `buffers` or `nothing`; `None`: not known yet.
    pub confirms_by: Option<&'static str>,
    /// What it says that it is; `None`: it did not say, or was not asked yet.
    pub identity: Option<String>,
    /// When it last answered or took a connection; `None`: not since the daemon started.
    pub reached_at: Option<UnixMs>,
    /// Since when it is not reached, when it was tried.
    pub not_reached_since: Option<UnixMs>,
    /// It is being looked at.
    pub looking: bool,
}

impl Default for View {
    fn default() -> View {
        View {
            state: "idle",
            reasons: Vec::new(),
            sentence: "nothing to print.".to_owned(),
            run: None,
            label: None,
            answers_status: None,
            confirms_by: None,
            identity: None,
            reached_at: None,
            not_reached_since: None,
            looking: false,
        }
    }
}

/// By what a printer of that language confirms, as far as it is known.
pub fn confirms_by(language: Language, profile: &Profile) -> Option<&'static str> {
    match (profile.status, language) {
        (Answers::Unknown, _) => None,
        (Answers::Silent, _) => Some("nothing"),
        (Answers::Yes, Language::Tspl | Language::EscPos) => match profile.echo {
            Echo::Unknown => None,
            Echo::No => Some("nothing"),
            Echo::Before if profile.counter == Counter::Counts => Some("counter"),
            Echo::Heard(_) | Echo::Before | Echo::After => Some("echo"),
        },
        (Answers::Yes, Language::Zpl) if profile.counter == Counter::Counts => Some("counter"),
        (Answers::Yes, Language::Zpl) => Some("buffers"),
    }
}

/// State, reasons and sentence of a printer that was asked to print.
pub fn tell(state: &PrinterState, offline: Option<&str>, busy: bool) -> (&'static str, Vec<String>, String) {
    let stopped = |reason: &str, sentence: &str| ("stopped", vec![reason.to_owned()], sentence.to_owned());
    match state {
        PrinterState::Offline if busy || offline.is_some() => {
            let why = offline.unwrap_or("the line is being opened");
            let again = if busy { "; waybilld tries again by itself." } else { "." };
            ("offline", vec!["offline".to_owned()], format!("{why}{again}"))
        }
        PrinterState::Stopped(reasons) => {
            let sentence = reasons.first().map_or("stopped.", remedy).to_owned();
            ("stopped", reasons.iter().map(|reason| reason.keyword().to_owned()).collect(), sentence)
        }
        PrinterState::NotAnswering => {
            stopped("timed-out", "it answered before and does not now: look at the printer; printing goes on by itself.")
        }
        PrinterState::Stalled => stopped("timed-out", "it takes no more data: look at the printer; printing goes on by itself."),
        _ if busy => ("printing", Vec::new(), "printing.".to_owned()),
        _ => ("idle", Vec::new(), View::default().sentence),
    }
}

/// As what that state of a printer is told: its first reason, else the state itself.
pub fn event_kind(state: &str, reasons: &[String]) -> EventKind {
    let word = reasons.first().map_or(state, String::as_str);
    // Every state and reason is a kind of event, which a test holds; one that is not stops the printer all the same.
    EventKind::from_word(word).unwrap_or(EventKind::Stopped)
}

/// What a person does about it.
fn remedy(reason: &Reason) -> &'static str {
    match reason.keyword() {
        "media-empty" => "out of labels: load a roll; printing goes on by itself.",
        "cover-open" => "the cover is open: close it; printing goes on by itself.",
        "paused" => "paused at the printer: press its pause button; printing goes on by itself.",
        "ribbon-empty" => "out of ribbon: load one; printing goes on by itself.",
        "head-too-hot" => "the print head is too hot: it goes on by itself when it has cooled.",
        _ => "the printer reports a fault: look at it; printing goes on by itself.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_a_printer_is_a_kind_of_event() {
        use Reason::*;
        let reasons = [
            MediaEmpty,
            RibbonEmpty,
            CoverOpen,
            CutterFault,
            HeadTooHot,
            HeadTooCold,
            MotorTooHot,
            HeadFault,
            ConfigurationInvalid,
            MediaJam,
            MarkNotFound,
            Paused,
            DiagnosticMode,
            OtherError,
            CalibrateMedia,
            CleanHead,
            ReplaceHead,
            MediaLow,
        ];
        for reason in reasons {
            let kind = event_kind("stopped", &[reason.keyword().to_owned()]);
            assert_eq!(kind.word(), reason.keyword().replace('-', "_"));
        }
        for state in ["idle", "printing", "stopped", "offline", "paused"] {
            assert_eq!(event_kind(state, &[]).word(), state);
        }
    }
}
