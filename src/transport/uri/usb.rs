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
    let id = |text: &str| match text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => u16::from_str_radix(text, 16).ok(),
        false => None,
    };
    let both = ids.strip_suffix('/').unwrap_or(ids).split_once(':');
    let (Some(vendor), Some(product)) = (both.and_then(|(it, _)| id(it)), both.and_then(|(_, it)| id(it))) else {
        return Err("vendor and product are four hexadecimal digits each. Write usb://0a5f:0166?serial=D1J194700123.".into());
    };
    let mut address = UsbAddress { vendor, product, place: UsbPlace::Only, interface: None, vendor_class: false };
    for (key, value) in query.map_or_else(|| Ok(Vec::new()), settings)? {
        match key {
            "serial" | "port" if address.place != UsbPlace::Only => {
                return Err("give the serial number or the port, not both.".into());
            }
            "serial" => {
                let serial = decode(value).filter(|serial| (1..=SERIAL_MAX).contains(&serial.chars().count()));
                address.place = UsbPlace::Serial(serial.ok_or_else(|| format!("\"{value}\" is no serial number."))?);
            }
            "port" if is_port(value) => address.place = UsbPlace::Port(value.into()),
            "port" => return Err(format!("\"{value}\" is no port. Write it as the kernel names it, as in 1-1.4.")),
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
        let mut settings = Vec::new();
        match &self.place {
            UsbPlace::Serial(serial) => {
                let plain = serial.bytes().map(|byte| match is_plain(byte) {
                    true => char::from(byte).to_string(),
                    false => format!("%{byte:02X}"),
                });
                settings.push(format!("serial={}", plain.collect::<String>()));
            }
            UsbPlace::Port(port) => settings.push(format!("port={port}")),
            UsbPlace::Only => {}
        }
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
