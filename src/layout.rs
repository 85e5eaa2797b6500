//! Template + waybill or paper + head → the finished [`Label`], or a refusal that names block, need and room.
//!
//! A [`Compositor`] belongs to one template, one resolution and one thread. It turns millimetres into dots once, keeps
//! what every label shares (captions, rules, frames), and remembers texts it set lately, because a wave repeats its
//! senders, carriers and items. The same order always gives the same label, dot for dot. Knows no printer and no language.

mod symbols;
mod table;
mod values;

use crate::content::{Content, ContentRef};
use crate::dots::{Bitmap, Dots, Dpi, Mm, Point, Rect, Size};
use crate::fault::{Code, Fault};
use crate::label::{Label, Mark, Op, Text, TextLine};
use crate::papers::{self, PAGES_MAX, Page, Paper};
use crate::template::{self, Align, Block, Formula, Kind, PartyName, Template, Type};
use crate::text::{self, Fonts, NoSet, Room, Style, Typesetter};
use crate::waybill::{Country, address};
use minijinja::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Texts remembered before all are forgotten.
const REMEMBERED: usize = 1024;

/// Lays out the labels of one template for one head.
pub struct Compositor {
    template: Arc<Template>,
    dpi: Dpi,
    typesetter: Typesetter,
    fixed: Vec<Op>,
    remembered: HashMap<Key, Arc<Set>>,
}

/// What a remembered text depends on.
#[derive(PartialEq, Eq, Hash, Clone)]
struct Key {
    text: String,
    language: Option<&'static str>,
    style: (Dots, Dots, bool, u8, bool),
    room: (Dots, Dots, usize),
}

/// A text that was set, and its picture once it was needed.
struct Set {
    block: text::Block,
    picture: std::sync::OnceLock<Arc<Bitmap>>,
}

/// Whether marks are drawn or only tried for room, or the rows counted that a paper has room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Check,
    Draw,
    Count,
}

/// The label as far as it got.
struct Sheet<'a> {
    aim: Aim,
    content: ContentRef<'a>,
    values: Value,
    ops: Vec<Op>,
    faults: Vec<Fault>,
    /// How many rows of a paper had room.
    rows: Option<usize>,
    /// Where each block ended, for the blocks under it.
    ends: Vec<Option<Dots>>,
}

impl Compositor {
    /// Makes ready for that template; a caption that does not fit its place is a fault of the template and is
    /// reported here.
    pub fn new(template: Arc<Template>, dpi: Dpi, fonts: &Fonts) -> Result<Compositor, Vec<Fault>> {
        let typesetter = Typesetter::new(fonts);
        let mut compositor =
            Compositor { template: template.clone(), dpi, typesetter, fixed: Vec::new(), remembered: HashMap::new() };
        let mut faults = Vec::new();
        for block in template.blocks.iter().filter(|block| is_fixed(block)) {
            let area = compositor.area(block);
            match &block.kind {
                Kind::Text { text, type_ } => match compositor.text(&text.source, None, type_, area.size) {
                    Ok(set) => {
                        let mark = compositor.text_mark(&set, type_, area);
                        compositor.fixed.push(Op { fixed: true, mark });
                    }
                    Err(no) => {
                        let (code, why) = refusal(block, &no);
                        faults.push(Fault::new(code, &block.name, why));
                    }
                },
                Kind::Rule => compositor.fixed.push(Op { fixed: true, mark: Mark::Fill(area) }),
                Kind::Frame { thickness } => {
                    let thickness = dpi.dots(*thickness).max(Dots(1));
                    compositor.fixed.push(Op { fixed: true, mark: Mark::Frame { area, thickness } });
                }
                _ => {}
            }
        }
        if faults.is_empty() { Ok(compositor) } else { Err(faults) }
    }

    /// The media in dots.
    pub fn size(&self) -> Size {
        Size::new(self.dpi.dots(self.template.width), self.dpi.dots(self.template.height))
    }

    /// Everything that would stop this order or paper from printing; draws nothing.
    pub fn check<'a>(&mut self, content: impl Into<ContentRef<'a>>) -> Result<(), Vec<Fault>> {
        self.compose(content.into(), Aim::Check).map(drop)
    }

    /// The finished label, or everything that stops it.
    pub fn lay_out<'a>(&mut self, content: impl Into<ContentRef<'a>>) -> Result<Label, Vec<Fault>> {
        let sheet = self.compose(content.into(), Aim::Draw)?;
        Ok(Label { dpi: self.dpi, size: self.size(), ops: sheet.ops })
    }

    /// The paper cut into labels, each with as many rows as it has room for; every one of them checked.
    pub fn pages(&mut self, paper: &Paper) -> Result<Vec<Paper>, Vec<Fault>> {
        let rows = paper.rows();
        let (mut from, mut cuts) = (0, Vec::new());
        while from < rows || cuts.is_empty() {
            if cuts.len() == PAGES_MAX {
                let said = format!("needs more than {PAGES_MAX} labels for its {rows} rows: make it of fewer.");
                return Err(vec![Fault::new(Code::TooMany, "", said)]);
            }
            let number = cuts.len() + 1;
            // For all we know yet it is the last one.
            let rest = paper.page(Page { number, of: number }, from..rows);
            let room = self.compose(Content::Paper(&rest), Aim::Count)?.rows.unwrap_or(rows - from);
            // The first label may be full of blocks that only it has, such as a long note.
            if room == 0 && from < rows && !cuts.is_empty() {
                let (list, _) = paper.kind().rows().unwrap_or_default();
                let said = format!("row {} is higher than a whole label: shorten it.", from + 1);
                return Err(vec![Fault::new(Code::DoesNotFit, list, said)]);
            }
            let until = from + room;
            cuts.push(from..until);
            from = until;
        }
        let of = cuts.len();
        let pages = (1..).zip(cuts).map(|(number, rows)| paper.page(Page { number, of }, rows));
        let pages: Vec<Paper> = pages.collect();
        pages.iter().try_for_each(|page| self.check(page))?;
        Ok(pages)
    }

    fn compose<'a>(&mut self, content: ContentRef<'a>, aim: Aim) -> Result<Sheet<'a>, Vec<Fault>> {
        let template = self.template.clone();
        let paper = content.paper();
        if template.paper != paper {
            let named = |kind: Option<papers::Kind>| kind.map_or("waybill".to_owned(), papers::Kind::name);
            let said = format!("\"{}\" is made for a {}, not for a {}.", template.name, named(template.paper), named(paper));
            return Err(vec![Fault::new(Code::Template, "template", said)]);
        }
        let ops = if aim == Aim::Draw { self.fixed.clone() } else { Vec::new() };
        let ends = vec![None; template.blocks.len()];
        let mut sheet = Sheet { aim, content, values: values::of(content), ops, faults: Vec::new(), rows: None, ends };
        for at in 0..template.blocks.len() {
            self.place(&mut sheet, &template.blocks, at);
        }
        if sheet.faults.is_empty() { Ok(sheet) } else { Err(sheet.faults) }
    }

    /// Places a block, and before it the one it is under.
    fn place(&mut self, sheet: &mut Sheet, blocks: &[Block], at: usize) {
        if sheet.ends[at].is_some() {
            return;
        }
        let block = &blocks[at];
        let mut area = self.area(block);
        if let Some(above) = block.under {
            self.place(sheet, blocks, above);
            let top = sheet.ends[above].unwrap_or(area.at.y).max(area.at.y);
            area = Rect::new(area.at.x, top, area.size.width, area.bottom() - top);
        }
        let there = block.when.as_ref().is_none_or(|when| sheet.say(&self.template, when).is_some_and(|yes| !yes.is_empty()));
        let end = if !there {
            area.at.y
        } else if is_fixed(block) {
            area.bottom()
        } else {
            self.fill(sheet, block, area).unwrap_or(area.at.y)
        };
        sheet.ends[at] = Some(end);
    }

    /// Puts a block's content into its area; answers where it ended.
    fn fill(&mut self, sheet: &mut Sheet, block: &Block, area: Rect) -> Option<Dots> {
        match &block.kind {
            Kind::Text { text, type_ } => {
                let said = sheet.say(&self.template, text)?;
                let language = language_of(text, sheet.content);
                self.fill_text(sheet, block, &said, language, type_, area, text.field())
            }
            Kind::Address { of, type_ } => {
                let Content::Waybill(waybill) = sheet.content else { return Some(area.at.y) };
                let (party, field) = match of {
                    PartyName::Recipient => (&waybill.recipient, "recipient.lines"),
                    PartyName::Sender => (&waybill.sender, "sender.lines"),
                };
                let said = address::lines_below_name(party, waybill.sender.country).join("\n");
                let language = han_language(party.country);
                self.fill_text(sheet, block, &said, language, type_, area, Some(field.to_owned()))
            }
            Kind::Barcode { data, x_dimension, .. } => {
                let said = sheet.say(&self.template, data)?;
                let mark = symbols::linear(&said, self.module_range(*x_dimension), area);
                sheet.add(block, data.field(), mark).then_some(area.bottom())
            }
            Kind::Code2d { level, data, x_dimension } => {
                let said = sheet.say(&self.template, data)?;
                let mark = symbols::matrix(&said, *level, self.module_range(*x_dimension), area);
                sheet.add(block, data.field(), mark).then_some(area.bottom())
            }
            Kind::Table(rows) => self.fill_table(sheet, block, rows, area),
            Kind::Rule => sheet.add(block, None, Ok(Mark::Fill(area))).then_some(area.bottom()),
            Kind::Frame { thickness } => {
                let thickness = self.dpi.dots(*thickness).max(Dots(1));
                sheet.add(block, None, Ok(Mark::Frame { area, thickness })).then_some(area.bottom())
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call a block kind; a struct would only rename them")]
    fn fill_text(
        &mut self,
        sheet: &mut Sheet,
        block: &Block,
        said: &str,
        language: Option<&'static str>,
        type_: &Type,
        area: Rect,
        field: Option<String>,
    ) -> Option<Dots> {
        if said.trim().is_empty() {
            return Some(area.at.y);
        }
        match self.text(said, language, type_, area.size) {
            Ok(set) => {
                let end = area.at.y + set.block.size.height;
                if sheet.aim == Aim::Draw {
                    let mark = self.text_mark(&set, type_, area);
                    sheet.ops.push(Op { fixed: false, mark });
                }
                Some(end)
            }
            Err(no) => {
                sheet.refuse(block, field, refusal(block, &no));
                None
            }
        }
    }

    /// Sets a text, or finds it set already.
    fn text(&mut self, said: &str, language: Option<&'static str>, type_: &Type, size: Size) -> Result<Arc<Set>, NoSet> {
        let (em, least) = (self.dpi.dots(type_.size), self.dpi.dots(type_.least));
        let replace = type_.missing == template::Missing::Replace;
        let key = Key {
            text: said.to_owned(),
            language,
            style: (em, least, type_.bold, type_.align as u8, replace),
            room: (size.width, size.height, type_.lines),
        };
        if let Some(set) = self.remembered.get(&key) {
            return Ok(set.clone());
        }
        let style = Style {
            size: em,
            least,
            bold: type_.bold,
            align: match type_.align {
                Align::Start => text::Align::Start,
                Align::Center => text::Align::Center,
                Align::End => text::Align::End,
            },
            language,
            missing: if replace { text::Missing::Replace } else { text::Missing::Refuse },
        };
        let room = Room { width: size.width, height: size.height, lines: type_.lines };
        let block = self.typesetter.set(said, &style, &room)?;
        let set = Arc::new(Set { block, picture: std::sync::OnceLock::new() });
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(key, set.clone());
        Ok(set)
    }

    fn picture(&mut self, set: &Set) -> Arc<Bitmap> {
        set.picture.get_or_init(|| Arc::new(self.typesetter.draw(&set.block))).clone()
    }

    fn text_mark(&mut self, set: &Set, type_: &Type, area: Rect) -> Mark {
        let bitmap = self.picture(set);
        let spare = if type_.middle { (area.size.height - bitmap.height()) / 2 } else { Dots(0) };
        let at = Point::new(area.at.x + set.block.x, area.at.y + spare.max(Dots(0)));
        Mark::Text(Text { at, lines: lines(&set.block, at, type_.bold), bitmap })
    }

    fn area(&self, block: &Block) -> Rect {
        let place = block.place;
        let dots = |length: Mm| self.dpi.dots(length);
        let (left, top) = (dots(place.x), dots(place.y));
        let (mut width, mut height) = (dots(Mm(place.x.0 + place.width.0)) - left, dots(Mm(place.y.0 + place.height.0)) - top);
        if matches!(block.kind, Kind::Rule) {
            (width, height) = (width.max(Dots(1)), height.max(Dots(1)));
        }
        Rect::new(left, top, width, height)
    }

    /// The narrowest and widest module in whole dots.
    fn module_range(&self, (least, most): (Mm, Mm)) -> (Dots, Dots) {
        let per_mm = self.dpi.dots_per_mm();
        let least = ((least.0 * per_mm - 1e-6).ceil() as i32).max(symbols::MODULE_LEAST.0);
        (Dots(least), Dots(((most.0 * per_mm + 1e-6).floor() as i32).max(least)))
    }
}

impl Sheet<'_> {
    /// What the expression says of this order.
    fn say(&mut self, template: &Template, formula: &Formula) -> Option<String> {
        match template.expressions.render(formula, &self.values) {
            Ok(said) => Some(said),
            Err(_) => {
                let why = template.expressions.explain(formula, &self.values);
                self.faults.push(Fault::new(Code::Template, formula.field().unwrap_or_default(), why));
                None
            }
        }
    }

    /// Puts a mark on the label, or notes why it cannot be there.
    fn add(&mut self, block: &Block, field: Option<String>, mark: Result<Mark, (Code, String)>) -> bool {
        match mark {
            Ok(mark) if self.aim == Aim::Draw => self.ops.push(Op { fixed: false, mark }),
            Ok(_) => {}
            Err((code, why)) => {
                self.refuse(block, field, (code, format!("block \"{}\" {why}", block.name)));
                return false;
            }
        }
        true
    }

    fn refuse(&mut self, block: &Block, field: Option<String>, (code, sentence): (Code, String)) {
        self.faults.push(Fault::new(code, field.unwrap_or_else(|| block.name.clone()), sentence));
    }
}

/// Whether the block looks the same on every label.
fn is_fixed(block: &Block) -> bool {
    block.when.is_none()
        && block.under.is_none()
        && match &block.kind {
            Kind::Text { text, .. } => text.is_fixed(),
            Kind::Rule | Kind::Frame { .. } => true,
            _ => false,
        }
}

/// The text of a block line by line, with the place of each on the label.
fn lines(block: &text::Block, at: Point, bold: bool) -> Vec<TextLine> {
    let line = |line: &text::Line| TextLine {
        text: line.text.clone(),
        baseline: Point::new(at.x + line.x, at.y + line.baseline),
        width: line.width,
        size: block.em,
        bold,
    };
    block.lines.iter().map(line).collect()
}

/// Why a text does not fit its block, as a sentence for the sender of the order.
fn refusal(block: &Block, no: &NoSet) -> (Code, String) {
    match no {
        NoSet::NoGlyph { .. } => (Code::NoGlyph, format!("{no}.")),
        NoSet::TooLong { .. } => (Code::DoesNotFit, format!("block \"{}\" {no}.", block.name)),
    }
}

/// The Han forms a text wants: those of the party it speaks of, or of a paper's readers.
fn language_of(text: &Formula, content: ContentRef<'_>) -> Option<&'static str> {
    let waybill = match content {
        Content::Waybill(waybill) => waybill,
        Content::Paper(paper) => return Country::of(&paper.country).and_then(han_language),
    };
    let field = text.field()?;
    let party = match field.split('.').next()? {
        "sender" => &waybill.sender,
        _ => &waybill.recipient,
    };
    han_language(party.country)
}

fn han_language(country: Country) -> Option<&'static str> {
    match country.code() {
        "JP" => Some("ja"),
        "KR" => Some("ko"),
        "TW" | "HK" | "MO" => Some("zh-Hant"),
        "CN" | "SG" | "MY" => Some("zh-Hans"),
        _ => None,
    }
}
