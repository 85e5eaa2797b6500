//! Where the pieces fall: a ledger of everything that came out, and pictures.
//!
//! `ledger.jsonl` is the truth about a printer's media: one line for each piece, and for each label that was lost
//! or canceled, written before it is reported. Pictures follow as a drawing thread finds the time; when it
//! falls far behind, the printer waits.

use crate::virtual_printer::{Ejected, Event, Label, Settings, interpreter};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, OwnedPermit, Sender};

/// Pieces that may wait for their picture.
const UNDRAWN_MAX: usize = 64;

/// The tray of one printer.
pub struct Tray {
    ledger: Option<File>,
    pieces: u64,
    odometer: u64,
    pictures: Option<Pictures>,
    changed: Arc<Notify>,
    voice: Voice,
}

/// Whether every event is also a line on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    Aloud,
    Quiet,
}

impl Voice {
    pub fn say(self, line: &str) {
        if self == Voice::Aloud {
            // Nobody may be listening.
            let _ = writeln!(io::stdout().lock(), "{line}");
        }
    }
}

struct Pictures {
    directory: PathBuf,
    undrawn: Sender<Undrawn>,
    drawing: JoinHandle<()>,
}

struct Undrawn {
    ejected: Ejected,
    settings: Settings,
    path: PathBuf,
}

/// A place in the tray: pieces with a picture need one among the undrawn.
pub(super) struct Place(Option<OwnedPermit<Undrawn>>);

impl Tray {
    /// A tray in that directory, made when it is not there; what lies in it stays, and is counted on.
    pub fn open(directory: &Path, pictures: bool, voice: Voice) -> io::Result<Tray> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("ledger.jsonl");
        let ledger = OpenOptions::new().create(true).append(true).read(true).open(&path)?;
        let (mut pieces, mut odometer) = (0, 0);
        for line in BufReader::new(&ledger).lines() {
            // A line cut short by a power failure is passed over.
            let Ok(line) = serde_json::from_str::<Value>(&line?) else { continue };
            pieces = line["piece"].as_u64().unwrap_or(pieces);
            odometer = line["odometer"].as_u64().unwrap_or(odometer);
        }
        let changed = Arc::new(Notify::new());
        let pictures = pictures.then(|| Pictures::begin(directory, changed.clone(), voice));
        Ok(Tray { ledger: Some(ledger), pieces, odometer, pictures, changed, voice })
    }

    /// A tray that keeps nothing.
    pub fn nowhere() -> Tray {
        Tray { ledger: None, pieces: 0, odometer: 0, pictures: None, changed: Arc::default(), voice: Voice::Quiet }
    }

    /// Pieces that fell into it.
    pub fn pieces(&self) -> u64 {
        self.pieces
    }

    pub(super) fn odometer(&self) -> u64 {
        self.odometer
    }

    /// Gives notice when there is room again.
    pub(super) fn changed(&self) -> Arc<Notify> {
        self.changed.clone()
    }

    /// Room for one more event, or `None` until a picture is drawn.
    pub(super) fn place(&self) -> Option<Place> {
        match &self.pictures {
            Some(pictures) => pictures.undrawn.clone().try_reserve_owned().ok().map(|permit| Place(Some(permit))),
            None => Some(Place(None)),
        }
    }

    /// Takes what happened.
    pub(super) fn put(&mut self, event: Event, place: Place, settings: &Settings) -> io::Result<()> {
        match event {
            Event::Ejected(ejected) => self.take_piece(ejected, place, settings)?,
            Event::PowerCut { lost, bytes, objects } => {
                lost.iter().try_for_each(|label| self.gone("lost", label))?;
                self.voice.say(&format!("power cut: {} labels, {bytes} bytes and {objects} stored objects lost", lost.len()));
            }
            Event::Canceled { labels } => {
                labels.iter().try_for_each(|label| self.gone("canceled", label))?;
                self.voice.say(&format!("canceled: {} labels", labels.len()));
            }
            Event::PowerOn => self.voice.say("power on"),
            Event::Stopped(cause) => self.voice.say(&format!("stopped: {cause}")),
            Event::Resumed => self.voice.say("resumed"),
            Event::Stored { name, bytes } => self.voice.say(&format!("stored {name}: {bytes} bytes")),
            Event::Deleted { name, objects } => self.voice.say(&format!("deleted {name}: {objects} objects")),
            Event::Unknown { command } => self.voice.say(&format!("unknown command: {command}")),
            Event::Refused { command, reason } => self.voice.say(&format!("{command}: {reason}")),
            Event::Garbage { bytes } => self.voice.say(&format!("garbage: {bytes} bytes")),
        }
        Ok(())
    }

    fn take_piece(&mut self, ejected: Ejected, place: Place, settings: &Settings) -> io::Result<()> {
        self.pieces += 1;
        let status = if ejected.whole { "printed" } else { "partial" };
        let digest = digest(&ejected.label);
        let picture = place.0.is_some().then(|| format!("{:04}.png", self.pieces));
        self.write(&json!({
            "piece": self.pieces,
            "status": status,
            "format": digest,
            "fields": ejected.label.fields(),
            "copy": ejected.copy,
            "copies": ejected.copies,
            "rows": ejected.rows.0,
            "odometer": ejected.odometer,
            "picture": picture,
            "at": jiff::Timestamp::now().to_string(),
        }))?;
        self.voice.say(&format!(
            "{status} piece={} copy={}/{} format={}",
            self.pieces,
            ejected.copy,
            ejected.copies,
            &digest[..8]
        ));
        if let (Some(permit), Some(pictures), Some(name)) = (place.0, &self.pictures, picture) {
            permit.send(Undrawn { ejected, settings: settings.clone(), path: pictures.directory.join(name) });
        }
        Ok(())
    }

    /// A label that will not come out.
    fn gone(&mut self, status: &str, label: &Label) -> io::Result<()> {
        let at = jiff::Timestamp::now().to_string();
        self.write(&json!({ "status": status, "format": digest(label), "fields": label.fields(), "at": at }))
    }

    fn write(&mut self, line: &Value) -> io::Result<()> {
        // One write a line: a reader, or a kill, finds whole lines.
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.write_all(format!("{line}\n").as_bytes()))
    }

    /// No more pictures; the thread that draws the last of them.
    pub(super) fn end_pictures(&mut self) -> Option<JoinHandle<()>> {
        self.pictures.take().map(|pictures| pictures.drawing)
    }
}

impl Pictures {
    fn begin(directory: &Path, drawn: Arc<Notify>, voice: Voice) -> Pictures {
        let (undrawn, mut waiting) = mpsc::channel::<Undrawn>(UNDRAWN_MAX);
        let drawing = std::thread::spawn(move || {
            while let Some(next) = waiting.blocking_recv() {
                draw(&next, voice);
                drawn.notify_one();
            }
        });
        Pictures { directory: directory.to_owned(), undrawn, drawing }
    }
}

fn draw(Undrawn { ejected, settings, path }: &Undrawn, voice: Voice) {
    let name = path.file_name().unwrap_or_default().display();
    let drawn = interpreter::draw(ejected, settings.dpi, settings.media).and_then(|picture| {
        // Under another name until it is whole.
        let half = path.with_extension("tmp");
        let written = std::fs::write(&half, picture.bitmap.to_png()).and_then(|()| std::fs::rename(&half, path));
        written.map(|()| picture.not_drawn).map_err(|error| error.to_string())
    });
    match drawn {
        Ok(commands) if commands.is_empty() => {}
        Ok(commands) => voice.say(&format!("{name}: not drawn: {}", commands.join(" "))),
        Err(reason) => voice.say(&format!("{name}: no picture: {reason}")),
    }
}

fn digest(label: &Label) -> String {
    blake3::hash(&label.bytes()).to_hex().to_string()
}
