//! `waybilld scan`: what a packer would scan, from a terminal.

use super::client::{Client, DaemonSocket};
use super::failure::Failure;
use super::say;
use crate::api::requests::ScanRequest;
use crate::api::stations::{Choice, ScanResult};
use crate::spool::Tone;
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
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let Args { station, by, text, daemon } = args;
    let answer: ScanResult = Client::new(&daemon).post("/v1/scan", &ScanRequest { station, text, by }).await?;
    say(&answer.sentence);
    for Choice { number, label } in &answer.choices {
        let tracking = label.tracking.as_deref().unwrap_or("-");
        say(&format!("  {number}  {}  {tracking}  {}", label.id, label.state));
    }
    Ok(if answer.tone == Tone::Bad { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
