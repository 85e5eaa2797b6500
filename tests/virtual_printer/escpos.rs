//! Stories of an ESC/POS printer: a receipt roll with a cutter, and labels.

use super::*;
use waybilld::virtual_printer::{EscPosSettings, Language, Stock};

fn settings(stock: Stock) -> Settings {
    Settings { language: Language::EscPos, escpos: EscPosSettings { stock, ..EscPosSettings::default() }, ..Settings::default() }
}

fn roll() -> Bench {
    Bench::new(settings(Stock::Roll))
}

fn labels() -> Bench {
    Bench::new(settings(Stock::Labels))
}

/// So many black rows, 8 dots wide.
fn raster(rows: u16) -> Vec<u8> {
    let [low, high] = rows.to_le_bytes();
    [b"\x1dv0\0\x01\0", [low, high].as_slice(), &vec![0xFF; usize::from(rows)]].concat()
}

/// A name and 1000 rows in bands, without its end.
fn label(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\n", raster(250).repeat(4).as_slice()].concat()
}

const CUT: &[u8] = b"\x1dVB\0";
const NEXT: &[u8] = b"\x1d\x0c";
const FEED_TO_CUTTER: &[u8] = b"\x1c(L\x02\0A0";

#[test]
fn receipts_come_out_at_the_cut_and_labels_where_they_end() {
    let mut bench = roll();
    bench.say(&label("one")).say(CUT).say(&label("two")).say(NEXT).wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one"], "nothing ends a receipt but the knife");
    bench.say(CUT).say(CUT).say(b"\x1bi").wait(SECOND);
    assert_eq!(bench.tray(), ["one", "two"], "there is nothing more to cut");
    assert!(bench.printer.idle() && bench.printer.poll_timeout().is_none(), "idle means idle");

    let mut bench = labels();
    for (text, end) in [("one", NEXT), ("two", b"\x0c"), ("three", FEED_TO_CUTTER), ("four", CUT)] {
        bench.say(&label(text)).say(end);
    }
    bench.wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one", "two", "three", "four"]);
    let rows = bench.events.iter().map(|event| if let Event::Ejected(piece) = event { piece.rows.0 } else { 0 });
    assert_eq!(rows.collect::<Vec<_>>(), [1200; 4], "the rest of each label is fed");
}

#[test]
fn lines_are_printed_as_they_come_and_take_their_time() {
    let mut bench = labels();
    bench.say(&label("one")).say(b"\x1d(H\x06\x0000abcd");
    assert!(bench.heard.is_empty());
    bench.wait(SECOND * 2);
    assert_eq!(bench.heard, b"\x37\x22abcd\0", "the echo says that it is on paper, wherever the paper is");
    assert_eq!(bench.tray(), Vec::<String>::new());
    assert_eq!(bench.ask_bytes(b"\x1c(L\x02\x0000"), [0x37, 0x38, 0x40, 0x40, 0], "in mid-label");
    bench.say(NEXT).wait(SECOND);
    assert_eq!(bench.tray(), ["one"]);
    assert_eq!(bench.ask_bytes(b"\x1c(L\x02\x0000"), [0x37, 0x38, 0x44, 0x40, 0]);
}

#[test]
fn the_echo_comes_only_after_printing_however_long_that_takes() {
    let mut bench = roll();
    bench.say(&label("one")).say(CUT).say(b"\x1d(H\x06\x00001111").wait(SECOND / 2);
    bench.act(|printer, now| printer.load_media(0, now)).wait(SECOND * 3600);
    assert!(bench.heard.is_empty());
    bench.act(|printer, now| printer.load_media(9, now)).wait(SECOND * 3);
    assert_eq!(bench.heard, b"\x37\x221111\0");
    assert_eq!(bench.tray(), ["one…", "…"], "what was printed is torn off, and the rest goes on after it");
    let mut bench = Bench::new(Settings {
        escpos: EscPosSettings { process_id: false, ..EscPosSettings::default() },
        ..settings(Stock::Roll)
    });
    bench.say(b"\x1d(H\x06\x00001111").wait(SECOND);
    assert_eq!((bench.heard.len(), &bench.events[..]), (0, &[Event::Unknown { command: "GS ( H".into() }][..]), "as most clones");
}

#[test]
fn a_page_is_all_or_nothing_and_a_line_is_not() {
    let page = b"\x1bL\x1bW\0\0\0\0\x20\x03\xB0\x04page\n\x1bJ\x10\x0c".as_slice();
    for (said, tray) in [(page.to_vec(), vec!["page…", "page"]), (label("lines"), vec!["lines…", "…"])] {
        let mut bench = labels();
        bench.say(&said).say(NEXT).wait(SECOND / 2).act(|printer, now| printer.open_cover(now)).wait(SECOND * 60);
        bench.act(|printer, now| printer.close_cover(now)).wait(SECOND * 5);
        assert_eq!(bench.tray(), tray);
        bench.say(&label("next")).say(NEXT).wait(SECOND * 5);
        assert_eq!(bench.tray().last().map(String::as_str), Some("next"), "and the one after it is whole");
    }
}

#[test]
fn a_cover_opened_over_a_standing_half_label_tears_it_too() {
    let mut bench = labels();
    bench
        .say(&label("half"))
        .wait(SECOND * 60)
        .act(|printer, now| printer.open_cover(now))
        .act(|printer, now| printer.close_cover(now));
    bench.say(NEXT).say(&label("next")).say(NEXT).wait(SECOND * 5);
    assert_eq!(bench.tray(), ["half…", "next"]);
    assert_eq!(bench.printer.odometer(), 1);
}

#[test]
fn a_label_that_runs_over_its_end_is_not_whole() {
    let mut bench = labels();
    bench.say(&label("long")).say(&raster(300)).say(NEXT).say(&label("next")).say(NEXT).wait(SECOND * 9);
    assert_eq!(bench.tray(), ["long…", "next"]);
}

#[test]
fn status_is_answered_while_it_is_offline_and_nothing_else_is() {
    let mut bench = roll();
    let status = b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04";
    assert_eq!(bench.ask_bytes(status), [0x12; 4]);
    bench.act(|printer, now| printer.open_cover(now));
    assert_eq!(bench.ask_bytes(status), [0x1A, 0x16, 0x12, 0x12]);
    assert_eq!(bench.ask_bytes(b"\x1dr1\x1dIC"), b"", "these wait in the buffer");
    bench.act(|printer, now| printer.load_media(0, now)).act(|printer, now| printer.close_cover(now));
    assert_eq!(bench.ask_bytes(status), [0x1A, 0x32, 0x12, 0x7E]);
    bench.heard.clear();
    bench.act(|printer, now| printer.load_media(9, now));
    assert_eq!(bench.heard, b"\0_VP100-203dpi\0");
    bench.act(|printer, now| printer.jam(now));
    assert_eq!(bench.ask_bytes(status), [0x1A, 0x52, 0x16, 0x12]);
}

#[test]
fn a_status_request_inside_an_image_is_answered_and_stays_image() {
    let mut bench = labels();
    let data = *b"\x10\x04\x01\x10\x04\x04\xAA\x55";
    bench.say(&[b"\x1dv0\0\x01\0\x08\0", data.as_slice()].concat()).say(b"text\n").say(NEXT).wait(SECOND * 2);
    assert_eq!(bench.heard, [0x12; 2]);
    assert_eq!(bench.tray(), ["text"], "and the image is as long as it said");
}

#[test]
fn a_full_buffer_takes_nothing_more_until_it_is_online_again() {
    let mut bench = Bench::new(Settings { receive_buffer: 4096, ..settings(Stock::Roll) });
    bench.act(|printer, now| printer.open_cover(now));
    let said = label("one").repeat(9);
    assert_eq!(bench.printer.handle_bytes(&said, bench.now), 4096);
    assert_eq!(bench.printer.room(), 0);
    bench.act(|printer, now| printer.close_cover(now));
    bench.say(&said[4096..]).say(CUT).wait(SECOND * 60);
    assert_eq!(bench.tray(), [["one"; 9].join("|")]);
}

#[test]
fn clearing_forgets_what_waits_and_the_image_that_was_being_sent() {
    let mut bench = roll();
    bench.act(|printer, now| printer.open_cover(now));
    bench.say(&label("old")).say(CUT).say(&raster(200)[..100]);
    assert_eq!(bench.ask_bytes(b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"), [0x37, 0x25, 0]);
    assert!(matches!(&bench.events[1], Event::Canceled { labels } if labels[0].fields() == ["old"]));
    bench.act(|printer, now| printer.close_cover(now)).say(&label("new")).say(CUT).wait(SECOND * 5);
    assert_eq!(bench.tray(), ["new"]);
}

#[test]
fn after_an_error_it_may_wait_to_be_told_to_go_on() {
    for (told, tray) in [(b"\x10\x05\x01", vec!["one…", "…", "two"]), (b"\x10\x05\x02", vec!["one…"])] {
        let mut bench = Bench::new(Settings { pauses_after_error: true, ..settings(Stock::Roll) });
        bench.say(&label("one")).say(CUT).say(&label("two")).say(CUT).wait(SECOND / 2);
        bench.act(|printer, now| printer.jam(now)).act(|printer, now| printer.clear(Cause::Jam, now)).wait(SECOND * 60);
        assert_eq!(bench.ask_bytes(b"\x10\x04\x01"), [0x3A], "it waits for recovery");
        bench.say(told).wait(SECOND * 5);
        assert_eq!(bench.tray(), tray);
    }
}

#[test]
fn changes_are_reported_unasked_once_it_is_switched_on() {
    let mut bench = roll();
    assert_eq!(bench.ask_bytes(b"\x1da\x0f"), [0x10, 0, 0, 0x0F], "the state at once");
    let mut heard = |act: fn(&mut VirtualPrinter, Duration)| {
        bench.heard.clear();
        bench.act(act);
        bench.heard.clone()
    };
    assert_eq!(heard(VirtualPrinter::open_cover), [0x38, 0, 0, 0x0F]);
    assert_eq!(heard(|printer, now| printer.load_media(0, now)), [0x38, 0, 0x0F, 0x0F]);
    assert_eq!(heard(VirtualPrinter::close_cover), [0x18, 0, 0x0F, 0x0F]);
    assert_eq!(heard(|printer, now| printer.load_media(9, now)), [0x10, 0, 0, 0x0F]);
    bench.say(b"\x1da\0");
    bench.heard.clear();
    bench.act(VirtualPrinter::open_cover);
    assert!(bench.heard.is_empty());
}

#[test]
fn some_never_say_a_word_of_status() {
    let escpos = EscPosSettings { status: false, ..EscPosSettings::default() };
    let mut bench = Bench::new(Settings { escpos, ..settings(Stock::Roll) });
    assert_eq!(bench.ask_bytes(b"\x10\x04\x01\x1da\x0f\x1dr1"), b"");
    assert_eq!(bench.ask_bytes(b"\x1d(H\x06\x00001234"), b"\x37\x221234\0");
}

#[test]
fn a_power_cut_tears_the_piece_and_names_what_was_in_the_buffer() {
    let mut bench = roll();
    bench.say(&label("one")).say(CUT).say(&label("two")).say(CUT).say(b"three\n\x1dv0").wait(SECOND / 2);
    bench.act(VirtualPrinter::cut_power);
    let Some(Event::PowerCut { lost, bytes, .. }) = bench.events.last() else { panic!() };
    let lost: Vec<String> = lost.iter().map(|label| label.fields().join("|")).collect();
    assert_eq!(
        (lost, *bytes),
        (vec!["".into(), "".into(), "two".into(), "three".into()], 3),
        "one's bands, to the cut, and the rest"
    );
    bench.act(VirtualPrinter::power_on).say(&label("four")).say(CUT).wait(SECOND * 5);
    assert_eq!(bench.tray(), ["one…", "four"]);
}

#[test]
fn what_a_host_left_half_said_swallows_what_the_next_one_says() {
    let mut bench = roll();
    bench.say(&raster(200)[..58]).act(|printer, _| printer.handle_disconnect());
    bench.say(&label("swallowed")).say(CUT).wait(SECOND * 5);
    assert_ne!(bench.tray(), ["swallowed"]);
}

#[test]
fn symbols_say_what_a_scanner_would_find() {
    let mut bench = labels();
    bench.say(b"\x1dkI\x0b{BRB{C\x01\x02{BA\x1d(k\x06\x001P0a/b\x1d(k\x03\x001Q0\x1dk\x04CODE39\0").say(NEXT).wait(SECOND * 2);
    assert_eq!(bench.tray(), ["RB0102A|a/b|CODE39"]);
}

#[test]
fn what_it_does_not_know_it_says() {
    let mut bench = roll();
    bench.say(b"\x1b\x01\x1d(L\x02\x000C\x1d\x99").wait(SECOND);
    let unknown = |command: &str| Event::Unknown { command: command.into() };
    assert_eq!(bench.events, [unknown("ESC 01"), unknown("GS ( L"), unknown("GS 99")]);
}

/// A piece's worth of everything, with requests inside the data.
fn stream() -> Vec<u8> {
    let mut said =
        b"\x1b@\x1dP\xcb\xcb\x1dL\x08\0\x1ba\x01head\n\x1b3\x18\x1b*\x21\x02\0\x10\x04\x01\xFF\0\xFF\n\x1da\xFF".to_vec();
    said.extend(
        b"\x1dv0\0\x02\0\x05\0\x10\x04\x02\x1b@\x0a\x1dV\0\xAA\x1d8L\x0b\0\0\x000p0\x01\x011\x08\0\x01\0\xF0\x1d(L\x02\x0002",
    );
    said.extend(b"\x1bL\x1bW\0\0\0\0\x40\0\x40\0\x1bT\x02\x1b$\x04\0\x1d$\x08\0in page\n\x1dv0\0\x01\0\x02\0\xF0\x0F\x0c\x1d(H\x06\x0000wxyz");
    said.extend(b"\x1dVB\x20\x10\x04\x04\x1dIC\x1dh\x50\x1dkI\x05{BABClast\n\x1bd\x02\x1dV1");
    said
}

#[test]
fn bytes_split_anywhere_mean_the_same() {
    let whole = |parts: &[&[u8]]| {
        let mut bench = Bench::new(Settings { speed: None, ..settings(Stock::Roll) });
        for part in parts {
            bench.say(part);
        }
        (bench.events.clone(), bench.heard.clone())
    };
    let said = stream();
    let expected = whole(&[&said]);
    let fields =
        |event: &Event| if let Event::Ejected(piece) = event { piece.label.fields() } else { vec![format!("{event:?}")] };
    assert_eq!(expected.0.iter().map(fields).collect::<Vec<_>>(), [vec!["head", "in page"], vec!["ABC", "last"]]);
    assert_eq!(expected.1, b"\x12\x10\0\0\x0f\x12\x37\x22wxyz\0\x12_VP100-203dpi\0");
    for at in 0..said.len() {
        assert_eq!(whole(&[&said[..at], &said[at..]]), expected, "split at {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_bring_it_down(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        words in proptest::collection::vec((prop::sample::select(vec![0x10u8, 0x1B, 0x1C, 0x1D]), "[@LWTv$aVkI(84*JdrHSP=\x0c]", proptest::collection::vec(any::<u8>(), 0..12)), 0..30),
    ) {
        survives(&bytes);
        survives(&words.into_iter().flat_map(|(prefix, word, data)| [vec![prefix], word.into_bytes(), data].concat()).collect::<Vec<_>>());
    }

    #[test]
    fn no_mutation_of_a_good_stream_brings_it_down(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..12)) {
        let mut said = stream();
        for (at, byte, kind) in changes {
            let at = at.index(said.len());
            match kind {
                0 => said[at] = byte,
                1 => said.insert(at, byte),
                _ => drop(said.remove(at)),
            }
        }
        survives(&said);
    }
}

/// It takes them all, and after a power cut is an honest printer still.
fn survives(bytes: &[u8]) {
    for stock in [Stock::Roll, Stock::Labels] {
        let mut bench = Bench::new(Settings { speed: None, labels: 1_000_000, receive_buffer: 256, ..settings(stock) });
        bench.say(bytes).wait(SECOND);
        bench.act(VirtualPrinter::cut_power).act(VirtualPrinter::power_on).act(|printer, now| printer.load_media(9, now));
        bench.say(&label("still")).say(CUT);
        assert_eq!(bench.tray().last().map(String::as_str), Some("still"));
        for event in &bench.events {
            if let Event::Ejected(piece) = event {
                let _ = waybilld::virtual_printer::interpreter::draw(piece, Default::default(), Settings::default().media);
            }
        }
    }
}

#[test]
fn a_stream_without_an_end_costs_no_more_than_a_long_receipt() {
    let mut bench = Bench::new(Settings { speed: None, labels: u32::MAX, ..settings(Stock::Roll) });
    bench.say(&b"line\n".repeat(4500));
    assert_eq!(bench.events.iter().filter(|event| matches!(event, Event::Ejected(piece) if !piece.whole)).count(), 2);
}

#[test]
fn a_page_longer_than_any_media_is_refused_once() {
    let mut bench = labels();
    bench.say(b"\x1bL\x1bW\0\0\xFF\xFF\xFF\xFF\xFF\xFFpage\n\x0c").say(&label("next")).say(NEXT).wait(SECOND * 3);
    assert!(matches!(&bench.events[..], [Event::Refused { .. }, Event::Ejected(_)]), "{:?}", bench.events);
}

#[cfg(feature = "interpreter")]
mod picture {
    use super::*;
    use waybilld::dots::{Bitmap, Dots, Dpi, Rect, Size};
    use waybilld::virtual_printer::interpreter::draw;

    const MEDIA: Size = Size { width: Dots(80), height: Dots(40) };

    fn picture(said: &[u8]) -> Bitmap {
        let mut bench = Bench::new(Settings { speed: None, media: MEDIA, ..settings(Stock::Labels) });
        bench.say(said).say(NEXT);
        let ejected = bench.events.iter().find_map(|event| match event {
            Event::Ejected(ejected) => Some(ejected),
            _ => None,
        });
        let drawn = draw(ejected.expect("a label"), Dpi::D203, MEDIA).unwrap();
        assert_eq!(drawn.not_drawn, Vec::<String>::new());
        drawn.bitmap
    }

    fn ink(rects: &[(i32, i32, i32, i32)]) -> Bitmap {
        let mut bitmap = Bitmap::new(MEDIA);
        rects.iter().for_each(|&(x, y, width, height)| bitmap.fill(Rect::new(Dots(x), Dots(y), Dots(width), Dots(height))));
        bitmap
    }

    #[test]
    fn one_is_black_and_bands_follow_each_other() {
        let bands = b"\x1dv0\0\x01\0\x02\0\xF0\xF0\x1dv0\0\x02\0\x01\0\0\xFF".as_slice();
        assert_eq!(picture(bands), ink(&[(0, 0, 4, 2), (8, 2, 8, 1)]));
        assert_eq!(picture(b"\x1dv0\x03\x01\0\x01\0\x80"), ink(&[(0, 0, 2, 2)]), "double both ways");
        assert_eq!(picture(b"\x1dL\x05\0\x1dv0\0\x01\0\x01\0\xFF"), ink(&[(5, 0, 8, 1)]));
        assert_eq!(picture(b"\x1ba\x02\x1dv0\0\x01\0\x01\0\xFF"), ink(&[(72, 0, 8, 1)]));
        assert_eq!(picture(b"\x1bJ\x07\x1dv0\0\x01\0\x01\0\xFF"), ink(&[(0, 7, 8, 1)]), "fed first");
    }

    #[test]
    fn columns_and_stored_graphics_are_drawn() {
        assert_eq!(picture(b"\x1b3\0\x1b*\x21\x02\0\xFF\0\0\0\0\x01\n"), ink(&[(0, 0, 1, 8), (1, 23, 1, 1)]));
        assert_eq!(picture(b"\x1b*\0\x01\0\x80\n"), ink(&[(0, 0, 2, 3)]));
        assert_eq!(
            picture(b"\x1d(L\x0c\x000p0\x02\x011\x05\0\x02\0\xFF\x80\x1d(L\x02\x0002"),
            ink(&[(0, 0, 10, 1), (0, 1, 2, 1)])
        );
    }

    #[test]
    fn a_page_is_read_in_each_direction() {
        let page = |direction: u8| {
            let area = b"\x1bL\x1bW\x0a\0\x04\0\x28\0\x14\0\x1bT".as_slice();
            picture(&[area, &[direction], b"\x1b$\x02\0\x1d$\x01\0\x1dv0\0\x01\0\x01\0\xFF\x0c"].concat())
        };
        // A row at position 1 has its lower left dot there: nothing is above it but row 0.
        assert_eq!(page(0), ink(&[(12, 4, 8, 1)]));
        assert_eq!(page(1), ink(&[(10, 14, 1, 8)]));
        assert_eq!(page(2), ink(&[(40, 23, 8, 1)]));
        assert_eq!(page(3), ink(&[(49, 6, 1, 8)]));
    }

    #[test]
    fn motion_units_are_of_an_inch() {
        assert_eq!(picture(b"\x1dP\x64\x64\x1dL\x0a\0\x1dv0\0\x01\0\x01\0\xFF"), ink(&[(20, 0, 8, 1)]), "10 of 100 to the inch");
    }
}
