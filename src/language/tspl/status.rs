//! What a TSPL printer says: reply bytes in, [`Reply`]s out.
//!
//! Answers to immediate commands come framed (`<ESC>!S`) or as one bare byte (`<ESC>!?`), what `OUT` says as a line.
//! Bytes may come split anywhere, with noise between answers; what cannot be an answer is dropped, memory is bounded.
//!
//! Commands and bits are those of the TSPL/TSPL2 programming manual (TSC, 2013).

use crate::language::Reason;
use crate::language::reading::{Mark, Reading, Reply};
use std::collections::VecDeque;

/// The four bytes of state, warnings and errors, `<ESC>!S` (firmware V6.29EZ on).
pub const ASK_STATE: &[u8] = b"\x1b!S";
/// One byte of flags, `<ESC>!?`.
pub const ASK_FLAGS: &[u8] = b"\x1b!?";
/// Its model, `~!T`.
pub const ASK_IDENTITY: &[u8] = b"~!T";
/// `<ESC>!D` of an earlier sender may have switched immediate commands off; `~!E` switches them on.
pub const LISTEN: &[u8] = b"~!E";

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// The longest line kept.
const LINE_MAX: usize = 64;
/// Replies kept when nobody fetches them.
const REPLIES_MAX: usize = 256;

/// Says a word back, and how many labels it printed in its life, when it comes to these lines: `OUT`, `@LABEL`.
pub fn ask_echo(mark: Mark) -> Vec<u8> {
    format!("OUT \"W{:08}\"\r\nOUT STR$(@LABEL)\r\n", mark.number()).into_bytes()
}

/// Ends whatever a broken line left half said: a picture that still waits for `missing` bytes swallows the filler, and
/// of what is left of it nothing is a command. `CLS` forgets what was drawn.
pub fn resync(missing: usize) -> Vec<u8> {
    let mut bytes = vec![0xFF; missing];
    bytes.extend_from_slice(b"\r\nCLS\r\n");
    bytes
}

/// Gathers bytes into replies.
#[derive(Debug, Default)]
pub struct ReplyReader {
    within: Within,
    gathered: Vec<u8>,
    /// A bare byte of flags is awaited.
    flags: bool,
    /// Bytes of what is being fed that begin nothing.
    bare: Vec<u8>,
    /// The last line was a word said back: a number may follow.
    counting: bool,
    whole: VecDeque<Reply>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    Frame,
    Line,
}

impl ReplyReader {
    /// Takes bytes as they came off the line.
    pub fn feed(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.take(*byte));
        // A bare byte among others that mean nothing is noise as well.
        if let [byte] = std::mem::take(&mut self.bare)[..]
            && std::mem::take(&mut self.flags)
        {
            self.push(Reply::Reading(flags(byte)));
        }
    }

    /// The next whole reply; `None` means wait.
    pub fn poll(&mut self) -> Option<Reply> {
        self.whole.pop_front()
    }

    /// The flags were asked for: the next byte that begins no line is their answer.
    pub fn expect_flags(&mut self) {
        self.flags = true;
    }

    fn take(&mut self, byte: u8) {
        match (self.within, byte) {
            // XON and XOFF may stand anywhere on a serial line; as flags they would be no state of any printer.
            (_, 0x11 | 0x13) => {}
            (_, STX) if !(self.flags && self.within == Within::Nothing) => self.begin(Within::Frame),
            (Within::Frame, _) => {
                self.gathered.push(byte);
                if let [one, two, three, four, end] = self.gathered[..] {
                    self.begin(Within::Nothing);
                    if end == ETX {
                        state([one, two, three, four]).map(Reply::Reading).into_iter().for_each(|reply| self.push(reply));
                    }
                }
            }
            (Within::Line, b'\r' | b'\n') => {
                let line = std::mem::take(&mut self.gathered);
                self.begin(Within::Nothing);
                self.line(&line);
            }
            (Within::Line, b' '..=b'~') if self.gathered.len() < LINE_MAX => self.gathered.push(byte),
            (Within::Line, _) => {
                self.counting = false;
                self.begin(Within::Nothing);
            }
            (Within::Nothing, b'\r' | b'\n') => {}
            (Within::Nothing, _) => self.start(byte),
        }
    }

    /// A byte that stands behind nothing: the flags, or a line's first.
    fn start(&mut self, byte: u8) {
        let line = match byte {
            b'W' => true,
            b'0'..=b'9' => self.counting || !self.flags,
            _ => !self.flags && (b' '..=b'~').contains(&byte),
        };
        if line {
            self.begin(Within::Line);
            self.gathered.push(byte);
        } else {
            self.counting &= self.flags;
            self.bare.push(byte);
        }
    }

    fn begin(&mut self, within: Within) {
        self.within = within;
        self.gathered.clear();
    }

    fn push(&mut self, reply: Reply) {
        if self.whole.len() == REPLIES_MAX {
            self.whole.pop_front();
        }
        self.whole.push_back(reply);
    }

    fn line(&mut self, line: &[u8]) {
        let counting = std::mem::take(&mut self.counting);
        let Ok(text) = std::str::from_utf8(line).map(str::trim) else { return };
        let digits = |text: &str| (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(word) = text.strip_prefix('W').filter(|word| word.len() == 8 && digits(word)) {
            self.counting = true;
            let number: u64 = word.parse().expect("eight digits");
            self.push(Reply::Echo(Mark::new(number)));
        } else if digits(text) {
            if let Some(count) = text.parse().ok().filter(|_| counting) {
                self.push(Reply::Count(count));
            }
        } else if !text.is_empty() {
            self.push(Reply::Identity(text.to_owned()));
        }
    }
}

/// `<ESC>!S`: state, warnings, two bytes of errors.
fn state([now, warnings, head, media]: [u8; 4]) -> Option<Reading> {
    let errors = [warnings, head, media];
    if errors.iter().any(|byte| byte & 0xC0 != 0x40) {
        return None;
    }
    let bits = [
        (head, 0x01, Reason::HeadTooHot),
        (head, 0x02, Reason::MotorTooHot),
        (head, 0x04, Reason::HeadFault),
        (head, 0x08, Reason::CutterFault),
        (head, 0x10, Reason::OtherError),
        (media, 0x01, Reason::MediaEmpty),
        (media, 0x02, Reason::MediaJam),
        (media, 0x04, Reason::RibbonEmpty),
        (media, 0x08, Reason::OtherError),
        (media, 0x20, Reason::CoverOpen),
    ];
    let mut reasons: Vec<Reason> =
        bits.into_iter().filter(|(byte, bit, _)| byte & bit != 0).map(|(_, _, reason)| reason).collect();
    let busy = match now {
        b'@' => false,
        // Backing, cutting, feeding, printing, imaging; a label waits to be taken.
        b'B' | b'C' | b'F' | b'P' | b'W' | b'L' => true,
        b'E' => {
            if reasons.is_empty() {
                reasons.push(Reason::OtherError);
            }
            false
        }
        // Pause; waits for its print key.
        b'`' | b'K' => {
            reasons.push(Reason::Paused);
            false
        }
        _ => return None,
    };
    Some(Reading { reasons, busy })
}

/// `<ESC>!?`: one byte of flags.
fn flags(byte: u8) -> Reading {
    let bits = [
        (0x04, Reason::MediaEmpty),
        (0x01, Reason::CoverOpen),
        (0x40, Reason::CoverOpen),
        (0x02, Reason::MediaJam),
        (0x08, Reason::RibbonEmpty),
        (0x80, Reason::OtherError),
        (0x10, Reason::Paused),
    ];
    let mut reasons: Vec<Reason> = bits.into_iter().filter(|(bit, _)| byte & bit != 0).map(|(_, reason)| reason).collect();
    reasons.dedup();
    Reading { reasons, busy: byte & 0x20 != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<Reply> {
        let mut reader = ReplyReader::default();
        reader.feed(bytes);
        std::iter::from_fn(|| reader.poll()).collect()
    }

    fn stopped(reasons: &[Reason]) -> Reply {
        Reply::Reading(Reading { reasons: reasons.to_vec(), busy: false })
    }

    #[test]
    fn the_four_bytes_tell_ready_printing_paused_and_every_error() {
        assert_eq!(read(b"\x02@@@@\x03\r\n"), [Reply::Reading(Reading::default())]);
        assert_eq!(read(b"\x02P@@@\x03\r\n"), [Reply::Reading(Reading { busy: true, ..Reading::default() })]);
        assert_eq!(read(b"\x02`@@@\x03\r\n"), [stopped(&[Reason::Paused])]);
        assert_eq!(read(b"\x02E@@a\x03\r\n"), [stopped(&[Reason::MediaEmpty, Reason::CoverOpen])]);
        assert_eq!(read(b"\x02E@@@\x03\r\n"), [stopped(&[Reason::OtherError])]);
        assert_eq!(read(b"\x02@@\xff@\x03\r\n"), [], "no state of any printer");
    }

    #[test]
    fn the_bare_byte_is_read_only_where_it_was_asked_for() {
        assert_eq!(read(b"\x05"), []);
        for (byte, expected) in [
            (0x00, Reading::default()),
            (0x20, Reading { busy: true, ..Reading::default() }),
            (0x05, Reading { reasons: vec![Reason::MediaEmpty, Reason::CoverOpen], busy: false }),
            // As text these would be "0" and "A".
            (0x30, Reading { reasons: vec![Reason::Paused], busy: true }),
            (0x41, Reading { reasons: vec![Reason::CoverOpen], busy: false }),
        ] {
            let mut reader = ReplyReader::default();
            reader.expect_flags();
            reader.feed(&[byte]);
            assert_eq!(reader.poll(), Some(Reply::Reading(expected)), "{byte:#x}");
        }
    }

    #[test]
    fn a_word_comes_back_with_the_count_behind_it_and_a_number_alone_counts_nothing() {
        let mark = Mark::new(42);
        assert_eq!(ask_echo(mark), b"OUT \"W00000042\"\r\nOUT STR$(@LABEL)\r\n");
        assert_eq!(read(b"W00000042\r\n1234\r\n"), [Reply::Echo(mark), Reply::Count(1234)]);
        assert_eq!(read(b"W00000042\r\n\r\n"), [Reply::Echo(mark)]);
        assert_eq!(read(b"1234\r\nW0000004\r\n"), [Reply::Identity("W0000004".into())]);
        let mut reader = ReplyReader::default();
        reader.feed(b"W000");
        assert_eq!(reader.poll(), None);
        reader.expect_flags();
        reader.feed(b"\x1100042\r\n7\r\n\x20");
        let replies: Vec<Reply> = std::iter::from_fn(|| reader.poll()).collect();
        assert_eq!(replies[..2], [Reply::Echo(mark), Reply::Count(7)]);
        assert_eq!(replies.len(), 3, "and the flags");
    }

    #[test]
    fn filler_ends_a_picture_cut_short_and_is_no_command() {
        assert_eq!(resync(3), b"\xff\xff\xff\r\nCLS\r\n");
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader_and_answers_after_noise_are_read(noise in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = ReplyReader::default();
            reader.feed(&noise);
            prop_assert!(reader.gathered.len() <= LINE_MAX && reader.whole.len() <= REPLIES_MAX);
            while reader.poll().is_some() {}
            reader.feed(b"\r\n\r\n\r\n\r\n\r\n\r\n\x02@@@@\x03\r\n");
            let last = std::iter::from_fn(|| reader.poll()).last();
            prop_assert_eq!(last, Some(Reply::Reading(Reading::default())));
        }
    }
}
