//! `waybilld cancel`: what becomes of an order's labels.

use super::client::{Client, DaemonSocket, path_piece};
use super::failure::Failure;
use crate::api::OrderOutcome;
use crate::api::requests::CancelRequest;
use crate::closed_set::ClosedSet;
use crate::spool::CancelOutcome;
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;

/// Cancels the labels of an order; what is printed is voided.
#[derive(Debug, clap::Args)]
pub struct Cancel {
    /// The order number, however it is spaced.
    order: String,
    /// The buyer only asked: hold what waits, flag what is out, until the order is canceled or released.
    #[arg(long)]
    requested: bool,
    /// Why, for the record; without names or addresses.
    #[arg(long)]
    reason: Option<String>,
    /// Who cancels, for the record.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    #[command(flatten)]
    daemon: DaemonSocket,
}

impl Cancel {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let request = CancelRequest { by: self.by, requested: Some(self.requested), reason: self.reason };
        ask(&self.daemon, &self.order, "cancel", &request).await
    }
}

/// Lets the labels of an order print that a request to cancel had held.
pub async fn release(daemon: &DaemonSocket, order: &str) -> Result<ExitCode, Failure> {
    ask(daemon, order, "release", &json!({})).await
}

async fn ask(daemon: &DaemonSocket, order: &str, verb: &str, request: &impl Serialize) -> Result<ExitCode, Failure> {
    let path = format!("/v1/orders/{}/{verb}", path_piece(order));
    let OrderOutcome { labels, .. } = Client::new(daemon).post(&path, request).await?;
    for label in &labels {
        super::say(&format!("label {}: {}, {}", label.id, label.became.word(), label.sentence));
    }
    if labels.is_empty() {
        super::say("no label of that order was kept back.");
    }
    // A person has to go and look.
    let open = labels.iter().any(|label| matches!(label.became, CancelOutcome::Pending | CancelOutcome::Shipped));
    Ok(if open { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
