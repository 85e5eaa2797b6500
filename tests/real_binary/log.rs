//! What may happen to the log of the daemon, and to the terminal it was started from, while it prints: the labels come out,
//! it answers, and it stops when it is asked.

use crate::support::labels::job;
use crate::support::printer::{Printer, quick};
use crate::support::process::Process;
use rustix::process::Signal;
use rustix::pty::OpenptFlags;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::time::sleep;
use waybilld::virtual_printer::Settings;

const LABELS: usize = 20;
/// A stop lets the labels on the wire finish; these take no time.
const STOP_MAX: Duration = Duration::from_secs(10);

/// A daemon with a printer on which a label takes no time.
struct Shop {
    folder: TempDir,
    printer: Printer,
    config: String,
}

impl Shop {
    async fn with(settings: Settings) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let printer = Printer::start(&folder.path().join("tray"), settings).await;
        let config = format!("[printers.pack-1]\ndevice = \"tcp://{}\"\nlabel_ms = 20\n", printer.address);
        Shop { folder, printer, config }
    }

    fn serve(&self) -> Command {
        let mut serve = Process::serve(self.folder.path(), &self.config);
        serve.stdin(Stdio::null()).stdout(Stdio::null());
        serve
    }

    async fn submit(&self, daemon: &Process) {
        let taken = daemon.client.post_answer("/v1/jobs", job("wave", 1..=LABELS).to_string()).await.unwrap();
        assert_eq!(taken.status, 201, "{}", taken.body);
    }

    /// All come out and are told as printed.
    async fn all_print(&self, daemon: &Process) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let job = daemon.get("/v1/jobs/wave").await;
            if job["counts"]["printed"] == LABELS {
                break;
            }
            assert!(Instant::now() < deadline, "{}", job["counts"]);
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.printer.printed().len(), LABELS);
    }

    /// Prints on a daemon that logs there, and stops it.
    async fn prints_and_stops(&self, serve: &mut Command) {
        let mut daemon = Process::spawn(self.folder.path(), serve);
        daemon.ready().await;
        self.submit(&daemon).await;
        self.all_print(&daemon).await;
        stops(&mut daemon).await;
    }
}

async fn stops(daemon: &mut Process) {
    let asked = Instant::now();
    daemon.signal(Signal::TERM);
    let ended = daemon.ended().await;
    assert!(ended.success(), "{ended}");
    assert!(asked.elapsed() < STOP_MAX, "it took {:?}", asked.elapsed());
}

fn at_once() -> Settings {
    Settings { speed: None, start: Duration::from_millis(1), ..Settings::default() }
}

#[tokio::test]
async fn labels_print_when_nothing_takes_the_log() {
    let shop = Shop::with(at_once()).await;
    let mut serve = Command::new("sh");
    let command = shop.serve();
    serve.args(["-c", "exec \"$@\" 2>&-", "sh"]).arg(command.get_program()).args(command.get_args());
    shop.prints_and_stops(serve.env("NO_COLOR", "1").stdout(Stdio::null())).await;
}

#[tokio::test]
async fn labels_print_when_the_reader_of_the_log_has_gone() {
    let shop = Shop::with(at_once()).await;
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    shop.prints_and_stops(shop.serve().stderr(writer)).await;
}

#[tokio::test]
async fn labels_print_when_the_disk_of_the_log_is_full() {
    let shop = Shop::with(at_once()).await;
    let full = File::options().write(true).open("/dev/full").unwrap();
    shop.prints_and_stops(shop.serve().stderr(full)).await;
}

/// The end of a pipe that is full already, and the end that nobody reads.
fn full_pipe() -> (io::PipeReader, io::PipeWriter) {
    let (reader, mut writer) = io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

#[tokio::test]
async fn labels_print_when_the_reader_of_log_and_output_hangs() {
    let shop = Shop::with(at_once()).await;
    let (_reader, writer) = full_pipe();
    shop.prints_and_stops(shop.serve().stdout(writer.try_clone().unwrap()).stderr(writer)).await;
}

#[tokio::test]
async fn a_daemon_that_cannot_start_ends_even_when_the_reader_of_its_log_hangs() {
    let shop = Shop::with(at_once()).await;
    let (_reader, writer) = full_pipe();
    fs::write(shop.folder.path().join("socket"), "no socket").unwrap();
    let mut daemon = Process::spawn(shop.folder.path(), shop.serve().stderr(writer));
    assert_eq!(daemon.ended().await.code(), Some(2));
}

#[tokio::test]
async fn a_hangup_in_a_run_is_logged_and_the_run_goes_on() {
    let shop = Shop::with(quick()).await;
    let log = shop.folder.path().join("log");
    let mut daemon = Process::spawn(shop.folder.path(), shop.serve().stderr(File::create(&log).unwrap()));
    daemon.ready().await;
    shop.submit(&daemon).await;
    in_the_run(&shop).await;
    daemon.signal(Signal::HUP);
    shop.all_print(&daemon).await;
    daemon.signal(Signal::HUP);
    stops(&mut daemon).await;
    assert!(log_of(&log).contains("SIGHUP"), "{}", log_of(&log));
}

#[tokio::test]
async fn a_terminal_that_is_closed_in_a_run_does_not_end_it() {
    let shop = Shop::with(quick()).await;
    // Closed in the daemon, so that it is gone when this test drops it.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
    let terminal = File::options().read(true).write(true).open(Path::new(name.to_str().unwrap())).unwrap();
    let command = shop.serve();
    // In a session of its own, whose terminal is this one.
    let mut serve = Command::new("setsid");
    serve.arg("--ctty").arg(command.get_program()).args(command.get_args()).env("NO_COLOR", "1");
    serve.stdin(terminal.try_clone().unwrap()).stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let mut daemon = Process::spawn(shop.folder.path(), &mut serve);
    // The command holds the terminal open too.
    drop(serve);
    daemon.ready().await;
    shop.submit(&daemon).await;
    in_the_run(&shop).await;
    drop(master);
    shop.all_print(&daemon).await;
    stops(&mut daemon).await;
}

async fn in_the_run(shop: &Shop) {
    while shop.printer.printed().len() < 3 {
        sleep(Duration::from_millis(10)).await;
    }
}

fn log_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
