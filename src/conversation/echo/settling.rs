//! What becomes of labels: printed by their word, by the count or by a printer at rest; sent; or in doubt.

use super::asking::REST;
use super::{Carried, Conversation, Doubt, Echo, Event, Loss, OnWire, Timer};
use crate::conversation::doubts::Doubts;
use crate::conversation::{Counter, Evidence};
use crate::language::reading::Mark;
use std::collections::VecDeque;
use std::time::Duration;

/// What `@LABEL` has said, and behind how many labels it was asked.
#[derive(Debug, Default)]
pub(super) struct Counting {
    /// Words that carry a number, and how many labels had been begun when they were sent.
    asked: VecDeque<(Mark, u64)>,
    /// The word that came back last.
    word: Option<(Mark, u64)>,
    said: Option<Said>,
    /// A number said twice in a row with nothing on the wire, and the labels begun before.
    base: Option<(u64, u64)>,
    /// Numbers that agreed, as labels out since the base.
    out: u64,
    /// Words sent for the number alone since the last label.
    probes: u32,
    /// Words in a row that came back without a number.
    bare: u32,
}

/// A number, waiting to be said again.
#[derive(Debug, Clone, Copy)]
struct Said {
    count: u64,
    /// The labels it was asked behind.
    labels: u64,
    heard: Duration,
    /// It was asked since whether anything stops the printer, and nothing did: the number holds no torn label.
    vouched: bool,
}

/// Words remembered that did not come back.
const ASKED_MAX: usize = 16;
/// Words sent for the number alone behind one label.
const PROBES_MAX: u32 = 6;
/// Words sent again to a printer that rests.
const WORDS_MAX: u32 = 3;
/// Words that come back without a number: it has no counter.
const BARE_MAX: u32 = 3;

impl Counting {
    pub fn asked_behind(&mut self, mark: Mark, labels: u64) {
        if self.asked.len() == ASKED_MAX {
            self.asked.pop_front();
        }
        self.asked.push_back((mark, labels));
    }

    pub fn label_begun(&mut self) {
        self.probes = 0;
    }

    /// Nothing stopped the printer when that was asked.
    pub fn vouch(&mut self, asked: Duration) {
        if let Some(said) = &mut self.said {
            said.vouched |= said.heard <= asked;
        }
    }

    /// The number may have counted a torn label, or is another printer's.
    pub fn doubt(&mut self) {
        self.base = None;
        self.said = None;
    }
}

impl Conversation {
    /// The last byte of the label in the outbox was taken.
    pub(super) fn label_left(&mut self, now: Duration) {
        if let Some(label) = self.on_wire.back_mut() {
            label.left = Some(now);
        }
        if self.wire.silent() {
            self.send_all();
            return self.ask_silent_again(now);
        }
        self.look_closely(now);
        self.renew_evidence(now);
    }

    /// When the first label on the wire counts as sent by a printer that says no words.
    pub(super) fn due_as_sent(&self) -> Option<Duration> {
        let left = self.on_wire.front()?.left?;
        let says_only_how_it_stands = self.wire.profile.echo == Echo::No && !self.wire.silent();
        let works = !self.wire.stopped() && !self.asking.suspect && self.asking.stops == 0 && !self.asking.offline;
        let answered = self.asking.looked.is_some_and(|looked| looked >= left);
        (says_only_how_it_stands && works && answered).then(|| left.max(self.asking.head_free) + self.wire.rules.usual_time)
    }

    pub(super) fn check_sent(&mut self, now: Duration) {
        while let Some(due) = self.due_as_sent().filter(|due| *due <= now) {
            let Some(label) = self.on_wire.pop_front() else { break };
            self.asking.head_free = due;
            self.tell_sent(label);
            self.renew_evidence(now);
        }
    }

    /// The printer cannot confirm: what has left it is sent.
    pub(super) fn send_all(&mut self) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.left.is_some()) {
            self.tell_sent(label);
        }
        self.wire.timers.clear(Timer::Evidence);
    }

    fn tell_sent(&mut self, OnWire { key, stopped_in, hidden, .. }: OnWire) {
        // It was seen to stop, or not seen at all: that much it did say.
        self.wire.tell(if stopped_in.is_some() && !self.dialect.prints_again() {
            Event::InDoubt { key, why: Doubt::StoppedInIt }
        } else if hidden {
            Event::InDoubt { key, why: Doubt::OutOfSight }
        } else {
            Event::Sent { key }
        });
    }

    /// Sends a word that belongs to no label: what comes back was said behind all labels before it.
    pub(super) fn send_word(&mut self, now: Duration) {
        let mark = self.new_mark(self.wire.begun.wrapping_add(1 << 40));
        self.wire.outbox.push(self.dialect.ask_echo(mark), Carried::Words, now);
        self.counting.asked_behind(mark, self.wire.begun);
        self.counting.probes += 1;
    }

    pub(super) fn hear_word(&mut self, mark: Mark, now: Duration) {
        let Some(at) = self.counting.asked.iter().position(|(asked, _)| *asked == mark) else { return };
        let (_, labels) = self.counting.asked[at];
        self.counting.asked.drain(..=at);
        self.counting.bare = if self.counting.word.replace((mark, labels)).is_some() { self.counting.bare + 1 } else { 0 };
        if self.counting.bare >= BARE_MAX && self.wire.profile.counter == Counter::Unknown {
            self.wire.learn(|profile| profile.counter = Counter::No);
        }
        if !matches!(self.wire.profile.echo, Echo::Before | Echo::After | Echo::Heard(_)) {
            let says = if self.dialect.says_it_after() { Echo::After } else { Echo::Heard(0) };
            self.wire.learn(|profile| profile.echo = says);
        }
        let gone = self.wire.begun - self.on_wire.len() as u64;
        let come_to = |label: &OnWire, number: u64| number <= labels && label.left.is_some() && label.echoed.is_none();
        for (label, number) in self.on_wire.iter_mut().zip(gone + 1..) {
            if come_to(label, number) {
                label.echoed = Some(now);
                label.own_word = label.mark == mark;
                label.hidden &= !label.own_word;
                self.asking.rested = None;
            }
        }
        self.asking.words_again = 0;
        self.wire.timers.clear(Timer::Word);
        self.look_closely(now);
        self.renew_evidence(now);
        if self.wire.profile.echo == Echo::After {
            self.settle_echoed(Evidence::Echo, now);
        }
    }

    /// All labels that were come to are out, or in doubt where that proves nothing.
    pub(super) fn settle_echoed(&mut self, evidence: Evidence, now: Duration) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.echoed.is_some()) {
            let key = label.key;
            // Its word was lost: the stop may have been in the one behind it.
            if let (Some(at), false, Some(next)) = (label.stopped_in, label.own_word, self.on_wire.front_mut())
                && next.left.is_some_and(|left| left <= at)
            {
                next.stopped_in.get_or_insert(at);
            }
            let own = label.own_word && evidence == Evidence::Echo;
            self.wire.tell(if label.stopped_in.is_some() && !self.dialect.prints_again() {
                Event::InDoubt { key, why: Doubt::StoppedInIt }
            } else if label.hidden && !own {
                Event::InDoubt { key, why: Doubt::OutOfSight }
            } else {
                Event::Printed { key, evidence }
            });
            self.wire.broke_in_doubt = false;
            self.look_closely(now);
            self.renew_evidence(now);
        }
    }

    /// The printer has said twice that it rests.
    pub(super) fn settle_at_rest(&mut self, now: Duration) {
        if matches!(self.wire.profile.echo, Echo::Heard(_) | Echo::Before) {
            self.settle_echoed(Evidence::Rest, now);
        }
        let Some(left) = self.on_wire.iter().filter_map(|label| label.left).max() else { return };
        if self.wire.profile.echo == Echo::No {
            if self.dialect.says_that_it_rests() && self.asking.rested.is_some_and(|since| since >= left) {
                self.send_all();
            }
            return;
        }
        if now < left + self.wire.rules.label_time {
            return;
        }
        // It had the time of a label, rests and says nothing.
        if self.wire.profile.echo == Echo::Unknown && self.asking.words_again == WORDS_MAX {
            self.wire.learn(|profile| profile.echo = Echo::No);
            self.doubts = None;
            self.send_all();
        } else {
            self.ask_word_again(now);
        }
    }

    /// A word did not come back from a printer that rests: another is sent, then its labels are in doubt.
    fn ask_word_again(&mut self, now: Duration) {
        if self.wire.timers.runs(Timer::Word, now) || !self.says_words() {
            return;
        }
        if self.asking.words_again < WORDS_MAX {
            self.asking.words_again += 1;
            self.wire.timers.set(Timer::Word, now + self.wire.rules.patience);
            self.send_word(now);
        } else {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.left.is_some()) {
            self.wire.tell(Event::InDoubt { key: label.key, why: Doubt::NoEvidence });
        }
        self.wire.timers.clear(Timer::Evidence);
        self.asking.words_again = 0;
        self.wire.timers.clear(Timer::Word);
    }

    pub(super) fn hear_count(&mut self, count: u64, now: Duration) {
        let Some((_, labels)) = self.counting.word.take() else { return };
        if self.wire.profile.counter == Counter::Unknown {
            self.wire.learn(|profile| profile.counter = Counter::Answers);
        }
        let Some(said) = self.counting.said.filter(|said| said.vouched) else {
            match &mut self.counting.said {
                Some(said) => said.count = said.count.min(count),
                None => self.counting.said = Some(Said { count, labels, heard: now, vouched: false }),
            }
            return;
        };
        self.counting.said = Some(Said { count, labels, heard: now, vouched: false });
        if let Some((base, out)) = self.counting.base {
            let risen = said.count.min(count).saturating_sub(base);
            if out + risen > said.labels {
                // Somebody else prints on this printer, or the number is garbled.
                self.counting.doubt();
            } else if self.wire.profile.counter == Counter::Counts {
                self.counting.out = self.counting.out.max(out + risen);
                self.settle_counted(now);
            }
        }
        // Both numbers were said by a printer at rest.
        let at_rest = self.asking.rested.is_some_and(|since| since + REST <= now && since <= said.heard);
        let all = labels == self.wire.begun && said.labels == labels && self.on_wire.is_empty();
        if said.count == count && all && at_rest {
            self.certify(count);
            self.settle_doubts(count, now);
        }
    }

    /// Nothing is on the wire and the number was said twice: what it says is held against what we know.
    fn certify(&mut self, count: u64) {
        let before = self.counting.base.replace((count, self.wire.begun));
        let Some((base, out)) = before.filter(|(_, out)| *out < self.wire.begun) else { return };
        let counter = match (count.checked_sub(base), self.wire.begun - out) {
            (Some(risen), labels) if risen == labels => Counter::Counts,
            (Some(0), 2..) => Counter::No,
            _ => return,
        };
        self.wire.learn(|profile| profile.counter = counter);
    }

    fn settle_counted(&mut self, now: Duration) {
        let gone = self.wire.begun - self.on_wire.len() as u64;
        for _ in gone..self.counting.out {
            let Some(label) = self.on_wire.pop_front_if(|label| label.left.is_some()) else { break };
            self.wire.tell(Event::Printed { key: label.key, evidence: Evidence::Counter });
            self.wire.broke_in_doubt = false;
            self.renew_evidence(now);
        }
    }

    /// Labels in doubt since the line broke, when the printer rests.
    fn settle_doubts(&mut self, count: u64, now: Duration) {
        let Some(doubts) = &self.doubts else { return };
        if self.asking.rested.is_none_or(|since| now < since + self.time_of(doubts)) {
            return;
        }
        for (key, out) in doubts.settle(count, false) {
            self.wire.tell(match out {
                true => Event::Printed { key, evidence: Evidence::Counter },
                false => Event::NotTaken { key, why: Loss::DidNotComeOut },
            });
        }
        self.doubts = None;
        self.wire.broke_in_doubt = false;
    }

    /// The number at which none of the labels on the wire was out.
    pub(super) fn none_out(&self) -> Option<u64> {
        let (base, out) = self.counting.base.filter(|_| self.wire.profile.counter == Counter::Counts)?;
        Some(base + (self.wire.begun - self.on_wire.len() as u64).saturating_sub(out))
    }

    /// Whether a number is worth a turn of its own.
    pub(super) fn numbers_wanted(&self, now: Duration) -> bool {
        let rests = |wait| self.asking.rested.is_some_and(|since| since + wait <= now);
        let room = self.counting.asked.len() < self.on_wire.len() + 2;
        let counts =
            self.wire.profile.counter == Counter::Counts && self.counting.base.is_some() && !self.on_wire.is_empty() && room;
        let settles = self.doubts.as_ref().is_some_and(|doubts| rests(self.time_of(doubts)));
        self.says_words() && (counts || settles || (self.count_wanted() && rests(REST)))
    }

    /// What a printer had in hand when it was reached again must be out after that.
    fn time_of(&self, doubts: &Doubts) -> Duration {
        self.wire.rules.label_time * (doubts.keys().len() as u32 + 1)
    }

    /// Whether the next label waits for a number: the first ones, to learn whether it counts; later only where nothing
    /// else would tell that a label is out while another is printed.
    pub(super) fn count_first(&self) -> bool {
        (self.wire.profile.echo == Echo::Before || self.wire.profile.counter != Counter::Counts) && self.count_wanted()
    }

    /// The counter answers, or may, and is not held against our labels yet.
    pub(super) fn count_wanted(&self) -> bool {
        let known =
            !self.dialect.says_it_after() && self.wire.profile.counter != Counter::No && self.counting.probes < PROBES_MAX;
        let compared = self.counting.base.is_some_and(|(_, out)| out == self.wire.begun);
        let open = matches!(self.wire.profile.counter, Counter::Unknown | Counter::Answers) || self.counting.base.is_none();
        known && self.says_words() && self.on_wire.is_empty() && self.wire.begun > 0 && open && !compared && !self.wire.stopped()
    }

    pub(super) fn renew_evidence(&mut self, now: Duration) {
        let waits = self.on_wire.iter().filter(|label| label.left.is_some()).count() as u32;
        let wait = self.wire.rules.label_time * (waits + 2) + self.wire.rules.patience * (WORDS_MAX + 2);
        let due = (waits > 0 && !self.wire.silent()).then(|| now + wait);
        self.wire.timers.put(Timer::Evidence, due);
    }

    /// A printer that is neither stopped nor busy has not said for long what became of its labels.
    pub(super) fn check_evidence(&mut self, now: Duration) {
        let doubting = self.doubts.is_some() && self.wire.timers.is_due(Timer::Certify, now);
        if doubting && !self.wire.stopped() && !self.asking.suspect {
            self.doubts = None;
        }
        if !self.wire.timers.is_due(Timer::Evidence, now) {
            return;
        }
        if self.wire.stopped() || self.asking.suspect || self.wire.is_stalled() || self.asking.busy {
            return self.renew_evidence(now);
        }
        self.give_up();
    }
}
