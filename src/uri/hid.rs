//! `hid:05e0:1200?serial=S1` or `hid:/dev/input/by-id/…-event-kbd`: a keyboard, or what types like one.
//!
//! | setting | what it says |
//! |---|---|
//! | `serial` | the one with that serial number, wherever it is plugged in |
//! | `port` | the one in that port, as the kernel names it (`1-1.4`): for twins and for those without a serial number |
//! | neither | the only one of that kind |
//!
//! Other settings are for the reader of the keys (`scanner`).

use super::usb::usb_ids;
use super::{UsbPlace, settings};
use std::fmt;

/// Where a keyboard is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HidAddress {
    Usb {
        vendor: u16,
        product: u16,
        place: UsbPlace,
    },
    /// Its file.
    Node(String),
}

/// Key and value.
type Setting<'a> = (&'a str, &'a str);

/// The address, and the settings that are not ours.
pub(crate) fn parse(rest: &str) -> Result<(HidAddress, Vec<Setting<'_>>), String> {
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let mut settings = query.map_or_else(|| Ok(Vec::new()), settings)?;
    if place.starts_with("/dev/") && !place.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Ok((HidAddress::Node(place.into()), settings));
    }
    let (vendor, product) = usb_ids(place).ok_or_else(|| {
        "write hid:VENDOR:PRODUCT with four hexadecimal digits each, as in hid:05e0:1200?serial=S1, or hid:/dev/input/by-id/…"
            .to_owned()
    })?;
    let mut place = UsbPlace::Only;
    for (key, value) in settings.extract_if(.., |(key, _)| matches!(*key, "serial" | "port")) {
        place = place.narrowed(key, value)?;
    }
    Ok((HidAddress::Usb { vendor, product, place }, settings))
}

impl fmt::Display for HidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HidAddress::Usb { vendor, product, place } => {
                write!(f, "hid:{vendor:04x}:{product:04x}")?;
                place.setting().map_or(Ok(()), |setting| write!(f, "?{setting}"))
            }
            HidAddress::Node(path) => write!(f, "hid:{path}"),
        }
    }
}
