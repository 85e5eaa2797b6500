//! What an operator asks of a printer beside its jobs: a label with its name, a test label, a calibration.
//!
//! They are in no spool: what waits here is gone with the daemon, and whoever asked is told what became of it. They go
//! between two labels and before all of them, and print while the printer is paused by an operator, who asks for
//! them. Draws nothing and opens nothing.

use super::words::TaskKind;
use super::words::TaskOutcome;
use crate::closed_set::ClosedSet;
use crate::label::Label;
use crate::spool::EventKind;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Tasks that may wait for one printer.
pub const WAITING_MAX: usize = 4;
/// The conversation's keys of labels that are in no spool: a spool never counts so far.
const KEYS: u64 = 1 << 63;
/// After a calibration the printer feeds some labels and measures; what is sent meanwhile may be cut in two.
const CALIBRATION: Duration = Duration::from_secs(8);

impl TaskKind {
    /// As what its end is told.
    pub fn event(self) -> EventKind {
        match self {
            TaskKind::Identify => EventKind::Identify,
            TaskKind::Test => EventKind::Test,
            TaskKind::Slip => EventKind::Slip,
            TaskKind::ControlSheet => EventKind::ControlSheet,
            TaskKind::Calibrate => EventKind::Calibrate,
        }
    }

    fn thing(self) -> &'static str {
        match self {
            TaskKind::Identify => "its name",
            TaskKind::Test => "the test label",
            TaskKind::Slip => "the slip",
            TaskKind::ControlSheet => "the sheet of control codes",
            TaskKind::Calibrate => "the order to calibrate",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEnd {
    Printed,
    /// All bytes handed to a printer that cannot confirm.
    Sent,
    InDoubt(String),
    /// Nobody waits any more, the printer still will: why, in a sentence.
    Waits(String),
    NotTaken(String),
}

impl TaskEnd {
    /// The same for programs.
    pub fn outcome(&self) -> TaskOutcome {
        match self {
            TaskEnd::Printed => TaskOutcome::Printed,
            TaskEnd::Sent => TaskOutcome::Sent,
            TaskEnd::InDoubt(_) => TaskOutcome::InDoubt,
            TaskEnd::Waits(_) => TaskOutcome::Waiting,
            TaskEnd::NotTaken(_) => TaskOutcome::NotTaken,
        }
    }

    /// The same in a sentence about that kind.
    pub fn sentence(&self, kind: TaskKind) -> String {
        let thing = kind.thing();
        match (self, kind) {
            (TaskEnd::Printed, _) => format!("printed {thing}."),
            (TaskEnd::Sent, TaskKind::Calibrate) => {
                "told to calibrate: it feeds some labels and measures them; it goes on by itself.".to_owned()
            }
            (TaskEnd::Sent, _) => format!("was sent {thing}; it cannot confirm: look at the printer."),
            (TaskEnd::InDoubt(why), _) => format!("nobody knows whether {thing} came out: {why}"),
            (TaskEnd::Waits(why), TaskKind::Calibrate) => format!("{why} It calibrates as soon as it can."),
            (TaskEnd::Waits(why), _) => format!("{why} It prints {thing} as soon as it can."),
            (TaskEnd::NotTaken(why), _) => format!("{thing} was not taken: {why}"),
        }
    }
}

/// What is to be written.
pub enum TaskWork {
    Label(Box<Label>),
    /// A command of the printer's language.
    Command(Vec<u8>),
}

/// One service task.
pub struct ServiceTask {
    pub kind: TaskKind,
    pub work: TaskWork,
    pub tell: oneshot::Sender<TaskEnd>,
}

impl fmt::Debug for ServiceTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word())
    }
}

/// A label's way back to whoever asked; `None` once they were told that it is in doubt.
struct Requester {
    kind: TaskKind,
    tell: Option<oneshot::Sender<TaskEnd>>,
}

/// The service tasks of one printer.
#[derive(Default)]
pub struct ServiceTasks {
    waiting: VecDeque<ServiceTask>,
    given: HashMap<u64, Requester>,
    keys: u64,
    /// A command on its way to the line.
    saying: Option<Requester>,
    /// Until when the printer is left alone.
    rest_until: Option<Instant>,
}

/// What to do for the first of them.
pub enum Next {
    Print(u64, Box<Label>),
    Say(Vec<u8>),
}

/// A task that has its end, to be told to everybody.
pub struct FinishedTask {
    pub kind: TaskKind,
    pub outcome: TaskEnd,
}

impl ServiceTasks {
    /// Takes it, or says at once that there are too many.
    pub fn take(&mut self, task: ServiceTask) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(task);
        } else {
            let why = format!("{WAITING_MAX} orders wait for it already: ask again when they are done.");
            answer(Some(task.tell), TaskEnd::NotTaken(why));
        }
    }

    /// Whether the line is wanted for one.
    pub fn wait(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Labels that are given and commands that are being said.
    pub fn is_busy(&self) -> bool {
        self.wait() || !self.given.is_empty() || self.saying.is_some()
    }

    /// Whether no label may begin now: a command goes between two labels, and the printer is left alone after it.
    pub fn hold_labels(&self) -> bool {
        let command_next = matches!(self.waiting.front(), Some(ServiceTask { work: TaskWork::Command(_), .. }));
        command_next || self.saying.is_some() || self.rest_until.is_some()
    }

    /// When labels may begin again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.rest_until
    }

    /// What to do now. `has_room`: another label may be given; `labels_open`: so many are on the wire.
    pub fn next(&mut self, has_room: bool, labels_open: usize, now: Instant) -> Option<Next> {
        self.rest_until = self.rest_until.filter(|until| *until > now);
        if self.saying.is_some() || self.rest_until.is_some() {
            return None;
        }
        let may = match &self.waiting.front()?.work {
            TaskWork::Label(_) => has_room,
            TaskWork::Command(_) => labels_open == 0,
        };
        let ServiceTask { kind, work, tell } = if may { self.waiting.pop_front()? } else { return None };
        let requester = Requester { kind, tell: Some(tell) };
        Some(match work {
            TaskWork::Label(label) => {
                self.keys += 1;
                let key = KEYS + self.keys;
                self.given.insert(key, requester);
                Next::Print(key, label)
            }
            TaskWork::Command(bytes) => {
                self.saying = Some(requester);
                Next::Say(bytes)
            }
        })
    }

    /// All bytes of the command were taken by the line.
    pub fn said(&mut self, now: Instant) -> Option<FinishedTask> {
        let requester = self.saying.take()?;
        self.rest_until = Some(now + CALIBRATION);
        Some(end(requester, TaskEnd::Sent))
    }

    pub fn is_saying(&self) -> bool {
        self.saying.is_some()
    }

    /// Whether that key is of a task.
    pub fn owns(key: u64) -> bool {
        key > KEYS
    }

    /// What became of a label of ours.
    pub fn settle(&mut self, key: u64, outcome: TaskEnd) -> Option<FinishedTask> {
        let mut requester = self.given.remove(&key)?;
        if let TaskEnd::InDoubt(_) = outcome {
            // Evidence may settle it yet, for the record.
            let again = Requester { kind: requester.kind, tell: None };
            answer(requester.tell.take(), outcome.clone());
            self.given.insert(key, again);
            return Some(FinishedTask { kind: requester.kind, outcome });
        }
        Some(end(requester, outcome))
    }

    /// The printer is not reached: what waits does not wait for tomorrow.
    pub fn refuse_all(&mut self, why: &str) -> Vec<FinishedTask> {
        let waiting = self.waiting.drain(..).map(|task| Requester { kind: task.kind, tell: Some(task.tell) });
        waiting.map(|requester| end(requester, TaskEnd::NotTaken(why.to_owned()))).collect()
    }

    /// The line is gone, and with it a command on its way.
    pub fn line_lost(&mut self, why: &str) -> Option<FinishedTask> {
        self.rest_until = None;
        let requester = self.saying.take()?;
        Some(end(requester, TaskEnd::InDoubt(format!("the line broke ({why}): look at the printer, then ask again."))))
    }
}

fn end(mut requester: Requester, outcome: TaskEnd) -> FinishedTask {
    answer(requester.tell.take(), outcome.clone());
    FinishedTask { kind: requester.kind, outcome }
}

/// Whoever asked may have stopped waiting.
fn answer(tell: Option<oneshot::Sender<TaskEnd>>, outcome: TaskEnd) {
    if let Some(tell) = tell {
        let _ = tell.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::{Dpi, Size};

    fn task(kind: TaskKind) -> (ServiceTask, oneshot::Receiver<TaskEnd>) {
        let (tell, told) = oneshot::channel();
        let work = match kind {
            TaskKind::Calibrate => TaskWork::Command(b"~JC".to_vec()),
            _ => TaskWork::Label(Box::new(Label { dpi: Dpi::D203, size: Size::default(), ops: Vec::new() })),
        };
        (ServiceTask { kind, work, tell }, told)
    }

    #[test]
    fn a_fifth_order_is_told_to_come_back_and_the_four_before_it_are_done_in_turn() {
        let mut service_tasks = ServiceTasks::default();
        let mut told = Vec::new();
        for _ in 0..=WAITING_MAX {
            let (order, answer) = task(TaskKind::Test);
            service_tasks.take(order);
            told.push(answer);
        }
        let last = told.pop().expect("five were asked").try_recv();
        assert!(matches!(last, Ok(TaskEnd::NotTaken(why)) if why.starts_with("4 orders wait for it already")));
        let now = Instant::now();
        assert!(service_tasks.next(false, 2, now).is_none(), "the window is full");
        for mut answer in told {
            let Some(Next::Print(key, _)) = service_tasks.next(true, 1, now) else { panic!("a label is next") };
            assert!(ServiceTasks::owns(key) && answer.try_recv().is_err());
            service_tasks.settle(key, TaskEnd::Printed);
            assert_eq!(answer.try_recv(), Ok(TaskEnd::Printed));
        }
        assert!(!service_tasks.is_busy());
    }

    #[test]
    fn a_calibration_waits_for_the_labels_on_the_wire_and_labels_wait_for_it() {
        let mut service_tasks = ServiceTasks::default();
        let (order, mut answer) = task(TaskKind::Calibrate);
        service_tasks.take(order);
        let now = Instant::now();
        assert!(service_tasks.hold_labels() && service_tasks.next(true, 1, now).is_none(), "a label is on the wire");
        assert!(matches!(service_tasks.next(true, 0, now), Some(Next::Say(_))));
        assert!(service_tasks.hold_labels() && answer.try_recv().is_err());
        service_tasks.said(now);
        assert_eq!(answer.try_recv(), Ok(TaskEnd::Sent));
        assert!(service_tasks.hold_labels(), "the printer feeds and measures");
        let later = service_tasks.poll_timeout().expect("it is left alone for a while");
        assert!(service_tasks.next(true, 0, later).is_none() && !service_tasks.hold_labels());
    }

    #[test]
    fn a_label_in_doubt_is_told_once_and_its_later_end_is_still_recorded() {
        let mut service_tasks = ServiceTasks::default();
        let (order, mut answer) = task(TaskKind::Identify);
        service_tasks.take(order);
        let Some(Next::Print(key, _)) = service_tasks.next(true, 0, Instant::now()) else { panic!("a label is next") };
        assert!(service_tasks.settle(key, TaskEnd::InDoubt("the line broke".into())).is_some());
        assert_eq!(answer.try_recv(), Ok(TaskEnd::InDoubt("the line broke".into())));
        assert!(matches!(service_tasks.settle(key, TaskEnd::Printed), Some(FinishedTask { outcome: TaskEnd::Printed, .. })));
    }
}
