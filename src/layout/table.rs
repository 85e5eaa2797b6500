//! A table of items: one em for all rows, the largest at which they fit; what does not fit at the least em is counted in
//! a last row the template words, never dropped in silence.

use super::{Aim, Compositor, Set, Sheet, lines, refusal, values};
use crate::dots::{Bitmap, Dots, Point, Rect, Size};
use crate::label::{Mark, Op, Text};
use crate::template::{Align, Block, Column, Missing, Rows, Type};
use crate::text::{self, NoSet};
use std::sync::Arc;

/// Lines a cell may have.
const CELL_LINES: usize = 4;
/// Rows looked at: more than any label holds.
const ROWS_TRIED: usize = 100;

/// One cell: where it stands in the table, and what it says.
struct Cell {
    at: Point,
    set: Arc<Set>,
    bold: bool,
}

/// The rows that fit.
struct Fitted {
    cells: Vec<Cell>,
    height: Dots,
    rows: usize,
}

impl Compositor {
    pub(super) fn fill_table(&mut self, sheet: &mut Sheet, block: &Block, rows: &Rows, area: Rect) -> Option<Dots> {
        let items = &sheet.waybill.items;
        if items.is_empty() {
            return Some(area.at.y);
        }
        let template = self.template.clone();
        let mut said: Vec<Vec<String>> = Vec::new();
        for item in items.iter().take(ROWS_TRIED) {
            let seen = values::row(item);
            let cells = rows.columns.iter().map(|column| template.expressions.render(&column.text, &seen).unwrap_or_default());
            said.push(cells.collect());
        }
        // One em for the whole table: the least that every cell can be read at.
        let legible = said.iter().flatten().map(|cell| text::least_legible(cell)).max().unwrap_or_default();
        let (size, least) = (self.dpi.dots(rows.size).max(legible), self.dpi.dots(rows.least).max(legible));
        let language = super::han_language(sheet.waybill.recipient.country);
        let mut fitted = None;
        // Three sizes are enough to the eye, and keep a long list from being set over and over.
        let mut sizes = vec![size, (size + least) / 2, least];
        sizes.dedup();
        for em in sizes {
            let made = match self.rows(rows, &said, em, language, area.size) {
                Ok(made) => made,
                Err(no) => {
                    sheet.refuse(block, Some("items".to_owned()), refusal(block, &no));
                    return None;
                }
            };
            let all = made.rows == items.len();
            fitted = Some(made);
            if all {
                break;
            }
        }
        let mut fitted = fitted?;
        if fitted.rows < items.len() {
            let Some(more) = &rows.more else {
                let (need, room) = (format!("{} rows", items.len()), format!("{} at its least size", fitted.rows));
                sheet.refuse(block, Some("items".to_owned()), refusal(block, &NoSet::TooLong { need, room }));
                return None;
            };
            loop {
                let said = template.expressions.render(more, &values::more(&items[fitted.rows..])).unwrap_or_default();
                let room = Size::new(area.size.width, area.size.height - fitted.height);
                let type_ = cell_type(self.dpi.mm(least), Align::Start, true, 1);
                match self.text(&said, None, &type_, room) {
                    Ok(set) => {
                        let at = Point::new(Dots(0), fitted.height);
                        fitted.height += set.block.size.height;
                        fitted.cells.push(Cell { at, set, bold: true });
                        break;
                    }
                    Err(no) if fitted.rows == 0 => {
                        sheet.refuse(block, Some("items".to_owned()), refusal(block, &no));
                        return None;
                    }
                    Err(_) => fitted.drop_last_row(),
                }
            }
        }
        if sheet.aim == Aim::Draw {
            let mark = self.draw_cells(&fitted, area);
            sheet.ops.push(Op { fixed: false, mark });
        }
        Some(area.at.y + fitted.height)
    }

    /// As many rows as fit at that em.
    fn rows(
        &mut self,
        rows: &Rows,
        said: &[Vec<String>],
        em: Dots,
        language: Option<&'static str>,
        room: Size,
    ) -> Result<Fitted, NoSet> {
        let mut fitted = Fitted { cells: Vec::new(), height: Dots(0), rows: 0 };
        let gap = (em / 2).max(Dots(2));
        for row in said {
            let (mut left, mut height) = (Dots(0), Dots(0));
            let before = fitted.cells.len();
            let mut fits = true;
            for (Column { width, align, bold, .. }, said) in rows.columns.iter().zip(row) {
                let width = self.dpi.dots(*width);
                if !said.trim().is_empty() {
                    let type_ = cell_type(self.dpi.mm(em), *align, *bold, CELL_LINES);
                    // One room for all cells of a column, so that a text set once is found again in any row.
                    let cell = Size::new(width - gap, em * 2 * CELL_LINES as i32);
                    match self.text(said, language, &type_, cell) {
                        Ok(set) => {
                            height = height.max(set.block.size.height);
                            fitted.cells.push(Cell { at: Point::new(left, fitted.height), set, bold: *bold });
                        }
                        Err(NoSet::TooLong { .. }) => fits = false,
                        Err(no) => return Err(no),
                    }
                }
                left += width;
            }
            if !fits || fitted.height + height > room.height {
                fitted.cells.truncate(before);
                break;
            }
            fitted.height += height;
            fitted.rows += 1;
        }
        Ok(fitted)
    }

    fn draw_cells(&mut self, fitted: &Fitted, area: Rect) -> Mark {
        let mut canvas = Bitmap::new(Size::new(area.size.width, fitted.height));
        let mut all = Vec::new();
        for cell in &fitted.cells {
            let picture = self.picture(&cell.set);
            let inside = Point::new(cell.at.x + cell.set.block.x, cell.at.y);
            canvas.draw(&picture, inside);
            let at = Point::new(area.at.x + inside.x, area.at.y + inside.y);
            all.extend(lines(&cell.set.block, at, cell.bold));
        }
        Mark::Text(Text { at: area.at, bitmap: Arc::new(canvas), lines: all })
    }
}

impl Fitted {
    fn drop_last_row(&mut self) {
        let Some(top) = self.cells.iter().map(|cell| cell.at.y).max() else { return };
        self.cells.retain(|cell| cell.at.y < top);
        self.height = top;
        self.rows -= 1;
    }
}

fn cell_type(em: crate::dots::Mm, align: Align, bold: bool, lines: usize) -> Type {
    Type { size: em, least: em, lines, bold, align, middle: false, missing: Missing::Replace }
}
