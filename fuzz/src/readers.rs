//! Reply readers: no bytes break them, and it does not matter how the bytes were cut on their way.

use crate::{Piece, pieces};
use waybilld::language::{escpos, tspl, zpl};

pub fn zpl(input: &[u8]) {
    let read = |whole: bool| {
        let mut reader = zpl::status::ReplyReader::default();
        let mut replies = Vec::new();
        for piece in pieces(input) {
            match piece {
                Piece::Said(bytes) if whole => reader.feed(bytes),
                Piece::Said(bytes) => bytes.iter().for_each(|byte| reader.feed(&[*byte])),
                Piece::Happens(0) => reader.reset(),
                Piece::Happens(_) => replies.extend(std::iter::from_fn(|| reader.poll())),
            }
        }
        replies.extend(std::iter::from_fn(|| reader.poll()));
        replies
    };
    assert_eq!(read(true), read(false));
}

pub fn tspl(input: &[u8]) {
    let read = |whole: bool| {
        let mut reader = tspl::status::ReplyReader::default();
        let mut replies = Vec::new();
        for piece in pieces(input) {
            match piece {
                Piece::Said(bytes) if whole => reader.feed(bytes),
                Piece::Said(bytes) => bytes.iter().for_each(|byte| reader.feed(&[*byte])),
                Piece::Happens(0) => reader.expect_flags(),
                Piece::Happens(_) => replies.extend(std::iter::from_fn(|| reader.poll())),
            }
        }
        replies.extend(std::iter::from_fn(|| reader.poll()));
        replies
    };
    assert_eq!(read(true), read(false));
}

pub fn escpos(input: &[u8]) {
    use escpos::status::Ask;
    let read = |whole: bool| {
        let mut reader = escpos::status::ReplyReader::default();
        let mut replies = Vec::new();
        for piece in pieces(input) {
            match piece {
                Piece::Said(bytes) if whole => reader.feed(bytes),
                Piece::Said(bytes) => bytes.iter().for_each(|byte| reader.feed(&[*byte])),
                Piece::Happens(what @ 0..=3) => {
                    let parts = [Ask::Printer, Ask::OfflineCause, Ask::ErrorCause, Ask::Media];
                    reader.expect(parts[usize::from(what)]);
                }
                Piece::Happens(_) => replies.extend(std::iter::from_fn(|| reader.poll())),
            }
        }
        replies.extend(std::iter::from_fn(|| reader.poll()));
        replies
    };
    assert_eq!(read(true), read(false));
}
