//! `waybilld printers`: what each printer is, how it stands, and what it can tell of a label; and what else is plugged in.

use super::client::{Client, Door};
use super::failure::Failure;
use super::job::{counted, printers, standing};
use super::plugged::{devices, plugged};
use super::say;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Lists the printers with what they can do, and what is plugged in.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For a program: JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    door: Door,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    // Where no daemon answers, what is plugged in is there all the same.
    let answer = match Client::new(&args.door).get("/v1/printers").await {
        Ok(answer) => Ok(answer.granted()?),
        Err(failure) => Err(failure),
    };
    let known = answer.as_ref().map(printers).unwrap_or_default();
    let plugged = plugged(&devices(&known));
    if args.json {
        let plugged: Vec<Value> = plugged.iter().map(|plugged| plugged.json()).collect();
        let error = answer.as_ref().err().map(Failure::to_string);
        say(&json!({"printers": known, "plugged_in": plugged, "error": error}).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(failure) = &answer {
        say(&format!("{failure} Which printers are paired is not known without it."));
    }
    known.into_iter().flat_map(lines).for_each(|line| say(&line));
    say(if plugged.is_empty() { "nothing is plugged in that could be a printer." } else { "plugged in:" });
    plugged.iter().flat_map(|plugged| plugged.lines()).for_each(|line| say(&line));
    Ok(ExitCode::SUCCESS)
}

/// How it stands, then what it is, what it can tell, and its labels.
fn lines(printer: &Value) -> Vec<String> {
    let text = |key: &str| printer[key].as_str().unwrap_or("?");
    let side = |at: usize| printer["media_mm"][at].as_f64().unwrap_or_default();
    let group = printer["group"].as_str().map(|group| format!(", group {group}")).unwrap_or_default();
    let mut lines = vec![
        standing(printer),
        format!(
            "  {}: {}, {} dpi, {} × {} mm, template {}{group}",
            text("device"),
            text("language"),
            printer["dpi"],
            side(0),
            side(1),
            text("template")
        ),
        format!("  {}", knowledge(printer)),
    ];
    let counts = counted(|state| printer["counts"][state].as_u64().unwrap_or(0));
    if !counts.is_empty() {
        lines.push(format!("  labels: {counts}"));
    }
    lines
}

/// What it can tell, in words.
fn knowledge(printer: &Value) -> &'static str {
    match printer["confirms_by"].as_str() {
        Some("counter") => "answers its status; its label counter confirms every label",
        Some("echo") => "answers its status; it says back which labels it has printed",
        Some("buffers") => "answers its status; its empty buffers confirm a label",
        Some("nothing") => "never answers: its labels are sent, and nobody knows more",
        _ => "not known yet what it answers: print something, such as `waybilld identify`",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_printer_is_told_in_four_lines() {
        let printer = json!({
            "name": "pack-1", "state": "stopped", "sentence": "out of labels: load a roll; printing goes on by itself.",
            "device": "tcp://192.168.1.50:9100", "language": "zpl", "dpi": 203, "media_mm": [100.0, 150.0],
            "template": "waybill-100x150", "group": "table", "confirms_by": "counter", "counts": {"waiting": 27},
        });
        assert_eq!(
            lines(&printer),
            [
                "pack-1: out of labels: load a roll; printing goes on by itself.",
                "  tcp://192.168.1.50:9100: zpl, 203 dpi, 100 × 150 mm, template waybill-100x150, group table",
                "  answers its status; its label counter confirms every label",
                "  labels: 27 waiting",
            ]
        );
        let silent = lines(&json!({"name": "old", "state": "idle", "confirms_by": "nothing"}));
        assert_eq!((silent.len(), silent[2].as_str()), (3, "  never answers: its labels are sent, and nobody knows more"));
    }
}
