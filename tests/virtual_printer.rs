//! Stories of one virtual printer, told from the host's end of the wire and from in front of the slot.

use proptest::prelude::*;
use std::time::Duration;
use waybilld::virtual_printer::{Answers, Cause, Event, Faults, Settings, VirtualPrinter};

const SECOND: Duration = Duration::from_secs(1);

/// A printer, a clock and a notebook.
struct Bench {
    printer: VirtualPrinter,
    now: Duration,
    events: Vec<Event>,
    heard: Vec<u8>,
}

impl Bench {
    fn new(settings: Settings) -> Bench {
        Bench { printer: VirtualPrinter::new(settings), now: Duration::ZERO, events: Vec::new(), heard: Vec::new() }
    }

    fn by_manual() -> Bench {
        Bench::new(Settings::default())
    }

    fn instant() -> Bench {
        Bench::new(Settings { speed: None, ..Settings::default() })
    }

    /// Writes as a host does: what is not taken is offered again after time has passed.
    fn say(&mut self, bytes: &[u8]) -> &mut Bench {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.printer.handle_bytes(rest, self.now);
            self.note();
            rest = &rest[taken..];
            if taken == 0 {
                let Some(due) = self.printer.poll_timeout() else { break };
                self.now = self.now.max(due);
                self.printer.handle_timeout(self.now);
                self.note();
            }
        }
        self
    }

    fn say_label(&mut self, text: &str) -> &mut Bench {
        self.say(format!("^XA^FO50,50^A0N,40^FD{text}^FS^XZ").as_bytes())
    }

    fn wait(&mut self, time: Duration) -> &mut Bench {
        let until = self.now + time;
        while let Some(due) = self.printer.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.printer.handle_timeout(self.now);
            self.note();
        }
        self.now = until;
        self.printer.handle_timeout(self.now);
        self.note();
        self
    }

    fn act(&mut self, act: impl FnOnce(&mut VirtualPrinter, Duration)) -> &mut Bench {
        act(&mut self.printer, self.now);
        self.note();
        self
    }

    fn note(&mut self) {
        while let Some(event) = self.printer.poll_event() {
            self.events.push(event);
        }
        while let Some(piece) = self.printer.poll_write() {
            self.heard.extend(piece);
        }
    }

    /// What came back since the last time it was asked.
    fn ask(&mut self, question: &[u8]) -> String {
        self.heard.clear();
        self.say(question);
        String::from_utf8(std::mem::take(&mut self.heard)).unwrap()
    }

    /// What lies in the tray: the text of every whole label, and `…` behind a torn one.
    fn tray(&self) -> Vec<String> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Ejected(ejected) => {
                    let text = ejected.label.format.fields().join("|");
                    Some(if ejected.whole { text } else { text + "…" })
                }
                _ => None,
            })
            .collect()
    }
}

#[test]
fn labels_come_out_in_order_at_the_speed_of_the_head() {
    let mut bench = Bench::by_manual();
    for text in ["one", "two", "three"] {
        bench.say_label(text);
    }
    bench.wait(Duration::from_millis(1085));
    assert_eq!(bench.tray(), ["one"], "150 mm at 6 inches a second and 0.1 s to start");
    bench.wait(SECOND);
    assert_eq!(bench.tray(), ["one", "two"]);
    bench.wait(SECOND);
    assert_eq!(bench.tray(), ["one", "two", "three"]);
    assert!(bench.printer.idle() && bench.printer.poll_timeout().is_none(), "idle means idle");
}
