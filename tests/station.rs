//! What a packer notices at a station: the real daemon, ledger and TCP, a virtual printer, and scans through the door.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::{Client, DaemonSocket};
use waybilld::closed_set::ClosedSet;
use waybilld::config::Config;
use waybilld::daemon::{self, Running};
use waybilld::emulator::{Machine, Tray, Voice};
use waybilld::virtual_printer::Settings;

mod stories;

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
        let daemon = daemon::start(Config::parse("test", &config).unwrap()).await.unwrap();
        House { folder, machine, daemon, client: Client::new(&DaemonSocket { socket: Some(socket) }) }
    }

    async fn submit(&self, job: Value) {
        let answer = self.client.post_answer("/v1/jobs", job.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
    }

    async fn post(&self, path: &str, body: Value) {
        let answer = self.client.post_answer(path, body.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{path}: {}: {}", answer.status, answer.body);
    }

    async fn scan(&self, text: &str) -> Value {
        let answer = self.client.post_answer("/v1/scan", json!({"station": "bench-1", "text": text}).to_string()).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
        answer.body
    }

    async fn expect(&self, text: &str, code: &str) -> Value {
        let answer = self.scan(text).await;
        assert_eq!(answer["code"], code, "{answer}");
        answer
    }

    async fn label(&self, label: &str) -> Value {
        self.client.get_answer(&format!("/v1/labels/{label}")).await.unwrap().body
    }

    async fn station(&self) -> Value {
        self.client.get_answer("/v1/stations").await.unwrap().body["stations"][0].clone()
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
        let mut heard = self.client.events(Some(0)).await.unwrap();
        let mut events = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(300), heard.next()).await {
            if event.kind.word() == kind {
                events.push(serde_json::to_value(&event).unwrap());
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voided_label_is_refused_where_the_packer_looks_and_a_slip_says_so() {
    let house = House::with("slip = true").await;
    house.submit(job("wave", 1..=1)).await;
    house.until_state("pkg-1", "printed").await;
    house.post("/v1/labels/pkg-1/void", json!({})).await;
    let answer = house.expect("RB|TR001", "unknown").await;
    assert_eq!(answer["tone"], "bad");
    let answer = house.expect("TR001", "refused_voided").await;
    assert_eq!(answer["sentence"], "label pkg-1 is voided: do not send this parcel with it.");
    assert_eq!(house.station().await["last"]["code"], "refused_voided");
    house.until("the slip is out", async |house| house.printed().len() == 2).await;
    let printed = async |house: &House| house.events("slip").await.iter().any(|told| told["data"]["outcome"] == "printed");
    house.until("the slip is told of", printed).await;
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_power_cut_the_station_asks_and_a_scan_for_each_question_finishes_the_run() {
    let house = House::new().await;
    house.submit(job("wave", 1..=6)).await;
    house.until("two are out", async |house| house.printed().len() >= 2).await;
    house.machine.control("power cut");
    house.until("a label is asked for", async |house| !house.station().await["doubt"].is_null()).await;
    house.machine.control("power on");
    let mut questions = 0;
    loop {
        let doubt = house.station().await["doubt"].clone();
        if doubt.is_null() {
            break;
        }
        let came_out = house.printed().iter().any(|tracking| doubt["tracking"] == tracking.as_str());
        let answer = house.scan(if came_out { "XD0CTRLOUT" } else { "XD0CTRLNOT" }).await;
        // "asked": the question took the place of another one a moment ago, and is put again.
        let known = ["came_out", "did_not", "repeated", "asked", "nothing_asked"];
        assert!(known.contains(&answer["code"].as_str().unwrap()), "{answer}");
        match answer["code"].as_str() {
            Some("repeated" | "asked") => a_moment().await,
            _ => questions += 1,
        }
    }
    assert!((1..=2).contains(&questions), "no more than the window: {questions}");
    for number in 1..=6 {
        house.until_state(&format!("pkg-{number}"), "printed").await;
    }
    let mut printed = house.printed();
    printed.sort();
    assert_eq!(printed, (1..=6).map(|number| format!("TR{number:03}")).collect::<Vec<_>>(), "each exactly once");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_that_expires_while_it_waits_is_held_and_says_why() {
    let house = House::new().await;
    let mut wave = job("wave", 1..=2);
    wave["labels"][0]["expires"] = "2020-01-01T00:00:00Z".into();
    house.submit(wave).await;
    house.until_state("pkg-2", "printed").await;
    let label = house.label("pkg-1").await;
    assert_eq!((&label["state"], &label["reason"]), (&json!("held"), &json!("it has expired: it must not be used any more.")));
    house.expect("TR001", "refused_expired").await;
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_prints_on_scan_prints_what_is_scanned_and_nothing_else() {
    let house = House::with("mode = \"print\"").await;
    let mut wave = job("wave", 1..=3);
    wave["print"] = "on_scan".into();
    for label in wave["labels"].as_array_mut().unwrap() {
        label["items"] = json!([{"sku": "LAMP-2", "name": "Desk lamp", "quantity": 1}]);
    }
    wave["labels"][0]["ship_by"] = "2030-07-15T18:00:00Z".into();
    wave["labels"][1]["ship_by"] = "2030-07-14T18:00:00Z".into();
    house.submit(wave).await;
    assert_eq!(house.label("pkg-1").await["reason"], "prints when it is scanned");
    let answer = house.expect("LAMP-2", "printing").await;
    assert_eq!(answer["sentence"], "label pkg-2 prints at pack-1. 2 more wait for this article.");
    house.expect("57646003", "printing").await;
    house.until("both are out", async |house| house.printed() == ["TR002", "TR003"]).await;
    house.until_state("pkg-3", "printed").await;
    assert_eq!(house.label("pkg-1").await["state"], "held");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_writes_beside_a_hold_lets_no_label_go_or_print() {
    let house = House::with("mode = \"print\"").await;
    house.post("/v1/printers/pack-1/pause", json!({})).await;
    house.submit(job("wave", 1..=3)).await;
    let sentences = ["waited through a long outage", "prints when it is scanned", "buyer asked to cancel"];
    for (number, reason) in (1..).zip(sentences) {
        house.post(&format!("/v1/labels/pkg-{number}/hold"), json!({"reason": reason})).await;
    }
    house.post("/v1/printers/pack-1/release", json!({})).await;
    assert_eq!(house.label("pkg-1").await["state"], "held", "the outage of the printer held another label, not this one");
    let answer = house.scan("TR002").await;
    assert_eq!((&answer["tone"], &house.label("pkg-2").await["state"]), (&json!("bad"), &json!("held")), "{answer}");
    house.post("/v1/orders/57646003/release", json!({})).await;
    assert_eq!(house.label("pkg-3").await["state"], "held", "no buyer has asked");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_held_because_the_buyer_asked_to_cancel_is_released_with_its_order() {
    let house = House::new().await;
    house.post("/v1/printers/pack-1/pause", json!({})).await;
    house.submit(job("wave", 1..=1)).await;
    // What the console sends.
    house.post("/v1/labels/pkg-1/hold", json!({"cause": "buyer_asked", "reason": "the buyer asked to cancel"})).await;
    assert_eq!(house.label("pkg-1").await["cancel_requested"], true);
    house.post("/v1/orders/57646001/release", json!({})).await;
    let label = house.label("pkg-1").await;
    assert_eq!((&label["state"], &label["cancel_requested"]), (&json!("waiting"), &json!(null)));
    house.daemon.stop().await;
}
