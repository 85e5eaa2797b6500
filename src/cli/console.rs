//! `waybilld console`: the console's address, and the token that opens it.

use super::client::{Client, DaemonSocket};
use super::{Failure, say};
use crate::api::ConsoleAddress;
use std::process::ExitCode;

/// Prints the address to open in this PC's browser. Whoever has it can do what the console can.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let ConsoleAddress { url } = Client::new(&args.daemon).get("/v1/console").await?;
    say(&url);
    Ok(ExitCode::SUCCESS)
}
