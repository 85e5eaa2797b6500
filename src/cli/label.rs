//! `waybilld void`, `release`, `outcome`, `reprint`: one word about each of some labels.
//!
//! Label ids go in; a line for each says where the label stands now, or why not.

use super::client::{Client, DaemonSocket, body_of, path_piece};
use super::failure::Failure;
use super::order;
use crate::api::requests::{OutcomeRequest, ReprintRequest, VoidRequest};
use crate::api::{LabelState, Released};
use crate::spool::State;
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;

/// Cancels labels that wait, and marks printed ones so that a scan refuses them.
#[derive(Debug, clap::Args)]
pub struct Void {
    #[arg(required = true, value_name = "LABEL")]
    labels: Vec<String>,
    #[command(flatten)]
    daemon: DaemonSocket,
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
    daemon: DaemonSocket,
}

/// Settles a label in doubt: did it come out of the printer?
#[derive(Debug, clap::Args)]
pub struct Outcome {
    label: String,
    outcome: Word,
    #[command(flatten)]
    daemon: DaemonSocket,
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
    daemon: DaemonSocket,
}

impl Void {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        ask(&self.daemon, &self.labels, "void", &VoidRequest { by: None }).await
    }
}

impl Release {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        match (self.all, self.order) {
            (Some(printer), _) => release_all(&self.daemon, &printer).await,
            (None, Some(order)) => order::release(&self.daemon, &order).await,
            (None, None) => ask(&self.daemon, &self.labels, "release", &json!({})).await,
        }
    }
}

async fn release_all(daemon: &DaemonSocket, printer: &str) -> Result<ExitCode, Failure> {
    let path = format!("/v1/printers/{}/release", path_piece(printer));
    let released: Released = Client::new(daemon).post(&path, &json!({})).await?;
    super::say(&match released.labels {
        0 => format!("{printer}: no label is held since an outage."),
        1 => format!("{printer}: 1 label waits for its turn."),
        labels => format!("{printer}: {labels} labels wait for their turn."),
    });
    Ok(ExitCode::SUCCESS)
}

impl Outcome {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let request = OutcomeRequest { came_out: self.outcome == Word::CameOut, by: None };
        ask(&self.daemon, &[self.label], "outcome", &request).await
    }
}

impl Reprint {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let by = self.by.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "command line".to_owned());
        let request = ReprintRequest { reason: self.reason, by, printer: self.printer };
        ask(&self.daemon, &[self.label], "reprint", &request).await
    }
}

/// Asks the same of each label, and goes on when one is refused.
async fn ask(daemon: &DaemonSocket, labels: &[String], verb: &str, request: &impl Serialize) -> Result<ExitCode, Failure> {
    let client = Client::new(daemon);
    let mut refused = Vec::new();
    for label in labels {
        let answer = client.post_answer(&format!("/v1/labels/{}/{verb}", path_piece(label)), body_of(request)).await?;
        if !answer.status.is_success() {
            refused.extend(answer.reasons());
            continue;
        }
        let LabelState { state, manifest, .. } = answer.granted()?;
        super::say(&format!("label {label}: {}", now(state)));
        if let Some(manifest) = manifest {
            super::say(&format!("label {label}: it stands on manifest {manifest}: cross it out there."));
        }
    }
    if refused.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::unfinished(refused.join("\n"))) }
}

fn now(state: State) -> String {
    match state {
        State::Waiting => "waits for its turn at the printer.".to_owned(),
        State::Canceled => "canceled, it will not print.".to_owned(),
        State::Voided => "voided, scanning it refuses.".to_owned(),
        other => format!("{other}."),
    }
}
