//! What a packer notices at a station: the real daemon, ledger and TCP, a virtual printer, and scans through the door.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::{Client, Door};
use waybilld::cli::serve::{self, Running};
use waybilld::cli::virtual_printer::{Machine, Tray, Voice};
use waybilld::config::Config;
use waybilld::virtual_printer::Settings;

/// A house with a printer and a station beside it, and hands on both.
struct House {
    folder: TempDir,
    machine: Arc<Machine>,
    daemon: Running,
    client: Client,
}

impl House {
    async fn new() -> House {
        House::with("").await
    }

    /// `more` stands in the station's table. 14 inches a second: a 150 mm label takes 0.4 s.
    async fn with(more: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let tray = Tray::open(&folder.path().join("tray"), false, Voice::Quiet).unwrap();
        let settings = Settings { speed: Some(14), start: Duration::from_millis(10), ..Settings::default() };
        let machine = Machine::new(settings, tray);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(machine.clone().keep_time());
        let host = machine.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = host.serve(stream).await;
            }
        });
        let socket = folder.path().join("socket");
        let config = format!(
            "state = {:?}\nsocket = {socket:?}\n[printers.pack-1]\ndevice = \"tcp://{address}\"\nspeed = 14\n\
             [stations.bench-1]\nprinter = \"pack-1\"\n{more}\n",
            folder.path().join("state")
        );
        let daemon = serve::start(Config::parse("test", &config).unwrap()).await.unwrap();
        House { folder, machine, daemon, client: Client::new(&Door { socket: Some(socket) }) }
    }

    async fn submit(&self, job: Value) {
        let answer = self.client.post("/v1/jobs", job.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
    }

    async fn post(&self, path: &str, body: Value) {
        let answer = self.client.post(path, body.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{path}: {}: {}", answer.status, answer.body);
    }

    async fn scan(&self, text: &str) -> Value {
        let answer = self.client.post("/v1/scan", json!({"station": "bench-1", "text": text}).to_string()).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
        answer.body
    }

    async fn expect(&self, text: &str, code: &str) -> Value {
        let answer = self.scan(text).await;
        assert_eq!(answer["code"], code, "{answer}");
        answer
    }

    async fn label(&self, label: &str) -> Value {
        self.client.get(&format!("/v1/labels/{label}")).await.unwrap().body
    }

    async fn station(&self) -> Value {
        self.client.get("/v1/stations").await.unwrap().body["stations"][0].clone()
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&House) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds(self).await {
            assert!(Instant::now() < deadline, "never happened: {what}\n{:#?}", self.printed());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_state(&self, label: &str, state: &str) {
        self.until(&format!("{label} {state}"), async |house| house.label(label).await["state"] == state).await;
    }

    /// The tracking numbers of the whole pieces in the tray, in the order they fell.
    fn printed(&self) -> Vec<String> {
        let ledger = std::fs::read_to_string(self.folder.path().join("tray/ledger.jsonl")).unwrap_or_default();
        let pieces = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let tracking = |piece: Value| {
            let fields = piece["fields"].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned);
            fields.filter_map(|field| field.find("TR").map(|at| field[at..at + 5].to_owned())).next().unwrap_or_default()
        };
        pieces.filter(|piece| piece["status"] == "printed").map(tracking).collect()
    }

    /// What was told of that kind.
    async fn events(&self, kind: &str) -> Vec<Value> {
        let mut heard = self.client.events(Some("0")).await.unwrap();
        let mut events = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(300), heard.next()).await {
            if event.kind == kind {
                events.push(event.data);
            }
        }
        events
    }

    async fn a_printed_wave(count: usize) -> House {
        let house = House::new().await;
        house.submit(job("wave", 1..=count)).await;
        house.until_state(&format!("pkg-{count}"), "printed").await;
        house
    }
}

/// Longer than two pulls of one trigger are apart.
async fn a_moment() {
    sleep(Duration::from_millis(2_050)).await;
}

fn label(number: usize) -> Value {
    json!({
        "id": format!("pkg-{number}"), "order": format!("57646{number:03}"), "tracking": format!("TR{number:03}"),
        "sender": {"name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"},
        "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
    })
}

fn job(id: &str, numbers: impl IntoIterator<Item = usize>) -> Value {
    json!({"id": id, "labels": numbers.into_iter().map(label).collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_prints_the_label_again_at_once_and_the_record_says_who_where_and_how_often() {
    let house = House::a_printed_wave(2).await;
    house.expect("XD0IDMei", "badge").await;
    let answer = house.expect(" tr 002\r\n", "reprinting").await;
    assert_eq!(answer["sentence"], "label pkg-2 prints again at pack-1, as copy 2.");
    assert_eq!((&answer["tone"], &answer["facts"]["count"]), (&json!("good"), &json!(2)));
    house.until("the copy is out", async |house| house.printed().len() == 3).await;
    house.until("it is on record", async |house| house.label("pkg-2").await["copies"] == 2).await;
    let print = house.label("pkg-2").await["prints"][1].clone();
    assert_eq!(print["reprint"], json!({"reason": "scanned at bench-1", "by": "Mei", "station": "bench-1"}));
    let told = house.events("printed").await.pop().unwrap();
    assert_eq!(told["data"]["reprint"], true, "{told}");
    assert_eq!(told["data"]["station"], "bench-1", "{told}");
    let scans = house.events("scan").await;
    assert_eq!(
        scans[1]["data"],
        json!({"station": "bench-1", "mode": "reprint", "code": "reprinting", "tone": "good", "job": "wave"})
    );
    assert_eq!(scans[1]["label"], "pkg-2");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_pulled_twice_is_one_reprint() {
    let house = House::a_printed_wave(1).await;
    house.expect("TR001", "reprinting").await;
    assert_eq!(house.expect("]C0TR001", "repeated").await["tone"], "quiet");
    house.expect("TR001\r", "repeated").await;
    house.until("the copy is out", async |house| house.label("pkg-1").await["copies"] == 2).await;
    a_moment().await;
    house.expect("TR001", "reprinting").await;
    house.until("the next copy is out", async |house| house.label("pkg-1").await["copies"] == 3).await;
    assert_eq!(house.printed().len(), 3);
    house.daemon.stop().await;
}
