//! What is printed: from commands to strips of rows, and from strips to dots.
//!
//! In standard mode every line and every raster is a strip of its own, printed as soon as the head is free; in page
//! mode the page is one. Positions are dots of the head. Text and symbols are kept as what they say; images as dots.

use super::parser::name;
use crate::dots::{Bitmap, Dots, Point, Rect, Size};
use crate::virtual_printer::Picture;
use std::sync::Arc;

/// Rows put on paper together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strip {
    pub rows: Dots,
    pub items: Arc<Vec<Item>>,
}

/// One thing on a strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub what: What,
    /// Within the area, as its direction reads it.
    pub at: Point,
    pub area: Rect,
    /// Quarters of a turn against the clock: what `ESC T` says.
    pub direction: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Text(Arc<str>),
    /// A bar code or 2D code the printer makes itself, by the command it came with.
    Symbol(&'static str, Arc<str>),
    Image(Arc<Image>),
}

/// A picture of dots, 1 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    pub command: &'static str,
    pub bitmap: Bitmap,
    /// Every dot is that wide and that high.
    pub scale: (i32, i32),
}

impl Image {
    /// Rows of whole bytes, as `GS v 0` and `GS ( L` send them.
    pub fn of_rows(command: &'static str, width: usize, height: usize, data: &[u8], scale: (i32, i32)) -> Option<Image> {
        let size = Size::new(Dots(i32::try_from(width).ok()?), Dots(i32::try_from(height).ok()?));
        let bytes = width.div_ceil(8).checked_mul(height)?;
        let mut data = data.get(..bytes)?.to_vec();
        if !width.is_multiple_of(8) {
            data.chunks_exact_mut(width.div_ceil(8))
                .filter_map(<[u8]>::last_mut)
                .for_each(|last| *last &= !(0xFF >> (width % 8)));
        }
        Some(Image { command, bitmap: Bitmap::from_rows(size, data)?, scale })
    }

    /// Columns of 8 or 24 dots, as `ESC *` sends them.
    pub fn of_columns(mode: u8, data: &[u8]) -> Image {
        let bytes = if mode >= 32 { 3 } else { 1 };
        let width = data.len() / bytes;
        let mut bitmap = Bitmap::new(Size::new(Dots(width as i32), Dots(8 * bytes as i32)));
        for (x, column) in data.chunks_exact(bytes).enumerate() {
            for y in (0..8 * bytes).filter(|y| column[y / 8] & (0x80 >> (y % 8)) != 0) {
                bitmap.set(x as i32, y as i32);
            }
        }
        // Single density doubles the columns, eight dots stand for twenty-four (command reference, ESC *).
        let scale = (if mode.is_multiple_of(32) { 2 } else { 1 }, if mode < 32 { 3 } else { 1 });
        Image { command: "ESC *", bitmap, scale }
    }

    pub fn width(&self) -> Dots {
        Dots(self.bitmap.width().0.saturating_mul(self.scale.0))
    }

    pub fn height(&self) -> Dots {
        Dots(self.bitmap.height().0.saturating_mul(self.scale.1))
    }
}

impl Strip {
    /// What takes up memory.
    pub fn bytes(&self) -> usize {
        let own = |item: &Item| match &item.what {
            What::Text(text) | What::Symbol(_, text) => text.len(),
            What::Image(image) => image.bitmap.bytes().len(),
        };
        self.items.iter().map(|item| 100 + own(item)).sum::<usize>() + 100
    }
}

/// What is on a piece of media: strips, each with the row it begins at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EscPosLabel {
    strips: Vec<(Dots, Arc<Strip>)>,
    bytes: usize,
}

impl EscPosLabel {
    pub(super) fn add(&mut self, top: Dots, strip: Arc<Strip>) {
        self.bytes += strip.bytes();
        self.strips.push((top, strip));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.strips.is_empty()
    }

    pub(super) fn strips(&self) -> usize {
        self.strips.len()
    }

    pub(super) fn held(&self) -> usize {
        self.bytes
    }

    fn items(&self) -> impl Iterator<Item = (Dots, &Item)> {
        self.strips.iter().flat_map(|(top, strip)| strip.items.iter().map(move |item| (*top, item)))
    }

    /// The lines of text and the data of every symbol, in order.
    pub fn fields(&self) -> Vec<String> {
        let said = |(_, item): (Dots, &Item)| match &item.what {
            What::Text(text) | What::Symbol(_, text) => Some(text.to_string()),
            What::Image(_) => None,
        };
        self.items().filter_map(said).collect()
    }

    /// The commands that put something on it.
    pub fn commands(&self) -> Vec<String> {
        self.items().map(|(_, item)| item.command().to_owned()).collect()
    }

    /// Everything on it and where, for a digest.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (top, item) in self.items() {
            let place = (top, item.at, item.area, item.direction);
            bytes.extend(format!("{place:?} {}\n", item.command()).bytes());
            match &item.what {
                What::Text(text) | What::Symbol(_, text) => bytes.extend(text.bytes()),
                What::Image(image) => bytes.extend(image.bitmap.bytes()),
            }
        }
        bytes
    }

    /// The dots of it, as far as the media goes; text and symbols are named and not drawn.
    pub(in crate::virtual_printer) fn draw(&self, media: Size) -> Picture {
        let mut bitmap = Bitmap::new(media);
        let mut not_drawn = Vec::new();
        for (top, item) in self.items() {
            let What::Image(image) = &item.what else {
                not_drawn.push(item.command().to_owned());
                continue;
            };
            for y in 0..image.bitmap.height().0 {
                for x in (0..image.bitmap.width().0).filter(|&x| image.bitmap.get(x, y)) {
                    for (dx, dy) in (0..image.scale.1).flat_map(|dy| (0..image.scale.0).map(move |dx| (dx, dy))) {
                        let read = (item.at.x.0 + x * image.scale.0 + dx, item.at.y.0 + y * image.scale.1 + dy);
                        if let Some((x, y)) = item.place(read) {
                            bitmap.set(x, top.0.saturating_add(y));
                        }
                    }
                }
            }
        }
        not_drawn.sort_unstable();
        not_drawn.dedup();
        Picture { bitmap, not_drawn }
    }
}

impl Item {
    fn command(&self) -> &'static str {
        match &self.what {
            What::Text(_) => "text",
            What::Symbol(command, _) => command,
            What::Image(image) => image.command,
        }
    }

    /// Where a dot of the area, as its direction reads it, lies on the strip; `None`: outside the area.
    fn place(&self, (x, y): (i32, i32)) -> Option<(i32, i32)> {
        let (width, height) = (self.area.size.width.0, self.area.size.height.0);
        let (x, y) = match self.direction {
            0 => (x, y),
            1 => (y, height - 1 - x),
            2 => (width - 1 - x, height - 1 - y),
            _ => (width - 1 - y, x),
        };
        let inside = (0..width).contains(&x) && (0..height).contains(&y);
        inside.then(|| (self.area.at.x.0 + x, self.area.at.y.0 + y))
    }
}

/// The data of a bar code as a scanner gives it back.
pub(super) fn symbol_text(command: &[u8]) -> String {
    let data = match command {
        [_, _, 65..=255, _, data @ ..] => data,
        [_, _, _, data @ .., 0] => data,
        _ => return name(command),
    };
    if command[2] != 73 {
        return String::from_utf8_lossy(data).into_owned();
    }
    // CODE128: `{A` `{B` `{C` choose the set, `{1` is FNC1, `{{` a brace; set C is pairs of digits.
    let mut text = String::new();
    let mut pairs = false;
    let mut rest = data;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'{', [set @ (b'A' | b'B' | b'C'), after @ ..]) => {
                pairs = *set == b'C';
                rest = after;
            }
            (b'{', [b'1', after @ ..]) => {
                text.push('\u{1D}');
                rest = after;
            }
            (b'{', [b'{', after @ ..]) => {
                text.push('{');
                rest = after;
            }
            (pair, _) if pairs => text += &format!("{pair:02}"),
            (byte, _) => text.push(char::from(*byte)),
        }
    }
    text
}
