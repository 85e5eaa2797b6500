//! What being taken costs: over a real socket, checked, laid out once and on disk.
//!
//! `cargo bench --bench socket` prints medians. Every label has a buyer, an address and an item of its own, half of them
//! in Chinese; the connection is kept. No printer is behind it.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::UnixStream;
use waybilld::config::Config;
use waybilld::daemon::Daemon;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(measure());
}

async fn measure() {
    let folder = TempDir::new_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("a directory");
    let config = Config { state: folder.path().join("state"), socket: folder.path().join("socket"), ..Config::embedded() };
    let daemon = Daemon::open(config).expect("the shipped templates and a ledger");
    let listeners = daemon.listen().await.expect("a socket");
    let daemon = daemon.start_without_printing(listeners).await.expect("a daemon");
    let stream = UnixStream::connect(folder.path().join("socket")).await.expect("the socket");
    let (mut client, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);

    let began = Instant::now();
    submit(&mut client, 0, 500).await;
    println!("first wave of 500 labels        {}", shown(began.elapsed()));
    let mut times = Vec::new();
    for wave in 1..=20 {
        times.push(submit(&mut client, wave * 500, 500).await);
    }
    report("later waves of 500 labels", &mut times);
    let mut times = Vec::new();
    for number in 0..1000 {
        times.push(submit(&mut client, 20_000 + number, 1).await);
    }
    report("one label", &mut times);
    let again = job(0, 500).to_string();
    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(post(&mut client, again.clone(), 200).await);
    }
    report("a wave of 500 sent again", &mut times);
    daemon.stop().await;
}

async fn submit(daemon: &mut SendRequest<Full<Bytes>>, first: usize, labels: usize) -> Duration {
    post(daemon, job(first, labels).to_string(), 201).await
}

async fn post(daemon: &mut SendRequest<Full<Bytes>>, body: String, status: u16) -> Duration {
    let request = Request::post("/v1/jobs").header("host", "waybilld").header("content-type", "application/json");
    let request = request.body(Full::from(body)).expect("a request");
    let began = Instant::now();
    let response = daemon.send_request(request).await.expect("an answer");
    let answered = response.status();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    let taken = began.elapsed();
    assert_eq!(answered, status, "{}", String::from_utf8_lossy(&body));
    daemon.ready().await.expect("kept");
    taken
}

fn job(first: usize, labels: usize) -> Value {
    json!({"id": format!("wave-{first}"), "labels": (first..first + labels).map(label).collect::<Vec<_>>()})
}

fn label(number: usize) -> Value {
    let recipient = match number % 2 {
        0 => json!({
            "name": format!("Zoë Example {number}"), "phone": format!("+49 151 {:08}", number * 7919 % 100_000_000),
            "lines": [format!("Musterweg {}", number % 997), format!("c/o Flat {number}")], "city": "Jena",
            "postcode": "07743", "country": "DE"
        }),
        _ => json!({
            "name": format!("示例{number}"), "phone": format!("138{:08}", number * 7919 % 100_000_000),
            "lines": [format!("示例大道{}号样品科技园{}栋", number % 997, number % 31)], "city": "深圳市", "region": "广东省",
            "postcode": "518000", "country": "CN"
        }),
    };
    json!({
        "id": format!("pkg-{number}"), "order": format!("57646141{number:010}"), "tracking": format!("RB{number:09}GB"),
        "carrier": "Royal Mail", "service": "Tracked 48", "routing": format!("G-{:02}", number % 89),
        "ship_by": "2026-07-14T18:00:00+01:00",
        "sender": {
            "name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"
        },
        "recipient": recipient,
        "items": [
            {"sku": format!("LAMP-{}", number % 53), "name": "Desk lamp, brass", "quantity": 1 + number % 3, "location": "A-03-2"},
            {"sku": "SHADE-9", "name": format!("台灯灯罩 {}", number % 41), "quantity": 1}
        ],
        "note": format!("Please ring twice, order {number}")
    })
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| shown(times[((times.len() - 1) as f64 * share) as usize]);
    println!("{what:<31} median {}  99 % {}", at(0.5), at(0.99));
}

fn shown(time: Duration) -> String {
    format!("{:8.3} ms", time.as_secs_f64() * 1000.0)
}
