//! Text as it may stand on a label: normalised, trimmed, without invisible characters.

use crate::fault::Code;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// How a text is used, and so what it may not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Read by our own eyes: an order number, a product.
    Plain,
    /// Part of an address: two stars in a row, one after a letter or digit or one to begin with mean it was masked.
    Address,
    /// A name, phone or postcode: any star means it was masked.
    Readable,
    /// The buyer's own words over several lines: controls are dropped, not refused.
    Note,
}

/// The text normalised (NFC) and trimmed; `None` when nothing is left to read. Line ends stay for the caller,
/// tabs become spaces, invisible formatting characters go.
pub fn clean(text: &str, kind: Kind) -> Result<Option<String>, (Code, String)> {
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let kept = if plain { Cow::Borrowed(text) } else { Cow::Owned(tidy(text, kind)?) };
    let kept = kept.trim();
    if masked(kept, kind) {
        let message = "is masked with stars, and a label made from it cannot be delivered: send it unmasked.";
        return Err((Code::Masked, message.to_owned()));
    }
    let says_something = match kind {
        Kind::Readable => kept.chars().any(char::is_alphanumeric),
        _ => !kept.is_empty(),
    };
    Ok(says_something.then(|| kept.to_owned()))
}

fn tidy(text: &str, kind: Kind) -> Result<String, (Code, String)> {
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => kept.push('\n'),
            '\t' => kept.push(' '),
            c if is_invisible(c) => {}
            c if c.is_control() && kind == Kind::Note => {}
            c if c.is_control() => {
                return Err((Code::BadFormat, format!("holds the control character U+{:04X}: remove it.", u32::from(c))));
            }
            '\u{fffd}' if kind != Kind::Note => {
                let message = "holds U+FFFD: the text was damaged on its way here; send it as UTF-8.";
                return Err((Code::BadFormat, message.to_owned()));
            }
            c => kept.push(c),
        }
    }
    let normal = is_nfc_quick(kept.chars()) == IsNormalized::Yes;
    Ok(if normal { kept } else { kept.nfc().collect() })
}

fn masked(text: &str, kind: Kind) -> bool {
    let star = |c: char| matches!(c, '*' | '\u{ff0a}' | '\u{2217}');
    match kind {
        Kind::Readable => text.contains(star),
        Kind::Address => {
            let letters = text.chars().zip(text.chars().skip(1));
            text.chars().all(star) && !text.is_empty()
                || letters.into_iter().any(|(a, b)| star(b) && (star(a) || a.is_alphanumeric()))
        }
        Kind::Plain | Kind::Note => false,
    }
}

/// Direction marks, joiners of words, soft hyphens, tags: they print nothing and can turn a line around.
/// The joiners of letters (U+200C, U+200D) stay: Persian, Indic scripts and emoji need them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_normalised_trimmed_and_rid_of_what_nobody_sees() {
        assert_eq!(clean(" \u{feff}Zoe\u{308}\u{202e} \t", Kind::Readable), Ok(Some("Zoë".into())));
        assert_eq!(clean(" \u{3000}\n", Kind::Plain), Ok(None));
        assert_eq!(clean("--", Kind::Readable), Ok(None));
        assert_eq!(clean("a\r\nb\u{7}\u{1b}c", Kind::Note), Ok(Some("a\nbc".into())));
        assert_eq!(clean("نمی\u{200c}خواهم", Kind::Address), Ok(Some("نمی\u{200c}خواهم".into())));
    }

    #[test]
    fn a_control_character_is_refused_by_its_number() {
        assert_eq!(clean("a\u{7}", Kind::Plain), Err((Code::BadFormat, "holds the control character U+0007: remove it.".into())));
        assert!(clean("caf\u{fffd}", Kind::Address).is_err());
    }

    #[test]
    fn stars_in_what_must_be_read_are_refused() {
        for masked in ["***", "张*", "J*** D**", "(+1)213-***-1234", "138****1234", "张＊"] {
            assert!(clean(masked, Kind::Readable).is_err(), "{masked}");
        }
        for masked in ["***", "1*** Coleman Ave", "深圳市**", "南山区*"] {
            assert!(clean(masked, Kind::Address).is_err(), "{masked}");
        }
        assert!(clean("Flat 3 * ring twice", Kind::Address).is_ok());
        assert!(clean("5*30 cm", Kind::Plain).is_ok());
    }
}
