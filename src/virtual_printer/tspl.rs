//! The firmware of a TSPL printer: lines are worked off in order, immediate commands act at once.
//!
//! A byte at a time goes in; what it completed is done on the printer's chassis: batches for the engine, replies,
//! events. Follows the TSPL/TSPL2 programming manual of 2013 where it speaks, and [`TsplSettings`] where firmwares differ.
//!
//! # What it understands
//!
//! | said | done |
//! |---|---|
//! | `CLS`, `BITMAP` (modes 0 to 2, counted), `BAR` `BOX` `CIRCLE` `ELLIPSE` `DIAGONAL` `ERASE` `REVERSE`, `TEXT` `BLOCK`, `BARCODE` `QRCODE` `DMATRIX` `PDF417` `MPDF417` `AZTEC` `MAXICODE` `RSS` | into the image, which stays until `CLS` |
//! | `PUTBMP` `PUTPCX` | a downloaded file into the image; a black and white BMP is drawn |
//! | `SIZE` `DIRECTION` `REFERENCE` `SHIFT` | stay in force until the power goes |
//! | `SPEED`, `SET REPRINT` | obeyed |
//! | `PRINT m,n` | m × n labels of the image, when the head is free; -1 in place of m: the last label again |
//! | `OUT` | strings, numbers, `STR$`, `CHR$`, `@LABEL`, joined by `+`, `,` or `;`, and CR LF |
//! | `FORMFEED` | one blank label; `GAPDETECT` `BLINEDETECT` `AUTODETECT` two; they do not count |
//! | `SELFTEST` | one label that says so |
//! | `DOWNLOAD` (counted, or up to `EOP`) `KILL` | files; those not in `F` or `E` go with the power. Programs are kept, not run |
//! | `ESC !` and `? S P O R C . F D`, `~!` and `T @ A I F C E` | at once, anywhere but in counted data |
//! | `GAP` `BLINE` `OFFSET` `DENSITY` `SET …` `HOME` `SOUND` `CODEPAGE` and their like | accepted, without effect: the media is what it is |
//! | all else | [`Event::Unknown`] |
//!
//! Numbers are numbers: variables and the rest of BASIC are not worked out, such a line is refused. A line waits with
//! all behind it when it needs the head and the head is busy; the image is built ahead. `@LABEL` is the odometer.

mod expression;
mod stream;

use super::chassis::{Chassis, Done};
use super::engine::{Batch, Cause};
use super::{Event, Label, Settings};
use crate::dots::{Dots, Dpi, Mm, Size};
use expression::value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use stream::{Input, Line, Stream, number, split};

/// Commands in one image, and their bytes.
const IMAGE_COMMANDS_MAX: usize = 4096;
const IMAGE_BYTES_MAX: usize = 8 << 20;
/// Bytes and number of downloaded files.
const FILES_BYTES_MAX: usize = 8 << 20;
const FILES_MAX: usize = 256;
/// Labels one line may ask for.
const COPIES_MAX: i32 = 999_999_999;

/// In what TSPL firmwares differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TsplSettings {
    pub queries: Queries,
    pub out: Out,
    /// Whether an interrupted label is printed again until `SET REPRINT` says otherwise.
    pub reprint: bool,
    /// `~!` queries wait until the printer is ready, as the manual's conventions say; else they are answered like `ESC !`.
    pub tilde_waits: bool,
}

/// Which queries it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Queries {
    /// `ESC ! ?`, `ESC ! S` and `~!`.
    #[default]
    All,
    /// Clones, and before V6.29EZ: `ESC ! ?` alone.
    QuestionMark,
    /// Not one. `OUT` may still be answered.
    None,
}

/// When `OUT` is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Out {
    /// When the labels before it are out.
    #[default]
    WhenPrinted,
    /// As soon as its line is processed: while the label before it is being printed.
    WhenProcessed,
    /// Never: a clone that does not know it.
    Never,
}

impl Default for TsplSettings {
    fn default() -> TsplSettings {
        TsplSettings { queries: Queries::All, out: Out::WhenPrinted, reprint: false, tilde_waits: false }
    }
}

/// A printed image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TsplLabel {
    pub(super) setup: Setup,
    drawing: Vec<Arc<Line>>,
    /// Media that was only fed.
    blank: bool,
}

/// What stays in force from image to image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Setup {
    /// `None`: as the media is.
    pub size: Option<Size>,
    /// Printed upside down.
    pub turned: bool,
    pub mirrored: bool,
    pub reference: (i32, i32),
    pub shift: i32,
}

impl TsplLabel {
    /// The data of every text and symbol, in order.
    pub fn fields(&self) -> Vec<String> {
        self.drawing.iter().filter_map(|line| content(line)).map(|data| String::from_utf8_lossy(&data).into_owned()).collect()
    }

    /// TSPL that draws it once on a printer that knows nothing yet.
    pub fn tspl(&self) -> Vec<u8> {
        let Setup { size, turned, mirrored, reference: (x, y), shift } = self.setup;
        let mut tspl = size.map_or(String::new(), |size| format!("SIZE {} dot,{} dot\r\n", size.width.0, size.height.0));
        tspl +=
            &format!("DIRECTION {},{}\r\nREFERENCE {x},{y}\r\nSHIFT {shift}\r\nCLS\r\n", u8::from(turned), u8::from(mirrored));
        let mut tspl = tspl.into_bytes();
        self.drawing.iter().for_each(|line| tspl.extend(line.bytes()));
        tspl.extend(b"PRINT 1\r\n");
        tspl
    }

    /// The commands that draw it, by name and as a host sends them. A bitmap that overwrites comes as `ERASE` and
    /// `BITMAP`, for a reader that only adds ink.
    pub(super) fn commands(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.drawing.iter().map(|line| {
            let overwrites = line.name() == "BITMAP" && line.number(4) == 0;
            let [x, y, width, height] = [0, 1, 2, 3].map(|index| line.number(index));
            let erase =
                if overwrites { format!("ERASE {x},{y},{},{height}\r\n", width.saturating_mul(8)) } else { String::new() };
            (line.name(), [erase.into_bytes(), line.bytes()].concat())
        })
    }

    /// Whether it is media that was only fed.
    pub fn blank(&self) -> bool {
        self.blank
    }
}

/// What a person or a scanner would read there: the last argument of a text or symbol.
fn content(line: &Line) -> Option<Vec<u8>> {
    let known = ["TEXT", "BLOCK", "BARCODE", "QRCODE", "DMATRIX", "PDF417", "MPDF417", "AZTEC", "MAXICODE", "RSS"];
    let last = line.arguments().pop().filter(|_| known.contains(&line.name().as_str()))?;
    value(last, 0)
}

/// A downloaded file.
#[derive(Debug, Clone)]
struct File {
    /// It stays without power.
    flash: bool,
    data: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Firmware {
    dpi: Dpi,
    stream: Stream,
    /// Lines not yet worked off, and their bytes.
    queue: VecDeque<Arc<Line>>,
    queued_bytes: usize,
    /// `~!` queries that wait for a ready printer.
    tildes: VecDeque<u8>,
    setup: Setup,
    image: Vec<Arc<Line>>,
    image_bytes: usize,
    last: Option<Arc<Label>>,
    files: BTreeMap<String, File>,
}

impl Firmware {
    pub fn new(settings: &Settings) -> Firmware {
        Firmware {
            dpi: settings.dpi,
            stream: Stream::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            tildes: VecDeque::new(),
            setup: Setup::default(),
            image: Vec::new(),
            image_bytes: 0,
            last: None,
            files: BTreeMap::new(),
        }
    }

    pub fn idle(&self) -> bool {
        self.queue.is_empty() && self.stream.held() == 0
    }

    /// Bytes that take up room. With nothing waiting, lines are worked off as they come in.
    pub fn held(&self) -> usize {
        if self.queue.is_empty() { 0 } else { self.queued_bytes + self.stream.held() }
    }

    pub fn handle_byte(&mut self, byte: u8, chassis: &mut Chassis) -> Done {
        match self.stream.push(byte) {
            None => return Done::Nothing,
            Some(Input::Line(line)) => {
                self.queued_bytes += line.len();
                self.queue.push_back(line);
            }
            Some(Input::Immediate(0x1B, letter)) => return self.obey_escape(letter, chassis),
            Some(Input::Immediate(_, letter)) => self.obey_tilde(letter, chassis),
            Some(Input::Refused { command, reason }) => chassis.refuse(command, reason),
        }
        Done::Something
    }

    /// The next line is worked off, unless it needs a head that is busy; whether one was.
    pub fn step(&mut self, chassis: &mut Chassis) -> bool {
        if chassis.engine.causes().is_empty()
            && let Some(letter) = self.tildes.pop_front()
        {
            self.answer_tilde(letter, chassis);
            return true;
        }
        let busy = chassis.engine.batch().is_some();
        let Some(line) = self.queue.front() else { return false };
        let name = line.name();
        if busy && needs_head(&name, chassis.settings.tspl.out) {
            return false;
        }
        let Some(line) = self.queue.pop_front() else { return false };
        self.queued_bytes -= line.len();
        self.work_off(&name, line, chassis);
        true
    }

    /// What is gone without power: the labels of lines not worked off, the bytes of half a line, stored files.
    pub fn lose_power(&mut self) -> (Vec<Arc<Label>>, usize, usize) {
        let lost = self.abandon();
        let bytes = self.stream.held();
        self.stream = Stream::default();
        self.tildes.clear();
        self.setup = Setup::default();
        self.clear_image();
        self.last = None;
        let before = self.files.len();
        self.files.retain(|_, file| file.flash);
        (lost, bytes, before - self.files.len())
    }

    /// Gives up the lines that wait; the labels that would have come of them.
    fn abandon(&mut self) -> Vec<Arc<Label>> {
        let mut labels = Vec::new();
        self.queued_bytes = 0;
        for line in std::mem::take(&mut self.queue) {
            match line.name().as_str() {
                "PRINT" => labels.push(self.label()),
                name => drop(self.draw(name, &line)),
            }
        }
        labels
    }

    fn label(&self) -> Arc<Label> {
        Arc::new(Label::Tspl(TsplLabel { setup: self.setup, drawing: self.image.clone(), blank: false }))
    }

    fn clear_image(&mut self) {
        self.image = Vec::new();
        self.image_bytes = 0;
    }

    fn work_off(&mut self, name: &str, line: Arc<Line>, chassis: &mut Chassis) {
        match name {
            "PRINT" => self.print(&line, chassis),
            "OUT" if chassis.settings.tspl.out == Out::Never => chassis.unknown("OUT".into()),
            "OUT" => {
                let parts = split(line.rest(), |byte| byte == b',' || byte == b';');
                match parts
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .map(|part| value(part, chassis.odometer))
                    .collect::<Option<Vec<_>>>()
                {
                    Some(said) => chassis.reply([said.concat().as_slice(), b"\r\n"].concat()),
                    None => chassis.refuse("OUT".into(), "it cannot work that out"),
                }
            }
            "SPEED" => {
                let speed = std::str::from_utf8(line.rest()).ok().and_then(|speed| speed.parse::<f64>().ok());
                match speed.filter(|speed| (1.0..=18.0).contains(speed)) {
                    Some(speed) if chassis.engine.speed.is_some() => chassis.engine.speed = Some(speed as u32),
                    Some(_) => {}
                    None => chassis.refuse("SPEED".into(), "no speed of this printer"),
                }
            }
            "SET" => {
                let words = String::from_utf8_lossy(line.rest()).to_ascii_uppercase();
                let words: Vec<&str> =
                    words.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
                match words.as_slice() {
                    ["REPRINT", "ON"] => chassis.engine.reprint = true,
                    ["REPRINT", "OFF"] => chassis.engine.reprint = false,
                    _ => {}
                }
            }
            "FORMFEED" => self.feed(1, chassis),
            "GAPDETECT" | "BLINEDETECT" | "AUTODETECT" => self.feed(2, chassis),
            "SELFTEST" => {
                let text = Arc::new(Line::counting("TEXT 20,20,\"3\",0,1,1,\"SELFTEST\"".into(), Vec::new()));
                let label = TsplLabel { setup: Setup::default(), drawing: vec![text], blank: true };
                chassis.engine.load(Batch::labels(Arc::new(Label::Tspl(label)), 1, 0));
            }
            "DOWNLOAD" => self.download(&line, chassis),
            "KILL" => self.kill(&line, chassis),
            "INITIALPRINTER" => {
                self.setup = Setup::default();
                self.clear_image();
            }
            "GAP" | "BLINE" | "OFFSET" | "DENSITY" | "HOME" | "SOUND" | "CODEPAGE" | "COUNTRY" | "EOJ" | "EOP" | "CUT"
            | "FEED" | "BACKFEED" | "BACKUP" | "LIMITFEED" | "DELAY" | "MOVE" | "REM" | "PEEL" | "WLABEL" => {}
            _ => match self.draw(name, &line) {
                Ok(true) => {}
                Ok(false) => chassis.unknown(name.to_owned()),
                Err(reason) => chassis.refuse(name.to_owned(), reason),
            },
        }
    }

    /// `PRINT m[,n]`.
    fn print(&mut self, line: &Line, chassis: &mut Chassis) {
        let copies = |argument: Option<&&[u8]>| argument.map_or(Some(1), |argument| number(argument));
        let arguments = line.arguments();
        let (sets, each) = (copies(arguments.first()), copies(arguments.get(1)));
        let (label, copies) = match (sets, each) {
            (Some(-1), Some(each)) if each > 0 => match self.last.clone() {
                Some(label) => (label, each),
                None => return chassis.refuse("PRINT".into(), "there was no label before"),
            },
            (Some(sets), Some(each)) if sets > 0 && each > 0 => (self.label(), sets.saturating_mul(each)),
            _ => return chassis.refuse("PRINT".into(), "no number of labels"),
        };
        self.last = Some(label.clone());
        chassis.engine.load(Batch::labels(label, copies.min(COPIES_MAX) as u32, 0));
    }

    fn feed(&mut self, labels: u32, chassis: &mut Chassis) {
        let blank = TsplLabel { setup: self.setup, drawing: Vec::new(), blank: true };
        chassis.engine.load(Batch::labels(Arc::new(Label::Tspl(blank)), labels, 0));
    }

    /// Changes the image or what it is drawn with; `false`: no such command.
    fn draw(&mut self, name: &str, line: &Arc<Line>) -> Result<bool, &'static str> {
        match name {
            "CLS" => self.clear_image(),
            "SIZE" => {
                let sides: Vec<Dots> = line.arguments().into_iter().filter_map(|side| length(side, self.dpi)).collect();
                let [width, height] = match *sides.as_slice() {
                    [width] => [width, self.setup.size.map_or(width, |size| size.height)],
                    [width, height] => [width, height],
                    _ => return Err("no size"),
                };
                self.setup.size = Some(Size::new(width, height));
            }
            "DIRECTION" => {
                self.setup.turned = line.number(0) == 1;
                self.setup.mirrored = line.number(1) == 1;
            }
            "REFERENCE" => self.setup.reference = (line.number(0), line.number(1)),
            // SHIFT n, or SHIFT x,y on newer firmware: what is vertical of it.
            "SHIFT" => self.setup.shift = line.number(usize::from(line.arguments().len() > 1)),
            "BITMAP" if line.data.is_empty() => return Err("it reads modes 0 to 2, and numbers"),
            "PUTBMP" | "PUTPCX" => {
                let file = self.file(line)?;
                let bitmap = bitmap_of(&file.data, line.number(0), line.number(1)).unwrap_or_else(|| line.as_ref().clone());
                self.add(Arc::new(bitmap))?;
            }
            "TEXT" | "BLOCK" | "BARCODE" | "QRCODE" | "DMATRIX" | "PDF417" | "MPDF417" | "AZTEC" | "MAXICODE" | "RSS" => {
                content(line).ok_or("it cannot work out the content")?;
                self.add(line.clone())?;
            }
            "BITMAP" | "BAR" | "BOX" | "CIRCLE" | "ELLIPSE" | "DIAGONAL" | "ERASE" | "REVERSE" => self.add(line.clone())?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn add(&mut self, line: Arc<Line>) -> Result<(), &'static str> {
        if self.image.len() >= IMAGE_COMMANDS_MAX || self.image_bytes + line.len() > IMAGE_BYTES_MAX {
            return Err("the image is too large to hold");
        }
        self.image_bytes += line.len();
        self.image.push(line);
        Ok(())
    }

    fn file(&self, line: &Line) -> Result<&File, &'static str> {
        let name = line.arguments().get(2).and_then(|name| value(name, 0)).ok_or("no file name")?;
        self.files.get(&file_name(&name)).ok_or("there is no such file")
    }

    /// `DOWNLOAD [F|E,]"name"[,size],data`.
    fn download(&mut self, line: &Line, chassis: &mut Chassis) {
        let arguments = line.arguments();
        let Some(name) = arguments.iter().find(|argument| argument.starts_with(b"\"")).and_then(|name| value(name, 0)) else {
            return chassis.refuse("DOWNLOAD".into(), "no file name");
        };
        let name = file_name(&name);
        let flash = matches!(arguments.first(), Some([b'F' | b'f' | b'E' | b'e']));
        let old = self.files.get(&name).map_or(0, |file| file.data.len());
        if self.free() + old < line.data.len() || (!self.files.contains_key(&name) && self.files.len() >= FILES_MAX) {
            return chassis.refuse("DOWNLOAD".into(), format!("no memory left for {name}"));
        }
        self.files.insert(name.clone(), File { flash, data: line.data.clone() });
        chassis.events.push_back(Event::Stored { name: name.into(), bytes: line.data.len() });
    }

    /// `KILL [F,|E,]"name"`, `*` standing for any stem or extension.
    fn kill(&mut self, line: &Line, chassis: &mut Chassis) {
        let Some(name) = line.arguments().pop().and_then(|name| value(name, 0)) else {
            return chassis.refuse("KILL".into(), "no file name");
        };
        let pattern = file_name(&name);
        let before = self.files.len();
        let part = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        self.files.retain(|name, _| match (pattern.split_once('.'), name.split_once('.')) {
            (Some(pattern), Some(name)) => !(part(pattern.0, name.0) && part(pattern.1, name.1)),
            _ => !part(&pattern, name),
        });
        chassis.events.push_back(Event::Deleted { name: pattern.into(), objects: before - self.files.len() });
    }

    fn free(&self) -> usize {
        FILES_BYTES_MAX - self.files.values().map(|file| file.data.len()).sum::<usize>()
    }

    /// `ESC !` and a letter: done now, ahead of everything that waits.
    fn obey_escape(&mut self, letter: u8, chassis: &mut Chassis) -> Done {
        match letter {
            b'?' if chassis.settings.tspl.queries != Queries::None => chassis.reply(vec![status(chassis)]),
            b'S' if chassis.settings.tspl.queries == Queries::All => {
                let full = chassis.room(self.held()) == 0;
                chassis.reply(long_status(chassis, full));
            }
            b'P' => chassis.stop(Cause::Paused),
            b'O' => chassis.clear(Cause::Paused),
            b'R' | b'C' => return Done::Restart,
            b'.' => {
                let under_head = chassis.engine.batch().map(|batch| batch.label.clone());
                let some_canceled = chassis.engine.cancel() > 0;
                let queued = self.abandon();
                chassis.canceled(under_head.filter(|_| some_canceled).into_iter().chain(queued).collect());
            }
            b'F' if chassis.engine.batch().is_none() => self.feed(1, chassis),
            b'D' => self.stream.deafen(true),
            letter => chassis.unknown(format!("ESC!{}", char::from(letter))),
        }
        Done::Something
    }

    /// `~!` and a letter.
    fn obey_tilde(&mut self, letter: u8, chassis: &mut Chassis) {
        match letter {
            b'E' => self.stream.deafen(false),
            _ if chassis.settings.tspl.queries != Queries::All => chassis.unknown(format!("~!{}", char::from(letter))),
            _ if chassis.settings.tspl.tilde_waits && self.tildes.len() < 16 => self.tildes.push_back(letter),
            _ => self.answer_tilde(letter, chassis),
        }
    }

    fn answer_tilde(&mut self, letter: u8, chassis: &mut Chassis) {
        let answer = match letter {
            b'T' => format!("{}\r\n", chassis.settings.model),
            b'@' => format!("{}\r\n", (chassis.inches_printed() * 0.0254) as u64),
            b'A' => format!("{}\r\n", self.free()),
            b'I' => "8 bit : 437 , 001\r\n".into(),
            b'F' => self.files.keys().map(|name| format!("{name}\r")).collect::<String>() + "\x1A",
            // No clock is built in.
            b'C' => "0".into(),
            _ => return chassis.refuse("~!D".into(), "it does not print dumps"),
        };
        chassis.reply(answer.into_bytes());
    }
}

/// Whether the line waits for a head that is busy.
fn needs_head(name: &str, out: Out) -> bool {
    match name {
        "PRINT" | "FORMFEED" | "GAPDETECT" | "BLINEDETECT" | "AUTODETECT" | "SELFTEST" => true,
        "OUT" => out == Out::WhenPrinted,
        _ => false,
    }
}

/// `ESC ! ?`: one byte of bits.
fn status(chassis: &Chassis) -> u8 {
    let printing = if chassis.engine.due().is_some() { 0x20 } else { 0 };
    chassis.engine.causes().iter().fold(printing, |bits, cause| {
        bits | match cause {
            Cause::CoverOpen => 0x01,
            Cause::Jam => 0x02,
            Cause::MediaOut => 0x04,
            Cause::RibbonOut => 0x08,
            Cause::Paused => 0x10,
            Cause::HeadHot => 0x80,
        }
    })
}

/// `ESC ! S`: state, warning, and two bytes of errors, between STX and ETX CR LF.
fn long_status(chassis: &Chassis, full: bool) -> Vec<u8> {
    let engine = &chassis.engine;
    let state = if engine.in_error() {
        b'E'
    } else if engine.is(Cause::Paused) {
        b'`'
    } else if engine.batch().is_some() {
        b'P'
    } else {
        b'@'
    };
    let (mut machine, mut media) = (0x40, 0x40);
    for cause in engine.causes() {
        match cause {
            Cause::HeadHot => machine |= 0x01,
            Cause::MediaOut => media |= 0x01,
            Cause::Jam => media |= 0x02,
            Cause::RibbonOut => media |= 0x04,
            Cause::CoverOpen => media |= 0x20,
            Cause::Paused => {}
        }
    }
    vec![0x02, state, if full { 0x48 } else { 0x40 }, machine, media, 0x03, b'\r', b'\n']
}

/// `100 mm`, `4` (inches) or `800 dot`.
fn length(written: &[u8], dpi: Dpi) -> Option<Dots> {
    let written = std::str::from_utf8(written).ok()?.trim().to_ascii_lowercase();
    let (figure, unit) = written.split_at(written.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(written.len()));
    let figure: f64 = figure.parse().ok().filter(|figure| (0.0..=100_000.0).contains(figure))?;
    match unit.trim() {
        "mm" => Some(dpi.dots(Mm(figure))),
        "dot" => Some(Dots(figure as i32)),
        "" | "inch" => Some(dpi.dots(Mm(figure * 25.4))),
        _ => None,
    }
}

/// File names are capitals; the manual allows 8.3 characters, firmwares more.
fn file_name(written: &[u8]) -> String {
    String::from_utf8_lossy(written).to_ascii_uppercase().chars().take(64).collect()
}

/// A black and white BMP file as the `BITMAP` line that draws it.
fn bitmap_of(file: &[u8], x: i32, y: i32) -> Option<Line> {
    let word = |at: usize| file.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_le_bytes);
    let half = |at: usize| file.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes);
    let (pixels, header) = (usize::try_from(word(10)?).ok()?, usize::try_from(word(14)?).ok()?);
    let (width, height) = (usize::try_from(word(18)?).ok()?, word(22)?);
    let rows = height.unsigned_abs() as usize;
    if !file.starts_with(b"BM") || half(28)? != 1 || word(30)? != 0 || width == 0 || width > 1 << 16 || rows > 1 << 16 {
        return None;
    }
    // The first colour of the table: is a 0 bit dark?
    let colour = file.get(header.checked_add(14)?..)?.get(..3)?;
    let zero_is_dark = colour.iter().map(|part| u32::from(*part)).sum::<u32>() < 384;
    let (stride, bytes) = (width.div_ceil(32) * 4, width.div_ceil(8));
    let mut data = Vec::with_capacity((bytes * rows).min(file.len()));
    for row in 0..rows {
        // Rows stand from the bottom up, unless the height is negative.
        let from_top = if height < 0 { row } else { rows - 1 - row };
        let row = file.get(pixels.checked_add(from_top * stride)?..)?.get(..bytes)?;
        let start = data.len();
        data.extend(row.iter().map(|bits| if zero_is_dark { *bits } else { !bits }));
        if !width.is_multiple_of(8) {
            data[start + bytes - 1] |= 0xFF >> (width % 8);
        }
    }
    Some(Line::counting(format!("BITMAP {x},{y},{bytes},{rows},1,"), data))
}
