//! waybilld: prints waybills on thermal label printers and knows what happened to every label.
//!
//! The rooms, in the order a label travels through them, after the materials they share.
//! `tests/architecture.rs` holds who may import whom.

pub mod fault;
pub mod toml_file;

pub mod dots;
pub mod symbology;
pub mod text;

pub mod waybill;
pub mod field_map;
pub mod template;
pub mod layout;
pub mod label;
pub mod language;
pub mod conversation;

pub mod spool;
pub mod transport;
pub mod studio;
pub mod printer;

pub mod config;
pub mod server;
pub mod cli;

pub mod virtual_printer;
