//! The printers: one loop for each, fed from the spool, and what everybody may know of it.
//!
//! [`Printers::start`] begins a loop for every configured printer; a [`Handle`] shows how it stands and takes the few
//! requests an operator gives. Everything else goes through the spool. Knows no door and no job.

mod composing;
mod facts;
mod feed;
mod groups;
mod identity;
mod line;
mod outage;
mod queue;
mod service_tasks;
mod trace;
mod view;
pub mod words;

pub use service_tasks::TaskEnd;
pub use trace::Trace;
pub use view::View;
use words::PrinterState;
pub use words::TaskKind;

use crate::config::{Config, PrinterConfig};
use crate::designs::Designs;
use crate::dots::{Dpi, Size};
use crate::label::Label;
use crate::language::{self, Language};
use crate::service_label::{self, Code, Slip, Subject};
use crate::spool::Spool;
use crate::text::Fonts;
use crate::transport::Transport;
use feed::{Feed, Parts};
use groups::{Group, Member};
use service_tasks::{ServiceTask, TaskWork};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until, timeout};
use trace::Passed;

/// Every printer by its name.
#[derive(Default)]
pub struct Printers {
    by_name: BTreeMap<String, Handle>,
}

/// The loops at work.
#[derive(Default)]
pub struct Loops(JoinSet<()>);

/// One printer, seen from outside its loop.
#[derive(Debug, Clone)]
pub struct Handle {
    pub name: String,
    pub config: PrinterConfig,
    view: watch::Receiver<View>,
    requests: mpsc::Sender<Request>,
    wire: broadcast::WeakSender<Passed>,
    /// When it was last looked at for somebody who asked how it stands.
    looked: Arc<Mutex<Option<Instant>>>,
}

/// The loop's ends of what leads out of it.
struct Ends {
    view: watch::Sender<View>,
    requests: mpsc::Receiver<Request>,
    wire: broadcast::Sender<Passed>,
}

/// What an operator may ask of a printer.
#[derive(Debug)]
enum Request {
    Pause,
    Resume,
    ServiceTask(ServiceTask),
    /// See whether the printer can be reached, although there is nothing to print: its line is opened. `anew`: an open one
    /// is closed first, for only a new line asks a printer that rests how it stands. `tell`: whether it looks.
    Look {
        anew: bool,
        tell: Option<oneshot::Sender<bool>>,
    },
    /// Take the device that is there instead of the one that is expected.
    Adopt(oneshot::Sender<Result<String, String>>),
}

/// Orders not yet heard, at most.
const REQUESTS_MAX: usize = 16;
/// How long somebody who asked for a service label is kept waiting for its end, less than a request may take, and how
/// long if the printer stands still already.
const ANSWER: Duration = Duration::from_secs(25);
const ANSWER_STOPPED: Duration = Duration::from_secs(2);
/// How often a printer is looked at for those who ask how it stands, at most, and how long they wait for it.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
const LOOK_WAIT: Duration = Duration::from_secs(3);
/// How long an order to pause or resume may take to show: the loop may be opening a line.
const HEED: Duration = Duration::from_secs(1);

impl Printers {
    /// Begins a loop for every printer of the configuration, each with its own `transport`. They end when `stop` turns
    /// true.
    pub fn start(
        config: &Config,
        designs: &Arc<Designs>,
        spool: &Spool,
        mut transport: impl FnMut(&str) -> Transport,
        stop: &watch::Receiver<bool>,
    ) -> (Printers, Loops) {
        let (mut printers, mut loops) = (Printers::default(), Loops::default());
        for (name, printer) in &config.printers {
            let (handle, Ends { view, requests, wire }) = Handle::new(name, printer);
            let parts = Parts {
                name: name.clone(),
                config: printer.clone(),
                spool: spool.clone(),
                designs: designs.clone(),
                transport: transport(name),
                view,
                wire,
                hold_after: config.limits.hold_after,
            };
            let stop = stop.clone();
            loops.0.spawn(async move { Feed::recall(parts).await.run(requests, stop).await });
            printers.by_name.insert(name.clone(), handle);
        }
        let groups: BTreeSet<&String> = config.printers.values().filter_map(|printer| printer.group.as_ref()).collect();
        for group in groups {
            let members = printers.members(group).map(|one| Member { name: one.name.clone(), view: one.view.clone() });
            let members = members.collect();
            let patience = config.limits.group_patience;
            let group = Group { name: group.clone(), patience, members, spool: spool.clone() };
            loops.0.spawn(group.run(stop.clone()));
        }
        (printers, loops)
    }

    /// The printers of the configuration with nobody to feed them: labels wait. For tests and checks.
    pub fn unattended(config: &Config) -> Printers {
        let handles = config.printers.iter().map(|(name, printer)| (name.clone(), Handle::new(name, printer).0));
        Printers { by_name: handles.collect() }
    }

    pub fn get(&self, name: &str) -> Option<&Handle> {
        self.by_name.get(name)
    }

    /// The printers of that group.
    fn members(&self, group: &str) -> impl Iterator<Item = &Handle> {
        self.iter().filter(move |one| one.config.group.as_deref() == Some(group))
    }

    /// To whom labels of that group are dealt: those that print, or all of them when none does. The others are looked at
    /// anew, for nobody else asks a printer that has nothing to print.
    pub fn dealt_to(&self, group: &str) -> Vec<String> {
        let (ready, others): (Vec<&Handle>, Vec<&Handle>) = self.members(group).partition(|one| groups::is_ready(&one.view()));
        for one in &others {
            one.look(true);
        }
        let dealt = if ready.is_empty() { others } else { ready };
        dealt.into_iter().map(|one| one.name.clone()).collect()
    }

    /// The resolution of those that were adopted, where the configuration says another.
    pub fn adopted(&self) -> BTreeMap<String, Dpi> {
        let heads = self.iter().map(|one| (one.name.clone(), one.dpi(), one.config.dpi));
        heads.filter(|(_, dpi, configured)| dpi != configured).map(|(name, dpi, _)| (name, dpi)).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Handle> {
        self.by_name.values()
    }
}

impl Loops {
    /// Waits until every loop has ended.
    pub async fn ended(mut self) {
        while self.0.join_next().await.is_some() {}
    }

    /// Waits until a loop has ended that nobody told to.
    pub async fn fell(&mut self) {
        match self.0.join_next().await {
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

impl Handle {
    fn new(name: &str, config: &PrinterConfig) -> (Handle, Ends) {
        let (view, seen) = watch::channel(View::default());
        let (requests, heard) = mpsc::channel(REQUESTS_MAX);
        let wire = broadcast::Sender::new(trace::PIECES_MAX);
        let handle = Handle {
            name: name.to_owned(),
            config: config.clone(),
            view: seen,
            requests,
            wire: wire.downgrade(),
            looked: Arc::default(),
        };
        (handle, Ends { view, requests: heard, wire })
    }

    /// What passes over its line from now on; `labels`: every byte of them too. `None` when nobody feeds it any more.
    pub fn trace(&self, labels: bool) -> Option<Trace> {
        Some(Trace::of(self, self.wire.upgrade()?.subscribe(), labels))
    }

    /// How it stands now.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Has it see whether the printer can be reached, and open its line: something to print may come. `anew`: a line that
    /// is open already is closed and opened, to see how the printer stands.
    pub fn look(&self, anew: bool) {
        // A loop with many requests before it will look by itself.
        let _ = self.requests.try_send(Request::Look { anew, tell: None });
    }

    /// Has it see how the printer stands, unless it was looked at a moment ago, and waits a moment for what it finds.
    pub async fn look_and_see(&self) {
        let now = Instant::now();
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.is_some_and(|at| now.duration_since(at) < LOOK_AGAIN) {
                return;
            }
            *looked = Some(now);
        }
        let (tell, told) = oneshot::channel();
        let mut view = self.view.clone();
        let seen = async {
            if self.requests.send(Request::Look { anew: true, tell: Some(tell) }).await.is_ok() && told.await == Ok(true) {
                let _ = view.wait_for(|view| !view.looking).await;
            }
        };
        let _ = timeout(LOOK_WAIT, seen).await;
    }

    /// Takes the device that is there instead of the one that is expected. A sentence: what was taken, or why nothing was.
    pub async fn adopt(&self) -> Result<String, String> {
        let (tell, told) = oneshot::channel();
        let stopping = || Err("waybilld is stopping: ask again when it is back.".to_owned());
        if self.requests.send(Request::Adopt(tell)).await.is_err() {
            return stopping();
        }
        told.await.unwrap_or_else(|_| stopping())
    }

    /// Begins no new label until it is resumed; what is on the wire is finished.
    pub async fn pause(&self) {
        self.request(Request::Pause, |view| view.stands.state == PrinterState::Paused).await;
    }

    /// Goes on.
    pub async fn resume(&self) {
        self.request(Request::Resume, |view| view.stands.state != PrinterState::Paused).await;
    }

    /// Prints a label with its own name; waits a while for what became of it.
    pub async fn identify(&self, fonts: &Fonts) -> TaskEnd {
        let label = self.drawn(fonts, service_label::identify).await;
        self.task(TaskKind::Identify, TaskWork::Label(Box::new(label))).await
    }

    /// Prints a test label; waits a while for what became of it.
    pub async fn test(&self, fonts: &Fonts) -> TaskEnd {
        let label = self.test_label(fonts).await;
        self.task(TaskKind::Test, TaskWork::Label(Box::new(label))).await
    }

    /// Prints a few words for the packer; waits a while for what became of them.
    pub async fn slip(&self, slip: Slip, fonts: &Fonts) -> TaskEnd {
        let (dpi, media, fonts) = (self.dpi(), self.media(), fonts.clone());
        let drawn = spawn_blocking(move || service_label::slip(&slip, dpi, media, &fonts)).await;
        let label = drawn.expect("drawing a label of ours does not panic");
        self.task(TaskKind::Slip, TaskWork::Label(Box::new(label))).await
    }

    /// Prints the codes on as many sheets as they need; waits a while for what became of each.
    pub async fn control_sheet(&self, codes: Vec<Code>, fonts: &Fonts) -> TaskEnd {
        let (dpi, media, fonts) = (self.dpi(), self.media(), fonts.clone());
        let drawn = spawn_blocking(move || service_label::codes(&codes, dpi, media, &fonts)).await;
        let sheets = match drawn.expect("drawing a label of ours does not panic") {
            Ok(sheets) => sheets,
            Err(small) => return TaskEnd::NotTaken(small.to_string()),
        };
        let mut outcome = TaskEnd::Printed;
        for sheet in sheets {
            outcome = self.task(TaskKind::ControlSheet, TaskWork::Label(Box::new(sheet))).await;
            if !matches!(outcome, TaskEnd::Printed | TaskEnd::Sent) {
                break;
            }
        }
        outcome
    }

    /// The test label this printer would print.
    pub async fn test_label(&self, fonts: &Fonts) -> Label {
        self.drawn(fonts, service_label::test).await
    }

    /// Has it measure its media anew, if its language has a word for that.
    pub async fn calibrate(&self) -> TaskEnd {
        let PrinterConfig { language, setup, .. } = &self.config;
        match language::calibrate(*language, setup) {
            Some(command) => self.task(TaskKind::Calibrate, TaskWork::Command(command)).await,
            None => TaskEnd::NotTaken(match language {
                Language::EscPos => "escpos has no command for it: calibrate at the printer itself.".to_owned(),
                _ => "continuous media has no gap and no mark to measure.".to_owned(),
            }),
        }
    }

    async fn drawn(&self, fonts: &Fonts, draw: fn(&Subject, &Fonts) -> Label) -> Label {
        let PrinterConfig { device, language, media: (width, height), .. } = &self.config;
        let dpi = self.dpi();
        let about = format!("{}, {} dpi, {} × {}", language.name(), dpi.nominal(), width, height);
        let facts = vec![device.to_string(), about];
        let subject = Subject { name: self.name.clone(), facts, dpi, media: self.media() };
        let fonts = fonts.clone();
        spawn_blocking(move || draw(&subject, &fonts)).await.expect("drawing a label of ours does not panic")
    }

    /// The resolution of its head: that of the configuration, unless another printer was adopted.
    pub fn dpi(&self) -> Dpi {
        self.view.borrow().adopted_dpi.unwrap_or(self.config.dpi)
    }

    /// One label of its media.
    fn media(&self) -> Size {
        let (dpi, (width, height)) = (self.dpi(), self.config.media);
        Size::new(dpi.dots(width), dpi.dots(height))
    }

    /// Gives the loop the task and waits for its end, or until it is clear that it comes later.
    async fn task(&self, kind: TaskKind, work: TaskWork) -> TaskEnd {
        let until = Instant::now() + if self.view().stands.state == PrinterState::Stopped { ANSWER_STOPPED } else { ANSWER };
        let (tell, mut told) = oneshot::channel();
        let gone = || TaskEnd::NotTaken("waybilld is stopping: ask again when it is back.".to_owned());
        if self.requests.send(Request::ServiceTask(ServiceTask { kind, work, tell })).await.is_err() {
            return gone();
        }
        let mut view = self.view.clone();
        view.mark_unchanged();
        loop {
            let stopped = tokio::select! {
                biased;
                outcome = &mut told => return outcome.unwrap_or_else(|_| gone()),
                () = sleep_until(until) => return TaskEnd::Waits(self.view().stands.sentence),
                changed = view.changed() => changed.is_ok() && view.borrow_and_update().stands.state == PrinterState::Stopped,
            };
            if stopped {
                return TaskEnd::Waits(self.view().stands.sentence);
            }
        }
    }

    /// Gives an order and waits a moment until it shows.
    async fn request(&self, request: Request, shows: impl FnMut(&View) -> bool) {
        // A loop that has ended takes no requests: the daemon is stopping.
        if self.requests.send(request).await.is_ok() {
            let _ = timeout(HEED, self.view.clone().wait_for(shows)).await;
        }
    }
}
