//! The test label, from the top: rulers along the edges, a comb and a bar across the whole head, darkness patches,
//! text, symbols at their least X-dimension, and a grid with what is left.
//!
//! | read | from |
//! |---|---|
//! | offset | the rulers: each begins at its own edge of the label, so the first mark that is missing says how far it is off |
//! | dead dots | the comb: every column of the head has a step of its own; a gap in a staircase is a dead dot, and so is a white line in the bar |
//! | darkness | the patches: at the right darkness 50 % is an even grey, and lines one dot wide stay apart |
//! | legibility | the smallest line of text one can read, and whether the symbols scan |

use super::{Ink, Subject};
use crate::dots::{Bitmap, Dots, Dpi, Mm, Point, Rect, Size};
use crate::label::{Label, Mark};
use crate::symbology::{code128, qr};
use crate::text::{Align, Fonts, Style};
use std::sync::Arc;

/// What the rulers take of each edge: a long tick and its figure.
const EDGE: Mm = Mm(8.0);
/// Ticks of a ruler: every mm, every 5 mm, every 10 mm.
const TICKS: [(usize, Mm); 3] = [(10, Mm(3.5)), (5, Mm(2.5)), (1, Mm(1.5))];
/// Columns of one staircase of the comb, and how high one column's step is.
const STAIRS: i32 = 16;
const STEP: Mm = Mm(0.5);
/// The bar under the comb.
const BAR: Mm = Mm(2.0);
/// Between two parts of the label.
const SPACE: Mm = Mm(2.0);
const PATCH: Mm = Mm(8.0);
const GRID: Mm = Mm(10.0);
/// Sizes of the lines of text.
const TEXTS: [f64; 5] = [1.8, 2.2, 2.7, 3.5, 5.0];
const SAMPLE: &str = "ABC abc 0123456789 Äß ñ";
/// What the symbols say.
const BARS: &str = "TEST-0123";
const SQUARE: &str = "WAYBILLD TEST LABEL";
/// The narrowest modules that are still read off thermal media: for bars and for squares, in mm and in dots.
const BARS_LEAST: (Mm, Dots) = (Mm(0.19), Dots(2));
const SQUARE_LEAST: (Mm, Dots) = (Mm(0.25), Dots(3));
const BARS_HEIGHT: Mm = Mm(8.0);

/// A label to read off offset, darkness and dead dots.
pub fn test(subject: &Subject, fonts: &Fonts) -> Label {
    let Subject { name, facts, dpi, media } = subject;
    let edge = dpi.dots(EDGE);
    let mut sheet = Sheet {
        ink: Ink::new(fonts, *dpi, *media),
        canvas: Bitmap::new(*media),
        dpi: *dpi,
        free: Rect::new(edge, edge, (media.width - edge * 2).max(Dots(0)), (media.height - edge * 2).max(Dots(0))),
    };
    let combed = sheet.comb();
    sheet.rulers(combed);
    sheet.title(name, &facts.join(", "));
    sheet.patches();
    sheet.texts();
    sheet.symbols();
    sheet.grid();
    let Sheet { mut ink, canvas, .. } = sheet;
    ink.mark(Mark::Picture { at: Point::default(), bitmap: Arc::new(canvas) });
    ink.dry()
}

/// The label while it is being filled from the top.
struct Sheet {
    ink: Ink,
    canvas: Bitmap,
    dpi: Dpi,
    /// The area inside the rulers that is still empty.
    free: Rect,
}

impl Sheet {
    fn mm(&self, length: Mm) -> Dots {
        self.dpi.dots(length)
    }

    /// Takes so much of what is free from its top, and a space below; `None` when there is less.
    fn take(&mut self, height: Dots) -> Option<Rect> {
        if height > self.free.size.height {
            return None;
        }
        let taken = Rect { size: Size::new(self.free.size.width, height), ..self.free };
        let gone = (height + self.mm(SPACE)).min(self.free.size.height);
        self.free.at.y += gone;
        self.free.size.height -= gone;
        Some(taken)
    }

    /// The comb and the bar, from the first column of the head to the last; where they stand.
    fn comb(&mut self) -> Option<Rect> {
        let (step, bar) = (self.mm(STEP), self.mm(BAR));
        let width = self.canvas.width();
        let band = self.take(step * STAIRS + bar * 2)?;
        for x in 0..width.0 {
            self.canvas.fill(Rect::new(Dots(x), band.at.y + step * (x % STAIRS), Dots(1), step));
        }
        self.canvas.fill(Rect::new(Dots(0), band.bottom() - bar, width, bar));
        Some(Rect::new(Dots(0), band.at.y, width, band.size.height))
    }

    /// A ruler along each edge, each from its own end: the upper from the left, the right one from the top, the lower
    /// from the right, the left one from the bottom. They keep off the comb.
    fn rulers(&mut self, combed: Option<Rect>) {
        let Size { width, height } = self.canvas.size();
        self.canvas.fill(Rect::new(Dots(0), Dots(0), width, Dots(1)));
        self.canvas.fill(Rect::new(Dots(0), height - Dots(1), width, Dots(1)));
        self.canvas.fill(Rect::new(Dots(0), Dots(0), Dots(1), height));
        self.canvas.fill(Rect::new(width - Dots(1), Dots(0), Dots(1), height));
        for mm in 1..self.dpi.mm(width).0 as usize {
            let (along, long) = (self.mm(Mm(mm as f64)), self.tick(mm));
            self.canvas.fill(Rect::new(along, Dots(0), Dots(1), long));
            self.canvas.fill(Rect::new(width - Dots(1) - along, height - long, Dots(1), long));
            let past = Dots(2);
            self.figure(mm, width, |size| Point::new(along - size.width / 2, long + past));
            self.figure(mm, width, |size| Point::new(width - along - size.width / 2, height - long - past - size.height));
        }
        let keep_off = combed.map(|band| (band.at.y - self.mm(SPACE), band.bottom() + self.mm(SPACE)));
        let is_clear = |y: Dots| keep_off.is_none_or(|(from, to)| y < from || y > to);
        for mm in 1..self.dpi.mm(height).0 as usize {
            let (along, long) = (self.mm(Mm(mm as f64)), self.tick(mm));
            let past = Dots(2);
            let up = height - Dots(1) - along;
            if is_clear(along) {
                self.canvas.fill(Rect::new(width - long, along, long, Dots(1)));
                self.figure(mm, height, |size| Point::new(width - long - past - size.width, along - size.height / 2));
            }
            if is_clear(up) {
                self.canvas.fill(Rect::new(Dots(0), up, long, Dots(1)));
                self.figure(mm, height, |size| Point::new(long + past, up - size.height / 2));
            }
        }
    }

    fn tick(&self, mm: usize) -> Dots {
        TICKS.iter().find(|(every, _)| mm.is_multiple_of(*every)).map_or(Dots(0), |(_, long)| self.mm(*long))
    }

    /// The figure of every tenth tick, but not where the next ruler begins.
    fn figure(&mut self, mm: usize, length: Dots, at: impl Fn(Size) -> Point) {
        let edge = self.mm(EDGE);
        let along = self.mm(Mm(mm as f64));
        if !mm.is_multiple_of(10) || along < edge || along + edge > length {
            return;
        }
        let anywhere = Rect { at: Point::default(), size: Size::new(edge, edge) };
        let style = Style { size: self.mm(Mm(2.0)), ..Style::default() };
        if let Some((_, drawn)) = self.ink.drawn(&mm.to_string(), &style, anywhere, 1) {
            self.canvas.draw(&drawn, at(drawn.size()));
        }
    }

    fn title(&mut self, name: &str, facts: &str) {
        let (large, small) = (self.mm(Mm(4.0)), self.mm(Mm(2.5)));
        self.line(name, &Style { size: large, bold: true, ..Style::default() });
        self.line(facts, &Style { size: small, ..Style::default() });
    }

    /// One line of text across what is free.
    fn line(&mut self, text: &str, style: &Style) {
        let room = Rect { size: Size::new(self.free.size.width, self.free.size.height.min(style.size * 2)), ..self.free };
        if let Some(set) = self.ink.text(text, style, room, 1) {
            let gone = set.size.height + self.mm(Mm(0.8));
            self.free.at.y += gone;
            self.free.size.height = (self.free.size.height - gone).max(Dots(0));
        }
    }

    /// Greys, and lines of one dot with one, two and three white dots between them, upright and across.
    fn patches(&mut self) {
        let side = self.mm(PATCH);
        let Some(row) = self.take(side) else { return };
        let black: [fn(i32, i32) -> bool; 8] = [
            |x, y| x % 2 == 0 && y % 2 == 0,
            |x, y| (x + y) % 2 == 0,
            |x, y| x % 2 == 0 || y % 2 == 0,
            |_, _| true,
            |x, _| x % 2 == 0,
            |x, _| x % 4 == 0,
            |_, y| y % 2 == 0,
            |_, y| y % 4 == 0,
        ];
        let mut left = row.at.x;
        for black in black {
            if left + side > row.right() {
                return;
            }
            for y in 0..side.0 {
                for x in (0..side.0).filter(|x| black(*x, y)) {
                    self.canvas.set(left.0 + x, row.at.y.0 + y);
                }
            }
            left += side + side / 8;
        }
    }

    fn texts(&mut self) {
        for size in TEXTS {
            let style = Style { size: self.mm(Mm(size)), align: Align::Start, ..Style::default() };
            self.line(&format!("{size} mm {SAMPLE}"), &style);
        }
    }

    /// A Code 128 and a QR code beside each other, where they fit.
    fn symbols(&mut self) {
        let bars = code128::encode(BARS).expect("a few capitals and digits");
        let square = qr::encode(SQUARE, qr::Level::M).expect("a few capitals");
        let (narrow, cell) = (self.module(BARS_LEAST), self.module(SQUARE_LEAST));
        let bars_width = narrow * (bars.modules.len() + 2 * code128::QUIET_ZONE) as i32;
        let side = cell * (square.side + 2 * qr::QUIET_ZONE) as i32;
        let height = self.mm(BARS_HEIGHT).max(side);
        if bars_width > self.free.size.width {
            return;
        }
        let Some(row) = self.take(height) else { return };
        let quiet = narrow * code128::QUIET_ZONE as i32;
        let at = Point::new(row.at.x + quiet, row.at.y);
        self.ink.mark(Mark::Linear { at, symbol: Arc::new(bars), module: narrow, height: self.mm(BARS_HEIGHT) });
        if bars_width + side <= row.size.width {
            let quiet = cell * qr::QUIET_ZONE as i32;
            let at = Point::new(row.at.x + bars_width + quiet, row.at.y + quiet);
            self.ink.mark(Mark::Matrix { at, symbol: Arc::new(square), module: cell });
        }
    }

    fn module(&self, (narrow, dots): (Mm, Dots)) -> Dots {
        Dots((narrow.0 * self.dpi.dots_per_mm()).ceil() as i32).max(dots)
    }

    /// Squares whose lines stand at whole centimetres of the rulers.
    fn grid(&mut self) {
        let area = self.free;
        let (pitch, line) = (self.mm(GRID), Dots(1));
        if area.size.height < pitch || area.size.width < pitch {
            return;
        }
        for cm in 0.. {
            let along = self.mm(Mm(GRID.0 * f64::from(cm)));
            if along >= area.right().max(area.bottom()) {
                return;
            }
            if along >= area.at.x && along < area.right() {
                self.canvas.fill(Rect::new(along, area.at.y, line, area.size.height));
            }
            if along >= area.at.y && along < area.bottom() {
                self.canvas.fill(Rect::new(area.at.x, along, area.size.width, line));
            }
        }
    }
}
