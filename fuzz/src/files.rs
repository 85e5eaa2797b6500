//! Files and jobs from elsewhere: whatever the bytes, the answer is labels or faults, within bounds.

use std::sync::{Arc, OnceLock};
use waybilld::config::Config;
use waybilld::content::{Content, ContentRef};
use waybilld::designs::Designs;
use waybilld::import::sheet::{Sheet, Wanted};
use waybilld::import::{self, Map, Options};
use waybilld::intake::job::{Aim, Job};
use waybilld::intake::{Rules, content_of};
use waybilld::text::Fonts;
use waybilld::waybill::json;

/// A workbook as it is. `tests` and `samples` have some to begin with.
pub fn xlsx(input: &[u8]) {
    read_table(input);
}

/// A text with delimiters in whatever encoding.
pub fn csv(input: &[u8]) {
    read_table(input);
}

fn read_table(input: &[u8]) {
    let read = |map: Option<Map>| import::read(input, Options { map, ..Options::default() });
    // The same bytes are read the same way twice.
    assert_eq!(Sheet::read(input, &Wanted::default()).is_ok(), Sheet::read(input, &Wanted::default()).is_ok());
    for map in [None, Map::shipped("generic").ok(), Map::shipped("tiktok-shop-export").ok()] {
        match read(map) {
            Ok(_) => {}
            Err(faults) => assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.message.is_empty())),
        }
    }
}

/// A job or one label: what is read without a fault is kept as text and read back equal.
pub fn job(input: &[u8]) {
    static RULES: OnceLock<Rules> = OnceLock::new();
    let rules = RULES.get_or_init(|| {
        let config = Config::embedded();
        let designs = Designs::new(Fonts::embedded(), &[]).expect("the shipped designs");
        Rules::without_printers(config, Arc::new(designs))
    });
    let Ok(node) = json::parse(input) else { return };
    let again = json::parse(node.to_json().as_bytes()).expect("what was written is JSON");
    assert_eq!(content_of(&node), content_of(&again));
    let job = Job::read(node, rules, Aim::Draw);
    for order in &job.orders {
        let kept = ContentRef::from(&order.waybill).to_text();
        assert_eq!(Content::parse(&kept), Ok(Content::Waybill(Box::new(order.waybill.clone()))));
    }
}

/// A configuration: sound, or faults with their lines.
pub fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(faults) = Config::parse("config.toml", text) {
        let lines = text.lines().count().max(1);
        assert!(!faults.is_empty() && faults.iter().all(|fault| fault.line <= lines + 1), "{faults:?}");
    }
}
