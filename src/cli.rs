//! The command line: one file a subcommand.

pub mod virtual_printer;
