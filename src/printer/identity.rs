//! Who is expected at a printer's address, and whether the device that is found there is the one.
//!
//! What is expected: what was last there, or what an operator adopted; at first contact what the configuration says.
//! What was learnt of a printer is kept under its identity, so that it follows the device and not our name for it.

use super::words::PrinterReason;
use crate::config::PrinterConfig;
use crate::dots::{Dots, Dpi, Point};
use crate::language::Language;
use crate::models::{DeviceId, Models};
use crate::pairing::{Before, Identity, Service, Who};
use crate::uri::DeviceUri;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a device that says nothing is waited for on a network: one that has said before what it is, and one that
/// is met for the first time; another computer may hold it.
pub const LISTEN_KNOWN: Duration = Duration::from_secs(25);
pub const LISTEN_FIRST: Duration = Duration::from_secs(5);

/// What is remembered under our name for a printer, as JSON in the ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// An operator paused it.
    pub paused: bool,
    /// What was last there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// An operator took it as it is, whatever the configuration says.
    pub adopted: bool,
    /// It does not say what it is, or does so no longer.
    pub silent: bool,
    /// Whether it answers SGD variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sgd: Option<bool>,
}

/// A device that is not the one expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// That it is another device, or set to another language.
    pub reason: PrinterReason,
    pub sentence: String,
    /// What it says that it is; `None`: it does not say.
    pub identity: Option<Identity>,
    /// It can be adopted.
    pub printer: bool,
}

impl Record {
    pub fn from_json(text: &str) -> Record {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain words serialise")
    }

    /// Under which word the ledger keeps what was learnt of the device. No printer is named so.
    pub fn facts_key(&self, device: &DeviceUri) -> String {
        match &self.identity {
            Some(found @ Identity { serial: Some(serial), .. }) => format!("={}/{serial}", found.named().unwrap_or_default()),
            // Its like may stand at another address.
            Some(found) => format!("={}@{device}", found.named().unwrap_or_default()),
            None => format!("=@{device}"),
        }
    }

    /// What to know before it is asked who it is; `config` says whether it may be asked at all.
    pub fn before(&self, config: &PrinterConfig) -> Before {
        let zebra = config.model.is_some_and(|model| model.key.starts_with("zebra-"));
        let network = matches!(config.device, DeviceUri::Tcp { .. });
        Before {
            mute: !config.asked,
            sgd: self.sgd,
            zebra: config.language == Language::Zpl && (zebra || self.identity.is_some()),
            answered: self.identity.is_some() && !self.silent,
            silent: self.silent,
            listen: match (network, self.silent, &self.identity) {
                (false, ..) | (_, true, _) => Duration::ZERO,
                (true, false, Some(_)) => LISTEN_KNOWN,
                (true, false, None) => LISTEN_FIRST,
            },
        }
    }

    /// Whether that is the device which is expected: why not, if it is not.
    pub fn judge(&self, name: &str, config: &PrinterConfig, who: &Who) -> Result<(), Stranger> {
        let adopt = format!("`waybilld adopt {name}`");
        let stranger = |reason, sentence, identity, printer| Err(Stranger { reason, sentence, identity, printer });
        match who {
            Who::Silent => Ok(()),
            Who::Nameless => match self.identity.as_ref().filter(|_| !self.silent) {
                Some(expected) => {
                    let sentence = format!(
                        "expected {expected}, and what is there does not say what it is: nothing is sent. Correct its address; \
                         {adopt} takes it as it is."
                    );
                    stranger(PrinterReason::OtherDevice, sentence, None, true)
                }
                None => Ok(()),
            },
            Who::Service(service) => {
                let adopting = if *service == Service::OfficePrinter { "" } else { " or its port" };
                let sentence =
                    format!("{service} is at {}: nothing is sent. Correct the printer's address{adopting}.", config.device);
                stranger(PrinterReason::OtherDevice, sentence, None, false)
            }
            Who::OtherLanguage(said) => {
                let sentence = format!(
                    "it is set to {said}, not to zpl: nothing is sent. Set it at the printer, or send it \
                     `! U1 setvar \"device.languages\" \"zpl\"`."
                );
                stranger(PrinterReason::OtherLanguage, sentence, None, false)
            }
            Who::Printer(found) => {
                let other = match &self.identity {
                    Some(expected) => found.differs_from(expected).then(|| expected.to_string()),
                    None => other_model(config, found),
                };
                if let Some(expected) = other {
                    let sentence = format!(
                        "expected {expected}, found {found}: nothing is sent to it. Correct its address; {adopt} takes the new one."
                    );
                    return stranger(PrinterReason::OtherDevice, sentence, Some(found.clone()), true);
                }
                match found.dots_per_mm.filter(|dots| *dots != dots_per_mm(config.dpi) && !self.adopted) {
                    Some(dots) => {
                        let (dpi, said) = (config.dpi.nominal(), dpi(dots).map_or(dots * 25, Dpi::nominal));
                        let sentence = format!(
                            "expected {dpi} dpi, found {said} dpi ({found}): nothing is sent. Set `dpi = {said}`; {adopt} goes by what \
                             it says."
                        );
                        stranger(PrinterReason::OtherDevice, sentence, Some(found.clone()), true)
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

/// The model of the configuration, when what is found is surely another.
fn other_model(config: &PrinterConfig, found: &Identity) -> Option<String> {
    let expected = config.model?;
    let said = found.named()?;
    let recognised = Models::shipped().recognise(None, said).into_iter().next().filter(|model| model.sure)?;
    (recognised.model.key != expected.key).then(|| format!("the model {}", expected.name))
}

fn dots_per_mm(dpi: Dpi) -> u32 {
    dpi.dots_per_mm().round() as u32
}

fn dpi(dots: u32) -> Option<Dpi> {
    Dpi::ALL.into_iter().find(|dpi| dots_per_mm(*dpi) == dots)
}

/// What a USB device id says that it is, if it names a model or a number.
pub fn by_device_id(said: &str) -> Option<Identity> {
    let DeviceId { model, serial, .. } = DeviceId::parse(said);
    let identity = Identity { model: None, dots_per_mm: None, serial, usb_model: model };
    (!identity.is_empty()).then_some(identity)
}

/// The configuration for a head of the resolution that the printer says it has.
pub fn as_it_says(config: &PrinterConfig, identity: Option<&Identity>) -> PrinterConfig {
    let said = identity.and_then(|identity| dpi(identity.dots_per_mm?));
    let Some(dpi) = said.filter(|dpi| *dpi != config.dpi) else { return config.clone() };
    let scaled = |dots: Dots| dpi.dots(config.dpi.mm(dots));
    let mut config = PrinterConfig { dpi, width_dots: config.width_dots.map(scaled), ..config.clone() };
    config.setup.gap = scaled(config.setup.gap);
    config.setup.offset = Point::new(scaled(config.setup.offset.x), scaled(config.setup.offset.y));
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(more: &str) -> PrinterConfig {
        let text = format!("[printers.p]\ndevice = \"tcp://10.0.0.7\"\n{more}");
        Config::parse("c.toml", &text).expect("no fault").printers["p"].clone()
    }

    fn zebra(model: &str, dots: u32, serial: Option<&str>) -> Identity {
        Identity { model: Some(model.into()), dots_per_mm: Some(dots), serial: serial.map(str::to_owned), usb_model: None }
    }

    #[test]
    fn at_first_contact_the_configuration_says_who_is_expected() {
        let record = Record::default();
        let gk420d = config("model = \"zebra-gk420d\"\n");
        let judge = |found: Identity| record.judge("p", &gk420d, &Who::Printer(found));
        assert_eq!(judge(zebra("GK420d-200dpi", 8, None)), Ok(()));
        assert_eq!(judge(zebra("Some clone", 8, None)), Ok(()), "a name that nobody knows contradicts nothing");
        let other = judge(zebra("GX420d-200dpi", 8, None)).expect_err("another model").sentence;
        assert!(other.starts_with("expected the model Zebra GK420d, found GX420d-200dpi, 8 dots/mm: nothing"), "{other}");
        let finer = record.judge("p", &config(""), &Who::Printer(zebra("X", 12, None))).expect_err("another head").sentence;
        assert!(finer.starts_with("expected 203 dpi, found 300 dpi"), "{finer}");
    }

    #[test]
    fn what_was_last_there_is_expected_until_an_operator_adopts_another() {
        let mut record = Record { identity: Some(zebra("GK420d", 8, Some("1"))), ..Record::default() };
        let config = config("");
        assert_eq!(record.judge("p", &config, &Who::Printer(zebra("GK420d", 8, None))), Ok(()));
        let found = zebra("GK420d", 8, Some("2"));
        let stranger = record.judge("p", &config, &Who::Printer(found.clone())).expect_err("another serial number");
        assert_eq!((stranger.reason, stranger.printer), (PrinterReason::OtherDevice, true));
        (record.identity, record.adopted) = (Some(found.clone()), true);
        assert_eq!(record.judge("p", &config, &Who::Printer(found)), Ok(()));
        assert!(record.judge("p", &config, &Who::Service(Service::WebServer)).is_err());
        assert!(record.judge("p", &config, &Who::OtherLanguage("line_print".into())).is_err());
        assert!(record.judge("p", &config, &Who::Nameless).is_err());
        assert_eq!(record.judge("p", &config, &Who::Silent), Ok(()), "the introduction has waited for it");
    }

    #[test]
    fn a_usb_printer_that_named_itself_late_is_the_one_its_device_id_told_of() {
        let config = config("model = \"zebra-gk420d\"\n");
        let by_usb = by_device_id("MFG:Zebra;CMD:ZPL;MDL:GK420d;SN:17;").expect("it names a model");
        assert_eq!(by_usb.to_string(), "GK420d, serial 17");
        let mut record = Record { identity: Some(by_usb.clone()), ..Record::default() };
        let found = zebra("GK420d-200dpi", 8, Some("17"));
        assert_eq!(record.judge("p", &config, &Who::Printer(found.clone())), Ok(()));
        record.identity.as_mut().expect("it has one").completed_by(&found);
        assert_eq!(record.judge("p", &config, &Who::Printer(by_usb)), Ok(()), "and silent once more");
        let other = by_device_id("MFG:Zebra;CMD:ZPL;MDL:ZD421;").expect("it names a model");
        assert!(record.judge("p", &config, &Who::Printer(other)).is_err());
    }

    #[test]
    fn an_adopted_head_of_another_resolution_is_printed_for_as_it_is() {
        let config = config("offset = [1, -2]\n");
        let finer = as_it_says(&config, Some(&zebra("ZD421-300dpi", 12, None)));
        assert_eq!(finer.dpi, Dpi::D300);
        assert_eq!(finer.setup.gap, Dpi::D300.dots(crate::dots::Mm(3.0)));
        assert_eq!(as_it_says(&config, None).dpi, Dpi::D203);
    }

    #[test]
    fn what_was_learnt_follows_the_device_and_not_the_name() {
        let device = "tcp://10.0.0.7".parse().expect("a device");
        let with = |identity| Record { identity, ..Record::default() }.facts_key(&device);
        assert_eq!(with(Some(zebra("GK420d", 8, Some("17")))), "=GK420d/17");
        assert_eq!(with(Some(zebra("GK420d", 8, None))), "=GK420d@tcp://10.0.0.7:9100");
        assert_eq!(with(None), "=@tcp://10.0.0.7:9100");
    }
}
