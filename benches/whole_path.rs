//! The whole path, measured from outside: the real daemon, its durable ledger, a Unix socket in front and a TCP sink behind.
//!
//! `cargo bench --bench whole_path` prints a table of medians. `RUNS=100` repeats the five-hundred-label wave so often and
//! counts every label at the sink; `HISTORY=1000000` puts so many printed labels into the ledger first, and scans some of
//! them at a pack station. `PRINTERS=16` instead
//! prints on so many virtual printers at once, of all languages and at 6 inches a second.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use waybilld::spool::{NewJob, NewLabel, Number, Outcome, Spool, system_clock};

const LABELS: usize = 500;
const SINGLES: usize = 300;

fn main() {
    let number = |name: &str, usual: usize| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (runs, history, printers) = (number("RUNS", 5), number("HISTORY", 0), number("PRINTERS", 0));
    if printers > 0 { many(printers) } else { measure(runs, history) }
}

/// Labels on each of many printers.
const EACH: usize = 50;

fn many(printers: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = format!("state = {:?}\nsocket = {:?}\n", folder.path().join("state"), folder.path().join("socket"));
    let mut machines = Vec::new();
    for at in 0..printers {
        let language = ["zpl", "tspl", "escpos"][at % 3];
        let tray = folder.path().join(format!("tray-{at}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybilld"));
        command.args(["virtual", "--no-pictures", "--labels", "--listen", "127.0.0.1:0", "--language", language, "--out"]);
        let mut child = command.arg(&tray).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a printer starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines.next().expect("a line").expect("text");
        spawn(move || lines.count());
        let address = line.strip_prefix("listening on ").expect("an address").to_owned();
        let own = if language == "escpos" { "width_dots = 800\nfeed = \"ff\"\nconfirm = \"echo\"" } else { "speed = 6" };
        text += &format!("[printers.p{at}]\ndevice = \"tcp://{address}\"\nlanguage = \"{language}\"\n{own}\n");
        machines.push((child, tray));
    }
    let config = folder.path().join("config.toml");
    std::fs::write(&config, text).expect("a configuration");
    let daemon = Daemon::start(&config, &folder.path().join("socket"));
    let mut door = daemon.door();
    let mut serial = 0;
    let pieces = |tray: &Path| std::fs::read_to_string(tray.join("ledger.jsonl")).map_or(0, |ledger| ledger.lines().count());
    let mut run = |each: usize, before: usize| {
        for at in 0..printers {
            let job = job(&mut serial, each).replacen('{', &format!("{{\"printer\":\"p{at}\","), 1);
            door.post(&job);
        }
        let begun = Instant::now();
        while machines.iter().any(|(_, tray)| pieces(tray) < before + each) {
            assert!(begun.elapsed() < Duration::from_secs(300), "labels are missing in the trays");
            sleep(Duration::from_millis(200));
        }
        begun.elapsed()
    };
    // From these it learns what they can do.
    run(5, 0);
    sleep(Duration::from_secs(10));
    let cpu = daemon.cpu();
    let took = run(EACH, 5);
    let labels = (printers * EACH) as f64;
    let ideal = EACH as f64 * 150.0 / 25.4 / 6.0;
    println!("{printers} virtual printers at 6 in/s, {EACH} labels each, all at once");
    println!("  {:.1} s; the heads alone need {ideal:.1} s", took.as_secs_f64());
    println!("  {:.2} ms CPU a label of the daemon, status questions included", ms(daemon.cpu() - cpu) / labels);
    println!("  {} resident", daemon.resident());
    for (mut child, _) in machines {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// What the sink saw.
#[derive(Default)]
struct Seen {
    /// Whole formats that print: tracking numbers of their Code 128 fields.
    labels: Vec<String>,
    bytes: usize,
    first_byte: Option<Instant>,
    last_label: Option<Instant>,
}

fn measure(runs: usize, history: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (address, seen) = listen();
    let config = folder.path().join("config.toml");
    let text = format!(
        "state = {0:?}\nsocket = {1:?}\n[printers.sink]\ndevice = \"tcp://{address}\"\nspeed = 14\nstatus = \"none\"\n[stations.bench-1]\n",
        folder.path().join("state"),
        folder.path().join("socket"),
    );
    std::fs::write(&config, text).expect("a configuration");
    if history > 0 {
        grow_history(&folder.path().join("state"), history);
    }
    let begun = Instant::now();
    let daemon = Daemon::start(&config, &folder.path().join("socket"));
    let ready = begun.elapsed();
    println!("a sink that never answers, {history} labels of history");
    println!("  ready after {:.0} ms", ms(ready));
    let idle = daemon.idle();

    // One label first: it opens the line and stores what is fixed.
    let mut door = daemon.door();
    let mut serial = 0;
    door.post(&job(&mut serial, 1));
    wait_for(&seen, 1);
    sleep(Duration::from_millis(1500));

    let (mut taken, mut first_byte) = (Vec::new(), Vec::new());
    for _ in 0..SINGLES {
        let body = job(&mut serial, 1);
        let before = seen.lock().expect("seen").labels.len();
        seen.lock().expect("seen").first_byte = None;
        let begun = Instant::now();
        door.post(&body);
        taken.push(begun.elapsed());
        wait_for(&seen, before + 1);
        let seen = seen.lock().expect("seen");
        first_byte.push(seen.first_byte.expect("a byte came").saturating_duration_since(begun));
        drop(seen);
        sleep(Duration::from_millis(3));
    }
    println!("  one label taken: {}", quantiles(&mut taken));
    println!("  one label, first byte at the printer: {}", quantiles(&mut first_byte));

    let mut scanned = Vec::new();
    for scan in 0..SINGLES {
        // The old ones lie all over the ledger; without history the new ones are scanned.
        let text = match history {
            0 => format!("wb {:09} cn", scan + 2),
            _ => format!("]C0T{}\\r", scan * 7919 % history),
        };
        let before = seen.lock().expect("seen").labels.len();
        seen.lock().expect("seen").first_byte = None;
        let begun = Instant::now();
        let answer = door.ask("/v1/scan", &format!("{{\"station\":\"bench-1\",\"text\":\"{text}\"}}"), 200);
        assert!(answer.contains("\"reprinting\""), "{answer}");
        wait_for(&seen, before + 1);
        scanned.push(seen.lock().expect("seen").first_byte.expect("a byte came").saturating_duration_since(begun));
        sleep(Duration::from_millis(3));
    }
    println!("  one scan, first byte of its reprint at the printer: {}", quantiles(&mut scanned));

    let (mut accepted, mut rates) = (Vec::new(), Vec::new());
    let (cpu, bytes) = (daemon.cpu(), seen.lock().expect("seen").bytes);
    let before_all = seen.lock().expect("seen").labels.len();
    for _ in 0..runs {
        let body = job(&mut serial, LABELS);
        let before = seen.lock().expect("seen").labels.len();
        let begun = Instant::now();
        door.post(&body);
        accepted.push(begun.elapsed());
        wait_for(&seen, before + LABELS);
        let done = seen.lock().expect("seen").last_label.expect("labels came");
        rates.push(LABELS as f64 / done.saturating_duration_since(begun).as_secs_f64());
        let seen = seen.lock().expect("seen");
        let once: BTreeSet<&String> = seen.labels[before..].iter().collect();
        assert_eq!((seen.labels.len() - before, once.len()), (LABELS, LABELS), "each label exactly once");
    }
    let labels = (runs * LABELS) as f64;
    rates.sort_by(f64::total_cmp);
    println!("  {LABELS} labels checked and taken: {}", quantiles(&mut accepted));
    println!("  whole path: median {:.0} labels/s over {runs} runs of {LABELS}, each label exactly once", rates[rates.len() / 2]);
    let seen_now = seen.lock().expect("seen");
    println!("  {:.2} KB a label", (seen_now.bytes - bytes) as f64 / (seen_now.labels.len() - before_all) as f64 / 1000.0);
    println!("  {:.2} ms CPU a label, HTTP and ledger included", ms(daemon.cpu() - cpu) / labels);
    println!("  idle: {:.1} MB resident at start, {} now; {} wake-ups in 5 s", idle.0, daemon.resident(), idle.1);
}

/// The daemon under measure.
struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Daemon {
    fn start(config: &Path, socket: &Path) -> Daemon {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybilld"));
        let command = command.args(["serve", "--config"]).arg(config).env("WAYBILLD_LOG", "error").stdout(Stdio::piped());
        let mut child = command.spawn().expect("the daemon starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        assert!(line.contains("listens"), "{line}");
        Daemon { child, socket: socket.to_owned() }
    }

    fn door(&self) -> Door {
        Door { stream: BufReader::new(UnixStream::connect(&self.socket).expect("the socket")) }
    }

    /// User and system time so far.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime");
        Duration::from_millis(ticks * 10)
    }

    fn resident(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("status");
        let find = |key: &str| status.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        let number = |line: String| line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1000.0;
        format!("{:.1} MB (of it {:.1} MB not files)", number(find("VmRSS")), number(find("RssAnon")))
    }

    /// Megabytes resident, and how often any thread woke in five idle seconds.
    fn idle(&self) -> (f64, u64) {
        sleep(Duration::from_secs(1));
        let wakes = || -> u64 {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("tasks");
            let of = |status: String| {
                let line = status.lines().find(|line| line.starts_with("voluntary")).unwrap_or_default().to_owned();
                line.split_whitespace().nth(1).and_then(|count| count.parse::<u64>().ok()).unwrap_or(0)
            };
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok()).map(of).sum()
        };
        let before = wakes();
        sleep(Duration::from_secs(5));
        let resident = self.resident();
        (resident.split(' ').next().and_then(|mb| mb.parse().ok()).unwrap_or(0.0), wakes() - before)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A kept connection to the socket.
struct Door {
    stream: BufReader<UnixStream>,
}

impl Door {
    /// Posts a job and waits until it is taken.
    fn post(&mut self, body: &str) {
        self.ask("/v1/jobs", body, 201);
    }

    /// Posts something and waits for its answer.
    fn ask(&mut self, path: &str, body: &str, expected: u16) -> String {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: waybilld\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("the request leaves");
        let (mut status, mut length) = (String::new(), 0);
        self.stream.read_line(&mut status).expect("a status line");
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a header");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).expect("the answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(status.contains(&format!(" {expected} ")), "{status}{answer}");
        answer
    }
}

/// A job of so many orders, no two alike: our own wave with other numbers, houses and names.
fn job(serial: &mut usize, labels: usize) -> String {
    let wave: Vec<&str> = include_str!("../samples/wave.jsonl").lines().filter(|line| !line.is_empty()).collect();
    let mut all = Vec::new();
    for _ in 0..labels {
        *serial += 1;
        let mut label: serde_json::Value = serde_json::from_str(wave[*serial % wave.len()]).expect("a sample order");
        label["id"] = format!("pkg-{serial}").into();
        label["order"] = format!("5764{:014}", *serial * 7919).into();
        label["tracking"] = format!("WB{:09}CN", *serial).into();
        let line = label["recipient"]["lines"][0].as_str().unwrap_or_default().to_owned();
        label["recipient"]["lines"][0] = format!("{} {line}", *serial % 997).into();
        all.push(label.to_string());
    }
    format!("{{\"id\":\"job-{serial}\",\"labels\":[{}]}}", all.join(","))
}

/// A printer that is only a hole, as fast as it can be: it counts labels and never answers.
fn listen() -> (std::net::SocketAddr, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Arc::new(Mutex::new(Seen::default()));
    let into = seen.clone();
    spawn(move || {
        for stream in listener.incoming().flatten() {
            swallow(stream, &into);
        }
    });
    (address, seen)
}

fn swallow(mut stream: TcpStream, seen: &Mutex<Seen>) {
    let mut buffer = vec![0; 256 * 1024];
    let mut rest: Vec<u8> = Vec::new();
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let now = Instant::now();
        rest.extend_from_slice(&buffer[..count]);
        let mut seen = seen.lock().expect("seen");
        seen.bytes += count;
        seen.first_byte.get_or_insert(now);
        while let Some(end) = rest.windows(3).position(|part| part == b"^XZ") {
            let format = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest.drain(..end + 3);
            if format.contains("^PQ1") {
                seen.labels.push(tracking(&format));
                seen.last_label = Some(now);
            }
        }
    }
}

/// The number in the first bar code of a format.
fn tracking(format: &str) -> String {
    let field = format.split("^BC").nth(1).and_then(|rest| rest.split("^FD").nth(1)).and_then(|rest| rest.split('^').next());
    field.unwrap_or_default().to_owned()
}

fn wait_for(seen: &Mutex<Seen>, labels: usize) {
    let deadline = Instant::now() + Duration::from_secs(1200);
    while seen.lock().expect("seen").labels.len() < labels {
        assert!(Instant::now() < deadline, "labels are missing at the sink");
        sleep(Duration::from_micros(200));
    }
}

/// Printed labels of earlier days.
fn grow_history(state: &Path, labels: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let spool = Spool::open(state, system_clock()).expect("a ledger");
        let template = spool.keep_template(include_str!("../templates/waybill-100x150.toml")).await.expect("a template");
        let waybill: Arc<str> = include_str!("../samples/wave.jsonl").lines().next().unwrap_or_default().into();
        for at in 0..labels / LABELS {
            let number = |kind: &str, n: usize| Some(Number { text: format!("{kind}{n}"), key: format!("{kind}{n}") });
            let label = |n: usize| NewLabel {
                order: number("O", n),
                tracking: number("T", n),
                ..NewLabel::new(&format!("old-{n}"), waybill.clone(), template)
            };
            let labels = (at * LABELS..(at + 1) * LABELS).map(label).collect();
            let job = NewJob::new(&format!("old-{at}"), blake3::hash(&at.to_le_bytes()), "sink", labels);
            spool.take(job).await.expect("history is taken");
            let queue = spool.upcoming("sink", LABELS).await.expect("a queue");
            let keys: Vec<_> = queue.iter().map(|queued| (queued.key, template)).collect();
            spool.sending("sink", keys.clone()).await.expect("sending");
            let settled: Vec<_> = keys.iter().map(|(key, _)| spool.settle(*key, 1, Outcome::Sent)).collect();
            for receipt in settled {
                receipt.await.expect("settled");
            }
        }
    });
}

fn quantiles(times: &mut [Duration]) -> String {
    times.sort();
    let at = |share: f64| ms(times[((times.len() - 1) as f64 * share) as usize]);
    format!("p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms", at(0.5), at(0.99), at(1.0))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
