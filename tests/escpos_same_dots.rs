//! Our ESC/POS, read back by a reader that knows the manual only, shows the dots we drew ourselves, and no buyer's text
//! and no picture in it is a command.

use crate::support::any::{any_label, noise};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};
use std::sync::Arc;
use waybilld::designs::Designs;
use waybilld::dots::{Bitmap, Dots, Dpi, Point, Rect, Size};
use waybilld::label::{Label, Mark, Op};
use waybilld::language::escpos::{COMMAND_BYTES, Encoder, Feed, Options, status};
use waybilld::language::{PrintMode, Setup, Tracking};
use waybilld::text::Fonts;
use waybilld::waybill::{Senders, Waybill, json};

/// Every label ends in a cut, so that the pieces can be told apart.
const CUT: Setup = Setup {
    darkness: None,
    speed: None,
    mode: PrintMode::Cut,
    media: Tracking::Gap,
    gap: Dots(0),
    offset: Point { x: Dots(0), y: Dots(0) },
    upside_down: false,
    mirror: false,
};
const LINE: Options = Options { page_mode: false, feed: Feed::Roll, width_dots: None };
const PAGE: Options = Options { page_mode: true, ..LINE };

/// A printer as the manual tells it: raster bit image, page mode with stored graphics, cut. Any other byte is a fault.
#[derive(Default)]
struct Printer {
    head: usize,
    margin: usize,
    paper: Vec<Vec<bool>>,
    pieces: Vec<Vec<Vec<bool>>>,
    /// In page mode: its rows, and the print position.
    page: Option<(Vec<Vec<bool>>, usize, usize)>,
}

impl Printer {
    fn new(head: Dots) -> Printer {
        Printer { head: head.count(), ..Printer::default() }
    }

    fn print(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.command(rest);
        }
    }

    fn command<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let number = |at: usize| usize::from(bytes[at]) + usize::from(bytes[at + 1]) * 256;
        let length = match bytes {
            [0, ..] => 1,
            [0x1b, b'@', ..] => {
                (self.page, self.margin) = (None, 0);
                2
            }
            [0x1b, b'3', _, ..] | [0x1d, b'a', _, ..] => 3,
            [0x1d, b'P', 203, 203, ..] => 4,
            [0x1d, b'L', ..] => {
                self.margin = number(2);
                4
            }
            [0x1d, b'v', b'0', 0, ..] => {
                assert!(self.page.is_none(), "raster bit image in line mode");
                let (width, height) = (number(4), number(6));
                assert!(height <= 255 && width * height <= 4096, "a band of {width} × {height}");
                // None at all, as behind a broken line: read and forgotten.
                for row in bytes[8..8 + width * height].chunks(width.max(1)) {
                    let mut line = vec![false; self.head];
                    draw(&mut line, self.margin, row);
                    self.paper.push(line);
                }
                8 + width * height
            }
            [0x1b, b'L', ..] => {
                self.page = Some((Vec::new(), 0, 0));
                2
            }
            [0x1b, b'W', 0, 0, 0, 0, ..] => {
                let (page, ..) = self.page.as_mut().expect("an area in page mode");
                *page = vec![vec![false; number(6)]; number(8)];
                10
            }
            [0x1b, b'$', ..] => {
                self.page.as_mut().expect("a position in page mode").1 = number(2);
                4
            }
            [0x1d, b'$', ..] => {
                self.page.as_mut().expect("a position in page mode").2 = number(2);
                4
            }
            [0x1d, b'(', b'L', _, _, 48, 112, 48, 1, 1, 49, ..] => {
                let (page, x, y) = self.page.as_mut().expect("graphics in page mode");
                let (parameters, width, height) = (number(3), number(11), number(13));
                // Out of range, as behind a broken line: read and forgotten.
                if width > 0 && height > 0 {
                    assert_eq!(parameters, 10 + width.div_ceil(8) * height, "the length of the graphics");
                    let rows = bytes[15..5 + parameters].chunks(width.div_ceil(8));
                    rows.zip(&mut page[*y - height..*y]).for_each(|(row, line)| draw(line, *x, row));
                }
                5 + parameters
            }
            [0x0c, ..] => {
                let (page, ..) = self.page.take().expect("a page to print");
                self.paper.extend(page);
                1
            }
            [0x1d, b'V', b'A', 0, ..] => {
                self.pieces.push(std::mem::take(&mut self.paper));
                4
            }
            [code, ..] => panic!("no command begins with {code:02x}, {} bytes before the end", bytes.len()),
            [] => 0,
        };
        &bytes[length..]
    }

    /// The only piece, as a picture.
    fn piece(&mut self) -> Bitmap {
        assert!(self.paper.is_empty() && self.page.is_none(), "nothing is left in the printer");
        let piece = self.pieces.pop().expect("a piece was cut");
        assert!(self.pieces.is_empty(), "one piece a label");
        let mut picture = Bitmap::new(Size::new(Dots::of(self.head), Dots::of(piece.len())));
        for (y, row) in piece.iter().enumerate() {
            row.iter().enumerate().filter(|(_, dot)| **dot).for_each(|(x, _)| picture.set(x as i32, y as i32));
        }
        picture
    }
}

/// Lays a row of bytes over a line; what is beyond its end is lost.
fn draw(line: &mut [bool], at: usize, row: &[u8]) {
    for (x, dot) in row.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0)).enumerate() {
        if let Some(to) = line.get_mut(at + x) {
            *to |= dot;
        }
    }
}

/// Whether a printer would find a command for itself among these bytes.
fn holds_a_real_time_command(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|window| match *window {
        [0x10, 0x04, n] => (1..=8).contains(&n) || n == 18,
        [0x10, 0x05, n] => n < 3,
        [0x10, 0x14, n] => (1..=8).contains(&n),
        _ => false,
    })
}

fn encoded(options: Options, setup: &Setup, label: &Label) -> (Bitmap, Vec<u8>) {
    let mut encoder = Encoder::new(options);
    let mut printer = Printer::new(label.size.width);
    printer.print(&encoder.start(setup, label.dpi));
    let encoded = encoder.label(label);
    assert!((1..=encoded.bytes.len()).contains(&encoded.trigger));
    printer.print(&encoded.bytes);
    (printer.piece(), encoded.bytes)
}

fn assert_same(ours: &Bitmap, printed: &Bitmap) {
    assert_eq!(printed.size(), ours.size());
    assert_eq!(printed.difference(ours), Some(0), "dots that differ");
}

fn same_dots(dpi: Dpi, cases: u32) {
    let offset = (-30..30i32, -30..30i32).prop_map(|(x, y)| Point::new(Dots(x), Dots(y)));
    let turns = (any::<bool>(), any::<bool>());
    TestRunner::new(Config { cases, ..Config::default() })
        .run(&(any_label(dpi), offset, turns), |(label, offset, (upside_down, mirror))| {
            let setup = Setup { offset, upside_down, mirror, ..CUT };
            let ours = label.raster();
            let Size { width, height } = label.size;
            let mut expected = Bitmap::new(label.size);
            for (x, y) in (0..height.0).flat_map(|y| (0..width.0).map(move |x| (x, y))) {
                let across = if upside_down ^ mirror { width.0 - 1 - x } else { x };
                let down = if upside_down { height.0 - 1 - y } else { y };
                if ours.get(across, down) {
                    expected.set(x + offset.x.0, y + offset.y.0);
                }
            }
            for options in [LINE, PAGE] {
                let options = Options { width_dots: Some(width), ..options };
                assert_same(&expected, &encoded(options, &setup, &label).0);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_label_prints_dot_for_dot_at_203_dpi_whichever_way_it_is_turned() {
    same_dots(Dpi::D203, 12);
}

#[test]
fn any_label_prints_dot_for_dot_at_300_dpi_whichever_way_it_is_turned() {
    same_dots(Dpi::D300, 4);
}

/// A label of noise in which real-time commands stand at any dot, some rows through.
fn treacherous() -> impl Strategy<Value = Label> {
    let command = prop::sample::select(vec![
        vec![0x10, 0x04, 1],
        vec![0x10, 0x04, 4],
        vec![0x10, 0x05, 0],
        vec![0x10, 0x05, 2],
        vec![0x10, 0x14, 1, 0, 1],
        vec![0x10, 0x14, 8, 1, 3, 20, 1, 6, 2, 8],
    ]);
    let command = (command, 8..560usize, 0..60usize);
    (prop::collection::vec(command, 1..40), 0..u64::MAX, 0..3u8).prop_map(|(commands, seed, black)| {
        let size = Size::new(Dots(576), Dots(60));
        let mut rows = vec![[false; 576]; 60];
        if black > 0 {
            let noise = noise(Size::new(Dots(568), Dots(60)), seed);
            for (y, row) in rows.iter_mut().enumerate() {
                row.iter_mut().enumerate().skip(8).for_each(|(x, dot)| *dot = noise.get(x as i32 - 8, y as i32));
            }
        }
        for (command, x, y) in commands {
            // It goes on in the next row, as the bytes of a band do; two dots at once would be another command.
            let dots = command.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
            for (at, dot) in dots.enumerate().map(|(i, dot)| (y * 576 + x + i, dot)) {
                if at % 576 >= 8 && at / 576 < 60 {
                    rows[at / 576][at % 576] = dot;
                }
            }
        }
        let mut bitmap = Bitmap::new(size);
        for (y, row) in rows.iter().enumerate() {
            row.iter().enumerate().filter(|(_, dot)| **dot).for_each(|(x, _)| bitmap.set(x as i32, y as i32));
        }
        let mark = Mark::Picture { at: Point::default(), bitmap: Arc::new(bitmap) };
        Label { dpi: Dpi::D203, size, ops: vec![Op { fixed: false, mark }] }
    })
}

#[test]
fn no_picture_holds_a_command_the_printer_would_obey() {
    TestRunner::new(Config { cases: 150, ..Config::default() })
        .run(&treacherous(), |label| {
            for options in [LINE, PAGE] {
                let (printed, bytes) = encoded(options, &CUT, &label);
                assert_same(&label.raster(), &printed);
                prop_assert!(!holds_a_real_time_command(&bytes), "page mode: {}", options.page_mode);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn in_page_mode_no_label_at_all_holds_a_command() {
    TestRunner::new(Config { cases: 40, ..Config::default() })
        .run(&any_label(Dpi::D203), |label| {
            prop_assert!(!holds_a_real_time_command(&encoded(PAGE, &CUT, &label).1));
            Ok(())
        })
        .unwrap();
    // Every place and every size of a box, such as 1040 = 10 04 hex.
    for edge in (1..=1023).filter(|edge| edge % 16 < 3) {
        let label = filled(Rect::new(Dots(edge / 8 * 8), Dots(edge), Dots(8 + edge / 9 * 8), Dots(1 + edge % 255)));
        let (printed, bytes) = encoded(PAGE, &CUT, &label);
        assert_same(&label.raster(), &printed);
        assert!(!holds_a_real_time_command(&bytes), "{edge}");
    }
}

fn filled(area: Rect) -> Label {
    let ops = vec![Op { fixed: false, mark: Mark::Fill(area) }];
    Label { dpi: Dpi::D203, size: Size::new(Dots(1023), Dots(1200)), ops }
}

#[test]
fn a_line_that_broke_inside_a_band_costs_the_next_label_nothing() {
    let label = crate::support::sample::waybill(0);
    for options in [LINE, PAGE] {
        let mut encoder = Encoder::new(options);
        let start = encoder.start(&CUT, label.dpi);
        let whole = encoder.label(&label).bytes;
        for kept in (0..whole.len() - 4).step_by(2503) {
            let mut printer = Printer::new(label.size.width);
            // What the conversation says first, the setup, and half a label sent out: the next is a piece of its own.
            let opening = status::resync(COMMAND_BYTES);
            printer.print(&[&whole[..kept], &opening, &start, &encoder.eject(label.dpi), &whole].concat());
            printer.pieces.drain(..printer.pieces.len() - 1);
            assert_same(&label.raster(), &printer.piece());
        }
    }
}

#[test]
fn a_dense_label_is_a_fraction_of_its_raster() {
    let label = crate::support::sample::waybill(0);
    let raster = label.raster().bytes().len();
    let [line, page] = [LINE, PAGE].map(|options| encoded(options, &CUT, &label).1.len());
    println!("{raster} bytes of raster: {line} in line mode, {page} in page mode");
    assert!(
        line < raster * 9 / 10 && page < raster * 6 / 10,
        "{raster} bytes of raster: {line} in line mode, {page} in page mode"
    );
}

/// Reads the symbol in that part of a picture.
fn read(picture: &Bitmap, zone: Rect, format: BarcodeFormat) -> String {
    let part = picture.crop(zone);
    let Size { width, height } = part.size();
    let dots = (0..height.0).flat_map(|y| (0..width.0).map(move |x| (x, y)));
    let luma = dots.map(|(x, y)| if part.get(x, y) { 0 } else { 255 }).collect();
    let mut hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    detect_in_luma_with_hints(luma, width.0 as u32, height.0 as u32, Some(format), &mut hints)
        .map_or_else(|error| format!("not read: {error}"), |found| found.getText().to_owned())
}

fn every_symbol_is_read(dpi: Dpi) {
    let wave = std::fs::read(format!("{}/samples/wave.jsonl", env!("CARGO_MANIFEST_DIR"))).expect("our own sample wave");
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    let template = designs.design("waybill-80").unwrap().template.clone();
    let mut symbols = 0;
    for (line, node) in json::parse_lines(&wave).unwrap() {
        let waybill = Waybill::parse(&node, &Senders::default()).expect("a sample order has no fault");
        let label = designs.with(&template, dpi, |compositor| compositor.lay_out(&waybill)).unwrap().unwrap();
        // Every other label in page mode, where the head has it.
        let (printed, _) = encoded(if line % 2 == 0 { PAGE } else { LINE }, &CUT, &label);
        assert_same(&label.raster(), &printed);
        for op in &label.ops {
            let area = op.mark.area();
            match &op.mark {
                Mark::Linear { symbol, module, .. } => {
                    // Text may stand close above and below.
                    let quiet = *module * 10;
                    let zone = Rect::new(area.at.x - quiet, area.at.y, area.size.width + quiet * 2, area.size.height);
                    assert!(zone.at.x.0 >= 0 && zone.right() <= label.size.width, "line {line}: the quiet zone is on the roll");
                    assert_eq!(read(&printed, zone, BarcodeFormat::CODE_128), symbol.data, "line {line}");
                    symbols += 1;
                }
                Mark::Matrix { symbol, module, .. } => {
                    let (quiet, side) = (*module * 4, area.size.width + *module * 8);
                    let zone = Rect::new(area.at.x - quiet, area.at.y - quiet, side, side);
                    assert_eq!(read(&printed, zone, BarcodeFormat::QR_CODE), symbol.data, "line {line}");
                    symbols += 1;
                }
                _ => {}
            }
        }
    }
    assert_eq!(symbols, 150, "two Code 128 and a QR a label");
}

#[test]
fn every_symbol_of_the_wave_is_read_from_an_80_mm_roll_at_203_dpi() {
    every_symbol_is_read(Dpi::D203);
}

#[test]
fn every_symbol_of_the_wave_is_read_from_an_80_mm_roll_at_300_dpi() {
    every_symbol_is_read(Dpi::D300);
}
