//! The daemon as a process: started, asked, killed.

use serde_json::Value;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use waybilld::cli::client::{Answer, Client, Door};

/// A daemon whose ledger, socket and log lie in one folder.
pub struct Daemon {
    process: Child,
    client: Client,
}

impl Daemon {
    /// Starts one for the printer at that address; without one nobody is there.
    pub fn start(house: &Path, printer: Option<SocketAddr>) -> Daemon {
        let config = house.join("config.toml");
        let socket = house.join("socket");
        let printer = printer.map_or_else(|| "127.0.0.1:9".to_owned(), |address| address.to_string());
        fs::write(&config, format!("[printers.pack-1]\ndevice = \"tcp://{printer}\"\nspeed = 14\n")).unwrap();
        let log = File::options().create(true).append(true).open(house.join("log")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_waybilld"))
            .args(["serve", "--config"])
            .arg(&config)
            .arg("--state")
            .arg(house.join("state"))
            .arg("--socket")
            .arg(&socket)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Daemon { process, client: Client::new(&Door { socket: Some(socket) }) }
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Until it answers.
    pub async fn ready(&mut self) {
        let ready = async {
            while self.client.get("/healthz").await.is_err() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), ready).await.expect("the daemon comes up");
        assert_eq!(self.process.try_wait().unwrap(), None, "another daemon answers");
    }

    /// Until it ends by itself; its exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        for _ in 0..2000 {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("the daemon does not end");
    }

    /// What it answers; `None` when it did not.
    pub async fn get(&self, path: &str) -> Option<Answer> {
        self.client.get(path).await.ok()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.client.post(path, body.to_string()).await.ok()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
