//! Keyboard layouts: which character a key means to the scanner that presses it.
//!
//! A scanner is set to the keyboard of the country it is sold to and presses what a typist there would press. The keys are
//! the kernel's (linux/input-event-codes.h), the characters those of Windows' US, German and French keyboards, which
//! scanners' manuals mean.

use crate::uri::Layout;

/// The keys a row of characters begins at: of 1, Q, A, backslash and the one beside the left Shift.
const ROWS: [u16; 5] = [2, 16, 30, 43, 86];
/// A key without a character, in the tables.
const NONE: char = '·';

const US: [&str; 5] = ["1234567890-=", "qwertyuiop[]", "asdfghjkl;'`", "\\zxcvbnm,./", "\\"];
const US_SHIFT: [&str; 5] = ["!@#$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:\"~", "|ZXCVBNM<>?", "|"];
const DE: [&str; 5] = ["1234567890ß´", "qwertzuiopü+", "asdfghjklöä^", "#yxcvbnm,.-", "<"];
const DE_SHIFT: [&str; 5] = ["!\"§$%&/()=?`", "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ°", "'YXCVBNM;:_", ">"];
const DE_ALT_GR: [&str; 5] = ["·²³···{[]}\\·", "@·€········~", "", "·······µ···", "|"];
const FR: [&str; 5] = ["&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù²", "*wxcvbn,;:!", "<"];
const FR_SHIFT: [&str; 5] = ["1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%·", "µWXCVBN?./§", ">"];
const FR_ALT_GR: [&str; 5] = ["·~#{[|`\\^@]}", "··€········¤", "", "", ""];

/// From the 7 of the keypad on, whatever the layout.
const KEYPAD: (u16, &str) = (71, "789-456+1230.");

impl Layout {
    /// What the key means, if it means a character.
    pub(super) fn character(self, code: u16, shift: bool, alt_gr: bool, caps_lock: bool) -> Option<char> {
        let (plain, shifted, third) = match self {
            Layout::Us => (&US, &US_SHIFT, None),
            Layout::De => (&DE, &DE_SHIFT, Some(&DE_ALT_GR)),
            Layout::Fr => (&FR, &FR_SHIFT, Some(&FR_ALT_GR)),
        };
        if alt_gr && let Some(third) = third {
            return in_rows(third, code);
        }
        let Some(small) = in_rows(plain, code) else { return anywhere(code) };
        let large = in_rows(shifted, code);
        // Caps Lock is for letters: what has a capital on the same key.
        let is_letter = large.is_some_and(|large| small.to_uppercase().eq([large]) && small != large);
        if shift != (caps_lock && is_letter) { large } else { Some(small) }
    }

    /// Whether the accent waits for a letter; scanners press the space bar to get it alone.
    pub(super) fn is_dead(self, character: char) -> bool {
        match self {
            Layout::Us => false,
            Layout::De => "´`^".contains(character),
            Layout::Fr => "^¨`~".contains(character),
        }
    }
}

fn in_rows(rows: &[&str; 5], code: u16) -> Option<char> {
    let on = |first: &u16, row: &str| row.chars().nth(usize::from(code.checked_sub(*first)?));
    ROWS.iter().zip(rows).find_map(|(first, row)| on(first, row)).filter(|character| *character != NONE)
}

fn anywhere(code: u16) -> Option<char> {
    match code {
        57 => Some(' '),
        55 => Some('*'),
        98 => Some('/'),
        // Enter, that of the keypad, Tab.
        28 | 96 => Some('\r'),
        15 => Some('\t'),
        // F8: how some scanners press the separator of GS1 data.
        66 => Some('\x1d'),
        _ => keypad(code),
    }
}

/// A character of the keypad.
pub(super) fn keypad(code: u16) -> Option<char> {
    KEYPAD.1.chars().nth(usize::from(code.checked_sub(KEYPAD.0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_has_each_character_of_a_code_once() {
        // What Code 39 and the data of a GS1 symbol may hold, and a lower case alphabet.
        let wanted = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -.$/+%!\"&'()*,:;<=>?_";
        for (name, layout) in Layout::NAMES {
            for character in wanted.chars() {
                let keys = (2..=53).chain([57, 86]).filter(|code| {
                    [false, true].iter().any(|shift| layout.character(*code, *shift, false, false) == Some(character))
                });
                assert_eq!(keys.count(), 1, "{name}: {character:?}");
            }
        }
    }
}
