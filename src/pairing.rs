//! Pairing: what a printer truly answers, found out without printing anything, and the table of the configuration that
//! says so.
//!
//! A [`Probe`] is handed bytes and the time like a conversation: `poll_write` (and `wrote`), `handle_bytes`,
//! `handle_timeout`, `poll_timeout`; when `is_done`, its [`Findings`] become a table with [`Paired::table`].
//!
//! # Why it prints nothing
//!
//! Which language a printer speaks is asked by knocking, one language after the other, until one answers; that which an
//! operator, its device id or its model names comes first. A knock is harmless in all three:
//!
//! | knock | in the other languages |
//! |---|---|
//! | `DLE EOT 1` | control bytes: ZPL passes them over, in TSPL they begin a line that is ended later and is no command |
//! | `<ESC>!S`, `<ESC>!?` | ESC/POS takes it for a print mode, which `ESC @` behind it sets back; the others pass it over |
//! | `~HI`, `~HS` | ESC/POS takes it for text and would print it with the next line: `ESC @` behind it throws it away |
//!
//! Everything else is asked only in a language that has answered, or that is certain from outside.
//!
//! Before each run of labels an [`Introduction`] asks a paired printer who it is.
//!
//! Knows no line, no file and no clock.

mod findings;
mod introduction;
mod probe;
mod question;
mod telnet;

pub use findings::{Findings, Known, Paired, Refusal};
pub use introduction::{Before, Identity, Introduction, SET_ZPL, Service, Who};
pub use probe::{Hints, Probe};
pub use question::Question;
