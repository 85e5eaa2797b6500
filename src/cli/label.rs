//! `waybilld void`, `release`, `outcome`, `reprint`: one word about each of some labels.
//!
//! Label ids go in; a line for each says where the label stands now, or why not.

use super::client::{Client, Door, path_piece};
use super::failure::Failure;
use super::order;
use serde_json::json;
use std::process::ExitCode;

/// Cancels labels that wait, and marks printed ones so that a scan refuses them.
#[derive(Debug, clap::Args)]
pub struct Void {
    #[arg(required = true, value_name = "LABEL")]
    labels: Vec<String>,
    #[command(flatten)]
    door: Door,
}

/// Lets held labels print.
#[derive(Debug, clap::Args)]
pub struct Release {
    #[arg(required_unless_present_any = ["all", "order"], value_name = "LABEL")]
    labels: Vec<String>,
    /// All that a printer's long outage has held, in their order.
    #[arg(long, value_name = "PRINTER", conflicts_with_all = ["labels", "order"])]
    all: Option<String>,
    /// Those of an order whose buyer no longer asks to cancel.
    #[arg(long, value_name = "ORDER", conflicts_with = "labels")]
    order: Option<String>,
    #[command(flatten)]
    door: Door,
}

/// Settles a label in doubt: did it come out of the printer?
#[derive(Debug, clap::Args)]
pub struct Outcome {
    label: String,
    outcome: Word,
    #[command(flatten)]
    door: Door,
}

/// What a person saw in the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Word {
    CameOut,
    DidNot,
}

/// Prints a label once more, on purpose and on record.
#[derive(Debug, clap::Args)]
pub struct Reprint {
    label: String,
    /// Why, for the record.
    #[arg(long, default_value = "asked on the command line")]
    reason: String,
    /// Who asks, for the record.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Another printer than the first time.
    #[arg(long, value_name = "NAME")]
    printer: Option<String>,
    #[command(flatten)]
    door: Door,
}

impl Void {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        ask(&self.door, &self.labels, "void", "{}").await
    }
}

impl Release {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        match (self.all, self.order) {
            (Some(printer), _) => release_all(&self.door, &printer).await,
            (None, Some(order)) => order::release(&self.door, &order).await,
            (None, None) => ask(&self.door, &self.labels, "release", "{}").await,
        }
    }
}

async fn release_all(door: &Door, printer: &str) -> Result<ExitCode, Failure> {
    let path = format!("/v1/printers/{}/release", path_piece(printer));
    let said = Client::new(door).post(&path, String::new()).await?.granted()?;
    super::say(&match said["labels"].as_u64() {
        Some(0) | None => format!("{printer}: no label is held since an outage."),
        Some(1) => format!("{printer}: 1 label waits for its turn."),
        Some(labels) => format!("{printer}: {labels} labels wait for their turn."),
    });
    Ok(ExitCode::SUCCESS)
}

impl Outcome {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let body = json!({"came_out": self.outcome == Word::CameOut});
        ask(&self.door, &[self.label], "outcome", &body.to_string()).await
    }
}

impl Reprint {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let by = self.by.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "command line".to_owned());
        let mut body = json!({"reason": self.reason, "by": by});
        if let Some(printer) = self.printer {
            body["printer"] = printer.into();
        }
        ask(&self.door, &[self.label], "reprint", &body.to_string()).await
    }
}

/// Asks the same of each label, and goes on when one is refused.
async fn ask(door: &Door, labels: &[String], verb: &str, body: &str) -> Result<ExitCode, Failure> {
    let client = Client::new(door);
    let mut refused = Vec::new();
    for label in labels {
        let answer = client.post(&format!("/v1/labels/{}/{verb}", path_piece(label)), body.to_owned()).await?;
        if answer.status.is_success() {
            super::say(&format!("label {label}: {}", now(answer.body["state"].as_str().unwrap_or("done"))));
            if let Some(manifest) = answer.body["manifest"].as_str() {
                super::say(&format!("label {label}: it stands on manifest {manifest}: cross it out there."));
            }
        } else {
            refused.extend(answer.reasons());
        }
    }
    if refused.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::unfinished(refused.join("\n"))) }
}

fn now(state: &str) -> String {
    match state {
        "waiting" => "waits for its turn at the printer.".to_owned(),
        "canceled" => "canceled, it will not print.".to_owned(),
        "voided" => "voided, scanning it refuses.".to_owned(),
        "in_doubt" => "in doubt.".to_owned(),
        other => format!("{other}."),
    }
}
