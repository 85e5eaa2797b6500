//! Scanners: what a packer scans, as text, from a scanner that types (HID) or speaks on a serial port.
//!
//! A [`ScannerUri`] goes in; scans come out of a bounded channel, and how the scanner stands out of a watch. A scanner that
//! is unplugged is waited for and opened again by itself. [`Keys`] and [`Lines`] turn what arrives into scans and touch
//! neither device nor clock. Knows no station and no label: what a scan means is not decided here.
//!
//! A scanner that types is taken for ourselves alone: nothing it types reaches a window or a console.

mod hid;
mod keyboard;
mod keys;
mod line;
mod makes;
mod nearby;
mod unfinished;

pub use keys::Keys;
pub use line::Lines;
pub use nearby::{Nearby, What, nearby};
pub use unfinished::{LONGEST, Scanned};

use crate::transport::{Connection, Limits, Plugged, Transport, why_broken};
use crate::uri::ScannerUri;

use crate::uri::DeviceUri;

use crate::scanner::hid::{Input, Keyboard};
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

/// Scans that wait for a station: more than a packer makes in a minute.
const AHEAD_MAX: usize = 128;
/// Pauses between two tries to open a scanner when nothing is plugged in meanwhile: it may be held, or the rights missing.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// How a scanner stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Connected,
    /// Why not, as a sentence that says what to do.
    Away(String),
}

/// A scanner at work.
pub struct Scanner {
    /// The texts that were scanned, or why one was not read.
    pub scans: mpsc::Receiver<Result<String, &'static str>>,
    pub standing: watch::Receiver<Standing>,
}

impl Scanner {
    /// Listens to the scanner until its scans are no longer wanted.
    pub fn listen(uri: ScannerUri) -> Scanner {
        let (deliver, scans) = mpsc::channel(AHEAD_MAX);
        let (tell, standing) = watch::channel(Standing::Away(format!("{uri}: not opened yet.")));
        tokio::spawn(async move {
            let mut listener = Listener { uri, deliver, tell };
            let unwanted = listener.deliver.clone();
            tokio::select! {
                () = listener.listen() => {}
                () = unwanted.closed() => {}
            }
        });
        Scanner { scans, standing }
    }
}

struct Listener {
    uri: ScannerUri,
    deliver: mpsc::Sender<Result<String, &'static str>>,
    tell: watch::Sender<Standing>,
}

/// An open scanner, with what turns its bytes into scans.
enum Open {
    Hid(Keyboard, Keys),
    Serial(Connection, Lines),
}

impl Listener {
    async fn listen(&mut self) {
        let mut plugged = Plugged::hears_all();
        let mut pause = RETRY_FIRST;
        loop {
            match self.open().await {
                Ok(open) => {
                    info!(scanner = %self.uri, "scanner connected");
                    self.tell.send_replace(Standing::Connected);
                    pause = RETRY_FIRST;
                    let error = self.hear(open).await;
                    self.is_away(format!("{}: {}. It is used again as soon as it is back.", self.uri, why_broken(&error)));
                }
                Err(sentence) => self.is_away(sentence),
            }
            tokio::select! {
                () = plugged.rung() => pause = RETRY_FIRST,
                () = sleep(pause) => pause = (pause * 2).min(RETRY_MAX),
            }
        }
    }

    async fn open(&self) -> Result<Open, String> {
        let limits = Limits::default();
        match &self.uri {
            ScannerUri::Hid { address, layout } => match Keyboard::open(address, limits.connect).await {
                Ok(keyboard) => Ok(Open::Hid(keyboard, Keys::new(*layout))),
                Err(error) => Err(error.to_string()),
            },
            ScannerUri::Serial(address) => match Transport::default().open(&DeviceUri::Serial(address.clone()), &limits).await {
                Ok(connection) => Ok(Open::Serial(connection, Lines::default())),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    fn is_away(&self, sentence: String) {
        let away = Standing::Away(sentence);
        let is_news = self.tell.send_if_modified(|standing| std::mem::replace(standing, away.clone()) != away);
        if let (true, Standing::Away(sentence)) = (is_news, away) {
            warn!("scanner {sentence}");
        }
    }

    /// Hears it until it breaks.
    async fn hear(&self, mut open: Open) -> io::Error {
        loop {
            match open.next().await {
                Ok(scans) => scans.into_iter().for_each(|scanned| self.take(scanned)),
                Err(error) => return error,
            }
        }
    }

    fn take(&self, scanned: Scanned) {
        let scan = match scanned {
            Scanned::Text(text) => Ok(text),
            Scanned::TooLong => Err("more characters came without an end than a code has. Scan it again."),
            Scanned::Torn => Err("this computer was too slow for it. Scan it again."),
        };
        if self.deliver.try_send(scan).is_err() {
            warn!(scanner = %self.uri, "a scan is dropped: {AHEAD_MAX} others wait for their station");
        }
    }
}

impl Open {
    /// Waits for the next scans, or for the pause that ends one.
    async fn next(&mut self) -> io::Result<Vec<Scanned>> {
        match self {
            Open::Hid(keyboard, keys) => tokio::select! {
                // What is there was typed before the time was up.
                biased;
                heard = keyboard.read() => {
                    let (inputs, now) = heard?;
                    let scans = inputs.into_iter().filter_map(|input| match input {
                        Input::Key { code, pressed } => keys.handle_key(code, pressed, now),
                        Input::Lost => {
                            keys.handle_loss(now);
                            None
                        }
                    });
                    Ok(scans.collect())
                }
                () = until(keys.poll_timeout()) => Ok(keys.handle_timeout(Instant::now().into_std()).into_iter().collect()),
            },
            Open::Serial(connection, lines) => {
                let mut bytes = [0; 1024];
                tokio::select! {
                    biased;
                    count = connection.read(&mut bytes) => match count? {
                        0 => Err(io::ErrorKind::Other.into()),
                        count => Ok(lines.handle_bytes(&bytes[..count], Instant::now().into_std())),
                    },
                    () = until(lines.poll_timeout()) => {
                        Ok(lines.handle_timeout(Instant::now().into_std()).into_iter().collect())
                    }
                }
            }
        }
    }
}

async fn until(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => sleep_until(Instant::from_std(deadline)).await,
        None => std::future::pending().await,
    }
}
