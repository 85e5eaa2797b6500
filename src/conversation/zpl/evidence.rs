//! What the printer's answers prove about the labels of one connection.
//!
//! Readings go in, each with the question it answers; how many labels are out comes out. Labels are counted from
//! the first one begun on this connection, and come out in that order. Two rules, both never on a single reading:
//! the counter (rose, calm status, said again), and the buffers (empty, and calm for as long as a label may take).
//! The table in the header of `conversation` gives the reasons. Knows no key, no bytes and no question to ask next.

use super::Evidence;
use super::power::Verdict;
use super::questions::Asked;
use crate::conversation::doubts::POWER_CYCLE_MIN;
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
    /// When label `quiet + 1`, `quiet + 2`, … was first received and not counted among those waiting.
    came_up: VecDeque<Duration>,
    /// Since when every answer says that nothing stops the printer.
    calm_since: Option<Duration>,
    /// Not later than then it was last seen not to be stopped.
    seen_well: Option<Duration>,
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
    /// Labels it had at the last ~HS before it went out of sight.
    labels_before: u64,
    /// The last reading differs from the one before.
    news: bool,
    last_count: u64,
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
    /// It was asked since whether anything stops the printer, and nothing did.
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
            came_up: VecDeque::new(),
            calm_since: None,
            seen_well: None,
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
            labels_before: 0,
            news: false,
            last_count: 0,
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
        self.seen_well = Some(now);
        self.calm_since = None;
        self.passed = None;
    }

    /// The power was not cut while the printer was out of sight.
    pub fn power_was_on(&mut self) {
        self.unsure = false;
    }

    pub fn unsure(&self) -> bool {
        self.unsure
    }

    /// The printer works, or would: by ~HQES, or by ~HS with so many labels waiting. `vouches`: it is the answer that
    /// tells of every stop.
    pub fn calm(&mut self, asked: Asked, heard: Duration, waiting: Option<u64>, vouches: bool) {
        if vouches {
            self.see_well(asked.at, heard);
            self.calm_since.get_or_insert(heard);
            if std::mem::take(&mut self.feeds) {
                self.feeds_until = heard + self.label_time * 2;
            }
            if let Some(said) = &mut self.said {
                said.vouched |= asked.at >= said.heard;
            }
        }
        if let Some(waiting) = waiting {
            self.read_buffers(asked, heard, waiting);
        }
    }

    /// It works, but something that is no fault, such as a label not taken, keeps it from going on.
    pub fn held_up(&mut self, asked: Asked, heard: Duration) {
        self.see_well(asked.at, heard);
        self.calm_since = None;
        self.passed = None;
    }

    fn see_well(&mut self, asked: Duration, heard: Duration) {
        if self.seen_well.is_some_and(|seen| heard.saturating_sub(seen) > UNSEEN_MAX) {
            self.stop();
        }
        self.seen_well = Some(asked);
    }

    fn read_buffers(&mut self, asked: Asked, heard: Duration, waiting: u64) {
        let before = std::mem::replace(&mut self.waiting, waiting);
        self.news |= before != waiting;
        if self.passed.is_some() && before.min(waiting) > 0 && asked.labels == self.labels_before {
            // What was in its buffers when it went out of sight is still there.
            self.unsure = false;
        }
        if !self.unsure {
            self.labels_before = asked.labels;
        }
        let passed = asked.labels.saturating_sub(waiting);
        let twice = self.passed.replace(passed).map_or(0, |before| before.min(passed));
        while self.quiet + (self.came_up.len() as u64) < twice {
            self.came_up.push_back(heard);
        }
        if twice > self.quiet + HIDDEN {
            self.quiet_to(twice - HIDDEN, heard);
        }
        let ready = self.ready();
        let Some(well) = self.seen_well else { return };
        while self.quiet < twice
            && let Some(came_up) = self.came_up.front()
        {
            let out_at = ready.max(*came_up).max(self.quiet_at).saturating_add(self.label_time * self.before_it());
            if out_at > asked.at.min(well) {
                break;
            }
            self.quiet_to(self.quiet + 1, out_at);
        }
    }

    /// Labels that may have to come out before a label that came up is out, itself included. Behind the first of a
    /// connection there may be others, of whoever had the line before us.
    fn before_it(&self) -> u32 {
        if self.quiet == 0 && self.base.is_none() { HIDDEN as u32 } else { 1 }
    }

    /// From when on it has been calm and past its feeding.
    fn ready(&self) -> Duration {
        self.calm_since.map_or(Duration::MAX, |since| since.max(self.feeds_until))
    }

    fn quiet_to(&mut self, labels: u64, at: Duration) {
        for _ in self.quiet..labels {
            self.came_up.pop_front();
        }
        self.quiet = self.quiet.max(labels);
        self.quiet_at = self.quiet_at.max(at);
    }

    /// It stopped, or may have.
    pub fn stop(&mut self) {
        self.calm_since = None;
        self.seen_well = None;
        self.passed = None;
        self.feeds = true;
        self.tainted = true;
        self.said = None;
        self.believed = None;
    }

    /// The counter said so. Whether it is now known to count, or not to, if it is.
    pub fn counted(&mut self, count: u64, asked: Asked, heard: Duration) -> Option<bool> {
        self.counted_at = Some(heard);
        self.news |= std::mem::replace(&mut self.last_count, count) != count;
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
            && said.asked.at >= self.ready().saturating_add(self.label_time * self.before_it()).max(self.quiet_at);
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

    /// Whether it was held against all labels told to be out.
    pub fn compared(&self) -> bool {
        self.base.is_some_and(|base| base.out == self.told)
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
            let at = self.seen_well.unwrap_or(self.quiet_at);
            self.quiet_to(self.told, at);
        }
        (self.told, evidence)
    }

    /// Whether a reading since the last call differed from the one before.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Whether by the buffers nothing is left to print, while the counter does not say so.
    pub fn seems_done(&self, labels: u64) -> bool {
        self.quiet >= labels && self.told < labels
    }

    /// Whether by the buffers all these labels were out long ago.
    pub fn all_quiet(&self, labels: u64) -> bool {
        let long_ago = self.quiet_at + self.label_time * 2;
        self.quiet >= labels
            && self.waiting == 0
            && self.calm_since.is_some()
            && self.seen_well.is_some_and(|seen| seen >= long_ago)
    }

    /// What the counter says of labels that should have come out, as soon as it does.
    pub fn verdict(&self, labels: u64, counts: bool) -> Option<Verdict> {
        match self.count_now().filter(|_| counts) {
            Some(none_out) => {
                let (count, first_asked) = self.believed.filter(|(count, _)| *count == self.last_count)?;
                let (enough, none) = (count >= none_out + (labels - self.told), count == none_out);
                let late = first_asked >= self.quiet_at + self.label_time;
                (late && (!enough || self.unsure)).then_some(if none { Verdict::NoneCameOut } else { Verdict::Unclear })
            }
            None => self.unsure.then_some(Verdict::Unclear),
        }
    }

    /// The count of a printer that would have printed all it had, `labels` of an earlier connection among them.
    pub fn settled_count(&self, labels: u64) -> Option<u64> {
        let (count, first_asked) = self.believed.filter(|(count, _)| *count == self.last_count)?;
        let quiet_from = self.ready().saturating_add(self.label_time * (labels + HIDDEN) as u32);
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
