//! What a person at the printer sees: media ends, covers open, lines break, and every label comes out once.

use super::bench::{Bench, Stand, rules, seconds};
use std::time::Duration;
use waybilld::conversation::{Answers as Known, Counter, PrinterState, Profile, Rules};
use waybilld::language::Reason;
use waybilld::virtual_printer::{Answers, Settings};

#[test]
fn a_run_is_printed_without_a_pause_between_labels() {
    let mut bench = Bench::zpl();
    bench.print_run(1..=3).expect_all_printed();
    bench.wait(seconds(10));
    let began = bench.now;
    bench.print_run(4..=23).expect_all_printed();
    let took = bench.now - began;
    // 20 labels of 0.98 s and one start.
    assert!(took < Duration::from_millis(20_500), "{took:?}\n{}", bench.log);
}

#[test]
fn an_idle_printer_is_left_alone() {
    let mut bench = Bench::zpl();
    assert_eq!(bench.conversation.poll_timeout(), None);
    bench.print_run(1..=3).expect_all_printed();
    bench.wait(seconds(60));
    assert_eq!(bench.conversation.poll_timeout(), None, "{}", bench.log);
    assert_eq!(*bench.state(), PrinterState::Ready);
}

#[test]
fn media_out_holds_the_run_and_loading_a_roll_resumes_it() {
    let mut bench = Bench::with(Settings { labels: 1, ..Settings::default() });
    bench.print_run(1..=3);
    assert!(bench.until(|bench| *bench.state() == PrinterState::Stopped(vec![Reason::MediaEmpty])), "{}", bench.log);
    bench.wait(seconds(3600));
    assert_eq!((bench.came_out(), bench.count(Stand::InDoubt)), (1, 0));
    let now = bench.now;
    bench.printer.load_media(10, now);
    bench.expect_all_printed();
    assert_eq!(bench.came_out(), 3);
    assert!(bench.now - now < seconds(20), "{}", bench.log);
}

#[test]
fn a_cover_opened_in_the_middle_of_a_label_lets_the_printer_repeat_it_and_nobody_else() {
    for answers in [Answers::ByManual, Answers::EvenInError, Answers::HostStatusOnly] {
        let mut bench = Bench::with(Settings { answers, ..Settings::default() });
        bench.print_run(91..=92).expect_all_printed();
        bench.wait(seconds(30)).print_run(1..=4);
        assert!(bench.until(|bench| bench.came_out() == 4 && !bench.printer.idle()));
        bench.wait(Duration::from_millis(500));
        let now = bench.now;
        bench.printer.open_cover(now);
        bench.wait(seconds(60));
        assert_eq!(bench.came_out(), 4);
        assert!(matches!(bench.state(), PrinterState::Stopped(_) | PrinterState::NotAnswering));
        let now = bench.now;
        bench.printer.close_cover(now);
        bench.expect_all_printed();
        assert_eq!(bench.fates[&3].torn, 1);
    }
}

#[test]
fn the_pause_button_holds_and_releases() {
    let mut bench = Bench::zpl();
    bench.print_run(1..=5);
    assert!(bench.until(|bench| bench.came_out() == 1));
    let now = bench.now;
    bench.printer.press_pause(now);
    bench.wait(seconds(600));
    assert_eq!(*bench.state(), PrinterState::Stopped(vec![Reason::Paused]));
    let now = bench.now;
    bench.printer.press_pause(now);
    bench.expect_all_printed();
}

#[test]
fn a_silent_clone_gets_its_labels_at_once_and_they_count_as_sent() {
    let mut bench = Bench::new(rules(), Profile::default(), Settings { answers: Answers::Nothing, ..Settings::default() });
    bench.connect().print_run(1..=20);
    assert_eq!(bench.count(Stand::Sending), 2, "not known yet: no more than the window");
    assert!(bench.until(|bench| bench.all(Stand::Sent)));
    assert!(bench.now <= Duration::from_millis(1600), "{:?}", bench.now);
    assert_eq!(bench.profile.status, Known::Silent);
    assert_eq!(bench.conversation.poll_timeout(), None);

    let mut next = Bench::new(rules(), bench.profile.clone(), Settings { answers: Answers::Nothing, ..Settings::default() });
    next.connect().print_run(1..=20);
    assert!(next.all(Stand::Sent), "known to be silent: nothing is waited for");
}

#[test]
fn a_printer_that_begins_to_answer_is_believed_again() {
    let silent = Profile { status: Known::Silent, ..Profile::default() };
    let mut bench = Bench::new(rules(), silent, Settings::default());
    bench.connect().wait(seconds(5));
    bench.print_run(1..=4).expect_all_printed();
}

#[test]
fn a_printer_that_is_not_to_be_asked_is_not_asked() {
    let mut bench = Bench::new(Rules { ask: false, ..rules() }, Profile::default(), Settings::default());
    bench.connect().print_run(1..=4);
    assert!(bench.all(Stand::Sent));
    assert!(!bench.log.contains("~H"), "{}", bench.log);
}

#[test]
fn the_first_label_on_a_new_line_leaves_before_any_answer() {
    let mut bench = Bench::new(rules(), Profile::default(), Settings { answers: Answers::Nothing, ..Settings::default() });
    bench.connect().print_run(1..=1);
    assert!(bench.log.contains("label-1"), "{}", bench.log);
}

#[test]
fn silence_on_status_is_explained_by_the_error_query() {
    let mut bench = Bench::zpl();
    bench.print_run(1..=3);
    assert!(bench.until(|bench| bench.came_out() == 1));
    let now = bench.now;
    bench.printer.open_cover(now);
    assert!(bench.until(|bench| *bench.state() == PrinterState::Stopped(vec![Reason::CoverOpen])));
    assert!(bench.now - now < seconds(4));
}

#[test]
fn a_power_cut_leaves_no_more_doubts_than_the_window_and_repeats_nothing() {
    for cut_after_ms in (0..6000).step_by(130) {
        let mut bench = Bench::zpl();
        bench.print_run(1..=5).wait(Duration::from_millis(cut_after_ms));
        bench.cut_power().wait(seconds(2)).disconnect(0);
        let now = bench.now;
        bench.printer.power_on(now);
        bench.connect().wait(seconds(120));
        assert_eq!(bench.fault(), None, "cut after {cut_after_ms} ms\n{}", bench.log);
        assert!(bench.count(Stand::InDoubt) <= 2, "cut after {cut_after_ms} ms\n{}", bench.log);
        assert_eq!(bench.count(Stand::InDoubt) + bench.count(Stand::Printed), 5, "cut after {cut_after_ms} ms\n{}", bench.log);
    }
}

#[test]
fn a_pulled_cable_leaves_no_doubt_when_the_counter_and_the_memory_speak() {
    let mut bench = Bench::zpl();
    bench.stores_graphic = true;
    bench.print_run(1..=3).expect_all_printed();
    bench.wait(seconds(5));
    assert_eq!(bench.profile.counter, Counter::Counts, "{}", bench.log);
    bench.print_run(4..=8).wait(Duration::from_millis(1500));
    bench.disconnect(usize::MAX);
    assert_eq!(bench.count(Stand::InDoubt), 2);
    bench.wait(seconds(3)).connect();
    bench.expect_all_printed();
}

#[test]
fn a_slow_line_is_not_taken_for_a_silent_printer() {
    let mut bench =
        Bench::new(Rules { line_rate: Some(960), line_shows_power: false, ..rules() }, Profile::default(), Settings::default());
    bench.line.rate = Some(960);
    bench.line.buffer = 4096;
    bench.label_padding = 6000;
    // What is stored in the printer shows that it was not switched off while a label took six seconds to get there.
    bench.stores_graphic = true;
    bench.connect().wait(seconds(30));
    bench.states.clear();
    bench.print_run(1..=4).expect_all_printed();
    assert!(!bench.states.contains(&PrinterState::NotAnswering), "{}", bench.log);
}

#[test]
fn labels_that_take_a_line_almost_as_long_as_the_head_follow_without_a_pause() {
    let rules = Rules { line_rate: Some(11_520), line_shows_power: false, ..rules() };
    let mut bench = Bench::new(rules, Profile::default(), Settings::default());
    bench.line.rate = Some(11_520);
    bench.line.buffer = 4096;
    // 0.87 s on the line, 0.98 s under the head.
    bench.label_padding = 10_000;
    bench.connect().wait(seconds(30)).print_run(1..=6).expect_all_printed();
    bench.wait(seconds(60));
    let began = bench.now;
    bench.print_run(7..=26).expect_all_printed();
    let took = bench.now - began;
    assert!(took < Duration::from_millis(21_500), "{took:?}\n{}", bench.log);
}

#[test]
fn a_serial_printer_switched_off_and_on_behind_our_back_is_not_believed() {
    for answers in [Answers::ByManual, Answers::HostStatusOnly] {
        let mut bench = Bench::new(
            Rules { line_shows_power: false, ..rules() },
            Profile::default(),
            Settings { answers, ..Settings::default() },
        );
        bench.connect().wait(seconds(30)).print_run(1..=4);
        assert!(bench.until(|bench| bench.came_out() == 2));
        let now = bench.now;
        bench.printer.cut_power(now);
        bench.line.dead = true;
        bench.wait(seconds(6));
        bench.line.dead = false;
        let now = bench.now;
        bench.printer.power_on(now);
        bench.wait(seconds(120));
        assert_eq!(bench.fault(), None, "{answers:?}\n{}", bench.log);
        assert_eq!(bench.count(Stand::Printed) + bench.count(Stand::InDoubt), 4, "{answers:?}\n{}", bench.log);
    }
}

#[test]
fn a_line_that_takes_nothing_is_stalled_and_goes_on_where_it_stood() {
    let mut bench = Bench::zpl();
    bench.label_padding = 20_000;
    bench.line.buffer = 0;
    bench.print_run(1..=1).wait(seconds(8));
    assert_eq!(*bench.state(), PrinterState::Stalled);
    bench.line.buffer = 64 * 1024;
    bench.expect_all_printed();
}
