//! A virtual printer: whatever is said to it and done to it, it stays within its bounds, counts what it ejects, and
//! comes to rest when it is left alone.

use crate::{Piece, head, pieces};
use std::time::Duration;
use waybilld::dots::{Dots, Size};
use waybilld::virtual_printer::{
    Answers, Cause, EVENTS_MAX, EscPosSettings, Event, Faults, Language, Out, Queries, Settings, Stock, TsplSettings,
    VirtualPrinter,
};

/// Bytes of replies a printer keeps for a host that does not read, and some for what it says at once.
const UNREAD_MAX: usize = 17 * 1024;
/// Steps in which a printer that is left alone works off what a fuzzer's input can hold of it, or is seen to go on
/// because it was asked for very many labels.
const STEPS_MAX: usize = 300;

pub fn live(language: Language, input: &[u8]) {
    let ([kind, more, seed, harm], input) = head(input);
    let mut printer = VirtualPrinter::new(settings(language, kind, more, seed, harm));
    let mut life = Life { now: Duration::ZERO, ejected: 0 };
    for piece in pieces(input) {
        match piece {
            Piece::Said(bytes) => {
                let room = printer.room();
                let taken = printer.handle_bytes(bytes, life.now);
                assert!(taken <= bytes.len());
                // Real-time commands and what is worked off at once make room; without any there is none to be taken.
                assert!(taken == 0 || room > 0);
            }
            Piece::Happens(what) => happen(&mut printer, what, &mut life),
        }
        life.watch(&printer);
    }
    // With power, media and no fault it finishes its work by itself.
    printer.power_on(life.now);
    for cause in [Cause::MediaOut, Cause::RibbonOut, Cause::CoverOpen, Cause::HeadHot, Cause::Jam, Cause::Paused] {
        printer.clear(cause, life.now);
    }
    printer.load_media(100, life.now);
    for _ in 0..STEPS_MAX {
        life.listen(&mut printer);
        life.tidy(&mut printer);
        let Some(due) = printer.poll_timeout() else { break };
        life.now = life.now.max(due);
        printer.handle_timeout(life.now);
        life.watch(&printer);
    }
}

struct Life {
    now: Duration,
    /// Whole labels that count.
    ejected: u64,
}

impl Life {
    fn watch(&self, printer: &VirtualPrinter) {
        assert!(printer.odometer() >= self.ejected);
        assert!(printer.room() <= printer.settings().receive_buffer);
    }

    fn listen(&self, printer: &mut VirtualPrinter) {
        let heard: usize = std::iter::from_fn(|| printer.poll_write()).map(|reply| reply.len()).sum();
        assert!(heard <= UNREAD_MAX, "{heard} bytes of replies at once");
    }

    fn tidy(&mut self, printer: &mut VirtualPrinter) {
        let mut events = 0;
        while let Some(event) = printer.poll_event() {
            events += 1;
            if let Event::Ejected(piece) = event {
                assert!(piece.odometer >= self.ejected && piece.at <= self.now);
                self.ejected = piece.odometer;
                // What a person would read on it.
                let _ = (piece.label.fields(), piece.label.commands(), piece.label.bytes());
            }
        }
        assert!(events <= 2 * EVENTS_MAX, "{events} events at once");
        assert_eq!(printer.odometer(), self.ejected);
    }
}

fn happen(printer: &mut VirtualPrinter, what: u8, life: &mut Life) {
    let causes = [Cause::MediaOut, Cause::RibbonOut, Cause::CoverOpen, Cause::HeadHot, Cause::Jam, Cause::Paused];
    let now = life.now;
    match what {
        // Up to a minute.
        0..=99 => {
            life.now += Duration::from_millis(u64::from(what) * u64::from(what) * 6);
            printer.handle_timeout(life.now);
        }
        100 => {
            if let Some(due) = printer.poll_timeout() {
                life.now = now.max(due);
                printer.handle_timeout(life.now);
            }
        }
        101 => life.listen(printer),
        102 => life.tidy(printer),
        103 => printer.handle_disconnect(),
        104 => printer.press_pause(now),
        105 => printer.cut_power(now),
        106 => printer.power_on(now),
        107 => printer.load_media(1 + u32::from(what), now),
        108..=113 => printer.stop(causes[usize::from(what) - 108], now),
        114..=119 => printer.clear(causes[usize::from(what) - 114], now),
        _ => {}
    }
}

fn settings(language: Language, kind: u8, more: u8, seed: u8, harm: u8) -> Settings {
    let bit = |bit: u8| kind & (1 << bit) != 0;
    let percent = |shift: u8| if harm & (1 << shift) != 0 { 30 } else { 0 };
    Settings {
        language,
        media: Size::new(Dots(80), Dots(120)),
        labels: 20,
        speed: (!bit(0)).then_some(6),
        receive_buffer: if bit(1) { usize::from(more) } else { 64 * 1024 },
        answers: [Answers::ByManual, Answers::EvenInError, Answers::HostStatusOnly, Answers::Nothing][usize::from(kind >> 2 & 3)],
        tspl: TsplSettings {
            out: [Out::WhenPrinted, Out::WhenProcessed, Out::Never][usize::from(more % 3)],
            queries: if bit(4) { Queries::QuestionMark } else { TsplSettings::default().queries },
            reprint: bit(5),
            tilde_waits: bit(6),
        },
        escpos: EscPosSettings {
            stock: if bit(4) { Stock::Labels } else { Stock::Roll },
            status: !bit(5),
            process_id: !bit(6),
            page_leaves: more.is_multiple_of(2),
        },
        pauses_after_error: bit(7),
        faults: Faults {
            seed: u64::from(seed),
            split: percent(0),
            delay: percent(1),
            delay_max: Duration::from_millis(500),
            drop: percent(2),
            garble: percent(3),
        },
        ..Settings::default()
    }
}
