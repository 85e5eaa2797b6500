//! The ledger's law: in which state a label may stand, and which step leads from one to the next.
//!
//! Pure: no rows, no clock. The rest of the spool asks [`next`] before it writes, and what is not
//! allowed here does not happen. The sentence a person reads about a step that may not be taken is here too.

use super::hold::HoldCause;
use crate::closed_set::ClosedSet;
use crate::closed_set::DoubtCause;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Where a label stands. After a kill or a power cut every label is in exactly one of these.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
    ToSchema,
    ValueEnum,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum State {
    /// Checked and on disk; nothing of it has been sent.
    Waiting,
    /// On disk before its first byte left; its bytes may be anywhere.
    Sending,
    /// Came out: the printer's evidence or a person's word.
    Printed,
    /// All bytes handed to a printer that cannot confirm.
    Sent,
    /// Its fate needs evidence or a person.
    InDoubt,
    /// Kept back until it is released.
    Held,
    /// Voided before any copy came out.
    Canceled,
    /// Voided although a copy has come out: scanning it refuses.
    Voided,
}

impl State {
    /// Nothing more happens to the label unless a person or program asks.
    pub fn is_end(self) -> bool {
        matches!(self, State::Printed | State::Sent | State::Canceled | State::Voided)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::InDoubt => "in doubt",
            other => other.word(),
        })
    }
}

/// What happened to a label, or what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The printer loop is about to write its first byte.
    Send,
    /// The printer's evidence says it came out.
    Confirm,
    /// All bytes are handed to a printer that cannot confirm.
    HandOver,
    /// The printer's evidence says it has not got the label and will not print it.
    Return,
    /// No evidence settles it.
    Doubt(DoubtCause),
    /// A person says it came out.
    CameOut,
    /// A person says it did not.
    DidNotComeOut,
    Hold(HoldCause),
    Release,
    /// It must not be used. `copy_out`: at least one copy exists.
    Void {
        copy_out: bool,
    },
    /// The same label again, on purpose.
    Reprint,
    /// A reprint that has not been sent is not wanted after all. `sent`: where it stood before, sent or printed.
    TakeBack {
        sent: bool,
    },
}

/// Where a label that stands in `from` stands after `step`; `None` when it may not be taken.
pub fn next(from: State, step: Step) -> Option<State> {
    match (from, step) {
        (State::Waiting, Step::Send) => Some(State::Sending),

        (State::Sending | State::InDoubt, Step::Confirm) => Some(State::Printed),
        (State::Sending, Step::HandOver) => Some(State::Sent),
        (State::Sending | State::InDoubt, Step::Return) => Some(State::Waiting),
        (State::Sending, Step::Doubt(_)) => Some(State::InDoubt),

        (State::InDoubt, Step::CameOut) => Some(State::Printed),
        (State::InDoubt, Step::DidNotComeOut) => Some(State::Waiting),

        (State::Waiting, Step::Hold(_)) => Some(State::Held),
        (State::Held, Step::Release) => Some(State::Waiting),

        (State::Waiting | State::Held, Step::Void { copy_out: false }) => Some(State::Canceled),
        (State::Waiting | State::Held, Step::Void { copy_out: true }) => Some(State::Voided),
        (State::Printed | State::Sent, Step::Void { .. }) => Some(State::Voided),

        (State::Printed | State::Sent, Step::Reprint) => Some(State::Waiting),
        (State::Waiting, Step::TakeBack { sent: false }) => Some(State::Printed),
        (State::Waiting, Step::TakeBack { sent: true }) => Some(State::Sent),

        _ => None,
    }
}

/// A step the ledger does not allow; its `Display` says why and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Illegal {
    pub label: String,
    pub from: State,
    pub step: Step,
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match (self.step, self.from) {
            (Step::Send, _) => "only a waiting label can be sent.",
            (Step::HandOver | Step::Doubt(_), _) => "only a label that is being sent can be settled so.",
            (Step::Confirm | Step::Return, _) => "only a label that is being sent or in doubt can be settled.",
            (Step::CameOut | Step::DidNotComeOut, State::Printed | State::Sent) => {
                "only a label in doubt needs an outcome. To print it again, ask for a reprint."
            }
            (Step::CameOut | Step::DidNotComeOut, _) => "only a label in doubt needs an outcome.",
            (Step::Hold(_), _) => "only a waiting label can be held.",
            (Step::Release, _) => "only a held label can be released.",
            (Step::Void { .. }, State::Sending) => "wait until it has its end, then void it.",
            (Step::Void { .. } | Step::Reprint, State::InDoubt) => {
                "look at the tray and say first whether it came out; one that did not prints again by itself."
            }
            (Step::Void { .. }, _) => "it need not be voided again.",
            (Step::TakeBack { .. }, _) => "only a reprint that has not been sent can be taken back.",
            (Step::Reprint, State::Held) => "release it instead.",
            (Step::Reprint, State::Canceled | State::Voided) => "it must not be used any more: send a new job.",
            (Step::Reprint, _) => "it has not printed yet, so there is nothing to print again.",
        };
        write!(f, "label {} is {}; {rule}", self.label, self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 14] = [
        Step::Send,
        Step::Confirm,
        Step::HandOver,
        Step::Return,
        Step::Doubt(DoubtCause::LineBroke),
        Step::CameOut,
        Step::DidNotComeOut,
        Step::Hold(HoldCause::Asked),
        Step::Release,
        Step::Void { copy_out: false },
        Step::Void { copy_out: true },
        Step::Reprint,
        Step::TakeBack { sent: false },
        Step::TakeBack { sent: true },
    ];

    /// The table of a label's life, row by row; every other pair must be refused.
    const LIFE: [(State, Step, State); 22] = [
        (State::Waiting, Step::Send, State::Sending),
        (State::Waiting, Step::Hold(HoldCause::Asked), State::Held),
        (State::Waiting, Step::Void { copy_out: false }, State::Canceled),
        (State::Waiting, Step::Void { copy_out: true }, State::Voided),
        (State::Sending, Step::Confirm, State::Printed),
        (State::Sending, Step::HandOver, State::Sent),
        (State::Sending, Step::Return, State::Waiting),
        (State::Sending, Step::Doubt(DoubtCause::LineBroke), State::InDoubt),
        (State::InDoubt, Step::Confirm, State::Printed),
        (State::InDoubt, Step::CameOut, State::Printed),
        (State::InDoubt, Step::Return, State::Waiting),
        (State::InDoubt, Step::DidNotComeOut, State::Waiting),
        (State::Held, Step::Release, State::Waiting),
        (State::Held, Step::Void { copy_out: false }, State::Canceled),
        (State::Held, Step::Void { copy_out: true }, State::Voided),
        (State::Printed, Step::Reprint, State::Waiting),
        (State::Printed, Step::Void { copy_out: true }, State::Voided),
        (State::Printed, Step::Void { copy_out: false }, State::Voided),
        (State::Sent, Step::Reprint, State::Waiting),
        (State::Waiting, Step::TakeBack { sent: false }, State::Printed),
        (State::Waiting, Step::TakeBack { sent: true }, State::Sent),
        (State::Sent, Step::Void { copy_out: true }, State::Voided),
    ];

    #[test]
    fn a_label_takes_the_steps_of_the_table_and_no_others() {
        for from in State::VARIANTS.iter().copied() {
            for step in STEPS {
                let allowed = LIFE.iter().find(|(f, s, _)| *f == from && *s == step).map(|(_, _, to)| *to);
                if (from, step) == (State::Sent, Step::Void { copy_out: false }) {
                    continue; // a sent label always has a copy out
                }
                assert_eq!(next(from, step), allowed, "{from} by {step:?}");
            }
        }
    }

    #[test]
    fn only_evidence_or_a_person_makes_a_label_printed() {
        for from in State::VARIANTS.iter().copied() {
            for step in STEPS {
                if next(from, step) == Some(State::Printed) {
                    // Taking a reprint back leaves the copy that came out before.
                    let again = Step::TakeBack { sent: false };
                    assert!(matches!(step, Step::Confirm | Step::CameOut) || step == again, "{from} by {step:?}");
                }
            }
        }
    }

    #[test]
    fn a_label_whose_bytes_may_be_in_the_printer_is_never_canceled_or_sent_again() {
        for from in [State::Sending, State::InDoubt] {
            for step in [
                Step::Send,
                Step::Hold(HoldCause::Asked),
                Step::Void { copy_out: false },
                Step::Void { copy_out: true },
                Step::Reprint,
            ] {
                assert_eq!(next(from, step), None, "{from} by {step:?}");
            }
        }
    }

    #[test]
    fn every_state_reads_back_from_its_word_however_its_parts_are_joined() {
        for state in State::VARIANTS {
            assert_eq!(State::from_word(state.word()), Some(*state));
        }
        assert_eq!((State::InDoubt.word(), State::from_word("in-doubt")), ("in_doubt", Some(State::InDoubt)));
        assert_eq!(State::from_word("done"), None);
    }

    #[test]
    fn a_refused_step_says_where_the_label_stands_and_what_to_do() {
        let refused = |from, step| Illegal { label: "pkg-7".into(), from, step }.to_string();
        assert_eq!(
            refused(State::InDoubt, Step::Reprint),
            "label pkg-7 is in doubt; look at the tray and say first whether it came out; one that did not prints again by itself."
        );
        assert_eq!(refused(State::Printed, Step::Release), "label pkg-7 is printed; only a held label can be released.");
        assert_eq!(refused(State::Voided, Step::Void { copy_out: true }), "label pkg-7 is voided; it need not be voided again.");
        assert_eq!(
            refused(State::Printed, Step::CameOut),
            "label pkg-7 is printed; only a label in doubt needs an outcome. To print it again, ask for a reprint."
        );
    }
}
