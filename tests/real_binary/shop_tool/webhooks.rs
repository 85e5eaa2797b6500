//! What a program notices that is told of events by webhook, when it fails, stalls, moves or is gone for days.

use super::start;
use crate::support::labels::job_for;
use crate::support::process::Process;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use waybilld::notify::courier::sign;
use waybilld::spool::Spool;

const SECRET: &str = "0123456789abcdef";

/// What a target does with the next deliveries.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Answers(&'static str),
    /// Hears everything and never answers.
    Stalls,
    /// Goes away in the middle.
    BreaksOff,
}

const TAKES: Manner = Manner::Answers("204 No Content");

/// A shop tool's end of a webhook.
struct Target {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    /// Events of the deliveries it took, as they came.
    taken: Arc<Mutex<Vec<Value>>>,
    listening: JoinHandle<()>,
}

impl Target {
    async fn new(manner: Manner) -> Target {
        Target::at("127.0.0.1:0", manner, Arc::default()).await
    }

    async fn at(address: &str, manner: Manner, taken: Arc<Mutex<Vec<Value>>>) -> Target {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let manner = Arc::new(Mutex::new(manner));
        let (how, heard) = (manner.clone(), taken.clone());
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(hear(stream, how.clone(), heard.clone()));
            }
        });
        Target { address, manner, taken, listening }
    }

    fn change(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn seqs(&self) -> Vec<i64> {
        self.taken.lock().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect()
    }

    fn config(&self, more: &str) -> String {
        format!("[webhooks.erp]\nurl = \"http://{}/hook?shop=1\"\nsecret = \"{SECRET}\"\n{more}\n", self.address)
    }
}

/// One delivery: its signature is checked before anything else.
async fn hear(stream: TcpStream, manner: Arc<Mutex<Manner>>, taken: Arc<Mutex<Vec<Value>>>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    assert_eq!(line, "POST /hook?shop=1 HTTP/1.1\r\n");
    let mut headers = HashMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    let timestamp = headers["waybilld-timestamp"].parse().unwrap();
    assert_eq!(headers["waybilld-signature"], sign(SECRET.as_bytes(), timestamp, &body));
    let body: Value = serde_json::from_slice(&body).unwrap();
    let events = body["events"].as_array().unwrap().clone();
    assert!((1..=100).contains(&events.len()));
    assert_eq!(headers["waybilld-event-id"], events.last().unwrap()["seq"].to_string());
    let manner = *manner.lock().unwrap();
    match manner {
        Manner::Answers(answer) => {
            if answer.starts_with('2') {
                taken.lock().unwrap().extend(events);
            }
            let answer = format!("HTTP/1.1 {answer}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
            // Who asked may be gone.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        Manner::Stalls => drop(stream.read_to_end(&mut Vec::new()).await),
        Manner::BreaksOff => {}
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < deadline, "never happened: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn submit(daemon: &Process, job: Value) {
    let answer = daemon.client.post_answer("/v1/jobs", job.to_string()).await.unwrap();
    assert!(answer.status.is_success(), "{}", answer.body);
}

async fn webhook(daemon: &Process) -> Value {
    daemon.get("/v1/webhooks").await["webhooks"][0].clone()
}

async fn until_told(daemon: &Process) {
    until("everything is printed and told", async || {
        let printers = daemon.get("/v1/printers").await;
        let counts = &printers["printers"][0]["counts"];
        counts["waiting"].as_u64().unwrap_or(0) + counts["sending"].as_u64().unwrap_or(0) == 0
            && webhook(daemon).await["behind"] == 0
    })
    .await;
}

/// Each event once, in order.
fn assert_whole(seqs: &[i64]) {
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_fails_in_every_way_hears_each_event_once_and_in_order_when_it_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::new(Manner::Answers("500 Internal Server Error")).await;
    let daemon = start(folder.path(), &target.config("")).await;
    submit(&daemon, job_for("pack-1", "wave", 1..=3)).await;
    for (manner, sentence) in [
        (Manner::Answers("500 Internal Server Error"), "it answers 500 and not 2xx."),
        (Manner::Answers("302 Found"), "it answers 302: redirects are not followed. Configure the address it leads to."),
        (Manner::BreaksOff, "it broke off before it answered."),
    ] {
        target.change(manner);
        until(sentence, async || webhook(&daemon).await["trouble"] == sentence).await;
    }
    let standing = webhook(&daemon).await;
    assert!(standing["behind"].as_u64().unwrap() > 0 && standing["failures"].as_u64().unwrap() >= 3, "{standing}");
    assert!(!standing.to_string().contains(SECRET), "{standing}");
    assert_eq!(daemon.get("/healthz").await["status"], "ok", "a shop tool that is down is no illness of the daemon");
    target.change(TAKES);
    until_told(&daemon).await;
    assert_whole(&target.seqs());
    let kinds: Vec<Value> = target.taken.lock().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!((kinds[0].as_str(), kinds.iter().filter(|kind| *kind == "printed").count()), (Some("taken"), 3), "{kinds:?}");
    assert_eq!(webhook(&daemon).await["trouble"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_stalls_is_given_up_after_ten_seconds_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::new(Manner::Stalls).await;
    let daemon = start(folder.path(), &target.config("")).await;
    submit(&daemon, job_for("pack-1", "wave", 1..=1)).await;
    until("it is given up", async || webhook(&daemon).await["trouble"] == "it did not answer in 10 s.").await;
    target.change(TAKES);
    until_told(&daemon).await;
    assert_whole(&target.seqs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_nine_a_target_hears_the_rest_and_nothing_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::new(TAKES).await;
    let mut daemon = start(folder.path(), &target.config("")).await;
    submit(&daemon, job_for("pack-1", "wave", 1..=2)).await;
    until("it has heard of the wave", async || target.seqs().len() > 3).await;
    // The target goes first, so that events are left over.
    target.listening.abort();
    let heard = target.taken.clone();
    submit(&daemon, job_for("pack-1", "late", 3..=4)).await;
    until("it is missed", async || webhook(&daemon).await["trouble"] == format!("nothing listens at {}.", target.address)).await;
    let config = target.config("");
    daemon.kill();
    let daemon = start(folder.path(), &config).await;
    until("it knows what is left", async || webhook(&daemon).await["behind"].as_u64().unwrap() > 0).await;
    let target = Target::at(&target.address.to_string(), TAKES, heard).await;
    until_told(&daemon).await;
    let mut seqs = target.seqs();
    // At least once: what was answered and not yet written down comes again.
    seqs.dedup();
    assert_whole(&seqs);
    assert!(seqs.len() > 10, "{seqs:?}");
}

/// As if the days for which events are kept had passed.
async fn erase_events(folder: &Path) {
    let spool = Spool::open(&folder.join("state"), Arc::new(|| 4_000_000_000_000)).unwrap();
    spool.erase(4_000_000_000_000).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_was_down_for_weeks_is_told_what_it_missed_and_hears_only_what_it_wants() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::new(Manner::BreaksOff).await;
    let config = target.config("events = [\"printed\"]");
    let mut daemon = start(folder.path(), &config).await;
    submit(&daemon, job_for("pack-1", "wave", 1..=2)).await;
    until("the wave is out", async || daemon.get("/v1/printers").await["printers"][0]["counts"]["printed"] == 2).await;
    assert_ne!(webhook(&daemon).await["behind"], json!(0));
    daemon.kill();
    erase_events(folder.path()).await;

    let target = Target::at(&target.address.to_string(), TAKES, {
        target.listening.abort();
        let _ = target.listening.await;
        target.taken
    })
    .await;
    let daemon = start(folder.path(), &config).await;
    submit(&daemon, job_for("pack-1", "late", 3..=3)).await;
    until_told(&daemon).await;
    let taken = target.taken.lock().unwrap().clone();
    let kinds: Vec<&str> = taken.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds.last().copied()), ("gap", Some("printed")), "{kinds:?}");
    assert!(kinds[1..].iter().all(|kind| *kind == "printed"), "{kinds:?}");
    assert_eq!((taken[0]["data"]["from"].as_i64(), taken[0]["data"]["to"].as_i64()), (Some(1), taken[0]["seq"].as_i64()));
    assert_eq!(taken.last().unwrap()["label"], "pkg-3");
}
