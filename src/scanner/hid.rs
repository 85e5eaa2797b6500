//! HID keyboards, for scanners that type what they read: found by what the kernel says of them, taken for ourselves
//! alone, and read key by key. Knows no layout.
//!
//! Which device is meant is read from `/sys`; its keys come from its file under `/dev/input` (the kernel's
//! Documentation/input/event-codes.rst and linux/input.h). While we have grabbed it, nobody else hears it: no console, no
//! window. Closing gives it back.

use crate::device::sysfs::{self, UsbDevice};
use crate::device::{holders, raw};
use crate::transport::{NoLine, UsbFacts, broken, facts};
use crate::uri::{HidAddress, UsbPlace};
use rustix::fd::OwnedFd;
use rustix::fs::{Access, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::c_long;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// An event of the kernel: two words of time, then type, code and value (struct input_event).
const EVENT: usize = 2 * size_of::<c_long>() + 8;
/// Pieces that were read and not taken yet: some seconds of typing.
const AHEAD_MAX: usize = 1024;
/// As many as the kernel keeps for a reader of a keyboard (evdev_compute_buffer_size).
const EVENTS_MAX: usize = 64;
const EV_SYN: u16 = 0;
const EV_KEY: u16 = 1;
/// Scan codes, of which each key brings one.
const EV_MSC: u16 = 4;
const EV_LED: u16 = 0x11;
const SYN_REPORT: u16 = 0;
const SYN_DROPPED: u16 = 3;
const LED_CAPSL: u16 = 1;
/// Escape, digits, letters: what udev's builtin input_id wants of a keyboard.
const KEYS_OF_A_KEYBOARD: u64 = 0xffff_fffe;
const UNPLUGGED: &str = "the scanner was unplugged";

/// What comes from a keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A key by its number in linux/input-event-codes.h.
    Key { code: u16, pressed: bool },
    /// We were too slow for it, and some keys are lost.
    Lost,
}

/// A keyboard that types for us alone, until this is dropped.
pub struct Keyboard {
    file: Arc<OwnedFd>,
    heard: mpsc::Receiver<io::Result<Heard>>,
}

/// What was read at once, and when.
type Heard = (Vec<Input>, Instant);

/// A keyboard on USB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKeyboard {
    /// The address that finds it again: by serial number where it has one of its own, else by port.
    pub address: HidAddress,
    pub usb: UsbFacts,
    node: PathBuf,
}

impl Keyboard {
    /// Opens it and takes it for ourselves, within the limit.
    pub async fn open(address: &HidAddress, limit: Duration) -> Result<Keyboard, NoLine> {
        let wanted = address.clone();
        let opening = tokio::task::spawn_blocking(move || open_blocking(Path::new("/sys"), Path::new("/dev"), &wanted));
        let slow = || NoLine(format!("{address}: the scanner does not answer. Unplug it and plug it in again."));
        let file = tokio::time::timeout(limit, opening).await.map_err(|_| slow())?.map_err(|_| slow())?.map_err(NoLine)?;
        let file = Arc::new(file);
        let (tell, heard) = mpsc::channel(AHEAD_MAX);
        let ear = file.clone();
        let thread = thread::Builder::new().name("scanner".into()).spawn(move || read(&ear, &tell));
        thread.map_err(|error| NoLine(format!("{address}: it cannot be read ({error}).")))?;
        Ok(Keyboard { file, heard })
    }

    /// Waits for the next keys, with when they were typed. A read that is dropped while it waits has taken none.
    pub async fn read(&mut self) -> io::Result<Heard> {
        self.heard.recv().await.unwrap_or_else(|| Err(broken(UNPLUGGED)))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // Its thread is woken by this. A device that is unplugged refuses, and its thread has ended.
        let _ = raw::revoke(&self.file);
    }
}

/// Reads until the device is gone or given up.
///
/// On a thread of its own: the kernel keeps the keys of 30 reports, 30 ms of a fast scanner, and the runtime's threads may
/// be about something else for as long (tried in an interpreted guest that reprints meanwhile: scans were torn).
fn read(file: &OwnedFd, tell: &mpsc::Sender<io::Result<Heard>>) {
    let mut bytes = [0; EVENT * EVENTS_MAX];
    let mut lost = false;
    loop {
        let heard = match rustix::io::read(file, &mut bytes) {
            Ok(0) | Err(Errno::NODEV) => Err(broken(UNPLUGGED)),
            Ok(count) => Ok((inputs(&bytes[..count], &mut lost), Instant::now())),
            Err(Errno::INTR) => continue,
            Err(error) => Err(error.into()),
        };
        let is_over = heard.is_err();
        if tell.blocking_send(heard).is_err() || is_over {
            return;
        }
    }
}

/// What the kernel's events say. After lost ones, those up to the end of the report belong to what is lost.
fn inputs(bytes: &[u8], lost: &mut bool) -> Vec<Input> {
    let mut inputs = Vec::new();
    for event in bytes.chunks_exact(EVENT) {
        let half = |at: usize| u16::from_ne_bytes([event[EVENT - 8 + at], event[EVENT - 7 + at]]);
        let value = i32::from_ne_bytes([event[EVENT - 4], event[EVENT - 3], event[EVENT - 2], event[EVENT - 1]]);
        match (half(0), half(2), value) {
            (EV_SYN, SYN_DROPPED, _) => {
                *lost = true;
                inputs.push(Input::Lost);
            }
            (EV_SYN, SYN_REPORT, _) => *lost = false,
            // 2 is a key that repeats because it is held; no scanner means that.
            (EV_KEY, code, 0 | 1) if !*lost => inputs.push(Input::Key { code, pressed: value == 1 }),
            _ => {}
        }
    }
    inputs
}

fn open_blocking(sys: &Path, dev: &Path, address: &HidAddress) -> Result<OwnedFd, String> {
    let node = match address {
        HidAddress::Node(path) => PathBuf::from(path),
        HidAddress::Usb { vendor, product, place } => find(sys, dev, address, (*vendor, *product), place)?,
    };
    let file = open_node(&node).map_err(|error| match error {
        Errno::ACCESS | Errno::PERM => format!("{address}: {}", no_right(&node)),
        Errno::NOENT | Errno::NODEV | Errno::NXIO => format!("{address} is not there: is the scanner plugged in?"),
        error => format!("{address}: {} cannot be opened ({error}).", node.display()),
    })?;
    raw::grab(&file).map_err(|error| match error {
        Errno::BUSY => format!("{address}: {}", held(&node)),
        Errno::NODEV => format!("{address} is not there: is the scanner plugged in?"),
        Errno::NOTTY | Errno::INVAL => {
            format!("{address}: that is no input device. Those of keyboards stand in /dev/input/by-id and end in -event-kbd.")
        }
        error => format!("{address}: {} cannot be taken for ourselves alone ({error}).", node.display()),
    })?;
    // Opened without waiting, for it might be anything; read by waiting.
    rustix::fs::fcntl_setfl(&file, OFlags::empty()).map_err(|error| format!("{address}: it cannot be read ({error})."))?;
    // A kernel without masks sends them, and they are left out later.
    let _ = raw::mask(&file, EV_MSC);
    // A scanner that believes the lamp would type small letters for capitals. One without lamps does not mind.
    let _ = rustix::io::write(&file, &event(EV_LED, LED_CAPSL, 0));
    Ok(file)
}

fn open_node(node: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(node, OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
}

fn event(kind: u16, code: u16, value: i32) -> [u8; EVENT] {
    let mut event = [0; EVENT];
    event[EVENT - 8..EVENT - 6].copy_from_slice(&kind.to_ne_bytes());
    event[EVENT - 6..EVENT - 4].copy_from_slice(&code.to_ne_bytes());
    event[EVENT - 4..].copy_from_slice(&value.to_ne_bytes());
    event
}

fn no_right(node: &Path) -> String {
    format!(
        "this program may not open {}. Install the udev rules 70-waybilld.rules and run it as a user of the group waybilld; a \
         scanner of a make they do not know needs the line their text shows.",
        node.display()
    )
}

fn held(node: &Path) -> String {
    // Who has it open need not be who has grabbed it.
    let holder = holders::of(node).map(|holder| format!(", perhaps {holder}")).unwrap_or_default();
    format!("another program has taken it for itself{holder}: stop that first.")
}

/// The file of the keyboard that is meant, or a sentence.
fn find(sys: &Path, dev: &Path, address: &HidAddress, ids: (u16, u16), place: &UsbPlace) -> Result<PathBuf, String> {
    let devices = sysfs::usb_devices(sys).map_err(|_| "USB is not available here.".to_owned())?;
    if let UsbPlace::Port(port) = place
        && let Some(other) = devices.iter().find(|device| device.port == *port && (device.vendor, device.product) != ids)
    {
        let (vendor, product) = (other.vendor, other.product);
        return Err(format!(
            "{address}: in that port is another device, {vendor:04x}:{product:04x}. Plug the scanner in there, or name its own \
             port."
        ));
    }
    let alike: Vec<&UsbDevice> = devices.iter().filter(|device| (device.vendor, device.product) == ids).collect();
    let meant: Vec<&UsbDevice> =
        alike.iter().copied().filter(|device| place.is(device.serial.as_deref(), &device.port)).collect();
    match (&meant[..], place) {
        ([device], _) => node_of(sys, dev, &devices, device).ok_or_else(|| {
            format!(
                "{address} is plugged in and is not a keyboard. Scan the code for a USB keyboard (HID) in its manual; one that is a \
                 serial port is named serial:/dev/serial/by-id/…"
            )
        }),
        ([], UsbPlace::Port(_)) => Err(format!("{address}: nothing is plugged into that port.")),
        ([], _) => Err(format!("{address}: the scanner is not plugged in.")),
        (twins, _) => {
            let names: Vec<String> = twins.iter().map(|twin| suggested(twin, &devices).to_string()).collect();
            Err(format!("{address}: several scanners of that kind are plugged in. Name one: {}.", names.join(" or ")))
        }
    }
}

/// By serial number where no twin shares it, else by port.
fn suggested(device: &UsbDevice, all: &[UsbDevice]) -> HidAddress {
    let ids = |device: &UsbDevice| (device.vendor, device.product, device.serial.clone());
    let place = match &device.serial {
        Some(serial) if all.iter().filter(|other| ids(other) == ids(device)).count() == 1 => UsbPlace::Serial(serial.clone()),
        _ => UsbPlace::Port(device.port.clone()),
    };
    HidAddress::Usb { vendor: device.vendor, product: device.product, place }
}

/// The first file of a device that has the keys of a keyboard.
fn node_of(sys: &Path, dev: &Path, devices: &[UsbDevice], device: &UsbDevice) -> Option<PathBuf> {
    let mut keyboards = keyboard_nodes(sys, dev, devices).into_iter();
    keyboards.find(|(owner, _)| owner.port == device.port).map(|(_, node)| node)
}

/// Every keyboard on USB: its device and its file.
fn keyboard_nodes<'a>(sys: &Path, dev: &Path, devices: &'a [UsbDevice]) -> Vec<(&'a UsbDevice, PathBuf)> {
    let inputs = sys.join("class/input");
    let mut numbers: Vec<u32> = fs::read_dir(&inputs)
        .map(|entries| entries.flatten().filter_map(|it| it.file_name().to_str()?.strip_prefix("event")?.parse().ok()).collect())
        .unwrap_or_default();
    numbers.sort_unstable();
    let keyboard = |number: u32| {
        let hardware = fs::canonicalize(inputs.join(format!("event{number}/device"))).ok()?;
        // The nearest above it: farther up stand hubs.
        let owner = hardware.ancestors().find_map(|folder| devices.iter().find(|device| folder.ends_with(&device.port)))?;
        is_keyboard(&hardware).then(|| (owner, dev.join(format!("input/event{number}"))))
    };
    numbers.into_iter().filter_map(keyboard).collect()
}

/// The keys stand in words of the kernel's own width, the lowest last.
fn is_keyboard(hardware: &Path) -> bool {
    let keys = sysfs::word(&hardware.join("capabilities"), "key").unwrap_or_default();
    let lowest = keys.split(' ').next_back().and_then(|word| u64::from_str_radix(word, 16).ok());
    lowest.is_some_and(|keys| keys & KEYS_OF_A_KEYBOARD == KEYS_OF_A_KEYBOARD)
}

/// Every keyboard on USB: scanners among them, and what people type on.
pub fn keyboards() -> Vec<FoundKeyboard> {
    keyboards_in(Path::new("/sys"), Path::new("/dev"))
}

fn keyboards_in(sys: &Path, dev: &Path) -> Vec<FoundKeyboard> {
    let devices = sysfs::usb_devices(sys).unwrap_or_default();
    let mut found: Vec<FoundKeyboard> = Vec::new();
    for (device, node) in keyboard_nodes(sys, dev, &devices) {
        let address = suggested(device, &devices);
        if !found.iter().any(|known| known.address == address) {
            found.push(FoundKeyboard { address, usb: facts(device, None), node });
        }
    }
    found
}

impl FoundKeyboard {
    /// Whether the address means this one, by whatever name.
    pub fn is_meant_by(&self, address: &HidAddress) -> bool {
        match address {
            HidAddress::Node(path) => {
                let file = |path: &Path| fs::canonicalize(path).ok();
                file(&self.node).is_some_and(|this| file(Path::new(path)) == Some(this))
            }
            HidAddress::Usb { vendor, product, place } => {
                let usb = &self.usb;
                place.is(usb.serial.as_deref(), &usb.port) && (usb.vendor, usb.product) == (*vendor, *product)
            }
        }
    }

    /// Why we may not open it, as a sentence that says what to do.
    pub fn no_right(&self) -> Option<String> {
        let may_open = rustix::fs::access(&self.node, Access::READ_OK | Access::WRITE_OK).is_ok();
        (!may_open).then(|| no_right(&self.node))
    }

    /// Who has it for himself alone. It is taken for a moment to find out: not for what somebody is typing on.
    pub fn held(&self) -> Option<String> {
        let file = open_node(&self.node).ok()?;
        (raw::grab(&file) == Err(Errno::BUSY)).then(|| held(&self.node))
    }
}

#[cfg(test)]
mod tests;
