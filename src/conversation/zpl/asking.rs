//! Questions and answers: what to ask when, and what an answer, or none, means.

use super::labels::SILENT_AGAIN;
use super::questions::{Asked, Kind};
use super::{Answers, Carried, Conversation, Counter, Event, Evidence, Loss, PrinterState, Timer};
use crate::language::Reason;
use crate::language::zpl::status::{self, Errors, HostStatus, Reply};
use std::time::Duration;

/// Where we stand with our questions on this connection.
#[derive(Debug, Default)]
pub(super) struct Asking {
    pub pause: Duration,
    pub last: Option<Kind>,
    /// Its answer was lost.
    pub again: Option<Kind>,
    /// Questions since ~HS was asked.
    pub turns: u32,
    /// It has answered on this connection.
    pub heard: bool,
    /// Questions in a row with no answer at all.
    pub hush: u32,
    /// ~HS went unanswered: nothing new is begun before it is answered.
    pub suspect: bool,
    /// ~HS in a row unanswered, whatever else was answered.
    pub status_misses: u32,
    pub errors_clear: bool,
    /// Unanswered since the last answer to anything.
    pub unanswered: [bool; 4],
    /// How often each kind went unanswered by a printer that then answered another.
    pub tries: [u32; 4],
    /// The window was filled without a counter to rely on: it is emptied first.
    pub draining: bool,
    pub identity: Option<status::Identity>,
}

/// The first pause between two questions; doubled up to `Rules::pace`.
pub(super) const PAUSE_MIN: Duration = Duration::from_millis(2);
/// Two other questions may stand between two for the counter, and two more readings are needed to believe that it rose: all
/// of it must fit into the time of the label that is printed meanwhile.
const PAUSES_A_LABEL: u32 = 8;
/// The longest pause on a slow line: until it is known that a label is out the next one's bytes wait, and they take long.
const PACE_SLOW_LINE: Duration = Duration::from_millis(40);
/// The pauses while the printer is stopped.
const STOPPED_MIN: Duration = Duration::from_secs(1);
const STOPPED_MAX: Duration = Duration::from_secs(5);
/// The same on a line that hides power cuts: often enough to notice one.
const STOPPED_MAX_WATCHED: Duration = Duration::from_secs(2);
/// With a counter, ~HS is asked at every so manieth turn.
const STATUS_EVERY: u32 = 8;
/// Questions in a row without an answer that make a silence; also how often a question is tried on a printer that
/// answers others, before it counts as unknown to it.
const TRIES: u32 = 3;
/// ~HS unanswered so often in a row while others are answered: it cannot confirm.
const STATUS_MISSES_MAX: u32 = 10;

impl Conversation {
    pub(super) fn ask(&mut self, kind: Kind, now: Duration) {
        let bytes = match kind {
            Kind::Status => status::ASK_STATUS,
            Kind::Errors => status::ASK_ERRORS,
            Kind::Counter => status::ASK_COUNTER,
            Kind::Identity => status::ASK_IDENTITY,
        };
        self.wire.outbox.push(bytes.to_vec(), Carried::Question, now);
        self.asking.last = Some(kind);
        self.asking.again = None;
        self.asking.turns = if kind == Kind::Status { 0 } else { self.asking.turns + 1 };
        if self.wire.silent() {
            // Nothing is waited for; an answer would be news.
            self.wire.timers.set(Timer::Silent, now + SILENT_AGAIN);
            self.questions.ask_in_vain(kind, self.wire.begun, now);
        } else {
            self.wire.timers.clear(Timer::Answer);
            self.questions.ask(kind, self.wire.begun, now);
        }
    }

    /// How long to wait before asking again: an answer may be lost, so a printer gets three questions in its patience.
    pub(super) fn patience(&self) -> Duration {
        let ahead = self.wire.outbox.unanswered_bytes() as f64;
        let line =
            self.wire.rules.line_rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(ahead / f64::from(rate.max(1))));
        self.wire.rules.patience / TRIES + line
    }

    /// Whether an answer would be of any use now.
    pub(super) fn wants_answers(&self, now: Duration) -> bool {
        let first_contact =
            !self.asking.heard || self.probing(Kind::Errors) || self.probing(Kind::Counter) || self.probing(Kind::Identity);
        !self.wire.silent()
            && (!self.on_wire.is_empty()
                || self.doubts.is_some()
                || (!self.wire.in_hand.is_empty() && !self.may_begin())
                || (first_contact && !self.wire.stopped())
                || (self.counter_wanted() && !self.wire.stopped() && self.wire.timers.runs(Timer::Certify, now)))
    }

    /// The counter answers, but cannot be relied on yet.
    pub(super) fn counter_wanted(&self) -> bool {
        match self.wire.profile.counter {
            Counter::Unknown | Counter::No => false,
            Counter::Answers => !self.witness.has_count() || !self.witness.compared() || !self.on_wire.is_empty(),
            Counter::Counts => !self.witness.has_count(),
        }
    }

    /// Whether it is not known yet that the printer knows this question.
    pub(super) fn probing(&self, kind: Kind) -> bool {
        let unknown = match kind {
            Kind::Status => self.wire.profile.status == Answers::Unknown,
            Kind::Errors => self.wire.profile.errors.is_none(),
            Kind::Counter => self.wire.profile.counter == Counter::Unknown,
            Kind::Identity => self.wire.profile.identity.is_none(),
        };
        unknown && self.asking.tries[kind as usize] < TRIES
    }

    pub(super) fn next_kind(&self) -> Kind {
        let errors = self.wire.profile.errors != Some(false);
        let last = self.asking.last;
        if !self.asking.heard || self.asking.suspect || self.wire.stopped() {
            let turn = if self.wire.profile.errors == Some(true) && self.asking.heard {
                !(last == Some(Kind::Errors) && self.asking.errors_clear)
            } else {
                errors && last == Some(Kind::Status)
            };
            return if turn { Kind::Errors } else { Kind::Status };
        }
        if let Some(kind) = self.asking.again {
            return kind;
        }
        if self.wire.outbox.holds_label() && self.wire.rules.line_rate.is_some() && self.wire.profile.errors == Some(true) {
            // It is long until the next one: this is the answer that tells of every stop.
            return Kind::Errors;
        }
        let by_counter =
            self.wire.profile.counter == Counter::Counts && self.witness.has_count() && !self.witness.seems_done(self.wire.begun);
        let known = |kind| match kind {
            // Where the counter gives the evidence and ~HQES tells of every stop, ~HS is of use now and then.
            Kind::Status => !by_counter || self.wire.profile.errors != Some(true) || self.asking.turns >= STATUS_EVERY,
            Kind::Errors => self.wire.profile.errors == Some(true),
            Kind::Counter => !matches!(self.wire.profile.counter, Counter::Unknown | Counter::No),
            // Of no use but to keep one ~HS apart from the next.
            Kind::Identity => {
                self.wire.profile.identity.is_some()
                    && self.wire.profile.errors != Some(true)
                    && self.wire.profile.counter == Counter::No
            }
        };
        let after = last.map_or(0, |kind| kind as usize + 1);
        (after..after + Kind::ALL.len())
            .map(|turn| Kind::ALL[turn % Kind::ALL.len()])
            .find(|kind| known(*kind) || self.probing(*kind))
            .unwrap_or(Kind::Status)
    }

    /// Decides when to ask next, unless an answer is awaited or the time is set.
    pub(super) fn plan(&mut self, now: Duration) {
        if !self.wants_answers(now) {
            self.wire.timers.clear(Timer::Ask);
        } else if !self.wire.timers.is_set(Timer::Ask) && self.questions.may_ask() && !self.wire.outbox.holds_words() {
            let stopped = self.wire.stopped();
            let (least, most) = match stopped {
                true if self.wire.rules.line_shows_power => (STOPPED_MIN, STOPPED_MAX),
                true => (STOPPED_MIN, STOPPED_MAX_WATCHED),
                false if self.wire.rules.line_rate.is_some() => (PAUSE_MIN, self.wire.rules.pace.min(PACE_SLOW_LINE)),
                false => (PAUSE_MIN, self.wire.rules.pace.min(self.wire.rules.usual_time / PAUSES_A_LABEL)),
            };
            let pause = self.asking.pause.clamp(least, most);
            self.wire.timers.set(Timer::Ask, (now + pause).max(self.questions.not_before().unwrap_or_default()));
            self.asking.pause = if stopped { pause * 3 / 2 } else { pause * 2 };
        }
    }

    pub(super) fn hear(&mut self, reply: Reply, now: Duration) {
        let kind = match &reply {
            Reply::HostStatus(_) => Kind::Status,
            Reply::Errors(_) => Kind::Errors,
            Reply::Counter(_) | Reply::NoSuchVariable => Kind::Counter,
            Reply::Identity(_) => Kind::Identity,
            Reply::Other => return,
        };
        let Some(asked) = self.questions.answered(kind, now) else { return };
        if self.questions.may_ask() {
            self.wire.timers.clear(Timer::Answer);
        }
        self.wire.outbox.answered();
        self.asking.heard = true;
        self.asking.hush = 0;
        self.count_tries(kind);
        if self.witness.seen(asked.at, now, !self.on_wire.is_empty()) {
            self.memory.out_of_sight();
        }
        match reply {
            Reply::HostStatus(status) => self.hear_status(&status, asked, now),
            Reply::Errors(errors) => self.hear_errors(&errors, asked, now),
            Reply::Counter(count) => {
                self.wire.learn(|profile| {
                    if profile.counter == Counter::Unknown {
                        profile.counter = Counter::Answers;
                    }
                });
                if let Some(counts) = self.witness.counted(count, asked, now) {
                    self.wire.learn(|profile| profile.counter = if counts { Counter::Counts } else { Counter::No });
                }
            }
            Reply::NoSuchVariable => self.wire.learn(|profile| profile.counter = Counter::No),
            Reply::Identity(identity) => {
                // Read twice: one reply may be garbled.
                if self.asking.identity.as_ref() == Some(&identity) {
                    self.wire.learn(|profile| profile.identity = Some(identity));
                } else {
                    self.asking.identity = Some(identity);
                }
            }
            Reply::Other => {}
        }
        if self.witness.take_news() {
            // A label came out, or moved up: one more look settles it.
            self.asking.pause = PAUSE_MIN;
            self.wire.timers.clear(Timer::Ask);
        }
        self.settle_doubts(now);
        self.settle_printed(now);
        self.settle_lost(now);
    }

    /// What went unanswered before this answer was not for want of a printer.
    pub(super) fn count_tries(&mut self, answered: Kind) {
        for kind in Kind::ALL {
            let tries = &mut self.asking.tries[kind as usize];
            *tries += u32::from(std::mem::take(&mut self.asking.unanswered[kind as usize]));
            if kind == answered {
                *tries = 0;
            } else if *tries >= TRIES {
                self.wire.learn(|profile| match kind {
                    Kind::Errors if profile.errors.is_none() => profile.errors = Some(false),
                    Kind::Counter if profile.counter == Counter::Unknown => profile.counter = Counter::No,
                    _ => {}
                });
            }
        }
    }

    pub(super) fn hear_status(&mut self, status: &HostStatus, asked: Asked, now: Duration) {
        self.wire.learn(|profile| profile.status = Answers::Yes);
        self.asking.suspect = false;
        self.asking.status_misses = 0;
        if self.memory.stored(status.stored_graphics) {
            self.lose_memory();
        }
        if self.memory.survived() {
            self.witness.power_was_on();
        }
        let reasons = status.reasons();
        if !reasons.is_empty() {
            return self.stop(reasons, now);
        }
        if self.wire.state != PrinterState::Ready {
            self.asking.pause = PAUSE_MIN;
            self.wire.timers.clear(Timer::Ask);
            self.wire.timers.set(Timer::Certify, now + self.wire.rules.label_time * 10);
            self.renew_evidence_limit(now);
            self.wire.set_state(PrinterState::Ready);
        }
        if status.label_waits {
            self.witness.held_up(asked, now);
        } else {
            let vouches = self.wire.profile.errors != Some(true);
            self.witness.calm(asked, now, Some(status.waiting()), vouches);
        }
    }

    pub(super) fn hear_errors(&mut self, errors: &Errors, asked: Asked, now: Duration) {
        if self.wire.profile.errors != Some(true) {
            self.wire.learn(|profile| profile.errors = Some(true));
            // ~HS vouched so far, and it does not tell of every stop.
            self.witness.stop();
        }
        self.asking.errors_clear = errors.errors.is_empty();
        if !errors.errors.is_empty() {
            return self.stop(errors.errors.clone(), now);
        }
        if self.wire.stopped() || self.asking.suspect {
            // Whether it is ready is for ~HS to say; where that was never answered, this must do.
            if self.wire.profile.status == Answers::Unknown {
                self.asking.suspect = false;
                self.wire.set_state(PrinterState::Ready);
            }
            self.wire.timers.set(Timer::Ask, now);
        } else {
            self.witness.calm(asked, now, None, true);
        }
    }

    pub(super) fn stop(&mut self, reasons: Vec<Reason>, now: Duration) {
        self.witness.stop();
        if let Some(doubts) = &mut self.doubts {
            doubts.taint();
        }
        self.renew_evidence_limit(now);
        self.wire.set_state(PrinterState::Stopped(reasons));
    }

    /// A question was not answered in time.
    pub(super) fn missed(&mut self, kind: Kind, now: Duration) {
        let stopped = self.wire.stopped();
        let asking = &mut self.asking;
        asking.hush += 1;
        asking.unanswered[kind as usize] = true;
        match kind {
            Kind::Status => {
                asking.suspect |= self.wire.profile.status == Answers::Yes;
                asking.status_misses += 1;
            }
            Kind::Counter => self.witness.count_missed(),
            Kind::Errors => asking.again = (self.wire.profile.errors == Some(true)).then_some(kind),
            Kind::Identity => {}
        }
        self.wire.timers.put(Timer::Ask, (!stopped).then_some(now));
        self.judge_silence(now);
    }

    pub(super) fn judge_silence(&mut self, now: Duration) {
        let Asking { heard, hush, status_misses, .. } = self.asking;
        let stopped = matches!(self.wire.state, PrinterState::Stopped(_));
        let never = self.wire.profile.status == Answers::Unknown && !stopped && (hush >= TRIES || status_misses >= TRIES);
        let cannot = heard && !stopped && hush < TRIES && status_misses >= STATUS_MISSES_MAX;
        if never || cannot {
            self.wire.learn(|profile| profile.status = Answers::Silent);
            self.asking.suspect = false;
            self.doubts = None;
            self.wire.set_state(PrinterState::Silent);
            self.send_all();
        } else if hush >= TRIES && self.wire.profile.status == Answers::Yes {
            self.asking.suspect = true;
            self.witness.stop();
            if let Some(doubts) = &mut self.doubts {
                doubts.taint();
            }
            self.wire.set_state(PrinterState::NotAnswering);
            self.wire.timers.clear(Timer::Ask);
            self.renew_evidence_limit(now);
        }
    }

    /// Labels in doubt since the line broke, if the printer says what became of them.
    pub(super) fn settle_doubts(&mut self, now: Duration) {
        let Some(doubts) = &self.doubts else { return };
        if let Some(count) = self.witness.settled_count(doubts.keys().len() as u64) {
            let survived = self.memory.survived();
            // On a network somebody else may have printed while our line was down: there only a count that stood still
            // is proof.
            for (key, printed) in doubts.settle(count, survived && self.wire.rules.line_is_ours) {
                self.wire.tell(if printed {
                    Event::Printed { key, evidence: Evidence::Counter }
                } else {
                    Event::NotTaken { key, why: Loss::DidNotComeOut }
                });
            }
            self.doubts = None;
        } else if !self.wire.stopped() && !self.asking.suspect && !self.wire.timers.runs(Timer::Certify, now) {
            self.doubts = None;
        }
    }
}
