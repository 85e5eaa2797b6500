//! What the kernel says of the devices plugged in, read from `/sys` without opening one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the kernel describes the USB devices.
const USB_DEVICES: &str = "bus/usb/devices";

/// A USB device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsbDevice {
    /// Bus and ports: `1-1.4`.
    pub port: String,
    pub vendor: u16,
    pub product: u16,
    pub manufacturer: Option<String>,
    pub product_name: Option<String>,
    /// As the device writes it; many have none or share one.
    pub serial: Option<String>,
    pub interfaces: Vec<UsbInterface>,
    /// `/dev/bus/usb/001/004`
    pub node: PathBuf,
}

/// An interface in its present alternate setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsbInterface {
    pub number: u8,
    pub class: u8,
    pub subclass: u8,
    pub protocol: u8,
    /// The kernel driver that has it; `usbfs` is a program.
    pub driver: Option<String>,
    /// What usblp heard when it asked the printer who it is.
    pub device_id: Option<String>,
}

/// Every USB device but the hubs of the computer itself. An error where there is no USB.
pub(crate) fn usb_devices(sys: &Path) -> io::Result<Vec<UsbDevice>> {
    let mut devices = Vec::new();
    for entry in fs::read_dir(sys.join(USB_DEVICES))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(|first: char| first.is_ascii_digit()) && !name.contains(':') {
            // One that was unplugged while we read is not there.
            devices.extend(usb_device(&entry.path(), name));
        }
    }
    devices.sort_by(|one, other| one.port.cmp(&other.port));
    Ok(devices)
}

fn usb_device(folder: &Path, port: String) -> Option<UsbDevice> {
    let mut interfaces: Vec<UsbInterface> =
        fs::read_dir(folder).ok()?.flatten().filter_map(|it| usb_interface(&it.path())).collect();
    interfaces.sort_by_key(|interface| interface.number);
    let number = |name: &str| word(folder, name)?.parse::<u16>().ok();
    Some(UsbDevice {
        vendor: hex(folder, "idVendor")?,
        product: hex(folder, "idProduct")?,
        manufacturer: word(folder, "manufacturer"),
        product_name: word(folder, "product"),
        serial: word(folder, "serial"),
        node: PathBuf::from(format!("/dev/bus/usb/{:03}/{:03}", number("busnum")?, number("devnum")?)),
        interfaces,
        port,
    })
}

fn usb_interface(folder: &Path) -> Option<UsbInterface> {
    let byte = |name| hex(folder, name).and_then(|number| u8::try_from(number).ok());
    let driver = fs::read_link(folder.join("driver")).ok();
    Some(UsbInterface {
        number: byte("bInterfaceNumber")?,
        class: byte("bInterfaceClass")?,
        subclass: byte("bInterfaceSubClass")?,
        protocol: byte("bInterfaceProtocol")?,
        device_id: word(folder, "ieee1284_id"),
        driver: driver.and_then(|driver| Some(driver.file_name()?.to_str()?.to_owned())),
    })
}

/// A file of one word; `None` when it is missing or empty. What a device says of itself may hold anything.
pub(crate) fn word(folder: &Path, name: &str) -> Option<String> {
    let bytes = fs::read(folder.join(name)).ok()?;
    let text: String = String::from_utf8_lossy(&bytes).chars().filter(|letter| !letter.is_control()).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn hex(folder: &Path, name: &str) -> Option<u16> {
    u16::from_str_radix(&word(folder, name)?, 16).ok()
}
