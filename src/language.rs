//! Printer languages: a finished label in, the bytes for a printer out.
//!
//! One file a language; each has an encoder that lives as long as the connection, because it knows what the printer
//! has been given to keep. The bytes print the dots of [`crate::label::Label::raster`], in whatever form is shortest
//! and still exact. A denser form has its place here: a run's glyphs sent once as bitmap fonts (`~DB` in ZPL), every
//! text then a field at exact dots. Knows no template, no transport and no clock.

pub mod escpos;
pub mod reading;
mod reason;
pub mod tspl;
pub mod zpl;

pub use reason::Reason;

use crate::dots::{Dots, Dpi, Point, Size};
use crate::label::Label;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The languages waybilld speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Zpl,
    Tspl,
    EscPos,
}

impl Language {
    pub const ALL: [Language; 3] = [Language::Zpl, Language::Tspl, Language::EscPos];

    /// The language of that name.
    pub fn named(name: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.name() == name)
    }

    /// Its name in configuration and URIs, and what a file of it ends with.
    pub fn name(self) -> &'static str {
        match self {
            Language::Zpl => "zpl",
            Language::Tspl => "tspl",
            Language::EscPos => "escpos",
        }
    }

    /// The darkest it can be set; `None`: it has no such setting.
    pub fn darkness_max(self) -> Option<u8> {
        match self {
            Language::Zpl => Some(30),
            Language::Tspl => Some(15),
            Language::EscPos => None,
        }
    }
}

/// What a configuration sets on a printer before its first label; `None` leaves it as the printer has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setup {
    /// 0 to [`Language::darkness_max`].
    pub darkness: Option<u8>,
    /// Inches a second.
    pub speed: Option<u8>,
    pub mode: PrintMode,
    pub media: Tracking,
    /// The gap between two labels, or the height of the mark.
    pub gap: Dots,
    /// Moves everything right and down, to line the print up with the media.
    pub offset: Point,
    /// Turned by 180°: the last row comes out first.
    pub upside_down: bool,
    /// Left and right changed over, for media read through a window.
    pub mirror: bool,
}

/// What happens to a label after it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrintMode {
    #[default]
    Tear,
    /// The next label waits until this one is taken.
    Peel,
    Cut,
}

/// How the printer finds the end of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tracking {
    #[default]
    Gap,
    Mark,
    /// It does not: the media has no marks, the label is as long as we say.
    Continuous,
}

/// What the printer at the other end can do, language by language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    pub zpl: zpl::Options,
    pub escpos: escpos::Options,
}

/// One label, ready for the line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoded {
    pub bytes: Vec<u8>,
    /// As long as fewer bytes than this have left, nothing of it can come out.
    pub trigger: usize,
}

impl Encoded {
    /// A label that prints at its very last byte.
    pub fn last(bytes: Vec<u8>) -> Encoded {
        let trigger = bytes.len();
        Encoded { bytes, trigger }
    }

    /// The same behind these bytes, of which nothing comes out.
    pub fn behind(self, mut before: Vec<u8>) -> Encoded {
        let trigger = before.len() + self.trigger;
        before.extend(self.bytes);
        Encoded { bytes: before, trigger }
    }
}

/// What makes the printer measure its media anew; it feeds some labels. `None`: the language has no word for it.
pub fn calibrate(language: Language, setup: &Setup) -> Option<Vec<u8>> {
    match language {
        Language::Zpl => Some(zpl::calibrate()),
        Language::Tspl => tspl::calibrate(setup),
        Language::EscPos => None,
    }
}

/// Writes labels for one connection.
pub enum Encoder {
    Zpl(zpl::Encoder),
    Tspl(tspl::Encoder),
    EscPos(escpos::Encoder),
}

impl Encoder {
    pub fn new(language: Language, options: Options) -> Encoder {
        match language {
            Language::Zpl => Encoder::Zpl(zpl::Encoder::new(options.zpl)),
            Language::Tspl => Encoder::Tspl(tspl::Encoder::new()),
            Language::EscPos => Encoder::EscPos(escpos::Encoder::new(options.escpos)),
        }
    }

    /// Puts the printer into a known state, once a connection, while nothing else is on its way to it: what goes in front
    /// of the first label. What must not stand alone comes with that label.
    pub fn start(&mut self, setup: &Setup, size: Size, dpi: Dpi) -> Vec<u8> {
        match self {
            Encoder::Zpl(encoder) => encoder.start(setup, size),
            Encoder::Tspl(encoder) => encoder.start(setup, size, dpi),
            Encoder::EscPos(encoder) => encoder.start(setup, dpi),
        }
    }

    /// Sends out what a line that broke off inside a label may have left under the head. Behind [`Encoder::start`].
    pub fn eject(&self, dpi: Dpi) -> Vec<u8> {
        match self {
            // They print a label when they have all of it, and the conversation ends what was cut short.
            Encoder::Zpl(_) | Encoder::Tspl(_) => Vec::new(),
            Encoder::EscPos(encoder) => encoder.eject(dpi),
        }
    }

    /// One label, printed once. The printer must get all bytes, in the order they were encoded.
    pub fn label(&mut self, label: &Label) -> Encoded {
        match self {
            Encoder::Zpl(encoder) => Encoded::last(encoder.label(label)),
            Encoder::Tspl(encoder) => encoder.label(label),
            Encoder::EscPos(encoder) => encoder.label(label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_calibrates_for_the_marks_of_the_media_or_says_that_it_cannot() {
        let said = |language, media| calibrate(language, &Setup { media, ..Setup::default() });
        assert_eq!(said(Language::Zpl, Tracking::Mark).as_deref(), Some(b"~JC".as_slice()));
        assert_eq!(said(Language::Tspl, Tracking::Gap).as_deref(), Some(b"GAPDETECT\r\n".as_slice()));
        assert_eq!(said(Language::Tspl, Tracking::Mark).as_deref(), Some(b"BLINEDETECT\r\n".as_slice()));
        assert_eq!(said(Language::Tspl, Tracking::Continuous), None);
        assert_eq!(said(Language::EscPos, Tracking::Gap), None);
    }
}
