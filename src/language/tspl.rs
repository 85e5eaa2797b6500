//! TSPL and TSPL2 (TSC and clones): labels as lines of commands ended by CR LF, pictures as raw bytes among them.
//!
//! Linear symbols, rules and frames go as bars, which print exactly our dots; everything else as bitmaps cut around
//! its black ([`cut`]). Every command holds digits, or bytes that were counted before: no text of anybody is ever read
//! by the printer. Left alone: `BARCODE` and `QRCODE`, because firmware chooses code sets, versions and masks;
//! compressed bitmaps, which no public manual describes; pictures stored in the printer (`PUTPCX`), which need files
//! deleted in memory of unknown size.
//!
//! Commands and ranges are those of the TSPL/TSPL2 programming manual.

mod cut;
pub mod status;

use super::{Encoded, PrintMode, Setup, Tracking};
use crate::dots::{Bitmap, Dots, Dpi, Mm, Point, Rect, Size};
use crate::label::{Label, Mark};
use std::io::Write;

/// No gap is narrower on any media the manual's printers take, and `GAP 0` would mean continuous.
const GAP_LEAST: Mm = Mm(2.0);

/// Writes labels for one connection.
#[derive(Debug, Default)]
pub struct Encoder {
    /// What is left of the offset for us to draw: the printer cannot move to the left.
    moved: Point,
}

impl Encoder {
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// Puts the printer into a known state. Once a connection, before its first label.
    pub fn start(&mut self, setup: &Setup, size: Size, dpi: Dpi) -> Vec<u8> {
        // Ends a line an earlier sender may have left half written.
        let mut out = b"\r\n".to_vec();
        let (width, height, gap) = (mm(dpi, size.width), mm(dpi, size.height), mm(dpi, setup.gap.max(dpi.dots(GAP_LEAST))));
        push(&mut out, format_args!("SIZE {width:.2} mm,{height:.2} mm\r\n"));
        match setup.media {
            // The gap and its offset, the mark and what is fed after it (GAP, BLINE).
            Tracking::Gap => push(&mut out, format_args!("GAP {gap:.2} mm,0 mm\r\n")),
            Tracking::Mark => push(&mut out, format_args!("BLINE {gap:.2} mm,0 mm\r\n")),
            Tracking::Continuous => out.extend_from_slice(b"GAP 0 mm,0 mm\r\n"),
        }
        // Where a label stops at the bar: drivers for other media move it.
        out.extend_from_slice(b"OFFSET 0 mm\r\n");
        let (turned, mirrored) = (u8::from(setup.upside_down), u8::from(setup.mirror));
        push(&mut out, format_args!("DIRECTION {turned},{mirrored}\r\n"));
        self.offset(&mut out, setup.offset, dpi);
        if let Some(darkness) = setup.darkness {
            push(&mut out, format_args!("DENSITY {}\r\n", darkness.min(15)));
        }
        if let Some(speed) = setup.speed {
            push(&mut out, format_args!("SPEED {speed}\r\n"));
        }
        // Saved through a power cycle (device reconfiguration commands): each mode switches the others off.
        out.extend_from_slice(b"SET PARTIAL_CUTTER OFF\r\n");
        out.extend_from_slice(match setup.mode {
            PrintMode::Tear => b"SET PEEL OFF\r\nSET CUTTER OFF\r\nSET TEAR ON\r\n",
            PrintMode::Peel => b"SET TEAR OFF\r\nSET CUTTER OFF\r\nSET PEEL ON\r\n",
            PrintMode::Cut => b"SET PEEL OFF\r\nSET TEAR OFF\r\nSET CUTTER 1\r\n",
        });
        // The feed key feeds: it does not print the last label once more.
        out.extend_from_slice(b"SET PRINTKEY OFF\r\n");
        // A label cut short by media out or an open head is printed again by the printer, on purpose: the host does not.
        out.extend_from_slice(b"SET REPRINT ON\r\n");
        out
    }

    /// One label, printed once.
    pub fn label(&mut self, label: &Label) -> Encoded {
        let mut bars = Vec::new();
        let mut picture = Bitmap::new(label.size);
        for op in &label.ops {
            if !made_of_bars(&mut bars, &op.mark) {
                op.draw(&mut picture);
            }
        }
        bars.iter_mut().for_each(|bar| *bar = visible(*bar, label.size));
        if self.moved != Point::default() {
            let Point { x, y } = self.moved;
            picture = picture.crop(Rect::new(-x, -y, label.size.width, label.size.height));
            bars.iter_mut().for_each(|bar| bar.at = Point::new(bar.at.x + x, bar.at.y + y));
        }
        let mut bytes = b"CLS\r\n".to_vec();
        for piece in cut::pieces(&picture) {
            match piece.bars {
                true => bars.extend(cut::bars(&picture, &piece.area)),
                false => bitmap(&mut bytes, &picture, &piece.area),
            }
        }
        // After the bitmaps, which may overwrite white with white.
        for bar in bars {
            self::bar(&mut bytes, visible(bar, label.size));
        }
        // Without this word nothing prints; after its digit a line end of whoever comes next would do.
        let trigger = bytes.len() + 1;
        bytes.extend_from_slice(b"PRINT 1,1\r\n");
        Encoded { bytes, trigger }
    }

    /// The offset, as far as commands go: REFERENCE moves right, SHIFT up and down by an inch at most.
    fn offset(&mut self, out: &mut Vec<u8>, offset: Point, dpi: Dpi) {
        let inch = dpi.nominal() as i32;
        let (right, down) = (offset.x.max(Dots(0)), offset.y.clamp(Dots(-inch), Dots(inch)));
        push(out, format_args!("REFERENCE {right},0\r\nSHIFT {down}\r\n"));
        self.moved = Point::new(offset.x - right, offset.y - down);
    }
}

/// The mark as bars; `false` when it is not made of bars, or a picture of it is shorter.
fn made_of_bars(bars: &mut Vec<Rect>, mark: &Mark) -> bool {
    let start = bars.len();
    match mark {
        Mark::Fill(area) => bars.push(*area),
        Mark::Frame { area, thickness } => {
            let (Rect { at, size }, t) = (*area, *thickness);
            bars.push(Rect::new(at.x, at.y, size.width, t));
            bars.push(Rect::new(at.x, area.bottom() - t, size.width, t));
            bars.push(Rect::new(at.x, at.y + t, t, size.height - t * 2));
            bars.push(Rect::new(area.right() - t, at.y + t, t, size.height - t * 2));
        }
        Mark::Linear { at, symbol, module, height } => {
            let mut x = at.x;
            for run in symbol.modules.chunk_by(|a, b| a == b) {
                let width = *module * run.len() as i32;
                if run[0] {
                    bars.push(Rect::new(x, at.y, width, *height));
                }
                x += width;
            }
            let Size { width, height } = mark.area().size;
            if cut::BAR_COST * (bars.len() - start) > width.count().div_ceil(8) * height.count() {
                bars.truncate(start);
                return false;
            }
        }
        Mark::Text(_) | Mark::Picture { .. } | Mark::Matrix { .. } => return false,
    }
    true
}

/// A length as SIZE and GAP take it: hundredths of a millimetre, rounded up, so that firmware that cuts off the rest
/// and firmware that rounds come out at the same dots.
fn mm(dpi: Dpi, length: Dots) -> f64 {
    (dpi.mm(length).0 * 100.0 - 1e-6).ceil() / 100.0
}

/// The part of a rectangle that lies on the label.
fn visible(area: Rect, on: Size) -> Rect {
    let (left, top) = (area.at.x.max(Dots(0)), area.at.y.max(Dots(0)));
    let (right, bottom) = (area.right().min(on.width), area.bottom().min(on.height));
    Rect::new(left, top, right - left, bottom - top)
}

/// A black rectangle, BAR.
fn bar(out: &mut Vec<u8>, area: Rect) {
    let (w, h) = (area.size.width, area.size.height);
    if w.0 > 0 && h.0 > 0 {
        push(out, format_args!("BAR {},{},{w},{h}\r\n", area.at.x, area.at.y));
    }
}

/// A part of a picture, BITMAP: its width in bytes, then exactly so many bytes, 0 is black. Mode 1 (or) and mode 0
/// (overwrite) come out the same, because no two pieces share a dot; 1 is what makers' own drivers send.
fn bitmap(out: &mut Vec<u8>, picture: &Bitmap, area: &cut::Area) {
    let (x, y) = (area.columns.start * 8, area.rows.start);
    push(out, format_args!("BITMAP {x},{y},{},{},1,", area.columns.len(), area.rows.len()));
    for y in area.rows.clone() {
        out.extend(picture.row(y)[area.columns.clone()].iter().map(|byte| !byte));
    }
    out.extend_from_slice(b"\r\n");
}

/// Measures gap or mark (TSPL manual, GAPDETECT and BLINEDETECT); continuous media has nothing to measure.
pub fn calibrate(setup: &Setup) -> Option<Vec<u8>> {
    match setup.media {
        Tracking::Gap => Some(b"GAPDETECT\r\n".to_vec()),
        Tracking::Mark => Some(b"BLINEDETECT\r\n".to_vec()),
        Tracking::Continuous => None,
    }
}

/// Writes formatted text into bytes.
fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Op;
    use crate::symbology::code128;
    use std::sync::Arc;

    fn started(setup: Setup, size: Size, dpi: Dpi) -> String {
        String::from_utf8(Encoder::new().start(&setup, size, dpi)).unwrap()
    }

    fn label(marks: impl IntoIterator<Item = Mark>) -> Label {
        let ops = marks.into_iter().map(|mark| Op { fixed: false, mark }).collect();
        Label { dpi: Dpi::D203, size: Size::new(Dots(800), Dots(1200)), ops }
    }

    fn rect(x: i32, y: i32, width: i32, height: i32) -> Rect {
        Rect::new(Dots(x), Dots(y), Dots(width), Dots(height))
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn the_setup_leaves_nothing_to_an_earlier_sender() {
        let setup = Setup { darkness: Some(10), speed: Some(4), gap: Dots(24), ..Setup::default() };
        assert_eq!(
            started(setup, Size::new(Dots(800), Dots(1200)), Dpi::D203),
            "\r\nSIZE 100.00 mm,150.00 mm\r\nGAP 3.00 mm,0 mm\r\nOFFSET 0 mm\r\nDIRECTION 0,0\r\nREFERENCE 0,0\r\nSHIFT 0\r\n\
             DENSITY 10\r\nSPEED 4\r\nSET PARTIAL_CUTTER OFF\r\nSET PEEL OFF\r\nSET CUTTER OFF\r\nSET TEAR ON\r\n\
             SET PRINTKEY OFF\r\nSET REPRINT ON\r\n"
        );
        let setup = Setup {
            mode: PrintMode::Cut,
            media: Tracking::Mark,
            gap: Dots(47),
            upside_down: true,
            mirror: true,
            ..Setup::default()
        };
        let said = started(setup, Size::new(Dots(1181), Dots(1772)), Dpi::D300);
        for line in ["BLINE 3.98 mm,0 mm", "DIRECTION 1,1", "SET CUTTER 1", "SET TEAR OFF"] {
            assert!(said.contains(&format!("\r\n{line}\r\n")), "{line} in {said}");
        }
        assert!(!said.contains("DENSITY") && !said.contains("SPEED"), "what is not set stays as the printer has it");
    }

    #[test]
    fn a_gap_nobody_measured_is_not_said_to_be_continuous() {
        let size = Size::new(Dots(800), Dots(1200));
        assert!(started(Setup::default(), size, Dpi::D203).contains("GAP 2.00 mm,0 mm\r\n"));
        let continuous = Setup { media: Tracking::Continuous, ..Setup::default() };
        assert!(started(continuous, size, Dpi::D203).contains("GAP 0 mm,0 mm\r\n"));
    }

    #[test]
    fn a_size_in_hundredths_of_a_millimetre_is_the_same_dots_rounded_or_cut_off() {
        for dpi in Dpi::ALL {
            for dots in 1..5000 {
                let exact = mm(dpi, Dots(dots)) * dpi.dots_per_mm() + 1e-9;
                assert_eq!((exact.floor() as i32, exact.round() as i32), (dots, dots), "at {} dpi", dpi.nominal());
            }
        }
    }

    #[test]
    fn the_printer_moves_right_up_and_down_and_we_draw_what_it_cannot() {
        let moved = |x, y| {
            let mut encoder = Encoder::new();
            let setup = Setup { offset: Point::new(Dots(x), Dots(y)), ..Setup::default() };
            let said = text(&encoder.start(&setup, Size::new(Dots(800), Dots(1200)), Dpi::D203));
            let bytes = encoder.label(&label([Mark::Fill(rect(10, 300, 50, 4))])).bytes;
            let at = said.find("REFERENCE").unwrap();
            (said[at..].lines().take(2).collect::<Vec<_>>().join("|"), text(&bytes).lines().nth(1).unwrap().to_owned())
        };
        assert_eq!(moved(5, -8), ("REFERENCE 5,0|SHIFT -8".into(), "BAR 10,300,50,4".into()));
        assert_eq!(moved(-12, 8), ("REFERENCE 0,0|SHIFT 8".into(), "BAR 0,300,48,4".into()));
        assert_eq!(moved(0, -300), ("REFERENCE 0,0|SHIFT -203".into(), "BAR 10,203,50,4".into()));
    }

    #[test]
    fn a_linear_symbol_is_one_bar_for_each_of_its_bars() {
        let symbol = Arc::new(code128::encode("RB123456785GB").unwrap());
        let bars = symbol.modules.chunk_by(|a, b| a == b).filter(|run| run[0]).count();
        let at = Point::new(Dots(40), Dots(30));
        let mark = |height| Mark::Linear { at, symbol: Arc::clone(&symbol), module: Dots(3), height: Dots(height) };
        let tall = text(&Encoder::new().label(&label([mark(96)])).bytes);
        assert_eq!(tall.matches("BAR ").count(), bars);
        assert!(tall.starts_with("CLS\r\nBAR 40,30,6,96\r\n"), "a start character begins with two modules of black");
        let flat = text(&Encoder::new().label(&label([mark(4)])).bytes);
        assert!(flat.starts_with("CLS\r\nBITMAP "), "the picture is shorter");
    }

    #[test]
    fn bitmaps_come_before_bars_and_count_their_bytes() {
        let mut bitmap = Bitmap::new(Size::new(Dots(12), Dots(3)));
        for (x, y) in [(0, 0), (11, 1), (5, 2)] {
            bitmap.set(x, y);
        }
        let picture = Mark::Picture { at: Point::new(Dots(16), Dots(7)), bitmap: Arc::new(bitmap) };
        let encoded = Encoder::new().label(&label([Mark::Fill(rect(0, 5, 700, 3)), picture]));
        let mut expected = b"CLS\r\nBITMAP 16,7,2,3,1,".to_vec();
        expected.extend([0x7f, 0xff, 0xff, 0xef, 0xfb, 0xff]);
        expected.extend_from_slice(b"\r\nBAR 0,5,700,3\r\nPRINT 1,1\r\n");
        assert_eq!(encoded.bytes, expected);
        assert_eq!(encoded.trigger, expected.len() - b"RINT 1,1\r\n".len());
    }

    #[test]
    fn a_white_label_is_fed() {
        assert_eq!(Encoder::new().label(&label([])).bytes, b"CLS\r\nPRINT 1,1\r\n");
    }
}
