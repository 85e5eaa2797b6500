//! Keys → scans.
//!
//! A scanner that is a keyboard presses Shift for capitals as a typist would, Caps Lock if it is so set, and for
//! characters its layout has not, Alt with the character's number on the keypad. Control characters come as Ctrl with a
//! letter or a bracket: Ctrl-] or F8 is GS, which parts the fields of GS1 data.

use super::keyboard::keypad;
use super::unfinished::{Scanned, Unfinished};
use crate::uri::Layout;
use std::time::{Duration, Instant};

/// A pause that ends a scan: wireless scanners stutter, and with Enter at the end of a code nobody waits for it.
const PAUSE: Duration = Duration::from_millis(500);

const LEFT_CTRL: u16 = 29;
const LEFT_SHIFT: u16 = 42;
const RIGHT_SHIFT: u16 = 54;
const LEFT_ALT: u16 = 56;
const CAPS_LOCK: u16 = 58;
const RIGHT_CTRL: u16 = 97;
const RIGHT_ALT: u16 = 100;
const MODIFIERS: [u16; 6] = [LEFT_CTRL, LEFT_SHIFT, RIGHT_SHIFT, LEFT_ALT, RIGHT_CTRL, RIGHT_ALT];

/// A scanner's keyboard.
#[derive(Debug)]
pub struct Keys {
    layout: Layout,
    held: [bool; MODIFIERS.len()],
    caps_lock: bool,
    /// The number typed on the keypad while Alt is held.
    number: Option<u32>,
    /// The last character was an accent that waits for a letter.
    dead: bool,
    unfinished: Unfinished,
}

impl Keys {
    pub fn new(layout: Layout) -> Keys {
        Keys {
            layout,
            held: [false; MODIFIERS.len()],
            caps_lock: false,
            number: None,
            dead: false,
            unfinished: Unfinished::new(PAUSE),
        }
    }

    pub fn handle_key(&mut self, code: u16, pressed: bool, now: Instant) -> Option<Scanned> {
        if let Some(at) = MODIFIERS.iter().position(|modifier| *modifier == code) {
            self.held[at] = pressed;
            let number = if code == LEFT_ALT && !pressed { self.number.take() } else { None };
            return number.and_then(|number| self.unfinished.push(numbered(number), now));
        }
        match code {
            _ if !pressed => None,
            CAPS_LOCK => {
                self.caps_lock = !self.caps_lock;
                None
            }
            _ => self.press(code, now),
        }
    }

    fn press(&mut self, code: u16, now: Instant) -> Option<Scanned> {
        let digit = keypad(code).and_then(|character| character.to_digit(10));
        if self.is_held(LEFT_ALT)
            && let Some(digit) = digit
        {
            self.number = Some(self.number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            return None;
        }
        let shift = self.is_held(LEFT_SHIFT) || self.is_held(RIGHT_SHIFT);
        let mut character = self.layout.character(code, shift, self.is_held(RIGHT_ALT), self.caps_lock)?;
        if std::mem::replace(&mut self.dead, self.layout.is_dead(character)) && character == ' ' {
            return None;
        }
        if self.is_held(LEFT_CTRL) || self.is_held(RIGHT_CTRL) {
            character = match character.to_ascii_uppercase() {
                letter @ '@'..='_' => char::from(letter as u8 & 0x1f),
                other => other,
            };
        }
        self.unfinished.push(character, now)
    }

    fn is_held(&self, modifier: u16) -> bool {
        MODIFIERS.iter().zip(self.held).any(|(known, held)| held && *known == modifier)
    }

    /// Keys were lost: the scan is none, and what is held is not known.
    pub fn handle_loss(&mut self, now: Instant) {
        self.held = [false; MODIFIERS.len()];
        self.number = None;
        self.dead = false;
        self.unfinished.tear(now);
    }

    /// When it must be told the time.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.unfinished.poll_timeout()
    }

    pub fn handle_timeout(&mut self, now: Instant) -> Option<Scanned> {
        self.unfinished.handle_timeout(now)
    }
}

/// A character by its number in Windows' Latin 1, as far as that is Latin 1.
fn numbered(number: u32) -> char {
    char::from_u32(number).filter(|character| matches!(character, '\0'..='\x7f' | '\u{a0}'..='\u{ff}')).unwrap_or('\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::super::unfinished::LONGEST;
    use super::*;
    use proptest::prelude::*;

    const ENTER: u16 = 28;

    /// A packer with a scanner, and a clock.
    struct Bench {
        keys: Keys,
        now: Instant,
        heard: Vec<Scanned>,
    }

    impl Bench {
        fn of(layout: Layout) -> Bench {
            Bench { keys: Keys::new(layout), now: Instant::now(), heard: Vec::new() }
        }

        fn key(&mut self, code: u16, pressed: bool) -> &mut Bench {
            self.heard.extend(self.keys.handle_key(code, pressed, self.now));
            self
        }

        fn tap(&mut self, codes: &[u16]) -> &mut Bench {
            codes.iter().for_each(|code| {
                self.key(*code, true).key(*code, false);
            });
            self
        }

        fn with(&mut self, modifier: u16, codes: &[u16]) -> &mut Bench {
            self.key(modifier, true).tap(codes).key(modifier, false)
        }

        fn wait(&mut self, ms: u64) -> &mut Bench {
            self.now += Duration::from_millis(ms);
            if self.keys.poll_timeout().is_some_and(|until| until <= self.now) {
                self.heard.extend(self.keys.handle_timeout(self.now));
            }
            self
        }

        fn texts(&self) -> Vec<&str> {
            self.heard.iter().filter_map(|it| if let Scanned::Text(text) = it { Some(text.as_str()) } else { None }).collect()
        }
    }

    #[test]
    fn capitals_digits_and_enter_are_a_scan() {
        let mut bench = Bench::of(Layout::Us);
        // RB123456785CN, then a-b/c_d.
        bench.with(LEFT_SHIFT, &[19, 48]).tap(&[2, 3, 4, 5, 6, 7, 8, 9, 6]).with(RIGHT_SHIFT, &[46, 49]).tap(&[ENTER]);
        bench.tap(&[30, 12, 48, 53, 46]).with(LEFT_SHIFT, &[12]).tap(&[32, 52, 96]);
        assert_eq!(bench.texts(), ["RB123456785CN", "a-b/c_d."]);
    }

    #[test]
    fn a_scanner_set_to_another_country_is_understood_by_its_layout() {
        let mut german = Bench::of(Layout::De);
        // YZ-1/ß and a caret, which waits for a letter and gets the space bar.
        german.with(LEFT_SHIFT, &[44, 21]).tap(&[53, 2]).with(LEFT_SHIFT, &[8]).tap(&[12, 41, 57, ENTER]);
        german.with(RIGHT_ALT, &[16, 12, 86]).tap(&[ENTER]);
        assert_eq!(german.texts(), ["YZ-1/ß^", "@\\|"]);
        let mut french = Bench::of(Layout::Fr);
        // AQM-10 with Shift for the digits, as on that keyboard.
        french.with(LEFT_SHIFT, &[16, 30, 39]).tap(&[7]).with(LEFT_SHIFT, &[2, 11]).tap(&[ENTER]);
        assert_eq!(french.texts(), ["AQM-10"]);
    }

    #[test]
    fn caps_lock_turns_letters_over_and_nothing_else() {
        let mut bench = Bench::of(Layout::Us);
        bench.tap(&[CAPS_LOCK, 19, 48, 2, 12]).with(LEFT_SHIFT, &[46]).tap(&[CAPS_LOCK, 49, ENTER]);
        assert_eq!(bench.texts(), ["RB1-cn"]);
    }

    #[test]
    fn a_character_may_be_typed_by_its_number_and_gs_as_control_or_f8() {
        let mut bench = Bench::of(Layout::Us);
        // Alt 0 6 5, Alt 0 2 3 3, Ctrl-], F8, keypad 7, Alt 0 1 3 for Enter.
        bench.with(LEFT_ALT, &[82, 77, 76]).with(LEFT_ALT, &[82, 80, 81, 81]).with(LEFT_CTRL, &[27]).tap(&[66, 71]);
        bench.with(LEFT_ALT, &[82, 79, 81]);
        assert_eq!(bench.texts(), ["Aé\u{1d}\u{1d}7"]);
        bench.with(LEFT_ALT, &[80; 30]).tap(&[ENTER]);
        assert_eq!(bench.texts()[1], "\u{fffd}");
    }

    #[test]
    fn without_an_enter_a_pause_ends_the_scan_and_a_stutter_does_not() {
        let mut bench = Bench::of(Layout::Us);
        bench.tap(&[2, 3]).wait(499).tap(&[4]).wait(499);
        assert!(bench.heard.is_empty());
        bench.wait(1);
        assert_eq!(bench.texts(), ["123"]);
        assert_eq!(bench.keys.poll_timeout(), None);
        bench.tap(&[ENTER, ENTER, 57]).wait(1000);
        assert_eq!(bench.heard.len(), 1, "blanks are no scan");
    }

    #[test]
    fn a_scan_without_end_is_dropped_with_a_note_and_the_next_is_read() {
        let mut bench = Bench::of(Layout::Us);
        bench.tap(&[2; LONGEST]).tap(&[ENTER]).tap(&[2; LONGEST + 1]).tap(&[ENTER]).tap(&[3, ENTER]);
        assert_eq!(bench.heard[1..], [Scanned::TooLong, Scanned::Text("2".into())]);
        assert_eq!(bench.texts()[0].len(), LONGEST);
    }

    #[test]
    fn lost_keys_drop_the_whole_scan_and_let_shift_go() {
        let mut bench = Bench::of(Layout::Us);
        bench.tap(&[2]).key(LEFT_SHIFT, true);
        bench.keys.handle_loss(bench.now);
        bench.tap(&[3, ENTER, 30, ENTER]);
        assert_eq!(bench.heard, [Scanned::Torn, Scanned::Text("a".into())]);
        bench.keys.handle_loss(bench.now);
        bench.tap(&[2]).wait(500);
        assert_eq!(bench.heard[2..], [Scanned::Torn]);
    }

    proptest! {
        #[test]
        fn any_keys_in_any_order_make_bounded_scans(
            keys in proptest::collection::vec((0..200_u16, any::<bool>()), 0..3000), layout in 0..3_usize,
        ) {
            let mut bench = Bench::of(Layout::NAMES[layout].1);
            keys.iter().for_each(|(code, pressed)| {
                bench.key(*code, *pressed);
            });
            bench.wait(500);
            prop_assert!(bench.texts().iter().all(|text| (1..=LONGEST).contains(&text.chars().count())));
        }
    }
}
