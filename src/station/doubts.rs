//! Labels in doubt, asked for at the stations as they arise.
//!
//! One task for all stations. It sleeps until the ledger has something new. What is asked stays asked until it is
//! settled, by whomever; then the oldest doubt of the station's printer comes next.

use super::Stations;
use crate::spool::Spool;
use tokio::sync::watch;
use tracing::warn;

pub(super) async fn watch(stations: Stations, spool: Spool, mut stop: watch::Receiver<bool>) {
    let mut news = spool.latest_seq();
    loop {
        news.mark_unchanged();
        match spool.doubts().await {
            Ok(doubts) => {
                let now = spool.now();
                for station in stations.by_name.values() {
                    let asked = station.view.borrow().doubt.as_ref().map(|doubt| doubt.label.id.clone());
                    if asked.is_some_and(|id| doubts.iter().any(|label| label.id == id)) {
                        continue;
                    }
                    let oldest = doubts.iter().find(|label| label.printer == station.printer.name).cloned();
                    match oldest {
                        Some(label) => station.ask(label, now),
                        None => drop(station.view.send_if_modified(|view| view.doubt.take().is_some())),
                    }
                }
            }
            Err(error) => warn!("nobody was asked about labels in doubt: {error}"),
        }
        tokio::select! {
            // Who could stop us gone is a stop too.
            _ = stop.wait_for(|stop| *stop) => return,
            changed = news.changed() => if changed.is_err() { return },
        }
    }
}
