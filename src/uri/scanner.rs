//! Where a scanner is, in one word of the configuration.
//!
//! | URI | scanner |
//! |---|---|
//! | `hid:05e0:1200?serial=S1` | one that types, on USB; `serial`, `port` or neither, as for printers |
//! | `hid:/dev/input/by-id/…-event-kbd` | one that types, by its file |
//! | `serial:/dev/serial/by-id/…?baud=9600` | one on a serial port, settings as for printers |
//!
//! `layout=de` or `layout=fr` is for one that types and is set to that country's keyboard; `us` is as delivered.

use super::hid::parse as parse_hid;
use super::{DeviceUri, HidAddress, SerialAddress, word};
use std::fmt;
use std::str::FromStr;

/// Where a scanner is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ScannerUri {
    Hid { address: HidAddress, layout: Layout },
    Serial(SerialAddress),
}

/// The keyboard a scanner is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    #[default]
    Us,
    De,
    Fr,
}

impl Layout {
    pub(crate) const NAMES: [(&'static str, Layout); 3] = [("us", Layout::Us), ("de", Layout::De), ("fr", Layout::Fr)];
}

/// No scanner's URI, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAScanner(String);

impl ScannerUri {
    /// Whether both name the same scanner, however it is set up.
    pub fn is_same_scanner(&self, other: &ScannerUri) -> bool {
        match (self, other) {
            (ScannerUri::Hid { address: one, .. }, ScannerUri::Hid { address: other, .. }) => one == other,
            (ScannerUri::Serial(one), ScannerUri::Serial(other)) => one.path == other.path,
            _ => false,
        }
    }
}

impl FromStr for ScannerUri {
    type Err = NotAScanner;

    fn from_str(text: &str) -> Result<ScannerUri, NotAScanner> {
        let wrong = |why: String| NotAScanner(format!("{text}: {why}"));
        match text.split_once(':') {
            Some(("hid", rest)) => hid(rest).map_err(wrong),
            Some(("serial", _)) => match text.parse() {
                Ok(DeviceUri::Serial(address)) => Ok(ScannerUri::Serial(address)),
                Ok(_) => Err(wrong(KNOWN.into())),
                Err(error) => Err(NotAScanner(error.to_string())),
            },
            _ => Err(wrong(KNOWN.into())),
        }
    }
}

const KNOWN: &str = "not a scanner. Write hid:VENDOR:PRODUCT or serial:/dev/…; `waybilld scanners` lists what is plugged in.";

fn hid(rest: &str) -> Result<ScannerUri, String> {
    let (address, settings) = parse_hid(rest)?;
    let mut layout = Layout::default();
    for (key, value) in settings {
        match (key, &address) {
            ("layout", _) => layout = word(key, value, &Layout::NAMES)?,
            (_, HidAddress::Usb { .. }) => return Err(format!("no setting \"{key}\". Known: serial, port, layout.")),
            (_, HidAddress::Node(_)) => return Err(format!("no setting \"{key}\". Known: layout.")),
        }
    }
    Ok(ScannerUri::Hid { address, layout })
}

impl fmt::Display for ScannerUri {
    /// What is as usual is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScannerUri::Serial(address) => address.fmt(f),
            ScannerUri::Hid { address, layout } => {
                let address = address.to_string();
                f.write_str(&address)?;
                let named = Layout::NAMES.iter().find(|(_, known)| known == layout && *layout != Layout::default());
                let mark = if address.contains('?') { '&' } else { '?' };
                named.map_or(Ok(()), |(name, _)| write!(f, "{mark}layout={name}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanners_uri_is_read_and_written_alike() {
        for text in [
            "hid:05e0:1200",
            "hid:05e0:1200?serial=S1",
            "hid:05e0:1200?port=1-1.4&layout=de",
            "hid:0c2e:0b61?layout=fr",
            "hid:/dev/input/by-id/usb-Symbol_Scanner_S1-event-kbd",
            "hid:/dev/input/event3?layout=fr",
            "serial:/dev/serial/by-id/usb-Newland_HR22-if00",
            "serial:/dev/ttyACM0?baud=115200",
        ] {
            let uri: ScannerUri = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(uri.to_string(), text);
        }
        let uri: ScannerUri = "hid:05E0:1200?layout=us&serial=S%31".parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(uri.to_string(), "hid:05e0:1200?serial=S1");
    }

    #[test]
    fn a_wrong_scanners_uri_says_what_to_write() {
        for (text, why) in [
            (
                "usb://05e0:1200",
                "not a scanner. Write hid:VENDOR:PRODUCT or serial:/dev/…; `waybilld scanners` lists what is plugged in.",
            ),
            (
                "hid:5e0:1200",
                "write hid:VENDOR:PRODUCT with four hexadecimal digits each, as in hid:05e0:1200?serial=S1, or \
                 hid:/dev/input/by-id/…",
            ),
            ("hid:05e0:1200?layout=dvorak", "layout cannot be \"dvorak\". Known: us, de, fr."),
            ("hid:05e0:1200?baud=9600", "no setting \"baud\". Known: serial, port, layout."),
            ("hid:05e0:1200?serial=A&port=1-1", "give the serial number or the port, not both."),
            ("hid:05e0:1200?port=1", "\"1\" is not a port. Write it as the kernel names it, as in 1-1.4."),
            ("hid:/dev/input/event3?serial=A", "no setting \"serial\". Known: layout."),
            ("serial:/dev/ttyS0?speed=9600", "no setting \"speed\". Known: baud, parity, data, stop, flow, dtr."),
        ] {
            assert_eq!(text.parse::<ScannerUri>().expect_err(text).to_string(), format!("{text}: {why}"));
        }
    }

    #[test]
    fn a_scanner_is_the_same_however_it_is_set_up() {
        let same = |one: &str, other: &str| {
            let uri = |text: &str| text.parse::<ScannerUri>().unwrap_or_else(|error| panic!("{error}"));
            uri(one).is_same_scanner(&uri(other))
        };
        assert!(same("hid:05e0:1200?serial=A", "hid:05e0:1200?serial=A&layout=de"));
        assert!(same("serial:/dev/ttyS0", "serial:/dev/ttyS0?baud=19200"));
        assert!(!same("hid:05e0:1200?serial=A", "hid:05e0:1200?serial=B"));
        assert!(!same("hid:/dev/ttyS0", "serial:/dev/ttyS0"));
    }
}
