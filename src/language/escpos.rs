//! ESC/POS (Epson and clones): a label as raster graphics, because no other form of it is the same dots on every make.
//!
//! Line mode prints as it reads: bands of `GS v 0` from top to bottom. Page mode, where the model has it, gathers boxes
//! of graphics in memory and prints them at one FF, so that a label comes out whole or not at all. Page numbers are
//! those of Epson's paper roll command reference Ver. 10.01.
//!
//! The paper layout (`GS ( E` function 49) is not set from here: it is kept in flash, takes a restart of the printer,
//! and is the business of whoever loads another roll.

mod commands;
mod line;
mod page;
mod real_time;
pub mod status;

use super::{Encoded, PrintMode, Setup, Tracking};
use crate::dots::{Bitmap, Dots, Dpi, Mm, Point, Size};
use crate::label::Label;

/// What the printer can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// It draws a whole label in memory before the first row is printed.
    pub page_mode: bool,
    pub feed: Feed,
    /// What its head can print; what lies beyond is not sent.
    pub width_dots: Option<Dots>,
}

/// How it goes on to the next label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Feed {
    /// A roll without labels: it is fed so far that the print is past the tear bar or the cutter.
    #[default]
    Roll,
    /// `FF`, as on many clones.
    FormFeed,
    /// `GS FF`, as on others.
    MarkedFormFeed,
    /// `FS ( L` functions 65 to 67 (Epson label models).
    LabelFeed,
}

impl Feed {
    /// Their names in files.
    pub const NAMES: [(&str, Feed); 4] =
        [("roll", Feed::Roll), ("ff", Feed::FormFeed), ("gs-ff", Feed::MarkedFormFeed), ("fs-l", Feed::LabelFeed)];
}

/// Writes labels for one connection.
#[derive(Debug, Default)]
pub struct Encoder {
    options: Options,
    setup: Setup,
}

/// Data bytes of one raster command, at most: a small receive buffer takes it whole, and what a broken line left of one
/// is soon made up. Epson advises 59 to 246 rows for the fastest print (p. 269); 4 KiB of a 72 mm head is 56.
pub const COMMAND_BYTES: usize = 4096;
/// Rows of one command: some clones read the low byte only.
const ROWS: usize = 255;
/// From the head to where a label is torn off: the peeling position of a TM-L90, the furthest of its kind (p. 652).
const TEAR_BAR: Mm = Mm(24.0);

/// Feed to the print starting position of this label, `FS ( L` function 67.
const TO_PRINT_START: &[u8] = b"\x1c(L\x02\0C2";
/// Feed to the label peeling position, `FS ( L` function 65.
const TO_PEELING: &[u8] = b"\x1c(L\x02\0A0";
/// Feed to the cutting position, `FS ( L` function 66.
const TO_CUTTING: &[u8] = b"\x1c(L\x02\0B0";
/// Cut where the paper stands, `GS V` function A.
const CUT_HERE: &[u8] = b"\x1dV0";

impl Encoder {
    pub fn new(options: Options) -> Encoder {
        Encoder { options, setup: Setup::default() }
    }

    /// Puts the printer into a known state.
    pub fn start(&mut self, setup: &Setup, dpi: Dpi) -> Vec<u8> {
        self.setup = *setup;
        let mut out = commands::initialise(motion_unit(dpi));
        // Left margin, GS L: a memory switch of some models sets another.
        out.extend_from_slice(b"\x1dL\0\0");
        // ESC @ switched it off.
        out.extend_from_slice(status::REPORT_CHANGES);
        out
    }

    /// One label, printed once.
    pub fn label(&mut self, label: &Label) -> Encoded {
        let picture = self.placed(&label.raster());
        let mut bytes = Vec::new();
        if self.options.feed == Feed::LabelFeed {
            bytes.extend_from_slice(TO_PRINT_START);
        }
        let units = motion_unit(label.dpi).is_some();
        let trigger = if self.options.page_mode && units && page::takes(picture.size()) {
            page::write(&mut bytes, &picture);
            bytes.len()
        } else {
            // A feed to the next label makes up for white rows at the end of this one.
            let rows = match self.options.feed {
                Feed::Roll => picture.height().count(),
                _ => picture.ink().map_or(0, |ink| ink.bottom().count()),
            };
            line::write(&mut bytes, &picture, rows, units)
        };
        self.feed(&mut bytes, label.dpi);
        Encoded { trigger: trigger.min(bytes.len()), bytes }
    }

    /// The label as it lies under the head.
    fn placed(&self, label: &Bitmap) -> Bitmap {
        let mut picture = label.clone();
        if self.setup.upside_down {
            picture = picture.turned();
        }
        if self.setup.mirror {
            picture = picture.mirrored();
        }
        let Point { x, y } = self.setup.offset;
        let width = (picture.width() + x.max(Dots(0))).min(self.options.width_dots.unwrap_or(Dots(i32::MAX)));
        let height = match self.setup.media {
            Tracking::Continuous => picture.height() + y.max(Dots(0)),
            Tracking::Gap | Tracking::Mark => picture.height(),
        };
        let mut head = Bitmap::new(Size::new(width, height));
        head.draw(&picture, self.setup.offset);
        head
    }

    /// Half a label stays under the head until it is fed, and the next would be printed below it. Where nothing stands
    /// there this costs a blank label, or the feed to the cutter.
    pub fn eject(&self, dpi: Dpi) -> Vec<u8> {
        let mut out = Vec::new();
        self.feed(&mut out, dpi);
        out
    }

    /// Goes on to the next label.
    fn feed(&self, out: &mut Vec<u8>, dpi: Dpi) {
        let cut = self.setup.mode == PrintMode::Cut;
        match self.options.feed {
            Feed::Roll if cut => {}
            Feed::Roll => line::white(out, dpi.dots(TEAR_BAR).count()),
            Feed::FormFeed => out.push(b'\x0c'),
            Feed::MarkedFormFeed => out.extend_from_slice(b"\x1d\x0c"),
            Feed::LabelFeed if cut => out.extend([TO_CUTTING, CUT_HERE].concat()),
            Feed::LabelFeed => out.extend_from_slice(TO_PEELING),
        }
        if cut && self.options.feed != Feed::LabelFeed {
            out.extend(commands::feed_and_cut());
        }
    }
}

/// Motion units to an inch, so that one is a dot: `GS P` takes 255 at most, a finer head has no such unit.
fn motion_unit(dpi: Dpi) -> Option<u8> {
    u8::try_from(dpi.nominal()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::Rect;
    use crate::label::{Mark, Op};

    /// A label of 72 × 40 dots with that ink.
    fn label(ink: &[(i32, i32, i32, i32)]) -> Label {
        let fill = |&(x, y, w, h): &_| Mark::Fill(Rect::new(Dots(x), Dots(y), Dots(w), Dots(h)));
        let ops = ink.iter().map(fill).map(|mark| Op { fixed: false, mark }).collect();
        Label { dpi: Dpi::D203, size: Size::new(Dots(72), Dots(40)), ops }
    }

    fn encoded(options: Options, setup: Setup, label: &Label) -> Encoded {
        let mut encoder = Encoder::new(options);
        encoder.start(&setup, label.dpi);
        encoder.label(label)
    }

    fn cut() -> Setup {
        Setup { mode: PrintMode::Cut, ..Setup::default() }
    }

    #[test]
    fn a_connection_begins_with_settings_of_our_own() {
        let mut encoder = Encoder::new(Options::default());
        assert_eq!(encoder.start(&Setup::default(), Dpi::D203), b"\x1b@\x1b3\0\x1dP\xcb\xcb\x1dL\0\0\x1da\x0e");
        let finer = encoder.start(&Setup::default(), Dpi::D300);
        assert_eq!(finer, b"\x1b@\x1b3\0\x1dL\0\0\x1da\x0e", "300 units to an inch cannot be said");
    }

    #[test]
    fn a_label_is_bands_of_raster_only_as_wide_as_their_ink() {
        let printed = encoded(Options::default(), cut(), &label(&[(0, 20, 60, 2), (0, 38, 10, 1)]));
        let white = b"\x1dv0\0\x01\0\x14\0";
        let wide = b"\x1dv0\0\x08\0\x02\0\xff\xff\xff\xff\xff\xff\xff\xf0\xff\xff\xff\xff\xff\xff\xff\xf0";
        // Seventeen white bytes too many are cheaper than one more band.
        let narrow = [&b"\x1dv0\0\x02\0\x12\0"[..], &[0; 32], b"\xff\xc0\0\0"].concat();
        assert_eq!(printed.bytes, [&white[..], &[0; 20], wide, &narrow, b"\x1dVA\0"].concat());
        assert_eq!(printed.trigger, white.len() + 1);
    }

    #[test]
    fn in_page_mode_nothing_comes_out_before_the_form_feed() {
        let options = Options { page_mode: true, ..Options::default() };
        let printed = encoded(options, cut(), &label(&[(8, 2, 8, 1), (56, 30, 3, 2)]));
        let expected = [
            &b"\x1bL\x1bW\0\0\0\0\x48\0\x28\0"[..],
            b"\x1b$\x08\0\x1d$\x03\0\x1d(L\x0b\x000p0\x01\x011\x08\0\x01\0\xff",
            b"\x1b$\x38\0\x1d$\x20\0\x1d(L\x0c\x000p0\x01\x011\x08\0\x02\0\xe0\xe0",
            b"\x0c",
        ]
        .concat();
        assert_eq!(&printed.bytes[..printed.trigger], expected);
        assert_eq!(&printed.bytes[printed.trigger..], b"\x1dVA\0");
    }

    #[test]
    fn a_label_longer_than_a_page_or_a_head_without_units_prints_line_by_line() {
        let options = Options { page_mode: true, ..Options::default() };
        let mut long = label(&[(0, 0, 8, 8)]);
        long.size.height = Dots(1201);
        let fine = Label { dpi: Dpi::D300, ..label(&[(0, 0, 8, 8)]) };
        for label in [long, fine] {
            assert!(encoded(options, Setup::default(), &label).bytes.starts_with(b"\x1dv0"));
        }
    }

    #[test]
    fn each_printer_goes_on_to_the_next_label_in_its_own_way() {
        let ink = label(&[(0, 0, 8, 1)]);
        let raster = b"\x1dv0\0\x01\0\x01\0\xff";
        for (feed, mode, before, after) in [
            (Feed::FormFeed, PrintMode::Tear, "", "\x0c"),
            (Feed::FormFeed, PrintMode::Cut, "", "\x0c\x1dVA\0"),
            (Feed::MarkedFormFeed, PrintMode::Tear, "", "\x1d\x0c"),
            (Feed::LabelFeed, PrintMode::Peel, "\x1c(L\x02\0C2", "\x1c(L\x02\0A0"),
            (Feed::LabelFeed, PrintMode::Cut, "\x1c(L\x02\0C2", "\x1c(L\x02\0B0\x1dV0"),
        ] {
            let printed = encoded(Options { feed, ..Options::default() }, Setup { mode, ..Setup::default() }, &ink);
            assert_eq!(printed.bytes, [before.as_bytes(), raster, after.as_bytes()].concat(), "{feed:?} {mode:?}");
            assert_eq!(printed.trigger, before.len() + raster.len());
        }
        let printed = encoded(Options::default(), Setup::default(), &ink);
        assert!(printed.bytes.ends_with(&[&b"\x1dv0\0\x01\0\xc0\0"[..], &[0; 192]].concat()), "past the tear bar: 24 mm");
    }

    #[test]
    fn a_white_label_is_only_the_way_to_the_next() {
        let printed = encoded(Options { feed: Feed::FormFeed, ..Options::default() }, Setup::default(), &label(&[]));
        assert_eq!(printed, Encoded { bytes: b"\x0c".to_vec(), trigger: 1 });
    }

    #[test]
    fn the_picture_is_turned_moved_and_kept_within_the_head() {
        let ink = label(&[(0, 0, 8, 1)]);
        let offset = Point::new(Dots(8), Dots(-39));
        let options = Options { width_dots: Some(Dots(72)), ..Options::default() };
        let setup = Setup { upside_down: true, offset, ..cut() };
        // The first row has become the last and is moved up to the top; the ink on the right edge is off the head.
        assert_eq!(encoded(options, setup, &ink).bytes, [&b"\x1dv0\0\x01\0\x28\0"[..], &[0; 40], b"\x1dVA\0"].concat());
        let setup = Setup { mirror: true, offset: Point::default(), ..setup };
        let printed = encoded(options, setup, &ink).bytes;
        assert_eq!(printed, [&b"\x1dv0\0\x01\0\x28\0"[..], &[0; 39], b"\xff\x1dVA\0"].concat());
    }

    #[test]
    fn dots_that_read_as_a_real_time_command_are_sent_as_other_bytes() {
        // 00 10 04 01: DLE EOT 1 behind a white margin.
        let ink = label(&[(11, 0, 1, 1), (21, 0, 1, 1), (31, 0, 1, 1)]);
        let printed = encoded(Options::default(), cut(), &ink).bytes;
        let moved = b"\x1dL\x01\0\x1dv0\0\x04\0\x01\0\0\x20\x08\x02\x1dL\0\0";
        assert!(printed.starts_with(moved), "{printed:x?}");

        let page = encoded(Options { page_mode: true, ..Options::default() }, cut(), &ink).bytes;
        assert_eq!(real_time::position(&page), None, "{page:x?}");
    }
}
