//! Labels about a printer or a station, beside those of orders: a printer's name, to tell it from its neighbours, a test label that shows how
//! it prints, a slip for a packer, and the sheets of codes to scan.
//!
//! What is known of a printer goes in, a finished [`Label`] in the dots of its head comes out, for any media. What
//! does not fit a small label is left out. Knows no printer at work, no template and no order.

mod codes;
mod slip;
mod test_label;

pub use codes::{Code, TooSmall, codes};
pub use slip::{Slip, slip};
pub use test_label::test;

use crate::dots::{Bitmap, Dots, Dpi, Mm, Point, Rect, Size};
use crate::label::{Label, Mark, Op};
use crate::text::{Align, Fonts, Missing, Room, Style, Typesetter};
use std::sync::Arc;

/// What is printed about a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub name: String,
    /// Where it is, what it speaks, what it holds: a line each.
    pub facts: Vec<String>,
    pub dpi: Dpi,
    /// One label of its media.
    pub media: Size,
}

/// Letters this high are read at two metres: 1/200 of the distance is the rule for signs.
const READ_AT_TWO_METRES: Mm = Mm(10.0);
/// A capital is about 0.7 of the em.
const CAPITAL: f64 = 0.7;

/// A label with the printer's own name, as large as it gets.
pub fn identify(subject: &Subject, fonts: &Fonts) -> Label {
    let Subject { name, facts, dpi, media } = subject;
    let mut ink = Ink::new(fonts, *dpi, *media);
    let margin = dpi.dots(Mm(2.0)).min(media.width / 10).min(media.height / 10);
    let frame = Rect::new(margin, margin, media.width - margin * 2, media.height - margin * 2);
    ink.mark(Mark::Frame { area: frame, thickness: dpi.dots(Mm(0.5)) });
    let inside = Rect::new(margin * 2, margin * 2, media.width - margin * 4, media.height - margin * 4);

    let height = inside.size.height * 3 / 5;
    let line = Rect { size: Size::new(inside.size.width, height), ..inside };
    let huge = Style { size: height, bold: true, align: Align::Center, ..Style::default() };
    let lines = match ink.em(name, &huge, line, 1) {
        Some(em) if dpi.mm(em).0 * CAPITAL >= READ_AT_TWO_METRES.0 => 1,
        _ => 3,
    };
    let below = match ink.text(name, &huge, line, lines) {
        Some(set) => set.bottom() + margin,
        None => inside.at.y,
    };
    let small = Style { size: dpi.dots(Mm(6.0)), align: Align::Center, ..Style::default() };
    let mut y = below;
    for fact in facts {
        let room = Rect::new(inside.at.x, y, inside.size.width, inside.bottom() - y);
        let Some(set) = ink.text(fact, &small, room, 2) else { break };
        y = set.bottom() + margin / 2;
    }
    ink.dry()
}

/// Draws texts and marks on one label.
struct Ink {
    typesetter: Typesetter,
    dpi: Dpi,
    size: Size,
    ops: Vec<Op>,
}

impl Ink {
    fn new(fonts: &Fonts, dpi: Dpi, size: Size) -> Ink {
        Ink { typesetter: Typesetter::new(fonts), dpi, size, ops: Vec::new() }
    }

    fn mark(&mut self, mark: Mark) {
        self.ops.push(Op { fixed: false, mark });
    }

    /// The size the text would get there; `None` when it does not fit at any.
    fn em(&mut self, text: &str, style: &Style, area: Rect, lines: usize) -> Option<Dots> {
        let room = Room { width: area.size.width, height: area.size.height, lines };
        self.typesetter.set(text, style, &room).ok().map(|block| block.em)
    }

    /// Sets the text at the top of the area and says what it took of it; nothing when it does not fit.
    fn text(&mut self, text: &str, style: &Style, area: Rect, lines: usize) -> Option<Rect> {
        let (at, bitmap) = self.drawn(text, style, area, lines)?;
        let taken = Rect { at, size: bitmap.size() };
        // A picture and no text: these labels show our dots, never the printer's own font.
        self.mark(Mark::Picture { at, bitmap: Arc::new(bitmap) });
        Some(taken)
    }

    fn drawn(&mut self, text: &str, style: &Style, area: Rect, lines: usize) -> Option<(Point, Bitmap)> {
        let room = Room { width: area.size.width, height: area.size.height, lines };
        let style = Style { missing: Missing::Replace, ..*style };
        let block = self.typesetter.set(text, &style, &room).ok()?;
        let at = Point::new(area.at.x + block.x, area.at.y);
        Some((at, self.typesetter.draw(&block)))
    }

    fn dry(self) -> Label {
        Label { dpi: self.dpi, size: self.size, ops: self.ops }
    }
}

#[cfg(test)]
mod tests;
