//! The conversation with a ZPL printer: its answers say how much is left to print and how many labels it ever printed,
//! never which.
//!
//! | when | then |
//! |---|---|
//! | a label is given and nothing is known to stop the printer | its bytes leave at once; no answer is waited for |
//! | `window` labels are on the wire unconfirmed | no more is taken |
//! | a label has left | ~HS, ~HQES and the label counter are asked by turns, one question at a time |
//! | an answer comes | it belongs to the *oldest* open question of its kind, so a late answer can only be too modest; one that was not asked for is dropped |
//! | the counter rose, nothing stopped the printer, the counter said so again | so many labels are **printed**; no single reply is ever believed, it may be garbled |
//! | whether anything stops it | is for ~HQES to say where it is known, for ~HS of a jam says nothing; a gap of 1.5 s between two such answers counts as a stop |
//! | there is no counter | by ~HS: a label is **printed** when the printer had all of it, did not count it among its formats in two readings, and has since worked undisturbed for the time of a label for each that may still be before it. The manual does not say whether ~HS counts the label under the head, and firmware may draw the next one meanwhile: two labels are taken to be hidden, behind the first of a connection as well |
//! | the printer stopped, or fell silent | the counter may have counted a torn label or a feed: until nothing is on the wire and it is read anew, only the rule above counts |
//! | a counter was never seen to rise with our labels | it is not used |
//! | ~HS is not answered | ~HQES is asked; nothing new is begun. Labels on the wire stay, the printer prints the interrupted one again itself (^JZY), we never do |
//! | stopped | asked gently, 1 s growing to 5 s, until it is ready; then on with the next label |
//! | nothing was ever answered | silent: labels are **sent** when their last byte is handed over. A later answer changes that |
//! | the line breaks | no byte that makes it print was offered: not taken. Else **in doubt** |
//! | the line is back and the counter was known | labels in doubt are settled: it did not move and the buffers are empty: not taken. It moved, and the stored graphics prove that the power was not cut: printed |
//! | the line cannot show a power cut (serial) and the printer fell silent | empty buffers prove nothing: in doubt, unless counter or stored graphics say more |
//! | calm and quiet, and the counter did not move | the printer lost the label: not taken |
//! | nothing is on the wire and nothing is open | no timer |

mod asking;
mod evidence;
mod labels;
mod questions;

use super::doubts::{Doubts, Memory};
use super::outbox::{Carried, Outbox};
use super::{Answers, Counter, Doubt, Event, Evidence, InHand, Loss, OnWire, PrinterState, Profile, Rules};
use crate::language::Encoded;
use crate::language::zpl::status::ReplyReader;
use asking::Asking;
use evidence::Witness;
use questions::{Kind, Questions};
use std::collections::VecDeque;
use std::time::Duration;

/// The conversation with one printer.
#[derive(Debug)]
pub struct Conversation {
    rules: Rules,
    profile: Profile,
    state: PrinterState,
    connected: bool,
    in_hand: VecDeque<InHand>,
    on_wire: VecDeque<OnWire>,
    /// Labels begun on this connection.
    begun: u64,
    outbox: Outbox,
    reader: ReplyReader,
    questions: Questions,
    witness: Witness,
    memory: Memory,
    doubts: Option<Doubts>,
    /// The line broke with labels on it, and nothing was printed since: it must prove itself before the next label.
    broke_in_doubt: bool,
    asking: Asking,
    events: VecDeque<Event>,
}

impl Conversation {
    pub fn new(rules: Rules, profile: Profile) -> Conversation {
        let witness = Witness::new(rules.label_time, rules.line_shows_power);
        Conversation {
            rules,
            profile,
            state: PrinterState::Offline,
            connected: false,
            in_hand: VecDeque::new(),
            on_wire: VecDeque::new(),
            begun: 0,
            outbox: Outbox::default(),
            reader: ReplyReader::default(),
            questions: Questions::default(),
            witness,
            memory: Memory::default(),
            doubts: None,
            broke_in_doubt: false,
            asking: Asking::default(),
            events: VecDeque::new(),
        }
    }

    pub fn state(&self) -> &PrinterState {
        &self.state
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Labels given to us whose end is not known.
    pub fn open(&self) -> usize {
        self.in_hand.len() + self.on_wire.len()
    }

    /// Whether another label may be given.
    pub fn has_room(&self) -> bool {
        self.connected && self.doubts.is_none() && self.open() < self.rules.window
    }

    pub fn print(&mut self, key: u64, encoded: Encoded, now: Duration) {
        if !self.connected {
            self.events.push_back(Event::NotTaken { key, why: Loss::NotSent });
            return;
        }
        self.in_hand.push_back(InHand { key, encoded });
        self.begin_next(now);
        self.plan(now);
    }

    /// Writes a command that is neither label nor question. It may feed media, which the counter may count.
    pub fn say(&mut self, bytes: Vec<u8>, now: Duration) {
        if self.connected {
            self.witness.stop();
            self.outbox.push(bytes, Carried::Words, now);
        }
    }

    /// The line is open.
    pub fn handle_connected(&mut self, now: Duration) {
        self.connected = true;
        self.begun = 0;
        self.outbox = Outbox::default();
        self.reader.reset();
        self.questions = Questions::default();
        self.witness = Witness::new(self.rules.label_time, self.rules.line_shows_power);
        self.asking = Asking { certify_until: now + self.rules.label_time * 10, ..Asking::default() };
        // What the line hid from us, a power cut may have taken.
        self.memory.out_of_sight();
        self.events.push_back(Event::MemoryLost);
        // Whoever wrote before us may have been cut off inside a format: ~JX cancels the one being received.
        self.outbox.push(b"~JX".to_vec(), Carried::Words, now);
        let silent = !self.rules.ask || self.profile.status == Answers::Silent;
        self.set_state(if silent { PrinterState::Silent } else { PrinterState::Unknown });
        if self.rules.ask {
            self.ask(Kind::Status, now);
        }
    }

    /// The printer wrote.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        if !self.rules.ask {
            return;
        }
        self.reader.feed(bytes);
        while let Some(reply) = self.reader.poll() {
            self.hear(reply, now);
        }
        self.begin_next(now);
        self.plan(now);
    }

    /// It is now that time.
    pub fn handle_timeout(&mut self, now: Duration) {
        if !self.connected {
            return;
        }
        if let Some(kind) = self.questions.overdue(now) {
            self.missed(kind, now);
        }
        self.check_stall(now);
        self.check_evidence(now);
        let free = self.questions.not_before().is_none_or(|until| until <= now);
        if self.asking.at.is_some_and(|at| at <= now) {
            self.asking.at = self.questions.not_before().filter(|_| !free);
            if free && self.wants_answers(now) && self.questions.may_ask() && !self.outbox.holds_words() {
                let kind = self.next_kind();
                self.ask(kind, now);
            }
        }
        self.begin_next(now);
        self.plan(now);
    }

    /// The line is gone; `why` in a few words.
    pub fn handle_disconnect(&mut self, why: &str) {
        if !self.connected {
            return;
        }
        self.connected = false;
        // What makes a label print is its last ^XZ: if that was never offered to the line, it cannot come out.
        let offered = self.outbox.label_offered();
        let mut keys = Vec::new();
        for label in self.on_wire.drain(..) {
            if !label.whole && offered < label.trigger {
                self.events.push_back(Event::NotTaken { key: label.key, why: Loss::NotSent });
            } else {
                keys.push(label.key);
                self.events.push_back(Event::InDoubt { key: label.key, why: Doubt::LineBroke(why.to_owned()) });
            }
        }
        for label in self.in_hand.drain(..) {
            self.events.push_back(Event::NotTaken { key: label.key, why: Loss::NotSent });
        }
        self.broke_in_doubt |= !keys.is_empty();
        if !keys.is_empty() {
            let none_out = self.witness.count_now().filter(|_| self.profile.counter == Counter::Counts);
            self.doubts = none_out.map(|count| Doubts::new(keys, count, self.witness.tainted()));
        }
        self.outbox = Outbox::default();
        self.asking = Asking::default();
        self.questions = Questions::default();
        self.set_state(PrinterState::Offline);
    }

    /// Bytes to write now. What of them was taken is told by `wrote`.
    pub fn poll_write(&mut self) -> Option<&[u8]> {
        self.outbox.offer()
    }

    pub fn left_of_label(&self) -> Option<usize> {
        self.outbox.left_of_label()
    }

    /// So many of the bytes of the last `poll_write` were taken by the line.
    pub fn wrote(&mut self, taken: usize, now: Duration) {
        let left = self.outbox.wrote(taken, now);
        match left {
            Some(Carried::Label) => self.label_left(now),
            Some(Carried::Question) => {
                let patience = self.patience();
                self.questions.written(now, patience);
            }
            Some(Carried::Words) | None => {}
        }
        if left.is_some() && self.outbox.question_is_next() {
            self.questions.came_up(now);
        }
        if taken > 0 && self.asking.stalled {
            self.asking.stalled = false;
            if self.state == PrinterState::Stalled {
                self.set_state(if self.asking.suspect { PrinterState::NotAnswering } else { PrinterState::Unknown });
            }
        }
        self.begin_next(now);
        self.plan(now);
    }

    /// Whether a printer that is reached again could settle labels in doubt.
    pub fn has_doubts(&self) -> bool {
        self.doubts.is_some()
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When `handle_timeout` wants to be called; `None`: not before something happens.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.connected {
            return None;
        }
        let stall = self
            .outbox
            .waiting_since()
            .map(|since| since + if self.asking.stalled { self.rules.stall_max } else { self.rules.stall });
        [self.questions.due(), self.asking.at, stall, self.asking.evidence_due].into_iter().flatten().min()
    }

    /// What was stored in the printer is gone: labels not begun may recall it, so they are encoded anew.
    fn lose_memory(&mut self) {
        self.events.push_back(Event::MemoryLost);
        for label in self.in_hand.drain(..) {
            self.events.push_back(Event::NotTaken { key: label.key, why: Loss::NotSent });
        }
    }

    fn silent(&self) -> bool {
        !self.rules.ask || self.profile.status == Answers::Silent
    }

    fn stopped(&self) -> bool {
        matches!(self.state, PrinterState::Stopped(_) | PrinterState::NotAnswering)
    }

    fn set_state(&mut self, state: PrinterState) {
        if self.state != state {
            self.state = state.clone();
            self.events.push_back(Event::StateChanged(state));
        }
    }

    fn learn(&mut self, change: impl FnOnce(&mut Profile)) {
        let before = self.profile.clone();
        change(&mut self.profile);
        if self.profile != before {
            self.events.push_back(Event::Learnt(self.profile.clone()));
        }
    }
}
