//! What the libraries leave to us of the kernel's files: a few lines that must be trusted.

use rustix::fd::{AsFd, FromRawFd, IntoRawFd, OwnedFd};
use rustix::ioctl::{Getter, IntegerSetter, Setter, ioctl};
use serialport::TTYPort;
use std::io;
use tokio::io::unix::AsyncFd;

/// TIOCOUTQ, the same number as SIOCOUTQ (asm-generic/ioctls.h, linux/sockios.h).
const OUTPUT_QUEUE: u32 = 0x5411;

/// Bytes that were written and that the kernel still holds: of a serial port, what the port has not sent; of a TCP
/// line, what the other end has not acknowledged.
pub(crate) fn unsent(file: impl AsFd) -> io::Result<usize> {
    // SAFETY: on terminals and TCP sockets this request writes one int to the place it is given and does nothing else;
    // on any other file it is refused.
    let count = unsafe { ioctl(file, Getter::<OUTPUT_QUEUE, std::ffi::c_int>::new()) }?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Takes the file out of an open port, whose own reads and writes block past their limits.
pub(crate) fn file_of(port: TTYPort) -> OwnedFd {
    // SAFETY: `into_raw_fd` gives up the port's open file, and nobody else holds its number.
    unsafe { OwnedFd::from_raw_fd(port.into_raw_fd()) }
}

/// Waits on the file together with the runtime.
pub(crate) fn watched(file: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, and stays the same file, until it is dropped; what it is dropped with unregisters it.
    unsafe { AsyncFd::register(file) }.map_err(io::Error::from)
}

/// EVIOCGRAB (linux/input.h).
const GRAB: rustix::ioctl::Opcode = rustix::ioctl::opcode::write::<std::ffi::c_int>(b'E', 0x90);

/// Takes an input device for ourselves alone, until its file is closed.
pub(crate) fn grab(file: impl AsFd) -> rustix::io::Result<()> {
    // SAFETY: input devices take this request's number by value and write nothing; any other file refuses it.
    unsafe { ioctl(file, IntegerSetter::<GRAB>::new_usize(1)) }
}

/// EVIOCREVOKE.
const REVOKE: rustix::ioctl::Opcode = rustix::ioctl::opcode::write::<std::ffi::c_int>(b'E', 0x91);

/// Gives an input device up: whoever reads the file is told that it is gone.
pub(crate) fn revoke(file: impl AsFd) -> rustix::io::Result<()> {
    // SAFETY: as above; this one's number is nought.
    unsafe { ioctl(file, IntegerSetter::<REVOKE>::new_usize(0)) }
}

/// EVIOCSMASK, and what it is given (struct input_mask).
const MASK: rustix::ioctl::Opcode = rustix::ioctl::opcode::write::<EventMask>(b'E', 0x93);

#[repr(C)]
struct EventMask {
    kind: u32,
    codes_size: u32,
    codes: u64,
}

/// Wants no events of that kind from an input device.
pub(crate) fn mask(file: impl AsFd, kind: u16) -> rustix::io::Result<()> {
    let none = EventMask { kind: kind.into(), codes_size: 0, codes: 0 };
    // SAFETY: the kernel reads the struct it is given and, with a size of nought, nothing behind it.
    unsafe { ioctl(file, Setter::<MASK, EventMask>::new(none)) }
}
