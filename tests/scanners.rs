//! Scanners as the daemon hears them: one on a serial port (a pseudo terminal), one that types (the kernel's uinput).
//!
//! uinput is a module of the kernel, to which root may write: `modprobe uinput`. Where it is missing that test says so and
//! passes; the rig (`tests/rig/scans`) has a scanner on USB, which is unplugged too.

use crate::support::labels::job_for;
use crate::support::shop::Shop;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::ioctl::{IntegerSetter, ioctl, opcode};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::ffi::{c_int, c_long};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;
use waybilld::scanner::{Scanner, Standing};

/// Longer than any wait of the room; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

fn listen(uri: &str) -> Scanner {
    Scanner::listen(uri.parse().unwrap_or_else(|error| panic!("{error}")))
}

async fn scan(scanner: &mut Scanner) -> String {
    timeout(PATIENCE, scanner.scans.recv()).await.expect("a scan in time").expect("it listens").expect("it was read")
}

async fn connected(scanner: &mut Scanner) {
    let stands = scanner.standing.wait_for(|standing| *standing == Standing::Connected);
    timeout(PATIENCE, stands).await.expect("connected in time").expect("it listens");
}

/// Why it is not connected.
async fn away(scanner: &mut Scanner) -> String {
    let away = scanner.standing.wait_for(|standing| matches!(standing, Standing::Away(why) if !why.contains("not opened yet")));
    match &*timeout(PATIENCE, away).await.expect("away in time").expect("it listens") {
        Standing::Away(why) => why.clone(),
        Standing::Connected => unreachable!("it was waited for"),
    }
}

/// Puts a scanner's cable into that port.
fn plug_in(port: &Path) -> OwnedFd {
    let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
    grantpt(&end).expect("granted");
    unlockpt(&end).expect("unlocked");
    let _ = fs::remove_file(port);
    symlink(ptsname(&end, Vec::new()).expect("its name").to_str().expect("ASCII"), port).expect("linked");
    end
}

#[tokio::test]
async fn a_serial_scanner_is_heard_and_heard_again_after_its_cable_was_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("scanner");
    let mut scanner = listen(&format!("serial:{}", port.display()));
    let why = away(&mut scanner).await;
    assert!(why.starts_with(&format!("{} is not there. Is the cable in?", port.display())), "{why}");

    let cable = plug_in(&port);
    connected(&mut scanner).await;
    rustix::io::write(&cable, b"RB123456785CN\r\nsecond\r").expect("written");
    assert_eq!(scan(&mut scanner).await, "RB123456785CN");
    assert_eq!(scan(&mut scanner).await, "second");
    rustix::io::write(&cable, b"no suffix").expect("written");
    assert_eq!(scan(&mut scanner).await, "no suffix");

    rustix::io::write(&cable, b"half a sc").expect("written");
    drop(cable);
    let why = away(&mut scanner).await;
    assert!(why.contains("its serial port is gone: was the adapter unplugged?"), "{why}");
    let cable = plug_in(&port);
    connected(&mut scanner).await;
    rustix::io::write(&cable, b"after\r").expect("written");
    assert_eq!(scan(&mut scanner).await, "after", "what was cut off is no scan");
}

#[tokio::test]
async fn a_scanner_nobody_wants_any_more_is_given_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("scanner");
    let _cable = plug_in(&port);
    let mut one = listen(&format!("serial:{}", port.display()));
    connected(&mut one).await;
    let Scanner { scans, mut standing } = one;
    drop(scans);
    timeout(PATIENCE, async { while standing.changed().await.is_ok() {} }).await.expect("it stops listening");
    connected(&mut listen(&format!("serial:{}", port.display()))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_scanner_reads_prints_again_at_its_own_station_which_says_when_the_scanner_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = folder.path().join("scanner");
    let cable = plug_in(&port);
    let station = |number: usize, more: &str| format!("[stations.bench-{number}]\nprinter = \"pack-{number}\"\n{more}\n");
    let stations = station(1, "") + &station(2, &format!("scanner = \"serial:{}\"", port.display()));
    let shop = Shop::of(2).config(&stations).start().await;
    shop.submit(job_for("pack-1", "wave", 1..=2)).await;
    shop.until("the wave is out", async |shop| shop.printer(1).await["counts"]["printed"] == 2).await;
    let scanner = async |shop: &Shop| shop.get("/v1/stations").await.body["stations"][1]["scanner"].clone();
    shop.until("the scanner is connected", async |shop| scanner(shop).await["connected"] == true).await;

    rustix::io::write(&cable, b"TR002\r\nTR002\r\nTR001\r\n").expect("written");
    shop.until("both are out again", async |shop| shop.printed(2).len() == 2).await;
    assert_eq!(shop.printed(2), ["TR002", "TR001"], "a double trigger is one");
    let stations = shop.get("/v1/stations").await.body;
    assert_eq!(stations["stations"][0].get("scanner"), None);
    assert_eq!(stations["stations"][1]["last"]["code"], "reprinting");

    // A scan that could not be read does not leave the answer before it standing.
    rustix::io::write(&cable, format!("{}\r\n", "9".repeat(600)).as_bytes()).expect("written");
    let last = async |shop: &Shop| shop.get("/v1/stations").await.body["stations"][1]["last"].clone();
    shop.until("the station says that it was not done", async |shop| last(shop).await["code"] == "not_done").await;
    assert_eq!(last(&shop).await["tone"], "bad");

    drop(cable);
    shop.until("the station says so", async |shop| scanner(shop).await["connected"] == false).await;
    let why = scanner(&shop).await["why"].as_str().expect("a sentence").to_owned();
    assert!(why.contains("was the adapter unplugged?") || why.contains("Is the cable in?"), "{why}");
    shop.stop().await;
}

/// A keyboard made by the kernel for us.
struct Typist {
    uinput: OwnedFd,
    node: String,
}

const NAME: &str = "waybilld test scanner";
const SET_EVENT: rustix::ioctl::Opcode = opcode::write::<c_int>(b'U', 100);
const SET_KEY: rustix::ioctl::Opcode = opcode::write::<c_int>(b'U', 101);
const CREATE: rustix::ioctl::Opcode = opcode::none(b'U', 1);

impl Typist {
    /// `None` where there is no uinput.
    fn sit_down() -> Option<Typist> {
        let uinput = rustix::fs::open("/dev/uinput", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        // struct uinput_user_dev: the name, bus and ids, and 257 numbers that a keyboard leaves at nought.
        let mut setup = [0; 80 + 8 + 257 * 4];
        setup[..NAME.len()].copy_from_slice(NAME.as_bytes());
        // SAFETY: these requests of uinput take numbers by value (linux/uinput.h); the file is uinput's.
        unsafe {
            ioctl(&uinput, IntegerSetter::<SET_EVENT>::new_usize(1)).expect("keys");
            for key in 1..128 {
                ioctl(&uinput, IntegerSetter::<SET_KEY>::new_usize(key)).expect("a key");
            }
            rustix::io::write(&uinput, &setup).expect("set up");
            ioctl(&uinput, IntegerSetter::<CREATE>::new_usize(0)).expect("made");
        }
        let is_ours = |event: &Path| fs::read_to_string(event.join("device/name")).is_ok_and(|name| name.trim() == NAME);
        let mut events = fs::read_dir("/sys/class/input").expect("input devices").flatten().map(|entry| entry.path());
        let event = events.find(|event| is_ours(event)).expect("the device that was made");
        Some(Typist { uinput, node: format!("/dev/input/{}", event.file_name().expect("a name").to_string_lossy()) })
    }

    fn event(&self, kind: u16, code: u16, value: i32) {
        let time = [0; 2 * size_of::<c_long>()];
        let bytes = [&time[..], &kind.to_ne_bytes(), &code.to_ne_bytes(), &value.to_ne_bytes()].concat();
        rustix::io::write(&self.uinput, &bytes).expect("written");
    }

    fn tap(&self, codes: &[u16]) {
        for code in codes {
            for value in [1, 0] {
                self.event(1, *code, value);
                self.event(0, 0, 0);
            }
        }
    }
}

#[tokio::test]
async fn a_scanner_that_types_is_heard_by_us_alone_and_given_back_when_it_goes() {
    let Some(typist) = Typist::sit_down() else {
        eprintln!("not run: there is no /dev/uinput to write to. Load the kernel's module uinput, as root.");
        return;
    };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    let somebody_else = rustix::fs::open(&typist.node, flags, Mode::empty()).expect("it is there");
    let mut scanner = listen(&format!("hid:{}", typist.node));
    connected(&mut scanner).await;
    let mut second = listen(&format!("hid:{}", typist.node));
    let why = away(&mut second).await;
    assert!(why.contains(": another program has taken it for itself"), "{why}");

    typist.tap(&[2, 3, 4, 28]);
    assert_eq!(scan(&mut scanner).await, "123");
    typist.tap(&[48, 46]);
    assert_eq!(scan(&mut scanner).await, "bc", "without Enter, after a pause");
    let mut events = [0; 1024];
    assert_eq!(rustix::io::read(&somebody_else, &mut events), Err(rustix::io::Errno::AGAIN), "nobody else heard a key");

    drop(typist.uinput);
    let why = away(&mut scanner).await;
    assert!(why.contains("the scanner was unplugged. It is used again as soon as it is back."), "{why}");
}
