//! `serial:/dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0?baud=38400&flow=rtscts`
//!
//! | setting | words | left out |
//! |---|---|---|
//! | `baud` | 1200 to 921600, the usual rates | 9600 |
//! | `parity` | `none`, `even`, `odd` | `none` |
//! | `data`, `stop` | 7 or 8; 1 or 2 | 8; 1 |
//! | `flow` | `none`, `rtscts`, `xonxoff`: how the printer says wait | `none` |
//! | `dtr` | `on`, `off`: the DTR line while open | `on` |
//!
//! 9600 8N1 is what Zebra and TSC printers are delivered with. With `flow=none` a full printer loses bytes without
//! a word: give the flow control that is set at the printer.

use super::{settings, word};
use std::fmt;

/// A serial port and how to speak on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SerialAddress {
    pub path: String,
    pub baud: u32,
    pub parity: Parity,
    pub data_bits: u8,
    pub stop_bits: u8,
    pub flow: Flow,
    pub dtr: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parity {
    None,
    Even,
    Odd,
}

/// How the printer says wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    None,
    RtsCts,
    XonXoff,
}

const BAUDS: [(&str, u32); 13] = [
    ("1200", 1200),
    ("2400", 2400),
    ("4800", 4800),
    ("9600", 9600),
    ("14400", 14_400),
    ("19200", 19_200),
    ("28800", 28_800),
    ("38400", 38_400),
    ("57600", 57_600),
    ("115200", 115_200),
    ("230400", 230_400),
    ("460800", 460_800),
    ("921600", 921_600),
];
const PARITIES: [(&str, Parity); 3] = [("none", Parity::None), ("even", Parity::Even), ("odd", Parity::Odd)];
const FLOWS: [(&str, Flow); 3] = [("none", Flow::None), ("rtscts", Flow::RtsCts), ("xonxoff", Flow::XonXoff)];

impl SerialAddress {
    /// The port with the settings printers are delivered with.
    pub fn new(path: impl Into<String>) -> SerialAddress {
        SerialAddress {
            path: path.into(),
            baud: 9600,
            parity: Parity::None,
            data_bits: 8,
            stop_bits: 1,
            flow: Flow::None,
            dtr: true,
        }
    }
}

pub(super) fn parse(rest: &str) -> Result<SerialAddress, String> {
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    if !path.starts_with('/') || path.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Err(
            "write serial:/dev/…, as in serial:/dev/ttyS0?baud=9600. Ports with steady names stand in /dev/serial/by-id.".into(),
        );
    }
    let mut address = SerialAddress::new(path);
    for (key, value) in query.map_or_else(|| Ok(Vec::new()), settings)? {
        match key {
            "baud" => address.baud = word(key, value, &BAUDS)?,
            "parity" => address.parity = word(key, value, &PARITIES)?,
            "data" => address.data_bits = word(key, value, &[("7", 7), ("8", 8)])?,
            "stop" => address.stop_bits = word(key, value, &[("1", 1), ("2", 2)])?,
            "flow" => address.flow = word(key, value, &FLOWS)?,
            "dtr" => address.dtr = word(key, value, &[("on", true), ("off", false)])?,
            _ => return Err(format!("no setting \"{key}\". Known: baud, parity, data, stop, flow, dtr.")),
        }
    }
    Ok(address)
}

impl fmt::Display for SerialAddress {
    /// What is as usual is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = SerialAddress::new("");
        let mut settings = Vec::new();
        if self.baud != usual.baud {
            settings.push(format!("baud={}", self.baud));
        }
        if let Some((word, _)) = PARITIES.iter().find(|(_, parity)| *parity == self.parity && self.parity != usual.parity) {
            settings.push(format!("parity={word}"));
        }
        if self.data_bits != usual.data_bits {
            settings.push(format!("data={}", self.data_bits));
        }
        if self.stop_bits != usual.stop_bits {
            settings.push(format!("stop={}", self.stop_bits));
        }
        if let Some((word, _)) = FLOWS.iter().find(|(_, flow)| *flow == self.flow && self.flow != usual.flow) {
            settings.push(format!("flow={word}"));
        }
        if self.dtr != usual.dtr {
            settings.push("dtr=off".into());
        }
        let mark = if settings.is_empty() { "" } else { "?" };
        write!(f, "serial:{}{mark}{}", self.path, settings.join("&"))
    }
}
