//! The printers: one loop for each, fed from the spool, and what everybody may know of it.
//!
//! [`Printers::start`] begins a loop for every configured printer; a [`Handle`] shows how it stands and takes the few
//! orders an operator gives. Everything else goes through the spool. Knows no door and no job.

mod composing;
mod facts;
mod feed;
mod view;

pub use view::View;

use crate::config::{Config, PrinterConfig};
use crate::spool::Spool;
use crate::studio::Studio;
use crate::transport::Transport;
use feed::Feed;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Every printer by its name.
#[derive(Default)]
pub struct Printers {
    by_name: BTreeMap<String, Handle>,
}

/// The loops at work.
#[derive(Default)]
pub struct Loops(JoinSet<()>);

/// One printer, seen from outside its loop.
#[derive(Debug)]
pub struct Handle {
    pub name: String,
    pub config: PrinterConfig,
    view: watch::Receiver<View>,
    orders: mpsc::Sender<Order>,
}

/// What an operator may ask of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Pause,
    Resume,
}

/// Orders not yet heard, at most.
const ORDERS_MAX: usize = 16;

impl Printers {
    /// Begins a loop for every printer of the configuration, each with its own `transport`. They end when `stop` turns
    /// true.
    pub fn start(
        config: &Config,
        studio: &Arc<Studio>,
        spool: &Spool,
        mut transport: impl FnMut(&str) -> Transport,
        stop: &watch::Receiver<bool>,
    ) -> (Printers, Loops) {
        let (mut printers, mut loops) = (Printers::default(), Loops::default());
        for (name, printer) in &config.printers {
            let (handle, view, orders) = Handle::new(name, printer);
            let feed = Feed::new(name.clone(), printer.clone(), spool.clone(), studio.clone(), transport(name), view);
            loops.0.spawn(feed.run(orders, stop.clone()));
            printers.by_name.insert(name.clone(), handle);
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
    fn new(name: &str, config: &PrinterConfig) -> (Handle, watch::Sender<View>, mpsc::Receiver<Order>) {
        let (view, seen) = watch::channel(View::default());
        let (orders, heard) = mpsc::channel(ORDERS_MAX);
        (Handle { name: name.to_owned(), config: config.clone(), view: seen, orders }, view, heard)
    }

    /// How it stands now.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Begins no new label until it is resumed; what is on the wire is finished.
    pub async fn pause(&self) {
        self.order(Order::Pause).await;
    }

    /// Goes on.
    pub async fn resume(&self) {
        self.order(Order::Resume).await;
    }

    async fn order(&self, order: Order) {
        // A loop that has ended takes no orders: the daemon is stopping.
        let _ = self.orders.send(order).await;
    }
}
