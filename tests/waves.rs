//! Whole waves: our own sample orders, and a platform's through its map.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use waybilld::import::field_map::{FieldMap, Mapped};
use waybilld::waybill::{Senders, Waybill, json};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn our_fifty_sample_orders_are_fifty_sound_labels() {
    let bytes = fs::read(repository().join("samples/wave.jsonl")).expect("the samples are in the repository");
    let labels = json::parse_lines(&bytes).expect("JSON lines");
    let waybills: Vec<Waybill> = labels
        .iter()
        .map(|(line, label)| {
            Waybill::parse(label, &Senders::default()).unwrap_or_else(|faults| panic!("line {line}: {}", faults[0]))
        })
        .collect();
    assert_eq!(waybills.len(), 50);
    let distinct = |of: fn(&Waybill) -> &str| waybills.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!((distinct(|label| &label.id), distinct(|label| &label.order), distinct(|label| &label.tracking)), (50, 50, 50));
    assert!(distinct(|label| label.recipient.country.code()) > 40);
    assert!(waybills.iter().all(|label| (1..=8).contains(&label.items.len()) && label.ship_by.is_some()));
    assert!(waybills.iter().filter(|label| label.cod.is_some()).count() >= 8);
    for waybill in &waybills {
        let kept = json::parse(waybill.to_json().as_bytes()).expect("our own JSON");
        assert_eq!(Waybill::parse(&kept, &Senders::default()).as_ref(), Ok(waybill));
    }
}

#[test]
fn the_postal_numbers_of_the_samples_have_right_check_digits() {
    let bytes = fs::read(repository().join("samples/wave.jsonl")).expect("the samples are in the repository");
    let labels = json::parse_lines(&bytes).expect("JSON lines");
    let numbers = labels.iter().filter_map(|(_, label)| label.get("tracking")?.as_text());
    let postal: Vec<&str> = numbers.filter(|number| number.len() == 13 && number.ends_with(['N', 'B'])).collect();
    assert!(postal.len() > 25);
    for number in postal {
        let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
        // UPU S10.
        let sum: u32 = digits.iter().zip([8, 6, 4, 2, 3, 5, 9, 7]).map(|(digit, weight)| digit * weight).sum();
        let check = match 11 - sum % 11 {
            10 => 0,
            11 => 5,
            check => check,
        };
        assert_eq!(digits.get(8), Some(&check), "{number}");
    }
}

/// Test data beside the repository; without it there is nothing to map and the test says so.
#[test]
fn a_tiktok_shop_wave_becomes_labels_with_the_cancelled_left_out_and_the_doubtful_held() {
    let Ok(bytes) = fs::read(repository().join("../shared/data/orders_wave50.jsonl")) else {
        println!("the sample export is not here: nothing to map.");
        return;
    };
    let text = fs::read_to_string(repository().join("templates/maps/tiktok-shop.toml")).expect("the map is in the repository");
    let map = FieldMap::parse(&text, "tiktok-shop.toml").expect("a sound map");
    let (mut labels, mut left_out) = (Vec::new(), Vec::new());
    for (line, record) in json::parse_lines(&bytes).expect("JSON lines") {
        match map.apply(line, &record).expect("the record gives all") {
            Mapped::Label(label) => labels.push(Waybill::parse(&label, &Senders::default()).expect("a sound label")),
            Mapped::LeftOut(out) => left_out.push(out.to_string()),
        }
    }
    let held: Vec<_> = labels.iter().filter_map(|label| Some((label.order.as_str(), label.hold.as_deref()?))).collect();
    println!("{left_out:#?}\nheld: {held:#?}");
    assert_eq!((labels.len(), left_out.len()), (47, 3));
    assert!(left_out.iter().all(|out| out.starts_with("left out: order 576") && out.ends_with(" (CANCELLED)")));
    assert!(held.iter().all(|(_, why)| *why == "buyer asked to cancel") && !held.is_empty());
}
