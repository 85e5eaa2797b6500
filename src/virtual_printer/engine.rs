//! The mechanism: media under a head, in simulated time.
//!
//! One batch at a time goes in; finished pieces come out, each with the moment it left the slot. Causes stop it
//! and their end sets it going. Knows no printer language, no memory and no wire.

use crate::dots::Dots;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// Why a printer does not print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    MediaOut,
    RibbonOut,
    CoverOpen,
    HeadHot,
    Jam,
    Paused,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::MediaOut => "media-empty",
            Cause::RibbonOut => "ribbon-empty",
            Cause::CoverOpen => "cover-open",
            Cause::HeadHot => "head-too-hot",
            Cause::Jam => "media-jam",
            Cause::Paused => "paused",
        })
    }
}

/// The labels of one format.
#[derive(Debug, Clone)]
pub(super) struct Batch<T> {
    pub label: T,
    pub copies: u32,
    /// Labels still to come, the one under the head included.
    pub left: u32,
    /// Pause after every so many; 0: never.
    pub pause_every: u32,
}

/// One piece of media that left the slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<T> {
    pub label: T,
    pub whole: bool,
    pub rows: Dots,
    pub copy: u32,
    pub copies: u32,
    pub at: Duration,
}

#[derive(Debug, Clone)]
pub(super) struct Engine<T> {
    /// Inches a second; `None`: no time at all.
    pub speed: Option<u32>,
    /// Print an interrupted label again, `^JZ`.
    pub reprint: bool,
    /// Time from standing still to the first row.
    start: Duration,
    length: Dots,
    length_inches: f64,
    media_left: u32,
    batch: Option<Batch<T>>,
    /// When the label under the head began and when it will be out.
    printing: Option<(Duration, Duration)>,
    /// The head has not stood still since the last label.
    moving: bool,
    causes: BTreeSet<Cause>,
}

impl<T: Clone> Engine<T> {
    pub fn new(speed: Option<u32>, start: Duration, length: Dots, length_inches: f64, media_left: u32) -> Engine<T> {
        Engine {
            speed,
            reprint: true,
            start,
            length,
            length_inches,
            media_left,
            batch: None,
            printing: None,
            moving: false,
            causes: BTreeSet::new(),
        }
    }

    pub fn causes(&self) -> &BTreeSet<Cause> {
        &self.causes
    }

    pub fn is(&self, cause: Cause) -> bool {
        self.causes.contains(&cause)
    }

    /// Stopped by something other than a pause.
    pub fn in_error(&self) -> bool {
        self.causes.iter().any(|cause| *cause != Cause::Paused)
    }

    pub fn media_left(&self) -> u32 {
        self.media_left
    }

    pub fn batch(&self) -> Option<&Batch<T>> {
        self.batch.as_ref()
    }

    /// When the label under the head is out.
    pub fn due(&self) -> Option<Duration> {
        self.printing.map(|(_, ends)| ends)
    }

    pub fn load(&mut self, batch: Batch<T>) {
        self.batch = Some(batch);
    }

    /// Sets the head going on the next label, if there is one and nothing stops it.
    pub fn begin(&mut self, now: Duration) -> Began {
        if self.batch.is_none() || self.printing.is_some() || !self.causes.is_empty() {
            self.moving &= self.printing.is_some();
            return Began::Nothing;
        }
        if self.media_left == 0 {
            self.moving = false;
            return Began::NoMedia;
        }
        let feed = match self.speed {
            Some(speed) => Duration::from_secs_f64(self.length_inches / f64::from(speed.max(1))),
            None => Duration::ZERO,
        };
        let start = if self.moving || self.speed.is_none() { Duration::ZERO } else { self.start };
        self.printing = Some((now + start, now + start + feed));
        self.moving = true;
        Began::Label
    }

    /// The label under the head is out, when it is time.
    pub fn finish(&mut self, now: Duration) -> Option<Piece<T>> {
        let (_, ends) = self.printing.filter(|(_, ends)| *ends <= now)?;
        self.printing = None;
        self.media_left = self.media_left.saturating_sub(1);
        let batch = self.batch.as_ref()?;
        let piece = piece(batch, true, self.length, ends);
        self.count_down();
        if let Some(batch) = &self.batch
            && batch.pause_every > 0
            && (batch.copies - batch.left).is_multiple_of(batch.pause_every)
        {
            self.causes.insert(Cause::Paused);
        }
        Some(piece)
    }

    /// Something stops the head; the torn-off piece, when it stops in the middle of a label.
    pub fn stop(&mut self, cause: Cause, now: Duration) -> Option<Piece<T>> {
        self.causes.insert(cause);
        if cause == Cause::MediaOut {
            self.media_left = 0;
        }
        match cause {
            // The label under the head is finished first (ZPL II guide, ~PP; a hot head waits between labels).
            Cause::Paused | Cause::HeadHot => None,
            Cause::MediaOut | Cause::RibbonOut | Cause::CoverOpen | Cause::Jam => {
                let piece = self.tear(now)?;
                self.media_left = self.media_left.saturating_sub(1);
                if !self.reprint {
                    self.count_down();
                }
                Some(piece)
            }
        }
    }

    /// The cause is gone; whether it was there.
    pub fn clear(&mut self, cause: Cause) -> bool {
        self.causes.remove(&cause)
    }

    pub fn load_media(&mut self, labels: u32) {
        self.media_left = labels;
    }

    /// Forgets the batch, but finishes the label under the head; how many labels will not come.
    pub fn cancel(&mut self) -> u32 {
        let under_head = u32::from(self.printing.is_some());
        let Some(batch) = &mut self.batch else { return 0 };
        let canceled = batch.left - under_head;
        batch.left = under_head;
        batch.copies -= canceled;
        if under_head == 0 {
            self.batch = None;
        }
        canceled
    }

    /// Forgets everything but the state of cover, media and ribbon; the piece that was under the head, and the batch.
    pub fn lose_power(&mut self, now: Duration) -> (Option<Piece<T>>, Option<Batch<T>>) {
        let piece = self.tear(now);
        self.media_left = self.media_left.saturating_sub(u32::from(piece.is_some()));
        self.causes.remove(&Cause::Paused);
        self.reprint = true; // "^JZY is the value at each power-up" (ZPL II guide)
        (piece, self.batch.take())
    }

    /// Ends the label under the head where it is.
    fn tear(&mut self, now: Duration) -> Option<Piece<T>> {
        let (began, ends) = self.printing.take()?;
        self.moving = false;
        let whole = (ends - began).as_secs_f64();
        let done = if whole > 0.0 { (now.saturating_sub(began).as_secs_f64() / whole).min(1.0) } else { 0.0 };
        let rows = Dots((f64::from(self.length.0) * done) as i32);
        // Not a row is on it yet: nothing has come of it, and nothing came out.
        self.batch.as_ref().filter(|_| rows > Dots(0)).map(|batch| piece(batch, false, rows, now))
    }

    fn count_down(&mut self) {
        if let Some(batch) = &mut self.batch {
            batch.left -= 1;
            if batch.left == 0 {
                self.batch = None;
            }
        }
    }
}

/// What became of an attempt to begin a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Began {
    Label,
    Nothing,
    NoMedia,
}

fn piece<T: Clone>(batch: &Batch<T>, whole: bool, rows: Dots, at: Duration) -> Piece<T> {
    Piece { label: batch.label.clone(), whole, rows, copy: batch.copies - batch.left + 1, copies: batch.copies, at }
}
