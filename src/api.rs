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
pub use events::{EventShape, WebhookShape, WebhooksShape};
pub use handover::{Bag, Manifest, Manifests};
pub use jobs::{Checked, Imported, Job, JobSummary, Jobs, LeftOutShape, Run, RunLabel};
pub use labels::{Label, LabelHistory, LabelState, Labels, Move, Print, Recipient, ReprintReason};
pub use orders::{LabelOutcome, OrderOutcome, Replacement};
pub use printers::{Errand, Printer, Printers, Released};
pub use problem::{FaultShape, ProblemShape};

use time::time;
