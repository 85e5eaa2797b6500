//! Page mode: the ink of a picture as boxes of graphics, each at its place, printed together at the end.
//!
//! A box may be cut anywhere, so no real-time command need ever stand in one. Its place is that of its lower left
//! corner, counted from the top (Epson ePOS-Print manual, `<position>`: "specify the bottom left of the graphic data").
//! Graphics are stored with `GS ( L` function 112, which leaves the print position alone (p. 273); function 50, which
//! prints them in line mode, "cannot be used when the page mode is enabled" (p. 229).

use super::{COMMAND_BYTES, ROWS, real_time};
use crate::dots::{Bitmap, Size};
use std::ops::Range;

/// The least page: that of a TM-P60 (p. 176).
const PAGE_ROWS: usize = 1200;
/// Above this width a size in a command could read as a real-time command.
const PAGE_DOTS: usize = 1023;
/// What a box costs before its first dot: `ESC $`, `GS $`, `GS ( L`.
const BOX_COST: usize = 23;

/// A part of the picture: rows, and columns of bytes.
#[derive(Clone)]
struct Part {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// Whether a picture of that size is one page.
pub fn takes(size: Size) -> bool {
    (1..=PAGE_ROWS).contains(&size.height.count()) && (1..=PAGE_DOTS).contains(&size.width.count())
}

/// Writes a page and prints it.
pub fn write(out: &mut Vec<u8>, picture: &Bitmap) {
    let [width, height] = [picture.width(), picture.height()].map(|dots| (dots.count() as u16).to_le_bytes());
    // Page mode, ESC L; its area from the top left corner, ESC W.
    out.extend_from_slice(b"\x1bL\x1bW\0\0\0\0");
    out.extend([width, height].concat());
    let mut left = vec![Part { rows: 0..picture.height().count(), columns: 0..picture.stride() }];
    while let Some(part) = left.pop() {
        let Some(part) = part.trimmed(picture) else { continue };
        let bytes = part.bytes(picture);
        match part.cut(picture).or_else(|| real_time::position(&bytes).map(|at| part.cut_at(at))) {
            Some(parts) => left.extend(parts.into_iter().rev()),
            None => part.store(out, &bytes),
        }
    }
    // Print and return to line mode, FF.
    out.push(0x0c);
}

impl Part {
    /// Without the white around it; `None` when all is white.
    fn trimmed(&self, picture: &Bitmap) -> Option<Part> {
        let is_white = |rows: Range<usize>, columns: &Range<usize>| {
            rows.into_iter().all(|y| picture.row(y)[columns.clone()].iter().all(|byte| *byte == 0))
        };
        let top = self.rows.clone().find(|y| !is_white(*y..y + 1, &self.columns))?;
        let bottom = self.rows.clone().rfind(|y| !is_white(*y..y + 1, &self.columns))? + 1;
        let left = self.columns.clone().find(|x| !is_white(top..bottom, &(*x..x + 1)))?;
        let right = self.columns.clone().rfind(|x| !is_white(top..bottom, &(*x..x + 1)))? + 1;
        Some(Part { rows: top..bottom, columns: left..right })
    }

    fn bytes(&self, picture: &Bitmap) -> Vec<u8> {
        self.rows.clone().flat_map(|y| picture.row(y)[self.columns.clone()].iter().copied()).collect()
    }

    /// Two parts, where the widest white stripe through it is worth a box or where it is too large for one command.
    fn cut(&self, picture: &Bitmap) -> Option<Vec<Part>> {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let row_has_ink = |y: usize| picture.row(y)[self.columns.clone()].iter().any(|byte| *byte != 0);
        let column_has_ink = |x: usize| self.rows.clone().any(|y| picture.row(y)[x] != 0);
        let across = widest_gap(self.rows.clone(), row_has_ink);
        let down = widest_gap(self.columns.clone(), column_has_ink);
        if across.len() * columns >= down.len() * rows && across.len() * columns > BOX_COST {
            return Some(self.above_and_below(across));
        }
        if down.len() * rows > BOX_COST {
            let part = |columns| Part { rows: self.rows.clone(), columns };
            return Some(vec![part(self.columns.start..down.start), part(down.end..self.columns.end)]);
        }
        let fits = (COMMAND_BYTES / columns).clamp(1, ROWS);
        (rows > fits).then(|| self.above_and_below(self.rows.start + fits..self.rows.start + fits))
    }

    fn above_and_below(&self, gap: Range<usize>) -> Vec<Part> {
        let part = |rows| Part { rows, columns: self.columns.clone() };
        vec![part(self.rows.start..gap.start), part(gap.end..self.rows.end)]
    }

    /// Cut behind that byte of it, and its row from the others.
    fn cut_at(&self, byte: usize) -> Vec<Part> {
        let (row, column) = (self.rows.start + byte / self.columns.len(), self.columns.start + byte % self.columns.len() + 1);
        let part = |rows, columns| Part { rows, columns };
        vec![
            part(self.rows.start..row, self.columns.clone()),
            part(row..row + 1, self.columns.start..column),
            part(row..row + 1, column..self.columns.end),
            part(row + 1..self.rows.end, self.columns.clone()),
        ]
    }

    /// Puts it onto the page.
    fn store(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        let numbers = [self.columns.start * 8, self.rows.end, 10 + bytes.len(), self.columns.len() * 8, self.rows.len()];
        let [x, y, parameters, width, height] = numbers.map(|number| (number as u16).to_le_bytes());
        // Across, ESC $; down, GS $; single-colour graphics at their own size, GS ( L function 112.
        out.extend([&b"\x1b$"[..], &x, b"\x1d$", &y, b"\x1d(L", &parameters, b"0p0\x01\x011", &width, &height, bytes].concat());
    }
}

/// The longest run without ink.
fn widest_gap(all: Range<usize>, has_ink: impl Fn(usize) -> bool) -> Range<usize> {
    let mut widest = all.start..all.start;
    let mut gap = widest.clone();
    for at in all {
        gap = if has_ink(at) { at + 1..at + 1 } else { gap.start..at + 1 };
        if gap.len() > widest.len() {
            widest = gap.clone();
        }
    }
    widest
}
