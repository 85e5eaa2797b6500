//! The virtual printer behind TCP, and the tray: what lies in it is the truth.

use super::chance::Chance;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, duplex, split};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;
use waybilld::dots::{Dots, Size};
use waybilld::emulator::{Machine, Tray, Voice};
use waybilld::virtual_printer::{Answers, Settings};

/// A printer whose labels are ten times shorter than they say, so that fifty take seconds.
pub struct Printer {
    machine: Arc<Machine>,
    pub address: SocketAddr,
    ledger: PathBuf,
    /// Lines of killed daemons that it may not have read to their end.
    left: Arc<AtomicUsize>,
}

/// What came out, by tracking number.
#[derive(Debug, Default)]
pub struct Pieces {
    whole: BTreeMap<String, usize>,
    pub torn: usize,
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    /// So long after the start.
    After(Duration),
    /// So long after so many more pieces have come out.
    Pieces(u64, Duration),
}

/// Labels on a short roll.
const ROLL: u32 = 30;
/// The cable takes its time, so that kills fall into the middle of a label.
const CABLE_PAUSE: Duration = Duration::from_millis(1);
/// A printer that works and has nothing come out for so long has nothing more to print.
const QUIET: Duration = Duration::from_secs(2);

impl Printer {
    pub async fn start(answers: Answers, folder: &Path, chance: &mut Chance) -> Printer {
        let settings = Settings {
            answers,
            media: Size::new(Dots(800), Dots(120)),
            start: Duration::from_millis(20),
            // Every other printer runs out of labels in the middle.
            labels: if chance.number(0..2) == 0 { ROLL } else { u32::MAX },
            receive_buffer: chance.number(2..64) as usize * 1024,
            ..Settings::default()
        };
        let machine = Machine::new(settings, Tray::open(folder, false, Voice::Quiet).unwrap());
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(machine.clone().keep_time());
        tokio::spawn(serve(machine.clone(), listener, chance.number(256..4096) as usize));
        Printer { machine, address, ledger: folder.join("ledger.jsonl"), left: Arc::default() }
    }

    /// Everything that has come out until now.
    pub fn pieces(&self) -> Pieces {
        let mut pieces = Pieces::default();
        for line in fs::read_to_string(&self.ledger).unwrap().lines() {
            let piece: Value = serde_json::from_str(line).unwrap();
            match piece["status"].as_str() {
                Some("printed") => *pieces.whole.entry(tracking(&piece)).or_default() += 1,
                Some("partial") => pieces.torn += 1,
                _ => {}
            }
        }
        pieces
    }

    /// The daemon on the line was killed, and the next one is not there yet: what it wrote may still be on its way.
    pub async fn leave_line(&self) {
        // Hosts are served in the order they come: when our turn has been, all lines before us are read. Without power
        // there is no line.
        let Ok(mut turn) = TcpStream::connect(self.address).await else { return };
        self.left.fetch_add(1, Ordering::SeqCst);
        let left = self.left.clone();
        tokio::spawn(async move {
            let _ = turn.shutdown().await;
            let _ = turn.read(&mut [0]).await;
            left.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Whether all that killed daemons wrote has come out, or never will.
    pub async fn is_settled(&self) -> bool {
        if self.left.load(Ordering::SeqCst) > 0 {
            return false;
        }
        // A label cut off in the middle keeps it from being idle until a host comes back.
        let (before, began) = (status(&self.machine), Instant::now());
        loop {
            let now = status(&self.machine);
            let moves = now["pieces"] != before["pieces"] || now["causes"] != json!([]);
            if now["idle"] == true || moves || began.elapsed() > QUIET {
                return !moves;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// A new roll, when the one in it has ended.
    pub fn load_if_empty(&self) {
        if status(&self.machine)["causes"] == json!(["media-empty"]) {
            self.machine.control(&format!("media {ROLL}"));
        }
    }

    /// Until nothing more comes out, with new rolls where they are wanted.
    pub async fn rests(&self) {
        let (mut pieces, mut since) = (Value::Null, Instant::now());
        while since.elapsed() < QUIET {
            self.load_if_empty();
            let now = status(&self.machine);
            if now["pieces"] != pieces || now["idle"] != true {
                (pieces, since) = (now["pieces"].clone(), Instant::now());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn cut_power(&self) {
        self.machine.control("power cut");
    }

    pub fn power_on(&self) {
        self.machine.control("power on");
    }

    /// Sleeps until that moment. It may never come.
    pub fn until(&self, moment: Moment) -> impl Future<Output = ()> + use<> {
        let machine = self.machine.clone();
        async move {
            match moment {
                Moment::After(pause) => sleep(pause).await,
                Moment::Pieces(more, pause) => {
                    let pieces = || status(&machine)["pieces"].as_u64().unwrap();
                    let enough = pieces() + more;
                    while pieces() < enough {
                        sleep(Duration::from_millis(5)).await;
                    }
                    sleep(pause).await;
                }
            }
        }
    }
}

impl Pieces {
    pub fn of(&self, tracking: &str) -> usize {
        self.whole.get(tracking).copied().unwrap_or(0)
    }

    pub fn whole(&self) -> usize {
        self.whole.values().sum()
    }
}

fn status(machine: &Machine) -> Value {
    serde_json::from_str(&machine.control("status")).unwrap()
}

/// The number in a label's first bars, without what only shifts between the sets of Code 128 (`>:`, `>5`, `>6`).
fn tracking(piece: &Value) -> String {
    let mut bars = piece["fields"][0].as_str().unwrap_or_default().chars();
    let mut number = String::new();
    while let Some(next) = bars.next() {
        if next == '>' {
            bars.next();
        } else {
            number.push(next);
        }
    }
    number
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(4 * 1024)?;
    socket.bind(address)?;
    socket.listen(16)
}

/// Serves hosts, one after the other, while there is power.
async fn serve(machine: Arc<Machine>, mut listener: TcpListener, chunk: usize) {
    let address = listener.local_addr().unwrap();
    loop {
        tokio::select! {
            accepted = listener.accept() => cable(&machine, accepted.unwrap().0, chunk).await,
            () = machine.power(false) => {}
        }
        if !machine.powered() {
            drop(listener);
            machine.power(true).await;
            listener = listen(address).unwrap();
        }
    }
}

/// One host's line, so many bytes at a time, until its end is read or the power goes. A line that breaks takes along
/// what the printer had not read.
async fn cable(machine: &Machine, mut host: TcpStream, chunk: usize) {
    let (near, far) = duplex(chunk);
    let (mut from_printer, mut to_printer) = split(near);
    let (mut from_host, mut to_host) = host.split();
    let forth = async {
        let mut bytes = vec![0; chunk];
        loop {
            match from_host.read(&mut bytes).await? {
                0 => break to_printer.shutdown().await,
                count => to_printer.write_all(&bytes[..count]).await?,
            }
            sleep(CABLE_PAUSE).await;
        }
    };
    let back = async { copy(&mut from_printer, &mut to_host).await };
    tokio::select! {
        _ = machine.serve(far) => {}
        // Without an error both end after the printer has hung up.
        _ = async { tokio::try_join!(forth, back) } => {}
    }
}
