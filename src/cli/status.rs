//! `waybilld status`: what needs a person first, then each printer and what waits for it.

use super::client::{Client, Door};
use super::failure::Failure;
use super::job::{counted, doubt, kept_back, printers, standing};
use super::say;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Tells how the printers stand and which labels need a person.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For a program: JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    door: Door,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let client = Client::new(&args.door);
    let printers = client.get("/v1/printers").await?.granted()?;
    let in_doubt = client.get("/v1/labels?state=in_doubt").await?.granted()?;
    let held = client.get("/v1/labels?state=held").await?.granted()?;
    if args.json {
        say(&json!({"printers": printers, "in_doubt": in_doubt, "held": held}).to_string());
    } else {
        lines(&printers, &in_doubt, &held).iter().for_each(|line| say(line));
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(printers: &Value, in_doubt: &Value, held: &Value) -> Vec<String> {
    let mut lines: Vec<String> = ids(in_doubt).into_iter().map(doubt).collect();
    let held = ids(held);
    if !held.is_empty() {
        lines.push(kept_back(&held));
    }
    lines.extend(self::printers(printers).into_iter().map(line));
    lines
}

fn ids(labels: &Value) -> Vec<&str> {
    let labels = labels["labels"].as_array().or(labels.as_array()).into_iter().flatten();
    labels.filter_map(|label| label["id"].as_str()).collect()
}

fn line(printer: &Value) -> String {
    let standing = standing(printer);
    match counted(|state| printer["counts"][state].as_u64().unwrap_or(0)).as_str() {
        "" => standing,
        counts => format!("{standing} Labels: {counts}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_person_comes_before_how_the_printers_stand() {
        let printers = json!({"printers": [
            {"name": "pack-1", "state": "stopped", "counts": {"waiting": 27, "printed": 1250, "in_doubt": 1},
             "sentence": "out of labels: load a roll; printing goes on by itself."},
            {"name": "pack-2", "state": "idle"},
        ]});
        let said =
            lines(&printers, &json!({"labels": [{"id": "pkg-24"}]}), &json!({"labels": [{"id": "pkg-2"}, {"id": "pkg-3"}]}));
        assert_eq!(
            said,
            [
                "label pkg-24 is in doubt: look at the tray, then say `waybilld outcome pkg-24 came-out` or `did-not`.",
                "held: pkg-2, pkg-3. `waybilld release LABEL` prints it, `waybilld void LABEL` cancels it.",
                "pack-1: out of labels: load a roll; printing goes on by itself. Labels: 1250 printed, 1 in doubt, 27 waiting.",
                "pack-2: idle.",
            ]
        );
    }
}
