//! What became of the labels of an order, and which label stands instead of another.

use crate::spool::{CancelOutcome, Canceled, LabelView, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of the labels of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderOutcome {
    pub order: String,
    /// The newest first.
    pub labels: Vec<LabelOutcome>,
}

/// What became of one label of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabelOutcome {
    pub id: String,
    pub printer: String,
    /// Where it stands now.
    pub state: State,
    /// `canceled`, `voided`, `held`; `flagged`: it is out, keep the parcel back; `pending`: its bytes are on their way,
    /// and it is voided or held as soon as its fate is known; `shipped`: it was handed over already; `released`;
    /// `unflagged`; `unchanged`.
    pub became: CancelOutcome,
    /// The same for a person, with what to do.
    pub sentence: String,
}

/// Which label stands instead of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replacement {
    /// The one that was replaced.
    pub id: String,
    /// The one to use: the same, if it could be replaced in its place.
    #[serde(rename = "use")]
    #[schema(example = "pkg-1b")]
    pub use_: String,
    /// Where that one stands.
    pub state: State,
    pub sentence: String,
}

impl OrderOutcome {
    pub fn of(order: String, labels: Vec<Canceled>) -> OrderOutcome {
        OrderOutcome { order, labels: labels.into_iter().map(LabelOutcome::of).collect() }
    }
}

impl LabelOutcome {
    fn of(Canceled { label, became }: Canceled) -> LabelOutcome {
        let state = label.state;
        let sentence = match became {
            CancelOutcome::Canceled => "it will not print.".to_owned(),
            CancelOutcome::Voided => "a copy of it is out: throw it away. Scanning it refuses.".to_owned(),
            CancelOutcome::Held => "it does not print before the order is canceled or released.".to_owned(),
            CancelOutcome::Flagged => "it is out: keep the parcel back until the order is canceled or released.".to_owned(),
            CancelOutcome::Pending if state == State::InDoubt => {
                "look at the tray and say whether it came out; what was asked is done then.".to_owned()
            }
            CancelOutcome::Pending => "it is being sent; what was asked is done as soon as its fate is known.".to_owned(),
            CancelOutcome::Shipped => "it was handed over already: stop the parcel at the carrier.".to_owned(),
            CancelOutcome::Released => "it waits for its turn at the printer.".to_owned(),
            CancelOutcome::Unflagged => "nothing keeps it back on behalf of the buyer any more.".to_owned(),
            CancelOutcome::Unchanged => format!("it is {state} already."),
        };
        LabelOutcome { id: label.id, printer: label.printer, state, became, sentence }
    }
}

impl Replacement {
    pub fn of(id: String, label: LabelView) -> Replacement {
        let sentence = match (label.id == id, label.state) {
            (true, state) => format!("replaced in its place; it is {state}."),
            (false, State::Held) => format!("voided: throw its copy away. Label {} stands instead and is held.", label.id),
            (false, _) => format!("voided: throw its copy away. Label {} prints next at {}.", label.id, label.printer),
        };
        Replacement { id, use_: label.id, state: label.state, sentence }
    }
}
