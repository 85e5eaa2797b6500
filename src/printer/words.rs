//! How a printer stands, as words for programs: closed sets, the same on the wire, in events and on the command line.
//!
//! Pure: the rooms that speak of printers without having one (the wire, the command line) take their words from here.

pub use crate::closed_set::TaskOutcome;
use crate::language;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// How a printer stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PrinterState {
    /// Nothing is to print.
    Idle,
    Printing,
    /// It stands still; its reasons say why, and printing goes on by itself.
    Stopped,
    /// By an operator: it begins no new label.
    Paused,
    /// It cannot be reached.
    Offline,
}

/// Why a printer does not print, or soon will not; as IPP says it where IPP has a word for it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PrinterReason {
    MediaEmpty,
    RibbonEmpty,
    CoverOpen,
    CutterFault,
    HeadTooHot,
    HeadTooCold,
    MotorTooHot,
    HeadFault,
    ConfigurationInvalid,
    MediaJam,
    MarkNotFound,
    /// At the printer, or by an operator.
    Paused,
    DiagnosticMode,
    OtherError,
    CalibrateMedia,
    CleanHead,
    ReplaceHead,
    MediaLow,
    /// It cannot be reached.
    Offline,
    /// It answered before and does not now, or takes no more data.
    TimedOut,
    /// Another device than the expected one is at its address: nothing is sent.
    OtherDevice,
    /// It is set to another printer language: nothing is sent.
    OtherLanguage,
    /// It said before what it is, and says nothing now.
    NotIdentified,
    /// It takes no data or says nothing: another computer may hold it.
    Busy,
    /// The ledger cannot be written, so nothing may be sent.
    LedgerNotWritable,
}

/// By what a label counts as printed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ConfirmsBy {
    /// It counts its labels.
    Counter,
    /// It says back which labels it has printed.
    Echo,
    /// Its buffers are empty again.
    Buffers,
    /// It cannot confirm: its labels are *sent*.
    Nothing,
}

/// What is asked of a printer beside its jobs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A label with its name.
    Identify,
    /// A test label.
    Test,
    /// A few words for the packer.
    Slip,
    /// The sheets of control codes.
    ControlSheet,
    Calibrate,
}

impl From<language::Reason> for PrinterReason {
    fn from(reason: language::Reason) -> PrinterReason {
        match reason {
            language::Reason::MediaEmpty => PrinterReason::MediaEmpty,
            language::Reason::RibbonEmpty => PrinterReason::RibbonEmpty,
            language::Reason::CoverOpen => PrinterReason::CoverOpen,
            language::Reason::CutterFault => PrinterReason::CutterFault,
            language::Reason::HeadTooHot => PrinterReason::HeadTooHot,
            language::Reason::HeadTooCold => PrinterReason::HeadTooCold,
            language::Reason::MotorTooHot => PrinterReason::MotorTooHot,
            language::Reason::HeadFault => PrinterReason::HeadFault,
            language::Reason::ConfigurationInvalid => PrinterReason::ConfigurationInvalid,
            language::Reason::MediaJam => PrinterReason::MediaJam,
            language::Reason::MarkNotFound => PrinterReason::MarkNotFound,
            language::Reason::Paused => PrinterReason::Paused,
            language::Reason::DiagnosticMode => PrinterReason::DiagnosticMode,
            language::Reason::OtherError => PrinterReason::OtherError,
            language::Reason::CalibrateMedia => PrinterReason::CalibrateMedia,
            language::Reason::CleanHead => PrinterReason::CleanHead,
            language::Reason::ReplaceHead => PrinterReason::ReplaceHead,
            language::Reason::MediaLow => PrinterReason::MediaLow,
        }
    }
}
