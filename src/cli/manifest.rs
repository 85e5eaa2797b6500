//! `waybilld manifest` and `waybilld bag`: the papers that go with the parcels when they leave.

use super::client::{Client, DaemonSocket};
use super::failure::Failure;
use super::say;
use crate::api::requests::{BagRequest, ManifestRequest};
use crate::api::{self, Manifests};
use std::process::ExitCode;

/// Prints the handover manifests of what was scanned as shipped, one for each carrier.
#[derive(Debug, clap::Args)]
pub struct Manifest {
    /// The manifest's id, encoded in its barcode; named by the minute when left out.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The day it says; today when left out.
    #[arg(long, value_name = "DAY")]
    date: Option<String>,
    #[command(flatten)]
    parcels: Parcels,
    #[command(flatten)]
    daemon: DaemonSocket,
}

/// Prints the label of a bag of parcels.
#[derive(Debug, clap::Args)]
pub struct Bag {
    /// The bundle's id, encoded in its barcode.
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
    daemon: DaemonSocket,
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

impl Manifest {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let Parcels { printer, carrier, sender, since } = self.parcels;
        let id = self.id.unwrap_or_else(|| format!("manifest-{}", jiff::Zoned::now().strftime("%Y%m%d-%H%M")));
        let request = ManifestRequest { id, printer, carrier, date: self.date, sender, since };
        let Manifests { manifests, missed, .. } = Client::new(&self.daemon).post("/v1/manifests", &request).await?;
        for manifest in &manifests {
            say(&told(manifest));
        }
        let missed: Vec<&str> = missed.labels.iter().map(|label| label.id.as_str()).collect();
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
fn told(manifest: &api::Manifest) -> String {
    let api::Manifest { id, parcels, pages, .. } = manifest;
    let carrier = manifest.carrier.as_deref().unwrap_or("no carrier");
    let weight = manifest.weight_g.map(|grams| format!(", {}", crate::waybill::weight(grams))).unwrap_or_default();
    format!("manifest {id}: {carrier}, {parcels} parcels{weight}, {pages} labels.")
}

impl Bag {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let Parcels { printer, carrier, sender, since } = self.parcels;
        let labels = Some(self.labels).filter(|labels| !labels.is_empty());
        let request = BagRequest { id: self.id, printer, to: self.to, labels, carrier, sender, since };
        let api::Bag { id, parcels, carrier, to, .. } = Client::new(&self.daemon).post("/v1/bags", &request).await?;
        say(&format!("bag {id}: {parcels} parcels with {carrier} to {to}."));
        Ok(ExitCode::SUCCESS)
    }
}
