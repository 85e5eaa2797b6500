//! A house with a console: the real daemon as a process, a virtual printer on TCP, and a browser before it.

use crate::chromium::{Chromium, parts};
use crate::support::printer::{Printer, quick};
use crate::support::process::Process;
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener as Port;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::Client;
use waybilld::emulator::Machine;

pub struct House {
    folder: TempDir,
    config: String,
    printer: Printer,
    daemon: Process,
    pub machine: Arc<Machine>,
    pub client: Client,
    pub chromium: Chromium,
}

impl House {
    /// With the page open, or `None` when a part is missing, which is said by name. `more` is configuration of
    /// the printer, and of what follows it.
    pub async fn open(more: &str) -> Option<House> {
        let parts = match parts() {
            Ok(parts) => parts,
            Err(missing) => {
                println!("not run, for there is no {missing}");
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let printer = Printer::start(&folder.path().join("tray"), quick()).await;
        // A port that is free now is free in a moment, and the same after a restart.
        let console = Port::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = format!(
            "[console]\nlisten = \"{console}\"\n[printers.pack-1]\ndevice = \"tcp://{}\"\nspeed = 14\n{more}",
            printer.address
        );
        let daemon = Process::start(folder.path(), &config);
        let chromium = Chromium::start(&parts, 1366, 768).await;
        let (machine, client) = (printer.machine.clone(), daemon.client.clone());
        let mut house = House { folder, config, printer, daemon, machine, client, chromium };
        house.daemon.ready().await;
        let url = house.get("/v1/console").await["url"].as_str().unwrap().to_owned();
        house.chromium.open(&url).await;
        house.chromium.until("the page is live", "return document.querySelector('#link')?.dataset.live === 'true'").await;
        Some(house)
    }

    /// Kills the daemon as a power cut would.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    pub async fn restart(&mut self) {
        self.daemon = Process::start(self.folder.path(), &self.config);
        self.daemon.ready().await;
    }

    pub async fn get(&self, path: &str) -> Value {
        self.client.get_answer(path).await.unwrap().granted::<serde_json::Value>().unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.client.post_answer(path, body.to_string()).await.unwrap().granted::<serde_json::Value>().unwrap()
    }

    /// A file of that name beside the ledger.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub async fn submit(&self, job: &str, labels: impl IntoIterator<Item = Value>) {
        self.post("/v1/jobs", json!({"id": job, "labels": labels.into_iter().collect::<Vec<_>>()})).await;
    }

    pub async fn state(&self, label: &str) -> String {
        self.get(&format!("/v1/labels/{label}")).await["state"].as_str().unwrap().to_owned()
    }

    pub async fn until_state(&self, label: &str, state: &str) {
        self.until(&format!("{label} {state}"), async |house| house.state(label).await == state).await;
    }

    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&House) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds(self).await {
            assert!(Instant::now() < deadline, "never happened: {what}\n{}", self.machine.control("status"));
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The pieces that came out of the printer.
    pub fn machine_pieces(&self) -> u64 {
        self.printer.status()["pieces"].as_u64().unwrap()
    }

    /// A picture of the page, to look at.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/console");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), self.chromium.screenshot().await).unwrap();
    }

    /// The page in both languages and at two sizes of screen. It is in English and small before and after.
    pub async fn pictures(&self, name: &str) {
        for (width, height) in [(1920, 1080), (1366, 768)] {
            self.chromium.resize(width, height).await;
            for language in ["zh", "en"] {
                self.chromium.alt('g').await;
                sleep(Duration::from_millis(150)).await;
                self.picture(&format!("{name}-{width}-{language}")).await;
            }
        }
    }

    /// The browser had nothing to say against the page.
    pub async fn close(self) {
        let complaints = self.chromium.complaints().await;
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

/// A label for the house's printer.
pub fn label(number: usize) -> Value {
    json!({
        "id": format!("pkg-{number}"), "order": format!("57646{number:03}"), "tracking": format!("TR{number:06}"),
        "sender": {"name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"},
        "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
    })
}
