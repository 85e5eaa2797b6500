//! Text files with delimiters: CSV and what Excel calls Unicode text.
//!
//! The encoding is found out by `encoding`; the delimiter (comma, semicolon, tab, bar) is told by
//! the first lines, or by a line `sep=;` before them. A quoted cell may have line ends in it, and is one
//! row all the same, as in a spreadsheet. A quotation mark that closes before its cell ends is told, not read.

use super::encoding::{Decoded, MIXED, decode};
use super::{CELL_CHARS_MAX, CELLS_MAX, COLUMNS_MAX, Cell, ROWS_MAX, Row, Sheet, SheetError};
use encoding_rs::Encoding;

/// Lines that tell the delimiter.
const LINES_LOOKED_AT: usize = 50;

pub fn read(bytes: &[u8], encoding: Option<&'static Encoding>) -> Result<Sheet, SheetError> {
    let Decoded { text, name, doubt } = decode(bytes, encoding)?;
    Ok(Sheet { rows: parse(&text)?, written: name.to_owned(), doubt, is_text: true, ..Sheet::default() })
}

/// The delimiter, and where the rows begin.
fn delimiter(text: &str) -> (char, usize) {
    if let Some(told) = text.strip_prefix("sep=").and_then(|rest| rest.chars().next()) {
        return (told, text.find('\n').map_or(text.len(), |end| end + 1));
    }
    // Of each delimiter, on how many lines it stands equally often; commas of addresses do not.
    let mut counts = [(',', Vec::new()), (';', Vec::new()), ('\t', Vec::new()), ('|', Vec::new())];
    let mut quoted = false;
    for line in text.lines().take(LINES_LOOKED_AT) {
        let mut of_line = [0usize; 4];
        for c in line.chars() {
            quoted ^= c == '"';
            if let Some(at) = counts.iter().position(|(delimiter, _)| *delimiter == c && !quoted) {
                of_line[at] += 1;
            }
        }
        for ((_, counts), count) in counts.iter_mut().zip(of_line).filter(|(_, count)| *count > 0) {
            counts.push(count);
        }
    }
    let weight =
        |counts: &[usize]| counts.iter().map(|count| count * counts.iter().filter(|other| *other == count).count()).max();
    let weighed = counts.iter().rev().filter_map(|(delimiter, counts)| Some((weight(counts)?, *delimiter)));
    // Of equals the first: a comma.
    (weighed.max_by_key(|(weight, _)| *weight).map_or(',', |(_, delimiter)| delimiter), 0)
}

/// How the quotation marks of a cell stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Open,
    Closed,
    /// Something follows the closing mark.
    Torn,
}

fn parse(text: &str) -> Result<Vec<Row>, SheetError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (delimiter, start) = delimiter(text);
    let mut letters = text[start..].chars().peekable();
    let mut rows = Vec::new();
    let mut row = Row { number: 1, ..Row::default() };
    let mut cells = 0;
    let mut quotes = Quotes::None;
    let mut cell = String::new();
    let mut length = 0;
    while let Some(c) = letters.next() {
        let ends = |c: char| c == delimiter || c == '\n' || c == '\r';
        match (c, quotes) {
            (MIXED, _) => {
                row.is_mixed = true;
                continue;
            }
            ('"', Quotes::Open) if letters.next_if_eq(&'"').is_some() => cell.push('"'),
            ('"', Quotes::Open) => quotes = Quotes::Closed,
            (c, Quotes::Open) => cell.push(c),
            ('"', Quotes::None) if length == 0 => quotes = Quotes::Open,
            (c, _) if ends(c) => {
                add(&mut row, &mut cell, quotes, &mut cells)?;
                length = 0;
                quotes = Quotes::None;
                if c != delimiter {
                    if c == '\r' {
                        letters.next_if_eq(&'\n');
                    }
                    next(&mut rows, &mut row)?;
                }
                continue;
            }
            (c, Quotes::Closed) if c.is_whitespace() => {}
            (c, Quotes::Closed) => {
                quotes = Quotes::Torn;
                cell.push(c);
            }
            (c, _) => cell.push(c),
        }
        length += 1;
        if length > CELL_CHARS_MAX {
            return Err(SheetError::LongCell { row: row.number, column: row.cells.len() });
        }
    }
    if quotes == Quotes::Open {
        return Err(SheetError::OpenQuote { row: row.number, column: row.cells.len() });
    }
    add(&mut row, &mut cell, quotes, &mut cells)?;
    next(&mut rows, &mut row)?;
    Ok(rows)
}

fn add(row: &mut Row, cell: &mut String, quotes: Quotes, cells: &mut usize) -> Result<(), SheetError> {
    *cells += 1;
    if row.cells.len() >= COLUMNS_MAX {
        return Err(SheetError::Columns);
    }
    if *cells > CELLS_MAX {
        return Err(SheetError::Cells);
    }
    // A blank before the mark: it opens nothing, and the delimiters behind it part the cell.
    let opens_late = quotes == Quotes::None && cell.trim_start().starts_with('"');
    row.cells.push(if quotes == Quotes::Torn || opens_late { Cell::Torn } else { Cell::typed(cell) });
    cell.clear();
    Ok(())
}

fn next(rows: &mut Vec<Row>, row: &mut Row) -> Result<(), SheetError> {
    let number = row.number;
    let done = std::mem::replace(row, Row { number: number + 1, ..Row::default() });
    if !done.is_blank() {
        if rows.len() >= ROWS_MAX {
            return Err(SheetError::Rows);
        }
        rows.push(done);
    }
    Ok(())
}
