//! TSPL and TSPL2 (TSC and clones): labels as lines of commands ended by CR LF, pictures as raw bytes among them.

pub mod status;

use super::{Encoded, PrintMode, Setup, Tracking};
use crate::dots::{Dpi, Size};
use crate::label::Label;
use std::io::Write;

/// Writes labels for one connection.
#[derive(Debug, Default)]
pub struct Encoder;

impl Encoder {
    pub fn new() -> Encoder {
        Encoder
    }

    /// Puts the printer into a known state.
    pub fn start(&mut self, setup: &Setup, size: Size, dpi: Dpi) -> Vec<u8> {
        let mm = |dots| dpi.mm(dots).0;
        let mut out = Vec::new();
        push(&mut out, format_args!("SIZE {:.2} mm,{:.2} mm\r\n", mm(size.width), mm(size.height)));
        match setup.media {
            Tracking::Gap => push(&mut out, format_args!("GAP {:.2} mm,0 mm\r\n", mm(setup.gap))),
            Tracking::Mark => push(&mut out, format_args!("BLINE {:.2} mm,0 mm\r\n", mm(setup.gap))),
            Tracking::Continuous => push(&mut out, format_args!("GAP 0 mm,0 mm\r\n")),
        }
        let (turned, mirrored) = (u8::from(setup.upside_down), u8::from(setup.mirror));
        push(&mut out, format_args!("DIRECTION {turned},{mirrored}\r\n"));
        push(&mut out, format_args!("REFERENCE {},{}\r\n", setup.offset.x.0.max(0), setup.offset.y.0.max(0)));
        if let Some(darkness) = setup.darkness {
            push(&mut out, format_args!("DENSITY {}\r\n", darkness.min(15)));
        }
        if let Some(speed) = setup.speed {
            push(&mut out, format_args!("SPEED {speed}\r\n"));
        }
        out.extend_from_slice(match setup.mode {
            PrintMode::Tear => b"SET PEEL OFF\r\nSET CUTTER OFF\r\nSET TEAR ON\r\n",
            PrintMode::Peel => b"SET TEAR OFF\r\nSET CUTTER OFF\r\nSET PEEL ON\r\n",
            PrintMode::Cut => b"SET PEEL OFF\r\nSET TEAR OFF\r\nSET CUTTER 1\r\n",
        });
        // A label cut short by media out or an open head is printed again by the printer, on purpose: the host does not.
        out.extend_from_slice(b"SET REPRINT ON\r\n");
        out
    }

    /// One label, printed once.
    pub fn label(&mut self, label: &Label) -> Encoded {
        let picture = label.raster();
        let mut bytes = b"CLS\r\n".to_vec();
        push(&mut bytes, format_args!("BITMAP 0,0,{},{},1,", picture.stride(), picture.height()));
        bytes.extend(picture.bytes().iter().map(|byte| !byte));
        bytes.extend_from_slice(b"\r\nPRINT 1,1\r\n");
        Encoded::last(bytes)
    }
}

/// Measures gap or mark (TSPL manual, GAPDETECT and BLINEDETECT); continuous media has nothing to measure.
pub fn calibrate(setup: &Setup) -> Option<Vec<u8>> {
    match setup.media {
        Tracking::Gap => Some(b"GAPDETECT\r\n".to_vec()),
        Tracking::Mark => Some(b"BLINEDETECT\r\n".to_vec()),
        Tracking::Continuous => None,
    }
}

/// Writes formatted text into bytes.
fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes every byte");
}
