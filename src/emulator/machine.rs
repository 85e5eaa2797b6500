//! A virtual printer in real time: the same printer for a socket, a pipe in memory and a control line.
//!
//! The printer itself is pure; here it gets its clock, its wire and its tray. A piece is in the ledger before any
//! answer that counts it leaves.

use super::tray::Tray;
use crate::virtual_printer::{Cause, Settings, VirtualPrinter};
use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

/// A printer that runs.
pub struct Machine {
    works: Mutex<Works>,
    epoch: Instant,
    /// For the keeper of time: something may be due at another time than it thinks.
    changed: Arc<Notify>,
    /// For the host's connection: there may be room again, or a reply.
    wire: Notify,
    powered: watch::Sender<bool>,
}

struct Works {
    printer: VirtualPrinter,
    tray: Tray,
    /// Why the ledger cannot be written any more; then nothing happens any more.
    broken: Option<io::Error>,
}

impl Machine {
    /// A printer whose pieces fall into that tray, which it goes on counting.
    pub fn new(settings: Settings, tray: Tray) -> Arc<Machine> {
        let changed = tray.changed();
        let printer = VirtualPrinter::new(Settings { odometer: tray.odometer(), ..settings });
        let works = Mutex::new(Works { printer, tray, broken: None });
        Arc::new(Machine { works, epoch: Instant::now(), changed, wire: Notify::new(), powered: watch::Sender::new(true) })
    }

    /// Lets time pass for the printer, with or without a host; ends only when the ledger cannot be written.
    pub async fn keep_time(self: Arc<Self>) -> io::Error {
        loop {
            let next = {
                let mut works = self.lock();
                let now = self.now();
                works.settle(now);
                if let Some(error) = works.broken.take() {
                    works.broken = Some(io::Error::other("the ledger is closed"));
                    return error;
                }
                // What is due already waits for the tray or the host, and they give notice.
                works.printer.poll_timeout().filter(|due| *due > now)
            };
            self.wire.notify_one();
            match next {
                Some(due) => tokio::select! {
                    () = sleep_until(self.epoch + due) => {}
                    () = self.changed.notified() => {}
                },
                None => self.changed.notified().await,
            }
        }
    }

    /// Serves one host until it hangs up or the power goes.
    pub async fn serve(&self, stream: impl AsyncRead + AsyncWrite) -> io::Result<()> {
        let mut powered = self.powered.subscribe();
        let served = tokio::select! {
            served = self.talk(stream) => served,
            _ = powered.wait_for(|powered| !powered) => Ok(()),
        };
        self.lock().printer.handle_disconnect();
        served
    }

    async fn talk(&self, stream: impl AsyncRead + AsyncWrite) -> io::Result<()> {
        let (mut read, mut write) = tokio::io::split(Box::pin(stream));
        let mut buffer = vec![0; 16 * 1024];
        let mut offered = 0..0;
        loop {
            let (taken, room, reply) = self.lock().offer(&buffer[offered.clone()], self.now());
            offered.start += taken;
            // The keeper of time may have waited for nothing but this reply to be taken.
            if taken > 0 || !reply.is_empty() {
                self.changed.notify_one();
            }
            write.write_all(&reply).await?;
            write.flush().await?;
            let room = room.min(buffer.len());
            tokio::select! {
                bytes = read.read(&mut buffer[..room]), if offered.is_empty() && room > 0 => match bytes? {
                    0 => return Ok(()),
                    bytes => offered = 0..bytes,
                },
                () = self.wire.notified() => {}
            }
        }
    }

    /// Does what a line of control says; what to answer.
    pub fn control(&self, line: &str) -> String {
        let now = self.now();
        let mut works = self.lock();
        let printer = &mut works.printer;
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["cover", "open"] => printer.open_cover(now),
            ["cover", "close"] => printer.close_cover(now),
            ["media", labels] => match labels.parse() {
                Ok(labels) => printer.load_media(labels, now),
                Err(_) => return format!("no number of labels: {labels}"),
            },
            ["ribbon", "out"] => printer.stop(Cause::RibbonOut, now),
            ["ribbon", "in"] => printer.clear(Cause::RibbonOut, now),
            ["head", "hot"] => printer.stop(Cause::HeadHot, now),
            ["head", "cool"] => printer.clear(Cause::HeadHot, now),
            ["jam"] => printer.jam(now),
            ["jam", "clear"] => printer.clear(Cause::Jam, now),
            ["pause"] => printer.press_pause(now),
            ["power", "cut"] => printer.cut_power(now),
            ["power", "on"] => printer.power_on(now),
            ["status"] => {}
            _ => {
                return "unknown. Known: cover open|close, media N, ribbon out|in, head hot|cool, jam [clear], pause, power cut|on, status"
                    .into();
            }
        }
        works.settle(now);
        let printer = &works.printer;
        let status = json!({
            "power": printer.powered(),
            "idle": printer.idle(),
            "causes": printer.causes().map(|cause| cause.to_string()).collect::<Vec<_>>(),
            "media": printer.media_left(),
            "odometer": printer.odometer(),
            "pieces": works.tray.pieces(),
        });
        self.powered.send_replace(works.printer.powered());
        drop(works);
        self.changed.notify_one();
        status.to_string()
    }

    pub fn powered(&self) -> bool {
        *self.powered.borrow()
    }

    /// Until the power is as said.
    pub async fn power(&self, on: bool) {
        // The sender is ours and lives as long as we do.
        let _ = self.powered.subscribe().wait_for(|powered| *powered == on).await;
    }

    /// Until every picture asked for so far is drawn; none are drawn afterwards.
    pub async fn finish_pictures(&self) {
        let drawing = self.lock().tray.end_pictures();
        if let Some(drawing) = drawing {
            // Fails only when the program is ending anyway.
            drop(tokio::task::spawn_blocking(|| drawing.join()).await);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Works> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }
}

impl Works {
    /// Brings the printer to now and everything that happened into the tray, as far as the tray takes it.
    fn settle(&mut self, now: Duration) -> bool {
        loop {
            self.printer.handle_timeout(now);
            let mut something = false;
            while self.broken.is_none() {
                let Some(place) = self.tray.place() else { return false };
                let Some(event) = self.printer.poll_event() else { break };
                something = true;
                self.broken = self.tray.put(event, place, self.printer.settings()).err();
            }
            if !something {
                return self.broken.is_none();
            }
        }
    }

    /// The host's bytes: how many were taken, how many more there is room for, and what to say to the host.
    fn offer(&mut self, bytes: &[u8], now: Duration) -> (usize, usize, Vec<u8>) {
        let mut taken = 0;
        let mut reply = Vec::new();
        while self.settle(now) {
            while let Some(piece) = self.printer.poll_write() {
                reply.extend(piece);
            }
            let more = self.printer.handle_bytes(&bytes[taken..], now);
            taken += more;
            if more == 0 {
                return (taken, self.printer.room(), reply);
            }
        }
        (taken, 0, reply)
    }
}
