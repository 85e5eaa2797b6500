//! The conversation with a printer that says a word of ours back when it comes to it.

use super::outbox::{Carried, Outbox};
use super::{Event, InHand, Loss, OnWire, PrinterState, Profile, Rules};
use crate::language::Encoded;
use std::collections::VecDeque;
use std::time::Duration;

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Tspl,
    EscPos,
}

#[derive(Debug)]
pub struct Conversation {
    rules: Rules,
    profile: Profile,
    state: PrinterState,
    connected: bool,
    in_hand: VecDeque<InHand>,
    on_wire: VecDeque<OnWire>,
    outbox: Outbox,
    events: VecDeque<Event>,
}

impl Conversation {
    pub fn new(_dialect: Dialect, rules: Rules, profile: Profile) -> Conversation {
        Conversation {
            rules,
            profile,
            state: PrinterState::Offline,
            connected: false,
            in_hand: VecDeque::new(),
            on_wire: VecDeque::new(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
        }
    }

    pub fn state(&self) -> &PrinterState {
        &self.state
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    pub fn open(&self) -> usize {
        self.in_hand.len() + self.on_wire.len()
    }

    pub fn has_room(&self) -> bool {
        self.connected && self.open() < self.rules.window
    }

    pub fn has_doubts(&self) -> bool {
        false
    }

    pub fn print(&mut self, key: u64, encoded: Encoded, now: Duration) {
        if !self.connected {
            self.events.push_back(Event::NotTaken { key, why: Loss::NotSent });
            return;
        }
        self.in_hand.push_back(InHand { key, encoded });
        self.begin_next(now);
    }

    pub fn say(&mut self, bytes: Vec<u8>, now: Duration) {
        if self.connected {
            self.outbox.push(bytes, Carried::Words, now);
        }
    }

    fn begin_next(&mut self, now: Duration) {
        if self.outbox.holds_label() {
            return;
        }
        let Some(InHand { key, encoded: Encoded { bytes, trigger } }) = self.in_hand.pop_front() else { return };
        self.on_wire.push_back(OnWire { key, trigger, whole: false });
        self.outbox.push(bytes, Carried::Label, now);
    }

    pub fn handle_connected(&mut self, _now: Duration) {
        self.connected = true;
        self.outbox = Outbox::default();
        self.state = PrinterState::Silent;
        self.events.push_back(Event::MemoryLost);
    }

    pub fn handle_bytes(&mut self, _bytes: &[u8], _now: Duration) {}

    pub fn handle_timeout(&mut self, _now: Duration) {}

    pub fn handle_disconnect(&mut self, why: &str) {
        self.connected = false;
        let offered = self.outbox.label_offered();
        for label in self.on_wire.drain(..) {
            self.events.push_back(if !label.whole && offered < label.trigger {
                Event::NotTaken { key: label.key, why: Loss::NotSent }
            } else {
                Event::InDoubt { key: label.key, why: super::Doubt::LineBroke(why.to_owned()) }
            });
        }
        self.outbox = Outbox::default();
        self.state = PrinterState::Offline;
    }

    pub fn poll_write(&mut self) -> Option<&[u8]> {
        self.outbox.offer()
    }

    pub fn left_of_label(&self) -> Option<usize> {
        self.outbox.left_of_label()
    }

    pub fn wrote(&mut self, taken: usize, now: Duration) {
        if let Some(Carried::Label) = self.outbox.wrote(taken, now) {
            while let Some(label) = self.on_wire.pop_front() {
                self.events.push_back(Event::Sent { key: label.key });
            }
        }
        self.begin_next(now);
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Duration> {
        None
    }
}
