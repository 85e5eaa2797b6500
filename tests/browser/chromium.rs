//! A browser in a test: headless Chromium, driven through chromedriver by the WebDriver protocol (W3C).

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Keys that are no characters, as WebDriver calls them.
pub const ENTER: char = '\u{E007}';
pub const ESCAPE: char = '\u{E00C}';
pub const ALT: char = '\u{E00A}';
pub const DOWN: char = '\u{E015}';
pub const UP: char = '\u{E013}';
pub const F2: char = '\u{E032}';
pub const F4: char = '\u{E034}';

/// How long a page may take to come to something.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long chromedriver may take to answer. A page whose memory is limited (`ulimit -v`) never begins.
const ANSWER: Duration = Duration::from_secs(120);

/// One browser with one page.
pub struct Chromium {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

/// Where the parts are, or which of them is missing.
pub fn parts() -> Result<(PathBuf, PathBuf), String> {
    let find = |names: &[&str]| {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let places = std::env::split_paths(&folders).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        places.into_iter().find(|place| place.is_file())
    };
    let browser = find(&["chromium", "chromium-browser", "google-chrome"]).ok_or("chromium (Debian's package chromium)")?;
    let driver = find(&["chromedriver"]).ok_or("chromedriver (Debian's package chromium-driver)")?;
    Ok((browser, driver))
}

impl Chromium {
    /// Starts one whose page has that size.
    pub async fn start((browser, driver): &(PathBuf, PathBuf), width: u32, height: u32) -> Chromium {
        let profile = tempfile::tempdir().unwrap();
        // The machine may have no font for Chinese; the labels' fonts have.
        let fonts = profile.path().join("fonts");
        std::os::unix::fs::symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts"), &fonts).unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .env("XDG_DATA_HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "chromedriver ended without a port");
            // "ChromeDriver was started successfully on port 40123."
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim().trim_end_matches('.').parse().unwrap();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let mut chromium = Chromium { driver, port, session: String::new(), _profile: profile };
        let folder = chromium._profile.path().join("profile").display().to_string();
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--lang=en",
            &format!("--user-data-dir={folder}"),
        ];
        let options = json!({"binary": browser, "args": flags});
        let wanted = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let session = chromium.ask("POST", "/session", json!({"capabilities": {"alwaysMatch": wanted}})).await;
        chromium.session = session["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {session}")).to_owned();
        chromium.resize(width, height).await;
        chromium
    }

    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("goog/cdp/execute", json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size})).await;
    }

    pub async fn open(&self, url: &str) {
        self.command("url", json!({"url": url})).await;
    }

    /// What a piece of script makes of the page.
    pub async fn script(&self, script: &str) -> Value {
        self.command("execute/sync", json!({"script": script, "args": []})).await
    }

    /// The text of what that selector finds, as it is shown.
    pub async fn text(&self, selector: &str) -> String {
        let found = self.script(&format!("return document.querySelector({selector:?})?.innerText ?? ''")).await;
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until that script says so.
    pub async fn until(&self, what: &str, script: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.script(script).await != json!(true) {
            if Instant::now() > deadline {
                let page = self.text("body").await;
                panic!("never happened: {what}\n{page}\n{:#?}", self.complaints().await);
            }
            sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until what that selector finds shows that text.
    pub async fn until_text(&self, selector: &str, text: &str) {
        let script = format!("return (document.querySelector({selector:?})?.innerText ?? '').includes({text:?})");
        self.until(&format!("{selector} says {text}"), &script).await;
    }

    /// Chooses a file for a field, as its dialog would.
    pub async fn choose_file(&self, selector: &str, file: &Path) {
        let found = self.command("element", json!({"using": "css selector", "value": selector})).await;
        let element = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str).unwrap();
        self.command(&format!("element/{element}/value"), json!({"text": file})).await;
    }

    /// Types as a keyboard does: each key down and up.
    pub async fn type_keys(&self, keys: impl IntoIterator<Item = char>) {
        let strokes = keys.into_iter().flat_map(stroke).collect::<Vec<_>>();
        self.perform(strokes).await;
    }

    /// Types with Alt held.
    pub async fn alt(&self, key: char) {
        let held = |kind: &str| json!({"type": kind, "value": ALT});
        let strokes: Vec<Value> = [held("keyDown")].into_iter().chain(stroke(key)).chain([held("keyUp")]).collect();
        self.perform(strokes).await;
    }

    /// Scans: types the code and Enter.
    pub async fn scan(&self, code: &str) {
        self.type_keys(code.chars().chain([ENTER])).await;
    }

    /// Scans them all within a second, evenly.
    pub async fn storm(&self, codes: &[String]) {
        let pause = json!({"type": "pause", "duration": 1000 / codes.len() / 2});
        let scan = |code: &String| code.chars().chain([ENTER]).flat_map(stroke).collect::<Vec<_>>();
        let strokes = codes.iter().flat_map(|code| [vec![pause.clone()], scan(code)].concat());
        self.perform(strokes.collect()).await;
    }

    async fn perform(&self, strokes: Vec<Value>) {
        self.command("actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})).await;
    }

    pub async fn screenshot(&self) -> Vec<u8> {
        let url = format!("/session/{}/screenshot", self.session);
        let picture = self.ask("GET", &url, Value::Null).await;
        base64_simd::STANDARD.decode_to_vec(picture.as_str().unwrap()).unwrap()
    }

    /// Every error and warning the browser had about the page. A daemon that is away is no fault of it, nor is a label
    /// that was looked for and is not there, or a file that is refused.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.command("se/log", json!({"type": "browser"})).await;
        let lines = log.as_array().into_iter().flatten().map(|line| line["message"].as_str().unwrap_or_default().to_owned());
        let is_usual = |line: &str| {
            line.contains("net::ERR_")
                || (line.contains("/v1/labels/") && line.contains("status of 404"))
                || (line.contains("/v1/import?") && line.contains("status of 422"))
        };
        lines.filter(|line| !is_usual(line)).collect()
    }

    async fn command(&self, command: &str, body: Value) -> Value {
        self.ask("POST", &format!("/session/{}/{command}", self.session), body).await
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1");
        let request = request.header("content-type", "application/json").body(Full::new(Bytes::from(body))).unwrap();
        let response = timeout(ANSWER, sender.send_request(request)).await;
        let response = response.unwrap_or_else(|_| panic!("chromedriver does not answer {path}")).unwrap();
        let is_fine = response.status().is_success();
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        let mut answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        assert!(is_fine, "{method} {path}: {}", answer["value"]["message"]);
        answer["value"].take()
    }
}

/// A key down and up.
fn stroke(key: char) -> [Value; 2] {
    ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key}))
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser ends with its session; a driver that is killed would leave it behind.
        if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) {
            let request = format!("DELETE /session/{} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n", self.session);
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(request.as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
