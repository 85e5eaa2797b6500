//! `waybilld printers`: what each printer is, how it stands, and what it can tell of a label; and what else is plugged in.

use super::client::{Client, DaemonSocket};
use super::failure::Failure;
use super::job::{counted, standing};
use super::plugged::{devices, plugged};
use super::say;
use crate::api::{Printer, Printers};
use crate::printer::words::ConfirmsBy;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Lists the printers with what they can do, and what is plugged in.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For a program: JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    // Where no daemon answers, what is plugged in is there all the same.
    let answer = match Client::new(&args.daemon).get_answer("/v1/printers").await {
        Ok(answer) => Ok(answer.granted::<Printers>()?),
        Err(failure) => Err(failure),
    };
    let known = answer.as_ref().map(|answer| answer.printers.as_slice()).unwrap_or_default();
    let plugged = plugged(&devices(known));
    if args.json {
        let plugged: Vec<Value> = plugged.iter().map(|plugged| plugged.json()).collect();
        let error = answer.as_ref().err().map(Failure::to_string);
        say(&json!({"printers": known, "plugged_in": plugged, "error": error}).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(failure) = &answer {
        say(&format!("{failure} Which printers are paired is not known without it."));
    }
    known.iter().flat_map(lines).for_each(|line| say(&line));
    say(if plugged.is_empty() { "nothing is plugged in that could be a printer." } else { "plugged in:" });
    plugged.iter().flat_map(|plugged| plugged.lines()).for_each(|line| say(&line));
    Ok(ExitCode::SUCCESS)
}

/// How it stands, then what it is, what it can tell, and its labels.
fn lines(printer: &Printer) -> Vec<String> {
    let Printer { device, language, dpi, media_mm: [width, height], template, .. } = printer;
    let group = printer.group.as_ref().map(|group| format!(", group {group}")).unwrap_or_default();
    let mut lines = vec![
        standing(printer),
        format!("  {device}: {}, {dpi} dpi, {width} × {height} mm, template {template}{group}", language.name()),
        format!("  {}", knowledge(printer)),
    ];
    let counts = labels(printer);
    if !counts.is_empty() {
        lines.push(format!("  labels: {counts}"));
    }
    lines
}

/// How many of its labels stand in which state.
pub fn labels(printer: &Printer) -> String {
    counted(|state| printer.counts.get(&state).map_or(0, |count| usize::try_from(*count).unwrap_or(0)))
}

/// What it can tell, in words.
fn knowledge(printer: &Printer) -> &'static str {
    match printer.confirms_by {
        Some(ConfirmsBy::Counter) => "answers its status; its label counter confirms every label",
        Some(ConfirmsBy::Echo) => "answers its status; it says back which labels it has printed",
        Some(ConfirmsBy::Buffers) => "answers its status; its empty buffers confirm a label",
        Some(ConfirmsBy::Nothing) => "never answers: its labels are sent, not confirmed",
        None => "not known yet what it answers: print something, such as `waybilld identify`",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A printer with those of its fields.
    pub fn printer(fields: Value) -> Printer {
        let mut all = json!({
            "name": "pack-1", "state": "idle", "reasons": [], "sentence": "nothing to print.",
            "device": "tcp://192.168.1.50:9100", "language": "zpl", "dpi": 203, "media_mm": [100.0, 150.0],
            "template": "waybill-100x150", "counts": {},
        });
        all.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        serde_json::from_value(all).expect("a printer")
    }

    #[test]
    fn a_printer_is_told_in_four_lines() {
        let stopped = printer(json!({
            "state": "stopped", "sentence": "out of labels: load a roll; printing goes on by itself.",
            "group": "table", "confirms_by": "counter", "counts": {"waiting": 27},
        }));
        assert_eq!(
            lines(&stopped),
            [
                "pack-1: out of labels: load a roll; printing goes on by itself.",
                "  tcp://192.168.1.50:9100: zpl, 203 dpi, 100 × 150 mm, template waybill-100x150, group table",
                "  answers its status; its label counter confirms every label",
                "  labels: 27 waiting",
            ]
        );
        let silent = lines(&printer(json!({"name": "old", "confirms_by": "nothing"})));
        assert_eq!((silent.len(), silent[2].as_str()), (3, "  never answers: its labels are sent, not confirmed"));
    }
}
