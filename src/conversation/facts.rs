//! The words of the conversation: how patient to be, what is known of a printer, and what the caller is told.

use crate::closed_set::{DoubtCause, Evidence};
use crate::language::Reason;
use crate::language::zpl::status::Identity;
use std::fmt;
use std::time::Duration;

/// How patient and how bold to be with one printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Labels on the wire that nothing is known of.
    pub window: usize,
    /// The longest a label may take from its turn to the slot, at its slowest.
    pub label_time: Duration,
    /// What a label usually takes while the head keeps moving: all there is to go by where nothing is confirmed.
    pub usual_time: Duration,
    /// How long an answer may take before the printer counts as silent.
    pub patience: Duration,
    /// The longest pause between two questions while labels are on the wire.
    pub pace: Duration,
    /// Bytes a second of a slow line; its buffers are allowed for. `None`: fast.
    pub line_rate: Option<u32>,
    /// A power cut of the printer breaks the line: true of TCP and USB, not of a serial cable.
    pub line_shows_power: bool,
    /// Nobody else prints on it while our line is down: true of a cable, not of a network.
    pub line_is_ours: bool,
    /// Nothing taken by the line for so long: stalled.
    pub stall: Duration,
    /// Stalled for so long: the line should be closed and opened again.
    pub stall_max: Duration,
    /// A calm printer that gives no evidence for so long leaves its labels in doubt.
    pub evidence_max: Duration,
    /// Whether to ask at all: `status = "none"` says no.
    pub ask: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            window: 2,
            // 150 mm at 2 inch/s, the slowest usual speed, and as much again for start and backfeed.
            label_time: Duration::from_millis(4500),
            // The same at 5 inch/s.
            usual_time: Duration::from_millis(1180),
            patience: Duration::from_millis(1500),
            pace: Duration::from_millis(250),
            line_rate: None,
            line_shows_power: true,
            line_is_ours: true,
            stall: Duration::from_secs(5),
            stall_max: Duration::from_secs(3600),
            evidence_max: Duration::from_secs(300),
            ask: true,
        }
    }
}

/// What a printer is known to answer; kept by the caller from one connection to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    pub status: Answers,
    /// ~HQES; `None`: not known.
    pub errors: Option<bool>,
    pub counter: Counter,
    pub identity: Option<Identity>,
    pub echo: Echo,
}

/// Whether it says a word of ours back, and when. ESC/POS `GS ( H`, TSPL `OUT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Echo {
    #[default]
    Unknown,
    /// It does not, or must not be asked.
    No,
    /// It does; so many labels in a row looked as if it did after printing.
    Heard(u8),
    /// When it has drawn the label before it.
    Before,
    /// When the label before it is printed.
    After,
}

/// Whether it answers ~HS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answers {
    #[default]
    Unknown,
    Yes,
    /// It was asked, in patience, and said nothing.
    Silent,
}

/// Whether it tells how many labels it printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counter {
    #[default]
    Unknown,
    /// It has none, or one that does not count.
    No,
    /// It answers; not yet seen to count our labels.
    Answers,
    /// It was seen to rise by exactly our labels.
    Counts,
}

/// What the printer is doing, as far as known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PrinterState {
    /// No line.
    #[default]
    Offline,
    /// Connected; it has not said anything yet.
    Unknown,
    Ready,
    Stopped(Vec<Reason>),
    /// It has answered before and does not now: stopped, cause unknown.
    NotAnswering,
    /// It never answers.
    Silent,
    /// The line takes no bytes.
    Stalled,
}

/// Something the caller has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Printed {
        key: u64,
        evidence: Evidence,
    },
    /// Handed to a printer that cannot confirm.
    Sent {
        key: u64,
    },
    InDoubt {
        key: u64,
        why: Doubt,
    },
    /// The printer has not got it and will not print it: it waits again. May follow `InDoubt`, as may `Printed`.
    NotTaken {
        key: u64,
        why: Loss,
    },
    StateChanged(PrinterState),
    /// The profile to keep for next time.
    Learnt(Profile),
    /// What was stored in the printer may be gone: store it again before using it.
    MemoryLost,
    /// The line should be closed and opened again.
    HangUp,
}

/// Why nobody knows what became of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    LineBroke(String),
    /// The printer was out of sight and its buffers are empty now.
    OutOfSight,
    /// Some of the labels on the wire came out, not all.
    SomeCameOut,
    /// It stopped with the label under the head, and does not print such a label again.
    StoppedInIt,
    NoEvidence,
}

impl Doubt {
    /// The same for programs.
    pub fn cause(&self) -> DoubtCause {
        match self {
            Doubt::LineBroke(_) => DoubtCause::LineBroke,
            Doubt::OutOfSight => DoubtCause::OutOfSight,
            Doubt::SomeCameOut => DoubtCause::SomeCameOut,
            Doubt::StoppedInIt => DoubtCause::StoppedInIt,
            Doubt::NoEvidence => DoubtCause::NoEvidence,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::LineBroke(why) => write!(f, "the line broke ({why}) before the printer confirmed it")?,
            Doubt::OutOfSight => f.write_str("the printer fell silent, and now its buffers are empty")?,
            Doubt::SomeCameOut => f.write_str("the printer counted fewer labels than it got")?,
            Doubt::StoppedInIt => f.write_str("the printer stopped in the middle of it")?,
            Doubt::NoEvidence => f.write_str("the printer answers, but not whether it came out")?,
        }
        f.write_str(". Look at the tray, then say \"came out\" or \"did not\".")
    }
}

/// Why a label waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing that could print it has left.
    NotSent,
    /// The counter says that it did not come out, and nothing is left that would.
    DidNotComeOut,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::NotSent => "the line was gone before it could be sent",
            Loss::DidNotComeOut => "the printer's counter says that it did not come out",
        })
    }
}
