//! What a label says and refuses, before any printer: one order changed in one place at a time.

use serde_json::{Value, json};
use waybilld::dots::{Dots, Dpi};
use waybilld::fault::Fault;
use waybilld::label::{Label, Mark};
use waybilld::studio::Studio;
use waybilld::text::Fonts;
use waybilld::waybill::{Senders, Waybill, json};

fn order() -> Value {
    json!({"id": "pkg-1", "order": "576462377512830001", "tracking": "RB123456785GB", "carrier": "Postal Air",
           "sender": {"name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"},
           "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
           "items": [{"name": "Lamp", "quantity": 1}]})
}

fn with(path: &str, value: Value) -> Value {
    let mut order = order();
    let (parent, key) = path.rsplit_once('/').expect("a path");
    order.pointer_mut(parent).expect("a place")[key] = value;
    order
}

fn lay_out(order: &Value) -> Result<Label, Vec<Fault>> {
    lay_out_as("waybill-100x150", order)
}

fn lay_out_as(template: &str, order: &Value) -> Result<Label, Vec<Fault>> {
    let studio = Studio::new(Fonts::embedded(), &[]).unwrap();
    let template = studio.design(template).unwrap().template.clone();
    let waybill = Waybill::parse(&json::parse(order.to_string().as_bytes()).unwrap(), &Senders::default()).unwrap();
    studio.with(&template, Dpi::D203, |compositor| compositor.lay_out(&waybill)).unwrap()
}

fn refusal(order: &Value) -> String {
    lay_out(order).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Every line of text on the label, with its em.
fn lines(label: &Label) -> Vec<(String, Dots)> {
    let texts = label.ops.iter().filter_map(|op| match &op.mark {
        Mark::Text(text) => Some(&text.lines),
        _ => None,
    });
    texts.flatten().map(|line| (line.text.trim().to_owned(), line.size)).collect()
}

fn em(label: &Label, said: &str) -> Dots {
    let lines = lines(label);
    lines.iter().find(|(text, _)| text == said).unwrap_or_else(|| panic!("no line \"{said}\" in {lines:#?}")).1
}

#[test]
fn the_recipient_is_larger_than_the_sender_and_the_country_stands_last_in_capitals() {
    let label = lay_out(&order()).unwrap();
    assert!(em(&label, "Zoë Example") > em(&label, "Little Lamp Shop"));
    assert!(em(&label, "Musterweg 5") > em(&label, "8 Quay Street"));
    assert_eq!(em(&label, "GERMANY"), em(&label, "07743 Jena"));
}

#[test]
fn a_tracking_number_too_long_for_an_80_mm_roll_is_refused_not_cut() {
    let order = with("/tracking", json!("AB34CD78EF12GH56IJ90KL34MN78OP12QR56ST90"));
    let faults = lay_out_as("waybill-80", &order).unwrap_err();
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].starts_with("tracking: block \"tracking\" needs "), "{said:#?}");
    assert!(said[0].ends_with(" quiet zones included, but has room for 576: shorten the data."), "{said:#?}");
}

#[test]
fn both_tracking_barcodes_have_three_dots_a_module_and_room_around_them() {
    let label = lay_out(&order()).unwrap();
    let mut bars = 0;
    for op in &label.ops {
        let area = op.mark.area();
        if let Mark::Linear { module, symbol, .. } = &op.mark {
            assert_eq!((*module, symbol.data.as_str()), (Dots(3), "RB123456785GB"));
            bars += 1;
            let quiet =
                waybilld::dots::Rect::new(area.at.x - *module * 10, area.at.y, area.size.width + *module * 20, area.size.height);
            let near = label.ops.iter().filter(|other| other.mark.area().meets(&quiet)).count();
            assert_eq!(near, 1, "only the symbol itself stands in its quiet zones");
        }
    }
    assert_eq!(bars, 2);
}

#[test]
fn a_name_no_font_can_print_is_refused_by_its_character() {
    let said = refusal(&with("/recipient/name", "吉\u{20bb7}".into()));
    assert_eq!(said, "recipient.name: no font has the character \"𠮷\" (U+20BB7): write it another way.");
}

#[test]
fn an_emoji_in_a_note_prints_and_an_unknown_sign_is_replaced_in_sight() {
    let label = lay_out(&with("/note", "thanks 🙏 \u{f8ff}!".into())).unwrap();
    let said: String = lines(&label).into_iter().map(|(text, _)| text).collect();
    assert!(said.contains("thanks 🙏 [?]!"), "{said}");
}

#[test]
fn what_does_not_fit_is_refused_with_block_need_and_room() {
    let said = refusal(&with(
        "/recipient/lines",
        json!([("Wohnanlage Sonnenhof ".repeat(20)).trim(), "Seiteneingang ".repeat(30).trim()]),
    ));
    assert!(said.starts_with("recipient.lines: block \"recipient address\" needs "), "{said}");
    assert!(said.contains(" and has ") && said.ends_with("shorten it."), "{said}");
}

#[test]
fn a_tracking_number_too_long_for_its_bars_is_refused_in_dots() {
    let said = refusal(&with("/tracking", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMN".into()));
    assert!(
        said.contains("block \"tracking\" needs 990 dots at 2 dots a module, quiet zones included, but has room for 752"),
        "{said}"
    );
}

#[test]
fn a_long_list_is_counted_in_sight_and_never_cut_in_silence() {
    let items: Vec<Value> =
        (1..=40).map(|n| json!({"sku": format!("SKU-{n}"), "name": format!("Lamp {n}"), "quantity": 2})).collect();
    let label = lay_out(&with("/items", items.into())).unwrap();
    let shown = lines(&label).iter().filter(|(text, _)| text.starts_with("Lamp ")).count();
    let rest = 40 - shown;
    em(&label, &format!("… and {rest} more lines, {} pieces: see the packing slip", rest * 2));
}
