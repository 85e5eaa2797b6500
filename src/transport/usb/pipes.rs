//! The two streams of bytes of a USB printer.
//!
//! One transfer is on its way in each direction at most. Dropping a read or a write that waits leaves its transfer
//! where it is: the next call takes it up, so nothing is lost or doubled as long as the caller offers the same bytes.

use super::super::broken;
use super::handle::{Done, How, Open, Pipe, Transfer};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes of one transfer out: 13 ms at full speed, so that the pauses between transfers do not count.
const OUT_MAX: usize = 16 * 1024;
/// A printer that takes nothing is asked how much of the transfer it has got after so long, then ever less often.
const SLICE_MIN: Duration = Duration::from_secs(2);
const SLICE_MAX: Duration = Duration::from_secs(60);
/// Some printers answer a read with nothing instead of letting it wait: pauses before they are asked again.
const EMPTY_MIN: Duration = Duration::from_millis(10);
const EMPTY_MAX: Duration = Duration::from_millis(500);
/// Halts, or overflows, in a row that are cleared before the line counts as broken.
const TRIES: u32 = 3;
/// Answers to somebody who is gone are thrown away until the printer is silent for so long, and so many at most.
const STALE_SILENCE: Duration = Duration::from_millis(30);
const STALE_MAX: usize = 64;

pub(super) const UNPLUGGED: &str = "it was unplugged or switched off";
const HALTED: &str = "it refuses the USB line again and again: switch it off and on";
const DISTURBED: &str = "the USB line is disturbed: check the cable";

type Work<T> = Mutex<Pin<Box<dyn Future<Output = io::Result<T>> + Send>>>;
/// The bytes that were offered, and how many of them were taken.
type Sent = (Vec<u8>, usize);

/// What both streams know.
pub(super) struct Ends {
    pub open: Arc<Open>,
    /// Nothing more is read or written.
    pub closed: AtomicBool,
}

impl Ends {
    /// Ends a halt, off the threads of the runtime: it may take the kernel's limit of 5 s.
    async fn clear_halt(&self, endpoint: u8) -> io::Result<()> {
        let open = self.open.clone();
        let cleared = tokio::task::spawn_blocking(move || open.clear_halt(endpoint)).await;
        match cleared {
            Ok(Ok(())) => Ok(()),
            Ok(Err(rusb::Error::NoDevice)) => Err(broken(UNPLUGGED)),
            _ => Err(broken(HALTED)),
        }
    }

    async fn transfer(&self, endpoint: u8, buffer: Vec<u8>, limit: Duration) -> Done {
        match Transfer::submit(&self.open, Pipe::Bulk(endpoint), buffer, limit) {
            Ok(transfer) => transfer.await,
            Err(how) => Done { how, moved: 0, buffer: Vec::new() },
        }
    }
}

/// Sends what the printer takes of `bytes`, at least one.
async fn send(ends: Arc<Ends>, endpoint: u8, bytes: Vec<u8>) -> io::Result<Sent> {
    let mut slice = SLICE_MIN;
    let mut halts = 0;
    let mut bytes = bytes;
    loop {
        let done = ends.transfer(endpoint, bytes, slice).await;
        match done.how {
            How::Unplugged => return Err(broken(UNPLUGGED)),
            How::Failed | How::Overflowed => return Err(broken(DISTURBED)),
            How::Stalled => {
                halts += 1;
                if halts > TRIES {
                    return Err(broken(HALTED));
                }
                ends.clear_halt(endpoint).await?;
            }
            How::TimedOut => slice = (slice * 2).min(SLICE_MAX),
            How::Completed => {}
        }
        if done.moved > 0 {
            return Ok((done.buffer, done.moved));
        }
        bytes = done.buffer;
    }
}

/// Waits for the printer's next packet.
async fn receive(ends: Arc<Ends>, endpoint: u8, packet: usize) -> io::Result<Vec<u8>> {
    let mut pause = EMPTY_MIN;
    let mut trouble = 0;
    loop {
        let mut done = ends.transfer(endpoint, vec![0; packet], Duration::ZERO).await;
        done.buffer.truncate(done.moved);
        match done.how {
            How::Unplugged => return Err(broken(UNPLUGGED)),
            How::Failed => return Err(broken(DISTURBED)),
            _ if done.moved > 0 => return Ok(done.buffer),
            How::Stalled | How::Overflowed => {
                trouble += 1;
                if trouble > TRIES {
                    return Err(broken(HALTED));
                }
                ends.clear_halt(endpoint).await?;
            }
            How::TimedOut | How::Completed => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(EMPTY_MAX);
            }
        }
    }
}

/// Throws away what the printer still has to say to whoever spoke with it before.
pub(super) async fn drain(ends: &Ends, endpoint: u8, packet: usize) {
    for _ in 0..STALE_MAX {
        let done = ends.transfer(endpoint, vec![0; packet], STALE_SILENCE).await;
        match done.how {
            How::Completed | How::TimedOut if done.moved > 0 => {}
            How::Stalled if ends.clear_halt(endpoint).await.is_ok() => {}
            // Silent; or broken, which the first read tells.
            _ => return,
        }
    }
}

fn poll_work<T>(work: &mut Work<T>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
    work.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx)
}

/// Bytes from the printer.
pub(super) struct In {
    pub ends: Arc<Ends>,
    /// The endpoint and its packet size; one-way printers have none.
    ///
    /// A read asks for one packet. Asking for more would hide an answer that ends exactly with a packet until the
    /// printer speaks again, and asking for less overflows.
    endpoint: Option<(u8, usize)>,
    waiting: Option<Work<Vec<u8>>>,
    /// Of a packet that was larger than the room for it.
    rest: Vec<u8>,
}

impl In {
    pub fn new(ends: Arc<Ends>, endpoint: Option<(u8, usize)>) -> In {
        In { ends, endpoint, waiting: None, rest: Vec::new() }
    }
}

impl AsyncRead for In {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buffer.remaining() == 0 || this.ends.closed.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        if this.rest.is_empty() {
            let Some((endpoint, packet)) = this.endpoint else { return Poll::Pending };
            let ends = &this.ends;
            let work = this.waiting.get_or_insert_with(|| Mutex::new(Box::pin(receive(ends.clone(), endpoint, packet))));
            let received = ready!(poll_work(work, cx));
            this.waiting = None;
            this.rest = received?;
        }
        let count = this.rest.len().min(buffer.remaining());
        buffer.put_slice(&this.rest[..count]);
        this.rest.drain(..count);
        Poll::Ready(Ok(()))
    }
}

/// Bytes to the printer.
pub(super) struct Out {
    pub ends: Arc<Ends>,
    endpoint: u8,
    under_way: Option<Work<Sent>>,
}

impl Out {
    pub fn new(ends: Arc<Ends>, endpoint: u8) -> Out {
        Out { ends, endpoint, under_way: None }
    }
}

impl AsyncWrite for Out {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let (ends, endpoint) = (&this.ends, this.endpoint);
        let work = this.under_way.get_or_insert_with(|| {
            let bytes = bytes[..bytes.len().min(OUT_MAX)].to_vec();
            Mutex::new(Box::pin(send(ends.clone(), endpoint, bytes)))
        });
        let sent = ready!(poll_work(work, cx));
        this.under_way = None;
        let (sent, moved) = sent?;
        match bytes.starts_with(&sent[..moved]) {
            true => Poll::Ready(Ok(moved)),
            // Other bytes went out than those the caller now counts.
            false => Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidInput, "a write was given up for other bytes"))),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Waits for a write that was given up, then ends both streams.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let ended = match &mut this.under_way {
            Some(work) => ready!(poll_work(work, cx)).map(|_| ()),
            None => Ok(()),
        };
        this.under_way = None;
        this.ends.closed.store(true, Ordering::Release);
        Poll::Ready(ended)
    }
}
