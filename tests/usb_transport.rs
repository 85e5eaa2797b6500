//! Printers on a real USB bus: the kernel's, in the guest of a test rig whose printers fail on command.
//!
//! Runs only where `WAYBILLD_USB_TEST` is set, as root, with `rigctl` to steer the bench:
//!
//!     WAYBILLD_USB_TEST=1 usb_transport-HASH --nocapture --test-threads=1

use std::io::Write;
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use waybilld::transport::{Connection, Limits, Transport, discover, why_broken};
use waybilld::uri::DeviceUri;

const LIMIT: Duration = Duration::from_secs(15);

fn in_the_rig() -> bool {
    let here = std::env::var_os("WAYBILLD_USB_TEST").is_some();
    static TOLD: Once = Once::new();
    if !here {
        // Past the capture of the tests' output: a skipped test is not to pass in silence.
        let told = "skipped: usb_transport needs the rig's USB bus, and WAYBILLD_USB_TEST to say that it is there";
        TOLD.call_once(|| writeln!(std::io::stderr(), "{told}").expect("stderr"));
    }
    here
}

/// Words to the bench; what it answers.
fn rig(words: &str) -> String {
    let output = Command::new("rigctl").args(words.split_whitespace()).output().expect("rigctl is here");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "rigctl {words}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A printer on the bench for one test.
struct Printer(String);

impl Printer {
    fn add(name: &str, settings: &str) -> Printer {
        rig(&format!("add usb-printer {name} {settings}"));
        let printer = Printer(name.into());
        printer.attached();
        printer
    }

    fn attached(&self) {
        rig(&format!("wait {} attached 20", self.0));
        settle();
    }

    fn received(&self) -> Vec<u8> {
        let file = format!("/tmp/{}-{}.rx", self.0, std::process::id());
        let base64 = rig(&format!("rx {} --base64", self.0));
        std::fs::write(&file, base64.trim()).expect("a file");
        Command::new("base64").args(["-d", &file]).output().expect("base64").stdout
    }

    fn wait_received(&self, count: usize) {
        rig(&format!("wait {} rx={count} 30", self.0));
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        let _ = Command::new("rigctl").args(["del", &self.0]).output();
        settle();
    }
}

fn settle() {
    let _ = Command::new("udevadm").args(["settle", "--timeout=10"]).status();
}

async fn try_open(uri: &str) -> Result<Connection, String> {
    let uri: DeviceUri = uri.parse().unwrap_or_else(|error| panic!("{error}"));
    Transport::default().open(&uri, &Limits::default()).await.map_err(|error| error.to_string())
}

async fn open(uri: &str) -> Connection {
    try_open(uri).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn refusal(uri: &str) -> String {
    try_open(uri).await.err().unwrap_or_else(|| panic!("{uri} was opened"))
}

/// Formats that print nothing and in which every offset shows.
fn label(count: usize) -> Vec<u8> {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < count {
        text += &format!("^FX{number:07}");
        number += 1;
    }
    text.truncate(count);
    text.into_bytes()
}

/// Writes like the feed does: the same bytes offered again, each offer given up after a moment.
async fn write_impatiently(line: &mut Connection, bytes: &[u8], moment: Duration) {
    let mut taken = 0;
    let started = Instant::now();
    while taken < bytes.len() && started.elapsed() < 3 * LIMIT {
        if let Ok(wrote) = timeout(moment, line.writer.write(&bytes[taken..])).await {
            taken += wrote.unwrap_or_else(|error| panic!("after {taken} bytes: {}", why_broken(&error)));
        }
    }
    assert_eq!(taken, bytes.len(), "the printer did not take it all");
}

async fn answer(line: &mut Connection, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    timeout(LIMIT, line.reader.read_exact(&mut bytes)).await.expect("an answer in time").expect("the line stands");
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_is_written_to_asked_and_given_back() {
    if !in_the_rig() {
        return;
    }
    let printer = Printer::add("t1", "lang=zpl vid=0a5f pid=0181 serial=T1");
    let mut line = open("usb://0a5f:0181?serial=T1").await;
    let id = line.line.device_id().await.expect("asked").expect("an id");
    assert!(id.contains("CMD:ZPL"), "{id}");
    let status = line.line.port_status().await.expect("asked").expect("a status");
    assert!(status.selected && !status.media_empty && !status.error, "{status:?}");
    line.write_all(b"~HS").await.expect("written");
    assert_eq!(answer(&mut line, 80).await[..4], *b"\x02030");
    let bytes = label(200_000);
    line.write_all(&bytes).await.expect("written");
    printer.wait_received(200_003);
    assert!(printer.received()[3..] == bytes, "bytes were lost, doubled or changed");
    assert!(line.close(&Limits::default()).await, "closed in time");
    // Free for the next at once.
    assert!(open("usb://0a5f:0181").await.close(&Limits::default()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kernels_driver_is_given_back_except_to_a_printer_that_does_not_bear_it() {
    if !in_the_rig() {
        return;
    }
    let driver = |port: &str| std::fs::read_link(format!("/sys/bus/usb/devices/{port}:1.0/driver")).ok();
    for (ids, given_back) in [("vid=1203 pid=0231", true), ("vid=0a5f pid=0182", false)] {
        let _printer = Printer::add("t2", &format!("lang=tspl {ids} serial=T2"));
        let port = port_of("T2");
        assert!(driver(&port).expect("usblp").ends_with("usblp"));
        let uri = format!("usb://{}?serial=T2", ids.replace("vid=", "").replace(" pid=", ":"));
        let line = open(&uri).await;
        assert!(driver(&port).expect("ours").ends_with("usbfs"));
        assert!(line.close(&Limits::default()).await);
        settle();
        assert_eq!(driver(&port).is_some_and(|driver| driver.ends_with("usblp")), given_back, "{ids}");
    }
}

/// The kernel's name for the port with that serial number in it.
fn port_of(serial: &str) -> String {
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        for entry in std::fs::read_dir("/sys/bus/usb/devices").expect("USB").flatten() {
            if std::fs::read_to_string(entry.path().join("serial")).is_ok_and(|it| it.trim() == serial) {
                return entry.file_name().into_string().expect("ASCII");
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no device {serial}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_printer_gets_every_byte_once_and_still_tells_its_port_status() {
    if !in_the_rig() {
        return;
    }
    let printer = Printer::add("t3", "lang=zpl vid=0a5f pid=0183 serial=T3 buffer=8192");
    let mut line = open("usb://0a5f:0183?serial=T3").await;
    rig("nak t3 6");
    let bytes = label(60_000);
    let stopped = timeout(Duration::from_secs(3), line.writer.write(&bytes)).await;
    assert!(stopped.is_err(), "the printer takes nothing, but {stopped:?}");
    rig("fault t3 paper-out");
    let status = timeout(LIMIT, line.line.port_status()).await.expect("in time").expect("asked").expect("a status");
    assert!(status.media_empty, "{status:?}");
    rig("clear t3");
    write_impatiently(&mut line, &bytes, Duration::from_millis(70)).await;
    printer.wait_received(60_000);
    assert!(printer.received() == bytes, "bytes were lost, doubled or changed");
    line.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_cut_short_in_the_middle_goes_on_at_the_exact_byte() {
    if !in_the_rig() {
        return;
    }
    let printer = Printer::add("t4", "lang=zpl vid=0a5f pid=0184 serial=T4");
    let mut line = open("usb://0a5f:0184?serial=T4").await;
    // It stops within a transfer for longer than a slice, then again.
    rig("when t4 rx=10001 -- nak t4 3");
    rig("when t4 rx=30011 -- nak t4 5");
    let bytes = label(50_000);
    write_impatiently(&mut line, &bytes, Duration::from_millis(200)).await;
    printer.wait_received(50_000);
    assert!(printer.received() == bytes, "bytes were lost, doubled or changed");
    line.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_is_cleared_and_both_ways_go_on() {
    if !in_the_rig() {
        return;
    }
    let printer = Printer::add("t5", "lang=zpl vid=0a5f pid=0185 serial=T5");
    let mut line = open("usb://0a5f:0185?serial=T5").await;
    rig("when t5 rx=20000 -- stall t5 out");
    let bytes = label(40_000);
    write_impatiently(&mut line, &bytes, Duration::from_secs(1)).await;
    printer.wait_received(40_000);
    assert!(printer.received() == bytes, "bytes were lost, doubled or changed");
    rig("stall t5 in");
    line.write_all(b"~HS").await.expect("written");
    assert_eq!(answer(&mut line, 80).await[..4], *b"\x02030");
    line.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unplugging_in_the_middle_of_a_write_breaks_both_streams_in_words() {
    if !in_the_rig() {
        return;
    }
    let printer = Printer::add("t6", "lang=zpl vid=0a5f pid=0186 serial=T6");
    let Connection { mut reader, mut writer, line } = open("usb://0a5f:0186?serial=T6").await;
    rig("when t6 rx=20000 -- unplug t6");
    let reading = tokio::spawn(async move { reader.read_u8().await.expect_err("gone") });
    let writing = async { writer.write_all(&label(100_000)).await.expect_err("gone") };
    let error = timeout(LIMIT, writing).await.expect("in time");
    assert_eq!(why_broken(&error), "it was unplugged or switched off");
    let error = timeout(LIMIT, reading).await.expect("in time").expect("no panic");
    assert_eq!(why_broken(&error), "it was unplugged or switched off");
    assert!(line.port_status().await.is_err());
    drop((writer, line));
    assert_eq!(
        refusal("usb://0a5f:0186?serial=T6").await,
        "usb://0a5f:0186?serial=T6: the printer is not plugged in, or it is switched off."
    );
    rig("plug t6");
    printer.attached();
    open("usb://0a5f:0186?serial=T6").await.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_are_told_apart_by_their_ports_and_a_printer_is_found_on_another_port_by_its_serial_number() {
    if !in_the_rig() {
        return;
    }
    let one = Printer::add("t7", "lang=zpl vid=0483 pid=5743 serial=");
    let two = Printer::add("t8", "lang=zpl vid=0483 pid=5743 serial=");
    let said = refusal("usb://0483:5743").await;
    println!("{said}");
    let ports: Vec<&str> = said.split("?port=").skip(1).map(|it| it.split([' ', '.']).next().unwrap_or_default()).collect();
    assert_eq!(ports.len(), 2, "{said}");
    for (port, words) in [(ports[0], "one"), (ports[1], "two")] {
        let mut line = open(&format!("usb://0483:5743?port={port}")).await;
        line.write_all(words.as_bytes()).await.expect("written");
        line.close(&Limits::default()).await;
    }
    let mut received = [one.received(), two.received()];
    received.sort();
    assert_eq!(received, [b"one".to_vec(), b"two".to_vec()], "each twin got its own");
    let first_port = ports[0].to_owned();
    drop((one, two));
    let _stranger = Printer::add("t9", "lang=zpl vid=0483 pid=5720 serial=T9");
    if port_of("T9") == first_port {
        let said = refusal(&format!("usb://0483:5743?port={first_port}")).await;
        assert!(said.contains("in that port is another device, 0483:5720."), "{said}");
    }
    // The one with a number moves to another port.
    let traveller = Printer::add("t10", "lang=zpl vid=0a5f pid=0187 serial=T10");
    let before = port_of("T10");
    rig("unplug t10");
    let _squatter = Printer::add("t11", "lang=zpl vid=0a5f pid=0187 serial=T11");
    rig("plug t10");
    traveller.attached();
    println!("from port {before} to {}", port_of("T10"));
    open("usb://0a5f:0187?serial=T10").await.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_ends_with_a_packet_comes_at_once() {
    if !in_the_rig() {
        return;
    }
    // ~HS answers with 82 bytes or so; asked often enough it fills packets of 64 exactly.
    for mps in [512, 64] {
        let _printer = Printer::add("t12", &format!("lang=zpl vid=0a5f pid=0188 serial=T12 zlp=0 mps={mps} reply_delay_ms=300"));
        let mut line = open("usb://0a5f:0188?serial=T12").await;
        line.write_all(b"~HS").await.expect("written");
        let mut one = vec![0; 4096];
        let count = timeout(LIMIT, line.reader.read(&mut one)).await.expect("in time").expect("the line stands");
        println!("~HS: {count} bytes in the first read, packets of {mps}");
        let mut left = Vec::new();
        while let Ok(Ok(count)) = timeout(Duration::from_secs(1), line.reader.read(&mut one)).await {
            left.extend_from_slice(&one[..count]);
        }
        let whole = count + left.len();
        // So many questions that their answers end with a packet.
        let questions = (1..=512).find(|times| (times * whole) % mps == 0).expect("at 512 at the latest");
        line.write_all(&b"~HS".repeat(questions)).await.expect("written");
        answer(&mut line, questions * whole).await;
        line.close(&Limits::default()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_somebody_who_is_gone_is_not_taken_for_ours() {
    if !in_the_rig() {
        return;
    }
    let _printer = Printer::add("t13", "lang=zpl vid=0a5f pid=0189 serial=T13 reply_delay_ms=200");
    let mut line = open("usb://0a5f:0189?serial=T13").await;
    line.write_all(b"~HS~HS~HS").await.expect("written");
    line.close(&Limits::default()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut line = open("usb://0a5f:0189?serial=T13").await;
    let mut byte = [0];
    assert!(timeout(Duration::from_secs(1), line.reader.read(&mut byte)).await.is_err(), "an old answer");
    line.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_that_hangs_does_not_hold_up_asking_or_closing() {
    if !in_the_rig() {
        return;
    }
    let printer = Printer::add("t14", "lang=zpl vid=0a5f pid=018a serial=T14");
    let mut line = open("usb://0a5f:018a?serial=T14").await;
    rig("hang t14");
    assert!(timeout(Duration::from_secs(1), line.writer.write(b"^XA")).await.is_err());
    let error = timeout(Duration::from_secs(4), line.line.port_status()).await.expect("in time").expect_err("silent");
    assert_eq!(why_broken(&error), "the printer does not answer");
    let started = Instant::now();
    assert!(!line.close(&Limits::default()).await);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    rig("unhang t14");
    printer.attached();
    open("usb://0a5f:018a?serial=T14").await.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_without_class_requests_says_nothing_of_itself() {
    if !in_the_rig() {
        return;
    }
    let _printer = Printer::add("t15", "lang=tspl vid=0416 pid=5011 serial=T15");
    for request in ["device-id", "port-status", "soft-reset"] {
        rig(&format!("stall-request t15 {request} on"));
    }
    let line = open("usb://0416:5011?serial=T15").await;
    assert_eq!(line.line.device_id().await.expect("asked"), None);
    assert_eq!(line.line.port_status().await.expect("asked"), None);
    // The rig refuses it in the words of the class definition 1.1 only: those of 1.0 are tried then.
    assert!(line.line.soft_reset().await.expect("asked"));
    line.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_that_another_program_holds_is_refused_with_its_name() {
    if !in_the_rig() {
        return;
    }
    let _printer = Printer::add("t16", "lang=zpl vid=0a5f pid=018b serial=T16");
    let _line = open("usb://0a5f:018b?serial=T16").await;
    let held = refusal("usb://0a5f:018b?serial=T16").await;
    assert_eq!(held, "usb://0a5f:018b?serial=T16 is held by another program, perhaps CUPS or ipp-usb: stop that first.");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_way_setting_is_chosen_and_a_vendors_board_is_taken_when_told() {
    if !in_the_rig() {
        return;
    }
    {
        let _printer = Printer::add("t17", "lang=zpl vid=0a5f pid=018c serial=T17 alts=1/3/2");
        let mut line = open("usb://0a5f:018c?serial=T17").await;
        line.write_all(b"~HS").await.expect("written");
        assert_eq!(answer(&mut line, 80).await[..4], *b"\x02030");
        line.close(&Limits::default()).await;
    }
    let _board = Printer::add("t18", "lang=escpos vid=1504 pid=0099 serial=T18 class=255");
    assert_eq!(
        refusal("usb://1504:0099").await,
        "usb://1504:0099: the device has no printer interface. Is it set to another mode, such as a serial port?"
    );
    let mut line = open("usb://1504:0099?class=vendor").await;
    line.write_all(b"\x10\x04\x01").await.expect("written");
    answer(&mut line, 1).await;
    line.close(&Limits::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugging_in_rings_and_what_is_plugged_in_is_found_with_its_name_and_its_trouble() {
    if !in_the_rig() {
        return;
    }
    let uri: DeviceUri = "usb://0a5f:018d?serial=T19".parse().expect("a device URI");
    let mut plugged = Transport::default().plugged(&uri);
    assert!(timeout(Duration::from_secs(2), plugged.rung()).await.is_err(), "nothing was plugged in");
    rig("add usb-printer t19 lang=zpl vid=0a5f pid=018d serial=T19");
    let printer = Printer("t19".into());
    let mut rings = 0;
    let mut line = None;
    while line.is_none() {
        timeout(LIMIT, plugged.rung()).await.expect("a ring");
        rings += 1;
        line = try_open("usb://0a5f:018d?serial=T19").await.ok();
    }
    println!("open after {rings} rings");
    let found = discover();
    println!("{found:#?}");
    let ours = found.iter().find(|found| found.uri == uri).expect("found");
    assert_eq!(ours.trouble, None, "it is we who hold it");
    line.take().expect("open").close(&Limits::default()).await;
    drop(printer);
    assert!(found.iter().any(|it| it.uri.to_string().starts_with("serial:/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_FTEPSON")));
    assert!(!discover().iter().any(|found| found.uri == uri));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_holds_what_the_printer_does_not_take_and_says_so() {
    if !in_the_rig() {
        return;
    }
    let uri = "serial:/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_FTEPSON-if00-port0?baud=38400&flow=rtscts";
    let mut line = open(uri).await;
    rig("forget epson");
    rig("set epson buffer=1024");
    rig("nak epson 4");
    let bytes: Vec<u8> = label(12_000).iter().map(|byte| byte & 0x0f | 0x40).collect();
    let mut taken = 0;
    while let Ok(wrote) = timeout(Duration::from_millis(500), line.writer.write(&bytes[taken..])).await {
        taken += wrote.expect("the line stands");
        if taken == bytes.len() {
            break;
        }
    }
    let unsent = line.line.unsent();
    println!("taken {taken}, unsent {unsent}");
    assert!(unsent > 0);
    while taken < bytes.len() {
        taken += line.writer.write(&bytes[taken..]).await.expect("the line stands");
    }
    timeout(LIMIT, line.line.drained()).await.expect("in time");
    rig("wait epson rx=12000 10");
    assert!(line.close(&Limits::default()).await);
}
