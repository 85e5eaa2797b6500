//! Printers on USB, through libusb.
//!
//! Which device is meant is read from `/sys`; libusb speaks on the file we open, so there is no second list of devices
//! that could lag behind the kernel's. One thread waits for libusb's events for as long as the process lives; it is
//! made with the first printer opened and wakes for transfers only.
//!
//! The kernel's driver (usblp) is set aside while we hold the printer and given back on close, except where the printer
//! does not bear it ([`crate::models::Usb`]).

mod device_id;
mod handle;
mod pipes;

use super::{Connection, Line, NoLine, PortStatus, broken};
use crate::device::holders;
use crate::device::sysfs::{self, UsbDevice};
use crate::models::Models;
use crate::uri::{UsbAddress, UsbPlace};
use handle::{Done, How, Open, Pipe, Transfer};
use pipes::{Ends, In, Out, UNPLUGGED};
use rusb::{Context, Direction, TransferType, UsbContext};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;
use tokio::sync::watch;

/// The class of printers, and that of vendors.
pub(super) const PRINTER_CLASS: (u8, u8) = (7, 1);
pub(super) const VENDOR_CLASS: u8 = 0xff;
/// Both ways, as we want it; one way; IEEE 1284.4, whose packets we do not speak, and IPP over USB are last.
pub(super) const PROTOCOLS: [u8; 3] = [2, 1, 3];
/// What a request on the control pipe may take.
const CONTROL_LIMIT: Duration = Duration::from_secs(1);
/// Room for a device id: those of printers are a few hundred bytes.
const DEVICE_ID_MAX: u16 = 1024;
/// libusb wants a limit for its waiting; nothing happens when it is reached.
const EVENTS_WAIT: Duration = Duration::from_secs(24 * 3600);
/// Pause after an error of libusb's own, which would else come again at once.
const EVENTS_ERROR_PAUSE: Duration = Duration::from_secs(1);

/// The device behind a line, for as long as the line is open.
#[derive(Clone)]
pub(super) struct Device {
    open: Weak<Open>,
    closed: watch::Receiver<()>,
    /// As the requests name it.
    interface: u8,
    alternate: u8,
}

/// A printer interface in one of its alternate settings.
#[derive(Debug, Clone, Copy)]
struct Interface {
    number: u8,
    alternate: u8,
    /// It has others, so this one must be chosen.
    is_choice: bool,
    protocol: u8,
    out: u8,
    input: Option<(u8, usize)>,
}

pub(super) async fn open(address: &UsbAddress, limit: Duration) -> Result<Connection, NoLine> {
    let wanted = address.clone();
    // Every step of it may wait for the device.
    let opening = tokio::task::spawn_blocking(move || open_blocking(&wanted));
    let slow = || NoLine(format!("{address}: the printer does not answer on its USB line. Switch it off and on."));
    let opened = tokio::time::timeout(limit, opening).await.map_err(|_| slow())?;
    let (open, closed, interface) = opened.map_err(|_| slow())?.map_err(NoLine)?;
    let device = Device { open: Arc::downgrade(&open), closed, interface: interface.number, alternate: interface.alternate };
    let ends = Arc::new(Ends { open, closed: AtomicBool::new(false) });
    if let Some((endpoint, packet)) = interface.input {
        pipes::drain(&ends, endpoint, packet).await;
    }
    Ok(Connection {
        reader: Box::new(In::new(ends.clone(), interface.input)),
        writer: Box::new(Out::new(ends, interface.out)),
        line: Line::usb(device),
    })
}

fn open_blocking(address: &UsbAddress) -> Result<(Arc<Open>, watch::Receiver<()>, Interface), String> {
    let device = find(Path::new("/sys"), address)?;
    let trouble = |error: rusb::Error| match error {
        rusb::Error::NoDevice => format!("{address}: {UNPLUGGED} just now."),
        rusb::Error::Timeout | rusb::Error::Pipe | rusb::Error::Io => {
            format!("{address}: the printer does not answer on its USB line. Switch it off and on.")
        }
        error => format!("{address}: the printer cannot be opened ({error}). Unplug it and plug it in again."),
    };
    let node = open_node(&device.node).map_err(|error| node_sentence(address, &device, error))?;
    let context = context()?;
    let handle = handle::wrap(&context, &node).map_err(trouble)?;
    let quirks = Models::shipped().usb((address.vendor, address.product));
    let interface = printer_interface(&handle, address, address.vendor_class || quirks.vendor_class).map_err(trouble)?;
    let interface = interface.ok_or_else(|| match address.interface {
        Some(number) => format!("{address}: the device has no printer interface {number}."),
        None => format!("{address}: the device has no printer interface. Is it set to another mode, such as a serial port?"),
    })?;
    handle.set_auto_detach_kernel_driver(true).map_err(trouble)?;
    handle.claim_interface(interface.number).map_err(|error| match error {
        rusb::Error::Busy => held_sentence(address, &device),
        error => trouble(error),
    })?;
    handle.set_auto_detach_kernel_driver(!quirks.no_reattach).map_err(trouble)?;
    if interface.is_choice {
        handle.set_alternate_setting(interface.number, interface.alternate).map_err(trouble)?;
    }
    let (open, closed) = Open::new(handle, interface.number, node);
    Ok((Arc::new(open), closed, interface))
}

pub(super) fn open_node(node: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(node, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
}

/// The device that is meant, or a sentence.
pub(super) fn find(sys: &Path, address: &UsbAddress) -> Result<UsbDevice, String> {
    let devices = sysfs::usb_devices(sys).map_err(|_| "USB is not available here.".to_owned())?;
    if let UsbPlace::Port(port) = &address.place {
        let there = devices.into_iter().find(|device| device.port == *port);
        return match there {
            Some(device) if (device.vendor, device.product) == (address.vendor, address.product) => Ok(device),
            Some(other) => Err(format!(
                "{address}: in that port is another device, {:04x}:{:04x}. Plug the printer in there, or name its own port.",
                other.vendor, other.product
            )),
            None => Err(format!("{address}: nothing is plugged into that port, or it is switched off.")),
        };
    }
    let alike = devices.into_iter().filter(|device| (device.vendor, device.product) == (address.vendor, address.product));
    let mut found: Vec<UsbDevice> = match &address.place {
        UsbPlace::Serial(serial) => alike.filter(|device| device.serial.as_ref() == Some(serial)).collect(),
        _ => alike.collect(),
    };
    match (found.len(), &address.place) {
        (1, _) => Ok(found.remove(0)),
        (0, _) => Err(format!("{address}: the printer is not plugged in, or it is switched off.")),
        (_, UsbPlace::Serial(_)) => Err(format!(
            "{address}: several printers have that serial number. Name one by its port: {}.",
            list(found.iter().map(|device| uri_by_port(device, address.vendor_class)))
        )),
        _ => {
            let names = list(found.iter().map(|device| suggested_uri(device, &found, address.vendor_class)));
            Err(format!("{address}: several printers of that kind are plugged in. Name one: {names}."))
        }
    }
}

fn list(uris: impl Iterator<Item = UsbAddress>) -> String {
    uris.map(|uri| uri.to_string()).collect::<Vec<_>>().join(" or ")
}

/// The name that finds the device again: by serial number where it is its own and no twin shares it, else by port.
pub(super) fn suggested_uri(device: &UsbDevice, all: &[UsbDevice], vendor_class: bool) -> UsbAddress {
    let ids = |device: &UsbDevice| (device.vendor, device.product, device.serial.clone());
    let is_own = !Models::shipped().usb((device.vendor, device.product)).same_serial;
    match &device.serial {
        Some(serial) if is_own && all.iter().filter(|other| ids(other) == ids(device)).count() == 1 => {
            UsbAddress { place: UsbPlace::Serial(serial.clone()), ..uri_by_port(device, vendor_class) }
        }
        _ => uri_by_port(device, vendor_class),
    }
}

fn uri_by_port(device: &UsbDevice, vendor_class: bool) -> UsbAddress {
    let place = UsbPlace::Port(device.port.clone());
    UsbAddress { vendor: device.vendor, product: device.product, place, interface: None, vendor_class }
}

/// The printer interface, in the alternate setting we want most.
fn printer_interface(
    handle: &rusb::DeviceHandle<Context>,
    address: &UsbAddress,
    vendor_class: bool,
) -> rusb::Result<Option<Interface>> {
    let config = handle.device().active_config_descriptor()?;
    let mut found = Vec::new();
    for interface in config.interfaces().filter(|it| address.interface.is_none_or(|number| number == it.number())) {
        let settings: Vec<_> = interface.descriptors().collect();
        for setting in &settings {
            let is_printer = (setting.class_code(), setting.sub_class_code()) == PRINTER_CLASS;
            let bulk = |direction| {
                let mut ends = setting.endpoint_descriptors();
                ends.find(|end| end.transfer_type() == TransferType::Bulk && end.direction() == direction)
            };
            let Some(out) = bulk(Direction::Out) else { continue };
            if is_printer && PROTOCOLS.contains(&setting.protocol_code()) || vendor_class && setting.class_code() == VENDOR_CLASS
            {
                found.push(Interface {
                    number: setting.interface_number(),
                    alternate: setting.setting_number(),
                    is_choice: settings.len() > 1,
                    protocol: setting.protocol_code(),
                    out: out.address(),
                    // Bits 11 and 12 are for other kinds of endpoints.
                    input: bulk(Direction::In).map(|end| (end.address(), usize::from(end.max_packet_size() & 0x7ff).max(8))),
                });
            }
        }
    }
    let rank = |it: &Interface| PROTOCOLS.iter().position(|known| *known == it.protocol).unwrap_or(PROTOCOLS.len());
    Ok(found.into_iter().min_by_key(rank))
}

fn node_sentence(address: &UsbAddress, device: &UsbDevice, error: rustix::io::Errno) -> String {
    match error {
        rustix::io::Errno::ACCESS | rustix::io::Errno::PERM => format!("{address}: {}", no_right(device)),
        rustix::io::Errno::NODEV | rustix::io::Errno::NOENT => format!("{address}: {UNPLUGGED} just now."),
        error => format!("{address}: {} cannot be opened ({error}).", device.node.display()),
    }
}

pub(super) fn no_right(device: &UsbDevice) -> String {
    format!(
        "this program may not open {}. Install the udev rules 70-waybilld.rules and run it as a user of the group waybilld.",
        device.node.display()
    )
}

fn held_sentence(address: &UsbAddress, device: &UsbDevice) -> String {
    match holders::of(&device.node) {
        Some(who) => format!("{address} is held by {who}: stop that first."),
        None => format!("{address} is held by another program, perhaps CUPS or ipp-usb: stop that first."),
    }
}

/// libusb, with its thread of events; made once.
fn context() -> Result<Context, String> {
    static CONTEXT: Mutex<Option<Context>> = Mutex::new(None);
    let mut made = CONTEXT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(context) = &*made {
        return Ok(context.clone());
    }
    let unavailable = |error: rusb::Error| format!("USB is not available here ({error}).");
    // We find the devices ourselves.
    rusb::disable_device_discovery().map_err(unavailable)?;
    let context = Context::new().map_err(unavailable)?;
    let events = context.clone();
    let waiting = move || loop {
        match events.handle_events(Some(EVENTS_WAIT)) {
            Ok(()) | Err(rusb::Error::Interrupted) => {}
            Err(error) => {
                tracing::warn!("USB events: {error}");
                thread::sleep(EVENTS_ERROR_PAUSE);
            }
        }
    };
    let thread = thread::Builder::new().name("usb-events".into()).spawn(waiting);
    thread.map_err(|error| format!("USB is not available here ({error})."))?;
    *made = Some(context.clone());
    Ok(context)
}

impl Device {
    /// Waits until everything is given back. The streams are dropped before.
    pub async fn closed(mut self) {
        // It changes by ending.
        while self.closed.changed().await.is_ok() {}
    }

    /// A request of the printer class; `None` when the printer does not know it.
    async fn request(&self, request_type: u8, request: u8, index: u16, room: u16) -> io::Result<Option<Vec<u8>>> {
        let Some(open) = self.open.upgrade() else { return Ok(None) };
        let [index_low, index_high] = index.to_le_bytes();
        let [room_low, room_high] = room.to_le_bytes();
        let mut buffer = vec![request_type, request, 0, 0, index_low, index_high, room_low, room_high];
        let setup = buffer.len();
        buffer.resize(setup + usize::from(room), 0);
        let done = match Transfer::submit(&open, Pipe::Control, buffer, CONTROL_LIMIT) {
            Ok(transfer) => transfer.await,
            Err(how) => Done { how, moved: 0, buffer: Vec::new() },
        };
        match done.how {
            // Of a control transfer the answer is counted, and the setup packet stands before it.
            How::Completed => Ok(Some(done.buffer.get(setup..setup + done.moved).unwrap_or_default().to_vec())),
            How::Stalled => Ok(None),
            How::Unplugged => Err(broken(UNPLUGGED)),
            How::TimedOut => Err(io::ErrorKind::TimedOut.into()),
            How::Overflowed | How::Failed => Err(io::ErrorKind::Other.into()),
        }
    }

    /// GET_DEVICE_ID: class request 0 of the first configuration; interface and alternate setting in one word.
    pub async fn device_id(&self) -> io::Result<Option<String>> {
        let index = u16::from_be_bytes([self.interface, self.alternate]);
        let answer = self.request(0xa1, 0, index, DEVICE_ID_MAX).await?;
        Ok(answer.and_then(|answer| device_id::text(&answer)))
    }

    /// GET_PORT_STATUS: class request 1.
    pub async fn port_status(&self) -> io::Result<Option<PortStatus>> {
        let answer = self.request(0xa1, 1, u16::from(self.interface), 1).await?;
        Ok(answer.and_then(|answer| answer.first().copied().map(PortStatus::from_byte)))
    }

    /// SOFT_RESET: class request 2; to the interface, or as the class definition 1.0 had it, to "other".
    pub async fn soft_reset(&self) -> io::Result<bool> {
        for request_type in [0x21, 0x23] {
            if self.request(request_type, 2, u16::from(self.interface), 0).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
