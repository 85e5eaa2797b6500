//! The printers: one loop for each, fed from the spool, and what everybody may know of it.
//!
//! [`Printers::start`] begins a loop for every configured printer; a [`Handle`] shows how it stands and takes the few
//! orders an operator gives. Everything else goes through the spool. Knows no door and no job.

mod composing;
mod errands;
mod facts;
mod feed;
mod groups;
mod trace;
mod view;
pub mod words;

pub use errands::{Became, Chore};
pub use trace::Trace;
pub use view::View;

use crate::config::{Config, PrinterConfig};
use crate::designs::Designs;
use crate::dots::Size;
use crate::label::Label;
use crate::language::{self, Language};
use crate::service_label::{self, Code, Slip, Subject};
use crate::spool::Spool;
use crate::text::Fonts;
use crate::transport::Transport;
use errands::{Errand, Work};
use feed::Feed;
use groups::{Group, Member};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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
    orders: mpsc::Sender<Order>,
    wire: broadcast::WeakSender<Passed>,
}

/// The loop's ends of what leads out of it.
struct Ends {
    view: watch::Sender<View>,
    orders: mpsc::Receiver<Order>,
    wire: broadcast::Sender<Passed>,
}

/// What an operator may ask of a printer.
#[derive(Debug)]
enum Order {
    Pause,
    Resume,
    Errand(Errand),
    /// See whether the printer can be reached and prints, although there is nothing to print.
    Look,
}

/// Orders not yet heard, at most.
const ORDERS_MAX: usize = 16;
/// How long somebody who asked for a service label is kept waiting for its end, less than a request may take, and how
/// long if the printer stands still already.
const ANSWER: Duration = Duration::from_secs(25);
const ANSWER_STOPPED: Duration = Duration::from_secs(2);
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
            let (handle, Ends { view, orders, wire }) = Handle::new(name, printer);
            let feed = Feed::new(name.clone(), printer.clone(), spool.clone(), designs.clone(), transport(name), view, wire);
            let feed = feed.holding_after(config.limits.hold_after);
            loops.0.spawn(feed.run(orders, stop.clone()));
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
            one.look();
        }
        let dealt = if ready.is_empty() { others } else { ready };
        dealt.into_iter().map(|one| one.name.clone()).collect()
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
        let (orders, heard) = mpsc::channel(ORDERS_MAX);
        let wire = broadcast::Sender::new(trace::PIECES_MAX);
        let handle = Handle { name: name.to_owned(), config: config.clone(), view: seen, orders, wire: wire.downgrade() };
        (handle, Ends { view, orders: heard, wire })
    }

    /// What passes over its line from now on; `labels`: every byte of them too. `None` when nobody feeds it any more.
    pub fn trace(&self, labels: bool) -> Option<Trace> {
        Some(Trace::of(self, self.wire.upgrade()?.subscribe(), labels))
    }

    /// How it stands now.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Has it see whether the printer can be reached, and open its line: something to print may come.
    pub fn look(&self) {
        // A loop with many orders before it will look by itself.
        let _ = self.orders.try_send(Order::Look);
    }

    /// Begins no new label until it is resumed; what is on the wire is finished.
    pub async fn pause(&self) {
        self.order(Order::Pause, |view| view.state == "paused").await;
    }

    /// Goes on.
    pub async fn resume(&self) {
        self.order(Order::Resume, |view| view.state != "paused").await;
    }

    /// Prints a label with its own name; waits a while for what became of it.
    pub async fn identify(&self, fonts: &Fonts) -> Became {
        let label = self.drawn(fonts, service_label::identify).await;
        self.errand(Chore::Identify, Work::Label(Box::new(label))).await
    }

    /// Prints a test label; waits a while for what became of it.
    pub async fn test(&self, fonts: &Fonts) -> Became {
        let label = self.test_label(fonts).await;
        self.errand(Chore::Test, Work::Label(Box::new(label))).await
    }

    /// Prints a few words for the packer; waits a while for what became of them.
    pub async fn slip(&self, slip: Slip, fonts: &Fonts) -> Became {
        let (dpi, media, fonts) = (self.config.dpi, self.media(), fonts.clone());
        let drawn = spawn_blocking(move || service_label::slip(&slip, dpi, media, &fonts)).await;
        let label = drawn.expect("drawing a label of ours does not panic");
        self.errand(Chore::Slip, Work::Label(Box::new(label))).await
    }

    /// Prints the codes on as many sheets as they need; waits a while for what became of each.
    pub async fn control_sheet(&self, codes: Vec<Code>, fonts: &Fonts) -> Became {
        let (dpi, media, fonts) = (self.config.dpi, self.media(), fonts.clone());
        let drawn = spawn_blocking(move || service_label::codes(&codes, dpi, media, &fonts)).await;
        let sheets = match drawn.expect("drawing a label of ours does not panic") {
            Ok(sheets) => sheets,
            Err(small) => return Became::NotTaken(small.to_string()),
        };
        let mut became = Became::Printed;
        for sheet in sheets {
            became = self.errand(Chore::ControlSheet, Work::Label(Box::new(sheet))).await;
            if !matches!(became, Became::Printed | Became::Sent) {
                break;
            }
        }
        became
    }

    /// The test label this printer would print.
    pub async fn test_label(&self, fonts: &Fonts) -> Label {
        self.drawn(fonts, service_label::test).await
    }

    /// Has it measure its media anew, if its language has a word for that.
    pub async fn calibrate(&self) -> Became {
        let PrinterConfig { language, setup, .. } = &self.config;
        match language::calibrate(*language, setup) {
            Some(command) => self.errand(Chore::Calibrate, Work::Command(command)).await,
            None => Became::NotTaken(match language {
                Language::EscPos => "escpos has no command for it: calibrate at the printer itself.".to_owned(),
                _ => "continuous media has no gap and no mark to measure.".to_owned(),
            }),
        }
    }

    async fn drawn(&self, fonts: &Fonts, draw: fn(&Subject, &Fonts) -> Label) -> Label {
        let PrinterConfig { device, language, dpi, media: (width, height), .. } = &self.config;
        let about = format!("{}, {} dpi, {} × {}", language.name(), dpi.nominal(), width, height);
        let facts = vec![device.to_string(), about];
        let subject = Subject { name: self.name.clone(), facts, dpi: *dpi, media: self.media() };
        let fonts = fonts.clone();
        spawn_blocking(move || draw(&subject, &fonts)).await.expect("drawing a label of ours does not panic")
    }

    /// One label of its media.
    fn media(&self) -> Size {
        let PrinterConfig { dpi, media: (width, height), .. } = self.config;
        Size::new(dpi.dots(width), dpi.dots(height))
    }

    /// Gives the loop the errand and waits for its end, or until it is clear that it comes later.
    async fn errand(&self, chore: Chore, work: Work) -> Became {
        let until = Instant::now() + if self.view().state == "stopped" { ANSWER_STOPPED } else { ANSWER };
        let (tell, mut told) = oneshot::channel();
        let gone = || Became::NotTaken("waybilld is stopping: ask again when it is back.".to_owned());
        if self.orders.send(Order::Errand(Errand { chore, work, tell })).await.is_err() {
            return gone();
        }
        let mut view = self.view.clone();
        view.mark_unchanged();
        loop {
            let stopped = tokio::select! {
                biased;
                became = &mut told => return became.unwrap_or_else(|_| gone()),
                () = sleep_until(until) => return Became::Waits(self.view().sentence),
                changed = view.changed() => changed.is_ok() && view.borrow_and_update().state == "stopped",
            };
            if stopped {
                return Became::Waits(self.view().sentence);
            }
        }
    }

    /// Gives an order and waits a moment until it shows.
    async fn order(&self, order: Order, shows: impl FnMut(&View) -> bool) {
        // A loop that has ended takes no orders: the daemon is stopping.
        if self.orders.send(order).await.is_ok() {
            let _ = timeout(HEED, self.view.clone().wait_for(shows)).await;
        }
    }
}
