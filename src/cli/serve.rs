//! `waybilld serve`: the daemon.

use super::failure::Failure;
use crate::daemon::{self, Running, files};
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
    let signals = |error: std::io::Error| Failure::refused(format!("signals: {error}."));
    let mut terminate = signal(SignalKind::terminate()).map_err(signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(signals)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(signals)?;
    let mut running = daemon::start(config).await?;
    announce(&running);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            // A closed terminal sends it too, and printing does not depend on one.
            _ = hangup.recv() => info!("SIGHUP: printing goes on; a changed configuration is read at the next start"),
            () = running.ended() => return Err(Failure::unfinished("waybilld ended by itself: see its log.")),
        }
    }
    info!("stopping");
    tokio::select! {
        () = running.stop() => Ok(ExitCode::SUCCESS),
        // Asked twice: at once.
        _ = interrupt.recv() => Err(Failure::unfinished("stopped at once: labels on the wire are in doubt.")),
    }
}

/// Says where it listens, on a thread of its own: the reader of standard output may hang.
fn announce(running: &Running) {
    let mut lines = vec![format!("waybilld listens on {}", running.socket.display())];
    let console =
        running.console.map(|address| format!("console: http://{address}/ (`waybilld console` prints it with its token)"));
    lines.extend(console);
    std::thread::spawn(move || lines.iter().for_each(|line| super::say(line)));
}
