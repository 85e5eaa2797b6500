//! The example clients, each against the real daemon: what a shop author copies works as it stands.
//!
//! A client whose language is not on this machine is not run, and that is said by name; `.ci/install` brings them all.

use super::start;
use crate::support::process::Process;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use std::{fs, io};
use waybilld::notify::courier::sign;

/// An example and what runs it.
#[derive(Clone, Copy)]
struct Client {
    language: &'static str,
    /// Which Debian package brings it.
    package: &'static str,
    file: &'static str,
}

impl Client {
    /// Whether its language is on this machine.
    fn is_here(self) -> bool {
        let Client { language, package, file } = self;
        let there = Command::new(language).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if there.is_err() {
            // Past the capture of the tests' output: a skipped test is not to pass in silence.
            let _ = writeln!(io::stderr(), "skipped: examples/clients/{file} needs {language} (Debian: {package})");
        }
        there.is_ok()
    }

    fn command(self) -> Command {
        let mut command = Command::new(self.language);
        command.arg(repository().join("examples/clients").join(self.file));
        command
    }

    /// Submits the labels; whether it ended well, what it said, and what it complained of.
    fn submit(self, daemon: &Process, job: &str, labels: &Path) -> (bool, String, String) {
        let ended = self.command().arg(job).arg(labels).env("WAYBILLD_SOCKET", &daemon.socket).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ended.status.success(), text(&ended.stdout), text(&ended.stderr))
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The first labels of the sample wave, one a line.
fn labels(folder: &Path, count: usize) -> PathBuf {
    let wave = fs::read_to_string(repository().join("samples/wave.jsonl")).unwrap();
    let file = folder.join("labels.jsonl");
    fs::write(&file, wave.lines().take(count).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    file
}

/// Three labels come out, and one of them again on record. A faulty one is refused, and every fault of it told.
async fn prints_a_wave(client: Client) {
    if !client.is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let daemon = start(folder.path(), "").await;
    let (well, said, complaint) = client.submit(&daemon, "wave-1", &labels(folder.path(), 3));
    assert_eq!(said, "job wave-1: 3 printed\nlabel pkg-0001: printed, 2 copies\n", "{complaint}");
    assert!(well && complaint.is_empty(), "{complaint}");
    let label = daemon.get("/v1/labels/pkg-0001").await;
    let reprint = &label["prints"][1]["reprint"];
    assert_eq!((reprint["reason"].as_str(), reprint["by"].as_str()), (Some("smudged"), Some(client.file)));

    let file = labels(folder.path(), 1);
    let faulty = fs::read_to_string(&file).unwrap().replace("pkg-0001", "pkg-9").replace("LY318479364CN", "");
    fs::write(&file, faulty.replace("753 28", "")).unwrap();
    let (well, said, complaint) = client.submit(&daemon, "wave-2", &file);
    assert!(!well && said.is_empty(), "{said}");
    for part in ["pkg-9", "tracking", "recipient.postcode", "is missing: SWEDEN needs one.", "422: 2 faults in 1 label"] {
        assert!(complaint.contains(part), "{part}\n{complaint}");
    }
    assert_eq!(daemon.get("/v1/jobs/wave-2").await["status"], 404, "nothing was taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_client_prints_a_wave_and_a_reprint_and_tells_faults() {
    prints_a_wave(Client { language: "python3", package: "python3", file: "shop.py" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_client_prints_a_wave_and_a_reprint_and_tells_faults() {
    prints_a_wave(Client { language: "node", package: "nodejs", file: "shop.mjs" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_php_client_prints_a_wave_and_a_reprint_and_tells_faults() {
    prints_a_wave(Client { language: "php", package: "php-cli", file: "shop.php" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shell_client_prints_a_wave_and_a_reprint_and_tells_faults() {
    if (Client { language: "curl", package: "curl", file: "shop.sh" }).is_here() {
        prints_a_wave(Client { language: "sh", package: "dash", file: "shop.sh" }).await;
    }
}

/// A receiver at work, which ends with this.
struct Receiver {
    process: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const SECRET: &str = "a secret of the shop and ours";

/// Posts a delivery by hand; the status.
fn post(port: u16, timestamp: u64, signature: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let length = body.len();
    let headers = format!("waybilld-timestamp: {timestamp}\r\nwaybilld-signature: {signature}\r\ncontent-length: {length}");
    write!(stream, "POST / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n{headers}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Events of a wave arrive once each and in order; a stranger's delivery and an old one are turned away.
async fn hears_a_wave(client: Client) {
    if !client.is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("hook.key");
    fs::write(&key, format!("{SECRET}\n")).unwrap();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut process = client.command().arg(port.to_string()).arg(&key).stdout(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(process.stdout.take().unwrap());
    let mut receiver = Receiver { process, said };
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(receiver.process.try_wait().unwrap().is_none(), "it ended");
        sleep(Duration::from_millis(20));
    }
    let forged = r#"{"events": [{"seq": 1, "kind": "printed", "label": "forged"}]}"#;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert_eq!(post(port, now, &sign(b"another secret altogether", now, forged.as_bytes()), forged), 401);
    assert_eq!(post(port, now - 3600, &sign(SECRET.as_bytes(), now - 3600, forged.as_bytes()), forged), 401, "an old one");

    let webhook = format!("[webhooks.shop]\nurl = \"http://127.0.0.1:{port}/\"\nsecret_file = {key:?}\n");
    let daemon = start(folder.path(), &webhook).await;
    let wave = fs::read_to_string(labels(folder.path(), 1)).unwrap();
    let label: Value = serde_json::from_str(&wave).unwrap();
    let job = serde_json::json!({"id": "wave-1", "labels": [label]});
    assert!(daemon.client.post_answer("/v1/jobs", job.to_string()).await.unwrap().status.is_success());
    let mut heard = Vec::new();
    while heard.last().is_none_or(|line| line != "printed pkg-0001") {
        let mut line = String::new();
        assert!(receiver.said.read_line(&mut line).unwrap() > 0, "it ended: {heard:?}");
        heard.push(line.trim_end().to_owned());
    }
    let of_labels: Vec<&String> = heard.iter().filter(|line| line.ends_with("wave-1") || line.ends_with("pkg-0001")).collect();
    assert_eq!(of_labels, ["taken wave-1", "sending pkg-0001", "printed pkg-0001"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_receiver_hears_events_and_turns_strangers_away() {
    hears_a_wave(Client { language: "python3", package: "python3", file: "webhook.py" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_receiver_hears_events_and_turns_strangers_away() {
    hears_a_wave(Client { language: "node", package: "nodejs", file: "webhook.mjs" }).await;
}
