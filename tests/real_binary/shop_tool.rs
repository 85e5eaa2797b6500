//! What a shop tool does beside submitting: changing orders, being told of events, and the example clients. The real
//! daemon, socket, ledger and TCP, and virtual printers.

mod day;
mod examples;
mod orders;
mod webhooks;

use crate::support::process::Process;
use std::path::Path;

/// The daemon in that folder with a virtual printer; `more` stands at the end of its configuration.
async fn start(folder: &Path, more: &str) -> Process {
    start_with(folder, "virtual:zpl", more).await
}

/// The same, with a printer at that device.
async fn start_with(folder: &Path, device: &str, more: &str) -> Process {
    let mut daemon = Process::start(folder, &format!("[printers.pack-1]\ndevice = {device:?}\nspeed = 14\n{more}"));
    daemon.ready().await;
    daemon
}
