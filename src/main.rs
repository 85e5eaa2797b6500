//! The program: one subcommand a file in `cli`.

use clap::Parser;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use waybilld::cli::Command;
use waybilld::daemon::log::Log;

/// Prints waybills on thermal label printers and knows what happened to every label.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let program = Program::parse();
    if let Command::Serve(_) = program.command {
        return serve(program.command);
    }
    // Only the daemon logs what it does; the other commands say it themselves.
    log_to(io::stderr, "error");
    match program.command.run() {
        Ok(code) => code,
        Err(failure) => {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// The daemon, which neither waits for its log nor ends because of it.
fn serve(command: Command) -> ExitCode {
    let Ok(log) = Log::to_stderr() else { return ExitCode::from(2) };
    log_to(log.writer(), "info");
    Log::log_panics();
    match command.run() {
        Ok(code) => code,
        Err(failure) => {
            log.say(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

/// What `WAYBILLD_LOG` asks for, else what is at least of that level.
fn log_to(writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static, level: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("WAYBILLD_LOG").unwrap_or_else(|_| EnvFilter::new(level)))
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        // It would report a failed write with `eprintln!`, which panics where standard error is what failed.
        .log_internal_errors(false)
        .init();
}
