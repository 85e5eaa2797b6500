//! The real daemon, real sockets and pseudo terminals, and six virtual printers, all of them processes: three
//! languages, each over TCP and over a serial line. Their roll ends, their power goes; what the daemon says of the
//! labels is held against what lies in their trays.

use crate::support::process::Process as Daemon;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

const LABELS: usize = 10;
/// On the first roll.
const ROLL: usize = 4;
/// What waits for a process, at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A virtual printer and its tray.
struct Printer {
    name: String,
    process: Process,
    tray: PathBuf,
    device: String,
    /// Its power was cut.
    cut: bool,
}

impl Printer {
    fn start(house: &Path, language: &str, serial: bool) -> Printer {
        let name = format!("{language}-{}", if serial { "serial" } else { "tcp" });
        let tray = house.join(&name);
        let port = house.join(format!("tty-{name}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_waybilld"));
        command.args(["virtual", "--no-pictures", "--labels", "--speed", "30", "--language", language, "--media"]);
        command.arg(ROLL.to_string()).arg("--out").arg(&tray);
        if serial {
            command.arg("--pty").arg(&port);
        } else {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        // What it says later is in its ledger too.
        std::thread::spawn(move || output.lines().count());
        let device = match line.trim().strip_prefix("listening on ") {
            Some(address) if !serial => format!("tcp://{address}"),
            Some(_) => format!("serial:{}?baud=115200", port.display()),
            None => panic!("{name} says {line:?}"),
        };
        Printer { name, process: Process(child), tray, device, cut: false }
    }

    fn control(&mut self, line: &str) {
        writeln!(self.process.0.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn ledger(&self) -> String {
        fs::read_to_string(self.tray.join("ledger.jsonl")).unwrap_or_default()
    }

    /// The log of the daemon that prints on it.
    fn log(&self) -> String {
        fs::read_to_string(self.tray.join("../log")).unwrap_or_default()
    }

    /// The pieces in its tray that are whole.
    fn whole(&self) -> Vec<Value> {
        let ledger = self.ledger();
        let lines = ledger.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["status"] == "printed").collect()
    }

    fn config(&self) -> String {
        let language = self.name.split('-').next().unwrap();
        let escpos = if language == "escpos" { "width_dots = 800\nfeed = \"ff\"\nconfirm = \"echo\"\n" } else { "" };
        format!("[printers.{}]\ndevice = \"{}\"\nlanguage = \"{language}\"\nlabel_ms = 700\n{escpos}", self.name, self.device)
    }

    /// The job for it: its labels by id and tracking number.
    fn job(&self, first: usize) -> (Value, Vec<(String, String)>) {
        let sample = include_str!("../../samples/wave.jsonl").lines().next().unwrap();
        let labels = (first..first + LABELS).map(|number| {
            let mut label: Value = serde_json::from_str(sample).unwrap();
            label["id"] = format!("{}-{number}", self.name).into();
            label["order"] = format!("576{number:015}").into();
            label["tracking"] = format!("WB{number:09}CN").into();
            label
        });
        let labels: Vec<Value> = labels.collect();
        let text = |label: &Value, field: &str| label[field].as_str().unwrap().to_owned();
        let names = labels.iter().map(|label| (text(label, "id"), text(label, "tracking"))).collect();
        (json!({ "id": self.name, "printer": self.name, "labels": labels }), names)
    }
}

/// As a scanner reads it: without the changes of set of a Code 128.
fn scanned(field: &str) -> String {
    let mut parts = field.split('>');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.filter_map(|part| part.get(1..)).fold(first, |text, part| text + part)
}

/// Until it holds for all of them; the names of those for which it never does, otherwise.
async fn until_all(printers: &mut [Printer], what: &str, mut holds: impl AsyncFnMut(&mut Printer) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut open = Vec::new();
        for printer in printers.iter_mut() {
            if !holds(printer).await {
                open.push(printer.name.clone());
            }
        }
        if open.is_empty() {
            return;
        }
        let trays = || printers.iter().map(|printer| printer.ledger() + "\n").collect::<String>();
        assert!(Instant::now() < deadline, "{what}: not {open:?}\n{}\n{}", trays(), printers[0].log());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_roll_that_ends_and_a_power_cut_on_three_languages_and_two_kinds_of_lines() {
    let house = TempDir::new().unwrap();
    let kinds = ["zpl", "tspl", "escpos"].into_iter().flat_map(|language| [(language, false), (language, true)]);
    let mut printers: Vec<Printer> = kinds.map(|(language, serial)| Printer::start(house.path(), language, serial)).collect();
    let mut daemon = Daemon::start(house.path(), &printers.iter().map(Printer::config).collect::<String>());
    daemon.ready().await;
    let get = async |path: &str| daemon.client.get_answer(path).await.unwrap().granted::<serde_json::Value>().unwrap();

    let mut all = Vec::new();
    for (at, printer) in printers.iter().enumerate() {
        let (job, labels) = printer.job(at * LABELS);
        daemon.client.post_answer("/v1/jobs", job.to_string()).await.unwrap().granted::<serde_json::Value>().unwrap();
        all.push(labels);
    }

    // Each says what it lacks, and goes on by itself when it gets it.
    until_all(&mut printers, "out of labels", async |printer| {
        let told = get("/v1/printers").await;
        let mut of = told["printers"].as_array().unwrap().iter().filter(|told| told["name"] == printer.name.as_str());
        let told = of.next().unwrap();
        told["state"] == "stopped" && told["reasons"] == json!(["media_empty"]) && printer.whole().len() == ROLL
    })
    .await;
    printers.iter_mut().for_each(|printer| printer.control("media 100"));

    // Its line breaks, or on a serial cable it is only silent for a while.
    until_all(&mut printers, "goes on", async |printer| {
        let goes_on = printer.whole().len() > ROLL + 1;
        if goes_on && !std::mem::replace(&mut printer.cut, true) {
            printer.control("power cut");
        }
        goes_on
    })
    .await;
    sleep(Duration::from_secs(4)).await;
    printers.iter_mut().for_each(|printer| printer.control("power on"));

    let states = async |printer: &Printer| get(&format!("/v1/jobs/{}", printer.name)).await;
    until_all(&mut printers, "all labels have an end", async |printer| {
        let job = states(printer).await;
        ["waiting", "sending"].iter().all(|state| job["counts"].get(state).is_none())
    })
    .await;
    sleep(Duration::from_secs(1)).await;

    for (printer, labels) in printers.iter().zip(&all) {
        let job = states(printer).await;
        let log = || fs::read_to_string(house.path().join("log")).unwrap();
        let count = |state: &str| job["counts"][state].as_u64().unwrap_or(0) as usize;
        let (printed, doubts, whole) = (count("printed"), count("in_doubt"), printer.whole());
        let name = &printer.name;
        println!("{name}: {printed} printed, {doubts} in doubt, {} whole pieces in the tray", whole.len());
        assert_eq!(printed + doubts, LABELS, "{name}: {job}\n{}", log());
        assert!((printed..=printed + doubts).contains(&whole.len()), "{name}: {} whole\n{job}\n{}", whole.len(), log());
        // Two by the power cut, and one where the roll ended on a printer that does not print a torn label again.
        assert!(doubts <= 2 + usize::from(name.starts_with("escpos")), "{name}: {doubts} in doubt\n{}", log());
        let once: BTreeSet<&str> = whole.iter().map(|piece| piece["format"].as_str().unwrap()).collect();
        assert_eq!(once.len(), whole.len(), "{name}: a label came out twice\n{}", log());
        if !name.starts_with("zpl") {
            continue; // Its labels are all picture.
        }
        for run in job["runs"].as_array().unwrap().iter().flat_map(|run| run["labels"].as_array().unwrap()) {
            let tracking = &labels.iter().find(|(id, _)| *id == run["id"].as_str().unwrap()).unwrap().1;
            let out = whole.iter().filter(|piece| scanned(&piece["fields"].to_string()).contains(tracking.as_str())).count();
            let right = if run["state"] == "printed" { out == 1 } else { out <= 1 };
            assert!(right, "{name}: {run} came out {out} times\n{}", log());
        }
    }
}
