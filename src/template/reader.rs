//! Reads the blocks of a design from its file and checks them against each other, every fault by its line.

use super::expression::{Expressions, Formula};
use super::sample;
use super::{Align, Block, Column, Kind, Level, Missing, PartyName, Place, Rows, Symbology, Type};
use crate::dots::Mm;
use crate::papers;
use crate::toml_file::Table;
use std::collections::BTreeSet;

const ALIGNS: [(&str, Align); 3] = [("start", Align::Start), ("center", Align::Center), ("end", Align::End)];
const LINES_MAX: i64 = 40;

/// Reads the kind of one block from its table.
pub(super) type ReadKind = fn(&mut Reader, &mut Table<'_>, &str) -> Option<Kind>;

/// What has been read so far.
pub(super) struct Reader {
    pub(super) expressions: Expressions,
    pub(super) blocks: Vec<Block>,
    /// Block, line and the name of the block it goes under.
    unders: Vec<(usize, usize, String)>,
    paper: Option<papers::Kind>,
}

/// What a waybill has rows of.
const ITEMS: papers::RowNames = ("items", "item");

impl Reader {
    pub(super) const KINDS: [(&'static str, ReadKind); 7] = [
        ("text", Reader::text),
        ("address", Reader::address),
        ("barcode", Reader::barcode),
        ("code2d", Reader::code2d),
        ("table", Reader::table),
        ("rule", |_, _, _| Some(Kind::Rule)),
        ("box", Reader::frame),
    ];

    /// Begins a design: a label's, or that of a paper.
    pub(super) fn new(paper: Option<papers::Kind>) -> Reader {
        Reader { expressions: Expressions::default(), blocks: Vec::new(), unders: Vec::new(), paper }
    }

    pub(super) fn block(&mut self, kind: &'static str, table: &mut Table<'_>, read: ReadKind) {
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
    pub(super) fn resolve_unders(&mut self, top: &Table<'_>) {
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
    pub(super) fn check_places(&self, top: &Table<'_>, width: Mm, height: Mm) {
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
    pub(super) fn check_expressions(&self, top: &Table<'_>) {
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

pub(super) fn length(table: &mut Table<'_>, key: &'static str, range: Option<(f64, f64)>) -> Option<Mm> {
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
