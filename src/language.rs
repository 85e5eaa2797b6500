//! Printer languages: a finished label in, the bytes for a printer out.
//!
//! One file a language; each has an encoder that lives as long as the connection, because it knows what the printer
//! has been given to keep. The bytes print the dots of [`crate::label::Label::raster`], in whatever form is shortest
//! and still exact. A denser form has its place here: a run's glyphs sent once as bitmap fonts (`~DB` in ZPL), every
//! text then a field at exact dots. Knows no template, no transport and no clock.

pub mod zpl;

use crate::dots::Point;

/// The languages waybilld speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Zpl,
}

impl Language {
    /// The language of that name.
    pub fn named(name: &str) -> Option<Language> {
        (name == Language::Zpl.name()).then_some(Language::Zpl)
    }

    /// Its name in configuration and URIs.
    pub fn name(self) -> &'static str {
        match self {
            Language::Zpl => "zpl",
        }
    }
}

/// What a configuration sets on a printer before its first label; `None` leaves it as the printer has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setup {
    /// 0 to 30.
    pub darkness: Option<u8>,
    /// Inches a second.
    pub speed: Option<u8>,
    pub mode: PrintMode,
    pub media: Tracking,
    /// Moves everything right and down, to line the print up with the media.
    pub offset: Point,
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
