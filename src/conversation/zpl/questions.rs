//! Open questions in the order they were asked, and whose answer a reply is.
//!
//! Replies carry no number. A printer answers in order, so a reply belongs to the oldest open question of its
//! kind, and every question before that one will not be answered any more. Where an answer was lost this
//! attributes the next one to too old a question: what it says is then taken for older than it is, never for newer.

use std::collections::VecDeque;
use std::time::Duration;

/// What can be asked, in the order of its turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Status,
    Errors,
    Counter,
    Identity,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Status, Kind::Errors, Kind::Counter, Kind::Identity];
}

/// A question, as its answer must be read: it was asked behind so many labels, not before that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub kind: Kind,
    pub labels: u64,
    pub at: Duration,
}

#[derive(Debug)]
struct Open {
    asked: Asked,
    /// The same question repeated behind it.
    again: u32,
}

#[derive(Debug, Default)]
pub(super) struct Questions {
    open: VecDeque<Open>,
    /// The one we wait for.
    awaited: Option<Kind>,
    /// Answers were lost: those that come belong to ever older questions. Until when to wait for the rest.
    catching_up: Option<Duration>,
}

/// Questions told apart; more are counted together.
const OPEN_MAX: usize = 16;
/// A printer that has just answered, and then says nothing for so long, will not answer what was asked before either.
const LATE_MAX: Duration = Duration::from_secs(5);

impl Questions {
    pub fn may_ask(&self) -> bool {
        self.awaited.is_none()
    }

    pub fn ask(&mut self, kind: Kind, labels: u64, now: Duration) {
        if self.catching_up.take().is_some_and(|until| until <= now) {
            self.open.clear();
        }
        self.awaited = Some(kind);
        self.ask_in_vain(kind, labels, now);
    }

    /// Asks without waiting for the answer.
    pub fn ask_in_vain(&mut self, kind: Kind, labels: u64, now: Duration) {
        if self.open.len() >= OPEN_MAX
            && let Some(same) =
                self.open.iter_mut().rev().take(2).find(|open| open.asked.kind == kind && open.asked.labels == labels)
        {
            same.again = same.again.saturating_add(1);
            return;
        }
        self.open.push_back(Open { asked: Asked { kind, labels, at: now }, again: 0 });
    }

    /// All that stood before the awaited question has left: it was not asked before now.
    pub fn came_up(&mut self, now: Duration) {
        if let Some(kind) = self.awaited
            && let Some(open) = self.open.back_mut().filter(|open| open.asked.kind == kind && open.again == 0)
        {
            open.asked.at = now;
        }
    }

    /// Not to ask before then.
    pub fn not_before(&self) -> Option<Duration> {
        self.catching_up
    }

    /// The awaited question was not answered in time. It stays open: its answer may still come.
    pub fn give_up(&mut self) -> Option<Kind> {
        self.awaited.take()
    }

    /// A reply of that kind came; the question it answers, unless nobody asked.
    pub fn answered(&mut self, kind: Kind, now: Duration) -> Option<Asked> {
        let at = self.open.iter().position(|open| open.asked.kind == kind)?;
        if self.awaited == Some(kind) {
            self.awaited = None;
        }
        let open = &mut self.open[at];
        let asked = open.asked;
        if open.again > 0 {
            open.again -= 1;
        } else {
            self.open.drain(..=at);
        }
        let behind = self.awaited.is_none() && self.open.len() > 1;
        self.catching_up = behind.then(|| now + LATE_MAX);
        Some(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn an_answer_nobody_asked_for_is_dropped() {
        let mut questions = Questions::default();
        assert_eq!(questions.answered(Kind::Status, at(0)), None);
        questions.ask(Kind::Status, 1, at(1));
        assert!(questions.answered(Kind::Errors, at(2)).is_none() && !questions.may_ask());
        assert_eq!(questions.answered(Kind::Status, at(3)).map(|asked| asked.labels), Some(1));
        assert_eq!(questions.answered(Kind::Status, at(4)), None, "a duplicate");
    }

    #[test]
    fn a_late_answer_is_read_as_of_the_older_question() {
        let mut questions = Questions::default();
        questions.ask(Kind::Status, 1, at(0));
        assert_eq!(questions.give_up(), Some(Kind::Status));
        questions.ask(Kind::Status, 2, at(10));
        assert_eq!(questions.answered(Kind::Status, at(11)).map(|asked| asked.labels), Some(1));
        assert_eq!(questions.answered(Kind::Status, at(12)).map(|asked| asked.labels), Some(2));
    }

    #[test]
    fn an_answer_of_another_kind_closes_what_was_asked_before_it() {
        let mut questions = Questions::default();
        questions.ask(Kind::Status, 1, at(0));
        questions.ask(Kind::Errors, 1, at(1));
        questions.ask(Kind::Status, 2, at(2));
        assert!(questions.answered(Kind::Errors, at(3)).is_some());
        assert_eq!(questions.answered(Kind::Status, at(4)).map(|asked| asked.labels), Some(2));
    }

    #[test]
    fn lost_answers_are_caught_up_with_in_a_pause() {
        let mut questions = Questions::default();
        for (labels, kind) in [(1, Kind::Status), (1, Kind::Errors), (2, Kind::Status)] {
            questions.ask(kind, labels, at(labels));
        }
        assert!(questions.answered(Kind::Status, at(3)).is_some_and(|asked| asked.labels == 1));
        let pause_ends = questions.not_before().expect("two questions are open and none is awaited");
        questions.ask(Kind::Status, 3, pause_ends);
        assert_eq!(questions.answered(Kind::Status, pause_ends).map(|asked| asked.labels), Some(3));
    }

    #[test]
    fn hours_of_silence_cost_no_memory() {
        let mut questions = Questions::default();
        for i in 0..10_000 {
            questions.ask(if i % 2 == 0 { Kind::Status } else { Kind::Errors }, 3, at(i * 5000));
        }
        assert!(questions.open.len() <= OPEN_MAX);
    }
}
