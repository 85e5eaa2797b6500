//! `waybilld virtual`: a virtual printer behind a TCP port or a pseudo terminal.
//!
//! Hosts connect as they would to a printer, one at a time. What comes out lies in a directory: a ledger and a
//! picture of every piece. Its buttons, cover and mains are lines of text, on standard input or on a control port.
//!
//! | line | what happens |
//! |---|---|
//! | `cover open`, `cover close` | in the middle of a label, perhaps |
//! | `media N` | a roll of N labels; 0: the roll ends now |
//! | `ribbon out`, `ribbon in`, `head hot`, `head cool`, `jam`, `jam clear` | |
//! | `pause` | the button: pause, or go on |
//! | `power cut`, `power on` | connections break and are refused until power is back |
//! | `status` | one line of JSON |

use super::arguments::{dpi, media_size};
use crate::dots::{Dpi, Mm, Size};
use crate::emulator::{Machine, Pty, Tray, Voice};
use crate::virtual_printer::{Answers, EscPosSettings, Faults, Language, Settings, Stock};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Bytes of one control line.
const LINE_BYTES_MAX: u64 = 1024;

/// A printer that is not there.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Printer language it understands: zpl, tspl or escpos.
    #[arg(long, default_value_t = Language::Zpl, value_parser = language)]
    pub language: Language,
    /// Where it listens; port 0 takes any free one and says which.
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Stand behind a pseudo terminal instead, with a link of that name to its other end.
    #[arg(long, value_name = "PATH", conflicts_with = "listen")]
    pub pty: Option<PathBuf>,
    /// An escpos printer prints on labels, not on a receipt roll.
    #[arg(long)]
    pub labels: bool,
    /// Directory for ledger.jsonl and the pictures 0001.png, 0002.png, …
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Dots per inch of its head: 203, 300 or 600.
    #[arg(long, default_value = "203", value_parser = dpi)]
    pub dpi: Dpi,
    /// One label of the media, width x height in millimetres.
    #[arg(long, default_value = "100x150", value_name = "MM", value_parser = media_size)]
    pub media_size: (Mm, Mm),
    /// Labels on the roll.
    #[arg(long, default_value_t = 1000, value_name = "LABELS")]
    pub media: u32,
    /// Inches a second; 0: labels take no time.
    #[arg(long, default_value_t = 6, value_name = "IPS")]
    pub speed: u32,
    /// What it answers to: manual, even-in-error, host-status-only or nothing.
    #[arg(long, default_value = "manual", value_parser = answers)]
    pub answers: Answers,
    /// After an error it waits for the pause button.
    #[arg(long)]
    pub pauses_after_error: bool,
    /// Its odometer also counts ZPL formats that print nothing.
    #[arg(long)]
    pub counts_settings: bool,
    /// Only the ledger, no pictures.
    #[arg(long)]
    pub no_pictures: bool,
    /// What harms its replies, in percent of them: split=50,delay=20,drop=5,garble=5.
    #[arg(long, default_value = "", hide_default_value = true, value_parser = faults)]
    pub faults: Faults,
    /// The seed the harm is drawn from.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Take control lines here instead of on standard input.
    #[arg(long, value_name = "ADDR")]
    pub control: Option<SocketAddr>,
}

/// Why it cannot stand there.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("cannot listen on {0}: {1}. Choose another address with --listen or --control.")]
    Listen(SocketAddr, io::Error),
    #[error("cannot make a terminal with the link {link}: {1}. Choose another path with --pty.", link = .0.display())]
    Pty(PathBuf, io::Error),
    #[error("cannot write to {0}: {1}. Choose another directory with --out.")]
    Out(PathBuf, io::Error),
}

impl Args {
    fn settings(&self) -> Settings {
        let (width, height) = self.media_size;
        Settings {
            language: self.language,
            escpos: EscPosSettings { stock: if self.labels { Stock::Labels } else { Stock::Roll }, ..EscPosSettings::default() },
            model: format!("VP100-{}dpi", self.dpi.nominal()),
            dpi: self.dpi,
            media: Size::new(self.dpi.dots(width), self.dpi.dots(height)),
            labels: self.media,
            speed: (self.speed > 0).then_some(self.speed),
            answers: self.answers,
            pauses_after_error: self.pauses_after_error,
            counts_settings: self.counts_settings,
            faults: Faults { seed: self.seed, ..self.faults },
            ..Settings::default()
        }
    }
}

/// Prints until something beyond the printer fails. The first line on standard output is `listening on ADDR`.
pub async fn run(args: Args) -> Result<(), Failure> {
    let out = |error| Failure::Out(args.out.clone(), error);
    let pictures = !args.no_pictures && cfg!(feature = "interpreter");
    let tray = Tray::open(&args.out, pictures, Voice::Aloud).map_err(out)?;
    let machine = Machine::new(args.settings(), tray);
    let line = Line::open(&args)?;
    Voice::Aloud.say(&format!("listening on {}", line.name()));
    if !cfg!(feature = "interpreter") {
        Voice::Aloud.say("no pictures: built without the interpreter");
    }
    match args.control {
        Some(control) => {
            let listener = listen(control)?;
            let address = listener.local_addr().map_err(|error| Failure::Listen(control, error))?;
            Voice::Aloud.say(&format!("control on {address}"));
            tokio::spawn(control_port(listener, machine.clone()));
        }
        None => control_by_hand(machine.clone()),
    }
    let keeper = tokio::spawn(machine.clone().keep_time());
    let hosts = line.serve(&machine);
    tokio::select! {
        failure = hosts => failure,
        kept = keeper => Err(out(kept.unwrap_or_else(io::Error::other))),
    }
}

/// Where hosts come in.
enum Line {
    Port(TcpListener, SocketAddr),
    Terminal(Pty, PathBuf),
}

impl Line {
    fn open(args: &Args) -> Result<Line, Failure> {
        if let Some(link) = &args.pty {
            let pty = Pty::open(link).map_err(|error| Failure::Pty(link.clone(), error))?;
            return Ok(Line::Terminal(pty, link.clone()));
        }
        let listener = listen(args.listen)?;
        let address = listener.local_addr().map_err(|error| Failure::Listen(args.listen, error))?;
        Ok(Line::Port(listener, address))
    }

    fn name(&self) -> String {
        match self {
            Line::Port(_, address) => address.to_string(),
            Line::Terminal(_, link) => link.display().to_string(),
        }
    }

    /// Serves hosts, one at a time, while there is power.
    async fn serve(self, machine: &Machine) -> Result<(), Failure> {
        let (mut listener, address) = match self {
            Line::Port(listener, address) => (listener, address),
            Line::Terminal(pty, _) => loop {
                // Ends when the power goes; a terminal held open does not hang up.
                drop(machine.serve(&pty).await);
                machine.power(true).await;
                pty.flush();
            },
        };
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    // A host that breaks off is the host's affair.
                    Ok((host, _)) => drop(machine.serve(host).await),
                    // Out of descriptors, or the host is gone again already.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                },
                () = machine.power(false) => {}
            }
            if !machine.powered() {
                drop(listener);
                machine.power(true).await;
                listener = listen(address)?;
            }
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        // A printer's TCP window is small: when it stops, its host feels it soon.
        socket.set_recv_buffer_size(16 * 1024)?;
        socket.bind(address)?;
        socket.listen(16)
    };
    open().map_err(|error| Failure::Listen(address, error))
}

/// Control lines from standard input.
fn control_by_hand(machine: Arc<Machine>) {
    // A thread of its own: a read of standard input cannot be called off.
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else { break };
            Voice::Aloud.say(&machine.control(&line));
        }
    });
}

async fn control_port(listener: TcpListener, machine: Arc<Machine>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(control_lines(stream, machine.clone()))),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn control_lines(mut stream: TcpStream, machine: Arc<Machine>) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = String::new();
        if (&mut read).take(LINE_BYTES_MAX).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        write.write_all(format!("{}\n", machine.control(&line)).as_bytes()).await?;
    }
}

fn language(written: &str) -> Result<Language, String> {
    Language::from_name(written).ok_or_else(|| {
        let known: Vec<String> = Language::ALL.iter().map(Language::to_string).collect();
        format!("no printer language \"{written}\". Known: {}", known.join(", "))
    })
}

fn answers(written: &str) -> Result<Answers, String> {
    match written {
        "manual" => Ok(Answers::ByManual),
        "even-in-error" => Ok(Answers::EvenInError),
        "host-status-only" => Ok(Answers::HostStatusOnly),
        "nothing" => Ok(Answers::Nothing),
        _ => Err("known: manual, even-in-error, host-status-only, nothing".into()),
    }
}

fn faults(written: &str) -> Result<Faults, String> {
    let mut faults = Faults { delay_max: Duration::from_millis(500), ..Faults::default() };
    for part in written.split(',').filter(|part| !part.is_empty()) {
        let (name, percent) = part.split_once('=').unwrap_or((part, ""));
        let percent = percent.parse().ok().filter(|percent| *percent <= 100).ok_or(format!("{name}: say 0 to 100 percent"))?;
        match name {
            "split" => faults.split = percent,
            "delay" => faults.delay = percent,
            "drop" => faults.drop = percent,
            "garble" => faults.garble = percent,
            _ => return Err(format!("no fault \"{name}\". Known: split, delay, drop, garble")),
        }
    }
    Ok(faults)
}
