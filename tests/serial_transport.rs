//! Serial lines over real pseudo terminals: the far side plays the printer.
//!
//! A pseudo terminal has no queue the kernel counts and no modem lines; `usb_transport.rs` has a real adapter in the rig.

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{ControlModes, InputModes, tcgetattr};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waybilld::transport::{Connection, Limits, Transport, why_broken};
use waybilld::uri::DeviceUri;

/// The printer's end of the cable, and the name of ours.
struct Printer {
    end: AsyncFd<OwnedFd>,
    port: String,
}

impl Printer {
    fn plug_in() -> Printer {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
        grantpt(&end).expect("granted");
        unlockpt(&end).expect("unlocked");
        let port = ptsname(&end, Vec::new()).expect("its name").into_string().expect("ASCII");
        let flags = rustix::fs::fcntl_getfl(&end).expect("flags");
        rustix::fs::fcntl_setfl(&end, flags | OFlags::NONBLOCK).expect("set");
        // SAFETY: the file is open until the `AsyncFd` is dropped with it.
        let end = unsafe { AsyncFd::register(end) }.expect("registered");
        Printer { end, port }
    }

    async fn open(&self, settings: &str) -> Connection {
        let uri: DeviceUri = format!("serial:{}{settings}", self.port).parse().unwrap_or_else(|error| panic!("{error}"));
        Transport::default().open(&uri, &Limits::default()).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn read(&self, count: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let mut buffer = vec![0; (count - taken.len()).min(1000)];
            let mut ready = self.end.readable().await.expect("readable");
            if let Ok(read) = ready.try_io(|end| Ok(rustix::io::read(end.get_ref(), &mut buffer)?)) {
                taken.extend_from_slice(&buffer[..read.expect("the host is there")]);
            }
        }
        taken
    }

    async fn write(&self, bytes: &[u8]) {
        let mut ready = self.end.writable().await.expect("writable");
        let written = ready.try_io(|end| Ok(rustix::io::write(end.get_ref(), bytes)?));
        assert_eq!(written.ok().and_then(Result::ok), Some(bytes.len()));
    }
}

/// Bytes in which every offset shows.
fn label(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at / 251 + at * 7) as u8).collect()
}

#[tokio::test]
async fn bytes_of_any_value_go_both_ways() {
    let printer = Printer::plug_in();
    let mut line = printer.open("").await;
    let all: Vec<u8> = (0..=255).collect();
    line.write_all(&all).await.expect("written");
    assert_eq!(printer.read(256).await, all);
    printer.write(&all).await;
    let mut answer = [0; 256];
    line.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(answer[..], all);
    assert!(line.close(&Limits::default()).await, "closed at once");
}

#[tokio::test]
async fn a_printer_that_stalls_gets_every_byte_once_however_often_the_write_is_given_up() {
    let printer = Printer::plug_in();
    let mut line = printer.open("?baud=115200&flow=rtscts").await;
    let label = label(200_000);
    let mut taken = 0;
    // Nobody reads: the port takes what it has room for, then nothing, however often it is asked.
    for _ in 0..20 {
        let offered = &label[taken..label.len().min(taken + 16 * 1024)];
        if let Ok(wrote) = tokio::time::timeout(Duration::from_millis(10), line.write(offered)).await {
            taken += wrote.expect("the line stands");
        }
    }
    assert!(taken < label.len(), "a stalled printer took everything");
    let reading = tokio::spawn(async move { (printer.read(200_000).await, printer) });
    while taken < label.len() {
        taken += line.write(&label[taken..]).await.expect("the line stands");
    }
    let (received, _printer) = reading.await.expect("no panic");
    assert!(received == label, "bytes were lost, doubled or changed");
}

#[tokio::test]
async fn with_xonxoff_the_printer_steers_us_and_we_never_steer_it() {
    let printer = Printer::plug_in();
    let mut line = printer.open("?flow=xonxoff").await;
    let port = rustix::fs::open(&printer.port, OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
    // The line is locked for everybody who has not the right to break locks.
    if let Ok(port) = port {
        let modes = tcgetattr(port).expect("a terminal");
        assert!(modes.input_modes.contains(InputModes::IXON) && !modes.input_modes.contains(InputModes::IXOFF));
        assert!(!modes.control_modes.contains(ControlModes::CRTSCTS));
    }
    printer.write(b"\x13").await;
    // The terminal of our end has seen it when a byte behind it has come through.
    printer.write(b"!").await;
    assert_eq!(line.read_u8().await.expect("a byte"), b'!');
    tokio::time::timeout(Duration::from_millis(50), line.write(b"label")).await.expect_err("the printer said wait");
    printer.write(b"\x11?").await;
    assert_eq!(line.read_u8().await.expect("a byte, and no XON"), b'?');
    line.write_all(b"label \x11 \x13").await.expect("written");
    assert_eq!(printer.read(9).await, b"label \x11 \x13");
}

#[tokio::test]
async fn an_unplugged_adapter_is_a_broken_line_in_words() {
    let printer = Printer::plug_in();
    let mut line = printer.open("").await;
    drop(printer);
    let error = line.read_u8().await.expect_err("gone");
    assert_eq!(why_broken(&error), "its serial port is gone: was the adapter unplugged?");
    let error = line.write(b"label").await.expect_err("gone");
    assert_eq!(why_broken(&error), "its serial port is gone: was the adapter unplugged?");
}

#[tokio::test]
async fn a_printer_that_takes_nothing_does_not_hold_up_closing() {
    let printer = Printer::plug_in();
    let mut line = printer.open("").await;
    while tokio::time::timeout(Duration::from_millis(20), line.write(&[0; 4096])).await.is_ok() {}
    line.close(&Limits { close: Duration::from_millis(50), ..Limits::default() }).await;
}

#[tokio::test]
async fn a_port_that_cannot_be_opened_says_why() {
    let refusal = async |text: &str| {
        let uri: DeviceUri = text.parse().unwrap_or_else(|error| panic!("{error}"));
        Transport::default().open(&uri, &Limits::default()).await.err().expect("refused").to_string()
    };
    assert_eq!(
        refusal("serial:/dev/serial/by-id/usb-nobody").await,
        "/dev/serial/by-id/usb-nobody is not there. Is the cable in? Serial ports of this computer stand in /dev/serial/by-id \
         and /dev."
    );
    assert_eq!(refusal("serial:/dev/null").await, "/dev/null is no serial port.");
    assert_eq!(refusal("serial:/etc/passwd").await, "/etc/passwd is no serial port.");
    let printer = Printer::plug_in();
    let _line = printer.open("").await;
    assert_eq!(
        refusal(&format!("serial:{}", printer.port)).await,
        format!("{} is held by another program: stop that first.", printer.port)
    );
}
