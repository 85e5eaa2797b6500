//! Text as dots: any script, shaped, broken into lines and fitted into a room, in exact dots of a 1-bit head.
//!
//! A text, a style and a room go in; [`Typesetter::set`] answers a [`Block`] or the reason why not, and
//! [`Typesetter::draw`] turns the block into a picture. Fonts are handed in. Knows no label and no field.

pub mod fonts;

mod fitting;
mod glyphs;
mod hygiene;
mod shaper;

pub use fonts::Fonts;

use crate::dots::{Bitmap, Dots, Point, Size};
use glyphs::{Glyphs, Key};
use shaper::{Manner, Paragraph, Shaper};
use std::fmt;

/// How lines are aligned in their room. `Start` is left, or right where the text runs from right to left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    #[default]
    Start,
    Center,
    End,
}

/// What to do with a character no font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// Refuse the text and name the character.
    #[default]
    Refuse,
    /// Print [`REPLACEMENT`] in its place.
    Replace,
}

/// Printed in place of characters that no font has.
pub const REPLACEMENT: &str = "[?]";

/// How a text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style<'a> {
    /// The em wished for.
    pub size: Dots,
    /// The least em accepted. Scripts have floors of their own, which hold for `size` too: 14 dots for Latin,
    /// 22 where marks stack, 24 for Han, kana and Hangul.
    pub least: Dots,
    pub bold: bool,
    pub align: Align,
    /// BCP 47. `ja` takes Japanese forms of Han letters; without a hint kana in the text do.
    pub language: Option<&'a str>,
    pub missing: Missing,
}

/// The space a text may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    pub width: Dots,
    pub height: Dots,
    /// Line ends of the text count too; with one line they become spaces, and no word is ever broken.
    pub lines: usize,
}

/// A text set: every dot of its ink lies inside `size`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    pub size: Size,
    /// Its left edge within the room, by the alignment. Its top is the room's.
    pub x: Dots,
    pub em: Dots,
    pub lines: Vec<Line>,
    /// How many characters had no glyph and print as [`REPLACEMENT`].
    pub replaced: usize,
    glyphs: Vec<(Key, Point)>,
}

/// One line of a block, in dots from the block's top left corner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub text: String,
    pub x: Dots,
    pub baseline: Dots,
    pub width: Dots,
}

/// Why a text cannot be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSet {
    NoGlyph { character: char },
    TooLong { need: String, room: String },
}

impl fmt::Display for NoSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoSet::NoGlyph { character } => write!(
                f,
                "no font has the character \"{}\" (U+{:04X}): write it another way",
                character.escape_debug(),
                *character as u32
            ),
            NoSet::TooLong { need, room } => write!(f, "needs {need} and has {room}: shorten it"),
        }
    }
}

impl std::error::Error for NoSet {}

/// The least em this text can be read at, whatever a style says.
pub fn least_legible(text: &str) -> Dots {
    Dots(hygiene::legibility(text).least)
}

/// Sets and draws text. One a thread: it keeps the glyphs it has drawn.
pub struct Typesetter {
    fonts: Fonts,
    shaper: Shaper,
    glyphs: Glyphs,
    /// Reused from text to text.
    paragraphs: Vec<Paragraph>,
}

impl Typesetter {
    pub fn new(fonts: &Fonts) -> Typesetter {
        let (shaper, glyphs) = (Shaper::new(fonts), Glyphs::new(fonts.faces().clone()));
        Typesetter { fonts: fonts.clone(), shaper, glyphs, paragraphs: Vec::new() }
    }

    /// Finds the largest em from `style.size` down to `style.least` at which the text fits the room. Draws nothing.
    pub fn set(&mut self, text: &str, style: &Style, room: &Room) -> Result<Block, NoSet> {
        let mut text = hygiene::clean(text);
        if room.lines == 1 && text.contains('\n') {
            text = lines_of(&text).collect::<Vec<_>>().join(" ").into();
        }
        let legible = hygiene::legibility(&text);
        let frame = fitting::Frame::of(style, room, legible);
        frame.refuse_hopeless(&text)?;

        let manner = Manner { bold: style.bold, japanese: is_japanese(&text, style.language), anywhere: false };
        let mut paragraphs = std::mem::take(&mut self.paragraphs);
        let count = fill(&mut paragraphs, &text);
        let set = self.set_paragraphs(&mut paragraphs[..count], style, &frame, manner);
        self.paragraphs = paragraphs;
        set
    }

    /// The block's dots.
    pub fn draw(&mut self, block: &Block) -> Bitmap {
        let mut canvas = Bitmap::new(block.size);
        for &(key, pen) in &block.glyphs {
            let glyph = self.glyphs.get(key);
            canvas.draw(&glyph.bitmap, Point::new(pen.x + Dots(glyph.left), pen.y - Dots(glyph.top)));
        }
        canvas
    }

    fn set_paragraphs(
        &mut self,
        paragraphs: &mut [Paragraph],
        style: &Style,
        frame: &fitting::Frame,
        manner: Manner,
    ) -> Result<Block, NoSet> {
        let mut replaced = 0;
        for paragraph in paragraphs.iter_mut() {
            self.shaper.shape(paragraph, manner);
            replaced += self.mend(paragraph, style.missing, manner)?;
        }
        let mut fit = fitting::Fit { frame, faces: self.fonts.faces(), glyphs: &mut self.glyphs };
        let set = fit.largest(paragraphs).or_else(|misfit| {
            if !misfit.is_too_wide() || frame.lines == 1 {
                return Err(misfit);
            }
            // At the least size a word is still wider than the room: break it between letters.
            paragraphs.iter_mut().for_each(|paragraph| self.shaper.shape(paragraph, Manner { anywhere: true, ..manner }));
            fit.at(frame.least, paragraphs)
        });
        set.map(|block| Block { replaced, ..block }).map_err(|misfit| frame.too_long(misfit))
    }

    /// Refuses or replaces what no font has; says how many characters were replaced.
    fn mend(&mut self, paragraph: &mut Paragraph, how: Missing, manner: Manner) -> Result<usize, NoSet> {
        paragraph.break_at(f32::MAX);
        let missing = paragraph.missing();
        let Some(&(_, character)) = missing.first() else { return Ok(0) };
        if how == Missing::Refuse {
            return Err(NoSet::NoGlyph { character });
        }
        let mut mended = String::with_capacity(paragraph.text.len());
        let mut done = 0;
        for (range, _) in &missing {
            mended.push_str(&paragraph.text[done..range.start]);
            // Neighbours share one replacement: for the packer a word in an unknown script is one gap.
            if range.start > done || done == 0 {
                mended.push_str(REPLACEMENT);
            }
            done = range.end;
        }
        mended.push_str(&paragraph.text[done..]);
        paragraph.text = mended;
        self.shaper.shape(paragraph, manner);
        Ok(missing.len())
    }
}

/// The lines of a text that say something.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty())
}

/// One paragraph for every line; says how many.
fn fill(paragraphs: &mut Vec<Paragraph>, text: &str) -> usize {
    let mut count = 0;
    for line in lines_of(text) {
        if paragraphs.len() == count {
            paragraphs.push(Paragraph::default());
        }
        paragraphs[count].text.clear();
        paragraphs[count].text.push_str(line);
        count += 1;
    }
    count
}

fn is_japanese(text: &str, language: Option<&str>) -> bool {
    match language {
        Some(tag) => tag.split('-').next() == Some("ja"),
        None => text.chars().any(|character| matches!(character, '\u{3041}'..='\u{30FF}')),
    }
}

#[cfg(test)]
mod tests;
