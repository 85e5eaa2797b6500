//! What the fuzz targets do with their bytes.
//!
//! An input is what is said on a line, as it is, with [`MARK`] in it where something else happens: the byte behind it
//! says what. So a capture, or a label of `tests/golden`, is an input to begin with.

pub mod files;
pub mod printer;
pub mod readers;
pub mod talk;

/// The byte before something that happens; twice, it is itself.
pub const MARK: u8 = 0xFF;

/// A piece of an input.
pub enum Piece<'a> {
    Said(&'a [u8]),
    Happens(u8),
}

/// The pieces of an input, in order.
pub fn pieces(mut input: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let (piece, rest) = match *input {
            [] | [MARK] => return None,
            [MARK, MARK, ..] => (Piece::Said(&input[..1]), &input[2..]),
            [MARK, what, ..] => (Piece::Happens(what), &input[2..]),
            _ => {
                let (said, rest) = input.split_at(input.iter().position(|byte| *byte == MARK).unwrap_or(input.len()));
                (Piece::Said(said), rest)
            }
        };
        input = rest;
        Some(piece)
    })
}

/// The first bytes of an input, as many as there are, and the rest.
pub fn head<const N: usize>(input: &[u8]) -> ([u8; N], &[u8]) {
    let mut head = [0; N];
    let (begin, rest) = input.split_at(N.min(input.len()));
    head[..begin.len()].copy_from_slice(begin);
    (head, rest)
}
