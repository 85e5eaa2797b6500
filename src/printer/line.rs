//! One printer's line: opened when it is wanted, opened again after a failure, read and written.
//!
//! [`Phase`] says how it stands. On each connection the other end is asked who it is before anything else; what passes
//! over the line after that is the conversation's. Knows no label.

use super::trace::{Passed, What};
use crate::capture::Side;
use crate::language::Language;
use crate::pairing::{Before, Introduction};
use crate::transport::{Connection, Limits, Plugged, PortStatus, Transport};
use crate::uri::DeviceUri;
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{info, warn};

/// Bytes offered to the line at once.
const CHUNK: usize = 32 * 1024;
/// How long a USB printer may take to say how its port stands.
const PORT_STATUS: Duration = Duration::from_secs(1);
/// How long a printer is heard out when nothing more is wanted of it.
const HANG_UP: Duration = Duration::from_millis(500);
/// Pauses between attempts to open the line.
const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// How a line stands.
pub enum Phase {
    /// `retry_at`: it is not opened before that time, unless the device is plugged in or an operator asks. `why`: it
    /// could not be opened, in a sentence.
    Closed { retry_at: Option<Instant>, why: Option<String> },
    /// Open; the other end is being asked who it is. `resumed`: the connection was in use before, and set up or not.
    Asking { connection: Connection, introduction: Box<Introduction>, resumed: Option<Resumed> },
    /// Open; the printer has not been set up on this connection, or has lost what it was told.
    Fresh(Connection),
    /// Open, and the printer is set up.
    Ready(Connection),
}

/// How a connection stood that is asked again who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    Fresh,
    Ready,
}

/// One printer's line.
pub struct Line {
    name: String,
    device: DeviceUri,
    transport: Transport,
    /// For those who listen to what passes.
    wire: broadcast::Sender<Passed>,
    plugged: Plugged,
    phase: Phase,
    /// The pause after the next failure.
    retry: Duration,
    epoch: Instant,
    /// When it last passed a byte or was opened.
    used_at: Instant,
}

/// What happened on the line.
pub enum LineEvent {
    Read(io::Result<Vec<u8>>),
    Wrote(io::Result<usize>),
    /// It may be opened again.
    Retry,
    /// The introduction is over, or has something to show.
    Asked,
    /// What it held for the printer has left.
    Drained,
}

impl Line {
    pub fn new(name: String, device: DeviceUri, transport: Transport, wire: broadcast::Sender<Passed>) -> Line {
        let plugged = transport.plugged(&device);
        let phase = Phase::Closed { retry_at: None, why: None };
        Line { name, device, transport, wire, plugged, phase, retry: RETRY_MIN, epoch: Instant::now(), used_at: Instant::now() }
    }

    /// The time the conversation goes by.
    pub fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// When that time of the conversation is.
    pub fn at(&self, time: Duration) -> Instant {
        self.epoch + time
    }

    /// Open, and the other end is the one that is expected.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Fresh(_) | Phase::Ready(_))
    }

    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    /// When it last passed a byte or was opened.
    pub fn used_at(&self) -> Instant {
        self.used_at
    }

    /// The introduction, while the other end is being asked who it is.
    pub fn introduction(&self) -> Option<&Introduction> {
        match &self.phase {
            Phase::Asking { introduction, .. } => Some(introduction),
            _ => None,
        }
    }

    /// The other end is the one that is expected, or cannot say. How the connection stood before, if it was in use.
    pub fn admit(&mut self) -> Option<Resumed> {
        let mut before = None;
        self.set_phase(|phase| match phase {
            Phase::Asking { connection, resumed, .. } => {
                before = resumed;
                match resumed {
                    Some(Resumed::Ready) => Phase::Ready(connection),
                    _ => Phase::Fresh(connection),
                }
            }
            phase => phase,
        });
        before
    }

    /// Asks again who is there, on a connection that was not used for long. An ESC/POS printer is set up anew after that:
    /// `ESC @` stands behind its questions.
    pub fn ask_again(&mut self, language: Language, before: Before) {
        if language == Language::EscPos {
            self.forget_setup();
        }
        let introduction = Box::new(Introduction::new(language, before, self.now()));
        self.set_phase(|phase| match phase {
            Phase::Fresh(connection) => Phase::Asking { connection, introduction, resumed: Some(Resumed::Fresh) },
            Phase::Ready(connection) => Phase::Asking { connection, introduction, resumed: Some(Resumed::Ready) },
            phase => phase,
        });
    }

    /// Another device is there, or nothing is wanted of it: closed until it is wanted, or until then.
    pub async fn hang_up(&mut self, why: &str, retry_at: Option<Instant>) {
        if let Some(connection) = self.take() {
            info!(printer = self.name, "line closed: {why}");
            self.pass(|| What::Lost(why.to_owned()));
            connection.close(&Limits { close: HANG_UP, ..Limits::default() }).await;
        }
        self.phase = Phase::Closed { retry_at, why: None };
    }

    /// What the line itself says of the device.
    pub async fn device_id(&self) -> Option<String> {
        let line = self.connection()?.line.clone();
        timeout(PORT_STATUS, line.device_id()).await.ok()?.ok()?
    }

    /// The printer has to be set up before the next label.
    pub fn is_fresh(&self) -> bool {
        matches!(self.phase, Phase::Fresh(_))
    }

    /// Why it could not be opened, in a sentence without its end.
    pub fn why_closed(&self) -> Option<&str> {
        match &self.phase {
            Phase::Closed { why, .. } => why.as_deref(),
            _ => None,
        }
    }

    fn connection(&self) -> Option<&Connection> {
        match &self.phase {
            Phase::Closed { .. } => None,
            Phase::Asking { connection, .. } | Phase::Fresh(connection) | Phase::Ready(connection) => Some(connection),
        }
    }

    fn set_phase(&mut self, change: impl FnOnce(Phase) -> Phase) {
        let phase = std::mem::replace(&mut self.phase, Phase::Closed { retry_at: None, why: None });
        self.phase = change(phase);
    }

    /// The printer has not been set up, or has lost what it was told.
    pub fn forget_setup(&mut self) {
        self.set_phase(|phase| match phase {
            Phase::Ready(connection) => Phase::Fresh(connection),
            phase => phase,
        });
    }

    /// The printer is being set up.
    pub fn set_up(&mut self) {
        self.set_phase(|phase| match phase {
            Phase::Fresh(connection) => Phase::Ready(connection),
            phase => phase,
        });
    }

    /// Whether an attempt to open it may be made now.
    pub fn may_open(&self) -> bool {
        matches!(self.phase, Phase::Closed { retry_at: None, .. })
    }

    /// Opens it, and begins to ask who is there, behind what ends a label that was cut short. On failure: why, in a
    /// sentence, and whether that is news.
    pub async fn open(&mut self, language: Language, before: Before, resync: Vec<u8>) -> Result<(), (String, bool)> {
        match self.transport.open(&self.device, &Limits::default()).await {
            Ok(connection) => {
                info!(printer = self.name, "connected");
                self.pass(|| What::Connected);
                let introduction = Box::new(Introduction::new(language, before, self.now()).behind(resync));
                self.phase = Phase::Asking { connection, introduction, resumed: None };
                self.used_at = Instant::now();
                Ok(())
            }
            Err(error) => {
                let sentence = error.to_string().trim_end_matches('.').to_owned();
                let news = self.why_closed() != Some(&sentence);
                if news {
                    warn!(printer = self.name, "{sentence}");
                }
                self.close_until_retry(Some(sentence));
                Err((error.to_string(), news))
            }
        }
    }

    /// It broke. Whether it was open.
    pub fn lose(&mut self, why: &str) -> bool {
        if self.is_closed() {
            return false;
        }
        warn!(printer = self.name, "line lost: {why}");
        self.pass(|| What::Lost(why.to_owned()));
        self.close_until_retry(None);
        true
    }

    fn close_until_retry(&mut self, why: Option<String>) {
        self.phase = Phase::Closed { retry_at: Some(Instant::now() + self.retry), why };
        self.retry = (self.retry * 2).min(RETRY_MAX);
    }

    /// It may be opened at once: somebody waits, or something has changed.
    pub fn retry_now(&mut self) {
        if let Phase::Closed { retry_at, .. } = &mut self.phase {
            *retry_at = None;
        }
    }

    /// It has proven itself: the next failure is a first one.
    pub fn has_proven_itself(&mut self) {
        self.retry = RETRY_MIN;
    }

    /// Takes the connection, to close it in order.
    pub fn take(&mut self) -> Option<Connection> {
        match std::mem::replace(&mut self.phase, Phase::Closed { retry_at: None, why: None }) {
            Phase::Closed { .. } => None,
            Phase::Asking { connection, .. } | Phase::Fresh(connection) | Phase::Ready(connection) => Some(connection),
        }
    }

    /// Goes on with the introduction until it is over or takes no data.
    async fn ask(&mut self) -> LineEvent {
        let Line { phase: Phase::Asking { connection, introduction, .. }, wire, epoch, used_at, .. } = self else {
            return LineEvent::Asked;
        };
        let mut buffer = [0; 4096];
        let shown = (introduction.is_stalled(), introduction.listening_until());
        loop {
            if introduction.is_done() || shown != (introduction.is_stalled(), introduction.listening_until()) {
                return LineEvent::Asked;
            }
            let due = introduction.poll_timeout().map_or_else(Instant::now, |due| *epoch + due);
            // A device that never stops talking keeps no question open.
            if due <= Instant::now() {
                introduction.handle_timeout(epoch.elapsed());
                if introduction.is_stuck(epoch.elapsed()) {
                    return LineEvent::Wrote(Err(io::ErrorKind::TimedOut.into()));
                }
                continue;
            }
            let bytes = introduction.poll_write().map(<[u8]>::to_vec);
            tokio::select! {
                biased;
                read = connection.reader.read(&mut buffer) => match read {
                    Ok(0) => return LineEvent::Read(Ok(Vec::new())),
                    Ok(count) => {
                        *used_at = Instant::now();
                        publish(wire, *epoch, || What::Said(Side::Printer, buffer[..count].into()));
                        introduction.handle_bytes(&buffer[..count], epoch.elapsed());
                    }
                    Err(error) => return LineEvent::Read(Err(error)),
                },
                wrote = async {
                    match &bytes {
                        Some(bytes) => connection.writer.write(bytes).await,
                        None => pending().await,
                    }
                } => match wrote {
                    Ok(taken) => {
                        if let Some(bytes) = &bytes {
                            publish(wire, *epoch, || What::Said(Side::Host, bytes[..taken].into()));
                        }
                        introduction.wrote(taken, epoch.elapsed());
                    }
                    Err(error) => return LineEvent::Wrote(Err(error)),
                },
                () = sleep_until(due) => {}
            }
        }
    }

    /// Waits until something happens on it: bytes come, of `bytes` some were taken, what it holds has left (if `holds`
    /// says that something is waited for), or it may be opened again. May be dropped at any time.
    pub async fn next(&mut self, bytes: Option<&[u8]>, holds: bool) -> LineEvent {
        if let Phase::Asking { .. } = self.phase {
            return self.ask().await;
        }
        let (reader, writer, line, retry_at) = match &mut self.phase {
            Phase::Closed { retry_at, .. } => (None, None, None, *retry_at),
            Phase::Asking { .. } => (None, None, None, None),
            Phase::Fresh(open) | Phase::Ready(open) => (Some(&mut open.reader), Some(&mut open.writer), Some(&open.line), None),
        };
        let mut buffer = [0; 4096];
        let event = tokio::select! {
            biased;
            read = async { match reader { Some(reader) => reader.read(&mut buffer).await, None => pending().await } } => {
                LineEvent::Read(read.map(|count| buffer[..count].to_vec()))
            }
            wrote = async {
                match (writer, bytes) {
                    (Some(writer), Some(bytes)) => writer.write(&bytes[..bytes.len().min(CHUNK)]).await,
                    _ => pending().await,
                }
            } => LineEvent::Wrote(wrote),
            () = async { match retry_at { Some(at) => sleep_until(at).await, None => pending().await } } => LineEvent::Retry,
            () = async { match line.filter(|_| holds) { Some(line) => line.drained().await, None => pending().await } } => {
                LineEvent::Drained
            }
            // Something was plugged in: it may be ours.
            () = self.plugged.rung(), if retry_at.is_some() => {
                self.retry = RETRY_MIN;
                LineEvent::Retry
            }
        };
        match event {
            LineEvent::Retry => self.retry_now(),
            LineEvent::Read(_) | LineEvent::Wrote(_) => self.used_at = Instant::now(),
            LineEvent::Asked | LineEvent::Drained => {}
        }
        event
    }

    /// Shows what was read or written to those who listen. `left`: how much is left of the label that is being written.
    pub fn show(&self, event: &LineEvent, bytes: Option<&[u8]>, left: Option<usize>) {
        match (event, bytes) {
            (LineEvent::Read(Ok(read)), _) if !read.is_empty() => {
                self.pass(|| What::Said(Side::Printer, read.as_slice().into()));
            }
            (LineEvent::Wrote(Ok(taken @ 1..)), Some(bytes)) => self.pass(|| match left {
                Some(left) => What::Label { bytes: bytes[..*taken].into(), ends: *taken == left },
                None => What::Said(Side::Host, bytes[..*taken].into()),
            }),
            _ => {}
        }
    }

    fn pass(&self, what: impl FnOnce() -> What) {
        publish(&self.wire, self.epoch, what);
    }

    /// Whether all that was handed to it has left this machine.
    pub fn is_drained(&self) -> bool {
        self.connection().is_none_or(|connection| connection.line.unsent() == 0)
    }

    /// What a USB printer that takes no more data says beside the data.
    pub async fn port_status(&self) -> Option<PortStatus> {
        let line = self.connection()?.line.clone();
        timeout(PORT_STATUS, line.port_status()).await.ok()?.ok()?
    }
}

/// Shows something to those who listen.
fn publish(wire: &broadcast::Sender<Passed>, epoch: Instant, what: impl FnOnce() -> What) {
    if wire.receiver_count() > 0 {
        // The last of them may leave meanwhile.
        let _ = wire.send(Passed { at: epoch.elapsed(), what: what() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_escpos_printer_that_was_asked_again_is_set_up_anew() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let device = format!("tcp://{}", listener.local_addr().expect("it has one")).parse().expect("a device");
        for (language, fresh) in [(Language::EscPos, true), (Language::Tspl, false), (Language::Zpl, false)] {
            let transport = Transport::default();
            let mut line = Line::new("p".into(), Clone::clone(&device), transport, broadcast::Sender::new(1));
            line.open(language, Before::default(), Vec::new()).await.expect("it takes the connection");
            assert_eq!(line.admit(), None);
            line.set_up();
            line.ask_again(language, Before::default());
            line.admit().expect("the connection was in use");
            assert_eq!(line.is_fresh(), fresh, "{language:?}");
        }
    }
}
