//! The console as a browser, a script and a stranger meet it: HTTP on loopback, no browser in between.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use waybilld::cli::client::{Client, DaemonSocket};
use waybilld::closed_set::ClosedSet;
use waybilld::config::{Config, Mode};
use waybilld::daemon::{self, Running};
use waybilld::import::ends::{AskKind, LeaveKind, RefuseKind};
use waybilld::spool::State;
use waybilld::station::control::Control;
use waybilld::station::{Code, Tone};

/// A daemon with a console on a free port.
struct Bench {
    _folder: TempDir,
    client: Client,
    daemon: Running,
    /// `127.0.0.1:40123`.
    host: String,
    token: String,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    #[track_caller]
    fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    #[track_caller]
    fn expect_refusal(self, status: u16, sentence: &str) {
        let detail = self.expect(status).json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(sentence), "{detail}");
    }
}

fn config(folder: &Path, console: &str) -> Config {
    let text = format!(
        "state = {:?}\nsocket = {:?}\n[printers.pack-1]\ndevice = \"virtual:zpl\"\n[console]\n{console}\n",
        folder.join("state"),
        folder.join("socket")
    );
    Config::parse("config.toml", &text).unwrap()
}

impl Bench {
    async fn open() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let daemon = daemon::start(config(folder.path(), "listen = \"127.0.0.1:0\"")).await.unwrap();
        let client = Client::new(&DaemonSocket { socket: Some(folder.path().join("socket")) });
        let console = client.get_answer("/v1/console").await.unwrap().granted::<serde_json::Value>().unwrap();
        let url = console["url"].as_str().unwrap();
        let (host, token) = url.strip_prefix("http://").unwrap().split_once("/?token=").unwrap();
        let (host, token) = (host.to_owned(), token.to_owned());
        Bench { _folder: folder, client, daemon, host, token }
    }

    /// A request with those headers, and `Host` unless it is among them.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", &self.host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let stream = TcpStream::connect(&self.host).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        Answer { status, headers, body }
    }

    /// What a browser has after it was shown the way in.
    fn cookie(&self) -> String {
        format!("other=1; waybilld-{}={}", self.host.rsplit_once(':').unwrap().1, self.token)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn origin(&self) -> String {
        format!("http://{}", self.host)
    }
}

#[tokio::test]
async fn the_address_with_the_token_opens_the_page_and_the_token_leaves_the_address() {
    let bench = Bench::open().await;
    let welcome = bench.send("GET", &format!("/?token={}", bench.token), &[], "").await.expect(303);
    assert_eq!(welcome.header("location"), "/");
    let cookie = welcome.header("set-cookie").to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/console.css", "text/css; charset=utf-8"),
        ("/console.js", "text/javascript; charset=utf-8"),
        ("/words.json", "application/json"),
        ("/v1/printers", "application/json"),
    ] {
        let page = bench.send("GET", path, &[("cookie", cookie)], "").await.expect(200);
        assert_eq!(page.header("content-type"), kind);
    }
    bench.daemon.stop().await;
}

#[tokio::test]
async fn nobody_comes_in_without_the_token() {
    let bench = Bench::open().await;
    let wrong = format!("Bearer {}", "0".repeat(64));
    let shorter = format!("Bearer {}", &bench.token[..63]);
    for headers in [&[][..], &[("authorization", wrong.as_str())], &[("authorization", &shorter)], &[("cookie", "waybilld-1=x")]]
    {
        for path in ["/", "/console.js", "/v1/printers", "/v1/events", "/v1/console", "/nowhere", "/metrics"] {
            let answer = bench.send("GET", path, headers, "").await;
            assert!(answer.header("set-cookie").is_empty());
            answer.expect_refusal(401, "open the address that `waybilld console` prints");
        }
    }
    bench.send("GET", "/?token=0123456789abcdef", &[("cookie", &bench.cookie())], "").await.expect(401);
    bench.send("GET", "/?token=", &[], "").await.expect(401);
    bench.send("GET", "/v1/printers", &[("authorization", &bench.bearer())], "").await.expect(200);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_name_that_somebody_else_may_give_out_is_refused() {
    let bench = Bench::open().await;
    let bearer = bench.bearer();
    for host in
        ["rebind.example", "rebind.example:8631", "127.0.0.1.rebind.example", "localhost.rebind.example:80", "", "127.0.0.1:x"]
    {
        let answer = bench.send("GET", "/v1/printers", &[("host", host), ("authorization", &bearer)], "").await;
        answer.expect_refusal(403, "reached as 127.0.0.1, [::1] or localhost only");
    }
    for host in ["127.0.0.1", "localhost:9000", "LocalHost", "[::1]:8631"] {
        bench.send("GET", "/v1/printers", &[("host", host), ("authorization", &bearer)], "").await.expect(200);
    }
    bench.daemon.stop().await;
}

#[tokio::test]
async fn only_the_consoles_own_page_may_change_something() {
    let bench = Bench::open().await;
    let (cookie, bearer, origin) = (bench.cookie(), bench.bearer(), bench.origin());
    let pause = "/v1/printers/pack-1/pause";
    let another = format!("http://127.0.0.1:{}", 1);
    for foreign in ["https://shop.example", "null", &another, "http://localhost", &origin.replace("http", "https")] {
        for (method, path) in [("POST", pause), ("GET", "/v1/printers"), ("OPTIONS", pause), ("DELETE", "/v1/labels/x")] {
            for key in [("cookie", cookie.as_str()), ("authorization", &bearer)] {
                let answer = bench.send(method, path, &[("origin", foreign), key], "").await;
                assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
                answer.expect_refusal(403, "another page sent this");
            }
        }
    }
    bench.send("POST", pause, &[("cookie", &cookie)], "").await.expect_refusal(403, "the header `Origin` is missing");
    assert_eq!(bench.client.get_answer("/v1/printers").await.unwrap().body["printers"][0]["state"], "idle");

    bench.send("POST", pause, &[("cookie", &cookie), ("origin", &origin)], "").await.expect(200);
    bench.send("POST", "/v1/printers/pack-1/resume", &[("authorization", &bearer)], "").await.expect(200);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn every_answer_forbids_what_the_page_does_not_need() {
    let bench = Bench::open().await;
    let cookie = bench.cookie();
    for path in ["/", "/v1/printers", "/nowhere", "/?token=wrong"] {
        let answer = bench.send("GET", path, &[("cookie", &cookie)], "").await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    }
    for inline in ["<style", "style=", "onclick", "onload", "javascript:", "http://", "https://"] {
        assert!(!PAGE.contains(inline), "{inline}");
    }
    assert_eq!(PAGE.matches("<script").count(), 1);
    for script in SCRIPTS {
        for unsafe_way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser"]
        {
            assert!(!script.contains(unsafe_way), "{unsafe_way}: a label's data may be hostile");
        }
    }
    bench.daemon.stop().await;
}

#[tokio::test]
async fn the_console_does_what_the_socket_does_but_for_telling_the_token() {
    let bench = Bench::open().await;
    let (cookie, origin) = (bench.cookie(), bench.origin());
    let own = [("cookie", cookie.as_str()), ("origin", origin.as_str())];
    let label = |number: usize, ship_by: &str| {
        json!({
            "id": format!("pkg-{number}"), "order": format!("57646{number}"), "tracking": format!("TR{number}"), "ship_by": ship_by,
            "sender": {"name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"},
            "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
            "hold": "until tomorrow",
        })
    };
    for (job, labels) in [
        ("old", vec![label(1, "2030-01-01T12:00:00Z")]),
        ("new", vec![label(2, "2030-01-03T12:00:00Z"), label(3, "2030-01-02T12:00:00Z")]),
    ] {
        let job = json!({"id": job, "labels": labels}).to_string();
        let typed = [own[0], own[1], ("content-type", "application/json")];
        bench.send("POST", "/v1/jobs", &typed, &job).await.expect(201);
    }
    let jobs = bench.send("GET", "/v1/jobs", &own, "").await.expect(200).json();
    assert_eq!(jobs, bench.client.get_answer("/v1/jobs").await.unwrap().body);
    let told: Vec<_> = jobs["jobs"].as_array().unwrap().iter().map(|job| (&job["id"], &job["counts"], &job["ship_by"])).collect();
    let (new, old) = (json!({"held": 2}), json!({"held": 1}));
    let (soon, sooner) = (json!("2030-01-02T12:00:00Z"), json!("2030-01-01T12:00:00Z"));
    assert_eq!(told, [(&json!("new"), &new, &soon), (&json!("old"), &old, &sooner)]);
    let newest = bench.send("GET", "/v1/jobs?limit=1", &own, "").await.expect(200).json();
    assert_eq!(newest["jobs"].as_array().unwrap().len(), 1);

    bench.send("POST", "/v1/labels/pkg-1/void", &own, "").await.expect(200);
    let picture = bench.send("GET", "/v1/labels/pkg-1/preview.png", &own, "").await.expect(200);
    assert_eq!((picture.header("content-type"), picture.header("cache-control")), ("image/png", "no-store"));
    bench.send("GET", "/v1/console", &own, "").await.expect_refusal(404, "told at the socket only");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_crowd_before_the_console_is_told_to_come_back_and_the_socket_stays_open() {
    let bench = Bench::open().await;
    let mut crowd = Vec::new();
    for _ in 0..256 {
        crowd.push(TcpStream::connect(&bench.host).await.unwrap());
    }
    let mut late = TcpStream::connect(&bench.host).await.unwrap();
    late.write_all(format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", bench.host).as_bytes()).await.unwrap();
    let mut answer = [0; 512];
    let length = timeout(Duration::from_secs(10), late.read(&mut answer)).await.expect("an answer").unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("ask again in a moment"), "{answer}");
    bench.client.get_answer("/healthz").await.unwrap().granted::<serde_json::Value>().unwrap();
    bench.daemon.stop().await;
}

#[tokio::test]
async fn the_token_is_made_once_for_the_daemons_user_alone_and_can_be_given() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("state/console-token");
    let socket = Client::new(&DaemonSocket { socket: Some(folder.path().join("socket")) });
    let mut urls = Vec::new();
    for _ in 0..2 {
        let daemon = daemon::start(config(folder.path(), "listen = \"127.0.0.1:0\"")).await.unwrap();
        urls.push(socket.get_answer("/v1/console").await.unwrap().body["url"].as_str().unwrap().to_owned());
        daemon.stop().await;
    }
    let token = |url: &str| url.split_once("token=").unwrap().1.to_owned();
    assert_eq!(token(&urls[0]), token(&urls[1]));
    assert_eq!(token(&urls[0]).len(), 64);
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);

    let own = folder.path().join("own");
    let given = format!("listen = \"127.0.0.1:0\"\ntoken_file = {own:?}");
    let refused = async |text: &str, mode: u32| {
        fs::write(&own, text).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(mode)).unwrap();
        match daemon::start(config(folder.path(), &given)).await {
            Ok(daemon) => {
                let url = socket.get_answer("/v1/console").await.unwrap().body["url"].to_string();
                daemon.stop().await;
                url
            }
            Err(failure) => failure.to_string(),
        }
    };
    assert!(
        refused("our-own-token-of-the-console\n", 0o644)
            .await
            .ends_with("everybody can read this token of the console: chmod 600 it.")
    );
    assert!(refused("short", 0o600).await.contains("give 16 to 128 letters, digits, - and _"));
    assert!(refused("our-own-token-of-the-console\n", 0o600).await.contains("?token=our-own-token-of-the-console"));
}

#[tokio::test]
async fn without_a_console_the_socket_says_how_to_have_one() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "state = {:?}\nsocket = {:?}\n[printers.pack-1]\ndevice = \"virtual:zpl\"\n",
        folder.path().join("state"),
        folder.path().join("socket")
    );
    let daemon = daemon::start(Config::parse("config.toml", &text).unwrap()).await.unwrap();
    let client = Client::new(&DaemonSocket { socket: Some(folder.path().join("socket")) });
    let failure = client.get_answer("/v1/console").await.unwrap().granted::<serde_json::Value>().unwrap_err().to_string();
    assert!(failure.contains("add a table [console] with `listen = \"127.0.0.1:8631\"`"), "{failure}");
    daemon.stop().await;
}

const PAGE: &str = include_str!("../src/server/console/index.html");
const SCRIPTS: [&str; 6] = [
    include_str!("../src/server/console/console.js"),
    include_str!("../src/server/console/door.js"),
    include_str!("../src/server/console/import.js"),
    include_str!("../src/server/console/page.js"),
    include_str!("../src/server/console/scan.js"),
    include_str!("../src/server/console/sound.js"),
];

/// Every piece of `text` between those two.
fn between<'a>(text: &'a str, open: &str, close: char) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
}

#[test]
fn every_word_of_the_page_is_there_in_both_languages() {
    let table: Value = serde_json::from_str(include_str!("../src/server/console/words.json")).unwrap();
    let table = table.as_object().unwrap();
    let han = |text: &str| text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    for (key, words) in table {
        let [english, chinese] = &words.as_array().unwrap()[..] else { panic!("{key} has not two languages") };
        let (english, chinese) = (english.as_str().unwrap(), chinese.as_str().unwrap());
        assert!(!english.trim().is_empty() && !chinese.trim().is_empty(), "{key}");
        // The language's own name stands in the other one.
        if !["language", "key.language", "language.tag", "reason.none", "print.line"].contains(&key.as_str()) {
            assert!(!han(english) && han(chinese), "{key}: {english} / {chinese}");
        }
    }
    let mut asked: Vec<String> = Vec::new();
    for attribute in ["data-word=\"", "data-label=\"", "data-hint=\"", "data-alt=\""] {
        asked.extend(between(PAGE, attribute, '"').into_iter().map(str::to_owned));
    }
    for script in SCRIPTS {
        assert!(!han(script), "words stand in the table");
        asked.extend(between(script, "say(\"", '"').into_iter().map(str::to_owned));
        asked.extend(between(script, "row(\"", '"').into_iter().map(str::to_owned));
    }
    for code in Code::words() {
        asked.extend([format!("code.{code}"), format!("line.{code}")]);
    }
    for tone in Tone::words() {
        asked.push(format!("tone.{tone}"));
    }
    asked.extend(State::words().into_iter().map(|state| format!("state.{state}")));
    asked.extend(["idle", "printing", "stopped", "paused", "offline"].map(|state| format!("printer.{state}")));
    asked.extend(["media_empty", "cover_open", "paused", "offline", "timed_out"].map(|reason| format!("reason.{reason}")));
    asked.extend(AskKind::words().into_iter().map(|kind| format!("ask.{kind}")));
    asked.extend(RefuseKind::words().into_iter().map(|kind| format!("refuse.{kind}")));
    asked.extend(LeaveKind::words().into_iter().map(|kind| format!("leave.{kind}")));
    asked.extend(["asks", "refuses", "takes", "leaves_out"].map(|end| format!("import.end-{end}")));
    asked.extend(["row", "end", "order", "to", "collect", "status", "items"].map(|column| format!("import.column-{column}")));
    asked.extend(Mode::words().into_iter().map(|mode| format!("mode.{mode}")));
    assert!(asked.len() > 150, "{asked:?}");
    for key in asked {
        assert!(table.contains_key(&key), "no words for {key}");
    }
    // What stands in the page itself is the program's name and the names of keys.
    for text in between(PAGE.split_once("<body>").unwrap().1, ">", '<') {
        assert!(["", "waybilld", "F2", "F4", "Alt I"].contains(&text.trim()), "{text}");
    }
}

#[test]
fn the_page_presses_the_codes_of_the_printed_sheet() {
    let script = SCRIPTS[0];
    let controls = [
        Control::Mode(Mode::Reprint),
        Control::Mode(Mode::Print),
        Control::Mode(Mode::Ship),
        Control::Undo,
        Control::ReprintLast,
        Control::CancelWave,
    ];
    for control in controls {
        assert!(script.contains(&format!("\"{}\"", control.code())), "{control:?}");
    }
    assert_eq!(Control::Pick(7).code(), "XD0PICK7");
    assert!(script.contains("const PICK = \"XD0PICK\";"));
}
