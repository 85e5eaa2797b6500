//! One station's memory: the mode, the person, what was just scanned, what may be picked, confirmed or taken back.
//!
//! Scans go in with the time; what they are about comes out. Knows no ledger and looks at no clock.

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
pub struct Session {
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

impl Session {
    pub fn new(mode: Mode) -> Session {
        Session { mode, person: None, heard: None, choices: None, confirm: None, undo: None }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::closed_set::PaperKind;

    fn hear(session: &mut Session, text: &str, now: UnixMs) -> Heard {
        session.hear(&Scanned::read(text).expect("a text"), now)
    }

    fn label(id: &str, state: State) -> LabelView {
        LabelView::sample(id, state)
    }

    #[test]
    fn a_scanner_that_goes_on_reading_what_lies_before_it_is_heard_once() {
        let mut session = Session::new(Mode::Reprint);
        assert_eq!(hear(&mut session, "TR001", 0), Heard::Code);
        for now in [500, 2_400, 4_300] {
            assert_eq!(hear(&mut session, "]C0TR001\r", now), Heard::Repeated);
        }
        assert_eq!(hear(&mut session, "TR002", 4_400), Heard::Code);
        assert_eq!(hear(&mut session, "TR001", 4_500), Heard::Code, "another came between");
        assert_eq!(hear(&mut session, "TR001", 6_500), Heard::Code, "two seconds later it is meant");
    }

    #[test]
    fn a_scan_that_could_not_be_worked_on_is_no_double_trigger() {
        let mut session = Session::new(Mode::Reprint);
        hear(&mut session, "TR001", 0);
        session.forget();
        assert_eq!(hear(&mut session, "TR001", 100), Heard::Code);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_a_repetition() {
        let mut session = Session::new(Mode::Reprint);
        hear(&mut session, "TR001", 10_000);
        assert_eq!(hear(&mut session, "TR001", 9_000), Heard::Code);
    }

    #[test]
    fn a_choice_is_offered_until_something_else_is_scanned_or_half_a_minute_is_over() {
        let mut session = Session::new(Mode::Reprint);
        let both = || vec![label("a", State::Printed), label("b", State::Printed)];
        session.offer(both(), 0);
        assert_eq!(hear(&mut session, "XD0PICK9", 100), Heard::NoSuchPick(2));
        assert!(matches!(hear(&mut session, "XD0PICK2", 200), Heard::Picked(label) if label.id == "b"));
        session.offer(both(), 300);
        assert_eq!(hear(&mut session, "XD0PICK1", 300 + CHOICE_MS), Heard::NoSuchPick(0));
        session.offer(both(), 40_000);
        assert_eq!(hear(&mut session, "TR009", 41_000), Heard::Code);
        assert_eq!(hear(&mut session, "XD0PICK1", 45_000), Heard::NoSuchPick(0));
    }

    #[test]
    fn a_wave_is_canceled_by_the_second_scan_for_the_same_wave_and_by_no_later_one() {
        let mut session = Session::new(Mode::Reprint);
        assert!(!session.confirms("wave-1", 0));
        assert!(!session.confirms("wave-2", 3_000), "the printer went on to another one");
        assert!(session.confirms("wave-2", 6_000));
        assert!(!session.confirms("wave-2", 9_000));
        assert!(!session.confirms("wave-2", 9_000 + CONFIRM_MS));
        hear(&mut session, "TR001", 20_000);
        assert!(!session.confirms("wave-2", 21_000), "something else was scanned meanwhile");
    }

    #[test]
    fn of_labels_with_one_code_those_in_nobodys_hand_are_not_meant() {
        let meant_ids = |found: Vec<LabelView>, mode| meant(found, mode).into_iter().map(|label| label.id).collect::<Vec<_>>();
        let all = || {
            let paper = LabelView { paper: Some(PaperKind::PackingSlip), ..label("slip", State::Printed) };
            let [canceled, voided] = [label("canceled", State::Canceled), label("voided", State::Voided)];
            vec![paper, canceled, voided, label("new", State::Printed)]
        };
        assert_eq!(meant_ids(all(), Mode::Reprint), ["new"]);
        assert_eq!(meant_ids(all(), Mode::Ship), ["voided", "new"], "either may be on the parcel");
        assert_eq!(meant_ids(vec![label("voided", State::Voided)], Mode::Reprint), ["voided"], "to be refused by name");
    }
}
