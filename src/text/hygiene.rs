//! What becomes of a text before it is shaped, and how small its letters may get.
//!
//! A caller's text goes in, lines that can do no harm come out. Knows no font.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text in NFC with `\n` for every kind of line end, a space for a tab, and no other control character.
///
/// Directional marks, overrides, embeddings and isolates go too: a field says what it says, and can neither
/// reorder its digits nor the field beside it. Joiners stay, Indic and Persian spelling needs them.
/// A mark with no letter before it is set on a dotted circle.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut before = '\n';
    for character in text.nfc() {
        let character = match character {
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' => ' ',
            other if other.is_control() && other != '\n' || is_unwelcome(other) => continue,
            other => other,
        };
        if matches!(before, '\n' | ' ') && is_combining_mark(character) {
            cleaned.push('\u{25CC}');
        }
        cleaned.push(character);
        before = character;
    }
    Cow::Owned(cleaned)
}

/// Characters without a shape whose only effect would be on their neighbours.
fn is_unwelcome(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' // soft hyphen: would vanish at a break without leaving a hyphen
        | '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' // direction
        | '\u{206A}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// How small a text may be set and how far its lines stand apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Legibility {
    /// The least em in dots, whatever a style says.
    pub least: i32,
    /// From baseline to baseline in hundredths of the em.
    pub leading: i32,
}

/// Below 14 dots Latin letters are hard to tell apart at a glance.
const PLAIN: i32 = 14;
/// Below 22 dots stacked marks run together (found by eye: at 17 dots ồ reads as ổ).
const STACKED: i32 = 22;
/// Below 24 dots the strokes of dense hanzi close up.
const DENSE: i32 = 24;

const STACKING: [RangeInclusive<u32>; 10] = [
    0x0300..=0x036F, // marks on any letter
    0x0591..=0x05C7, // Hebrew points
    0x0600..=0x109F, // Arabic, the scripts of India, Thai, Lao, Tibetan, Myanmar
    0x1200..=0x139F, // Ethiopic
    0x1780..=0x17FF, // Khmer
    0x1E00..=0x1EFF, // Vietnamese letters with two marks
    0xA8E0..=0xAA7F, // Devanagari and Myanmar, extended
    0xFB50..=0xFDFF, // Arabic forms
    0xFE70..=0xFEFE,
    0x1F000..=0x1FAFF, // emoji
];
const HAN: [RangeInclusive<u32>; 6] = [
    0x1100..=0x11FF, // Hangul letters
    0x2E80..=0xA4CF, // radicals, kana, Han, Yi
    0xAC00..=0xD7FF, // Hangul
    0xF900..=0xFAFF,
    0xFF00..=0xFFEF,   // full-width forms
    0x20000..=0x3FFFF, // Han beyond the first plane
];

/// What this text asks for to be read.
pub(super) fn legibility(text: &str) -> Legibility {
    let mut found = Legibility { least: PLAIN, leading: 120 };
    for character in text.chars().filter(|character| *character as u32 >= 0x300) {
        let code = character as u32;
        if HAN.iter().any(|range| range.contains(&code)) {
            found.least = DENSE;
        } else if STACKING.iter().any(|range| range.contains(&code)) {
            found.least = found.least.max(STACKED);
            found.leading = if code < 0x1F000 { 150 } else { found.leading };
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_go_line_ends_become_one_kind_and_joiners_stay() {
        assert_eq!(clean("a\r\nb\tc\u{0}\u{1b}[2J"), "a\n\nb c[2J");
        assert_eq!(clean("می\u{200c}خواهم"), "می\u{200c}خواهم");
        assert_eq!(clean("e\u{301}"), "é");
    }

    #[test]
    fn an_override_cannot_turn_a_number_round() {
        assert_eq!(clean("\u{202E}12345\u{202C}\u{2067}678\u{2069}"), "12345678");
    }

    #[test]
    fn a_mark_alone_stands_on_a_dotted_circle() {
        assert_eq!(clean("\u{301}x"), "\u{25CC}\u{301}x");
        assert_eq!(clean("x \u{e34}"), "x \u{25CC}\u{e34}");
    }

    #[test]
    fn the_densest_character_decides_how_small_a_text_may_be() {
        let least = |text| legibility(text).least;
        assert_eq!(least("Straße 5"), 14);
        assert_eq!(least("Nguyễn"), 22);
        assert_eq!(least("ถนน"), 22);
        assert_eq!(least("Room 5 室"), 24);
        assert_eq!(legibility("ถนน").leading, 150);
        assert_eq!(legibility("室").leading, 120);
    }
}
