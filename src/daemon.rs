//! The daemon, put together: given a configuration, it starts everything in order and stops it in order.
//!
//! What `waybilld serve`, the demo, tests and benches use. Reads no arguments and prints nothing.

pub mod files;
pub mod log;

use crate::config::{Config, ConsoleConfig, PrinterConfig};
use crate::designs::Designs;
use crate::dots::Size;
use crate::emulator::{Machine, Tray, Voice};
use crate::fault::FileFault;
use crate::language::Language;
use crate::printer::Printers;
use crate::server::{self, Console, Listeners, Services};
use crate::spool::{self, Spool};
use crate::station::Stations;
use crate::transport::{Connector, Transport};
use crate::uri::DeviceUri;
use crate::virtual_printer::{self, Settings};
use std::collections::HashMap;
use std::future::pending;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

/// Why the daemon does not start: a sentence, or a line for each thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    fn new(sentence: impl Into<String>) -> StartError {
        StartError(sentence.into())
    }

    /// Every fault of the files, a line each.
    pub fn of_files(faults: Vec<FileFault>) -> StartError {
        let lines: Vec<String> = faults.iter().map(FileFault::to_string).collect();
        StartError(lines.join("\n"))
    }
}

/// A daemon at work.
pub struct Running {
    pub socket: PathBuf,
    pub console: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

/// Bytes between us and a virtual printer, each way.
const CABLE_BYTES: usize = 16 * 1024;
/// Between two sweeps of the ledger for personal data past its days.
const ERASE_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Opens the ledger, begins the printers' loops and listens; answers when all of it stands.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let designs = Arc::new(files::designs(&config)?);
    for (name, printer) in &config.printers {
        check_template(&designs, name, printer)?;
    }
    let spool = Spool::open(&config.state, spool::system_clock()).map_err(|error| StartError::new(error.to_string()))?;
    let socket = listen(&config.socket).await?;
    let console = console(&config).await?;
    let console_address = console.as_ref().and_then(|console| console.listener.local_addr().ok());
    let listeners = Listeners { socket, console };
    let mut machines = virtual_printers(&config)?;
    let (stop, stopped) = watch::channel(false);
    let transport = |name: &str| machines.remove(name).map_or_else(Transport::default, Transport::with_virtual_printers);
    let (printers, mut loops) = Printers::start(&config, &designs, &spool, transport, &stopped);
    let stations = Stations::start(&config, &designs, &spool, &printers, &stopped);
    let socket = config.socket.clone();
    tokio::spawn(erase_old_data(spool.clone(), config.limits.keep_days, stopped.clone()));
    let services = Arc::new(Services { config, designs, spool, printers, stations });
    let (path, ended) = (socket.clone(), stop.clone());
    let served = tokio::spawn(async move {
        let (mut stopped, told) = (stopped.clone(), stopped);
        let until = async move {
            // The sender gone is a stop too.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        tokio::select! {
            served = server::serve(listeners, services, until) => {
                if let Err(error) = served {
                    error!("the server ended: {error}");
                }
            }
            () = async { loops.fell().await; if *told.borrow() { pending::<()>().await } } => {
                error!("a printer's loop ended by a fault of ours: waybilld stops, so that it is started again");
            }
        }
        ended.send_replace(true);
        loops.ended().await;
        let _ = std::fs::remove_file(path);
    });
    Ok(Running { socket, console: console_address, stop, served })
}

impl Running {
    /// Waits until it ends by itself, which is a fault of ours.
    pub async fn ended(&mut self) {
        let _ = (&mut self.served).await;
    }

    /// Lets the labels on the wire finish, then ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if self.served.await.is_err() {
            warn!("the server ended early");
        }
    }
}

/// A printer's usual template must have a variant for its media.
fn check_template(designs: &Designs, name: &str, printer: &PrinterConfig) -> Result<(), StartError> {
    let found = designs.design_for(&printer.template, printer.media);
    found.map(drop).map_err(|sentence| StartError::new(format!("printer {name}: {sentence}")))
}

/// The virtual printers of the configuration, by name; each puts its labels into a folder beside the ledger.
fn virtual_printers(config: &Config) -> Result<HashMap<String, Connector>, StartError> {
    let mut machines = HashMap::new();
    for (name, printer) in &config.printers {
        if !matches!(printer.device, DeviceUri::Virtual { .. }) {
            continue;
        }
        let out = config.state.join("virtual").join(name);
        let tray = Tray::open(&out, cfg!(feature = "interpreter"), Voice::Quiet)
            .map_err(|error| StartError::new(format!("{}: {error}.", out.display())))?;
        let (width, height) = printer.media;
        let media = Size::new(printer.dpi.dots(width), printer.dpi.dots(height));
        let language = match printer.language {
            Language::Zpl => virtual_printer::Language::Zpl,
            Language::Tspl => virtual_printer::Language::Tspl,
            Language::EscPos => virtual_printer::Language::EscPos,
        };
        let machine = Machine::new(Settings { language, dpi: printer.dpi, media, ..Settings::default() }, tray);
        tokio::spawn(machine.clone().keep_time());
        let connect: Connector = Arc::new(move |_: &str| {
            let (ours, theirs) = tokio::io::duplex(CABLE_BYTES);
            let machine = machine.clone();
            tokio::spawn(async move {
                if let Err(error) = machine.serve(theirs).await {
                    warn!("the virtual printer: {error}");
                }
            });
            Ok(ours)
        });
        machines.insert(name.clone(), connect);
    }
    Ok(machines)
}

/// Takes the socket's place, unless a daemon stands there.
async fn listen(path: &Path) -> Result<UnixListener, StartError> {
    let refused = |error: std::io::Error| StartError::new(format!("socket {}: {error}.", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            return Err(StartError::new(format!("{} is there and is no socket: choose another place.", path.display())));
        }
        if UnixStream::connect(path).await.is_ok() {
            return Err(StartError::new(format!("another waybilld listens on {}: stop that one first.", path.display())));
        }
        std::fs::remove_file(path).map_err(refused)?;
    }
    let listener = UnixListener::bind(path).map_err(refused)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(refused)?;
    Ok(listener)
}

/// Where the console stands, if there is to be one.
async fn console(config: &Config) -> Result<Option<Console>, StartError> {
    let Some(ConsoleConfig { listen, token_file }) = &config.console else { return Ok(None) };
    let token = files::token(&config.state, token_file.as_deref())?;
    let taken = |error| {
        let sentence = format!("console {listen}: {error}: stop what listens there, or give `listen` of [console] another port.");
        StartError::new(sentence)
    };
    let listener = TcpListener::bind(listen).await.map_err(taken)?;
    Ok(Some(Console { listener, token }))
}

/// Erases names and addresses past their days, once a day.
async fn erase_old_data(spool: Spool, keep_days: u32, mut stopped: watch::Receiver<bool>) {
    let clock = spool::system_clock();
    loop {
        let before = clock() - i64::from(keep_days) * 24 * 3600 * 1000;
        match spool.erase(before).await {
            Ok(0) => {}
            Ok(labels) => info!(labels, "erased personal data after {keep_days} days"),
            Err(error) => warn!("{error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(ERASE_EVERY) => {}
            _ = stopped.changed() => return,
        }
    }
}
