use super::*;

/// What is taken of a file without any answer, on a day before all deadlines of these tests.
#[derive(Debug)]
struct Taken {
    map: Option<String>,
    written: String,
    labels: Vec<Node>,
    left_out: Vec<LeftOut>,
    origins: Option<Origins>,
}

fn read_csv(text: &str, map: Option<&str>) -> Result<Taken, Vec<String>> {
    let map = map.map(|name| Map::shipped(name).expect("a shipped map"));
    let messages = |faults: Vec<Fault>| faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>();
    let now = "2026-11-20T00:00:00Z".parse().expect("a time");
    let import = read(text.as_bytes(), Options { map, now, ..Options::default() }).map_err(messages)?;
    let Settled { labels, origins, .. } = import.settle(&Answers::default(), false).map_err(messages)?;
    Ok(Taken { map: import.map, written: import.written, labels, left_out: import.left_out, origins })
}

#[test]
fn every_shipped_map_is_sound() {
    MAPS.iter().for_each(|(name, text)| {
        let faults = FieldMap::parse(text, name).err().unwrap_or_default();
        assert!(faults.is_empty(), "{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    });
}

#[test]
fn the_sample_table_becomes_labels() {
    let import = read_csv(include_str!("../../samples/orders.csv"), None).expect("sound");
    assert_eq!((import.map.as_deref(), import.written.as_str(), import.labels.len()), (Some("generic"), "UTF-8", 3));
    assert_eq!(
        import.left_out.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["left out: order LAMP-2026-0004 (canceled)"]
    );
    let label = |at: usize, field: &str| import.labels[at].get(field).map(Node::to_json).unwrap_or_default();
    assert_eq!(
        label(0, "items"),
        r#"[{"sku":"LN-RED","name":"Paper lantern","quantity":2,"location":"A-01-03","variant":"red"},{"sku":"BLB-E27","name":"LED bulb E27","quantity":1,"location":"B-01-09","variant":"4 W"}]"#
    );
    assert_eq!(label(0, "note"), r#""Bitte klingeln,\nzweimal""#);
    assert_eq!(label(1, "cod"), r#"{"amount":"185.00","currency":"THB"}"#);
    assert_eq!(label(2, "cancel_requested"), "true");
}

const HEAD: &str = "Order,Tracking,Name,Address,Zip,Country,SKU,Item,Qty,Ship by\n";

#[test]
fn every_bad_row_is_named_by_row_and_column_at_once() {
    let text = format!(
        "{HEAD}1,T1,Ann,1 Elm,,DE,S,Lamp,1,\n2,T2,B** C*,2 Elm,12345,DE,S,Lamp,two,soon\n3,5.76E+17,Ann,3 Elm,1,DE,S,Lamp,1,\n"
    );
    assert_eq!(
        read_csv(&text, Some("generic")).expect_err("refused"),
        [
            "row 2, column E \"Zip\": is missing: GERMANY needs one.",
            "row 3, column J \"Ship by\": is no time that can be read: write it as 2025-07-14 18:00.",
            "row 3, column C \"Name\": is masked with stars, and a label made from it cannot be delivered: send it unmasked.",
            "row 3, column I \"Qty\": must be a whole number from 1 to 99999.",
            "row 4, column B \"Tracking\": is a number that the spreadsheet has rounded: export it again, or make the column text \
             before typing.",
            "row 4, column E \"Zip\": is not a postcode of GERMANY, such as 26133. [postcode]",
        ]
    );
}

#[test]
fn rows_of_one_label_must_agree_and_say_where_they_do_not() {
    let text = format!("{HEAD}1,T1,Ann,1 Elm,12345,DE,S,Lamp,1,\n1,T1,Bob,,,,S,Lamp,2,\n");
    assert_eq!(
        read_csv(&text, Some("generic")).expect_err("refused"),
        ["row 3, column C \"Name\": says something else than row 2, and both rows are one label. [rows_disagree]"]
    );
    let import = read_csv(&text.replace("Bob", ""), Some("generic")).expect("blank cells say nothing");
    assert_eq!(
        import.labels[0].get("items").map(Node::to_json).unwrap_or_default(),
        r#"[{"sku":"S","name":"Lamp","quantity":3}]"#
    );
}

#[test]
fn a_column_that_is_missing_or_there_twice_is_told() {
    assert_eq!(
        read_csv("Order,Trackin,Name,Name,Address,Country\n1,T1,Ann,,1 Elm,DE\n", Some("generic")).expect_err("refused"),
        [
            "row 1: no column is called \"tracking\" or \"tracking number\" or \"tracking no.\" or \"tracking id\" or \"运单号\" or \
             \"物流单号\" or \"快递单号\" or \"หมายเลขพัสดุ\" or \"mã vận đơn\". Is it \"Trackin\"?",
            "row 1: columns C and D are both called \"Name\": rename one.",
        ]
    );
    let said = read_csv("a,b\n1,2\n", None).expect_err("refused");
    assert!(said[0].starts_with("no shipped map knows its columns"), "{said:?}");
}

#[test]
fn what_is_found_later_is_led_back_to_the_cells() {
    let text = format!("{HEAD}1,T1,Ann,1 Elm,12345,DE,S,Lamp,1,\n2,T2,Ann,2 Elm,12345,DE,S,Lamp,1,\n2,T2,,,,,R,Rug,1,\n");
    let origins = read_csv(&text, Some("generic")).expect("sound").origins.expect("a table");
    let faults = [
        Fault::new(Code::TooLong, "recipient.lines[0]", "is too long.").of_label("T2"),
        Fault::new(Code::NoGlyph, "items[1].name", "has a character no font has.").of_label("T2"),
        Fault::new(Code::BadFormat, "labels[0].tracking", "is odd."),
        Fault::new(Code::Missing, "sender", "is missing.").of_label("T1"),
        Fault::new(Code::Missing, "sender", "is missing.").of_label("T2"),
        Fault::new(Code::Missing, "printer", "is missing."),
    ];
    let said: Vec<String> = origins.told(faults, 0).into_iter().map(|fault| fault.message).collect();
    assert_eq!(
        said,
        [
            "row 3, column D \"Address\": is too long.",
            "row 4, column H \"Item\": has a character no font has.",
            "row 2, column B \"Tracking\": is odd.",
            "sender: is missing. (2 labels)",
            "printer: is missing.",
        ]
    );
}
