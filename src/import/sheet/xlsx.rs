//! Excel workbooks (ECMA-376): XML parts in a zip.
//!
//! Read by hand and not by a library, because a workbook comes from outside and the daemon must outlive it: every part
//! is counted while it expands, nothing is reserved because the file says so, and a number's digits are seen before
//! they become a float. Parts are found by their relationships, as Excel finds them: whatever they are called, with
//! slashes either way, in either dialect of the standard. Formulas give what was last calculated, or say that nothing was.
//! The columns of merged cells are filled downwards, as an export means them.

use super::number_format::{self, Shown};
use super::{CELL_CHARS_MAX, CELLS_MAX, COLUMNS_MAX, Cell, EXPANDED_MAX, ROWS_MAX, Row, Sheet, SheetError, number, place};
use crate::fault::hint;
use jiff::ToSpan;
use jiff::civil::{DateTime, date};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// How an old Excel file and one with a password begin.
pub const OLD: &[u8] = b"\xd0\xcf\x11\xe0";

/// A piece of XML.
pub enum Piece<'a> {
    Start(&'a str, &'a BytesStart<'a>),
    End(&'a str),
    Text(&'a str),
}

/// Sheets of a workbook that are read.
const SHEETS_MAX: usize = 30;
/// What a zip may be instead of a workbook, by a part of it, with the way out.
const OTHER_ZIPS: [(&str, &str); 5] = [
    ("xl/workbook.bin", "is a binary workbook (.xlsb): open it in Excel and save it as .xlsx."),
    ("content.xml", "is an OpenDocument table (.ods): open it in LibreOffice or Excel and save it as .xlsx."),
    ("index/document.iwa", "is a table of Apple Numbers: export it as Excel or CSV."),
    ("word/document.xml", "is a Word document: export the orders as CSV or Excel."),
    ("ppt/presentation.xml", "is a presentation: export the orders as CSV or Excel."),
];

/// The zip, where its parts are by their names as Excel compares them, and how many bytes it may still expand to.
struct Book<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    parts: HashMap<String, usize>,
    left: usize,
}

/// A link from one part to another.
struct Link {
    id: String,
    /// The last word of its type, which is the same in both dialects: `worksheet`, `styles`.
    kind: String,
    target: String,
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    id: String,
    is_shown: bool,
}

pub fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Vec<Sheet>, SheetError> {
    let mut book = Book::open(bytes)?;
    let workbook = book.links("")?.into_iter().find(|link| link.kind == "officeDocument").map(|link| link.target);
    let workbook = workbook.unwrap_or_else(|| "xl/workbook.xml".to_owned());
    let xml = book.part(&workbook)?.ok_or(SheetError::NoWorkbook("it has no workbook"))?;
    let (sheets, open, from_1904) = listed(&xml)?;
    let links = book.links(&workbook)?;
    let of_kind = |kind: &str| links.iter().find(|link| link.kind == kind).map(|link| link.target.clone());
    let strings = match of_kind("sharedStrings") {
        Some(part) => book.part(&part)?.map(|xml| shared_strings(&xml)).transpose()?.unwrap_or_default(),
        None => Vec::new(),
    };
    let styles = match of_kind("styles") {
        Some(part) => book.part(&part)?.map(|xml| styles(&xml)).transpose()?.unwrap_or_default(),
        None => Vec::new(),
    };
    let open = sheets.get(open).filter(|sheet| sheet.is_shown).or_else(|| sheets.iter().find(|sheet| sheet.is_shown));
    let open = open.map(|sheet| sheet.id.clone());
    let chosen: Vec<&Listed> = match wanted {
        Some(name) => sheets.iter().filter(|sheet| sheet.name.trim().eq_ignore_ascii_case(name.trim())).take(1).collect(),
        None => sheets.iter().filter(|sheet| sheet.is_shown).take(SHEETS_MAX).collect(),
    };
    if chosen.is_empty() {
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).take(10).collect();
        return Err(match wanted {
            Some(name) => SheetError::NoSheet { name: name.to_owned(), hint: hint(name, &names) },
            None => SheetError::NoWorkbook("it has no sheet"),
        });
    }
    let mut cells =
        Cells { strings, styles, from_1904, rows: BTreeMap::new(), hidden: BTreeSet::new(), slots: 0, bytes: EXPANDED_MAX };
    let mut read = Vec::new();
    let mut is_missing = false;
    for sheet in chosen {
        let link = links.iter().find(|link| link.id == sheet.id);
        // A chart is a sheet too, and holds no cells.
        let Some(link) = link.filter(|link| link.kind == "worksheet") else {
            is_missing |= link.is_none();
            continue;
        };
        let xml = book.part(&link.target)?.ok_or(SheetError::NoWorkbook("its sheet is missing"))?;
        cells.read(&xml)?;
        let hidden = std::mem::take(&mut cells.hidden);
        let rows = std::mem::take(&mut cells.rows).into_iter();
        let rows = rows.map(|(at, cells)| Row { number: at + 1, cells, is_hidden: hidden.contains(&at), ..Row::default() });
        read.push(Sheet {
            rows: rows.filter(|row| !row.is_blank()).collect(),
            written: "Excel".to_owned(),
            name: Some(sheet.name.clone()),
            is_open: open.as_ref() == Some(&sheet.id) || wanted.is_some(),
            ..Sheet::default()
        });
    }
    match read.is_empty() {
        true if is_missing => Err(SheetError::NoWorkbook("its sheet is not listed")),
        true => Err(SheetError::NoWorkbook("it has no sheet")),
        false => Ok(read),
    }
}

/// The sheets of a workbook, the place of the one that is open, and whether its days are counted from 1904.
fn listed(workbook: &str) -> Result<(Vec<Listed>, usize, bool), SheetError> {
    let mut sheets = Vec::new();
    let (mut open, mut from_1904) = (0, false);
    walk(workbook, |piece| {
        match piece {
            Piece::Start("sheet", element) => sheets.push(Listed {
                name: attribute(element, "name").unwrap_or_default(),
                id: attribute(element, "id").unwrap_or_default(),
                is_shown: attribute(element, "state").is_none_or(|state| state == "visible"),
            }),
            Piece::Start("workbookView", element) => {
                open = attribute(element, "activeTab").and_then(|at| at.parse().ok()).unwrap_or(0);
            }
            Piece::Start("workbookPr", element) => {
                from_1904 = matches!(attribute(element, "date1904").as_deref(), Some("1" | "true"));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((sheets, open, from_1904))
}

/// A part's name as Excel compares it.
fn normal(name: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    let slashes = name.replace('\\', "/");
    for step in slashes.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/").to_lowercase()
}

impl Book<'_> {
    fn open(bytes: &[u8]) -> Result<Book<'_>, SheetError> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| SheetError::NoWorkbook("its zip cannot be read"))?;
        let mut parts = HashMap::new();
        for at in 0..zip.len() {
            if let Some(Ok(name)) = zip.name_for_index(at) {
                parts.entry(normal(&name)).or_insert(at);
            }
        }
        if let Some((_, sentence)) = OTHER_ZIPS.iter().find(|(part, _)| parts.contains_key(*part)) {
            return Err(SheetError::OtherKind(sentence));
        }
        let is_table = |name: &String| [".csv", ".xlsx", ".xls", ".txt"].iter().any(|ending| name.ends_with(ending));
        if parts.keys().any(is_table) {
            return Err(SheetError::OtherKind("is a zip with a table in it: unpack it and give the table."));
        }
        Ok(Book { zip, parts, left: EXPANDED_MAX })
    }

    /// A part as text.
    fn part(&mut self, name: &str) -> Result<Option<String>, SheetError> {
        let Some(at) = self.parts.get(&normal(name)) else { return Ok(None) };
        let Ok(part) = self.zip.by_index(*at) else { return Err(SheetError::NoWorkbook("a part of it does not unpack")) };
        let mut bytes = Vec::new();
        let taken = part.take(self.left as u64 + 1).read_to_end(&mut bytes);
        self.left = self.left.checked_sub(bytes.len()).ok_or(SheetError::Expands)?;
        taken.map_err(|_| SheetError::NoWorkbook("a part of it does not unpack"))?;
        xml_text(bytes).map(Some)
    }

    /// The links of a part, their targets as names of parts; of the package itself where the name is blank.
    fn links(&mut self, of: &str) -> Result<Vec<Link>, SheetError> {
        let of = normal(of);
        let (folder, name) = of.rsplit_once('/').unwrap_or(("", &of));
        let Some(xml) = self.part(&format!("{folder}/_rels/{name}.rels"))? else { return Ok(Vec::new()) };
        let mut links = Vec::new();
        walk(&xml, |piece| {
            if let Piece::Start("Relationship", element) = piece
                && attribute(element, "TargetMode").as_deref() != Some("External")
                && links.len() < CELLS_MAX
            {
                let kind = attribute(element, "Type").unwrap_or_default();
                let target = attribute(element, "Target").unwrap_or_default();
                let from_root = target.starts_with(['/', '\\']);
                links.push(Link {
                    id: attribute(element, "Id").unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                    target: if from_root { target } else { format!("{folder}/{target}") },
                });
            }
            Ok(())
        })?;
        Ok(links)
    }
}

/// XML as text: UTF-8, or UTF-16 by its mark.
pub fn xml_text(bytes: Vec<u8>) -> Result<String, SheetError> {
    match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, mark)) => Ok(encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned()),
        None => String::from_utf8(bytes).map_err(|_| SheetError::NoWorkbook("a part of it is no UTF-8")),
    }
}

/// Goes through the elements of a part. Names come without their namespace.
pub fn walk(xml: &str, mut visit: impl FnMut(Piece<'_>) -> Result<(), SheetError>) -> Result<(), SheetError> {
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

pub fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
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

/// The number format of each style of cells.
fn styles(xml: &str) -> Result<Vec<String>, SheetError> {
    let mut formats: BTreeMap<String, String> = BTreeMap::new();
    let mut styles = Vec::new();
    let mut inside = false;
    walk(xml, |piece| {
        match piece {
            Piece::Start("numFmt", element) if formats.len() < STYLES_MAX => {
                let code: String = attribute(element, "formatCode").unwrap_or_default().chars().take(FORMAT_CHARS_MAX).collect();
                formats.insert(attribute(element, "numFmtId").unwrap_or_default(), code);
            }
            Piece::Start("cellXfs", _) => inside = true,
            Piece::End("cellXfs") => inside = false,
            Piece::Start("xf", element) if inside && styles.len() < STYLES_MAX => {
                let id = attribute(element, "numFmtId").unwrap_or_default();
                // Built-in formats (ECMA-376 part 1, 18.8.30); 27 to 36 and 50 to 58 are the Chinese and Japanese dates.
                styles.push(match (formats.get(&id), id.parse()) {
                    (Some(format), _) => format.clone(),
                    (None, Ok(14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58)) => "yyyy-mm-dd".to_owned(),
                    (None, Ok(18..=22 | 32..=35 | 45..=47 | 55 | 56)) => "yyyy-mm-dd hh:mm:ss".to_owned(),
                    _ => "General".to_owned(),
                });
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

/// Styles of a workbook; Excel's own limit.
const STYLES_MAX: usize = 65_490;
const FORMAT_CHARS_MAX: usize = 255;

/// A merged area: column and row of its first and of its last cell.
type Area = ((usize, usize), (usize, usize));

/// The cells of one sheet, as they are read.
struct Cells {
    strings: Vec<String>,
    styles: Vec<String>,
    from_1904: bool,
    rows: BTreeMap<usize, Vec<Cell>>,
    hidden: BTreeSet<usize>,
    /// Cells there is room for, blank ones too.
    slots: usize,
    /// Bytes of text that may still come: many cells may share one string.
    bytes: usize,
}

impl Cells {
    fn read(&mut self, xml: &str) -> Result<(), SheetError> {
        // Where the next row and cell are that do not say so.
        let (mut row, mut column) = (0, 0);
        let (mut kind, mut style) = (String::new(), None);
        let (mut inside, mut reading, mut formula) = (false, false, false);
        let mut text = String::new();
        let mut merges = Vec::new();
        walk(xml, |piece| {
            match piece {
                Piece::Start("row", element) => {
                    row = attribute(element, "r").and_then(|row| row.parse::<usize>().ok()?.checked_sub(1)).unwrap_or(row);
                    column = 0;
                    if matches!(attribute(element, "hidden").as_deref(), Some("1" | "true")) && self.hidden.len() <= ROWS_MAX {
                        self.hidden.insert(row);
                    }
                }
                Piece::End("row") => row += 1,
                Piece::Start("c", element) => {
                    if let Some(at) = attribute(element, "r") {
                        (column, row) = place(&at).ok_or(SheetError::NoWorkbook("a cell stands nowhere"))?;
                    }
                    kind = attribute(element, "t").unwrap_or_default();
                    style = attribute(element, "s").and_then(|id| id.parse::<usize>().ok());
                    formula = false;
                    text.clear();
                }
                Piece::Start("f", _) => formula = true,
                Piece::Start("v" | "t", _) => inside = !reading,
                Piece::End("v" | "t") => inside = false,
                Piece::Start("rPh", _) => reading = true,
                Piece::End("rPh") => reading = false,
                Piece::Text(more) if inside => text.push_str(more),
                Piece::End("c") => {
                    let cell = match (formula, text.is_empty(), kind.as_str()) {
                        // A formula that comes to an empty text says that it is a text.
                        (true, true, kind) if kind != "str" => Cell::NoResult,
                        _ => self.cell(&text, &kind, style),
                    };
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

    fn cell(&self, text: &str, kind: &str, style: Option<usize>) -> Cell {
        match kind {
            "s" => Cell::typed(text.parse::<usize>().ok().and_then(|at| self.strings.get(at)).map_or("", String::as_str)),
            "inlineStr" | "str" => Cell::typed(&unescaped(text)),
            "b" => Cell::Text(if text.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned()),
            "e" => Cell::Error,
            "d" => Cell::Text(text.trim().trim_end_matches('Z').to_owned()),
            _ => self.number(text.trim(), style.and_then(|at| self.styles.get(at)).map_or("General", String::as_str)),
        }
    }

    /// A number as its cell shows it.
    fn number(&self, text: &str, format: &str) -> Cell {
        if text.is_empty() {
            return Cell::Text(String::new());
        }
        let Some(value) = text.parse::<f64>().ok().filter(|_| format != "General") else { return number(text, 0) };
        match number_format::shown(format, value) {
            Shown::Plain => number(text, 0),
            shown @ (Shown::Date | Shown::DateTime) => match moment(text, self.from_1904) {
                Some(at) if shown == Shown::Date => Cell::Text(at.date().to_string()),
                Some(at) => Cell::Text(at.to_string()),
                // Excel shows number signs in its place.
                None => Cell::Error,
            },
            Shown::Code(places) => match number(text, 0) {
                Cell::Rounded => Cell::Rounded,
                plain => number_format::fill(&places, value).map_or(plain, Cell::Text),
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
