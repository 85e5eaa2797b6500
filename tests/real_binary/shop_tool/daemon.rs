//! The real program, as its own process, with a virtual printer.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use waybilld::cli::client::{Client, Door};

pub struct Daemon {
    process: Child,
    pub socket: PathBuf,
    pub client: Client,
}

impl Daemon {
    /// Starts it in that folder; `more` stands at the end of its configuration. Answers when it listens.
    pub fn start(folder: &Path, more: &str) -> Daemon {
        Daemon::start_with(folder, "device = \"virtual:zpl\"", more)
    }

    /// The same, with a printer at that device.
    pub fn start_with(folder: &Path, device: &str, more: &str) -> Daemon {
        let socket = folder.join("socket");
        let config = folder.join("waybilld.toml");
        let state = folder.join("state");
        let text = format!("state = {state:?}\nsocket = {socket:?}\n[printers.pack-1]\n{device}\nspeed = 14\n{more}");
        std::fs::write(&config, text).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_waybilld"))
            .args(["serve", "--config"])
            .arg(config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(said.starts_with("waybilld listens on"), "{said}");
        let client = Client::new(&Door { socket: Some(socket.clone()) });
        Daemon { process, socket, client }
    }

    pub async fn get(&self, path: &str) -> Value {
        self.client.get(path).await.unwrap().body
    }

    /// Runs `waybilld` with those words, to its end.
    pub fn command(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybilld"));
        command.args(words.split(' ')).arg("--socket").arg(&self.socket).output().unwrap()
    }

    /// As a power cut does.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
