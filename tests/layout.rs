//! What a label says and refuses, before any printer: one order changed in one place at a time.

use serde_json::{Value, json};
use waybilld::designs::Designs;
use waybilld::dots::{Dots, Dpi, Mm};
use waybilld::fault::Fault;
use waybilld::label::{Label, Mark};
use waybilld::papers::{self, Content, Kind, Paper, Parcel};
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
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    let template = designs.design(template).unwrap().template.clone();
    let waybill = Waybill::parse(&json::parse(order.to_string().as_bytes()).unwrap(), &Senders::default()).unwrap();
    designs.with(&template, Dpi::D203, |compositor| compositor.lay_out(&waybill)).unwrap()
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

/// A manifest of so many parcels.
fn manifest(parcels: usize, tracking: impl Fn(usize) -> String) -> Paper {
    let mut paper = papers::sample(Kind::Manifest, true);
    if let Content::Manifest(manifest) = &mut paper.content {
        let parcel = |number| Parcel { number, tracking: tracking(number), order: "订单 7".into(), weight: String::new() };
        manifest.parcels = (1..=parcels).map(parcel).collect();
    }
    paper
}

#[test]
fn a_long_list_goes_on_over_as_many_labels_as_its_rows_need_and_none_is_lost_or_cut() {
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    // Every seventh number needs several lines.
    let tracking =
        |number: usize| if number.is_multiple_of(7) { format!("NUMBER-{number} ").repeat(9) } else { format!("T{number}") };
    for (media, dpi) in [((100.0, 150.0), Dpi::D203), ((72.0, 150.0), Dpi::D203), ((100.0, 150.0), Dpi::D300)] {
        let sheets = designs.pages(&manifest(120, tracking), (Mm(media.0), Mm(media.1)), dpi).unwrap();
        let of = sheets.len();
        assert!((3..20).contains(&of), "{of} labels");
        let mut told = Vec::new();
        for (at, sheet) in sheets.iter().enumerate() {
            let label = designs.with(&sheet.template, dpi, |compositor| compositor.lay_out(&sheet.paper)).unwrap().unwrap();
            em(&label, &format!("{} / {of}", at + 1));
            em(&label, "DRIVER 司机");
            let said = lines(&label);
            told.extend((1..=120).filter(|number| said.iter().any(|(text, _)| *text == number.to_string())));
            let (size, marks) = (label.size, label.ops.iter().map(|op| op.mark.area()));
            assert!(marks.into_iter().all(|area| area.right() <= size.width && area.bottom() <= size.height));
        }
        assert_eq!(told, (1..=120).collect::<Vec<usize>>());
    }
}

#[test]
fn a_row_higher_than_a_label_and_a_list_of_a_hundred_labels_are_refused() {
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    let refused = |paper: &Paper| {
        let faults = designs.pages(paper, (Mm(100.0), Mm(150.0)), Dpi::D203).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        refused(&manifest(3, |_| "NUMBER ".repeat(400))),
        ["label eod-1126: parcels: row 1 is higher than a whole label: shorten it."]
    );
    assert_eq!(
        refused(&manifest(5_000, |number| format!("T{number}"))),
        ["label eod-1126: needs more than 99 labels for its 5000 rows: make it of fewer."]
    );
}

#[test]
fn an_order_is_not_laid_out_on_the_design_of_a_paper() {
    let faults = lay_out_as("cover-100x150", &order()).unwrap_err();
    assert_eq!(faults[0].to_string(), "template: \"cover-100x150\" is made for a cover, not for a waybill.");
}

#[test]
fn a_note_that_fills_the_first_label_of_a_slip_leaves_the_goods_to_the_second() {
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    let mut paper = papers::sample(Kind::PackingSlip, true);
    if let Content::PackingSlip(slip) = &mut paper.content {
        slip.note = "请在门卫处放下包裹谢谢".repeat(22);
        slip.items[0].name = "纸灯笼".repeat(100);
    }
    let sheets = designs.pages(&paper, (Mm(100.0), Mm(150.0)), Dpi::D203).unwrap();
    assert_eq!(sheets.iter().map(|sheet| sheet.paper.rows()).collect::<Vec<_>>(), [0, 1]);
}
