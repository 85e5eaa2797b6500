//! What a shop tool notices when it asks for a label.

use super::*;
use proptest::prelude::*;

const FULL: &str = r#"{"id":"pkg-1","order":"576462377512","tracking":"RB123456785GB","carrier":"Postal Air","service":"standard",
    "routing":"B-151","sender":{"name":"Little Lamp Shop","lines":["8 Quay Street","Bristol BS1 4DJ"],"country":"GB"},
    "recipient":{"name":"Zoë Example","company":"Example AG","phone":"+49 3641 555123","lines":["Musterweg 5"],"city":"Jena",
    "region":"Thüringen","postcode":"07743","country":"DE"},"parcel":{"weight_g":420,"number":1,"of":2},
    "items":[{"sku":"LAMP-1","name":"Desk lamp","quantity":2,"location":"A-01","variant":"brass"}],
    "cod":{"amount":"185.00","currency":"EUR"},"ship_by":"2025-07-14T18:00:00+08:00","expires":"2025-08-14T18:00:00+08:00",
    "note":"Ring twice\nthank you","template":"waybill",
    "urgent":true,"hold":"buyer asked to cancel"}"#;

fn node(text: &str) -> Node {
    json::parse(text.as_bytes()).expect("JSON")
}

fn shop() -> Senders {
    let sender = node(r#"{"name":"样例贸易 Sample Trading","lines":["Nanshan"],"country":"CN"}"#);
    [("shenzhen".to_owned(), Party::parse_sender(&sender).expect("a sender"))].into_iter().collect()
}

/// The full label with one field set to something else.
fn with(path: &str, value: &str) -> Node {
    fn set(node: &mut Node, path: &str, value: Node) {
        let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let next = match node {
            Node::Object(entries) => {
                if !entries.iter().any(|(name, _)| name == key) {
                    entries.push((key.to_owned(), Node::Null));
                }
                entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            Node::List(items) => key.parse().ok().and_then(|i: usize| items.get_mut(i)),
            _ => None,
        };
        let next = next.expect("a path of the full label");
        match rest {
            Some(rest) => set(next, rest, value),
            None => *next = value,
        }
    }
    let mut label = node(FULL);
    set(&mut label, path, node(value));
    label
}

fn said(label: &Node) -> Vec<String> {
    let faults = Waybill::parse(label, &shop()).err().unwrap_or_default();
    faults.into_iter().map(|fault| Fault { label: None, ..fault }.to_string()).collect()
}

#[test]
fn a_full_label_is_read_and_kept_as_json_that_reads_back_equal() {
    let waybill = Waybill::parse(&node(FULL), &shop()).expect("a whole label");
    assert_eq!(waybill.recipient.city.as_deref(), Some("Jena"));
    assert_eq!(waybill.cod, Some(Cod { amount: "185.00".into(), currency: "EUR".into() }));
    assert_eq!(waybill.note.as_deref(), Some("Ring twice\nthank you"));
    assert!(waybill.is_cross_border() && waybill.urgent);
    assert_eq!(Waybill::parse(&node(&waybill.to_json()), &Senders::default()), Ok(waybill));
}

#[test]
fn every_fault_of_a_label_is_told_at_once_with_its_field() {
    let label = node(
        r#"{"id":"pkg 1","tracking":"RB123456785GBü","trakcing":1,"sender":"shenzen",
        "recipient":{"name":"张*","lines":["  ",""],"country":"Germany","postcode":null},
        "items":[{"name":"x","quantity":1},{"quantity":0.5}],"cod":{"amount":0},"ship_by":"soon","urgent":"yes"}"#,
    );
    assert_eq!(
        said(&label),
        [
            "trakcing: is not a field we know. Did you mean \"tracking\"?",
            "id: may hold Latin letters, digits and - _ . : / only.",
            "tracking: holds a character the barcode cannot carry: use plain Latin letters, digits and signs.",
            "order: is missing: give the order number.",
            "sender: no sender of that name is configured. Did you mean \"shenzhen\"?",
            "recipient.name: is masked with stars, and a label made from it cannot be delivered: send it unmasked.",
            "recipient.lines: is missing: give the buyer's address, at least one line.",
            "recipient.country: is no country code: use \"DE\" for GERMANY.",
            "items[1].quantity: must be a whole number from 1 to 99999.",
            "items[1].name: is missing: say what it is.",
            "cod.amount: must be a decimal number above zero, such as \"185.00\".",
            "cod.currency: is missing: give its three letters, such as \"THB\".",
            "ship_by: is not a timestamp: use \"2025-07-14T18:00:00+08:00\" or whole Unix seconds.",
            "urgent: must be true or false, not a text.",
        ]
    );
}

#[test]
fn what_the_seller_guides_demand_is_demanded() {
    for field in ["id", "order", "tracking", "sender", "recipient", "recipient.name", "recipient.lines", "recipient.postcode"] {
        for blank in ["null", r#"" \t ""#] {
            let label = with(field, blank);
            let faults = said(&label);
            assert!(!faults.is_empty() && faults[0].starts_with(field), "{field} {blank}: {faults:?}");
        }
    }
    assert_eq!(said(&with("sender.postcode", "null")), [""; 0]);
    assert_eq!(said(&with("sender.lines", "[]")), ["sender.lines: is missing: give the seller's address, at least one line."]);
}

#[test]
fn a_postcode_is_demanded_where_the_country_has_one_and_never_judged() {
    assert_eq!(said(&with("recipient.postcode", "null")), ["recipient.postcode: is missing: GERMANY needs one."]);
    assert_eq!(said(&with("recipient.postcode", "\"not quite right\"")), [""; 0]);
    assert_eq!(said(&with("recipient.postcode", "7743")), ["recipient.postcode: must be a text in quotes, not a number."]);
    let hong_kong = r#"{"name":"陳大文","lines":["九龍彌敦道 1 號"],"country":"HK"}"#;
    assert_eq!(said(&with("recipient", hong_kong)), [""; 0]);
}

#[test]
fn a_masked_value_is_refused_by_field_and_never_repeated() {
    let masked = [
        ("recipient.name", "J*** D**"),
        ("recipient.lines.0", "1*** Coleman Ave"),
        ("recipient.phone", "(+1)213-***-1234"),
        ("recipient.postcode", "0****"),
        ("recipient.city", "***"),
        ("sender.name", "深圳*"),
    ];
    for (field, value) in masked {
        let faults = said(&with(field, &format!("\"{value}\"")));
        let field = field.replace(".0", "[0]");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(&format!("{field}: is masked")) && !faults[0].contains('*'), "{faults:?}");
    }
}

#[test]
fn a_sender_is_taken_from_the_configuration_by_name() {
    let waybill = Waybill::parse(&with("sender", "\"shenzhen\""), &shop()).expect("a whole label");
    assert_eq!(waybill.sender.country.code(), "CN");
    assert_eq!(Waybill::parse(&node(&waybill.to_json()), &Senders::default()), Ok(waybill));
}

#[test]
fn documents_are_refused_in_so_many_words() {
    let faults = said(&node(r#"{"id":"pkg-2","document":{"type":"application/pdf","data":""}}"#));
    assert_eq!(faults, ["document: documents (PDF, PNG, ZPL) are not taken yet: send the label's fields."]);
}

#[test]
fn what_is_longer_than_any_label_is_refused() {
    let long = format!("\"{}\"", "长".repeat(10_000));
    for field in [
        "order",
        "tracking",
        "carrier",
        "recipient.name",
        "recipient.lines.0",
        "items.0.name",
        "note",
        "hold",
        "recipient.country",
    ] {
        let faults = said(&with(field, &long));
        assert!(faults.iter().any(|fault| fault.contains("has 10000 characters and may have")), "{field}: {faults:?}");
        assert!(faults.iter().all(|fault| fault.len() < 200), "{field}: {faults:?}");
    }
    let many = format!("[{}]", vec![r#"{"name":"x","quantity":1}"#; 201].join(","));
    assert_eq!(said(&with("items", &many)), ["items: has 201 entries and may have 200: leave some out."]);
}

#[test]
fn control_characters_are_refused_in_an_address_and_dropped_in_a_note() {
    assert_eq!(
        said(&with("recipient.name", r#""a\u0007b""#)),
        ["recipient.name: holds the control character U+0007: remove it."]
    );
    let waybill = Waybill::parse(&with("note", r#""a\u0007\u001bb\r\nc \u202e🙏""#), &shop()).expect("a note");
    assert_eq!(waybill.note.as_deref(), Some("ab\nc 🙏"));
    let waybill = Waybill::parse(&with("recipient.lines", r#"["1 Street\r\nTown", " \n "]"#), &shop()).expect("lines");
    assert_eq!(waybill.recipient.lines, ["1 Street", "Town"]);
}

#[test]
fn a_label_in_a_log_shows_no_person() {
    let waybill = Waybill::parse(&node(FULL), &shop()).expect("a whole label");
    let shown = format!("{waybill:?} {:?} {:?}", waybill.recipient, waybill.recipient.masked_phone());
    assert_eq!(shown, "Waybill(pkg-1, order 576462377512, RB123456785GB) Party(Z** E***, DE) Some(\"493****5123\")");
}

/// Labels that are nearly right: the full one with some fields replaced by anything.
fn nearly_a_label() -> impl Strategy<Value = Node> {
    let words = prop_oneof![json::tests::any_node(), "[\\PC\\p{M}\\p{Cf}\n\t*]{0,20}".prop_map(Node::Text)];
    prop::collection::vec((0..FIELDS.len(), words), 0..4).prop_map(|changes| {
        changes.into_iter().fold(node(FULL), |label, (field, value)| {
            let Node::Object(mut entries) = label else { return label };
            let field = FIELDS[field];
            match field.split_once('.') {
                None => entries.retain(|(key, _)| key != field),
                Some((parent, child)) => {
                    if let Some((_, Node::Object(inner))) = entries.iter_mut().find(|(key, _)| key == parent) {
                        inner.retain(|(key, _)| key != child);
                        inner.push((child.to_owned(), value));
                    }
                    return Node::Object(entries);
                }
            }
            entries.push((field.to_owned(), value));
            Node::Object(entries)
        })
    })
}

const FIELDS: [&str; 20] = [
    "id",
    "order",
    "tracking",
    "carrier",
    "sender",
    "recipient",
    "parcel",
    "items",
    "cod",
    "ship_by",
    "expires",
    "note",
    "hold",
    "cancel_requested",
    "surprise",
    "recipient.name",
    "recipient.phone",
    "recipient.city",
    "recipient.postcode",
    "cod.amount",
];

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused_and_what_is_read_reads_back_equal(label in nearly_a_label()) {
        match Waybill::parse(&label, &shop()) {
            Ok(waybill) => {
                let again = Waybill::parse(&node(&waybill.to_json()), &Senders::default());
                prop_assert!(again.as_ref() == Ok(&waybill), "{:?}", again.map(|again| again.to_json()));
                let _ = (address::lines(&waybill.recipient, waybill.sender.country), number::spaced(&waybill.tracking));
            }
            Err(faults) => prop_assert!(!faults.is_empty() && faults.iter().all(|fault| fault.message.len() < 400), "{faults:?}"),
        }
    }

    #[test]
    fn any_json_at_all_is_no_panic(label in json::tests::any_node()) {
        prop_assert!(Waybill::parse(&label, &shop()).is_err());
    }
}
