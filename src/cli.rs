//! The command line: one file a subcommand.
//!
//! Every command that talks to a daemon speaks the same HTTP as any other program; none of them opens the ledger
//! or a printer. What a command has to say goes to standard output, how far it is and what is wrong to standard
//! error. Exit codes: 0 done, 1 some of it not, 2 refused and nothing done.

pub mod client;
pub mod contact_sheet;
pub mod events;
pub mod failure;
pub mod input;
pub mod job;
pub mod label;
pub mod progress;
pub mod status;
pub mod submit;
pub mod virtual_printer;

pub use failure::Failure;

use std::io::Write;

/// A line on standard output; nobody reading it any more is no reason to fall over.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
