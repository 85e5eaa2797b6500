use super::*;
use crate::uri::parse_hid;
use std::os::unix::fs::symlink;

/// A computer in a folder.
struct Computer(tempfile::TempDir);

/// Escape to the space bar, as a keyboard's `capabilities/key` ends on 64 bits.
const KEYS: &str = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe";

impl Computer {
    fn new() -> Computer {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["sys/bus/usb/devices", "sys/class/input", "dev/input"] {
            fs::create_dir_all(folder.path().join(path)).expect("made");
        }
        Computer(folder)
    }

    /// Plugs in a device with an input device for each of these keys.
    fn plug(&self, port: &str, ids: (&str, &str), serial: Option<&str>, inputs: &[(u32, &str)]) -> &Computer {
        let device = self.0.path().join("sys/hub/1-1").join(port);
        fs::create_dir_all(&device).expect("made");
        let words = [("idVendor", ids.0), ("idProduct", ids.1), ("busnum", "1"), ("devnum", "7"), ("product", "X1")];
        for (name, text) in words.into_iter().chain(serial.map(|serial| ("serial", serial))) {
            fs::write(device.join(name), format!("{text}\n")).expect("written");
        }
        symlink(&device, self.0.path().join("sys/bus/usb/devices").join(port)).expect("linked");
        for (number, keys) in inputs {
            let input = device.join(format!("{port}:1.0/0003:05E0:1200.0001/input/input{number}"));
            fs::create_dir_all(input.join("capabilities")).expect("made");
            fs::write(input.join("capabilities/key"), format!("{keys}\n")).expect("written");
            let class = self.0.path().join(format!("sys/class/input/event{number}"));
            fs::create_dir_all(&class).expect("made");
            symlink(&input, class.join("device")).expect("linked");
            fs::write(self.0.path().join(format!("dev/input/event{number}")), "").expect("written");
        }
        self
    }

    fn open(&self, address: &str) -> String {
        let (address, _) = parse_hid(address.strip_prefix("hid:").expect("hid:")).expect("an address");
        let (sys, dev) = (self.0.path().join("sys"), self.0.path().join("dev"));
        // A file is no input device, which is said of the one that was found.
        let refused = match &address {
            HidAddress::Usb { vendor, product, place } => match find(&sys, &dev, &address, (*vendor, *product), place) {
                Ok(node) => return node.file_name().expect("a name").to_string_lossy().into_owned(),
                Err(sentence) => sentence,
            },
            HidAddress::Node(_) => open_blocking(&sys, &dev, &address).expect_err("a plain file"),
        };
        refused.strip_prefix(&address.to_string()).expect("it begins with the address").to_owned()
    }

    fn found(&self) -> Vec<FoundKeyboard> {
        keyboards_in(&self.0.path().join("sys"), &self.0.path().join("dev"))
    }
}

#[test]
fn a_scanner_is_found_by_its_number_or_its_port_and_a_twin_is_never_guessed() {
    let computer = Computer::new();
    computer
        .plug("1-1", ("05e0", "1200"), Some("S1"), &[(3, "7"), (12, KEYS)])
        .plug("1-11", ("05e0", "1200"), Some("S2"), &[(4, KEYS)])
        .plug("1-3", ("0c2e", "0b61"), None, &[(5, KEYS)])
        .plug("1-4", ("1eab", "0c03"), Some("0001"), &[(6, KEYS)])
        .plug("1-5", ("1eab", "0c03"), Some("0001"), &[(7, KEYS)])
        .plug("1-6", ("05f9", "4204"), None, &[]);
    for (address, node) in [
        ("hid:05e0:1200?serial=S1", "event12"),
        ("hid:05e0:1200?port=1-11", "event4"),
        ("hid:0c2e:0b61", "event5"),
        ("hid:1eab:0c03?port=1-5", "event7"),
    ] {
        assert_eq!(computer.open(address), node, "{address}");
    }
    for (address, why) in [
        (
            "hid:05e0:1200",
            ": several scanners of that kind are plugged in. Name one: hid:05e0:1200?serial=S1 or hid:05e0:1200?serial=S2.",
        ),
        (
            "hid:1eab:0c03?serial=0001",
            ": several scanners of that kind are plugged in. Name one: hid:1eab:0c03?port=1-4 or hid:1eab:0c03?port=1-5.",
        ),
        ("hid:05e0:1200?serial=S3", ": the scanner is not plugged in."),
        ("hid:05e0:1200?port=1-9", ": nothing is plugged into that port."),
        (
            "hid:05e0:1200?port=1-3",
            ": in that port is another device, 0c2e:0b61. Plug the scanner in there, or name its own port.",
        ),
        (
            "hid:05f9:4204",
            " is plugged in and is not a keyboard. Scan the code for a USB keyboard (HID) in its manual; one that is a serial port is \
             named serial:/dev/serial/by-id/…",
        ),
        ("hid:/dev/input/by-id/nobody-event-kbd", " is not there: is the scanner plugged in?"),
        ("hid:/dev/null", ": that is no input device. Those of keyboards stand in /dev/input/by-id and end in -event-kbd."),
    ] {
        assert_eq!(computer.open(address), why, "{address}");
    }
}

#[test]
fn keyboards_are_listed_each_once_with_the_address_that_finds_it_again() {
    let computer = Computer::new();
    computer
        .plug("1-1", ("05e0", "1200"), Some("S1"), &[(0, KEYS), (1, KEYS)])
        .plug("1-2", ("046d", "c31c"), None, &[(2, KEYS)])
        .plug("1-3", ("046d", "c077"), None, &[(3, "ff0000 0 0 0 0")]);
    let found = computer.found();
    let addresses: Vec<String> = found.iter().map(|found| found.address.to_string()).collect();
    assert_eq!(addresses, ["hid:05e0:1200?serial=S1", "hid:046d:c31c?port=1-2"]);
    let means = |address: &str| found[0].is_meant_by(&parse_hid(address).expect("an address").0);
    assert!(means("05e0:1200") && means("05e0:1200?port=1-1") && means("05e0:1200?serial=S1"));
    assert!(!means("05e0:1200?serial=S2") && !means("046d:c31c"));
    assert!(means(&computer.0.path().join("dev/input/event0").to_string_lossy().replacen('/', "/dev/../", 1)));
}

#[test]
fn keys_are_read_repeats_are_not_and_after_lost_events_a_report_is_left_out() {
    let key = |code: u16, value: i32| event(EV_KEY, code, value);
    let report = event(EV_SYN, SYN_REPORT, 0);
    let mut lost = false;
    let bytes = [event(EV_MSC, 4, 30), key(30, 1), report, key(30, 2), report, key(30, 0), report].concat();
    let a = |pressed| Input::Key { code: 30, pressed };
    assert_eq!(inputs(&bytes, &mut lost), [a(true), a(false)]);
    let torn = [event(EV_SYN, SYN_DROPPED, 0), key(30, 1)].concat();
    assert_eq!(inputs(&torn, &mut lost), [Input::Lost]);
    assert_eq!(inputs(&[key(31, 0), report, key(30, 1)].concat(), &mut lost), [a(true)]);
}
