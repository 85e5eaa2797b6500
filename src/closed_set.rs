//! Closed sets: an enum whose words are the same in JSON, in configuration files, in tables and on the command line.
//!
//! The words are derived (`strum`, `serialize_all = "snake_case"`); here is what every such enum can do. A word that is
//! read may be written with hyphens too. Sets that rooms share which do not know each other stand here as well.
//!
//! ```
//! use waybilld::closed_set::ClosedSet;
//! use waybilld::spool::State;
//!
//! assert_eq!(State::InDoubt.word(), "in_doubt");
//! assert_eq!(State::from_word("in-doubt"), Some(State::InDoubt));
//! ```

mod fate;
mod paper;
mod task;

pub use fate::{DoubtCause, Evidence};
pub use paper::PaperKind;
pub use task::TaskOutcome;

use std::str::FromStr;
use strum::VariantArray;

/// What an enum with derived words can do.
pub trait ClosedSet: Copy + Into<&'static str> + FromStr + VariantArray {
    /// The one word for it.
    fn word(self) -> &'static str {
        self.into()
    }

    /// The member of that word; hyphens are as good as underscores.
    fn from_word(word: &str) -> Option<Self> {
        word.replace('-', "_").parse().ok()
    }

    /// Every word, in the order of the enum.
    fn words() -> Vec<&'static str> {
        Self::VARIANTS.iter().map(|member| member.word()).collect()
    }
}

impl<T: Copy + Into<&'static str> + FromStr + VariantArray> ClosedSet for T {}
