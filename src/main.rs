//! The program: one subcommand a file in `cli`.

use clap::Parser;
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use waybilld::cli::Command;

/// Prints waybills on thermal label printers and knows what happened to every label.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let program = Program::parse();
    // Only the daemon tells what it does; the other commands say it themselves.
    let usual = if matches!(program.command, Command::Serve(_)) { "info" } else { "error" };
    let log = EnvFilter::try_from_env("WAYBILLD_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(log)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    match program.command.run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.code())
        }
    }
}
