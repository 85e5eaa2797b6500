//! Excel's XML of 2003 (SpreadsheetML), which many shops call .xls.

use super::xlsx::{Piece, attribute, walk, xml_text};
use super::{CELL_CHARS_MAX, CELLS_MAX, COLUMNS_MAX, Cell, EXPANDED_MAX, ROWS_MAX, Row, Sheet, SheetError, number};
use crate::fault::hint;

pub fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Vec<Sheet>, SheetError> {
    let xml = xml_text(bytes.to_vec())?;
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut shown = Vec::new();
    let (mut number_of_row, mut column) = (0usize, 0usize);
    let mut across = 0usize;
    let mut kind = String::new();
    let (mut inside, mut text) = (false, String::new());
    let mut has_formula = false;
    let (mut cells, mut bytes_left) = (0usize, EXPANDED_MAX);
    let mut visibility = false;
    walk(&xml, |piece| {
        match piece {
            Piece::Start("Worksheet", element) => {
                sheets.push(Sheet { name: attribute(element, "Name"), written: "Excel XML 2003".to_owned(), ..Sheet::default() });
                shown.push(true);
                number_of_row = 0;
            }
            Piece::Start("Visible", _) => visibility = true,
            Piece::End("Visible") => visibility = false,
            Piece::Text(more) if visibility => {
                if let Some(shown) = shown.last_mut() {
                    *shown = more.trim() == "SheetVisible";
                }
            }
            Piece::Start("Row", element) => {
                number_of_row = attribute(element, "Index").and_then(|at| at.parse().ok()).unwrap_or(number_of_row + 1);
                column = 0;
                if let Some(sheet) = sheets.last_mut() {
                    if sheet.rows.len() >= ROWS_MAX {
                        return Err(SheetError::Rows);
                    }
                    let is_hidden = attribute(element, "Hidden").as_deref() == Some("1");
                    sheet.rows.push(Row { number: number_of_row, is_hidden, ..Row::default() });
                }
            }
            Piece::Start("Cell", element) => {
                column = attribute(element, "Index").and_then(|at| at.parse::<usize>().ok()?.checked_sub(1)).unwrap_or(column);
                across = attribute(element, "MergeAcross").and_then(|at| at.parse().ok()).unwrap_or(0).min(COLUMNS_MAX);
                has_formula = attribute(element, "Formula").is_some();
                text.clear();
                kind.clear();
            }
            Piece::Start("Data", element) => {
                kind = attribute(element, "Type").unwrap_or_default();
                inside = true;
            }
            Piece::End("Data") => inside = false,
            Piece::Text(more) if inside => text.push_str(more),
            Piece::End("Cell") => {
                let cell = match kind.as_str() {
                    "Number" => number(text.trim(), 0),
                    "DateTime" => Cell::Text(text.trim().trim_end_matches(".000").to_owned()),
                    "Boolean" => Cell::Text(if text.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned()),
                    "Error" => Cell::Error,
                    _ if has_formula && kind.is_empty() => Cell::NoResult,
                    _ => Cell::typed(&text),
                };
                bytes_left = bytes_left.checked_sub(text.len()).ok_or(SheetError::Expands)?;
                if text.chars().nth(CELL_CHARS_MAX).is_some() {
                    return Err(SheetError::LongCell { row: number_of_row, column });
                }
                if column >= COLUMNS_MAX {
                    return Err(SheetError::Columns);
                }
                if let Some(row) = sheets.last_mut().and_then(|sheet| sheet.rows.last_mut()) {
                    cells += (column + 1).saturating_sub(row.cells.len());
                    if cells > CELLS_MAX {
                        return Err(SheetError::Cells);
                    }
                    if row.cells.len() <= column {
                        row.cells.resize(column + 1, Cell::Text(String::new()));
                    }
                    row.cells[column] = cell;
                }
                column += 1 + across;
            }
            _ => {}
        }
        Ok(())
    })?;
    let names: Vec<String> = sheets.iter().filter_map(|sheet| sheet.name.clone()).collect();
    let mut shown = shown.into_iter();
    sheets.retain(|_| shown.next().unwrap_or(true));
    if let Some(name) = wanted {
        sheets.retain(|sheet| sheet.name.as_deref() == Some(name));
        if sheets.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).take(10).collect();
            return Err(SheetError::NoSheet { name: name.to_owned(), hint: hint(name, &names) });
        }
    }
    for sheet in &mut sheets {
        sheet.rows.retain(|row| !row.is_blank());
    }
    match sheets.first_mut() {
        Some(first) => first.is_open = true,
        None => return Err(SheetError::NoWorkbook("it has no sheet")),
    }
    Ok(sheets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_cells_stand_where_their_index_says() {
        let xml = "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?><ss:Workbook xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">\
            <ss:Worksheet ss:Name=\"Orders\"><ss:Table><ss:Row ss:Index=\"2\"><ss:Cell><ss:Data ss:Type=\"String\">a &amp; b</ss:Data></ss:Cell>\
            <ss:Cell ss:Index=\"3\"><ss:Data ss:Type=\"Number\">7.5</ss:Data></ss:Cell></ss:Row>\
            <ss:Row ss:Hidden=\"1\"><ss:Cell ss:Formula=\"=A1\"/><ss:Cell><ss:Data ss:Type=\"DateTime\">2026-12-04T18:00:00.000</ss:Data></ss:Cell></ss:Row>\
            </ss:Table></ss:Worksheet></ss:Workbook>";
        assert_eq!(super::super::Kind::of(xml.as_bytes()), super::super::Kind::SpreadsheetMl);
        let sheets = read(xml.as_bytes(), None).expect("a workbook");
        let rows = &sheets[0].rows;
        assert_eq!((rows[0].number, rows[0].text(0), rows[0].text(2)), (2, "a & b", "7.5"));
        assert_eq!((rows[1].is_hidden, &rows[1].cells[0], rows[1].text(1)), (true, &Cell::NoResult, "2026-12-04T18:00:00"));
        assert!(read(xml.as_bytes(), Some("Order")).expect_err("no such").to_string().contains("Did you mean \"Orders\"?"));
    }
}
