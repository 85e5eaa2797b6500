//! ZPL II: labels as `^XA … ^XZ` formats.
//!
//! Linear symbols, rules and frames go as the printer's own commands, which print exactly our modules and dots; a QR
//! code does not, because `^BQ` leaves its version and mask to the firmware. Everything else is a compressed graphic.
//! What is fixed on every label is stored in the printer's memory as one picture (`~DG`) and recalled (`^XG`); any
//! other line that comes by a second time is stored too.
//!
//! The printer must get all bytes, in the order they were encoded: a label may recall what an earlier one stored.
//! When that is broken, [`Encoder::start`] begins anew.
//!
//! Every format prints one label. Settings have no format of their own, which an odometer may count like a label: they
//! stand in the first label's.

mod field;
mod graphic;
mod memory;
mod name;
pub mod status;

use super::{PrintMode, Setup, Tracking};
use crate::dots::{Bitmap, Dots, Point, Rect, Size};
use crate::label::{Label, Mark, Op};
use graphic::{Graphic, Packer};
use memory::{Memory, Sight};
use name::Name;
use std::sync::Arc;

/// What the printer at the other end can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Set Latin text in the printer's own font: far fewer bytes, but not our dots.
    pub native_text: bool,
    /// Memory we may fill with graphics; 0 stores nothing.
    pub memory_bytes: usize,
    /// Bytes are dearer than our time.
    pub slow_line: bool,
}

/// Set media sensor calibration (ZPL II guide, ~JC): the printer feeds media and measures labels and gaps.
pub fn calibrate() -> Vec<u8> {
    b"~JC".to_vec()
}

/// Writes labels for one connection and remembers what the printer has stored.
pub struct Encoder {
    options: Options,
    /// The settings that the next label takes along.
    setup: Vec<u8>,
    memory: Memory,
    layers: Vec<Layer>,
    packer: Packer,
}

/// How many different sets of fixed marks we look out for: a template has a handful, by its conditions.
const LAYERS_MOST: usize = 32;

/// The fixed marks of a label as one picture.
#[derive(Debug)]
struct Layer {
    size: Size,
    marks: Vec<Mark>,
    place: Place,
}

/// Where a layer is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In the printer, to be recalled at that point.
    Stored(Point, Name),
    /// Nowhere: it is all white.
    Blank,
    /// Nowhere: it does not fit, its marks go one by one.
    NoRoom,
}

/// The bytes of one label while they are being written.
#[derive(Default)]
struct Page {
    size: Size,
    /// Whether the printer may be given something to keep.
    keeps: bool,
    /// `~DG` commands, before the format.
    downloads: Vec<u8>,
    /// The fields of the format.
    fields: Vec<u8>,
}

impl Page {
    /// The part of `area` that lies on the label.
    fn visible(&self, area: Rect) -> Rect {
        let (left, top) = (area.at.x.max(Dots(0)), area.at.y.max(Dots(0)));
        let (right, bottom) = (area.right().min(self.size.width), area.bottom().min(self.size.height));
        Rect::new(left, top, (right - left).max(Dots(0)), (bottom - top).max(Dots(0)))
    }

    fn holds(&self, area: Rect) -> bool {
        self.visible(area) == area
    }
}

impl Encoder {
    pub fn new(options: Options) -> Encoder {
        let memory = Memory::new(options.memory_bytes);
        Encoder { options, setup: Vec::new(), memory, layers: Vec::new(), packer: Packer::new(options.slow_line) }
    }

    /// Puts the printer into a known state, once a connection: what stands in front of the first label, which brings the
    /// rest. Nothing else may be on its way to the printer then.
    pub fn start(&mut self, setup: &Setup, size: Size) -> Vec<u8> {
        self.forget();
        let (mut before, mut out) = (Vec::new(), Vec::new());
        if let Some(darkness) = setup.darkness {
            // ~SD is absolute, ^MD comes on top of it and outlives formats.
            push(&mut before, format_args!("~SD{:02}", darkness.min(30)));
            out.extend_from_slice(b"^MD0");
        }
        // What an earlier sender may have left behind: units, mirror, orientation, reverse, field rotation, label home.
        out.extend_from_slice(b"^MUD");
        out.extend_from_slice(if setup.mirror { b"^PMY" } else { b"^PMN" });
        out.extend_from_slice(if setup.upside_down { b"^POI" } else { b"^PON" });
        out.extend_from_slice(b"^LRN^FWN^LH0,0^CI28");
        let Point { x, y } = setup.offset;
        // ^LS moves left; ^LT takes -120 to 120.
        push(&mut out, format_args!("^LS{}^LT{}^PW{}^LL{}", -x, y.clamp(Dots(-120), Dots(120)), size.width, size.height));
        out.extend_from_slice(match setup.mode {
            PrintMode::Tear => b"^MMT",
            PrintMode::Peel => b"^MMP",
            PrintMode::Cut => b"^MMC",
        });
        out.extend_from_slice(match setup.media {
            Tracking::Gap => b"^MNY",
            Tracking::Mark => b"^MNM",
            Tracking::Continuous => b"^MNN",
        });
        if let Some(speed) = setup.speed {
            push(&mut out, format_args!("^PR{speed},{speed},{speed}"));
        }
        // A label cut short by media out or an open head is printed again by the printer, on purpose: the host does not.
        out.extend_from_slice(b"^JZY");
        // Pictures of an earlier connection: nobody knows any more what they are.
        push(&mut out, format_args!("^IDR:{}*.GRF^FS", name::PREFIX as char));
        self.setup = out;
        before
    }

    /// One label, printed once. Starts with what it wants stored.
    pub fn label(&mut self, label: &Label) -> Vec<u8> {
        let setup = std::mem::take(&mut self.setup);
        // What stands in front of the format that deletes what was kept would be deleted too.
        let keeps = self.options.memory_bytes > 0 && setup.is_empty();
        let mut page = Page { size: label.size, keeps, ..Page::default() };
        let layer = self.layer(&mut page, label);
        for op in label.ops.iter().filter(|op| !(op.fixed && layer)) {
            self.mark(&mut page, &op.mark);
        }
        if page.fields.is_empty() {
            // A format without a field prints nothing: one white dot makes it a blank label.
            page.fields.extend_from_slice(b"^FO0,0^GB1,1,1,W^FS");
        }
        let Page { mut downloads, fields, .. } = page;
        downloads.extend_from_slice(b"^XA");
        downloads.extend_from_slice(&setup);
        downloads.extend_from_slice(&fields);
        downloads.extend_from_slice(b"^PQ1^XZ");
        downloads
    }

    /// The printer has lost its memory, or we have lost track of it.
    pub fn forget(&mut self) {
        self.memory = Memory::new(self.options.memory_bytes);
        self.layers.clear();
    }

    /// How many graphics of ours the printer keeps (`www` in its answer to `~HS`).
    pub fn stored(&self) -> usize {
        self.memory.stored()
    }

    /// Recalls the fixed marks as one picture, stored on its first sight; `false` when they must go one by one.
    fn layer(&mut self, page: &mut Page, label: &Label) -> bool {
        let fixed = || label.ops.iter().filter(|op| op.fixed);
        let is_this = |layer: &Layer| layer.size == label.size && layer.marks.iter().eq(fixed().map(|op| &op.mark));
        let place = match self.layers.iter().find(|layer| is_this(layer)) {
            Some(layer) => layer.place,
            None if self.layers.len() >= LAYERS_MOST || !page.keeps => Place::NoRoom,
            None => {
                let mut canvas = Bitmap::new(label.size);
                fixed().for_each(|op| op.draw(&mut canvas));
                let place = self.keep(page, &canvas);
                self.layers.push(Layer { size: label.size, marks: fixed().map(|op| op.mark.clone()).collect(), place });
                place
            }
        };
        if let Place::Stored(at, name) = place {
            field::recall(&mut page.fields, at, name);
        }
        !matches!(place, Place::NoRoom)
    }

    /// Stores a picture of the whole label.
    fn keep(&mut self, page: &mut Page, canvas: &Bitmap) -> Place {
        let Some(graphic) = Graphic::of(canvas, Point::default()) else { return Place::Blank };
        match self.memory.fixed(&graphic) {
            Sight::Stored(name) => Place::Stored(graphic.at, name),
            Sight::Store(name) => {
                self.packer.download(&mut page.downloads, name, &graphic);
                Place::Stored(graphic.at, name)
            }
            Sight::Send => Place::NoRoom,
        }
    }

    fn mark(&mut self, page: &mut Page, mark: &Mark) {
        match mark {
            Mark::Fill(area) => {
                let visible = page.visible(*area);
                field::fill(&mut page.fields, visible);
            }
            Mark::Frame { area, thickness } if page.holds(*area) => field::frame(&mut page.fields, *area, *thickness),
            Mark::Text(text) if self.options.native_text && !text.lines.is_empty() && text.lines.iter().all(field::is_native) => {
                text.lines.iter().for_each(|line| field::text(&mut page.fields, line));
            }
            Mark::Text(text) => self.picture(page, text.at, &text.bitmap),
            Mark::Picture { at, bitmap } => self.picture(page, *at, bitmap),
            Mark::Linear { at, symbol, module, height } => {
                let native = page.holds(mark.area()) && field::code128(&mut page.fields, *at, symbol, *module, *height);
                if !native {
                    let moved =
                        Mark::Linear { at: Point::default(), symbol: Arc::clone(symbol), module: *module, height: *height };
                    self.drawn(page, *at, moved);
                }
            }
            Mark::Matrix { at, symbol, module } => {
                self.drawn(page, *at, Mark::Matrix { at: Point::default(), symbol: Arc::clone(symbol), module: *module });
            }
            Mark::Frame { area, thickness } => {
                let moved = Rect { at: Point::default(), size: area.size };
                self.drawn(page, area.at, Mark::Frame { area: moved, thickness: *thickness });
            }
        }
    }

    /// A mark at the origin, as a picture of our own drawing.
    fn drawn(&mut self, page: &mut Page, at: Point, mark: Mark) {
        let mut bitmap = Bitmap::new(mark.area().size);
        Op { fixed: false, mark }.draw(&mut bitmap);
        self.picture(page, at, &bitmap);
    }

    /// A picture, line by line: what the printer knows is recalled, what comes by again is stored, the rest is sent.
    fn picture(&mut self, page: &mut Page, at: Point, bitmap: &Bitmap) {
        let area = Rect { at, size: bitmap.size() };
        let visible = page.visible(area);
        if visible != area {
            let inside = Rect { at: Point::new(visible.at.x - at.x, visible.at.y - at.y), size: visible.size };
            return self.picture(page, visible.at, &bitmap.crop(inside));
        }
        if !page.keeps {
            if let Some(whole) = Graphic::of(bitmap, at) {
                self.packer.field(&mut page.fields, &whole);
            }
            return;
        }
        let mut new = 0..0;
        for rows in graphic::lines(bitmap) {
            let line = Graphic::of_rows(bitmap, at, rows.clone()).expect("a line has ink");
            let name = match self.memory.sight(&line) {
                Sight::Stored(name) => name,
                Sight::Store(name) => {
                    self.packer.download(&mut page.downloads, name, &line);
                    name
                }
                Sight::Send => {
                    new = if new.is_empty() { rows } else { new.start..rows.end };
                    continue;
                }
            };
            self.send(page, bitmap, at, std::mem::take(&mut new));
            field::recall(&mut page.fields, line.at, name);
        }
        self.send(page, bitmap, at, new);
    }

    /// Those rows of a picture as a field.
    fn send(&mut self, page: &mut Page, bitmap: &Bitmap, at: Point, rows: std::ops::Range<usize>) {
        if let Some(graphic) = Graphic::of_rows(bitmap, at, rows) {
            self.packer.field(&mut page.fields, &graphic);
        }
    }
}

/// Writes formatted text into bytes.
fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    out.write_fmt(text).expect("memory takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::Dpi;
    use crate::label::{Text, TextLine};
    use crate::symbology::{code128, qr};
    use proptest::prelude::*;

    const KEEPING: Options = Options { native_text: false, memory_bytes: 1 << 20, slow_line: false };

    /// A block of so many lines that looks like text: strokes that follow from what it says.
    fn text(x: i32, y: i32, lines: &[&str]) -> Mark {
        let mut bitmap = Bitmap::new(Size::new(Dots(300), Dots(30 * lines.len() as i32)));
        for (i, line) in lines.iter().enumerate() {
            for (j, c) in line.chars().take(24).enumerate() {
                for stroke in 0..4 {
                    let bits = (c as u32 >> (stroke * 3)) as i32 & 7;
                    let at = (j as i32 * 12 + stroke * 3, i as i32 * 30 + 2 + bits);
                    bitmap.fill(Rect::new(Dots(at.0), Dots(at.1), Dots(2), Dots(22 - 2 * bits)));
                }
            }
        }
        let lines = lines.iter().enumerate().map(|(i, line)| TextLine {
            text: (*line).to_owned(),
            baseline: Point::new(Dots(x), Dots(y + 24 + i as i32 * 30)),
            width: Dots(300),
            size: Dots(24),
            bold: false,
        });
        let lines = lines.collect();
        Mark::Text(Text { at: Point::new(Dots(x), Dots(y)), bitmap: Arc::new(bitmap), lines })
    }

    fn label(fixed: &[Mark], own: &[Mark]) -> Label {
        let op = |fixed| move |mark: &Mark| Op { fixed, mark: mark.clone() };
        let ops = fixed.iter().map(op(true)).chain(own.iter().map(op(false))).collect();
        Label { dpi: Dpi::D203, size: Size::new(Dots(800), Dots(1200)), ops }
    }

    /// The commands in a stream, each with what follows it. Fails on anything a printer might take for another command.
    fn commands(stream: &[u8]) -> Vec<(String, String)> {
        assert!(stream.iter().all(|byte| (b' '..=b'~').contains(byte)), "a byte that is not printable ASCII");
        let stream = String::from_utf8(stream.to_vec()).unwrap();
        let mut starts: Vec<usize> = stream.match_indices(['^', '~']).map(|(at, _)| at).collect();
        assert_eq!(starts.first(), Some(&0));
        starts.push(stream.len());
        starts.windows(2).map(|pair| (stream[pair[0]..pair[0] + 3].to_owned(), stream[pair[0] + 3..pair[1]].to_owned())).collect()
    }

    fn count(stream: &[u8], code: &str) -> usize {
        commands(stream).iter().filter(|(command, _)| command == code).count()
    }

    #[test]
    fn settings_stand_in_the_format_of_the_first_label_and_of_no_other() {
        let setup = Setup { darkness: Some(20), speed: Some(4), offset: Point::new(Dots(3), Dots(-5)), ..Setup::default() };
        let said = |setup: &Setup| {
            let mut encoder = Encoder::new(KEEPING);
            let page = label(&[], &[Mark::Fill(Rect::new(Dots(0), Dots(300), Dots(800), Dots(3)))]);
            let first = [encoder.start(setup, page.size), encoder.label(&page)].concat();
            (String::from_utf8(first).unwrap(), String::from_utf8(encoder.label(&page)).unwrap())
        };
        let (first, second) = said(&setup);
        assert_eq!(
            first,
            "~SD20^XA^MD0^MUD^PMN^PON^LRN^FWN^LH0,0^CI28^LS-3^LT-5^PW800^LL1200^MMT^MNY^PR4,4,4^JZY^IDR:W*.GRF^FS\
             ^FO0,300^GB800,3,3^FS^PQ1^XZ"
        );
        assert_eq!(second, "^XA^FO0,300^GB800,3,3^FS^PQ1^XZ");
        let (first, _) = said(&Setup::default());
        assert_eq!(
            first,
            "^XA^MUD^PMN^PON^LRN^FWN^LH0,0^CI28^LS0^LT0^PW800^LL1200^MMT^MNY^JZY^IDR:W*.GRF^FS^FO0,300^GB800,3,3^FS^PQ1^XZ"
        );
    }

    #[test]
    fn the_label_that_deletes_what_was_kept_gives_the_printer_nothing_to_keep() {
        let mut encoder = Encoder::new(KEEPING);
        let page = label(&[text(20, 20, &["FROM"])], &[text(20, 400, &["one", "one"])]);
        encoder.start(&Setup::default(), page.size);
        let stored = [(); 3].map(|()| count(&encoder.label(&page), "~DG"));
        assert_eq!(stored, [0, 2, 0]);
    }

    #[test]
    fn what_is_fixed_goes_over_once_and_is_recalled_on_every_label() {
        let mut encoder = Encoder::new(KEEPING);
        let captions = [text(20, 20, &["FROM"]), Mark::Fill(Rect::new(Dots(0), Dots(300), Dots(800), Dots(3)))];
        let first = encoder.label(&label(&captions, &[text(20, 400, &["one"])]));
        let second = encoder.label(&label(&captions, &[text(20, 400, &["two"])]));
        assert_eq!((count(&first, "~DG"), count(&first, "^XG")), (1, 1));
        assert_eq!((count(&second, "~DG"), count(&second, "^XG")), (0, 1));
        assert_eq!(count(&second, "^GB"), 0, "the rule is in the stored picture");
        assert_eq!(encoder.stored(), 1);
    }

    #[test]
    fn a_line_that_comes_again_is_stored_and_then_recalled_wherever_it_stands() {
        let mut encoder = Encoder::new(KEEPING);
        let labels = [
            text(20, 400, &["2 x MUG-WHT-350", "1 x CABLE-2M"]),
            text(20, 430, &["1 x TSHIRT-BLK-M", "2 x MUG-WHT-350"]),
            text(52, 400, &["2 x MUG-WHT-350", "3 x STICKER-A6"]),
        ];
        let sent = labels.map(|block| {
            let bytes = encoder.label(&label(&[], &[block]));
            (count(&bytes, "~DG"), count(&bytes, "^XG"), count(&bytes, "^GF"))
        });
        assert_eq!(sent, [(0, 0, 1), (1, 1, 1), (0, 1, 1)]);
    }

    #[test]
    fn after_a_new_start_everything_is_stored_again() {
        let mut encoder = Encoder::new(KEEPING);
        let page = label(&[text(20, 20, &["FROM"])], &[text(20, 400, &["one"])]);
        encoder.start(&Setup::default(), page.size);
        let labels = [encoder.label(&page), encoder.label(&page)];
        assert_eq!(encoder.stored(), 1);
        encoder.start(&Setup::default(), page.size);
        assert_eq!(encoder.stored(), 0);
        assert_eq!([encoder.label(&page), encoder.label(&page)], labels);
    }

    #[test]
    fn without_memory_everything_is_sent_every_time() {
        let mut encoder = Encoder::new(Options::default());
        let page = label(&[text(20, 20, &["FROM"])], &[text(20, 400, &["one"])]);
        let first = encoder.label(&page);
        assert_eq!(count(&first, "~DG") + count(&first, "^XG"), 0);
        assert_eq!(encoder.label(&page), first);
        assert_eq!(encoder.stored(), 0);
    }

    #[test]
    fn an_empty_label_still_feeds_one_label() {
        let bytes = Encoder::new(KEEPING).label(&label(&[], &[]));
        assert_eq!(String::from_utf8(bytes).unwrap(), "^XA^FO0,0^GB1,1,1,W^FS^PQ1^XZ");
    }

    #[test]
    fn native_text_sends_latin_as_text_and_the_rest_as_pictures() {
        let mut encoder = Encoder::new(Options { native_text: true, ..KEEPING });
        let bytes = encoder.label(&label(&[], &[text(20, 20, &["Ann Lee", "12 Rue Besançon"]), text(20, 200, &["深圳"])]));
        assert_eq!((count(&bytes, "^A0"), count(&bytes, "^GF")), (2, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_data_becomes_a_command(
            lines in prop::collection::vec("(\\PC|[\\x00-\\x7f]|\\^XA\\^JUS\\^XZ|~JR|_5E|[ -~]){0,20}", 1..4),
            bars in "([ -~]|[\\x00-\\x7f]|\\^XZ|~JA|>;|_7E){1,12}",
            native_text: bool,
        ) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let symbol = Arc::new(code128::encode(&bars).unwrap());
            let square = Arc::new(qr::encode(&bars, qr::Level::M).unwrap());
            let marks = [
                text(20, 20, &lines),
                Mark::Linear { at: Point::new(Dots(20), Dots(300)), symbol, module: Dots(2), height: Dots(80) },
                Mark::Matrix { at: Point::new(Dots(20), Dots(400)), symbol: square, module: Dots(4) },
            ];
            let bytes = Encoder::new(Options { native_text, ..KEEPING }).label(&label(&marks[..1], &marks));
            let known = ["~DG", "^XA", "^FO", "^FT", "^GB", "^GF", "^XG", "^BY", "^BC", "^A0", "^FH", "^FD", "^FS", "^PQ", "^XZ"];
            for (command, rest) in commands(&bytes) {
                prop_assert!(known.contains(&command.as_str()), "{command}{rest}");
            }
            prop_assert_eq!(count(&bytes, "^XA"), 1);
            prop_assert_eq!(count(&bytes, "^XZ"), 1);
            prop_assert_eq!(count(&bytes, "^FS"), count(&bytes, "^FO") + count(&bytes, "^FT"));
        }
    }
}
