//! Why the spool did not do what it was asked: it could not be opened, it refuses, or there is trouble with the disk.

use super::hold::Hold;
use super::ledger::{Illegal, State};
use super::records::{LabelKey, UnixMs};
use crate::closed_set::PaperKind;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use strum::{EnumString, IntoStaticStr, VariantArray};
use thiserror::Error;
use utoipa::ToSchema;

/// What stood in the way of a request. Nothing of it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpoolError {
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// The request conflicts with what the ledger holds: the same request again is refused again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("there is no label {0}: check the id.")]
    NoLabel(String),

    #[error("there is no job {0}: check the id.")]
    NoJob(String),

    #[error("there is no label of that order: check its number.")]
    NoOrder,

    #[error("several orders are looked for by this number and none is written so: give it as the shop wrote it.")]
    SeveralOrders,

    /// Its state does not allow it.
    #[error("{0}")]
    NotAllowed(Illegal),

    #[error("label {label} cannot be replaced; {why}")]
    NotReplaced { label: String, why: String },

    /// These labels wait no more. The others of the request still do.
    #[error("{}", not_waiting(.0))]
    NotWaiting(Vec<NoLongerWaiting>),

    #[error("attempt {attempt} at label {label} is not its last one: what came of it settles nothing.")]
    Outdated { label: String, attempt: i64 },

    #[error(
        "label {0} cannot print again: its data was erased after the days it is kept. Send it in a new job under another id, with \"reuse_tracking\": true."
    )]
    Erased(String),

    #[error("label {label} has expired: it must not be used any more. Send a new job.")]
    Expired { label: String, at: UnixMs },

    #[error("label {label} was replaced: use label {other}.")]
    Replaced { label: String, other: String },

    #[error("label {label} is held ({}): release it if it may print.", .hold.text)]
    Held { label: String, hold: Hold },

    #[error("the buyer of label {0} asked to cancel: cancel or release its order first.")]
    CancelRequested(String),

    #[error("label {label} is {state}, and only a parcel whose label came out can be handed over.")]
    NotShippable { label: String, state: State },

    #[error("label {label} is a {} and no parcel.", paper.name())]
    NotAParcel { label: String, paper: PaperKind },

    #[error("label {label} was handed over already.")]
    Shipped { label: String, at: UnixMs, station: Option<String> },

    #[error("label {0} was not handed over.")]
    NotShipped(String),

    #[error("label {label} stands on manifest {manifest}: it stays handed over.")]
    OnManifest { label: String, manifest: String },

    /// Between the question and the answer.
    #[error("label {0} was voided, taken back or put on a manifest meanwhile: nothing was taken. Ask again.")]
    Overtaken(String),
}

/// The stable word of a refusal, for programs.
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
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    NoLabel,
    NoJob,
    NoOrder,
    SeveralOrders,
    /// It waits for its turn.
    WaitsAlready,
    /// Its bytes are on their way.
    Sending,
    /// It is printed or sent.
    AlreadyOut,
    InDoubt,
    Held,
    CancelRequested,
    Canceled,
    Voided,
    NotReplaceable,
    /// A printer asked for it that may not have it any more.
    NotWaiting,
    Outdated,
    Erased,
    Expired,
    Replaced,
    /// No copy of it has come out.
    NotShippable,
    /// It is a paper of a wave.
    NotAParcel,
    Shipped,
    NotShipped,
    OnManifest,
    Overtaken,
}

impl Refusal {
    /// The stable word of it.
    pub fn kind(&self) -> RefusalKind {
        let of_state = |state: State| match state {
            State::Waiting => RefusalKind::WaitsAlready,
            State::Sending => RefusalKind::Sending,
            State::Printed | State::Sent => RefusalKind::AlreadyOut,
            State::InDoubt => RefusalKind::InDoubt,
            State::Held => RefusalKind::Held,
            State::Canceled => RefusalKind::Canceled,
            State::Voided => RefusalKind::Voided,
        };
        match self {
            Refusal::NoLabel(_) => RefusalKind::NoLabel,
            Refusal::NoJob(_) => RefusalKind::NoJob,
            Refusal::NoOrder => RefusalKind::NoOrder,
            Refusal::SeveralOrders => RefusalKind::SeveralOrders,
            Refusal::NotAllowed(illegal) => of_state(illegal.from),
            Refusal::NotReplaced { .. } => RefusalKind::NotReplaceable,
            Refusal::NotWaiting(_) => RefusalKind::NotWaiting,
            Refusal::Outdated { .. } => RefusalKind::Outdated,
            Refusal::Erased(_) => RefusalKind::Erased,
            Refusal::Expired { .. } => RefusalKind::Expired,
            Refusal::Replaced { .. } => RefusalKind::Replaced,
            Refusal::Held { .. } => RefusalKind::Held,
            Refusal::CancelRequested(_) => RefusalKind::CancelRequested,
            Refusal::NotShippable { state: state @ (State::Canceled | State::Voided | State::InDoubt), .. } => of_state(*state),
            Refusal::NotShippable { .. } => RefusalKind::NotShippable,
            Refusal::NotAParcel { .. } => RefusalKind::NotAParcel,
            Refusal::Shipped { .. } => RefusalKind::Shipped,
            Refusal::NotShipped(_) => RefusalKind::NotShipped,
            Refusal::OnManifest { .. } => RefusalKind::OnManifest,
            Refusal::Overtaken(_) => RefusalKind::Overtaken,
        }
    }
}

/// The ledger cannot work now; the same request may be granted later.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    #[error("the disk of the state directory is full: nothing was recorded. Make room on it; nothing else needs to be done.")]
    Full,

    #[error("the ledger could not be written or read ({0}): nothing was recorded. Look at the disk of the state directory.")]
    Disk(String),

    #[error("the ledger has {0} requests waiting already: ask again in a moment.")]
    Busy(usize),

    #[error("the ledger is closed.")]
    Closed,
}

/// Why a ledger cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    #[error("state directory {} is in use by another waybilld: stop that one, or choose another directory.", .0.display())]
    InUse(PathBuf),

    #[error("state directory {} cannot be used ({why}): check that it exists, is yours and can be written.", .dir.display())]
    Directory { dir: PathBuf, why: String },

    #[error("the ledger in {} was written by a newer waybilld (version {found}, this one knows {known}): install that one again.", .dir.display())]
    Newer { dir: PathBuf, found: i64, known: i64 },

    #[error("the ledger in {} cannot be read ({why}): restore it from a copy, or move it away to begin a new one.", .dir.display())]
    Damaged { dir: PathBuf, why: String },

    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// A label that has left the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLongerWaiting {
    pub key: LabelKey,
    pub id: String,
    pub state: State,
    /// Its content was replaced since it was read.
    pub changed: bool,
    /// Where it is; another one than the asker's when it was given away.
    pub printer: String,
}

fn not_waiting(labels: &[NoLongerWaiting]) -> String {
    let labels = labels.iter().map(|NoLongerWaiting { id, state, changed, printer, .. }| match state {
        State::Waiting if *changed => format!("{id} was reissued"),
        State::Waiting => format!("{id} waits for {printer} now"),
        state => format!("{id} is {state}"),
    });
    let labels: Vec<String> = labels.collect();
    format!("nothing was sent: label {}. Read the queue again.", labels.join(", label "))
}

impl From<Illegal> for SpoolError {
    fn from(illegal: Illegal) -> SpoolError {
        Refusal::NotAllowed(illegal).into()
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Trouble::Full,
            _ => Trouble::Disk(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> SpoolError {
        Trouble::from(error).into()
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        Trouble::from(error).into()
    }
}

impl From<SpoolError> for OpenError {
    fn from(error: SpoolError) -> OpenError {
        match error {
            SpoolError::Trouble(trouble) => trouble.into(),
            // Opening asks for nothing a ledger in order refuses.
            SpoolError::Refusal(refusal) => Trouble::Disk(refusal.to_string()).into(),
        }
    }
}
