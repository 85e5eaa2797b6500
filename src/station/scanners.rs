//! The scanners of the stations: what one reads is scanned at its own station.

use super::{Scanner, Stations};
use crate::config::Config;
use crate::scanner::{self, Standing};
use crate::uri::ScannerUri;
use tokio::sync::watch;
use tracing::warn;

/// Listens to each until `stop` turns true.
pub(super) fn listen(stations: &Stations, config: &Config, stop: &watch::Receiver<bool>) {
    for (name, station) in &config.stations {
        if let Some(uri) = station.scanner.clone() {
            let (stations, name, mut stop) = (stations.clone(), name.clone(), stop.clone());
            tokio::spawn(async move {
                let stopped = async { stop.wait_for(|stop| *stop).await.is_ok() };
                tokio::select! {
                    () = attend(&stations, &name, uri) => {}
                    // The sender gone is a stop too.
                    _ = stopped => {}
                }
            });
        }
    }
}

async fn attend(stations: &Stations, name: &str, uri: ScannerUri) {
    let scanner::Scanner { mut scans, mut standing } = scanner::Scanner::listen(uri.clone());
    let show = async {
        loop {
            let why = match &*standing.borrow_and_update() {
                Standing::Connected => None,
                Standing::Away(why) => Some(why.clone()),
            };
            stations.show_scanner(name, Scanner { uri: uri.to_string(), connected: why.is_none(), why });
            if standing.changed().await.is_err() {
                return;
            }
        }
    };
    let feed = async {
        while let Some(text) = scans.recv().await {
            let scanned = match text {
                Ok(text) => stations.scan(name, &text, None).await.map(drop).map_err(|error| error.to_string()),
                Err(lost) => Err(lost.to_owned()),
            };
            if let Err(why) = scanned {
                stations.failed(name, &why);
                warn!(station = name, "a scan was not worked on: {why}");
            }
        }
    };
    tokio::join!(show, feed);
}
