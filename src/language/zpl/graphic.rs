//! Pictures as ZPL graphics: the shorter of Z64 (zlib, base64, CRC) and run-length hex.
//!
//! Both stand in the same place of `^GF` and `~DG` (ZPL II guide, "ZB64 encoding and compression" and
//! "Alternative data compression scheme").

use super::name::Name;
use super::push;
use crate::dots::{Bitmap, Dots, Point};
use libdeflater::{CompressionLvl, Compressor};
use std::ops::Range;

/// Largest graphic in a field (ZPL II guide, ^GF: 1 to 99999 bytes).
const FIELD_MOST: usize = 99_999;

/// The fastest level. On text at 203 dpi it takes 0.14 ms a label; level 6 takes 0.35 ms to save 2 %, level 12 7 ms for 7 %.
const LEVEL: i32 = 1;
/// The closest one: on a line of 115200 baud it saves ten times the time it takes.
const LEVEL_SLOW_LINE: i32 = 12;

/// Where zlib does better than this, hex may do better still: tiny pictures and plain areas.
const HEX_BELOW: usize = 256;

/// A picture of whole bytes a row, trimmed to its ink at byte borders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graphic {
    pub at: Point,
    /// Bytes in a row.
    pub stride: usize,
    pub rows: Vec<u8>,
}

impl Graphic {
    /// A whole picture; `None` when it is white.
    pub fn of(bitmap: &Bitmap, at: Point) -> Option<Graphic> {
        Graphic::of_rows(bitmap, at, 0..bitmap.height().count())
    }

    /// Some rows of a picture that stands at `at`; `None` when they are white.
    pub fn of_rows(bitmap: &Bitmap, at: Point, rows: Range<usize>) -> Option<Graphic> {
        let inked = |y: &usize| bitmap.row(*y).iter().any(|&byte| byte != 0);
        let top = rows.clone().find(inked)?;
        let bottom = rows.rev().find(inked)? + 1;
        let mut columns = vec![0u8; bitmap.stride()];
        for y in top..bottom {
            columns.iter_mut().zip(bitmap.row(y)).for_each(|(all, byte)| *all |= byte);
        }
        let left = columns.iter().position(|&byte| byte != 0)?;
        let right = columns.iter().rposition(|&byte| byte != 0)? + 1;
        let mut packed = Vec::with_capacity((right - left) * (bottom - top));
        (top..bottom).for_each(|y| packed.extend_from_slice(&bitmap.row(y)[left..right]));
        Some(Graphic { at: Point::new(at.x + Dots::of(left * 8), at.y + Dots::of(top)), stride: right - left, rows: packed })
    }
}

/// The runs of rows with ink, top to bottom: the lines of a text, mostly.
pub fn lines(bitmap: &Bitmap) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    for y in 0..bitmap.height().count() {
        if bitmap.row(y).iter().all(|&byte| byte == 0) {
            continue;
        }
        match lines.last_mut() {
            Some(line) if line.end == y => line.end += 1,
            _ => lines.push(y..y + 1),
        }
    }
    lines
}

/// Compresses graphics; one compressor serves them all.
pub struct Packer {
    deflate: Compressor,
    zlib: Vec<u8>,
    hex: Vec<u8>,
}

impl Packer {
    pub fn new(slow_line: bool) -> Packer {
        let level = if slow_line { LEVEL_SLOW_LINE } else { LEVEL };
        let level = CompressionLvl::new(level).expect("libdeflate has levels 0 to 12");
        Packer { deflate: Compressor::new(level), zlib: Vec::new(), hex: Vec::new() }
    }

    /// Writes a graphic as fields, in as many as their size limit asks: `^FO ^GF ^FS`.
    pub fn field(&mut self, out: &mut Vec<u8>, graphic: &Graphic) {
        let rows = (FIELD_MOST / graphic.stride).max(1);
        for (i, part) in graphic.rows.chunks(rows * graphic.stride).enumerate() {
            let (x, y, bytes) = (graphic.at.x, graphic.at.y + Dots::of(i * rows), part.len());
            push(out, format_args!("^FO{x},{y}^GFA,{bytes},{bytes},{},", graphic.stride));
            self.data(out, part, graphic.stride);
            out.extend_from_slice(b"^FS");
        }
    }

    /// Writes a graphic to be stored: `~DG`.
    pub fn download(&mut self, out: &mut Vec<u8>, name: Name, graphic: &Graphic) {
        push(out, format_args!("~DGR:{name}.GRF,{},{},", graphic.rows.len(), graphic.stride));
        self.data(out, &graphic.rows, graphic.stride);
    }

    fn data(&mut self, out: &mut Vec<u8>, rows: &[u8], stride: usize) {
        self.zlib.resize(self.deflate.zlib_compress_bound(rows.len()), 0);
        let length = self.deflate.zlib_compress(rows, &mut self.zlib).expect("the bound holds for any data");
        let zlib = &self.zlib[..length];
        let base64 = base64_simd::STANDARD;
        let zipped = b":Z64:".len() + base64.encoded_length(length) + b":FFFF".len();
        if zipped < HEX_BELOW && shorter_hex(&mut self.hex, rows, stride, zipped) {
            return out.extend_from_slice(&self.hex);
        }
        out.extend_from_slice(b":Z64:");
        let start = out.len();
        base64.encode_append(zlib, out);
        let crc = crc(&out[start..]);
        push(out, format_args!(":{crc:04X}"));
    }
}

/// Run-length hex: a letter repeats the digit after it, `,` fills a row with white, `:` repeats the row above.
/// `!` (fill with black) is left out: interpreters read it differently. `false` when not shorter than `limit`.
fn shorter_hex(hex: &mut Vec<u8>, rows: &[u8], stride: usize, limit: usize) -> bool {
    hex.clear();
    let mut above: &[u8] = &[];
    for row in rows.chunks(stride) {
        if hex.len() >= limit {
            return false;
        }
        if row == above {
            hex.push(b':');
            continue;
        }
        above = row;
        let ink = row.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let digits = row[..ink].iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let mut run = (0u8, 0usize);
        for digit in digits {
            if digit == run.0 {
                run.1 += 1;
            } else {
                repeat(hex, run);
                run = (digit, 1);
            }
        }
        if ink < stride {
            // A white last digit is part of the fill.
            if run.0 != 0 {
                repeat(hex, run);
            }
            hex.push(b',');
        } else {
            repeat(hex, run);
        }
    }
    hex.len() < limit
}

/// A digit so many times: `z` is 400, `g` to `y` are twenties, `G` to `Y` ones.
fn repeat(hex: &mut Vec<u8>, (digit, mut count): (u8, usize)) {
    let digit = b"0123456789ABCDEF"[usize::from(digit)];
    if count == 0 {
        return;
    }
    if count == 2 {
        return hex.extend_from_slice(&[digit, digit]);
    }
    while count >= 400 {
        hex.push(b'z');
        count -= 400;
    }
    if count >= 20 {
        hex.push(b'g' + (count / 20 - 1) as u8);
        count %= 20;
    }
    // A lone digit needs no count, unless it ends a longer one.
    let counted = hex.last().is_some_and(|byte| (b'g'..=b'z').contains(byte));
    if count > usize::from(!counted) {
        hex.push(b'F' + count as u8);
    }
    hex.push(digit);
}

/// CRC-16, polynomial 0x1021, start 0, over the base64 text (ZPL II guide: "calculated over the encoded data").
fn crc(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 256] = {
        let mut table = [0u16; 256];
        let mut i = 0;
        while i < 256 {
            let mut crc = (i as u16) << 8;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 0x8000 != 0 { (crc << 1) ^ 0x1021 } else { crc << 1 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    bytes.iter().fold(0, |crc, &byte| (crc << 8) ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::{Rect, Size};
    use proptest::prelude::*;

    fn data(rows: &[u8], stride: usize) -> String {
        let mut out = Vec::new();
        Packer::new(false).data(&mut out, rows, stride);
        String::from_utf8(out).unwrap()
    }

    fn hex(rows: &[u8], stride: usize) -> String {
        let mut hex = Vec::new();
        assert!(shorter_hex(&mut hex, rows, stride, usize::MAX));
        String::from_utf8(hex).unwrap()
    }

    /// Reads run-length hex back, by the manual.
    fn unhex(text: &str, stride: usize) -> Vec<u8> {
        let mut rows: Vec<String> = vec![String::new()];
        let mut count = 0;
        for letter in text.chars() {
            if rows.last().unwrap().len() == stride * 2 {
                rows.push(String::new());
            }
            let above = rows.len().checked_sub(2).map(|i| rows[i].clone());
            let row = rows.last_mut().unwrap();
            match letter {
                'G'..='Y' => count += letter as usize - 'F' as usize,
                'g'..='z' => count += (letter as usize - 'f' as usize) * 20,
                ',' => row.push_str(&"0".repeat(stride * 2 - row.len())),
                ':' => *row = above.unwrap(),
                digit => {
                    row.push_str(&digit.to_string().repeat(count.max(1)));
                    count = 0;
                }
            }
        }
        let digits = rows.concat();
        (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[i * 2..i * 2 + 2], 16).unwrap()).collect()
    }

    #[test]
    fn run_length_hex_reads_as_the_manual_says() {
        assert_eq!(hex(&[0xFF, 0xFF, 0xFF, 0xF0, 0, 0, 0, 0], 8), "MF,");
        assert_eq!(hex(&[0xF0, 0xF0], 1), "F0:");
        assert_eq!(hex(&[0, 0, 0xAB, 0], 2), ",AB,");
        assert_eq!(hex(&[0x11, 0x10], 2), "I10");
        assert_eq!(hex(&[0xFF; 200], 200), "zF");
        assert_eq!(hex(&[0xFF; 11], 11), "gHF");
    }

    #[test]
    fn the_crc_is_the_one_printers_check() {
        // CRC-16/XMODEM of the digits 1 to 9, the published check value.
        assert_eq!(crc(b"123456789"), 0x31C3);
    }

    #[test]
    fn a_big_picture_is_zlib_in_base64_with_its_crc() {
        let rows: Vec<u8> = (0..4000u32).map(|i| (i * i / 7) as u8).collect();
        let text = data(&rows, 40);
        let (base64, crc_text) = text.strip_prefix(":Z64:").unwrap().rsplit_once(':').unwrap();
        assert_eq!(crc_text, format!("{:04X}", crc(base64.as_bytes())));
        let zlib = base64_simd::STANDARD.decode_to_vec(base64).unwrap();
        let mut back = vec![0; rows.len()];
        assert_eq!(libdeflater::Decompressor::new().zlib_decompress(&zlib, &mut back), Ok(rows.len()));
        assert_eq!(back, rows);
    }

    #[test]
    fn a_picture_over_the_field_limit_goes_in_several_fields() {
        let mut packer = Packer::new(false);
        let mut out = Vec::new();
        let graphic = Graphic { at: Point::new(Dots(3), Dots(7)), stride: 300, rows: vec![0x55; 300 * 1000] };
        packer.field(&mut out, &graphic);
        let text = String::from_utf8(out).unwrap();
        let heads: Vec<&str> = text.split("^FS").filter(|field| !field.is_empty()).map(|field| field.split_at(26).0).collect();
        assert_eq!(heads.len(), 4);
        assert!(heads[0].starts_with("^FO3,7^GFA,99900,99900,300"));
        assert!(heads[1].starts_with("^FO3,340^GFA,99900,99900,"));
        assert!(heads[3].starts_with("^FO3,1006^GFA,300,300,300"));
    }

    #[test]
    fn white_margins_are_not_sent() {
        let mut bitmap = Bitmap::new(Size::new(Dots(100), Dots(50)));
        bitmap.fill(Rect::new(Dots(17), Dots(5), Dots(20), Dots(3)));
        let graphic = Graphic::of(&bitmap, Point::new(Dots(10), Dots(10))).unwrap();
        assert_eq!(graphic.at, Point::new(Dots(26), Dots(15)));
        assert_eq!((graphic.stride, graphic.rows.len()), (3, 9));
        assert_eq!(Graphic::of(&Bitmap::new(bitmap.size()), Point::default()), None);
    }

    #[test]
    fn lines_are_parted_by_white_rows() {
        let mut bitmap = Bitmap::new(Size::new(Dots(9), Dots(12)));
        bitmap.fill(Rect::new(Dots(8), Dots(0), Dots(1), Dots(3)));
        bitmap.fill(Rect::new(Dots(1), Dots(5), Dots(3), Dots(7)));
        assert_eq!(lines(&bitmap), [0..3, 5..12]);
    }

    proptest! {
        #[test]
        fn run_length_hex_comes_back_the_same(
            runs in prop::collection::vec((prop::sample::select(vec![0x00, 0xFF, 0xF0, 0x0F, 0x11, 0xA5]), 1..300usize), 1..12),
            stride in 1..120usize,
        ) {
            let mut rows: Vec<u8> = runs.iter().flat_map(|(byte, count)| vec![*byte; *count]).collect();
            rows.resize(rows.len().div_ceil(stride) * stride, 0);
            prop_assert_eq!(unhex(&hex(&rows, stride), stride), rows);
        }
    }
}
