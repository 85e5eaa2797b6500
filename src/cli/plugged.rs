//! What is plugged in, with what is known of it before it is opened, and whose printer it is.

use crate::api::Printer;
use crate::language::Language;
use crate::models::Models;
use crate::transport::{Found, discover};
use crate::uri::DeviceUri;
use serde_json::{Value, json};

/// Something plugged in.
#[derive(Debug)]
pub struct Plugged {
    pub found: Found,
    /// The printer it is paired as.
    pub paired: Option<String>,
}

/// Everything plugged in, marked by these printers: name and device.
pub fn plugged(printers: &[(String, DeviceUri)]) -> Vec<Plugged> {
    let owner = |found: &Found| printers.iter().find(|(_, device)| found.is_meant_by(device)).map(|(name, _)| name.clone());
    discover().into_iter().map(|found| Plugged { paired: owner(&found), found }).collect()
}

/// Name and device of each printer of the daemon.
pub fn devices(printers: &[Printer]) -> Vec<(String, DeviceUri)> {
    printers.iter().filter_map(|printer| Some((printer.name.clone(), printer.device.parse().ok()?))).collect()
}

/// What a USB printer says of itself.
pub fn said(found: &Found) -> String {
    let Some(usb) = &found.usb else { return String::new() };
    let names = [&usb.manufacturer, &usb.product_name].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    usb.device_id.clone().unwrap_or(names)
}

/// Vendor and product of a USB printer; of an adapter they say nothing.
pub fn usb_id(found: &Found) -> Option<(u16, u16)> {
    let is_printer = matches!(found.uri, DeviceUri::Usb(_));
    found.usb.as_ref().filter(|_| is_printer).map(|usb| (usb.vendor, usb.product))
}

impl Plugged {
    pub fn is_usb(&self) -> bool {
        matches!(self.found.uri, DeviceUri::Usb(_))
    }

    /// The likeliest model by name, and whether it is sure.
    fn model(&self) -> Option<(&'static str, bool)> {
        let usb = usb_id(&self.found)?;
        let likeliest = Models::shipped().recognise(Some(usb), &said(&self.found)).into_iter().next()?;
        Some((&likeliest.model.name, likeliest.sure))
    }

    /// What it probably speaks, and whether that is sure.
    fn language(&self) -> Option<(Language, bool)> {
        let usb = usb_id(&self.found)?;
        Models::shipped().language(Some(usb), &said(&self.found))
    }

    /// What it is, whose it is, and what is in the way.
    pub fn lines(&self) -> Vec<String> {
        let uri = &self.found.uri;
        if let Some(name) = &self.paired {
            return vec![format!("  {uri} is {name}")];
        }
        let probably = |sure: bool| if sure { "" } else { "perhaps " };
        let what = match (self.model(), self.language()) {
            (Some((model, sure)), Some((language, _))) => format!("{}{model} ({})", probably(sure), language.name()),
            (Some((model, sure)), None) => format!("{}{model}", probably(sure)),
            (None, Some((language, sure))) => format!("a printer that {}speaks {}", probably(sure), language.name()),
            (None, None) if self.is_usb() => "a printer of unknown language".to_owned(),
            (None, None) => "a serial port: only pairing tells what is behind it".to_owned(),
        };
        let mut lines = vec![format!("  {uri}: {what}")];
        lines.push(match &self.found.trouble {
            Some(trouble) => format!("    not paired, and cannot be opened: {trouble}"),
            None => format!("    not paired: `waybilld pair NAME '{uri}'`"),
        });
        lines
    }

    /// The same for a program.
    pub fn json(&self) -> Value {
        let (model, language) = (self.model(), self.language());
        json!({
            "device": self.found.uri.to_string(),
            "paired": self.paired,
            "model": model.map(|(model, _)| model),
            "model_sure": model.is_some_and(|(_, sure)| sure),
            "language": language.map(|(language, _)| language.name()),
            "language_sure": language.is_some_and(|(_, sure)| sure),
            "trouble": self.found.trouble,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::UsbFacts;

    fn usb(vendor: u16, product: u16, device_id: Option<&str>) -> Plugged {
        let usb = UsbFacts {
            vendor,
            product,
            manufacturer: None,
            product_name: None,
            serial: None,
            port: "1-2".into(),
            device_id: device_id.map(str::to_owned),
        };
        let uri = format!("usb://{vendor:04x}:{product:04x}?port=1-2").parse().expect("a device URI");
        Plugged { found: Found { uri, usb: Some(usb), trouble: None }, paired: None }
    }

    #[test]
    fn what_is_plugged_in_is_told_with_how_sure_it_is() {
        let first = |plugged: &Plugged| plugged.lines()[0].clone();
        assert_eq!(first(&usb(0x0a5f, 0x0080, None)), "  usb://0a5f:0080?port=1-2: Zebra GK420d (zpl)");
        assert_eq!(first(&usb(0x0a5f, 0xffff, None)), "  usb://0a5f:ffff?port=1-2: a printer that perhaps speaks zpl");
        assert_eq!(first(&usb(1, 2, Some("CMD:TSPL;"))), "  usb://0001:0002?port=1-2: a printer that speaks tspl");
        assert_eq!(first(&usb(1, 2, None)), "  usb://0001:0002?port=1-2: a printer of unknown language");
        let clone = first(&usb(0x0483, 0x5743, None));
        assert!(clone.starts_with("  usb://0483:5743?port=1-2: perhaps Xprinter") && clone.ends_with("(escpos)"), "{clone}");
    }

    #[test]
    fn what_is_in_the_way_and_whose_it_is_is_told() {
        let mut printer = usb(0x0a5f, 0x0080, None);
        assert_eq!(printer.lines()[1], "    not paired: `waybilld pair NAME 'usb://0a5f:0080?port=1-2'`");
        printer.found.trouble = Some("it is held by cupsd (process 812): stop that first.".into());
        assert_eq!(
            printer.lines()[1],
            "    not paired, and cannot be opened: it is held by cupsd (process 812): stop that first."
        );
        printer.paired = Some("pack-1".into());
        assert_eq!(printer.lines(), ["  usb://0a5f:0080?port=1-2 is pack-1"]);
        assert_eq!(printer.json()["language_sure"], true);
    }

    #[test]
    fn the_daemons_printers_are_known_by_their_devices() {
        let printer = super::super::printers::tests::printer;
        let paired = printer(json!({"name": "pack-1", "device": "usb://0a5f:0080"}));
        let known = devices(&[paired, printer(json!({"name": "odd", "device": "?"}))]);
        assert_eq!(known.len(), 1);
        assert!(usb(0x0a5f, 0x0080, None).found.is_meant_by(&known[0].1));
    }
}
