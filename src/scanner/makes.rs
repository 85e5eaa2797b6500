//! Which USB devices are bar code scanners: makers of nothing else that types, and devices that say so by name.
//!
//! Ids and names are from usb.ids, version 2025.07.26 (http://www.linux-usb.org/usb-ids.html). `udev/70-waybilld.rules`
//! has the same list, which a test holds against this one: what is not in it needs a line of its own there.

/// Vendor, product or any, and whose it is.
const MAKES: [(u16, Option<u16>, &str); 11] = [
    (0x03f0, Some(0x0139), "HP"),
    (0x0416, Some(0xc141), "Winbond"),
    (0x0536, None, "Hand Held Products (Honeywell)"),
    (0x0581, Some(0x020c), "Tera"),
    (0x05e0, None, "Symbol (Zebra)"),
    (0x05f9, None, "PSC (Datalogic)"),
    (0x065a, None, "Opticon"),
    (0x067e, Some(0x0801), "Intermec"),
    (0x080c, None, "Datalogic"),
    (0x0c2e, None, "Metrologic (Honeywell)"),
    (0x1eab, None, "Newland"),
];

/// What a scanner calls itself, in small letters.
const WORDS: [&str; 2] = ["barcode", "bar code"];

/// Whose scanner it is, where its id says that it is one.
pub(super) fn make(vendor: u16, product: u16) -> Option<&'static str> {
    let is_it = |known: &&(u16, Option<u16>, &str)| known.0 == vendor && known.1.is_none_or(|known| known == product);
    MAKES.iter().find(is_it).map(|(.., make)| *make)
}

/// Whether it says of itself that it is one.
pub(super) fn says_so(product_name: &str) -> bool {
    let name = product_name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanner_is_known_by_its_maker_or_its_name_and_a_keyboard_is_not() {
        assert_eq!(make(0x05e0, 0x1200), Some("Symbol (Zebra)"));
        assert_eq!((make(0x067e, 0x0801), make(0x067e, 0x1001)), (Some("Intermec"), None));
        assert_eq!(make(0x046d, 0xc31c), None);
        assert!(says_so("USB BarCode Scanner") && says_so("Bar Code Reader") && !says_so("USB Keyboard"));
    }

    #[test]
    fn the_udev_rules_name_the_same_makes_and_words() {
        let rules = include_str!("../../udev/70-waybilld.rules");
        let named: Vec<(u16, Option<u16>)> = rules
            .lines()
            .filter(|line| line.ends_with("GOTO=\"waybilld_scanner\""))
            .filter_map(|line| {
                let id = |key: &str| u16::from_str_radix(line.split_once(key)?.1.get(..4)?, 16).ok();
                Some((id("ENV{ID_VENDOR_ID}==\"")?, id("ENV{ID_MODEL_ID}==\"")))
            })
            .collect();
        assert_eq!(named, MAKES.map(|(vendor, product, _)| (vendor, product)));
        assert!(rules.contains("ENV{ID_MODEL}==\"*[Bb][Aa][Rr][Cc][Oo][Dd][Ee]*|*[Bb][Aa][Rr]_[Cc][Oo][Dd][Ee]*\""));
    }
}
