//! Files and jobs from elsewhere, damaged in any way: labels or faults, never a panic. The same properties as the fuzz
//! targets' (`fuzz/src/files.rs`), by damage to sound inputs. `HOSTILE_SECONDS=60` goes on for so long.

#[path = "../fuzz/src/files.rs"]
mod files;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rust_xlsxwriter::Workbook;
use std::time::{Duration, Instant};

/// Holds a property against that input with bytes replaced, put in and cut off.
fn damaged(sound: &[u8], property: fn(&[u8])) {
    property(sound);
    let seconds = std::env::var("HOSTILE_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(seconds);
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\"'{}[],;:\\\n\r\t\0=#.-0 9\xff\xef".to_vec())];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), byte, 0..3_u8), 0..12);
    let damage = (edits, any::<prop::sample::Index>(), 0..4_u8);
    loop {
        let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&damage, |(edits, end, cut)| {
            let mut bytes = sound.to_vec();
            for (at, byte, how) in edits {
                let at = at.index(bytes.len().max(1));
                match how {
                    0 => bytes.insert(at.min(bytes.len()), byte),
                    1 if at < bytes.len() => drop(bytes.remove(at)),
                    _ if at < bytes.len() => bytes[at] = byte,
                    _ => {}
                }
            }
            if cut == 0 && !bytes.is_empty() {
                bytes.truncate(end.index(bytes.len()));
            }
            property(&bytes);
            Ok(())
        });
        outcome.unwrap_or_else(|failure| panic!("{failure}"));
        if Instant::now() >= until {
            return;
        }
    }
}

#[test]
fn a_damaged_workbook_is_labels_or_faults() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let rows = [
        ["Order", "Tracking", "Name", "Address", "Postcode", "Country", "SKU", "Item", "Quantity"],
        ["1", "T1", "Ann", "1 Elm", "12345", "DE", "S", "Lamp", "1"],
    ];
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write(row, column, cell).expect("a cell");
        }
    }
    damaged(&workbook.save_to_buffer().expect("a workbook"), files::xlsx);
}

#[test]
fn a_damaged_csv_file_is_labels_or_faults() {
    damaged(include_bytes!("../samples/orders.csv"), files::csv);
}

#[test]
fn a_damaged_job_is_read_or_refused_and_what_is_read_is_kept_as_it_was() {
    let job = r#"{"id": "wave", "sort": ["ship_by"], "papers": ["slips"], "labels": [{"id": "a", "order": "1", "tracking": "T1",
        "sender": {"name": "Lamp Shop", "lines": ["8 Quay"], "country": "HK"}, "cod": {"amount": "1.50", "currency": "THB"},
        "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
        "items": [{"sku": "S-1", "name": "Lamp", "quantity": 2}], "ship_by": "2026-07-14T18:00:00+01:00", "priority": 3,
        "parcel": {"weight_g": 180, "number": 1, "of": 2}, "note": "Ring\ntwice"}]}"#;
    damaged(job.as_bytes(), files::job);
}

#[test]
fn a_damaged_configuration_is_sound_or_told_by_its_lines() {
    let config = r#"
[printers.pack-1]
device = "virtual:zpl"
language = "zpl"
dpi = 203
media = { width = 100, height = 150 }

[senders.bristol]
name = "Little Lamp Shop"
lines = ["8 Quay Street"]
city = "Bristol"
postcode = "BS1 4DJ"
country = "GB"

[limits]
body_mb = 1
"#;
    damaged(config.as_bytes(), files::config);
}
