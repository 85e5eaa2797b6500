//! `waybilld serve`: the daemon.

use super::failure::Failure;
use crate::daemon::{self, files};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// The daemon: takes jobs on a Unix socket and prints them.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The configuration; without it one virtual ZPL printer and the shipped templates.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the ledger lives, instead of what the configuration says.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where the socket stands, instead of what the configuration says.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

/// Serves until it is told to stop.
pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut config = files::config(args.config.as_deref())?;
    if let Some(socket) = args.socket {
        config.socket = socket;
    }
    if let Some(state) = args.state {
        config.state = state;
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::refused(format!("signals: {error}.")))?;
    let mut running = daemon::start(config).await?;
    super::say(&format!("waybilld listens on {}", running.socket.display()));
    if let Some(address) = running.console {
        super::say(&format!("the console stands at http://{address}/; `waybilld console` prints it with its token"));
    }
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        () = running.ended() => return Err(Failure::unfinished("waybilld ended by itself: see its log.")),
    }
    info!("stopping");
    tokio::select! {
        () = running.stop() => Ok(ExitCode::SUCCESS),
        // Asked twice: at once.
        _ = tokio::signal::ctrl_c() => Err(Failure::unfinished("stopped at once: labels on the wire are in doubt.")),
    }
}
