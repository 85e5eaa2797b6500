//! What somebody outside notices, told as stories against the library: one binary, so that the crate is linked once.
//!
//! `cargo test --test main station::` runs the stories of one file.

mod support;

mod addresses;
mod api;
mod architecture;
mod care;
mod carrier_numbers;
mod console;
mod control_sheet;
mod conversation;
mod decode_back;
mod escpos_same_dots;
mod golden;
mod groups;
mod hostile;
mod hostile_files;
mod identity;
mod import;
mod import_field;
mod layout;
mod ledger_trouble;
mod pairing;
mod papers;
mod same_dots;
mod scanners;
mod serial_transport;
mod spool;
mod station;
mod virtual_printer;
mod wave;
mod waves;
