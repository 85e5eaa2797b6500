//! A packing table for stories, each of which uses a part of it: the real daemon, socket, ledger and TCP, and virtual printers of ours beside each other.

#![allow(dead_code)] // no test file uses all of it

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::{Answer, Client, Door};
use waybilld::config::Config;
use waybilld::daemon::{self, Running};
use waybilld::emulator::{Machine, Tray, Voice};
use waybilld::virtual_printer::Settings;

pub struct Table {
    pub folder: TempDir,
    pub machines: Vec<Arc<Machine>>,
    pub daemon: Running,
    pub client: Client,
    cables: Vec<(SocketAddr, JoinHandle<()>)>,
}

impl Table {
    /// Printers pack-1, pack-2, … of 14 inches a second; `of_each` stands in the table of each, `limits` in its own.
    pub async fn of(printers: usize, of_each: &str, limits: &str) -> Table {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let mut config = format!("state = {:?}\nsocket = {socket:?}\n[limits]\n{limits}\n", folder.path().join("state"));
        let (mut machines, mut cables) = (Vec::new(), Vec::new());
        for number in 1..=printers {
            let tray = Tray::open(&folder.path().join(format!("tray-{number}")), false, Voice::Quiet).unwrap();
            let settings = Settings { speed: Some(14), start: Duration::from_millis(10), ..Settings::default() };
            let machine = Machine::new(settings, tray);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(machine.clone().keep_time());
            cables.push((address, tokio::spawn(serve_all(listener, machine.clone()))));
            config += &format!("[printers.pack-{number}]\ndevice = \"tcp://{address}\"\nspeed = 14\n{of_each}\n");
            machines.push(machine);
        }
        let daemon = daemon::start(Config::parse("test", &config).unwrap()).await.unwrap();
        Table { folder, machines, daemon, client: Client::new(&Door { socket: Some(socket) }), cables }
    }

    /// Nobody answers at that printer's address any more.
    pub async fn unplug(&mut self, number: usize) {
        let (_, cable) = &mut self.cables[number - 1];
        cable.abort();
        let _ = cable.await;
    }

    pub async fn plug(&mut self, number: usize) {
        let (address, cable) = &mut self.cables[number - 1];
        let listener = TcpListener::bind(*address).await.unwrap();
        *cable = tokio::spawn(serve_all(listener, self.machines[number - 1].clone()));
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.client.get(path).await.unwrap()
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.client.post(path, "{}".to_owned()).await.unwrap()
    }

    pub async fn submit(&self, job: Value) -> Value {
        let answer = self.client.post("/v1/jobs", job.to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.body);
        answer.body
    }

    pub async fn printer(&self, number: usize) -> Value {
        self.get("/v1/printers").await.body["printers"][number - 1].clone()
    }

    pub async fn label(&self, id: &str) -> Value {
        self.get(&format!("/v1/labels/{id}")).await.body
    }

    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&Table) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds(self).await {
            assert!(Instant::now() < deadline, "never happened: {what}\n{:#}", self.get("/v1/printers").await.body);
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The whole pieces in the tray of that printer, in the order they fell: what is on each.
    pub fn pieces(&self, number: usize) -> Vec<Vec<String>> {
        let ledger = self.folder.path().join(format!("tray-{number}/ledger.jsonl"));
        let ledger = std::fs::read_to_string(ledger).unwrap_or_default();
        let pieces = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let fields =
            |piece: Value| piece["fields"].as_array().unwrap().iter().map(|field| field.as_str().unwrap().to_owned()).collect();
        pieces.filter(|piece| piece["status"] == "printed").map(fields).collect()
    }

    /// The tracking numbers of them.
    pub fn printed(&self, number: usize) -> Vec<String> {
        let tracking =
            |fields: Vec<String>| fields.iter().find_map(|field| field.find("TR").map(|at| field[at..at + 5].to_owned()));
        self.pieces(number).into_iter().filter_map(tracking).collect()
    }
}

async fn serve_all(listener: TcpListener, machine: Arc<Machine>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = machine.serve(stream).await;
    }
}

pub fn label(number: usize) -> Value {
    json!({
        "id": format!("pkg-{number}"), "order": format!("57646{number:03}"), "tracking": format!("TR{number:03}"),
        "sender": {"name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"},
        "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
    })
}

pub fn job(id: &str, printer: &str, numbers: impl IntoIterator<Item = usize>) -> Value {
    json!({"id": id, "printer": printer, "labels": numbers.into_iter().map(label).collect::<Vec<_>>()})
}
