//! Serial ports: opened and set by `serialport`, then read and written without blocking.
//!
//! `serialport`'s own writes block past their limit when the printer says wait (tried: a 300 ms limit, 50 s later still
//! in `write`), so only the opening is its work. With XON/XOFF the printer steers us and we never steer it: its answers
//! are short, and 11 and 13 in what we send are dots of a label.

use super::{Connection, Line, NoLine, broken};
use crate::device::{holders, raw};
use crate::uri::{Flow, Parity, SerialAddress};
use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use rustix::termios::{self, InputModes, OptionalActions, QueueSelector};
use serialport::{DataBits, FlowControl, StopBits, TTYPort};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const UNPLUGGED: &str = "its serial port is gone: was the adapter unplugged?";

pub(super) async fn open(address: &SerialAddress, limit: Duration) -> Result<Connection, NoLine> {
    let wanted = address.clone();
    // Setting an adapter's lines are USB requests, each of which may hang as long as the kernel lets it.
    let opening =
        tokio::task::spawn_blocking(move || open_blocking(&wanted).map_err(|error| NoLine(sentence(&wanted.path, &error))));
    let slow = || NoLine(format!("{}: the port does not answer. Unplug its adapter and plug it in again.", address.path));
    let file = tokio::time::timeout(limit, opening).await.map_err(|_| slow())?.map_err(|_| slow())??;
    let stream = Stream::new(file).map_err(|error| NoLine(sentence(&address.path, &error)))?;
    let line = Line::queued(stream.0.clone());
    Ok(Connection { reader: Box::new(stream.clone()), writer: Box::new(stream), line })
}

fn open_blocking(address: &SerialAddress) -> io::Result<OwnedFd> {
    let port = serialport::new(&address.path, address.baud)
        .parity(match address.parity {
            Parity::None => serialport::Parity::None,
            Parity::Even => serialport::Parity::Even,
            Parity::Odd => serialport::Parity::Odd,
        })
        .data_bits(if address.data_bits == 7 { DataBits::Seven } else { DataBits::Eight })
        .stop_bits(if address.stop_bits == 2 { StopBits::Two } else { StopBits::One })
        .flow_control(match address.flow {
            Flow::None => FlowControl::None,
            Flow::RtsCts => FlowControl::Hardware,
            Flow::XonXoff => FlowControl::Software,
        })
        // Best effort: pseudo terminals have no such line.
        .dtr_on_open(address.dtr);
    if !std::fs::metadata(&address.path)?.file_type().is_char_device() {
        return Err(rustix::io::Errno::NOTTY.into());
    }
    let file = raw::file_of(TTYPort::open(&port).map_err(|error| match error.kind {
        // Its word for a port that is locked.
        serialport::ErrorKind::NoDevice => io::Error::new(io::ErrorKind::ResourceBusy, error.description),
        // It keeps the words of this errno, not the number.
        serialport::ErrorKind::Unknown if error.description == "Not a typewriter" => rustix::io::Errno::NOTTY.into(),
        _ => error.into(),
    })?);
    if address.flow == Flow::XonXoff {
        let mut modes = termios::tcgetattr(&file)?;
        modes.input_modes.remove(InputModes::IXOFF);
        termios::tcsetattr(&file, OptionalActions::Now, &modes)?;
    }
    // Answers to somebody who is gone.
    termios::tcflush(&file, QueueSelector::IFlush)?;
    let flags = rustix::fs::fcntl_getfl(&file)?;
    rustix::fs::fcntl_setfl(&file, flags | OFlags::NONBLOCK)?;
    Ok(file)
}

/// Both directions of an open port.
#[derive(Clone)]
struct Stream(Arc<Port>);

struct Port {
    file: AsyncFd<OwnedFd>,
    /// Nothing more is read or written.
    closed: AtomicBool,
}

impl rustix::fd::AsFd for Port {
    fn as_fd(&self) -> rustix::fd::BorrowedFd<'_> {
        self.file.get_ref().as_fd()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // Else closing waits for the printer to take the rest, 30 s for each port by default.
        let _ = termios::tcflush(self.file.get_ref(), QueueSelector::OFlush);
    }
}

impl Stream {
    fn new(file: OwnedFd) -> io::Result<Stream> {
        Ok(Stream(Arc::new(Port { file: raw::watched(file)?, closed: AtomicBool::new(false) })))
    }
}

/// A hung-up terminal reads as empty or gives EIO, and refuses writes with EIO.
fn explain(error: io::Error) -> io::Error {
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::IO | rustix::io::Errno::NODEV | rustix::io::Errno::NXIO) => broken(UNPLUGGED),
        _ => error,
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.0.closed.load(Ordering::Acquire) || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            let mut ready = ready!(self.0.file.poll_read_ready(cx))?;
            let room = buffer.initialize_unfilled();
            match ready.try_io(|port| rustix::io::read(port.get_ref(), &mut *room).map_err(io::Error::from)) {
                Ok(Ok(0)) => return Poll::Ready(Err(broken(UNPLUGGED))),
                Ok(Ok(count)) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(explain(error))),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.file.poll_write_ready(cx))?;
            match ready.try_io(|port| rustix::io::write(port.get_ref(), bytes).map_err(io::Error::from)) {
                // A terminal that has no room may take nothing instead of saying so.
                Ok(Ok(0)) if !bytes.is_empty() => ready.clear_ready(),
                Ok(Ok(count)) => return Poll::Ready(Ok(count)),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(explain(error))),
                Err(_would_block) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.closed.store(true, Ordering::Release);
        Poll::Ready(Ok(()))
    }
}

fn sentence(path: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("{path} is not there. Is the cable in? Serial ports of this computer stand in /dev/serial/by-id and /dev.")
        }
        io::ErrorKind::PermissionDenied => {
            format!("{path}: this program may not open it. Add its user to the group of the port, usually dialout.")
        }
        io::ErrorKind::ResourceBusy => {
            let holder = holders::of(Path::new(path)).unwrap_or_else(|| "another program".into());
            format!("{path} is held by {holder}: stop that first.")
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOTTY.raw_os_error()) => {
            format!("{path} is no serial port.")
        }
        _ => format!("{path} cannot be opened as a serial port ({error}). Is it one, and can it do these settings?"),
    }
}
