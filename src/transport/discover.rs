//! What is plugged into this computer that could be a printer, read from `/sys` and `/dev`: no device is opened.

use super::usb::{self, PRINTER_CLASS, PROTOCOLS, VENDOR_CLASS};
use crate::device::holders;
use crate::device::sysfs::{self, UsbDevice};
use crate::models::Models;
use crate::uri::{DeviceUri, SerialAddress};
use rustix::fs::Access;
use std::fs;
use std::path::{Path, PathBuf};

/// Something a printer may be behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The device URI that finds it again: of a USB printer by serial number where it has one of its own, else by port;
    /// of a serial port with the settings printers are delivered with.
    pub uri: DeviceUri,
    pub usb: Option<UsbFacts>,
    /// Why it cannot be opened now, as a sentence that says what to do.
    pub trouble: Option<String>,
}

/// What a USB printer, or the USB adapter behind a serial port, says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbFacts {
    pub vendor: u16,
    pub product: u16,
    pub manufacturer: Option<String>,
    pub product_name: Option<String>,
    pub serial: Option<String>,
    /// As the kernel names it: `1-1.4`.
    pub port: String,
    /// The answer to GET_DEVICE_ID, where the kernel's driver has asked.
    pub device_id: Option<String>,
}

impl Found {
    /// Whether the device URI means this one, by whatever name.
    pub fn is_meant_by(&self, uri: &DeviceUri) -> bool {
        match (uri, &self.uri, &self.usb) {
            (DeviceUri::Usb(meant), DeviceUri::Usb(_), Some(usb)) => {
                meant.place.is(usb.serial.as_deref(), &usb.port) && (usb.vendor, usb.product) == (meant.vendor, meant.product)
            }
            (DeviceUri::Serial(meant), DeviceUri::Serial(this), _) => {
                let file = |path: &str| fs::canonicalize(path).ok();
                meant.path == this.path || file(&this.path).is_some_and(|this| file(&meant.path) == Some(this))
            }
            _ => false,
        }
    }
}

/// USB printers first, then serial ports.
pub fn discover() -> Vec<Found> {
    discover_in(Path::new("/sys"), Path::new("/dev"))
}

fn discover_in(sys: &Path, dev: &Path) -> Vec<Found> {
    // Where there is no USB, none is found.
    let devices = sysfs::usb_devices(sys).unwrap_or_default();
    let mut found: Vec<Found> = devices.iter().filter_map(|device| usb_printer(device, &devices)).collect();
    found.extend(serial_ports(sys, dev, &devices));
    found
}

fn usb_printer(device: &UsbDevice, all: &[UsbDevice]) -> Option<Found> {
    let vendor_class = Models::shipped().usb((device.vendor, device.product)).vendor_class;
    let interface = device.interfaces.iter().find(|it| {
        let is_printer = (it.class, it.subclass) == PRINTER_CLASS && PROTOCOLS.contains(&it.protocol);
        is_printer || vendor_class && it.class == VENDOR_CLASS
    })?;
    let is_program = interface.driver.as_deref() == Some("usbfs") && !holders::is_ours(&device.node);
    let trouble = match is_program {
        _ if !may_open(&device.node) => Some(usb::no_right(device)),
        true => {
            let holder = holders::of(&device.node).unwrap_or_else(|| "another program, perhaps CUPS or ipp-usb".into());
            Some(format!("it is held by {holder}: stop that first."))
        }
        false => None,
    };
    let uri = DeviceUri::Usb(usb::suggested_uri(device, all, interface.class == VENDOR_CLASS));
    Some(Found { uri, usb: Some(facts(device, interface.device_id.clone())), trouble })
}

pub(crate) fn facts(device: &UsbDevice, device_id: Option<String>) -> UsbFacts {
    UsbFacts {
        vendor: device.vendor,
        product: device.product,
        manufacturer: device.manufacturer.clone(),
        product_name: device.product_name.clone(),
        serial: device.serial.clone(),
        port: device.port.clone(),
        device_id,
    }
}

fn may_open(node: &Path) -> bool {
    rustix::fs::access(node, Access::READ_OK | Access::WRITE_OK).is_ok()
}

/// Ports with hardware behind them.
fn serial_ports(sys: &Path, dev: &Path, devices: &[UsbDevice]) -> Vec<Found> {
    let mut names: Vec<String> = fs::read_dir(sys.join("class/tty"))
        .map(|entries| entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let folder = sys.join("class/tty").join(&name);
        // Terminals without hardware have no device; sockets for a UART that is not there are of type 0 (PORT_UNKNOWN).
        let Ok(hardware) = fs::canonicalize(folder.join("device")) else { continue };
        let kind = sysfs::word(&folder, "type");
        if kind.as_deref() == Some("0") || (kind.is_none() && name.starts_with("ttyS")) {
            continue;
        }
        // The nearest above it: farther up stand hubs.
        let device_at = |folder: &Path| devices.iter().find(|device| folder.ends_with(&device.port));
        let adapter = hardware.ancestors().find_map(device_at);
        let file = dev.join(&name);
        // Adapters without a number, or with their twin's, share a name by id.
        let has_own_name = adapter.is_some_and(|adapter| {
            let twins = |other: &&UsbDevice| {
                (other.vendor, other.product, &other.serial) == (adapter.vendor, adapter.product, &adapter.serial)
            };
            adapter.serial.is_some() && devices.iter().filter(twins).count() == 1
        });
        let by_id = if has_own_name { steady_name(dev, "by-id", &file) } else { None };
        let path = by_id.or_else(|| steady_name(dev, "by-path", &file)).unwrap_or_else(|| file.clone());
        let trouble = match holders::of(&file) {
            _ if !may_open(&file) => Some(format!(
                "this program may not open {}. Add its user to the group of the port, usually dialout.",
                file.display()
            )),
            Some(holder) => Some(format!("it is held by {holder}: stop that first.")),
            None => None,
        };
        let uri = DeviceUri::Serial(SerialAddress::new(path.to_string_lossy()));
        found.push(Found { uri, usb: adapter.map(|adapter| facts(adapter, None)), trouble });
    }
    found
}

/// The link in `/dev/serial/by-…` that leads to the port.
fn steady_name(dev: &Path, folder: &str, file: &Path) -> Option<PathBuf> {
    let file = fs::canonicalize(file).ok()?;
    let mut links: Vec<PathBuf> = fs::read_dir(dev.join("serial").join(folder)).ok()?.flatten().map(|it| it.path()).collect();
    links.sort();
    links.into_iter().find(|link| fs::canonicalize(link).is_ok_and(|target| target == file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::process::Stdio;

    /// A computer in a folder.
    struct Computer(tempfile::TempDir);

    impl Computer {
        fn new() -> Computer {
            let folder = tempfile::tempdir().expect("a folder");
            for path in ["sys/bus/usb/devices", "sys/class/tty", "sys/hub", "dev/serial/by-id", "dev/serial/by-path"] {
                fs::create_dir_all(folder.path().join(path)).expect("made");
            }
            Computer(folder)
        }

        fn plug(&self, port: &str, ids: (&str, &str), serial: Option<&str>, class: (&str, &str, &str)) -> &Computer {
            let device = self.0.path().join("sys/hub/1-1").join(port);
            let interface = device.join(format!("{port}:1.0"));
            fs::create_dir_all(&interface).expect("made");
            let write =
                |folder: &Path, name: &str, text: &str| fs::write(folder.join(name), format!("{text}\n")).expect("written");
            for (name, text) in [("idVendor", ids.0), ("idProduct", ids.1), ("busnum", "1"), ("devnum", "7"), ("product", "X1")] {
                write(&device, name, text);
            }
            if let Some(serial) = serial {
                write(&device, "serial", serial);
            }
            for (name, text) in [
                ("bInterfaceNumber", "00"),
                ("bInterfaceClass", class.0),
                ("bInterfaceSubClass", class.1),
                ("bInterfaceProtocol", class.2),
            ] {
                write(&interface, name, text);
            }
            let devices = self.0.path().join("sys/bus/usb/devices");
            symlink(&device, devices.join(port)).expect("linked");
            symlink(&interface, devices.join(format!("{port}:1.0"))).expect("linked");
            self
        }

        fn port(&self, name: &str, behind: Option<&str>, kind: Option<&str>) -> &Computer {
            let folder = self.0.path().join("sys/class/tty").join(name);
            fs::create_dir_all(&folder).expect("made");
            if let Some(kind) = kind {
                fs::write(folder.join("type"), kind).expect("written");
            }
            let hardware = match behind {
                Some(port) => self.0.path().join(format!("sys/hub/1-1/{port}/{port}:1.0")),
                None => self.0.path().join("sys/hub"),
            };
            symlink(hardware, folder.join("device")).expect("linked");
            fs::write(self.0.path().join("dev").join(name), "").expect("written");
            self
        }

        fn link(&self, link: &str, name: &str) -> &Computer {
            symlink(self.0.path().join("dev").join(name), self.0.path().join("dev/serial").join(link)).expect("linked");
            self
        }

        fn uris(&self) -> Vec<String> {
            let dev = self.0.path().join("dev");
            let found = discover_in(&self.0.path().join("sys"), &dev);
            found.iter().map(|found| found.uri.to_string().replace(&dev.display().to_string(), "/dev")).collect()
        }
    }

    const PRINTER: (&str, &str, &str) = ("07", "01", "02");
    const VENDOR: (&str, &str, &str) = ("ff", "00", "00");

    #[test]
    fn a_usb_printer_is_named_by_its_own_serial_number_else_by_its_port() {
        let computer = Computer::new();
        computer
            .plug("1-1", ("0a5f", "0166"), Some("D1J194700123"), PRINTER)
            .plug("1-2", ("0483", "5743"), None, PRINTER)
            .plug("1-3.1", ("1fc9", "2016"), Some("0001"), PRINTER)
            .plug("1-3.2", ("1fc9", "2016"), Some("0001"), PRINTER)
            .plug("1-4", ("04b8", "0202"), Some("EP"), VENDOR)
            // All of this vendor's have that number.
            .plug("1-5", ("1203", "0140"), Some("000001"), PRINTER);
        assert_eq!(
            computer.uris(),
            [
                "usb://0a5f:0166?serial=D1J194700123",
                "usb://0483:5743?port=1-2",
                "usb://1fc9:2016?port=1-3.1",
                "usb://1fc9:2016?port=1-3.2",
                "usb://04b8:0202?serial=EP&class=vendor",
                "usb://1203:0140?port=1-5",
            ]
        );
    }

    #[test]
    fn a_printer_is_found_by_its_number_or_its_port_and_a_twin_is_never_guessed() {
        let computer = Computer::new();
        computer
            .plug("1-1", ("0a5f", "0166"), Some("A"), PRINTER)
            .plug("1-2", ("0a5f", "0166"), Some("B"), PRINTER)
            .plug("1-3", ("0483", "5743"), None, PRINTER)
            .plug("1-4", ("1fc9", "2016"), Some("0001"), PRINTER)
            .plug("1-5", ("1fc9", "2016"), Some("0001"), PRINTER);
        let find = |text: &str| {
            let Ok(DeviceUri::Usb(address)) = text.parse() else { panic!("{text} is no USB printer") };
            usb::find(&computer.0.path().join("sys"), &address).map(|device| device.port)
        };
        assert_eq!(find("usb://0a5f:0166?serial=B").as_deref(), Ok("1-2"));
        assert_eq!(find("usb://0483:5743").as_deref(), Ok("1-3"));
        assert_eq!(find("usb://1fc9:2016?port=1-5").as_deref(), Ok("1-5"));
        for (text, why) in [
            (
                "usb://0a5f:0166",
                "several printers of that kind are plugged in. Name one: usb://0a5f:0166?serial=A or usb://0a5f:0166?serial=B.",
            ),
            (
                "usb://1fc9:2016?serial=0001",
                "several printers have that serial number. Name one by its port: usb://1fc9:2016?port=1-4 or \
                 usb://1fc9:2016?port=1-5.",
            ),
            ("usb://0a5f:0166?serial=C", "the printer is not plugged in, or it is switched off."),
            ("usb://0a5f:0166?port=1-9", "nothing is plugged into that port, or it is switched off."),
            (
                "usb://0a5f:0166?port=1-3",
                "in that port is another device, 0483:5743. Plug the printer in there, or name its own port.",
            ),
        ] {
            assert_eq!(find(text), Err(format!("{text}: {why}")));
        }
        fs::remove_dir_all(computer.0.path().join("sys")).expect("removed");
        let Ok(DeviceUri::Usb(address)) = "usb://0483:5743".parse() else { panic!("a USB printer") };
        assert_eq!(usb::find(&computer.0.path().join("sys"), &address), Err("USB is not available here.".into()));
    }

    #[test]
    fn what_is_no_printer_is_left_alone() {
        let computer = Computer::new();
        computer
            .plug("1-1", ("0483", "5740"), None, ("02", "02", "01"))
            .plug("1-2", ("1504", "0099"), None, VENDOR)
            .plug("1-3", ("03f0", "0001"), None, ("07", "01", "04"))
            .port("ttyS1", None, Some("0"))
            .port("ttyS2", None, None);
        assert_eq!(computer.uris(), [""; 0]);
        fs::remove_dir_all(computer.0.path().join("sys")).expect("removed");
        assert_eq!(computer.uris(), [""; 0], "no USB, no serial ports, no trouble");
    }

    #[test]
    fn a_serial_port_is_named_by_its_adapters_own_number_else_by_its_place() {
        let computer = Computer::new();
        computer
            .plug("1-1", ("1a40", "0101"), None, ("09", "00", "00"))
            .plug("1-1.3", ("0403", "6001"), Some("A50285BI"), VENDOR)
            .plug("1-2", ("1a86", "7523"), None, VENDOR)
            .plug("1-11", ("1a86", "7523"), None, VENDOR)
            .port("ttyS0", None, Some("4"))
            .port("ttyUSB0", Some("1-1.3"), None)
            .port("ttyUSB1", Some("1-2"), None)
            .port("ttyUSB2", Some("1-11"), None)
            .link("by-id/usb-FTDI_FT232R_A50285BI-if00-port0", "ttyUSB0")
            .link("by-path/pci-usb-0:1:1.0-port0", "ttyUSB0")
            .link("by-id/usb-1a86_USB_Serial-if00-port0", "ttyUSB2")
            .link("by-path/pci-usb-0:2:1.0-port0", "ttyUSB1");
        assert_eq!(
            computer.uris(),
            [
                "serial:/dev/ttyS0",
                "serial:/dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0",
                "serial:/dev/serial/by-path/pci-usb-0:2:1.0-port0",
                "serial:/dev/ttyUSB2",
            ]
        );
        let found = discover_in(&computer.0.path().join("sys"), &computer.0.path().join("dev"));
        assert_eq!(found[3].usb.as_ref().expect("an adapter").port, "1-11");
    }

    #[test]
    fn who_holds_a_serial_port_is_named() {
        let computer = Computer::new();
        computer.port("ttyS0", None, Some("4"));
        let file = computer.0.path().join("dev/ttyS0");
        let script = "exec 3< \"$0\"; echo; read -r _";
        let mut holder = std::process::Command::new("sh");
        holder.args(["-c", script]).arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = holder.spawn().expect("a shell");
        let mut said = [0];
        std::io::Read::read_exact(holder.stdout.as_mut().expect("piped"), &mut said).expect("it holds the port");
        let found = discover_in(&computer.0.path().join("sys"), &computer.0.path().join("dev"));
        drop(holder.stdin.take());
        holder.wait().expect("it ends");
        let expected = format!("it is held by sh (process {}): stop that first.", holder.id());
        assert_eq!(found[0].trouble.as_deref(), Some(expected.as_str()));
    }

    #[test]
    fn a_device_is_the_same_by_every_name_it_can_be_given() {
        let computer = Computer::new();
        computer
            .plug("1-1", ("0a5f", "0166"), Some("D1J194700123"), PRINTER)
            .plug("1-2", ("1a86", "7523"), None, VENDOR)
            .port("ttyUSB0", Some("1-2"), None)
            .link("by-path/pci-usb-0:2:1.0-port0", "ttyUSB0");
        let dev = computer.0.path().join("dev");
        let [printer, port] = &discover_in(&computer.0.path().join("sys"), &dev)[..] else { panic!("two") };
        let means = |found: &Found, uri: &str| found.is_meant_by(&uri.parse().expect("a device URI"));
        for uri in ["usb://0a5f:0166", "usb://0a5f:0166?port=1-1", "usb://0a5f:0166?serial=D1J194700123"] {
            assert!(means(printer, uri) && !means(port, uri), "{uri}");
        }
        for uri in ["usb://0a5f:0167", "usb://0a5f:0166?port=1-2", "usb://0a5f:0166?serial=X", "tcp://10.0.0.7"] {
            assert!(!means(printer, uri), "{uri}");
        }
        assert!(means(port, &format!("serial:{}/ttyUSB0?baud=19200", dev.display())));
        assert_eq!(port.trouble, None);
        assert!(!means(port, "serial:/dev/ttyS77"));
    }
}
