//! A bell that rings when something is plugged in, so that nobody has to look again and again.
//!
//! The kernel and, once its rules have given out the rights, udev tell of every new device on a netlink socket. One
//! thread listens for the whole process, asleep in between. A ring says only "look again": who hears one too many loses
//! a moment, so nothing here asks who sent it.

use crate::uri::DeviceUri;
use rustix::fd::OwnedFd;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use std::future::pending;
use std::io;
use std::sync::OnceLock;
use std::thread;
use tokio::sync::watch;

/// The kernel's own messages, and udev's after its rules (libudev, udev_monitor_new_from_netlink).
const GROUPS: u32 = 1 | 2;
/// Longer than any message: the kernel's are 2 KB at most, udev's 8 KB.
const MESSAGE_MAX: usize = 16 * 1024;

/// Hears the bell.
#[derive(Debug, Clone)]
pub struct Plugged(Option<watch::Receiver<()>>);

impl Plugged {
    /// For a device that can be plugged in; for all others, and where the kernel does not tell, it never rings.
    pub(super) fn hears(uri: &DeviceUri) -> Plugged {
        let can_be_plugged = matches!(uri, DeviceUri::Usb(_) | DeviceUri::Serial(_));
        Plugged(if can_be_plugged { bell().map(watch::Sender::subscribe) } else { None })
    }

    /// For any device that is plugged in.
    pub(crate) fn hears_all() -> Plugged {
        Plugged(bell().map(watch::Sender::subscribe))
    }

    /// Waits until something was plugged in since the last time. May be dropped at any time without missing a ring.
    pub async fn rung(&mut self) {
        let rung = match &mut self.0 {
            Some(bell) => bell.changed().await.is_ok(),
            None => false,
        };
        if !rung {
            pending().await
        }
    }
}

/// The bell of the process, hung up by the first who asks.
fn bell() -> Option<&'static watch::Sender<()>> {
    static BELL: OnceLock<Option<watch::Sender<()>>> = OnceLock::new();
    let hang_up = || {
        let socket = listen().map_err(|error| tracing::info!("the kernel does not tell what is plugged in: {error}")).ok()?;
        let (bell, _) = watch::channel(());
        let rope = bell.clone();
        thread::Builder::new().name("plugged".into()).spawn(move || ring_for(&socket, &rope)).ok()?;
        Some(bell)
    };
    BELL.get_or_init(hang_up).as_ref()
}

fn listen() -> io::Result<OwnedFd> {
    let protocol = Some(netlink::KOBJECT_UEVENT);
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, protocol)?;
    bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
    Ok(socket)
}

fn ring_for(socket: &OwnedFd, bell: &watch::Sender<()>) {
    let mut message = vec![0; MESSAGE_MAX];
    loop {
        match recv(socket, &mut *message, RecvFlags::empty()) {
            Ok((_, count)) if !tells_of_a_device(&message[..count.min(MESSAGE_MAX)]) => {}
            // With no buffers left some were lost: anything may have been in them.
            Ok(_) | Err(rustix::io::Errno::NOBUFS) => bell.send_replace(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                tracing::warn!("the kernel no longer tells what is plugged in: {error}");
                return;
            }
        }
    }
}

/// Whether a device came that a printer or a scanner could be behind.
fn tells_of_a_device(message: &[u8]) -> bool {
    // udev's messages begin with a header that says where the words begin (struct udev_monitor_netlink_header).
    let words = match message.strip_prefix(b"libudev\0") {
        Some(header) => {
            let Some(start) = header.get(8..).and_then(|rest| rest.first_chunk()).map(|it| u32::from_ne_bytes(*it)) else {
                return false;
            };
            message.get(start as usize..).unwrap_or_default()
        }
        None => message,
    };
    let has = |known: &[&[u8]]| words.split(|byte| *byte == 0).any(|word| known.contains(&word));
    has(&[b"ACTION=add", b"ACTION=bind", b"ACTION=change"])
        && has(&[b"SUBSYSTEM=usb", b"SUBSYSTEM=usbmisc", b"SUBSYSTEM=tty", b"SUBSYSTEM=input"])
}

#[cfg(test)]
mod tests {
    use super::tells_of_a_device;

    fn udev(words: &str) -> Vec<u8> {
        let mut message = b"libudev\0".to_vec();
        message.extend(0xfeed_cafe_u32.to_be_bytes());
        message.extend([40_u32, 40, words.len() as u32].map(u32::to_ne_bytes).as_flattened());
        // Hashes and tags, up to the last byte.
        message.extend([0xff; 16]);
        message.extend(words.as_bytes());
        message
    }

    #[test]
    fn the_bell_rings_for_what_a_printer_or_a_scanner_could_be_behind_and_for_nothing_else() {
        for (words, rings) in [
            ("ACTION=add\0DEVPATH=/devices/a/usb1/1-1\0SUBSYSTEM=usb\0DEVTYPE=usb_device\0", true),
            ("ACTION=bind\0DEVPATH=/devices/a/usb1/1-1/1-1:1.0\0SUBSYSTEM=usb\0", true),
            ("ACTION=add\0SUBSYSTEM=tty\0DEVNAME=ttyUSB0\0", true),
            ("ACTION=add\0SUBSYSTEM=usbmisc\0DEVNAME=usb/lp0\0", true),
            ("ACTION=add\0SUBSYSTEM=input\0DEVNAME=input/event5\0", true),
            ("ACTION=remove\0SUBSYSTEM=usb\0", false),
            ("ACTION=add\0SUBSYSTEM=block\0", false),
            ("ACTION=change\0SUBSYSTEM=power_supply\0", false),
        ] {
            assert_eq!(tells_of_a_device(format!("add@/devices/x\0{words}").as_bytes()), rings, "{words:?}");
            assert_eq!(tells_of_a_device(&udev(words)), rings, "{words:?} from udev");
        }
    }

    #[test]
    fn a_torn_message_rings_for_nothing() {
        let whole = udev("ACTION=add\0SUBSYSTEM=usb\0");
        for end in 0..whole.len() - 1 {
            assert!(!tells_of_a_device(&whole[..end]), "{end} bytes");
        }
        assert!(!tells_of_a_device(&[b"libudev\0".to_vec(), vec![0xff; 40]].concat()));
    }
}
