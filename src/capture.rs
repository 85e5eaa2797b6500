//! The wire of one printer as text: what `waybilld trace` writes and what the tests read, in one format.
//!
//! Lines that begin with `#` are about it, `> ` is what the host sent, `< ` what the printer sent. `<02>` is the byte
//! 02; every other character is itself. A label may be written as its length and digest only.
//!
//! ```
//! use waybilld::capture::{Line, Side, line, read};
//!
//! let text = line(Side::Host, b"~HS") + &line(Side::Printer, b"\x02030,0\x03\r\n");
//! assert_eq!(text, "> ~HS\n< <02>030,0<03><0D><0A>\n");
//! assert_eq!(read(&text)[1], Line::Said(Side::Printer, b"\x02030,0\x03\r\n".to_vec()));
//! ```

use std::fmt::Write;
use std::time::Duration;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Host,
    Printer,
}

/// What a capture begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    pub printer: &'a str,
    pub firmware: &'a str,
    pub transport: &'a str,
    /// Year, month, day.
    pub date: &'a str,
    pub notes: &'a str,
}

/// One line of a capture that is not about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Said(Side, Vec<u8>),
    /// A label whose bytes are left out: its length and digest.
    Label(String),
}

/// Bytes of one line, at most: a longer piece goes on in the next one.
const LINE_MAX: usize = 1024;
/// How the line of a label begins whose bytes are left out.
const HIDDEN: &str = "<label ";

impl Side {
    fn sign(self) -> &'static str {
        match self {
            Side::Host => "> ",
            Side::Printer => "< ",
        }
    }
}

impl Header<'_> {
    /// Its five lines.
    pub fn lines(&self) -> String {
        let Header { printer, firmware, transport, date, notes } = self;
        format!("# printer: {printer}\n# firmware: {firmware}\n# transport: {transport}\n# date: {date}\n# notes: {notes}\n")
    }
}

/// What was said, a line for each that the bytes end.
pub fn line(side: Side, bytes: &[u8]) -> String {
    let mut text = String::new();
    for piece in bytes.split_inclusive(|byte| *byte == b'\n').flat_map(|line| line.chunks(LINE_MAX)) {
        text.push_str(side.sign());
        for byte in piece {
            match byte {
                // A `<` of the printer is never taken for one of ours.
                b' '..=b'~' if *byte != b'<' => text.push(char::from(*byte)),
                _ => write!(text, "<{byte:02X}>").expect("a String takes every byte"),
            }
        }
        text.push('\n');
    }
    text
}

/// The line of a label whose bytes are left out, with this summary of it.
pub fn hidden_label(summary: &str) -> String {
    format!("{}{HIDDEN}{summary}>\n", Side::Host.sign())
}

/// The lines of a capture, without its header and comments.
pub fn read(text: &str) -> Vec<Line> {
    let summary = |line: &str| Some(line.strip_prefix(HIDDEN)?.strip_suffix('>')?.to_owned());
    text.lines()
        .filter_map(|line| match (line.strip_prefix("> "), line.strip_prefix("< ")) {
            (Some(said), _) => Some(summary(said).map_or_else(|| Line::Said(Side::Host, unescape(said)), Line::Label)),
            (_, Some(said)) => Some(Line::Said(Side::Printer, unescape(said))),
            _ => None,
        })
        .collect()
}

/// Something that stands in a capture, with its time since the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub at: Duration,
    pub what: What,
}

/// What happened on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Opened,
    Lost(String),
    Host,
    Printer(Vec<u8>),
    /// A label, hidden or begun with its first bytes.
    Label,
}

/// What happened in a capture, each with its time, as far as the pauses in it say.
pub fn moments(text: &str) -> Vec<Moment> {
    let mut at = Duration::ZERO;
    let mut moments = Vec::new();
    // A label that is shown whole goes on over many lines, until something else is said.
    let mut within = false;
    for line in text.lines() {
        let what = if let Some(about) = line.strip_prefix("# ") {
            if let Some(ms) = about.strip_suffix(" ms later").and_then(|ms| ms.parse().ok()) {
                at += Duration::from_millis(ms);
                continue;
            }
            match (about, about.strip_prefix("the line is gone: ")) {
                ("the line is open", _) => What::Opened,
                (_, Some(why)) => What::Lost(why.to_owned()),
                _ => continue,
            }
        } else if let Some(said) = line.strip_prefix("> ") {
            let bytes = unescape(said);
            let begins = said.starts_with(HIDDEN) || LABELS.iter().any(|start| bytes.starts_with(start));
            match begins && !within {
                true => What::Label,
                false => What::Host,
            }
        } else if let Some(said) = line.strip_prefix("< ") {
            What::Printer(unescape(said))
        } else {
            continue;
        };
        within = matches!(what, What::Label) && !line.contains(HIDDEN);
        moments.push(Moment { at, what });
    }
    moments
}

/// How a label begins that is shown whole: a format of ZPL, a picture of TSPL or ESC/POS.
const LABELS: [&[u8]; 3] = [b"^XA", b"SIZE ", b"\x1b@"];

/// All that one side said in a capture.
pub fn said(text: &str, by: Side) -> Vec<u8> {
    let of_side = |line| match line {
        Line::Said(side, bytes) if side == by => Some(bytes),
        _ => None,
    };
    read(text).into_iter().filter_map(of_side).flatten().collect()
}

fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let byte = match (first, after) {
            (b'<', [high, low, b'>', ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        if byte.is_some() {
            rest = &after[3..];
        }
        bytes.push(byte.unwrap_or(*first));
    }
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hidden_label_is_no_word_of_the_host() {
        let text = hidden_label("8123 bytes, blake3 0f1e2d3c") + &line(Side::Host, b"<label 5>");
        assert_eq!(
            read(&text),
            [Line::Label("8123 bytes, blake3 0f1e2d3c".into()), Line::Said(Side::Host, b"<label 5>".to_vec())]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let text = line(Side::Printer, &bytes);
            prop_assert!(text.is_ascii() && text.lines().all(|line| line.len() <= LINE_MAX * 4 + 2));
            prop_assert_eq!(said(&text, Side::Printer), bytes);
        }

        #[test]
        fn any_text_is_read_without_a_fall(text in "(> |< |#)?[<>0-9A-Fé \n]{0,40}") {
            read(&text);
        }
    }
}
