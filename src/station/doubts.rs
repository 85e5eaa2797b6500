//! Labels in doubt, asked for at the stations as they arise.
//!
//! One task for all stations. It sleeps until the ledger has something new. What is asked stays asked until it is
//! settled, by whomever; then the oldest doubt of the station's printer comes next.

use super::{Station, Stations};
use crate::spool::{LabelView, Spool, SpoolError};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::warn;

pub(super) async fn watch(stations: Stations, spool: Spool, mut stop: watch::Receiver<bool>) {
    let mut news = spool.latest_seq();
    loop {
        news.mark_unchanged();
        if let Err(error) = look(&stations, &spool).await {
            warn!("nobody was asked about labels in doubt: {error}");
        }
        tokio::select! {
            // Who could stop us gone is a stop too.
            _ = stop.wait_for(|stop| *stop) => return,
            changed = news.changed() => if changed.is_err() { return },
        }
    }
}

async fn look(stations: &Stations, spool: &Spool) -> Result<(), SpoolError> {
    let doubts = spool.doubts().await?;
    for station in stations.by_name.values().filter(|station| is_due(station, &doubts)) {
        // A scan may be answering it just now: whoever has the bench knows best.
        let _bench = station.bench.lock().await;
        let doubts = spool.doubts().await?;
        if is_due(station, &doubts) {
            station.settle_doubt(oldest(station, &doubts).cloned(), spool.now());
        }
    }
    Ok(())
}

/// Whether the station asks for what is settled, or for nothing although something is in doubt.
fn is_due(station: &Arc<Station>, doubts: &[LabelView]) -> bool {
    match &station.view.borrow().doubt {
        Some(asked) => doubts.iter().all(|label| label.id != asked.label.id),
        None => oldest(station, doubts).is_some(),
    }
}

fn oldest<'a>(station: &Station, doubts: &'a [LabelView]) -> Option<&'a LabelView> {
    doubts.iter().find(|label| label.printer == station.printer.name)
}
