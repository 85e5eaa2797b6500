//! Why a label counts as printed, and why nobody knows whether it came out: found out by a conversation with a printer, kept
//! by the ledger, told on the wire.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Why a label counts as printed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The printer's label counter rose by it.
    Counter,
    /// The printer's buffers are empty, and there was time to print what they held.
    Buffers,
    /// The printer said the label's own word after printing it.
    Echo,
    /// The printer said that it has it, and rests since.
    Rest,
}

/// Why nobody knows whether a label came out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DoubtCause {
    /// The line broke before the printer confirmed it.
    LineBroke,
    /// The printer was out of sight, and its buffers are empty now.
    OutOfSight,
    /// The printer counted fewer labels than it got.
    SomeCameOut,
    /// The printer stopped with it under the head, and does not print such a label again.
    StoppedInIt,
    /// The printer answers, but not whether it came out.
    NoEvidence,
    /// The daemon was stopped while it was being sent.
    Restarted,
}
