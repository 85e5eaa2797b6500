//! What is plugged into this computer that could be a scanner.

use super::makes;
use crate::scanner::hid::{FoundKeyboard, keyboards};
use crate::transport::{Found, UsbFacts, discover};
use crate::uri::DeviceUri;
use crate::uri::Layout;
use crate::uri::ScannerUri;

/// Something a scanner may be behind.
#[derive(Debug, Clone)]
pub struct Nearby {
    /// The URI that finds it again.
    pub uri: ScannerUri,
    pub what: What,
    /// Why it cannot be used now, as a sentence that says what to do.
    pub trouble: Option<String>,
    behind: Behind,
}

/// What it probably is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A scanner, by its maker or by what it says of itself: this.
    Scanner(String),
    /// Something with keys, by what it says of itself.
    Keyboard(String),
    /// A serial port of which nothing more is known.
    Port,
}

#[derive(Debug, Clone)]
enum Behind {
    Keyboard(FoundKeyboard),
    Port(Found),
}

/// Scanners first, then what could be one: other keyboards and serial ports.
pub fn nearby() -> Vec<Nearby> {
    let mut nearby: Vec<Nearby> = keyboards().into_iter().map(keyboard).collect();
    nearby.extend(discover().into_iter().filter_map(port));
    nearby.sort_by_key(|nearby| !matches!(nearby.what, What::Scanner(_)));
    nearby
}

fn keyboard(found: FoundKeyboard) -> Nearby {
    let what = scanner(&found.usb).unwrap_or_else(|| What::Keyboard(name(&found.usb)));
    let held = || matches!(what, What::Scanner(_)).then(|| found.held()).flatten();
    let trouble = found.no_right().or_else(held);
    let uri = ScannerUri::Hid { address: found.address.clone(), layout: Layout::default() };
    Nearby { uri, what, trouble, behind: Behind::Keyboard(found) }
}

fn port(found: Found) -> Option<Nearby> {
    let DeviceUri::Serial(address) = &found.uri else { return None };
    let what = found.usb.as_ref().and_then(scanner).unwrap_or(What::Port);
    Some(Nearby { uri: ScannerUri::Serial(address.clone()), what, trouble: found.trouble.clone(), behind: Behind::Port(found) })
}

fn scanner(usb: &UsbFacts) -> Option<What> {
    let name = name(usb);
    match makes::make(usb.vendor, usb.product) {
        Some(make) if name.is_empty() => Some(What::Scanner(format!("a scanner of {make}"))),
        Some(_) => Some(What::Scanner(name)),
        None => makes::says_so(&name).then_some(What::Scanner(name)),
    }
}

fn name(usb: &UsbFacts) -> String {
    [&usb.manufacturer, &usb.product_name].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

impl Nearby {
    /// Whether the URI means this one, by whatever name.
    pub fn is_meant_by(&self, uri: &ScannerUri) -> bool {
        match (&self.behind, uri) {
            (Behind::Keyboard(found), ScannerUri::Hid { address, .. }) => found.is_meant_by(address),
            (Behind::Port(found), ScannerUri::Serial(address)) => found.is_meant_by(&DeviceUri::Serial(address.clone())),
            _ => false,
        }
    }

    /// Whether a printer has that port.
    pub fn is_device(&self, device: &DeviceUri) -> bool {
        matches!(&self.behind, Behind::Port(found) if found.is_meant_by(device))
    }
}
