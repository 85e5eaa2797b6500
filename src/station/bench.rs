//! One station's memory: the mode, the person, what was just scanned, what may be picked, confirmed or taken back.
//!
//! Scans go in with the time; what they are about comes out. Asks nobody and looks at no clock.

use super::control::{Control, PICKS_MAX};
use super::scanned::{Saying, Scanned};
use crate::config::Mode;
use crate::spool::{LabelView, State, UnixMs};

/// The same scan within this time is one pull of the trigger too many.
const REPEATED_MS: i64 = 2_000;
/// How long a choice is offered.
pub const CHOICE_MS: i64 = 30_000;
/// How long a second scan confirms.
pub const CONFIRM_MS: i64 = 10_000;

/// What one station remembers between two scans.
#[derive(Debug)]
pub struct Bench {
    pub mode: Mode,
    /// By their badge.
    pub person: Option<String>,
    /// The last scan and when it was last heard.
    heard: Option<(String, UnixMs)>,
    choices: Option<(Vec<LabelView>, UnixMs)>,
    /// The job to cancel, until when a second scan means it.
    confirm: Option<(String, UnixMs)>,
    undo: Option<Undo>,
}

/// What the last scan did, for taking it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    Reprint {
        label: String,
    },
    /// It was let print.
    Print {
        label: String,
    },
    Ship {
        label: String,
    },
    Mode(Mode),
    Person(Option<String>),
    /// It cannot be taken back: why, in a sentence.
    Never(&'static str),
}

/// What a scan is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// The trigger was pulled twice.
    Repeated,
    Badge(Option<String>),
    Control(Control),
    NoControl,
    /// One of the labels offered.
    Picked(Box<LabelView>),
    /// A number that is not among those offered, out of so many.
    NoSuchPick(usize),
    /// Something to look for.
    Code,
}

impl Bench {
    pub fn new(mode: Mode) -> Bench {
        Bench { mode, person: None, heard: None, choices: None, confirm: None, undo: None }
    }

    /// Takes in a scan.
    pub fn hear(&mut self, scanned: &Scanned, now: UnixMs) -> Heard {
        let last = self.heard.replace((scanned.text().to_owned(), now));
        // A scanner that goes on reading what lies before it is not told apart by the time since the first reading.
        if last.is_some_and(|(text, at)| text == scanned.text() && (0..REPEATED_MS).contains(&(now - at))) {
            return Heard::Repeated;
        }
        let saying = scanned.saying();
        if saying != Some(Saying::Control(Control::CancelWave)) {
            self.confirm = None;
        }
        let offered = self.choices.take().filter(|(_, until)| now < *until).map(|(labels, _)| labels);
        match saying {
            Some(Saying::Control(Control::Pick(number))) => self.pick(number, offered, now),
            Some(Saying::Control(control)) => Heard::Control(control),
            Some(Saying::Badge(name)) => Heard::Badge(name),
            Some(Saying::NoControl) => Heard::NoControl,
            None => {
                let meant = offered.and_then(|labels| labels.into_iter().find(|label| scanned.keys().contains(&label.id)));
                meant.map_or(Heard::Code, |label| Heard::Picked(Box::new(label)))
            }
        }
    }

    fn pick(&mut self, number: u8, offered: Option<Vec<LabelView>>, now: UnixMs) -> Heard {
        let mut labels = offered.unwrap_or_default();
        let at = usize::from(number.clamp(1, PICKS_MAX)) - 1;
        if at < labels.len() {
            return Heard::Picked(Box::new(labels.swap_remove(at)));
        }
        let count = labels.len();
        if count > 0 {
            self.offer(labels, now);
        }
        Heard::NoSuchPick(count)
    }

    /// The last scan could not be worked on: the same again is no double trigger.
    pub fn forget(&mut self) {
        self.heard = None;
    }

    /// Offers these labels to pick from.
    pub fn offer(&mut self, mut labels: Vec<LabelView>, now: UnixMs) {
        labels.truncate(usize::from(PICKS_MAX));
        self.choices = Some((labels, now + CHOICE_MS));
    }

    /// What is offered, and until when.
    pub fn offered(&self) -> Option<&(Vec<LabelView>, UnixMs)> {
        self.choices.as_ref()
    }

    /// Whether this is the second scan that cancels the job; else it is asked for.
    pub fn confirms(&mut self, job: &str, now: UnixMs) -> bool {
        let meant = self.confirm.take().is_some_and(|(asked, until)| asked == job && now < until);
        if !meant {
            self.confirm = Some((job.to_owned(), now + CONFIRM_MS));
        }
        meant
    }

    /// Something was done; this takes it back.
    pub fn did(&mut self, undo: Undo) {
        self.undo = Some(undo);
    }

    /// What there is to take back; a second time there is nothing.
    pub fn take_undo(&mut self) -> Option<Undo> {
        self.undo.take()
    }
}

/// The labels a scan can mean, out of all that carry its code.
///
/// A paper of a wave is meant only when nothing else is. One that was canceled before a copy came out
/// is in nobody's hand while another label has the same code; in the way of a reprint or print is a voided one neither.
pub fn meant(found: Vec<LabelView>, mode: Mode) -> Vec<LabelView> {
    let narrowed = |labels: Vec<LabelView>, keep: &dyn Fn(&LabelView) -> bool| {
        let kept: Vec<LabelView> = labels.iter().filter(|label| keep(label)).cloned().collect();
        if kept.is_empty() { labels } else { kept }
    };
    let labels = narrowed(found, &|label| label.paper.is_none());
    let labels = narrowed(labels, &|label| label.state != State::Canceled);
    match mode {
        Mode::Ship => labels,
        Mode::Reprint | Mode::Print => narrowed(labels, &|label| label.state != State::Voided && label.replaced_by.is_none()),
    }
}
