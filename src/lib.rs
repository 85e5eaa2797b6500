//! waybilld: prints waybills on thermal label printers and knows what happened to every label.
//!
//! The rooms, in the order a label travels through them, after the materials they share.
//! `tests/architecture.rs` holds who may import whom.

pub mod closed_set;
pub mod fault;
pub mod toml_file;

pub mod dots;
pub mod symbology;
pub mod text;

pub mod capture;
pub mod carrier;
pub mod content;
pub mod conversation;
pub mod import;
pub mod label;
pub mod language;
pub mod layout;
pub mod models;
pub mod pairing;
pub mod papers;
pub mod service_label;
pub mod template;
pub mod uri;
pub mod waybill;

pub mod designs;
pub mod device;
pub mod intake;
pub mod notify;
pub mod printer;
pub mod scanner;
pub mod server;
pub mod spool;
pub mod station;
pub mod transport;

pub mod api;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod emulator;

pub mod virtual_printer;
