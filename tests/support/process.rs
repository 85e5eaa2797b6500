//! The program as a process of its own: started, asked, given signals, killed.

use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use waybilld::cli::client::{Answer, Client, DaemonSocket};

/// How long a daemon may take to come up, or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A daemon whose configuration, ledger, socket and log lie in one folder.
pub struct Process {
    child: Child,
    pub socket: PathBuf,
    pub client: Client,
}

impl Process {
    /// Starts `waybilld serve` in that folder; what it logs is in its file `log`.
    pub fn start(folder: &Path, config: &str) -> Process {
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = Process::serve(folder, config);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Process::spawn(folder, &mut command)
    }

    /// `waybilld serve` in that folder, to be started with pipes of the caller's.
    pub fn serve(folder: &Path, config: &str) -> Command {
        let file = folder.join("config.toml");
        let text = format!("state = {:?}\nsocket = {:?}\n{config}\n", folder.join("state"), folder.join("socket"));
        fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybilld"));
        command.args(["serve", "--config"]).arg(file).env("NO_COLOR", "1");
        command
    }

    pub fn spawn(folder: &Path, command: &mut Command) -> Process {
        let socket = folder.join("socket");
        let client = Client::new(&DaemonSocket { socket: Some(socket.clone()) });
        Process { child: command.spawn().unwrap(), socket, client }
    }

    /// Until it answers.
    pub async fn ready(&mut self) {
        let ready = async {
            while self.client.get_answer("/healthz").await.is_err() {
                assert_eq!(self.child.try_wait().unwrap(), None, "the daemon ended");
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, ready).await.expect("the daemon comes up");
        assert_eq!(self.child.try_wait().unwrap(), None, "another daemon answers");
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("the daemon ends")
    }

    /// Runs `waybilld` with those words, to its end.
    pub fn command(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybilld"));
        command.args(words.split(' ')).arg("--socket").arg(&self.socket).output().unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.client.get_answer(path).await.unwrap().body
    }

    /// What it answers; `None` when it did not.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        self.client.get_answer(path).await.ok()
    }

    /// What it answers; `None` when it did not.
    pub async fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.client.post_answer(path, body.to_string()).await.ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
