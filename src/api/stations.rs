//! Pack stations and what they answer.

use super::Label;
use crate::spool::{Mode, ScanAnswer, Tone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What came of a scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanResult {
    pub station: String,
    /// Which answer of the station it is since the daemon started, from 1.
    pub number: u64,
    pub mode: Mode,
    /// The word for programs.
    pub code: ScanAnswer,
    pub tone: Tone,
    /// The same for the packer.
    pub sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The parts of the sentence, for another language.
    pub facts: ScanFacts,
    /// The labels to pick from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub choices: Vec<Choice>,
}

/// The parts of a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    /// Of a reprint, the copy; else the labels the sentence counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Who packs there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Where it was handed over before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
    /// When it was handed over before, or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// Why it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A label to pick by its number or its own code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// From 1.
    pub number: usize,
    pub label: Label,
}

/// All pack stations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stations {
    pub stations: Vec<Station>,
}

/// A pack station as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Station {
    pub name: String,
    pub printer: String,
    /// What a scanned label does.
    pub mode: Mode,
    /// Who packs there, by the last badge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<Scanner>,
    /// The label whose fate is asked for: did it come out?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// What may be picked now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastAnswer>,
}

/// The device that scans for a station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scanner {
    pub uri: String,
    pub connected: bool,
    /// Why it is not connected, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A label in doubt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Doubt {
    #[serde(flatten)]
    pub label: Label,
    pub asked_at: String,
}

/// The last answer of a station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastAnswer {
    #[serde(flatten)]
    pub answer: ScanResult,
    pub at: String,
}
