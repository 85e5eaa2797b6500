//! Finding the size at which a shaped text fits its room, and placing its glyphs on whole dots there.
//!
//! Paragraphs and a frame go in; a block comes out, or what was missing. Knows no font file and no script rule.

use super::fonts::Face;
use super::glyphs::{Glyphs, Key};
use super::hygiene::Legibility;
use super::shaper::{NOMINAL, Paragraph};
use super::{Align, Block, Line, NoSet, Room, Style};
use crate::dots::{Dots, Point, Size};

/// The room and the sizes allowed in it.
pub(super) struct Frame {
    width: i32,
    height: i32,
    pub lines: usize,
    size: i32,
    pub least: i32,
    leading: i32,
    align: Align,
}

/// No em is larger: 42 mm at 600 dpi.
const EM_MAX: i32 = 1000;

/// A first line reaches at least as high as a capital with its accent.
fn above(em: i32) -> i32 {
    em * 90 / 100
}

/// A last line reaches at least as deep as a `g`.
fn below(em: i32) -> i32 {
    em * 30 / 100
}

/// What a text needed at the least size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Misfit {
    em: i32,
    width: i32,
    lines: usize,
    height: i32,
    room: (i32, usize),
}

impl Misfit {
    pub fn is_too_wide(&self) -> bool {
        self.width > self.room.0
    }
}

impl Frame {
    pub fn of(style: &Style, room: &Room, legible: Legibility) -> Frame {
        let least = style.least.0.max(legible.least).min(EM_MAX);
        Frame {
            width: room.width.0,
            height: room.height.0,
            lines: room.lines,
            size: style.size.0.clamp(least, EM_MAX),
            least,
            leading: legible.leading,
            align: style.align,
        }
    }

    /// From baseline to baseline.
    fn pitch(&self, em: i32) -> i32 {
        em * self.leading / 100
    }

    /// Refuses what can never fit before any work is spent on it.
    pub fn refuse_hopeless(&self, text: &str) -> Result<(), NoSet> {
        // The narrowest letters are a quarter of the em wide; marks take no width, so leave room for three a letter.
        let a_line = self.width.max(0) as usize * 16 / self.least as usize + 64;
        let most = a_line.saturating_mul(self.lines);
        let count = text.chars().take(most + 1).count();
        if count <= most {
            return Ok(());
        }
        let need = format!("{} characters", text.chars().count());
        Err(NoSet::TooLong { need, room: format!("room for {most} at the very most") })
    }

    pub fn too_long(&self, misfit: Misfit) -> NoSet {
        let em = misfit.em;
        let (need, room) = if misfit.is_too_wide() {
            (format!("{} dots across at {em} dots high", misfit.width), format!("{} dots", self.width))
        } else if misfit.lines > self.lines {
            (format!("{} lines at {em} dots high", misfit.lines), format!("{} lines of {} dots", self.lines, self.width))
        } else {
            (format!("{} dots of height at {em} dots high", misfit.height), format!("{} dots", self.height))
        };
        NoSet::TooLong { need, room }
    }
}

/// One search for a size.
pub(super) struct Fit<'a> {
    pub frame: &'a Frame,
    pub faces: &'a [Face],
    pub glyphs: &'a mut Glyphs,
}

/// A line placed but not yet in its block: its dots relative to its own left end and baseline.
struct Set {
    text: String,
    width: i32,
    left: i32,
    right: i32,
    up: i32,
    down: i32,
    /// How many glyphs of the block are of this line or those before it.
    until: usize,
}

impl Fit<'_> {
    /// The block at the largest em that fits.
    pub fn largest(&mut self, paragraphs: &mut [Paragraph]) -> Result<Block, Misfit> {
        let (size, least) = (self.frame.size, self.frame.least);
        if self.may_fit(size, paragraphs)
            && let Ok(block) = self.place(size, paragraphs)
        {
            return Ok(block);
        }
        // Advances scale with the em, so the first guess is found by halving; ink then has the last word.
        let (mut low, mut high) = (least, size);
        while low + 1 < high {
            let middle = (low + high) / 2;
            if self.may_fit(middle, paragraphs) { low = middle } else { high = middle }
        }
        for em in (least + 1..=low).rev() {
            if let Ok(block) = self.at(em, paragraphs) {
                return Ok(block);
            }
        }
        self.at(least, paragraphs)
    }

    /// The block at exactly this em.
    pub fn at(&mut self, em: i32, paragraphs: &mut [Paragraph]) -> Result<Block, Misfit> {
        self.may_fit(em, paragraphs);
        self.place(em, paragraphs)
    }

    /// Breaks the lines for this em; whether by their advances they fit.
    fn may_fit(&self, em: i32, paragraphs: &mut [Paragraph]) -> bool {
        let width = self.frame.width as f32 * NOMINAL / em as f32;
        let break_width = if self.frame.lines == 1 { f32::MAX } else { width };
        let (mut lines, mut widest) = (0, 0.0_f32);
        for paragraph in paragraphs.iter_mut() {
            let (count, wide) = paragraph.break_at(break_width);
            lines += count;
            widest = widest.max(wide);
        }
        let height = (lines as i32 - 1) * self.frame.pitch(em) + above(em) + below(em);
        lines <= self.frame.lines && widest <= width && height <= self.frame.height
    }

    fn place(&mut self, em: i32, paragraphs: &[Paragraph]) -> Result<Block, Misfit> {
        let mut glyphs = Vec::new();
        let mut lines = Vec::new();
        for (text, width, placed) in paragraphs.iter().flat_map(|paragraph| paragraph.lines()) {
            let line = self.line(em, text, width, placed, &mut glyphs);
            lines.push(line);
        }
        let frame = self.frame;
        // What sticks out of the lines on either side, a swash or a mark, keeps its place inside the block.
        let before = lines.iter().map(|line| -line.left).fold(0, i32::max);
        let after = lines.iter().map(|line| line.right - line.width).fold(0, i32::max);
        let widest = lines.iter().map(|line| line.width).fold(0, i32::max);
        let width = before + widest + after;

        let mut top = 0;
        let mut from = 0;
        let mut block = Block { em: Dots(em), ..Block::default() };
        let align = resolve(frame.align, paragraphs);
        let mut baseline = 0;
        for (index, line) in lines.iter().enumerate() {
            let up = line.up.max(above(em));
            baseline = if index == 0 { up } else { (baseline + frame.pitch(em)).max(top + line.up + 1) };
            top = baseline + line.down;
            let x = match align {
                Align::Start => before,
                Align::Center => before + (widest - line.width) / 2,
                Align::End => before + widest - line.width,
            };
            for (_, pen) in &mut glyphs[from..line.until] {
                *pen = Point::new(pen.x + Dots(x), pen.y + Dots(baseline));
            }
            from = line.until;
            let (text, width) = (line.text.clone(), Dots(line.width));
            block.lines.push(Line { text, x: Dots(x), baseline: Dots(baseline), width });
        }
        let height = top.max(baseline + below(em));
        if lines.len() > frame.lines || width > frame.width || height > frame.height {
            return Err(Misfit { em, width, lines: lines.len(), height, room: (frame.width, frame.lines) });
        }
        block.x = match align {
            Align::Start => Dots(0),
            Align::Center => Dots((frame.width - width) / 2),
            Align::End => Dots(frame.width - width),
        };
        if !lines.is_empty() {
            block.size = Size::new(Dots(width), Dots(height));
        }
        block.glyphs = glyphs;
        Ok(block)
    }

    fn line(
        &mut self,
        em: i32,
        text: &str,
        width: f32,
        placed: impl Iterator<Item = super::shaper::Placed>,
        glyphs: &mut Vec<(Key, Point)>,
    ) -> Set {
        let scale = em as f32 / NOMINAL;
        let dots = |nominal: f32| (nominal * scale).round() as i32;
        let mut line = Set { text: text.to_owned(), width: dots(width), left: 0, right: 0, up: 0, down: 0, until: 0 };
        let mut face = (u64::MAX, 0);
        for placed in placed {
            if face.0 != placed.blob {
                let index = self.faces.iter().position(|face| face.blob == placed.blob);
                face = (placed.blob, index.unwrap_or_default() as u16);
            }
            // A second strike as wide as a 24th of the em: one dot at reading size on a 203 dpi head.
            let strike = if placed.embolden { (em / 24).max(1) as u16 } else { 0 };
            let key = Key { face: face.1, glyph: placed.glyph, em: em as u16, strike };
            let pen = Point::new(Dots(dots(placed.x)), Dots(dots(placed.y)));
            if let Some((left, top, right, bottom)) = self.glyphs.get(key).ink(pen) {
                line.left = line.left.min(left);
                line.right = line.right.max(right);
                line.up = line.up.max(-top);
                line.down = line.down.max(bottom);
                glyphs.push((key, pen));
            }
        }
        line.until = glyphs.len();
        line
    }
}

/// Start and end by the direction of the first line that has one.
fn resolve(align: Align, paragraphs: &[Paragraph]) -> Align {
    let speaking = paragraphs.iter().find(|paragraph| paragraph.text.chars().any(char::is_alphabetic));
    match (align, speaking.is_some_and(Paragraph::is_rtl)) {
        (Align::Start, true) => Align::End,
        (Align::End, true) => Align::Start,
        (align, _) => align,
    }
}
