//! `waybilld identify`, `test`, `calibrate`, `pause`, `resume`: one word to one printer.

use super::client::{Client, Door, path_piece};
use super::failure::Failure;
use super::job::standing;
use super::say;
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
    door: Door,
}

impl Identify {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        self.printer.ask("identify").await
    }
}

impl Test {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        self.printer.ask("test").await
    }
}

impl Calibrate {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        self.printer.ask("calibrate").await
    }
}

impl Pause {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        self.printer.ask("pause").await
    }
}

impl Resume {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        self.printer.ask("resume").await
    }
}

impl Printer {
    async fn ask(self, word: &str) -> Result<ExitCode, Failure> {
        errand(&self.door, &self.name, word).await
    }
}

/// Asks a printer for something, and says what became of it.
pub(super) async fn errand(door: &Door, printer: &str, word: &str) -> Result<ExitCode, Failure> {
    let path = format!("/v1/printers/{}/{word}", path_piece(printer));
    let said = Client::new(door).post(&path, String::new()).await?.granted()?;
    // Pause and resume are answered with how the printer stands, by its name.
    match (said["sentence"].as_str(), said["outcome"].as_str()) {
        (Some(sentence), Some(_)) => say(&format!("{printer}: {sentence}")),
        _ => say(&standing(&said)),
    }
    let settled = !matches!(said["outcome"].as_str(), Some("waiting" | "in_doubt"));
    Ok(if settled { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
