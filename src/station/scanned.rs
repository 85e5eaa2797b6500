//! What a scanned text may mean: the keys to look for in the ledger, the likeliest first.
//!
//! A scanner gives what stands in the code and more: an AIM identifier, separators, the rest of a GS1 or carrier code
//! around the number. One that types gives it through a keyboard layout that may not be its own. None of it is guessed:
//! a key counts only when the ledger has it, and those further down are only asked when nothing stands under the ones
//! above.

use super::control::{BADGE, Control, PREFIX};
use crate::carrier::{number, wrapped};

/// Characters of a scan; the longest code of a carrier has some hundred.
pub const TEXT_MAX: usize = 512;
/// Keys one scan is looked for by.
pub const KEYS_MAX: usize = 48;
/// Characters of a name on a badge.
const NAME_MAX: usize = 64;

/// What comes out when a scanner that types on a US keyboard is read as another one: typed, and meant.
const LAYOUTS: [(&str, &str); 4] = [
    // German.
    ("zyZYß?Öü+-", "yzYZ-_:[]/"),
    // French.
    ("qaQAwzWZ,?mM&é\"'(-è_çà)°:!$", "aqAQzwZWmM;:1234567890-_./]"),
    // Spanish, Italian, Portuguese.
    ("'?-", "-_/"),
    // Danish, Finnish, Norwegian, Swedish.
    ("+?-ÖÆØ", "-_/:::"),
];

/// A scanned text, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    text: String,
    keys: Vec<String>,
}

/// What a scanned text says, when it is no label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    Control(Control),
    /// The person from now on; `None`: nobody.
    Badge(Option<String>),
    /// It begins like a control code and is none.
    NoControl,
}

impl Scanned {
    /// Reads it; `None` when nothing is left of it, or it is too long for any code.
    pub fn read(text: &str) -> Option<Scanned> {
        if text.chars().nth(TEXT_MAX).is_some() {
            return None;
        }
        let text = tidy(text);
        let mut keys = Keys(Vec::new());
        let layouts = LAYOUTS.iter().map(|layout| as_meant(&text, layout));
        for text in [text.clone()].into_iter().chain(layouts) {
            keys.forms_of(&text);
        }
        // Caps Lock; ids are the caller's, and may differ by case.
        let bare = bare(&text).to_owned();
        keys.add(&bare.chars().map(inverted).collect::<String>());
        keys.add(&bare.to_lowercase());
        keys.add(&bare.to_uppercase());
        if keys.0.is_empty() { None } else { Some(Scanned { text, keys: keys.0 }) }
    }

    /// The text without what a scanner puts around it; two pulls of one trigger give the same.
    pub fn text(&self) -> &str {
        bare(&self.text)
    }

    /// What to look for, the likeliest first.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// What an article may be called by. Nothing in it is left out, for two articles may differ by a sign; `ß` is where a
    /// German keyboard has `-`.
    pub fn articles(&self) -> Vec<String> {
        let said = self.text().to_uppercase();
        let meant = self.text().replace('ß', "-").to_uppercase();
        if meant == said { vec![said] } else { vec![said, meant] }
    }

    /// What it says, if it is no number.
    pub fn saying(&self) -> Option<Saying> {
        let said = |text: &String| {
            let text = bare(text);
            if text.get(..PREFIX.len()).is_none_or(|start| !start.eq_ignore_ascii_case(PREFIX)) {
                return None;
            }
            if let Some(control) = Control::from_code(&text.to_ascii_uppercase()) {
                return Some(Saying::Control(control));
            }
            Some(match text.split_at_checked(BADGE.len()) {
                Some((start, name)) if start.eq_ignore_ascii_case(BADGE) => {
                    let name: String = name.trim_matches([' ', ':', '-']).chars().take(NAME_MAX).collect();
                    Saying::Badge(Some(name).filter(|name| !name.is_empty()))
                }
                _ => Saying::NoControl,
            })
        };
        let layouts = LAYOUTS.iter().map(|layout| as_meant(&self.text, layout));
        let sayings: Vec<Saying> = [self.text.clone()].into_iter().chain(layouts).filter_map(|text| said(&text)).collect();
        let meant = sayings.iter().find(|saying| **saying != Saying::NoControl);
        meant.or(sayings.first()).cloned()
    }
}

/// Keys in their order, each once.
struct Keys(Vec<String>);

impl Keys {
    fn add(&mut self, key: &str) {
        let key = key.trim();
        if !key.is_empty() && self.0.len() < KEYS_MAX && !self.0.iter().any(|known| known == key) {
            self.0.push(key.to_owned());
        }
    }

    /// The text as an id and as a number.
    fn both(&mut self, text: &str) {
        self.add(text);
        self.add(&number::key(text));
    }

    /// Everything one reading of the text may mean.
    fn forms_of(&mut self, text: &str) {
        let inside = bare(text);
        let parted = inside.contains('\u{1d}');
        if !parted {
            self.both(inside);
        }
        let is_gs1 =
            parted || inside.starts_with('(') || ["]C1", "]e0", "]d2", "]Q3", "]J1"].iter().any(|id| text.starts_with(id));
        for piece in inside.split('\u{1d}').filter(|_| parted) {
            self.both(piece);
        }
        for piece in inside.split('\u{1d}') {
            wrapped::inside(&number::key(piece), is_gs1).into_iter().for_each(|number| self.add(number));
        }
        wrapped::inside(&number::key(inside), false).into_iter().for_each(|number| self.add(number));
        if let Some(number) = wrapped::marked(inside) {
            self.both(number);
        }
        if inside.contains("://") {
            let path = inside.split(['?', '#']).next().unwrap_or_default();
            self.both(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
        }
        // The last of a link or of something labelled, such as `ORDER: 5764` or `TRK#7799`.
        self.both(inside.rsplit(['/', '?', '&', '=', '#', ':']).find(|piece| !piece.trim().is_empty()).unwrap_or_default());
    }
}

/// Full-width characters of an input method become plain ones, and of control characters only separators stay, as GS.
fn tidy(text: &str) -> String {
    let plain = text.chars().filter_map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xff01 + 0x21),
        '\u{3000}' | '\u{a0}' => Some(' '),
        '\u{1c}'..='\u{1f}' => Some('\u{1d}'),
        c if c.is_control() || c == '\u{feff}' => None,
        c => Some(c),
    });
    let plain: String = plain.collect();
    plain.trim_matches(|c: char| c.is_whitespace() || c == '\u{1d}').to_owned()
}

/// The text without its AIM identifier: `]`, a letter for the symbology, a letter or digit for how it was read.
fn bare(text: &str) -> &str {
    let mut first = text.chars();
    let is_identifier = first.next() == Some(']')
        && first.next().is_some_and(|c| c.is_ascii_alphabetic())
        && first.next().is_some_and(|c| c.is_ascii_alphanumeric());
    let rest = if is_identifier { first.as_str() } else { text };
    rest.trim_matches(|c: char| c.is_whitespace() || c == '\u{1d}')
}

/// The text as a US keyboard would have given it.
fn as_meant(text: &str, (typed, meant): &(&str, &str)) -> String {
    let on_us = |c: char| typed.chars().zip(meant.chars()).find(|(typed, _)| *typed == c).map_or(c, |(_, meant)| meant);
    text.chars().map(on_us).collect()
}

fn inverted(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The scan leads to that key.
    #[track_caller]
    fn leads(scanned: &str, key: &str) {
        let read = Scanned::read(scanned).unwrap_or_else(|| panic!("{scanned:?} says nothing"));
        assert!(read.keys().iter().any(|known| known == key), "{scanned:?} → {:?}", read.keys());
    }

    fn first(scanned: &str) -> Vec<String> {
        Scanned::read(scanned).expect("a text").keys().iter().take(2).cloned().collect()
    }

    #[test]
    fn a_number_is_looked_for_as_it_stands_before_anything_else() {
        assert_eq!(first(" RB 123 456 785 GB\r\n"), ["RB 123 456 785 GB", "RB123456785GB"]);
        assert_eq!(first("pkg-1"), ["pkg-1", "PKG1"]);
        assert_eq!(first("\u{2}]C0RB 1\u{3}"), ["RB 1", "RB1"]);
    }

    #[test]
    fn a_keyboard_of_another_country_costs_nothing() {
        // A US scanner typing `LY-2026_Z` and digits on a German and on a French keyboard.
        leads("LZß2026?Y", "LY-2026_Z");
        leads("QZ&é\"", "AW123");
        leads("PKG)éàé-", "PKG-2026");
        leads("?q&", "Ma1");
        leads("pkg'7", "pkg-7");
        leads("pkg+7", "pkg-7");
        leads("PKG-7", "pkg-7");
        leads("pKG-7", "Pkg-7");
        leads("ｐｋｇ－７", "pkg-7");
        leads("+C0RByß", "RBz-");
    }

    #[test]
    fn the_number_is_found_inside_what_a_carrier_puts_around_it() {
        leads("]C100340434161094042557", "340434161094042557");
        leads("(00)340434161094042557", "340434161094042557");
        leads("420100239200190132607600833457", "9200190132607600833457");
        leads("]C142010023\u{1d}9200190132607600833457", "9200190132607600833457");
        leads("420100231234\u{1d}9200190132607600833457", "9200190132607600833457");
        leads("1001921334250001000300779017972697", "779017972697");
        leads("%007110601782532948375101276", "01782532948375");
        leads("JJD014600000344879693", "JD014600000344879693");
        leads("MMM={'k1':'755W','k5':'SF7444404156506','k6':''}", "SF7444404156506");
        leads("]d201095060001343521\u{1d}21pkg-9", "PKG9");
        leads("https://shop.example/t/RB123456785GB?lang=en", "RB123456785GB");
        leads("https://shop.example/track?no=RB123456785GB", "RB123456785GB");
        leads("ORDER: 576461413038785752", "576461413038785752");
    }

    #[test]
    fn control_codes_and_badges_are_heard_through_any_keyboard() {
        let said = |text: &str| Scanned::read(text).and_then(|scanned| scanned.saying());
        assert_eq!(said("]C0XD0CTRLOUT\r"), Some(Saying::Control(Control::CameOut)));
        assert_eq!(said("XDàUNDO"), Some(Saying::Control(Control::Undo)));
        assert_eq!(said("xd0pick3"), Some(Saying::Control(Control::Pick(3))));
        assert_eq!(said("XDàPICK\""), Some(Saying::Control(Control::Pick(3))));
        assert_eq!(said("XD0ID Mei Lin"), Some(Saying::Badge(Some("Mei Lin".into()))));
        assert_eq!(said("XD0ID"), Some(Saying::Badge(None)));
        assert_eq!(said("XD0PICK12"), Some(Saying::NoControl));
        assert_eq!(said("RB123456785GB"), None);
    }

    #[test]
    fn what_is_empty_or_endless_says_nothing() {
        assert_eq!(Scanned::read(" \r\n\u{1d}"), None);
        assert_eq!(Scanned::read(&"7".repeat(TEXT_MAX + 1)), None);
        assert!(Scanned::read(&"7".repeat(TEXT_MAX)).is_some());
    }

    proptest! {
        #[test]
        fn any_text_at_all_is_read_within_bounds(text in any::<String>()) {
            if let Some(scanned) = Scanned::read(&text) {
                prop_assert!((1..=KEYS_MAX).contains(&scanned.keys().len()));
                prop_assert!(scanned.keys().iter().all(|key| !key.trim().is_empty() && key.trim() == key));
                let mut once = scanned.keys().to_vec();
                once.sort();
                once.dedup();
                prop_assert_eq!(once.len(), scanned.keys().len());
                scanned.saying();
            }
        }

        #[test]
        fn every_number_is_found_through_every_slip_we_know(number in "[A-Z]{2}[0-9]{9}[A-Z]{2}", layout in 0..LAYOUTS.len()) {
            let (typed, meant) = LAYOUTS[layout];
            let slipped: String = number
                .chars()
                .map(|c| meant.chars().zip(typed.chars()).find(|(meant, _)| *meant == c).map_or(c, |(_, typed)| typed))
                .collect();
            for text in [slipped, number.to_lowercase(), format!("]C0{number}\r\n"), format!("\u{2}{number}\u{3}")] {
                let read = Scanned::read(&text).expect("a text");
                prop_assert!(read.keys().contains(&number), "{} → {:?}", text, read.keys());
            }
        }
    }
}
