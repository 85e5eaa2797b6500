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
pub mod encoding;
mod html;
mod number_format;
mod spreadsheetml;
mod xlsx;

pub use html::resolved;

use encoding::Doubt;
use encoding_rs::Encoding;

/// Bytes of a file.
pub const BYTES_MAX: usize = 64 << 20;
/// Bytes of a workbook once expanded, and of all texts of a table.
const EXPANDED_MAX: usize = 64 << 20;
/// Ten days of a busy seller; what is done with a row must stay quick for all of them.
const ROWS_MAX: usize = 20_000;
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
    pub written: String,
    /// The sheet's name, of a workbook.
    pub name: Option<String>,
    /// Whether it is the sheet that a spreadsheet shows when it opens the file.
    pub is_open: bool,
    /// Whether it is a text file, whose rows may be torn.
    pub is_text: bool,
    /// The other reading of the file, where the encoding is not certain.
    pub doubt: Option<Doubt>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Counted from 1, blank rows too.
    pub number: usize,
    pub cells: Vec<Cell>,
    /// Not shown in the spreadsheet: hidden, or filtered away.
    pub is_hidden: bool,
    /// Its line is written in another encoding than the rest of the file.
    pub is_mixed: bool,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Without blanks around it.
    Text(String),
    /// A number that a spreadsheet has rounded.
    Rounded,
    /// A formula that came to an error, such as `#REF!`.
    Error,
    /// A formula whose result is not stored in the file.
    NoResult,
    /// Quotation marks that do not close where the cell ends.
    Torn,
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
    /// A page with a table in it, often called .xls.
    Html,
    /// Excel's XML of 2003, often called .xls.
    SpreadsheetMl,
    /// Something we know and do not read, in a sentence with the way out.
    Other(&'static str),
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
    #[error(
        "is written in an encoding that is not found out: save it as \"CSV UTF-8\", or name it with --encoding, such as big5."
    )]
    Encoding,
    #[error("is not written in {0}, as was told.")]
    OtherEncoding(&'static str),
    #[error("{0}")]
    OtherKind(&'static str),
    #[error("is no Excel workbook, or is damaged ({0}): export it again.")]
    NoWorkbook(&'static str),
    #[error("has no sheet \"{name}\".{hint}")]
    NoSheet { name: String, hint: String },
}

/// What is known and not read, by how it begins.
const OLD_EXCEL: &str = "is an old Excel file (.xls of 1997 to 2003): open it in Excel or LibreOffice and save it as .xlsx.";
const PASSWORD: &str = "has a password: open it in Excel, take the password away and save it as .xlsx.";
const WEB_ARCHIVE: &str = "is a web archive (.mht): open it in Excel and save it as .xlsx.";
const PDF: &str = "is a PDF and no table: export the orders as CSV or Excel.";
const COMPRESSED: &str = "is compressed: unpack it and give the table inside.";

impl Kind {
    /// What the bytes look like.
    pub fn of(bytes: &[u8]) -> Kind {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        let head = String::from_utf8_lossy(&text[..text.len().min(2048)]).to_ascii_lowercase();
        let begins = |words: &[&str]| words.iter().any(|word| head.starts_with(word));
        match text.first() {
            Some(b'{' | b'[') | None => Kind::Json,
            _ if bytes.starts_with(b"PK\x03\x04") => Kind::Workbook,
            _ if bytes.starts_with(xlsx::OLD) => {
                let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
                let is_locked = bytes.windows(name.len()).take(1 << 20).any(|window| window == name);
                Kind::Other(if is_locked { PASSWORD } else { OLD_EXCEL })
            }
            // BIFF without its container, as Excel 2 to 4 and some web shops write it.
            _ if matches!(bytes, [0x09, 0x00 | 0x02 | 0x04 | 0x08, 0x04 | 0x06 | 0x08 | 0x10, 0x00, ..]) => {
                Kind::Other(OLD_EXCEL)
            }
            _ if bytes.starts_with(b"%PDF") => Kind::Other(PDF),
            _ if bytes.starts_with(b"\x1f\x8b") || bytes.starts_with(b"7z\xbc\xaf") || bytes.starts_with(b"Rar!") => {
                Kind::Other(COMPRESSED)
            }
            _ if begins(&["mime-version:"]) && head.contains("multipart/related") => Kind::Other(WEB_ARCHIVE),
            _ if begins(&["<?xml", "<workbook", "<ss:workbook"])
                && head.contains("urn:schemas-microsoft-com:office:spreadsheet")
                && !head.contains("<html") =>
            {
                Kind::SpreadsheetMl
            }
            _ if begins(&["<!doctype html", "<html", "<head", "<meta", "<body", "<table", "<style", "<div", "<!--"])
                || begins(&["<?xml"]) && head.contains("<html") =>
            {
                Kind::Html
            }
            _ => Kind::Text,
        }
    }
}

impl Sheet {
    /// Reads a text file or the sheet of a workbook that is wanted: the one that is named, else the one that is open.
    pub fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Sheet, SheetError> {
        let mut sheets = Sheet::read_all(bytes, wanted)?;
        let at = sheets.iter().position(|sheet| sheet.is_open).unwrap_or(0);
        Ok(sheets.swap_remove(at))
    }

    /// Reads a text file, or every sheet of a workbook that is shown; the one that is named alone. At least one comes back.
    pub fn read_all(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Vec<Sheet>, SheetError> {
        if bytes.len() > BYTES_MAX {
            return Err(SheetError::TooLarge);
        }
        match Kind::of(bytes) {
            Kind::Workbook => xlsx::read(bytes, wanted.sheet),
            Kind::Html => Ok(vec![html::read(bytes, wanted.encoding)?]),
            Kind::SpreadsheetMl => spreadsheetml::read(bytes, wanted.sheet),
            Kind::Other(sentence) => Err(SheetError::OtherKind(sentence)),
            Kind::Text | Kind::Json => Ok(vec![csv::read(bytes, wanted.encoding)?]),
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
        if let Some(text) = unguarded(text) {
            return Cell::Text(trimmed(&text).to_owned());
        }
        match text {
            text if is_error_value(text) => Cell::Error,
            // A spreadsheet saved as text, after it has rounded: 6.12206E+11.
            text if is_scientific(text) => Cell::Rounded,
            text => Cell::Text(text.to_owned()),
        }
    }
}

/// A text without what keeps a spreadsheet from taking it for a number or a formula: `="0123"`, `=("0123")`,
/// `=T("0123")`, and an apostrophe before digits or before a sign that begins a formula.
fn unguarded(text: &str) -> Option<String> {
    if let Some(formula) = text.strip_prefix('=') {
        let formula = formula.trim();
        let inner = match formula.split_once('(') {
            Some((name, rest)) if name.is_empty() || name.eq_ignore_ascii_case("t") => rest.strip_suffix(')')?.trim(),
            _ => formula,
        };
        let quoted = inner.strip_prefix('"')?.strip_suffix('"')?;
        // Two marks are one; one alone ends the text, and this is another formula.
        let is_one = quoted.replace("\"\"", "").bytes().all(|byte| byte != b'"');
        return is_one.then(|| quoted.replace("\"\"", "\""));
    }
    let rest = text.strip_prefix('\'')?;
    let is_code = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || " +-()./#".contains(c);
    let guarded = match rest.chars().next()? {
        '=' | '+' | '-' | '@' | '\t' => true,
        first => first.is_ascii_digit() && rest.chars().all(is_code),
    };
    guarded.then(|| rest.to_owned())
}

/// Exports pad cells with tabs, some begin with a byte order mark, and what is copied from a chat brings marks of direction along.
fn trimmed(text: &str) -> &str {
    let is_mark = |c: char| matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.trim_matches(|c: char| c.is_whitespace() || is_mark(c))
}

/// Values of a formula that is missing something, in the languages of Excel; the others end with a mark: `#BEZUG!`, `#NOM?`.
const NOT_AVAILABLE: [&str; 12] =
    ["#N/A", "#NV", "#N/D", "#ND", "#N/B", "#Н/Д", "#I/T", "#HIÁNYZIK", "#YOK", "#MANGLER", "#SAKNAS!", "#NIEDOSTĘPNY"];

/// What a spreadsheet shows of a formula that came to an error, or of a number too wide for its column.
fn is_error_value(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('#') else {
        // LibreOffice; and what Google writes until a formula has been worked out.
        return text.strip_prefix("Err:").is_some_and(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()))
            || text == "Loading...";
    };
    // In Spanish a mark stands before the word too: `#¡REF!`.
    let word = rest.strip_suffix(['!', '?']).map(|word| word.trim_start_matches(['¡', '¿']));
    let is_word = |word: &str| {
        word.chars().count() > 1
            && word.chars().all(|c| c.is_uppercase() || matches!(c, '/' | '0' | '_'))
            && word.chars().any(char::is_uppercase)
    };
    word.is_some_and(is_word) || NOT_AVAILABLE.contains(&text) || (rest.len() > 1 && rest.bytes().all(|byte| byte == b'#'))
}

/// `6.12206E+11`, `5,76E17`: so written, digits are lost. `1E5` without a point may be somebody's article.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_point = mantissa.contains(['.', ',']);
    let signed = exponent.strip_prefix(['+', '-']);
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    digits(&mantissa.replacen(['.', ','], "", 1))
        && digits(signed.unwrap_or(exponent))
        && (has_point || signed.is_some())
        && mantissa.len() <= 20
}

/// The cell of a number, with zeros in front up to that many digits.
fn number(text: &str, digits: usize) -> Cell {
    match text.parse::<f64>() {
        Ok(number) if number.abs() >= ROUNDED_FROM => Cell::Rounded,
        Ok(_) if has_invented_zeros(text) => Cell::Rounded,
        Ok(number) if number.is_finite() => {
            // What the spreadsheet shows of 0.1 + 0.2, which it keeps as 0.30000000000000004.
            let shown = format!("{number:.14e}").parse().unwrap_or(number);
            Cell::Text(format!("{shown:0>digits$}"))
        }
        _ => Cell::Text(text.to_owned()),
    }
}

/// `6.12206E+11` in a workbook: a program wrote six digits of twelve, and the rest are zeros that nobody typed.
fn has_invented_zeros(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let behind = mantissa.split_once('.').map_or(0, |(_, behind)| behind.len() as i64);
    exponent.trim_start_matches('+').parse::<i64>().is_ok_and(|exponent| exponent >= behind + 3)
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
