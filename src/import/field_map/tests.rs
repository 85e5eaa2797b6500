use super::*;
use crate::waybill::{Senders, Waybill, json};

const MAP: &str = r#"
record = "number"
leave_out = "'cancelled' if gone | default(false) else none"

[label]
id = "'pkg-' ~ number"
order = "number"
tracking = "track"
sender = "'shop'"
urgent = "fast | default(false)"

[label.recipient]
name = "to.first ~ ' ' ~ to.last"
lines = "[to.street, to.town | default(none)] | select | list"
country = "to.country"

[label.items]
each = "goods"
name = "item.title"
quantity = "item.count"

[label.cod]
when = "pay > 0"
amount = "pay"
currency = "'THB'"
"#;

fn apply(record: &str) -> Result<Mapped, Vec<String>> {
    let map = FieldMap::parse(MAP, "map.toml").map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let record = json::parse(record.as_bytes()).expect("JSON");
    map.apply(3, &record).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn a_foreign_record_becomes_a_label() {
    let record = r#"{"number": "A-1", "track": "T1", "pay": 12.50, "goods": [{"title": "Lamp", "count": 2}],
        "to": {"first": "Ann", "last": "Lee", "street": "1 Elm", "country": "HK"}}"#;
    let label = concat!(
        r#"{"id":"pkg-A-1","order":"A-1","tracking":"T1","sender":"shop","recipient":{"name":"Ann Lee","lines":["1 Elm"],"country":"HK"},"#,
        r#""items":[{"name":"Lamp","quantity":2}],"cod":{"amount":12.5,"currency":"THB"},"urgent":false}"#
    );
    assert_eq!(apply(record), Ok(Mapped::Label(json::parse(label.as_bytes()).expect("JSON"))));
    let free = record.replace("12.50", "0");
    assert!(matches!(apply(&free), Ok(Mapped::Label(label)) if label.get("cod").is_none()));
}

#[test]
fn a_record_is_left_out_by_name_and_reason() {
    let out = apply(r#"{"number": 17, "gone": true}"#);
    assert_eq!(out, Ok(Mapped::LeftOut(LeftOut { kind: LeaveKind::Rule, row: 3, order: "17".into(), why: "cancelled".into() })));
    assert_eq!(
        LeftOut { kind: LeaveKind::Rule, row: 3, order: "17".into(), why: "cancelled".into() }.to_string(),
        "left out: order 17 (cancelled)"
    );
}

#[test]
fn what_a_record_does_not_give_is_told_by_order_and_field() {
    let record = r#"{"number": 17, "pay": "much", "goods": [{"title": "Lamp"}], "to": {"first": "Ann", "last": "Lee", "street": "1 Elm"}}"#;
    assert_eq!(
        apply(record),
        Err(vec![
            "tracking: order 17 (line 3) has no `track`.".to_owned(),
            "recipient.country: order 17 (line 3) has no `to.country`.".to_owned(),
            "items[0].quantity: order 17 (line 3) has no `item.count`.".to_owned(),
        ])
    );
    assert_eq!(apply("{}"), Err(vec!["the record on line 3 has no `number` to call it by.".to_owned()]));
    assert_eq!(apply("[1]"), Err(vec!["the record on line 3 has no `number` to call it by.".to_owned()]));
}

#[test]
fn a_map_tells_all_its_faults_with_their_lines() {
    let text = "record = \"number\"\n\n[label]\nid = \"a b\"\norder = 5\ntracking = \"t\"\n[label.recipient]\nnmae = \"x\"\n[label.items]\nname = \"x\"\n";
    let said: Vec<String> = FieldMap::parse(text, "map.toml").err().unwrap_or_default().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "map.toml:4: `id` is no expression: unexpected input after expression.",
            "map.toml:5: `order` must be text, not a whole number.",
            "map.toml:8: no key `nmae` here. Did you mean \"name\"?",
            "map.toml:9: `each` is missing.",
        ]
    );
}

#[test]
fn the_shipped_map_makes_a_sound_label_holds_what_the_buyer_would_cancel_and_leaves_out_what_is_cancelled() {
    let map = FieldMap::parse(include_str!("../../../templates/maps/tiktok-shop.toml"), "tiktok-shop.toml").expect("a sound map");
    let record = |status: &str, cancel: bool| {
        let text = format!(
            r#"{{"order_id": "5764", "package_id": "1152", "status": "{status}", "is_buyer_request_cancel": {cancel},
            "tracking_number": "LY000000001CN", "shipping_provider": "Postal Air", "rts_sla_time": 1735862400, "is_cod": true,
            "fulfillment_priority_level": 400, "cod_amount": "185.00", "currency": "USD", "buyer_message": "", "seller_note": "gift",
            "recipient": {{"name": "山本 舞", "phone": "15-6498", "lines": ["和歌山県17丁目"], "postal_code": "256-2072", "region_code": "JP"}},
            "sender": {{"name": "Sample 样例", "lines": ["Nanshan"], "postal_code": "518000", "region_code": "CN"}}, "weight_g": 100,
            "line_items": [{{"seller_sku": "S", "product_name": "Case", "location": "B-09", "quantity": 2}}]}}"#
        );
        map.apply(1, &json::parse(text.as_bytes()).expect("JSON"))
    };
    let Ok(Mapped::Label(label)) = record("AWAITING_COLLECTION", true) else { panic!("a label") };
    let waybill = Waybill::parse(&label, &Senders::default()).expect("a sound label");
    assert_eq!((waybill.hold.as_deref(), waybill.cancel_requested), (Some("buyer asked to cancel"), true));
    assert_eq!((waybill.service.as_deref(), waybill.note.as_deref()), (Some("next day"), None));
    assert_eq!(waybill.cod.as_ref().map(|cod| cod.amount.as_str()), Some("185.00"));
    assert_eq!(waybill.ship_by.map(|ship_by| ship_by.to_string()).as_deref(), Some("2025-01-03T00:00:00+00:00"));
    let cancelled = LeftOut { kind: LeaveKind::Rule, row: 1, order: "5764".into(), why: "CANCELLED".into() };
    assert_eq!(record("CANCELLED", true), Ok(Mapped::LeftOut(cancelled)));
}
