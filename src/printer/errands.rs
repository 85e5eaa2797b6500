//! What an operator asks of a printer beside its jobs: a label with its name, a test label, a calibration.
//!
//! They are in no spool: what waits here is gone with the daemon, and whoever asked is told what became of it. They go
//! between two labels and before all of them, and print while the printer is paused by an operator, who asks for
//! them. Draws nothing and opens nothing.

use crate::label::Label;
use crate::spool::EventKind;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Orders of this kind that may wait for one printer.
pub const WAITING_MAX: usize = 4;
/// The conversation's keys of labels that are in no spool: a spool never counts so far.
const KEYS: u64 = 1 << 63;
/// After a calibration the printer feeds some labels and measures; what is sent meanwhile may be cut in two.
const CALIBRATION: Duration = Duration::from_secs(8);

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    /// A label with its name.
    Identify,
    /// A test label.
    Test,
    /// A few words for the packer.
    Slip,
    /// The sheets of control codes.
    ControlSheet,
    Calibrate,
}

impl Chore {
    /// The word for it in addresses, events and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Chore::Identify => "identify",
            Chore::Test => "test",
            Chore::Slip => "slip",
            Chore::ControlSheet => "control-sheet",
            Chore::Calibrate => "calibrate",
        }
    }

    /// As what its end is told.
    pub fn event(self) -> EventKind {
        match self {
            Chore::Identify => EventKind::Identify,
            Chore::Test => EventKind::Test,
            Chore::Slip => EventKind::Slip,
            Chore::ControlSheet => EventKind::ControlSheet,
            Chore::Calibrate => EventKind::Calibrate,
        }
    }

    fn thing(self) -> &'static str {
        match self {
            Chore::Identify => "its name",
            Chore::Test => "the test label",
            Chore::Slip => "the slip",
            Chore::ControlSheet => "the sheet of control codes",
            Chore::Calibrate => "the order to calibrate",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    Printed,
    /// All bytes handed to a printer that cannot confirm.
    Sent,
    InDoubt(String),
    /// Nobody waits any more, the printer still will: why, in a sentence.
    Waits(String),
    NotTaken(String),
}

impl Became {
    /// The word for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Became::Printed => "printed",
            Became::Sent => "sent",
            Became::InDoubt(_) => "in_doubt",
            Became::Waits(_) => "waiting",
            Became::NotTaken(_) => "not_taken",
        }
    }

    /// The same in a sentence about that chore.
    pub fn sentence(&self, chore: Chore) -> String {
        let thing = chore.thing();
        match (self, chore) {
            (Became::Printed, _) => format!("printed {thing}."),
            (Became::Sent, Chore::Calibrate) => {
                "told to calibrate: it feeds some labels and measures them; it goes on by itself.".to_owned()
            }
            (Became::Sent, _) => format!("was sent {thing}; it cannot confirm: look at the printer."),
            (Became::InDoubt(why), _) => format!("nobody knows whether {thing} came out: {why}"),
            (Became::Waits(why), Chore::Calibrate) => format!("{why} It calibrates as soon as it can."),
            (Became::Waits(why), _) => format!("{why} It prints {thing} as soon as it can."),
            (Became::NotTaken(why), _) => format!("{thing} was not taken: {why}"),
        }
    }
}

/// What is to be written.
pub enum Work {
    Label(Box<Label>),
    /// A command of the printer's language.
    Command(Vec<u8>),
}

/// One order of this kind.
pub struct Errand {
    pub chore: Chore,
    pub work: Work,
    pub tell: oneshot::Sender<Became>,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chore.word())
    }
}

/// A label's way back to whoever asked; `None` once they were told that it is in doubt.
struct Asker {
    chore: Chore,
    tell: Option<oneshot::Sender<Became>>,
}

/// The errands of one printer.
#[derive(Default)]
pub struct Errands {
    waiting: VecDeque<Errand>,
    given: HashMap<u64, Asker>,
    keys: u64,
    /// A command on its way to the line.
    saying: Option<Asker>,
    /// Until when the printer is left alone.
    rest_until: Option<Instant>,
}

/// What to do for the first of them.
pub enum Next {
    Print(u64, Box<Label>),
    Say(Vec<u8>),
}

/// An errand that has its end, to be told to everybody.
pub struct Ended {
    pub chore: Chore,
    pub became: Became,
}

impl Errands {
    /// Takes it, or says at once that there are too many.
    pub fn take(&mut self, errand: Errand) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(errand);
        } else {
            let why = format!("{WAITING_MAX} orders wait for it already: ask again when they are done.");
            answer(Some(errand.tell), Became::NotTaken(why));
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
        let command_next = matches!(self.waiting.front(), Some(Errand { work: Work::Command(_), .. }));
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
            Work::Label(_) => has_room,
            Work::Command(_) => labels_open == 0,
        };
        let Errand { chore, work, tell } = if may { self.waiting.pop_front()? } else { return None };
        let asker = Asker { chore, tell: Some(tell) };
        Some(match work {
            Work::Label(label) => {
                self.keys += 1;
                let key = KEYS + self.keys;
                self.given.insert(key, asker);
                Next::Print(key, label)
            }
            Work::Command(bytes) => {
                self.saying = Some(asker);
                Next::Say(bytes)
            }
        })
    }

    /// All bytes of the command were taken by the line.
    pub fn said(&mut self, now: Instant) -> Option<Ended> {
        let asker = self.saying.take()?;
        self.rest_until = Some(now + CALIBRATION);
        Some(end(asker, Became::Sent))
    }

    pub fn is_saying(&self) -> bool {
        self.saying.is_some()
    }

    /// Whether that key is of an errand.
    pub fn owns(key: u64) -> bool {
        key > KEYS
    }

    /// What became of a label of ours.
    pub fn settle(&mut self, key: u64, became: Became) -> Option<Ended> {
        let mut asker = self.given.remove(&key)?;
        if let Became::InDoubt(_) = became {
            // Evidence may settle it yet, for the record.
            let again = Asker { chore: asker.chore, tell: None };
            answer(asker.tell.take(), became.clone());
            self.given.insert(key, again);
            return Some(Ended { chore: asker.chore, became });
        }
        Some(end(asker, became))
    }

    /// The printer is not reached: what waits does not wait for tomorrow.
    pub fn refuse_all(&mut self, why: &str) -> Vec<Ended> {
        let waiting = self.waiting.drain(..).map(|errand| Asker { chore: errand.chore, tell: Some(errand.tell) });
        waiting.map(|asker| end(asker, Became::NotTaken(why.to_owned()))).collect()
    }

    /// The line is gone, and with it a command on its way.
    pub fn line_lost(&mut self, why: &str) -> Option<Ended> {
        self.rest_until = None;
        let asker = self.saying.take()?;
        Some(end(asker, Became::InDoubt(format!("the line broke ({why}): look at the printer, then ask again."))))
    }
}

fn end(mut asker: Asker, became: Became) -> Ended {
    answer(asker.tell.take(), became.clone());
    Ended { chore: asker.chore, became }
}

/// Whoever asked may have stopped waiting.
fn answer(tell: Option<oneshot::Sender<Became>>, became: Became) {
    if let Some(tell) = tell {
        let _ = tell.send(became);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::{Dpi, Size};

    fn errand(chore: Chore) -> (Errand, oneshot::Receiver<Became>) {
        let (tell, told) = oneshot::channel();
        let work = match chore {
            Chore::Calibrate => Work::Command(b"~JC".to_vec()),
            _ => Work::Label(Box::new(Label { dpi: Dpi::D203, size: Size::default(), ops: Vec::new() })),
        };
        (Errand { chore, work, tell }, told)
    }

    #[test]
    fn a_fifth_order_is_told_to_come_back_and_the_four_before_it_are_done_in_turn() {
        let mut errands = Errands::default();
        let mut told = Vec::new();
        for _ in 0..=WAITING_MAX {
            let (order, answer) = errand(Chore::Test);
            errands.take(order);
            told.push(answer);
        }
        let last = told.pop().expect("five were asked").try_recv();
        assert!(matches!(last, Ok(Became::NotTaken(why)) if why.starts_with("4 orders wait for it already")));
        let now = Instant::now();
        assert!(errands.next(false, 2, now).is_none(), "the window is full");
        for mut answer in told {
            let Some(Next::Print(key, _)) = errands.next(true, 1, now) else { panic!("a label is next") };
            assert!(Errands::owns(key) && answer.try_recv().is_err());
            errands.settle(key, Became::Printed);
            assert_eq!(answer.try_recv(), Ok(Became::Printed));
        }
        assert!(!errands.is_busy());
    }

    #[test]
    fn a_calibration_waits_for_the_labels_on_the_wire_and_labels_wait_for_it() {
        let mut errands = Errands::default();
        let (order, mut answer) = errand(Chore::Calibrate);
        errands.take(order);
        let now = Instant::now();
        assert!(errands.hold_labels() && errands.next(true, 1, now).is_none(), "a label is on the wire");
        assert!(matches!(errands.next(true, 0, now), Some(Next::Say(_))));
        assert!(errands.hold_labels() && answer.try_recv().is_err());
        errands.said(now);
        assert_eq!(answer.try_recv(), Ok(Became::Sent));
        assert!(errands.hold_labels(), "the printer feeds and measures");
        let later = errands.poll_timeout().expect("it is left alone for a while");
        assert!(errands.next(true, 0, later).is_none() && !errands.hold_labels());
    }

    #[test]
    fn a_label_in_doubt_is_told_once_and_its_later_end_is_still_recorded() {
        let mut errands = Errands::default();
        let (order, mut answer) = errand(Chore::Identify);
        errands.take(order);
        let Some(Next::Print(key, _)) = errands.next(true, 0, Instant::now()) else { panic!("a label is next") };
        assert!(errands.settle(key, Became::InDoubt("the line broke".into())).is_some());
        assert_eq!(answer.try_recv(), Ok(Became::InDoubt("the line broke".into())));
        assert!(matches!(errands.settle(key, Became::Printed), Some(Ended { became: Became::Printed, .. })));
    }
}
