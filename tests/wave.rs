//! What a packer and a shop tool notice while a wave prints: the real daemon, socket, ledger and TCP, and a virtual printer.

use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::{Client, Door};
use waybilld::config::Config;
use waybilld::daemon::{self, Running};
use waybilld::emulator::{Machine, Tray, Voice};
use waybilld::virtual_printer::Settings;

/// A house with one printer on a TCP port, and hands on both.
struct House {
    folder: TempDir,
    machine: Arc<Machine>,
    daemon: Running,
    client: Client,
}

impl House {
    /// 14 inches a second: a 150 mm label takes 0.4 s.
    async fn new() -> House {
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
            "state = {:?}\nsocket = {socket:?}\n[printers.pack-1]\ndevice = \"tcp://{address}\"\nspeed = 14\n",
            folder.path().join("state")
        );
        let daemon = daemon::start(Config::parse("test", &config).unwrap()).await.unwrap();
        House { folder, machine, daemon, client: Client::new(&Door { socket: Some(socket) }) }
    }

    async fn submit(&self, job: Value) -> Value {
        let answer = self.client.post("/v1/jobs", job.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
        answer.body
    }

    async fn post(&self, path: &str, body: Value) -> u16 {
        self.client.post(path, body.to_string()).await.unwrap().status.as_u16()
    }

    async fn state(&self, label: &str) -> String {
        let answer = self.client.get(&format!("/v1/labels/{label}")).await.unwrap();
        answer.body["state"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
    }

    async fn printer(&self) -> Value {
        let answer = self.client.get("/v1/printers").await.unwrap();
        answer.body["printers"][0].clone()
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&House) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds(self).await {
            assert!(
                Instant::now() < deadline,
                "never happened: {what}\n{}\n{:#?}",
                self.machine.control("status"),
                self.printed()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_printed(&self, labels: &[&str]) {
        for label in labels {
            self.until(&format!("{label} printed"), async |house| house.state(label).await == "printed").await;
        }
    }

    /// The tracking numbers of the whole pieces in the tray, in the order they fell.
    fn printed(&self) -> Vec<String> {
        pieces(self.folder.path(), "printed")
    }
}

fn pieces(folder: &Path, status: &str) -> Vec<String> {
    let ledger = std::fs::read_to_string(folder.join("tray/ledger.jsonl")).unwrap_or_default();
    let lines = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let tracking = |piece: Value| {
        let fields = piece["fields"].as_array().unwrap().clone();
        fields
            .iter()
            .filter_map(Value::as_str)
            .find_map(|field| field.find("TR").map(|at| field[at..at + 5].to_owned()))
            .unwrap_or_default()
    };
    lines.filter(|piece| piece["status"] == status).map(tracking).collect()
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

fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("pkg-{number}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_out_holds_the_wave_says_so_and_a_new_roll_goes_on_at_the_right_label() {
    let house = House::new().await;
    house.machine.control("media 3");
    house.submit(job("wave", 1..=6)).await;
    house.until("the printer is out of labels", async |house| house.printer().await["reasons"][0] == "media-empty").await;
    let printer = house.printer().await;
    assert_eq!(printer["state"], "stopped");
    assert!(printer["sentence"].as_str().unwrap().contains("load a roll"), "{printer}");
    assert_eq!(house.printed().len(), 3);
    house.machine.control("media 100");
    let all = ids(1..=6);
    house.until_printed(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(house.printed(), ["TR001", "TR002", "TR003", "TR004", "TR005", "TR006"]);
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cover_opened_in_the_middle_of_a_label_costs_one_torn_piece_and_no_second_label() {
    let house = House::new().await;
    house.submit(job("wave", 1..=4)).await;
    house.until("the first label is out", async |house| !house.printed().is_empty()).await;
    house.machine.control("cover open");
    house.until("the cover is seen", async |house| house.printer().await["reasons"][0] == "cover-open").await;
    house.machine.control("cover close");
    let all = ids(1..=4);
    house.until_printed(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut printed = house.printed();
    printed.dedup();
    assert_eq!(printed, ["TR001", "TR002", "TR003", "TR004"], "each once, in order");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_urgent_label_goes_between_the_labels_of_a_run() {
    let house = House::new().await;
    house.submit(job("wave", 1..=20)).await;
    house.until("the wave has begun", async |house| !house.printed().is_empty()).await;
    let mut urgent = job("late", [99]);
    urgent["labels"][0]["urgent"] = true.into();
    house.submit(urgent).await;
    house.until_printed(&["pkg-99"]).await;
    let at = house.printed().iter().position(|tracking| tracking == "TR099").unwrap();
    assert!(at < 8, "it came as number {}", at + 1);
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voided_label_never_prints_and_a_reprint_is_one_more_piece_on_record() {
    let house = House::new().await;
    assert_eq!(house.post("/v1/printers/pack-1/pause", json!({})).await, 200);
    house.submit(job("wave", 1..=3)).await;
    assert_eq!(house.post("/v1/labels/pkg-2/void", json!({})).await, 200);
    assert_eq!(house.printer().await["state"], "paused");
    assert_eq!(house.post("/v1/printers/pack-1/resume", json!({})).await, 200);
    house.until_printed(&["pkg-1", "pkg-3"]).await;
    assert_eq!(house.state("pkg-2").await, "canceled");
    assert_eq!(house.post("/v1/labels/pkg-1/reprint", json!({"reason": "torn", "by": "anna"})).await, 200);
    house.until("the reprint is out", async |house| house.printed().len() == 3).await;
    house.until_printed(&["pkg-1"]).await;
    assert_eq!(house.printed(), ["TR001", "TR003", "TR001"]);
    let told = house.client.get("/v1/labels/pkg-1").await.unwrap().body;
    assert_eq!(told["copies"], 2, "{told}");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cut_at_the_printer_leaves_at_most_a_window_of_doubts_and_answering_them_finishes_the_wave() {
    let house = House::new().await;
    house.submit(job("wave", 1..=8)).await;
    house.until("three are out", async |house| house.printed().len() >= 3).await;
    house.machine.control("power cut");
    sleep(Duration::from_millis(500)).await;
    house.machine.control("power on");
    house
        .until("nothing is on its way", async |house| {
            let mut open = 0;
            for id in ids(1..=8) {
                open += usize::from(!matches!(house.state(&id).await.as_str(), "printed" | "in_doubt"));
            }
            open == 0
        })
        .await;
    let mut doubts = 0;
    for number in 1..=8 {
        if house.state(&format!("pkg-{number}")).await == "in_doubt" {
            doubts += 1;
            let came_out = house.printed().contains(&format!("TR{number:03}"));
            assert_eq!(house.post(&format!("/v1/labels/pkg-{number}/outcome"), json!({"came_out": came_out})).await, 200);
        }
    }
    assert!(doubts <= 2, "{doubts} doubts");
    let all = ids(1..=8);
    house.until_printed(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut printed = house.printed();
    printed.sort();
    assert_eq!(printed, (1..=8).map(|number| format!("TR{number:03}")).collect::<Vec<_>>(), "each exactly once");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_is_off_is_offline_in_a_sentence_and_the_wave_waits_for_it() {
    let house = House::new().await;
    house.machine.control("power cut");
    house.submit(job("wave", 1..=2)).await;
    house.until("it is offline", async |house| house.printer().await["state"] != "idle").await;
    assert_ne!(house.state("pkg-1").await, "printed");
    house.machine.control("power on");
    house
        .until("both have an end", async |house| {
            let states = [house.state("pkg-1").await, house.state("pkg-2").await];
            states.iter().all(|state| state == "printed" || state == "in_doubt")
        })
        .await;
    house.daemon.stop().await;
}
