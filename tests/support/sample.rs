//! A waybill at 203 dpi as dense as they come: text in Latin and Chinese in 44 % of 100 × 150 mm, two Code 128s, a QR.
//!
//! The blocks are pictures set from Noto Sans and WenQuanYi Micro Hei at 18 to 64 dots. From label to label the
//! receiver's blocks are moved by some dots and turned upside down, so that they are new to an encoder and to deflate
//! though as dense as before; carrier, sender and captions stay.

use std::sync::Arc;
use waybilld::dots::{Bitmap, Dots, Dpi, Point, Rect, Size};
use waybilld::label::{Label, Mark, Op, Text, TextLine};
use waybilld::symbology::{code128, qr};

macro_rules! blocks {
    ($($name:ident $x:literal $y:literal),* $(,)?) => {
        [$((include_bytes!(concat!("blocks/", stringify!($name), ".png")).as_slice(), $x, $y)),*]
    };
}

type Block = (&'static [u8], i32, i32);

/// The same on every label of the template.
const FIXED: [Block; 6] =
    blocks!(cap_from 20 306, cap_to 20 456, cap_order 20 796, cap_items 400 796, cap_note 20 1014, foot 20 1170);

/// The same on every label of this sender.
const SENDER: [Block; 3] = blocks!(carrier 20 16, service 20 76, sender 20 330);

/// Another one on every label.
const OWN: [Block; 9] = blocks!(
    sort 580 20, recipient 20 480, address 20 545, phone 20 750, order 20 820, items 20 860, note 20 1040, shipby 560 820,
    tracking_hri 200 280,
);

/// The `n`th label of a run.
pub fn waybill(n: usize) -> Label {
    let mut ops = Vec::new();
    for y in [300, 450, 790, 1010, 1164] {
        ops.push(Op { fixed: true, mark: Mark::Fill(Rect::new(Dots(0), Dots(y), Dots(800), Dots(3))) });
    }
    ops.extend(FIXED.iter().map(|block| Op { fixed: true, mark: text(block, 0) }));
    ops.extend(SENDER.iter().map(|block| Op { fixed: false, mark: text(block, 0) }));
    ops.extend(OWN.iter().map(|block| Op { fixed: false, mark: text(block, n) }));
    let tracking = format!("LY{:09}CN", 400_000_001 + n);
    let order = format!("57646237{:010}", 7_512_830_000 + n);
    for (x, y, data, module, height) in [(140, 180, &tracking, 3, 96), (330, 750, &order, 2, 40)] {
        let symbol = Arc::new(code128::encode(data).expect("plain ASCII"));
        let mark = Mark::Linear { at: Point::new(Dots(x), Dots(y)), symbol, module: Dots(module), height: Dots(height) };
        ops.push(Op { fixed: false, mark });
    }
    let symbol = Arc::new(qr::encode(&format!("https://t.example/{tracking}"), qr::Level::M).expect("short"));
    ops.push(Op { fixed: false, mark: Mark::Matrix { at: Point::new(Dots(640), Dots(620)), symbol, module: Dots(4) } });
    Label { dpi: Dpi::D203, size: Size::new(Dots(800), Dots(1200)), ops }
}

/// A block, moved right by up to seven dots and every other eight times upside down.
fn text((png, x, y): &Block, n: usize) -> Mark {
    let block = Bitmap::from_png(png).expect("a PNG");
    let Size { width, height } = block.size();
    let mut bitmap = Bitmap::new(Size::new(width + Dots(8), height));
    let turned = n / 8 % 2 == 1;
    for row in 0..height.0 {
        for dot in 0..width.0 {
            if block.get(dot, if turned { height.0 - 1 - row } else { row }) {
                bitmap.set(dot + (n % 8) as i32, row);
            }
        }
    }
    // Only its width and size matter to an encoder that sets text itself.
    let line = TextLine {
        text: "Shenzhen Sample Trading Co., Ltd.".to_owned(),
        baseline: Point::new(Dots(*x), Dots(*y) + height),
        width,
        size: height.min(Dots(24)),
        bold: false,
    };
    Mark::Text(Text { at: Point::new(Dots(*x), Dots(*y)), bitmap: Arc::new(bitmap), lines: vec![line] })
}
