//! `waybilld manifest` and `waybilld bag`: the papers that go with the parcels when they leave.

use super::client::{Client, Door};
use super::failure::Failure;
use super::say;
use serde_json::{Map, Value};
use std::process::ExitCode;

/// Prints the handover manifests of what was scanned as shipped, one for each carrier.
#[derive(Debug, clap::Args)]
pub struct Manifest {
    /// The manifest's id, which its bars say; named by the minute when left out.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The day it says; today when left out.
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    #[command(flatten)]
    parcels: Parcels,
    #[command(flatten)]
    door: Door,
}

/// Prints the label of a bag of parcels.
#[derive(Debug, clap::Args)]
pub struct Bag {
    /// The bundle's id, which its bars say.
    id: String,
    /// The ids or tracking numbers in it; what was scanned as shipped and stands on no manifest when left out.
    #[arg(value_name = "LABEL")]
    labels: Vec<String>,
    /// Where it goes.
    #[arg(long, value_name = "PLACE")]
    to: String,
    #[command(flatten)]
    parcels: Parcels,
    #[command(flatten)]
    door: Door,
}

/// Which parcels, and where it prints.
#[derive(Debug, clap::Args)]
struct Parcels {
    /// The printer, when it is not the daemon's only one.
    #[arg(long, value_name = "NAME")]
    printer: Option<String>,
    /// Only what goes with this carrier.
    #[arg(long, value_name = "NAME")]
    carrier: Option<String>,
    /// The name of a configured sender, or what to say.
    #[arg(long, value_name = "NAME")]
    sender: Option<String>,
    /// Handed over then or later, such as 2026-07-14T18:00:00Z; within seven days when left out.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

impl Parcels {
    fn body(self, more: impl IntoIterator<Item = (&'static str, Value)>) -> String {
        let Parcels { printer, carrier, sender, since } = self;
        let said = [("printer", printer), ("carrier", carrier), ("sender", sender), ("since", since)];
        let said = said.into_iter().filter_map(|(field, word)| Some((field, Value::from(word?))));
        let fields: Map<String, Value> = said.chain(more).map(|(field, value)| (field.to_owned(), value)).collect();
        Value::Object(fields).to_string()
    }
}

impl Manifest {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let id = self.id.unwrap_or_else(|| format!("manifest-{}", jiff::Zoned::now().strftime("%Y%m%d-%H%M")));
        let date = self.date.map(|date| ("date", date.into()));
        let body = self.parcels.body([("id", id.into())].into_iter().chain(date));
        let made = Client::new(&self.door).post("/v1/manifests", body).await?.granted()?;
        for manifest in made["manifests"].as_array().into_iter().flatten() {
            say(&told(manifest));
        }
        let missed = made["missed"]["labels"].as_array().into_iter().flatten();
        let missed: Vec<&str> = missed.filter_map(|label| label["id"].as_str()).collect();
        if !missed.is_empty() {
            let count = missed.len();
            let named = if count > NAMED_MAX { format!("{} …", missed[..NAMED_MAX].join(", ")) } else { missed.join(", ") };
            say(&format!("{count} printed and not scanned out: {named}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// So many missed labels are named.
const NAMED_MAX: usize = 20;

/// `manifest eod-1: Postal Air, 34 parcels, 12.4 kg, 2 labels.`
fn told(manifest: &Value) -> String {
    let id = manifest["id"].as_str().unwrap_or_default();
    let carrier = manifest["carrier"].as_str().unwrap_or("no carrier");
    let weight = manifest["weight_g"].as_u64().map(|grams| format!(", {}", crate::waybill::weight(grams))).unwrap_or_default();
    format!("manifest {id}: {carrier}, {} parcels{weight}, {} labels.", manifest["parcels"], manifest["pages"])
}

impl Bag {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let labels = (!self.labels.is_empty()).then(|| ("labels", self.labels.into()));
        let body = self.parcels.body([("id", self.id.into()), ("to", self.to.into())].into_iter().chain(labels));
        let made = Client::new(&self.door).post("/v1/bags", body).await?.granted()?;
        let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
        say(&format!("bag {}: {} parcels with {} to {}.", text("id"), made["parcels"], text("carrier"), text("to")));
        Ok(ExitCode::SUCCESS)
    }
}
