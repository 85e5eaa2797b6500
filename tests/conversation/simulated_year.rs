//! A year of faults: many seeds, each a run with everything that happens to printers, in simulated time.
//!
//! Replies are split, late, lost, garbled and said twice, by firmware that hides labels from ~HS and counts torn ones and
//! formats without a field; media ends, covers open and buttons are pressed in the middle of any label; lines break and
//! the power is cut. Afterwards every label has come out exactly as often as the ledger says, doubts are no more than the
//! window for each broken line, and every run has come to its end.
//! 10,000 lives; `SEEDS=100 cargo test simulated_year` for fewer, `SEED=17` for one with its log.

use super::bench::{Bench, Random, Stand, rules, seconds};
use super::wire::{Firmware, Harm, Wire};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;
use waybilld::conversation::{Answers as Known, Counter, Echo, Profile, Rules};
use waybilld::virtual_printer::{Answers, Cause, EscPosSettings, Language, Out, Settings, Stock, TsplSettings};

/// Seeds of each kind of printer, of four: 10,000 lives in all.
const SEEDS: u64 = 2500;

/// One life of a printer and its line.
#[derive(Debug, Clone, Copy)]
struct Life {
    language: Language,
    answers: Answers,
    out: Out,
    /// A cable that hides power cuts.
    serial: bool,
}

#[test]
fn a_printer_by_the_manual() {
    live(Life { language: Language::Zpl, out: Out::Never, answers: Answers::ByManual, serial: false });
}

#[test]
fn a_printer_that_answers_even_in_error() {
    live(Life { language: Language::Zpl, out: Out::Never, answers: Answers::EvenInError, serial: false });
}

#[test]
fn a_printer_with_nothing_but_host_status() {
    live(Life { language: Language::Zpl, out: Out::Never, answers: Answers::HostStatusOnly, serial: false });
}

#[test]
fn a_printer_on_a_serial_cable() {
    live(Life { language: Language::Zpl, out: Out::Never, answers: Answers::ByManual, serial: true });
}

#[test]
fn a_tspl_printer_that_says_its_word_after_printing() {
    live(tspl(Out::WhenPrinted, false));
}

#[test]
fn a_tspl_printer_that_says_its_word_before_printing() {
    live(tspl(Out::WhenProcessed, false));
}

#[test]
fn a_tspl_printer_on_a_serial_cable() {
    live(tspl(Out::WhenPrinted, true));
    live(tspl(Out::WhenProcessed, true));
}

#[test]
fn an_escpos_printer() {
    for serial in [false, true] {
        live(Life { language: Language::EscPos, answers: Answers::EvenInError, out: Out::WhenPrinted, serial });
    }
}

fn tspl(out: Out, serial: bool) -> Life {
    Life { language: Language::Tspl, answers: Answers::EvenInError, out, serial }
}

fn live(life: Life) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, last) = match number("SEED") {
        Some(seed) => (seed, seed + 1),
        None => (0, number("SEEDS").unwrap_or(SEEDS)),
    };
    let mut printed = 0;
    let mut doubts = 0;
    let mut ends = DefaultHasher::new();
    for seed in first..last {
        let mut bench = run(life, seed, true);
        if let Err(fault) = judge(&mut bench) {
            let bench = run(life, seed, false);
            panic!("SEED={seed} {life:?}: {fault}\n{}", bench.bench.log);
        }
        ends.write(format!("{:?}{:?}", bench.bench.ledger, bench.bench.fates).as_bytes());
        printed += bench.bench.count(Stand::Printed);
        doubts += bench.bench.count(Stand::InDoubt);
        if number("SEED").is_some() {
            println!("{}", run(life, seed, false).bench.log);
        }
    }
    // A change of form leaves the ends of all seeds, and so this number, as they were.
    println!("{life:?}: {} seeds, {printed} printed, {doubts} in doubt, ends {:016x}", last - first, ends.finish());
}

struct Lived {
    bench: Bench,
    /// Times when the line broke, or when on a serial line a power cut could have gone unseen.
    breaks: usize,
    window: usize,
    /// On a serial line every spell out of sight may have been a power cut; an ESC/POS printer's one garbled byte may
    /// look like a stop, and words may be lost.
    replies_are_harmed: bool,
}

fn judge(lived: &mut Lived) -> Result<(), String> {
    let bench = &lived.bench;
    if let Some(fault) = bench.fault() {
        return Err(fault);
    }
    let open = bench.count(Stand::Waiting) + bench.count(Stand::Sending);
    if open > 0 {
        return Err(format!("{open} labels never came to an end"));
    }
    let doubted: u32 = bench.fates.values().map(|fate| fate.doubted).sum();
    let allowed = lived.breaks * lived.window;
    if doubted as usize > allowed && !lived.replies_are_harmed {
        return Err(format!("{doubted} doubts, {allowed} allowed"));
    }
    if bench.conversation.poll_timeout().is_some() {
        return Err("all is printed, and the conversation does not come to rest".into());
    }
    Ok(())
}

fn run(life: Life, seed: u64, hushed: bool) -> Lived {
    let mut random = Random(seed.wrapping_mul(0x9E37) ^ 0x5EED);
    let harm = random.below(4);
    let firmware = Firmware {
        hides_printing: random.one_in(2),
        hides_next: random.one_in(2),
        counts_torn: random.one_in(2),
        counts_feeds: random.below(3),
    };
    let settings = Settings {
        language: life.language,
        tspl: TsplSettings { out: life.out, ..TsplSettings::default() },
        escpos: EscPosSettings { stock: Stock::Labels, ..EscPosSettings::default() },
        answers: life.answers,
        pauses_after_error: random.one_in(3),
        odometer: random.below(100_000),
        counts_settings: life.language == Language::Zpl && random.one_in(2),
        labels: 10_000,
        ..Settings::default()
    };
    let window = 1 + random.below(3) as usize;
    let slow = life.serial || random.one_in(3);
    let rate = life.serial.then_some(960);
    let rules = Rules { window, line_shows_power: !life.serial, line_rate: rate, ..rules() };
    let asked = life.answers != Answers::HostStatusOnly;
    let counter = if asked { Counter::Counts } else { Counter::No };
    let echo = match life.out {
        Out::WhenPrinted => Echo::After,
        Out::WhenProcessed => Echo::Before,
        Out::Never => Echo::No,
    };
    let known = Profile { status: Known::Yes, errors: Some(asked), counter, echo, ..Profile::default() };
    let profile = if random.one_in(2) { known } else { Profile::default() };
    let mut bench = Bench::new(rules, profile, settings);
    bench.hushed = hushed;
    bench.stores_graphic = random.one_in(2);
    bench.line.rate = if slow { Some(rate.unwrap_or(20_000)) } else { None };
    bench.line.buffer = if life.serial { 256 } else { 64 * 1024 };
    bench.label_padding = random.below(if life.serial { 300 } else { 8000 }) as usize;
    let harm_done = Harm {
        split: 20 * harm,
        late: 5 * harm,
        late_max: random.ms(0, 2500),
        lost: 2 * harm,
        garbled: 2 * harm,
        twice: 2 * harm,
        ..Harm::default()
    };
    bench.wire = Wire::new(firmware, harm_done, random.clone());
    bench.connect();
    if random.one_in(2) {
        bench.wait(random.ms(0, 20_000));
    }
    let labels = 3 + random.below(8);
    bench.print_run(1..=labels);
    let mut lived =
        Lived { bench, breaks: 0, window, replies_are_harmed: (life.serial || life.language == Language::EscPos) && harm > 0 };
    // Something happens in the time of every label, or of some.
    let calm = 1 + random.below(4);
    let mut moments = 0;
    while lived.bench.count(Stand::Waiting) + lived.bench.count(Stand::Sending) > 0 && moments < labels * 2 {
        moments += 1;
        lived.bench.wait(random.ms(0, 1100));
        if random.one_in(calm) {
            happen(&mut lived, &mut random, life);
        }
    }
    let end = |bench: &Bench| {
        bench.count(Stand::Waiting) + bench.count(Stand::Sending) == 0 && bench.conversation.poll_timeout().is_none()
    };
    lived.bench.until(end);
    lived
}

/// One thing that happens to a printer, and its end.
fn happen(lived: &mut Lived, random: &mut Random, life: Life) {
    let bench = &mut lived.bench;
    // A stop catches a label that an ESC/POS printer does not print again.
    lived.breaks += usize::from(life.serial || life.language == Language::EscPos);
    let while_it_lasts = random.ms(2000, 25_000);
    match random.below(if life.serial { 7 } else { 8 }) {
        0 | 1 => {
            bench.note("-- media out");
            bench.printer.load_media(0, bench.now);
            bench.wait(while_it_lasts);
            bench.note("-- media loaded");
            bench.feed();
            bench.printer.load_media(1000, bench.now);
        }
        2 | 3 => {
            bench.note("-- cover open");
            bench.printer.open_cover(bench.now);
            bench.wait(while_it_lasts);
            bench.note("-- cover closed");
            bench.feed();
            bench.printer.close_cover(bench.now);
        }
        4 => {
            bench.note("-- pause");
            bench.printer.press_pause(bench.now);
            bench.wait(while_it_lasts);
            bench.note("-- pause ends");
            bench.printer.clear(Cause::Paused, bench.now);
        }
        5 => {
            // Of jams ~HS says nothing: only a printer with ~HQES or a counter can be trusted with them.
            let cause = if life.answers == Answers::HostStatusOnly { Cause::HeadHot } else { Cause::Jam };
            bench.note("-- jam or hot head");
            bench.printer.stop(cause, bench.now);
            bench.wait(while_it_lasts);
            bench.note("-- over");
            bench.feed();
            bench.printer.clear(cause, bench.now);
        }
        6 => {
            bench.cut_power();
            if life.serial {
                bench.wait(random.ms(4000, 15_000));
                bench.feed();
                bench.printer.power_on(bench.now);
                bench.note("-- power on");
                bench.revive();
            } else {
                lived.breaks += 1;
                bench.wait(random.ms(0, 3000)).disconnect(0).wait(random.ms(500, 10_000));
                bench.feed();
                bench.printer.power_on(bench.now);
                bench.connect();
            }
        }
        _ => {
            lived.breaks += 1;
            let delivered = if random.one_in(2) { usize::MAX } else { random.below(3000) as usize };
            bench.disconnect(delivered).wait(random.ms(0, 8000)).connect();
        }
    }
    // A printer that pauses after an error waits for a hand.
    if bench.printer.causes().any(|cause| cause == Cause::Paused) {
        lived.breaks += usize::from(life.language == Language::EscPos);
        bench.wait(random.ms(2000, 6000));
        bench.note("-- pause pressed");
        bench.printer.clear(Cause::Paused, bench.now);
    }
    bench.settle();
}

#[test]
fn media_out_and_cover_open_at_every_moment_of_a_run() {
    for (name, answers) in [("manual", Answers::ByManual), ("flags", Answers::EvenInError), ("status", Answers::HostStatusOnly)] {
        for moment in (0..7000).step_by(70) {
            for cover in [false, true] {
                let mut bench = Bench::with(Settings { answers, ..Settings::default() });
                bench.print_run(1..=5).wait(Duration::from_millis(moment));
                let now = bench.now;
                if cover {
                    bench.printer.open_cover(now)
                } else {
                    bench.printer.load_media(0, now)
                }
                bench.wait(seconds(20));
                let now = bench.now;
                if cover {
                    bench.printer.close_cover(now)
                } else {
                    bench.printer.load_media(100, now)
                }
                let done = bench.until(|bench| bench.all(Stand::Printed));
                assert!(
                    done && bench.fault().is_none(),
                    "{name}, {moment} ms, cover {cover}: {:?}\n{}",
                    bench.fault(),
                    bench.log
                );
                assert_eq!(bench.came_out(), 5);
            }
        }
    }
}
