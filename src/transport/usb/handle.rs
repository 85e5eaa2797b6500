//! The open device and its transfers: everything here that the compiler cannot check.
//!
//! A transfer on its way belongs to libusb: its struct, and the [`Cargo`] that holds the buffer. Both come back in
//! [`landed`], which libusb calls exactly once for each transfer it accepted, on the thread of the events: completed,
//! failed, timed out, cancelled or orphaned by an unplug. Dropping a [`Transfer`] cancels it and waits for nothing.
//! Every cargo holds the device, so it is open until the last transfer has landed; then a thread of its own closes it,
//! since closing inside the callback would wait for itself.

use rusb::ffi;
use rusb::{Context, DeviceHandle, UsbContext};
use rustix::fd::{AsRawFd, OwnedFd};
use std::ffi::{c_int, c_uint};
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll};
use std::thread;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Completed,
    TimedOut,
    /// The endpoint stays halted until somebody clears it.
    Stalled,
    /// The printer said more than the buffer holds.
    Overflowed,
    Unplugged,
    /// Cancelled, or an error of the bus.
    Failed,
}

/// A transfer that has ended: how many bytes moved, exactly, however it ended.
#[derive(Debug)]
pub(super) struct Done {
    pub how: How,
    pub moved: usize,
    pub buffer: Vec<u8>,
}

/// A claimed interface of an open device.
pub(super) struct Open(Option<Parts>);

struct Parts {
    handle: DeviceHandle<Context>,
    interface: u8,
    /// libusb works on this file and leaves closing it to us.
    node: OwnedFd,
    /// Dropped when all is closed.
    closed: watch::Sender<()>,
}

/// Lets libusb speak on a file of `/dev/bus/usb`.
pub(super) fn wrap(context: &Context, node: &OwnedFd) -> rusb::Result<DeviceHandle<Context>> {
    // SAFETY: the file is open. Every caller keeps it open until it has dropped the handle: `open` drops the handle
    // first when it fails, and afterwards `Open` does.
    unsafe { context.open_device_with_fd(node.as_raw_fd()) }
}

impl Open {
    /// Takes over a handle whose `interface` is claimed.
    pub fn new(handle: DeviceHandle<Context>, interface: u8, node: OwnedFd) -> (Open, watch::Receiver<()>) {
        let (closed, closing) = watch::channel(());
        (Open(Some(Parts { handle, interface, node, closed })), closing)
    }

    fn handle(&self) -> &DeviceHandle<Context> {
        &self.0.as_ref().expect("the parts are taken when it is dropped, and not before").handle
    }

    /// Ends a halt. Waits for the device: not for a thread that others wait for.
    pub fn clear_halt(&self, endpoint: u8) -> rusb::Result<()> {
        self.handle().clear_halt(endpoint)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(parts) = self.0.take() else { return };
        // Where no thread can be had it stays open: closing on the thread of the events would never end.
        let parts = ManuallyDrop::new(parts);
        let close = move || {
            let Parts { handle, interface, node, closed } = ManuallyDrop::into_inner(parts);
            // Of a device that is gone nothing is released.
            let _ = handle.release_interface(interface);
            drop(handle);
            drop(node);
            drop(closed);
        };
        let _ = thread::Builder::new().name("usb-close".into()).spawn(close);
    }
}

/// Which pipe, and which way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pipe {
    /// The endpoint's address says the way.
    Bulk(u8),
    /// The buffer begins with the setup packet.
    Control,
}

/// A transfer on its way. Ends as a future; dropped before, it is cancelled.
pub(super) struct Transfer {
    flight: Arc<Flight>,
    done: oneshot::Receiver<Done>,
}

/// The transfer's place at libusb, while it is there.
struct Flight(Mutex<Option<NonNull<ffi::libusb_transfer>>>);

// SAFETY: the pointer is used under the lock only, and libusb's functions may be called from any thread.
unsafe impl Send for Flight {}
unsafe impl Sync for Flight {}

/// What travels with a transfer.
struct Cargo {
    buffer: Vec<u8>,
    flight: Arc<Flight>,
    done: oneshot::Sender<Done>,
    /// Keeps the device open.
    _open: Arc<Open>,
}

impl Transfer {
    /// Hands a transfer to the kernel; `limit` of zero is none. Refused ones never land.
    pub fn submit(open: &Arc<Open>, pipe: Pipe, buffer: Vec<u8>, limit: Duration) -> Result<Transfer, How> {
        let length = c_int::try_from(buffer.len()).map_err(|_| How::Failed)?;
        let limit_ms = c_uint::try_from(limit.as_millis()).unwrap_or(c_uint::MAX);
        let (done, landing) = oneshot::channel();
        // SAFETY: no isochronous packets are asked for; null is looked for.
        let raw = NonNull::new(unsafe { ffi::libusb_alloc_transfer(0) }).ok_or(How::Failed)?;
        let flight = Arc::new(Flight(Mutex::new(Some(raw))));
        let cargo = Box::into_raw(Box::new(Cargo { buffer, flight: flight.clone(), done, _open: open.clone() }));
        // SAFETY: `raw` is a fresh transfer and `cargo` a live box; nobody else has either yet. The buffer's bytes do
        // not move with the box, the vector is not touched until the transfer is back, and it holds `length` bytes (a
        // control buffer begins with its setup packet, whose wLength its maker took from the same length). The handle
        // is open as long as the cargo lives.
        let refused = unsafe {
            let (buffer, handle) = ((*cargo).buffer.as_mut_ptr(), open.handle().as_raw());
            match pipe {
                Pipe::Bulk(endpoint) => {
                    ffi::libusb_fill_bulk_transfer(
                        raw.as_ptr(),
                        handle,
                        endpoint,
                        buffer,
                        length,
                        landed,
                        cargo.cast(),
                        limit_ms,
                    );
                }
                Pipe::Control => ffi::libusb_fill_control_transfer(raw.as_ptr(), handle, buffer, landed, cargo.cast(), limit_ms),
            }
            ffi::libusb_submit_transfer(raw.as_ptr())
        };
        // From here on an accepted transfer may have landed already: `raw` and `cargo` are not ours.
        if refused == 0 {
            return Ok(Transfer { flight, done: landing });
        }
        // SAFETY: a refused transfer does not land, so both are still ours.
        unsafe {
            ffi::libusb_free_transfer(raw.as_ptr());
            drop(Box::from_raw(cargo));
        }
        Err(if refused == ffi::constants::LIBUSB_ERROR_NO_DEVICE { How::Unplugged } else { How::Failed })
    }
}

/// libusb gives a transfer back.
extern "system" fn landed(raw: *mut ffi::libusb_transfer) {
    // SAFETY: libusb calls this once for each accepted transfer, with the transfer we filled; its `user_data` is the
    // cargo's box, which is given up to us here.
    let (status, moved, cargo) =
        unsafe { ((*raw).status, (*raw).actual_length, Box::from_raw((*raw).user_data.cast::<Cargo>())) };
    // Nobody cancels it any more.
    *cargo.flight.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    // SAFETY: a transfer may be freed in its callback; flags that would let libusb free it too are not set.
    unsafe { ffi::libusb_free_transfer(raw) };
    let how = match status {
        ffi::constants::LIBUSB_TRANSFER_COMPLETED => How::Completed,
        ffi::constants::LIBUSB_TRANSFER_TIMED_OUT => How::TimedOut,
        ffi::constants::LIBUSB_TRANSFER_STALL => How::Stalled,
        ffi::constants::LIBUSB_TRANSFER_OVERFLOW => How::Overflowed,
        ffi::constants::LIBUSB_TRANSFER_NO_DEVICE => How::Unplugged,
        _ => How::Failed,
    };
    let Cargo { buffer, done, _open, .. } = *cargo;
    let moved = usize::try_from(moved).unwrap_or(0).min(buffer.len());
    // Who is gone does not ask.
    let _ = done.send(Done { how, moved, buffer });
}

impl Future for Transfer {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Done> {
        Pin::new(&mut self.done).poll(cx).map(|done| done.unwrap_or(Done { how: How::Failed, moved: 0, buffer: Vec::new() }))
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some(raw) = *self.flight.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // SAFETY: the place is emptied under this lock before the transfer is freed, so it is alive. libusb calls
            // back on the thread of the events, never from in here.
            unsafe { ffi::libusb_cancel_transfer(raw.as_ptr()) };
        }
    }
}
