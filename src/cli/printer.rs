//! `waybilld identify`, `test`, `calibrate`, `pause`, `resume`: one word to one printer.

use super::client::{Client, DaemonSocket, path_piece};
use super::failure::Failure;
use super::job::standing;
use super::say;
use crate::api::{self, Adopted, Moved, ServiceTask};
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

/// Takes the device that is at a printer's address, instead of the one that is expected there.
#[derive(Debug, clap::Args)]
pub struct Adopt {
    #[command(flatten)]
    printer: Printer,
}

/// Gives the labels that wait for one printer to another, such as those of a printer that was renamed.
#[derive(Debug, clap::Args)]
pub struct Move {
    /// The printer they wait for; it need not be in the configuration any more.
    #[arg(long, value_name = "PRINTER")]
    from: String,
    /// The printer that is to print them.
    #[arg(long, value_name = "PRINTER")]
    to: String,
    #[command(flatten)]
    daemon: DaemonSocket,
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

impl Adopt {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let Printer { name, daemon } = self.printer;
        let adopted: Adopted = Client::new(&daemon).post(&path(&name, "adopt"), &json!({})).await?;
        say(&format!("{name}: {}", adopted.sentence));
        Ok(ExitCode::SUCCESS)
    }
}

impl Move {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let Move { from, to, daemon } = self;
        let moved: Moved = Client::new(&daemon).post(&path(&from, "move"), &json!({ "to": to })).await?;
        let labels = if moved.labels == 1 { "label" } else { "labels" };
        say(&format!("moved {} {labels} from {from} to {to}.", moved.labels));
        Ok(ExitCode::SUCCESS)
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
    let settled = matches!(done.outcome, TaskOutcome::Printed | TaskOutcome::Sent);
    Ok(if settled { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn path(printer: &str, word: &str) -> String {
    format!("/v1/printers/{}/{word}", path_piece(printer))
}
