//! A picture cut into the rectangles that take the fewest bytes to send.
//!
//! A rectangle costs its white as much as its black, and some bytes to be named. White rows and white columns part a
//! picture, its parts are parted again the other way, and neighbours stay together where the white between them
//! costs less than a name. A rectangle whose rows are all alike goes as bars when they are shorter: rules, and the
//! symbols in a picture that somebody else drew.

use crate::dots::{Bitmap, Dots, Rect};
use std::ops::Range;

/// `BITMAP 104,1100,12,24,1,` and the end of the line.
const BITMAP_COST: usize = 26;
/// `BAR 104,1100,12,24` and the end of the line.
pub const BAR_COST: usize = 20;

/// A part of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub area: Area,
    /// All rows are alike, and their black runs are the shorter way to send it.
    pub bars: bool,
}

/// Whole bytes of some rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    pub columns: Range<usize>,
    pub rows: Range<usize>,
}

/// A way to send a part of a picture.
struct Plan {
    /// The least that holds all its black.
    area: Area,
    cost: usize,
    pieces: Vec<Piece>,
}

/// The pieces that hold all black of a picture. No two of them share a dot.
pub fn pieces(picture: &Bitmap) -> Vec<Piece> {
    let all = Area { columns: 0..picture.stride(), rows: 0..picture.height().count() };
    plan(picture, all).map(|plan| plan.pieces).unwrap_or_default()
}

/// The black runs of an area whose rows are all alike.
pub fn bars(picture: &Bitmap, area: &Area) -> Vec<Rect> {
    let (top, height) = (Dots::of(area.rows.start), Dots::of(area.rows.len()));
    let mut bars: Vec<Rect> = Vec::new();
    for x in (area.columns.start * 8..area.columns.end * 8).map(Dots::of).filter(|x| picture.get(x.0, top.0)) {
        match bars.last_mut() {
            Some(bar) if bar.right() == x => bar.size.width += Dots(1),
            _ => bars.push(Rect::new(x, top, Dots(1), height)),
        }
    }
    bars
}

impl Area {
    fn row<'a>(&self, picture: &'a Bitmap, y: usize) -> &'a [u8] {
        &picture.row(y)[self.columns.clone()]
    }

    fn join(&mut self, other: &Area) {
        let join = |one: &Range<usize>, other: &Range<usize>| one.start.min(other.start)..one.end.max(other.end);
        *self = Area { columns: join(&self.columns, &other.columns), rows: join(&self.rows, &other.rows) };
    }

    /// What it costs as one bitmap.
    fn cost(&self) -> usize {
        BITMAP_COST + self.columns.len() * self.rows.len()
    }

    fn rows_are_alike(&self, picture: &Bitmap) -> bool {
        let first = self.row(picture, self.rows.start);
        self.rows.clone().all(|y| self.row(picture, y) == first)
    }
}

/// The cheapest way found; `None` when all is white.
fn plan(picture: &Bitmap, area: Area) -> Option<Plan> {
    let mut ink = vec![0u8; area.columns.len()];
    let mut rows: Vec<Range<usize>> = Vec::new();
    for y in area.rows.clone() {
        let row = area.row(picture, y);
        if row.iter().any(|&byte| byte != 0) {
            extend(&mut rows, y);
            ink.iter_mut().zip(row).for_each(|(all, byte)| *all |= byte);
        }
    }
    let mut columns: Vec<Range<usize>> = Vec::new();
    let inked = ink.iter().enumerate().filter(|(_, byte)| **byte != 0);
    inked.for_each(|(column, _)| extend(&mut columns, area.columns.start + column));

    let area = Area { columns: columns.first()?.start..columns.last()?.end, rows: rows.first()?.start..rows.last()?.end };
    let mut best = whole(picture, area.clone());
    for parts in [
        rows.iter().map(|rows| Area { rows: rows.clone(), ..area.clone() }).collect::<Vec<_>>(),
        columns.iter().map(|columns| Area { columns: columns.clone(), ..area.clone() }).collect(),
    ] {
        // Two bars are the least that two parts take.
        if parts.len() > 1 && best.cost > 2 * BAR_COST {
            let parts = parts.into_iter().map(|part| plan(picture, part).expect("a part has ink")).collect();
            let (cost, pieces) = together(parts);
            if cost < best.cost {
                best = Plan { cost, pieces, ..best };
            }
        }
    }
    Some(best)
}

/// The same area in one piece.
fn whole(picture: &Bitmap, area: Area) -> Plan {
    let mut plan = Plan { cost: area.cost(), area: area.clone(), pieces: Vec::new() };
    let mut bars = false;
    if area.rows_are_alike(picture) {
        let cost = BAR_COST * self::bars(picture, &area).len();
        bars = cost < plan.cost;
        plan.cost = cost.min(plan.cost);
    }
    plan.pieces.push(Piece { area, bars });
    plan
}

/// Parts that follow each other: each by its own plan, or together with its neighbours as one bitmap.
fn together(parts: Vec<Plan>) -> (usize, Vec<Piece>) {
    // The least cost of the first parts, and where the last piece of them begins.
    let mut least: Vec<(usize, usize)> = vec![(0, 0)];
    for end in 1..=parts.len() {
        let last = &parts[end - 1];
        let mut best = (least[end - 1].0 + last.cost, end - 1);
        let mut area = last.area.clone();
        for start in (0..end - 1).rev() {
            area.join(&parts[start].area);
            let cost = least[start].0 + area.cost();
            if cost < best.0 {
                best = (cost, start);
            }
        }
        least.push(best);
    }
    let mut groups = Vec::new();
    let mut end = parts.len();
    while end > 0 {
        let start = least[end].1;
        groups.push(&parts[start..end]);
        end = start;
    }
    let cost = least[parts.len()].0;
    let mut pieces = Vec::new();
    for group in groups.into_iter().rev() {
        match group {
            [alone] => pieces.extend(alone.pieces.iter().cloned()),
            several => {
                let mut area = several[0].area.clone();
                several.iter().for_each(|part| area.join(&part.area));
                pieces.push(Piece { area, bars: false });
            }
        }
    }
    (cost, pieces)
}

/// Adds the next of ascending numbers to their runs.
fn extend(runs: &mut Vec<Range<usize>>, next: usize) {
    match runs.last_mut() {
        Some(run) if run.end == next => run.end += 1,
        _ => runs.push(next..next + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::Size;
    use proptest::prelude::*;

    fn white(width: i32, height: i32) -> Bitmap {
        Bitmap::new(Size::new(Dots(width), Dots(height)))
    }

    fn fill(picture: &mut Bitmap, x: i32, y: i32, width: i32, height: i32) {
        picture.fill(Rect::new(Dots(x), Dots(y), Dots(width), Dots(height)));
    }

    /// A block in which no row is like the next, every byte has ink.
    fn blot(picture: &mut Bitmap, columns: Range<i32>, rows: Range<i32>) {
        for y in rows {
            columns.clone().for_each(|column| picture.set(column * 8 + y % 7, y));
        }
    }

    fn areas(picture: &Bitmap) -> Vec<(Range<usize>, Range<usize>)> {
        pieces(picture).into_iter().map(|piece| (piece.area.columns, piece.area.rows)).collect()
    }

    #[test]
    fn white_is_not_sent() {
        assert_eq!(pieces(&white(800, 1200)), []);
        let mut picture = white(800, 1200);
        blot(&mut picture, 3..9, 100..130);
        assert_eq!(areas(&picture), [(3..9, 100..130)]);
    }

    #[test]
    fn words_part_where_the_white_between_them_costs_more_than_a_name() {
        let mut picture = white(800, 100);
        blot(&mut picture, 0..5, 0..20);
        blot(&mut picture, 6..9, 0..20);
        blot(&mut picture, 11..15, 0..20);
        assert_eq!(areas(&picture), [(0..9, 0..20), (11..15, 0..20)]);
    }

    #[test]
    fn columns_of_text_part_first_when_their_lines_do_not_meet() {
        let mut picture = white(800, 200);
        (0..4).for_each(|line| blot(&mut picture, 0..20, line * 40..line * 40 + 30));
        (0..4).for_each(|line| blot(&mut picture, 50..70, line * 40 + 15..line * 40 + 45));
        assert_eq!(areas(&picture).len(), 8);
    }

    #[test]
    fn rules_and_symbols_in_a_picture_go_as_bars() {
        let mut picture = white(400, 200);
        fill(&mut picture, 10, 10, 300, 3);
        (0..20).for_each(|bar| fill(&mut picture, 20 + bar * 9, 60, 4, 80));
        let pieces = pieces(&picture);
        assert!(pieces.iter().all(|piece| piece.bars), "{pieces:?}");
        let bars: Vec<Rect> = pieces.iter().flat_map(|piece| bars(&picture, &piece.area)).collect();
        assert_eq!(bars.len(), 21);
        assert_eq!(bars[0], Rect::new(Dots(10), Dots(10), Dots(300), Dots(3)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn pieces_hold_every_black_dot_once(spots in prop::collection::vec((0..180i32, 0..90i32, 1..30i32, 1..12i32), 0..14)) {
            let mut picture = white(199, 100);
            spots.into_iter().for_each(|(x, y, width, height)| fill(&mut picture, x, y, width, height));
            let mut held = vec![0u8; picture.stride() * 100];
            for piece in pieces(&picture) {
                for y in piece.area.rows.clone() {
                    piece.area.columns.clone().for_each(|column| held[y * picture.stride() + column] += 1);
                }
                if piece.bars {
                    let mut drawn = Bitmap::new(picture.size());
                    bars(&picture, &piece.area).into_iter().for_each(|bar| drawn.fill(bar));
                    let rows = piece.area.rows.clone();
                    prop_assert!(rows.clone().all(|y| piece.area.row(&drawn, y) == piece.area.row(&picture, y)));
                }
            }
            for (byte, held) in picture.bytes().iter().zip(held) {
                prop_assert!(held <= 1 && (held == 1 || *byte == 0));
            }
        }
    }
}
