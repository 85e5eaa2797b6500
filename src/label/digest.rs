//! The fingerprint of a label: equal when every dot and every symbol's data is equal.
//!
//! A reprint is laid out again; its fingerprint says whether it is the label that was printed first.

use super::{Label, Mark};
use crate::dots::{Bitmap, Dots, Point, Rect};

impl Label {
    /// The fingerprint of this label.
    pub fn digest(&self) -> blake3::Hash {
        let mut hasher = Hasher(blake3::Hasher::new());
        hasher.number(self.dpi.nominal() as i32);
        hasher.dots(&[self.size.width, self.size.height]);
        for op in &self.ops {
            match &op.mark {
                Mark::Text(text) => hasher.picture(0, text.at, &text.bitmap),
                Mark::Fill(area) => hasher.area(1, area),
                Mark::Frame { area, thickness } => {
                    hasher.area(2, area);
                    hasher.dots(&[*thickness]);
                }
                Mark::Linear { at, symbol, module, height } => {
                    hasher.number(3);
                    hasher.dots(&[at.x, at.y, *module, *height]);
                    hasher.number(symbol.codewords.len() as i32);
                    hasher.0.update(&symbol.codewords);
                }
                Mark::Matrix { at, symbol, module } => {
                    hasher.number(4);
                    hasher.dots(&[at.x, at.y, *module]);
                    hasher.number(symbol.side as i32);
                    let modules: Vec<u8> = symbol.modules.iter().map(|&dark| u8::from(dark)).collect();
                    hasher.0.update(&modules);
                }
                Mark::Picture { at, bitmap } => hasher.picture(5, *at, bitmap),
            }
        }
        hasher.0.finalize()
    }
}

/// Feeds values one after the other, each of a known length.
struct Hasher(blake3::Hasher);

impl Hasher {
    fn number(&mut self, number: i32) {
        self.0.update(&number.to_le_bytes());
    }

    fn dots(&mut self, all: &[Dots]) {
        all.iter().for_each(|dots| self.number(dots.0));
    }

    fn area(&mut self, kind: i32, area: &Rect) {
        self.number(kind);
        self.dots(&[area.at.x, area.at.y, area.size.width, area.size.height]);
    }

    fn picture(&mut self, kind: i32, at: Point, bitmap: &Bitmap) {
        self.number(kind);
        self.dots(&[at.x, at.y, bitmap.width(), bitmap.height()]);
        self.0.update(bitmap.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::{Dpi, Size};
    use crate::label::Op;

    #[test]
    fn one_dot_more_is_another_label() {
        let label = |width| Label {
            dpi: Dpi::D203,
            size: Size::new(Dots(80), Dots(80)),
            ops: vec![Op { fixed: true, mark: Mark::Fill(Rect::new(Dots(1), Dots(1), Dots(width), Dots(2))) }],
        };
        assert_eq!(label(9).digest(), label(9).digest());
        assert_ne!(label(9).digest(), label(10).digest());
    }
}
