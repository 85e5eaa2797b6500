//! A TSPL byte stream, cut into lines and immediate commands.
//!
//! One byte at a time goes in; lines (with the data they count, or the program they store) and immediate commands
//! come out, wherever the bytes were split on their way. `ESC !` and `~!` are picked out of anything but counted
//! data. Knows no printer.

use std::sync::Arc;

/// Bytes of counted data or of one program; a label of 100 × 150 mm at 600 dpi is 1.1 MB.
pub const DATA_BYTES_MAX: usize = 4 << 20;
/// Bytes of one line: "maximum length 2*1024 bytes" an expression (TSPL manual, conventions), and what stands around it.
pub const LINE_BYTES_MAX: usize = 4096;
/// A header that counts data is shorter than this: five numbers, or a file name and a number.
const HEADER_BYTES_MAX: usize = 200;

const ESC: u8 = 0x1B;

/// One complete thing the host said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    Line(Arc<Line>),
    /// The prefix, `ESC` or `~`, and the letter behind the `!`.
    Immediate(u8, u8),
    Refused {
        command: String,
        reason: &'static str,
    },
}

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub text: Vec<u8>,
    /// What it counted, or the program it stores.
    pub data: Vec<u8>,
    /// The data stands on the same line; else it is the lines up to EOP.
    counted: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Stream {
    line: Vec<u8>,
    data: Vec<u8>,
    /// Bytes of counted data still to come.
    counted: usize,
    /// The first line of a program being stored.
    program: Option<Vec<u8>>,
    /// The data or the line grew past its bound; the rest is passed over.
    oversize: bool,
    /// The beginning of what may be an immediate command.
    prefix: Vec<u8>,
    /// `ESC ! D` was said.
    deaf: bool,
}

impl Stream {
    /// Bytes held back because what they belong to is not complete.
    pub fn held(&self) -> usize {
        self.line.len() + self.data.len() + self.prefix.len() + self.program.as_ref().map_or(0, Vec::len)
    }

    /// Whether immediate commands are off.
    pub fn deafen(&mut self, deaf: bool) {
        self.deaf = deaf;
    }

    /// One byte in; what it completed.
    pub fn push(&mut self, byte: u8) -> Option<Input> {
        if self.counted > 0 {
            self.counted -= 1;
            if !self.oversize {
                self.data.push(byte);
            }
            return if self.counted == 0 { self.end_line(true) } else { None };
        }
        match *self.prefix.as_slice() {
            [] if byte == ESC || byte == b'~' => self.prefix.push(byte),
            [] => return self.push_to_line(byte),
            [_] if byte == b'!' => self.prefix.push(byte),
            [prefix] => {
                self.prefix.clear();
                let done = self.push_to_line(prefix);
                // Neither prefix ends a line.
                return done.or_else(|| self.push(byte));
            }
            [prefix, ..] => {
                self.prefix.clear();
                let known = match prefix {
                    ESC => b"?SPORC.FD".contains(&byte) && !self.deaf,
                    _ => b"T@AIFCDE".contains(&byte) && (!self.deaf || byte == b'E'),
                };
                if known {
                    return Some(Input::Immediate(prefix, byte));
                }
                self.push_to_line(prefix);
                self.push_to_line(b'!');
                return self.push(byte);
            }
        }
        None
    }

    fn push_to_line(&mut self, byte: u8) -> Option<Input> {
        if matches!(byte, b'\r' | b'\n') {
            return self.end_line(false);
        }
        if self.line.len() >= LINE_BYTES_MAX {
            self.oversize = true;
            return None;
        }
        self.line.push(byte);
        if byte == b','
            && self.program.is_none()
            && let Some(bytes) = counted_data(&self.line)
        {
            self.counted = bytes;
            self.oversize = bytes > DATA_BYTES_MAX;
            if bytes == 0 {
                return self.end_line(true);
            }
        }
        None
    }

    fn end_line(&mut self, counted: bool) -> Option<Input> {
        let text = std::mem::take(&mut self.line);
        if self.program.is_some() {
            return self.end_program_line(text);
        }
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.oversize) {
            return Some(Input::Refused { command: name(&text), reason: "too large to hold" });
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        // DOWNLOAD "NAME.BAS" and nothing behind it: the lines up to EOP are the program.
        if name(&text) == "DOWNLOAD" && !counted && text.trim_ascii_end().ends_with(b"\"") {
            self.program = Some(text);
            return None;
        }
        Some(Input::Line(Arc::new(Line { text, data, counted })))
    }

    fn end_program_line(&mut self, text: Vec<u8>) -> Option<Input> {
        if !text.trim_ascii().eq_ignore_ascii_case(b"EOP") {
            self.oversize |= self.data.len() + text.len() + 2 > DATA_BYTES_MAX;
            if self.oversize {
                self.data = Vec::new();
            } else if !text.is_empty() {
                self.data.extend([text.as_slice(), b"\r\n"].concat());
            }
            return None;
        }
        let text = self.program.take()?;
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.oversize) {
            return Some(Input::Refused { command: name(&text), reason: "too large to hold" });
        }
        Some(Input::Line(Arc::new(Line { text, data, counted: false })))
    }
}

impl Line {
    /// A line made by the printer itself.
    pub fn counting(text: String, data: Vec<u8>) -> Line {
        Line { text: text.into_bytes(), data, counted: true }
    }

    /// The command, in capitals.
    pub fn name(&self) -> String {
        name(&self.text)
    }

    /// What follows the command.
    pub fn rest(&self) -> &[u8] {
        let text = self.text.trim_ascii_start();
        let end = text.iter().position(|byte| !is_name(*byte)).unwrap_or(text.len());
        text[end..].trim_ascii()
    }

    /// The arguments, between commas that stand in no string, without blanks around them.
    pub fn arguments(&self) -> Vec<&[u8]> {
        split(self.rest(), |byte| byte == b',')
    }

    /// That argument as a number; what is left out is 0.
    pub fn number(&self, index: usize) -> i32 {
        self.arguments().get(index).and_then(|argument| number(argument)).unwrap_or(0)
    }

    /// What takes up room.
    pub fn len(&self) -> usize {
        self.text.len() + self.data.len() + 2
    }

    /// The bytes, as a host sends them.
    pub fn bytes(&self) -> Vec<u8> {
        let end: &[u8] = if self.counted || self.data.is_empty() { b"" } else { b"EOP\r\n" };
        let first: &[u8] = if self.counted { b"" } else { b"\r\n" };
        let last: &[u8] = if self.counted { b"\r\n" } else { b"" };
        [&self.text, first, &self.data, end, last].concat()
    }
}

/// The command a line begins with, in capitals.
fn name(text: &[u8]) -> String {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|byte| !is_name(*byte)).unwrap_or(text.len());
    text[..end.min(32)].to_ascii_uppercase().escape_ascii().to_string()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many bytes of data follow this beginning of a line, which ends in a comma; `None`: it counts none.
fn counted_data(line: &[u8]) -> Option<usize> {
    if line.len() > HEADER_BYTES_MAX {
        return None;
    }
    let name = name(line);
    let line = Line { text: line.to_vec(), data: Vec::new(), counted: false };
    let arguments = line.arguments();
    let count = |argument: &[u8]| number(argument).and_then(|number| usize::try_from(number).ok());
    match (name.as_str(), arguments.as_slice()) {
        // BITMAP x,y,width in bytes,height,mode,data
        ("BITMAP", [_, _, width, height, b"0" | b"1" | b"2", b""]) => count(width)?.checked_mul(count(height)?),
        // DOWNLOAD [n,]"name",size,data
        ("DOWNLOAD", [.., name, size, b""]) if name.starts_with(b"\"") => count(size),
        _ => None,
    }
}

/// A decimal number.
pub(super) fn number(written: &[u8]) -> Option<i32> {
    std::str::from_utf8(written).ok()?.trim().parse().ok()
}

/// What stands between separators outside strings and brackets. A quote inside a string is written `\["]`.
pub(super) fn split(text: &[u8], separates: impl Fn(u8) -> bool) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut quoted, mut depth, mut from, mut at) = (false, 0u32, 0, 0);
    while at < text.len() {
        match text[at] {
            b'\\' if quoted && text[at..].starts_with(b"\\[\"]") => at += 3,
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            byte if !quoted && depth == 0 && separates(byte) => {
                parts.push(text[from..at].trim_ascii());
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(text[from..].trim_ascii());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(bytes: &[u8]) -> Vec<Input> {
        let mut stream = Stream::default();
        bytes.iter().filter_map(|&byte| stream.push(byte)).collect()
    }

    fn lines(bytes: &[u8]) -> Vec<(String, usize)> {
        let line = |input| match input {
            Input::Line(line) => (String::from_utf8(line.text.clone()).unwrap(), line.data.len()),
            other => (format!("{other:?}"), 0),
        };
        inputs(bytes).into_iter().map(line).collect()
    }

    #[test]
    fn counted_data_is_not_looked_into() {
        let found = lines(b"CLS\r\nbitmap 0,0,2,3,1,\x1b!?\r\n~\r\nPRINT 1\r\n");
        assert_eq!(found, [("CLS".into(), 0), ("bitmap 0,0,2,3,1,".into(), 6), ("PRINT 1".into(), 0)]);
        let found = lines(b"DOWNLOAD F,\"A.BMP\",3,\r\n,PRINT 1\r\n");
        assert_eq!(found, [("DOWNLOAD F,\"A.BMP\",3,".into(), 3), ("PRINT 1".into(), 0)]);
    }

    #[test]
    fn a_program_runs_to_its_end_mark_and_is_not_obeyed() {
        let found = lines(b"DOWNLOAD \"X.BAS\"\r\nPRINT 1\r\nBITMAP 0,0,9,9,0,\r\neop\r\nCLS\r\n");
        assert_eq!(found, [("DOWNLOAD \"X.BAS\"".into(), 28), ("CLS".into(), 0)]);
    }

    #[test]
    fn immediate_commands_are_picked_out_of_a_line_unless_they_are_switched_off() {
        assert_eq!(inputs(b"CL\x1b!?S\n"), [Input::Immediate(ESC, b'?'), inputs(b"CLS\n")[0].clone()]);
        let mut stream = Stream::default();
        stream.deafen(true);
        assert!(b"\x1b!?~!T".iter().all(|&byte| stream.push(byte).is_none()));
        assert!(b"~!E".iter().any(|&byte| stream.push(byte) == Some(Input::Immediate(b'~', b'E'))));
    }

    #[test]
    fn what_is_too_large_is_passed_over_whole() {
        let bitmap = [b"BITMAP 0,0,4096,2000,0,".as_slice(), &vec![b'\n'; 4096 * 2000], b"\r\nCLS\r\n"].concat();
        let found = inputs(&bitmap);
        assert!(matches!(&found[..], [Input::Refused { .. }, Input::Line(line)] if line.name() == "CLS"));
        let long = [vec![b'x'; 10_000], b"\nCLS\n".to_vec()].concat();
        assert_eq!(inputs(&long).len(), 2);
    }
}
