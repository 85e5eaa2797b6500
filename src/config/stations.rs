//! Pack stations: what their scanners do, and which printer each prints on.
//!
//! ```toml
//! [stations.bench-1]
//! printer = "pack-1"       # optional with a single printer
//! mode = "reprint"         # what a scanned label does at first: reprint, print or ship
//! scanner = "hid:05e0:1200?serial=S1"   # `waybilld scanners` lists what is plugged in
//! slip = false             # true: a scan that is refused prints a short slip that says so
//! ```

use super::{PrinterConfig, is_name};
use crate::closed_set::ClosedSet;
use crate::fault::hint;
pub use crate::spool::Mode;
use crate::toml_file::Table;
use crate::uri::DeviceUri;
use crate::uri::ScannerUri;
use std::collections::BTreeMap;
use strum::VariantArray;

/// One pack station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationConfig {
    pub printer: String,
    pub mode: Mode,
    pub slip: bool,
    pub scanner: Option<ScannerUri>,
}

/// The stations of the file, by name.
pub(super) fn read(top: &mut Table<'_>, printers: &BTreeMap<String, PrinterConfig>) -> BTreeMap<String, StationConfig> {
    let mut stations: BTreeMap<String, StationConfig> = BTreeMap::new();
    for (name, mut table) in top.named_tables("stations") {
        if !is_name(name) {
            table.fault_at(table.line(), format!("a station's name is letters, digits, - and _; \"{name}\" is not."));
        }
        let mode = table
            .word("mode", &Mode::VARIANTS.iter().map(|mode| (mode.word(), *mode)).collect::<Vec<_>>())
            .unwrap_or(Mode::Reprint);
        let slip = table.boolean("slip").unwrap_or(false);
        let scanner = scanner(&mut table, printers, &stations);
        if let Some(printer) = printer(&mut table, printers) {
            stations.insert(name.to_owned(), StationConfig { printer, mode, slip, scanner });
        }
    }
    stations
}

/// A device of its own: what it reads is for this station.
fn scanner(
    table: &mut Table<'_>,
    printers: &BTreeMap<String, PrinterConfig>,
    stations: &BTreeMap<String, StationConfig>,
) -> Option<ScannerUri> {
    let uri: ScannerUri = match table.text("scanner")?.parse() {
        Ok(uri) => uri,
        Err(error) => {
            table.fault("scanner", error.to_string());
            return None;
        }
    };
    let has_it = |station: &StationConfig| station.scanner.as_ref().is_some_and(|other| other.is_same_scanner(&uri));
    if let Some((other, _)) = stations.iter().find(|(_, station)| has_it(station)) {
        table.fault("scanner", format!("station {other} has that scanner: give each its own, twins by their `port`."));
    }
    let is_it = |printer: &PrinterConfig| match (&printer.device, &uri) {
        (DeviceUri::Serial(device), ScannerUri::Serial(address)) => device.path == address.path,
        _ => false,
    };
    if let Some((printer, _)) = printers.iter().find(|(_, printer)| is_it(printer)) {
        table.fault("scanner", format!("that is the port of printer {printer}: name the scanner's."));
    }
    Some(uri)
}

fn printer(table: &mut Table<'_>, printers: &BTreeMap<String, PrinterConfig>) -> Option<String> {
    let known: Vec<&str> = printers.keys().map(String::as_str).collect();
    match table.text("printer") {
        Some(name) if printers.contains_key(name) => Some(name.to_owned()),
        Some(name) => {
            table.fault("printer", format!("no printer \"{name}\".{}", hint(name, &known)));
            None
        }
        None if known.len() == 1 => Some(known[0].to_owned()),
        None => {
            table.require(&["printer"]);
            None
        }
    }
}
