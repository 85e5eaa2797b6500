//! Asking a printer how it stands, and what an answer, or none, means.

use super::{Answers, Carried, Conversation, Echo, PrinterState, Timer, ends_a_label};
use crate::conversation::Evidence;
use crate::conversation::doubts::POWER_CYCLE_MIN;
use crate::language::reading::{Reading, Reply};
use std::time::Duration;

/// Where we stand with our questions on this connection.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// When the question whose answer is awaited was asked.
    pub awaited: Option<Duration>,
    pause: Duration,
    /// It has answered on this connection.
    pub heard: bool,
    /// When the last answer was asked for.
    seen: Option<Duration>,
    /// The same, whatever else was watched since.
    pub looked: Option<Duration>,
    /// Readings in a row that say that something stops it.
    pub stops: u32,
    /// It said that it is offline and not yet why.
    pub offline: bool,
    /// It said that it draws, prints or feeds.
    pub busy: bool,
    /// Questions in a row answered, and unanswered.
    answers: u32,
    misses: u32,
    /// It answered before and does not now: nothing new is begun.
    pub suspect: bool,
    /// Since when it rests, by answers asked after the last word came back.
    pub rested: Option<Duration>,
    /// Where no words are said: since when the head has been free for the first label on the wire.
    pub head_free: Duration,
    /// Words sent because one did not come back.
    pub words_again: u32,
    /// The next turn asks for a number rather than how it stands.
    pub count_next: bool,
}

/// The first pause between two questions; doubled up to `Rules::pace`.
const PAUSE_MIN: Duration = Duration::from_millis(10);
/// The pauses while the printer is stopped.
const STOPPED_MIN: Duration = Duration::from_secs(1);
const STOPPED_MAX: Duration = Duration::from_secs(5);
/// The same on a line that hides power cuts: often enough to notice one.
const STOPPED_MAX_WATCHED: Duration = Duration::from_secs(2);
/// Between the two answers that show a printer at rest: longer than one takes from a label's last command to its first row.
pub(super) const REST: Duration = Duration::from_millis(300);
/// Questions in a row without an answer that make a silence.
const TRIES: u32 = 3;
/// A look at the printer is good for so long.
const LOOK_FRESH: Duration = Duration::from_secs(1);
/// How often a silent printer is given another chance, when there is something to print.
const SILENT_AGAIN: Duration = Duration::from_secs(60);

impl Asking {
    /// From now on it matters whether the printer is out of sight.
    pub fn watch(&mut self, now: Duration) {
        self.seen = Some(now);
    }
}

impl Conversation {
    /// Something moved: look closely.
    pub(super) fn look_closely(&mut self, now: Duration) {
        self.asking.pause = PAUSE_MIN;
        let at = self.wire.timers.at(Timer::Ask);
        self.wire.timers.put(Timer::Ask, at.map(|at| at.min(now + PAUSE_MIN)));
    }

    /// How long to wait for an answer: three fit into a printer's patience.
    pub(super) fn patience(&self) -> Duration {
        self.wire.rules.patience / TRIES + self.line_time()
    }

    /// What a slow line may still hold of what was handed over since the last answer.
    fn line_time(&self) -> Duration {
        let ahead = self.wire.outbox.unanswered_bytes() as f64;
        self.wire.rules.line_rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(ahead / f64::from(rate.max(1))))
    }

    /// Asks how it stands; `on`: the next part of what was half said.
    pub(super) fn ask_standing(&mut self, on: bool, now: Duration) {
        let question = self.listener.ask(on);
        self.wire.outbox.push(question, Carried::Question, now);
        if self.wire.silent() {
            // Nothing is waited for; an answer would be news.
            self.wire.timers.set(Timer::Silent, now + SILENT_AGAIN);
        } else {
            self.asking.awaited = Some(now);
            self.wire.timers.clear(Timer::Answer);
        }
        self.wire.timers.clear(Timer::Ask);
    }

    pub(super) fn ask_silent_again(&mut self, now: Duration) {
        if self.wire.rules.ask && !self.wire.timers.runs(Timer::Silent, now) {
            self.ask_standing(false, now);
        }
    }

    /// A printer that goes on in the middle of a label must be known to be ready before one is begun: else nobody could
    /// say whether it stopped before or in it.
    pub(super) fn looked_at(&mut self, now: Duration) -> bool {
        let fresh = self.asking.looked.is_some_and(|looked| looked + LOOK_FRESH >= now);
        if self.dialect.prints_again() || self.wire.silent() || !self.on_wire.is_empty() || fresh {
            return true;
        }
        if self.asking.awaited.is_none() && !self.wire.outbox.holds_words() {
            self.ask_standing(false, now);
        }
        false
    }

    /// Whether an answer would be of any use now.
    fn wants_answers(&self) -> bool {
        !self.wire.silent()
            && (!self.on_wire.is_empty()
                || self.doubts.is_some()
                || self.asking.stops == 1
                || !self.wire.in_hand.is_empty()
                || ((!self.asking.heard || self.wire.profile.status == Answers::Unknown) && !self.wire.stopped())
                || self.count_wanted())
    }

    /// Decides when to ask next, unless an answer is awaited or the time is set.
    pub(super) fn plan(&mut self, now: Duration) {
        if !self.wants_answers() {
            self.wire.timers.clear(Timer::Ask);
        } else if !self.wire.timers.is_set(Timer::Ask) && self.asking.awaited.is_none() && !self.wire.outbox.holds_words() {
            let (least, most) = match self.wire.stopped() {
                true if self.wire.rules.line_shows_power => (STOPPED_MIN, STOPPED_MAX),
                true => (STOPPED_MIN, STOPPED_MAX_WATCHED),
                false => (PAUSE_MIN, self.wire.rules.pace),
            };
            let pause = self.asking.pause.clamp(least, most);
            self.wire.timers.set(Timer::Ask, now + pause);
            self.asking.pause = if self.wire.stopped() { pause * 3 / 2 } else { pause * 2 };
        }
    }

    pub(super) fn ask_when_due(&mut self, now: Duration) {
        if !self.wire.timers.is_due(Timer::Ask, now) {
            return;
        }
        self.wire.timers.clear(Timer::Ask);
        if !self.wants_answers() || self.asking.awaited.is_some() || self.wire.outbox.holds_words() {
            return;
        }
        // A number costs a turn of its own, and none of it is heard from a printer that is stopped.
        self.asking.count_next = !self.asking.count_next && self.numbers_wanted(now) && !self.wire.stopped();
        if self.asking.count_next {
            self.send_word(now);
        } else {
            self.ask_standing(false, now);
        }
    }

    pub(super) fn hear(&mut self, reply: Reply, now: Duration) {
        let line = self.line_time();
        self.wire.outbox.answered();
        match reply {
            Reply::More => {
                // It said that it is offline; why is still to be asked.
                self.asking.offline = true;
                self.asking.awaited = None;
                self.wire.timers.clear(Timer::Answer);
                self.asking.misses = 0;
                // Unless it is answered already, or the line has not taken the last question.
                if self.listener.half_said() && !self.wire.outbox.holds_words() {
                    self.ask_standing(true, now);
                }
            }
            Reply::Reading(reading) => {
                let asked = self.asking.awaited.take().unwrap_or(now);
                self.wire.timers.clear(Timer::Answer);
                self.hear_reading(&reading, asked, line, now);
            }
            Reply::Echo(mark) => self.hear_word(mark, now),
            Reply::Count(count) => self.hear_count(count, now),
            Reply::Identity(_) => {}
        }
    }

    fn hear_reading(&mut self, reading: &Reading, asked: Duration, line: Duration, now: Duration) {
        self.asking.heard = true;
        self.asking.misses = 0;
        self.asking.suspect = false;
        // One reading may be noise: a printer answers when it did so twice in a row.
        self.asking.answers += 1;
        if self.asking.answers >= 2 {
            self.wire.learn(|profile| profile.status = Answers::Yes);
        } else if self.wire.profile.status == Answers::Silent {
            self.wire.learn(|profile| profile.status = Answers::Unknown);
        }
        if let Some(seen) = self.asking.seen.filter(|_| !self.wire.rules.line_shows_power) {
            let mut hidden = now.saturating_sub(seen) > POWER_CYCLE_MIN;
            for label in self.on_wire.iter_mut().filter(|label| label.left.is_some_and(|left| left < asked)) {
                // A label whose own word came back had not been lost by then.
                let since = seen.max(label.echoed.filter(|_| label.own_word).or(label.left).unwrap_or_default());
                label.hidden |= now.saturating_sub(since) > POWER_CYCLE_MIN + line;
                hidden |= label.hidden;
            }
            if hidden {
                self.counting.doubt();
            }
        }
        self.asking.seen = Some(asked);
        self.asking.looked = Some(asked);
        self.asking.busy = reading.busy;
        if !reading.reasons.is_empty() {
            self.asking.rested = None;
            self.asking.stops += 1;
            self.asking.offline = false;
            if ends_a_label(&reading.reasons) {
                self.counting.doubt();
                self.stopped_in_one(now);
            }
            if self.asking.stops == 1 && !self.wire.stopped() && !self.wire.outbox.holds_label() {
                // One reading may be garbled: it is asked again at once, and nothing is begun meanwhile.
                self.wire.timers.set(Timer::Ask, now + PAUSE_MIN);
                return;
            }
            self.renew_evidence(now);
            self.wire.set_state(PrinterState::Stopped(reading.reasons.clone()));
            return;
        }
        self.asking.stops = 0;
        if std::mem::take(&mut self.asking.offline) {
            // Whatever it was, it is over before it was said, and it may have ended a label.
            self.counting.doubt();
            self.stopped_in_one(now);
        }
        if self.wire.state != PrinterState::Ready {
            self.look_closely(now);
            self.wire.timers.set(Timer::Certify, now + self.wire.rules.label_time * 10);
            self.asking.head_free = now;
            self.renew_evidence(now);
            self.wire.set_state(PrinterState::Ready);
        }
        self.counting.vouch(asked);
        self.learn_from(reading.busy, asked, now);
        if reading.busy {
            self.asking.rested = None;
            self.on_wire.iter_mut().filter(|label| label.left.is_some_and(|left| left <= asked)).for_each(|label| {
                label.seen_busy |= label.echoed.is_none();
            });
            return;
        }
        // An answer that was asked for before the last word came back says nothing of what is behind it.
        let last_word = self.on_wire.iter().filter_map(|label| label.echoed).max().unwrap_or_default();
        match self.asking.rested.filter(|since| *since >= last_word) {
            Some(since) if asked >= since + REST => self.settle_at_rest(now),
            Some(_) => {}
            None if asked >= last_word => {
                self.asking.rested = Some(asked);
                self.look_closely(now);
            }
            None => {}
        }
    }

    /// A question was not answered in time.
    pub(super) fn check_answer(&mut self, now: Duration) {
        if !self.wire.timers.is_due(Timer::Answer, now) {
            return;
        }
        self.asking.awaited = None;
        self.wire.timers.clear(Timer::Answer);
        self.asking.misses += 1;
        if std::mem::take(&mut self.asking.offline) {
            // Whatever it was, it may have ended a label.
            self.stopped_in_one(now);
        }
        self.asking.answers = 0;
        self.wire.timers.put(Timer::Ask, (!self.wire.stopped()).then_some(now));
        if self.asking.misses < TRIES {
            return;
        }
        let never = self.wire.profile.status == Answers::Unknown && !self.wire.stopped();
        if never && self.listener.try_another() {
            self.asking.misses = 0;
        } else if never {
            self.wire.learn(|profile| profile.status = Answers::Silent);
            self.doubts = None;
            self.wire.set_state(PrinterState::Silent);
            self.send_all();
        } else if self.wire.profile.status == Answers::Yes {
            self.asking.suspect = true;
            self.asking.rested = None;
            self.wire.timers.clear(Timer::Ask);
            // It may have stopped unseen.
            self.stopped_in_one(now);
            self.counting.doubt();
            self.wire.set_state(PrinterState::NotAnswering);
            self.renew_evidence(now);
        }
    }

    /// The printer stopped: the first label whose word has not come back may be under its head; without words any.
    fn stopped_in_one(&mut self, now: Duration) {
        let most = if self.wire.profile.echo == Echo::No { usize::MAX } else { 1 };
        let open = self.on_wire.iter_mut().filter(|label| label.echoed.is_none());
        open.take(most).for_each(|label| label.stopped_in = Some(now));
    }

    /// Whether `OUT` is said before or after printing, from labels that are alone on the wire.
    fn learn_from(&mut self, busy: bool, asked: Duration, now: Duration) {
        let (Echo::Heard(after), [label]) = (self.wire.profile.echo, self.on_wire.make_contiguous()) else { return };
        let Some(echoed) = label.echoed.filter(|echoed| label.own_word && *echoed <= asked) else { return };
        if self.asking.rested.is_some_and(|rested| rested >= echoed) {
            return; // Only the first answer behind the word counts.
        }
        let learnt = match (busy, label.seen_busy && label.stopped_in.is_none()) {
            (true, _) => Echo::Before,
            (false, true) if after + 1 >= 2 => Echo::After,
            (false, true) => Echo::Heard(after + 1),
            // Too quick to tell.
            (false, false) => return,
        };
        self.wire.learn(|profile| profile.echo = learnt);
        if learnt == Echo::After {
            self.settle_echoed(Evidence::Echo, now);
        }
    }
}
