//! Labels on their way: begun, left, printed, sent, lost or left in doubt.

use super::asking::PAUSE_MIN;
use super::questions::Kind;
use super::{Carried, Conversation, Counter, Doubt, Event, InHand, Loss, OnWire, PrinterState};
use crate::conversation::doubts::Verdict;
use crate::language::Encoded;
use std::time::Duration;

/// How often a silent printer is given another chance, when there is something to print.
const SILENT_AGAIN: Duration = Duration::from_secs(60);
/// A counter read longer ago is read again before the first label: somebody else may have printed.
const COUNT_FRESH: Duration = Duration::from_secs(1);

impl Conversation {
    /// Begins the next label, if one is in hand and nothing speaks against it.
    pub(super) fn begin_next(&mut self, now: Duration) {
        if self.in_hand.is_empty() || self.outbox.holds_label() || !self.may_begin() {
            return;
        }
        self.check_opening_count(now);
        let Some(InHand { key, encoded: Encoded { bytes, trigger } }) = self.in_hand.pop_front() else { return };
        if self.on_wire.is_empty() {
            self.witness.watch(now);
        }
        self.begun += 1;
        self.on_wire.push_back(OnWire { key, trigger, whole: false });
        self.outbox.push(bytes, Carried::Label, now);
        self.asking.draining |= self.counter_wanted() && self.on_wire.len() >= self.rules.window;
    }

    pub(super) fn may_begin(&self) -> bool {
        let proven = self.asking.heard || !self.broke_in_doubt;
        self.silent() || (proven && !self.stopped() && !self.asking.suspect && !self.asking.draining && !self.witness.unsure())
    }

    /// Somebody else may have printed since the counter was read: it is asked again, ahead of the first label.
    pub(super) fn check_opening_count(&mut self, now: Duration) {
        let idle = self.on_wire.is_empty() && self.witness.has_count();
        if idle && !self.silent() && !self.witness.counted_since(now.saturating_sub(COUNT_FRESH)) {
            if self.questions.may_ask() && !self.outbox.holds_words() {
                self.witness.expect_opening(self.begun);
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
        if self.silent() {
            self.send_all();
            let again = self.asking.silent_asked.is_none_or(|at| at + SILENT_AGAIN <= now);
            if self.rules.ask && again {
                self.ask(Kind::Status, now);
            }
            return;
        }
        self.asking.pause = PAUSE_MIN;
        self.asking.at = Some(now);
        self.renew_evidence_limit(now);
    }

    /// The printer cannot confirm: what has left it is sent.
    pub(super) fn send_all(&mut self) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.whole) {
            self.events.push_back(Event::Sent { key: label.key });
        }
        self.asking.evidence_due = None;
        self.asking.draining = false;
        self.witness.write_off(self.begun - self.on_wire.len() as u64);
    }

    /// Tells of the labels that evidence shows to be out.
    pub(super) fn settle_printed(&mut self, now: Duration) {
        let gone = self.begun - self.on_wire.len() as u64;
        let (out, evidence) = self.witness.out(self.profile.counter == Counter::Counts);
        for _ in gone..out {
            let Some(label) = self.on_wire.pop_front_if(|label| label.whole) else { break };
            self.events.push_back(Event::Printed { key: label.key, evidence });
            self.broke_in_doubt = false;
            self.asking.pause = PAUSE_MIN;
            self.asking.at = Some(now);
            self.renew_evidence_limit(now);
            self.asking.certify_until = now + self.rules.label_time * 10;
        }
        self.asking.draining &= !self.on_wire.is_empty() || (self.counter_wanted() && now < self.asking.certify_until);
    }

    /// Labels that the printer had, and that will not come any more by all it says.
    pub(super) fn settle_lost(&mut self, now: Duration) {
        let sent = self.on_wire.iter().filter(|label| label.whole).count() as u64;
        let all = self.begun - self.on_wire.len() as u64 + sent;
        if sent == 0 || !self.witness.all_quiet(all) {
            return;
        }
        let why = match self.witness.verdict(all, self.profile.counter == Counter::Counts) {
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
            self.events.push_back(match &doubt {
                Some(why) => Event::InDoubt { key: label.key, why: why.clone() },
                None => Event::NotTaken { key: label.key, why: Loss::DidNotComeOut },
            });
        }
        self.witness.write_off(self.begun - self.on_wire.len() as u64);
        self.asking.evidence_due = None;
        self.asking.certify_until = now + self.rules.label_time * 10;
    }

    pub(super) fn renew_evidence_limit(&mut self, now: Duration) {
        let waits = !self.silent() && self.on_wire.iter().any(|label| label.whole);
        self.asking.evidence_due = waits.then(|| now + self.rules.evidence_max + self.rules.label_time * 4);
    }

    pub(super) fn check_evidence(&mut self, now: Duration) {
        if self.asking.evidence_due.is_none_or(|due| due > now) {
            return;
        }
        if self.stopped() || self.asking.suspect {
            return self.renew_evidence_limit(now);
        }
        // A format cut short would hold up the printer for ever.
        self.outbox.push(b"~JX".to_vec(), Carried::Words, now);
        self.give_up(Some(Doubt::NoEvidence), now);
    }

    pub(super) fn check_stall(&mut self, now: Duration) {
        let Some(since) = self.outbox.waiting_since() else { return };
        if !self.asking.stalled && since + self.rules.stall <= now {
            self.asking.stalled = true;
            // What it said stops it says why it takes nothing.
            if !matches!(self.state, PrinterState::Stopped(_)) {
                self.set_state(PrinterState::Stalled);
            }
        } else if self.asking.stalled && since + self.rules.stall_max <= now {
            self.outbox.waits_from(now);
            self.events.push_back(Event::HangUp);
        }
    }
}
