//! Lines to printers: open by device URI, then bytes both ways. Knows no printer language.
//!
//! | URI | what it is |
//! |---|---|
//! | `tcp://192.168.1.50:9100` | a raw printing port; `[::1]:9100` and names work too |
//! | `virtual:zpl` | a virtual printer inside this daemon |

mod tcp;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::str::FromStr;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadHalf, WriteHalf};

/// Where a printer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceUri {
    /// `host:port`.
    Tcp(String),
    /// The language a virtual printer understands.
    Virtual(String),
}

/// An open line.
pub struct Line {
    pub reader: Box<dyn AsyncRead + Send + Sync + Unpin>,
    pub writer: Box<dyn AsyncWrite + Send + Sync + Unpin>,
}

/// Puts a virtual printer at the other end of a stream.
type Connect = Box<dyn Fn(DuplexStream) + Send + Sync>;

/// Opens lines; virtual printers are announced to it first.
#[derive(Default)]
pub struct Lines {
    virtuals: HashMap<String, Connect>,
}

/// Why a line cannot be opened, in an operator's words.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("{device} does not answer ({why}): check that the printer is on and its cable is in")]
    Unreachable { device: DeviceUri, why: String },
    #[error("no virtual printer is set up for {0}")]
    NoVirtual(String),
}

/// A device URI nobody can open.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    #[error("\"{0}\" is no device: write tcp://HOST:PORT or virtual:zpl.")]
    Unknown(String),
    #[error("\"{0}\" needs a host and a port, such as tcp://192.168.1.50:9100.")]
    NoPort(String),
    #[error("{0} devices are not served yet: tcp://HOST:PORT and virtual:zpl are.")]
    NotYet(String),
}

/// Bytes between us and a virtual printer, each way: its "cable".
const CABLE_BYTES: usize = 16 * 1024;

impl FromStr for DeviceUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<DeviceUri, UriError> {
        if let Some(address) = text.strip_prefix("tcp://") {
            let address = address.trim_end_matches('/');
            let port = address.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then(|| port.parse::<u16>().ok())?);
            return match port {
                Some(1..) => Ok(DeviceUri::Tcp(address.to_owned())),
                _ => Err(UriError::NoPort(text.to_owned())),
            };
        }
        match text.split_once(':') {
            Some(("virtual", "zpl")) => Ok(DeviceUri::Virtual("zpl".to_owned())),
            Some((scheme @ ("usb" | "serial"), _)) => Err(UriError::NotYet(scheme.to_owned())),
            _ => Err(UriError::Unknown(text.to_owned())),
        }
    }
}

impl fmt::Display for DeviceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceUri::Tcp(address) => write!(f, "tcp://{address}"),
            DeviceUri::Virtual(language) => write!(f, "virtual:{language}"),
        }
    }
}

impl Lines {
    /// Announces the virtual printer of that logical name.
    pub fn add_virtual(&mut self, printer: &str, connect: impl Fn(DuplexStream) + Send + Sync + 'static) {
        self.virtuals.insert(printer.to_owned(), Box::new(connect));
    }

    /// Opens the line of that logical printer.
    pub async fn open(&self, printer: &str, device: &DeviceUri) -> Result<Line, TransportError> {
        match device {
            DeviceUri::Tcp(address) => {
                let unreachable =
                    |error: io::Error| TransportError::Unreachable { device: device.clone(), why: error.to_string() };
                tcp::open(address).await.map_err(unreachable)
            }
            DeviceUri::Virtual(_) => {
                let connect = self.virtuals.get(printer).ok_or_else(|| TransportError::NoVirtual(printer.to_owned()))?;
                let (ours, theirs) = tokio::io::duplex(CABLE_BYTES);
                connect(theirs);
                let (reader, writer): (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>) = tokio::io::split(ours);
                Ok(Line { reader: Box::new(reader), writer: Box::new(writer) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_none_is_refused_in_a_sentence() {
        let said = |uri: &str| uri.parse::<DeviceUri>().map_err(|error| error.to_string());
        assert_eq!(said("tcp://10.0.0.7:9100").unwrap().to_string(), "tcp://10.0.0.7:9100");
        assert_eq!(said("tcp://[::1]:9100").unwrap().to_string(), "tcp://[::1]:9100");
        assert_eq!(
            said("tcp://10.0.0.7").unwrap_err(),
            "\"tcp://10.0.0.7\" needs a host and a port, such as tcp://192.168.1.50:9100."
        );
        assert_eq!(said("usb:0a5f:0080").unwrap_err(), "usb devices are not served yet: tcp://HOST:PORT and virtual:zpl are.");
        assert!(said("lpt1").unwrap_err().contains("is no device"));
    }
}
