//! Addresses as values: where a printer, a scanner or the receiver of a webhook is, in one word of the configuration.
//!
//! Text goes in; a checked address comes out, or a sentence that says what to write. Opens nothing.

mod hid;
mod scanner;
mod serial;
mod target;
mod usb;

pub use hid::HidAddress;
#[cfg(test)]
pub(crate) use hid::parse as parse_hid;
pub use scanner::{Layout, NotAScanner, ScannerUri};
pub use serial::{Flow, Parity, SerialAddress};
pub use target::Target;
pub use usb::{UsbAddress, UsbPlace};

use std::fmt;
use std::str::FromStr;

/// The port of raw printing.
const RAW_PORT: u16 = 9100;
/// The languages a virtual printer may be asked for.
const VIRTUAL_LANGUAGES: [&str; 3] = ["zpl", "tspl", "escpos"];

/// Where a printer is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DeviceUri {
    /// `host` is a name, an IPv4 address, or an IPv6 address without its brackets.
    Tcp {
        host: String,
        port: u16,
    },
    Virtual {
        language: String,
    },
    Serial(SerialAddress),
    Usb(UsbAddress),
}

/// No device URI, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAUri(String);

impl fmt::Display for NotAUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotAUri {}

impl DeviceUri {
    /// Whether a power cut of the printer breaks the line.
    pub fn shows_power(&self) -> bool {
        !matches!(self, DeviceUri::Serial(_))
    }

    /// Whether both name the same device, however it is set up.
    pub fn is_same_device(&self, other: &DeviceUri) -> bool {
        match (self, other) {
            (DeviceUri::Serial(one), DeviceUri::Serial(other)) => one.path == other.path,
            _ => self == other,
        }
    }
}

impl FromStr for DeviceUri {
    type Err = NotAUri;

    fn from_str(text: &str) -> Result<DeviceUri, NotAUri> {
        let wrong = |why: String| NotAUri(format!("{text}: {why}"));
        if let Some(rest) = text.strip_prefix("tcp://") {
            return tcp(text, rest.strip_suffix('/').unwrap_or(rest));
        }
        if let Some(rest) = text.strip_prefix("usb://") {
            return usb::parse(rest).map(DeviceUri::Usb).map_err(wrong);
        }
        match text.split_once(':') {
            Some(("virtual", language)) if VIRTUAL_LANGUAGES.contains(&language) => {
                Ok(DeviceUri::Virtual { language: language.into() })
            }
            Some(("virtual", other)) => {
                let known = VIRTUAL_LANGUAGES.map(|language| format!("virtual:{language}")).join(", ");
                Err(wrong(format!("no virtual printer speaks \"{other}\". Known: {known}.")))
            }
            Some(("serial", rest)) => serial::parse(rest).map(DeviceUri::Serial).map_err(wrong),
            Some(("usb", _)) => Err(wrong("write usb://VENDOR:PRODUCT, as in usb://0a5f:0166?serial=D1J194700123.".into())),
            Some(("tcp", _)) => Err(wrong("write tcp://host:port.".into())),
            _ => {
                Err(wrong("not a device URI. Write usb://VENDOR:PRODUCT, serial:/dev/…, tcp://host:port or virtual:zpl.".into()))
            }
        }
    }
}

fn tcp(text: &str, rest: &str) -> Result<DeviceUri, NotAUri> {
    let bad = |what: &str| NotAUri(format!("{text}: {what}. Write tcp://host:port, as in tcp://10.0.0.7:9100."));
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(|| bad("the bracket of the address is not closed"))?;
            host.parse::<core::net::Ipv6Addr>().map_err(|_| bad("between the brackets stands no IPv6 address"))?;
            (
                host,
                (!after.is_empty())
                    .then_some(after.strip_prefix(':').ok_or_else(|| bad("after the bracket a port is expected")))
                    .transpose()?,
            )
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    if host.is_empty() {
        return Err(bad("the host is missing"));
    }
    if !rest.starts_with('[') && !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        return Err(bad("the host is no name and no address"));
    }
    let port = match port {
        None => RAW_PORT,
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| bad("the port is no number from 1 to 65535"))?,
    };
    Ok(DeviceUri::Tcp { host: host.into(), port })
}

impl fmt::Display for DeviceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceUri::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            DeviceUri::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            DeviceUri::Virtual { language } => write!(f, "virtual:{language}"),
            DeviceUri::Serial(address) => address.fmt(f),
            DeviceUri::Usb(address) => address.fmt(f),
        }
    }
}

/// The `key=value` words after the question mark, each at most once.
fn settings(query: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut settings: Vec<(&str, &str)> = Vec::new();
    for word in query.split('&') {
        let (key, value) = word.split_once('=').ok_or_else(|| format!("\"{word}\" is no setting: write KEY=VALUE."))?;
        if settings.iter().any(|(known, _)| *known == key) {
            return Err(format!("{key} is set twice."));
        }
        settings.push((key, value));
    }
    Ok(settings)
}

/// The one of the known words, or a sentence that names them all.
pub(crate) fn word<T: Copy>(key: &str, value: &str, known: &[(&str, T)]) -> Result<T, String> {
    known.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        format!("{key} cannot be \"{value}\". Known: {}.", known.join(", "))
    })
}

#[cfg(test)]
mod tests;
