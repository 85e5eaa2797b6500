//! A seller's export, from the file to the labels: CSV and Excel as they come, and as somebody hostile would send them.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::Value;
use std::io::{Cursor, Write};
use std::path::Path;
use tempfile::TempDir;
use tokio::net::UnixStream;
use waybilld::config::Config;
use waybilld::daemon::Daemon;
use waybilld::import::ends::Answers;
use waybilld::import::field_map::LeftOut;
use waybilld::import::sheet::{Sheet, Wanted};
use waybilld::import::{self, Import, Map, Options, Settled};
use waybilld::waybill::json::{self, Node};
use waybilld::waybill::{Senders, Waybill};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The columns of Seller Center's export that matter, among others that do not, with the row that describes them.
const EXPORT: [(&str, &str); 25] = [
    ("Order ID", "Platform unique order ID."),
    ("Order Status", "Current order status."),
    ("Order Substatus", ""),
    ("Cancelation/Return Type", "The filed to explain the order is in cancellation or in return/refund."),
    ("Normal or Pre-order", ""),
    ("SKU ID", "Platform SKU ID."),
    ("Seller SKU", "Seller sku input by the seller in the product system."),
    ("Product Name", "Platform product name."),
    ("Variation", "Platform SKU variation"),
    ("Quantity", "SKU sold quantity in the order."),
    ("Order Amount", ""),
    ("Tracking ID", "The order's tracking number."),
    ("Delivery Option", ""),
    ("Shipping Provider Name", "The order's shipping provider name."),
    ("Buyer Message", ""),
    ("Recipient", ""),
    ("Phone #", ""),
    ("Country", ""),
    ("Zipcode", ""),
    ("Detail Address", ""),
    ("Additional address information", ""),
    ("Payment Method", ""),
    ("Weight(kg)", ""),
    ("Package ID", ""),
    ("RTS SLA Time", "not of the platform: added by the shop's tool"),
];
/// Where a tool puts what the platform does not tell.
const ADDED: [&str; 2] = ["Currency", "Location"];

/// What is taken of a file without any answer.
#[derive(Debug)]
struct Taken {
    map: Option<String>,
    labels: Vec<Node>,
    left_out: Vec<LeftOut>,
}

fn read(bytes: &[u8], map: Option<&str>, now: &str) -> Result<Import, Vec<String>> {
    let map = map.map(|name| Map::shipped(name).expect("a shipped map"));
    let options = Options { map, now: now.parse().expect("a time"), ..Options::default() };
    import::read(bytes, options).map_err(|faults| faults.into_iter().map(|fault| fault.message).collect())
}

/// On a day before the deadlines of the sample wave.
fn import(bytes: &[u8], map: Option<&str>) -> Result<Taken, Vec<String>> {
    let import = read(bytes, map, "2025-01-01T00:00:00Z")?;
    let settled = import.settle(&Answers::default(), false);
    let Settled { labels, .. } = settled.map_err(|faults| faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>())?;
    Ok(Taken { map: import.map, labels, left_out: import.left_out })
}

fn header() -> Vec<String> {
    EXPORT.iter().map(|(name, _)| (*name).to_owned()).chain(ADDED.map(str::to_owned)).collect()
}

fn descriptions() -> Vec<String> {
    EXPORT.iter().map(|(_, text)| (*text).to_owned()).chain(ADDED.map(|_| String::new())).collect()
}

/// The wave as Seller Center would export it: a row for each SKU, order numbers and times padded with tabs.
fn export_rows(records: &[Node]) -> Vec<Vec<String>> {
    let mut rows = vec![header(), descriptions()];
    for record in records {
        let text = |path: &[&str]| {
            let node = path.iter().try_fold(record, |node, key| node.get(key));
            match node {
                Some(Node::Text(text) | Node::Number(text)) => text.clone(),
                _ => String::new(),
            }
        };
        let yes = |key: &str| record.get(key) == Some(&Node::Boolean(true));
        let lines: Vec<String> = match record.get("recipient").and_then(|recipient| recipient.get("lines")) {
            Some(Node::List(lines)) => lines.iter().filter_map(Node::as_text).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let Some(Node::List(items)) = record.get("line_items") else { panic!("an order has items") };
        for item in items {
            let of_item = |key: &str| match item.get(key) {
                Some(Node::Text(text) | Node::Number(text)) => text.clone(),
                _ => String::new(),
            };
            let kg: f64 = text(&["weight_g"]).parse::<f64>().expect("a weight") / 1000.0;
            rows.push(vec![
                format!("{}\t", text(&["order_id"])),
                text(&["status"]),
                String::new(),
                if yes("is_buyer_request_cancel") { "Cancel".to_owned() } else { String::new() },
                "Normal".to_owned(),
                "1729382256910270000\t".to_owned(),
                of_item("seller_sku"),
                of_item("product_name"),
                String::new(),
                of_item("quantity"),
                text(&["cod_amount"]),
                format!("{}\t", text(&["tracking_number"])),
                String::new(),
                text(&["shipping_provider"]),
                text(&["buyer_message"]),
                text(&["recipient", "name"]),
                text(&["recipient", "phone"]),
                text(&["recipient", "region_code"]),
                text(&["recipient", "postal_code"]),
                lines.first().cloned().unwrap_or_default(),
                lines.get(1..).unwrap_or_default().join("\n"),
                if yes("is_cod") { "Cash on delivery".to_owned() } else { "Card".to_owned() },
                format!("{kg}"),
                format!("{}\t", text(&["package_id"])),
                format!("{}\t", text(&["rts_sla_time"])),
                text(&["currency"]),
                of_item("location"),
            ]);
        }
    }
    rows
}

fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let cell = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let lines = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(","));
    format!("\u{feff}{}\r\n", lines.collect::<Vec<_>>().join("\r\n")).into_bytes()
}

fn xlsx(rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("OrderSKUList").expect("a name");
    for (row, cells) in rows.iter().enumerate() {
        for (column, text) in cells.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, text).expect("within bounds");
        }
    }
    book.save_to_buffer().expect("written")
}

/// A workbook of those parts, as Excel would never write it.
fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        zip.start_file(*name, options).expect("a part");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

const BOOK: &str = r#"<workbook><sheets><sheet name="S" r:id="r1"/></sheets></workbook>"#;
const LINKS: &str = r#"<Relationships><Relationship Id="r1" Type="x/relationships/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="r2" Type="x/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;

fn book(sheet: &str, strings: &str) -> Vec<u8> {
    zipped(&[
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", LINKS.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn sheet(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let sheet = Sheet::read(bytes, &Wanted::default()).map_err(|error| error.to_string())?;
    let cells = |row: &waybilld::import::sheet::Row| (0..row.cells.len()).map(|at| row.text(at).to_owned()).collect();
    Ok(sheet.rows.iter().map(cells).collect())
}

/// The labels of the platform's own JSON, without what the export does not tell: the sender.
fn waybills(labels: &[Node]) -> Vec<Waybill> {
    let sender = json::parse(r#"{"name": "Shop", "lines": ["1 Elm"], "country": "CN"}"#.as_bytes()).expect("JSON");
    let with_sender = |label: &Node| {
        let Node::Object(fields) = label else { panic!("a label is an object") };
        let kept = fields.iter().filter(|(field, _)| !["sender", "service", "priority"].contains(&field.as_str())).cloned();
        Node::Object(kept.chain([("sender".to_owned(), sender.clone())]).collect())
    };
    labels.iter().map(|label| Waybill::parse(&with_sender(label), &Senders::default()).expect("sound")).collect()
}

/// A table's rows of the same goods are one item, where the platform's JSON repeats it.
fn summed(waybill: &Waybill) -> String {
    let mut waybill = waybill.clone();
    let mut items: Vec<waybilld::waybill::Item> = Vec::new();
    for item in waybill.items.drain(..) {
        match items.iter_mut().find(|known| (&known.sku, &known.name, &known.location) == (&item.sku, &item.name, &item.location))
        {
            Some(known) => known.quantity += item.quantity,
            None => items.push(item),
        }
    }
    waybill.items = items;
    waybill.to_json()
}

/// Test data beside the repository; without it there is nothing to compare and the test says so.
#[test]
fn a_tiktok_export_as_csv_and_as_excel_gives_the_labels_of_the_platforms_json() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/orders_wave50.jsonl");
    let Ok(bytes) = std::fs::read(path) else {
        println!("the sample export is not here: nothing to compare.");
        return;
    };
    let of_json = import(&bytes, Some("tiktok-shop")).expect("the JSON is sound");
    let records: Vec<Node> = json::parse_lines(&bytes).expect("JSON").into_iter().map(|(_, record)| record).collect();
    let rows = export_rows(&records);
    assert!(rows.len() > 60, "orders of several lines");
    for (kind, bytes) in [("CSV", csv(&rows)), ("Excel", xlsx(&rows))] {
        let of_table = import(&bytes, None).unwrap_or_else(|faults| panic!("{kind}: {faults:#?}"));
        assert_eq!(of_table.map.as_deref(), Some("tiktok-shop-export"));
        let told = |list: &[LeftOut]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(told(&of_table.left_out), told(&of_json.left_out));
        let (ours, theirs) = (waybills(&of_table.labels), waybills(&of_json.labels));
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours.ship_by.map(|ship_by| ship_by.at), theirs.ship_by.map(|ship_by| ship_by.at));
            assert_eq!(summed(ours), summed(theirs), "{kind}");
        }
    }
}

/// One order of the export, as its owner sees it in Seller Center.
fn order(changes: &[(&str, &str)]) -> Vec<String> {
    let usual = [
        ("Order ID", "576462377512830001"),
        ("Order Status", "To ship"),
        ("Order Substatus", "Awaiting collection"),
        ("Seller SKU", "CASE"),
        ("Product Name", "Phone case"),
        ("Quantity", "1"),
        ("Tracking ID", "LY400079196CN"),
        ("Recipient", "Zoe Example"),
        ("Phone #", "+49 151 23456789"),
        ("Country", "Germany"),
        ("Zipcode", "07743"),
        ("Detail Address", "Musterweg 5"),
    ];
    let value = |name: &String| {
        let of = |list: &[(&str, &str)]| list.iter().find(|(known, _)| known == name).map(|(_, text)| (*text).to_owned());
        of(changes).or_else(|| of(&usual)).unwrap_or_default()
    };
    header().iter().map(value).collect()
}

#[test]
fn what_the_platform_would_cancel_is_held_or_left_out_line_by_line() {
    let rows = [
        header(),
        order(&[("Seller SKU", "A")]),
        order(&[("Seller SKU", "B"), ("Order Status", "Canceled")]),
        order(&[("Order ID", "576462377512830002"), ("Tracking ID", "LY400079205CN"), ("Cancelation/Return Type", "Cancel")]),
        order(&[("Order ID", "576462377512830003"), ("Order Status", "Shipped")]),
        order(&[("Order ID", "576462377512830004"), ("Order Substatus", "Awaiting shipment"), ("Tracking ID", "")]),
    ];
    let import = import(&csv(&rows), None).expect("sound");
    let left_out: Vec<String> = import.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left_out,
        [
            "left out: order 576462377512830001 (1 of its 2 lines: Canceled)",
            "left out: order 576462377512830003 (Shipped)",
            "left out: order 576462377512830004 (no tracking number yet: arrange its shipment first)",
        ]
    );
    assert_eq!(import.labels.len(), 2);
    assert_eq!(import.labels[1].get("cancel_requested"), Some(&Node::Boolean(true)));
    let Some(Node::List(items)) = import.labels[0].get("items") else { panic!("items") };
    assert_eq!(items.len(), 1, "the canceled line is not packed");
}

#[test]
fn masked_addresses_are_refused_by_row_and_column() {
    let masked = order(&[("Recipient", "Z** E******"), ("Phone #", "(+49)151-***-6789"), ("Detail Address", "M*** 5")]);
    let said = import(&xlsx(&[header(), descriptions(), masked]), None).map(|_| ()).expect_err("refused");
    let masked = "is masked with stars, and a label made from it cannot be delivered: send it unmasked.";
    assert!(said.contains(&format!("row 3, column P \"Recipient\": {masked}")), "{said:#?}");
    assert!(said.contains(&format!("row 3, column Q \"Phone #\": {masked}")), "{said:#?}");
    assert!(said.contains(&format!("row 3, column T \"Detail Address\": {masked}")), "{said:#?}");
}

#[test]
fn a_workbook_gives_numbers_dates_formulas_and_merged_cells_as_they_are_seen() {
    let mut book = Workbook::new();
    let sheet_of = book.add_worksheet();
    let date = Format::new().set_num_format("dd/mm/yyyy hh:mm");
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let zip = Format::new().set_num_format("00000");
    sheet_of.write_row(0, 0, ["text", "number", "date", "day", "zip", "formula"]).expect("written");
    sheet_of.merge_range(1, 0, 2, 0, "both", &Format::new()).expect("merged");
    sheet_of.write_number(1, 1, 0.1 + 0.2).expect("written");
    sheet_of.write_number_with_format(1, 2, 45852.75, &date).expect("written");
    sheet_of.write_number_with_format(1, 3, 45852.0, &day).expect("written");
    sheet_of.write_number_with_format(1, 4, 1067, &zip).expect("written");
    sheet_of.write_formula(1, 5, rust_xlsxwriter::Formula::new("=1+1").set_result("2")).expect("written");
    sheet_of.write_number(2, 1, 66812345678.0).expect("written");
    let read = sheet(&book.save_to_buffer().expect("written")).expect("a table");
    assert_eq!(read[1], ["both", "0.3", "2025-07-14T18:00:00", "2025-07-14", "01067", "2"]);
    assert_eq!(read[2], ["both", "66812345678"]);
}

#[test]
fn an_order_number_that_excel_rounded_is_refused_by_its_cell() {
    let mut book = Workbook::new();
    let sheet_of = book.add_worksheet();
    for (column, text) in header().iter().enumerate() {
        sheet_of.write_string(0, column as u16, text).expect("written");
    }
    for (column, text) in order(&[]).iter().enumerate() {
        sheet_of.write_string(1, column as u16, text).expect("written");
    }
    sheet_of.write_number(1, 0, 576_462_377_512_830_001.0).expect("written");
    // Nobody reads this one, so it may be what it is.
    sheet_of.write_number(1, 5, 1_729_382_256_910_270_001.0).expect("written");
    let said = import(&book.save_to_buffer().expect("written"), None).expect_err("refused");
    let rounded = "is a number that the spreadsheet has rounded: export it again, or make the column text before typing.";
    assert_eq!(said, [format!("row 2, column A \"Order ID\": {rounded}")]);
}

#[test]
fn cells_of_tiktoks_own_writer_are_found_though_every_one_is_a_row() {
    let cell =
        |at: &str, text: &str| format!(r#"<row r="{}"><c r="{at}" t="inlineStr"><is><t>{text}</t></is></c></row>"#, &at[1..]);
    let rows = [cell("A1", "Order ID"), cell("B1", "A &amp; B"), cell("A2", "1"), cell("B2", "_x000D_x")].concat();
    let read = sheet(&book(&format!("<worksheet><dimension ref=\"A1\"/><sheetData>{rows}</sheetData></worksheet>"), "<sst/>"));
    assert_eq!(read, Ok(vec![vec!["Order ID".to_owned(), "A & B".to_owned()], vec!["1".to_owned(), "x".to_owned()]]));
}

#[test]
fn what_is_no_workbook_or_a_hostile_one_is_refused_with_a_sentence() {
    let whole = xlsx(&[header(), order(&[])]);
    for length in [5, 100, whole.len() / 2, whole.len() - 1] {
        let said = sheet(&whole[..length]).expect_err("damaged");
        assert!(said.starts_with("is no Excel workbook, or is damaged"), "{said}");
    }
    assert!(
        sheet(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").expect_err("old").starts_with("is an old Excel file (.xls of 1997 to 2003)")
    );
    let zeros = " ".repeat(80 << 20);
    let bomb = book(&format!("<worksheet><sheetData>{zeros}</sheetData></worksheet>"), "<sst/>");
    assert!(bomb.len() < 1 << 20);
    assert_eq!(sheet(&bomb).expect_err("a bomb"), "unpacks to more than 64 MB: export fewer orders at once.");
    // One string of 30,000 letters, and a hundred thousand cells that are it.
    let cells = "<row><c t=\"s\"><v>0</v></c></row>".repeat(50_000);
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(30_000));
    let shared = book(&format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"), &strings);
    assert_eq!(sheet(&shared).expect_err("a bomb"), "unpacks to more than 64 MB: export fewer orders at once.");
    let far = |at: &str| {
        book(&format!("<worksheet><sheetData><row><c r=\"{at}\"><v>1</v></c></row></sheetData></worksheet>"), "<sst/>")
    };
    assert_eq!(sheet(&far("XFD1048576")).expect_err("far"), "has more than 1000 columns: no order export has.");
    let sparse: String = (1..=3000).map(|row| format!("<row r=\"{row}\"><c r=\"ALL{row}\"><v>1</v></c></row>")).collect();
    let sparse = book(&format!("<worksheet><sheetData>{sparse}</sheetData></worksheet>"), "<sst/>");
    assert_eq!(sheet(&sparse).expect_err("sparse"), "has more than 2000000 cells: export fewer orders at once.");
    let told = book("<worksheet><sheetData/></worksheet>", "<sst count=\"99999999999999\" uniqueCount=\"99999999999999\"/>");
    assert_eq!(sheet(&told), Ok(Vec::new()), "what a file says of its size reserves nothing");
    let entities = book(
        "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>",
        "<sst/>",
    );
    assert!(sheet(&entities).expect_err("an entity").contains("its XML is broken"));
}

#[test]
fn a_formula_in_a_cell_is_text_and_nothing_more() {
    let rows = [
        header(),
        order(&[("Product Name", "=HYPERLINK(\"http://x\",\"y\")"), ("Buyer Message", "@SUM(1+1)*cmd|' /C calc'!A0")]),
    ];
    for bytes in [csv(&rows), xlsx(&rows)] {
        let import = import(&bytes, None).expect("sound");
        let label = import.labels[0].to_json();
        assert!(label.contains(r#""name":"=HYPERLINK(\"http://x\",\"y\")""#) && label.contains("@SUM(1+1)*cmd"), "{label}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_to_a_workbook_is_a_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = xlsx(&[header(), order(&[])]);
        let place = at.index(bytes.len());
        bytes[place] = byte;
        let _ = import(&bytes, None);
        let _ = import(&bytes[..cut.index(bytes.len())], None);
    }

    #[test]
    fn no_xml_in_a_sheet_is_a_panic(cells in "(<(row|c|v|t|/c|/row|mergeCell)( (r|t|s|ref)=\"([A-Z]{0,8}[0-9]{0,22}|A1:B[0-9]{1,20}|s|b|e|d|n)\")?/?>|[0-9eE+.-]{1,20}|&#x[0-9a-f]{1,8};){0,30}") {
        let _ = sheet(&book(&format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"), "<sst><si><t>x</t></si></sst>"));
    }

    #[test]
    fn no_table_is_a_panic_for_a_map(cells in prop::collection::vec(prop::collection::vec("[ -~\u{e00}-\u{e5b}é\t\n*]{0,12}", 27), 1..6)) {
        let mut rows = vec![header()];
        rows.extend(cells);
        let _ = import(&csv(&rows), Some("tiktok-shop-export"));
    }
}

const CONFIG: &str = r#"
[printers.pack-1]
device = "virtual:zpl"

[senders.bristol]
name = "Little Lamp Shop"
lines = ["8 Quay Street"]
city = "Bristol"
postcode = "BS1 4DJ"
country = "GB"
"#;

/// A daemon without printers, handed files.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub async fn open() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let places = format!("state = {:?}\nsocket = {:?}\nmaps = {:?}\n", path("state"), path("socket"), folder.path());
        let daemon = Daemon::open(Config::parse("config.toml", &(places + CONFIG)).unwrap()).unwrap();
        let listeners = daemon.listen().await.unwrap();
        daemon.start_without_printing(listeners).await.unwrap();
        Desk { folder }
    }

    pub async fn ask(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
        let stream = UnixStream::connect(self.folder.path().join("socket")).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("host", "waybilld").header("content-type", kind);
        let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

#[tokio::test]
async fn a_file_posted_is_checked_first_and_then_taken_once() {
    let desk = Desk::open().await;
    let rows = [
        header(),
        descriptions(),
        order(&[]),
        order(&[("Order ID", "576462377512830002"), ("Tracking ID", "LY400079205CN")]),
        order(&[("Order ID", "576462377512830003"), ("Order Status", "Canceled")]),
    ];
    let file = xlsx(&rows);
    let (status, dry) =
        desk.ask("POST", "/v1/import?dry=true&sort=ship_by,carrier", "application/octet-stream", file.clone()).await;
    assert_eq!((status, &dry["checked"], &dry["map"]), (200, &Value::from(2), &Value::from("tiktok-shop-export")), "{dry}");
    assert_eq!(dry["left_out"], serde_json::json!([{"order": "576462377512830003", "why": "Canceled"}]));
    assert!(dry["id"].is_null());
    let (status, job) = desk.ask("POST", "/v1/import?job=wave&sort=ship_by,carrier", "text/csv", file.clone()).await;
    assert_eq!((status, &job["id"], &job["counts"]["waiting"]), (201, &Value::from("wave"), &Value::from(2)), "{job}");
    let (status, again) = desk.ask("POST", "/v1/import?job=wave&sort=ship_by,carrier", "text/csv", file.clone()).await;
    assert_eq!((status, &again["id"]), (200, &Value::from("wave")));
    let (status, other) = desk.ask("POST", "/v1/import?job=wave", "text/csv", file.clone()).await;
    assert_eq!(status, 409, "{other}");
    for (asked, field) in [("map=tiktok", "map"), ("encoding=utf-88", "encoding")] {
        let (status, problem) = desk.ask("POST", &format!("/v1/import?{asked}"), "text/csv", file.clone()).await;
        let fault = &problem["faults"][0];
        assert_eq!(
            (status, &fault["code"], &fault["field"]),
            (422, &Value::from("unknown_value"), &Value::from(field)),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_map_of_the_house_is_used_by_its_name_and_told_by_file_and_line_when_it_is_wrong() {
    let desk = Desk::open().await;
    let path = desk.folder.path().join("erp.toml");
    let map = "record = \"nr\"\n[columns]\nnr = \"No\"\nwho = \"To\"\nwhere = \"At\"\n[label]\nid = \"nr\"\norder = \"nr\"\n\
               tracking = \"row['Parcel no']\"\n[label.recipient]\nname = \"who\"\nlines = \"[where]\"\ncountry = \"'HK'\"\n";
    std::fs::write(&path, map).unwrap();
    let table = b"No;To;At;Parcel No\n1;Ann Lee;1 Elm;T1\n".to_vec();
    let (status, answer) = desk.ask("POST", "/v1/import?map=erp&dry=true", "text/csv", table.clone()).await;
    assert_eq!((status, &answer["checked"]), (200, &Value::from(1)), "{answer}");
    std::fs::write(&path, map.replace("[label]", "[lable]")).unwrap();
    let (status, problem) = desk.ask("POST", "/v1/import?map=erp", "text/csv", table.clone()).await;
    assert_eq!(status, 422);
    assert!(
        problem["faults"][0]["message"].as_str().unwrap().ends_with("erp.toml:6: no key `lable` here. Did you mean \"label\"?"),
        "{problem}"
    );
    let (status, problem) = desk.ask("POST", "/v1/import?map=../erp", "text/csv", table).await;
    assert_eq!((status, &problem["faults"][0]["code"]), (422, &Value::from("unknown_value")), "{problem}");
}

#[tokio::test]
async fn what_the_daemon_finds_is_told_by_row_and_column_and_nothing_is_taken() {
    let desk = Desk::open().await;
    let rows = [
        header(),
        order(&[("Zipcode", "")]),
        order(&[("Order ID", "576462377512830002"), ("Tracking ID", "LY400079205CN"), ("Recipient", "Zoe 𓀀")]),
        order(&[("Order ID", "576462377512830003"), ("Tracking ID", "LY400079214CN"), ("Zipcode", "7743")]),
    ];
    let (status, problem) = desk.ask("POST", "/v1/import", "text/csv", csv(&rows)).await;
    assert_eq!(status, 422, "{problem}");
    let faults = problem["faults"].as_array().unwrap();
    let said = |place: &str| faults.iter().any(|fault| fault["message"].as_str().unwrap().starts_with(place));
    assert!(said("row 2, column S \"Zipcode\": is missing: GERMANY needs one."), "{problem}");
    assert!(said("row 3, column P \"Recipient\": "), "{problem}");
    assert!(said("row 4, column S \"Zipcode\": is too short for GERMANY"), "{problem}");
    assert!(faults.iter().any(|fault| fault["field"] == "recipient.postcode" && fault["label"] == "576462377512830001"));
    let (status, dry) = desk.ask("POST", "/v1/import?dry=true", "text/csv", csv(&rows)).await;
    let ends: Vec<(u64, &str)> =
        dry["rows"].as_array().unwrap().iter().map(|row| (row["row"].as_u64().unwrap(), row["end"].as_str().unwrap())).collect();
    assert_eq!((status, ends), (200, vec![(4, "asks"), (2, "refuses"), (3, "refuses")]), "{dry}");
    assert_eq!(dry["rows"][0]["asks"][0]["kind"], "postcode_zero");
    assert_eq!(dry["rows"][0]["postcode"], "07743");
    let (_, labels) = desk.ask("GET", "/v1/labels", "application/json", Vec::new()).await;
    assert_eq!(labels["labels"], serde_json::json!([]));
}

#[tokio::test]
async fn good_rows_are_taken_and_the_others_told_and_an_afternoon_file_prints_only_what_is_new() {
    let desk = Desk::open().await;
    let one = |id: &str, tracking: &str, zip: &str| order(&[("Order ID", id), ("Tracking ID", tracking), ("Zipcode", zip)]);
    let morning =
        [header(), one("576462377512830001", "LY400079196CN", "07743"), one("576462377512830002", "LY400079205CN", "7743")];
    let (status, job) = desk.ask("POST", "/v1/import?partial=true", "text/csv", csv(&morning)).await;
    assert_eq!((status, &job["counts"]["waiting"], &job["checked"]), (201, &Value::from(1), &Value::from(1)), "{job}");
    let (status, again) = desk.ask("POST", "/v1/import?partial=true", "text/csv", csv(&morning)).await;
    assert_eq!((status, &again["id"]), (200, &job["id"]), "{again}");
    let (status, job) = desk.ask("POST", "/v1/import?yes=postcode_zero@3", "text/csv", csv(&morning)).await;
    assert_eq!((status, &job["checked"]), (201, &Value::from(1)), "{job}");
    assert_eq!(job["left_out"], serde_json::json!([{"order": "576462377512830001", "why": "printed before"}]));
    let (status, problem) = desk.ask("POST", "/v1/import?yes=postcode_zer", "text/csv", csv(&morning)).await;
    assert_eq!((status, &problem["faults"][0]["field"]), (422, &Value::from("yes")), "{problem}");
}

#[tokio::test]
async fn an_endless_line_and_an_empty_file_are_refused() {
    let desk = Desk::open().await;
    let (status, problem) = desk.ask("POST", "/v1/import", "text/csv", vec![b'x'; 100 << 20]).await;
    assert_eq!(status, 413, "{problem}");
    let (status, problem) = desk.ask("POST", "/v1/import", "text/csv", vec![b'x'; 1 << 20]).await;
    assert_eq!(status, 422);
    assert!(problem["faults"][0]["message"].as_str().unwrap().starts_with("row 1, column A: has more than 32767"), "{problem}");
    let (status, _) = desk.ask("POST", "/v1/import", "text/csv", Vec::new()).await;
    assert_eq!(status, 422);
    let (status, problem) = desk.ask("POST", "/v1/import", "text/csv", csv(&[header()])).await;
    assert_eq!((status, &problem["faults"][0]["message"]), (422, &Value::from("there is no order in it.")));
}
