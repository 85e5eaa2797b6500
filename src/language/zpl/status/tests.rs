use super::*;
use crate::capture::{self, Side};
use proptest::prelude::*;

const READY: &[u8] =
    b"\x02030,0,0,1225,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";
const STOPPED: &[u8] =
    b"\x02\r\n  PRINTER STATUS\r\n   ERRORS:         1 00000000 00010005\r\n   WARNINGS:       1 00000000 00000008\r\n\x03";

fn read(bytes: &[u8]) -> Vec<Reply> {
    let mut reader = ReplyReader::default();
    reader.feed(bytes);
    std::iter::from_fn(|| reader.poll()).collect()
}

#[test]
fn a_ready_printer_reads_as_ready() {
    let expected = HostStatus { label_length_dots: 1225, ..HostStatus::default() };
    assert_eq!(read(READY), [Reply::HostStatus(expected)]);
}

#[test]
fn fields_of_other_widths_are_split_at_commas() {
    let replies = read(b"\x0230,1,1,812,2,0,0,1,0,0,0,0\x03\r\n\x020,0,1,0,0,K,4,1,3,1,12\x03\r\n\x020,0\x03\r\n");
    let [Reply::HostStatus(status)] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(status.reasons(), [Reason::MediaEmpty, Reason::CoverOpen, Reason::Paused]);
    assert_eq!(status.waiting(), 6);
    assert_eq!((status.stored_graphics, status.label_waits), (12, true));
}

#[test]
fn error_bits_become_reasons() {
    let expected =
        Errors { errors: vec![Reason::MediaEmpty, Reason::CoverOpen, Reason::Paused], warnings: vec![Reason::MediaLow] };
    assert_eq!(read(STOPPED), [Reply::Errors(expected)]);
}

#[test]
fn errors_are_read_as_hexadecimal() {
    let replies = read(b"\x02 PRINTER STATUS\r\n ERRORS: 1 00000000 000c0000\r\n WARNINGS: 0 00000000 00000000\r\n\x03");
    assert_eq!(replies, [Reply::Errors(Errors { errors: vec![Reason::MarkNotFound], warnings: vec![] })]);
}

#[test]
fn a_counter_an_unknown_variable_and_another_value_are_told_apart() {
    assert_eq!(read(b"\"001234\"\r\n\"?\"\"ZT410\""), [Reply::Counter(1234), Reply::NoSuchVariable, Reply::Other]);
}

#[test]
fn identity_is_read() {
    let expected =
        Identity { model: "GK420d-200dpi".into(), firmware: "V61.17.17Z".into(), dots_per_mm: 8, memory: "2104KB".into() };
    assert_eq!(read(b"\x02GK420d-200dpi,V61.17.17Z,8,2104KB\x03\r\n"), [Reply::Identity(expected)]);
}

#[test]
fn noise_and_alerts_between_answers_are_passed_over() {
    let mut bytes = b"\x13\x11ERROR CONDITION: PAPER OUT\r\n\xff\xfe\x03".to_vec();
    bytes.extend(READY);
    bytes.extend(b"ERROR CLEARED: PAPER OUT \"half a value\r\n");
    bytes.extend(STOPPED);
    assert_eq!(read(&bytes).len(), 2);
}

#[test]
fn a_status_answer_with_a_lost_string_is_not_an_answer() {
    let second = READY.iter().skip(1).position(|b| *b == STX).expect("three strings") + 1;
    assert_eq!(read(&READY[second..]), [Reply::Other]);
    let mut without_second = READY[..second].to_vec();
    without_second.extend(b"\x021234,0\x03\r\n");
    assert_eq!(read(&without_second), []);
}

/// Every capture: what the printer said there is understood, all of it.
#[test]
fn captures_are_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/zpl");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("captures are in the repository") {
        let path = entry.expect("a readable folder").path();
        let text = std::fs::read_to_string(&path).expect("a capture is text");
        let replies = read(&capture::said(&text, Side::Printer));
        assert!(!replies.is_empty() && !replies.contains(&Reply::Other), "{}: {replies:?}", path.display());
        seen += 1;
    }
    assert!(seen >= 4);
}

proptest! {
    #[test]
    fn any_bytes_are_survived_in_bounded_memory(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let mut reader = ReplyReader::default();
        reader.feed(&bytes);
        prop_assert!(reader.gathered.len() <= FRAME_MAX && reader.whole.len() <= REPLIES_MAX);
    }

    #[test]
    fn damaged_answers_are_survived(at in 0..READY.len() + STOPPED.len(), with in any::<u8>(), drop in any::<bool>()) {
        let mut bytes = [READY, STOPPED].concat();
        if drop { bytes.remove(at); } else { bytes[at] = with; }
        bytes.extend_from_slice(READY);
        let replies = read(&bytes);
        prop_assert!(matches!(replies.last(), Some(Reply::HostStatus(_))), "{replies:?}");
    }

    #[test]
    fn any_split_gives_the_same_replies(cuts in proptest::collection::vec(0usize..400, 0..12), noise in "[a-z\r\n]{0,20}") {
        let whole = [noise.as_bytes(), READY, STOPPED, b"\"77\"\r\n", noise.as_bytes(), READY].concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).collect();
        cuts.extend([0, whole.len()]);
        cuts.sort_unstable();
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        for pair in cuts.windows(2) {
            reader.feed(&whole[pair[0]..pair[1]]);
            replies.extend(std::iter::from_fn(|| reader.poll()));
        }
        prop_assert_eq!(replies, read(&whole));
    }
}
