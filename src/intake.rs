//! How labels come in: a job is read, checked, laid out once, and kept or only tried.
//!
//! One way for every door: [`Intake::submit`] takes a job as a JSON tree and says whether it was kept. Beside it a label in
//! place of another ([`Intake::replace`]), exports ([`importing`]), manifests and bags ([`handover`]), pictures and bytes
//! without printing ([`drawing`]) and maps by name ([`maps`]). What is read and checked is pure ([`Rules`], [`job`]): it is handed the time.
//! Knows no HTTP and no command line; asks the spool through its public functions.

mod content_hash;
pub mod drawing;
pub mod handover;
pub mod importing;
pub mod job;
pub mod maps;
mod pieces;
mod replacing;

pub use crate::waybill::sort::Sort;
pub use content_hash::content_of;

use crate::carrier;
use crate::closed_set::ClosedSet;
use crate::config::{Config, LABELS_MAX};
use crate::designs::Designs;
use crate::fault::{Code, Fault};
use crate::printer::Printers;
use crate::spool::{Conflict, Hash, JobView, NewJob, NewLabel, Number, Spool, SpoolError, Taken};
use crate::waybill::json::Node;
use jiff::Zoned;
use job::{Aim, Job, id_of};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What was not done with a job that has faults.
pub const NOTHING_TAKEN: &str = "nothing was taken: mend what is told and send the whole job again";

/// What a job is read and checked against.
pub struct Rules {
    pub config: Config,
    pub designs: Arc<Designs>,
    /// Labels of one job.
    pub labels_max: usize,
}

impl Rules {
    pub fn new(config: Config, designs: Arc<Designs>) -> Rules {
        Rules { config, designs, labels_max: LABELS_MAX }
    }

    /// For drawing without a daemon: no printer is there to choose, and any number of labels may come.
    pub fn without_printers(config: Config, designs: Arc<Designs>) -> Rules {
        Rules { config: Config { printers: Default::default(), ..config }, designs, labels_max: usize::MAX }
    }
}

/// Threads that may read, check and draw at once.
#[derive(Clone)]
pub struct Compute(Arc<Semaphore>);

impl Compute {
    /// As many as there are cores.
    pub fn on_all_cores() -> Compute {
        Compute(Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))))
    }

    /// Runs something that computes on a thread that may. Waits for its turn first.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Rejected> {
        let permit = self.0.clone().acquire_owned().await.expect("the semaphore is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Given back when the work ends, not when the asker leaves.
            drop(permit);
            done
        });
        done.await.map_err(|_| Rejected::Broken("this request hit an internal error; nothing was changed.".to_owned()))
    }
}

/// What taking labels needs.
#[derive(Clone, Copy)]
pub struct Intake<'a> {
    pub rules: &'a Arc<Rules>,
    pub compute: &'a Compute,
    pub spool: &'a Spool,
    pub printers: &'a Printers,
}

/// Whether a job is to be kept, or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Yes,
    No,
}

/// What became of a job that is sound.
#[derive(Debug)]
pub enum Submitted {
    /// It was taken now: every label is on disk.
    New(JobView),
    /// It was taken before, and so it stands now.
    Known(JobView),
    /// It was only tried: so many labels could be taken.
    Sound(usize),
}

/// Why something was not done.
#[derive(Debug)]
pub enum Rejected {
    /// Everything wrong with what was sent, and what therefore was not done.
    Faults {
        faults: Vec<Fault>,
        not_done: &'static str,
    },
    /// It contradicts what is there.
    Conflict(String),
    /// Not at the moment.
    Busy(String),
    /// A fault of ours.
    Broken(String),
    Spool(SpoolError),
}

impl From<SpoolError> for Rejected {
    fn from(error: SpoolError) -> Rejected {
        Rejected::Spool(error)
    }
}

impl Rejected {
    /// The same with its faults told otherwise.
    pub fn with_faults(self, tell: impl FnOnce(Vec<Fault>) -> Vec<Fault>) -> Rejected {
        match self {
            Rejected::Faults { faults, not_done } => Rejected::Faults { faults: tell(faults), not_done },
            other => other,
        }
    }
}

impl Intake<'_> {
    /// Takes the job, or says how it stands if it was taken before; or only tries it. `memory` is given back when the tree
    /// has been read.
    pub async fn submit(&self, job: Node, memory: impl Send + 'static, now: Zoned, keep: Keep) -> Result<Submitted, Rejected> {
        let content = content_of(&job);
        let id = id_of(&job).unwrap_or_default().to_owned();
        // A job sent again is not checked again: what it names may have changed since.
        let known = if id.is_empty() { None } else { self.spool.known(&id, content).await? };
        match (known, keep) {
            (Some(Taken::Same(job)), Keep::Yes) => return Ok(Submitted::Known(job)),
            (Some(Taken::Same(_)), Keep::No) => return Ok(Submitted::Sound(job::count(&job))),
            (Some(_), _) => return Err(conflict(&id)),
            (None, _) => {}
        }
        let rules = self.rules.clone();
        let reading = self.compute.run(move || {
            let mut job = Job::read(job, &rules, Aim::Take);
            job.check(&rules);
            let labels: Vec<NewLabel> = job.pieces(&rules, &now).iter().map(|piece| piece.to_label(job.on_scan)).collect();
            drop(memory);
            (job, labels)
        });
        let (mut job, labels) = reading.await?;
        let ids: Vec<String> = labels.iter().map(|label| label.id.clone()).collect();
        let printer = job.printer.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
        let new = NewJob {
            sort: job.sort.iter().map(|key| key.word().to_owned()).collect(),
            reuse_tracking: job.reuse_tracking,
            ..self.new_job(&id, content, printer, labels)
        };
        let conflicts = if keep == Keep::Yes && job.faults.is_empty() {
            match self.spool.take(new).await? {
                Taken::New(job) => {
                    let (labels, runs) = (job.labels.len(), job.runs.len());
                    tracing::info!(job = job.id, printer = job.printer, labels, runs, "taken");
                    return Ok(Submitted::New(job));
                }
                // Another request with the same job was quicker.
                Taken::Same(job) => return Ok(Submitted::Known(job)),
                Taken::Conflict => return Err(conflict(&id)),
                Taken::Refused(conflicts) => conflicts,
            }
        } else {
            self.spool.conflicts(new).await?
        };
        job.found(
            conflicts
                .into_iter()
                .map(|Conflict { index, field, message }| Fault::new(Code::Conflict, field, message).of_label(&ids[index])),
        );
        if job.faults.is_empty() {
            return Ok(Submitted::Sound(ids.len()));
        }
        tracing::info!(faults = job.faults.len(), "refused a job");
        Err(Rejected::Faults { faults: job.faults, not_done: NOTHING_TAKEN })
    }

    /// A job of these labels for that printer or group.
    fn new_job(&self, id: &str, content: Hash, printer: String, labels: Vec<NewLabel>) -> NewJob {
        NewJob {
            id: id.to_owned(),
            content,
            group: self.printers.dealt_to(&printer),
            printer,
            sort: Vec::new(),
            labels,
            run_limit: self.rules.config.limits.run,
            reuse_tracking: false,
        }
    }
}

fn conflict(id: &str) -> Rejected {
    Rejected::Conflict(format!("job {id} was taken with other content: give this one another id."))
}

/// What stands in the way in the ledger, as faults of the request.
fn faults_of(conflicts: Vec<Conflict>) -> Vec<Fault> {
    conflicts.into_iter().map(|conflict| Fault::new(Code::Conflict, conflict.field, conflict.message)).collect()
}

/// A number as written, and as it is looked for.
pub fn number(text: &str) -> Number {
    let key = match carrier::number::key(text) {
        key if key.is_empty() => text.to_owned(),
        key => key,
    };
    Number { text: text.to_owned(), key }
}
