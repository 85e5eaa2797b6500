//! What goes into the spool and what comes out of it. Plain values; the server turns them into JSON.

use super::answers::ScanAnswer;
use super::events::EventKind;
use super::hold::{Hold, HoldCause};
use super::ledger::State;
use super::mode::Mode;
use crate::closed_set::{DoubtCause, Evidence, PaperKind};
pub use blake3::Hash;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// The spool's own number of a label; the caller's name for it is its id.
pub type LabelKey = i64;

/// Milliseconds since 1970 in UTC, as all times here.
pub type UnixMs = i64;

/// One submission, checked, its labels in the order they are to print.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The caller's name for it; the same id with the same content is the same job.
    pub id: String,
    /// Says whether two submissions are the same.
    pub content: Hash,
    /// The printer, or the group, it is for.
    pub printer: String,
    /// The printers of the group among which its runs are dealt; none when it is for one printer.
    pub group: Vec<String>,
    /// By which keys the caller had the labels sorted; only kept.
    pub sort: Vec<String>,
    pub labels: Vec<NewLabel>,
    /// Labels in one unbroken sequence, 1–50.
    pub run_limit: usize,
    /// The caller knows that a tracking number stands under another label too.
    pub reuse_tracking: bool,
}

/// One label of a job.
#[derive(Debug, Clone)]
pub struct NewLabel {
    pub id: String,
    /// What is printed on it, as text `waybill` reads back. Personal data: erased after `keep_days`.
    pub waybill: Arc<str>,
    /// The template it is laid out with; see [`Spool::keep_template`](super::Spool::keep_template).
    pub template: Hash,
    pub order: Option<Number>,
    pub tracking: Option<Number>,
    pub ship_by: Option<UnixMs>,
    /// Goes before everything that is not.
    pub urgent: bool,
    /// Taken as held, and why.
    pub held: Option<Hold>,
    pub carrier: Option<String>,
    pub weight_g: Option<u32>,
    /// It must not be used from then on.
    pub expires: Option<UnixMs>,
    /// Born held until it, its order or its goods are scanned.
    pub on_scan: bool,
    /// The key form of the stock-keeping unit of each piece in the parcel; empty for a piece that has none.
    pub skus: Vec<String>,
    /// Which paper of a wave it is; `None`: a waybill.
    pub paper: Option<PaperKind>,
}

impl NewJob {
    /// A job for one printer that asks for nothing special, in runs of up to 50 labels.
    pub fn new(id: &str, content: Hash, printer: &str, labels: Vec<NewLabel>) -> NewJob {
        NewJob {
            id: id.to_owned(),
            content,
            printer: printer.to_owned(),
            group: Vec::new(),
            sort: Vec::new(),
            labels,
            run_limit: 50,
            reuse_tracking: false,
        }
    }
}

impl NewLabel {
    /// A label without anything that may be left out.
    pub fn new(id: &str, waybill: impl Into<Arc<str>>, template: Hash) -> NewLabel {
        NewLabel {
            id: id.to_owned(),
            waybill: waybill.into(),
            template,
            order: None,
            tracking: None,
            ship_by: None,
            urgent: false,
            held: None,
            carrier: None,
            weight_g: None,
            expires: None,
            on_scan: false,
            skus: Vec::new(),
            paper: None,
        }
    }
}

/// An order or tracking number: as written, and the form in which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub text: String,
    pub key: String,
}

impl From<&str> for Number {
    /// A number that is looked for as it is written.
    fn from(text: &str) -> Number {
        Number { text: text.to_owned(), key: text.to_owned() }
    }
}

/// The answer to a submission.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It is on disk.
    New(JobView),
    /// It was on disk already; this is how it stands.
    Same(JobView),
    /// The id belongs to a job with other content.
    Conflict,
    /// Nothing was taken.
    Refused(Vec<Conflict>),
}

/// Why one label of a submission cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Its place in [`NewJob::labels`].
    pub index: usize,
    /// `id` or `tracking`.
    pub field: &'static str,
    pub message: String,
}

/// What canceling an order, or releasing it, did to one of its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum CancelOutcome {
    Canceled,
    Voided,
    Held,
    /// It is out: the parcel is to be kept back.
    Flagged,
    /// Its bytes are on their way: it is voided or held as soon as its fate is known.
    Pending,
    /// It was handed over already.
    Shipped,
    /// It waits again.
    Released,
    /// It is not kept back on behalf of the buyer any more.
    Unflagged,
    Unchanged,
}

/// How an order is canceled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancellation {
    /// The buyer asked for it, and the seller has yet to decide. `why` must not name a person.
    Asked { why: String },
    /// It is.
    Sure { by: String, why: String },
}

/// A label of an order that was canceled, or taken up again.
#[derive(Debug, Clone, PartialEq)]
pub struct Canceled {
    /// As it stands now.
    pub label: LabelView,
    pub became: CancelOutcome,
}

/// The answer to a label that is to stand instead of another.
#[derive(Debug, Clone, PartialEq)]
pub enum Replaced {
    /// The label to use from now on.
    Done(Box<LabelView>),
    /// Nothing was changed.
    Conflicts(Vec<Conflict>),
    /// Nothing was changed: the new label needs the id of the old one to stand in its place, or else another.
    Otherwise { in_place: bool },
}

/// A label about to leave, with the digest of its dots.
#[derive(Debug, Clone, Copy)]
pub struct ToSend {
    pub key: LabelKey,
    pub digest: Hash,
    /// Which content was laid out; `None`: whatever stands.
    pub revision: Option<i64>,
}

impl From<(LabelKey, Hash)> for ToSend {
    fn from((key, digest): (LabelKey, Hash)) -> ToSend {
        ToSend { key, digest, revision: None }
    }
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    pub id: String,
    /// The printer, or the group, it was sent to.
    pub printer: String,
    pub sort: Vec<String>,
    pub taken_at: UnixMs,
    pub runs: Vec<RunView>,
    pub labels: Vec<LabelView>,
}

/// A job in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobBrief {
    pub id: String,
    /// The printer, or the group, it was sent to.
    pub printer: String,
    pub taken_at: UnixMs,
    /// How many labels stand in which state; what is nowhere is left out.
    pub counts: Vec<(State, i64)>,
    /// The earliest deadline of its labels that are not out yet.
    pub ship_by: Option<UnixMs>,
}

/// A run of a job. Runs are numbered for each printer; a reprint is a run of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    pub printer: String,
    pub number: i64,
    pub labels: usize,
}

/// A label as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelView {
    pub key: LabelKey,
    pub id: String,
    pub job: String,
    pub printer: String,
    pub run: i64,
    /// Place in its run, from 1.
    pub position: i64,
    pub state: State,
    /// Why it is held, while it is.
    pub hold: Option<HoldCause>,
    /// Why it is in doubt, while it is.
    pub doubt: Option<DoubtCause>,
    /// Why it stands so, for people; empty when the state says it all.
    pub reason: String,
    pub order: Option<String>,
    pub tracking: Option<String>,
    pub ship_by: Option<UnixMs>,
    pub carrier: Option<String>,
    pub weight_g: Option<u32>,
    /// It must not be used from then on.
    pub expires: Option<UnixMs>,
    /// A scan lets it print.
    pub on_scan: bool,
    /// Which paper of a wave it is; `None`: a waybill.
    pub paper: Option<PaperKind>,
    /// The label to use instead.
    pub replaced_by: Option<String>,
    /// When it was scanned as handed over.
    pub shipped_at: Option<UnixMs>,
    /// At which pack station.
    pub shipped_station: Option<String>,
    /// The manifest label it stands on.
    pub manifest: Option<String>,
    /// The buyer asked to cancel, and the seller has not decided.
    pub cancel_requested: bool,
    /// Its order is canceled: it is voided as soon as its fate is known.
    pub cancel_pending: bool,
    pub urgent: bool,
    /// How often its bytes were sent, wholly or in part.
    pub attempts: i64,
    /// How many copies came out (or were sent to a printer that cannot confirm).
    pub copies: i64,
    pub taken_at: UnixMs,
    /// When it came to stand so.
    pub moved_at: UnixMs,
}

#[cfg(test)]
impl LabelView {
    /// A label for tests, of which one copy came out.
    pub fn sample(id: &str, state: State) -> LabelView {
        LabelView {
            key: 1,
            id: id.to_owned(),
            job: "wave".to_owned(),
            printer: "pack-1".to_owned(),
            run: 1,
            position: 1,
            state,
            hold: None,
            doubt: None,
            reason: String::new(),
            order: None,
            tracking: None,
            ship_by: None,
            carrier: None,
            weight_g: None,
            expires: None,
            on_scan: false,
            paper: None,
            replaced_by: None,
            shipped_at: None,
            shipped_station: None,
            manifest: None,
            cancel_requested: false,
            cancel_pending: false,
            urgent: false,
            attempts: 1,
            copies: 1,
            taken_at: 0,
            moved_at: 0,
        }
    }
}

/// A label with all the spool knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelDetail {
    pub label: LabelView,
    /// `None` once it is erased.
    pub waybill: Option<Arc<str>>,
    pub template: Hash,
    /// Of the dots it was first printed with.
    pub digest: Option<Hash>,
    pub prints: Vec<PrintView>,
    pub moves: Vec<MoveView>,
}

/// A waiting label that was given to another printer of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveView {
    pub from: String,
    pub to: String,
    pub why: String,
    pub at: UnixMs,
}

/// One physical attempt at a label.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintView {
    /// From 1.
    pub number: i64,
    pub printer: String,
    pub run: i64,
    /// `sending`, `printed`, `sent`, `in_doubt`, or `waiting`: it did not come out, the label went back.
    pub state: State,
    pub reason: String,
    /// Why it counts as printed, when its printer said so.
    pub evidence: Option<Evidence>,
    /// Who settled it, when a person did.
    pub settled_by: Option<String>,
    /// When it was a reprint: why and for whom.
    pub reprint: Option<Reprint>,
    pub digest: Hash,
    pub sending_at: UnixMs,
    pub settled_at: Option<UnixMs>,
}

/// Why a label prints again, and who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprint {
    pub reason: String,
    pub by: String,
    /// The pack station it was asked for at.
    pub station: Option<String>,
}

/// A waiting label, as the printer loop reads it ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuedLabel {
    pub key: LabelKey,
    pub id: String,
    pub run: i64,
    pub position: i64,
    /// Labels in its run when the run was made.
    pub run_labels: i64,
    pub urgent: bool,
    pub waybill: Arc<str>,
    pub template: Hash,
    /// How often its content was replaced.
    pub revision: i64,
    /// Which attempt this will be, from 1.
    pub attempt: i64,
    /// Copies that came out already; above 0 it is a reprint.
    pub copies: i64,
    /// The digest a reprint is compared with.
    pub digest: Option<Hash>,
    pub waiting_since: UnixMs,
    /// It must not be used from then on.
    pub expires: Option<UnixMs>,
}

/// What became of a label that was being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Printed {
        evidence: Evidence,
    },
    Sent,
    Waiting {
        why: String,
    },
    /// It waits again too: nothing of it that could print had left.
    NotSent {
        why: String,
    },
    InDoubt {
        cause: DoubtCause,
        /// The same for people.
        why: String,
    },
}

/// Labels, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelPage {
    pub labels: Vec<LabelView>,
    /// Where the next page begins, if there is one.
    pub next: Option<LabelKey>,
}

/// What waits for a scan of some goods.
#[derive(Debug, Clone, PartialEq)]
pub struct GoodsWaiting {
    /// The one of them with the earliest deadline whose parcel holds nothing else.
    pub next: Option<LabelView>,
    /// Parcels with nothing else in them.
    pub single: usize,
    /// Parcels with more in them.
    pub in_orders: usize,
}

/// Which of the labels handed over; what is `None` does not matter.
#[derive(Debug, Clone)]
pub struct Shipments {
    pub from: UnixMs,
    pub until: UnixMs,
    pub carrier: Option<String>,
    pub on_manifest: Option<bool>,
}

/// The job a printer works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    pub job: String,
    /// Its labels that wait for their first print there.
    pub waiting: usize,
}

/// What came of a scan. The text is never kept: it may be anything.
#[derive(Debug, Clone)]
pub struct ScanNote {
    pub station: String,
    pub printer: String,
    pub by: Option<String>,
    pub label: Option<String>,
    pub mode: Mode,
    pub answer: ScanAnswer,
}

/// Something that happened. Names ids, never a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub seq: i64,
    pub at: UnixMs,
    pub kind: EventKind,
    pub job: Option<String>,
    pub label: Option<String>,
    pub printer: Option<String>,
    /// A small JSON object.
    pub data: String,
}

/// How many labels of a printer stand in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub printer: String,
    pub state: State,
    pub labels: i64,
}
