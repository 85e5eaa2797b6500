//! What a packer is told of a scan: a word for programs, a tone, and a sentence.

use super::control::PICKS_MAX;
use crate::config::Mode;
use crate::service_label::Slip;
use crate::spool::ledger::Illegal;
use crate::spool::{Hold, HoldCause, LabelView, Refusal, State, UnixMs};
pub use crate::spool::{ScanAnswer as Code, Tone};

/// What a packer is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Which answer of the station it is since it started, from 1.
    pub number: u64,
    pub mode: Mode,
    pub code: Code,
    pub sentence: String,
    pub label: Option<LabelView>,
    pub facts: Facts,
    /// The labels to pick from, in the order of their numbers.
    pub choices: Vec<LabelView>,
}

/// The parts of the sentence, for a console in another language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub printer: Option<String>,
    /// Copies, labels or choices, whatever the sentence counts.
    pub count: Option<usize>,
    pub job: Option<String>,
    pub by: Option<String>,
    /// Where else it was done.
    pub station: Option<String>,
    pub at: Option<UnixMs>,
    /// The label to use instead.
    pub replaced_by: Option<String>,
    pub reason: Option<String>,
}

impl Answer {
    pub fn new(mode: Mode, code: Code, sentence: impl Into<String>) -> Answer {
        Answer { number: 0, mode, code, sentence: sentence.into(), label: None, facts: Facts::default(), choices: Vec::new() }
    }

    pub fn of(mut self, label: LabelView) -> Answer {
        self.label = Some(label);
        self
    }

    pub fn with(mut self, facts: Facts) -> Answer {
        self.facts = facts;
        self
    }

    /// What a slip says of it, when the label in hand must not be used by anybody.
    pub fn slip(&self) -> Option<Slip> {
        let chinese = match self.code {
            Code::RefusedVoided => "此面单已作废，请勿使用",
            Code::RefusedCanceled => "此面单已取消，请勿使用",
            Code::RefusedExpired => "此面单已过期，请勿使用",
            Code::RefusedReplaced => "此面单已更换，请使用新面单",
            _ => return None,
        };
        let code = self.label.as_ref().map(|label| label.id.clone()).unwrap_or_default();
        Some(Slip { head: "REFUSED 拒用".to_owned(), code, reasons: vec![self.sentence.clone(), chinese.to_owned()] })
    }

    /// Several labels are meant.
    pub fn choose(mode: Mode, mut labels: Vec<LabelView>) -> Answer {
        let more = labels.len() > usize::from(PICKS_MAX);
        labels.truncate(usize::from(PICKS_MAX));
        let count = labels.len();
        let sentence = match more {
            true => format!("more than {count} labels have this code: scan the tracking number or the label itself."),
            false => format!("{count} labels have this code: scan the number of the one you mean, or the label itself."),
        };
        let facts = Facts { count: Some(count), ..Facts::default() };
        Answer { choices: labels, ..Answer::new(mode, Code::Choose, sentence).with(facts) }
    }
}

/// What a packer is told of a refusal about that label; `None` when it is about something else.
pub fn refused(label: &LabelView, mode: Mode, now: UnixMs, refusal: &Refusal) -> Option<Answer> {
    let id = &label.id;
    let of_state = |state: State| {
        let is_out = label.copies > 0;
        match (state, mode) {
            (State::Voided, _) => (Code::RefusedVoided, format!("label {id} is voided: do not send this parcel with it.")),
            (State::Canceled, _) => (Code::RefusedCanceled, format!("label {id} is canceled: put the parcel aside.")),
            (State::InDoubt, _) => {
                (Code::RefusedInDoubt, format!("nobody knows whether label {id} came out: look at the tray, then say so."))
            }
            (State::Sending, Mode::Reprint | Mode::Print) => {
                (Code::RefusedSending, format!("label {id} is being printed right now."))
            }
            (State::Waiting, Mode::Reprint) if is_out => {
                (Code::RefusedWaiting, format!("label {id} is to be printed again already: it comes."))
            }
            (State::Waiting, Mode::Reprint) => {
                (Code::RefusedWaiting, format!("label {id} has not printed yet: it comes by itself."))
            }
            (State::Waiting, Mode::Print) => {
                (Code::RefusedWaiting, format!("label {id} waits for its turn already: it comes by itself."))
            }
            (State::Printed | State::Sent, Mode::Reprint | Mode::Print) => (
                Code::AlreadyPrinted,
                format!("label {id} has come out already: scan \"a scan reprints\" first if you need it again."),
            ),
            (State::Held, Mode::Reprint | Mode::Print) => (Code::RefusedHeld, format!("label {id} is held.")),
            (_, Mode::Ship) => {
                (Code::NeverPrinted, format!("label {id} is {state} and has not come out: this parcel cannot be its own."))
            }
        }
    };
    let mut facts = Facts::default();
    let mut state = label.state;
    let (code, sentence) = match refusal {
        Refusal::Replaced { other, .. } => {
            facts.replaced_by = Some(other.clone());
            (Code::RefusedReplaced, format!("label {id} was replaced: take it off and use label {other}."))
        }
        Refusal::Expired { at, .. } => {
            facts.at = Some(*at);
            (Code::RefusedExpired, format!("label {id} has expired: it needs a new one."))
        }
        Refusal::Erased(_) => {
            (Code::RefusedErased, format!("label {id} cannot print again: its data was erased. It needs a new one."))
        }
        Refusal::CancelRequested(_) => {
            facts.reason = Some(HoldCause::BuyerAsked.sentence().to_owned());
            let sentence = format!("the buyer of label {id} asked to cancel: put the parcel aside until that is decided.");
            (Code::RefusedHeld, sentence)
        }
        Refusal::Held { hold: Hold { text, .. }, .. } => {
            state = State::Held;
            facts.reason = Some(text.clone());
            let not_printed = if mode == Mode::Reprint { " and has not printed" } else { "" };
            (Code::RefusedHeld, format!("label {id} is held{not_printed} ({text})."))
        }
        Refusal::NotAParcel { paper, .. } => {
            (Code::Unknown, format!("{id} is a {} and no parcel: scan the parcel's label.", paper.name().replace('-', " ")))
        }
        Refusal::Shipped { at, station, .. } => {
            let place = station.as_ref().map(|station| format!(" at {station}")).unwrap_or_default();
            (facts.at, facts.station) = (Some(*at), station.clone());
            (Code::AlreadyShipped, format!("label {id} was handed over already, {}{place}.", ago(now - at)))
        }
        Refusal::NotAllowed(Illegal { from, .. }) | Refusal::NotShippable { state: from, .. } => {
            state = *from;
            of_state(*from)
        }
        _ => return None,
    };
    Some(Answer::new(mode, code, sentence).of(LabelView { state, ..label.clone() }).with(facts))
}

/// How long ago that is.
fn ago(ms: i64) -> String {
    match ms / 60_000 {
        ..1 => "just now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes @ 60..2880 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 1440),
    }
}
