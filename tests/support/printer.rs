//! A virtual printer behind a TCP port of its own, and what lies in its tray.

use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use waybilld::emulator::{Machine, Tray, Voice};
use waybilld::virtual_printer::Settings;

pub struct Printer {
    pub machine: Arc<Machine>,
    pub address: SocketAddr,
    tray: PathBuf,
    line: JoinHandle<()>,
}

/// 14 inches a second: a 150 mm label takes 0.4 s.
pub fn quick() -> Settings {
    Settings { speed: Some(14), start: Duration::from_millis(10), ..Settings::default() }
}

impl Printer {
    pub async fn start(tray: &Path, settings: Settings) -> Printer {
        let machine = Machine::new(settings, Tray::open(tray, false, Voice::Quiet).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(machine.clone().keep_time());
        let line = tokio::spawn(serve_all(listener, machine.clone()));
        Printer { machine, address, tray: tray.to_owned(), line }
    }

    /// Its line breaks and its port is closed.
    pub async fn unplug(&mut self) {
        self.line.abort();
        let _ = (&mut self.line).await;
    }

    pub async fn plug(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.line = tokio::spawn(serve_all(listener, self.machine.clone()));
    }

    pub fn status(&self) -> Value {
        serde_json::from_str(&self.machine.control("status")).unwrap()
    }

    /// Everything that came out, in the order it fell.
    pub fn ejected(&self) -> Vec<Value> {
        let ledger = std::fs::read_to_string(self.tray.join("ledger.jsonl")).unwrap_or_default();
        // The last line may be half written.
        ledger.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect()
    }

    /// What is on each piece of that status (`printed`: it is whole).
    pub fn pieces(&self, status: &str) -> Vec<Vec<String>> {
        let fields =
            |piece: Value| piece["fields"].as_array().unwrap().iter().map(|field| field.as_str().unwrap().to_owned()).collect();
        self.ejected().into_iter().filter(|piece| piece["status"] == status).map(fields).collect()
    }

    /// The tracking numbers (`TR001`) of the whole pieces.
    pub fn printed(&self) -> Vec<String> {
        self.tracking("printed")
    }

    /// The tracking numbers of the pieces of that status; nothing for a piece without one.
    pub fn tracking(&self, status: &str) -> Vec<String> {
        let tracking =
            |fields: Vec<String>| fields.iter().find_map(|field| field.find("TR").map(|at| field[at..at + 5].to_owned()));
        self.pieces(status).into_iter().filter_map(tracking).collect()
    }
}

/// One host after the other, as a printer's port does.
async fn serve_all(listener: TcpListener, machine: Arc<Machine>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = machine.serve(stream).await;
    }
}
