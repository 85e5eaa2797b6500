//! Bytes on their way to the line, in order, with how far each piece has got.
//!
//! A label, a question, a few words of our own: pushed whole, offered piece by piece, taken by the line as it
//! likes. Knows what was offered, for the line may have taken more than it owned up to.

use std::collections::VecDeque;
use std::time::Duration;

/// The most offered at once: a broken line leaves doubt only about what was offered.
const OFFER_MAX: usize = 16 * 1024;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    Label,
    Question,
    /// A command that is neither.
    Words,
}

#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    what: Carried,
    taken: usize,
    offered: usize,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    pieces: VecDeque<Piece>,
    /// Since when the line has taken nothing of what waits.
    waiting_since: Option<Duration>,
    unanswered_bytes: usize,
}

impl Outbox {
    pub fn push(&mut self, bytes: Vec<u8>, what: Carried, now: Duration) {
        if !bytes.is_empty() {
            self.waiting_since.get_or_insert(now);
            self.pieces.push_back(Piece { bytes, what, taken: 0, offered: 0 });
        }
    }

    pub fn offer(&mut self) -> Option<&[u8]> {
        let piece = self.pieces.front_mut()?;
        let end = piece.bytes.len().min(piece.taken + OFFER_MAX);
        piece.offered = piece.offered.max(end);
        Some(&piece.bytes[piece.taken..end])
    }

    /// The line took so many bytes; what the piece was, if that was its end.
    pub fn wrote(&mut self, taken: usize, now: Duration) -> Option<Carried> {
        let piece = self.pieces.front_mut()?;
        let taken = taken.min(piece.offered - piece.taken);
        piece.taken += taken;
        self.unanswered_bytes += taken;
        if taken > 0 {
            self.waiting_since = Some(now);
        }
        let ended = (piece.taken == piece.bytes.len()).then_some(piece.what)?;
        self.pieces.pop_front();
        if self.pieces.is_empty() {
            self.waiting_since = None;
        }
        Some(ended)
    }

    /// How much is left of the label that is offered next; `None`: something else is, or nothing.
    pub fn left_of_label(&self) -> Option<usize> {
        self.pieces.front().filter(|piece| piece.what == Carried::Label).map(|piece| piece.bytes.len() - piece.taken)
    }

    pub fn holds_label(&self) -> bool {
        self.pieces.iter().any(|piece| piece.what == Carried::Label)
    }

    /// Whether a question is the next to leave.
    pub fn question_is_next(&self) -> bool {
        self.pieces.front().is_some_and(|piece| piece.what == Carried::Question)
    }

    /// Whether a question or a command has not left yet.
    pub fn holds_words(&self) -> bool {
        self.pieces.iter().any(|piece| piece.what == Carried::Question)
    }

    /// How much of the label in here was ever offered.
    pub fn label_offered(&self) -> usize {
        self.pieces.iter().find(|piece| piece.what == Carried::Label).map_or(0, |piece| piece.offered)
    }

    pub fn waiting_since(&self) -> Option<Duration> {
        self.waiting_since
    }

    /// Starts the waiting anew.
    pub fn waits_from(&mut self, now: Duration) {
        self.waiting_since = self.waiting_since.map(|_| now);
    }

    /// Bytes taken since the printer last answered: what may stand before a question in a slow line.
    pub fn unanswered_bytes(&self) -> usize {
        self.unanswered_bytes
    }

    pub fn answered(&mut self) {
        self.unanswered_bytes = 0;
    }
}
