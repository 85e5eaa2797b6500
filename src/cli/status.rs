//! `waybilld status`: what needs a person first, then each printer and what waits for it.

use super::client::{Client, DaemonSocket};
use super::failure::Failure;
use super::job::{doubt, kept_back, standing};
use super::printers::labels;
use super::say;
use crate::api::{Labels, Printer, Printers};
use crate::printer::words::PrinterState;
use serde_json::json;
use std::process::ExitCode;

/// Tells how the printers stand and which labels need a person.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For a program: JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = Client::new(&args.daemon);
    let printers: Printers = client.get("/v1/printers?look=true").await?;
    let in_doubt: Labels = client.get("/v1/labels?state=in_doubt").await?;
    let held: Labels = client.get("/v1/labels?state=held").await?;
    if args.json {
        say(&json!({"printers": printers, "in_doubt": in_doubt, "held": held}).to_string());
    } else {
        printers.orphaned.iter().for_each(|orphaned| say(&orphaned.sentence));
        lines(&printers.printers, &ids(&in_doubt), &ids(&held)).iter().for_each(|line| say(line));
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(printers: &[Printer], in_doubt: &[&str], held: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = in_doubt.iter().map(|label| doubt(label)).collect();
    if !held.is_empty() {
        lines.push(kept_back(held));
    }
    lines.extend(printers.iter().map(line));
    lines
}

fn ids(labels: &Labels) -> Vec<&str> {
    labels.labels.iter().map(|label| label.id.as_str()).collect()
}

fn line(printer: &Printer) -> String {
    let standing = format!("{}{}", standing(printer), reached(printer));
    match labels(printer).as_str() {
        "" => standing,
        counts => format!("{standing} Labels: {counts}."),
    }
}

/// When it was last reached, where that is worth saying.
fn reached(printer: &Printer) -> String {
    match (&printer.not_reached_since, &printer.reached_at) {
        (Some(since), _) => format!(" Not reached since {since}."),
        (None, Some(at)) if printer.state == PrinterState::Idle => format!(" Reached at {at}."),
        (None, None) if printer.state == PrinterState::Idle => " Not looked at since waybilld started.".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::printers::tests::printer;
    use super::*;

    #[test]
    fn what_needs_a_person_comes_before_how_the_printers_stand() {
        let printers = [
            printer(json!({"state": "stopped", "counts": {"waiting": 27, "printed": 1250, "in_doubt": 1},
                "sentence": "out of labels: load a roll; printing goes on by itself."})),
            printer(json!({"name": "pack-2"})),
        ];
        assert_eq!(
            lines(&printers, &["pkg-24"], &["pkg-2", "pkg-3"]),
            [
                "label pkg-24 is in doubt: look at the tray, then say `waybilld outcome pkg-24 came-out` or `did-not`.",
                "held: pkg-2, pkg-3. `waybilld release LABEL` prints it, `waybilld void LABEL` cancels it.",
                "pack-1: out of labels: load a roll; printing goes on by itself. Labels: 1250 printed, 1 in doubt, 27 waiting.",
                "pack-2: nothing to print. Not looked at since waybilld started.",
            ]
        );
    }
}
