//! waybilld: prints waybills on thermal label printers and knows what happened to every label.
//!
//! The rooms, in groups, in the order a label comes about and travels: a room imports only rooms of its own group or of
//! earlier ones. `tests/architecture.rs` holds that, and who may import whom.

// Materials of every room: faults, files, lengths, symbols, text, addresses of devices.
pub mod closed_set;
pub mod dots;
pub mod fault;
pub mod symbology;
pub mod text;
pub mod toml_file;
pub mod uri;

// What is printed: orders, the papers made of them, and the exports they come in.
pub mod carrier;
pub mod content;
pub mod import;
pub mod papers;
pub mod waybill;

// From there to dots: templates and the layout of a label.
pub mod designs;
pub mod label;
pub mod layout;
pub mod service_label;
pub mod template;

// From dots to bytes on the wire, and what the printer answers.
pub mod capture;
pub mod conversation;
pub mod language;
pub mod models;
pub mod pairing;

// The other end of the wire: printers that we play ourselves.
pub mod emulator;
pub mod virtual_printer;

// Lines to printers and scanners.
pub mod device;
pub mod scanner;
pub mod transport;

// What is kept and configured.
pub mod config;
pub mod spool;

// What runs: the loop of each printer, and the pack stations.
pub mod printer;
pub mod station;

// The one way in for jobs, whichever door they come through.
pub mod intake;

// Ways in and out: HTTP, webhooks; the daemon that puts all of it together; the command line.
pub mod api;
pub mod cli;
pub mod daemon;
pub mod notify;
pub mod server;
