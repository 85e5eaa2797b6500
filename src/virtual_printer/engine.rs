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

/// What the head is to do next: the labels of one format, or one strip of a piece that grows line by line.
#[derive(Debug, Clone)]
pub(super) struct Batch<T> {
    pub label: T,
    pub copies: u32,
    /// Labels still to come, the one under the head included.
    pub left: u32,
    /// Pause after every so many; 0: never.
    pub pause_every: u32,
    /// `None`: whole labels.
    pub strip: Option<Strip<T>>,
}

/// Rows that are added to the piece under the head.
#[derive(Debug, Clone)]
pub(super) struct Strip<T> {
    pub rows: Dots,
    /// The piece leaves the slot when they are printed.
    pub leaves: bool,
    /// It leaves, and is no good: it runs over the end of its label.
    pub spoilt: bool,
    /// What is on the piece when this is the first strip on it.
    pub alone: T,
}

impl<T> Batch<T> {
    pub fn labels(label: T, copies: u32, pause_every: u32) -> Batch<T> {
        Batch { label, copies, left: copies, pause_every, strip: None }
    }

    pub fn strip(label: T, strip: Strip<T>) -> Batch<T> {
        Batch { label, copies: 1, left: 1, pause_every: 0, strip: Some(strip) }
    }
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
    /// What strips have put on the piece under the head, and the rows of it.
    begun: Option<(T, Dots)>,
    /// What was on the piece before lies torn off in the tray.
    fragment: bool,
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
            begun: None,
            fragment: false,
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

    /// What strips have put on the piece under the head, and the rows of it.
    pub fn begun(&self) -> Option<&(T, Dots)> {
        self.begun.as_ref()
    }

    /// Somebody tears off the piece under the head, while the head stands.
    pub fn tear_off(&mut self, now: Duration) -> Option<Piece<T>> {
        self.media_left = self.media_left.saturating_sub(1);
        self.tear(now)
    }

    /// What is printed next is a piece of its own, whatever was torn off before.
    pub fn begin_piece(&mut self) {
        self.fragment = false;
    }

    pub fn load(&mut self, batch: Batch<T>) {
        self.batch = Some(batch);
    }

    /// Sets the head going on the next label, if there is one and nothing stops it.
    pub fn begin(&mut self, now: Duration) -> Began {
        let Some(batch) = self.batch.as_ref().filter(|_| self.printing.is_none() && self.causes.is_empty()) else {
            self.moving &= self.printing.is_some();
            return Began::Nothing;
        };
        if self.media_left == 0 {
            self.moving = false;
            return Began::NoMedia;
        }
        let feed = match self.speed {
            Some(speed) => {
                let part = batch.strip.as_ref().map_or(1.0, |strip| f64::from(strip.rows.0) / f64::from(self.length.0.max(1)));
                Duration::from_secs_f64(self.length_inches * part / f64::from(speed.max(1)))
            }
            None => Duration::ZERO,
        };
        let start = if self.moving || self.speed.is_none() { Duration::ZERO } else { self.start };
        self.printing = Some((now + start, now + start + feed));
        self.moving = true;
        Began::Label
    }

    /// Ends what is under the head, when it is time, with the piece that left the slot by it.
    pub fn finish(&mut self, now: Duration) -> Option<Option<Piece<T>>> {
        let (_, ends) = self.printing.filter(|(_, ends)| *ends <= now)?;
        self.printing = None;
        let batch = self.batch.as_ref()?;
        let mut finished = None;
        match &batch.strip {
            Some(strip) => {
                let rows = self.begun.as_ref().map_or(Dots(0), |(_, rows)| *rows) + strip.rows;
                if strip.leaves {
                    self.media_left = self.media_left.saturating_sub(1);
                    finished = Some(piece(batch, !strip.spoilt && !self.fragment, rows, ends));
                    (self.begun, self.fragment) = (None, false);
                } else {
                    self.begun = Some((batch.label.clone(), rows));
                }
            }
            None => {
                self.media_left = self.media_left.saturating_sub(1);
                finished = Some(piece(batch, true, self.length, ends));
            }
        }
        self.count_down();
        if let Some(batch) = &self.batch
            && batch.pause_every > 0
            && (batch.copies - batch.left).is_multiple_of(batch.pause_every)
        {
            self.causes.insert(Cause::Paused);
        }
        Some(finished)
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
                let printing = self.printing.is_some();
                let piece = self.tear(now)?;
                self.media_left = self.media_left.saturating_sub(1);
                if printing && !self.reprint {
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
        self.fragment = false;
        (piece, self.batch.take())
    }

    /// Ends the piece under the head where it is.
    fn tear(&mut self, now: Duration) -> Option<Piece<T>> {
        let begun = self.begun.take();
        let before = begun.as_ref().map_or(Dots(0), |(_, rows)| *rows);
        self.fragment |= begun.is_some();
        let Some((began, ends)) = self.printing.take() else {
            let (label, rows) = begun?;
            return Some(Piece { label, whole: false, rows, copy: 1, copies: 1, at: now });
        };
        self.moving = false;
        let whole = (ends - began).as_secs_f64();
        let done = if whole > 0.0 { (now.saturating_sub(began).as_secs_f64() / whole).min(1.0) } else { 0.0 };
        let batch = self.batch.as_mut()?;
        let length = batch.strip.as_ref().map_or(self.length, |strip| strip.rows);
        let rows = before + Dots((f64::from(length.0) * done) as i32);
        // Not a row is on it yet: nothing has come of it, and nothing came out.
        let torn = (rows > Dots(0)).then(|| piece(batch, false, rows, now));
        match &batch.strip {
            // It was on its way out already.
            Some(strip) if strip.leaves => (self.batch, self.fragment) = (None, false),
            Some(strip) => batch.label = strip.alone.clone(),
            None => {}
        }
        torn
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
