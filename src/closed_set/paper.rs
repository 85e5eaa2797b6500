//! The papers of a wave: made by one room, kept by the ledger, told on the wire.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Which paper it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    PickList,
    PackingSlip,
    Cover,
    Bag,
    Manifest,
}

impl PaperKind {
    /// Its name for people, and in the ids of its labels: `packing-slip`.
    pub fn name(self) -> String {
        <&str>::from(self).replace('_', "-")
    }
}
