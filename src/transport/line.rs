//! What an open line can do beside reading and writing, shared by everybody who holds it.

use super::usb;
use crate::device::raw;
use rustix::fd::AsFd;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How often the kernel's queue is looked at while it moves, and while it does not.
const QUEUE_MOVES: Duration = Duration::from_millis(5);
const QUEUE_STANDS: Duration = Duration::from_secs(1);

/// An open line, without its two streams of bytes. Cheap to clone; what it says of a closed line is nothing.
#[derive(Clone)]
pub struct Line(Kind);

#[derive(Clone)]
enum Kind {
    /// Bytes written are the other end's at once.
    Plain,
    /// The kernel keeps a queue behind this file.
    Queued(Arc<dyn AsFd + Send + Sync>),
    Usb(usb::Device),
}

impl Line {
    pub(super) fn plain() -> Line {
        Line(Kind::Plain)
    }

    pub(super) fn queued(file: Arc<dyn AsFd + Send + Sync>) -> Line {
        Line(Kind::Queued(file))
    }

    pub(super) fn usb(device: usb::Device) -> Line {
        Line(Kind::Usb(device))
    }

    /// Bytes that a write took and that have not left this machine: nothing may count as *sent* before this is 0.
    /// Of TCP, what the printer's end has not acknowledged. On USB a write takes only what the printer took.
    pub fn unsent(&self) -> usize {
        match &self.0 {
            // A line that broke holds nothing any more; its reader tells.
            Kind::Queued(file) => raw::unsent(file).unwrap_or(0),
            Kind::Plain | Kind::Usb(_) => 0,
        }
    }

    /// Waits until nothing is unsent, without a limit; may be dropped at any time. Looks at the queue now and then, and
    /// only while something is in it.
    pub async fn drained(&self) {
        let mut pause = QUEUE_MOVES;
        let mut left = self.unsent();
        while left > 0 {
            tokio::time::sleep(pause).await;
            let now = self.unsent();
            pause = if now < left { QUEUE_MOVES } else { (pause * 2).min(QUEUE_STANDS) };
            left = now;
        }
    }

    /// Waits until the device is free for others. Both streams are dropped before.
    pub(super) async fn closed(self) {
        if let Kind::Usb(device) = self.0 {
            device.closed().await;
        }
    }

    /// What the printer says it is (GET_DEVICE_ID); `None` where the line or the printer cannot say.
    pub async fn device_id(&self) -> io::Result<Option<String>> {
        match &self.0 {
            Kind::Usb(device) => device.device_id().await,
            _ => Ok(None),
        }
    }

    /// The three facts of GET_PORT_STATUS, answered even while the printer takes no more bytes; `None` where the line
    /// or the printer cannot say. Many printers always say that all is well.
    pub async fn port_status(&self) -> io::Result<Option<PortStatus>> {
        match &self.0 {
            Kind::Usb(device) => device.port_status().await,
            _ => Ok(None),
        }
    }

    /// Empties the printer's buffers and both pipes (SOFT_RESET). Whether it obeyed.
    pub async fn soft_reset(&self) -> io::Result<bool> {
        match &self.0 {
            Kind::Usb(device) => device.soft_reset().await,
            _ => Ok(false),
        }
    }
}

/// GET_PORT_STATUS of the USB printer class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortStatus {
    pub media_empty: bool,
    pub selected: bool,
    pub error: bool,
}

impl PortStatus {
    /// Bit 5 paper empty, bit 4 selected, bit 3 **no** error (printer class 1.1, 4.2.2).
    pub(super) fn from_byte(byte: u8) -> PortStatus {
        PortStatus { media_empty: byte & 0x20 != 0, selected: byte & 0x10 != 0, error: byte & 0x08 == 0 }
    }
}
