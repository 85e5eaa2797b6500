//! The daemon, put together: given a configuration and listeners, it starts everything in order and stops it in order.
//!
//! | step | what |
//! |---|---|
//! | [`Daemon::open`] | templates are read, the ledger is opened and is this daemon's alone |
//! | [`Daemon::listen`] | socket and console; or the listeners come from elsewhere |
//! | [`Daemon::start`] | printers' loops, stations, webhooks, erasure of old data, then requests |
//! | [`Running::stop`] | no more requests, then labels on the wire finish, then the socket is removed |
//!
//! What `waybilld serve`, the demo, tests and benches use. Reads no arguments and prints nothing.

mod erasure;
pub mod files;
pub mod log;

use crate::config::{Config, ConsoleConfig, PrinterConfig};
use crate::designs::Designs;
use crate::dots::Size;
use crate::emulator::{Machine, Tray, Voice};
use crate::fault::FileFault;
use crate::language::Language;
use crate::notify::http::Webhooks;
use crate::printer::{Loops, Printers};
use crate::server::{self, Console, Services};
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
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, warn};

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

/// A daemon whose templates are read and whose ledger is open; it has not begun to print or to listen.
pub struct Daemon {
    config: Config,
    designs: Arc<Designs>,
    spool: Spool,
}

/// Where requests come in.
pub struct Listeners {
    socket: UnixListener,
    console: Option<Console>,
    made: Option<SocketFile>,
}

/// A socket's place in the file system, which we made and remove.
struct SocketFile(PathBuf);

/// A daemon at work.
pub struct Running {
    pub socket: PathBuf,
    pub console: Option<SocketAddr>,
    spool: Spool,
    stop: watch::Sender<bool>,
    phase: watch::Receiver<Phase>,
    serving: JoinHandle<()>,
}

/// What a running daemon does. What reports it to a service manager watches this ([`Running::phase`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It listens, and its printers' loops run.
    Serving,
    /// Labels on the wire finish; nothing new begins.
    Stopping,
    Ended,
}

/// Bytes between us and a virtual printer, each way.
const CABLE_BYTES: usize = 16 * 1024;

/// Opens the daemon, listens where its configuration says, and starts it; answers when requests are taken.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let daemon = Daemon::open(config)?;
    let listeners = daemon.listen().await?;
    daemon.start(listeners).await
}

impl Daemon {
    /// Reads the templates and opens the ledger, which then is no other daemon's.
    pub fn open(config: Config) -> Result<Daemon, StartError> {
        let designs = Arc::new(files::designs(&config)?);
        let spool = Spool::open(&config.state, spool::system_clock()).map_err(|error| StartError::new(error.to_string()))?;
        Ok(Daemon { config, designs, spool })
    }

    /// Listens on the socket and at the console of the configuration.
    pub async fn listen(&self) -> Result<Listeners, StartError> {
        let socket = listen(&self.config.socket).await?;
        let made = Some(SocketFile(self.config.socket.clone()));
        Ok(Listeners { socket, console: console(&self.config).await?, made })
    }

    /// Begins the printers' loops, the stations and the webhooks, and takes requests there.
    pub async fn start(self, listeners: Listeners) -> Result<Running, StartError> {
        for (name, printer) in &self.config.printers {
            check_template(&self.designs, name, printer)?;
        }
        self.run(listeners, true).await
    }

    /// The same, but no printer gets a label: all of them wait. For stories and benches that look at the ledger alone.
    pub async fn start_without_printing(self, listeners: Listeners) -> Result<Running, StartError> {
        self.run(listeners, false).await
    }

    async fn run(self, Listeners { socket, console, made }: Listeners, prints: bool) -> Result<Running, StartError> {
        let Daemon { config, designs, spool } = self;
        // Labels name their template by its hash, also when its file has changed.
        for design in designs.designs() {
            spool.keep_template(&design.text).await.map_err(|error| StartError::new(error.to_string()))?;
        }
        name_orphaned(&config, &spool).await;
        let (stop, stopped) = watch::channel(false);
        let (printers, loops) = if prints {
            let mut machines = virtual_printers(&config)?;
            let transport = |name: &str| machines.remove(name).map_or_else(Transport::default, Transport::with_virtual_printers);
            Printers::start(&config, &designs, &spool, transport, &stopped)
        } else {
            (Printers::unattended(&config), Loops::default())
        };
        let stations = Stations::start(&config, &designs, &spool, &printers, &stopped);
        let webhooks = Webhooks::start(&config.webhooks, &spool);
        let erasing = tokio::spawn(erasure::erase_old_data(spool.clone(), config.limits.keep_days, stopped.clone()));

        let address = console.as_ref().and_then(|console| console.listener.local_addr().ok());
        let (at, kept) = (config.socket.clone(), spool.clone());
        let services = Arc::new(Services { config, designs, spool, printers, stations, webhooks });
        let (show, phase) = watch::channel(Phase::Serving);
        let serving = Serving { services, loops, erasing, made, stop: stop.clone(), phase: show };
        let serving = tokio::spawn(serving.until_ended(server::Listeners { socket, console }));
        Ok(Running { socket: at, console: address, spool: kept, stop, phase, serving })
    }
}

/// What runs until the daemon is told to stop, or has a fault.
struct Serving {
    services: Arc<Services>,
    loops: Loops,
    erasing: JoinHandle<()>,
    made: Option<SocketFile>,
    stop: watch::Sender<bool>,
    phase: watch::Sender<Phase>,
}

impl Serving {
    /// First no more requests are taken, then the labels on the wire finish.
    async fn until_ended(self, listeners: server::Listeners) {
        let Serving { services, mut loops, erasing, made, stop, phase } = self;
        let mut stopped = stop.subscribe();
        let asked = stopped.clone();
        let shutdown = async {
            // The sender gone is a stop too.
            let _ = stopped.wait_for(|stop| *stop).await;
            phase.send_replace(Phase::Stopping);
        };
        tokio::select! {
            () = server::serve(listeners, services, shutdown) => {}
            () = async { loops.fell().await; if *asked.borrow() { pending::<()>().await } } => {
                error!("a printer's loop ended by a fault of ours: waybilld stops, so that it is started again");
            }
        }
        stop.send_replace(true);
        loops.ended().await;
        // It holds the ledger, which another daemon may open when this one has ended.
        let _ = erasing.await;
        drop(made);
        phase.send_replace(Phase::Ended);
    }
}

impl Running {
    /// What it does, from now on.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.clone()
    }

    /// Its ledger, for tools and tests in the same process.
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Waits until it ends by itself, which is a fault of ours.
    pub async fn ended(&mut self) {
        // The sender gone is an end too.
        let _ = self.phase.wait_for(|phase| *phase == Phase::Ended).await;
    }

    /// Lets the labels on the wire finish, then ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if self.serving.await.is_err() {
            warn!("waybilld ended by a fault of its own");
        }
    }
}

impl From<UnixListener> for Listeners {
    /// Only the socket, whose file the caller removes.
    fn from(socket: UnixListener) -> Listeners {
        Listeners { socket, console: None, made: None }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone with its folder.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Says which labels wait for a printer that is not in the configuration.
async fn name_orphaned(config: &Config, spool: &Spool) {
    let configured: Vec<&str> = config.printers.keys().map(String::as_str).collect();
    match spool.counts().await {
        Ok(counts) => {
            for (name, counts) in spool::orphaned(&counts, &configured) {
                warn!("{}", spool::orphaned_sentence(&name, &counts, &configured));
            }
        }
        Err(error) => warn!("{error}"),
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

/// Listens on the socket at that path, unless another daemon does.
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

/// Listens at the address of the console, if there is to be one.
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
