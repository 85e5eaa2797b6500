//! waybilld: prints waybills on thermal label printers and knows what happened to every label.
//!
//! The rooms, in the order a label travels through them. `tests/architecture.rs` holds who may import whom.

pub mod fault;
pub mod toml_file;

pub mod dots;
pub mod label;
pub mod spool;
pub mod symbology;
pub mod template;
pub mod waybill;
