//! A printer that says a word back, as a person sees it: TSPL.

use super::bench::{Bench, Stand, rules, seconds};
use std::time::Duration;
use waybilld::conversation::{Answers, Conversation, Counter, Echo, PrinterState, Profile};
use waybilld::language::Reason;
use waybilld::virtual_printer::{EscPosSettings, Language, Out, Queries, Settings, Stock, TsplSettings};

fn tspl(tspl: TsplSettings) -> Settings {
    Settings { language: Language::Tspl, tspl, ..Settings::default() }
}

fn with(out: Out) -> Settings {
    tspl(TsplSettings { out, ..TsplSettings::default() })
}

#[test]
fn what_a_tspl_printer_does_with_out_is_learnt_from_its_first_labels() {
    for (out, echo) in [(Out::WhenPrinted, Echo::After), (Out::WhenProcessed, Echo::Before), (Out::Never, Echo::No)] {
        let mut bench = Bench::with(with(out));
        bench.print_run(1..=6);
        let end = if echo == Echo::No { Stand::Sent } else { Stand::Printed };
        assert!(bench.until(|bench| bench.all(end)), "{out:?} {:?}\n{}", bench.ledger, bench.log);
        assert_eq!(bench.fault(), None, "{out:?}\n{}", bench.log);
        assert_eq!((bench.profile.echo, bench.profile.status), (echo, Answers::Yes), "{out:?}\n{}", bench.log);
        bench.wait(seconds(60));
        assert_eq!(bench.conversation.poll_timeout(), None, "{out:?}: it comes to rest\n{}", bench.log);
        let counter = if echo == Echo::No { Counter::Unknown } else { Counter::Counts };
        assert_eq!(bench.profile.counter, counter, "{out:?}\n{}", bench.log);
    }
}

#[test]
fn a_known_tspl_printer_prints_a_run_without_a_pause_between_labels() {
    for out in [Out::WhenPrinted, Out::WhenProcessed] {
        let mut bench = Bench::with(with(out));
        bench.print_run(1..=6).expect_all_printed();
        bench.wait(seconds(60));
        let began = bench.now;
        bench.print_run(7..=26).expect_all_printed();
        let took = bench.now - began;
        // 20 labels of 0.98 s and one start.
        assert!(took < Duration::from_millis(20_700), "{out:?} {took:?}\n{}", bench.log);
    }
}

#[test]
fn a_tspl_printer_out_of_labels_goes_on_by_itself_and_prints_each_once() {
    for out in [Out::WhenPrinted, Out::WhenProcessed] {
        let mut bench = Bench::with(with(out));
        bench.print_run(1..=8);
        assert!(bench.until(|bench| bench.came_out() == 4 && !bench.printer.idle()));
        bench.wait(Duration::from_millis(500));
        bench.printer.load_media(0, bench.now);
        bench.wait(seconds(3600));
        assert_eq!(*bench.state(), PrinterState::Stopped(vec![Reason::MediaEmpty]));
        bench.printer.load_media(100, bench.now);
        bench.expect_all_printed();
        assert_eq!(bench.came_out(), 8);
    }
}

#[test]
fn an_old_clone_that_knows_one_query_is_asked_with_that() {
    let mut bench = Bench::with(tspl(TsplSettings { queries: Queries::QuestionMark, ..TsplSettings::default() }));
    bench.print_run(1..=5).expect_all_printed();
    bench.printer.open_cover(bench.now);
    bench.print_run(6..=6).wait(seconds(5));
    assert_eq!(*bench.state(), PrinterState::Stopped(vec![Reason::CoverOpen]), "{}", bench.log);
    bench.printer.close_cover(bench.now);
    bench.expect_all_printed();
}

#[test]
fn a_label_cut_off_in_its_picture_does_not_swallow_the_next() {
    let mut bench = Bench::with(with(Out::WhenPrinted));
    bench.print_run(1..=3).expect_all_printed();
    bench.label_padding = 5000;
    bench.line.rate = Some(1000);
    bench.print_run(4..=6).wait(seconds(2));
    bench.disconnect(0).wait(seconds(3)).connect();
    assert!(bench.until(|bench| bench.ledger[&6] == Stand::Printed), "{}", bench.log);
    assert_eq!((bench.ledger[&4], bench.ledger[&5]), (Stand::InDoubt, Stand::InDoubt));
    assert_eq!((bench.came_out(), bench.fault()), (4, None), "what was cut off is neither printed nor mixed into the next");
}

#[test]
fn the_counter_settles_what_a_broken_line_left_in_doubt() {
    let mut bench = Bench::with(with(Out::WhenPrinted));
    bench.print_run(1..=6).expect_all_printed();
    bench.wait(seconds(60));
    assert_eq!(bench.profile.counter, Counter::Counts);
    // Its last bytes are lost with the power: nothing of it comes out.
    bench.print_run(7..=7);
    bench.cut_power().disconnect(0).wait(seconds(5));
    assert_eq!(bench.count(Stand::InDoubt), 1, "{}", bench.log);
    bench.printer.power_on(bench.now);
    bench.connect().expect_all_printed();
    assert_eq!(bench.fates[&7].given, 2, "it was sent again");
}

#[test]
fn a_silent_clone_gets_its_labels_at_once() {
    let silent = TsplSettings { queries: Queries::None, out: Out::Never, ..TsplSettings::default() };
    let mut bench = Bench::new(rules(), Profile::default(), tspl(silent));
    bench.connect().print_run(1..=20);
    assert!(bench.until(|bench| bench.all(Stand::Sent)), "{}", bench.log);
    assert_eq!(bench.profile.status, Answers::Silent);
    assert_eq!(bench.conversation.poll_timeout(), None);
}

fn escpos(escpos: EscPosSettings) -> Settings {
    Settings { language: Language::EscPos, escpos, ..Settings::default() }
}

fn labels() -> EscPosSettings {
    EscPosSettings { stock: Stock::Labels, ..EscPosSettings::default() }
}

#[test]
fn an_escpos_printer_says_its_word_after_printing_and_labels_follow_without_a_pause() {
    let mut bench = Bench::with(escpos(labels()));
    bench.print_run(1..=3).expect_all_printed();
    assert_eq!(bench.profile.echo, Echo::After);
    bench.wait(seconds(60));
    assert_eq!(bench.conversation.poll_timeout(), None, "it comes to rest\n{}", bench.log);
    let began = bench.now;
    bench.print_run(4..=23).expect_all_printed();
    let took = bench.now - began;
    assert!(took < Duration::from_millis(20_700), "{took:?}\n{}", bench.log);
}

#[test]
fn an_escpos_label_that_the_end_of_the_roll_caught_is_asked_about_and_the_rest_goes_on_by_itself() {
    let mut bench = Bench::with(escpos(labels()));
    bench.print_run(1..=8);
    assert!(bench.until(|bench| bench.came_out() == 3 && !bench.printer.idle()));
    bench.wait(Duration::from_millis(500));
    bench.printer.load_media(0, bench.now);
    bench.wait(seconds(3600));
    assert_eq!(*bench.state(), PrinterState::Stopped(vec![Reason::MediaEmpty]), "{}", bench.log);
    bench.printer.load_media(100, bench.now);
    assert!(bench.until(|bench| bench.count(Stand::Printed) == 7), "{:?}\n{}", bench.ledger, bench.log);
    assert_eq!((bench.ledger[&4], bench.fault()), (Stand::InDoubt, None), "{}", bench.log);
}

#[test]
fn an_escpos_printer_that_was_offline_and_is_ready_before_it_said_why_may_have_stopped_in_its_label() {
    let mut bench = Bench::with(escpos(labels()));
    bench.print_run(1..=3).expect_all_printed();
    bench.line.rate = Some(20_000);
    bench.print_run(4..=6);
    assert!(bench.until(|bench| bench.came_out() == 4));
    bench.wait(Duration::from_millis(300));
    bench.wire.harm.lost = 100;
    bench.printer.open_cover(bench.now);
    bench.wait(Duration::from_millis(100));
    bench.wire.harm.lost = 0;
    assert!(bench.until(|bench| bench.log.contains("< \\x1a")), "it says that it is offline, and is yet to be asked why");
    bench.printer.close_cover(bench.now);
    assert!(bench.until(|bench| bench.count(Stand::Printed) == 5), "{:?}\n{}", bench.ledger, bench.log);
    assert_eq!((bench.ledger[&5], bench.fault()), (Stand::InDoubt, None), "{}", bench.log);
}

#[test]
fn an_escpos_printer_that_was_out_of_paper_before_the_run_leaves_no_doubt() {
    let mut bench = Bench::with(escpos(labels()));
    bench.print_run(1..=2).expect_all_printed();
    bench.wait(seconds(60));
    bench.printer.load_media(0, bench.now);
    bench.print_run(3..=6).wait(seconds(600));
    assert_eq!(*bench.state(), PrinterState::Stopped(vec![Reason::MediaEmpty]), "{}", bench.log);
    bench.printer.load_media(100, bench.now);
    bench.expect_all_printed();
}

#[test]
fn a_printer_that_said_it_is_out_of_labels_and_takes_no_more_data_is_still_out_of_labels() {
    let mut bench = Bench::with(escpos(labels()));
    bench.print_run(1..=4);
    assert!(bench.until(|bench| bench.came_out() == 2));
    bench.printer.load_media(0, bench.now);
    bench.wait(seconds(1));
    bench.line.buffer = 0;
    bench.wait(seconds(60));
    assert_eq!(*bench.state(), PrinterState::Stopped(vec![Reason::MediaEmpty]), "{}", bench.log);
    bench.line.buffer = 64 * 1024;
    bench.printer.load_media(100, bench.now);
    assert!(bench.until(|bench| bench.count(Stand::Printed) >= 3), "{:?}\n{}", bench.ledger, bench.log);
    assert_eq!(bench.fault(), None, "{}", bench.log);
}

#[test]
fn an_escpos_printer_without_a_word_gets_its_labels_as_sent_and_none_while_it_is_stopped() {
    let mut bench = Bench::with(escpos(EscPosSettings { process_id: false, ..labels() }));
    bench.print_run(1..=2);
    assert!(bench.until(|bench| bench.all(Stand::Sent)), "{:?}\n{}", bench.ledger, bench.log);
    assert_eq!(bench.profile.echo, Echo::No);
    bench.wait(seconds(60));
    bench.printer.open_cover(bench.now);
    bench.print_run(3..=8).wait(seconds(60));
    assert_eq!(bench.count(Stand::Sent), 2, "{}", bench.log);
    bench.printer.close_cover(bench.now);
    assert!(bench.until(|bench| bench.all(Stand::Sent)));
    bench.wait(seconds(60));
    assert_eq!(bench.came_out(), 8, "{}", bench.log);
}

#[test]
fn a_printer_without_a_word_is_given_no_more_than_a_power_cut_may_cost() {
    for settings in [with(Out::Never), escpos(EscPosSettings { process_id: false, ..labels() })] {
        let mut bench = Bench::with(settings);
        bench.print_run(1..=4);
        assert!(bench.until(|bench| bench.all(Stand::Sent)), "{:?}\n{}", bench.ledger, bench.log);
        bench.wait(seconds(60));
        let began = bench.now;
        bench.print_run(5..=16);
        assert!(bench.until(|bench| bench.came_out() == 10));
        bench.cut_power().disconnect(0).wait(seconds(5));
        assert_eq!((bench.count(Stand::InDoubt), bench.came_out()), (2, 10), "{:?}\n{}", bench.ledger, bench.log);
        bench.printer.power_on(bench.now);
        bench.connect();
        assert!(bench.until(|bench| bench.count(Stand::Sent) == 14), "{:?}\n{}", bench.ledger, bench.log);
        bench.wait(seconds(60));
        assert_eq!((bench.came_out(), bench.fault()), (15, None), "of the two in doubt one was out\n{}", bench.log);
        // 12 labels of 0.98 s, two starts and the time without power.
        assert!(bench.now - began < seconds(60 + 24), "{}", bench.log);
    }
}

#[test]
fn a_line_that_takes_nothing_while_the_printer_talks_is_not_filled_with_questions() {
    let mut conversation = Conversation::new(waybilld::language::Language::EscPos, rules(), Profile::default());
    conversation.handle_connected(Duration::ZERO);
    for second in 0..1000 {
        // Offline, and three causes: a whole reading each time.
        conversation.handle_bytes(b"\x1a\x16\x12\x12", seconds(second));
        conversation.handle_timeout(seconds(second));
    }
    let mut questions = 0;
    while let Some(bytes) = conversation.poll_write() {
        questions += 1;
        let taken = bytes.len();
        conversation.wrote(taken, seconds(1000));
        assert!(questions < 10, "{questions} questions and more");
    }
}
