//! What a packer is told of a scan: a word for programs, a tone, and a sentence.

use super::control::PICKS_MAX;
use crate::config::Mode;
use crate::service_label::Slip;
use crate::spool::{HoldCause, LabelView, SpoolError, State, UnixMs};
pub use crate::spool::{ScanAnswer as Code, Tone};

/// What a packer is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub mode: Mode,
    pub code: Code,
    pub sentence: String,
    pub label: Option<LabelView>,
    pub facts: Facts,
    /// The labels to pick from, in the order of their numbers.
    pub choices: Vec<LabelView>,
}

/// The parts of the sentence, for whoever says it in another language.
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
        Answer { mode, code, sentence: sentence.into(), label: None, facts: Facts::default(), choices: Vec::new() }
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

/// Why that label cannot be used in that mode; `None` when it can.
pub fn refusal(label: &LabelView, mode: Mode, now: UnixMs) -> Option<Answer> {
    let id = &label.id;
    let no = |code, sentence: String| Some(Answer::new(mode, code, sentence).of(label.clone()));
    if let Some(other) = &label.replaced_by {
        let facts = Facts { replaced_by: Some(other.clone()), ..Facts::default() };
        let sentence = format!("label {id} was replaced: take it off and use label {other}.");
        return no(Code::RefusedReplaced, sentence).map(|answer| answer.with(facts));
    }
    match label.state {
        State::Voided => return no(Code::RefusedVoided, format!("label {id} is voided: do not send this parcel with it.")),
        State::Canceled => return no(Code::RefusedCanceled, format!("label {id} is canceled: put the parcel aside.")),
        _ => {}
    }
    if label.expires.is_some_and(|at| at <= now) {
        let facts = Facts { at: label.expires, ..Facts::default() };
        return no(Code::RefusedExpired, format!("label {id} has expired: it needs a new one.")).map(|answer| answer.with(facts));
    }
    if label.cancel_requested && label.state != State::Held && label.shipped_at.is_none() {
        let facts = Facts { reason: Some(HoldCause::BuyerAsked.sentence().to_owned()), ..Facts::default() };
        let sentence = format!("the buyer of label {id} asked to cancel: put the parcel aside until that is decided.");
        return no(Code::RefusedHeld, sentence).map(|answer| answer.with(facts));
    }
    let waits = |why: &str| no(Code::RefusedWaiting, format!("label {id} {why}"));
    let is_out = label.copies > 0;
    match (mode, label.state) {
        (Mode::Ship, _) if let Some(paper) = &label.paper => {
            no(Code::Unknown, format!("{id} is a {} and no parcel: scan the parcel's label.", paper.replace('-', " ")))
        }
        (_, State::InDoubt) if mode != Mode::Ship || !is_out => {
            no(Code::RefusedInDoubt, format!("nobody knows whether label {id} came out: look at the tray, then say so."))
        }
        (Mode::Ship, State::Held | State::Waiting | State::Sending) if !is_out => {
            no(Code::NeverPrinted, format!("label {id} is {} and has not come out: this parcel cannot be its own.", label.state))
        }
        (Mode::Ship, _) => match label.shipped_at {
            Some(at) => {
                let station = label.shipped_station.clone();
                let place = station.as_ref().map(|station| format!(" at {station}")).unwrap_or_default();
                let facts = Facts { at: Some(at), station, ..Facts::default() };
                let sentence = format!("label {id} was handed over already, {}{place}.", ago(now - at));
                no(Code::AlreadyShipped, sentence).map(|answer| answer.with(facts))
            }
            None => None,
        },
        (_, State::Sending) => no(Code::RefusedSending, format!("label {id} is being printed right now.")),
        (Mode::Reprint, State::Held) => {
            let facts = Facts { reason: Some(label.reason.clone()), ..Facts::default() };
            let sentence = format!("label {id} is held and has not printed ({}).", label.reason);
            no(Code::RefusedHeld, sentence).map(|answer| answer.with(facts))
        }
        (Mode::Reprint, State::Waiting) if is_out => waits("is to be printed again already: it comes."),
        (Mode::Reprint, State::Waiting) => waits("has not printed yet: it comes by itself."),
        (Mode::Print, State::Waiting) => waits("waits for its turn already: it comes by itself."),
        (Mode::Print, State::Printed | State::Sent) => no(
            Code::AlreadyPrinted,
            format!("label {id} has come out already: scan \"a scan reprints\" first if you need it again."),
        ),
        (Mode::Print, State::Held) if label.hold != Some(HoldCause::OnScan) => {
            let facts = Facts { reason: Some(label.reason.clone()), ..Facts::default() };
            no(Code::RefusedHeld, format!("label {id} is held ({}).", label.reason)).map(|answer| answer.with(facts))
        }
        _ => None,
    }
}

/// What the ledger refused, when it is about the label; another error is nobody's answer.
pub fn refused(label: &LabelView, mode: Mode, now: UnixMs, error: &SpoolError) -> Option<Answer> {
    let at_that_time = match error {
        SpoolError::Erased(_) => {
            let sentence = format!("label {} cannot print again: its data was erased. It needs a new one.", label.id);
            return Some(Answer::new(mode, Code::RefusedErased, sentence).of(label.clone()));
        }
        SpoolError::Illegal(illegal) => LabelView { state: illegal.from, ..label.clone() },
        SpoolError::NotShippable { state, .. } => LabelView { state: *state, ..label.clone() },
        SpoolError::Replaced { other, .. } => LabelView { replaced_by: Some(other.clone()), ..label.clone() },
        SpoolError::Expired(_) => LabelView { expires: Some(now), ..label.clone() },
        SpoolError::Shipped(_) => LabelView { shipped_at: Some(now), ..label.clone() },
        SpoolError::Held { hold, .. } if hold.cause == HoldCause::BuyerAsked => {
            LabelView { cancel_requested: true, ..label.clone() }
        }
        SpoolError::Held { hold, .. } => {
            LabelView { state: State::Held, hold: Some(hold.cause), reason: hold.text.clone(), ..label.clone() }
        }
        _ => return None,
    };
    refusal(&at_that_time, mode, now)
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
