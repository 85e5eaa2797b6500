//! `waybilld identify`, `test`, `calibrate`, `pause`, `resume`: one word to one printer.

use super::client::{Client, DaemonSocket, path_piece};
use super::failure::Failure;
use super::job::standing;
use super::say;
use crate::api::{self, ServiceTask};
use crate::printer::words::TaskOutcome;
use serde_json::json;
use std::process::ExitCode;

/// Prints a label with the printer's own name.
#[derive(Debug, clap::Args)]
pub struct Identify {
    #[command(flatten)]
    printer: Printer,
}

/// Prints a label to read off offset, darkness and dead dots.
#[derive(Debug, clap::Args)]
pub struct Test {
    #[command(flatten)]
    printer: Printer,
}

/// Has the printer measure its media; it feeds some labels.
#[derive(Debug, clap::Args)]
pub struct Calibrate {
    #[command(flatten)]
    printer: Printer,
}

/// Lets the printer begin no new label.
#[derive(Debug, clap::Args)]
pub struct Pause {
    #[command(flatten)]
    printer: Printer,
}

/// Lets a paused printer go on.
#[derive(Debug, clap::Args)]
pub struct Resume {
    #[command(flatten)]
    printer: Printer,
}

/// Which one.
#[derive(Debug, clap::Args)]
struct Printer {
    /// Its name in the configuration.
    #[arg(value_name = "PRINTER")]
    name: String,
    #[command(flatten)]
    daemon: DaemonSocket,
}

impl Identify {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        task(&self.printer.daemon, &self.printer.name, "identify").await
    }
}

impl Test {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        task(&self.printer.daemon, &self.printer.name, "test").await
    }
}

impl Calibrate {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        task(&self.printer.daemon, &self.printer.name, "calibrate").await
    }
}

impl Pause {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        self.printer.stands("pause").await
    }
}

impl Resume {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        self.printer.stands("resume").await
    }
}

impl Printer {
    /// Says one word to it, and tells how it stands then.
    async fn stands(self, word: &str) -> Result<ExitCode, Failure> {
        let printer: api::Printer = Client::new(&self.daemon).post(&path(&self.name, word), &json!({})).await?;
        say(&standing(&printer));
        Ok(ExitCode::SUCCESS)
    }
}

/// Gives a printer a service task, and says what became of it.
pub(super) async fn task(daemon: &DaemonSocket, printer: &str, word: &str) -> Result<ExitCode, Failure> {
    let done: ServiceTask = Client::new(daemon).post(&path(printer, word), &json!({})).await?;
    say(&format!("{printer}: {}", done.sentence));
    let settled = !matches!(done.outcome, TaskOutcome::Waiting | TaskOutcome::InDoubt);
    Ok(if settled { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn path(printer: &str, word: &str) -> String {
    format!("/v1/printers/{}/{word}", path_piece(printer))
}
