//! A bench: one conversation, one virtual printer, one clock.
//!
//! Labels go in at one end and fall out of the slot at the other; the bench carries the bytes over a line with a
//! rate, a buffer and a plug, plays the caller that keeps the ledger, and lets time jump. It checks at every step
//! that nothing is told as printed that has not come out. Nothing sleeps.

use super::wire::{Firmware, Harm, Wire};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use waybilld::conversation::{Conversation, Event, PrinterState, Profile, Rules};
use waybilld::dots::{Bitmap, Dots, Dpi, Point, Rect, Size};
use waybilld::label::{Label, Mark, Op, Text, TextLine};
use waybilld::language::{Encoded, Encoder, Language, Options, Setup, escpos, zpl};
use waybilld::virtual_printer::{self, Settings, VirtualPrinter};

/// Where the ledger says a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    Waiting,
    Sending,
    Printed,
    Sent,
    InDoubt,
}

/// What really happened to a label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fate {
    pub whole: u32,
    pub torn: u32,
    /// How often it was recorded as in doubt.
    pub doubted: u32,
    /// How often it was given to the conversation.
    pub given: u32,
}

pub struct Bench {
    /// What we take the printer's language to be.
    pub language: Language,
    pub conversation: Conversation,
    pub printer: VirtualPrinter,
    pub now: Duration,
    pub line: Line,
    pub ledger: BTreeMap<u64, Stand>,
    pub fates: BTreeMap<u64, Fate>,
    pub waiting: VecDeque<u64>,
    pub states: Vec<PrinterState>,
    pub profile: Profile,
    pub memory_lost: u32,
    /// Labels have a fixed part, which a ZPL printer is given to keep.
    pub stores_graphic: bool,
    /// Writes the labels of a ZPL printer, as the daemon does.
    encoder: Encoder,
    /// The printer is to be set up with the next label.
    fresh: bool,
    pub label_padding: usize,
    broke_off: bool,
    pub log: String,
    /// Keeps no log: many seeds, little time.
    pub hushed: bool,
    pub broken: Option<String>,
    pub wire: Wire,
}

/// What lies between host and printer.
#[derive(Default)]
pub struct Line {
    pub connected: bool,
    /// The printer is not at the other end any more, and the host does not know it yet.
    pub dead: bool,
    /// Bytes a second; `None`: at once.
    pub rate: Option<u32>,
    /// Bytes the host's side takes ahead of the printer.
    pub buffer: usize,
    /// Nothing moves on it either way; what the printer says meanwhile is lost.
    pub stuck: bool,
    /// Every other write takes nothing.
    pub balks: bool,
    under_way: VecDeque<u8>,
    arrived_at: Duration,
}

/// SplitMix64.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit.max(1)
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    pub fn ms(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from + 1))
    }
}

pub fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// Rules for a printer of the default settings: a label is out in 1.1 s at the latest.
pub fn rules() -> Rules {
    Rules { label_time: Duration::from_millis(1300), ..Rules::default() }
}

impl Bench {
    pub fn new(rules: Rules, profile: Profile, settings: Settings) -> Bench {
        Bench::taken_for(language(&settings), rules, profile, settings)
    }

    /// A printer that is taken to speak that language, whatever it speaks.
    pub fn taken_for(language: Language, rules: Rules, profile: Profile, settings: Settings) -> Bench {
        Bench {
            language,
            conversation: Conversation::new(language, rules, profile.clone()),
            printer: VirtualPrinter::new(settings),
            now: Duration::ZERO,
            line: Line { buffer: 64 * 1024, ..Line::default() },
            ledger: BTreeMap::new(),
            fates: BTreeMap::new(),
            waiting: VecDeque::new(),
            states: Vec::new(),
            profile,
            memory_lost: 0,
            stores_graphic: false,
            encoder: Encoder::new(language, Options::default()),
            fresh: true,
            label_padding: 0,
            broke_off: false,
            log: String::new(),
            hushed: false,
            broken: None,
            wire: Wire::new(Firmware::default(), Harm::default(), Random(0)),
        }
    }

    /// A printer by the manual, connected for a while and idle.
    pub fn zpl() -> Bench {
        let mut bench = Bench::new(rules(), Profile::default(), Settings::default());
        bench.connect().wait(seconds(30));
        bench
    }

    /// The same with settings of its own.
    pub fn with(settings: Settings) -> Bench {
        let mut bench = Bench::new(rules(), Profile::default(), settings);
        bench.connect().wait(seconds(30));
        bench
    }

    pub fn connect(&mut self) -> &mut Bench {
        self.line.connected = true;
        self.line.dead = false;
        self.line.under_way.clear();
        self.line.arrived_at = self.now;
        self.note("-- connected");
        let zpl = zpl::Options { native_text: true, memory_bytes: 1 << 20, slow_line: false };
        self.encoder = Encoder::new(self.language, Options { zpl, ..Options::default() });
        self.fresh = true;
        self.conversation.handle_connected(self.now);
        self.settle();
        self
    }

    /// The line breaks; of what is under way `delivered` bytes still arrive.
    pub fn disconnect(&mut self, delivered: usize) -> &mut Bench {
        if !self.line.connected {
            return self;
        }
        if !self.line.dead {
            let last: Vec<u8> = self.line.under_way.drain(..).take(delivered).collect();
            self.printer.handle_bytes(&last, self.now);
            self.printer.handle_disconnect();
        }
        self.line.connected = false;
        self.line.under_way.clear();
        self.wire.clear();
        self.note("-- line broken");
        self.broke_off = true;
        self.conversation.handle_disconnect("connection reset");
        self.settle();
        self
    }

    /// The printer is gone from the line before the host notices.
    pub fn cut_power(&mut self) -> &mut Bench {
        self.note("-- power cut");
        self.printer.cut_power(self.now);
        self.line.dead = true;
        self.wire.clear();
        self.settle();
        self
    }

    /// A printer on a serial cable is on again; what was written meanwhile is lost.
    pub fn revive(&mut self) -> &mut Bench {
        self.line.dead = false;
        self.settle();
        self
    }

    /// Another printer stands at the end of the line.
    pub fn replace_printer(&mut self, settings: Settings) -> &mut Bench {
        self.note("-- another printer");
        self.printer = VirtualPrinter::new(settings);
        self.printer.handle_timeout(self.now);
        self
    }

    pub fn note(&mut self, text: &str) {
        self.log(|| text.to_owned());
    }

    fn log(&mut self, line: impl FnOnce() -> String) {
        if !self.hushed {
            let _ = writeln!(self.log, "{:>9.3} {}", self.now.as_secs_f64(), line());
        }
    }

    pub fn print_run(&mut self, labels: std::ops::RangeInclusive<u64>) -> &mut Bench {
        for key in labels {
            self.ledger.insert(key, Stand::Waiting);
            self.fates.entry(key).or_default();
            self.waiting.push_back(key);
        }
        self.settle();
        self
    }

    /// Lets that much time pass.
    pub fn wait(&mut self, time: Duration) -> &mut Bench {
        let until = self.now + time;
        self.run_until(until, |_| false);
        self
    }

    /// Lets time pass until it holds, at most for an hour; whether it came to hold.
    pub fn until(&mut self, holds: impl Fn(&Bench) -> bool) -> bool {
        self.run_until(self.now + seconds(3600), holds)
    }

    fn run_until(&mut self, until: Duration, holds: impl Fn(&Bench) -> bool) -> bool {
        loop {
            self.settle();
            if holds(self) {
                return true;
            }
            match self.next_moment().filter(|next| *next <= until) {
                Some(next) => self.now = next.max(self.now),
                None => {
                    self.now = until;
                    self.settle();
                    return holds(self);
                }
            }
        }
    }

    /// When something happens next by itself.
    pub fn next_moment(&self) -> Option<Duration> {
        let line = self
            .line
            .rate
            .filter(|_| !self.line.stuck && !self.line.under_way.is_empty())
            .map(|_| self.line.arrived_at + Line::STEP);
        [self.conversation.poll_timeout(), self.printer.poll_timeout(), self.wire.due(), line].into_iter().flatten().min()
    }

    /// Everything that happens now.
    pub fn settle(&mut self) {
        if self.conversation.poll_timeout().is_some_and(|due| due <= self.now) {
            self.conversation.handle_timeout(self.now);
        }
        self.printer.handle_timeout(self.now);
        for round in 0.. {
            assert!(round < 10_000, "conversation and printer never come to rest:\n{}", self.log);
            self.watch_printer();
            let mut moved = self.hear_events();
            moved |= self.give_labels();
            moved |= self.carry_to_printer();
            moved |= self.carry_to_host();
            if !moved {
                break;
            }
        }
    }

    fn give_labels(&mut self) -> bool {
        let mut moved = false;
        while self.conversation.has_room()
            // A printer is set up when nothing else is on its way to it.
            && !(self.fresh && self.conversation.open() > 0)
            && let Some(key) = self.waiting.pop_front()
        {
            let label = self.label(key);
            self.ledger.insert(key, Stand::Sending);
            self.fates.entry(key).or_default().given += 1;
            self.note(&format!("   label {key} given"));
            self.conversation.print(key, label, self.now);
            moved = true;
        }
        moved
    }

    /// A label that says its key, in the printer's language.
    fn label(&mut self, key: u64) -> Encoded {
        let padding = "x".repeat(self.label_padding);
        let fresh = std::mem::take(&mut self.fresh);
        match self.language {
            Language::Zpl => {
                let label = zpl_label(key, self.stores_graphic);
                let start = match fresh {
                    true => self.encoder.start(&Setup::default(), label.size, label.dpi),
                    false => Vec::new(),
                };
                let Encoded { mut bytes, .. } = self.encoder.label(&label);
                bytes.truncate(bytes.len() - "^XZ".len());
                bytes.extend(format!("^FX{padding}^FS^XZ").into_bytes());
                Encoded::last(bytes).behind(start)
            }
            Language::Tspl => {
                let rows = padding.len() + 1;
                let text = format!("TEXT 50,50,\"3\",0,1,1,\"label-{key}\"");
                let label = format!("SET REPRINT ON\r\nCLS\r\n{text}\r\nBITMAP 0,0,1,{rows},1,x{padding}\r\nPRINT 1,1\r\n");
                Encoded::last(label.into_bytes())
            }
            Language::EscPos => {
                // What a broken line left under the head goes out first.
                let eject = if std::mem::take(&mut self.broke_off) { "\x0c" } else { "" };
                let mut bytes = format!("\x1b@{eject}label-{key}\n").into_bytes();
                let trigger = bytes.len();
                // 64 bytes a row: what is longer than the media would be no label. No command is longer than ours are.
                for band in padding.as_bytes().chunks(escpos::COMMAND_BYTES / 64 * 64) {
                    let rows = band.len() / 64;
                    bytes.extend(b"\x1dv0\0\x40\0");
                    bytes.extend((rows as u16).to_le_bytes());
                    bytes.extend(&band[..rows * 64]);
                }
                bytes.extend(b"\x0c");
                Encoded { bytes, trigger }
            }
        }
    }

    fn carry_to_printer(&mut self) -> bool {
        let mut moved = false;
        while self.line.connected {
            let room = self.line.buffer.saturating_sub(self.line.under_way.len());
            if self.line.balks && room > 0 && self.conversation.poll_write().is_some() {
                self.conversation.wrote(0, self.now);
            }
            let Some(bytes) = self.conversation.poll_write().filter(|_| room > 0) else { break };
            let taken: Vec<u8> = bytes.iter().take(room).copied().collect();
            self.log(|| format!("> {}", brief(&taken)));
            if self.line.under_way.is_empty() {
                self.line.arrived_at = self.now;
            }
            self.line.under_way.extend(&taken);
            self.conversation.wrote(taken.len(), self.now);
            moved = true;
        }
        if self.line.dead {
            self.line.under_way.clear();
            return moved;
        }
        if self.line.stuck {
            self.line.arrived_at = self.now;
            return moved;
        }
        moved | self.line.deliver(&mut self.printer, self.now)
    }

    fn carry_to_host(&mut self) -> bool {
        while let Some(reply) = self.printer.poll_write() {
            if self.line.connected && !self.line.dead && !self.line.stuck {
                self.wire.send(&reply, self.now);
            }
        }
        let mut moved = false;
        while let Some(bytes) = self.wire.receive(self.now) {
            self.log(|| format!("< {}", brief(&bytes)));
            self.conversation.handle_bytes(&bytes, self.now);
            moved = true;
        }
        moved
    }

    fn watch_printer(&mut self) {
        while let Some(event) = self.printer.poll_event() {
            self.log(|| format!("printer: {}", printer_event(&event)));
            if let virtual_printer::Event::Ejected(piece) = event {
                let fields = piece.label.fields();
                let keys: Vec<u64> = fields.iter().filter_map(|field| field.strip_prefix("label-")?.parse().ok()).collect();
                self.wire.overcount += u64::from(!piece.whole && self.wire.firmware.counts_torn);
                if let [key] = keys[..] {
                    let fate = self.fates.entry(key).or_default();
                    if piece.whole { fate.whole += 1 } else { fate.torn += 1 }
                } else if self.language == language(self.printer.settings())
                    && !(keys.is_empty() && (!piece.whole || self.language == Language::EscPos))
                {
                    // The rest of a label that was torn says nothing, nor does what a broken line left under the head.
                    self.broken.get_or_insert(format!("a piece with the labels {keys:?} came out"));
                }
            }
        }
    }

    fn hear_events(&mut self) -> bool {
        let mut moved = false;
        let mut again = Vec::new();
        while let Some(event) = self.conversation.poll_event() {
            moved = true;
            self.log(|| format!("event: {event:?}"));
            match event {
                Event::Printed { key, .. } => {
                    if self.fates[&key].whole != 1 {
                        self.broken
                            .get_or_insert(format!("label {key} told as printed, came out {} times", self.fates[&key].whole));
                    }
                    self.ledger.insert(key, Stand::Printed);
                }
                Event::Sent { key } => {
                    self.ledger.insert(key, Stand::Sent);
                }
                Event::InDoubt { key, .. } => {
                    self.fates.entry(key).or_default().doubted += 1;
                    self.ledger.insert(key, Stand::InDoubt);
                }
                Event::NotTaken { key, .. } => {
                    if self.fates[&key].whole != 0 {
                        self.broken.get_or_insert(format!("label {key} told as not taken, but it came out"));
                    }
                    self.ledger.insert(key, Stand::Waiting);
                    self.fresh = true;
                    again.push(key);
                }
                Event::StateChanged(state) => self.states.push(state),
                Event::Learnt(profile) => self.profile = profile,
                Event::MemoryLost => {
                    self.memory_lost += 1;
                    self.fresh = true;
                }
                Event::HangUp => self.note("   hang up!"),
            }
        }
        again.into_iter().rev().for_each(|key| self.waiting.push_front(key));
        moved
    }

    /// A printer that is set going again feeds.
    pub fn feed(&mut self) {
        self.wire.overcount += self.wire.firmware.counts_feeds;
    }

    pub fn state(&self) -> &PrinterState {
        self.conversation.state()
    }

    /// How many labels stand there.
    pub fn count(&self, stand: Stand) -> usize {
        self.ledger.values().filter(|at| **at == stand).count()
    }

    pub fn all(&self, stand: Stand) -> bool {
        self.count(stand) == self.ledger.len()
    }

    /// Labels that left the slot whole.
    pub fn came_out(&self) -> u32 {
        self.fates.values().map(|fate| fate.whole).sum()
    }

    /// What is wrong with the ledger when all is over, if anything is.
    pub fn fault(&self) -> Option<String> {
        if let Some(broken) = &self.broken {
            return Some(broken.clone());
        }
        self.ledger.iter().find_map(|(key, stand)| {
            let fate = self.fates[key];
            let right = match stand {
                Stand::Printed => fate.whole == 1,
                Stand::Sent | Stand::InDoubt | Stand::Sending => fate.whole <= 1,
                Stand::Waiting => fate.whole == 0,
            };
            (!right).then(|| format!("label {key} stands as {stand:?} and came out {} times", fate.whole))
        })
    }

    pub fn expect_all_printed(&mut self) {
        let done = self.until(|bench| bench.all(Stand::Printed));
        assert!(done, "{:?}\n{}", self.ledger, self.log);
        assert_eq!(self.fault(), None, "{}", self.log);
    }
}

impl Line {
    /// How finely a slow line is cut.
    const STEP: Duration = Duration::from_millis(20);

    fn deliver(&mut self, printer: &mut VirtualPrinter, now: Duration) -> bool {
        let arrived = match self.rate {
            None => self.under_way.len(),
            Some(rate) => {
                let steps = (now.saturating_sub(self.arrived_at).as_millis() / Line::STEP.as_millis()) as u32;
                self.arrived_at += Line::STEP * steps;
                ((u64::from(steps) * u64::from(rate) * Line::STEP.as_millis() as u64 / 1000) as usize).min(self.under_way.len())
            }
        };
        if arrived == 0 {
            return false;
        }
        let bytes: Vec<u8> = self.under_way.iter().take(arrived).copied().collect();
        let taken = printer.handle_bytes(&bytes, now);
        self.under_way.drain(..taken);
        taken > 0
    }
}

fn language(settings: &Settings) -> Language {
    match settings.language {
        virtual_printer::Language::Zpl => Language::Zpl,
        virtual_printer::Language::Tspl => Language::Tspl,
        virtual_printer::Language::EscPos => Language::EscPos,
    }
}

/// A label that says its key in the printer's own font.
fn zpl_label(key: u64, stores_graphic: bool) -> Label {
    let at = Point::new(Dots(50), Dots(50));
    let line = TextLine { text: format!("label-{key}"), baseline: at, width: Dots(200), size: Dots(24), bold: false };
    let says = Mark::Text(Text { at, bitmap: Arc::new(Bitmap::new(Size::new(Dots(1), Dots(1)))), lines: vec![line] });
    let logo = Mark::Fill(Rect { at: Point::new(Dots(0), Dots(0)), size: Size::new(Dots(8), Dots(2)) });
    let logo = stores_graphic.then_some(Op { fixed: true, mark: logo });
    let ops = logo.into_iter().chain([Op { fixed: false, mark: says }]).collect();
    Label { dpi: Dpi::D203, size: Size::new(Dots(800), Dots(1200)), ops }
}

fn brief(bytes: &[u8]) -> String {
    let text = bytes[..bytes.len().min(200)].escape_ascii().to_string();
    if bytes.len() > 200 { format!("{text}… {} bytes", bytes.len()) } else { text }
}

fn printer_event(event: &virtual_printer::Event) -> String {
    match event {
        virtual_printer::Event::Ejected(piece) => {
            format!("ejected {:?}{}", piece.label.fields(), if piece.whole { "" } else { " torn" })
        }
        other => format!("{other:?}"),
    }
}
