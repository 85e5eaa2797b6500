//! What comes of a scan, as it is told and kept.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// What came of a scan.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema, ValueEnum,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ScanAnswer {
    Reprinting,
    Printing,
    Shipped,
    CameOut,
    DidNot,
    Mode,
    Badge,
    Paused,
    Resumed,
    WaveCanceled,
    Undone,
    /// Several labels are meant: one is to be picked.
    Choose,
    /// The same again means it.
    Confirm,
    /// A label is in doubt, and now the question is put.
    Asked,
    /// The same scan within two seconds: nothing more is done.
    Repeated,
    Unknown,
    AlreadyShipped,
    AlreadyPrinted,
    NeverPrinted,
    NothingWaits,
    NothingToUndo,
    NothingAsked,
    /// The scan could not be worked on.
    NotDone,
    RefusedVoided,
    RefusedCanceled,
    RefusedExpired,
    RefusedReplaced,
    RefusedHeld,
    RefusedWaiting,
    RefusedSending,
    RefusedInDoubt,
    RefusedErased,
}

/// How it sounds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema, ValueEnum,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Tone {
    Good,
    Ask,
    Bad,
    Quiet,
}

impl ScanAnswer {
    pub fn tone(self) -> Tone {
        match self {
            ScanAnswer::Reprinting
            | ScanAnswer::Printing
            | ScanAnswer::Shipped
            | ScanAnswer::CameOut
            | ScanAnswer::DidNot
            | ScanAnswer::Mode
            | ScanAnswer::Badge
            | ScanAnswer::Paused
            | ScanAnswer::Resumed
            | ScanAnswer::WaveCanceled
            | ScanAnswer::Undone => Tone::Good,
            ScanAnswer::Choose | ScanAnswer::Confirm | ScanAnswer::Asked => Tone::Ask,
            ScanAnswer::Repeated => Tone::Quiet,
            _ => Tone::Bad,
        }
    }
}
