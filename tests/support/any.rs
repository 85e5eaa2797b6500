//! Labels nobody would think of.

use proptest::prelude::*;
use std::sync::Arc;
use waybilld::dots::{Bitmap, Dots, Dpi, Point, Rect, Size};
use waybilld::label::{Label, Mark, Op, Text};
use waybilld::symbology::{code128, qr};

/// 100 × 150 mm on that head.
pub fn size(dpi: Dpi) -> Size {
    Size::new(dpi.dots(waybilld::dots::Mm(100.0)), dpi.dots(waybilld::dots::Mm(150.0)))
}

/// Dots of black and white, a third black, with some white rows: the worst case of a picture.
pub fn noise(size: Size, seed: u64) -> Bitmap {
    let mut bitmap = Bitmap::new(size);
    let mut state = seed | 1;
    for y in 0..size.height.0 {
        for x in 0..size.width.0 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            if (state >> 33).is_multiple_of(3) && y % 17 > 2 {
                bitmap.set(x, y);
            }
        }
    }
    bitmap
}

/// Any mark, on or partly off a label of that size.
fn any_mark(on: Size) -> impl Strategy<Value = Mark> {
    let at = (-40..on.width.0, -40..on.height.0).prop_map(|(x, y)| Point::new(Dots(x), Dots(y)));
    let area =
        (at.clone(), 1..on.width.0, 1..on.height.0 / 4).prop_map(|(at, w, h)| Rect { at, size: Size::new(Dots(w), Dots(h)) });
    let bitmap = (1..260i32, 1..90i32, 0..6u64).prop_map(|(w, h, seed)| Arc::new(noise(Size::new(Dots(w), Dots(h)), seed)));
    prop_oneof![
        area.clone().prop_map(Mark::Fill),
        (area, 1..8i32).prop_map(|(area, thickness)| {
            let thickness = Dots(thickness).min(area.size.width).min(area.size.height);
            Mark::Frame { area, thickness }
        }),
        (at.clone(), bitmap.clone()).prop_map(|(at, bitmap)| Mark::Picture { at, bitmap }),
        (at.clone(), bitmap).prop_map(|(at, bitmap)| Mark::Text(Text { at, bitmap, lines: Vec::new() })),
        (at.clone(), "([0-9]{2,12}|[A-Za-z]{1,4}|[ -~]|[\\x00-\\x7f]){1,4}", 1..12i32, 1..200i32).prop_map(
            |(at, data, module, height)| {
                let symbol = Arc::new(code128::encode(&data).unwrap());
                Mark::Linear { at, symbol, module: Dots(module), height: Dots(height) }
            }
        ),
        (at, "\\PC{1,40}", 1..9i32).prop_map(|(at, data, module)| {
            let symbol = Arc::new(qr::encode(&data, qr::Level::M).unwrap());
            Mark::Matrix { at, symbol, module: Dots(module) }
        }),
    ]
}

/// A label with up to a dozen of them.
pub fn any_label(dpi: Dpi) -> impl Strategy<Value = Label> {
    let op = (any_mark(size(dpi)), prop::bool::weighted(0.3)).prop_map(|(mark, fixed)| Op { fixed, mark });
    prop::collection::vec(op, 0..12).prop_map(move |ops| Label { dpi, size: size(dpi), ops })
}
