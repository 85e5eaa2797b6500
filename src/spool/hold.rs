//! Why a label is held.
//!
//! The cause decides what lets the label go; the words beside it are for people, and no code reads them.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Why a label is kept back, and so what lets it go.
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
pub enum HoldCause {
    /// A person or a program asked for it: released by hand.
    Asked,
    /// The buyer asked to cancel: decided with its order.
    BuyerAsked,
    /// It prints when it, its order or its goods are scanned.
    OnScan,
    /// It waited through a long outage of its printer: let go with the others of that printer.
    LongOutage,
    /// It had expired when its turn came.
    Expired,
    /// It could not be laid out for its printer when its turn came.
    NotPrintable,
}

/// A hold: its cause, and what a person reads of it. The text must not name a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub cause: HoldCause,
    pub text: String,
}

impl Hold {
    /// A hold whose cause says it all.
    pub fn of(cause: HoldCause) -> Hold {
        Hold { cause, text: cause.sentence().to_owned() }
    }

    /// A hold with words of its own.
    pub fn because(cause: HoldCause, text: impl Into<String>) -> Hold {
        Hold { cause, text: text.into() }
    }

    /// A person or program asked for it, for that reason.
    pub fn asked(reason: impl Into<String>) -> Hold {
        Hold::because(HoldCause::Asked, reason)
    }
}

impl HoldCause {
    /// What a person reads when nothing more is known.
    pub fn sentence(self) -> &'static str {
        match self {
            HoldCause::Asked => "held by hand",
            HoldCause::BuyerAsked => "buyer asked to cancel",
            HoldCause::OnScan => "prints when it is scanned",
            HoldCause::LongOutage => "waited through a long outage",
            HoldCause::Expired => "it has expired: it must not be used any more.",
            HoldCause::NotPrintable => "it cannot be laid out for its printer",
        }
    }
}

/// What is to happen to a label as soon as its fate is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(super) enum PendingCancel {
    /// The buyer asked to cancel: it must not print before that is decided.
    Hold,
    /// Its order is canceled.
    Void,
}
