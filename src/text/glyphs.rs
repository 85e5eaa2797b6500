//! Glyphs as dots: outline, stems fitted to whole dots, to a 1-bit picture; kept while there is room.
//!
//! A face, a glyph and a size go in, a picture with its place on the baseline comes out. Knows no text.

use super::fonts::Face;
use crate::dots::{Bitmap, Dots, Point, Size};
use skrifa::outline::{DrawSettings, Engine, GlyphStyles, HintingInstance, HintingOptions, OutlinePen, SmoothMode};
use skrifa::prelude::{LocationRef, Size as FontSize};
use skrifa::{GlyphId, MetadataProvider, OutlineGlyphCollection};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use zeno::{Command, Mask, Vector};

/// Which glyph, at which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub face: u16,
    pub glyph: u32,
    pub em: u16,
    /// Dots it is struck again to the right: bold, where the font has no bold of its own.
    pub strike: u16,
}

/// The dots of a glyph; an empty picture for a space.
#[derive(Default)]
pub(super) struct Glyph {
    /// From the pen to the leftmost dot.
    pub left: i32,
    /// From the baseline up to the top of the highest dot.
    pub top: i32,
    pub bitmap: Bitmap,
}

/// Draws glyphs and remembers them.
pub(super) struct Glyphs {
    faces: Arc<[Face]>,
    outlines: Vec<Option<Outlines>>,
    hints: HashMap<(u16, u16), Option<HintingInstance>>,
    kept: HashMap<Key, Glyph, BuildHasherDefault<Mix>>,
    kept_bytes: usize,
    path: Vec<Command>,
}

struct Outlines {
    glyphs: OutlineGlyphCollection<'static>,
    styles: GlyphStyles,
}

/// Two thousand Han glyphs at 24 dots take 0.3 MB, the Latin of a 600 dpi label 0.2 MB.
const KEPT_BYTES_MAX: usize = 2 << 20;
const HINTS_MAX: usize = 64;
/// A dot is black when the outline covers half of it.
const HALF: u8 = 128;

impl Glyphs {
    pub fn new(faces: Arc<[Face]>) -> Glyphs {
        let outlines = faces.iter().map(|_| None).collect();
        Glyphs { faces, outlines, hints: HashMap::new(), kept: HashMap::default(), kept_bytes: 0, path: Vec::new() }
    }

    /// The glyph, drawn now or before.
    pub fn get(&mut self, key: Key) -> &Glyph {
        if !self.kept.contains_key(&key) {
            if self.kept_bytes > KEPT_BYTES_MAX {
                self.kept.clear();
                self.kept_bytes = 0;
            }
            let glyph = self.render(key);
            self.kept_bytes += glyph.bitmap.bytes().len() + size_of::<(Key, Glyph)>();
            self.kept.insert(key, glyph);
        }
        &self.kept[&key]
    }

    fn render(&mut self, key: Key) -> Glyph {
        self.outline(key);
        let (mask, place) = Mask::new(&self.path[..]).render();
        let width = place.width as usize;
        if width == 0 || place.height == 0 {
            return Glyph::default();
        }
        let drawn = Size::new(Dots::of(width + usize::from(key.strike)), Dots::of(place.height as usize));
        let mut bitmap = Bitmap::new(drawn);
        for (at, _) in mask.iter().enumerate().filter(|(_, cover)| **cover >= HALF) {
            for again in 0..=key.strike {
                bitmap.set((at % width) as i32 + i32::from(again), (at / width) as i32);
            }
        }
        match bitmap.ink() {
            Some(ink) => Glyph { left: place.left + ink.at.x.0, top: -(place.top + ink.at.y.0), bitmap: bitmap.crop(ink) },
            None => Glyph::default(),
        }
    }

    /// Puts the outline in dots, y downwards, into `path`.
    fn outline(&mut self, key: Key) {
        self.path.clear();
        let Some(face) = self.faces.get(usize::from(key.face)) else { return };
        let outlines = self.outlines[usize::from(key.face)].get_or_insert_with(|| Outlines::of(face));
        let Some(outline) = outlines.glyphs.get(GlyphId::new(key.glyph)) else { return };
        let size = FontSize::new(f32::from(key.em));
        if self.hints.len() > HINTS_MAX {
            self.hints.clear();
        }
        // Looked at for every script: stems of an even two dots at 24, Han least able to do without.
        let options = HintingOptions { engine: Engine::Auto(Some(outlines.styles.clone())), target: SmoothMode::Normal.into() };
        let make = || HintingInstance::new(&outlines.glyphs, size, LocationRef::default(), options).ok();
        let hint = self.hints.entry((key.face, key.em)).or_insert_with(make).as_ref();
        let settings = match hint {
            Some(hint) => DrawSettings::hinted(hint, false),
            None => DrawSettings::unhinted(size, LocationRef::default()),
        };
        if outline.draw(settings, &mut Pen(&mut self.path)).is_err() {
            self.path.clear();
        }
    }
}

impl Outlines {
    fn of(face: &Face) -> Outlines {
        let glyphs = face.font.outline_glyphs();
        let styles = GlyphStyles::new(&glyphs);
        Outlines { glyphs, styles }
    }
}

/// Outlines count y upwards, pictures downwards.
struct Pen<'a>(&'a mut Vec<Command>);

impl OutlinePen for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Command::MoveTo(Vector::new(x, -y)));
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Command::LineTo(Vector::new(x, -y)));
    }
    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0.push(Command::QuadTo(Vector::new(cx, -cy), Vector::new(x, -y)));
    }
    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.0.push(Command::CurveTo(Vector::new(ax, -ay), Vector::new(bx, -by), Vector::new(x, -y)));
    }
    fn close(&mut self) {
        self.0.push(Command::Close);
    }
}

/// A hash for small whole numbers; the standard one costs more than drawing the glyph.
#[derive(Default)]
pub(super) struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u16(&mut self, number: u16) {
        self.write_u64(u64::from(number));
    }
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

impl Glyph {
    /// Its dots for a pen on the baseline at `pen`: left, top, right, bottom; `None` without ink.
    pub fn ink(&self, pen: Point) -> Option<(i32, i32, i32, i32)> {
        let (left, top) = (pen.x.0 + self.left, pen.y.0 - self.top);
        (self.bitmap.width() > Dots(0)).then(|| (left, top, left + self.bitmap.width().0, top + self.bitmap.height().0))
    }
}
