//! The door as a shop tool meets it: a real socket, a real spool, no printer behind it.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;
use waybilld::config::Config;
use waybilld::daemon::{Daemon, Running};
use waybilld::spool::{Hold, Spool};

const CONFIG: &str = r#"
[printers.pack-1]
device = "virtual:zpl"

[printers.small]
device = "virtual:zpl"
media = { width = 60, height = 40 }

[senders.bristol]
name = "Little Lamp Shop"
lines = ["8 Quay Street"]
city = "Bristol"
postcode = "BS1 4DJ"
country = "GB"

[limits]
body_mb = 1
"#;

/// A daemon without printers.
struct Bench {
    folder: TempDir,
    spool: Spool,
    daemon: Option<Running>,
}

struct Answer {
    status: u16,
    content_type: String,
    allow: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Every fault as `label field: message`.
    fn faults(&self) -> Vec<String> {
        assert_eq!(self.content_type, "application/problem+json");
        let body = self.json();
        let text = |fault: &Value, key: &str| fault[key].as_str().unwrap_or_default().to_owned();
        let faults = body["faults"].as_array().cloned().unwrap_or_default();
        faults.iter().map(|f| format!("{} {}: {}", text(f, "label"), text(f, "field"), text(f, "message"))).collect()
    }

    #[track_caller]
    fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

impl Bench {
    async fn open() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let places = format!("state = {:?}\nsocket = {:?}\n", folder.path().join("state"), folder.path().join("socket"));
        let daemon = Daemon::open(Config::parse("config.toml", &(places + CONFIG)).unwrap()).unwrap();
        let listeners = daemon.listen().await.unwrap();
        let daemon = daemon.start_without_printing(listeners).await.unwrap();
        Bench { folder, spool: daemon.spool().clone(), daemon: Some(daemon) }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let stream = UnixStream::connect(self.socket()).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn ask(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "waybilld");
        let body = body.into();
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        self.send(request.body(Full::new(body)).unwrap()).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.connect().await.send_request(request).await.unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (status, content_type, allow) = (response.status().as_u16(), header("content-type"), header("allow"));
        let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        Answer { status, content_type, allow, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, body.to_string()).await
    }

    async fn submit(&self, job: &Value) -> Answer {
        self.post("/v1/jobs", job).await
    }

    async fn stop(&mut self) {
        timeout(Duration::from_secs(3), self.daemon.take().unwrap().stop()).await.expect("in time");
    }
}

fn label(number: usize) -> Value {
    json!({
        "id": format!("pkg-{number}"), "order": format!("5764614130387{number:05}"), "tracking": format!("RB{number:09}GB"),
        "sender": "bristol",
        "recipient": {
            "name": "Zoë Example", "phone": "+49 151 23456789", "lines": ["Musterweg 5"], "city": "Jena",
            "postcode": "07743", "country": "DE"
        },
        "items": [{"sku": "LAMP-2", "name": "Desk lamp", "quantity": 1}]
    })
}

fn job(id: &str, labels: impl IntoIterator<Item = Value>) -> Value {
    json!({"id": id, "printer": "pack-1", "labels": labels.into_iter().collect::<Vec<_>>()})
}

/// The same value with one field changed; a path is `recipient/name`, null takes the field away.
fn with(mut value: Value, path: &str, to: Value) -> Value {
    let (parent, field) = path.rsplit_once('/').map_or(("".to_owned(), path), |(parent, field)| (format!("/{parent}"), field));
    let object = value.pointer_mut(&parent).unwrap().as_object_mut().unwrap();
    match to {
        Value::Null => object.remove(field),
        to => object.insert(field.to_owned(), to),
    };
    value
}

fn states(job: &Value) -> Vec<(String, String)> {
    let runs = job["runs"].as_array().unwrap().iter();
    let labels = runs.flat_map(|run| run["labels"].as_array().unwrap());
    labels.map(|label| (label["id"].as_str().unwrap().to_owned(), label["state"].as_str().unwrap().to_owned())).collect()
}

fn ids(job: &Value) -> Vec<String> {
    states(job).into_iter().map(|(id, _)| id).collect()
}

/// Server-sent events as they arrive.
struct Stream {
    body: Incoming,
    text: String,
}

impl Stream {
    async fn open(bench: &Bench, path: &str, last_heard: Option<i64>) -> Stream {
        let mut request = Request::get(path).header("host", "waybilld");
        if let Some(id) = last_heard {
            request = request.header("last-event-id", id.to_string());
        }
        let response: Response<Incoming> =
            bench.connect().await.send_request(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        Stream { body: response.into_body(), text: String::new() }
    }

    /// The next event, `None` when the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                let id = event.lines().find_map(|line| line.strip_prefix("id: ")).map(str::to_owned);
                self.text = rest.to_owned();
                if let Some(data) = data {
                    let data: Value = serde_json::from_str(&data).unwrap();
                    assert_eq!(id.unwrap(), data["seq"].to_string());
                    return Some(data);
                }
                continue;
            }
            let frame = timeout(Duration::from_secs(5), self.body.frame()).await.expect("an event in time")?;
            self.text.push_str(std::str::from_utf8(frame.ok()?.data_ref().unwrap()).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_taken_once_however_often_and_however_it_is_written() {
    let bench = Bench::open().await;
    let wave = job("wave-1", (0..120).map(label));
    let taken = bench.submit(&wave).await.expect(201).json();
    assert_eq!(taken["counts"], json!({"waiting": 120}));
    let runs: Vec<usize> = taken["runs"].as_array().unwrap().iter().map(|run| run["labels"].as_array().unwrap().len()).collect();
    assert_eq!(runs, [50, 50, 20]);

    let again = bench.submit(&wave).await.expect(200).json();
    assert_eq!(again, taken);
    let labels = serde_json::to_string_pretty(&wave["labels"]).unwrap();
    let otherwise = format!("{{\"labels\": {labels},\n\n \"printer\": \"pack-1\", \"sort\": null, \"id\": \"wave-1\"}}");
    bench.ask("POST", "/v1/jobs", otherwise).await.expect(200);
    assert_eq!(bench.get("/v1/jobs/wave-1").await.expect(200).json(), taken);

    let other = with(wave, "labels/0/note", json!("leave it at the door"));
    let said = bench.submit(&other).await.expect(409).json();
    assert_eq!(said["detail"], "job wave-1 was taken with other content: give this one another id.");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_label_comes_back_in_one_answer_and_nothing_is_taken() {
    let bench = Bench::open().await;
    bench.submit(&job("before", [label(90), label(91)])).await.expect(201);
    let long = "An address nobody could ever print on a label of this size. ".repeat(7);
    let lines: Vec<&str> = vec![&long; 12];
    let labels = [
        label(1),
        with(label(2), "recipient/postcode", Value::Null),
        with(label(3), "trakcing", json!("X1")),
        with(label(4), "sender", json!("bristl")),
        with(label(5), "template", json!("waybill-100x15")),
        with(label(6), "recipient/name", json!("J*** D**")),
        with(label(7), "ship_by", json!("tomorrow")),
        with(label(8), "recipient/lines", json!(lines)),
        with(label(9), "tracking", json!("RB000000001GB")),
        with(label(1), "tracking", json!("RB000000010GB")),
        with(label(11), "tracking", json!("rb 0000 00090 gb")),
        with(label(91), "tracking", json!("RB000000012GB")),
        with(with(label(13), "id", Value::Null), "order", Value::Null),
        json!("a label"),
    ];
    let mut wave = job("wave", labels);
    wave["sort"] = json!(["ship_bye"]);
    wave["urgnet"] = json!(true);
    let refused = bench.submit(&wave).await.expect(422);
    let faults = refused.faults();
    let told = |start: &str| assert!(faults.iter().any(|fault| fault.starts_with(start)), "{start}\n{faults:#?}");
    told(" urgnet: is not a field we know. Did you mean \"urgent\"?");
    told(" sort[0]: no key \"ship_bye\" to sort by. Did you mean \"ship_by\"?");
    told("pkg-2 recipient.postcode: is missing");
    told("pkg-3 trakcing: is not a field we know. Did you mean \"tracking\"?");
    told("pkg-4 sender: no sender of that name is configured. Did you mean \"bristol\"?");
    told("pkg-5 template: no template \"waybill-100x15\". Did you mean \"waybill-100x150\"?");
    told("pkg-6 recipient.name: ");
    told("pkg-7 ship_by: is not a timestamp");
    told("pkg-8 ");
    told("pkg-9 tracking: tracking number RB000000001GB stands under label pkg-1 of this job too");
    told("pkg-1 id: label id pkg-1 stands twice in this job");
    told("pkg-11 tracking: tracking number rb 0000 00090 gb stands under label pkg-90 of job before already");
    told("pkg-91 id: label pkg-91 exists in job before and is waiting");
    told(" labels[12].id: is missing");
    told(" labels[12].order: is missing");
    told(" labels[13]: must be an object");
    assert!(refused.json()["detail"].as_str().unwrap().contains("; nothing was taken"), "{}", refused.text());
    assert!(!refused.text().contains("Example"), "a name in {}", refused.text());
    bench.get("/v1/jobs/wave").await.expect(404);
    bench.get("/v1/labels/pkg-2").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_a_code_that_a_shop_tool_can_act_on() {
    let bench = Bench::open().await;
    bench.submit(&job("first", [label(1)])).await.expect(201);
    for (path, value, code) in [
        ("order", Value::Null, "missing"),
        ("ordr", json!("1"), "unknown_field"),
        ("template", json!("waybil"), "unknown_value"),
        ("note", json!(7), "wrong_type"),
        ("carrier", json!("x".repeat(61)), "too_long"),
        ("priority", json!(2_000_000), "out_of_range"),
        ("ship_by", json!("tomorrow"), "bad_format"),
        ("recipient/name", json!("J***"), "masked"),
        ("id", json!("pkg-1"), "conflict"),
        ("recipient/lines", json!(vec!["An address that is longer than any label has room for. ".repeat(8); 12]), "does_not_fit"),
        ("recipient/name", json!("Zoe \u{10fffd}"), "no_glyph"),
        ("document", json!({}), "unsupported"),
    ] {
        let answer = bench.submit(&job("next", [with(label(2), path, value.clone())])).await.expect(422).json();
        let faults = answer["faults"].as_array().unwrap();
        let codes: Vec<&str> = faults.iter().filter_map(|fault| fault["code"].as_str()).collect();
        assert!(!codes.is_empty() && codes.iter().all(|said| *said == code), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_stand_in_the_order_of_the_callers_list() {
    let bench = Bench::open().await;
    let faulty = |number: usize| match number % 3 {
        0 => with(label(number), "recipient/name", json!("\u{10FFFD}")),
        1 => with(label(number), "template", json!("none")),
        _ => with(label(number), "order", Value::Null),
    };
    let mut wave = job("wave", (0..30).rev().map(faulty));
    wave["sort"] = json!(["tracking"]);
    let faults = bench.submit(&wave).await.expect(422).faults();
    let labels: Vec<String> = faults.iter().map(|fault| fault.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(labels, (0..30).rev().map(|number| format!("pkg-{number}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_a_job_is_told_why() {
    let bench = Bench::open().await;
    for (job, fault) in [
        (with(job("a", [label(1)]), "printer", Value::Null), " printer: is missing: name one. Known: pack-1, small."),
        (with(job("a", [label(1)]), "printer", json!("pack1")), " printer: no printer \"pack1\". Did you mean \"pack-1\"?"),
        (
            with(job("a", [label(1)]), "printer", json!("small")),
            " template: small: no variant of template \"waybill-100x150\" is made for media of 60 mm × 40 mm. There is \
             waybill-100x150 for 100 mm × 150 mm, waybill-80 for 72 mm × 150 mm: load such media, or add a template with \
             `variant_of = \"waybill-100x150\"`.",
        ),
        (with(job("a", [label(1)]), "id", json!("a b")), " id: must be 1 to 128 visible ASCII characters"),
        (job(&"x".repeat(129), [label(1)]), " id: must be 1 to 128 visible ASCII characters"),
        (job("a", []), " labels: is empty: give at least one label."),
        (with(job("a", []), "labels", Value::Null), " labels: is missing: give the labels to print, in brackets."),
        (with(job("a", []), "labels", json!({})), " labels: must be a list of labels in brackets."),
        (job("a", (0..501).map(label)), " labels: holds 501 labels and may hold 500: split the job."),
        (json!([1]), " : must be an object in braces, not a list."),
    ] {
        let faults = bench.submit(&job).await.expect(422).faults();
        assert!(faults.len() == 1 && faults[0].starts_with(fault), "{fault}\n{faults:#?}");
    }
    bench.submit(&job("a", (0..500).map(label))).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_faults_are_told_and_the_rest_is_counted() {
    let bench = Bench::open().await;
    let labels = (0..500).map(|number| json!({"id": format!("pkg-{number}")}));
    let body = bench.submit(&job("a", labels)).await.expect(422).json();
    assert_eq!(body["faults"].as_array().unwrap().len(), 1000);
    let omitted = body["faults_omitted"].as_u64().unwrap();
    assert!(
        body["detail"].as_str().unwrap().starts_with(&format!("{} faults in 500 labels;", 1000 + omitted)),
        "{}",
        body["detail"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracking_number_may_be_used_again_when_the_caller_says_so() {
    let bench = Bench::open().await;
    let twice = [label(1), with(label(2), "tracking", json!("RB000000001GB"))];
    bench.submit(&job("a", twice.clone())).await.expect(422);
    bench.submit(&with(job("a", twice), "reuse_tracking", json!(true))).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_print_in_the_order_asked_for_and_what_is_not_said_comes_last() {
    let bench = Bench::open().await;
    let labels = [
        with(label(1), "carrier", json!("GLS")),
        with(label(2), "ship_by", json!("2026-07-15T10:00:00Z")),
        with(with(label(3), "ship_by", json!("2026-07-14T18:00:00+08:00")), "carrier", json!("GLS")),
        with(with(label(4), "ship_by", json!("2026-07-14T10:00:00Z")), "carrier", json!("DHL")),
        label(5),
    ];
    let mut wave = job("wave", labels);
    wave["sort"] = json!(["ship_by", "carrier"]);
    let taken = bench.submit(&wave).await.expect(201).json();
    assert_eq!(ids(&taken), ["pkg-4", "pkg-3", "pkg-2", "pkg-1", "pkg-5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_job_says_holds_for_labels_that_say_nothing() {
    let bench = Bench::open().await;
    let own = json!({"name": "Own Shop", "lines": ["1 Other Street"], "city": "Bath", "postcode": "BA1 1AA", "country": "GB"});
    let labels = [
        with(label(1), "sender", Value::Null),
        with(label(2), "sender", own),
        with(label(3), "template", json!("waybill-100x150")),
        with(label(4), "hold", json!("the buyer asked to cancel")),
    ];
    let mut wave = job("wave", labels);
    wave["sender"] = json!("bristol");
    wave["template"] = json!("address-100x150");
    wave["urgent"] = json!(true);
    let taken = bench.submit(&wave).await.expect(201).json();
    assert_eq!(states(&taken)[3], ("pkg-4".to_owned(), "held".to_owned()));
    assert_eq!(taken["runs"][0]["labels"][3]["reason"], "the buyer asked to cancel");
    assert_eq!(bench.get("/v1/labels/pkg-2").await.expect(200).json()["urgent"], true);
    let picture = async |number| bench.get(&format!("/v1/labels/pkg-{number}/preview.png")).await.expect(200).body;
    assert_ne!(picture(1).await.len(), picture(3).await.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn json_nobody_could_mean_is_named_by_its_place() {
    let bench = Bench::open().await;
    let said = async |body: &str| bench.ask("POST", "/v1/jobs", body.to_owned()).await.expect(400).json()["detail"].clone();
    assert_eq!(said("{\n \"id\" \"a\"\n}").await, "not JSON at line 2, column 7: expected `:`.");
    assert_eq!(said("{\"id\": \"a\", \"id\": \"b\"}").await, "id: is given twice: leave one out (line 1, column 22).");
    let deep = said(&format!("{{\"labels\": {}", "[".repeat(100_000))).await;
    assert!(deep.as_str().unwrap().starts_with("nested deeper than 32"), "{deep}");
    assert!(said("\u{feff}").await.is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_heard_out_and_told_so() {
    let bench = Bench::open().await;
    let big = format!("{{\"note\": \"{}\"}}", "x".repeat(3 << 20));
    let said = bench.ask("POST", "/v1/jobs", big).await.expect(413).json();
    assert_eq!(said["detail"], "the body is larger than 1 MB: split the job.");
    // Somebody who asks before sending is told at once.
    let mut stream = UnixStream::connect(bench.socket()).await.unwrap();
    let head = "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_turns_are_told_the_way() {
    let bench = Bench::open().await;
    let said = |answer: Answer| answer.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(said(bench.get("/v1/job").await.expect(404)), "there is nothing at this address. Did you mean /v1/jobs?");
    assert!(said(bench.get("/").await.expect(404)).ends_with("Everything there is stands in /v1/openapi.json."));
    let wrong = bench.ask("DELETE", "/v1/jobs", "").await.expect(405);
    assert_eq!(wrong.allow, "POST,GET,HEAD");
    assert!(said(wrong).starts_with("this address does not answer DELETE"));
    bench.get("/v1/labels/%FF").await.expect(404).faults();
    let form = Request::post("/v1/jobs").header("content-type", "application/x-www-form-urlencoded");
    let form = bench.send(form.body(Full::from("id=1")).unwrap()).await.expect(415);
    assert_eq!(said(form), "send the body as JSON, with the header `content-type: application/json`.");
    assert_eq!(said(bench.get("/v1/jobs/none").await.expect(404)), "there is no job none: check the id.");
    assert_eq!(said(bench.get("/v1/labels?oder=1").await.expect(400)), "unknown parameter `oder`. Did you mean \"order\"?");
    assert!(said(bench.get("/v1/labels?state=done").await.expect(400)).starts_with("`state`: no state is called so. Known:"));
    assert!(said(bench.get("/v1/labels?since=monday").await.expect(400)).starts_with("`since` is not a timestamp"));
    assert!(said(bench.get("/v1/labels?limit=-1").await.expect(400)).starts_with("limit: "));
    assert!(said(bench.get("/v1/events?after=x").await.expect(400)).starts_with("after: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_many_connections_are_open_the_next_one_is_told_to_come_back() {
    let bench = Bench::open().await;
    let mut open = Vec::new();
    for _ in 0..256 {
        open.push(UnixStream::connect(bench.socket()).await.unwrap());
    }
    let said = bench.submit(&job("wave", (0..20).map(label))).await.expect(503).json();
    assert_eq!(said["detail"], "256 connections are open already: ask again in a moment.");
    drop(open);
    let mut said = bench.get("/healthz").await;
    for _ in 0..100 {
        if said.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        said = bench.get("/healthz").await;
    }
    said.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_found_by_their_numbers_however_they_are_typed_and_name_nobody() {
    let bench = Bench::open().await;
    bench.submit(&job("wave", (0..5).map(label))).await.expect(201);
    let found = async |query: &str| ids_of(&bench.get(&format!("/v1/labels?{query}")).await.expect(200).json());
    assert_eq!(found("").await, ["pkg-4", "pkg-3", "pkg-2", "pkg-1", "pkg-0"]);
    assert_eq!(found("tracking=rb%20000-000-003%20gb").await, ["pkg-3"]);
    assert_eq!(found("order=576461413038700002").await, ["pkg-2"]);
    assert_eq!(found("state=printed").await, [""; 0]);
    assert_eq!(found("since=2099-01-01T00:00:00Z").await, [""; 0]);
    let page = bench.get("/v1/labels?limit=2").await.expect(200).json();
    assert_eq!(ids_of(&page), ["pkg-4", "pkg-3"]);
    assert_eq!(found(&format!("limit=2&cursor={}", page["next"])).await, ["pkg-2", "pkg-1"]);

    let one = bench.get("/v1/labels/pkg-3").await.expect(200);
    assert_eq!(one.json()["recipient"], json!({"name": "Z** E***", "phone": "491****6789", "city": "Jena", "country": "DE"}));
    assert!(!one.text().contains("Example") && !one.text().contains("Musterweg"), "{}", one.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_found_by_the_shops_own_words_until_its_data_is_erased() {
    let bench = Bench::open().await;
    let named = with(label(1), "reference", json!(" Tray 7 / Mei "));
    bench.submit(&job("wave", [named, label(2)])).await.expect(201);
    let found = async || ids_of(&bench.get("/v1/labels?reference=Tray%207%20/%20Mei").await.expect(200).json());
    assert_eq!(found().await, ["pkg-1"]);
    assert_eq!(bench.get("/v1/labels/pkg-1").await.expect(200).json()["reference"], "Tray 7 / Mei");
    let long = bench.submit(&job("next", [with(label(3), "reference", json!("x".repeat(65)))])).await.expect(422);
    assert_eq!(long.json()["faults"][0]["code"], "too_long");
    bench.ask("POST", "/v1/labels/pkg-1/void", "").await.expect(200);
    let later = bench.spool.now() + 1;
    bench.spool.erase(later).await.unwrap();
    assert_eq!(found().await, [""; 0]);
}

fn ids_of(page: &Value) -> Vec<String> {
    page["labels"].as_array().unwrap().iter().map(|label| label["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_held_released_and_voided_and_what_cannot_be_asked_is_told() {
    let bench = Bench::open().await;
    bench.submit(&job("wave", [label(1), with(label(2), "id", json!("a/b:2"))])).await.expect(201);
    let ask = async |verb: &str, body: Value| bench.post(&format!("/v1/labels/pkg-1/{verb}"), &body).await;
    assert_eq!(ask("hold", json!({"reason": "out of stock"})).await.expect(200).json(), json!({"id": "pkg-1", "state": "held"}));
    assert_eq!(ask("release", json!({})).await.expect(200).json()["state"], "waiting");
    assert_eq!(ask("hold", json!({})).await.expect(422).faults(), [" reason: is missing: say why it is kept back."]);
    assert_eq!(ask("outcome", json!({})).await.expect(422).faults().len(), 1);
    let early = ask("outcome", json!({"came_out": true})).await.expect(409).json();
    assert_eq!(early["detail"], "label pkg-1 is waiting; only a label in doubt needs an outcome.");
    let reprint = json!({"reason": "smudged", "by": "station 2", "printer": "pack2"});
    assert_eq!(ask("reprint", reprint).await.expect(422).faults(), [" printer: no printer \"pack2\". Did you mean \"pack-1\"?"]);
    ask("reprint", json!({"reason": "smudged", "by": "station 2"})).await.expect(409);
    assert_eq!(bench.ask("POST", "/v1/labels/pkg-1/void", "").await.expect(200).json()["state"], "canceled");
    bench.ask("POST", "/v1/labels/a%2Fb:2/void", "{\"by\": \"station 2\"}").await.expect(200);
    bench.ask("POST", "/v1/labels/none/void", "").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_goes_on_after_the_last_one_heard_and_ends_with_the_daemon() {
    let mut bench = Bench::open().await;
    let mut live = Stream::open(&bench, "/v1/events", None).await;
    bench.submit(&job("wave", [label(1), label(2)])).await.expect(201);
    let taken = live.next().await.unwrap();
    assert_eq!((taken["kind"].as_str(), taken["job"].as_str()), (Some("taken"), Some("wave")));
    assert_eq!(taken["data"]["labels"], 2);
    for id in ["pkg-1", "pkg-2"] {
        bench.post(&format!("/v1/labels/{id}/hold"), &json!({"reason": "Mrs. Example called"})).await.expect(200);
    }
    let held = live.next().await.unwrap();
    assert_eq!((held["kind"].as_str(), held["label"].as_str()), (Some("held"), Some("pkg-1")));
    drop(live);

    let mut again = Stream::open(&bench, "/v1/events?after=0", held["seq"].as_i64()).await;
    assert_eq!(again.next().await.unwrap()["label"], "pkg-2");
    let mut whole = Stream::open(&bench, "/v1/events?after=0", None).await;
    for seq in 1..=3 {
        assert_eq!(whole.next().await.unwrap()["seq"], seq);
    }
    bench.stop().await;
    assert_eq!((again.next().await, whole.next().await), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_events_reach_a_listener_who_was_away() {
    let bench = Bench::open().await;
    bench.submit(&job("wave", (0..200).map(label))).await.expect(201);
    for round in 0..3 {
        for number in 0..200 {
            let id = format!("pkg-{number}");
            match round {
                1 => bench.spool.release(&id).await.unwrap(),
                _ => bench.spool.hold(&id, Hold::asked("not yet")).await.unwrap(),
            };
        }
    }
    let mut stream = Stream::open(&bench, "/v1/events?after=1", None).await;
    for seq in 2..=601 {
        assert_eq!(stream.next().await.unwrap()["seq"], seq);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_drawn_without_being_taken() {
    let bench = Bench::open().await;
    let png = bench.post("/v1/render", &label(1)).await.expect(200);
    assert_eq!((png.content_type.as_str(), &png.body[..4]), ("image/png", b"\x89PNG".as_slice()));
    let fine = bench.post("/v1/render?dpi=300&template=address-100x150", &label(1)).await.expect(200);
    assert_ne!(fine.body, png.body);
    let zpl = bench.post("/v1/render?format=zpl", &job("any", (1..=3).map(label))).await.expect(200);
    assert_eq!(zpl.text().matches("^PQ1^XZ").count(), 3);
    let many = bench.post("/v1/render", &job("any", (1..=3).map(label))).await.expect(422);
    assert_eq!(many.faults(), [" labels: 3 labels do not fit one picture: send one, or ask for format=zpl."]);
    assert_eq!(
        bench.post("/v1/render?dpi=200", &label(1)).await.expect(400).json()["detail"],
        "`dpi` is 200. Known: 203, 300, 600."
    );
    let faulty = bench.post("/v1/render", &with(label(1), "recipient/country", json!("Atlantis"))).await.expect(422);
    assert!(faulty.faults()[0].starts_with("pkg-1 recipient.country: "));
    bench.get("/v1/labels/pkg-1").await.expect(404);

    bench.submit(&job("wave", [label(1)])).await.expect(201);
    assert_eq!(bench.get("/v1/labels/pkg-1/preview.png").await.expect(200).body, png.body);
    bench.get("/v1/labels/pkg-9/preview.png").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn printers_health_and_numbers_are_told_without_a_printer() {
    let bench = Bench::open().await;
    bench.submit(&job("wave", [label(1), label(2)])).await.expect(201);
    let printers = bench.get("/v1/printers").await.expect(200).json();
    assert_eq!(printers["printers"][0]["name"], "pack-1");
    assert_eq!(printers["printers"][0]["counts"], json!({"waiting": 2}));
    let paused = bench.ask("POST", "/v1/printers/small/pause", "").await.expect(200).json();
    assert_eq!((paused["name"].as_str(), &paused["media_mm"]), (Some("small"), &json!([60.0, 40.0])));
    let said = bench.ask("POST", "/v1/printers/pack-9/pause", "").await.expect(404).json();
    assert_eq!(said["detail"], "there is no printer of that name. Did you mean \"pack-1\"?");
    let said = bench.ask("POST", "/v1/printers/small/test", "").await.expect(409).json();
    assert_eq!(said["detail"], "small: the test label was not taken: waybilld is stopping: ask again when it is back.");
    let png = bench.get("/v1/printers/small/test.png").await.expect(200);
    assert_eq!((png.content_type.as_str(), &png.body[..4]), ("image/png", b"\x89PNG".as_slice()));
    assert_eq!(bench.get("/healthz").await.expect(200).json()["status"], "ok");
    let metrics = bench.get("/metrics").await.expect(200).text();
    assert!(metrics.contains("waybilld_printer_up{printer=\"small\"} 0\n"), "{metrics}");
    assert!(metrics.contains("waybilld_labels{printer=\"pack-1\",state=\"waiting\"} 2\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_names_every_route_and_its_example_is_taken() {
    let bench = Bench::open().await;
    let document = bench.get("/v1/openapi.json").await.expect(200).json();
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        routes.extend(methods.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    let expected = [
        "get /healthz",
        "get /metrics",
        "get /v1/console",
        "get /v1/events",
        "get /v1/jobs",
        "get /v1/jobs/{id}",
        "get /v1/labels",
        "get /v1/labels/{id}",
        "get /v1/labels/{id}/preview.png",
        "get /v1/manifests/{id}",
        "get /v1/openapi.json",
        "get /v1/printers",
        "get /v1/printers/{name}/test.png",
        "get /v1/printers/{name}/trace",
        "get /v1/stations",
        "get /v1/webhooks",
        "post /v1/bags",
        "post /v1/import",
        "post /v1/jobs",
        "post /v1/labels/{id}/hold",
        "post /v1/labels/{id}/outcome",
        "post /v1/labels/{id}/release",
        "post /v1/labels/{id}/replace",
        "post /v1/labels/{id}/reprint",
        "post /v1/labels/{id}/void",
        "post /v1/manifests",
        "post /v1/orders/{order}/cancel",
        "post /v1/orders/{order}/release",
        "post /v1/printers/{name}/adopt",
        "post /v1/printers/{name}/calibrate",
        "post /v1/printers/{name}/control-sheet",
        "post /v1/printers/{name}/identify",
        "post /v1/printers/{name}/move",
        "post /v1/printers/{name}/pause",
        "post /v1/printers/{name}/release",
        "post /v1/printers/{name}/resume",
        "post /v1/printers/{name}/test",
        "post /v1/render",
        "post /v1/scan",
    ];
    assert_eq!(routes.into_iter().collect::<Vec<_>>(), expected);

    // Every shape that is named is there.
    let text = document.to_string();
    for name in text.split("\"#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document["components"]["schemas"][name].is_object(), "no shape {name}");
    }
    let example = &document["components"]["schemas"]["JobRequest"]["example"];
    bench.submit(&with(example.clone(), "printer", json!("pack-1"))).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_and_the_reader_know_the_same_fields() {
    let bench = Bench::open().await;
    let document = bench.get("/v1/openapi.json").await.expect(200).json();
    let documented = |shape: &str| {
        let properties = document["components"]["schemas"][shape]["properties"].as_object().unwrap();
        properties.keys().cloned().collect::<BTreeSet<String>>()
    };
    let known = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<BTreeSet<String>>();
    use waybilld::waybill::{COD_FIELDS, ITEM_FIELDS, LABEL_FIELDS, PARCEL_FIELDS, PARTY_FIELDS};
    assert_eq!(documented("LabelRequest"), known(&LABEL_FIELDS));
    assert_eq!(documented("PartyRequest"), known(&PARTY_FIELDS));
    assert_eq!(documented("ItemRequest"), known(&ITEM_FIELDS));
    assert_eq!(documented("ParcelRequest"), known(&PARCEL_FIELDS));
    assert_eq!(documented("CodRequest"), known(&COD_FIELDS));
    let faults = bench.submit(&json!({"zzz": 1})).await.expect(422).faults();
    let told = faults.iter().find_map(|fault| fault.strip_prefix(" zzz: is not a field we know. Known: ")).unwrap();
    let told: BTreeSet<String> = told.trim_end_matches('.').split(", ").map(str::to_owned).collect();
    assert_eq!(documented("JobRequest"), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_with_the_same_job_take_it_once() {
    let bench = Arc::new(Bench::open().await);
    let wave = Arc::new(job("wave", (0..20).map(label)));
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let (bench, wave) = (bench.clone(), wave.clone());
            tokio::spawn(async move { bench.submit(&wave).await.status })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!((answers.pop(), answers.iter().filter(|status| **status == 200).count()), (Some(201), 23));
}

#[test]
fn hostile_texts_in_every_field_are_refused_or_taken_as_text() {
    let hostile = prop_oneof![
        Just("^XA^JUS^XZ".to_owned()),
        Just("~JR".to_owned()),
        Just("_5E_7E^FD".to_owned()),
        Just("a\r\nb\u{0}c\u{1b}[2J".to_owned()),
        Just("\u{202e}gnp.exe\u{2066}\u{2069}".to_owned()),
        Just("\u{0301}\u{0e47}\u{064b}".to_owned()),
        Just("\u{feff}\u{200d}\u{fe0f}👩‍👩‍👧".to_owned()),
        Just("x".repeat(10_000)),
        Just("ก็".repeat(300)),
        Just("{{ 7 * 7 }}{% for i in range(9) %}".to_owned()),
        ".{0,60}",
        "[\\p{L}\\p{M}\\p{Cc}\\p{Cf}]{1,40}",
        "[\\^~_,:;>\\\\{}0-9A-F]{1,60}",
    ];
    let names = "id order tracking carrier service routing ship_by note template hold sender recipient/name \
         recipient/company recipient/phone recipient/lines/0 recipient/city recipient/region \
         recipient/postcode recipient/country items/0/sku items/0/name items/0/location items/0/variant \
         cod/amount cod/currency";
    let names: Vec<&str> = names.split(' ').collect();
    let fields = prop::collection::vec((prop::sample::select(names), hostile), 1..5);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bench = runtime.block_on(Bench::open());
    let (counted, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut runner = TestRunner::new(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&fields, |fields| {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        let mut label = label(number);
        for (field, text) in fields {
            if field.starts_with("cod") {
                label["cod"] = json!({"amount": "1.00", "currency": "THB"});
            }
            match field.strip_suffix("/0") {
                Some(list) => *label.pointer_mut(&format!("/{list}/0")).unwrap() = json!(text),
                None => label = with(label, field, json!(text)),
            }
        }
        let answer = runtime.block_on(bench.submit(&job(&format!("job-{number}"), [label])));
        prop_assert!(matches!(answer.status, 201 | 422), "{} {}", answer.status, answer.text());
        taken.fetch_add(usize::from(answer.status == 201), Ordering::Relaxed);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (number, taken) = (counted.into_inner(), taken.into_inner());
    assert!(taken > 20, "only {taken} of {number} were taken: the test refuses too much to say anything");
}
