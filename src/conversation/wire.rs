//! What both conversations do with a line, whatever the language: bytes on their way, timers, the printer's state, and
//! what becomes of labels when the line breaks.
//!
//! Bytes leave in order: a label, a question, a few words of our own, each pushed whole, offered piece by piece, taken by
//! the line as it likes. What was offered is remembered, for the line may have taken more than it owned up to.
//!
//! | timer | set when | when it is due |
//! |---|---|---|
//! | `Ask` | an answer would be of use | the next question is asked |
//! | `Answer` | a question has left | it counts as unanswered |
//! | `Evidence` | a label has left | a calm printer that said nothing of it leaves it in doubt |
//! | `Certify` | the line opens, the printer becomes ready | no more is waited for the counter |
//! | `Word` | a word was sent again | another may be sent |
//! | `Silent` | a silent printer was asked | it may be asked again |
//!
//! The first three wake the conversation; the others are looked at when something else does.

use super::{Answers, Doubt, Event, InHand, Loss, PrinterState, Profile, Rules};
use std::collections::VecDeque;
use std::time::Duration;

/// The plumbing of one conversation.
#[derive(Debug)]
pub(super) struct Wire {
    pub rules: Rules,
    pub profile: Profile,
    pub state: PrinterState,
    pub connected: bool,
    pub in_hand: VecDeque<InHand>,
    /// Labels begun on this connection.
    pub begun: u64,
    pub outbox: Outbox,
    pub timers: Timers,
    /// The line broke with labels on it, and it has not proven itself since.
    pub broke_in_doubt: bool,
    stalled: bool,
    events: VecDeque<Event>,
}

/// A label on the wire, as far as a broken line is concerned.
pub(super) trait Begun {
    fn key(&self) -> u64;
    /// How many of its bytes make it print.
    fn trigger(&self) -> usize;
    /// Its last byte was handed over.
    fn is_whole(&self) -> bool;
}

impl Wire {
    pub fn new(rules: Rules, profile: Profile) -> Wire {
        Wire {
            rules,
            profile,
            state: PrinterState::Offline,
            connected: false,
            in_hand: VecDeque::new(),
            begun: 0,
            outbox: Outbox::default(),
            timers: Timers::default(),
            broke_in_doubt: false,
            stalled: false,
            events: VecDeque::new(),
        }
    }

    pub fn tell(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn set_state(&mut self, state: PrinterState) {
        if self.state != state {
            self.state = state.clone();
            self.tell(Event::StateChanged(state));
        }
    }

    pub fn learn(&mut self, change: impl FnOnce(&mut Profile)) {
        let before = self.profile.clone();
        change(&mut self.profile);
        if self.profile != before {
            self.tell(Event::Learnt(self.profile.clone()));
        }
    }

    pub fn silent(&self) -> bool {
        !self.rules.ask || self.profile.status == Answers::Silent
    }

    pub fn stopped(&self) -> bool {
        matches!(self.state, PrinterState::Stopped(_) | PrinterState::NotAnswering)
    }

    pub fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// The line is open: what an earlier one knew is forgotten.
    pub fn connect(&mut self) {
        self.connected = true;
        self.begun = 0;
        self.outbox = Outbox::default();
        self.timers = Timers::default();
        self.stalled = false;
        self.tell(Event::MemoryLost);
        let state = if self.silent() { PrinterState::Silent } else { PrinterState::Unknown };
        self.set_state(state);
    }

    /// The line is gone. A label that no byte which makes it print was offered of was not sent; the keys of the others,
    /// which are in doubt.
    pub fn disconnect(&mut self, on_wire: impl IntoIterator<Item = impl Begun>, why: &str) -> Vec<u64> {
        self.connected = false;
        let offered = self.outbox.label_offered();
        let mut in_doubt = Vec::new();
        for label in on_wire {
            let key = label.key();
            if !label.is_whole() && offered < label.trigger() {
                self.tell(Event::NotTaken { key, why: Loss::NotSent });
            } else {
                in_doubt.push(key);
                self.tell(Event::InDoubt { key, why: Doubt::LineBroke(why.to_owned()) });
            }
        }
        self.refuse_in_hand();
        self.broke_in_doubt |= !in_doubt.is_empty();
        self.outbox = Outbox::default();
        self.timers = Timers::default();
        self.stalled = false;
        self.set_state(PrinterState::Offline);
        in_doubt
    }

    /// Labels not begun wait again.
    pub fn refuse_in_hand(&mut self) {
        while let Some(label) = self.in_hand.pop_front() {
            self.tell(Event::NotTaken { key: label.key, why: Loss::NotSent });
        }
    }

    /// The line took so many bytes; what the piece was, if that was its end. `suspect`: the printer does not answer.
    pub fn wrote(&mut self, taken: usize, suspect: bool, now: Duration) -> Option<Carried> {
        let ended = self.outbox.wrote(taken, now);
        if taken > 0 && std::mem::take(&mut self.stalled) && self.state == PrinterState::Stalled {
            self.set_state(if suspect { PrinterState::NotAnswering } else { PrinterState::Unknown });
        }
        ended
    }

    pub fn check_stall(&mut self, now: Duration) {
        let Some(since) = self.outbox.waiting_since() else { return };
        if !self.stalled && since + self.rules.stall <= now {
            self.stalled = true;
            // What it said stops it says why it takes nothing.
            if !matches!(self.state, PrinterState::Stopped(_)) {
                self.set_state(PrinterState::Stalled);
            }
        } else if self.stalled && since + self.rules.stall_max <= now {
            self.outbox.waits_from(now);
            self.tell(Event::HangUp);
        }
    }

    /// When a timer, or the line's taking nothing, is to be looked at.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let patience = if self.stalled { self.rules.stall_max } else { self.rules.stall };
        let stall = self.outbox.waiting_since().map(|since| since + patience);
        stall.into_iter().chain(self.timers.next()).min()
    }
}

/// What is waited for. The table in the header says when each is set and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    Ask,
    Answer,
    Evidence,
    Certify,
    Word,
    Silent,
}

impl Timer {
    const MANY: usize = Timer::Silent as usize + 1;
    /// Those that wake the conversation.
    const WAKING: [Timer; 3] = [Timer::Ask, Timer::Answer, Timer::Evidence];
}

/// When each timer is due, if it is set.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Duration>; Timer::MANY]);

impl Timers {
    pub fn set(&mut self, timer: Timer, at: Duration) {
        self.0[timer as usize] = Some(at);
    }

    pub fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// Sets it, or clears it with `None`.
    pub fn put(&mut self, timer: Timer, at: Option<Duration>) {
        self.0[timer as usize] = at;
    }

    pub fn at(&self, timer: Timer) -> Option<Duration> {
        self.0[timer as usize]
    }

    pub fn is_set(&self, timer: Timer) -> bool {
        self.at(timer).is_some()
    }

    pub fn is_due(&self, timer: Timer, now: Duration) -> bool {
        self.at(timer).is_some_and(|at| at <= now)
    }

    /// Whether it is set and not yet due.
    pub fn runs(&self, timer: Timer, now: Duration) -> bool {
        self.at(timer).is_some_and(|at| at > now)
    }

    fn next(&self) -> Option<Duration> {
        Timer::WAKING.into_iter().filter_map(|timer| self.at(timer)).min()
    }
}

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
