//! The finished label: a size in dots, and marks at their places.
//!
//! `layout` makes it, `language` turns it into a printer's bytes, [`Label::raster`] into a picture; the two
//! must agree dot for dot. Everything is in dots of one head. Knows no template, no font and no printer.

mod digest;
mod raster;

use crate::dots::{Bitmap, Dots, Dpi, Point, Rect, Size};
use crate::symbology::{Linear, Matrix};
use std::sync::Arc;

/// One printed piece, ready for any language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub dpi: Dpi,
    /// The media: width across the head, height along the feed.
    pub size: Size,
    pub ops: Vec<Op>,
}

/// One mark on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    /// The same on every label of its template (captions, rules, frames), so a printer may keep it for a run.
    pub fixed: bool,
    pub mark: Mark,
}

/// What is marked. Black only; marks lie over each other and black stays black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Text, already drawn: the exact dots, and what they say for a printer that sets text itself.
    Text(Text),
    /// A filled rectangle: a rule or a bar.
    Fill(Rect),
    /// A frame drawn inside `area`, `thickness` dots wide.
    Frame { area: Rect, thickness: Dots },
    /// A linear symbol: upright bars, `module` dots a module.
    Linear { at: Point, symbol: Arc<Linear>, module: Dots, height: Dots },
    /// A matrix symbol: `module` × `module` dots a module, without its quiet zone.
    Matrix { at: Point, symbol: Arc<Matrix>, module: Dots },
    /// A picture, dot for dot.
    Picture { at: Point, bitmap: Arc<Bitmap> },
}

/// A block of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The top left corner of the picture.
    pub at: Point,
    pub bitmap: Arc<Bitmap>,
    /// The same text line by line, in reading order.
    pub lines: Vec<TextLine>,
}

/// One line of a text block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLine {
    pub text: String,
    /// Left end of its baseline.
    pub baseline: Point,
    /// How far it runs to the right.
    pub width: Dots,
    /// The em size.
    pub size: Dots,
    pub bold: bool,
}

impl Mark {
    /// The rectangle its dots lie in.
    pub fn area(&self) -> Rect {
        match self {
            Mark::Text(text) => Rect { at: text.at, size: text.bitmap.size() },
            Mark::Fill(area) | Mark::Frame { area, .. } => *area,
            Mark::Linear { at, symbol, module, height } => {
                Rect { at: *at, size: Size::new(*module * symbol.modules.len() as i32, *height) }
            }
            Mark::Matrix { at, symbol, module } => {
                let side = *module * symbol.side as i32;
                Rect { at: *at, size: Size::new(side, side) }
            }
            Mark::Picture { at, bitmap } => Rect { at: *at, size: bitmap.size() },
        }
    }
}
