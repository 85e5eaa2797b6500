//! A table of items: one em for all rows, the largest at which they fit; what does not fit at the least em is counted in
//! a last row the template words, never dropped in silence. A paper counts how many rows fit, and goes on with the others
//! over another label.

use super::{Aim, Compositor, Set, Sheet, lines, refusal, values};
use crate::content::Content;
use crate::dots::{Bitmap, Dots, Point, Rect, Size};
use crate::label::{Mark, Op, Text};
use crate::template::{Align, Block, Column, Missing, Rows, Type};
use crate::text::{self, NoSet};
use crate::waybill::Country;
use std::sync::Arc;

/// Lines a cell may have on a waybill, where it takes room from others, and on a paper, where it may take all there is.
const CELL_LINES: usize = 4;
const PAPER_CELL_LINES: usize = 60;
/// Rows looked at: more than any label holds.
const ROWS_TRIED: usize = 100;

/// One cell: its place in the table, and its text.
struct Cell {
    at: Point,
    set: Arc<Set>,
    bold: bool,
}

/// The rows that fit.
struct Fitted {
    cells: Vec<Cell>,
    /// Lines under rows: how far down.
    rules: Vec<Dots>,
    height: Dots,
    rows: usize,
}

impl Compositor {
    pub(super) fn fill_table(&mut self, sheet: &mut Sheet, block: &Block, rows: &Rows, area: Rect) -> Option<Dots> {
        let list = values::rows(&sheet.values, rows.of);
        if list.is_empty() {
            return Some(area.at.y);
        }
        let template = self.template.clone();
        let mut said: Vec<Vec<String>> = Vec::new();
        for seen in list.iter().take(ROWS_TRIED) {
            let cells = rows.columns.iter().map(|column| template.expressions.render(&column.text, seen).unwrap_or_default());
            said.push(cells.collect());
        }
        // One em for the whole table: the least that every cell can be read at.
        let legible = said.iter().flatten().map(|cell| text::least_legible(cell)).max().unwrap_or_default();
        let (size, least) = (self.dpi.dots(rows.size).max(legible), self.dpi.dots(rows.least).max(legible));
        let (country, cell_lines) = match sheet.content {
            Content::Waybill(waybill) => (Some(waybill.recipient.country), CELL_LINES),
            Content::Paper(paper) => (Country::of(&paper.country), PAPER_CELL_LINES),
        };
        let language = country.and_then(super::han_language);
        let field = || Some(rows.of.0.to_owned());
        let mut fitted = None;
        // Three sizes are enough to the eye, and keep a long list from being set over and over.
        let mut sizes = vec![size, (size + least) / 2, least];
        sizes.dedup();
        for em in sizes {
            let made = match self.rows(rows, &said, (em, cell_lines), language, area.size) {
                Ok(made) => made,
                Err(no) => {
                    sheet.refuse(block, field(), refusal(block, &no));
                    return None;
                }
            };
            let enough = if sheet.aim == Aim::Count { made.rows > 0 } else { made.rows == list.len() };
            fitted = Some(made);
            if enough {
                break;
            }
        }
        let mut fitted = fitted?;
        if sheet.aim == Aim::Count {
            sheet.rows = Some(fitted.rows);
        } else if fitted.rows < list.len() {
            let Some(more) = &rows.more else {
                let (need, room) = (format!("{} rows", list.len()), format!("{} at its least size", fitted.rows));
                sheet.refuse(block, field(), refusal(block, &NoSet::TooLong { need, room }));
                return None;
            };
            loop {
                let Content::Waybill(waybill) = sheet.content else { return None };
                let rest = waybill.items.get(fitted.rows..).unwrap_or_default();
                let said = template.expressions.render(more, &values::more(rest)).unwrap_or_default();
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
                        sheet.refuse(block, field(), refusal(block, &no));
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
        (em, cell_lines): (Dots, usize),
        language: Option<&'static str>,
        room: Size,
    ) -> Result<Fitted, NoSet> {
        let mut fitted = Fitted { cells: Vec::new(), rules: Vec::new(), height: Dots(0), rows: 0 };
        let gap = (em / 2).max(Dots(2));
        let air = if rows.ruled { (em / 6).max(Dots(2)) } else { Dots(0) };
        for row in said {
            let (mut left, mut height) = (Dots(0), Dots(0));
            let before = fitted.cells.len();
            let mut fits = true;
            for (Column { width, align, bold, .. }, said) in rows.columns.iter().zip(row) {
                let width = self.dpi.dots(*width);
                if !said.trim().is_empty() {
                    let type_ = cell_type(self.dpi.mm(em), *align, *bold, cell_lines);
                    // One room for all cells of a column, so that a text set once is found again in any row.
                    let cell = Size::new(width - gap, em * 2 * cell_lines as i32);
                    match self.text(said, language, &type_, cell) {
                        Ok(set) => {
                            height = height.max(set.block.size.height);
                            fitted.cells.push(Cell { at: Point::new(left, fitted.height + air), set, bold: *bold });
                        }
                        Err(NoSet::TooLong { .. }) => fits = false,
                        Err(no) => return Err(no),
                    }
                }
                left += width;
            }
            if rows.ruled {
                height += air * 2 + Dots(1);
            }
            if !fits || fitted.height + height > room.height {
                fitted.cells.truncate(before);
                break;
            }
            fitted.height += height;
            fitted.rows += 1;
            if rows.ruled {
                fitted.rules.push(fitted.height - Dots(1));
            }
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
        for down in &fitted.rules {
            canvas.fill(Rect::new(Dots(0), *down, area.size.width, Dots(1)));
        }
        Mark::Text(Text { at: area.at, bitmap: Arc::new(canvas), lines: all })
    }
}

impl Fitted {
    fn drop_last_row(&mut self) {
        let Some(top) = self.cells.iter().map(|cell| cell.at.y).max() else { return };
        self.cells.retain(|cell| cell.at.y < top);
        self.rules.pop();
        self.height = top;
        self.rows -= 1;
    }
}

fn cell_type(em: crate::dots::Mm, align: Align, bold: bool, lines: usize) -> Type {
    Type { size: em, least: em, lines, bold, align, middle: false, missing: Missing::Replace }
}
