//! Excel workbooks (ECMA-376): XML parts in a zip.
//!
//! Read by hand and not by a library, because a workbook comes from outside and the daemon must outlive it: every part
//! is counted while it expands, nothing is reserved because the file says so, and a number's digits are seen before
//! they become a float. Formulas give what was last calculated. The columns of merged cells are filled downwards, as an
//! export means them.

use super::{CELL_CHARS_MAX, CELLS_MAX, COLUMNS_MAX, Cell, EXPANDED_MAX, ROWS_MAX, Row, Sheet, SheetError, number, place};
use crate::fault::hint;
use jiff::ToSpan;
use jiff::civil::{DateTime, date};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// How an old Excel file and one with a password begin.
pub const OLD: &[u8] = b"\xd0\xcf\x11\xe0";

/// How a number is shown, as far as it is another text then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Date,
    DateTime,
    /// With zeros in front up to that many digits: a postcode.
    Digits(usize),
}

/// A piece of XML.
enum Piece<'a> {
    Start(&'a str, &'a BytesStart<'a>),
    End(&'a str),
    Text(&'a str),
}

/// The zip, and how many bytes it may still expand to.
struct Book<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    left: usize,
}

pub fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, SheetError> {
    if bytes.starts_with(OLD) {
        return Err(SheetError::OldExcel);
    }
    let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| SheetError::NoWorkbook("its zip cannot be read"))?;
    let mut book = Book { zip, left: EXPANDED_MAX };
    let (part, from_1904) = book.sheet(wanted)?;
    let strings = match book.part("xl/sharedStrings.xml")? {
        Some(xml) => shared_strings(&xml)?,
        None => Vec::new(),
    };
    let styles = match book.part("xl/styles.xml")? {
        Some(xml) => styles(&xml)?,
        None => Vec::new(),
    };
    let xml = book.part(&part)?.ok_or(SheetError::NoWorkbook("its sheet is missing"))?;
    let mut cells = Cells { strings, styles, from_1904, rows: BTreeMap::new(), slots: 0, bytes: EXPANDED_MAX };
    cells.read(&xml)?;
    let rows = cells.rows.into_iter().map(|(at, cells)| Row { number: at + 1, cells });
    Ok(Sheet { rows: rows.filter(|row| !row.is_blank()).collect(), written: "Excel" })
}

impl Book<'_> {
    /// A part as text.
    fn part(&mut self, name: &str) -> Result<Option<String>, SheetError> {
        let Ok(part) = self.zip.by_name(name) else { return Ok(None) };
        let mut bytes = Vec::new();
        let taken = part.take(self.left as u64 + 1).read_to_end(&mut bytes);
        self.left = self.left.checked_sub(bytes.len()).ok_or(SheetError::Expands)?;
        taken.map_err(|_| SheetError::NoWorkbook("a part of it does not unpack"))?;
        String::from_utf8(bytes).map(Some).map_err(|_| SheetError::NoWorkbook("a part of it is no UTF-8"))
    }

    /// The part of the wanted sheet, and whether its days are counted from 1904.
    fn sheet(&mut self, wanted: Option<&str>) -> Result<(String, bool), SheetError> {
        let workbook = self.part("xl/workbook.xml")?.ok_or(SheetError::NoWorkbook("it has no workbook"))?;
        let mut sheets: Vec<(String, String, bool)> = Vec::new();
        let mut from_1904 = false;
        walk(&workbook, |piece| {
            match piece {
                Piece::Start("sheet", element) => sheets.push((
                    attribute(element, "name").unwrap_or_default(),
                    attribute(element, "id").unwrap_or_default(),
                    attribute(element, "state").is_none_or(|state| state == "visible"),
                )),
                Piece::Start("workbookPr", element) => {
                    from_1904 = matches!(attribute(element, "date1904").as_deref(), Some("1" | "true"));
                }
                _ => {}
            }
            Ok(())
        })?;
        let found = match wanted {
            Some(name) => sheets.iter().find(|(known, ..)| known == name),
            None => sheets.iter().find(|(_, _, shown)| *shown),
        };
        let Some((_, id, _)) = found else {
            let names: Vec<&str> = sheets.iter().map(|(name, ..)| name.as_str()).take(10).collect();
            return Err(match wanted {
                Some(name) => SheetError::NoSheet { name: name.to_owned(), hint: hint(name, &names) },
                None => SheetError::NoWorkbook("it has no sheet"),
            });
        };
        let links = self.part("xl/_rels/workbook.xml.rels")?.ok_or(SheetError::NoWorkbook("its sheets are not listed"))?;
        let mut target = None;
        walk(&links, |piece| {
            if let Piece::Start("Relationship", element) = piece
                && attribute(element, "Id").as_ref() == Some(id)
            {
                target = attribute(element, "Target");
            }
            Ok(())
        })?;
        let target = target.ok_or(SheetError::NoWorkbook("its sheet is not listed"))?;
        let part = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
        Ok((part, from_1904))
    }
}

/// Goes through the elements of a part. Names come without their namespace.
fn walk(xml: &str, mut visit: impl FnMut(Piece<'_>) -> Result<(), SheetError>) -> Result<(), SheetError> {
    let damaged = SheetError::NoWorkbook("its XML is broken");
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().map_err(|_| damaged.clone())? {
            Event::Start(element) => visit(Piece::Start(element.local_name().as_ref(), &element))?,
            Event::End(element) => visit(Piece::End(element.local_name().as_ref()))?,
            Event::Text(text) => visit(Piece::Text(&text.xml10_content()))?,
            Event::CData(text) => visit(Piece::Text(&text.xml10_content()))?,
            Event::GeneralRef(entity) => {
                let letter = entity.resolve_char_ref().map_err(|_| damaged.clone())?;
                let mut room = [0; 4];
                let text = match letter {
                    Some(letter) => letter.encode_utf8(&mut room),
                    None => resolve_xml_entity(&entity).ok_or_else(|| damaged.clone())?,
                };
                visit(Piece::Text(text))?;
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut all = element.attributes();
    let found = all.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

fn shared_strings(xml: &str) -> Result<Vec<String>, SheetError> {
    let mut strings = Vec::new();
    let mut text = String::new();
    // Readings of Japanese characters stand beside the text, as text.
    let (mut inside, mut reading) = (false, false);
    walk(xml, |piece| {
        match piece {
            Piece::Start("t", _) => inside = !reading,
            Piece::End("t") => inside = false,
            Piece::Start("rPh", _) => reading = true,
            Piece::End("rPh") => reading = false,
            Piece::Text(more) if inside => text.push_str(more),
            Piece::End("si") => {
                if strings.len() >= CELLS_MAX {
                    return Err(SheetError::Cells);
                }
                strings.push(unescaped(&std::mem::take(&mut text)));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(strings)
}

/// Excel writes what XML has no sign for as `_x000D_`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let code = escape.get(2..6).filter(|_| escape.as_bytes().get(6) == Some(&b'_'));
        let letter = code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        out.extend(letter.or(Some('_')));
        rest = &escape[if letter.is_some() { 7 } else { 1 }..];
    }
    out.push_str(rest);
    out
}

/// How the cells of each style show their numbers.
fn styles(xml: &str) -> Result<Vec<Style>, SheetError> {
    let mut formats: BTreeMap<String, Style> = BTreeMap::new();
    let mut styles = Vec::new();
    let mut inside = false;
    walk(xml, |piece| {
        match piece {
            Piece::Start("numFmt", element) => {
                let code = attribute(element, "formatCode").unwrap_or_default();
                formats.insert(attribute(element, "numFmtId").unwrap_or_default(), style_of(&code));
            }
            Piece::Start("cellXfs", _) => inside = true,
            Piece::End("cellXfs") => inside = false,
            Piece::Start("xf", element) if inside && styles.len() < CELLS_MAX => {
                let id = attribute(element, "numFmtId").unwrap_or_default();
                // Built-in formats (ECMA-376 part 1, 18.8.30); 27 to 36 and 50 to 58 are the Chinese and Japanese dates.
                styles.push(match (formats.get(&id), id.parse()) {
                    (Some(style), _) => *style,
                    (None, Ok(14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58)) => Style::Date,
                    (None, Ok(18..=22 | 32..=35 | 45..=47 | 55 | 56)) => Style::DateTime,
                    _ => Style::Plain,
                });
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

fn style_of(code: &str) -> Style {
    let mut plain = String::new();
    let mut letters = code.chars();
    while let Some(c) = letters.next() {
        match c {
            '"' => drop(letters.by_ref().find(|c| *c == '"')),
            '[' => drop(letters.by_ref().find(|c| *c == ']')),
            '\\' | '_' | '*' => drop(letters.next()),
            // Positive numbers only.
            ';' => break,
            c => plain.push(c.to_ascii_lowercase()),
        }
    }
    match plain.as_str() {
        "general" | "@" => Style::Plain,
        zeros if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => Style::Digits(zeros.len().min(20)),
        plain if plain.contains(['h', 's']) => Style::DateTime,
        plain if plain.contains(['y', 'd', 'm']) => Style::Date,
        _ => Style::Plain,
    }
}

/// A merged area: column and row of its first and of its last cell.
type Area = ((usize, usize), (usize, usize));

/// The cells of one sheet, as they are read.
struct Cells {
    strings: Vec<String>,
    styles: Vec<Style>,
    from_1904: bool,
    rows: BTreeMap<usize, Vec<Cell>>,
    /// Cells there is room for, blank ones too.
    slots: usize,
    /// Bytes of text that may still come: many cells may share one string.
    bytes: usize,
}

impl Cells {
    fn read(&mut self, xml: &str) -> Result<(), SheetError> {
        // Where the next row and cell are that do not say so.
        let (mut row, mut column) = (0, 0);
        let (mut kind, mut style) = (String::new(), Style::Plain);
        let (mut inside, mut reading) = (false, false);
        let mut text = String::new();
        let mut merges = Vec::new();
        walk(xml, |piece| {
            match piece {
                Piece::Start("row", element) => {
                    row = attribute(element, "r").and_then(|row| row.parse::<usize>().ok()?.checked_sub(1)).unwrap_or(row);
                    column = 0;
                }
                Piece::End("row") => row += 1,
                Piece::Start("c", element) => {
                    if let Some(at) = attribute(element, "r") {
                        (column, row) = place(&at).ok_or(SheetError::NoWorkbook("a cell stands nowhere"))?;
                    }
                    kind = attribute(element, "t").unwrap_or_default();
                    let id = attribute(element, "s").and_then(|id| id.parse::<usize>().ok());
                    style = id.and_then(|id| self.styles.get(id).copied()).unwrap_or(Style::Plain);
                    text.clear();
                }
                Piece::Start("v" | "t", _) => inside = !reading,
                Piece::End("v" | "t") => inside = false,
                Piece::Start("rPh", _) => reading = true,
                Piece::End("rPh") => reading = false,
                Piece::Text(more) if inside => text.push_str(more),
                Piece::End("c") => {
                    let cell = self.cell(&text, &kind, style);
                    self.put(row, column, cell)?;
                    column += 1;
                }
                Piece::Start("mergeCell", element) if merges.len() < CELLS_MAX => {
                    let area = attribute(element, "ref").unwrap_or_default();
                    let (from, to) = area.split_once(':').unwrap_or((&area, &area));
                    merges.extend(place(from).zip(place(to)));
                }
                _ => {}
            }
            Ok(())
        })?;
        self.fill(&merges)
    }

    fn cell(&self, text: &str, kind: &str, style: Style) -> Cell {
        match kind {
            "s" => Cell::typed(text.parse::<usize>().ok().and_then(|at| self.strings.get(at)).map_or("", String::as_str)),
            "inlineStr" | "str" => Cell::typed(&unescaped(text)),
            "b" => Cell::Text(if text.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned()),
            "e" => Cell::Broken,
            "d" => Cell::Text(text.trim().trim_end_matches('Z').to_owned()),
            _ => match (style, text.trim()) {
                (_, "") => Cell::Text(String::new()),
                (Style::Date | Style::DateTime, days) => match moment(days, self.from_1904) {
                    Some(at) if style == Style::Date => Cell::Text(at.date().to_string()),
                    Some(at) => Cell::Text(at.to_string()),
                    None => Cell::Broken,
                },
                (Style::Digits(digits), text) => number(text, digits),
                (Style::Plain, text) => number(text, 0),
            },
        }
    }

    fn put(&mut self, row: usize, column: usize, cell: Cell) -> Result<(), SheetError> {
        if let Cell::Text(text) = &cell {
            if text.is_empty() {
                return Ok(());
            }
            if text.len() > CELL_CHARS_MAX && text.chars().count() > CELL_CHARS_MAX {
                return Err(SheetError::LongCell { row: row + 1, column });
            }
            self.bytes = self.bytes.checked_sub(text.len()).ok_or(SheetError::Expands)?;
        }
        if column >= COLUMNS_MAX {
            return Err(SheetError::Columns);
        }
        let cells = self.rows.entry(row).or_default();
        if column >= cells.len() {
            self.slots += column + 1 - cells.len();
            cells.resize(column + 1, Cell::Text(String::new()));
        }
        cells[column] = cell;
        match () {
            () if self.slots > CELLS_MAX => Err(SheetError::Cells),
            () if self.rows.len() > ROWS_MAX => Err(SheetError::Rows),
            () => Ok(()),
        }
    }

    /// What stands in the first cell of a merged area stands in all of its first column.
    fn fill(&mut self, merges: &[Area]) -> Result<(), SheetError> {
        let mut filled = 0;
        for &((column, top), (_, bottom)) in merges {
            let Some(cell) = self.rows.get(&top).and_then(|cells| cells.get(column)).cloned() else { continue };
            if bottom <= top {
                continue;
            }
            let below: Vec<usize> = self.rows.range(top + 1..=bottom).map(|(row, _)| *row).collect();
            filled += below.len();
            if filled > CELLS_MAX {
                return Err(SheetError::Cells);
            }
            for row in below {
                self.put(row, column, cell.clone())?;
            }
        }
        Ok(())
    }
}

/// The moment of a serial number: days since the end of 1899, or of 1903.
fn moment(days: &str, from_1904: bool) -> Option<DateTime> {
    let days: f64 = days.parse().ok().filter(|days| (0.0..2_958_466.0).contains(days))?;
    let first = if from_1904 { date(1904, 1, 1) } else { date(1899, 12, 30) };
    first.at(0, 0, 0, 0).checked_add(((days * 86_400.0).round() as i64).seconds()).ok()
}
