//! Text to positioned glyphs: direction, fallback between fonts, shaping and line breaks, all by parley.
//!
//! Cleaned text goes in, paragraphs that can be broken at any width come out, in a size of their own
//! ([`NOMINAL`] dots an em): a shape is the same at every size, only its breaks are not. Knows no dot.

use super::fonts::{Fonts, JAPANESE};
use parley::layout::Layout;
use parley::{FontContext, FontFamily, FontFamilyName, FontWeight, LayoutContext, OverflowWrap, PositionedLayoutItem, TextStyle};
use skrifa::{FontRef, MetadataProvider};
use std::borrow::Cow;
use std::ops::Range;

/// The em everything is shaped at.
pub(super) const NOMINAL: f32 = 256.0;

/// How a text is shaped, beyond its letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Manner {
    pub bold: bool,
    /// Shared Han letters take their Japanese forms.
    pub japanese: bool,
    /// A word too long for the line may break between any two letters.
    pub anywhere: bool,
}

/// One line of a caller's text, shaped. Its own bidi paragraph: nothing in it reorders its neighbours.
#[derive(Default)]
pub(super) struct Paragraph {
    pub text: String,
    layout: Layout<()>,
}

/// A glyph on its line, in nominal units from the line's left end.
pub(super) struct Placed {
    /// The font's bytes, as [`super::fonts::Face::blob`].
    pub blob: u64,
    pub glyph: u32,
    pub x: f32,
    /// Downwards from the baseline.
    pub y: f32,
    /// The font has no bold of its own.
    pub embolden: bool,
}

pub(super) struct Shaper {
    fonts: FontContext,
    layouts: LayoutContext<()>,
}

impl Shaper {
    pub fn new(fonts: &Fonts) -> Shaper {
        Shaper { fonts: fonts.context(), layouts: LayoutContext::new() }
    }

    /// Shapes one paragraph anew.
    pub fn shape(&mut self, paragraph: &mut Paragraph, manner: Manner) {
        let japanese = [FontFamilyName::named(JAPANESE)];
        let style = TextStyle {
            font_family: FontFamily::List(Cow::Borrowed(if manner.japanese { &japanese } else { &[] })),
            font_size: NOMINAL,
            font_weight: if manner.bold { FontWeight::BOLD } else { FontWeight::NORMAL },
            overflow_wrap: if manner.anywhere { OverflowWrap::Anywhere } else { OverflowWrap::Normal },
            ..TextStyle::default()
        };
        let mut builder = self.layouts.style_run_builder(&mut self.fonts, &paragraph.text, 1.0, false);
        let index = builder.push_style(style);
        builder.push_style_run(index, 0..paragraph.text.len());
        builder.build_into(&mut paragraph.layout, &paragraph.text);
    }
}

impl Paragraph {
    /// Breaks it into lines no wider than `width` nominal units where the script allows; says how many lines
    /// and the width of the widest.
    pub fn break_at(&mut self, width: f32) -> (usize, f32) {
        self.layout.break_all_lines(Some(width));
        let widest = self.layout.lines().map(|line| width_of(&line)).fold(0.0, f32::max);
        (self.layout.len(), widest)
    }

    pub fn is_rtl(&self) -> bool {
        self.layout.is_rtl()
    }

    /// Its lines as last broken: the text, the width and the glyphs from left to right.
    pub fn lines(&self) -> impl Iterator<Item = (&str, f32, impl Iterator<Item = Placed>)> {
        self.layout.lines().map(|line| {
            // In a right-to-left line the space it was broken at hangs out on the left.
            let hanging = if self.is_rtl() { line.metrics().hanging_advance } else { 0.0 };
            (self.text[line.text_range()].trim(), width_of(&line), glyphs(line, hanging))
        })
    }

    /// Where the text has no glyph in any font, grapheme by grapheme, with the character that lacks it.
    pub fn missing(&self) -> Vec<(Range<usize>, char)> {
        let mut missing = Vec::new();
        for line in self.layout.lines() {
            if !glyphs(line, 0.0).any(|placed| placed.glyph == 0) {
                continue;
            }
            for run in line.runs() {
                let font = FontRef::from_index(run.font().data.as_ref(), run.font().index).ok();
                for cluster in run.clusters().filter(|cluster| cluster.glyphs().any(|glyph| glyph.id == 0)) {
                    let range = cluster.text_range();
                    let text = &self.text[range.clone()];
                    let lacks = |character: &char| font.as_ref().is_none_or(|font| font.charmap().map(*character).is_none());
                    let character = text.chars().find(lacks).or(text.chars().next());
                    missing.extend(character.map(|character| (range, character)));
                }
            }
        }
        // Without any font at all the shaper makes no run.
        if self.layout.lines().all(|line| line.runs().next().is_none()) {
            missing.extend(self.text.chars().next().map(|character| (0..self.text.len(), character)));
        }
        missing.sort_by_key(|(range, _)| range.start);
        missing
    }
}

fn width_of(line: &parley::layout::Line<'_, ()>) -> f32 {
    line.metrics().advance - line.metrics().hanging_advance
}

fn glyphs(line: parley::layout::Line<'_, ()>, hanging: f32) -> impl Iterator<Item = Placed> {
    line.items().flat_map(move |item| {
        let PositionedLayoutItem::GlyphRun(run) = item else { return Vec::new() };
        let blob = run.run().font().data.id();
        let embolden = run.run().synthesis().embolden();
        let mut pen = run.offset() - hanging;
        let place = |glyph: parley::layout::Glyph| {
            let x = pen + glyph.x;
            pen += glyph.advance;
            Placed { blob, glyph: glyph.id, x, y: glyph.y, embolden }
        };
        run.glyphs().map(place).collect()
    })
}
