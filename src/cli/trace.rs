//! `waybilld trace`: what passes over a printer's line, as a capture that can go with a bug report.

use super::client::{Client, DaemonSocket, path_piece};
use super::failure::Failure;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes down what passes over a printer's line, until Ctrl-C.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its name in the configuration.
    #[arg(value_name = "PRINTER")]
    name: String,
    /// Where to write it, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Every byte of every label too: names and addresses.
    #[arg(long)]
    labels: bool,
    #[command(flatten)]
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let query = if args.labels { "?labels=true" } else { "" };
    let path = format!("/v1/printers/{}/trace{query}", path_piece(&args.name));
    let mut trace = Client::new(&args.daemon).text(&path).await?;
    let mut out: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(File::create(path).map_err(|error| Failure::refused(format!("{}: {error}.", path.display())))?),
        None => Box::new(std::io::stdout()),
    };
    if args.output.is_some() {
        eprintln!("tracing {}: Ctrl-C ends it.", args.name);
    }
    loop {
        tokio::select! {
            piece = trace.next() => {
                let Some(piece) = piece else { return Err(Failure::unfinished("the daemon ended the trace: is it stopping?")) };
                out.write_all(&piece).and_then(|()| out.flush()).map_err(|error| Failure::unfinished(format!("{error}.")))?;
            }
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        }
    }
}
