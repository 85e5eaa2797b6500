//! What the printer's answers prove about the labels of one connection.
//!
//! Readings go in, each with the question it answers; how many labels are out comes out. Labels are counted from
//! the first one begun on this connection, and come out in that order. Two rules, both never on a single reading:
//! the counter (rose, calm status, said again), and the buffers (empty, and calm for as long as a label may take).
//! The table in the header of `conversation` gives the reasons. Knows no key, no bytes and no question to ask next.

use super::Evidence;
use super::doubts::{POWER_CYCLE_MIN, Verdict};
use super::questions::Asked;
use std::collections::VecDeque;
use std::time::Duration;

/// Labels that ~HS may leave out: the one under the head and the one being drawn.
const HIDDEN: u64 = 2;
/// The longest gap in which a calm printer cannot have been stopped and set going again unseen: a cover is not
/// opened and closed, nor a button pressed twice, in less.
const UNSEEN_MAX: Duration = Duration::from_millis(1500);

#[derive(Debug)]
pub(super) struct Witness {
    label_time: Duration,
    line_shows_power: bool,
    /// Labels whose end was told.
    told: u64,
    /// Labels out by the rule of the buffers, and when at the latest.
    quiet: u64,
    quiet_at: Duration,
    /// When the printer was first known to have label `quiet + 1`, `quiet + 2`, …
    received: VecDeque<Duration>,
    calm: Option<Calm>,
    /// A printer that was stopped may feed two labels before it goes on.
    feeds: bool,
    feeds_until: Duration,
    /// Labels not admitted to be waiting, by the reading before.
    passed: Option<u64>,
    waiting: u64,
    base: Option<Base>,
    /// The count may since hold torn labels or feeds.
    tainted: bool,
    said: Option<Said>,
    /// The last count that was said twice around a calm status, and when it was first asked for.
    believed: Option<(u64, Duration)>,
    counted: u64,
    /// The count is being read again ahead of the label after this many.
    opening: Option<u64>,
    counted_at: Option<Duration>,
    /// From when on the printer must not have been out of sight.
    watched_from: Option<Duration>,
    unsure: bool,
}

/// An unbroken row of answers by which nothing stops the printer.
#[derive(Debug, Clone, Copy)]
struct Calm {
    since: Duration,
    last_asked: Duration,
}

/// The printer's count when so many labels were out and nothing else was moving.
#[derive(Debug, Clone, Copy)]
struct Base {
    count: u64,
    out: u64,
}

/// A count, waiting to be said again.
#[derive(Debug, Clone, Copy)]
struct Said {
    count: u64,
    asked: Asked,
    heard: Duration,
    /// A calm ~HS was asked and answered since.
    vouched: bool,
}

impl Witness {
    pub fn new(label_time: Duration, line_shows_power: bool) -> Witness {
        Witness {
            label_time,
            line_shows_power,
            told: 0,
            quiet: 0,
            quiet_at: Duration::ZERO,
            received: VecDeque::new(),
            calm: None,
            feeds: false,
            feeds_until: Duration::ZERO,
            passed: None,
            waiting: 0,
            base: None,
            tainted: false,
            said: None,
            believed: None,
            counted: 0,
            opening: None,
            counted_at: None,
            watched_from: None,
            unsure: false,
        }
    }

    /// An answer of any kind came; labels are on the wire.
    pub fn seen(&mut self, asked: Duration, heard: Duration, labels_open: bool) -> bool {
        let hidden = labels_open && self.watched_from.is_some_and(|from| heard.saturating_sub(from) > POWER_CYCLE_MIN);
        self.watched_from = Some(asked);
        if hidden && !self.line_shows_power {
            self.unsure = true;
            self.stop();
        }
        hidden && !self.line_shows_power
    }

    /// The first label is on its way: from now on the printer is watched.
    pub fn watch(&mut self, now: Duration) {
        self.watched_from = Some(now);
    }

    /// The power was not cut while the printer was out of sight.
    pub fn power_was_on(&mut self) {
        self.unsure = false;
    }

    pub fn unsure(&self) -> bool {
        self.unsure
    }

    /// The printer works, or would: by ~HS with so many labels waiting, or by ~HQES.
    pub fn calm(&mut self, asked: Asked, heard: Duration, waiting: Option<u64>) {
        let unbroken = self.calm.filter(|calm| heard.saturating_sub(calm.last_asked) <= UNSEEN_MAX);
        if unbroken.is_none() {
            self.passed = None;
        }
        let since = unbroken.map_or(heard, |calm| calm.since);
        self.calm = Some(Calm { since, last_asked: asked.at });
        if std::mem::take(&mut self.feeds) {
            self.feeds_until = heard + self.label_time * 2;
        }
        if let Some(waiting) = waiting {
            if let Some(said) = &mut self.said {
                said.vouched |= asked.at >= said.heard;
            }
            self.read_buffers(asked, heard, waiting);
        }
    }

    fn read_buffers(&mut self, asked: Asked, heard: Duration, waiting: u64) {
        self.waiting = waiting;
        if waiting > 0 {
            // What was in its buffers is still there.
            self.unsure = false;
        }
        while self.quiet + (self.received.len() as u64) < asked.labels {
            self.received.push_back(heard);
        }
        let passed = asked.labels.saturating_sub(waiting);
        let twice = self.passed.replace(passed).map_or(0, |before| before.min(passed));
        if twice > self.quiet + HIDDEN {
            self.quiet_to(twice - HIDDEN, heard);
        }
        let ready = self.ready();
        while self.quiet < twice
            && let Some(received) = self.received.front()
        {
            let out_at = ready.max(*received).max(self.quiet_at) + self.label_time;
            if out_at > asked.at {
                break;
            }
            self.quiet_to(self.quiet + 1, out_at);
        }
    }

    /// From when on it has been calm and past its feeding.
    fn ready(&self) -> Duration {
        self.calm.map_or(Duration::MAX, |calm| calm.since.max(self.feeds_until))
    }

    fn quiet_to(&mut self, labels: u64, at: Duration) {
        for _ in self.quiet..labels {
            self.received.pop_front();
        }
        self.quiet = self.quiet.max(labels);
        self.quiet_at = self.quiet_at.max(at);
    }

    /// Something that is no fault keeps it from going on.
    pub fn disturb(&mut self) {
        self.calm = None;
        self.passed = None;
    }

    /// It stopped, or may have.
    pub fn stop(&mut self) {
        self.disturb();
        self.feeds = true;
        self.tainted = true;
        self.said = None;
        self.believed = None;
    }

    /// The counter said so. Whether it is now known to count, or not to, if it is.
    pub fn counted(&mut self, count: u64, asked: Asked, heard: Duration) -> Option<bool> {
        self.counted_at = Some(heard);
        self.check_opening(count, asked);
        if let Some(base) = self.base
            && !self.tainted
            && count > base.count + asked.labels.saturating_sub(base.out)
        {
            // Somebody else prints on this printer, or the reply is garbled.
            self.base = None;
        }
        let Some(said) = self.said.filter(|said| said.vouched) else {
            match &mut self.said {
                Some(said) => said.count = said.count.min(count),
                None => self.said = Some(Said { count, asked, heard, vouched: false }),
            }
            return None;
        };
        self.said = Some(Said { count, asked, heard, vouched: false });
        if said.count == count {
            self.believed = Some((count, said.asked.at));
        }
        if let Some(base) = self.base {
            let risen = said.count.min(count).saturating_sub(base.count);
            self.counted = self.counted.max((base.out + risen).min(said.asked.labels));
        }
        self.certify(said, count, asked)
    }

    /// Takes a count for the truth while nothing moves: all labels out, buffers empty, calm for the time of a label.
    fn certify(&mut self, said: Said, count: u64, asked: Asked) -> Option<bool> {
        let labels = asked.labels;
        let still = said.asked.labels == labels
            && self.told == labels
            && self.waiting == 0
            && said.count == count
            && said.asked.at >= self.ready().saturating_add(self.label_time).max(self.quiet_at);
        if !still || self.opening.is_some() || self.unsure {
            return None;
        }
        let before = self.base.replace(Base { count, out: labels }).filter(|_| !self.tainted);
        self.tainted = false;
        self.counted = labels;
        let base = before.filter(|base| base.out < labels)?;
        match (count.checked_sub(base.count)?, labels - base.out) {
            (risen, out) if risen == out => Some(true),
            (0, 2..) => Some(false),
            _ => None,
        }
    }

    fn check_opening(&mut self, count: u64, asked: Asked) {
        let Some(labels) = self.opening.filter(|labels| asked.labels >= *labels) else { return };
        self.opening = None;
        let expected = self.base.map(|base| base.count + labels.saturating_sub(base.out));
        if asked.labels > labels || expected != Some(count) {
            self.base = None;
        }
    }

    /// The count is being read ahead of the next label, with so many begun before.
    pub fn expect_opening(&mut self, labels: u64) {
        self.opening = Some(labels);
    }

    /// The counter was asked and did not answer.
    pub fn count_missed(&mut self) {
        if self.opening.take().is_some() {
            self.base = None;
        }
    }

    pub fn forget_count(&mut self) {
        self.base = None;
    }

    /// Whether the count can be relied on.
    pub fn has_count(&self) -> bool {
        self.base.is_some() && !self.tainted
    }

    pub fn tainted(&self) -> bool {
        self.tainted
    }

    pub fn counted_since(&self, then: Duration) -> bool {
        self.counted_at.is_some_and(|at| at >= then)
    }

    /// The count while of the labels open now none was out; possibly more by what taints it.
    pub fn count_now(&self) -> Option<u64> {
        self.base.filter(|_| self.opening.is_none()).map(|base| base.count + (self.told - base.out))
    }

    /// Labels proven to be out, and by what. `counts`: the counter is known to count.
    pub fn out(&mut self, counts: bool) -> (u64, Evidence) {
        let (out, evidence) = match self.base.filter(|_| counts && self.opening.is_none()) {
            Some(_) if !self.tainted => (self.counted, Evidence::Counter),
            _ if self.unsure => (self.told, Evidence::Buffers),
            // It may have counted too much, but never too little.
            Some(base) => {
                let most = self.believed.map_or(self.told, |(count, _)| base.out + count.saturating_sub(base.count));
                (self.quiet.min(most), Evidence::Buffers)
            }
            None => (self.quiet, Evidence::Buffers),
        };
        self.told = self.told.max(out);
        if self.told > self.quiet {
            let at = self.calm.map_or(self.quiet_at, |calm| calm.last_asked);
            self.quiet_to(self.told, at);
        }
        (self.told, evidence)
    }

    /// Whether by the buffers all these labels were out long ago.
    pub fn all_quiet(&self, labels: u64) -> bool {
        let long_ago = self.quiet_at + self.label_time * 2;
        self.quiet >= labels && self.waiting == 0 && self.calm.is_some_and(|calm| calm.last_asked >= long_ago)
    }

    /// What the counter says of labels that should have come out, as soon as it does.
    pub fn verdict(&self, labels: u64, counts: bool) -> Option<Verdict> {
        match self.count_now().filter(|_| counts) {
            Some(none_out) => {
                let (count, first_asked) = self.believed?;
                let (enough, none) = (count >= none_out + (labels - self.told), count == none_out);
                let late = first_asked >= self.quiet_at + self.label_time;
                (late && (!enough || self.unsure)).then_some(if none { Verdict::NoneCameOut } else { Verdict::Unclear })
            }
            None => self.unsure.then_some(Verdict::Unclear),
        }
    }

    /// The count of a printer that would have printed all it had, `labels` of an earlier connection among them.
    pub fn settled_count(&self, labels: u64) -> Option<u64> {
        let (count, first_asked) = self.believed?;
        let quiet_from = self.ready().saturating_add(self.label_time * (labels as u32 + 1));
        (self.waiting == 0 && first_asked >= quiet_from).then_some(count)
    }

    /// The end of so many labels was told otherwise.
    pub fn write_off(&mut self, labels: u64) {
        self.quiet_to(labels, self.quiet_at);
        self.told = self.told.max(labels);
        self.counted = self.counted.max(labels);
        self.base = None;
        self.said = None;
        self.believed = None;
        self.unsure = false;
    }
}
