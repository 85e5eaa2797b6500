//! What goes with the parcels when they leave: the label of a bag, and the manifest the driver signs.

use serde::{Deserialize, Serialize};

/// What hangs on a bag of parcels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bag {
    /// The bundle's id, in bars too.
    pub bag: String,
    pub carrier: String,
    pub count: usize,
    /// Where it goes.
    pub to: String,
    /// Who hands it over.
    pub sender: String,
    pub at: String,
    pub weight: String,
}

/// What one carrier takes with it on one day, signed by both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its id, in bars too.
    pub manifest: String,
    pub carrier: String,
    pub sender: String,
    pub date: String,
    /// When it was made.
    pub at: String,
    pub count: usize,
    /// Of all parcels whose weight is known.
    pub weight: String,
    /// How many have no known weight.
    pub unweighed: usize,
    pub parcels: Vec<Parcel>,
}

/// One parcel of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// From 1.
    pub number: usize,
    pub tracking: String,
    pub order: String,
    pub weight: String,
}
