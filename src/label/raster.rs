//! A label as dots: the picture every printer must come out with.

use super::{Label, Mark, Op};
use crate::dots::{Bitmap, Rect};

impl Label {
    /// The whole label as a picture.
    pub fn raster(&self) -> Bitmap {
        let mut canvas = Bitmap::new(self.size);
        self.ops.iter().for_each(|op| op.draw(&mut canvas));
        canvas
    }
}

impl Op {
    /// Draws this mark onto a picture of the label.
    pub fn draw(&self, canvas: &mut Bitmap) {
        match &self.mark {
            Mark::Text(text) => canvas.draw(&text.bitmap, text.at),
            Mark::Picture { at, bitmap } => canvas.draw(bitmap, *at),
            Mark::Fill(area) => canvas.fill(*area),
            Mark::Frame { area, thickness } => {
                let (x, y, t) = (area.at.x, area.at.y, *thickness);
                let Rect { size, .. } = *area;
                canvas.fill(Rect::new(x, y, size.width, t));
                canvas.fill(Rect::new(x, area.bottom() - t, size.width, t));
                canvas.fill(Rect::new(x, y, t, size.height));
                canvas.fill(Rect::new(area.right() - t, y, t, size.height));
            }
            Mark::Linear { at, symbol, module, height } => {
                let mut x = at.x;
                for run in symbol.modules.chunk_by(|a, b| a == b) {
                    let width = *module * run.len() as i32;
                    if run[0] {
                        canvas.fill(Rect::new(x, at.y, width, *height));
                    }
                    x += width;
                }
            }
            Mark::Matrix { at, symbol, module } => {
                for (row, modules) in symbol.modules.chunks(symbol.side).enumerate() {
                    let mut x = at.x;
                    for run in modules.chunk_by(|a, b| a == b) {
                        let width = *module * run.len() as i32;
                        if run[0] {
                            canvas.fill(Rect::new(x, at.y + *module * row as i32, width, *module));
                        }
                        x += width;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::{Dots, Dpi, Size};

    #[test]
    fn a_frame_is_drawn_inside_its_area() {
        let area = Rect::new(Dots(2), Dots(1), Dots(6), Dots(5));
        let label = Label {
            dpi: Dpi::D203,
            size: Size::new(Dots(10), Dots(8)),
            ops: vec![Op { fixed: true, mark: Mark::Frame { area, thickness: Dots(2) } }],
        };
        let picture = label.raster();
        assert_eq!(picture.ink(), Some(area));
        assert_eq!(picture.black(), 6 * 5 - 2);
    }
}
