//! A pack station: what a packer scans, and what comes of it.
//!
//! A scanned text goes in, whoever read it: a scanner, the console's field, a program. An [`Answer`] comes out, for the
//! packer to see and hear, and the ledger has it. The scans of one station are worked on in their order. [`scanned`]
//! says what a text may mean and [`session`] what a station remembers, both without a clock; here the ledger is asked and
//! the printer told.

mod acts;
mod answer;
pub mod control;
mod doubts;
pub mod scanned;
mod scanners;
pub mod session;

pub use answer::{Answer, Code, Facts, Tone};

use crate::closed_set::ClosedSet;
use crate::config::{Config, Mode, StationConfig};
use crate::designs::Designs;
use crate::printer::{Handle, Printers};
use crate::spool::{LabelView, ScanNote, Spool, SpoolError, Trouble, UnixMs};
use crate::text::Fonts;
use control::PICKS_MAX;
use scanned::{Scanned, TEXT_MAX};
use session::{Heard, Session, meant};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore, watch};
use tracing::{error, info};

/// Scans of one station that may wait for those before them.
const SCANS_MAX: usize = 64;

/// Every station by its name. Clones share them.
#[derive(Clone)]
pub struct Stations {
    by_name: Arc<BTreeMap<String, Arc<Station>>>,
    failures: watch::Sender<()>,
}

/// Why a scan has no answer. Nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StationError {
    #[error("there is no station {0}: add a table [stations.{0}] to the configuration, or name another.")]
    NoStation(String),
    #[error("{SCANS_MAX} scans wait at {0} already: scan again in a moment.")]
    Busy(String),
    #[error("{0}")]
    Spool(#[from] SpoolError),
}

/// How a station stands, for the console and programs.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub name: String,
    pub printer: String,
    pub mode: Mode,
    pub by: Option<String>,
    pub scanner: Option<Scanner>,
    /// The label whose fate is asked for.
    pub doubt: Option<Doubt>,
    /// What may be picked, and until when.
    pub choices: Option<(Vec<LabelView>, UnixMs)>,
    pub last: Option<(Answer, UnixMs)>,
}

impl View {
    /// Keeps it as the last answer, under the number that follows.
    fn answered(&mut self, answer: Answer, now: UnixMs) -> Answer {
        let number = self.last.as_ref().map_or(0, |(last, _)| last.number) + 1;
        let answer = Answer { number, ..answer };
        self.last = Some((answer.clone(), now));
        answer
    }
}

/// The device that scans for a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanner {
    pub uri: String,
    pub connected: bool,
    /// Why it is not connected, as a sentence that says what to do.
    pub why: Option<String>,
}

/// A question that is put.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    pub label: LabelView,
    pub asked_at: UnixMs,
    /// It took the place of another question, which a packer may still be answering.
    pub follows: bool,
}

struct Station {
    name: String,
    printer: Handle,
    /// For slips, when it prints them.
    slips: Option<Fonts>,
    spool: Spool,
    session: Arc<Mutex<Session>>,
    places: Arc<Semaphore>,
    view: watch::Sender<View>,
}

impl Stations {
    /// The stations of the configuration. Their doubts are watched and their scanners heard until `stop` turns true.
    pub fn start(
        config: &Config,
        designs: &Designs,
        spool: &Spool,
        printers: &Printers,
        stop: &watch::Receiver<bool>,
    ) -> Stations {
        let station = |(name, config): (&String, &StationConfig)| {
            let printer = printers.get(&config.printer).expect("the configuration names only printers it has").clone();
            let view = View {
                name: name.clone(),
                printer: config.printer.clone(),
                mode: config.mode,
                by: None,
                scanner: None,
                doubt: None,
                choices: None,
                last: None,
            };
            let station = Station {
                name: name.clone(),
                printer,
                slips: config.slip.then(|| designs.fonts().clone()),
                spool: spool.clone(),
                session: Arc::new(Mutex::new(Session::new(config.mode))),
                places: Arc::new(Semaphore::new(SCANS_MAX)),
                view: watch::Sender::new(view),
            };
            (name.clone(), Arc::new(station))
        };
        let by_name = Arc::new(config.stations.iter().map(station).collect());
        let stations = Stations { by_name, failures: watch::Sender::new(()) };
        if !stations.by_name.is_empty() {
            tokio::spawn(doubts::watch(stations.clone(), spool.clone(), stop.clone()));
            scanners::listen(&stations, config, stop);
        }
        stations
    }

    /// What a packer scanned, and what came of it. `by` is who scans, where that is known better than from a badge.
    ///
    /// Once begun it is brought to its end, also when the caller is gone.
    pub async fn scan(&self, station: &str, text: &str, by: Option<&str>) -> Result<Answer, StationError> {
        let known = self.by_name.get(station).ok_or_else(|| StationError::NoStation(station.to_owned()))?;
        let busy = |_| StationError::Busy(station.to_owned());
        let place = known.places.clone().try_acquire_owned().map_err(busy)?;
        let now = known.spool.now();
        let session = known.session.clone().lock_owned().await;
        let (known, text, by) = (known.clone(), text.to_owned(), by.map(str::to_owned));
        let scan = tokio::spawn(async move {
            let answer = known.scan(session, &text, by, now).await;
            drop(place);
            answer
        });
        scan.await.unwrap_or(Err(StationError::Spool(Trouble::Closed.into())))
    }

    /// A scan of its own scanner was not worked on: the answer before it must not be taken for its own.
    fn failed(&self, name: &str, why: &str) {
        if let Some(station) = self.by_name.get(name) {
            let sentence = format!("this scan was not worked on: {why}");
            station.view.send_modify(|view| {
                view.answered(Answer::new(view.mode, Code::NotDone, sentence), station.spool.now());
            });
            self.failures.send_replace(());
        }
    }

    /// Rings whenever a scan was not worked on. The ledger may not be able to keep that, so it is no event.
    pub fn failures(&self) -> watch::Receiver<()> {
        self.failures.subscribe()
    }

    /// How that station stands, now and whenever it changes.
    pub fn view(&self, name: &str) -> Option<watch::Receiver<View>> {
        self.by_name.get(name).map(|station| station.view.subscribe())
    }

    /// How every station stands now.
    pub fn views(&self) -> Vec<View> {
        self.by_name.values().map(|station| station.view.borrow().clone()).collect()
    }

    /// Says that a scanner reads for the station, or is unplugged.
    fn show_scanner(&self, name: &str, scanner: Scanner) {
        if let Some(station) = self.by_name.get(name) {
            station.view.send_modify(|view| view.scanner = Some(scanner));
        }
    }
}

impl Station {
    async fn scan(
        &self,
        mut session: OwnedMutexGuard<Session>,
        text: &str,
        by: Option<String>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        // The line is opened while the label is looked for.
        self.printer.look(false);
        let person = by.or_else(|| session.person.clone());
        let answered = self.answer(&mut session, text, person.as_deref(), now).await;
        let mut answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                session.forget();
                return Err(error);
            }
        };
        let (code, label) = (answer.code, answer.label.as_ref().map(|label| label.id.clone()));
        info!(station = self.name, label, "{}", code.word());
        self.view.send_modify(|view| {
            view.mode = session.mode;
            view.by.clone_from(&session.person);
            view.choices = session.offered().cloned();
            answer = view.answered(answer.clone(), now);
        });
        let note = ScanNote {
            station: self.name.clone(),
            printer: self.printer.name.clone(),
            by: person,
            label,
            mode: session.mode,
            answer: code,
        };
        if let (Some(fonts), Some(slip)) = (&self.slips, answer.slip()) {
            let (printer, fonts) = (self.printer.clone(), fonts.clone());
            // Not waited for: its outcome is told as an event.
            tokio::spawn(async move { printer.slip(slip, &fonts).await });
        }
        if let Err(error) = self.spool.note_scan(note).await {
            error!(station = self.name, "a scan is not on record: {error}");
        }
        Ok(answer)
    }

    async fn answer(&self, session: &mut Session, text: &str, person: Option<&str>, now: UnixMs) -> Result<Answer, StationError> {
        let mode = session.mode;
        let Some(scanned) = Scanned::read(text) else {
            let sentence = format!("that is not a code: nothing in it can be read, or it is longer than {TEXT_MAX} characters.");
            return Ok(Answer::new(mode, Code::Unknown, sentence));
        };
        match session.hear(&scanned, now) {
            Heard::Repeated => {
                let sentence = "the same scan again at once: nothing more was done. Wait two seconds if you mean it.";
                let last = self.view.borrow().last.as_ref().and_then(|(answer, _)| answer.label.clone());
                Ok(Answer { label: last, ..Answer::new(mode, Code::Repeated, sentence) })
            }
            Heard::Badge(name) => Ok(self.badge(session, name)),
            Heard::Control(control) => self.control(session, control, person, now).await,
            Heard::NoControl => {
                let sentence = "no such control code is known: print the sheet anew with `waybilld station sheet`.";
                Ok(Answer::new(mode, Code::Unknown, sentence))
            }
            Heard::Picked(label) => self.act(session, *label, person, now).await,
            Heard::NoSuchPick(0) => Ok(Answer::new(mode, Code::NothingAsked, "there is nothing to choose from.")),
            Heard::NoSuchPick(count) => {
                let labels = session.offered().map(|(labels, _)| labels.clone()).unwrap_or_default();
                let sentence = format!("there are only {count} to choose from.");
                Ok(Answer { sentence, ..Answer::choose(mode, labels) })
            }
            Heard::Code => self.look_for(session, &scanned, person, now).await,
        }
    }

    /// Looks for the label that is meant, and does with it what the mode says.
    async fn look_for(
        &self,
        session: &mut Session,
        scanned: &Scanned,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let mode = session.mode;
        let found = self.spool.find_first(scanned.keys().to_vec(), usize::from(PICKS_MAX) + 1).await?;
        let mut labels = meant(found, mode);
        match labels.len() {
            0 if mode == Mode::Print => self.print_goods(session, scanned, person, now).await,
            0 => Ok(Answer::new(mode, Code::Unknown, "no label has this code: check that it is one of ours.")),
            1 => self.act(session, labels.remove(0), person, now).await,
            _ => {
                let answer = Answer::choose(mode, labels);
                session.offer(answer.choices.clone(), now);
                Ok(answer)
            }
        }
    }

    /// Who is on record when no badge was scanned: the station.
    fn who(&self, person: Option<&str>) -> String {
        person.unwrap_or(&self.name).to_owned()
    }
}
