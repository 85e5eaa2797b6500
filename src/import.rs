//! An export as labels: a file and a map go in; out comes what becomes of each order in it.
//!
//! A file is JSON lines, a text file with delimiters, an Excel workbook or a table of a web page; a map is one that was given or,
//! for a table, the shipped one that knows most of its columns. An order is taken, asked about, left out or refused ([`ends`]), each
//! with its rows and columns; nothing that is only guessed is taken. [`Import::settle`] gives the labels once the questions are
//! answered. What is found wrong later, when a label is checked and laid out, is led back to the cells it was made from
//! ([`Origins::told`]). Opens no file, looks at no clock, and takes nothing.

pub mod amount;
pub mod damage;
pub mod ends;
pub mod field_map;
mod headers;
pub mod place;
pub mod preview;
mod review;
pub mod sheet;
pub mod words;

use crate::fault::{Code, Fault, hint};
use crate::import::ends::{Answers, Ask, AskKind, RefuseKind, Refused, Remark};
use crate::import::field_map::tables::{Drawn, Labels};
use crate::import::field_map::view::Grid;
use crate::import::field_map::{FieldMap, LeftOut, Mapped};
use crate::import::place::Place;
use crate::import::review::Review;
use crate::import::sheet::{Kind, Sheet, SheetError};
use crate::waybill::json::{self, Node};
use crate::waybill::{Senders, Waybill};
use encoding_rs::Encoding;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The maps that come with waybilld, by name.
pub const MAPS: [(&str, &str); 11] = [
    ("tiktok-shop", include_str!("../templates/maps/tiktok-shop.toml")),
    ("tiktok-shop-export", include_str!("../templates/maps/tiktok-shop-export.toml")),
    ("shopee", include_str!("../templates/maps/shopee.toml")),
    ("lazada", include_str!("../templates/maps/lazada.toml")),
    ("shopify", include_str!("../templates/maps/shopify.toml")),
    ("woocommerce", include_str!("../templates/maps/woocommerce.toml")),
    ("amazon", include_str!("../templates/maps/amazon.toml")),
    ("ebay", include_str!("../templates/maps/ebay.toml")),
    ("dianxiaomi", include_str!("../templates/maps/dianxiaomi.toml")),
    ("mabang", include_str!("../templates/maps/mabang.toml")),
    ("generic", include_str!("../templates/maps/generic.toml")),
];

/// A map with its name.
pub struct Map {
    pub name: String,
    pub map: FieldMap,
}

/// How a file is to be read.
#[derive(Default)]
pub struct Options {
    /// For a table found out by its columns otherwise.
    pub map: Option<Map>,
    /// Of a text file; found out otherwise.
    pub encoding: Option<&'static Encoding>,
    /// Of a workbook; otherwise the one that is open, if it holds orders.
    pub sheet: Option<String>,
    /// By it a deadline is over, and a day that can be read in two ways is plausible or not.
    pub now: Timestamp,
}

/// What a file came to.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// The name of the map that was used.
    pub map: Option<String>,
    /// How the file was written, in a word or two.
    pub written: String,
    /// The sheet it was read from, of a workbook.
    pub sheet: Option<String>,
    /// Questions about the whole file.
    pub asks: Vec<Ask>,
    /// What may become labels, in the order of the file.
    pub entries: Vec<Entry>,
    /// What no labels are made of.
    pub left_out: Vec<LeftOut>,
    /// The rows of a table, for a file of those that are to be mended.
    grid: Option<Arc<Grid>>,
}

/// One label of the file, as it would print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub label: Node,
    /// What messages call it by.
    pub order: String,
    /// The rows or lines it is made of, as the file counts them.
    pub rows: Vec<usize>,
    /// What its status says, where it has one.
    pub status: Option<String>,
    pub refused: Vec<Refused>,
    pub asks: Vec<Ask>,
    pub remarks: Vec<Remark>,
    /// Where it comes from, in a table.
    origin: Option<Origin>,
}

/// The labels that are taken once the questions are answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    pub labels: Vec<Node>,
    /// Where the labels of a table come from.
    pub origins: Option<Origins>,
    /// Places in [`Import::entries`] of those that are not taken.
    pub kept_back: Vec<usize>,
    /// A tracking number may stand under two labels: a person said so.
    pub reuse_tracking: bool,
}

/// Where labels come from, in a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    labels: Vec<Origin>,
    by_id: HashMap<String, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    place: Place,
    places: Vec<(String, Place)>,
}

impl Map {
    /// The shipped map of that name, or a hint at which there are.
    pub fn shipped(name: &str) -> Result<Map, String> {
        let Some((_, text)) = MAPS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = MAPS.iter().map(|(name, _)| *name).collect();
            return Err(hint(name, &names));
        };
        Ok(Map { name: name.to_owned(), map: FieldMap::parse(text, name).expect("a test reads every shipped map") })
    }
}

/// Reads a file of foreign orders; what is wrong with the whole of it is told instead.
pub fn read(bytes: &[u8], options: Options) -> Result<Import, Vec<Fault>> {
    match (Kind::of(bytes), &options.map) {
        _ if bytes.trim_ascii().is_empty() => Err(vec![Fault::new(Code::Missing, "", "there is no order in it.")]),
        (Kind::Json, Some(map)) if map.map.is_for_tables() => {
            Err(vec![Fault::new(Code::Unreadable, "", format!("is JSON, and the map {} is for tables.", map.name))])
        }
        (Kind::Json, Some(map)) => read_records(bytes, map),
        (Kind::Json, None) => Err(vec![Fault::new(Code::Missing, "", "is JSON: name the map that makes labels of it.")]),
        _ => read_table(bytes, options),
    }
}

fn read_records(bytes: &[u8], map: &Map) -> Result<Import, Vec<Fault>> {
    let mut import = Import { map: Some(map.name.clone()), written: "JSON".to_owned(), ..Import::default() };
    for (line, record) in &json::parse_lines(bytes)? {
        let mut entry = |label: Node, faults: Vec<Fault>| {
            let refused = faults.into_iter().map(|fault| Refused { kind: RefuseKind::Field, place: Place::default(), fault });
            let order = review::text_of(&label, "order").map_or_else(|| format!("of line {line}"), str::to_owned);
            import.entries.push(Entry {
                label,
                order,
                rows: vec![*line],
                status: None,
                refused: refused.collect(),
                asks: Vec::new(),
                remarks: Vec::new(),
                origin: None,
            });
        };
        match map.map.apply(*line, record) {
            Ok(Mapped::Label(label)) => entry(label, Vec::new()),
            Ok(Mapped::LeftOut(left_out)) => import.left_out.push(left_out),
            Err(faults) => entry(Node::Null, faults),
        }
    }
    Ok(import)
}

fn whole(sentence: impl Into<String>) -> Vec<Fault> {
    vec![Fault::new(Code::Unreadable, "", sentence)]
}

fn read_table(bytes: &[u8], options: Options) -> Result<Import, Vec<Fault>> {
    let Options { map, encoding, sheet, now } = options;
    let mut wanted = map.as_ref().map(|map| map.map.wanted()).unwrap_or_default();
    wanted.encoding = encoding.or(wanted.encoding);
    wanted.sheet = sheet.as_deref().or(wanted.sheet);
    let sheets = Sheet::read_all(bytes, &wanted).map_err(|error: SheetError| whole(error.to_string()))?;
    let (sheet, map, mut asks) = choose(sheets, map)?;
    let mut import =
        Import { map: Some(map.name.clone()), written: sheet.written.clone(), sheet: sheet.name.clone(), ..Import::default() };
    if let Some(doubt) = &sheet.doubt {
        let lines = |name: &str, lines: &[String]| lines.iter().map(|line| format!("\n  {name}: {line}")).collect::<String>();
        let sentence = format!(
            "its encoding is not certain. It is read as {}; name the right one with --encoding if these lines are wrong.{}{}",
            doubt.taken,
            lines(doubt.taken, &doubt.as_taken),
            lines(doubt.other, &doubt.as_other),
        );
        asks.push(Ask { kind: AskKind::Encoding, place: None, field: String::new(), sentence, would_print: None });
    }
    import.asks = asks;
    let missing = |faults: Vec<String>| faults.into_iter().map(|fault| Fault::new(Code::Unmapped, "", fault)).collect::<Vec<_>>();
    let Labels { mut drawn, left_out, grid } = map.map.apply_to_sheet(sheet).map_err(missing)?;
    if let Some(grid) = &grid {
        let mut review = Review::new(grid, map.map.times(), now);
        drawn.iter_mut().for_each(|drawn| review.look(drawn));
        review::between(&mut drawn);
    }
    import.left_out = left_out;
    import.grid = grid;
    import.entries = drawn.into_iter().map(entry_of).collect();
    Ok(import)
}

/// The sheet that holds the orders and the map for it, and what is asked about the choice.
fn choose(sheets: Vec<Sheet>, told: Option<Map>) -> Result<(Sheet, Map, Vec<Ask>), Vec<Fault>> {
    let is_only = sheets.len() == 1;
    let open = sheets.iter().find(|sheet| sheet.is_open).and_then(|sheet| sheet.name.clone());
    if let Some(map) = told.as_ref().filter(|map| is_only || !map.map.is_for_tables()) {
        let map = Map { name: map.name.clone(), map: told.map(|map| map.map).ok_or_else(|| whole("there is no map."))? };
        let sheet = sheets.into_iter().next().ok_or_else(|| whole("there is no sheet in it."))?;
        return Ok((sheet, map, Vec::new()));
    }
    let shipped = told.is_none();
    let maps: Vec<Map> = match told {
        Some(map) => vec![map],
        None => MAPS.iter().filter_map(|(name, _)| Map::shipped(name).ok()).collect(),
    };
    let fit = |sheet: &Sheet| {
        let fitting = maps.iter().enumerate().filter_map(|(at, map)| Some((map.map.fits(sheet)?, at)));
        fitting.max_by_key(|(columns, at)| (*columns, std::cmp::Reverse(*at))).map(|(_, at)| at)
    };
    let mut fitting: Vec<(usize, usize)> = sheets.iter().enumerate().filter_map(|(at, sheet)| Some((at, fit(sheet)?))).collect();
    // A sheet with nothing below its header is a form.
    if fitting.iter().any(|(at, _)| sheets[*at].rows.len() > 1) {
        fitting.retain(|(at, _)| sheets[*at].rows.len() > 1);
    }
    let chosen = fitting.iter().find(|(at, _)| sheets[*at].is_open).or(fitting.first()).copied();
    let Some((at, map)) = chosen else {
        let looked_at = sheets.iter().find(|sheet| sheet.is_open).or(sheets.first());
        return Err(match looked_at {
            Some(sheet) if !shipped => {
                maps[0].map.apply_to_sheet(sheet.clone()).err().unwrap_or_default().into_iter().flat_map(whole).collect()
            }
            Some(sheet) => whole(unknown(sheet, &maps)),
            None => whole("there is no sheet in it."),
        });
    };
    let mut asks = Vec::new();
    let name = |at: usize| sheets[at].name.clone().unwrap_or_default();
    let others: Vec<String> =
        fitting.iter().filter(|(other, _)| *other != at).map(|(other, _)| format!("\"{}\"", name(*other))).collect();
    let mut ask = |sentence: String| {
        asks.push(Ask { kind: AskKind::Sheet, place: None, field: String::new(), sentence, would_print: None })
    };
    if !others.is_empty() {
        ask(format!(
            "several sheets hold orders. \"{}\" is read, {} not: name another with --sheet.",
            name(at),
            others.join(" and ")
        ));
    } else if let Some(open) = open.filter(|_| !sheets[at].is_open) {
        ask(format!("the orders are read from the sheet \"{}\", and the one that is open is \"{open}\".", name(at)));
    }
    let mut maps = maps;
    let mut sheets = sheets;
    Ok((sheets.swap_remove(at), maps.swap_remove(map), asks))
}

/// What a table nobody knows looks like, and what it lacks for that.
fn unknown(sheet: &Sheet, maps: &[Map]) -> String {
    const COLUMNS_TOLD: usize = 40;
    let nearest = maps.iter().filter_map(|map| Some((map.map.nearly_fits(sheet)?, map)));
    let nearest = nearest.max_by_key(|((known, _), _)| *known).filter(|((known, _), _)| *known >= 3);
    let header = sheet.rows.iter().take(20).max_by_key(|row| row.cells.len());
    let columns = header.map(|row| (0..row.cells.len()).map(|at| row.text(at)).filter(|text| !text.is_empty()));
    let columns: Vec<String> = columns.into_iter().flatten().take(COLUMNS_TOLD).map(|text| format!("\"{text}\"")).collect();
    let found = if columns.is_empty() { String::new() } else { format!(" Its columns are {}.", columns.join(", ")) };
    match nearest {
        Some(((_, lacking), map)) => {
            let title = map.map.title().map_or_else(|| format!("the map {}", map.name), |title| format!("an export of {title}"));
            let lacking: Vec<String> = lacking.iter().map(|header| format!("\"{header}\"")).collect();
            format!("no shipped map knows its columns: it looks like {title}, but it lacks {}.{found}", lacking.join(", "))
        }
        None => format!(
            "no shipped map knows its columns: name them as samples/orders.csv does, or give a map of your own with --map.{found}"
        ),
    }
}

/// A drawn label with everything that is wrong with it, as far as it can be told without a printer: a person mends a file once.
fn entry_of(drawn: Drawn) -> Entry {
    let Drawn { label, order, place, places, rows, status, mut refused, asks, remarks } = drawn;
    let origin = Origin { place, places };
    if let Err(more) = Waybill::parse(&label, &Senders::default()) {
        let known_before = refused.len();
        for fault in more.into_iter().filter(|fault| !fault.field.starts_with("sender")) {
            let known = &refused[..known_before];
            // A field that the map could not make is not missing as well.
            let is_told =
                |refused: &Refused| covers(&refused.fault.field, &fault.field) || covers(&fault.field, &refused.fault.field);
            let place = origin.place_of(&fault.field).unwrap_or(&origin.place).clone();
            let of_cell = |refused: &Refused| !refused.place.columns.is_empty() && refused.place == place;
            if !known.iter().any(|refused| !refused.fault.field.is_empty() && is_told(refused) || of_cell(refused)) {
                refused.push(Refused { kind: RefuseKind::Field, place, fault });
            }
        }
    }
    Entry { label, order, rows, status, refused, asks, remarks, origin: Some(origin) }
}

impl Entry {
    pub fn id(&self) -> Option<&str> {
        id_of(&self.label)
    }

    /// The questions that are not answered with yes.
    pub fn open<'a>(&'a self, answers: &'a Answers) -> impl Iterator<Item = &'a Ask> {
        self.asks.iter().filter(|ask| !answers.allow(ask))
    }

    /// Why it cannot be printed and what is asked, each led by its row and columns.
    pub fn faults(&self, answers: &Answers) -> Vec<Fault> {
        let id = self.id();
        let refused = self.refused.iter().map(|refused| {
            let message = match self.origin {
                Some(_) => format!("{}: {}", refused.place, refused.fault.message),
                None => refused.fault.message.clone(),
            };
            Fault { label: id.map(str::to_owned), message, ..refused.fault.clone() }
        });
        let asked = self.open(answers).map(|ask| {
            let Fault { message, .. } = ask.to_fault(id);
            Fault { message: format!("{message} [{}]", ask.kind), ..ask.to_fault(id) }
        });
        refused.chain(asked).collect()
    }
}

impl Import {
    /// The questions about the whole file that are not answered with yes.
    pub fn open<'a>(&'a self, answers: &'a Answers) -> impl Iterator<Item = &'a Ask> {
        self.asks.iter().filter(|ask| !answers.allow(ask))
    }

    /// Every refusal and every open question.
    pub fn faults(&self, answers: &Answers) -> Vec<Fault> {
        let of_file = self.open(answers).map(|ask| Fault::new(Code::Uncertain, "", format!("{ask} [{}]", ask.kind)));
        of_file.chain(self.entries.iter().flat_map(|entry| entry.faults(answers))).collect()
    }

    /// The rows of a table that are not taken, as a file to mend: the same columns, and one that says why.
    pub fn to_mend(&self, settled: &Settled, answers: &Answers) -> Option<String> {
        let grid = self.grid.as_ref()?;
        let mut rows: BTreeSet<(usize, usize)> = BTreeSet::new();
        for at in &settled.kept_back {
            rows.extend(self.entries[*at].rows.iter().map(|row| (*row, *at)));
        }
        let quoted = |text: &str| match text {
            // What a spreadsheet would take for a number and shorten.
            text if text.len() > 1
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.starts_with('0') || text.len() > 11) =>
            {
                format!("\"=\"\"{text}\"\"\"")
            }
            text => format!("\"{}\"", text.replace('"', "\"\"")),
        };
        let header = grid.headers.iter().map(String::as_str).chain(["why it was not taken"]).map(quoted);
        let mut lines = vec![header.collect::<Vec<_>>().join(",")];
        for (number, at) in rows {
            let Some(row) = grid.rows.iter().find(|row| row.number == number) else { continue };
            let why: Vec<String> = self.entries[at].faults(answers).into_iter().map(|fault| fault.message).collect();
            let cells = (0..grid.headers.len()).map(|at| quoted(row.text(at)));
            lines.push(cells.chain([quoted(&why.join("; "))]).collect::<Vec<_>>().join(","));
        }
        (lines.len() > 1).then(|| format!("\u{feff}{}\r\n", lines.join("\r\n")))
    }

    /// The labels that are taken: all of them, or nothing and every refusal and open question. With `only_good` those that
    /// are neither refused nor asked about; a question about the whole file is one about every label.
    pub fn settle(&self, answers: &Answers, only_good: bool) -> Result<Settled, Vec<Fault>> {
        let faults = self.faults(answers);
        if !faults.is_empty() && (!only_good || self.open(answers).next().is_some()) {
            return Err(faults);
        }
        let mut settled = Settled::default();
        let mut origins = Origins::default();
        for (at, entry) in self.entries.iter().enumerate() {
            if !entry.refused.is_empty() || entry.open(answers).next().is_some() {
                settled.kept_back.push(at);
                continue;
            }
            settled.reuse_tracking |= entry.asks.iter().any(|ask| ask.kind == AskKind::TrackingTwice);
            if let (Some(origin), place) = (&entry.origin, settled.labels.len()) {
                origins.labels.push(origin.clone());
                if let Some(id) = entry.id() {
                    origins.by_id.entry(id.to_owned()).or_insert(place);
                }
            }
            settled.labels.push(entry.label.clone());
        }
        settled.origins = (!origins.labels.is_empty()).then_some(origins);
        Ok(settled)
    }
}

fn id_of(label: &Node) -> Option<&str> {
    label.get("id").and_then(Node::as_text).map(str::trim)
}

/// Whether a field is that one or lies in it: `recipient.lines[0]` in `recipient.lines`.
fn covers(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Origin {
    fn place_of(&self, field: &str) -> Option<&Place> {
        let inside = self.places.iter().filter(|(path, _)| covers(path, field));
        inside.max_by_key(|(path, _)| path.len()).map(|(_, place)| place)
    }
}

impl Origins {
    /// Keeps the origins for which it says so, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut() -> bool) {
        let mut places: Vec<Option<usize>> = Vec::with_capacity(self.labels.len());
        let mut kept = 0;
        self.labels.retain(|_| {
            let stays = keep();
            places.push(stays.then_some(kept));
            kept += usize::from(stays);
            stays
        });
        self.by_id.retain(|_, at| match places.get(*at).copied().flatten() {
            Some(place) => {
                *at = place;
                true
            }
            None => false,
        });
    }

    /// The same faults, each message led by its row and columns. `first` is where the job's labels begin among those of
    /// the file. What is no cell's fault, such as a sender that is missing, is told once for all labels.
    pub fn told(&self, faults: impl IntoIterator<Item = Fault>, first: usize) -> Vec<Fault> {
        let mut told: Vec<(Fault, usize)> = Vec::new();
        for fault in faults {
            let (at, field) = match (&fault.label, unnumbered(&fault.field)) {
                (Some(id), _) => (self.by_id.get(id).copied(), fault.field.as_str()),
                (None, Some((number, field))) => (Some(first + number), field),
                (None, None) => (None, fault.field.as_str()),
            };
            let origin = at.and_then(|at| self.labels.get(at));
            let place = origin.and_then(|origin| origin.place_of(field));
            let message = match (place, field) {
                (Some(place), _) => format!("{place}: {}", fault.message),
                (None, "") => fault.message.clone(),
                (None, field) => format!("{field}: {}", fault.message),
            };
            let same = told.iter_mut().find(|(known, _)| place.is_none() && origin.is_some() && known.message == message);
            match same {
                Some((_, count)) => *count += 1,
                None => told.push((Fault { field: field.to_owned(), message, ..fault.clone() }, 1)),
            }
        }
        let counted = told.into_iter().map(|(fault, count)| match count {
            1 => fault,
            count => Fault { label: None, message: format!("{} ({count} labels)", fault.message), ..fault },
        });
        counted.collect()
    }
}

/// `labels[3].recipient` is `recipient` of label 3.
fn unnumbered(field: &str) -> Option<(usize, &str)> {
    let (number, rest) = field.strip_prefix("labels[")?.split_once(']')?;
    Some((number.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}

#[cfg(test)]
mod tests;
