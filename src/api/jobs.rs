//! Jobs, and what became of an imported file.

use super::time;
use crate::closed_set::ClosedSet;
use crate::import::preview::{Line, Question};
use crate::papers;
use crate::spool::{JobBrief, JobView, State};
use crate::waybill::sort::Sort;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    pub id: String,
    /// The printer, or the group, it was sent to.
    pub printer: String,
    /// When it was on disk, RFC 3339 in UTC.
    pub taken_at: String,
    /// By which keys its labels were sorted.
    pub sort: Vec<Sort>,
    /// How many labels stand in which state; states with none are left out.
    pub counts: BTreeMap<State, usize>,
    /// At most 50 labels each, in the order they print. A reprint is a run of its own.
    pub runs: Vec<Run>,
}

/// A job that was only checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// How many labels could be taken.
    pub checked: usize,
}

/// The answer to a job: as it stands, or, when it was only checked, how many labels could be taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum JobAnswer {
    Job(Job),
    Checked(Checked),
}

/// What became of an imported file: the job, when one was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    #[serde(flatten)]
    pub job: Option<Job>,
    /// The map it was read with.
    #[schema(example = "tiktok-shop-export")]
    pub map: String,
    /// How the file was written: an encoding, `Excel` or `JSON`.
    pub written: String,
    /// The sheet it was read from, of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// How many labels are taken, or would be.
    pub checked: usize,
    /// Orders that became no label.
    pub left_out: Vec<LeftOut>,
    /// Questions about the whole file.
    pub questions: Vec<Question>,
    /// What becomes of each row: questions first, then what is refused, taken, left out.
    pub rows: Vec<Line>,
}

/// An order that became no label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    pub order: String,
    #[schema(example = "Canceled")]
    pub why: String,
}

/// Jobs, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Jobs {
    pub jobs: Vec<JobSummary>,
}

/// A job without its labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobSummary {
    pub id: String,
    /// The printer, or the group, it was sent to.
    pub printer: String,
    pub taken_at: String,
    /// How many labels stand in which state; states with none are left out.
    pub counts: BTreeMap<State, i64>,
    /// The earliest deadline of its labels that are not out yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<String>,
}

/// Labels that print in one unbroken sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    pub run: i64,
    pub printer: String,
    pub labels: Vec<RunLabel>,
}

/// A label of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunLabel {
    pub id: String,
    #[schema(example = "waiting")]
    pub state: State,
    /// Why it stands so, when the state does not say it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    /// Which paper it is, when it is no waybill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<papers::Kind>,
}

impl Job {
    pub fn of(view: JobView) -> Job {
        let mut counts = BTreeMap::new();
        let mut runs: Vec<Run> =
            view.runs.into_iter().map(|run| Run { run: run.number, printer: run.printer, labels: Vec::new() }).collect();
        for label in view.labels {
            *counts.entry(label.state).or_default() += 1;
            if let Some(run) = runs.iter_mut().find(|run| run.run == label.run && run.printer == label.printer) {
                run.labels.push(RunLabel { id: label.id, state: label.state, reason: label.reason, paper: label.paper });
            }
        }
        // Its labels were all printed again elsewhere.
        runs.retain(|run| !run.labels.is_empty());
        Job {
            id: view.id,
            printer: view.printer,
            taken_at: time(view.taken_at),
            sort: view.sort.iter().filter_map(|key| Sort::from_word(key)).collect(),
            counts,
            runs,
        }
    }
}

impl Jobs {
    pub fn of(briefs: Vec<JobBrief>) -> Jobs {
        Jobs { jobs: briefs.into_iter().map(JobSummary::of).collect() }
    }
}

impl JobSummary {
    fn of(brief: JobBrief) -> JobSummary {
        JobSummary {
            id: brief.id,
            printer: brief.printer,
            taken_at: time(brief.taken_at),
            counts: brief.counts.into_iter().collect(),
            ship_by: brief.ship_by.map(time),
        }
    }
}
