//! Why the spool could not do what it was asked, in a sentence.

use super::hold::Hold;
use super::ledger::{Illegal, State};
use std::path::PathBuf;
use thiserror::Error;

/// What stood in the way. Nothing of the request was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpoolError {
    #[error("there is no label {0}: check the id.")]
    NoLabel(String),

    #[error("there is no job {0}: check the id.")]
    NoJob(String),

    #[error("there is no label of that order: check its number.")]
    NoOrder,

    #[error("several orders are looked for by this number and none is written so: give it as the shop wrote it.")]
    SeveralOrders,

    #[error("{0}")]
    Illegal(Illegal),

    #[error("label {label} cannot be replaced; {why}")]
    NotReplaced { label: String, why: String },

    /// Somebody was quicker: these labels wait no more. The others of the request still do.
    #[error("{}", not_waiting(.0))]
    NotWaiting(Vec<Left>),

    #[error("attempt {attempt} at label {label} is not its last one: what became of it settles nothing.")]
    Outdated { label: String, attempt: i64 },

    #[error("label {0} cannot print again: its data was erased after the days it is kept. Send a new job.")]
    Erased(String),

    #[error("label {0} has expired: it must not be used any more. Send a new job.")]
    Expired(String),

    #[error("label {label} was replaced: use label {other}.")]
    Replaced { label: String, other: String },

    #[error("label {label} is held ({}): release it if it may print.", .hold.text)]
    Held { label: String, hold: Hold },

    #[error("label {label} is {state}, and only a parcel whose label came out can be handed over.")]
    NotShippable { label: String, state: State },

    #[error("label {0} was handed over already.")]
    Shipped(String),

    #[error("label {0} was not handed over.")]
    NotShipped(String),

    #[error("label {label} stands on manifest {manifest}: it stays handed over.")]
    OnManifest { label: String, manifest: String },

    /// Between the question and the answer.
    #[error("label {0} was voided, taken back or put on a manifest meanwhile: nothing was taken. Ask again.")]
    Overtaken(String),

    #[error("the disk of the state directory is full: nothing was recorded. Make room on it; nothing else needs to be done.")]
    Full,

    #[error("the ledger could not be written or read ({0}): nothing was recorded. Look at the disk of the state directory.")]
    Disk(String),

    #[error("the ledger has {0} requests waiting already: ask again in a moment.")]
    Busy(usize),

    #[error("the ledger is closed.")]
    Closed,

    #[error("state directory {} is in use by another waybilld: stop that one, or choose another directory.", .0.display())]
    InUse(PathBuf),

    #[error("state directory {} cannot be used ({why}): check that it exists, is yours and can be written.", .dir.display())]
    Directory { dir: PathBuf, why: String },

    #[error("the ledger in {} was written by a newer waybilld (version {found}, this one knows {known}): install that one again.", .dir.display())]
    Newer { dir: PathBuf, found: i64, known: i64 },

    #[error("the ledger in {} cannot be read ({why}): restore it from a copy, or move it away to begin a new one.", .dir.display())]
    Damaged { dir: PathBuf, why: String },
}

/// A label that has left the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub key: super::LabelKey,
    pub id: String,
    pub state: State,
    /// Its content was replaced since it was read.
    pub changed: bool,
    /// Where it is; another one than the asker's when it was given away.
    pub printer: String,
}

fn not_waiting(left: &[Left]) -> String {
    let labels = left.iter().map(|Left { id, state, changed, printer, .. }| match state {
        State::Waiting if *changed => format!("{id} was made out anew"),
        State::Waiting => format!("{id} waits for {printer} now"),
        state => format!("{id} is {state}"),
    });
    let labels: Vec<String> = labels.collect();
    format!("nothing was sent: label {}. Read the queue again.", labels.join(", label "))
}

impl From<Illegal> for SpoolError {
    fn from(illegal: Illegal) -> SpoolError {
        SpoolError::Illegal(illegal)
    }
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> SpoolError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => SpoolError::Full,
            _ => SpoolError::Disk(error.to_string()),
        }
    }
}
