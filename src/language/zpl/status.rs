//! What a ZPL printer says: reply bytes in, [`Reply`]s out.
//!
//! Bytes may come split anywhere, with noise and alerts between answers. What is not yet whole waits, what
//! cannot be an answer is dropped, and memory is bounded. Knows no question and no time: which answer belongs
//! to which question is the conversation's business.
//!
//! Commands and layouts are those of the ZPL II programming guide, P1012728-011.

use crate::language::Reason;

/// ~HS: formats, labels remaining, flags. Asked by [`ASK_STATUS`].
pub const ASK_STATUS: &[u8] = b"~HS";
/// ~HQES: errors and warnings as bits.
pub const ASK_ERRORS: &[u8] = b"~HQES";
/// ~HI: model, firmware, dots per mm, memory.
pub const ASK_IDENTITY: &[u8] = b"~HI";
/// The labels printed in the printer's life. SGD lines end with CR LF and stand outside ^XA…^XZ.
pub const ASK_COUNTER: &[u8] = b"! U1 getvar \"odometer.total_label_count\"\r\n";

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// The longest answer kept. The longest we know, ~HQES, is about 130 bytes.
const FRAME_MAX: usize = 1024;
/// The longest SGD value kept.
const VALUE_MAX: usize = 64;

/// One answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    HostStatus(HostStatus),
    Errors(Errors),
    /// An SGD value that is a number: the label counter.
    Counter(u64),
    /// `"?"`: the printer has no such SGD variable.
    NoSuchVariable,
    Identity(Identity),
    /// Well framed and none of the above.
    Other,
}

/// The answer to ~HS, fields by their meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostStatus {
    pub paper_out: bool,
    pub paused: bool,
    pub head_up: bool,
    pub ribbon_out: bool,
    pub head_cold: bool,
    pub head_hot: bool,
    /// Received data is printed, not obeyed.
    pub diagnostic: bool,
    pub buffer_full: bool,
    /// A format is partly received.
    pub partial_format: bool,
    /// Peel mode: a label waits to be taken.
    pub label_waits: bool,
    pub label_length_dots: u32,
    /// Formats in the receive buffer.
    pub formats_buffered: u32,
    pub labels_remaining: u32,
    pub stored_graphics: u32,
}

/// The answer to ~HQES.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Errors {
    pub errors: Vec<Reason>,
    pub warnings: Vec<Reason>,
}

/// The answer to ~HI.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    pub model: String,
    pub firmware: String,
    pub dots_per_mm: u32,
    pub memory: String,
}

/// ~HQES, errors, group 1.
const ERROR_BITS: [(u64, Reason); 19] = [
    (0x0000_0001, Reason::MediaEmpty),
    (0x0000_0002, Reason::RibbonEmpty),
    (0x0000_0004, Reason::CoverOpen),
    (0x0000_0008, Reason::CutterFault),
    (0x0000_0010, Reason::HeadTooHot),
    (0x0000_0020, Reason::MotorTooHot),
    (0x0000_0040, Reason::HeadFault),
    (0x0000_0080, Reason::HeadFault),
    (0x0000_0100, Reason::ConfigurationInvalid),
    (0x0000_0200, Reason::HeadFault),
    (0x0000_1000, Reason::MediaJam),
    (0x0000_2000, Reason::MediaJam),
    (0x0000_4000, Reason::MediaJam),
    (0x0000_8000, Reason::MediaJam),
    (0x0001_0000, Reason::Paused),
    (0x0002_0000, Reason::MediaJam),
    (0x0004_0000, Reason::MarkNotFound),
    (0x0008_0000, Reason::MarkNotFound),
    (0xffff_ffff_fff0_0c00, Reason::OtherError),
];

/// ~HQES, warnings, group 1. Kiosk sensors say nothing of use here.
const WARNING_BITS: [(u64, Reason); 4] = [
    (0x0000_0001, Reason::CalibrateMedia),
    (0x0000_0002, Reason::CleanHead),
    (0x0000_0004, Reason::ReplaceHead),
    (0x0000_0008, Reason::MediaLow),
];

impl HostStatus {
    /// Why it does not print; empty when nothing stops it.
    pub fn reasons(&self) -> Vec<Reason> {
        [
            (self.paper_out, Reason::MediaEmpty),
            (self.head_up, Reason::CoverOpen),
            (self.ribbon_out, Reason::RibbonEmpty),
            (self.head_hot, Reason::HeadTooHot),
            (self.head_cold, Reason::HeadTooCold),
            (self.diagnostic, Reason::DiagnosticMode),
            (self.paused, Reason::Paused),
        ]
        .into_iter()
        .filter_map(|(set, reason)| set.then_some(reason))
        .collect()
    }

    /// Labels it admits to have before it, the one under the head perhaps not counted.
    pub fn waiting(&self) -> u64 {
        u64::from(self.formats_buffered) + u64::from(self.labels_remaining) + u64::from(self.partial_format)
    }
}

/// Gathers bytes into replies.
#[derive(Debug, Default)]
pub struct ReplyReader {
    within: Within,
    gathered: Vec<u8>,
    /// The strings of a ~HS answer seen so far: none, the first, or the first two.
    status: Option<HostStatus>,
    strings: u8,
    whole: std::collections::VecDeque<Reply>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    Frame,
    Value,
}

/// Replies kept when nobody fetches them.
const REPLIES_MAX: usize = 256;

impl ReplyReader {
    /// Takes bytes as they came off the line.
    pub fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.take(byte);
        }
    }

    /// The next whole reply; `None` means wait.
    pub fn poll(&mut self) -> Option<Reply> {
        self.whole.pop_front()
    }

    /// Forgets what is half read: the line was closed.
    pub fn reset(&mut self) {
        *self = ReplyReader::default();
    }

    fn take(&mut self, byte: u8) {
        match (self.within, byte) {
            (_, STX) => self.begin(Within::Frame),
            (Within::Nothing, b'"') => self.begin(Within::Value),
            (Within::Nothing, _) => {}
            (Within::Frame, ETX) => {
                let frame = std::mem::take(&mut self.gathered);
                self.within = Within::Nothing;
                self.frame(&String::from_utf8_lossy(&frame));
            }
            (Within::Value, b'"') => {
                let value = std::mem::take(&mut self.gathered);
                self.within = Within::Nothing;
                let reply = value_reply(&value);
                self.push(reply);
            }
            // XON and XOFF may stand anywhere on a serial line.
            (Within::Frame, 0x11 | 0x13) => {}
            (Within::Value, 0..=0x1f) => self.begin(Within::Nothing),
            (Within::Frame, _) if self.gathered.len() >= FRAME_MAX => self.begin(Within::Nothing),
            (Within::Value, _) if self.gathered.len() >= VALUE_MAX => self.begin(Within::Nothing),
            _ => self.gathered.push(byte),
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

    /// One STX…ETX. Three of them in order are an answer to ~HS.
    fn frame(&mut self, text: &str) {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let strings = std::mem::take(&mut self.strings);
        let status = self.status.take();
        match (fields.len(), strings, status) {
            (12, _, _) => {
                self.status = first_string(&fields);
                self.strings = u8::from(self.status.is_some());
            }
            (11, 1, Some(status)) => {
                self.status = second_string(&fields, status);
                self.strings = if self.status.is_some() { 2 } else { 0 };
            }
            (2, 2, Some(status)) if digits(fields[0]).is_some() && flag(fields[1]).is_some() => {
                self.push(Reply::HostStatus(status));
            }
            (4.., _, _) => {
                let reply = identity(&fields).map_or(Reply::Other, Reply::Identity);
                self.push(reply);
            }
            // The later strings of an answer whose beginning was lost.
            (2, _, _) => {}
            _ => {
                let reply = errors(text).map_or(Reply::Other, Reply::Errors);
                self.push(reply);
            }
        }
    }
}

/// aaa,b,c,dddd,eee,f,g,h,iii,j,k,l
fn first_string(fields: &[&str]) -> Option<HostStatus> {
    digits(fields[0])?;
    digits(fields[8])?;
    flag(fields[9])?;
    Some(HostStatus {
        paper_out: flag(fields[1])?,
        paused: flag(fields[2])?,
        label_length_dots: digits(fields[3])?,
        formats_buffered: digits(fields[4])?,
        buffer_full: flag(fields[5])?,
        diagnostic: flag(fields[6])?,
        partial_format: flag(fields[7])?,
        head_cold: flag(fields[10])?,
        head_hot: flag(fields[11])?,
        ..HostStatus::default()
    })
}

/// mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www
fn second_string(fields: &[&str], first: HostStatus) -> Option<HostStatus> {
    digits(fields[0])?;
    Some(HostStatus {
        head_up: flag(fields[2])?,
        ribbon_out: flag(fields[3])?,
        label_waits: flag(fields[7])?,
        labels_remaining: digits(fields[8])?,
        stored_graphics: digits(fields[10])?,
        ..first
    })
}

/// model,version,dots per mm,memory,options
fn identity(fields: &[&str]) -> Option<Identity> {
    let dots_per_mm = digits(fields[2])?;
    let plain = fields[0].chars().chain(fields[1].chars()).all(|c| c.is_ascii_graphic() || c == ' ');
    (plain && !fields[0].is_empty() && (4..=48).contains(&dots_per_mm)).then(|| Identity {
        model: fields[0].to_owned(),
        firmware: fields[1].to_owned(),
        dots_per_mm,
        memory: fields[3].to_owned(),
    })
}

/// The lines of ~HQES; all digits are hexadecimal.
fn errors(text: &str) -> Option<Errors> {
    let reasons = |name: &str, table: &[(u64, Reason)]| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name))?;
        let mut words = line.split_whitespace();
        let any = flag(words.next()?)?;
        let group = |word: &str| (word.len() <= 8).then(|| u64::from_str_radix(word, 16).ok()).flatten();
        let bits = group(words.next()?)? << 32 | group(words.next()?)?;
        let mut reasons: Vec<Reason> = table.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, reason)| *reason).collect();
        reasons.dedup();
        (any == (bits != 0)).then_some(reasons)
    };
    Some(Errors { errors: reasons("ERRORS:", &ERROR_BITS)?, warnings: reasons("WARNINGS:", &WARNING_BITS)? })
}

/// What stood between two double quotes.
fn value_reply(value: &[u8]) -> Reply {
    match std::str::from_utf8(value) {
        Ok("?") => Reply::NoSuchVariable,
        Ok(text) if (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().map_or(Reply::Other, Reply::Counter)
        }
        _ => Reply::Other,
    }
}

/// A decimal of one to eight digits, whatever its width.
fn digits(field: &str) -> Option<u32> {
    ((1..=8).contains(&field.len()) && field.bytes().all(|b| b.is_ascii_digit())).then(|| field.parse().ok()).flatten()
}

fn flag(field: &str) -> Option<bool> {
    match field {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
