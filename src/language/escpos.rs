//! ESC/POS (Epson and clones): labels as bands of raster, top to bottom.

pub mod status;

use super::{Encoded, Setup};
use crate::dots::Size;
use crate::label::Label;

/// What the printer can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// It draws a whole label in memory before the first row is printed.
    pub page_mode: bool,
    pub feed: Feed,
}

/// How it goes on to the next label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Feed {
    /// A roll without labels: it is fed so far that the print is past the tear bar or the cutter.
    #[default]
    Roll,
    /// `FF`, as on many clones.
    FormFeed,
    /// `GS FF`, as on others.
    MarkedFormFeed,
    /// `FS ( L` function 65 or 66 (Epson label models).
    LabelFeed,
}

/// Writes labels for one connection.
#[derive(Debug, Default)]
pub struct Encoder {
    options: Options,
    setup: Setup,
}

impl Encoder {
    pub fn new(options: Options) -> Encoder {
        Encoder { options, setup: Setup::default() }
    }

    /// Puts the printer into a known state.
    pub fn start(&mut self, setup: &Setup, _size: Size) -> Vec<u8> {
        self.setup = *setup;
        b"\x1b@".to_vec()
    }

    /// One label, printed once.
    pub fn label(&mut self, label: &Label) -> Encoded {
        let picture = label.raster();
        let (stride, height) = (picture.stride() as u16, picture.height().0 as u16);
        let mut bytes = b"\x1dv0\0".to_vec();
        bytes.extend(stride.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        let trigger = bytes.len() + 1;
        bytes.extend(picture.bytes());
        bytes.extend_from_slice(match self.options.feed {
            Feed::Roll => b"\x1dVB\0".as_slice(),
            Feed::FormFeed => b"\x0c",
            Feed::MarkedFormFeed => b"\x1d\x0c",
            Feed::LabelFeed => b"\x1c(L\x02\0A0",
        });
        Encoded { bytes, trigger }
    }
}
