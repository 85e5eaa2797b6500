//! `usb://0a5f:0166?serial=D1J194700123`
//!
//! | setting | what it says |
//! |---|---|
//! | `serial` | the printer with that serial number, wherever it is plugged in. `%20` for letters a URI cannot hold |
//! | `port` | the printer in that port, as the kernel names it (`1-1.4`): for printers without a serial number |
//! | neither | the only printer of that kind |
//! | `interface` | which of several printer interfaces |
//! | `class=vendor` | the interface declares itself vendor specific (FF) instead of printer (07): some Epson boards |

use super::{settings, word};
use std::fmt;

/// The most letters of a serial number: a string descriptor holds 126.
const SERIAL_MAX: usize = 126;
/// A root port and six hubs above it at most, each with a number.
const PORT_MAX: usize = 32;

/// A printer on USB.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsbAddress {
    pub vendor: u16,
    pub product: u16,
    pub place: UsbPlace,
    pub interface: Option<u8>,
    /// The interface is of the vendor's own class.
    pub vendor_class: bool,
}

/// Which of the printers of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UsbPlace {
    Serial(String),
    /// Bus and ports as the kernel names them: `1-1.4`.
    Port(String),
    /// The only one plugged in.
    Only,
}

pub(super) fn parse(rest: &str) -> Result<UsbAddress, String> {
    let (ids, query) = rest.split_once('?').map_or((rest, None), |(ids, query)| (ids, Some(query)));
    let (vendor, product) = usb_ids(ids.strip_suffix('/').unwrap_or(ids)).ok_or_else(|| {
        "vendor and product are four hexadecimal digits each. Write usb://0a5f:0166?serial=D1J194700123.".to_owned()
    })?;
    let mut address = UsbAddress { vendor, product, place: UsbPlace::Only, interface: None, vendor_class: false };
    for (key, value) in query.map_or_else(|| Ok(Vec::new()), settings)? {
        match key {
            "serial" | "port" => address.place = address.place.narrowed(key, value)?,
            "interface" => {
                let number = value.parse().ok().filter(|number| *number < 32);
                address.interface = Some(number.ok_or_else(|| format!("\"{value}\" is no interface: a number from 0 to 31."))?);
            }
            "class" => address.vendor_class = word(key, value, &[("printer", false), ("vendor", true)])?,
            _ => return Err(format!("no setting \"{key}\". Known: serial, port, interface, class.")),
        }
    }
    Ok(address)
}

impl UsbPlace {
    /// With a setting `serial` or `port`, of which there is one at most.
    pub(super) fn narrowed(&self, key: &str, value: &str) -> Result<UsbPlace, String> {
        if *self != UsbPlace::Only {
            return Err("give the serial number or the port, not both.".into());
        }
        match key {
            "serial" => {
                let serial = decode(value).filter(|serial| (1..=SERIAL_MAX).contains(&serial.chars().count()));
                serial.map(UsbPlace::Serial).ok_or_else(|| format!("\"{value}\" is no serial number."))
            }
            _ if is_port(value) => Ok(UsbPlace::Port(value.into())),
            _ => Err(format!("\"{value}\" is not a port. Write it as the kernel names it, as in 1-1.4.")),
        }
    }

    /// Whether a device with that serial number in that port is meant.
    pub(crate) fn is(&self, its_serial: Option<&str>, its_port: &str) -> bool {
        match self {
            UsbPlace::Serial(serial) => its_serial == Some(serial),
            UsbPlace::Port(port) => its_port == port,
            UsbPlace::Only => true,
        }
    }

    /// As a setting of a URI; none for the only one.
    pub(super) fn setting(&self) -> Option<String> {
        match self {
            UsbPlace::Serial(serial) => {
                let plain = serial.bytes().map(|byte| match is_plain(byte) {
                    true => char::from(byte).to_string(),
                    false => format!("%{byte:02X}"),
                });
                Some(format!("serial={}", plain.collect::<String>()))
            }
            UsbPlace::Port(port) => Some(format!("port={port}")),
            UsbPlace::Only => None,
        }
    }
}

/// `0a5f:0166`
pub(super) fn usb_ids(text: &str) -> Option<(u16, u16)> {
    let id = |text: &str| match text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => u16::from_str_radix(text, 16).ok(),
        false => None,
    };
    let (vendor, product) = text.split_once(':')?;
    id(vendor).zip(id(product))
}

/// `1-1.4`: the bus, then the port of each hub on the way.
fn is_port(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= PORT_MAX && text.split_once('-').is_some_and(|(bus, ports)| number(bus) && ports.split('.').all(number))
}

/// Letters a URI holds as they are (RFC 3986, unreserved).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let digits = rest.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

impl fmt::Display for UsbAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut settings: Vec<String> = self.place.setting().into_iter().collect();
        if let Some(interface) = self.interface {
            settings.push(format!("interface={interface}"));
        }
        if self.vendor_class {
            settings.push("class=vendor".into());
        }
        let mark = if settings.is_empty() { "" } else { "?" };
        write!(f, "usb://{:04x}:{:04x}{mark}{}", self.vendor, self.product, settings.join("&"))
    }
}
