//! Whatever a buyer types, a label is refused or printed: never a command, never a second piece, never a panic.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use waybilld::designs::Designs;
use waybilld::dots::Dpi;
use waybilld::label::Label;
use waybilld::language::{Encoder, Language, Options, zpl};
use waybilld::template::Template;
use waybilld::text::Fonts;
use waybilld::virtual_printer::{Event, Settings, VirtualPrinter};
use waybilld::waybill::{Senders, Waybill, json};

/// Every place where somebody's text may stand.
const FIELDS: [&str; 23] = [
    "/id",
    "/order",
    "/tracking",
    "/carrier",
    "/service",
    "/routing",
    "/note",
    "/sender/name",
    "/sender/company",
    "/sender/lines/0",
    "/sender/city",
    "/sender/postcode",
    "/recipient/name",
    "/recipient/company",
    "/recipient/phone",
    "/recipient/lines/0",
    "/recipient/city",
    "/recipient/region",
    "/recipient/postcode",
    "/items/0/name",
    "/items/0/sku",
    "/items/0/location",
    "/cod/amount",
];

fn order() -> Value {
    let party = json!({"name": "Zoë Example", "company": "Lamps", "phone": "+49 30 5550", "lines": ["Musterweg 5"],
                       "city": "Jena", "region": "Thüringen", "postcode": "07743", "country": "DE"});
    json!({"id": "pkg-1", "order": "576462", "tracking": "RB123456785GB", "carrier": "Postal Air", "service": "tracked",
           "routing": "DE-FRA", "note": "ring twice", "sender": party, "recipient": party,
           "items": [{"sku": "LAMP", "name": "Lamp", "quantity": 1, "location": "A-1"}],
           "cod": {"amount": "185.00", "currency": "EUR"}, "ship_by": "2026-11-27T18:00:00+08:00"})
}

fn hostile() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "^XA^JUS^XZ",
        "~JR",
        "~JA",
        "_5E",
        "_7E",
        "^FS^XZ^XA^FDx",
        "\\^",
        ">;>8",
        "\u{10}\u{4}\u{1}",
        "\u{1b}!S",
        "a\r\nb",
        "\u{0}",
        "\u{202e}12345",
        "\u{2067}x\u{2069}",
        "\u{301}",
        "\u{e34}\u{e49}",
        "ก\u{e49}\u{e49}\u{e49}\u{e49}",
        "{{ sender.name }}",
        "{% for x in range(9) %}",
        "👩‍👩‍👧‍👦🙏",
        "𠮷",
        "\u{f8ff}",
        "\u{200d}\u{200c}",
        "-",
        "'; DROP TABLE labels;--",
        "***",
        "é".repeat(300).leak(),
    ]);
    let parts =
        prop_oneof![known.prop_map(str::to_owned), any::<String>(), "[ -~]{0,40}", "\\PC{0,30}", Just("W".repeat(10_000))];
    prop::collection::vec(parts, 1..4).prop_map(|parts| parts.concat())
}

/// Prints it if it is taken: exactly one whole piece, and no command but those a label needs.
fn print_if_taken(designs: &Designs, template: &Arc<Template>, order: &Value, native_text: bool) -> Result<bool, TestCaseError> {
    let node = json::parse(order.to_string().as_bytes()).expect("our own JSON");
    let Ok(waybill) = Waybill::parse(&node, &Senders::default()) else { return Ok(false) };
    let made = designs.with(template, Dpi::D203, |compositor| {
        let checked = compositor.check(&waybill);
        let made = compositor.lay_out(&waybill);
        (checked, made)
    });
    let (checked, made) = made.expect("the template fits its captions");
    prop_assert_eq!(checked.is_ok(), made.is_ok(), "what is checked is what is laid out");
    let Ok(label) = made else { return Ok(false) };
    zpl_says_only_what_a_label_needs(&label, native_text)?;
    tspl_says_only_what_a_label_needs(&label)?;
    Ok(true)
}

/// The bytes of a label in that language, on a connection where the printer is set up.
fn encoded(language: Language, label: &Label, native_text: bool) -> Vec<u8> {
    let zpl = zpl::Options { native_text, memory_bytes: 1 << 20, slow_line: false };
    Encoder::new(language, Options { zpl, ..Options::default() }).label(label).bytes
}

fn zpl_says_only_what_a_label_needs(label: &Label, native_text: bool) -> Result<(), TestCaseError> {
    let bytes = encoded(Language::Zpl, label, native_text);
    let mut printer =
        VirtualPrinter::new(Settings { speed: None, start: Duration::ZERO, receive_buffer: 16 << 20, ..Settings::default() });
    prop_assert_eq!(printer.handle_bytes(&bytes, Duration::ZERO), bytes.len());
    let mut pieces = 0;
    while let Some(event) = printer.poll_event() {
        match event {
            Event::Ejected(ejected) => {
                prop_assert!(ejected.whole && ejected.copies == 1);
                for command in ejected.label.commands() {
                    let known = ["^FO", "^FT", "^FD", "^FS", "^FH", "^GB", "^GF", "^XG", "^BY", "^BC", "^A0", "^PQ"];
                    prop_assert!(known.contains(&command.as_str()), "a label said {}", command);
                }
                pieces += 1;
            }
            Event::Stored { .. } | Event::Deleted { .. } => {}
            event => return Err(TestCaseError::fail(format!("{event:?}"))),
        }
    }
    prop_assert_eq!(pieces, 1);
    Ok(())
}

/// Lines of known words and digits, and after a BITMAP exactly the bytes it counts.
fn tspl_says_only_what_a_label_needs(label: &Label) -> Result<(), TestCaseError> {
    let bytes = encoded(Language::Tspl, label, false);
    let mut said = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let word = rest.split(|byte| b" \r".contains(byte)).next().unwrap_or_default();
        let numbers = if word == b"BITMAP" { 5 } else { usize::MAX };
        let mut values = Vec::new();
        rest = &rest[word.len()..];
        while values.len() < numbers && matches!(rest.first(), Some(b' ' | b',')) {
            let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let value = std::str::from_utf8(&rest[1..=digits]).expect("digits").parse::<usize>();
            values.push(value.map_err(|_| TestCaseError::fail("a value that is no number"))?);
            rest = &rest[digits + 1..];
        }
        if word == b"BITMAP" {
            let data = 1 + values[2] * values[3];
            prop_assert!(rest.first() == Some(&b',') && rest.len() > data, "a bitmap is shorter than it says");
            rest = &rest[data..];
        }
        prop_assert!(rest.starts_with(b"\r\n"), "a line that does not end");
        rest = &rest[2..];
        said.push((String::from_utf8_lossy(word).into_owned(), values.len()));
    }
    let count = |word: &str| said.iter().filter(|(said, _)| said == word).count();
    prop_assert!(said.first() == Some(&("CLS".into(), 0)) && said.last() == Some(&("PRINT".into(), 2)), "{:?}", said);
    prop_assert!(count("CLS") == 1 && count("PRINT") == 1, "more than one piece");
    let drawn = |(word, values): &(String, usize)| matches!((word.as_str(), values), ("BITMAP", 5) | ("BAR", 4));
    prop_assert!(said[1..said.len() - 1].iter().all(drawn), "{:?}", said);
    Ok(())
}

#[test]
fn hostile_text_in_any_field_is_refused_or_printed_as_text() {
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    let template = designs.design("waybill-100x150").unwrap().template.clone();
    let (printed, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let case = (prop::sample::select(FIELDS.to_vec()), hostile(), any::<bool>());
    let ran = runner.run(&case, |(field, text, native_text)| {
        let mut order = order();
        *order.pointer_mut(field).expect("a field of the order") = text.into();
        let count = if print_if_taken(&designs, &template, &order, native_text)? { &printed } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
    println!("{} printed as text, {} refused", printed.get(), refused.get());
    assert!(printed.get() > 20 && refused.get() > 20, "the strategy tries both");
}
