//! The conversation with a ZPL printer: its answers say how much is left to print and how many labels it ever printed,
//! never which.
//!
//! | when | then |
//! |---|---|
//! | a label is given and nothing is known to stop the printer | its bytes leave at once; no answer is waited for |
//! | `window` labels are on the wire unconfirmed | no more is taken |
//! | a label has left | ~HS, ~HQES and the label counter are asked by turns, one question at a time |
//! | a label is about to leave on a slow line | ~HQES first: the next answer comes behind the label |
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
mod power;
mod questions;

use super::doubts::Doubts;
use super::wire::{Carried, Timer, Wire};
use super::{Answers, Counter, Doubt, Event, Evidence, InHand, Loss, OnWire, PrinterState, Profile, Rules};
use crate::language::Encoded;
use crate::language::zpl::status::ReplyReader;
use asking::Asking;
use evidence::Witness;
use power::Memory;
use questions::{Kind, Questions};
use std::collections::VecDeque;
use std::time::Duration;

/// The conversation with one printer.
#[derive(Debug)]
pub struct Conversation {
    wire: Wire,
    on_wire: VecDeque<OnWire>,
    reader: ReplyReader,
    questions: Questions,
    witness: Witness,
    memory: Memory,
    doubts: Option<Doubts>,
    asking: Asking,
}

impl Conversation {
    pub fn new(rules: Rules, profile: Profile) -> Conversation {
        Conversation {
            witness: Witness::new(rules.label_time, rules.line_shows_power),
            wire: Wire::new(rules, profile),
            on_wire: VecDeque::new(),
            reader: ReplyReader::default(),
            questions: Questions::default(),
            memory: Memory::default(),
            doubts: None,
            asking: Asking::default(),
        }
    }

    pub fn state(&self) -> &PrinterState {
        &self.wire.state
    }

    pub fn profile(&self) -> &Profile {
        &self.wire.profile
    }

    /// Labels given to us whose end is not known.
    pub fn open(&self) -> usize {
        self.wire.in_hand.len() + self.on_wire.len()
    }

    /// Whether another label may be given.
    pub fn has_room(&self) -> bool {
        self.wire.connected && self.doubts.is_none() && self.open() < self.wire.rules.window
    }

    pub fn print(&mut self, key: u64, encoded: Encoded, now: Duration) {
        if !self.wire.connected {
            self.wire.tell(Event::NotTaken { key, why: Loss::NotSent });
            return;
        }
        self.wire.in_hand.push_back(InHand { key, encoded });
        self.begin_next(now);
        self.plan(now);
    }

    /// Writes a command that is neither label nor question. It may feed media, which the counter may count.
    pub fn say(&mut self, bytes: Vec<u8>, now: Duration) {
        if self.wire.connected {
            self.witness.stop();
            self.wire.outbox.push(bytes, Carried::Words, now);
        }
    }

    /// The line is open.
    pub fn handle_connected(&mut self, now: Duration) {
        self.wire.connect();
        self.reader.reset();
        self.questions = Questions::default();
        self.witness = Witness::new(self.wire.rules.label_time, self.wire.rules.line_shows_power);
        self.asking = Asking::default();
        self.wire.timers.set(Timer::Certify, now + self.wire.rules.label_time * 10);
        // What the line hid from us, a power cut may have taken.
        self.memory.out_of_sight();
        // Whoever wrote before us may have been cut off inside a format: ~JX cancels the one being received.
        self.wire.outbox.push(b"~JX".to_vec(), Carried::Words, now);
        if self.wire.rules.ask {
            self.ask(Kind::Status, now);
        }
    }

    /// The printer wrote.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        if !self.wire.rules.ask {
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
        if !self.wire.connected {
            return;
        }
        if self.wire.timers.is_due(Timer::Answer, now) {
            self.wire.timers.clear(Timer::Answer);
            if let Some(kind) = self.questions.give_up() {
                self.missed(kind, now);
            }
        }
        self.wire.check_stall(now);
        self.check_evidence(now);
        if self.wire.timers.is_due(Timer::Ask, now) {
            let not_before = self.questions.not_before().filter(|until| *until > now);
            self.wire.timers.put(Timer::Ask, not_before);
            if not_before.is_none() && self.wants_answers(now) && self.questions.may_ask() && !self.wire.outbox.holds_words() {
                let kind = self.next_kind();
                self.ask(kind, now);
            }
        }
        self.begin_next(now);
        self.plan(now);
    }

    /// The line is gone; `why` in a few words.
    pub fn handle_disconnect(&mut self, why: &str) {
        if !self.wire.connected {
            return;
        }
        let keys = self.wire.disconnect(self.on_wire.drain(..), why);
        if !keys.is_empty() {
            let none_out = self.witness.count_now().filter(|_| self.wire.profile.counter == Counter::Counts);
            self.doubts = none_out.map(|count| Doubts::new(keys, count, self.witness.tainted()));
        }
        self.asking = Asking::default();
        self.questions = Questions::default();
    }

    /// Bytes to write now. What of them was taken is told by `wrote`.
    pub fn poll_write(&mut self) -> Option<&[u8]> {
        self.wire.outbox.offer()
    }

    pub fn left_of_label(&self) -> Option<usize> {
        self.wire.outbox.left_of_label()
    }

    /// So many of the bytes of the last `poll_write` were taken by the line.
    pub fn wrote(&mut self, taken: usize, now: Duration) {
        let left = self.wire.wrote(taken, self.asking.suspect, now);
        match left {
            Some(Carried::Label) => self.label_left(now),
            Some(Carried::Question) if !self.questions.may_ask() => {
                self.wire.timers.set(Timer::Answer, now + self.patience());
            }
            Some(Carried::Question | Carried::Words) | None => {}
        }
        if left.is_some() && self.wire.outbox.question_is_next() {
            self.questions.came_up(now);
        }
        self.begin_next(now);
        self.plan(now);
    }

    /// Whether a printer that is reached again could settle labels in doubt.
    pub fn has_doubts(&self) -> bool {
        self.doubts.is_some()
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.wire.poll_event()
    }

    /// When `handle_timeout` wants to be called; `None`: not before something happens.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.wire.connected {
            return None;
        }
        self.wire.poll_timeout()
    }

    /// What was stored in the printer is gone: labels not begun may recall it, so they are encoded anew.
    fn lose_memory(&mut self) {
        self.wire.tell(Event::MemoryLost);
        self.wire.refuse_in_hand();
    }
}
