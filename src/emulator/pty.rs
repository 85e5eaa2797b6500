//! A pseudo terminal in place of a serial port: the host opens its other end by the name of a link.

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The printer's end.
pub struct Pty {
    ours: AsyncFd<OwnedFd>,
    /// Held open, so that the line does not hang up between two hosts.
    theirs: OwnedFd,
}

impl Pty {
    /// A new terminal, raw as a serial line is, with a link to the host's end; a link that is there is replaced.
    pub fn open(link: &Path) -> io::Result<Pty> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let theirs = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let mut line = tcgetattr(&theirs)?;
        line.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &line)?;
        if link.is_symlink() {
            std::fs::remove_file(link)?;
        }
        std::os::unix::fs::symlink(name.to_string_lossy().as_ref(), link)?;
        rustix::io::ioctl_fionbio(&ours, true)?;
        // SAFETY: an `OwnedFd` is open, and stays the same, until the `AsyncFd` drops it.
        let ours = unsafe { AsyncFd::register(ours) }?;
        Ok(Pty { ours, theirs })
    }

    /// What was written to a printer without power is lost.
    pub fn flush(&self) {
        // Fails only on what is no terminal.
        let _ = tcflush(&self.theirs, QueueSelector::IOFlush);
        let _ = tcflush(self.ours.get_ref(), QueueSelector::IOFlush);
    }
}

impl AsyncRead for &Pty {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.ours.poll_read_ready(cx))?;
            let read = ready.try_io(|ours| Ok(rustix::io::read(ours.get_ref(), buffer.initialize_unfilled())?));
            if let Ok(read) = read {
                return Poll::Ready(read.map(|bytes| buffer.advance(bytes)));
            }
        }
    }
}

impl AsyncWrite for &Pty {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.ours.poll_write_ready(cx))?;
            if let Ok(written) = ready.try_io(|ours| Ok(rustix::io::write(ours.get_ref(), bytes)?)) {
                return Poll::Ready(written);
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
