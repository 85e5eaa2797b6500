//! A short slip for a packer: this label is refused, and why, in letters one reads without taking it in hand.

use super::Ink;
use crate::dots::{Dots, Dpi, Mm, Rect, Size};
use crate::label::{Label, Mark};
use crate::text::{Align, Fonts, Style};

/// What a slip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The largest line, such as `REFUSED`.
    pub head: String,
    /// What it is about: a label's id.
    pub code: String,
    /// Why, once in each language.
    pub reasons: Vec<String>,
}

/// A slip as high as the media, filled from the top.
pub fn slip(slip: &Slip, dpi: Dpi, media: Size, fonts: &Fonts) -> Label {
    let mut ink = Ink::new(fonts, dpi, media);
    let margin = dpi.dots(Mm(3.0)).min(media.width / 10).min(media.height / 10);
    let inside = Rect::new(margin * 2, margin * 2, media.width - margin * 4, media.height - margin * 4);
    let frame = Rect::new(margin, margin, media.width - margin * 2, media.height - margin * 2);
    ink.mark(Mark::Frame { area: frame, thickness: dpi.dots(Mm(1.0)) });
    let mut y = inside.at.y;
    let parts = [(&slip.head, Mm(20.0), 1), (&slip.code, Mm(14.0), 2)].into_iter();
    for (text, size, lines) in parts.chain(slip.reasons.iter().map(|reason| (reason, Mm(9.0), 4))) {
        let left = (inside.bottom() - y).max(Dots(0));
        let room = Rect::new(inside.at.x, y, inside.size.width, left);
        let style = Style { size: dpi.dots(size), bold: true, align: Align::Center, ..Style::default() };
        let Some(set) = ink.text(text, &style, room, lines) else { continue };
        y = set.bottom() + margin;
    }
    ink.dry()
}
