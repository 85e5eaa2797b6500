//! A simulated printer for ZPL, TSPL or ESC/POS: the other end of the wire.
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
//! One printer speaks one [`Language`]; what each understands stands at the head of its file. Common to all: a label
//! counts in the odometer at the moment it leaves the slot, and only when it is whole, unless [`Settings`] says more; what a host left half said stays
//! in the buffer when it hangs up.

mod chassis;
mod engine;
mod escpos;
#[cfg(feature = "interpreter")]
pub mod interpreter;
#[cfg(not(feature = "interpreter"))]
#[path = "virtual_printer/no_interpreter.rs"]
pub mod interpreter;
mod tspl;
mod wire;
mod zpl;

pub use engine::Cause;
pub use escpos::{EscPosLabel, EscPosSettings, Stock};
pub use tspl::{Out, Queries, TsplLabel, TsplSettings};
pub use wire::Faults;
pub use zpl::{Command, Format, ZplLabel};

use crate::dots::{Bitmap, Dots, Dpi, Size};
use chassis::{Chassis, Done};
use engine::Began;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Events a printer keeps for a caller that does not ask; then it stands still until it is asked.
pub const EVENTS_MAX: usize = 256;

/// How a printer is made and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub language: Language,
    pub model: String,
    pub serial: String,
    pub dpi: Dpi,
    /// One label of the media, in dots.
    pub media: Size,
    /// Labels on the roll.
    pub labels: u32,
    /// Inches a second, until the host says otherwise; `None`: labels take no time.
    pub speed: Option<u32>,
    /// From standing still to the first row.
    pub start: Duration,
    /// Bytes it takes ahead of what it is printing. With none waiting, a longer format or line still fits.
    pub receive_buffer: usize,
    pub answers: Answers,
    pub tspl: TsplSettings,
    pub escpos: EscPosSettings,
    /// After an error it waits for the pause button, although the cause is gone.
    pub pauses_after_error: bool,
    /// What its odometer shows when it is made.
    pub odometer: u64,
    /// Its odometer also counts a ZPL format that prints nothing.
    pub counts_settings: bool,
    pub faults: Faults,
}

/// The language a printer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    #[default]
    Zpl,
    Tspl,
    EscPos,
}

impl Language {
    pub const ALL: [Language; 3] = [Language::Zpl, Language::Tspl, Language::EscPos];

    /// The language of that name: `zpl`, `tspl`, `escpos`.
    pub fn from_name(name: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.to_string() == name)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Language::Zpl => "zpl",
            Language::Tspl => "tspl",
            Language::EscPos => "escpos",
        })
    }
}

/// What a ZPL printer answers to; [`Answers::Nothing`] silences any language.
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
            language: Language::default(),
            model: "VP100-203dpi".into(),
            serial: "VIRTUAL0001".into(),
            dpi: Dpi::D203,
            media: Size::new(Dots(800), Dots(1200)),
            labels: 1000,
            speed: Some(6),
            start: Duration::from_millis(100),
            receive_buffer: 64 * 1024,
            answers: Answers::default(),
            tspl: TsplSettings::default(),
            escpos: EscPosSettings::default(),
            pauses_after_error: false,
            odometer: 0,
            counts_settings: false,
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
    /// On the host's word these will not come out; of the first perhaps only its remaining labels.
    Canceled {
        labels: Vec<Arc<Label>>,
    },
    /// The power went: these will not come out, nor will `bytes` of what had not been received whole.
    PowerCut {
        lost: Vec<Arc<Label>>,
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

/// A label, with what it needs to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    Zpl(ZplLabel),
    Tspl(TsplLabel),
    EscPos(EscPosLabel),
}

impl Label {
    /// What a person or a scanner would find on it: the data of every text and symbol, in order. A bitmap says nothing.
    pub fn fields(&self) -> Vec<String> {
        match self {
            Label::Zpl(label) => label.format.fields(),
            Label::Tspl(label) => label.fields(),
            Label::EscPos(label) => label.fields(),
        }
    }

    /// The commands it is made of, as a person writes them, in order: `^FO`, `BITMAP`.
    pub fn commands(&self) -> Vec<String> {
        match self {
            Label::Zpl(label) => label.formats().flat_map(|format| format.commands()).map(|command| command.name()).collect(),
            Label::Tspl(label) => label.commands().map(|(name, _)| name).collect(),
            Label::EscPos(label) => label.commands(),
        }
    }

    /// What it was made of, byte for byte or put together again: the same for the same label.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Label::Zpl(label) => label.format.bytes().to_vec(),
            Label::Tspl(label) => label.tspl(),
            Label::EscPos(label) => label.bytes(),
        }
    }

    /// Whether the odometer counts it: media that was only fed is no label.
    fn counts(&self) -> bool {
        match self {
            Label::Zpl(_) | Label::EscPos(_) => true,
            Label::Tspl(label) => !label.blank(),
        }
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
    chassis: Chassis,
    firmware: Firmware,
    /// Events had to be taken before it could go on.
    stalled: bool,
}

/// What makes of bytes labels and answers.
#[derive(Debug, Clone)]
enum Firmware {
    Zpl(zpl::Firmware),
    Tspl(tspl::Firmware),
    EscPos(escpos::Firmware),
}

impl Firmware {
    fn idle(&self) -> bool {
        match self {
            Firmware::Zpl(zpl) => zpl.idle(),
            Firmware::Tspl(tspl) => tspl.idle(),
            Firmware::EscPos(escpos) => escpos.idle(),
        }
    }

    /// Bytes that take up room in the receive buffer.
    fn held(&self) -> usize {
        match self {
            Firmware::Zpl(zpl) => zpl.held(),
            Firmware::Tspl(tspl) => tspl.held(),
            Firmware::EscPos(escpos) => escpos.held(),
        }
    }

    fn handle_byte(&mut self, byte: u8, chassis: &mut Chassis) -> Done {
        match self {
            Firmware::Zpl(zpl) => zpl.handle_byte(byte, chassis),
            Firmware::Tspl(tspl) => tspl.handle_byte(byte, chassis),
            Firmware::EscPos(escpos) => escpos.handle_byte(byte, chassis),
        }
    }

    /// The host has said all it has to say for now.
    fn flush(&mut self, chassis: &mut Chassis) {
        match self {
            Firmware::Zpl(zpl) => zpl.flush(chassis),
            Firmware::Tspl(_) | Firmware::EscPos(_) => {}
        }
    }

    /// Does the next thing that is received and can be done now; whether there was one.
    fn step(&mut self, chassis: &mut Chassis) -> bool {
        match self {
            Firmware::Zpl(zpl) => zpl.step(chassis),
            Firmware::Tspl(tspl) => tspl.step(chassis),
            Firmware::EscPos(escpos) => escpos.step(chassis),
        }
    }

    /// What is gone without power: labels not yet under the head, bytes of what was half received, stored objects.
    fn lose_power(&mut self) -> (Vec<Arc<Label>>, usize, usize) {
        match self {
            Firmware::Zpl(zpl) => zpl.lose_power(),
            Firmware::Tspl(tspl) => tspl.lose_power(),
            Firmware::EscPos(escpos) => escpos.lose_power(),
        }
    }
}

impl VirtualPrinter {
    pub fn new(settings: Settings) -> VirtualPrinter {
        let firmware = match settings.language {
            Language::Zpl => Firmware::Zpl(zpl::Firmware::new(settings.media.height)),
            Language::Tspl => Firmware::Tspl(tspl::Firmware::new(&settings)),
            Language::EscPos => Firmware::EscPos(escpos::Firmware::new(&settings)),
        };
        let mut chassis = Chassis::new(settings);
        chassis.engine.reprint = chassis.reprints_at_power_up();
        VirtualPrinter { chassis, firmware, stalled: false }
    }

    pub fn settings(&self) -> &Settings {
        &self.chassis.settings
    }

    /// Why it does not print, if it does not.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        self.chassis.engine.causes().iter().copied()
    }

    /// Labels that have left the slot whole.
    pub fn odometer(&self) -> u64 {
        self.chassis.odometer
    }

    pub fn media_left(&self) -> u32 {
        self.chassis.engine.media_left()
    }

    pub fn powered(&self) -> bool {
        self.chassis.powered
    }

    /// Whether nothing is being received, waiting or printed.
    pub fn idle(&self) -> bool {
        self.chassis.engine.batch().is_none() && self.firmware.idle()
    }

    /// How many bytes it takes now; 0 is a closed window, a NAK, a dropped CTS.
    pub fn room(&self) -> usize {
        self.chassis.room(self.firmware.held())
    }

    /// The host wrote; how many of the bytes were taken. The rest is to be offered again when there is room.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) -> usize {
        self.handle_timeout(now);
        let mut taken = 0;
        for &byte in bytes {
            if self.room() == 0 {
                break;
            }
            taken += 1;
            match self.firmware.handle_byte(byte, &mut self.chassis) {
                Done::Nothing => {}
                Done::Something => self.advance(),
                Done::Restart => {
                    self.cut_power(now);
                    self.power_on(now);
                }
            }
        }
        self.firmware.flush(&mut self.chassis);
        taken
    }

    /// The host is gone: replies still on their way are lost. What was received stays.
    pub fn handle_disconnect(&mut self) {
        self.chassis.wire.clear();
    }

    /// It is now that time.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.chassis.now = self.chassis.now.max(now);
        self.advance();
    }

    /// When it wants to be told the time next. A time that has passed means that it waits for its events to be taken.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let own = if self.stalled { Some(self.chassis.now) } else { self.chassis.engine.due() };
        own.into_iter().chain(self.chassis.wire.due()).min()
    }

    /// A piece of a reply that the host has received by now.
    pub fn poll_write(&mut self) -> Option<Vec<u8>> {
        self.chassis.wire.receive(self.chassis.now)
    }

    /// What happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.chassis.events.pop_front()
    }

    /// A roll with that many labels is put in; 0: the roll ends here, be it in the middle of a label.
    pub fn load_media(&mut self, labels: u32, now: Duration) {
        if labels == 0 {
            return self.stop(Cause::MediaOut, now);
        }
        self.handle_timeout(now);
        self.chassis.engine.load_media(labels);
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
        if self.chassis.engine.is(Cause::Paused) {
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
        self.chassis.stop(cause);
        self.advance();
    }

    /// … and that is over.
    pub fn clear(&mut self, cause: Cause, now: Duration) {
        self.handle_timeout(now);
        self.chassis.clear(cause);
        self.advance();
    }

    /// The mains are gone: buffers, volatile memory and settings are lost, the label under the head is torn.
    pub fn cut_power(&mut self, now: Duration) {
        self.handle_timeout(now);
        let chassis = &mut self.chassis;
        if !chassis.powered {
            return;
        }
        let (piece, batch) = chassis.engine.lose_power(chassis.now);
        chassis.eject(piece);
        let (queued, bytes, objects) = self.firmware.lose_power();
        let lost = batch.map(|batch| batch.label).into_iter().chain(queued).collect();
        chassis.wire.clear();
        chassis.engine.speed = chassis.settings.speed;
        chassis.engine.reprint = chassis.reprints_at_power_up();
        chassis.powered = false;
        chassis.events.push_back(Event::PowerCut { lost, bytes, objects });
    }

    /// The mains are back.
    pub fn power_on(&mut self, now: Duration) {
        self.handle_timeout(now);
        if !self.chassis.powered {
            self.chassis.powered = true;
            self.chassis.events.push_back(Event::PowerOn);
        }
    }

    /// Works off what is due, in the order in which it is due.
    fn advance(&mut self) {
        let chassis = &mut self.chassis;
        // The moment the head is free for what comes next.
        let mut free = chassis.now;
        while chassis.powered && chassis.events.len() < EVENTS_MAX {
            if let Some(due) = chassis.engine.due().filter(|due| *due <= chassis.now) {
                let paused = chassis.engine.is(Cause::Paused);
                free = due;
                let piece = chassis.engine.finish(due).flatten();
                chassis.eject(piece);
                if chassis.engine.is(Cause::Paused) && !paused {
                    chassis.events.push_back(Event::Stopped(Cause::Paused));
                }
            } else if !self.firmware.step(chassis) {
                match chassis.engine.begin(free) {
                    Began::Label => {}
                    Began::Nothing => break,
                    Began::NoMedia => {
                        let piece = chassis.engine.stop(Cause::MediaOut, free);
                        chassis.eject(piece);
                        chassis.events.push_back(Event::Stopped(Cause::MediaOut));
                        break;
                    }
                }
            }
        }
        self.stalled = chassis.events.len() >= EVENTS_MAX;
    }
}
