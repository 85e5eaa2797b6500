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
mod sample;

pub use expression::{Expressions, Formula};

use crate::dots::Mm;
use crate::fault::FileFault;
use crate::papers;
use crate::toml_file::{self, Table};
use std::collections::BTreeSet;

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

const ALIGNS: [(&str, Align); 3] = [("start", Align::Start), ("center", Align::Center), ("end", Align::End)];
const LINES_MAX: i64 = 40;

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
            let paper = top.word("paper", &papers::Kind::ALL.map(|kind| (kind.word(), kind)));
            let mut reader = Reader { expressions: Expressions::default(), blocks: Vec::new(), unders: Vec::new(), paper };
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

/// Reads the kind of one block from its table.
type ReadKind = fn(&mut Reader, &mut Table<'_>, &str) -> Option<Kind>;

/// What has been read so far.
struct Reader {
    expressions: Expressions,
    blocks: Vec<Block>,
    /// Block, line and the name it wants to stand under.
    unders: Vec<(usize, usize, String)>,
    paper: Option<papers::Kind>,
}

/// What a waybill has rows of.
const ITEMS: papers::RowNames = ("items", "item");

impl Reader {
    const KINDS: [(&'static str, ReadKind); 7] = [
        ("text", Reader::text),
        ("address", Reader::address),
        ("barcode", Reader::barcode),
        ("code2d", Reader::code2d),
        ("table", Reader::table),
        ("rule", |_, _, _| Some(Kind::Rule)),
        ("box", Reader::frame),
    ];

    fn block(&mut self, kind: &'static str, table: &mut Table<'_>, read: ReadKind) {
        let name = table.text("name").unwrap_or_default().to_owned();
        let line = table.line();
        let drawn = matches!(kind, "rule" | "box");
        let said = if name.is_empty() { kind.to_owned() } else { format!("{kind} \"{name}\"") };
        if name.is_empty() && !drawn {
            table.require(&["name"]);
        }
        if !name.is_empty() && self.blocks.iter().any(|block| block.name == name) {
            table.fault("name", format!("two blocks are named \"{name}\"."));
        }
        let place = Place {
            x: length(table, "x", None).unwrap_or_default(),
            y: length(table, "y", None).unwrap_or_default(),
            width: length(table, "width", None).unwrap_or_default(),
            height: length(table, "height", None).unwrap_or_default(),
        };
        let when_line = table.line_of("when");
        let when = table.text("when").map(str::to_owned).and_then(|source| {
            let source = format!("{{% if {source} %}}yes{{% endif %}}");
            self.expressions.add(&source, &said, when_line).map_err(|sentence| table.fault("when", sentence)).ok()
        });
        if let Some(under) = table.text("under") {
            self.unders.push((self.blocks.len(), table.line_of("under"), under.to_owned()));
        }
        if let Some(kind) = read(self, table, &said) {
            self.blocks.push(Block { name: if name.is_empty() { said } else { name }, line, when, under: None, place, kind });
        }
    }

    fn formula(&mut self, table: &mut Table<'_>, key: &'static str, said: &str) -> Option<Formula> {
        table.require(&[key]);
        let line = table.line_of(key);
        let source = table.text(key)?;
        self.expressions.add(source, said, line).map_err(|sentence| table.fault(key, sentence)).ok()
    }

    fn text(&mut self, table: &mut Table<'_>, said: &str) -> Option<Kind> {
        let text = self.formula(table, "text", said);
        let type_ = type_of(table);
        Some(Kind::Text { text: text?, type_: type_? })
    }

    fn address(&mut self, table: &mut Table<'_>, _: &str) -> Option<Kind> {
        table.require(&["of"]);
        if self.paper.is_some() {
            table.fault_at(table.line(), "a paper shows no address: only a waybill does.");
        }
        let of = table.word("of", &[("recipient", PartyName::Recipient), ("sender", PartyName::Sender)]);
        let type_ = type_of(table);
        Some(Kind::Address { of: of?, type_: type_? })
    }

    fn barcode(&mut self, table: &mut Table<'_>, said: &str) -> Option<Kind> {
        table.require(&["symbology"]);
        let symbology = table.word("symbology", &[("code128", Symbology::Code128)]);
        let data = self.formula(table, "data", said);
        let x_dimension = range(table, "x_dimension");
        Some(Kind::Barcode { symbology: symbology?, data: data?, x_dimension: x_dimension? })
    }

    fn code2d(&mut self, table: &mut Table<'_>, said: &str) -> Option<Kind> {
        table.require(&["symbology"]);
        table.word("symbology", &[("qr", ())]);
        let level = table.word("level", &[("L", Level::L), ("M", Level::M), ("Q", Level::Q), ("H", Level::H)]);
        let data = self.formula(table, "data", said);
        let x_dimension = range(table, "x_dimension");
        Some(Kind::Code2d { level: level.unwrap_or(Level::M), data: data?, x_dimension: x_dimension? })
    }

    fn table(&mut self, table: &mut Table<'_>, said: &str) -> Option<Kind> {
        table.require(&["rows", "columns"]);
        let of = match self.paper {
            None => Some(ITEMS),
            Some(paper) => paper.rows(),
        };
        match of {
            Some(of) => drop(table.word("rows", &[(of.0, ())])),
            None => table.fault("rows", "this paper has no rows."),
        }
        if self.paper.is_some() && table.has("more") {
            table.fault("more", "a paper goes on over another label: it has no last row for the rest.");
        }
        if self.paper.is_some() && self.blocks.iter().any(|block| matches!(block.kind, Kind::Table(_))) {
            table.fault_at(table.line(), "a paper has one table: two could not both go on over another label.");
        }
        let (size, least) = sizes(table);
        let ruled = table.boolean("ruled").unwrap_or(false);
        let more = table.has("more").then(|| self.formula(table, "more", said)).flatten();
        let mut columns = Vec::new();
        for mut column in table.tables("columns") {
            let text = self.formula(&mut column, "text", said);
            let width = length(&mut column, "width", None);
            let align = column.word("align", &ALIGNS).unwrap_or(Align::Start);
            let bold = column.boolean("bold").unwrap_or(false);
            if let (Some(text), Some(width)) = (text, width) {
                columns.push(Column { text, width, align, bold });
            }
        }
        Some(Kind::Table(Rows { of: of?, columns, size: size?, least: least?, more, ruled }))
    }

    fn frame(&mut self, table: &mut Table<'_>, _: &str) -> Option<Kind> {
        Some(Kind::Frame { thickness: length(table, "thickness", None)? })
    }

    /// Turns the names after `under` into blocks, and refuses a ring.
    fn resolve_unders(&mut self, top: &Table<'_>) {
        for (block, line, name) in std::mem::take(&mut self.unders) {
            let Some(found) = self.blocks.iter().position(|other| other.name == name) else {
                let known: Vec<&str> = self.blocks.iter().map(|block| block.name.as_str()).collect();
                top.fault_at(line, format!("no block \"{name}\" to stand under.{}", crate::fault::hint(&name, &known)));
                continue;
            };
            let mut above = Some(found);
            while let Some(at) = above.filter(|at| *at != block) {
                above = self.blocks[at].under;
            }
            if above.is_some() {
                top.fault_at(line, format!("\"{name}\" stands under this block already: a ring has no top."));
            } else if let Some(block) = self.blocks.get_mut(block) {
                block.under = Some(found);
            }
        }
    }

    /// Every block on the media, no two texts over each other, nothing in a symbol's room.
    fn check_places(&self, top: &Table<'_>, width: Mm, height: Mm) {
        for (i, block) in self.blocks.iter().enumerate() {
            let Place { x, y, width: w, height: h } = block.place;
            if x.0 < 0.0 || y.0 < 0.0 || x.0 + w.0 > width.0 + 1e-6 || y.0 + h.0 > height.0 + 1e-6 {
                let said = format!("\"{}\" reaches to {} × {}", block.name, Mm(x.0 + w.0), Mm(y.0 + h.0));
                top.fault_at(block.line, format!("{said}, but the media ends at {width} × {height}."));
            }
            for other in &self.blocks[..i] {
                let symbol = block.is_symbol() || other.is_symbol();
                let drawn = block.is_drawn() || other.is_drawn();
                let alternatives = block.when.is_some() || other.when.is_some();
                let stacked = block.under.is_some() || other.under.is_some();
                if block.place.meets(&other.place) && (symbol || !(drawn || alternatives || stacked)) {
                    let (a, b) = (&block.name, &other.name);
                    let why = if symbol { "a symbol's room is its own, quiet zone and all" } else { "move one" };
                    top.fault_at(block.line, format!("\"{a}\" lies over \"{b}\" (line {}): {why}.", other.line));
                }
            }
        }
    }

    /// Tries every expression on a full order or paper and on a bare one.
    fn check_expressions(&self, top: &Table<'_>) {
        let mut faults = BTreeSet::new();
        let tried = match self.paper {
            None => [sample::full(), sample::bare()],
            Some(paper) => [true, false].map(|full| sample::paper(paper, full)),
        };
        for order in tried {
            for block in &self.blocks {
                let shown = match &block.when {
                    Some(when) => self.try_formula(&mut faults, when, &order) != Some(String::new()),
                    None => true,
                };
                if !shown {
                    continue;
                }
                match &block.kind {
                    Kind::Text { text: formula, .. }
                    | Kind::Barcode { data: formula, .. }
                    | Kind::Code2d { data: formula, .. } => {
                        self.try_formula(&mut faults, formula, &order);
                    }
                    Kind::Table(rows) => {
                        let row = sample::row(self.paper);
                        rows.columns.iter().for_each(|column| {
                            self.try_formula(&mut faults, &column.text, &row);
                        });
                        if let Some(more) = &rows.more {
                            self.try_formula(&mut faults, more, &sample::more());
                        }
                    }
                    Kind::Address { .. } | Kind::Rule | Kind::Frame { .. } => {}
                }
            }
        }
        faults.into_iter().for_each(|(line, sentence)| top.fault_at(line, sentence));
    }

    fn try_formula(&self, faults: &mut BTreeSet<(usize, String)>, formula: &Formula, order: &minijinja::Value) -> Option<String> {
        let rendered = self.expressions.render(formula, order).ok();
        if rendered.is_none() {
            faults.insert((formula.line, self.expressions.explain(formula, order)));
        }
        rendered
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
fn length(table: &mut Table<'_>, key: &'static str, range: Option<(f64, f64)>) -> Option<Mm> {
    table.require(&[key]);
    let value = table.number(key)?;
    let (least, most) = range.unwrap_or((0.0, 500.0));
    if value < least || value > most {
        table.fault(key, format!("`{key}` is {value} mm; it must lie between {least} and {most}."));
        return None;
    }
    Some(Mm(value))
}

fn sizes(table: &mut Table<'_>) -> (Option<Mm>, Option<Mm>) {
    let size = length(table, "size", Some((1.0, 60.0)));
    let least = length(table, "least", Some((1.0, 60.0)));
    if size < least {
        table.fault("least", "`least` is larger than `size`.");
    }
    (size, least)
}

fn type_of(table: &mut Table<'_>) -> Option<Type> {
    let (size, least) = sizes(table);
    let lines = table.whole("lines").unwrap_or(1);
    if !(1..=LINES_MAX).contains(&lines) {
        table.fault("lines", format!("`lines` is {lines}; it must lie between 1 and {LINES_MAX}."));
    }
    let bold = table.boolean("bold").unwrap_or(false);
    let align = table.word("align", &ALIGNS).unwrap_or(Align::Start);
    let middle = table.word("vertical", &[("top", false), ("middle", true)]).unwrap_or(false);
    let missing = table.word("missing", &[("refuse", Missing::Refuse), ("replace", Missing::Replace)]);
    let missing = missing.unwrap_or(Missing::Refuse);
    Some(Type { size: size?, least: least?, lines: lines.max(1) as usize, bold, align, middle, missing })
}

/// The least and the greatest X-dimension.
fn range(table: &mut Table<'_>, key: &'static str) -> Option<(Mm, Mm)> {
    table.require(&[key]);
    match table.numbers(key)?.as_slice() {
        &[least, most] if 0.1 <= least && least <= most && most <= 2.0 => Some((Mm(least), Mm(most))),
        _ => {
            table.fault(key, format!("`{key}` is two lengths in mm, the least and the greatest module, from 0.1 to 2."));
            None
        }
    }
}

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
