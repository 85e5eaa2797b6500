//! The fields of a format: what the printer draws itself, and how data is kept from becoming a command.

use super::name::Name;
use super::push;
use crate::dots::{Dots, Point, Rect};
use crate::label::TextLine;
use crate::symbology::Linear;

/// A filled rectangle, ^GB: its thickness must be its shorter side, or the printer makes it larger.
pub fn fill(out: &mut Vec<u8>, area: Rect) {
    let (w, h) = (area.size.width, area.size.height);
    if w.0 > 0 && h.0 > 0 {
        push(out, format_args!("^FO{},{}^GB{w},{h},{}^FS", area.at.x, area.at.y, w.min(h)));
    }
}

/// A frame, ^GB.
pub fn frame(out: &mut Vec<u8>, area: Rect, thickness: Dots) {
    let (w, h) = (area.size.width, area.size.height);
    if thickness.0 > 0 && w.0 > 0 && h.0 > 0 {
        push(out, format_args!("^FO{},{}^GB{w},{h},{}^FS", area.at.x, area.at.y, thickness.min(w).min(h)));
    }
}

/// A stored graphic, ^XG.
pub fn recall(out: &mut Vec<u8>, at: Point, name: Name) {
    push(out, format_args!("^FO{},{}^XGR:{name}.GRF,1,1^FS", at.x, at.y));
}

/// A Code 128 symbol, ^BC, if the printer draws exactly these codewords; `false` leaves `out` as it was.
pub fn code128(out: &mut Vec<u8>, at: Point, symbol: &Linear, module: Dots, height: Dots) -> bool {
    // ^BY takes 1 to 10 dots, ^BC 1 to 32000.
    if !(1..=10).contains(&module.0) || !(1..=32_000).contains(&height.0) {
        return false;
    }
    let Some(data) = spell(&symbol.codewords) else { return false };
    push(out, format_args!("^FO{},{}^BY{module}^BCN,{height},N,N,N,N", at.x, at.y));
    data_and_end(out, &data);
    true
}

/// Codewords as ^BC field data, or `None` when it cannot say them so that every reader agrees.
///
/// Sets A and C are spelled in pairs of digits, set B in plain characters; `>` invokes the rest (ZPL II guide, ^BC,
/// "Code 128 subsets"). The invocations for the characters `^ > ~ DEL` are not read alike everywhere.
fn spell(codewords: &[u8]) -> Option<String> {
    let (&start, rest) = codewords.split_first()?;
    let (_check, data) = rest.split_last()?;
    let mut set = start;
    let mut spelled = String::from(match start {
        103 => ">9",
        104 => ">:",
        105 => ">;",
        _ => return None,
    });
    for &codeword in data {
        match (set, codeword) {
            (103 | 104, 99) => {
                spelled.push_str(">5");
                set = 105;
            }
            (103 | 105, 100) => {
                spelled.push_str(">6");
                set = 104;
            }
            (104 | 105, 101) => {
                spelled.push_str(">7");
                set = 103;
            }
            (103, 0..=95) | (105, 0..=99) => {
                spelled.push((b'0' + codeword / 10) as char);
                spelled.push((b'0' + codeword % 10) as char);
            }
            (104, 30 | 62 | 94 | 95) => return None,
            (104, 0..=95) => spelled.push((codeword + 32) as char),
            _ => return None,
        }
    }
    Some(spelled)
}

/// Least height and width of a scalable font (ZPL II guide, ^A).
const FONT_LEAST: Dots = Dots(10);

/// Whether the printer's own font sets the line as it reads: characters that font 0 of every printer has under ^CI28,
/// and not squeezed to less than half their width.
pub fn is_native(line: &TextLine) -> bool {
    let (height, width) = font_size(line);
    line.text.chars().all(|c| matches!(c, ' '..='~' | '\u{C0}'..='\u{FF}')) && width >= FONT_LEAST && width.0 * 2 >= height.0
}

/// A line in font 0, the scalable one, no wider than it was laid out.
pub fn text(out: &mut Vec<u8>, line: &TextLine) {
    if line.text.trim().is_empty() {
        return;
    }
    let (height, width) = font_size(line);
    push(out, format_args!("^FT{},{}^A0N,{height},{width}", line.baseline.x, line.baseline.y));
    data_and_end(out, &line.text);
}

/// Height and width of font 0 for a line. Its capitals are 0.75 of its height, those of our fonts 0.714 of the em.
fn font_size(line: &TextLine) -> (Dots, Dots) {
    let height = (line.size * 20 / 21).max(FONT_LEAST);
    let natural: i32 = line.text.chars().map(advance).sum();
    (height, (line.width * 100 / natural.max(1)).min(height))
}

/// How far font 0 moves for a character, in hundredths of its width: rounded up from what Labelary and labelize do.
fn advance(character: char) -> i32 {
    match character {
        ' ' | '!' | '\'' | '(' | ')' | ',' | '.' | '/' | ':' | ';' | '[' | ']' | '`' | 'I' | 'f' | 'i' | 'j' | 'l' | 'r'
        | 't' => 35,
        '%' | '+' | '-' | '<' | '=' | '>' | '@' | '^' | '~' => 100,
        'M' | 'W' | 'm' | 'w' | '\u{C6}' | '\u{E6}' => 82,
        'A'..='Z' | '&' | '\u{C0}'..='\u{DE}' => 63,
        _ => 54,
    }
}

/// Field data and the end of the field. Whatever could be taken for a command, a delimiter or a control goes as
/// `_` and two hex digits of its UTF-8 byte (^FH).
fn data_and_end(out: &mut Vec<u8>, data: &str) {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !b"^~_\\,".contains(&byte);
    if !data.bytes().all(plain) {
        out.extend_from_slice(b"^FH");
    }
    out.extend_from_slice(b"^FD");
    for byte in data.bytes() {
        match plain(byte) {
            true => out.push(byte),
            false => push(out, format_args!("_{byte:02X}")),
        }
    }
    out.extend_from_slice(b"^FS");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbology::code128;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn bars(data: &str) -> Option<String> {
        let symbol = code128::encode(data).unwrap();
        let mut out = Vec::new();
        let at = Point::new(Dots(10), Dots(20));
        super::code128(&mut out, at, &symbol, Dots(3), Dots(96)).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_postal_number_switches_sets_where_our_symbol_does() {
        assert_eq!(bars("RB123456785GB").unwrap(), "^FO10,20^BY3^BCN,96,N,N,N,N^FD>:RB1>523456785>6GB^FS");
        assert_eq!(bars("576461413038785752").unwrap(), "^FO10,20^BY3^BCN,96,N,N,N,N^FD>;576461413038785752^FS");
        assert_eq!(bars("\x02A").unwrap(), "^FO10,20^BY3^BCN,96,N,N,N,N^FD>96633^FS", "set A in pairs of digits");
    }

    #[test]
    fn characters_that_printers_read_apart_are_left_to_a_picture() {
        for data in ["a>b", "a^b", "a~b", "a\x7Fb"] {
            assert_eq!(bars(data), None, "{data:?}");
        }
        assert_eq!(bars("a_b,c\\").unwrap(), "^FO10,20^BY3^BCN,96,N,N,N,N^FH^FD>:a_5Fb_2Cc_5C^FS");
    }

    #[test]
    fn data_cannot_end_its_field() {
        assert_eq!(written(|out| data_and_end(out, "5 kg^FS^XA~JR_5E")), "^FH^FD5 kg_5EFS_5EXA_7EJR_5F5E^FS");
        assert_eq!(written(|out| data_and_end(out, "Café\r\n")), "^FH^FDCaf_C3_A9_0D_0A^FS");
        assert_eq!(written(|out| data_and_end(out, "Plain text (1)")), "^FDPlain text (1)^FS");
    }

    #[test]
    fn rules_are_as_thick_as_their_shorter_side() {
        let rule = Rect::new(Dots(5), Dots(6), Dots(700), Dots(3));
        assert_eq!(written(|out| fill(out, rule)), "^FO5,6^GB700,3,3^FS");
        assert_eq!(written(|out| fill(out, Rect::default())), "");
    }

    #[test]
    fn only_lines_of_plain_latin_are_left_to_the_printers_font() {
        let line = |text: &str| TextLine {
            text: text.to_owned(),
            baseline: Point::new(Dots(20), Dots(100)),
            width: Dots(200),
            size: Dots(42),
            bold: false,
        };
        assert!(is_native(&line("Straße 12, Besançon")));
        for text in ["Đà Nẵng", "深圳", "a\tb", "e\u{301}", "\u{202E}abc", "—", "far too much text for 200 dots"] {
            assert!(!is_native(&line(text)), "{text:?}");
        }
        assert_eq!(written(|out| super::text(out, &line("Ann Lee"))), "^FT20,100^A0N,40,40^FDAnn Lee^FS");
        assert_eq!(written(|out| super::text(out, &line("WWWWWWWWWW"))), "^FT20,100^A0N,40,24^FDWWWWWWWWWW^FS");
        assert_eq!(written(|out| super::text(out, &line("  "))), "");
    }
}
