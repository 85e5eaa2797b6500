//! What an ESC/POS printer says: reply bytes in, [`Reply`]s out.
//!
//! `DLE EOT` answers are single bytes that do not say which question they answer: the reader is told what was asked and
//! takes them in that order. A reading is whole when the printer is online, or when every cause was asked for.
//! Automatic status and process-id echoes may stand between them; what cannot be an answer is dropped.
//!
//! Layouts are those of Epson's command references for TM-T90 and TM-L90.

use crate::language::Reason;
use crate::language::reading::{Mark, Reading, Reply};
use escpos::utils::{RealTimeStatusRequest, RealTimeStatusResponse};
use std::collections::VecDeque;

/// Which part of its status is asked for, `DLE EOT n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Printer = 1,
    OfflineCause = 2,
    ErrorCause = 3,
    Media = 4,
}

/// Automatic status back for online, error and paper sensor, `GS a`; it says at once how it stands.
pub const REPORT_CHANGES: &[u8] = b"\x1da\x0e";
/// Its model, `GS I`.
pub const ASK_IDENTITY: &[u8] = b"\x1dIC";

/// Headers of blocks that end with NUL.
const ECHO_HEADER: u8 = 0x37;
const INFO_HEADER: u8 = 0x5F;
const ECHO_IDENTIFIER: u8 = 0x22;
/// The longest block kept.
const BLOCK_MAX: usize = 96;
const REPLIES_MAX: usize = 256;

/// Asks for a part of the status. Our own three bytes: the crate adds a NUL, which would be data.
pub fn ask(what: Ask) -> Vec<u8> {
    vec![0x10, 0x04, what as u8]
}

/// Says a word back when all print data before it is printed, `GS ( H` function 48.
pub fn ask_echo(mark: Mark) -> Vec<u8> {
    let mut bytes = b"\x1d(H\x06\x0000".to_vec();
    let mut number = mark.number();
    for _ in 0..4 {
        bytes.push(0x20 + (number % 95) as u8);
        number /= 95;
    }
    bytes
}

/// Ends whatever a broken line left half said: raster that still waits for `missing` bytes gets white rows; otherwise a
/// NUL does nothing. `ESC @` forgets the rest.
pub fn resync(missing: usize) -> Vec<u8> {
    let mut bytes = vec![0; missing];
    bytes.extend_from_slice(b"\x1b@");
    bytes
}

/// Gathers bytes into replies.
#[derive(Debug, Default)]
pub struct ReplyReader {
    gathered: Vec<u8>,
    /// What was asked and not answered, in order.
    asked: VecDeque<Ask>,
    reasons: Vec<Reason>,
    whole: VecDeque<Reply>,
    /// What is being fed holds a byte that begins nothing.
    noise: bool,
}

impl ReplyReader {
    /// Takes bytes as they came off the line.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.noise = false;
        let known = self.whole.len();
        bytes.iter().for_each(|byte| self.take(*byte));
        if self.noise {
            // A status of one byte among others that mean nothing is noise as well.
            let mut at = 0;
            self.whole.retain(|reply| {
                at += 1;
                at <= known || !matches!(reply, Reply::Reading(_) | Reply::More)
            });
        }
    }

    /// The next whole reply; `None` means wait.
    pub fn poll(&mut self) -> Option<Reply> {
        self.whole.pop_front()
    }

    /// That part was asked for.
    pub fn expect(&mut self, what: Ask) {
        if what == Ask::Printer {
            self.asked.clear();
            self.reasons.clear();
        }
        self.asked.push_back(what);
    }

    /// The part to ask for next, when the printer said that it is offline.
    pub fn open(&self) -> Option<Ask> {
        self.asked.front().copied()
    }

    fn take(&mut self, byte: u8) {
        // XON and XOFF may stand between any two bytes of a serial line.
        if matches!(byte, 0x11 | 0x13) {
            return;
        }
        match self.gathered.first() {
            None => self.start(byte),
            Some(&(ECHO_HEADER | INFO_HEADER)) => self.take_block(byte),
            // Automatic status: three more bytes, bits 4 and 7 clear.
            Some(_) if byte & 0x90 == 0 => {
                self.gathered.push(byte);
                if let [first, second, third, _] = self.gathered[..] {
                    self.gathered.clear();
                    self.push(Reply::Reading(automatic(first, second, third)));
                }
            }
            Some(_) => {
                self.gathered.clear();
                self.start(byte);
            }
        }
    }

    fn start(&mut self, byte: u8) {
        if matches!(byte, ECHO_HEADER | INFO_HEADER) || byte & 0x93 == 0x10 {
            self.gathered.push(byte);
        } else if byte & 0x93 == 0x12
            && let Some(asked) = self.asked.pop_front()
        {
            self.answer(asked, byte);
        } else {
            self.noise |= byte & 0x93 != 0x12;
        }
    }

    fn take_block(&mut self, byte: u8) {
        let echo = self.gathered[0] == ECHO_HEADER;
        // An echo is 37 22 and four characters; NUL ends it.
        let fits = match self.gathered.len() {
            _ if !echo => byte == 0 || (byte >= 0x20 && self.gathered.len() < BLOCK_MAX),
            1 => byte == ECHO_IDENTIFIER,
            2..=5 => (0x20..=0x7E).contains(&byte),
            _ => byte == 0,
        };
        if !fits {
            self.gathered.clear();
            return self.start(byte);
        }
        if byte != 0 {
            return self.gathered.push(byte);
        }
        let block = std::mem::take(&mut self.gathered);
        if echo {
            let number = block[2..].iter().rev().fold(0, |number, digit| number * 95 + u64::from(digit - 0x20));
            self.push(Reply::Echo(Mark::new(number)));
        } else {
            self.push(Reply::Identity(String::from_utf8_lossy(&block[1..]).trim().to_owned()));
        }
    }

    fn answer(&mut self, asked: Ask, byte: u8) {
        use RealTimeStatusResponse as Said;
        let request = match asked {
            Ask::Printer => RealTimeStatusRequest::Printer,
            Ask::OfflineCause => RealTimeStatusRequest::OfflineCause,
            Ask::ErrorCause => RealTimeStatusRequest::ErrorCause,
            Ask::Media => RealTimeStatusRequest::RollPaperSensor,
        };
        let Ok(said) = RealTimeStatusResponse::parse(request, byte) else { return };
        let is = |what: Said| said.get(&what).copied();
        let causes = match asked {
            Ask::Printer => {
                if is(Said::Online) == Some(true) {
                    return self.push(Reply::Reading(Reading::default()));
                }
                self.asked = VecDeque::from([Ask::OfflineCause, Ask::ErrorCause, Ask::Media]);
                return self.push(Reply::More);
            }
            Ask::OfflineCause => vec![
                (is(Said::CoverClosed) == Some(false), Reason::CoverOpen),
                (is(Said::PrintingStopsDueToPaperEnd) == Some(true), Reason::MediaEmpty),
                (is(Said::PaperFedByPaperFeedButton) == Some(true), Reason::Paused),
            ],
            Ask::ErrorCause => vec![
                (is(Said::RecoverableErrorOccurred) == Some(true), Reason::MarkNotFound),
                (is(Said::AutocutterErrorOccurred) == Some(true), Reason::CutterFault),
                (is(Said::UnrecoverableErrorOccurred) == Some(true), Reason::OtherError),
                (is(Said::AutoRecoverableErrorOccurred) == Some(true), Reason::HeadTooHot),
            ],
            Ask::Media => vec![(is(Said::RollPaperEndSensorPaperPresent) == Some(false), Reason::MediaEmpty)],
        };
        self.reasons.extend(causes.into_iter().filter_map(|(is, reason)| is.then_some(reason)));
        if asked == Ask::Media {
            let reasons = std::mem::take(&mut self.reasons);
            self.push(Reply::Reading(offline(reasons)));
        } else {
            self.push(Reply::More);
        }
    }

    fn push(&mut self, reply: Reply) {
        if self.whole.len() == REPLIES_MAX {
            self.whole.pop_front();
        }
        self.whole.push_back(reply);
    }
}

/// An offline printer that names no cause has one all the same.
fn offline(mut reasons: Vec<Reason>) -> Reading {
    if reasons.is_empty() {
        reasons.push(Reason::OtherError);
    }
    reasons.sort_unstable();
    reasons.dedup();
    Reading { reasons, busy: false }
}

/// Automatic status back, `GS a`, bytes 1 to 3.
fn automatic(first: u8, second: u8, third: u8) -> Reading {
    let bits = [
        (first & 0x20, Reason::CoverOpen),
        (third & 0x0C, Reason::MediaEmpty),
        (second & 0x04, Reason::MarkNotFound),
        (second & 0x08, Reason::CutterFault),
        (second & 0x20, Reason::OtherError),
        (second & 0x40, Reason::HeadTooHot),
        (first & 0x40, Reason::Paused),
    ];
    if first & 0x08 == 0 {
        return Reading::default();
    }
    offline(bits.into_iter().filter_map(|(set, reason)| (set != 0).then_some(reason)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(asked: &[Ask], bytes: &[u8]) -> Vec<Reply> {
        let mut reader = ReplyReader::default();
        asked.iter().for_each(|what| reader.expect(*what));
        reader.feed(bytes);
        std::iter::from_fn(|| reader.poll()).filter(|reply| *reply != Reply::More).collect()
    }

    fn stopped(reasons: &[Reason]) -> Reply {
        Reply::Reading(Reading { reasons: reasons.to_vec(), busy: false })
    }

    #[test]
    fn an_online_printer_is_read_in_one_byte_an_offline_one_in_four() {
        assert_eq!(ask(Ask::OfflineCause), [0x10, 0x04, 2]);
        assert_eq!(read(&[Ask::Printer], &[0x12]), [Reply::Reading(Reading::default())]);
        let mut reader = ReplyReader::default();
        reader.expect(Ask::Printer);
        reader.feed(&[0x1A]);
        assert_eq!((reader.poll(), reader.open()), (Some(Reply::More), Some(Ask::OfflineCause)), "offline: why?");
        assert_eq!(read(&[Ask::Printer], &[0x1A, 0x16, 0x12, 0x12]), [stopped(&[Reason::CoverOpen])]);
        assert_eq!(read(&[Ask::Printer], &[0x1A, 0x32, 0x12, 0x72]), [stopped(&[Reason::MediaEmpty])]);
        assert_eq!(read(&[Ask::Printer], &[0x1A, 0x52, 0x5A, 0x12]), [stopped(&[Reason::CutterFault, Reason::HeadTooHot])]);
        assert_eq!(read(&[Ask::Printer], &[0x1A, 0x12, 0x12, 0x12]), [stopped(&[Reason::OtherError])]);
        assert_eq!(read(&[], &[0x12]), [], "a byte nobody asked for");
    }

    #[test]
    fn a_printer_that_reports_changes_is_read_without_a_question() {
        assert_eq!(read(&[], &[0x10, 0, 0, 0x0F]), [Reply::Reading(Reading::default())]);
        assert_eq!(read(&[], &[0x38, 0, 0x0C, 0x0F]), [stopped(&[Reason::MediaEmpty, Reason::CoverOpen])]);
        // XON between its bytes, an answer of DLE EOT behind it.
        let mixed = [0x18, 0x11, 0, 0x13, 0x0C, 0x0F, 0x12];
        assert_eq!(read(&[Ask::Printer], &mixed), [stopped(&[Reason::MediaEmpty]), Reply::Reading(Reading::default())]);
    }

    #[test]
    fn a_word_comes_back_as_it_was_sent() {
        for number in [0, 1, 94, 95, 12_345_678, Mark::MANY - 1] {
            let mark = Mark::new(number);
            let asked = ask_echo(mark);
            let mut answer = vec![0x37, 0x22];
            answer.extend(&asked[7..11]);
            answer.push(0);
            assert_eq!(read(&[], &answer), [Reply::Echo(mark)]);
        }
        assert_eq!(read(&[Ask::Printer], b"\x37\x22ab\x12"), [Reply::Reading(Reading::default())], "cut short");
        assert_eq!(read(&[], b"\x5fTM-L90\0"), [Reply::Identity("TM-L90".into())]);
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader_and_answers_after_noise_are_read(noise in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = ReplyReader::default();
            reader.feed(&noise);
            prop_assert!(reader.gathered.len() <= BLOCK_MAX && reader.whole.len() <= REPLIES_MAX);
            while reader.poll().is_some() {}
            // What noise began ends here.
            reader.feed(&[0xFF, 0]);
            while reader.poll().is_some() {}
            reader.expect(Ask::Printer);
            reader.feed(&[0x12]);
            prop_assert_eq!(reader.poll(), Some(Reply::Reading(Reading::default())));
        }
    }
}
