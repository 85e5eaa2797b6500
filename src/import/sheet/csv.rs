//! Text files with delimiters: CSV and what Excel calls Unicode text.
//!
//! The encoding is told by the byte order mark, or by what the bytes can be; the delimiter (comma, semicolon, tab) by
//! the first line that has one, or by a line `sep=;` before it. A quoted cell may have line ends in it, and is one
//! row all the same, as in a spreadsheet.

use super::{CELL_CHARS_MAX, CELLS_MAX, COLUMNS_MAX, Cell, ROWS_MAX, Row, Sheet, SheetError};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// So much of a file is looked at to tell whether it is Chinese.
const LOOKED_AT: usize = 1 << 20;

pub fn read(bytes: &[u8], encoding: Option<&'static Encoding>) -> Result<Sheet, SheetError> {
    let (text, encoding) = decode(bytes, encoding)?;
    Ok(Sheet { rows: parse(&text)?, written: encoding.name() })
}

type Decoded<'a> = (Cow<'a, str>, &'static Encoding);

fn decode<'a>(bytes: &'a [u8], told: Option<&'static Encoding>) -> Result<Decoded<'a>, SheetError> {
    let (encoding, bom) = match (Encoding::for_bom(bytes), told) {
        (Some(found), _) => found,
        (None, Some(told)) => (told, 0),
        (None, None) if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        (None, None) if is_chinese(bytes) => (GB18030, 0),
        (None, None) => return Err(SheetError::Encoding),
    };
    let (text, broken) = encoding.decode_without_bom_handling(&bytes[bom..]);
    match told {
        // UTF-16 is told by its mark; a stray half of a character in it damages one cell, which says so.
        _ if !broken || encoding == UTF_16LE || encoding == UTF_16BE => Ok((text, encoding)),
        Some(_) => Err(SheetError::OtherEncoding(encoding.name())),
        None => Err(SheetError::Encoding),
    }
}

/// Whether bytes that are no UTF-8 are GB18030: other old encodings can be read so too, but then give characters that
/// nobody writes. Chinese text is made of the 3,755 characters of GB 2312's first level and full-width signs.
fn is_chinese(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter().take(LOOKED_AT).copied();
    let (mut common, mut rare) = (0usize, 0usize);
    while let Some(first) = bytes.next() {
        if first >= 0x80 {
            match (first, bytes.next()) {
                (0xa1..=0xa3 | 0xb0..=0xd7, Some(0xa1..=0xfe)) => common += 1,
                _ => rare += 1,
            }
        }
    }
    common >= 6 * rare
}

/// The delimiter, and where the rows begin.
fn delimiter(text: &str) -> (char, usize) {
    if let Some(told) = text.strip_prefix("sep=").and_then(|rest| rest.chars().next()) {
        return (told, text.find('\n').map_or(text.len(), |end| end + 1));
    }
    for line in text.lines().take(100) {
        let mut quoted = false;
        let mut counts = [(',', 0), (';', 0), ('\t', 0)];
        for c in line.chars() {
            quoted ^= c == '"';
            if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| *delimiter == c && !quoted) {
                *count += 1;
            }
        }
        // Of equals the first: a comma.
        counts.reverse();
        if let Some((delimiter, _)) = counts.into_iter().filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count) {
            return (delimiter, 0);
        }
    }
    (',', 0)
}

fn parse(text: &str) -> Result<Vec<Row>, SheetError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (delimiter, start) = delimiter(text);
    let mut letters = text[start..].chars().peekable();
    let mut rows = Vec::new();
    let mut row = Row { number: 1, cells: Vec::new() };
    let (mut cells, mut opened) = (0, None);
    let mut cell = String::new();
    let mut length = 0;
    while let Some(c) = letters.next() {
        let ends = |c: char| c == delimiter || c == '\n' || c == '\r';
        match (c, opened) {
            ('"', Some(_)) if letters.next_if_eq(&'"').is_some() => cell.push('"'),
            ('"', Some(_)) => opened = None,
            ('"', None) if length == 0 => opened = Some(()),
            (c, None) if ends(c) => {
                add(&mut row, &mut cell, &mut cells)?;
                length = 0;
                if c != delimiter {
                    if c == '\r' {
                        letters.next_if_eq(&'\n');
                    }
                    next(&mut rows, &mut row)?;
                }
                continue;
            }
            (c, _) => cell.push(c),
        }
        length += 1;
        if length > CELL_CHARS_MAX {
            return Err(SheetError::LongCell { row: row.number, column: row.cells.len() });
        }
    }
    if opened.is_some() {
        return Err(SheetError::OpenQuote { row: row.number, column: row.cells.len() });
    }
    add(&mut row, &mut cell, &mut cells)?;
    next(&mut rows, &mut row)?;
    Ok(rows)
}

fn add(row: &mut Row, cell: &mut String, cells: &mut usize) -> Result<(), SheetError> {
    *cells += 1;
    if row.cells.len() >= COLUMNS_MAX {
        return Err(SheetError::Columns);
    }
    if *cells > CELLS_MAX {
        return Err(SheetError::Cells);
    }
    row.cells.push(Cell::typed(cell));
    cell.clear();
    Ok(())
}

fn next(rows: &mut Vec<Row>, row: &mut Row) -> Result<(), SheetError> {
    let number = row.number;
    let done = std::mem::replace(row, Row { number: number + 1, cells: Vec::new() });
    if !done.is_blank() {
        if rows.len() >= ROWS_MAX {
            return Err(SheetError::Rows);
        }
        rows.push(done);
    }
    Ok(())
}
