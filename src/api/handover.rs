//! Handover manifests and bag labels over the wire.

use super::{Label, time};
use crate::spool::{JobView, LabelView, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The manifests of one request, one for each carrier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Manifests {
    pub id: String,
    pub printer: String,
    pub taken_at: String,
    pub manifests: Vec<Manifest>,
    /// Parcels whose label came out and that were not scanned as handed over.
    pub missed: Missed,
}

/// What one carrier took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Manifest {
    /// Encoded in its barcode, and the id of its first label.
    #[schema(example = "eod-1126-1")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    pub parcels: usize,
    /// Of those whose weight is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u64>,
    /// How many have no known weight.
    pub unweighed: usize,
    /// How many labels it takes.
    pub pages: usize,
    pub labels: Vec<Label>,
}

/// What may still lie on the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Missed {
    /// At most 1000.
    pub parcels: usize,
    pub labels: Vec<MissedLabel>,
}

/// A parcel that was not handed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MissedLabel {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
}

/// The label of a bag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bag {
    /// Encoded in its barcode, and the id of its label.
    pub id: String,
    pub printer: String,
    #[schema(example = "waiting")]
    pub state: State,
    pub carrier: String,
    pub parcels: usize,
    pub to: String,
    /// Of those whose weight is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "12.4 kg")]
    pub weight: String,
}

impl Manifests {
    pub fn of(job: JobView, manifests: Vec<Manifest>, missed: Vec<LabelView>) -> Manifests {
        let labels: Vec<MissedLabel> = missed.into_iter().map(MissedLabel::of).collect();
        let missed = Missed { parcels: labels.len(), labels };
        Manifests { id: job.id, printer: job.printer, taken_at: time(job.taken_at), manifests, missed }
    }
}

impl Manifest {
    /// The manifest whose first label that is.
    pub fn of(first: &LabelView, pages: usize, weight_g: Option<u64>, parcels: Vec<LabelView>) -> Manifest {
        Manifest {
            id: first.id.clone(),
            carrier: first.carrier.clone(),
            parcels: parcels.len(),
            weight_g,
            unweighed: parcels.iter().filter(|label| label.weight_g.is_none()).count(),
            pages,
            labels: parcels.into_iter().map(Label::of).collect(),
        }
    }
}

impl MissedLabel {
    fn of(label: LabelView) -> MissedLabel {
        MissedLabel { id: label.id, order: label.order, tracking: label.tracking, carrier: label.carrier }
    }
}
