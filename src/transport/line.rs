//! What an open line can do beside reading and writing, shared by everybody who holds it.

use super::raw;
use rustix::fd::AsFd;
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
}

impl Line {
    pub(super) fn plain() -> Line {
        Line(Kind::Plain)
    }

    pub(super) fn queued(file: Arc<dyn AsFd + Send + Sync>) -> Line {
        Line(Kind::Queued(file))
    }

    /// Bytes that a write took and that have not left this machine: nothing may count as *sent* before this is 0.
    /// Of TCP, what the printer's end has not acknowledged. On USB a write takes only what the printer took.
    pub fn unsent(&self) -> usize {
        match &self.0 {
            // A line that broke holds nothing any more; its reader tells.
            Kind::Queued(file) => raw::unsent(file).unwrap_or(0),
            Kind::Plain => 0,
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
}
