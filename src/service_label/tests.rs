//! What an operator reads off the labels of care.

use super::*;
use crate::label::Mark;
use proptest::prelude::*;

fn subject(dpi: Dpi, width: f64, height: f64) -> Subject {
    Subject {
        name: "pack-1".into(),
        facts: vec!["tcp://192.168.1.50:9100".into(), "zpl, 203 dpi, 100 × 150 mm".into()],
        dpi,
        media: Size::new(dpi.dots(Mm(width)), dpi.dots(Mm(height))),
    }
}

#[test]
fn the_name_is_read_at_two_metres_on_every_head() {
    let fonts = Fonts::embedded();
    for dpi in Dpi::ALL {
        let label = identify(&subject(dpi, 100.0, 150.0), &fonts);
        let name = label.ops.iter().find_map(|op| match &op.mark {
            Mark::Picture { bitmap, .. } => bitmap.ink(),
            _ => None,
        });
        let height = dpi.mm(name.expect("the name is the first text").size.height);
        assert!(height.0 >= READ_AT_TWO_METRES.0, "{height} at {} dpi", dpi.nominal());
    }
}

#[test]
fn a_long_name_goes_on_in_the_next_line_and_nothing_leaves_the_frame() {
    let long = Subject {
        name: "a-very-long-name-of-a-printer-at-table-seventeen-near-the-door".into(),
        ..subject(Dpi::D203, 60.0, 40.0)
    };
    let label = identify(&long, &Fonts::embedded());
    let frame = Rect { at: Point::default(), size: label.size };
    assert!(label.ops.iter().all(|op| frame.holds(&op.mark.area())));
    assert!(label.ops.len() >= 2, "frame and name");
}

#[test]
fn every_column_of_the_head_has_a_step_of_its_own_in_the_comb() {
    let label = test(&subject(Dpi::D203, 100.0, 150.0), &Fonts::embedded());
    let picture = label.raster();
    let (top, step) = (Dpi::D203.dots(Mm(8.0)).0, 4);
    for x in 0..picture.width().0 {
        for stair in 0..16 {
            let black = (0..step).all(|y| picture.get(x, top + stair * step + y));
            let edge = x == 0 || x == picture.width().0 - 1;
            assert!(edge || black == (stair == x % 16), "column {x}, step {stair}");
        }
    }
    // The bar under it: every column, no gap.
    let bar = top + 16 * step + 16;
    assert!((0..picture.width().0).all(|x| (0..16).all(|y| picture.get(x, bar + y))));
}

#[test]
fn each_ruler_begins_at_its_own_edge() {
    for dpi in Dpi::ALL {
        let label = test(&subject(dpi, 100.0, 150.0), &Fonts::embedded());
        let (picture, Size { width, height }) = (label.raster(), label.size);
        for mm in [1, 5, 10, 20] {
            let along = dpi.dots(Mm(f64::from(mm))).0;
            assert!(picture.get(along, 3), "upper, {mm} mm from the left at {} dpi", dpi.nominal());
            assert!(picture.get(width.0 - 1 - along, height.0 - 4), "lower, {mm} mm from the right");
            assert!(picture.get(3, height.0 - 1 - along), "left, {mm} mm from the bottom");
        }
        assert!(picture.get(width.0 - 4, dpi.dots(Mm(50.0)).0), "right, from the top");
        assert!(!picture.get(dpi.dots(Mm(1.5)).0, 3), "between two ticks");
    }
}

#[test]
fn the_symbols_stand_at_the_least_x_dimension_of_each_head() {
    let modules = |dpi| {
        let label = test(&subject(dpi, 100.0, 150.0), &Fonts::embedded());
        let (mut bars, mut square) = (None, None);
        for op in &label.ops {
            match &op.mark {
                Mark::Linear { module, .. } => bars = Some(module.0),
                Mark::Matrix { module, .. } => square = Some(module.0),
                _ => {}
            }
        }
        (bars, square)
    };
    assert_eq!(Dpi::ALL.map(modules), [(Some(2), Some(3)), (Some(3), Some(3)), (Some(5), Some(6))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_media_gets_labels_that_stay_on_it(width in 5.0..120.0f64, height in 5.0..200.0f64) {
        let fonts = Fonts::embedded();
        let subject = subject(Dpi::D203, width, height);
        let whole = Rect { at: Point::default(), size: subject.media };
        for label in [identify(&subject, &fonts), test(&subject, &fonts)] {
            prop_assert!(label.ops.iter().all(|op| whole.holds(&op.mark.area())));
            prop_assert!(label.raster().black() > 0);
        }
    }
}

#[test]
fn a_slip_says_its_head_in_letters_of_a_centimetre_and_both_reasons_stay_inside() {
    let dpi = Dpi::D203;
    let reasons =
        ["label pkg-2026-0712-A was replaced: take it off and use label pkg-2026-0712-B.", "此面单已更换，请使用新面单"];
    let refused =
        Slip { head: "REFUSED 拒用".into(), code: "pkg-2026-0712-A".into(), reasons: reasons.map(str::to_owned).to_vec() };
    for (width, height) in [(100.0, 150.0), (60.0, 40.0)] {
        let media = Size::new(dpi.dots(Mm(width)), dpi.dots(Mm(height)));
        let label = slip(&refused, dpi, media, &Fonts::embedded());
        let frame = Rect { at: Point::default(), size: label.size };
        assert!(label.ops.iter().all(|op| frame.holds(&op.mark.area())));
        assert!(label.ops.len() >= 3, "frame, head and code at {width} × {height}: {}", label.ops.len());
        let head = label.ops.iter().find_map(|op| match &op.mark {
            Mark::Picture { bitmap, .. } => bitmap.ink(),
            _ => None,
        });
        if width == 100.0 {
            assert!(dpi.mm(head.expect("the head").size.height).0 >= READ_AT_TWO_METRES.0);
            assert_eq!(label.ops.len(), 5, "frame, head, code and both reasons");
        }
        if let Ok(folder) = std::env::var("SLIP_OUT") {
            std::fs::write(format!("{folder}/slip-{width}.png"), label.raster().to_png()).unwrap();
        }
    }
}
