//! A seller's whole day against the real program: the export comes in, a wave prints over an empty roll and cut power,
//! doubts are answered and labels reprinted by scans, an order is canceled and an address changed, parcels are scanned out
//! and stand on manifests. At the end the ledger and the printer's tray agree, label by label.

use super::start_with;
use crate::support::process::Process;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const WAVE: &str = include_str!("../../../samples/wave.jsonl");
const SENDER: &str = "[senders.shop]\nname = \"Sample Lantern Trading\"\nlines = [\"Rm 806, Tower C\"]\ncity = \"Shenzhen\"\n\
    postcode = \"518000\"\ncountry = \"CN\"\n[stations.bench-1]\nprinter = \"pack-1\"\n";
/// The number of the parcel whose buyer has moved house, from then on.
const MOVED: &str = "RB987654321CN";
/// Waybills that come out before the roll ends.
const FIRST_ROLL: usize = 22;
/// After so long the same scan is meant.
const AGAIN: Duration = Duration::from_millis(2_100);
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// `waybilld virtual` as a process of its own, with hands on its roll and its mains.
struct Printer {
    process: Child,
    address: String,
    control: (BufReader<TcpStream>, TcpStream),
    tray: PathBuf,
}

impl Printer {
    fn start(tray: PathBuf) -> Printer {
        let mut process = Command::new(env!("CARGO_BIN_EXE_waybilld"))
            .args("virtual --listen 127.0.0.1:0 --control 127.0.0.1:0 --media 0 --speed 14 --no-pictures --out".split(' '))
            .arg(&tray)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told = |what: &str| said.find_map(|line| line.strip_prefix(what).map(str::to_owned)).unwrap();
        let (address, control) = (told("listening on "), told("control on "));
        // It must not wait for a reader.
        std::thread::spawn(move || said.for_each(drop));
        let control = TcpStream::connect(control).unwrap();
        Printer { process, address, control: (BufReader::new(control.try_clone().unwrap()), control), tray }
    }

    fn control(&mut self, line: &str) {
        writeln!(self.control.1, "{line}").unwrap();
        self.control.0.read_line(&mut String::new()).unwrap();
    }

    /// Whole pieces in the tray, by what their first bars say.
    fn pieces(&self) -> BTreeMap<String, usize> {
        let ledger = std::fs::read_to_string(self.tray.join("ledger.jsonl")).unwrap_or_default();
        let mut pieces = BTreeMap::new();
        // The last line may be half written.
        for piece in ledger.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            if piece["status"] == "printed" {
                *pieces.entry(bars(&piece)).or_default() += 1;
            }
        }
        pieces
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a piece's first bars say, without what only shifts between the sets of Code 128 (`>:`, `>5`, `>6`).
fn bars(piece: &Value) -> String {
    let mut bars = piece["fields"][0].as_str().unwrap_or_default().chars();
    let mut said = String::new();
    while let Some(next) = bars.next() {
        if next == '>' {
            bars.next();
        } else {
            said.push(next);
        }
    }
    said
}

struct Parcel {
    order: String,
    tracking: String,
}

/// The wave as the seller centre exports it, a row for each line of goods, with two orders that must not be printed.
fn export(path: &Path) -> Vec<Parcel> {
    let header = "Order ID,Order Status,Order Substatus,Cancelation/Return Type,Seller SKU,Product Name,Variation,Quantity,\
        Tracking ID,Shipping Provider Name,Buyer Message,Recipient,Phone #,Country,State,City,Zipcode,Detail Address,Weight(kg)";
    let mut rows = vec![header.to_owned(), "Platform unique order ID.,Current status.".to_owned() + &",".repeat(17)];
    let mut parcels = Vec::new();
    for (at, line) in WAVE.lines().enumerate() {
        let label: Value = serde_json::from_str(line).unwrap();
        let order = format!("576462377{at:09}");
        let to = &label["recipient"];
        let lines: Vec<&str> = to["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        for item in label["items"].as_array().unwrap() {
            let cell = |value: &Value| match value {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            let cells = [
                order.clone(),
                "To ship".to_owned(),
                "Awaiting collection".to_owned(),
                String::new(),
                cell(&item["sku"]),
                cell(&item["name"]),
                cell(&item["variant"]),
                cell(&item["quantity"]),
                cell(&label["tracking"]),
                cell(&label["carrier"]),
                String::new(),
                cell(&to["name"]),
                cell(&to["phone"]),
                cell(&to["country"]),
                cell(&to["region"]),
                cell(&to["city"]),
                cell(&to["postcode"]),
                lines.join(", "),
                format!("{:.3}", label["parcel"]["weight_g"].as_f64().unwrap_or(500.0) / 1000.0),
            ];
            rows.push(cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).join(","));
        }
        parcels.push(Parcel { order, tracking: label["tracking"].as_str().unwrap().to_owned() });
    }
    for gone in ["576462377900000001", "576462377900000002"] {
        rows.push(format!("{gone},Canceled,Canceled,Cancel,LN-RED,Paper lantern,red,1{}", ",".repeat(11)));
    }
    std::fs::write(path, rows.join("\r\n") + "\r\n").unwrap();
    parcels
}

/// The house on one day.
struct Day {
    printer: Printer,
    daemon: Process,
    parcels: Vec<Parcel>,
}

impl Day {
    async fn scan(&self, text: &str) -> Value {
        let scan = json!({"station": "bench-1", "text": text, "by": "Mei"}).to_string();
        self.daemon.client.post_answer("/v1/scan", scan).await.unwrap().granted::<serde_json::Value>().unwrap()
    }

    async fn expect(&self, text: &str, code: &str) -> Value {
        let answer = self.scan(text).await;
        assert_eq!(answer["code"], code, "{text}: {answer}");
        answer
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.daemon
            .client
            .post_answer(path, body.to_string())
            .await
            .unwrap()
            .granted::<serde_json::Value>()
            .unwrap_or_else(|no| panic!("{path}: {no}"))
    }

    async fn label(&self, id: &str) -> Value {
        self.daemon.get(&format!("/v1/labels/{}", waybilld::cli::client::path_piece(id))).await
    }

    async fn until(&mut self, what: &str, mut holds: impl AsyncFnMut(&mut Day) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self).await {
            assert!(Instant::now() < deadline, "never happened: {what}\n{:#}", self.daemon.get("/v1/printers").await);
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn until_printed(&mut self, id: &str, copies: u64) {
        self.until(&format!("{id} out {copies} times"), async |day| {
            let label = day.label(id).await;
            label["state"] == "printed" && label["copies"] == copies
        })
        .await;
    }

    /// Waybills of the wave in the tray.
    fn waybills(&self) -> usize {
        let pieces = self.printer.pieces();
        self.parcels.iter().map(|parcel| pieces.get(&parcel.tracking).copied().unwrap_or(0)).sum()
    }

    fn is_out(&self, tracking: &str) -> bool {
        self.printer.pieces().contains_key(tracking)
    }

    /// Every label the daemon knows.
    async fn labels(&self) -> Vec<Value> {
        self.daemon.get("/v1/labels?limit=1000").await["labels"].as_array().unwrap().clone()
    }

    /// Answers what the station asks by a look into the tray and one scan; whether it asked.
    async fn answer_doubt(&self) -> bool {
        let station = self.daemon.get("/v1/stations").await["stations"][0].clone();
        let Some(tracking) = station["doubt"]["tracking"].as_str() else { return false };
        // The same code at once would be one pull of the trigger too many.
        sleep(AGAIN).await;
        let (control, code) = if self.is_out(tracking) { ("XD0CTRLOUT", "came_out") } else { ("XD0CTRLNOT", "did_not") };
        let answer = self.scan(control).await;
        // The printer's own evidence may have been quicker.
        answer["code"] == code
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sellers_day_from_the_export_to_the_manifests_agrees_to_the_label() {
    let folder = tempfile::tempdir().unwrap();
    let printer = Printer::start(folder.path().join("tray"));
    let device = format!("tcp://{}", printer.address);
    let daemon = start_with(folder.path(), &device, SENDER).await;
    let parcels = export(&folder.path().join("export.csv"));
    let mut day = Day { printer, daemon, parcels };

    // Morning: the export comes in. Yesterday's roll is used up.
    let submit = format!("submit {} --job wave-1 --papers pick_list,cover --no-wait", folder.path().join("export.csv").display());
    let said = day.daemon.command(&submit);
    let told = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{told}");
    let left_out = told.lines().filter(|line| line.starts_with("leaves out") && line.contains("5764623779"));
    assert_eq!(left_out.count(), 2, "{told}");
    let papers = day.labels().await.iter().filter(|label| label["paper"].is_string()).count();
    assert_eq!(day.labels().await.len(), 50 + papers);
    assert!(papers >= 2, "a pick list and a cover");

    // The new roll ends at the 23rd waybill; the daemon says so, and goes on by itself with the next one.
    day.printer.control(&format!("media {}", papers + FIRST_ROLL));
    day.until("the roll is out", async |day| {
        let printer = day.daemon.get("/v1/printers").await["printers"][0].clone();
        day.waybills() == FIRST_ROLL && printer["reasons"].to_string().contains("media_empty")
    })
    .await;
    day.printer.control("media 200");

    // The plug is pulled, again and again, until two labels were in doubt. A look and a scan each.
    let mut doubts = 0;
    for cut in 1..=6 {
        if doubts >= 2 {
            break;
        }
        let out = day.waybills();
        day.until("the wave goes on", async |day| day.waybills() >= (out + 2).min(48)).await;
        day.printer.control("power cut");
        sleep(Duration::from_millis(700)).await;
        day.printer.control("power on");
        let mut asked = 0;
        day.until(&format!("it goes on after cut {cut}"), async |day| {
            asked += usize::from(day.answer_doubt().await);
            let open = |label: &Value| label["state"] == "in_doubt" || label["state"] == "sending";
            asked > 0 && !day.labels().await.iter().any(|label| label["state"] == "in_doubt")
                || !day.labels().await.iter().any(open)
                || day.waybills() > out + 4
        })
        .await;
        assert!(asked <= 2, "{asked} labels in doubt after one cut");
        doubts += asked;
    }
    assert!(doubts >= 2, "only {doubts} doubts");
    day.until("the wave is out", async |day| {
        while day.answer_doubt().await {}
        day.labels().await.iter().all(|label| label["state"] == "printed")
    })
    .await;
    assert_eq!(day.waybills(), 50, "{:#?}", day.printer.pieces());

    // Five labels are smudged; the scanner reads them as scanners do.
    for (at, how) in [(3, "{}"), (7, "]C1{}"), (11, " {}\r\n"), (19, "low"), (31, "order")] {
        let Parcel { order, tracking } = &day.parcels[at];
        let text = match how {
            "low" => tracking.to_lowercase(),
            "order" => order.clone(),
            _ => how.replace("{}", tracking),
        };
        let id = order.clone();
        let answer = day.expect(&text, "reprinting").await;
        assert_eq!(answer["label"]["id"], id);
        day.until_printed(&id, 2).await;
        let reprint = day.label(&id).await["prints"].as_array().unwrap().last().unwrap()["reprint"].clone();
        assert_eq!((&reprint["station"], &reprint["by"]), (&json!("bench-1"), &json!("Mei")));
    }

    // A buyer cancels: the label that is out must not leave the house.
    let (canceled, moved) = (day.parcels[39].order.clone(), day.parcels[40].order.clone());
    let outcome = day.post(&format!("/v1/orders/{canceled}/cancel"), json!({"by": "erp"})).await;
    assert_eq!(outcome["labels"].as_array().unwrap().len(), 1, "{outcome}");
    day.expect(&day.parcels[39].tracking, "refused_voided").await;

    // Another one has moved house: a new label prints, the old one says which to use.
    let mut anew: Value = serde_json::from_str(WAVE.lines().nth(40).unwrap()).unwrap();
    let new = format!("{moved}-b");
    anew["id"] = json!(new);
    anew["order"] = json!(moved);
    anew["tracking"] = json!(MOVED);
    anew["recipient"]["lines"] = json!(["Neue Straße 1"]);
    day.post(&format!("/v1/labels/{moved}/replace"), anew).await;
    day.until_printed(&new, 1).await;
    assert_eq!(day.label(&moved).await["replaced_by"], json!(new));
    let refused = day.expect(&day.parcels[40].tracking, "refused_replaced").await;
    assert!(refused["sentence"].as_str().unwrap().contains(&new), "{refused}");

    // Parcels go out: the canceled one is caught, one is scanned twice, the last is forgotten under the table.
    day.expect("XD0TOSHIP", "mode").await;
    for (at, parcel) in day.parcels.iter().enumerate().take(49) {
        match at {
            39 => {
                day.expect(&parcel.tracking, "refused_voided").await;
            }
            40 => {
                day.expect(&parcel.tracking, "refused_replaced").await;
                day.expect(MOVED, "shipped").await;
            }
            _ => {
                day.expect(&parcel.tracking, "shipped").await;
            }
        }
    }
    day.expect(&day.parcels[0].tracking, "already_shipped").await;

    // The driver is here.
    let made = day.post("/v1/manifests", json!({"id": "eod-1"})).await;
    let manifests = made["manifests"].as_array().unwrap();
    let parcels: u64 = manifests.iter().map(|manifest| manifest["parcels"].as_u64().unwrap()).sum();
    assert_eq!(parcels, 48, "{made}");
    assert_eq!(made["missed"]["parcels"], 1, "{made}");
    assert_eq!(made["missed"]["labels"][0]["id"], json!(day.parcels[49].order), "{made}");
    let pages: Vec<String> = day.labels().await.iter().filter(|label| label["paper"] == "manifest").map(id).collect();
    for page in &pages {
        day.until_printed(page, 1).await;
    }

    // Evening: what the daemon says of each label is what lies in the tray.
    let labels = day.labels().await;
    let mut copies: BTreeMap<String, u64> = BTreeMap::new();
    for label in labels.iter().filter(|label| label["paper"].is_null()) {
        *copies.entry(label["tracking"].as_str().unwrap().to_owned()).or_default() += label["copies"].as_u64().unwrap();
    }
    let pieces = day.printer.pieces();
    for (tracking, copies) in &copies {
        assert_eq!(pieces.get(tracking).copied().unwrap_or(0) as u64, *copies, "{tracking}");
    }
    assert_eq!(day.waybills(), 50 + 5);
    assert_eq!(pieces.values().sum::<usize>(), 50 + 5 + 1 + papers + pages.len());
    let states = |word: &str| labels.iter().filter(|label| label["state"] == word).count();
    assert_eq!((states("printed"), states("voided")), (49 + papers + pages.len(), 2));
}

fn id(label: &Value) -> String {
    label["id"].as_str().unwrap().to_owned()
}
