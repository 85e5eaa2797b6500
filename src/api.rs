//! What goes over the wire, as the OpenAPI document tells it: one file a subject.
//!
//! Answers are made here from what the spool and the printers say. Requests are read field by field elsewhere, so
//! that every fault has a name; their shapes stand in [`requests`], and a test sends their examples.

mod daemon;
mod events;
mod handover;
mod jobs;
mod labels;
mod orders;
mod printers;
mod problem;
pub mod refusals;
pub mod requests;
pub mod stations;
mod time;

pub use daemon::{ConsoleAddress, Health};
pub use events::{Event, Webhook, Webhooks};
pub use handover::{Bag, Manifest, Manifests, Missed, MissedLabel};
pub use jobs::{Checked, Imported, Job, JobAnswer, JobSummary, Jobs, LeftOut, Run, RunLabel};
pub use labels::{Label, LabelHistory, LabelState, Labels, Move, Print, Recipient, ReprintReason};
pub use orders::{LabelOutcome, OrderOutcome, Replacement};
pub use printers::{Adopted, Moved, Orphaned, Printer, Printers, Released, ServiceTask};
pub use problem::{Fault, Problem};

pub use time::time;

/// Bytes as they are: a file, a picture, or what a printer is sent.
#[derive(Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(#[allow(dead_code, reason = "it stands for bytes in the document")] Vec<u8>);
