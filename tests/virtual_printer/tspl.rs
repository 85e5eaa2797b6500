//! Stories of a TSPL printer.

use super::*;
use waybilld::virtual_printer::{Language, Out, Queries, TsplSettings};

fn settings() -> Settings {
    Settings { language: Language::Tspl, ..Settings::default() }
}

fn with(tspl: TsplSettings) -> Bench {
    Bench::new(Settings { tspl, ..settings() })
}

fn label(text: &str) -> Vec<u8> {
    format!("CLS\r\nTEXT 50,50,\"3\",0,1,1,\"{text}\"\r\nPRINT 1,1\r\n").into_bytes()
}

#[test]
fn labels_come_out_in_order_and_the_image_stays_until_it_is_cleared() {
    let mut bench = Bench::new(settings());
    bench
        .say(b"SIZE 100 mm,150 mm\r\nGAP 3 mm,0 mm\r\n")
        .say(&label("one"))
        .say(b"PRINT 2\r\nBARCODE 9,9,\"128\",80,1,0,2,4,\"A1\"\r\nPRINT 1\r\n");
    bench.wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one", "one", "one", "one|A1"]);
    assert!(bench.printer.idle() && bench.printer.poll_timeout().is_none(), "idle means idle");
    assert!(!bench.events.iter().any(|event| matches!(event, Event::Unknown { .. } | Event::Refused { .. })));
}

#[test]
fn out_of_media_in_mid_label_the_torn_one_is_printed_again_only_if_the_host_said_so() {
    for (said, tray) in [("OFF", vec!["one…", "two"]), ("ON", vec!["one…", "one", "two"])] {
        let mut bench = Bench::new(settings());
        bench.say(format!("SET REPRINT {said}\r\n").as_bytes()).say(&label("one")).say(&label("two"));
        bench.wait(SECOND / 2).act(|printer, now| printer.load_media(0, now));
        assert_eq!(bench.ask_bytes(b"\x1b!?"), [0x04], "and nothing else is asked of it");
        assert_eq!(bench.ask_bytes(b"\x1b!S"), *b"\x02\x45@@A\x03\r\n");
        bench.act(|printer, now| printer.load_media(50, now)).wait(SECOND * 10);
        assert_eq!(bench.tray(), tray, "REPRINT {said}");
        assert_eq!(bench.ask_bytes(b"\x1b!?\x1b!S"), *b"\x00\x02@@@@\x03\r\n");
    }
}

#[test]
fn status_is_answered_while_paused_and_bits_combine() {
    let mut bench = Bench::new(settings());
    bench.say(&label("one")).wait(SECOND / 2);
    assert_eq!(bench.ask_bytes(b"\x1b!?"), [0x20]);
    bench.say(b"\x1b!P").say(&label("two")).wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one"], "the label under the head is finished");
    bench.act(|printer, now| printer.open_cover(now));
    assert_eq!(bench.ask_bytes(b"\x1b!?"), [0x11]);
    assert_eq!(bench.ask_bytes(b"\x1b!S"), *b"\x02E@@`\x03\r\n");
    bench.act(|printer, now| printer.close_cover(now));
    assert_eq!(bench.ask_bytes(b"\x1b!S"), *b"\x02`@@@\x03\r\n");
    bench.say(b"\x1b!O").wait(SECOND * 10);
    assert_eq!(bench.tray(), ["one", "two"]);
}

#[test]
fn out_tells_that_the_labels_before_it_are_out_or_only_that_they_were_taken() {
    let question = b"OUT \"id-7\"\r\n".as_slice();
    let mut printed = with(TsplSettings::default());
    printed.say(&label("one"));
    assert_eq!(printed.ask(question), "");
    printed.wait(SECOND * 2);
    assert_eq!(String::from_utf8_lossy(&printed.heard), "id-7\r\n");

    let mut processed = with(TsplSettings { out: Out::WhenProcessed, ..TsplSettings::default() });
    processed.say(&label("one"));
    assert_eq!(processed.ask(question), "id-7\r\n", "the label is under the head still");
    processed.say(&label("two"));
    assert_eq!(processed.ask(question), "", "the label before it waits for the head");

    let mut never = with(TsplSettings { out: Out::Never, ..TsplSettings::default() });
    assert_eq!(never.ask(question), "");
    assert_eq!(never.events, [Event::Unknown { command: "OUT".into() }]);
}

#[test]
fn the_label_counter_counts_what_left_the_slot_whole_and_survives_a_power_cut() {
    let mut bench = with(TsplSettings { reprint: true, ..TsplSettings::default() });
    bench.say(&label("one")).say(b"FORMFEED\r\n").say(&label("two")).wait(SECOND * 2 + SECOND / 2);
    bench.act(VirtualPrinter::cut_power).act(VirtualPrinter::power_on);
    assert_eq!(bench.tray(), ["one", "", "two…"], "a fed label is blank");
    assert_eq!(bench.ask(b"OUT STR$(@LABEL)\r\n"), "1\r\n");
    assert_eq!(bench.ask(b"OUT \"n=\"+STR$( @LABEL )+\";\"\r\n"), "n=1;\r\n");
    let Some(Event::PowerCut { lost, .. }) = bench.events.iter().find(|event| matches!(event, Event::PowerCut { .. })) else {
        panic!()
    };
    assert_eq!(lost.iter().flat_map(|label| label.fields()).collect::<Vec<_>>(), ["two"]);
}

#[test]
fn a_power_cut_loses_what_waits_and_names_it() {
    let mut bench = Bench::new(settings());
    bench.say(b"DOWNLOAD \"A.BAS\"\r\nX\r\nEOP\r\nDOWNLOAD F,\"B.DAT\",2,ab\r\n");
    for text in ["one", "two", "three"] {
        bench.say(&label(text));
    }
    bench.say(b"PRINT 1\r\nTEXT 1,1,\"3\",0,1").act(VirtualPrinter::cut_power);
    let Some(Event::PowerCut { lost, bytes, objects }) = bench.events.last() else { panic!() };
    let lost: Vec<String> = lost.iter().flat_map(|label| label.fields()).collect();
    assert_eq!((lost, *bytes, *objects), (vec!["one".into(), "two".into(), "three".into(), "three".into()], 16, 1));
    bench.act(VirtualPrinter::power_on).say(&label("four")).wait(SECOND * 5);
    assert_eq!(bench.tray(), ["four"]);
    assert_eq!(bench.ask(b"~!F"), "B.DAT\r\x1a");
}

#[test]
fn a_cancel_forgets_what_waits_and_finishes_the_label_under_the_head() {
    let mut bench = Bench::new(settings());
    bench.say(b"CLS\r\nTEXT 1,1,\"1\",0,1,1,\"batch\"\r\nPRINT 5\r\n").say(&label("waits")).wait(SECOND / 2);
    bench.say(b"\x1b!.").say(&label("after")).wait(SECOND * 10);
    assert_eq!(bench.tray(), ["batch", "after"]);
}

#[test]
fn counted_data_is_data_whatever_it_looks_like() {
    let mut bench = Bench::new(Settings { speed: None, ..settings() });
    let data = b"\x1b!?\x1b!R\r\nPRINT 9\r\n~!T";
    bench.say(&[format!("CLS\r\nBITMAP 0,0,1,{},0,", data.len()).as_bytes(), data, b"\r\nPRINT 1\r\n"].concat());
    assert_eq!((bench.tray().len(), bench.heard.len()), (1, 0));
    bench.say(&[format!("DOWNLOAD F,\"A.BMP\",{},", data.len()).as_bytes(), data].concat());
    assert_eq!((bench.tray().len(), bench.heard.len()), (1, 0));
    assert_eq!(bench.ask(b"~!T"), "VP100-203dpi\r\n");
}

#[test]
fn what_a_host_left_half_said_swallows_what_the_next_one_says() {
    let mut bench = Bench::new(Settings { speed: None, ..settings() });
    bench.say(b"CLS\r\nBITMAP 0,0,10,3,0,abc").act(|printer, _| printer.handle_disconnect());
    assert_eq!(bench.ask(b"\x1b!?"), "", "three of the missing bytes");
    bench.say(&[0xFF; 24]);
    assert_eq!(bench.ask_bytes(b"\x1b!?"), [0]);
}

#[test]
fn clones_answer_less_and_the_manual_lets_tilde_wait() {
    let answers = |queries, question: &[u8]| with(TsplSettings { queries, ..TsplSettings::default() }).ask_bytes(question);
    assert_eq!(answers(Queries::QuestionMark, b"\x1b!?\x1b!S~!T"), [0]);
    assert_eq!(answers(Queries::None, b"\x1b!?\x1b!S~!T~!@"), b"");
    let mut bench = with(TsplSettings { tilde_waits: true, ..TsplSettings::default() });
    bench.act(|printer, now| printer.open_cover(now));
    assert_eq!(bench.ask(b"~!T"), "");
    bench.act(|printer, now| printer.close_cover(now));
    assert_eq!(bench.heard, b"VP100-203dpi\r\n");
}

#[test]
fn immediate_commands_can_be_switched_off_and_on() {
    let mut bench = Bench::new(settings());
    assert_eq!(bench.ask(b"\x1b!D\x1b!?~!T\r\n"), "");
    assert_eq!(bench.ask_bytes(b"~!E\x1b!?"), [0]);
}

#[test]
fn the_mileage_is_what_went_through() {
    let mut bench = Bench::new(Settings { odometer: 1000, ..settings() });
    assert_eq!(bench.ask(b"~!@"), "150\r\n");
    assert_eq!(bench.ask(b"~!A~!I~!C"), "8388608\r\n8 bit : 437 , 001\r\n0");
}

/// A label's worth of everything, with hostile data in it.
fn stream() -> Vec<u8> {
    let mut said =
        b"SIZE 100 mm,150 mm\r\nGAP 3 mm,0\r\nDIRECTION 1,0\r\nSET REPRINT ON\r\nCLS\r\nBITMAP 8,8,2,6,1,\r\n\x1b!?BITMAP\r\n"
            .to_vec();
    said.extend(b"DOWNLOAD F,\"L.BMP\",4,\x1b!R\n\r\nQRCODE 9,9,M,4,A,0,\"q\"\r\nPRINT 2\r\nOUT \"x\"\r\n\x1b!S~!@DOWNLOAD \"P.BAS\"\r\nCLS\r\nEOP\r\n");
    said.extend(label("last"));
    said.extend(b"OUT @LABEL\r\n");
    said
}

#[test]
fn bytes_split_anywhere_mean_the_same() {
    let whole = |parts: &[&[u8]]| {
        let mut bench = Bench::new(Settings { speed: None, ..settings() });
        for part in parts {
            bench.say(part);
        }
        (bench.events.clone(), bench.heard.clone())
    };
    let said = stream();
    let expected = whole(&[&said]);
    assert_eq!(expected.1, b"x\r\n\x02@@@@\x03\r\n0\r\n3\r\n");
    for at in 0..said.len() {
        assert_eq!(whole(&[&said[..at], &said[at..]]), expected, "split at {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_bring_it_down(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        words in proptest::collection::vec("(CLS|PRINT|SIZE|BITMAP|DOWNLOAD|TEXT|OUT|SET|KILL|PUTBMP|FORMFEED|EOP|\x1b![?SRC.FDPO]|~![T@AIFCDE])[ 0-9,\"A-Z+$()*-]{0,20}(\r\n)?", 0..20),
    ) {
        survives(&bytes);
        survives(words.concat().as_bytes());
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

/// It takes them all in the end, and is an honest printer still.
fn survives(bytes: &[u8]) {
    let mut bench = Bench::new(Settings { speed: None, labels: 1_000_000, receive_buffer: 256, ..settings() });
    bench.say(bytes);
    for _ in 0..50 {
        bench.wait(SECOND);
    }
    bench.act(VirtualPrinter::cut_power).act(VirtualPrinter::power_on).act(|printer, now| printer.load_media(9, now));
    bench.act(|printer, now| printer.clear(Cause::Paused, now));
    bench.say(&label("still"));
    assert_eq!(bench.tray().last().map(String::as_str), Some("still"));
}

#[cfg(feature = "interpreter")]
mod picture {
    use super::*;
    use waybilld::dots::{Bitmap, Dots, Dpi, Rect, Size};
    use waybilld::virtual_printer::interpreter::draw;

    const MEDIA: Size = Size { width: Dots(80), height: Dots(40) };

    fn picture(tspl: &[u8], dpi: Dpi) -> Bitmap {
        let mut bench = Bench::new(Settings { speed: None, dpi, media: MEDIA, ..settings() });
        bench.say(tspl);
        let ejected = bench.events.iter().find_map(|event| match event {
            Event::Ejected(ejected) => Some(ejected),
            _ => None,
        });
        let drawn = draw(ejected.expect("a label"), dpi, MEDIA).unwrap();
        assert_eq!(drawn.not_drawn, Vec::<String>::new());
        drawn.bitmap
    }

    fn ink(rects: &[(i32, i32, i32, i32)]) -> Bitmap {
        let mut bitmap = Bitmap::new(MEDIA);
        rects.iter().for_each(|&(x, y, width, height)| bitmap.fill(Rect::new(Dots(x), Dots(y), Dots(width), Dots(height))));
        bitmap
    }

    #[test]
    fn zero_is_black_and_the_three_modes_differ() {
        for dpi in [Dpi::D203, Dpi::D300] {
            let drawn = |mode| {
                let bars = b"CLS\r\nBAR 0,0,16,2\r\nBITMAP 8,0,1,4,".as_slice();
                picture(&[bars, mode, b",\xF0\xF0\x0F\x00\r\nPRINT 1\r\n".as_slice()].concat(), dpi)
            };
            assert_eq!(drawn(b"0"), ink(&[(0, 0, 8, 2), (12, 0, 4, 2), (8, 2, 4, 2), (12, 3, 4, 1)]));
            assert_eq!(drawn(b"1"), ink(&[(0, 0, 16, 2), (8, 2, 4, 2), (12, 3, 4, 1)]));
            assert_eq!(drawn(b"2"), ink(&[(0, 0, 12, 2), (8, 2, 4, 2), (12, 3, 4, 1)]));
        }
    }

    #[test]
    fn direction_turns_and_mirrors_the_image_and_reference_moves_it() {
        let drawn = |setup: &str| picture(&[setup.as_bytes(), b"\r\nCLS\r\nBAR 0,0,8,4\r\nPRINT 1\r\n"].concat(), Dpi::D203);
        assert_eq!(drawn("DIRECTION 0,0"), ink(&[(0, 0, 8, 4)]));
        assert_eq!(drawn("DIRECTION 1,0"), ink(&[(72, 36, 8, 4)]));
        assert_eq!(drawn("DIRECTION 0,1"), ink(&[(72, 0, 8, 4)]));
        assert_eq!(drawn("DIRECTION 1,1"), ink(&[(0, 36, 8, 4)]));
        assert_eq!(drawn("REFERENCE 10,5"), ink(&[(10, 5, 8, 4)]));
        assert_eq!(drawn("REFERENCE 10,5\r\nSHIFT 3"), ink(&[(10, 8, 8, 4)]));
        assert_eq!(drawn("SIZE 40 dot,20 dot\r\nDIRECTION 1"), ink(&[(32, 16, 8, 4)]), "within what SIZE says");
    }

    #[test]
    fn a_downloaded_bmp_is_drawn() {
        let mut bmp = b"BM".to_vec();
        bmp.extend([0; 8]);
        bmp.extend(62u32.to_le_bytes());
        bmp.extend([40u32, 10, 2].map(u32::to_le_bytes).concat());
        bmp.extend([1u16, 1].map(u16::to_le_bytes).concat());
        bmp.extend([0; 24]);
        bmp.extend([0, 0, 0, 0, 255, 255, 255, 0]);
        bmp.extend([0xFF, 0x80, 0, 0, 0x0F, 0xFF, 0, 0]);
        let said =
            [format!("DOWNLOAD \"L.BMP\",{},", bmp.len()).as_bytes(), &bmp, b"\r\nCLS\r\nPUTBMP 4,4,\"L.BMP\"\r\nPRINT 1\r\n"]
                .concat();
        assert_eq!(picture(&said, Dpi::D203), ink(&[(4, 4, 4, 1), (13, 5, 1, 1)]));
    }
}
