//! An export as labels: a file and a map go in; labels in our JSON shape come out, or every fault by row and column.
//!
//! A file is JSON lines, a text file with delimiters or an Excel workbook; a map is one that was given or, for a
//! table, the shipped one that knows most of its columns. What is found wrong later, when a label is checked and laid
//! out, is led back to the cells it was made from ([`Origins::told`]). Opens no file, and takes nothing.

pub mod field_map;
pub mod sheet;

use crate::fault::{Code, Fault, hint};
use crate::import::field_map::tables::{Drawn, Labels};
use crate::import::field_map::view::Place;
use crate::import::field_map::{FieldMap, LeftOut, Mapped};
use crate::import::sheet::{Kind, Sheet, SheetError, Wanted};
use crate::waybill::json::{self, Node};
use crate::waybill::{Senders, Waybill};
use std::collections::HashMap;

/// The maps that come with waybilld, by name.
pub const MAPS: [(&str, &str); 3] = [
    ("tiktok-shop", include_str!("../templates/maps/tiktok-shop.toml")),
    ("tiktok-shop-export", include_str!("../templates/maps/tiktok-shop-export.toml")),
    ("generic", include_str!("../templates/maps/generic.toml")),
];

/// A map with its name.
pub struct Map {
    pub name: String,
    pub map: FieldMap,
}

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Import {
    /// The name of the map that was used.
    pub map: Option<String>,
    /// How the file was written, in a word or two.
    pub written: &'static str,
    pub labels: Vec<Node>,
    /// What the map makes no labels of.
    pub left_out: Vec<LeftOut>,
    /// Where the labels of a table come from.
    pub origins: Option<Origins>,
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

    /// The shipped map that knows most of that table's columns.
    fn for_sheet(sheet: &Sheet) -> Option<Map> {
        let maps = MAPS.iter().filter_map(|(name, _)| Map::shipped(name).ok());
        let fitting = maps.filter_map(|map| Some((map.map.fits(sheet)?, map)));
        fitting.max_by_key(|(columns, _)| *columns).map(|(_, map)| map)
    }
}

/// Reads a file of foreign orders.
pub fn read(bytes: &[u8], map: Option<Map>) -> Result<Import, Vec<Fault>> {
    match (Kind::of(bytes), map) {
        _ if bytes.trim_ascii().is_empty() => Err(vec![Fault::new(Code::Missing, "", "there is no order in it.")]),
        (Kind::Json, Some(map)) if map.map.is_for_tables() => {
            Err(vec![Fault::new(Code::Unreadable, "", format!("is JSON, and the map {} is for tables.", map.name))])
        }
        (Kind::Json, Some(map)) => read_records(bytes, &map),
        (Kind::Json, None) => Err(vec![Fault::new(Code::Missing, "", "is JSON: name the map that makes labels of it.")]),
        (_, map) => read_table(bytes, map),
    }
}

fn read_records(bytes: &[u8], map: &Map) -> Result<Import, Vec<Fault>> {
    let mut import = Import { map: Some(map.name.clone()), written: "JSON", ..Import::default() };
    let mut faults = Vec::new();
    for (line, record) in &json::parse_lines(bytes)? {
        match map.map.apply(*line, record) {
            Ok(Mapped::Label(label)) => import.labels.push(label),
            Ok(Mapped::LeftOut(left_out)) => import.left_out.push(left_out),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(import) } else { Err(faults) }
}

fn read_table(bytes: &[u8], map: Option<Map>) -> Result<Import, Vec<Fault>> {
    let whole = |sentence: String| vec![Fault::new(Code::Unreadable, "", sentence)];
    let unread = |error: SheetError| whole(error.to_string());
    let (map, sheet) = match map {
        Some(map) => {
            let sheet = Sheet::read(bytes, &map.map.wanted()).map_err(unread)?;
            (map, sheet)
        }
        None => {
            let sheet = Sheet::read(bytes, &Wanted::default()).map_err(unread)?;
            let unknown = "no shipped map knows its columns: name them as samples/orders.csv does, or give a map of your own.";
            let map = Map::for_sheet(&sheet).ok_or_else(|| whole(unknown.to_owned()))?;
            (map, sheet)
        }
    };
    let written = sheet.written;
    let missing = |faults: Vec<String>| faults.into_iter().map(|fault| Fault::new(Code::Unmapped, "", fault)).collect::<Vec<_>>();
    let Labels { drawn, left_out } = map.map.apply_to_sheet(sheet).map_err(missing)?;
    let sound = drawn.iter().all(|drawn| drawn.faults.is_empty());
    if !sound {
        return Err(drawn.iter().flat_map(faults_of).collect());
    }
    let by_id = drawn.iter().enumerate().rev().filter_map(|(at, drawn)| Some((id_of(&drawn.label)?.to_owned(), at))).collect();
    let (labels, origins) = drawn.into_iter().map(|Drawn { label, place, places, .. }| (label, Origin { place, places })).unzip();
    Ok(Import { map: Some(map.name), written, labels, left_out, origins: Some(Origins { labels: origins, by_id }) })
}

/// Everything wrong with a label, as far as it can be told without a printer: a person mends a file once.
fn faults_of(drawn: &Drawn) -> Vec<Fault> {
    let told = |fault: &Fault, place: &Place| Fault {
        code: fault.code,
        label: id_of(&drawn.label).map(str::to_owned),
        field: fault.field.clone(),
        message: format!("{place}: {}", fault.message),
    };
    let mut faults: Vec<Fault> = drawn.faults.iter().map(|(fault, place)| told(fault, place)).collect();
    let Err(more) = Waybill::parse(&drawn.label, &Senders::default()) else { return faults };
    let origin = Origin { place: drawn.place.clone(), places: drawn.places.clone() };
    for fault in more.iter().filter(|fault| !fault.field.starts_with("sender")) {
        // A field that the map could not make is not missing as well.
        let known =
            drawn.faults.iter().any(|(known, _)| covers(&known.field, &fault.field) || covers(&fault.field, &known.field));
        let place = origin.place_of(&fault.field).unwrap_or(&origin.place);
        if !known && drawn.faults.iter().all(|(_, wrong)| wrong.columns.is_empty() || wrong != place) {
            faults.push(told(fault, place));
        }
    }
    faults
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
