//! What a printer says of itself over USB: the IEEE 1284 device id, `MFG:..;CMD:..;MDL:..;`.

use crate::language::Language;

/// Bytes of a device id that are read; what is longer is no device id.
const LONGEST: usize = 4096;

/// Fields that are read.
const MOST: usize = 64;

/// A device id, read with patience: clones leave keys out, pad with blanks and put NULs between the fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceId {
    /// MFG or MANUFACTURER.
    pub maker: Option<String>,
    /// MDL or MODEL.
    pub model: Option<String>,
    /// CMD or COMMAND SET, word by word.
    pub commands: Vec<String>,
    /// DES or DESCRIPTION.
    pub description: Option<String>,
    /// SN, SERN or SERIALNUMBER. Not always there, and not always the printer's own.
    pub serial: Option<String>,
}

impl DeviceId {
    /// Whatever of a device id is in that text; of a key given twice, the first.
    pub fn parse(text: &str) -> DeviceId {
        let mut id = DeviceId::default();
        for field in head(text).split(';').take(MOST) {
            let Some((key, value)) = field.split_once(':') else { continue };
            let key = key.trim_matches(|sign: char| !sign.is_ascii_alphanumeric()).to_ascii_uppercase();
            let value = value.trim_matches(|sign: char| sign.is_whitespace() || sign.is_control());
            if value.is_empty() {
                continue;
            }
            let place = match key.as_str() {
                "MFG" | "MANUFACTURER" => &mut id.maker,
                "MDL" | "MODEL" => &mut id.model,
                "DES" | "DESCRIPTION" => &mut id.description,
                "SN" | "SERN" | "SERIALNUMBER" => &mut id.serial,
                "CMD" | "COMMAND SET" if id.commands.is_empty() => {
                    let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
                    id.commands = words.map(str::to_owned).collect();
                    continue;
                }
                _ => continue,
            };
            place.get_or_insert_with(|| value.to_owned());
        }
        id
    }

    /// The first language of its command set that we speak.
    pub fn language(&self) -> Option<Language> {
        self.commands.iter().find_map(|word| {
            let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
            match letters.to_ascii_uppercase().as_str() {
                "ZPL" | "ZPL2" | "ZPLII" => Some(Language::Zpl),
                "TSPL" | "TSPL2" | "TSPLII" => Some(Language::Tspl),
                "ESCPOS" => Some(Language::EscPos),
                _ => None,
            }
        })
    }
}

/// The beginning of that text, as much of it as is read.
pub(super) fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_device_id_is_read_whatever_words_it_uses_for_its_keys() {
        let long = DeviceId::parse("MANUFACTURER:Zebra Technologies ;COMMAND SET:ZPL;MODEL:ZTC ZD220-203dpi ZPL;CLASS:PRINTER;");
        assert_eq!(long.maker.as_deref(), Some("Zebra Technologies"));
        assert_eq!(long.model.as_deref(), Some("ZTC ZD220-203dpi ZPL"));
        assert_eq!(long.language(), Some(Language::Zpl));
        let short = DeviceId::parse("MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;DES:EPSON TM-T88V;CID:EpsonTM00000001;");
        assert_eq!(short.model.as_deref(), Some("TM-T88V"));
        assert_eq!(short.description.as_deref(), Some("EPSON TM-T88V"));
        assert_eq!(short.language(), Some(Language::EscPos));
    }

    #[test]
    fn blanks_nuls_colons_and_repetitions_do_not_disturb() {
        let id = DeviceId::parse("\0@mfg: ;MDL:a:b ;\0SERN: 01 \0;MDL:second;CMD: xpp , tspl2;nothing;:;");
        assert_eq!((id.maker, id.model.as_deref()), (None, Some("a:b")));
        assert_eq!(id.serial.as_deref(), Some("01"));
        assert_eq!(id.commands, ["xpp", "tspl2"]);
        assert_eq!(DeviceId::parse("MDL:x;CMD:XPP,XL;").language(), None);
        assert_eq!(DeviceId::parse("ZTC ZD220-203dpi ZPL"), DeviceId::default());
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..9000)) {
            let id = DeviceId::parse(&String::from_utf8_lossy(&bytes));
            prop_assert!(id.model.unwrap_or_default().len() <= LONGEST);
        }

        #[test]
        fn no_fields_are_too_many(text in "((MFG|MDL|CMD|SN|\\PC{0,3}):[\\PC;:]{0,9};){0,99}") {
            DeviceId::parse(&text).language();
        }
    }
}
