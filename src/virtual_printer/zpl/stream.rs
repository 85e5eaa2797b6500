//! A ZPL byte stream, cut into what a printer acts on.
//!
//! One byte at a time goes in; complete formats, control commands and SGD lines come out, wherever the bytes
//! were split on their way. Follows the ZPL II programming guide: `^` commands belong to a format, `~` commands
//! are met and executed at once, `^CC ^CT ^CD` (and `~CC ~CT ~CD`) change the prefixes and the delimiter from
//! that byte on, the data of `^GFB` and binary `~DY` is counted and not looked into. Knows no printer.

use std::fmt;
use std::sync::Arc;

/// Bytes of one format or one download; a label of 100 × 150 mm at 600 dpi in plain hexadecimal is 2.1 MB.
pub const FORMAT_BYTES_MAX: usize = 4 << 20;
/// Commands in one format.
pub const COMMANDS_MAX: usize = 20_000;
/// Bytes of one SGD line.
pub const LINE_BYTES_MAX: usize = 1024;

/// One complete thing the host said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    Format(Format),
    Control(Control),
    /// A line that began with `!`, without its end.
    Line(Vec<u8>),
    /// Bytes that were no command at all.
    Garbage(usize),
    Refused {
        command: String,
        reason: &'static str,
    },
}

/// A `~` command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Control {
    pub code: [u8; 2],
    pub data: Vec<u8>,
    pub delimiter: u8,
}

/// A format as it arrived, from `^XA` to `^XZ`, without the control commands met inside it.
#[derive(Clone, PartialEq, Eq)]
pub struct Format {
    number: u64,
    bytes: Vec<u8>,
    commands: Vec<Span>,
    prefixes: Prefixes,
}

/// One command of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// The two letters after the prefix, in capitals.
    pub code: [u8; 2],
    /// What follows them.
    pub data: &'a [u8],
    delimiter: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    code: [u8; 2],
    delimiter: u8,
    from: u32,
    to: u32,
}

/// The three characters a host may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prefixes {
    caret: u8,
    tilde: u8,
    delimiter: u8,
}

const USUAL: Prefixes = Prefixes { caret: b'^', tilde: b'~', delimiter: b',' };

impl Format {
    /// The how-manieth format the printer has received since it was made, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The bytes as the host sent them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The commands between `^XA` and `^XZ`, in order.
    pub fn commands(&self) -> impl Iterator<Item = Command<'_>> {
        self.commands.iter().map(|span| Command {
            code: span.code,
            data: &self.bytes[span.from as usize..span.to as usize],
            delimiter: span.delimiter,
        })
    }

    /// The data of every field, in order, with `^FH` escapes resolved: what a person or a scanner would find on the label.
    pub fn fields(&self) -> Vec<String> {
        let mut escape = None;
        let mut fields = Vec::new();
        for command in self.commands() {
            match &command.code {
                b"FH" => escape = Some(command.data.first().copied().unwrap_or(b'_')),
                b"FS" => escape = None,
                b"FD" | b"FV" => fields.push(String::from_utf8_lossy(&unescape(command.data, escape)).into_owned()),
                _ => {}
            }
        }
        fields
    }

    /// The same format for a reader that starts with the usual prefixes, finds them again afterwards, and draws it once.
    pub fn standing_alone(&self) -> Vec<u8> {
        let Prefixes { caret, tilde, .. } = self.prefixes;
        let last = self.commands().fold(self.prefixes, |now, command| match &command.code {
            b"CC" => Prefixes { caret: command.data.first().copied().unwrap_or(now.caret), ..now },
            b"CT" => Prefixes { tilde: command.data.first().copied().unwrap_or(now.tilde), ..now },
            _ => now,
        });
        let mut alone = Vec::with_capacity(self.bytes.len() + 16);
        if caret != USUAL.caret {
            alone.extend([b'^', b'C', b'C', caret]);
        }
        if tilde != USUAL.tilde {
            alone.extend([caret, b'C', b'T', tilde]);
        }
        let mut from = 0;
        for quantity in self.commands.iter().filter(|span| &span.code == b"PQ") {
            alone.extend(&self.bytes[from..quantity.from as usize - 3]);
            from = quantity.to as usize;
        }
        alone.extend(&self.bytes[from..]);
        if last.tilde != USUAL.tilde {
            alone.extend([last.caret, b'C', b'T', b'~']);
        }
        if last.caret != USUAL.caret {
            alone.extend([last.caret, b'C', b'C', b'^']);
        }
        alone
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Format({} bytes, {} commands)", self.bytes.len(), self.commands.len())
    }
}

impl<'a> Command<'a> {
    /// The parameters, without blanks around them.
    pub fn parameters(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        parameters(self.data, self.delimiter)
    }

    /// As a person writes it: `^FO`.
    pub fn name(&self) -> String {
        name('^', &self.code)
    }
}

impl Control {
    /// As a person writes it: `~HS`.
    pub fn name(&self) -> String {
        name('~', &self.code)
    }

    /// The parameters, without blanks around them.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        parameters(&self.data, self.delimiter)
    }
}

fn name(prefix: char, code: &[u8]) -> String {
    format!("{prefix}{}", code.escape_ascii())
}

fn parameters(data: &[u8], delimiter: u8) -> impl Iterator<Item = &str> {
    data.split(move |&byte| byte == delimiter).map(|part| std::str::from_utf8(part).unwrap_or("").trim())
}

/// Field data with its hexadecimal escapes (`^FH`) resolved.
fn unescape(data: &[u8], escape: Option<u8>) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut plain = Vec::with_capacity(data.len());
    let mut rest = data;
    while let [first, tail @ ..] = rest {
        match tail {
            [high, low, after @ ..] if Some(*first) == escape => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    plain.push(high << 4 | low);
                    rest = after;
                    continue;
                }
            }
            _ => {}
        }
        // Line ends in field data are transport, not text (ZPL II guide, ^FD).
        if !matches!(first, b'\r' | b'\n') {
            plain.push(*first);
        }
        rest = tail;
    }
    plain
}

/// The reader of the stream.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    prefixes: Prefixes,
    format: Option<Format>,
    /// The format grew past a bound; its rest is passed over.
    oversize: bool,
    command: Option<Pending>,
    line: Option<Vec<u8>>,
    garbage: usize,
    received: u64,
}

/// A command whose end has not come yet.
#[derive(Debug, Clone)]
struct Pending {
    prefix: u8,
    control: bool,
    code: Vec<u8>,
    /// The letters as they came, for the bytes of the format.
    written: Vec<u8>,
    data: Vec<u8>,
    /// Bytes of counted binary data still to come.
    counted: usize,
    oversize: bool,
}

impl Stream {
    pub fn new() -> Stream {
        Stream { prefixes: USUAL, format: None, oversize: false, command: None, line: None, garbage: 0, received: 0 }
    }

    /// Whether a format has begun and not ended.
    pub fn in_format(&self) -> bool {
        self.format.is_some()
    }

    /// Bytes held back because what they belong to is not complete.
    pub fn held(&self) -> usize {
        self.format.as_ref().map_or(0, |format| format.bytes.len())
            + self.command.as_ref().map_or(0, |command| command.data.len() + 3)
            + self.line.as_ref().map_or(0, Vec::len)
    }

    /// Forgets everything half said and every changed prefix, as without power.
    pub fn lose_power(&mut self) {
        *self = Stream { received: self.received, ..Stream::new() };
    }

    /// Forgets the format being received, `~JX`; whether there was one.
    pub fn cancel_format(&mut self) -> bool {
        self.command = None;
        self.oversize = false;
        self.format.take().is_some()
    }

    /// Garbage counted since the last call.
    pub fn take_garbage(&mut self) -> Option<Input> {
        (self.garbage > 0).then(|| Input::Garbage(std::mem::take(&mut self.garbage)))
    }

    /// One byte in; what it completed.
    pub fn push(&mut self, byte: u8) -> Option<Input> {
        if let Some(command) = &mut self.command {
            if command.counted > 0 {
                command.counted -= 1;
                command.keep(byte);
                return None;
            }
            if command.takes_any_byte() {
                command.data.push(byte);
                return self.end_command();
            }
        }
        if byte == self.prefixes.caret || byte == self.prefixes.tilde {
            let done = self.end_command().or_else(|| self.end_line_as_garbage());
            self.command = Some(Pending::new(byte, byte == self.prefixes.tilde));
            return done;
        }
        if self.command.is_some() {
            return self.push_to_command(byte);
        }
        if self.line.is_some() {
            return self.push_to_line(byte);
        }
        match byte {
            b'!' if self.format.is_none() => self.line = Some(vec![byte]),
            b' ' | b'\r' | b'\n' | b'\t' | 0 => {}
            _ => self.garbage += 1,
        }
        None
    }

    fn push_to_command(&mut self, byte: u8) -> Option<Input> {
        let delimiter = self.prefixes.delimiter;
        let command = self.command.as_mut()?;
        if command.code.len() < 2 {
            command.code.push(byte.to_ascii_uppercase());
            command.written.push(byte);
            let ended = command.code.len() == 2 && command.ends_with_its_code();
            return if ended { self.end_command() } else { None };
        }
        if command.control && command.ends_with_its_line() && matches!(byte, b'\r' | b'\n') {
            return self.end_command();
        }
        command.keep(byte);
        if byte == delimiter {
            command.counted = command.counted_data(delimiter);
        }
        if command.control && command.fixed_data() == Some(command.data.len()) { self.end_command() } else { None }
    }

    fn push_to_line(&mut self, byte: u8) -> Option<Input> {
        let line = self.line.as_mut()?;
        if matches!(byte, b'\r' | b'\n') {
            return self.line.take().map(Input::Line);
        }
        line.push(byte);
        // "The name is ended by CR LF or a space" (ZPL II guide, SGD).
        if byte == b' ' && line.ends_with(b"\" ") && line.windows(6).any(|word| word.eq_ignore_ascii_case(b"getvar")) {
            return self.line.take().map(Input::Line);
        }
        if line.len() >= LINE_BYTES_MAX { self.end_line_as_garbage() } else { None }
    }

    fn end_line_as_garbage(&mut self) -> Option<Input> {
        self.garbage += self.line.take().map_or(0, |line| line.len());
        None
    }

    /// The pending command is complete.
    fn end_command(&mut self) -> Option<Input> {
        let command = self.command.take()?;
        let Ok(code) = <[u8; 2]>::try_from(command.code.as_slice()) else {
            self.garbage += 1 + command.code.len();
            return None;
        };
        let before = self.prefixes;
        if let (b'C', Some(&new)) = (code[0], command.data.first()) {
            match code[1] {
                b'C' => self.prefixes.caret = new,
                b'T' => self.prefixes.tilde = new,
                b'D' => self.prefixes.delimiter = new,
                _ => {}
            }
        }
        if command.control {
            if command.oversize {
                return Some(Input::Refused { command: name('~', &code), reason: "too large to hold" });
            }
            return Some(Input::Control(Control { code, data: command.data, delimiter: before.delimiter }));
        }
        self.end_format_command(code, command, before)
    }

    fn end_format_command(&mut self, code: [u8; 2], command: Pending, before: Prefixes) -> Option<Input> {
        let refuse = |reason| Some(Input::Refused { command: name('^', &code), reason });
        let Some(format) = &mut self.format else {
            return match &code {
                b"XA" => {
                    let mut bytes = vec![command.prefix];
                    bytes.extend(&command.written);
                    self.format = Some(Format { number: 0, bytes, commands: Vec::new(), prefixes: before });
                    None
                }
                // Prefixes may be changed outside a format too.
                b"CC" | b"CT" | b"CD" => None,
                _ => refuse("outside a format"),
            };
        };
        if &code == b"XA" {
            return refuse("inside a format that never ended: what follows is added to it. Send ~JX after a broken line");
        }
        let size = 1 + command.written.len() + command.data.len();
        if command.oversize || format.bytes.len() + size > FORMAT_BYTES_MAX || format.commands.len() >= COMMANDS_MAX {
            self.oversize = true;
            format.bytes.truncate(3);
            format.bytes.shrink_to_fit();
            format.commands = Vec::new();
        }
        if self.oversize && &code != b"XZ" {
            return None;
        }
        format.bytes.push(command.prefix);
        format.bytes.extend(&command.written);
        let from = format.bytes.len() as u32;
        format.bytes.extend(&command.data);
        if &code != b"XZ" {
            let to = format.bytes.len() as u32;
            format.commands.push(Span { code, delimiter: before.delimiter, from, to });
            return None;
        }
        let mut format = self.format.take()?;
        if std::mem::take(&mut self.oversize) {
            return Some(Input::Refused { command: "^XA".into(), reason: "a format too large to hold" });
        }
        self.received += 1;
        format.number = self.received;
        Some(Input::Format(format))
    }
}

impl Pending {
    fn new(prefix: u8, control: bool) -> Pending {
        let code = Vec::with_capacity(2);
        Pending { prefix, control, code: code.clone(), written: code, data: Vec::new(), counted: 0, oversize: false }
    }

    fn keep(&mut self, byte: u8) {
        if self.data.len() < FORMAT_BYTES_MAX {
            self.data.push(byte);
        } else {
            self.data = Vec::new();
            self.oversize = true;
        }
    }

    /// `^CC` and its kin take the next byte, whatever it is.
    fn takes_any_byte(&self) -> bool {
        matches!(self.code.as_slice(), b"CC" | b"CT" | b"CD") && self.data.is_empty()
    }

    /// Commands that take no data act at once and do not wait for the next prefix.
    fn ends_with_its_code(&self) -> bool {
        match (self.control, self.code.as_slice()) {
            (false, code) => matches!(code, b"XA" | b"XZ"),
            (true, b"CC" | b"CT" | b"CD") => false,
            (true, _) => self.fixed_data().is_none() && !self.ends_with_its_line() && !self.is_download(),
        }
    }

    /// Control commands whose data has a known length.
    fn fixed_data(&self) -> Option<usize> {
        matches!(self.code.as_slice(), b"HQ" | b"SD").then_some(2)
    }

    /// Control commands with short parameters.
    fn ends_with_its_line(&self) -> bool {
        matches!(self.code.as_slice(), b"EG" | b"JS" | b"RO" | b"TA" | b"NR" | b"NT")
    }

    /// Control commands whose data runs to the next prefix.
    fn is_download(&self) -> bool {
        matches!(self.code.as_slice(), b"DB" | b"DE" | b"DG" | b"DN" | b"DS" | b"DT" | b"DU" | b"DY")
    }

    /// How many bytes of binary data follow the delimiter just met.
    fn counted_data(&self, delimiter: u8) -> usize {
        // ^GFa,b,c,d,data with a = B: b bytes. ~DYd:f,b,x,t,w,data with b = B or P: t bytes. Longer data is
        // counted too, and then refused: what is inside must not become commands.
        let (delimiters, kind, count) = match (self.control, self.code.as_slice()) {
            (false, b"GF") => (4, 0, 1),
            (true, b"DY") => (5, 1, 3),
            _ => return 0,
        };
        // The header is short: no need to look further than its bytes.
        if self.data.len() > 128 || self.data.iter().filter(|&&byte| byte == delimiter).count() != delimiters {
            return 0;
        }
        let parameters: Vec<&str> = parameters(&self.data, delimiter).collect();
        let binary = match parameters[kind].as_bytes().first().map(u8::to_ascii_uppercase) {
            Some(b'B') => true,
            Some(b'P') => self.control,
            _ => false,
        };
        if binary { parameters[count].parse::<u32>().unwrap_or(0) as usize } else { 0 }
    }
}

/// A name in the printer's memory, as `R:NAME.EXT`; what is left out is what the guide says it is.
pub(super) fn object_name(written: &str, extension: &str) -> Arc<str> {
    let (drive, rest) = match written.as_bytes() {
        [drive, b':', ..] => (drive.to_ascii_uppercase() as char, &written[2..]),
        _ => ('R', written),
    };
    let (stem, extension) = rest.split_once('.').unwrap_or((rest, extension));
    let stem = if stem.is_empty() { "UNKNOWN" } else { stem };
    // The guide allows 16 characters at most; what is longer is no name anyone gave on purpose.
    format!("{drive}:{stem}.{extension}").chars().take(64).collect::<String>().into()
}
