//! A table somebody exported: a text file with delimiters, or an Excel workbook.
//!
//! Bytes go in; rows of cells come out, numbered as a spreadsheet numbers them, or one sentence that says why not.
//! Every cell is text: numbers as they were typed, dates as `2025-07-14T18:00:00`. A number of more digits than a
//! spreadsheet keeps is not the number any more, and its cell says so. Bytes, rows, cells and what a workbook expands
//! to have bounds. Knows no column's meaning.
//!
//! ```
//! use waybilld::import::sheet::{Sheet, Wanted};
//!
//! let sheet = Sheet::read("Order ID;Note\n\n\"576\";\"two\nlines\"\n".as_bytes(), &Wanted::default()).unwrap();
//! let rows: Vec<_> = sheet.rows.iter().map(|row| (row.number, row.text(1))).collect();
//! assert_eq!(rows, [(1, "Note"), (3, "two\nlines")]);
//! ```

mod csv;
mod xlsx;

use encoding_rs::Encoding;

/// Bytes of a file.
pub const BYTES_MAX: usize = 64 << 20;
/// Bytes of a workbook once expanded, and of all texts of a table.
const EXPANDED_MAX: usize = 64 << 20;
/// As many as an order export of a seller has.
const ROWS_MAX: usize = 100_000;
const COLUMNS_MAX: usize = 1000;
const CELLS_MAX: usize = 2_000_000;
/// Excel's own limit.
const CELL_CHARS_MAX: usize = 32_767;
/// The first number that a spreadsheet, with its 15 digits, does not keep.
const ROUNDED_FROM: f64 = 1e15;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Those with something in them, in order.
    pub rows: Vec<Row>,
    /// How the file was written, in a word or two.
    pub written: &'static str,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Counted from 1, blank rows too.
    pub number: usize,
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Without blanks around it.
    Text(String),
    /// A number that a spreadsheet has rounded.
    Rounded,
    /// A formula that came to nothing, such as `#REF!`.
    Broken,
}

/// What of the file is wanted, where it has to be said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The sheet of a workbook; the first one that is shown otherwise.
    pub sheet: Option<&'a str>,
    /// Of a text file; found out otherwise.
    pub encoding: Option<&'static Encoding>,
}

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Json,
    Text,
    Workbook,
}

/// Why a file is no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    #[error("is larger than {} MB: export fewer orders at once.", BYTES_MAX >> 20)]
    TooLarge,
    #[error("unpacks to more than {} MB: export fewer orders at once.", EXPANDED_MAX >> 20)]
    Expands,
    #[error("has more than {ROWS_MAX} rows: export fewer orders at once.")]
    Rows,
    #[error("has more than {COLUMNS_MAX} columns: no order export has.")]
    Columns,
    #[error("has more than {CELLS_MAX} cells: export fewer orders at once.")]
    Cells,
    #[error("row {row}, column {}: has more than {CELL_CHARS_MAX} characters. Is a quotation mark not closed?", letters(*column))]
    LongCell { row: usize, column: usize },
    #[error("row {row}, column {}: a quotation mark is opened and never closed.", letters(*column))]
    OpenQuote { row: usize, column: usize },
    #[error("is neither UTF-8 nor UTF-16 nor Chinese GB18030: save it as \"CSV UTF-8\", or name its `encoding` in the map.")]
    Encoding,
    #[error("is not written in {0}, as the map says.")]
    OtherEncoding(&'static str),
    #[error("is an old Excel file or has a password: open it in Excel and save it as .xlsx without one.")]
    OldExcel,
    #[error("is no Excel workbook, or is damaged ({0}): export it again.")]
    NoWorkbook(&'static str),
    #[error("has no sheet \"{name}\".{hint}")]
    NoSheet { name: String, hint: String },
}

impl Kind {
    /// What the bytes look like.
    pub fn of(bytes: &[u8]) -> Kind {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        match text.first() {
            Some(b'{' | b'[') | None => Kind::Json,
            _ if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(xlsx::OLD) => Kind::Workbook,
            _ => Kind::Text,
        }
    }
}

impl Sheet {
    /// Reads a text file or a workbook.
    pub fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Sheet, SheetError> {
        if bytes.len() > BYTES_MAX {
            return Err(SheetError::TooLarge);
        }
        match Kind::of(bytes) {
            Kind::Workbook => xlsx::read(bytes, wanted.sheet),
            Kind::Text | Kind::Json => csv::read(bytes, wanted.encoding),
        }
    }
}

impl Row {
    /// The text of that cell, counted from 0; blank where there is none.
    pub fn text(&self, column: usize) -> &str {
        match self.cells.get(column) {
            Some(Cell::Text(text)) => text,
            _ => "",
        }
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| matches!(cell, Cell::Text(text) if text.is_empty()))
    }
}

impl Cell {
    /// The cell of a text somebody typed.
    fn typed(text: &str) -> Cell {
        let text = trimmed(text);
        // `="0123"` is how an export keeps a spreadsheet from taking a text for a number.
        let guarded = text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).filter(|text| !text.contains('"'));
        match guarded {
            Some(text) => Cell::Text(trimmed(text).to_owned()),
            // A spreadsheet saved as text, after it has rounded: 5.76462E+17.
            None if is_scientific(text) && number(text, 0) == Cell::Rounded => Cell::Rounded,
            None => Cell::Text(text.to_owned()),
        }
    }
}

/// Exports pad cells with tabs, and some begin with a byte order mark.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once("E+") else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(&mantissa.replacen(['.', ','], "", 1)) && digits(exponent)
}

/// The cell of a number, with zeros in front up to that many digits.
fn number(text: &str, digits: usize) -> Cell {
    match text.replace(',', ".").parse::<f64>() {
        Ok(number) if number.abs() >= ROUNDED_FROM => Cell::Rounded,
        Ok(number) if number.is_finite() => {
            // What the spreadsheet shows of 0.1 + 0.2, which it keeps as 0.30000000000000004.
            let shown = format!("{number:.14e}").parse().unwrap_or(number);
            Cell::Text(format!("{shown:0>digits$}"))
        }
        _ => Cell::Text(text.to_owned()),
    }
}

/// How a spreadsheet calls the column, counted from 0: `A`, `Z`, `AA`.
pub fn letters(column: usize) -> String {
    let mut left = column + 1;
    let mut letters = Vec::new();
    while left > 0 {
        letters.push(b'A' + ((left - 1) % 26) as u8);
        left = (left - 1) / 26;
    }
    letters.reverse();
    String::from_utf8(letters).expect("made of letters")
}

/// The column and row of `AB12`, each counted from 0.
fn place(reference: &str) -> Option<(usize, usize)> {
    let digits = reference.find(|c: char| c.is_ascii_digit())?;
    let (column, row) = reference.split_at(digits);
    let mut at = 0usize;
    for letter in column.bytes() {
        at = at.checked_mul(26)?.checked_add(usize::from(letter.checked_sub(b'A').filter(|&n| n < 26)?) + 1)?;
    }
    Some((at.checked_sub(1)?, row.parse::<usize>().ok()?.checked_sub(1)?))
}

#[cfg(test)]
mod tests;
