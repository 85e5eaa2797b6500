//! What every printer has, whatever its language: a mechanism, a wire, an odometer, and somebody who watches.
//!
//! The firmware of a language acts through this; it is handed in for every byte and every step.

use super::engine::{Cause, Engine, Piece};
use super::wire::Wire;
use super::{Answers, EVENTS_MAX, Ejected, Event, Label, Language, Settings};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Chassis {
    pub settings: Settings,
    pub powered: bool,
    pub engine: Engine<Arc<Label>>,
    pub odometer: u64,
    pub wire: Wire,
    pub events: VecDeque<Event>,
    pub now: Duration,
}

/// What a byte led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Nothing,
    /// Something may move now.
    Something,
    /// The host asked for power off and on.
    Restart,
}

impl Chassis {
    pub fn new(settings: Settings) -> Chassis {
        let inches = f64::from(settings.media.height.0) / settings.dpi.dots_per_mm() / 25.4;
        let engine = Engine::new(settings.speed, settings.start, settings.media.height, inches, settings.labels);
        Chassis {
            powered: true,
            engine,
            odometer: settings.odometer,
            wire: Wire::new(settings.faults),
            events: VecDeque::new(),
            now: Duration::ZERO,
            settings,
        }
    }

    /// How many bytes it takes when that many are held already.
    pub fn room(&self, held: usize) -> usize {
        let takes = self.powered && self.events.len() < EVENTS_MAX;
        if takes { self.settings.receive_buffer.saturating_sub(held) } else { 0 }
    }

    /// Whether an interrupted label is printed again, until the host says otherwise.
    pub fn reprints_at_power_up(&self) -> bool {
        match self.settings.language {
            // "^JZY is the value at each power-up" (ZPL II guide)
            Language::Zpl => true,
            Language::Tspl => self.settings.tspl.reprint,
            // What is not printed stays in the buffer.
            Language::EscPos => true,
        }
    }

    /// A piece left the slot.
    pub fn eject(&mut self, piece: Option<Piece<Arc<Label>>>) {
        let Some(Piece { label, whole, rows, copy, copies, at }) = piece else { return };
        self.odometer += u64::from(whole && label.counts());
        self.events.push_back(Event::Ejected(Ejected { label, whole, rows, copy, copies, at, odometer: self.odometer }));
    }

    /// Something stops the mechanism.
    pub fn stop(&mut self, cause: Cause) {
        let news = !self.engine.is(cause);
        let piece = self.engine.stop(cause, self.now);
        self.eject(piece);
        if news {
            self.events.push_back(Event::Stopped(cause));
        }
    }

    /// That is over.
    pub fn clear(&mut self, cause: Cause) {
        let was_in_error = self.engine.in_error();
        if !self.engine.clear(cause) {
            return;
        }
        if self.settings.pauses_after_error && was_in_error && !self.engine.in_error() {
            self.stop(Cause::Paused);
        }
        if self.engine.causes().is_empty() {
            self.events.push_back(Event::Resumed);
        }
    }

    pub fn reply(&mut self, reply: Vec<u8>) {
        if self.settings.answers != Answers::Nothing && !self.wire.send(reply, self.now) {
            self.refuse("reply".into(), "the host does not read its answers");
        }
    }

    /// On the host's word these will not come out.
    pub fn canceled(&mut self, labels: Vec<Arc<Label>>) {
        if !labels.is_empty() {
            self.events.push_back(Event::Canceled { labels });
        }
    }

    pub fn unknown(&mut self, command: String) {
        self.events.push_back(Event::Unknown { command });
    }

    pub fn refuse(&mut self, command: String, reason: impl Into<String>) {
        self.events.push_back(Event::Refused { command, reason: reason.into() });
    }

    pub fn garbage(&mut self, bytes: usize) {
        match self.events.back_mut() {
            Some(Event::Garbage { bytes: before }) => *before += bytes,
            _ => self.events.push_back(Event::Garbage { bytes }),
        }
    }

    /// Media that went through, in inches.
    pub fn inches_printed(&self) -> f64 {
        let inches = f64::from(self.settings.media.height.0) / self.settings.dpi.dots_per_mm() / 25.4;
        self.odometer as f64 * inches
    }
}
