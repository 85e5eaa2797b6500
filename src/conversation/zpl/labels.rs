//! Labels on their way: begun, left, printed, sent, lost or left in doubt.

use super::asking::PAUSE_MIN;
use super::power::Verdict;
use super::questions::Kind;
use super::{Carried, Conversation, Counter, Doubt, Event, InHand, Loss, OnWire, Timer};
use crate::language::Encoded;
use std::time::Duration;

/// How often a silent printer is given another chance, when there is something to print.
pub(super) const SILENT_AGAIN: Duration = Duration::from_secs(60);
/// A counter read longer ago is read again before the first label: somebody else may have printed.
const COUNT_FRESH: Duration = Duration::from_secs(1);

impl Conversation {
    /// Begins the next label, if one is in hand and nothing speaks against it.
    pub(super) fn begin_next(&mut self, now: Duration) {
        if self.wire.in_hand.is_empty() || self.wire.outbox.holds_label() || !self.may_begin() {
            return;
        }
        self.check_opening_count(now);
        let Some(InHand { key, encoded: Encoded { bytes, trigger } }) = self.wire.in_hand.pop_front() else { return };
        if self.on_wire.is_empty() {
            self.witness.watch(now);
        }
        self.wire.begun += 1;
        self.on_wire.push_back(OnWire { key, trigger, whole: false });
        self.wire.outbox.push(bytes, Carried::Label, now);
        self.asking.draining |= self.counter_wanted() && self.on_wire.len() >= self.wire.rules.window;
    }

    pub(super) fn may_begin(&self) -> bool {
        let proven = self.asking.heard || !self.wire.broke_in_doubt;
        self.wire.silent()
            || (proven && !self.wire.stopped() && !self.asking.suspect && !self.asking.draining && !self.witness.unsure())
    }

    /// Somebody else may have printed since the counter was read: it is asked again, ahead of the first label.
    pub(super) fn check_opening_count(&mut self, now: Duration) {
        let idle = self.on_wire.is_empty() && self.witness.has_count();
        if idle && !self.wire.silent() && !self.witness.counted_since(now.saturating_sub(COUNT_FRESH)) {
            if self.questions.may_ask() && !self.wire.outbox.holds_words() {
                self.witness.expect_opening(self.wire.begun);
                self.ask(Kind::Counter, now);
            } else {
                self.witness.forget_count();
            }
        }
    }

    /// The last byte of the label in the outbox was taken.
    pub(super) fn label_left(&mut self, now: Duration) {
        if let Some(label) = self.on_wire.back_mut() {
            label.whole = true;
        }
        if self.wire.silent() {
            self.send_all();
            if self.wire.rules.ask && !self.wire.timers.runs(Timer::Silent, now) {
                self.ask(Kind::Status, now);
            }
            return;
        }
        self.asking.pause = PAUSE_MIN;
        self.wire.timers.set(Timer::Ask, now);
        self.renew_evidence_limit(now);
    }

    /// The printer cannot confirm: what has left it is sent.
    pub(super) fn send_all(&mut self) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.whole) {
            self.wire.tell(Event::Sent { key: label.key });
        }
        self.wire.timers.clear(Timer::Evidence);
        self.asking.draining = false;
        self.witness.write_off(self.wire.begun - self.on_wire.len() as u64);
    }

    /// Tells of the labels that evidence shows to be out.
    pub(super) fn settle_printed(&mut self, now: Duration) {
        let gone = self.wire.begun - self.on_wire.len() as u64;
        let (out, evidence) = self.witness.out(self.wire.profile.counter == Counter::Counts);
        for _ in gone..out {
            let Some(label) = self.on_wire.pop_front_if(|label| label.whole) else { break };
            self.wire.tell(Event::Printed { key: label.key, evidence });
            self.wire.broke_in_doubt = false;
            self.asking.pause = PAUSE_MIN;
            self.wire.timers.set(Timer::Ask, now);
            self.renew_evidence_limit(now);
            self.wire.timers.set(Timer::Certify, now + self.wire.rules.label_time * 10);
        }
        self.asking.draining &= !self.on_wire.is_empty() || (self.counter_wanted() && self.wire.timers.runs(Timer::Certify, now));
    }

    /// Labels that the printer had, and that will not come any more by all it says.
    pub(super) fn settle_lost(&mut self, now: Duration) {
        let sent = self.on_wire.iter().filter(|label| label.whole).count() as u64;
        let all = self.wire.begun - self.on_wire.len() as u64 + sent;
        if sent == 0 || !self.witness.all_quiet(all) {
            return;
        }
        let why = match self.witness.verdict(all, self.wire.profile.counter == Counter::Counts) {
            None => return,
            Some(Verdict::NoneCameOut) => None,
            Some(Verdict::Unclear) if self.witness.unsure() => Some(Doubt::OutOfSight),
            Some(_) => Some(Doubt::SomeCameOut),
        };
        if self.witness.unsure() {
            self.lose_memory();
        }
        self.give_up(why, now);
    }

    /// The labels that have left are in doubt, or not taken when there is none.
    pub(super) fn give_up(&mut self, doubt: Option<Doubt>, now: Duration) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.whole) {
            self.wire.tell(match &doubt {
                Some(why) => Event::InDoubt { key: label.key, why: why.clone() },
                None => Event::NotTaken { key: label.key, why: Loss::DidNotComeOut },
            });
        }
        self.witness.write_off(self.wire.begun - self.on_wire.len() as u64);
        self.wire.timers.clear(Timer::Evidence);
        self.wire.timers.set(Timer::Certify, now + self.wire.rules.label_time * 10);
    }

    pub(super) fn renew_evidence_limit(&mut self, now: Duration) {
        let waits = !self.wire.silent() && self.on_wire.iter().any(|label| label.whole);
        let due = waits.then(|| now + self.wire.rules.evidence_max + self.wire.rules.label_time * 4);
        self.wire.timers.put(Timer::Evidence, due);
    }

    pub(super) fn check_evidence(&mut self, now: Duration) {
        if !self.wire.timers.is_due(Timer::Evidence, now) {
            return;
        }
        if self.wire.stopped() || self.asking.suspect {
            return self.renew_evidence_limit(now);
        }
        // A format cut short would hold up the printer for ever.
        self.wire.outbox.push(b"~JX".to_vec(), Carried::Words, now);
        self.give_up(Some(Doubt::NoEvidence), now);
    }
}
