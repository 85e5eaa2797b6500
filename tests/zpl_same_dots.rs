//! Our ZPL, drawn by an interpreter we did not write, shows the dots we drew ourselves.
#![cfg(feature = "interpreter")]

#[path = "sample/any.rs"]
mod any;
mod sample;

use any::{any_label, noise, size};
use labelize::{DrawerOptions, Renderer, ZplParser};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use waybilld::dots::{Bitmap, Dots, Dpi, Point, Size};
use waybilld::label::{Label, Mark, Op, Text, TextLine};
use waybilld::language::Setup;
use waybilld::language::zpl::{Encoder, Options};
use waybilld::symbology::code128;

const KEEPING: Options = Options { native_text: false, memory_bytes: 4 << 20 };

/// A printer that draws what it is sent, label after label.
struct Printer {
    zpl: ZplParser,
    dots_per_mm: i32,
    size: Size,
}

impl Printer {
    fn new(dpi: Dpi, size: Size) -> Printer {
        let dots_per_mm = match dpi {
            Dpi::D203 => 8,
            Dpi::D300 => 12,
            Dpi::D600 => 24,
        };
        Printer { zpl: ZplParser::with_dpmm(dots_per_mm), dots_per_mm, size }
    }

    fn print(&mut self, bytes: &[u8]) -> Vec<Bitmap> {
        let options = DrawerOptions {
            label_width_mm: f64::from(self.size.width.0) / f64::from(self.dots_per_mm),
            label_height_mm: f64::from(self.size.height.0) / f64::from(self.dots_per_mm),
            dpmm: self.dots_per_mm,
            ..DrawerOptions::default()
        };
        let labels = self.zpl.parse(bytes).expect("valid ZPL");
        let draw = |label| {
            let mut png = Vec::new();
            Renderer::new().draw_label_as_png(label, &mut png, options.clone()).expect("drawn");
            Bitmap::from_png(&png).expect("a picture")
        };
        labels.iter().map(draw).collect()
    }
}

/// Encodes labels on one connection, draws them and counts the dots that differ from ours.
fn differing_dots(options: Options, labels: &[Label]) -> Vec<usize> {
    let Some(first) = labels.first() else { return Vec::new() };
    let mut encoder = Encoder::new(options);
    let mut printer = Printer::new(first.dpi, first.size);
    assert_eq!(printer.print(&encoder.start(&Setup::default(), first.size)), [], "the setup prints nothing");
    let mut differing = Vec::new();
    for label in labels {
        let printed = printer.print(&encoder.label(label));
        assert_eq!(printed.len(), 1, "one label printed");
        differing.push(printed[0].difference(&label.raster()).expect("the size of the label"));
    }
    differing
}

/// Runs of labels of which every other comes again, so that memory has something to keep.
fn same_dots(dpi: Dpi, cases: u32) {
    let labels = prop::collection::vec(any_label(dpi), 1..3);
    let memory = prop::sample::select(vec![0, 20_000, 4 << 20]);
    TestRunner::new(Config { cases, ..Config::default() })
        .run(&(labels, memory), |(labels, memory_bytes)| {
            let twice = [labels.clone(), labels.clone(), labels].concat();
            let differing = differing_dots(Options { native_text: false, memory_bytes }, &twice);
            prop_assert!(differing.iter().all(|dots| *dots == 0), "differing dots label by label: {differing:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_label_prints_dot_for_dot_at_203_dpi() {
    same_dots(Dpi::D203, 40);
}

#[test]
fn any_label_prints_dot_for_dot_at_300_dpi() {
    same_dots(Dpi::D300, 16);
}

#[test]
fn any_label_prints_dot_for_dot_at_600_dpi() {
    same_dots(Dpi::D600, 4);
}

#[test]
fn a_run_of_dense_waybills_prints_dot_for_dot_and_stays_short() {
    let labels: Vec<Label> = (0..4).map(sample::waybill).collect();
    assert_eq!(differing_dots(KEEPING, &labels), [0; 4]);

    let mut encoder = Encoder::new(KEEPING);
    let bytes: Vec<usize> = labels.iter().map(|label| encoder.label(label).len()).collect();
    assert!(bytes[0] < 26_000 && bytes[2] < 18_000, "{bytes:?}");
}

#[test]
fn every_code_128_of_a_waybill_is_drawn_by_the_printer_itself_with_our_bars() {
    for data in
        ["RB123456785GB", "1Z999AA10123456784", "576461413038785752", "SF1020304050607", "JJD01-a/b.c_d", "A\x1dB\x01\x02x"]
    {
        let symbol = Arc::new(code128::encode(data).unwrap());
        let mark = Mark::Linear { at: Point::new(Dots(40), Dots(30)), symbol, module: Dots(3), height: Dots(96) };
        let label = Label { dpi: Dpi::D203, size: size(Dpi::D203), ops: vec![Op { fixed: false, mark }] };
        let bytes = Encoder::new(KEEPING).label(&label);
        assert!(bytes.windows(3).any(|window| window == b"^BC"), "{data:?} is native");
        assert_eq!(differing_dots(KEEPING, &[label]), [0], "{data:?}");
    }
}

#[test]
fn a_full_page_of_noise_is_over_the_field_limit_and_still_exact() {
    for dpi in [Dpi::D203, Dpi::D300] {
        let bitmap = Arc::new(noise(size(dpi), 7));
        let ops = vec![Op { fixed: false, mark: Mark::Picture { at: Point::default(), bitmap } }];
        let label = Label { dpi, size: size(dpi), ops };
        assert_eq!(differing_dots(Options::default(), &[label]), [0]);
    }
}

#[test]
fn native_text_stays_inside_the_width_it_was_laid_out_for() {
    for text in ["WWWMMM@@%%", "The quick brown fox, 12 Rue de l'Éclair", "iiillltttfff", "0123456789-+=<>", "ÀÉÎÕÜ æøåß ÿ"]
    {
        for width in [200, 400, 600] {
            let (x, y) = (Dots(50), Dots(100));
            let line =
                TextLine { text: text.to_owned(), baseline: Point::new(x, y), width: Dots(width), size: Dots(30), bold: false };
            let bitmap = Arc::new(Bitmap::new(Size::new(Dots(width), Dots(40))));
            let mark = Mark::Text(Text { at: Point::new(x, Dots(70)), bitmap, lines: vec![line] });
            let label = Label { dpi: Dpi::D203, size: size(Dpi::D203), ops: vec![Op { fixed: false, mark }] };
            let bytes = Encoder::new(Options { native_text: true, memory_bytes: 0 }).label(&label);
            if !bytes.windows(3).any(|window| window == b"^A0") {
                continue; // It would be squeezed too much; then it goes as a picture.
            }
            let printed = Printer::new(label.dpi, label.size).print(&bytes);
            let ink = printed[0].ink().expect("some ink");
            // Two dots for the overhang of a glyph past its advance.
            assert!(ink.at.x >= x - Dots(2) && ink.right() <= x + Dots(width) + Dots(2), "{text} in {width}: {ink:?}");
        }
    }
}
