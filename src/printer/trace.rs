//! What passes over a printer's line, for whoever listens, as a capture.
//!
//! The loop publishes while somebody listens and not otherwise; each listener gets a text of its own. A label is told
//! by its length and digest, so that a trace of a printer's status names nobody; all bytes only for whoever asks.

use super::Handle;
use crate::capture::{self, Header, Side};
use crate::uri::DeviceUri;
use jiff::Zoned;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Pieces kept for a listener who is slow; the loop never waits for one.
pub const PIECES_MAX: usize = 256;
/// A pause shorter than this is not told.
const PAUSE: Duration = Duration::from_millis(50);

/// Something that passed.
#[derive(Debug, Clone)]
pub struct Passed {
    /// Since the loop began.
    pub at: Duration,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Connected,
    Lost(String),
    Said(Side, Arc<[u8]>),
    /// Bytes of a label; `ends` with these.
    Label {
        bytes: Arc<[u8]>,
        ends: bool,
    },
}

/// One listener.
pub struct Trace {
    passed: broadcast::Receiver<Passed>,
    header: Option<String>,
    /// Whether labels are shown whole.
    labels: bool,
    /// A label that is passing: how much of it, and its digest so far.
    label: Option<(usize, blake3::Hasher)>,
    last: Option<Duration>,
}

impl Trace {
    pub(super) fn of(printer: &Handle, passed: broadcast::Receiver<Passed>, labels: bool) -> Trace {
        let config = &printer.config;
        let about = format!("{}, {}, {} dpi", printer.name, config.language.name(), printer.dpi().nominal());
        let transport = match config.device {
            DeviceUri::Tcp { .. } => "tcp",
            DeviceUri::Serial(_) => "serial",
            DeviceUri::Usb(_) => "usb",
            DeviceUri::Virtual { .. } => "virtual",
        };
        let kept = match labels {
            true => "HOLDS PERSONAL DATA: every byte of every label, names and addresses among them.",
            false => "Labels stand as length and digest: it holds no personal data.",
        };
        let header = Header {
            printer: &about,
            firmware: "not asked",
            transport,
            date: &Zoned::now().date().to_string(),
            notes: &format!("Traced by waybilld {}. {kept}", env!("CARGO_PKG_VERSION")),
        };
        Trace { passed, header: Some(header.lines()), labels, label: None, last: None }
    }

    /// The next lines; `None` when the loop has ended.
    pub async fn next(&mut self) -> Option<String> {
        if let Some(header) = self.header.take() {
            return Some(header);
        }
        loop {
            let text = match self.passed.recv().await {
                Ok(passed) => self.tell(passed),
                Err(RecvError::Lagged(pieces)) => {
                    self.label = None;
                    format!("# {pieces} pieces are missing here: whoever listened was too slow\n")
                }
                Err(RecvError::Closed) => return None,
            };
            if !text.is_empty() {
                return Some(text);
            }
        }
    }

    fn tell(&mut self, Passed { at, what }: Passed) -> String {
        let mut text = String::new();
        if let Some(last) = self.last.replace(at)
            && at.saturating_sub(last) >= PAUSE
        {
            writeln!(text, "# {} ms later", (at - last).as_millis()).expect("a String takes every line");
        }
        match what {
            What::Connected => text.push_str("# the line is open\n"),
            What::Lost(why) => {
                if let Some((length, _)) = self.label.take() {
                    text.push_str(&capture::hidden_label(&format!("cut off after {length} bytes")));
                }
                writeln!(text, "# the line is gone: {why}").expect("a String takes every line");
            }
            What::Said(side, bytes) => text.push_str(&capture::line(side, &bytes)),
            What::Label { bytes, .. } if self.labels => text.push_str(&capture::line(Side::Host, &bytes)),
            What::Label { bytes, ends } => {
                let (length, digest) = self.label.get_or_insert_default();
                *length += bytes.len();
                digest.update(&bytes);
                if ends {
                    let digest = digest.finalize().to_hex();
                    text.push_str(&capture::hidden_label(&format!("{length} bytes, blake3 {}", &digest[..16])));
                    self.label = None;
                }
            }
        }
        text
    }
}
