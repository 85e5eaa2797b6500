//! `waybilld cancel`: what becomes of an order's labels.

use super::client::{Client, Door, path_piece};
use super::failure::Failure;
use serde_json::{Value, json};
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
    door: Door,
}

impl Cancel {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let body = json!({"requested": self.requested, "reason": self.reason, "by": self.by});
        ask(&self.door, &self.order, "cancel", body).await
    }
}

/// Lets the labels of an order print that a request to cancel had held.
pub async fn release(door: &Door, order: &str) -> Result<ExitCode, Failure> {
    ask(door, order, "release", json!({})).await
}

async fn ask(door: &Door, order: &str, verb: &str, body: Value) -> Result<ExitCode, Failure> {
    let path = format!("/v1/orders/{}/{verb}", path_piece(order));
    let said = Client::new(door).post(&path, body.to_string()).await?.granted()?;
    let labels: Vec<&Value> = said["labels"].as_array().into_iter().flatten().collect();
    let text = |label: &Value, key: &str| label[key].as_str().unwrap_or_default().to_owned();
    for label in &labels {
        super::say(&format!("label {}: {}, {}", text(label, "id"), text(label, "became"), text(label, "sentence")));
    }
    if labels.is_empty() {
        super::say("no label of that order was kept back.");
    }
    // Somebody has to go and look.
    let open = labels.iter().any(|label| matches!(label["became"].as_str(), Some("pending" | "shipped")));
    Ok(if open { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
