//! A shop in one process: the daemon with its real ledger, socket and TCP, and virtual printers `pack-1`, `pack-2`, ….
//!
//! `Shop::of(2).config("[stations.bench-1]\nprinter = \"pack-1\"").start().await` opens one.

use super::printer::{Printer, quick};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::{Answer, Client, DaemonSocket};
use waybilld::closed_set::ClosedSet;
use waybilld::config::Config;
use waybilld::daemon::{self, Running};
use waybilld::emulator::Machine;
use waybilld::virtual_printer::Settings;

pub struct Shop {
    pub folder: TempDir,
    pub daemon: Running,
    pub client: Client,
    printers: Vec<Printer>,
}

/// A shop that is not open yet.
pub struct Plan {
    printers: usize,
    settings: Settings,
    each: String,
    config: String,
}

impl Plan {
    /// How its printers are, instead of quick.
    pub fn settings(mut self, settings: Settings) -> Plan {
        self.settings = settings;
        self
    }

    /// More in the table of each printer.
    pub fn each(mut self, config: &str) -> Plan {
        self.each = config.to_owned();
        self
    }

    /// More tables: stations, senders, limits.
    pub fn config(mut self, config: &str) -> Plan {
        self.config = config.to_owned();
        self
    }

    pub async fn start(self) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let mut config = format!("state = {:?}\nsocket = {socket:?}\n", folder.path().join("state"));
        let mut printers = Vec::new();
        for number in 1..=self.printers {
            let printer = Printer::start(&folder.path().join(format!("tray-{number}")), self.settings.clone()).await;
            let (address, each) = (printer.address, &self.each);
            config += &format!("[printers.pack-{number}]\ndevice = \"tcp://{address}\"\nspeed = 14\n{each}\n");
            printers.push(printer);
        }
        let config = Config::parse("test", &(config + &self.config)).unwrap();
        let daemon = daemon::start(config).await.unwrap();
        Shop { folder, daemon, client: Client::new(&DaemonSocket { socket: Some(socket) }), printers }
    }
}

impl Shop {
    /// With so many printers, which print 14 inches a second.
    pub fn of(printers: usize) -> Plan {
        Plan { printers, settings: quick(), each: String::new(), config: String::new() }
    }

    pub fn machine(&self, number: usize) -> &Machine {
        &self.printers[number - 1].machine
    }

    /// That printer's line breaks and its port is closed.
    pub async fn unplug(&mut self, number: usize) {
        self.printers[number - 1].unplug().await;
    }

    pub async fn plug(&mut self, number: usize) {
        self.printers[number - 1].plug().await;
    }

    /// What is on the whole pieces in the tray of that printer, in the order they fell.
    pub fn pieces(&self, number: usize) -> Vec<Vec<String>> {
        self.printers[number - 1].pieces("printed")
    }

    /// The tracking numbers of them.
    pub fn printed(&self, number: usize) -> Vec<String> {
        self.printers[number - 1].printed()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.client.get_answer(path).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.client.post_answer(path, body.to_string()).await.unwrap()
    }

    /// Asks for something that needs no more words.
    pub async fn act(&self, path: &str) -> Answer {
        self.post(path, json!({})).await
    }

    pub async fn submit(&self, job: Value) -> Value {
        let answer = self.post("/v1/jobs", job).await;
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
        answer.body
    }

    /// What is said of that printer.
    pub async fn printer(&self, number: usize) -> Value {
        self.get("/v1/printers").await.body["printers"][number - 1].clone()
    }

    pub async fn label(&self, id: &str) -> Value {
        self.get(&format!("/v1/labels/{}", id.replace('/', "%2F"))).await.body
    }

    pub async fn state(&self, label: &str) -> String {
        let label = self.label(label).await;
        label["state"].as_str().unwrap_or_else(|| panic!("{label}")).to_owned()
    }

    /// What a scan at that station is answered.
    pub async fn scan(&self, station: &str, text: &str) -> Value {
        let answer = self.post("/v1/scan", json!({"station": station, "text": text})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// The events of that kind up to now.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let mut heard = self.client.events(Some(0)).await.unwrap();
        let mut events = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(300), heard.next()).await {
            if event.kind.word() == kind {
                events.push(serde_json::to_value(&event).unwrap());
            }
        }
        events
    }

    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&Shop) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds(self).await {
            let pieces = || self.printers.iter().map(Printer::printed).collect::<Vec<_>>();
            assert!(
                Instant::now() < deadline,
                "never happened: {what}\n{:#}\n{:#?}",
                self.get("/v1/printers").await.body,
                pieces()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn until_state(&self, label: &str, state: &str) {
        self.until(&format!("{label} {state}"), async |shop| shop.state(label).await == state).await;
    }

    pub async fn until_printed<S: AsRef<str>>(&self, labels: &[S]) {
        for label in labels {
            self.until_state(label.as_ref(), "printed").await;
        }
    }

    pub async fn stop(self) {
        self.daemon.stop().await;
    }
}
