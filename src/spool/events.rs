//! Events: what happened, as the ledger records it and programs are told.
//!
//! [`EventKind`] is the closed set of their names; [`Happened`] is what is recorded, with the data of each kind. Names
//! ids, never a person.

use super::answers::{ScanAnswer, Tone};
use super::hold::HoldCause;
use super::ledger::State;
use super::mode::Mode;
use crate::closed_set::{DoubtCause, TaskOutcome};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// What happened: to a label (the state it came to, mostly), a job, an order, a parcel, at a station, or at a printer.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
    ToSchema,
    ValueEnum,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum EventKind {
    /// A job was taken.
    Taken,
    Waiting,
    Sending,
    Printed,
    Sent,
    InDoubt,
    Held,
    Canceled,
    Voided,
    /// A waiting label was given to another printer of its group.
    Moved,
    /// A label was reissued, in its place or with another id.
    Replaced,
    CancelRequested,
    /// It is canceled as soon as its fate is known.
    CancelPending,
    /// A request to cancel was granted or withdrawn.
    CancelDecided,
    /// The parcel was handed over.
    Shipped,
    /// That was taken back.
    Unshipped,
    /// A manifest was made.
    Manifest,
    Scan,
    /// A station asks whether a label in doubt came out.
    Asked,
    /// What waited through a long outage of a printer is held.
    BacklogHeld,
    /// Events were erased before they could be told.
    Gap,

    // How a printer stands.
    Idle,
    Printing,
    Stopped,
    Offline,
    TimedOut,
    Paused,
    Resumed,
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
    DiagnosticMode,
    OtherError,
    CalibrateMedia,
    CleanHead,
    ReplaceHead,
    MediaLow,
    /// Another device than the expected one is at its address.
    OtherDevice,
    /// It is set to another language.
    OtherLanguage,
    /// It said before what it is, and says nothing now.
    NotIdentified,
    /// An operator took the device that is there.
    Adopted,

    // How a service task of a printer ended.
    Identify,
    Test,
    Slip,
    ControlSheet,
    Calibrate,
}

impl From<State> for EventKind {
    fn from(state: State) -> EventKind {
        match state {
            State::Waiting => EventKind::Waiting,
            State::Sending => EventKind::Sending,
            State::Printed => EventKind::Printed,
            State::Sent => EventKind::Sent,
            State::InDoubt => EventKind::InDoubt,
            State::Held => EventKind::Held,
            State::Canceled => EventKind::Canceled,
            State::Voided => EventKind::Voided,
        }
    }
}

/// What happened, with what is told of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    Taken(JobTaken),
    /// A label came to that state.
    Label(State, LabelMoved),
    Moved(LabelReassigned),
    Replaced(LabelReplaced),
    CancelRequested(CancelTold),
    CancelPending(CancelTold),
    CancelDecided(CancelTold),
    Shipped(AtStation),
    Unshipped(AtStation),
    Manifest(ManifestMade),
    Scan(Scanned),
    Asked(AtStation),
    BacklogHeld(BacklogHeld),
    Gap(Gap),
    /// How a printer stands.
    Printer(EventKind, PrinterTold),
    /// How a service task of a printer ended.
    Task(EventKind, TaskEnded),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobTaken {
    pub labels: usize,
    pub runs: usize,
    /// Labels of it that were taken as held.
    pub held: usize,
}

/// A label came to another state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabelMoved {
    pub run: i64,
    /// Place in its run, from 1.
    pub position: i64,
    /// A voided label stands on this manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Why, for people. What a person wrote stays out of it: it may name somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<HoldCause>,
    /// Why it is in doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<DoubtCause>,
    /// A reprint was taken back: no copy more has come out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub taken_back: bool,
    /// It is a copy of one that came out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reprint: bool,
    /// How many copies came out before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<i64>,
    /// The pack station a reprint was asked for at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
    /// The voided label it stands instead of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// A label was given to another printer of its group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabelReassigned {
    pub from: String,
    pub run: i64,
    pub position: i64,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabelReplaced {
    pub run: i64,
    pub position: i64,
    /// The label to use instead; left out when it was replaced in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CancelTold {
    pub run: i64,
    pub position: i64,
    /// Where the label stood then.
    pub state: State,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AtStation {
    pub station: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ManifestMade {
    pub parcels: usize,
}

/// What came of a scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scanned {
    pub station: String,
    pub mode: Mode,
    pub code: ScanAnswer,
    pub tone: Tone,
    /// The job of the label that was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BacklogHeld {
    pub printer: String,
    pub labels: usize,
    pub sentence: String,
}

/// Events that were erased before they could be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    pub from: i64,
    pub to: i64,
}

/// How a printer stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PrinterTold {
    pub printer: String,
    pub sentence: String,
}

/// How a service task of a printer ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskEnded {
    pub printer: String,
    pub outcome: TaskOutcome,
    pub sentence: String,
}

impl Happened {
    /// The name of it.
    pub fn kind(&self) -> EventKind {
        match self {
            Happened::Taken(_) => EventKind::Taken,
            Happened::Label(state, _) => (*state).into(),
            Happened::Moved(_) => EventKind::Moved,
            Happened::Replaced(_) => EventKind::Replaced,
            Happened::CancelRequested(_) => EventKind::CancelRequested,
            Happened::CancelPending(_) => EventKind::CancelPending,
            Happened::CancelDecided(_) => EventKind::CancelDecided,
            Happened::Shipped(_) => EventKind::Shipped,
            Happened::Unshipped(_) => EventKind::Unshipped,
            Happened::Manifest(_) => EventKind::Manifest,
            Happened::Scan(_) => EventKind::Scan,
            Happened::Asked(_) => EventKind::Asked,
            Happened::BacklogHeld(_) => EventKind::BacklogHeld,
            Happened::Gap(_) => EventKind::Gap,
            Happened::Printer(kind, _) | Happened::Task(kind, _) => *kind,
        }
    }

    /// Its data as the JSON object that is kept and told.
    pub fn data(&self) -> String {
        let data = match self {
            Happened::Taken(data) => serde_json::to_string(data),
            Happened::Label(_, data) => serde_json::to_string(data),
            Happened::Moved(data) => serde_json::to_string(data),
            Happened::Replaced(data) => serde_json::to_string(data),
            Happened::CancelRequested(data) | Happened::CancelPending(data) | Happened::CancelDecided(data) => {
                serde_json::to_string(data)
            }
            Happened::Shipped(data) | Happened::Unshipped(data) | Happened::Asked(data) => serde_json::to_string(data),
            Happened::Manifest(data) => serde_json::to_string(data),
            Happened::Scan(data) => serde_json::to_string(data),
            Happened::BacklogHeld(data) => serde_json::to_string(data),
            Happened::Gap(data) => serde_json::to_string(data),
            Happened::Printer(_, data) => serde_json::to_string(data),
            Happened::Task(_, data) => serde_json::to_string(data),
        };
        data.expect("the data of an event is plain JSON")
    }
}

/// What an event is about: ids of a job, a label and a printer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub job: Option<&'a str>,
    pub label: Option<&'a str>,
    pub printer: Option<&'a str>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
