//! A simulated ZPL printer: the other end of the wire.
//!
//! Bytes from a host go in; replies, and everything that happened to media and memory, come out. The caller
//! carries the bytes and tells the time, so the same printer stands behind a socket and in a test. It is a
//! second reading of the manuals: it knows nothing of our encoder, our labels or our conversation, and what it
//! does not know it says.
//!
//! ```
//! use std::time::Duration;
//! use waybilld::virtual_printer::{Event, Settings, VirtualPrinter};
//!
//! let mut printer = VirtualPrinter::new(Settings::default());
//! let now = Duration::ZERO;
//! printer.handle_bytes(b"^XA^FO50,50^A0N,40^FDhello^FS^XZ~HS", now);
//! assert!(printer.poll_write().is_some_and(|reply| reply.starts_with(b"\x02030,0,0,")));
//! let done = printer.poll_timeout().expect("a label is being printed");
//! printer.handle_timeout(done);
//! assert!(matches!(printer.poll_event(), Some(Event::Ejected(label)) if label.whole));
//! ```
//!
//! # What it understands
//!
//! | said | done |
//! |---|---|
//! | `^XA … ^XZ` | one format; formats come up in the order received, each after the one before is out |
//! | `^PQq,p,r,o` | q labels (r only numbers copies of a serial number); a pause after every p unless o is Y |
//! | `^DF` `^XF` `^FN`, `~DG` `^XG` `^IL`, `~DY` `~DB` and other downloads, `^ID` `~EG` | kept by name; `R:` goes with the power |
//! | `^JZ` | whether a label interrupted by media, ribbon, cover or a jam is printed again; Y at power-up |
//! | `^PR` `^LL` `^MM` `^MT` | speed; the figures `~HS` gives. Peel mode does not wait for a hand |
//! | `^PP` | pause when the format comes up, before its label; `~PP` `~PS` and the button: after the label under the head |
//! | `~JA` | queued formats and the rest of the batch are canceled; the label under the head is finished. A format still being received stays |
//! | `~JX` `~JP` `~JR` | the format being received; the oldest format, and pause; power off and on |
//! | `^HV` | the field's data, when the format comes up |
//! | `~HS` `~HQES` `~HQSN` `~HQOD` `~HQPP` `~HI` `~HM`, `! U1 getvar` | answered, see [`Answers`] |
//! | `^CC` `^CT` `^CD` and with `~` | honoured |
//! | `^LH ^LT ^LS ^LR ^PW ^PM ^CI ^CF ^BY ^FW ^MU ^CW` | stay in force for later formats |
//! | other drawing commands | go with the label, for whoever draws it |
//! | `^JU`, `^MD`, `^MN`, `^MF`, `^SZ`, `^XB`, `~SD`, `~TA`, `~JS` and their like | accepted, without effect |
//! | all else | [`Event::Unknown`] |
//!
//! A format prints when it has something to draw: field data, a box, line or circle, a graphic, or a stored format
//! with one of these. A label counts in the odometer at the moment it leaves the slot, and only when it is whole.
//! A half format stays in the buffer when the host hangs up: what comes next is added to it.
//!
//! # What `~HS` counts
//!
//! - `eee`: complete formats that have not come up yet. The format under the head is not among them.
//! - `uuuuuuuu`: labels of the format under the head that are not out yet, the one being printed included.
//! - `h`: 1 from `^XA` to `^XZ`. `f`: 1 when not one byte more is taken. `www`: stored graphics.
//!
//! So `h`, `eee` and `uuuuuuuu` are all zero exactly when everything that was received has come out. Silent it says
//! nothing of this: then `~HQES` and the odometer still answer, unless [`Answers`] says otherwise.

mod answers;
mod engine;
mod formats;
#[cfg(feature = "interpreter")]
pub mod interpreter;
#[cfg(not(feature = "interpreter"))]
#[path = "virtual_printer/no_interpreter.rs"]
pub mod interpreter;
mod memory;
mod wire;
mod zpl;

pub use engine::Cause;
pub use wire::Faults;
pub use zpl::{Command, Format};

use crate::dots::{Bitmap, Dots, Dpi, Size};
use engine::{Began, Engine, Piece};
use memory::{Kind, Memory, Object};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use wire::Wire;
use zpl::{Control, Input, Stream, object_name};

/// Events a printer keeps for a caller that does not ask; then it stands still until it is asked.
pub const EVENTS_MAX: usize = 256;

/// How a printer is made and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub model: String,
    pub serial: String,
    pub dpi: Dpi,
    /// One label of the media, in dots.
    pub media: Size,
    /// Labels on the roll.
    pub labels: u32,
    /// Inches a second, until `^PR` says otherwise; `None`: labels take no time.
    pub speed: Option<u32>,
    /// From standing still to the first row.
    pub start: Duration,
    /// Bytes of formats it takes ahead of the one under the head. With none waiting, a longer format still fits.
    pub receive_buffer: usize,
    pub answers: Answers,
    /// After an error it waits for the pause button, although the cause is gone.
    pub pauses_after_error: bool,
    /// What its odometer shows when it is made.
    pub odometer: u64,
    pub faults: Faults,
}

/// What a printer answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answers {
    /// As the ZPL II guide says: `~HS` is silent while media or ribbon is out, the head is open or too hot.
    #[default]
    ByManual,
    /// `~HS` answers always, with its flags set, as SDKs have seen.
    EvenInError,
    /// Before 2009, and clones: `~HS` as the guide says and `~HI`; no `~HQ`, no SGD.
    HostStatusOnly,
    /// A cheap clone: never a byte.
    Nothing,
}

impl Default for Settings {
    /// 100 × 150 mm at 203 dpi, 6 inches a second, a roll of 1000, 64 KB, everything by the manual.
    fn default() -> Settings {
        Settings {
            model: "VP100-203dpi".into(),
            serial: "VIRTUAL0001".into(),
            dpi: Dpi::D203,
            media: Size::new(Dots(800), Dots(1200)),
            labels: 1000,
            speed: Some(6),
            start: Duration::from_millis(100),
            receive_buffer: 64 * 1024,
            answers: Answers::default(),
            pauses_after_error: false,
            odometer: 0,
            faults: Faults::default(),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A piece of media left the slot.
    Ejected(Ejected),
    /// It does not go on, for this cause and perhaps others.
    Stopped(Cause),
    /// The last cause is gone.
    Resumed,
    Stored {
        name: Arc<str>,
        bytes: usize,
    },
    Deleted {
        name: Arc<str>,
        objects: usize,
    },
    /// On the host's word these formats will not come out; of the first perhaps only its remaining labels.
    Canceled {
        formats: Vec<Arc<Format>>,
    },
    /// The power went: these formats will not come out, nor will `bytes` of what had not been received whole.
    PowerCut {
        lost: Vec<Arc<Format>>,
        bytes: usize,
        objects: usize,
    },
    PowerOn,
    /// A command it does not know.
    Unknown {
        command: String,
    },
    /// A command it knows and did not do.
    Refused {
        command: String,
        reason: String,
    },
    /// Bytes that were no command.
    Garbage {
        bytes: usize,
    },
}

/// A piece of media, whole or torn off half printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ejected {
    pub label: Arc<Label>,
    pub whole: bool,
    /// Rows that were printed.
    pub rows: Dots,
    /// Which of the format's labels, from 1, …
    pub copy: u32,
    /// … of how many.
    pub copies: u32,
    pub at: Duration,
    /// What the odometer shows now.
    pub odometer: u64,
}

/// A format that came up, with what it needs to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub format: Arc<Format>,
    in_force: Vec<u8>,
    recalls: Vec<Arc<Object>>,
}

impl Label {
    /// ZPL that draws this label once on a printer that knows nothing yet: stored objects and standing settings in front.
    pub fn zpl(&self) -> Vec<u8> {
        let mut zpl: Vec<u8> = self.recalls.iter().map(|object| object.zpl.as_slice()).collect::<Vec<_>>().concat();
        zpl.extend(&self.in_force);
        zpl.extend(self.format.standing_alone());
        zpl
    }

    /// The formats that draw it: those it recalls, and its own.
    pub fn formats(&self) -> impl Iterator<Item = &Format> {
        let recalled = self.recalls.iter().filter_map(|object| object.format.as_deref());
        recalled.chain([self.format.as_ref()])
    }
}

/// A drawn label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub bitmap: Bitmap,
    /// Commands of the label that left no trace in the picture.
    pub not_drawn: Vec<String>,
}

/// The printer.
#[derive(Debug, Clone)]
pub struct VirtualPrinter {
    settings: Settings,
    powered: bool,
    stream: Stream,
    /// Formats received and not yet come up, and their bytes.
    queue: VecDeque<Arc<Format>>,
    queued_bytes: usize,
    engine: Engine<Arc<Label>>,
    memory: Memory,
    /// Commands whose effect outlives their format.
    in_force: BTreeMap<[u8; 2], Vec<u8>>,
    label_length: i32,
    thermal_transfer: bool,
    print_mode: u8,
    odometer: u64,
    wire: Wire,
    events: VecDeque<Event>,
    /// Events had to be taken before it could go on.
    stalled: bool,
    now: Duration,
}

impl VirtualPrinter {
    pub fn new(settings: Settings) -> VirtualPrinter {
        let inches = f64::from(settings.media.height.0) / settings.dpi.dots_per_mm() / 25.4;
        let engine = Engine::new(settings.speed, settings.start, settings.media.height, inches, settings.labels);
        VirtualPrinter {
            powered: true,
            stream: Stream::new(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            engine,
            memory: Memory::default(),
            in_force: BTreeMap::new(),
            label_length: settings.media.height.0,
            thermal_transfer: false,
            print_mode: b'2',
            odometer: settings.odometer,
            wire: Wire::new(settings.faults),
            events: VecDeque::new(),
            stalled: false,
            now: Duration::ZERO,
            settings,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Why it does not print, if it does not.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        self.engine.causes().iter().copied()
    }

    /// Labels that have left the slot whole.
    pub fn odometer(&self) -> u64 {
        self.odometer
    }

    pub fn media_left(&self) -> u32 {
        self.engine.media_left()
    }

    pub fn powered(&self) -> bool {
        self.powered
    }

    /// Whether nothing is being received, waiting or printed.
    pub fn idle(&self) -> bool {
        self.queue.is_empty() && self.engine.batch().is_none() && !self.stream.in_format()
    }

    /// How many bytes it takes now; 0 is a closed window, a NAK, a dropped CTS.
    pub fn room(&self) -> usize {
        if !self.powered || self.events.len() >= EVENTS_MAX {
            return 0;
        }
        // With nothing waiting, commands are worked off as they come in.
        let waiting = if self.queue.is_empty() { 0 } else { self.queued_bytes + self.stream.held() };
        self.settings.receive_buffer.saturating_sub(waiting)
    }

    /// The host wrote; how many of the bytes were taken. The rest is to be offered again when there is room.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) -> usize {
        self.handle_timeout(now);
        let now = self.now;
        let mut taken = 0;
        for &byte in bytes {
            if self.room() == 0 {
                break;
            }
            taken += 1;
            if let Some(input) = self.stream.push(byte) {
                let garbage = self.stream.take_garbage();
                garbage.into_iter().chain([input]).for_each(|input| self.take(input, now));
            }
        }
        if let Some(garbage) = self.stream.take_garbage() {
            self.take(garbage, now);
        }
        taken
    }

    /// The host is gone: replies still on their way are lost. What was received stays.
    pub fn handle_disconnect(&mut self) {
        self.wire.clear();
    }

    /// It is now that time.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.advance(self.now);
    }

    /// When it wants to be told the time next. A time that has passed means that it waits for its events to be taken.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let own = if self.stalled { Some(self.now) } else { self.engine.due() };
        own.into_iter().chain(self.wire.due()).min()
    }

    /// A piece of a reply that the host has received by now.
    pub fn poll_write(&mut self) -> Option<Vec<u8>> {
        self.wire.receive(self.now)
    }

    /// What happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// A roll with that many labels is put in; 0: the roll ends here, be it in the middle of a label.
    pub fn load_media(&mut self, labels: u32, now: Duration) {
        if labels == 0 {
            return self.stop(Cause::MediaOut, now);
        }
        self.handle_timeout(now);
        self.engine.load_media(labels);
        self.clear(Cause::MediaOut, now);
    }

    pub fn open_cover(&mut self, now: Duration) {
        self.stop(Cause::CoverOpen, now);
    }

    pub fn close_cover(&mut self, now: Duration) {
        self.clear(Cause::CoverOpen, now);
    }

    /// The pause button.
    pub fn press_pause(&mut self, now: Duration) {
        if self.engine.is(Cause::Paused) {
            self.clear(Cause::Paused, now);
        } else {
            self.stop(Cause::Paused, now);
        }
    }

    pub fn jam(&mut self, now: Duration) {
        self.stop(Cause::Jam, now);
    }

    /// Something stops it: the ribbon ends, the head is too hot, …
    pub fn stop(&mut self, cause: Cause, now: Duration) {
        self.handle_timeout(now);
        let news = !self.engine.is(cause);
        let piece = self.engine.stop(cause, self.now);
        self.eject(piece);
        if news {
            self.events.push_back(Event::Stopped(cause));
        }
        self.advance(self.now);
    }

    /// … and that is over.
    pub fn clear(&mut self, cause: Cause, now: Duration) {
        self.handle_timeout(now);
        let was_in_error = self.engine.in_error();
        if !self.engine.clear(cause) {
            return;
        }
        if self.settings.pauses_after_error && was_in_error && !self.engine.in_error() {
            self.pause();
        }
        if self.engine.causes().is_empty() {
            self.events.push_back(Event::Resumed);
        }
        self.advance(self.now);
    }

    /// The mains are gone: buffers, `R:`, queue and settings are lost, the label under the head is torn.
    pub fn cut_power(&mut self, now: Duration) {
        self.handle_timeout(now);
        if !self.powered {
            return;
        }
        let (piece, batch) = self.engine.lose_power(self.now);
        self.eject(piece);
        let lost = batch.map(|batch| batch.label.format.clone()).into_iter().chain(self.queue.drain(..)).collect();
        let bytes = self.stream.held();
        self.queued_bytes = 0;
        self.stream.lose_power();
        self.wire.clear();
        self.in_force.clear();
        self.engine.speed = self.settings.speed;
        let objects = self.memory.lose_power();
        self.powered = false;
        self.events.push_back(Event::PowerCut { lost, bytes, objects });
    }

    /// The mains are back.
    pub fn power_on(&mut self, now: Duration) {
        self.handle_timeout(now);
        if !self.powered {
            self.powered = true;
            self.events.push_back(Event::PowerOn);
        }
    }

    /// Works off what is due, in the order in which it is due.
    fn advance(&mut self, now: Duration) {
        // The moment the head is free for what comes next.
        let mut free = now;
        while self.powered && self.events.len() < EVENTS_MAX {
            if let Some(due) = self.engine.due() {
                let paused = self.engine.is(Cause::Paused);
                let Some(piece) = self.engine.finish(now) else { break };
                free = due;
                self.eject(Some(piece));
                if self.engine.is(Cause::Paused) && !paused {
                    self.events.push_back(Event::Stopped(Cause::Paused));
                }
            } else if self.engine.batch().is_none()
                && let Some(format) = self.queue.pop_front()
            {
                self.queued_bytes -= format.bytes().len();
                self.come_up(format);
            } else {
                match self.engine.begin(free) {
                    Began::Label => {}
                    Began::Nothing => break,
                    Began::NoMedia => {
                        self.engine.stop(Cause::MediaOut, free);
                        self.events.push_back(Event::Stopped(Cause::MediaOut));
                        break;
                    }
                }
            }
        }
        self.stalled = self.events.len() >= EVENTS_MAX;
    }

    fn eject(&mut self, piece: Option<Piece<Arc<Label>>>) {
        let Some(Piece { label, whole, rows, copy, copies, at }) = piece else { return };
        self.odometer += u64::from(whole);
        self.events.push_back(Event::Ejected(Ejected { label, whole, rows, copy, copies, at, odometer: self.odometer }));
    }

    fn pause(&mut self) {
        if !self.engine.is(Cause::Paused) {
            self.engine.stop(Cause::Paused, self.now);
            self.events.push_back(Event::Stopped(Cause::Paused));
        }
    }

    fn take(&mut self, input: Input, now: Duration) {
        match input {
            Input::Format(format) => {
                self.queued_bytes += format.bytes().len();
                self.queue.push_back(Arc::new(format));
                self.advance(now);
            }
            Input::Control(control) => self.obey(&control, now),
            Input::Line(line) => self.answer_line(&line),
            Input::Garbage(bytes) => match self.events.back_mut() {
                Some(Event::Garbage { bytes: before }) => *before += bytes,
                _ => self.events.push_back(Event::Garbage { bytes }),
            },
            Input::Refused { command, reason } => self.refuse(command, reason),
        }
    }

    /// A control command: done now, ahead of everything queued.
    fn obey(&mut self, control: &Control, now: Duration) {
        match &control.code {
            b"HS" => self.answer_status(),
            b"HQ" => match answers::host_query(self, &control.data) {
                Some(reply) if !matches!(self.settings.answers, Answers::HostStatusOnly) => self.reply(reply),
                _ => self.unknown(format!("~HQ{}", control.data.escape_ascii())),
            },
            b"HI" => self.reply(answers::identification(self)),
            b"HM" => self.reply(answers::memory(self)),
            b"JA" => {
                let under_head = self.engine.batch().map(|batch| batch.label.format.clone());
                let some_canceled = self.engine.cancel() > 0;
                let formats = under_head.filter(|_| some_canceled).into_iter().chain(self.queue.drain(..)).collect();
                self.canceled(formats);
            }
            b"JP" => {
                let oldest = self.queue.pop_front();
                self.queued_bytes -= oldest.as_ref().map_or(0, |format| format.bytes().len());
                self.canceled(oldest.into_iter().collect());
                self.pause();
            }
            b"JX" => {
                self.stream.cancel_format();
            }
            b"JR" => {
                self.cut_power(now);
                self.power_on(now);
            }
            b"PP" => self.pause(),
            b"PS" => self.clear(Cause::Paused, now),
            b"DG" | b"DB" | b"DE" | b"DS" | b"DT" | b"DU" | b"DY" => self.download(control),
            b"EG" => {
                let name = control.parameters().next().filter(|name| !name.is_empty()).unwrap_or("R:*.GRF");
                self.delete(object_name(name, "GRF"));
            }
            b"CC" | b"CT" | b"CD" | b"SD" | b"TA" | b"JS" | b"JC" | b"JL" | b"JB" | b"PH" | b"PR" => {}
            _ => self.unknown(control.name()),
        }
    }

    fn canceled(&mut self, formats: Vec<Arc<Format>>) {
        self.queued_bytes = self.queue.iter().map(|format| format.bytes().len()).sum();
        if !formats.is_empty() {
            self.events.push_back(Event::Canceled { formats });
        }
    }

    /// A `~D…` download. `~DG` names a graphic; `~DY` says in its second parameter what it is.
    fn download(&mut self, control: &Control) {
        let name = control.parameters().next().unwrap_or_default();
        let extension = match &control.code {
            b"DG" => "GRF",
            b"DY" => match control.parameters().nth(2).and_then(|kind| kind.bytes().next()).map(|kind| kind.to_ascii_uppercase())
            {
                Some(b'P') => "PNG",
                Some(b'T') => "TTF",
                Some(b'E') => "TTE",
                Some(b'B') => "BMP",
                _ => "GRF",
            },
            _ => "FNT",
        };
        let kind = if extension == "GRF" { Kind::Graphic } else { Kind::Other };
        let mut zpl = vec![b'~', control.code[0], control.code[1]];
        zpl.extend(&control.data);
        self.store(
            control.name(),
            object_name(name, extension),
            Object { kind, zpl, format: None, recalls: Vec::new(), prints: false },
        );
    }

    fn store(&mut self, command: String, name: Arc<str>, object: Object) {
        let bytes = object.zpl.len();
        if self.memory.store(name.clone(), object) {
            self.events.push_back(Event::Stored { name, bytes });
        } else {
            self.refuse(command, format!("no memory left for {name}"));
        }
    }

    fn delete(&mut self, name: Arc<str>) {
        let objects = self.memory.delete(&name);
        self.events.push_back(Event::Deleted { name, objects });
    }

    fn answer_status(&mut self) {
        let silent = self.engine.causes().iter().any(|cause| !matches!(cause, Cause::Paused | Cause::Jam));
        if !silent || self.settings.answers == Answers::EvenInError {
            self.reply(answers::host_status(self));
        }
    }

    /// `! U1 getvar "name"`, the only line it knows.
    fn answer_line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = match words.as_slice() {
            ["!", "U1", verb, name] if verb.eq_ignore_ascii_case("getvar") => {
                name.strip_prefix('"').and_then(|name| name.strip_suffix('"'))
            }
            _ => None,
        };
        match name {
            Some(name) if self.settings.answers != Answers::HostStatusOnly => self.reply(answers::variable(self, name)),
            _ => self.unknown(line.chars().take(80).collect()),
        }
    }

    fn reply(&mut self, reply: Vec<u8>) {
        if self.settings.answers != Answers::Nothing && !self.wire.send(reply, self.now) {
            self.refuse("reply".into(), "the host does not read its answers");
        }
    }

    fn unknown(&mut self, command: String) {
        self.events.push_back(Event::Unknown { command });
    }

    fn refuse(&mut self, command: String, reason: impl Into<String>) {
        self.events.push_back(Event::Refused { command, reason: reason.into() });
    }

    fn inches_printed(&self) -> u64 {
        let inches = f64::from(self.settings.media.height.0) / self.settings.dpi.dots_per_mm() / 25.4;
        (self.odometer as f64 * inches) as u64
    }
}
