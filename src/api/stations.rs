//! Pack stations and what they answer.

use super::{Label, time};
use crate::closed_set::ClosedSet;
use crate::station::{self, View};
use serde::Serialize;
use utoipa::ToSchema;

/// What came of a scan.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScanAnswer {
    pub station: String,
    /// `reprint`, `print` or `ship`.
    pub mode: &'static str,
    /// The word for programs: `reprinting`, `printing`, `shipped`, `came_out`, `did_not`, `mode`, `badge`, `paused`,
    /// `resumed`, `wave_canceled`, `undone`, `choose`, `confirm`, `asked`, `repeated`, `unknown`, `already_shipped`,
    /// `already_printed`, `never_printed`, `nothing_waits`, `nothing_to_undo`, `nothing_asked`, `not_done`, or `refused_` and why:
    /// `voided`, `canceled`, `expired`, `replaced`, `held`, `waiting`, `sending`, `in_doubt`, `erased`.
    #[schema(example = "reprinting")]
    pub code: &'static str,
    /// `good`, `ask`, `bad` or `quiet`.
    pub tone: &'static str,
    /// The same for the packer.
    pub sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The parts of the sentence, for another language.
    pub facts: ScanFacts,
    /// The labels to pick from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub choices: Vec<Choice>,
}

/// The parts of a sentence.
#[derive(Debug, Serialize, ToSchema)]
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
#[derive(Debug, Serialize, ToSchema)]
pub struct Choice {
    /// From 1.
    pub number: usize,
    pub label: Label,
}

/// All pack stations.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stations {
    pub stations: Vec<Station>,
}

/// A pack station as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Station {
    pub name: String,
    pub printer: String,
    /// What a scanned label does: `reprint`, `print` or `ship`.
    pub mode: &'static str,
    /// Who packs there, by the last badge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<Scanner>,
    /// The label whose fate is asked for: did it come out?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// What may be picked now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastAnswer>,
}

/// The device that scans for a station.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scanner {
    pub uri: String,
    pub connected: bool,
    /// Why it is not connected, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A label in doubt.
#[derive(Debug, Serialize, ToSchema)]
pub struct Doubt {
    #[serde(flatten)]
    pub label: Label,
    pub asked_at: String,
}

/// The last answer of a station.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastAnswer {
    #[serde(flatten)]
    pub answer: ScanAnswer,
    pub at: String,
}

impl ScanAnswer {
    pub fn of(station: &str, answer: station::Answer) -> ScanAnswer {
        let station::Answer { mode, code, sentence, label, facts, choices } = answer;
        let facts = ScanFacts {
            label: label.as_ref().map(|label| label.id.clone()),
            order: label.as_ref().and_then(|label| label.order.clone()),
            printer: facts.printer,
            count: facts.count,
            job: facts.job,
            by: facts.by,
            station: facts.station,
            at: facts.at.map(time),
            replaced_by: facts.replaced_by,
            reason: facts.reason,
        };
        ScanAnswer {
            station: station.to_owned(),
            mode: mode.word(),
            code: code.word(),
            tone: code.tone().word(),
            sentence,
            label: label.map(Label::of),
            facts,
            choices: numbered(choices),
        }
    }
}

impl Station {
    /// How it stands at that time.
    pub fn of(view: View, now: i64) -> Station {
        let choices = view.choices.filter(|(_, until)| now < *until).map(|(labels, _)| labels).unwrap_or_default();
        Station {
            printer: view.printer,
            mode: view.mode.word(),
            by: view.by,
            scanner: view.scanner.map(|station::Scanner { uri, connected, why }| Scanner { uri, connected, why }),
            doubt: view.doubt.map(|doubt| Doubt { label: Label::of(doubt.label), asked_at: time(doubt.asked_at) }),
            choices: numbered(choices),
            last: view.last.map(|(answer, at)| LastAnswer { answer: ScanAnswer::of(&view.name, answer), at: time(at) }),
            name: view.name,
        }
    }
}

fn numbered(labels: Vec<crate::spool::LabelView>) -> Vec<Choice> {
    (1..).zip(labels).map(|(number, label)| Choice { number, label: Label::of(label) }).collect()
}
