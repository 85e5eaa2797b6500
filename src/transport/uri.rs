//! Device URIs: where a printer is, in one word of the configuration.

use std::fmt;
use std::str::FromStr;

/// The port of raw printing.
const RAW_PORT: u16 = 9100;

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
    /// The rest of the URI, for later.
    Serial(String),
    Usb(String),
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
}

impl FromStr for DeviceUri {
    type Err = NotAUri;

    fn from_str(text: &str) -> Result<DeviceUri, NotAUri> {
        if let Some(rest) = text.strip_prefix("tcp://") {
            return tcp(text, rest.strip_suffix('/').unwrap_or(rest));
        }
        match text.split_once(':') {
            Some(("virtual", "zpl")) => Ok(DeviceUri::Virtual { language: "zpl".into() }),
            Some(("virtual", other)) => {
                Err(NotAUri(format!("{text}: no virtual printer speaks \"{other}\". Known: virtual:zpl.")))
            }
            Some(("serial", rest)) if !rest.is_empty() => Ok(DeviceUri::Serial(rest.into())),
            Some(("usb", rest)) if !rest.is_empty() => Ok(DeviceUri::Usb(rest.into())),
            Some(("tcp", _)) => Err(NotAUri(format!("{text}: write tcp://host:port."))),
            _ => Err(NotAUri(format!("{text}: not a device URI. Write tcp://host:port or virtual:zpl."))),
        }
    }
}

fn tcp(text: &str, rest: &str) -> Result<DeviceUri, NotAUri> {
    let bad = |what: &str| NotAUri(format!("{text}: {what}. Write tcp://host:port, as in tcp://10.0.0.7:9100."));
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(|| bad("the bracket of the address is not closed"))?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| bad("between the brackets stands no IPv6 address"))?;
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
            DeviceUri::Serial(rest) => write!(f, "serial:{rest}"),
            DeviceUri::Usb(rest) => write!(f, "usb:{rest}"),
        }
    }
}
