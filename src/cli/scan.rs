//! `waybilld scan`: what a packer would scan, from a terminal.

use super::client::{Client, Door};
use super::failure::Failure;
use super::say;
use serde_json::json;
use std::process::ExitCode;

/// Says to a pack station what was scanned: a waybill, an order, an article or a control code.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The station, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    station: String,
    /// Who scans, for the record.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    text: String,
    #[command(flatten)]
    door: Door,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let Args { station, by, text, door } = args;
    let request = json!({"station": station, "text": text, "by": by});
    let answer = Client::new(&door).post("/v1/scan", request.to_string()).await?.granted()?;
    say(answer["sentence"].as_str().unwrap_or("done."));
    for choice in answer["choices"].as_array().into_iter().flatten() {
        let label = &choice["label"];
        let [id, state, tracking] = ["id", "state", "tracking"].map(|key| label[key].as_str().unwrap_or("-"));
        say(&format!("  {}  {id}  {tracking}  {state}", choice["number"]));
    }
    Ok(if answer["tone"] == "bad" { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
