//! Every fault, on every kind of printer and line, in simulated time; the table of what became of the labels is
//! `docs/faults.md`.
//!
//! Each cell is a run of ten labels to a printer that has been in use for a while; the fault comes in the middle of the
//! fourth and is mended after twenty seconds. Whatever the cell says, the run ends by itself; what is told as printed
//! came out exactly once; nothing comes out twice; doubts are no more than the window; and then all is quiet.
//! `BLESS=1 cargo test --test main faults` writes the table. `CELL="zpl / tcp / pause" cargo test … faults`
//! shows the log of one cell.

use super::bench::{Bench, Random, Stand, rules, seconds};
use super::wire::{Firmware, Harm, Wire};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use waybilld::conversation::{PrinterState, Profile, Rules};
use waybilld::language::Language;
use waybilld::virtual_printer::{self, Answers, Cause, EscPosSettings, Out, Queries, Settings, Stock, TsplSettings};

/// Labels of a run.
const LABELS: u64 = 10;
/// The one that the fault meets.
const MET: u64 = 4;
/// Bytes of a label beyond its text: three seconds at 9600 baud.
const PADDING: usize = 3000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zpl,
    TsplAfter,
    TsplBefore,
    TsplMute,
    EscPos,
    EscPosMute,
    ZplSilent,
    TsplSilent,
    EscPosSilent,
}

impl Kind {
    const ALL: [Kind; 9] = [
        Kind::Zpl,
        Kind::TsplAfter,
        Kind::TsplBefore,
        Kind::TsplMute,
        Kind::EscPos,
        Kind::EscPosMute,
        Kind::ZplSilent,
        Kind::TsplSilent,
        Kind::EscPosSilent,
    ];

    fn name(self) -> &'static str {
        match self {
            Kind::Zpl => "ZPL by the manual",
            Kind::TsplAfter => "TSPL, says `OUT` after printing",
            Kind::TsplBefore => "TSPL, says `OUT` before printing",
            Kind::TsplMute => "TSPL, answers status, knows no `OUT`",
            Kind::EscPos => "ESC/POS with `GS ( H`",
            Kind::EscPosMute => "ESC/POS, answers status, knows no `GS ( H`",
            Kind::ZplSilent => "ZPL clone that never answers",
            Kind::TsplSilent => "TSPL clone that never answers",
            Kind::EscPosSilent => "ESC/POS clone that never answers",
        }
    }

    fn settings(self) -> Settings {
        let tspl = TsplSettings::default();
        let (language, answers) = match self {
            Kind::Zpl => (virtual_printer::Language::Zpl, Answers::ByManual),
            Kind::ZplSilent => (virtual_printer::Language::Zpl, Answers::Nothing),
            Kind::TsplAfter | Kind::TsplBefore | Kind::TsplMute => (virtual_printer::Language::Tspl, Answers::ByManual),
            Kind::TsplSilent => (virtual_printer::Language::Tspl, Answers::Nothing),
            Kind::EscPos | Kind::EscPosMute => (virtual_printer::Language::EscPos, Answers::ByManual),
            Kind::EscPosSilent => (virtual_printer::Language::EscPos, Answers::Nothing),
        };
        Settings {
            language,
            answers,
            tspl: match self {
                Kind::TsplAfter => TsplSettings { out: Out::WhenPrinted, ..tspl },
                Kind::TsplBefore => TsplSettings { out: Out::WhenProcessed, ..tspl },
                Kind::TsplSilent => TsplSettings { out: Out::Never, queries: Queries::None, ..tspl },
                _ => TsplSettings { out: Out::Never, ..tspl },
            },
            escpos: EscPosSettings { stock: Stock::Labels, process_id: self == Kind::EscPos, ..EscPosSettings::default() },
            ..Settings::default()
        }
    }

    fn language(self) -> Language {
        match self.settings().language {
            virtual_printer::Language::Zpl => Language::Zpl,
            virtual_printer::Language::Tspl => Language::Tspl,
            virtual_printer::Language::EscPos => Language::EscPos,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cable {
    Tcp,
    Usb,
    Serial9600,
    Serial115200,
}

impl Cable {
    const ALL: [Cable; 4] = [Cable::Tcp, Cable::Usb, Cable::Serial9600, Cable::Serial115200];

    fn name(self) -> &'static str {
        match self {
            Cable::Tcp => "TCP",
            Cable::Usb => "USB",
            Cable::Serial9600 => "serial, 9600 baud",
            Cable::Serial115200 => "serial, 115200 baud",
        }
    }

    /// Bytes a second, where that matters.
    fn rate(self) -> Option<u32> {
        match self {
            Cable::Tcp | Cable::Usb => None,
            Cable::Serial9600 => Some(960),
            Cable::Serial115200 => Some(11_520),
        }
    }

    fn rules(self) -> Rules {
        Rules { line_rate: self.rate(), line_shows_power: self.rate().is_none(), line_is_ours: self != Cable::Tcp, ..rules() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    RollEndsIn(u64),
    RollEndsBetween,
    Cover,
    Pause,
    HotHead,
    Power,
    Unplug,
    Twin,
    Stall,
    ShortWrites,
    Harmed,
    SmallBuffer,
    WrongLanguage,
}

impl Fault {
    fn name(self) -> String {
        match self {
            Fault::Nothing => "nothing".into(),
            Fault::RollEndsIn(label) => format!("the roll ends in the middle of label {label}"),
            Fault::RollEndsBetween => "the roll ends between two labels".into(),
            Fault::Cover => "the cover is opened in the middle of a label".into(),
            Fault::Pause => "the pause button".into(),
            Fault::HotHead => "the head is too hot".into(),
            Fault::Power => "the power is cut for 20 s".into(),
            Fault::Unplug => "the cable is pulled and plugged in again, at the same port or another".into(),
            Fault::Twin => "another printer of the model is plugged in in its place".into(),
            Fault::Stall => "it takes and says nothing for 30 s".into(),
            Fault::ShortWrites => "the line takes seven bytes at a time, or none".into(),
            Fault::Harmed => "noise on the line, replies garbled, cut short, late and lost".into(),
            Fault::SmallBuffer => "its buffer holds 500 bytes and the roll ends".into(),
            Fault::WrongLanguage => "it is taken to speak another language".into(),
        }
    }

    fn all() -> Vec<Fault> {
        let mut all = vec![Fault::Nothing];
        all.extend((1..=LABELS).map(Fault::RollEndsIn));
        all.extend([
            Fault::RollEndsBetween,
            Fault::Cover,
            Fault::Pause,
            Fault::HotHead,
            Fault::Power,
            Fault::Unplug,
            Fault::Twin,
            Fault::Stall,
            Fault::ShortWrites,
            Fault::Harmed,
            Fault::SmallBuffer,
            Fault::WrongLanguage,
        ]);
        all
    }
}

/// One cell of the table.
#[derive(Debug, Clone, Copy)]
struct Cell {
    kind: Kind,
    cable: Cable,
    fault: Fault,
}

impl Cell {
    fn name(self) -> String {
        format!("{} / {} / {}", self.kind.name(), self.cable.name(), self.fault.name())
    }

    /// A printer that has been in use.
    fn bench(self, hushed: bool) -> Bench {
        let mut settings = self.kind.settings();
        if self.fault == Fault::SmallBuffer {
            settings.receive_buffer = 500;
        }
        // Labels of one language and a printer of the next.
        let mut language = self.kind.language();
        if self.fault == Fault::WrongLanguage {
            language = match language {
                Language::Zpl => Language::Tspl,
                Language::Tspl => Language::EscPos,
                Language::EscPos => Language::Zpl,
            };
        }
        let mut bench = Bench::taken_for(language, self.cable.rules(), Profile::default(), settings);
        bench.hushed = hushed;
        bench.line.rate = self.cable.rate();
        bench.line.buffer = if self.cable.rate().is_some() { 256 } else { 64 * 1024 };
        bench.label_padding = PADDING;
        bench.stores_graphic = true;
        bench.wire = Wire::new(Firmware::default(), Harm::default(), Random(0xFA17));
        bench.connect().wait(seconds(30));
        if self.fault != Fault::WrongLanguage {
            // Its first labels, from which we learn what it can do.
            bench.print_run(101..=106);
            bench.until(|bench| bench.count(Stand::Waiting) + bench.count(Stand::Sending) == 0);
            bench.wait(seconds(120));
            bench.ledger.clear();
        }
        bench
    }

    /// What an operator sees meanwhile, if that says something; and the bench after all is over.
    fn play(self, hushed: bool) -> (Option<PrinterState>, Bench) {
        let mut bench = self.bench(hushed);
        let before = bench.came_out();
        let out = |bench: &Bench| u64::from(bench.came_out() - before);
        let in_label = |bench: &mut Bench, label: u64| {
            let until = bench.now + seconds(120);
            bench.until(|bench| (out(bench) + 1 == label && bench.printer.poll_timeout().is_some()) || bench.now >= until);
            bench.wait(Duration::from_millis(300));
            bench.note(&format!("-- {}", self.fault.name()));
        };
        match self.fault {
            Fault::ShortWrites => {
                (bench.line.buffer, bench.line.balks) = (bench.line.buffer.min(self.cable.rate().map_or(7, |_| 240)), true)
            }
            Fault::RollEndsBetween => bench.printer.load_media(MET as u32 - 1, bench.now),
            _ => {}
        }
        bench.print_run(1..=LABELS);
        let mut seen = None;
        let meanwhile = |bench: &mut Bench| {
            bench.wait(seconds(20));
            let state = bench.state().clone();
            bench.note("-- mended");
            Some(state)
        };
        match self.fault {
            Fault::Nothing | Fault::ShortWrites => {}
            Fault::WrongLanguage => seen = meanwhile(&mut bench),
            Fault::RollEndsIn(label) => {
                in_label(&mut bench, label);
                bench.printer.load_media(0, bench.now);
                seen = meanwhile(&mut bench);
                bench.printer.load_media(100, bench.now);
            }
            Fault::RollEndsBetween => {
                bench.until(|bench| out(bench) + 1 == MET);
                seen = meanwhile(&mut bench);
                bench.printer.load_media(100, bench.now);
            }
            Fault::SmallBuffer => {
                in_label(&mut bench, MET);
                bench.printer.load_media(0, bench.now);
                seen = meanwhile(&mut bench);
                bench.printer.load_media(100, bench.now);
            }
            Fault::Cover | Fault::HotHead => {
                let cause = if self.fault == Fault::Cover { Cause::CoverOpen } else { Cause::HeadHot };
                in_label(&mut bench, MET);
                bench.printer.stop(cause, bench.now);
                seen = meanwhile(&mut bench);
                bench.printer.clear(cause, bench.now);
            }
            Fault::Pause => {
                in_label(&mut bench, MET);
                bench.printer.press_pause(bench.now);
                seen = meanwhile(&mut bench);
                bench.printer.press_pause(bench.now);
            }
            Fault::Power => {
                in_label(&mut bench, MET);
                bench.cut_power();
                if self.cable.rules().line_shows_power {
                    bench.wait(seconds(1)).disconnect(0);
                }
                meanwhile(&mut bench);
                bench.printer.power_on(bench.now);
                if self.cable.rules().line_shows_power {
                    bench.connect();
                } else {
                    bench.revive();
                }
            }
            Fault::Unplug => {
                in_label(&mut bench, MET);
                bench.disconnect(0);
                meanwhile(&mut bench);
                bench.connect();
            }
            Fault::Twin => {
                in_label(&mut bench, MET);
                bench.disconnect(0);
                meanwhile(&mut bench);
                let serial = "VIRTUAL0002".into();
                bench.replace_printer(Settings { serial, odometer: 7_000, ..self.kind.settings() });
                bench.connect();
            }
            Fault::Stall => {
                in_label(&mut bench, MET);
                bench.line.stuck = true;
                seen = meanwhile(&mut bench);
                bench.wait(seconds(10));
                bench.line.stuck = false;
            }
            Fault::Harmed => {
                in_label(&mut bench, 1);
                let late_max = Duration::from_millis(900);
                bench.wire.harm = Harm { split: 30, late: 20, late_max, lost: 10, garbled: 10, twice: 10, cut: 10 };
                for _ in 0..40 {
                    let now = bench.now;
                    bench.wire.rustle(5, now);
                    bench.wait(Duration::from_millis(500));
                }
                bench.note("-- mended");
                bench.wire.harm = Harm::default();
            }
        }
        bench.until(|bench| {
            bench.count(Stand::Waiting) + bench.count(Stand::Sending) == 0 && bench.conversation.poll_timeout().is_none()
        });
        // What it was given comes out.
        bench.wait(seconds(60));
        (seen, bench)
    }

    /// One garbled byte may look like a stop to whoever reads ESC/POS, and on a serial line every silence like a power
    /// cut: each may leave a label in doubt.
    fn noise_looks_like_more(self) -> bool {
        matches!(self.fault, Fault::Harmed)
            && (matches!(self.kind, Kind::EscPos | Kind::EscPosMute) || !self.cable.rules().line_shows_power)
    }

    /// What must hold, whatever became of the labels.
    fn judge(self, bench: &Bench) -> Option<String> {
        let open = bench.count(Stand::Waiting) + bench.count(Stand::Sending);
        let doubted: u32 = (1..=LABELS).map(|key| bench.fates[&key].doubted).sum();
        let twice = (1..=LABELS).find(|key| bench.fates[key].whole > 1);
        if let Some(fault) = bench.fault() {
            Some(fault)
        } else if open > 0 {
            Some(format!("{open} labels never came to an end"))
        } else if let Some(key) = twice {
            Some(format!("label {key} came out twice"))
        } else if doubted as usize > self.cable.rules().window && !self.noise_looks_like_more() {
            Some(format!("{doubted} doubts"))
        } else if bench.conversation.poll_timeout().is_some() {
            Some("it does not come to rest".into())
        } else {
            None
        }
    }

    /// What became of the labels, in a few words.
    fn outcome(self) -> String {
        let (seen, bench) = self.play(true);
        let asked_for = std::env::var("CELL").is_ok_and(|cell| cell == self.name());
        let wrong = self.judge(&bench);
        if wrong.is_some() || asked_for {
            println!("{}: {wrong:?}\n{}", self.name(), self.play(false).1.log);
        }
        let mut words = Vec::new();
        for (stand, name) in [(Stand::Printed, "printed"), (Stand::Sent, "sent"), (Stand::InDoubt, "in doubt")] {
            let of: Vec<u64> = bench.ledger.iter().filter(|(_, at)| **at == stand).map(|(key, _)| *key).collect();
            let out = of.iter().filter(|key| bench.fates[key].whole > 0).count();
            if !of.is_empty() {
                let all_out = out == of.len() && stand != Stand::InDoubt;
                words.push(format!("{} {name}{}", of.len(), if all_out { String::new() } else { format!(" ({out} out)") }));
            }
        }
        let again = bench.ledger.keys().filter(|key| bench.fates[key].given > 1).count();
        if again > 0 {
            words.push(format!("{again} of them sent again"));
        }
        let seen = seen.map_or(String::new(), |state| format!("*{}*: ", words_of(&state)));
        let wrong = wrong.map_or(String::new(), |wrong| format!(" **WRONG: {wrong}**"));
        format!("{seen}{}{wrong}", words.join(", "))
    }
}

fn words_of(state: &PrinterState) -> String {
    match state {
        PrinterState::Offline => "offline".into(),
        PrinterState::Unknown => "not heard yet".into(),
        PrinterState::Ready => "ready".into(),
        PrinterState::Stopped(reasons) => reasons.iter().map(|reason| reason.keyword()).collect::<Vec<_>>().join(", "),
        PrinterState::NotAnswering => "not answering".into(),
        PrinterState::Silent => "silent".into(),
        PrinterState::Stalled => "stalled".into(),
    }
}

const HEAD: &str = "\
# What becomes of ten labels when something goes wrong

Generated by `BLESS=1 cargo test --test main faults`, in simulated time; the test fails when this page is not what
happens. Ten labels of 3 KB go to a printer that has been in use for a while. In the middle of the fourth, if the row names
no other, something happens; after twenty seconds it is mended, and nobody touches the daemon. In every cell the run ends by
itself, what is told as *printed* came out exactly once, nothing comes out twice, and no more than two labels, the
window, are in doubt (noise on ESC/POS and serial lines excepted, where it may look like a stop or a power cut). In italics: how the daemon says the printer stands meanwhile. `(n out)`: how many of them really came out.

Nothing slow has a row of its own: the column of 9600 baud is that. Another port is the same row as the same port, because
a printer is known by its serial number where it has one.
";

#[test]
fn every_fault_on_every_printer_and_line_ends_as_the_table_says() {
    let only = std::env::var("CELL").ok();
    let mut page = HEAD.to_owned();
    for kind in Kind::ALL {
        let columns = Cable::ALL.map(Cable::name).join(" | ");
        write!(page, "\n## {}\n\n| what happens | {columns} |\n|---|---|---|---|---|\n", kind.name()).unwrap();
        let mut rows: Vec<(String, String)> = Vec::new();
        for fault in Fault::all() {
            let cells = Cable::ALL.map(|cable| {
                let cell = Cell { kind, cable, fault };
                if only.as_ref().is_none_or(|only| *only == cell.name()) { cell.outcome() } else { String::new() }
            });
            let row = (fault.name(), cells.join(" | "));
            // Ten rows that say the same are one.
            match (fault, rows.last_mut()) {
                (Fault::RollEndsIn(label), Some((name, cells))) if *cells == row.1 && label > 1 => {
                    let first = name.split(" label ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
                    *name = format!("the roll ends in the middle of label {first} to {label}, each in turn");
                }
                _ => rows.push(row),
            }
        }
        rows.iter().for_each(|(name, cells)| writeln!(page, "| {name} | {cells} |").unwrap());
    }
    if only.is_some() {
        return;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let wrong: Vec<&str> = page.lines().filter(|line| line.contains("WRONG")).collect();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = page.lines().zip(written.lines().chain(std::iter::repeat(""))).find(|(now, before)| now != before);
    assert!(page == written, "docs/faults.md says something else; BLESS=1 writes it anew. Now, and before:\n{differs:#?}");
}
