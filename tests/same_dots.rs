//! Our bytes, drawn by an interpreter we did not write, show the dots we drew ourselves.
#![cfg(feature = "interpreter")]

use crate::support::any::{any_label, noise, size};
use crate::support::paper::Printer;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;
use waybilld::dots::{Bitmap, Dots, Dpi, Point, Rect, Size};
use waybilld::label::{Label, Mark, Op, Text, TextLine};
use waybilld::language::{Encoder, Language, Options, Setup, zpl};
use waybilld::symbology::code128;

const KEEPING: zpl::Options = zpl::Options { native_text: false, memory_bytes: 4 << 20, slow_line: false };

fn encoder(language: Language, zpl: zpl::Options) -> Encoder {
    Encoder::new(language, Options { zpl, ..Options::default() })
}

/// Encodes labels on one connection, draws them and counts the dots that differ from ours.
fn differing_dots(language: Language, zpl: zpl::Options, setup: &Setup, labels: &[Label]) -> Vec<usize> {
    let Some(first) = labels.first() else { return Vec::new() };
    let mut encoder = encoder(language, zpl);
    let mut printer = Printer::new(language, first.dpi, first.size);
    assert_eq!(printer.print(&encoder.start(setup, first.size, first.dpi)), [], "the setup prints nothing");
    let mut differing = Vec::new();
    for label in labels {
        let printed = printer.print(&encoder.label(label).bytes);
        let ours = label.raster().crop(Rect { at: Point::new(-setup.offset.x, -setup.offset.y), size: label.size });
        match printed.as_slice() {
            // The interpreter passes over a TSPL label that is all white.
            [] => assert!(language == Language::Tspl && ours.ink().is_none(), "a label with ink is printed"),
            [printed] => differing.push(printed.difference(&ours).expect("the size of the label")),
            more => panic!("{} labels printed", more.len()),
        }
    }
    differing
}

/// Runs of labels of which every other comes again, so that memory has something to keep.
fn same_dots(language: Language, dpi: Dpi, cases: u32) {
    let labels = prop::collection::vec(any_label(dpi), 1..3);
    let memory = prop::sample::select(vec![0, 20_000, 4 << 20]);
    TestRunner::new(Config { cases, ..Config::default() })
        .run(&(labels, memory), |(labels, memory_bytes)| {
            let runs = if language == Language::Zpl { 3 } else { 1 };
            let labels = vec![labels; runs].concat();
            let differing = differing_dots(
                language,
                zpl::Options { native_text: false, memory_bytes, slow_line: false },
                &Setup::default(),
                &labels,
            );
            prop_assert!(differing.iter().all(|dots| *dots == 0), "differing dots label by label: {differing:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_label_prints_dot_for_dot_as_zpl_at_203_dpi() {
    same_dots(Language::Zpl, Dpi::D203, 40);
}

#[test]
fn any_label_prints_dot_for_dot_as_zpl_at_300_dpi() {
    same_dots(Language::Zpl, Dpi::D300, 16);
}

#[test]
fn any_label_prints_dot_for_dot_as_zpl_at_600_dpi() {
    same_dots(Language::Zpl, Dpi::D600, 4);
}

#[test]
fn any_label_prints_dot_for_dot_as_tspl_at_203_dpi() {
    same_dots(Language::Tspl, Dpi::D203, 40);
}

#[test]
fn any_label_prints_dot_for_dot_as_tspl_at_300_dpi() {
    same_dots(Language::Tspl, Dpi::D300, 16);
}

#[test]
fn an_offset_moves_a_tspl_label_any_way_and_changes_no_dot_of_it() {
    let label = any_label(Dpi::D203).prop_filter("some ink", |label| !label.ops.is_empty());
    TestRunner::new(Config { cases: 16, ..Config::default() })
        .run(&(label, -250..250i32, -250..250i32), |(label, x, y)| {
            let setup = Setup { offset: Point::new(Dots(x), Dots(y)), ..Setup::default() };
            let differing = differing_dots(Language::Tspl, KEEPING, &setup, &[label]);
            prop_assert!(differing.iter().all(|dots| *dots == 0), "{differing:?} dots differ");
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_run_of_dense_waybills_prints_dot_for_dot_and_stays_short() {
    let labels: Vec<Label> = (0..4).map(crate::support::sample::waybill).collect();
    for (language, first_most, later_most) in [(Language::Zpl, 26_000, 18_000), (Language::Tspl, 42_000, 42_000)] {
        assert_eq!(differing_dots(language, KEEPING, &Setup::default(), &labels), [0; 4], "{}", language.name());
        let mut encoder = encoder(language, KEEPING);
        let bytes: Vec<usize> = labels.iter().map(|label| encoder.label(label).bytes.len()).collect();
        assert!(bytes[0] < first_most && bytes[2] < later_most, "{}: {bytes:?}", language.name());
    }
}

#[test]
fn every_code_128_of_a_waybill_is_drawn_by_the_printer_itself_with_our_bars() {
    for data in
        ["RB123456785GB", "1Z999AA10123456784", "576461413038785752", "SF1020304050607", "JJD01-a/b.c_d", "A\x1dB\x01\x02x"]
    {
        let symbol = Arc::new(code128::encode(data).unwrap());
        let mark = Mark::Linear { at: Point::new(Dots(40), Dots(30)), symbol, module: Dots(3), height: Dots(96) };
        let label = Label { dpi: Dpi::D203, size: size(Dpi::D203), ops: vec![Op { fixed: false, mark }] };
        let bytes = encoder(Language::Zpl, KEEPING).label(&label).bytes;
        assert!(bytes.windows(3).any(|window| window == b"^BC"), "{data:?} is native");
        assert_eq!(differing_dots(Language::Zpl, KEEPING, &Setup::default(), &[label]), [0], "{data:?}");
    }
}

#[test]
fn a_full_page_of_noise_is_over_every_limit_and_still_exact() {
    for dpi in [Dpi::D203, Dpi::D300] {
        let bitmap = Arc::new(noise(size(dpi), 7));
        let ops = vec![Op { fixed: false, mark: Mark::Picture { at: Point::default(), bitmap } }];
        let label = Label { dpi, size: size(dpi), ops };
        for language in [Language::Zpl, Language::Tspl] {
            let differing = differing_dots(language, zpl::Options::default(), &Setup::default(), std::slice::from_ref(&label));
            assert_eq!(differing, [0], "{}", language.name());
        }
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
            let native = zpl::Options { native_text: true, memory_bytes: 0, slow_line: false };
            let bytes = encoder(Language::Zpl, native).label(&label).bytes;
            if !bytes.windows(3).any(|window| window == b"^A0") {
                continue; // It would be squeezed too much; then it goes as a picture.
            }
            let printed = Printer::new(Language::Zpl, label.dpi, label.size).print(&bytes);
            let ink = printed[0].ink().expect("some ink");
            // Two dots for the overhang of a glyph past its advance.
            assert!(ink.at.x >= x - Dots(2) && ink.right() <= x + Dots(width) + Dots(2), "{text} in {width}: {ink:?}");
        }
    }
}
