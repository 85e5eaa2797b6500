//! Printers as they were last heard, and their service tasks.

use crate::language::Language;
use crate::printer::words::{ConfirmsBy, PrinterReason, PrinterState, TaskKind, TaskOutcome};
use crate::spool::State;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// All printers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Printers {
    pub printers: Vec<Printer>,
    /// Printers that left the configuration with labels that wait, are held or in doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orphaned: Vec<Orphaned>,
}

/// A printer that is not in the configuration, and has labels that wait for something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Orphaned {
    pub name: String,
    /// How many of its labels stand in which state.
    pub counts: BTreeMap<State, i64>,
    /// The same in a sentence, with what to do.
    pub sentence: String,
}

/// Labels that were given from one printer to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    pub from: String,
    pub to: String,
    pub labels: usize,
}

/// A device that was adopted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Adopted {
    pub printer: String,
    /// What was adopted.
    pub sentence: String,
}

/// A printer as it was last heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Printer {
    pub name: String,
    pub state: PrinterState,
    /// Why it does not print, or soon will not.
    pub reasons: Vec<PrinterReason>,
    /// The same in a sentence, with what to do.
    pub sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The label it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it answers when asked for its status; left out while that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_status: Option<bool>,
    /// By what a label counts as printed. Left out while that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirms_by: Option<ConfirmsBy>,
    /// Its device URI.
    #[schema(example = "tcp://192.168.1.50:9100")]
    pub device: String,
    pub language: Language,
    /// The template of labels that name none.
    pub template: String,
    /// The printers it shares jobs with: a job may name the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub dpi: u32,
    /// Width and height in millimetres.
    pub media_mm: [f64; 2],
    /// What it says that it is; left out when it does not say, or was not asked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "GK420d-200dpi, 8 dots/mm")]
    pub identity: Option<String>,
    /// When it last answered or took a connection. Left out: not since the daemon started, for nothing was printed and
    /// it was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached_at: Option<String>,
    /// Since when it is not reached. Left out: it was reached when it was last tried, or was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_reached_since: Option<String>,
    /// How many of its labels stand in which state.
    pub counts: BTreeMap<State, i64>,
}

/// What became of something that was asked of a printer beside its jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceTask {
    pub printer: String,
    pub task: TaskKind,
    pub outcome: TaskOutcome,
    /// The same in a sentence.
    pub sentence: String,
}

/// What was let go at a printer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Released {
    pub printer: String,
    pub labels: usize,
}
