//! Tables of a web page: what many shops call .xls.
//!
//! Read as a browser would lay them out: spans cover cells beside and below, entities and line breaks are text, what is not
//! displayed is hidden. Of several tables the one with the most cells is it. Runs no script and follows no link.

use super::encoding::{Decoded, decode};
use super::{CELL_CHARS_MAX, CELLS_MAX, COLUMNS_MAX, Cell, ROWS_MAX, Row, Sheet, SheetError};
use encoding_rs::Encoding;
use quick_xml::escape::resolve_html5_entity;

/// Spans of one cell.
const SPAN_MAX: usize = 1000;

pub fn read(bytes: &[u8], told: Option<&'static Encoding>) -> Result<Sheet, SheetError> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    let named = head.split_once("charset=").and_then(|(_, rest)| {
        let name: String = rest
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
            .collect();
        Encoding::for_label(name.as_bytes())
    });
    // A page that says one thing and is another is read by its bytes.
    let Decoded { text, name, doubt } = match (told, named) {
        (Some(told), _) => decode(bytes, Some(told))?,
        (None, Some(named)) => decode(bytes, Some(named)).or_else(|_| decode(bytes, None))?,
        (None, None) => decode(bytes, None)?,
    };
    let rows =
        tables(&text)?.into_iter().max_by_key(|rows| rows.iter().map(|row| row.cells.len()).sum::<usize>()).unwrap_or_default();
    let rows = rows.into_iter().filter(|row| !row.is_blank()).collect();
    Ok(Sheet { rows, written: format!("an HTML table, {name}"), doubt, is_open: true, ..Sheet::default() })
}

/// A table while it is read.
#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    /// Cells of rows to come that one above covers: row, column, text.
    below: Vec<(usize, usize, Cell)>,
    number: usize,
    cells: usize,
    text: Option<String>,
    spans: (usize, usize),
}

fn tables(page: &str) -> Result<Vec<Vec<Row>>, SheetError> {
    let mut done = Vec::new();
    let mut open: Vec<Table> = Vec::new();
    let mut rest = page;
    while !rest.is_empty() {
        let (before, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if let Some(text) = open.last_mut().and_then(|table| table.text.as_mut()) {
            push_text(text, before);
        }
        if tag.is_empty() {
            break;
        }
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let Some(end) = tag.find('>') else { break };
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        let name = inside
            .split(|c: char| c.is_whitespace() || c == '/')
            .find(|part| !part.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        match (inside.starts_with('/'), name.as_str()) {
            (false, "script" | "style") => {
                let close = format!("</{name}");
                let at = rest.to_ascii_lowercase().find(&close).unwrap_or(rest.len());
                rest = &rest[at..];
            }
            (false, "table") => open.push(Table::default()),
            (true, "table") => {
                if let Some(mut table) = open.pop() {
                    table.end_cell()?;
                    done.push(table.rows);
                }
            }
            (false, "tr") => {
                if let Some(table) = open.last_mut() {
                    table.end_cell()?;
                    table.begin_row(is_hidden(inside))?;
                }
            }
            (false, "td" | "th") => {
                if let Some(table) = open.last_mut() {
                    table.end_cell()?;
                    table.begin_cell(inside)?;
                }
            }
            (true, "td" | "th" | "tr") => {
                if let Some(table) = open.last_mut() {
                    table.end_cell()?;
                }
            }
            (_, "br" | "p" | "div") => {
                if let Some(text) = open.last_mut().and_then(|table| table.text.as_mut())
                    && !text.is_empty()
                    && !text.ends_with('\n')
                {
                    text.push('\n');
                }
            }
            _ => {}
        }
    }
    for mut table in open {
        table.end_cell()?;
        done.push(table.rows);
    }
    Ok(done)
}

impl Table {
    fn begin_row(&mut self, is_hidden: bool) -> Result<(), SheetError> {
        if self.rows.len() >= ROWS_MAX {
            return Err(SheetError::Rows);
        }
        self.number += 1;
        self.rows.push(Row { number: self.number, is_hidden, ..Row::default() });
        Ok(())
    }

    fn begin_cell(&mut self, tag: &str) -> Result<(), SheetError> {
        if self.rows.is_empty() {
            self.begin_row(false)?;
        }
        let span = |name| attribute(tag, name).and_then(|text| text.parse().ok()).unwrap_or(1usize).clamp(1, SPAN_MAX);
        self.spans = (span("colspan"), span("rowspan"));
        self.text = Some(String::new());
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), SheetError> {
        let Some(text) = self.text.take() else { return Ok(()) };
        let lines: Vec<String> = text.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let text = lines.join("\n").replace('\u{a0}', " ");
        let number = self.number;
        let column = self.rows.last().map_or(0, |row| row.cells.len());
        if text.chars().nth(CELL_CHARS_MAX).is_some() {
            return Err(SheetError::LongCell { row: number, column });
        }
        self.fill_from_above(number)?;
        let cell = Cell::typed(&text);
        let column = self.rows.last().map_or(0, |row| row.cells.len());
        let (across, down) = self.spans;
        self.push(cell.clone())?;
        for _ in 1..across {
            self.push(Cell::Text(String::new()))?;
        }
        for row in 1..down {
            self.below.push((number + row, column, cell.clone()));
            if self.below.len() > CELLS_MAX {
                return Err(SheetError::Cells);
            }
        }
        self.fill_from_above(number)
    }

    /// Puts the cells in place that one above covers.
    fn fill_from_above(&mut self, number: usize) -> Result<(), SheetError> {
        while !self.below.is_empty() {
            let column = self.rows.last().map_or(0, |row| row.cells.len());
            let Some(at) = self.below.iter().position(|(row, at, _)| *row == number && *at == column) else { return Ok(()) };
            let (_, _, cell) = self.below.swap_remove(at);
            self.push(cell)?;
        }
        Ok(())
    }

    fn push(&mut self, cell: Cell) -> Result<(), SheetError> {
        self.cells += 1;
        let Some(row) = self.rows.last_mut() else { return Ok(()) };
        match () {
            () if self.cells > CELLS_MAX => Err(SheetError::Cells),
            () if row.cells.len() >= COLUMNS_MAX => Err(SheetError::Columns),
            () => {
                row.cells.push(cell);
                Ok(())
            }
        }
    }
}

/// Whether a row is not displayed.
fn is_hidden(tag: &str) -> bool {
    let style: String = attribute(tag, "style").unwrap_or_default().to_ascii_lowercase().split_whitespace().collect();
    style.contains("display:none") || tag.split_whitespace().any(|word| word.eq_ignore_ascii_case("hidden"))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let (at, _) = lower.match_indices(name).find(|(at, _)| {
        lower[..*at].ends_with(|c: char| c.is_whitespace()) && lower[*at + name.len()..].trim_start().starts_with('=')
    })?;
    let rest = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    Some(match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?.to_owned(),
        _ => rest.split(|c: char| c.is_whitespace() || c == '>').next()?.to_owned(),
    })
}

/// Text of a page: entities are what they mean, runs of blanks are one.
fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        push_blanks(out, before);
        match entity[1..]
            .split_once(';')
            .filter(|(name, _)| name.len() <= 32)
            .and_then(|(name, after)| Some((resolved(name)?, after)))
        {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push('&');
                rest = &entity[1..];
            }
        }
    }
    push_blanks(out, rest);
}

/// A line end of the page's source is a blank.
fn push_blanks(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }));
}

/// What an entity stands for, by its name or number.
pub fn resolved(name: &str) -> Option<String> {
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => return resolve_html5_entity(name).map(str::to_owned),
    };
    char::from_u32(code).filter(|c| !c.is_control() || *c == '\n').map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(page: &str) -> Vec<Vec<String>> {
        let sheet = read(page.as_bytes(), None).expect("a table");
        sheet.rows.iter().map(|row| (0..row.cells.len()).map(|at| row.text(at).to_owned()).collect()).collect()
    }

    #[test]
    fn the_largest_table_of_a_page_is_read_as_a_browser_lays_it_out() {
        let page = "<html><head><style>td{x:1}</style></head><body><table><tr><td>menu</table>\n<TABLE border=1>\
            <tr><th>order<th>name<th>note</tr><tr><td rowspan=\"2\">1</td><td>M&uuml;ller &amp; S&#246;hne</td><td>a<br>b</td></tr>\
            <tr style=\"display: none\"><td>Ann<td>\n x\n y </td></tr><tr><td colspan=2>2</td><td>z</td></tr></TABLE></body></html>";
        assert_eq!(
            rows(page),
            [vec!["order", "name", "note"], vec!["1", "Müller & Söhne", "a\nb"], vec!["1", "Ann", "x y"], vec!["2", "", "z"]]
        );
        assert_eq!(read(page.as_bytes(), None).map(|sheet| sheet.rows[2].is_hidden), Ok(true));
    }

    #[test]
    fn no_page_is_a_panic() {
        for page in [
            "<table",
            "<table><td>",
            "<table><tr><td>&",
            "<table><tr><td>&#xffffffff;&#0;",
            "</table></td>",
            "<table><tr><td rowspan=9999999 colspan=-1>x",
            "<style>",
        ] {
            drop(read(page.as_bytes(), None));
        }
    }
}
