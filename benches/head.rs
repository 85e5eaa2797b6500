//! Does the head wait for us? A run of fifty labels of the sample wave to a virtual printer, in simulated time.
//!
//! `cargo bench --bench head` prints, for each language, head speed and line, how much of the run the head stood still
//! between two labels; `cargo bench --bench head -- zpl 115200` only the rows with these words in them. What is simulated: the head,
//! the line with its rate and its buffer, the printer's buffer. What is real and charged to the run as it is measured:
//! laying a label out and writing it in the printer's language, one after the other, when the conversation has room. So a
//! busy machine shows in the figures.
//!
//! What cannot be had: a label of 150 mm is 0.98 s under the head at 6 in/s. 115200 baud carry 11,520 bytes a second. The
//! sample wave takes 9.5 KB a label as ZPL, 0.82 s; 27.6 KB as TSPL bitmaps, 2.4 s, so the head stands 1 - 0.98 / 2.4 =
//! 59 % of the time; 66 KB as ESC/POS raster, 5.7 s, 83 %. For neither is a compression publicly documented.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use waybilld::conversation::{Conversation, Event, Profile, Rules};
use waybilld::designs::Designs;
use waybilld::dots::{Dots, Dpi, Size};
use waybilld::language::{Encoded, Encoder, Language, Options, Setup, escpos, zpl};
use waybilld::text::Fonts;
use waybilld::virtual_printer::{self, EscPosSettings, Out, Settings, Stock, TsplSettings, VirtualPrinter};
use waybilld::waybill::{Senders, Waybill, json};

const LABELS: usize = 50;
/// Labels printed before, from which we learn what the printer can do.
const FIRST: usize = 6;
/// 150 mm.
const INCHES: f64 = 150.0 / 25.4;

/// A line to the printer.
#[derive(Clone, Copy)]
struct Cable {
    name: &'static str,
    /// Bytes a second.
    rate: u32,
    /// What it carries at once, and what it holds ahead of the printer.
    piece: usize,
    buffer: usize,
    serial: bool,
}

const USB: Cable = Cable { name: "USB, 1 MB/s", rate: 1_000_000, piece: 64, buffer: 16 * 1024, serial: false };
const FAST: Cable = Cable { name: "115200 baud", rate: 11_520, piece: 16, buffer: 4096, serial: true };
const SLOW: Cable = Cable { name: "9600 baud", rate: 960, piece: 16, buffer: 4096, serial: true };

fn main() {
    let bench = Bench::new();
    println!("a run of {LABELS} labels of 100 x 150 mm at 203 dpi: the head stood, of the time from first label to last");
    let rows = [
        ("zpl", Language::Zpl, Out::Never),
        ("tspl, OUT after printing", Language::Tspl, Out::WhenPrinted),
        ("tspl, OUT before printing", Language::Tspl, Out::WhenProcessed),
        ("escpos", Language::EscPos, Out::Never),
    ];
    for (name, language, out) in rows {
        for cable in [USB, FAST] {
            for speed in [6, 10] {
                bench.tell(name, language, out, cable, speed, false);
            }
        }
    }
    for (name, native_text) in [("zpl", false), ("zpl, native_text", true)] {
        bench.tell(name, Language::Zpl, Out::Never, SLOW, 6, native_text);
    }
}

/// How a run went.
struct Ran {
    /// Time the head stood between two labels, and of what.
    stood: Duration,
    of: Duration,
    /// Percent of the time it would stand if the line were never idle.
    least: f64,
    bytes: usize,
    printed: usize,
    composing: Duration,
}

struct Bench {
    designs: Designs,
    orders: Vec<Waybill>,
}

impl Bench {
    fn new() -> Bench {
        let orders = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/wave.jsonl")).expect("our own sample wave");
        let parse =
            |(_, node): (usize, json::Node)| Waybill::parse(&node, &Senders::default()).expect("a sample order has no fault");
        Bench {
            designs: Designs::new(Fonts::embedded(), &[]).expect("the built-in templates are whole"),
            orders: json::parse_lines(&orders).expect("JSON lines").into_iter().map(parse).collect(),
        }
    }

    fn tell(&self, name: &str, language: Language, out: Out, cable: Cable, speed: u32, native_text: bool) {
        let row = format!("{name:26} {:12} {speed:2} in/s", cable.name);
        if !std::env::args().skip(1).filter(|word| word != "--bench").all(|word| row.contains(&word)) {
            return;
        }
        let ran = self.run(language, out, cable, speed, native_text);
        let share = 100.0 * ran.stood.as_secs_f64() / ran.of.as_secs_f64();
        let Ran { bytes, printed, composing, least, .. } = ran;
        let bytes = bytes as f64 / (LABELS + FIRST) as f64 / 1000.0;
        let composing = composing.as_secs_f64() * 1000.0 / (LABELS + FIRST) as f64;
        println!(
            "  {row}: {share:5.2} % (the line alone: {least:.1} %); {bytes:.1} KB a label, {composing:.1} ms to compose, {printed} confirmed"
        );
    }

    /// The next label, and how long it took to make.
    fn compose(&self, encoder: &mut Encoder, key: usize) -> (Encoded, Duration) {
        let begun = Instant::now();
        let template = &self.designs.design("waybill-100x150").expect("a built-in template").template;
        let order = &self.orders[key % self.orders.len()];
        let label = self.designs.with(template, Dpi::D203, |compositor| compositor.lay_out(order));
        let label = label.expect("it has captions").expect("it fits");
        (encoder.label(&label), begun.elapsed())
    }

    fn run(&self, language: Language, out: Out, cable: Cable, speed: u32, native_text: bool) -> Ran {
        let zpl = zpl::Options { native_text, memory_bytes: 1 << 20, slow_line: cable.serial };
        let escpos = escpos::Options { feed: escpos::Feed::FormFeed, width_dots: Some(Dots(800)), ..escpos::Options::default() };
        let mut encoder = Encoder::new(language, Options { zpl, escpos });
        let rules = Rules {
            line_rate: cable.serial.then_some(cable.rate),
            line_shows_power: !cable.serial,
            // As a configuration that names the speed has it.
            label_time: Duration::from_secs_f64(INCHES / f64::from(speed) * 1.25 + 0.5),
            usual_time: Duration::from_secs_f64(INCHES / f64::from(speed)),
            ..Rules::default()
        };
        let mut talk = Conversation::new(language, rules, Profile::default());
        let mut printer = VirtualPrinter::new(Settings {
            language: match language {
                Language::Zpl => virtual_printer::Language::Zpl,
                Language::Tspl => virtual_printer::Language::Tspl,
                Language::EscPos => virtual_printer::Language::EscPos,
            },
            speed: Some(speed),
            tspl: TsplSettings { out, ..TsplSettings::default() },
            escpos: EscPosSettings { stock: Stock::Labels, ..EscPosSettings::default() },
            ..Settings::default()
        });
        let mut now = Duration::ZERO;
        let mut line = Line { cable, under_way: VecDeque::new(), due: Duration::ZERO, replies: VecDeque::new() };
        talk.handle_connected(now);
        let mut start = Some(encoder.start(&Setup::default(), Size::new(Dots(800), Dots(1200)), Dpi::D203));
        let mut ready: Option<(usize, Encoded, Duration)> = None;
        let (mut given, mut allowed, mut resume) = (0, FIRST, None);
        let (mut out_at, mut bytes, mut printed) = (Vec::new(), 0, 0);
        let mut composing = Duration::ZERO;
        loop {
            // Everything that happens now.
            if talk.poll_timeout().is_some_and(|due| due <= now) {
                talk.handle_timeout(now);
            }
            printer.handle_timeout(now);
            loop {
                let mut moved = line.carry(&mut talk, &mut printer, now);
                while let Some(event) = printer.poll_event() {
                    if let virtual_printer::Event::Ejected(piece) = event {
                        assert!(piece.whole, "nothing happens to it");
                        out_at.push(piece.at);
                    }
                }
                while let Some(event) = talk.poll_event() {
                    moved = true;
                    match event {
                        Event::Printed { .. } => printed += 1,
                        Event::NotTaken { .. } => panic!("nothing happens to it: {event:?}"),
                        _ => {}
                    }
                }
                if talk.has_room() && given < allowed && ready.is_none() {
                    let (label, took) = self.compose(&mut encoder, given);
                    composing += took;
                    let label = start.take().map_or(label.clone(), |start| label.behind(start));
                    bytes += label.bytes.len();
                    ready = Some((given, label, now + took));
                }
                if let Some((key, label, _)) = ready.take_if(|(_, _, at)| *at <= now) {
                    talk.print(key as u64, label, now);
                    given += 1;
                    moved = true;
                }
                if !moved {
                    break;
                }
            }
            if given == FIRST && allowed == FIRST && talk.open() == 0 {
                resume.get_or_insert(now + Duration::from_secs(60));
            }
            if resume.is_some_and(|at| at <= now) {
                (resume, allowed) = (None, FIRST + LABELS);
                continue;
            }
            if given == FIRST + LABELS && talk.open() == 0 && out_at.len() == given {
                break;
            }
            let ready_at = ready.as_ref().map(|(_, _, at)| *at);
            let next = [talk.poll_timeout(), printer.poll_timeout(), line.next(&printer), resume, ready_at];
            now = next.into_iter().flatten().min().expect("something is to happen").max(now);
        }
        let run = &out_at[FIRST..];
        let of = run[LABELS - 1] - run[0];
        let printing = Duration::from_secs_f64(INCHES / f64::from(speed)) * (LABELS as u32 - 1);
        let carrying = bytes as f64 / given as f64 / f64::from(cable.rate);
        let least = 100.0 * (1.0 - INCHES / f64::from(speed) / carrying).max(0.0);
        Ran { least, stood: of.saturating_sub(printing), of, bytes, printed: printed - FIRST, composing }
    }
}

struct Line {
    cable: Cable,
    under_way: VecDeque<u8>,
    /// When the next piece is over.
    due: Duration,
    replies: VecDeque<(Duration, Vec<u8>)>,
}

impl Line {
    fn time_of(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 / f64::from(self.cable.rate))
    }

    fn carry(&mut self, talk: &mut Conversation, printer: &mut VirtualPrinter, now: Duration) -> bool {
        let mut moved = false;
        while let Some(offered) = talk.poll_write().filter(|_| self.under_way.len() < self.cable.buffer) {
            let taken = offered.len().min(self.cable.buffer - self.under_way.len());
            if self.under_way.is_empty() {
                self.due = now + self.time_of(taken.min(self.cable.piece));
            }
            self.under_way.extend(&offered[..taken]);
            talk.wrote(taken, now);
            moved = true;
        }
        while !self.under_way.is_empty() && self.due <= now {
            let piece: Vec<u8> = self.under_way.iter().take(self.cable.piece).copied().collect();
            let taken = printer.handle_bytes(&piece, now);
            if taken == 0 {
                break;
            }
            self.under_way.drain(..taken);
            self.due += self.time_of(self.under_way.len().min(self.cable.piece));
            moved = true;
        }
        while let Some(reply) = printer.poll_write() {
            // A host asks a USB printer every millisecond.
            let latency = Duration::from_millis(1) + self.time_of(reply.len());
            self.replies.push_back((now + latency, reply));
        }
        while let Some((_, reply)) = self.replies.pop_front_if(|(due, _)| *due <= now) {
            talk.handle_bytes(&reply, now);
            moved = true;
        }
        moved
    }

    /// When something arrives; a printer that has no room gives notice itself.
    fn next(&self, printer: &VirtualPrinter) -> Option<Duration> {
        let arrives = (!self.under_way.is_empty() && printer.room() > 0).then_some(self.due);
        arrives.into_iter().chain(self.replies.front().map(|(due, _)| *due)).min()
    }
}
