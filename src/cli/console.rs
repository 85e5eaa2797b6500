//! `waybilld console`: where the console stands, and the token that opens it.

use super::client::{Client, Door};
use super::{Failure, say};
use std::process::ExitCode;

/// Prints the address to open in this PC's browser. Whoever has it can do what the console can.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    door: Door,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let console = Client::new(&args.door).get("/v1/console").await?.granted()?;
    say(console["url"].as_str().unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}
