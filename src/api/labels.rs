//! Labels, and the prints of each.

use super::time;
use crate::closed_set::{DoubtCause, Evidence};
use crate::papers;
use crate::spool::{HoldCause, LabelDetail, LabelPage, LabelView, MoveView, PrintView, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A label as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Label {
    pub id: String,
    pub job: String,
    pub printer: String,
    pub run: i64,
    /// Place in its run, from 1.
    pub position: i64,
    pub state: State,
    /// Why it stands so, when the state does not say it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    /// Why it is held, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldCause>,
    /// Why it is in doubt, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<DoubtCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// It must not be used from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Held until it, its order or its goods are scanned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub on_scan: bool,
    /// Which paper it is, when it is no waybill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<papers::Kind>,
    /// The label to use instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// When it was scanned as handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<String>,
    /// At which pack station.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped_station: Option<String>,
    /// The manifest it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The buyer asked to cancel, and that is not decided: cancel or release the order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub cancel_requested: bool,
    pub urgent: bool,
    /// How often its bytes were sent, wholly or in part.
    pub attempts: i64,
    /// How many copies came out.
    pub copies: i64,
    pub taken_at: String,
    /// When it came to stand so.
    pub moved_at: String,
}

/// One page of labels, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Labels {
    pub labels: Vec<Label>,
    /// Where the next page begins: ask again with `cursor` set to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// A label with its history. Who gets the parcel is masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabelHistory {
    #[serde(flatten)]
    pub label: Label,
    /// Left out once its data is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// The shop's own words for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Every time its bytes went to a printer.
    pub prints: Vec<Print>,
    /// Every time it was given to another printer of its group before that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub moves: Vec<Move>,
}

/// A waiting label that was given to another printer of its group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Move {
    pub from: String,
    pub to: String,
    pub why: String,
    pub at: String,
}

/// Who gets the parcel: enough to recognise, not enough to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recipient {
    #[schema(example = "J*** D**")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "138****1540")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ISO 3166, two letters.
    pub country: String,
}

/// One physical attempt at a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Print {
    /// From 1.
    pub number: i64,
    pub printer: String,
    pub run: i64,
    /// `waiting`: it did not come out and went back.
    pub state: State,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    /// What the printer said that settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Who settled it, when a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<String>,
    /// Why it was printed again, and for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reprint: Option<ReprintReason>,
    pub sending_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<String>,
}

/// Why a label was printed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReprintReason {
    pub reason: String,
    pub by: String,
    /// The pack station it was asked for at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
}

/// Where a label stands after what was asked of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabelState {
    pub id: String,
    #[schema(example = "held")]
    pub state: State,
    /// A voided label stands on this manifest: cross it out there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
}

impl Label {
    pub fn of(view: LabelView) -> Label {
        Label {
            id: view.id,
            job: view.job,
            printer: view.printer,
            run: view.run,
            position: view.position,
            state: view.state,
            reason: view.reason,
            hold: view.hold,
            doubt: view.doubt,
            order: view.order,
            tracking: view.tracking,
            ship_by: view.ship_by.map(time),
            carrier: view.carrier,
            expires: view.expires.map(time),
            on_scan: view.on_scan,
            paper: view.paper,
            replaced_by: view.replaced_by,
            shipped_at: view.shipped_at.map(time),
            shipped_station: view.shipped_station,
            manifest: view.manifest,
            cancel_requested: view.cancel_requested,
            urgent: view.urgent,
            attempts: view.attempts,
            copies: view.copies,
            taken_at: time(view.taken_at),
            moved_at: time(view.moved_at),
        }
    }
}

impl Labels {
    pub fn of(page: LabelPage) -> Labels {
        Labels { labels: page.labels.into_iter().map(Label::of).collect(), next: page.next }
    }
}

impl LabelHistory {
    /// `recipient` is left out when its data is erased, and of a paper.
    pub fn of(detail: LabelDetail, recipient: Option<Recipient>) -> LabelHistory {
        LabelHistory {
            label: Label::of(detail.label),
            recipient,
            reference: None,
            prints: detail.prints.into_iter().map(Print::of).collect(),
            moves: detail.moves.into_iter().map(Move::of).collect(),
        }
    }
}

impl Print {
    fn of(view: PrintView) -> Print {
        Print {
            number: view.number,
            printer: view.printer,
            run: view.run,
            state: view.state,
            reason: view.reason,
            evidence: view.evidence,
            settled_by: view.settled_by,
            reprint: view.reprint.map(|reprint| ReprintReason {
                reason: reprint.reason,
                by: reprint.by,
                station: reprint.station,
            }),
            sending_at: time(view.sending_at),
            settled_at: view.settled_at.map(time),
        }
    }
}

impl Move {
    fn of(MoveView { from, to, why, at }: MoveView) -> Move {
        Move { from, to, why, at: time(at) }
    }
}

impl LabelState {
    pub fn of(id: String, state: State) -> LabelState {
        LabelState { id, state, manifest: None }
    }
}
