//! How a task ended that was asked of a printer beside its jobs.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// How a task ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TaskOutcome {
    Printed,
    /// Handed to a printer that cannot confirm, or a task that no printer answers.
    Sent,
    InDoubt,
    /// The printer does it as soon as it can.
    Waiting,
    /// It was not taken: the sentence says why.
    NotTaken,
}
