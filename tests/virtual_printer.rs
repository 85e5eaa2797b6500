//! Stories of one virtual printer in each language, told from the host's end of the wire and from in front of the slot.

mod escpos;
mod tspl;

use proptest::prelude::*;
use std::time::Duration;
use waybilld::virtual_printer::{Answers, Cause, Event, Faults, Label, Settings, VirtualPrinter};

const SECOND: Duration = Duration::from_secs(1);

/// ZPL that draws the label on a printer that knows nothing yet.
fn zpl(label: &Label) -> String {
    let Label::Zpl(label) = label else { panic!("{label:?}") };
    String::from_utf8(label.zpl()).unwrap()
}

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

    fn ask_bytes(&mut self, question: &[u8]) -> Vec<u8> {
        self.heard.clear();
        self.say(question);
        std::mem::take(&mut self.heard)
    }

    /// What lies in the tray: the text of every whole label, and `…` behind a torn one.
    fn tray(&self) -> Vec<String> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Ejected(ejected) => {
                    let text = ejected.label.fields().join("|");
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

#[test]
fn the_three_strings_count_what_waits_what_prints_and_what_is_half_received() {
    let mut bench = Bench::by_manual();
    assert_eq!(bench.ask(b"~HS"), host_status("0,0,1200,000,0,0,0", "00000000", 0));
    bench.say(b"^XA^FO1,1^FDbatch^FS^PQ5^XZ").say_label("waits").say_label("waits too").say(b"^XA^FO1,1^FDhalf");
    assert_eq!(bench.ask(b"~HS"), host_status("0,0,1200,002,0,0,1", "00000005", 0));
    bench.wait(SECOND * 3);
    assert_eq!(bench.ask(b"~HS"), host_status("0,0,1200,002,0,0,1", "00000003", 0), "two of the batch are out");
    bench.wait(SECOND * 60);
    assert_eq!(bench.ask(b"~HS"), host_status("0,0,1200,000,0,0,1", "00000000", 0), "only the half format is left");
    bench.say(b"~DGR:A.GRF,1,1,FF^FS^XZ").wait(SECOND * 60);
    assert_eq!(bench.ask(b"~HS"), host_status("0,0,1200,000,0,0,0", "00000000", 1));
    assert_eq!(bench.tray().len(), 8);
}

/// The answer to `~HS`, from paper out to format partly received, labels remaining, stored graphics.
fn host_status(first: &str, left: &str, graphics: u32) -> String {
    format!("\x02030,{first},000,0,0,0\x03\r\n\x02000,0,0,0,0,2,6,0,{left},1,{graphics:03}\x03\r\n\x021234,0\x03\r\n")
}

#[test]
fn out_of_media_host_status_is_silent_and_the_error_query_answers() {
    let mut bench = Bench::new(Settings { labels: 1, ..Settings::default() });
    bench.say_label("one").say_label("two").wait(SECOND * 10);
    assert!(bench.events.contains(&Event::Stopped(Cause::MediaOut)));
    assert_eq!(bench.ask(b"~HS"), "");
    assert!(bench.ask(b"~HQES").contains("   ERRORS:         1 00000000 00000001\r\n"));
    assert_eq!(bench.ask(b"! U1 getvar \"media.status\"\r\n"), "\"out\"");
    assert_eq!(bench.ask(b"! U1 getvar \"odometer.total_label_count\"\r\n"), "\"1\"");
    bench.act(|printer, now| printer.load_media(10, now));
    assert!(bench.ask(b"~HS").starts_with("\x02030,0,0,"));
    assert!(bench.ask(b"~HQES").contains("ERRORS:         0 00000000 00000000"));
}

#[test]
fn other_firmware_answers_otherwise() {
    let answers = |answers, question: &[u8]| {
        let mut bench = Bench::new(Settings { answers, ..Settings::default() });
        bench.act(|printer, now| printer.open_cover(now)).ask(question)
    };
    assert!(answers(Answers::EvenInError, b"~HS").contains("\r\n\x02000,0,1,0,0,"), "head up");
    assert_eq!(answers(Answers::HostStatusOnly, b"~HQES! U1 getvar \"head.latch\"\r\n"), "");
    assert!(answers(Answers::HostStatusOnly, b"~HI").starts_with("\x02VP100-203dpi,"));
    assert_eq!(answers(Answers::Nothing, b"~HS~HI~HQES! U1 getvar \"head.latch\"\r\n"), "");
    assert_eq!(answers(Answers::ByManual, b"! U1 getvar \"head.latch\"\r\n! U1 getvar \"no.such\"\r\n"), "\"open\"\"?\"");
}

#[test]
fn media_out_in_the_middle_of_a_label_prints_it_again_when_a_roll_is_loaded() {
    let mut bench = Bench::by_manual();
    bench.say_label("one").say_label("two").say_label("three").wait(Duration::from_millis(1500));
    bench.act(|printer, now| printer.load_media(0, now)).wait(SECOND * 3600);
    assert_eq!(bench.tray(), ["one", "two…"]);
    bench.act(|printer, now| printer.load_media(100, now)).wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one", "two…", "two", "three"]);
    assert_eq!(bench.printer.odometer(), 3, "half a label is no label");
    assert_eq!(bench.events.iter().filter(|event| **event == Event::Resumed).count(), 1);
}

#[test]
fn a_printer_told_not_to_reprint_leaves_the_torn_label_torn() {
    let mut bench = Bench::by_manual();
    bench.say(b"^XA^JZN^XZ").say_label("one").say_label("two").wait(Duration::from_millis(600));
    bench.act(|printer, now| printer.open_cover(now)).wait(SECOND);
    bench.act(|printer, now| printer.close_cover(now)).wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one…", "two"]);
    assert_eq!(bench.printer.odometer(), 1);
}

#[test]
fn a_pause_finishes_the_label_under_the_head_and_keeps_the_rest() {
    let mut bench = Bench::by_manual();
    bench.say_label("one").say_label("two").wait(Duration::from_millis(500)).say(b"~PP").wait(SECOND * 3600);
    assert_eq!(bench.tray(), ["one"]);
    assert!(bench.ask(b"~HS").starts_with("\x02030,0,1,"), "a paused printer answers");
    bench.say(b"~PS").wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one", "two"]);
    bench.say(b"^XA^FO1,1^FDpacked in threes^FS^PQ7,3^XZ").wait(SECOND * 60);
    assert_eq!(bench.tray().len(), 5);
    bench.act(|printer, now| printer.press_pause(now)).wait(SECOND * 60);
    assert_eq!(bench.tray().len(), 8);
}

#[test]
fn cancel_all_takes_back_everything_but_the_label_under_the_head() {
    let mut bench = Bench::by_manual();
    bench.say(b"^XA^FO1,1^FDbatch^FS^PQ9^XZ").say_label("next").say(b"^XA^FO1,1^FDafter").wait(Duration::from_millis(1500));
    bench.say(b"~JA^FS^XZ").wait(SECOND * 60);
    assert_eq!(bench.tray(), ["batch", "batch", "after"]);
    let canceled = bench.events.iter().find_map(|event| match event {
        Event::Canceled { labels } => Some(labels.len()),
        _ => None,
    });
    assert_eq!(canceled, Some(2));
}

#[test]
fn a_power_cut_loses_the_buffers_and_r_and_keeps_e() {
    let mut bench = Bench::by_manual();
    bench.say(b"~DGR:A.GRF,1,1,FF~DGE:B.GRF,1,1,FF^XA^JZN^XZ");
    bench.say_label("one").say_label("two").say_label("three").say(b"^XA^FDhal").wait(Duration::from_millis(1500));
    bench.act(|printer, now| printer.cut_power(now));
    assert_eq!(bench.tray(), ["one", "two…"]);
    match bench.events.last() {
        Some(Event::PowerCut { lost, bytes, objects }) => {
            assert_eq!(lost.iter().flat_map(|label| label.fields()).collect::<Vec<_>>(), ["two", "three"]);
            assert_eq!((*bytes, *objects), (3 + 3 + 3, 1));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.printer.handle_bytes(b"~HS", bench.now), 0, "without power it takes nothing");
    bench.act(|printer, now| printer.power_on(now)).wait(SECOND * 60);
    assert_eq!(bench.tray().len(), 2, "nothing comes back by itself");
    assert!(bench.ask(b"~HS").ends_with(",00000000,1,001\x03\r\n\x021234,0\x03\r\n"), "one graphic left, no half format");
    assert_eq!(bench.ask(b"! U1 getvar \"ezpl.reprint_mode\"\r\n"), "\"on\"", "the value at each power-up");
    assert_eq!(bench.ask(b"! U1 getvar \"odometer.total_label_count\" "), "\"1\"");
}

#[test]
fn reset_by_the_host_is_a_power_cut_and_a_half_format_can_be_taken_back() {
    let mut bench = Bench::by_manual();
    bench
        .say_label("one")
        .say_label("two")
        .wait(SECOND / 2)
        .say(b"~JR")
        .say(b"^XA^FDhalf~JX")
        .say_label("three")
        .wait(SECOND * 60);
    assert_eq!(bench.tray(), ["one…", "three"]);
    assert!(matches!(&bench.events[1], Event::PowerCut { lost, .. } if lost.len() == 2));
}

#[test]
fn some_printers_wait_for_the_button_after_an_error() {
    let mut bench = Bench::new(Settings { pauses_after_error: true, ..Settings::default() });
    bench.say_label("one").wait(SECOND / 2).act(|printer, now| printer.stop(Cause::RibbonOut, now)).wait(SECOND);
    assert_eq!(bench.ask(b"~HS"), "");
    bench.act(|printer, now| printer.clear(Cause::RibbonOut, now)).wait(SECOND * 60);
    assert_eq!(bench.tray(), ["one…"]);
    assert!(bench.ask(b"~HQES").contains("ERRORS:         1 00000000 00010000"));
    bench.act(|printer, now| printer.press_pause(now)).wait(SECOND * 60);
    assert_eq!(bench.tray(), ["one…", "one"]);
}

#[test]
fn a_hot_head_waits_between_labels() {
    let mut bench = Bench::by_manual();
    bench
        .say_label("one")
        .say_label("two")
        .wait(SECOND / 2)
        .act(|printer, now| printer.stop(Cause::HeadHot, now))
        .wait(SECOND * 60);
    assert_eq!(bench.tray(), ["one"]);
    bench.act(|printer, now| printer.clear(Cause::HeadHot, now)).wait(SECOND * 60);
    assert_eq!(bench.tray(), ["one", "two"]);
}

#[test]
fn a_full_buffer_takes_nothing_not_even_a_question_until_a_label_is_out() {
    let mut bench = Bench::new(Settings { receive_buffer: 200, ..Settings::default() });
    let label = b"^XA^FO50,50^A0N,40^FDlabel^FS^XZ".repeat(20);
    let taken = bench.printer.handle_bytes(&label, bench.now);
    assert!((200..300).contains(&taken), "{taken}: the first is already under the head");
    assert_eq!(bench.printer.room(), 0);
    assert_eq!(bench.printer.handle_bytes(b"~HS", bench.now), 0);
    bench.say(&label[taken..]).wait(SECOND * 60);
    assert_eq!(bench.tray().len(), 20);
}

#[test]
fn a_format_longer_than_the_buffer_is_worked_off_as_it_comes() {
    let mut bench = Bench::new(Settings { receive_buffer: 1000, ..Settings::default() });
    let long = format!("^XA^FO0,0^GFA,5000,5000,100,{}^FS^FDlong^FS^XZ", "F0".repeat(5000));
    bench.say_label("one").say_label("two").say(long.as_bytes()).wait(SECOND * 60);
    assert_eq!(bench.tray(), ["one", "two", "long"]);
}

#[test]
fn prefixes_can_change_and_change_back() {
    let mut bench = Bench::instant();
    bench.say(b"^XA^CC+^FS+FO1,1+FDa^b~c^FS+XZ");
    bench.events.clear();
    bench.say(b"+XA+FO1,1+FDa^b+FS+CC^^FO1,1^FD+^FS^XZ^XA^CT!^CD;^FO1;1^FDc^FS^PQ2;0^XZ!HS");
    assert_eq!(bench.tray(), ["a^b|+", "c", "c"]);
    let alone = |event: &Event| match event {
        Event::Ejected(ejected) => zpl(&ejected.label),
        _ => String::new(),
    };
    assert_eq!(alone(&bench.events[0]), "^CC++XA+FO1,1+FDa^b+FS+CC^^FO1,1^FD+^FS^XZ");
    assert!(bench.heard.ends_with(b"\x021234,0\x03\r\n"));
}

#[test]
fn stored_formats_and_graphics_travel_with_the_label_that_recalls_them() {
    let mut bench = Bench::instant();
    bench.say(b"~DGR:LOGO.GRF,2,1,FF00\r\n^XA^DFR:SLIP.ZPL^FS^FO9,9^XGR:LOGO.GRF,1,1^FS^FO1,1^A0N,30^FN1^FS^XZ^XA^LH8,8^XZ");
    assert!(bench.tray().is_empty());
    bench.say(b"^XA^XFR:SLIP.ZPL^FN1^FDto whom_20it^FS^XZ^XA^FO1,1^XGR:GONE.GRF^FS^XZ");
    let Some(Event::Ejected(ejected)) = bench.events.iter().find(|event| matches!(event, Event::Ejected(_))) else { panic!() };
    assert_eq!(
        zpl(&ejected.label),
        "~DGR:LOGO.GRF,2,1,FF00\r\n^XA^DFR:SLIP.ZPL^FS^FO9,9^XGR:LOGO.GRF,1,1^FS^FO1,1^A0N,30^FN1^FS^XZ^XA^LH8,8^XZ\
         ^XA^XFR:SLIP.ZPL^FN1^FDto whom_20it^FS^XZ"
    );
    let refused = Event::Refused { command: "^XG".into(), reason: "nothing is stored as R:GONE.GRF".into() };
    assert!(bench.events.contains(&refused), "{:?}", bench.events);
    assert_eq!(bench.tray().len(), 1, "a format with nothing to draw prints nothing");
}

#[test]
fn binary_data_is_counted_and_its_bytes_are_no_commands() {
    let mut bench = Bench::instant();
    bench.say(b"^XA^FO0,0^GFB,8,8,1,^XZ~JR~~^FS^FO1,1^FDwhole^FS^XZ");
    assert_eq!(bench.tray(), ["whole"]);
    assert_eq!(bench.events.len(), 1, "{:?}", bench.events);
}

#[test]
fn what_it_does_not_know_it_says() {
    let mut bench = Bench::instant();
    bench.say(b"hello ^FO1,1^XA^QQ1^FO1,1^FDx^FS^QQ2^XZ~QZ! U1 setvar \"a\" \"b\"\r\n^XA^FDy^XA^FDz^FS^XZ");
    let unknown = |command: &str| Event::Unknown { command: command.into() };
    assert_eq!(bench.events[0], Event::Garbage { bytes: 5 });
    assert!(matches!(&bench.events[1], Event::Refused { command, reason } if command == "^FO" && reason == "outside a format"));
    assert_eq!(bench.events[2], unknown("^QQ"));
    assert!(bench.events.contains(&unknown("~QZ")) && bench.events.contains(&unknown("! U1 setvar \"a\" \"b\"")));
    assert_eq!(bench.tray(), ["x", "y|z"], "a format that was never ended runs into the next");
}

#[test]
fn a_field_can_send_its_data_back_when_its_format_comes_up() {
    let mut bench = Bench::by_manual();
    assert_eq!(bench.ask(b"^XA^FO1,1^FN7^FDlabel-17^FS^HV7,20,<,>^FS^XZ"), "<label-17>");
    assert!(bench.tray().is_empty(), "processed, not printed");
}

#[test]
fn an_endless_batch_waits_for_whoever_looks_at_the_tray() {
    let mut printer = VirtualPrinter::new(Settings { speed: None, labels: u32::MAX, ..Settings::default() });
    printer.handle_bytes(b"^XA^FO1,1^FDx^FS^PQ99999999^XZ", SECOND);
    assert_eq!(printer.room(), 0);
    let mut seen = 0;
    while seen < 10_000 {
        while printer.poll_event().is_some() {
            seen += 1;
        }
        assert!(printer.poll_timeout().is_some_and(|due| due <= SECOND));
        printer.handle_timeout(SECOND);
    }
    assert!(printer.odometer() >= 10_000);
}

#[test]
fn one_seed_always_harms_the_conversation_the_same_way() {
    let heard = |seed| {
        let faults = Faults { seed, split: 60, delay: 30, delay_max: SECOND, drop: 10, garble: 10 };
        let mut bench = Bench::new(Settings { faults, ..Settings::default() });
        for _ in 0..50 {
            bench.say(b"~HS").wait(SECOND / 3);
        }
        bench.wait(SECOND * 60).heard.clone()
    };
    assert_eq!(heard(1), heard(1));
    assert_ne!(heard(1), heard(2));
}

const A_BIT_OF_EVERYTHING: &[u8] =
    b"~DGR:L.GRF,4,2,FF00\r\n00FF\r\n^XA^DFR:S.ZPL^FS^FO1,1^FN1^FS^XZ~HS! U1 getvar \"device.pause\"\r\n\
    ^XA^XFR:S.ZPL^FN1^FDone~HS two^FS^PQ2^XZ noise ~HQES~SD10^XA^FO0,0^GFB,5,5,1,^XZ~J^FS^FDthree^FS^XZ~HQSN~JX~EGR:L.GRF\r\n\
    ^XA^CC*^FS*FDfour^*XZ*XA*CC^^XZ~PP~HI^XA^FDfive^FS^XZ^XA^FDsix~JA^FS^XZ~PS^XA^FDseven^FS^XZ~HS";

/// Everything that can be seen of a printer that heard these pieces.
fn impression<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Vec<u8>) {
    let mut bench = Bench::by_manual();
    for piece in pieces {
        bench.say(piece);
    }
    bench.wait(SECOND * 60);
    // Garbage is counted a piece; only its sum is the same.
    let mut events: Vec<Event> = Vec::new();
    for event in bench.events {
        match (events.last_mut(), event) {
            (Some(Event::Garbage { bytes }), Event::Garbage { bytes: more }) => *bytes += more,
            (_, event) => events.push(event),
        }
    }
    (events, bench.heard)
}

#[test]
fn where_the_bytes_are_split_makes_no_difference() {
    let whole = impression([A_BIT_OF_EVERYTHING]);
    for at in 0..A_BIT_OF_EVERYTHING.len() {
        let (head, tail) = A_BIT_OF_EVERYTHING.split_at(at);
        assert_eq!(impression([head, tail]), whole, "split at byte {at}");
    }
    assert_eq!(impression(A_BIT_OF_EVERYTHING.chunks(1)), whole, "byte by byte");
}

/// Bytes with enough ZPL in them to get past the door.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "[\\^~][A-Z@0-9]{2}[A-Z0-9,:;.!]{0,20}".prop_map(String::into_bytes),
        proptest::sample::select(vec![
            "^XA",
            "^XZ",
            "^FDx^FS",
            "^PQ99999999,1",
            "^GFB,100000,1,1,",
            "~DGR:A.GRF,10,1,",
            "~DYR:A,B,G,4294967295,1,",
            "^CC",
            "^CT",
            "^CD",
            "^DFR:A.ZPL",
            "^XFR:A.ZPL",
            "^XGR:A.GRF",
            "~JA",
            "~JR",
            "~JX",
            "~HS",
            "~HQ",
            "! U1 getvar \"",
            "\" ",
            "^PP",
            "~PS",
            "^JZN",
            "^HV1,999,",
            "^FN1",
            "^IDR:*.*",
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
    ];
    proptest::collection::vec(word, 0..3000).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_make_it_panic_or_grow(bytes in prop_oneof![hostile(), proptest::collection::vec(any::<u8>(), 0..65_536)], instant: bool) {
        let speed = if instant { None } else { Some(6) };
        let mut printer = VirtualPrinter::new(Settings { speed, labels: 100, ..Settings::default() });
        let (mut now, mut whole, mut events, mut replied) = (Duration::ZERO, 0, 0, 0);
        let mut rest = bytes.as_slice();
        for step in 0..2000 {
            let taken = printer.handle_bytes(&rest[..rest.len().min(977)], now);
            rest = &rest[taken..];
            while let Some(event) = printer.poll_event() {
                whole += u64::from(matches!(&event, Event::Ejected(ejected) if ejected.whole));
                events += 1;
            }
            while let Some(piece) = printer.poll_write() {
                replied += piece.len();
            }
            now += SECOND;
            match step % 50 {
                10 => printer.open_cover(now),
                20 => printer.close_cover(now),
                30 => printer.load_media(7, now),
                40 => printer.press_pause(now),
                _ => printer.handle_timeout(now),
            }
            if rest.is_empty() && step > 100 {
                break;
            }
        }
        while let Some(event) = printer.poll_event() {
            whole += u64::from(matches!(&event, Event::Ejected(ejected) if ejected.whole));
        }
        prop_assert_eq!(printer.odometer(), whole, "the odometer counts what is in the tray");
        prop_assert!(events <= bytes.len() + 2500, "{} events", events);
        prop_assert!(replied <= bytes.len() * 300, "{} bytes of replies", replied);
    }
}

#[cfg(feature = "interpreter")]
mod pictures {
    use super::*;
    use waybilld::dots::{Bitmap, Dots, Dpi, Size};
    use waybilld::virtual_printer::interpreter::draw;
    use waybilld::virtual_printer::{Ejected, Picture};

    /// The first thing that comes out when these bytes go in.
    fn eject(zpl: &[u8]) -> Ejected {
        let mut bench = Bench::instant();
        let first = bench.say(zpl).events.iter().find_map(|event| match event {
            Event::Ejected(ejected) => Some(ejected.clone()),
            _ => None,
        });
        first.expect("a label")
    }

    const MEDIA: Size = Size { width: Dots(400), height: Dots(300) };

    fn picture(zpl: &[u8]) -> Result<Picture, String> {
        draw(&eject(zpl), Dpi::D203, MEDIA)
    }

    #[test]
    fn a_label_looks_like_its_zpl() {
        let zpl = b"~DGR:LOGO.GRF,8,1,FF818181818181FF^XA^DFR:SLIP.ZPL^FS^FO20,20^GB360,260,4^FS^FO300,40^XGR:LOGO.GRF,4,4^FS\
            ^FO40,40^A0N,40,40^FN1^FS^BY2^FO40,100^BCN,80,Y,N,N^FN2^FS^XZ^XA^LH0,0^PQ3\
            ^XFR:SLIP.ZPL^FN1^FDHello tray^FS^FN2^FDAB-12345^FS^FO300,200^BQN,2,3^FDMA,https://x^FS^XZ";
        let Picture { bitmap, not_drawn } = picture(zpl).unwrap();
        assert_eq!(bitmap.size(), MEDIA);
        assert!(bitmap.get(20, 20) && bitmap.get(379, 279) && !bitmap.get(25, 25), "the frame");
        assert!(bitmap.get(300, 40) && bitmap.get(331, 71) && !bitmap.get(310, 50), "the stored graphic, four times as large");
        assert_eq!(not_drawn, Vec::<String>::new());
        if let Ok(path) = std::env::var("PICTURE") {
            std::fs::write(path, bitmap.to_png()).unwrap();
        }
    }

    #[test]
    fn the_picture_always_has_the_size_of_the_media() {
        for (dpi, width, height) in [(Dpi::D203, 800, 1200), (Dpi::D300, 1181, 1772), (Dpi::D600, 2362, 3543)] {
            let media = Size::new(Dots(width), Dots(height));
            let far = format!("^XA^FO{},{}^GB1,1,1^FS^FO30000,30000^GB9,9,9^FS^XZ", width - 1, height - 1);
            let ejected = Ejected { rows: media.height, ..eject(far.as_bytes()) };
            let bitmap = draw(&ejected, dpi, media).unwrap().bitmap;
            assert_eq!((bitmap.size(), bitmap.black()), (media, 1), "{dpi:?}");
            assert!(bitmap.get(width - 1, height - 1));
        }
    }

    #[test]
    fn a_torn_label_shows_the_rows_that_were_printed() {
        let torn = Ejected { whole: false, rows: Dots(100), ..eject(b"^XA^FO0,0^GB400,300,300^FS^XZ") };
        assert_eq!(draw(&torn, Dpi::D203, MEDIA).unwrap().bitmap.black(), 400 * 100);
    }

    #[test]
    fn what_the_interpreter_does_not_draw_is_named() {
        let drawn = picture(b"^XA^FO1,1^B0N,5^FDaztec^FS^FO1,9^TBN,100,100^FDblock^FS^FO9,9^GB5,5,5^FS^XZ").unwrap();
        assert_eq!(drawn.not_drawn, ["^B0", "^TB"]);
    }

    #[test]
    fn labels_too_wild_to_draw_are_refused_in_a_sentence() {
        assert_eq!(picture(b"^XA^FO1,1^BQN,2,100^FDMA,x^FS^XZ").unwrap_err(), "it would take too long to draw");
        assert_eq!(picture(b"^XA^FO1,1^A0R,32000,32000^FDx^FS^XZ").unwrap_err(), "it would take too long to draw");
        let bomb = zeros_in_z64(32 << 20);
        assert!(bomb.len() < 64 * 1024);
        let zpl = [b"^XA^FO0,0^GFA,9,9,1,".as_slice(), &bomb, b"^FS^XZ"].concat();
        assert_eq!(picture(&zpl).unwrap_err(), "a compressed graphic unpacks to more than 4 MB");
        assert_eq!(picture(b"^XA^FO1,1^B7N,5,5,-5,5^FDx^FS^XZ").unwrap_err(), "it would take too long to draw");
        assert_eq!(picture(b"^XA^FO1,1^B7N,5,5,5,99999999^FDx^FS^XZ").unwrap_err(), "it would take too long to draw");
        assert!(picture(b"^XA^DFR:X^FS^FO1,1^XZ^XA^FO0,0^GFA,9,9,1,XYZ#^FS^XZ").is_err());
    }

    fn zeros_in_z64(bytes: usize) -> Vec<u8> {
        use std::io::Write;
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&vec![0; bytes]).unwrap();
        let coded = base64_simd::STANDARD.encode_to_string(packed.finish().unwrap());
        format!(":Z64:{coded}:0000").into_bytes()
    }

    fn black(zpl: &[u8]) -> Bitmap {
        picture(zpl).unwrap().bitmap
    }

    #[test]
    fn standing_settings_reach_later_labels_and_quantities_do_not_multiply_them() {
        let shifted = eject_last(b"^XA^LH100,50^CF0,30^XZ^XA^FO0,0^GB8,8,8^FS^PQ3^XZ");
        let bitmap = draw(&shifted, Dpi::D203, MEDIA).unwrap().bitmap;
        assert_eq!(bitmap, black(b"^XA^FO100,50^GB8,8,8^FS^XZ"));
        assert_eq!((shifted.copy, shifted.copies), (3, 3));
    }

    fn eject_last(zpl: &[u8]) -> Ejected {
        let mut bench = Bench::instant();
        let last = bench.say(zpl).events.iter().rev().find_map(|event| match event {
            Event::Ejected(ejected) => Some(ejected.clone()),
            _ => None,
        });
        last.expect("a label")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_drawing_command_brings_the_printer_down(
            commands in proptest::collection::vec(("\\^(A0N|A@R|B[0-9A-Z]N|BY|FB|G[BCDEFS]|FO|FT|LH|PW|CF[0A]|MU|TB|XG|SN)", "(,?[0-9]{1,9}|,[A-Z]|,-5){0,5}", "[ -\\]_-}]{0,60}"), 1..9)
        ) {
            let body: String = commands.iter().map(|(command, parameters, data)| format!("^FO5,5{command}{parameters}^FD{data}^FS")).collect();
            let ejected = eject(format!("^XA{body}^XZ").as_bytes());
            if let Ok(picture) = draw(&ejected, Dpi::D203, MEDIA) {
                prop_assert_eq!(picture.bitmap.size(), MEDIA);
            }
        }
    }
}

mod at_the_socket {
    use super::*;
    use clap::Parser;
    use serde_json::Value;
    use std::net::{SocketAddr, TcpListener};
    use std::path::Path;
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpStream;
    use waybilld::cli::virtual_printer::{Args, run};
    use waybilld::emulator::{Machine, Tray, Voice};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// A printer on free ports, with its control line.
    struct Stand {
        address: SocketAddr,
        control: BufReader<TcpStream>,
        out: tempfile::TempDir,
    }

    impl Stand {
        async fn new(options: &[&str]) -> Stand {
            let out = tempfile::tempdir().unwrap();
            let [address, control] = [free_port(), free_port()];
            let own = ["virtual", "--out", out.path().to_str().unwrap(), "--control", &control.to_string()];
            let address_text = address.to_string();
            let listen = if options.contains(&"--pty") { vec![] } else { vec!["--listen", &address_text] };
            let line = Line::try_parse_from(own.iter().chain(&listen).chain(options)).unwrap();
            tokio::spawn(async move { panic!("{}", run(line.args).await.unwrap_err()) });
            let control = BufReader::new(connect(control).await);
            Stand { address, control, out }
        }

        async fn control(&mut self, line: &str) -> Value {
            self.control.get_mut().write_all(format!("{line}\n").as_bytes()).await.unwrap();
            let mut answer = String::new();
            self.control.read_line(&mut answer).await.unwrap();
            serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"))
        }

        async fn until_pieces(&mut self, pieces: u64) {
            for _ in 0..1000 {
                if self.control("status").await["pieces"] == pieces {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("{} pieces never came out", pieces);
        }
    }

    fn free_port() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    async fn connect(address: SocketAddr) -> TcpStream {
        for _ in 0..500 {
            if let Ok(stream) = TcpStream::connect(address).await {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody listens on {address}");
    }

    /// The ledger as `status fields`, a line each.
    fn ledger(out: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(out.join("ledger.jsonl")).unwrap();
        let line = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            format!("{} {}", line["status"].as_str().unwrap(), line["fields"][0].as_str().unwrap())
        };
        text.lines().map(line).collect()
    }

    fn label(text: &str) -> Vec<u8> {
        format!("^XA^FO50,50^A0N,40^FD{text}^FS^XZ").into_bytes()
    }

    #[tokio::test]
    async fn the_ledger_is_the_truth_about_every_piece() {
        let mut stand = Stand::new(&["--speed", "14", "--no-pictures", "--media", "2"]).await;
        let mut host = connect(stand.address).await;
        for text in ["one", "two", "three", "four"] {
            host.write_all(&label(text)).await.unwrap();
        }
        stand.until_pieces(2).await;
        host.write_all(b"! U1 getvar \"odometer.total_label_count\"\r\n").await.unwrap();
        let mut answer = [0; 3];
        host.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"\"2\"");
        assert_eq!(stand.control("media 100").await["causes"], Value::Array(vec![]));
        tokio::time::sleep(Duration::from_millis(250)).await;
        stand.control("cover open").await;
        assert_eq!(ledger(stand.out.path()), ["printed one", "printed two", "partial three"]);
        let status = stand.control("power cut").await;
        assert_eq!(
            (&status["power"], &status["causes"][0], &status["odometer"]),
            (&false.into(), &"cover-open".into(), &2.into())
        );
        assert_eq!(ledger(stand.out.path())[3..], ["lost three", "lost four"]);
        assert_eq!(host.read(&mut [0; 1]).await.unwrap_or(0), 0, "the line is dead");
        assert!(TcpStream::connect(stand.address).await.is_err(), "and nobody answers");
        stand.control("power on").await;
        stand.control("cover close").await;
        connect(stand.address).await.write_all(&label("five")).await.unwrap();
        stand.until_pieces(4).await;
        assert_eq!(ledger(stand.out.path())[5..], ["printed five"]);
    }

    #[tokio::test]
    async fn a_terminal_is_a_serial_printer_that_remembers_what_one_host_left_half_said() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("printer");
        let mut stand =
            Stand::new(&["--speed", "0", "--no-pictures", "--language", "tspl", "--pty", link.to_str().unwrap()]).await;
        let open = || std::fs::File::options().read(true).write(true).open(&link).unwrap();
        std::io::Write::write_all(&mut open(), b"CLS\r\nTEXT 9,9,\"3\",0,1,1,\"se").unwrap();
        let mut host = open();
        std::io::Write::write_all(&mut host, b"rial\"\r\nPRINT 1\r\nOUT @LABEL\r\n").unwrap();
        stand.until_pieces(1).await;
        assert_eq!(ledger(stand.out.path()), ["printed serial"]);
        let answer = tokio::task::spawn_blocking(move || {
            let mut answer = [0; 3];
            std::io::Read::read_exact(&mut host, &mut answer).map(|()| answer)
        });
        assert_eq!(answer.await.unwrap().unwrap(), *b"1\r\n");
    }

    #[tokio::test]
    async fn one_host_is_served_and_the_next_waits_its_turn() {
        let stand = Stand::new(&["--speed", "0", "--no-pictures"]).await;
        let mut first = connect(stand.address).await;
        first.write_all(b"~HI").await.unwrap();
        first.read_u8().await.unwrap();
        let mut second = connect(stand.address).await;
        second.write_all(b"~HI").await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(100), second.read_u8()).await;
        assert!(early.is_err());
        drop(first);
        assert_eq!(second.read_u8().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_printer_that_stops_closes_its_window_and_opens_it_again() {
        let mut stand = Stand::new(&["--speed", "0", "--no-pictures"]).await;
        stand.control("pause").await;
        let mut host = connect(stand.address).await;
        let many = format!("^XA^FX{}^FDx^FS^XZ", "long ".repeat(6000)).repeat(400).into_bytes();
        let all = tokio::spawn(async move { host.write_all(&many).await.map(|()| host) });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!all.is_finished(), "12 MB do not fit into a stopped printer");
        stand.control("media 1000").await;
        stand.control("pause").await;
        all.await.unwrap().unwrap();
        stand.until_pieces(400).await;
    }

    #[cfg(feature = "interpreter")]
    #[tokio::test]
    async fn a_pipe_in_memory_gets_pictures_like_a_socket_and_the_tray_goes_on_counting() {
        use waybilld::dots::{Bitmap, Dots, Size};
        let out = tempfile::tempdir().unwrap();
        for round in 0..2 {
            let media = Size::new(Dots(300), Dots(100));
            let settings = Settings { speed: None, media, ..Settings::default() };
            let machine = Machine::new(settings, Tray::open(out.path(), true, Voice::Quiet).unwrap());
            let keeper = tokio::spawn(machine.clone().keep_time());
            let (mut host, printer) = tokio::io::duplex(4096);
            let served = {
                let machine = machine.clone();
                tokio::spawn(async move { machine.serve(printer).await })
            };
            for _ in 0..100 {
                host.write_all(&label("piece")).await.unwrap();
            }
            host.write_all(b"! U1 getvar \"odometer.total_label_count\"\r\n").await.unwrap();
            let mut answer = [0; 5];
            host.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, if round == 0 { *b"\"100\"" } else { *b"\"200\"" });
            drop(host);
            served.await.unwrap().unwrap();
            machine.finish_pictures().await;
            keeper.abort();
        }
        let pictures = std::fs::read_dir(out.path()).unwrap().filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "png"))
        });
        assert_eq!(pictures.count(), 200);
        assert!(Bitmap::from_png(&std::fs::read(out.path().join("0200.png")).unwrap()).unwrap().black() > 100);
    }

    #[test]
    fn options_that_make_no_sense_say_what_would() {
        let wrong = |options: &[&str]| {
            let own = ["virtual", "--out", "x"];
            Line::try_parse_from(own.iter().chain(options)).err().expect("refused").to_string()
        };
        assert!(wrong(&["--dpi", "250"]).contains("a head has 203, 300 or 600 dpi"));
        assert!(wrong(&["--faults", "splt=5"]).contains("Known: split, delay, drop, garble"));
        assert!(wrong(&["--media-size", "100"]).contains("such as 100x150"));
        assert!(wrong(&["--answers", "maybe"]).contains("host-status-only"));
    }
}
