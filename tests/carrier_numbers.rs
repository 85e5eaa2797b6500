//! Carriers' numbers against the gathered test numbers of other people.
//!
//! From github.com/jkeen/tracking_number_data (MIT).

use serde_json::Value;
use std::path::Path;
use waybilld::carrier::number::{FORMATS, formats_of, key};
use waybilld::carrier::wrapped;

#[test]
fn numbers_that_carriers_gave_are_known_by_their_format_and_wrong_ones_are_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/tracking_vectors.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("not tried: {} is not here", path.display());
        return;
    };
    let kinds: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let mut tried = 0;
    let mut wrong = Vec::new();
    for kind in &kinds {
        let name = kind["id"].as_str().unwrap_or_default();
        if !FORMATS.iter().any(|format| format.name == name) {
            continue;
        }
        let has_format = |number: &str| formats_of(number).any(|format| format.name == name);
        let is_one = |number: &str| {
            let key = key(number);
            has_format(&key) || wrapped::inside(&key, false).into_iter().any(has_format)
        };
        for (list, wanted) in [("valid", true), ("invalid", false)] {
            for number in kind[list].as_array().into_iter().flatten().filter_map(Value::as_str) {
                // XX is not a country, and which are is not this room's; a legacy number without its 91 has twenty digits.
                if name == "s10" && number.ends_with("XX") || name == "usps_legacy" && key(number).starts_with("7196") {
                    continue;
                }
                tried += 1;
                if is_one(number) != wanted {
                    wrong.push(format!("{name}: {number} should be {list}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 100, "only {tried} numbers were tried");
}
