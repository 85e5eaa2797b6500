//! Bytes of a serial scanner → scans.
//!
//! A scan ends with CR, LF, both, or a Tab, stands between STX and ETX, or ends with a pause where the scanner sends none
//! of these.

use super::unfinished::{Scanned, Unfinished};
use std::time::{Duration, Instant};

/// A pause that ends a scan: at 1200 baud a character takes 8 ms, and an adapter holds bytes back 16 ms.
const PAUSE: Duration = Duration::from_millis(100);
const START_OF_TEXT: u8 = 2;

/// What a serial scanner sends.
#[derive(Debug)]
pub struct Lines {
    /// The first bytes of a character of UTF-8.
    character: Vec<u8>,
    unfinished: Unfinished,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines { character: Vec::new(), unfinished: Unfinished::new(PAUSE) }
    }
}

impl Lines {
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) -> Vec<Scanned> {
        bytes.iter().filter_map(|byte| self.handle_byte(*byte, now)).collect()
    }

    fn handle_byte(&mut self, byte: u8, now: Instant) -> Option<Scanned> {
        if byte == START_OF_TEXT {
            // What stands before is noise.
            self.character.clear();
            self.unfinished.forget();
            return None;
        }
        self.character.push(byte);
        match std::str::from_utf8(&self.character) {
            Ok(text) => {
                let character = text.chars().next().unwrap_or('\0');
                self.character.clear();
                self.unfinished.push(character, now)
            }
            // It may become one with the next byte.
            Err(error) if error.error_len().is_none() => None,
            // No UTF-8: then Latin 1, as scanners without Unicode send it.
            Err(_) => {
                let bytes = std::mem::take(&mut self.character);
                bytes.into_iter().filter_map(|byte| self.unfinished.push(char::from(byte), now)).next()
            }
        }
    }

    /// When it must be told the time.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.unfinished.poll_timeout()
    }

    pub fn handle_timeout(&mut self, now: Instant) -> Option<Scanned> {
        let scanned = self.unfinished.handle_timeout(now);
        if scanned.is_some() {
            self.character.clear();
        }
        scanned
    }
}

#[cfg(test)]
mod tests {
    use super::super::unfinished::LONGEST;
    use super::*;
    use proptest::prelude::*;

    fn heard(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, now) = (Lines::default(), Instant::now());
        let scans = pieces.iter().flat_map(|piece| lines.handle_bytes(piece, now)).collect::<Vec<_>>();
        let text = |scanned| match scanned {
            Scanned::Text(text) => text,
            other => format!("{other:?}"),
        };
        scans.into_iter().map(text).collect()
    }

    #[test]
    fn every_usual_end_of_a_line_ends_a_scan_and_ends_it_once() {
        assert_eq!(heard(&[b"ONE\rTWO\nTHREE\r\nFOUR\t"]), ["ONE", "TWO", "THREE", "FOUR"]);
        assert_eq!(heard(&[b"RB1234", b"56785CN\r", b"\nNEXT", b"\r\n\r\n"]), ["RB123456785CN", "NEXT"]);
        assert_eq!(heard(&[b"noise\x02FRAMED\x03\x02AGAIN\x03\r\n"]), ["FRAMED", "AGAIN"]);
        assert_eq!(heard(&[b"0104012345678901\x1d21A\0B\r"]), ["0104012345678901\u{1d}21AB"]);
    }

    #[test]
    fn a_scanner_without_an_end_is_read_after_a_pause() {
        let (mut lines, mut now) = (Lines::default(), Instant::now());
        assert!(lines.handle_bytes(b"RB1234", now).is_empty());
        now += PAUSE - Duration::from_millis(1);
        assert_eq!(lines.handle_timeout(now), None);
        lines.handle_bytes(b"56785CN", now);
        now += PAUSE;
        assert_eq!(lines.poll_timeout(), Some(now));
        assert_eq!(lines.handle_timeout(now), Some(Scanned::Text("RB123456785CN".into())));
        assert_eq!(lines.poll_timeout(), None);
    }

    #[test]
    fn letters_beyond_ascii_come_as_utf_8_or_as_latin_1() {
        let letters = "纸灯笼 Grün\r".as_bytes();
        let one_by_one: Vec<&[u8]> = letters.chunks(1).collect();
        assert_eq!(heard(&one_by_one), ["纸灯笼 Grün"]);
        assert_eq!(heard(&[b"Gr\xfcn\r", b"Gr\xfc\r"]), ["Grün", "Grü"]);
    }

    #[test]
    fn a_line_without_end_is_dropped_with_a_note() {
        let long = vec![b'1'; LONGEST + 1];
        assert_eq!(heard(&[&long, &long, b"\rNEXT\r"]), ["TooLong", "NEXT"]);
    }

    proptest! {
        #[test]
        fn any_bytes_make_bounded_scans(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
            let scans = heard(&[&bytes]);
            prop_assert!(scans.iter().all(|text| (1..=LONGEST).contains(&text.chars().count())));
        }
    }
}
