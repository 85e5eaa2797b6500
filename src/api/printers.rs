//! Printers as they were last heard, and their service tasks.

use crate::closed_set::ClosedSet;
use crate::printer::{Handle, View};
use crate::spool::Count;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What was let go at a printer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Released {
    pub printer: String,
    pub labels: usize,
}

/// A printer as it was last heard.
#[derive(Debug, Serialize, ToSchema)]
pub struct Printer {
    pub name: String,
    /// `idle`, `printing`, `stopped`, `paused` or `offline`.
    #[schema(example = "stopped")]
    pub state: &'static str,
    /// IPP keywords such as `media-empty` and `cover-open`.
    pub reasons: Vec<String>,
    /// The same in a sentence, with what to do.
    pub sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The label it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it answers when asked for its status; left out while nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_status: Option<bool>,
    /// By what a label counts as printed: `counter`, `echo`, `buffers`, or `nothing`: labels are *sent*. Left out while
    /// nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "counter")]
    pub confirms_by: Option<&'static str>,
    /// Its device URI.
    #[schema(example = "tcp://192.168.1.50:9100")]
    pub device: String,
    /// `zpl`, `tspl` or `escpos`.
    pub language: &'static str,
    /// The template of labels that name none.
    pub template: String,
    /// The printers it shares jobs with: a job may name the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub dpi: u32,
    /// Width and height in millimetres.
    pub media_mm: [f64; 2],
    /// How many of its labels stand in which state.
    pub counts: BTreeMap<&'static str, i64>,
}

/// What became of something that was asked of a printer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Errand {
    pub printer: String,
    /// `identify`, `test`, `control-sheet` or `calibrate`.
    pub order: &'static str,
    /// `printed`, `sent` (to a printer that cannot confirm, or an order it does not answer), `in_doubt`, or `waiting`:
    /// the printer does it as soon as it can.
    #[schema(example = "printed")]
    pub outcome: &'static str,
    /// The same in a sentence.
    pub sentence: String,
}

/// All printers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Printers {
    pub printers: Vec<Printer>,
}

impl Printer {
    /// How it stands, with its own labels out of everybody's.
    pub fn of(printer: &Handle, counts: &[Count]) -> Printer {
        let View { state, reasons, sentence, run, label, answers_status, confirms_by } = printer.view();
        let (width, height) = printer.config.media;
        let own = counts.iter().filter(|count| count.printer == printer.name);
        Printer {
            name: printer.name.clone(),
            state,
            reasons,
            sentence,
            run,
            label,
            answers_status,
            confirms_by,
            device: printer.config.device.to_string(),
            language: printer.config.language.name(),
            template: printer.config.template.clone(),
            group: printer.config.group.clone(),
            dpi: printer.config.dpi.nominal(),
            media_mm: [width.0, height.0],
            counts: own.map(|count| (count.state.word(), count.labels)).collect(),
        }
    }
}
