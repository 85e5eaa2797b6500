//! A pack station: what a packer scans, and what comes of it.
//!
//! A scanned text goes in, whoever read it: a scanner, the console's field, a program. An [`Answer`] comes out, for the
//! packer to see and hear, and the ledger has it. The scans of one station are worked on in their order. [`scanned`]
//! says what a text may mean and [`bench`] what a station remembers, both without a clock; here the ledger is asked and
//! the printer told.

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
use crate::spool::{Hold, HoldCause, LabelView, Refusal, Reprint, ScanNote, Spool, SpoolError, State, Trouble, UnixMs};
use crate::text::Fonts;
use answer::refused;
use control::{Control, PICKS_MAX};
use scanned::{Scanned, TEXT_MAX};
use session::{Bench, Heard, Undo, meant};
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

/// How a station stands, for whoever shows it.
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
    /// It took the place of another question, which somebody may still be answering.
    pub follows: bool,
}

/// So long after a question took the place of another one, an answer is not taken for its own.
const ASK_SETTLES_MS: UnixMs = 1_500;

struct Station {
    name: String,
    printer: Handle,
    /// For slips, when it prints them.
    slips: Option<Fonts>,
    spool: Spool,
    bench: Arc<Mutex<Bench>>,
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
                bench: Arc::new(Mutex::new(Bench::new(config.mode))),
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
    /// Once begun it is brought to its end, also when nobody waits for the answer any more.
    pub async fn scan(&self, station: &str, text: &str, by: Option<&str>) -> Result<Answer, StationError> {
        let known = self.by_name.get(station).ok_or_else(|| StationError::NoStation(station.to_owned()))?;
        let busy = |_| StationError::Busy(station.to_owned());
        let place = known.places.clone().try_acquire_owned().map_err(busy)?;
        let now = known.spool.now();
        let bench = known.bench.clone().lock_owned().await;
        let (known, text, by) = (known.clone(), text.to_owned(), by.map(str::to_owned));
        let scan = tokio::spawn(async move {
            let answer = known.scan(bench, &text, by, now).await;
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
                view.last = Some((Answer::new(view.mode, Code::NotDone, sentence), station.spool.now()));
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
        mut bench: OwnedMutexGuard<Bench>,
        text: &str,
        by: Option<String>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        // The line is opened while the label is looked for.
        self.printer.look();
        let person = by.or_else(|| bench.person.clone());
        let answered = self.answer(&mut bench, text, person.as_deref(), now).await;
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                bench.forget();
                return Err(error);
            }
        };
        let (code, label) = (answer.code, answer.label.as_ref().map(|label| label.id.clone()));
        info!(station = self.name, label, "{}", code.word());
        self.view.send_modify(|view| {
            view.mode = bench.mode;
            view.by.clone_from(&bench.person);
            view.choices = bench.offered().cloned();
            view.last = Some((answer.clone(), now));
        });
        let note = ScanNote {
            station: self.name.clone(),
            printer: self.printer.name.clone(),
            by: person,
            label,
            mode: bench.mode,
            answer: code,
        };
        if let (Some(fonts), Some(slip)) = (&self.slips, answer.slip()) {
            let (printer, fonts) = (self.printer.clone(), fonts.clone());
            // Nobody waits for it: what became of it is told as an event.
            tokio::spawn(async move { printer.slip(slip, &fonts).await });
        }
        if let Err(error) = self.spool.note_scan(note).await {
            error!(station = self.name, "a scan is not on record: {error}");
        }
        Ok(answer)
    }

    async fn answer(&self, bench: &mut Bench, text: &str, person: Option<&str>, now: UnixMs) -> Result<Answer, StationError> {
        let mode = bench.mode;
        let Some(scanned) = Scanned::read(text) else {
            let sentence = format!("that is no code: nothing in it can be read, or it is longer than {TEXT_MAX} characters.");
            return Ok(Answer::new(mode, Code::Unknown, sentence));
        };
        match bench.hear(&scanned, now) {
            Heard::Repeated => {
                let sentence = "the same scan again at once: nothing more was done. Wait two seconds if you mean it.";
                let last = self.view.borrow().last.as_ref().and_then(|(answer, _)| answer.label.clone());
                Ok(Answer { label: last, ..Answer::new(mode, Code::Repeated, sentence) })
            }
            Heard::Badge(name) => Ok(self.badge(bench, name)),
            Heard::Control(control) => self.control(bench, control, person, now).await,
            Heard::NoControl => {
                let sentence = "no such control code is known: print the sheet anew with `waybilld station sheet`.";
                Ok(Answer::new(mode, Code::Unknown, sentence))
            }
            Heard::Picked(label) => self.act(bench, *label, person, now).await,
            Heard::NoSuchPick(0) => Ok(Answer::new(mode, Code::NothingAsked, "there is nothing to choose from.")),
            Heard::NoSuchPick(count) => {
                let labels = bench.offered().map(|(labels, _)| labels.clone()).unwrap_or_default();
                let sentence = format!("there are only {count} to choose from.");
                Ok(Answer { sentence, ..Answer::choose(mode, labels) })
            }
            Heard::Code => self.look_for(bench, &scanned, person, now).await,
        }
    }

    /// Looks for the label that is meant, and does with it what the mode says.
    async fn look_for(
        &self,
        bench: &mut Bench,
        scanned: &Scanned,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let mode = bench.mode;
        let found = self.spool.find_first(scanned.keys().to_vec(), usize::from(PICKS_MAX) + 1).await?;
        let mut labels = meant(found, mode);
        match labels.len() {
            0 if mode == Mode::Print => self.print_goods(bench, scanned, person, now).await,
            0 => Ok(Answer::new(mode, Code::Unknown, "no label has this code: check that it is one of ours.")),
            1 => self.act(bench, labels.remove(0), person, now).await,
            _ => {
                let answer = Answer::choose(mode, labels);
                bench.offer(answer.choices.clone(), now);
                Ok(answer)
            }
        }
    }

    /// Prints the next label of a wave whose parcels hold one piece each.
    async fn print_goods(
        &self,
        bench: &mut Bench,
        scanned: &Scanned,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let waiting = self.spool.goods_waiting(scanned.articles()).await?;
        if let Some(label) = waiting.next {
            let mut answer = self.act(bench, label, person, now).await?;
            if answer.code == Code::Printing {
                let left = waiting.single - 1;
                answer.facts.count = Some(left);
                answer.sentence.push_str(&format!(" {left} more wait for this article."));
            }
            return Ok(answer);
        }
        if waiting.in_orders > 0 {
            let count = waiting.in_orders;
            let sentence = format!("this article is only in orders with more in them ({count}): scan the order's code.");
            let facts = Facts { count: Some(count), ..Facts::default() };
            return Ok(Answer::new(bench.mode, Code::NothingWaits, sentence).with(facts));
        }
        let count = self.spool.awaiting_scan().await?;
        let sentence = format!("nothing waits for this code; {count} labels wait for another scan.");
        let facts = Facts { count: Some(count), ..Facts::default() };
        Ok(Answer::new(bench.mode, Code::NothingWaits, sentence).with(facts))
    }

    /// Does with the label what the mode says, or says why not.
    async fn act(&self, bench: &mut Bench, label: LabelView, person: Option<&str>, now: UnixMs) -> Result<Answer, StationError> {
        let mode = bench.mode;
        let done = match mode {
            Mode::Reprint => self.reprint(&label, person).await,
            Mode::Print => self.print(&label, person).await,
            Mode::Ship => self.ship(&label, person).await,
        };
        let (answer, undo) = match done {
            Ok(done) => done,
            Err(error) => (answer_to(error, &label, mode, now)?, Undo::Never("the last scan did nothing.")),
        };
        bench.did(undo);
        if answer.code == Code::RefusedInDoubt {
            self.ask(label, now);
        }
        Ok(answer)
    }

    async fn reprint(&self, label: &LabelView, person: Option<&str>) -> Result<(Answer, Undo), SpoolError> {
        let reprint =
            Reprint { reason: format!("scanned at {}", self.name), by: self.who(person), station: Some(self.name.clone()) };
        let printer = self.printer.name.as_str();
        self.spool.reprint(&label.id, reprint, Some(printer)).await?;
        let copy = label.copies as usize + 1;
        let sentence = format!("label {} prints again at {printer}, as copy {copy}.", label.id);
        let facts = Facts { printer: Some(printer.to_owned()), count: Some(copy), ..Facts::default() };
        let answer = Answer::new(Mode::Reprint, Code::Reprinting, sentence).of(label.clone()).with(facts);
        Ok((answer, Undo::Reprint { label: label.id.clone() }))
    }

    async fn print(&self, label: &LabelView, person: Option<&str>) -> Result<(Answer, Undo), SpoolError> {
        let printer = self.printer.name.as_str();
        self.spool.let_print(&label.id, printer, &self.who(person)).await?;
        let sentence = format!("label {} prints at {printer}.", label.id);
        let facts = Facts { printer: Some(printer.to_owned()), ..Facts::default() };
        let answer = Answer::new(Mode::Print, Code::Printing, sentence).of(label.clone()).with(facts);
        Ok((answer, Undo::Print { label: label.id.clone() }))
    }

    async fn ship(&self, label: &LabelView, person: Option<&str>) -> Result<(Answer, Undo), SpoolError> {
        self.spool.ship(&label.id, Some(&self.who(person)), &self.name).await?;
        let sentence = format!("label {} is handed over.", label.id);
        let answer = Answer::new(Mode::Ship, Code::Shipped, sentence).of(label.clone());
        Ok((answer, Undo::Ship { label: label.id.clone() }))
    }

    fn badge(&self, bench: &mut Bench, name: Option<String>) -> Answer {
        let sentence = match &name {
            Some(name) => format!("{name} packs at {} now.", self.name),
            None => format!("nobody is named at {} any more.", self.name),
        };
        let before = std::mem::replace(&mut bench.person, name.clone());
        bench.did(Undo::Person(before));
        Answer::new(bench.mode, Code::Badge, sentence).with(Facts { by: name, ..Facts::default() })
    }

    async fn control(
        &self,
        bench: &mut Bench,
        control: Control,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let printer = self.printer.name.as_str();
        let at_printer = Facts { printer: Some(printer.to_owned()), ..Facts::default() };
        match control {
            Control::CameOut => self.outcome(bench, true, person, now).await,
            Control::DidNot => self.outcome(bench, false, person, now).await,
            Control::ReprintLast => {
                let Some(label) = self.spool.last_out(printer).await? else {
                    let sentence = format!("{printer} has printed nothing lately: scan the label itself.");
                    return Ok(Answer::new(bench.mode, Code::Unknown, sentence).with(at_printer));
                };
                let (answer, undo) = match self.reprint(&label, person).await {
                    Ok(done) => done,
                    Err(error) => return Ok(answer_to(error, &label, Mode::Reprint, now)?),
                };
                bench.did(undo);
                Ok(Answer { mode: bench.mode, ..answer })
            }
            Control::Pause => {
                self.printer.pause().await;
                bench.did(Undo::Never("a pause is ended by scanning \"resume\"."));
                let sentence = format!("{printer} is paused: it begins no new label.");
                Ok(Answer::new(bench.mode, Code::Paused, sentence).with(at_printer))
            }
            Control::Resume => {
                self.printer.resume().await;
                bench.did(Undo::Never("a printer that goes on is stopped by scanning \"pause\"."));
                Ok(Answer::new(bench.mode, Code::Resumed, format!("{printer} goes on.")).with(at_printer))
            }
            Control::CancelWave => self.cancel_wave(bench, person, now).await,
            Control::Undo => self.undo(bench, person).await,
            Control::Mode(mode) => {
                let before = std::mem::replace(&mut bench.mode, mode);
                bench.did(Undo::Mode(before));
                Ok(Answer::new(mode, Code::Mode, says(mode)))
            }
            // Heard as a pick before it comes here.
            Control::Pick(_) => Ok(Answer::new(bench.mode, Code::NothingAsked, "there is nothing to choose from.")),
        }
    }

    /// A person says what became of the label that is asked for.
    async fn outcome(
        &self,
        bench: &mut Bench,
        came_out: bool,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let mode = bench.mode;
        let doubts = self.spool.doubts().await?;
        let asked = self.view.borrow().doubt.as_ref().map(|doubt| doubt.label.id.clone());
        let Some(label) = asked.and_then(|id| doubts.iter().find(|label| label.id == id).cloned()) else {
            // Never an answer to a question nobody has seen.
            return Ok(match doubts.into_iter().find(|label| label.printer == self.printer.name) {
                Some(label) => {
                    let sentence = format!("first look for label {} in the tray, then say whether it came out.", label.id);
                    self.ask(label.clone(), now);
                    Answer::new(mode, Code::Asked, sentence).of(label)
                }
                None => Answer::new(mode, Code::NothingAsked, "no label is in doubt here: nothing was asked."),
            });
        };
        if self.view.borrow().doubt.as_ref().is_some_and(|doubt| doubt.follows && now - doubt.asked_at < ASK_SETTLES_MS) {
            let sentence = format!("now label {} is asked for: look for it in the tray, then say whether it came out.", label.id);
            return Ok(Answer::new(mode, Code::Asked, sentence).of(label));
        }
        let state = match self.spool.outcome(&label.id, came_out, &self.who(person)).await {
            Ok(state) => state,
            Err(SpoolError::Refusal(Refusal::NotAllowed(illegal))) => {
                let sentence = format!("label {} is {} by now: nothing is asked of it any more.", label.id, illegal.from);
                return Ok(Answer::new(mode, Code::NothingAsked, sentence).of(label));
            }
            Err(error) => return Err(error.into()),
        };
        bench.did(Undo::Never("what was said of a label in doubt stands: scan the label to print it again."));
        let (code, said) = if came_out { (Code::CameOut, "came out") } else { (Code::DidNot, "did not come out") };
        let then = match state {
            State::Waiting => ": it prints again by itself.",
            State::Held => " and is held: it prints when it is released.",
            State::Canceled | State::Voided => ", and was canceled meanwhile: put the parcel aside.",
            _ => ".",
        };
        let sentence = format!("label {} {said}{then}", label.id);
        let left: Vec<LabelView> =
            doubts.into_iter().filter(|other| other.id != label.id && other.printer == self.printer.name).collect();
        let facts = Facts { count: Some(left.len()), ..Facts::default() };
        self.settle_doubt(left.into_iter().next(), now);
        Ok(Answer::new(mode, code, sentence).of(label).with(facts))
    }

    async fn cancel_wave(&self, bench: &mut Bench, person: Option<&str>, now: UnixMs) -> Result<Answer, StationError> {
        let (mode, printer) = (bench.mode, self.printer.name.as_str());
        let Some(wave) = self.spool.wave(printer).await?.filter(|wave| wave.waiting > 0) else {
            return Ok(Answer::new(mode, Code::NothingWaits, format!("nothing waits at {printer} that could be canceled.")));
        };
        let facts = |count| Facts {
            printer: Some(printer.to_owned()),
            count: Some(count),
            job: Some(wave.job.clone()),
            ..Facts::default()
        };
        if !bench.confirms(&wave.job, now) {
            let sentence = format!("{} labels of {} still wait at {printer}: scan again to cancel them.", wave.waiting, wave.job);
            return Ok(Answer::new(mode, Code::Confirm, sentence).with(facts(wave.waiting)));
        }
        let canceled = self.spool.cancel_wave(&wave.job, printer, &self.who(person)).await?;
        bench.did(Undo::Never("canceled labels stay canceled: send them again."));
        let sentence = format!("{canceled} labels of {} are canceled.", wave.job);
        Ok(Answer::new(mode, Code::WaveCanceled, sentence).with(facts(canceled)))
    }

    /// Takes back what the last scan did, where that can be.
    async fn undo(&self, bench: &mut Bench, person: Option<&str>) -> Result<Answer, StationError> {
        let no = |bench: &Bench, sentence: String| Ok(Answer::new(bench.mode, Code::NothingToUndo, sentence));
        let Some(undo) = bench.take_undo() else { return no(bench, "there is nothing to take back.".to_owned()) };
        let (label, done, sentence) = match &undo {
            Undo::Never(why) => return no(bench, format!("this cannot be taken back: {why}")),
            Undo::Mode(mode) => {
                bench.mode = *mode;
                return Ok(Answer::new(*mode, Code::Undone, says(*mode)));
            }
            Undo::Person(before) => {
                let Answer { sentence, facts, .. } = self.badge(bench, before.clone());
                bench.take_undo();
                return Ok(Answer::new(bench.mode, Code::Undone, sentence).with(facts));
            }
            Undo::Reprint { label } => {
                let done = self.spool.take_back_reprint(label, &self.who(person)).await.map(drop);
                (label, done, format!("label {label} does not print again."))
            }
            Undo::Print { label } => {
                let done = self.spool.hold(label, Hold::of(HoldCause::OnScan)).await.map(drop);
                (label, done, format!("label {label} waits for its scan again."))
            }
            Undo::Ship { label } => {
                (label, self.spool.unship(label, &self.name).await, format!("label {label} is not handed over any more."))
            }
        };
        match done {
            Ok(()) => {
                let label = self.spool.label(label).await?.label;
                Ok(Answer::new(bench.mode, Code::Undone, sentence).of(label))
            }
            Err(SpoolError::Refusal(refusal)) => no(bench, format!("it is too late to take that back: {refusal}")),
            Err(error) => {
                bench.did(undo);
                Err(error.into())
            }
        }
    }

    /// Puts the question of a label in doubt.
    fn ask(&self, label: LabelView, now: UnixMs) {
        let id = label.id.clone();
        let changed = self.view.send_if_modified(|view| {
            let new = view.doubt.as_ref().is_none_or(|doubt| doubt.label.id != label.id);
            if new {
                let follows = view.doubt.is_some();
                view.doubt = Some(Doubt { label, asked_at: now, follows });
            }
            new
        });
        if changed {
            info!(station = self.name, label = id, "asked whether it came out");
            // Not waited for: it changes nothing.
            drop(self.spool.record_question(&id, &self.printer.name, &self.name));
        }
    }

    /// The question has its answer; the next one is put, if there is one.
    fn settle_doubt(&self, next: Option<LabelView>, now: UnixMs) {
        match next {
            Some(label) => self.ask(label, now),
            None => self.view.send_modify(|view| view.doubt = None),
        }
    }

    /// Who is on record when nobody wears a badge.
    fn who(&self, person: Option<&str>) -> String {
        person.unwrap_or(&self.name).to_owned()
    }
}

/// What a packer is told when the ledger did not do it; trouble with the ledger is no answer.
fn answer_to(error: SpoolError, label: &LabelView, mode: Mode, now: UnixMs) -> Result<Answer, SpoolError> {
    let SpoolError::Refusal(refusal) = &error else { return Err(error) };
    refused(label, mode, now, refusal).ok_or(error)
}

fn says(mode: Mode) -> &'static str {
    match mode {
        Mode::Reprint => "a scan prints the label again from now on.",
        Mode::Print => "a scan of an order or an article prints its label from now on.",
        Mode::Ship => "a scan hands the parcel over from now on.",
    }
}
