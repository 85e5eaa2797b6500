//! A label design: a TOML file, parsed and checked once.
//!
//! Text goes in; out comes a [`Template`] whose every expression compiles and knows its variables, whose blocks lie on
//! the media, off each other and clear of every symbol's quiet zone, or all faults by line. Geometry stays in
//! millimetres: the same design serves every head. A design for other media is a file of its own that names the first,
//! `variant_of = "waybill-100x150"`: each printer uses the one made for its media. A design with `paper = "pick-list"`
//! sees that paper instead of an order; its table flows over as many labels as its rows need. Knows no order, no font
//! and no printer.
//!
//! ```
//! let design = r#"
//! media = { width = 60, height = 40 }
//!
//! [[text]]
//! name = "to"
//! x = 3
//! y = 3
//! width = 54
//! height = 10
//! text = "{{ recipient.name }}"
//! size = 5        # the em it starts with
//! least = 2.5     # the em it may shrink to; after that the label is refused
//! lines = 2
//! bold = true
//!
//! [[barcode]]
//! name = "tracking"
//! x = 3
//! y = 16
//! width = 54
//! height = 12
//! symbology = "code128"
//! data = "{{ tracking }}"
//! x_dimension = [0.25, 0.4]   # the narrowest bar: the widest whole-dot value in this range that fits
//! "#;
//! let template = waybilld::template::Template::parse("plain", "plain.toml", design).unwrap();
//! assert_eq!(template.blocks.len(), 2);
//!
//! let slip = design.replace("recipient.name", "recipient.nmae");
//! let faults = waybilld::template::Template::parse("plain", "plain.toml", &slip).unwrap_err();
//! assert_eq!(faults[0].to_string(), "plain.toml:10: text \"to\": no value `recipient.nmae`. Did you mean \"recipient.name\"?");
//! ```

mod expression;
mod reader;
mod sample;

use crate::closed_set::ClosedSet;
pub use expression::{Expressions, Formula};
use strum::VariantArray;

use crate::dots::Mm;
use crate::fault::FileFault;
use crate::papers;
use crate::toml_file;
use reader::{Reader, length};

/// A design, ready to be laid out for any head.
#[derive(Debug)]
pub struct Template {
    pub name: String,
    /// The hash of its text: what a label remembers it by.
    pub hash: blake3::Hash,
    /// The design it says the same as, for other media.
    pub variant_of: Option<VariantOf>,
    /// The paper it is for; `None`: waybills.
    pub paper: Option<papers::Kind>,
    pub width: Mm,
    pub height: Mm,
    pub blocks: Vec<Block>,
    pub expressions: Expressions,
}

/// The design another is a variant of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantOf {
    pub name: String,
    /// Where it is said.
    pub line: usize,
}

/// One block of a design.
#[derive(Debug)]
pub struct Block {
    pub name: String,
    /// Its line in the file.
    pub line: usize,
    /// It is there only when this holds.
    pub when: Option<Formula>,
    /// It begins where that block ended, not at its own `y`.
    pub under: Option<usize>,
    pub place: Place,
    pub kind: Kind,
}

/// A rectangle in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub x: Mm,
    pub y: Mm,
    pub width: Mm,
    pub height: Mm,
}

/// What a block holds.
#[derive(Debug)]
pub enum Kind {
    Text { text: Formula, type_: Type },
    Address { of: PartyName, type_: Type },
    Barcode { symbology: Symbology, data: Formula, x_dimension: (Mm, Mm) },
    Code2d { level: Level, data: Formula, x_dimension: (Mm, Mm) },
    Table(Rows),
    Rule,
    Frame { thickness: Mm },
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Type {
    /// The em it starts with.
    pub size: Mm,
    /// The em it may shrink to.
    pub least: Mm,
    pub lines: usize,
    pub bold: bool,
    pub align: Align,
    pub middle: bool,
    pub missing: Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Start,
    Center,
    End,
}

/// What becomes of a character no font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Refuse,
    Replace,
}

/// Whose address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartyName {
    Recipient,
    Sender,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbology {
    Code128,
}

/// How much of a QR symbol may be lost: 7, 15, 25 or 30 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    L,
    M,
    Q,
    H,
}

/// A table: a row an item, or whatever its paper has rows of.
#[derive(Debug)]
pub struct Rows {
    /// The list, and what the cells call one entry of it.
    pub of: papers::RowNames,
    pub columns: Vec<Column>,
    pub size: Mm,
    pub least: Mm,
    /// The last row when not all fit; without it such a label is refused. A paper goes on over another label instead.
    pub more: Option<Formula>,
    /// A line under each row.
    pub ruled: bool,
}

/// One column of a table.
#[derive(Debug)]
pub struct Column {
    pub text: Formula,
    pub width: Mm,
    pub align: Align,
    pub bold: bool,
}

/// Modules of quiet zone a Code 128 keeps on each side (ISO/IEC 15417).
pub const CODE128_QUIET_MODULES: i32 = 10;
/// Modules of quiet zone a QR symbol keeps all round (ISO/IEC 18004).
pub const QR_QUIET_MODULES: i32 = 4;

/// Media sold under one size differ by that much.
const MEDIA_SLACK_MM: f64 = 0.5;

impl Template {
    /// Whether it is made for media of that size.
    pub fn suits(&self, width: Mm, height: Mm) -> bool {
        (self.width.0 - width.0).abs() <= MEDIA_SLACK_MM && (self.height.0 - height.0).abs() <= MEDIA_SLACK_MM
    }

    /// The design that it and its variants are known by.
    pub fn family(&self) -> &str {
        self.variant_of.as_ref().map_or(&self.name, |variant| &variant.name)
    }

    /// Reads a design; every fault of it at once.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Template, Vec<FileFault>> {
        toml_file::read(file, text, |mut top| {
            top.require(&["media"]);
            let paper = top.word(
                "paper",
                &papers::Kind::words().into_iter().zip(papers::Kind::VARIANTS.iter().copied()).collect::<Vec<_>>(),
            );
            let mut reader = Reader::new(paper);
            let line = top.line_of("variant_of");
            let variant_of = top.text("variant_of").map(|name| VariantOf { name: name.to_owned(), line });
            let (mut width, mut height) = (Mm(0.0), Mm(0.0));
            if let Some(mut media) = top.table("media") {
                width = length(&mut media, "width", Some((10.0, 250.0))).unwrap_or_default();
                height = length(&mut media, "height", Some((10.0, 500.0))).unwrap_or_default();
            }
            for (key, read) in Reader::KINDS {
                for mut table in top.tables(key) {
                    reader.block(key, &mut table, read);
                }
            }
            reader.resolve_unders(&top);
            reader.check_places(&top, width, height);
            reader.check_expressions(&top);
            Template {
                name: name.to_owned(),
                hash: blake3::hash(text.as_bytes()),
                variant_of,
                paper,
                width,
                height,
                blocks: reader.blocks,
                expressions: reader.expressions,
            }
        })
    }
}

impl Block {
    fn is_symbol(&self) -> bool {
        matches!(self.kind, Kind::Barcode { .. } | Kind::Code2d { .. })
    }

    fn is_drawn(&self) -> bool {
        matches!(self.kind, Kind::Rule | Kind::Frame { .. })
    }
}

impl Place {
    fn meets(&self, other: &Place) -> bool {
        const TOUCH: f64 = 1e-6;
        self.x.0 + TOUCH < other.x.0 + other.width.0
            && other.x.0 + TOUCH < self.x.0 + self.width.0
            && self.y.0 + TOUCH < other.y.0 + other.height.0
            && other.y.0 + TOUCH < self.y.0 + self.height.0
    }
}

/// A length in millimetres; places are checked against the media later, other lengths against `range`.
#[cfg(test)]
mod tests {
    use super::*;

    fn faults(design: &str) -> Vec<String> {
        let media = "media = { width = 60, height = 40 }\n";
        let faults = Template::parse("t", "t.toml", &format!("{media}{design}")).map(drop).unwrap_err();
        faults.iter().map(ToString::to_string).collect()
    }

    const TEXT: &str = "[[text]]\nname='a'\nx=1\ny=1\nwidth=50\nheight=9\nsize=4\nleast=3\n";

    #[test]
    fn a_block_off_the_media_or_in_a_quiet_zone_is_named_by_line() {
        let code =
            "[[barcode]]\nname='bars'\nx=5\ny=5\nwidth=60\nheight=9\nsymbology='code128'\ndata='1'\nx_dimension=[0.2,0.4]\n";
        assert_eq!(
            faults(&format!("{TEXT}text='A'\n{code}")),
            [
                "t.toml:11: \"bars\" reaches to 65 mm × 14 mm, but the media ends at 60 mm × 40 mm.",
                "t.toml:11: \"bars\" lies over \"a\" (line 2): a symbol's room is its own, quiet zone and all.",
            ]
        );
    }

    #[test]
    fn a_ring_of_blocks_under_each_other_is_refused() {
        let b = TEXT.replace("'a'", "'b'");
        let said = faults(&format!("{TEXT}text='A'\nunder='b'\n{b}text='B'\nunder='a'\n"));
        assert_eq!(said, ["t.toml:21: \"a\" stands under this block already: a ring has no top."]);
    }

    #[test]
    fn broken_expressions_unknown_words_and_wrong_sizes_are_told_at_once() {
        let said = faults(&format!("{TEXT}text='{{{{ order'\nalign='left'\nlines=0\n"));
        assert_eq!(said.len(), 3, "{said:#?}");
        assert!(said[1].contains("`align` cannot be \"left\". Known: start, center, end."), "{said:#?}");
    }

    #[test]
    fn the_shipped_designs_have_no_fault() {
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let (file, name) = (path.display().to_string(), path.file_stem().unwrap().to_string_lossy().into_owned());
            let (name, text) = (name.as_str(), std::fs::read_to_string(&file).unwrap());
            if let Err(faults) = Template::parse(name, &file, &text) {
                panic!("{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>());
            }
        }
    }
}
