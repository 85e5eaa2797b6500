//! An ESC/POS byte stream, cut into commands.
//!
//! One byte at a time goes in; whole commands with their data come out, wherever the bytes were split on their way.
//! Lengths follow Epson's command reference for paper roll printers. Knows no printer.

/// Bytes of one command; a label of 100 × 150 mm at 600 dpi is 1.1 MB.
pub const COMMAND_BYTES_MAX: usize = 4 << 20;

pub const HT: u8 = 0x09;
pub const LF: u8 = 0x0A;
pub const FF: u8 = 0x0C;
pub const CR: u8 = 0x0D;
pub const DLE: u8 = 0x10;
pub const CAN: u8 = 0x18;
pub const ESC: u8 = 0x1B;
pub const FS: u8 = 0x1C;
pub const GS: u8 = 0x1D;

/// One complete thing the host said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A byte of text.
    Text(u8),
    /// A command, from its first byte to its last.
    Command(Vec<u8>),
    /// A byte that is nothing, or two that no command begins with.
    Unknown(Vec<u8>),
    TooLarge(Vec<u8>),
}

/// What of a command is still to come.
enum Want {
    /// It is that long.
    Bytes(usize),
    /// One more byte will tell.
    More,
    /// It runs to a NUL.
    Nul,
    Unknown,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Parser {
    command: Vec<u8>,
    /// Length of the command, once it is known.
    length: Option<usize>,
    /// Bytes of an oversize command still to be passed over.
    skip: usize,
}

impl Parser {
    /// Bytes held back because their command is not complete.
    pub fn held(&self) -> usize {
        self.command.len()
    }

    pub fn push(&mut self, byte: u8) -> Option<Input> {
        if self.skip > 0 {
            self.skip -= 1;
            return (self.skip == 0).then(|| self.end(Input::TooLarge));
        }
        if self.command.is_empty() && byte >= 0x20 {
            return Some(Input::Text(byte));
        }
        // NUL is no command: hosts fill up with it.
        if self.command.is_empty() && byte == 0 {
            return None;
        }
        self.command.push(byte);
        if self.length.is_none() {
            match want(&self.command) {
                Want::Bytes(length) if length > COMMAND_BYTES_MAX => {
                    self.skip = length - self.command.len();
                    return None;
                }
                Want::Bytes(length) => self.length = Some(length),
                Want::Nul if byte == 0 && self.command.len() > 3 => self.length = Some(self.command.len()),
                // The longest is a bar code of 255 characters.
                Want::Nul if self.command.len() > 300 => return Some(self.end(Input::Unknown)),
                Want::More | Want::Nul => {}
                Want::Unknown => return Some(self.end(Input::Unknown)),
            }
        }
        (self.length == Some(self.command.len())).then(|| self.end(Input::Command))
    }

    fn end(&mut self, input: impl FnOnce(Vec<u8>) -> Input) -> Input {
        self.length = None;
        input(std::mem::take(&mut self.command))
    }
}

/// How long the command is that begins like this.
fn want(command: &[u8]) -> Want {
    let number = |at: usize| usize::from(command[at]) + 256 * usize::from(command[at + 1]);
    // Header, then a length of two bytes at its end.
    let counted = |header: usize, unit: usize| {
        if command.len() < header { Want::More } else { Want::Bytes(header + unit * number(header - 2)) }
    };
    match *command {
        [HT | LF | FF | CR | CAN] => Want::Bytes(1),
        [DLE | ESC | FS | GS] => Want::More,
        [DLE, 4 | 5 | 0x14] => Want::More,
        [DLE, 4, 7 | 8 | 18, ..] => Want::Bytes(4),
        [DLE, 4 | 5, ..] => Want::Bytes(3),
        [DLE, 0x14, 1..=3, ..] => Want::Bytes(5),
        [DLE, 0x14, 7, ..] => Want::Bytes(4),
        [DLE, 0x14, 8, ..] => Want::Bytes(10),
        [ESC, FF | b'2' | b'<' | b'@' | b'L' | b'S' | b'i' | b'm' | b'v'] => Want::Bytes(2),
        [ESC, b' ' | b'!' | b'%' | b'-' | b'3' | b'=' | b'?' | b'E' | b'G' | b'J' | b'K' | b'M' | b'R' | b'T' | b'U' | b'V'] => {
            Want::Bytes(3)
        }
        [ESC, b'a' | b'd' | b'e' | b'r' | b't' | b'u' | b'{'] => Want::Bytes(3),
        [ESC, b'$' | b'\\' | b'c' | b'f' | b'B'] => Want::Bytes(4),
        [ESC, b'p'] => Want::Bytes(5),
        [ESC, b'W'] => Want::Bytes(10),
        [ESC, b'D', ..] => Want::Nul,
        [ESC, b'*', mode, ..] => counted(5, if mode >= 32 { 3 } else { 1 }),
        [ESC | FS | GS, b'(', _, ..] => counted(5, 1),
        [FS, b'!' | b'-' | b'C' | b'W'] => Want::Bytes(3),
        [FS, b'&' | b'.'] => Want::Bytes(2),
        [FS, b'S' | b'p'] => Want::Bytes(4),
        [GS, FF | b':' | b'c'] => Want::Bytes(2),
        [GS, b'!' | b'/' | b'B' | b'H' | b'I' | b'T' | b'a' | b'b' | b'f' | b'h' | b'r' | b'w'] => Want::Bytes(3),
        [GS, b'$' | b'\\' | b'L' | b'P' | b'W'] => Want::Bytes(4),
        [GS, b'^' | b'z'] => Want::Bytes(5),
        [GS, b'g'] => Want::Bytes(6),
        [GS, b'V', mode, ..] => Want::Bytes(if mode >= 65 { 4 } else { 3 }),
        [GS, b'*', x, y] => Want::Bytes(4 + 8 * usize::from(x) * usize::from(y)),
        // GS k m n d…, or with the older m: d… NUL
        [GS, b'k', 65..=255, length] => Want::Bytes(4 + usize::from(length)),
        [GS, b'k', 0..65, ..] => Want::Nul,
        [GS, b'v', b'0', _, _, _, _, _] => Want::Bytes(8usize.saturating_add(number(4) * number(6))),
        [GS, b'v', kind, ..] if kind != b'0' => Want::Unknown,
        [GS, b'8', b'L', a, b, c, d] => Want::Bytes(7usize.saturating_add(u32::from_le_bytes([a, b, c, d]) as usize)),
        [GS, b'8', kind, ..] if kind != b'L' => Want::Unknown,
        [ESC, b'*' | b'('] | [FS, b'('] | [GS, b'(' | b'V' | b'*' | b'k' | b'v' | b'8', ..] => Want::More,
        _ => Want::Unknown,
    }
}

/// The command by the name the reference gives it: `GS v 0`.
pub(super) fn name(command: &[u8]) -> String {
    let letters = match command {
        [ESC | FS | GS, b'(', ..] | [GS, b'v' | b'8', ..] => 3,
        [DLE | ESC | FS | GS, ..] => 2,
        _ => 1,
    };
    let word = |byte: &u8| match *byte {
        HT => "HT".into(),
        LF => "LF".into(),
        FF => "FF".into(),
        CR => "CR".into(),
        DLE => "DLE".into(),
        CAN => "CAN".into(),
        ESC => "ESC".into(),
        FS => "FS".into(),
        GS => "GS".into(),
        graphic @ 0x21..=0x7E => char::from(graphic).to_string(),
        other => format!("{other:02X}"),
    };
    command.iter().take(letters).map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(bytes: &[u8]) -> Vec<(String, usize)> {
        let mut parser = Parser::default();
        let said = |input| match input {
            Input::Text(byte) => (char::from(byte).to_string(), 1),
            Input::Command(command) => (name(&command), command.len()),
            Input::Unknown(bytes) => (format!("? {}", name(&bytes)), bytes.len()),
            Input::TooLarge(bytes) => (format!("! {}", name(&bytes)), bytes.len()),
        };
        bytes.iter().filter_map(|&byte| parser.push(byte)).map(said).collect()
    }

    #[test]
    fn data_is_counted_and_not_looked_into() {
        let found = commands(b"\x1dv0\x00\x02\x00\x02\x00\x1b@\x10\x04A\x1b*\x21\x01\x00\x1b@\nB\x1d(k\x03\x001C\x03\x1dV\x42\x00\x1dk\x49\x02{B\x1dk\x04A1\0\x0c");
        let expected =
            [("GS v 0", 12), ("A", 1), ("ESC *", 8), ("B", 1), ("GS ( k", 8), ("GS V", 4), ("GS k", 6), ("GS k", 6), ("FF", 1)];
        assert_eq!(found, expected.map(|(name, bytes)| (name.to_owned(), bytes)));
    }

    #[test]
    fn what_is_too_large_is_passed_over_whole() {
        let mut said = b"\x1dv0\x00\xFF\x0F\xFF\x0F".to_vec();
        said.extend(vec![0x1B; 0xFFF * 0xFFF]);
        said.push(b'A');
        assert_eq!(commands(&said), [("! GS v 0".to_owned(), 8), ("A".to_owned(), 1)]);
    }
}
