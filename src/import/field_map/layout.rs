//! Where a map finds its way in a table: its sheet, its header, its columns.
//!
//! What a map says of it is read here ([`super::tables`] is the manual); a table's header is found by the columns it has.

use super::expression;
use super::times::{self, Times};
use super::view::normal;
use crate::fault::nearest;
use crate::import::sheet::{Row, Sheet, letters};
use crate::import::words::Vocabulary;
use crate::toml_file::Table;
use encoding_rs::Encoding;
use jiff::tz::Offset;
use minijinja::{Environment, Value};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Rows in which a header is looked for: titles and notes stand above it.
pub(super) const HEADER_ROWS: usize = 20;

/// How a table is made.
pub(super) struct Layout {
    pub(super) sheet: Option<String>,
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) header: Option<usize>,
    pub(super) skip: usize,
    pub(super) described: Option<String>,
    pub(super) group: Option<String>,
    /// Columns whose blank cells say what the row above says, where both rows are of one order.
    pub(super) fill_down: Vec<String>,
    pub(super) columns: Vec<Column>,
    /// Columns by their name in the map, and what their words are about.
    pub(super) words: Vec<(String, Vocabulary)>,
    pub(super) times: Times,
}

pub(super) struct Column {
    pub(super) alias: String,
    pub(super) headers: Vec<String>,
    required: bool,
}

/// Where a map finds its columns in a table.
pub(super) struct Found {
    /// The row of the header, as the spreadsheet counts it.
    pub(super) header: usize,
    pub(super) aliases: BTreeMap<String, Option<usize>>,
    pub(super) headers: Vec<String>,
}

impl Layout {
    /// Reads `[sheet]`, `[columns]` and `[optional]`, if the map is for tables.
    pub(super) fn read(top: &mut Table<'_>, environment: &mut Environment<'_>) -> Option<Layout> {
        if !["sheet", "columns", "optional"].iter().any(|key| top.has(key)) {
            return None;
        }
        let mut columns = Vec::new();
        for (key, required) in [("columns", true), ("optional", false)] {
            if !top.has(key) {
                continue;
            }
            for (alias, headers) in top.named_texts(key) {
                if ["row", "rows", "item"].contains(&alias) {
                    top.fault(key, format!("`{alias}` has a meaning of its own: call the column otherwise."));
                }
                let headers = headers.into_iter().map(str::to_owned).collect();
                columns.push(Column { alias: alias.to_owned(), headers, required });
            }
        }
        if columns.is_empty() {
            top.fault("sheet", "`[columns]` is missing: say which column is what.");
        }
        let times = Times { zone: Offset::UTC, formats: Vec::new() };
        let mut layout = Layout {
            sheet: None,
            encoding: None,
            header: None,
            skip: 0,
            described: None,
            group: None,
            fill_down: Vec::new(),
            columns,
            words: Vec::new(),
            times,
        };
        let mut rules = None;
        if let Some(mut table) = top.table("sheet") {
            layout.sheet = table.text("name").map(str::to_owned);
            if let Some(name) = table.text("encoding") {
                layout.encoding = Encoding::for_label(name.as_bytes());
                if layout.encoding.is_none() {
                    table.fault("encoding", format!("no encoding \"{name}\". Known are those of the web, such as windows-874."));
                }
            }
            for key in ["header", "skip"] {
                match table.whole(key).map(usize::try_from) {
                    Some(Ok(given)) if given >= 1 && key == "header" => layout.header = Some(given),
                    Some(Ok(given)) if key == "skip" => layout.skip = given,
                    Some(_) => table.fault(key, format!("`{key}` is a number of rows.")),
                    None => {}
                }
            }
            if let Some(text) = table.text("zone") {
                match times::zone(text) {
                    Some(offset) => layout.times.zone = offset,
                    None => table.fault("zone", "`zone` is an offset such as \"+08:00\"."),
                }
            }
            layout.fill_down = table.texts("fill_down").unwrap_or_default().into_iter().map(str::to_owned).collect();
            if let Some(unknown) =
                layout.fill_down.iter().find(|alias| layout.columns.iter().all(|column| column.alias != **alias))
            {
                table.fault("fill_down", format!("no column is called `{unknown}`."));
            }
            layout.times.formats = table.texts("times").unwrap_or_default().into_iter().map(str::to_owned).collect();
            if !layout.times.formats.is_empty() {
                table.require(&["zone"]);
            }
            rules = Some(table);
        }
        layout.words = read_words(top, &layout.columns);
        let times = layout.times.clone();
        environment.add_filter("time", move |value: &Value| times.read(value));
        if let Some(mut table) = rules {
            layout.described = expression(&mut table, "described", environment);
            layout.group = expression(&mut table, "group", environment);
        }
        Some(layout)
    }

    /// Where the columns of the map are, or which are not there. `row` is that of the headers.
    fn find(&self, headers: &[String], row: usize) -> Result<BTreeMap<String, Option<usize>>, Vec<String>> {
        let normals: Vec<String> = headers.iter().map(|header| normal(header)).collect();
        let mut aliases = BTreeMap::new();
        let mut faults = Vec::new();
        for column in &self.columns {
            let named = column.headers.iter().map(|header| normal(header));
            let found: Option<Vec<usize>> = named
                .map(|wanted| (0..normals.len()).filter(|at| normals[*at] == wanted).collect::<Vec<_>>())
                .find(|found| !found.is_empty());
            match found.as_deref() {
                Some([at]) => drop(aliases.insert(column.alias.clone(), Some(*at))),
                Some(several) => {
                    let places = several.iter().map(|at| letters(*at)).collect::<Vec<_>>().join(" and ");
                    let header = &headers[several[0]];
                    faults.push(format!("row {row}: columns {places} are both called \"{header}\": rename one."));
                }
                None if column.required => {
                    let wanted = column.headers.iter().map(|header| format!("\"{header}\"")).collect::<Vec<_>>().join(" or ");
                    let known: Vec<&str> = headers.iter().map(String::as_str).filter(|header| !header.is_empty()).collect();
                    let near = column.headers.iter().find_map(|header| nearest(header, &known));
                    let near = near.map(|near| format!(" Is it \"{near}\"?")).unwrap_or_default();
                    faults.push(format!("row {row}: no column is called {wanted}.{near}"));
                }
                None => drop(aliases.insert(column.alias.clone(), None)),
            }
        }
        if faults.is_empty() { Ok(aliases) } else { Err(faults) }
    }

    /// How many of the map's columns have one of those headers, and the first header of each needed one that has none.
    pub(super) fn known(&self, headers: &[String]) -> (usize, Vec<&str>) {
        let normals: Vec<String> = headers.iter().map(|header| normal(header)).collect();
        let is_there = |column: &&Column| column.headers.iter().any(|header| normals.contains(&normal(header)));
        let lacking = self.columns.iter().filter(|column| column.required && !is_there(column));
        let lacking = lacking.filter_map(|column| column.headers.first().map(String::as_str)).collect();
        (self.columns.iter().filter(is_there).count(), lacking)
    }

    /// The row of the header and where the columns are: the row that is told, or of the first ones the one that fits best.
    pub(super) fn locate(&self, sheet: &Sheet) -> Result<Found, Vec<String>> {
        let headers = |row: &Row| -> Vec<String> { (0..row.cells.len()).map(|at| row.text(at).to_owned()).collect() };
        let told = |number: usize| sheet.rows.iter().find(|row| row.number == number).map(headers).unwrap_or_default();
        if let Some(header) = self.header {
            let headers = told(header);
            return Ok(Found { header, aliases: self.find(&headers, header)?, headers });
        }
        let rows = sheet.rows.iter().take(HEADER_ROWS).map(|row| (row.number, headers(row)));
        let mut best: Option<Found> = None;
        let mut nearest: Option<(usize, usize, Vec<String>)> = None;
        for (number, headers) in rows {
            let (count, _) = self.known(&headers);
            match self.find(&headers, number) {
                Ok(aliases) => {
                    let known = |found: &Found| found.aliases.values().flatten().count();
                    let found = Found { header: number, aliases, headers };
                    if best.as_ref().is_none_or(|best| known(&found) > known(best)) {
                        best = Some(found);
                    }
                }
                Err(_) if nearest.as_ref().is_none_or(|(best, ..)| count > *best) => nearest = Some((count, number, headers)),
                Err(_) => {}
            }
        }
        match (best, nearest) {
            (Some(best), _) => Ok(best),
            (None, Some((_, number, headers))) => Err(self.find(&headers, number).err().unwrap_or_default()),
            (None, None) => Err(self.find(&[], 1).err().unwrap_or_default()),
        }
    }
}

/// The columns whose words are read by a list.
fn read_words(top: &mut Table<'_>, columns: &[Column]) -> Vec<(String, Vocabulary)> {
    let known = |alias: &str| columns.iter().any(|column| column.alias == alias);
    if !top.has("words") {
        let usual = [
            ("status", Vocabulary::Status),
            ("substatus", Vocabulary::Status),
            ("payment", Vocabulary::Payment),
            ("cancel", Vocabulary::Cancellation),
        ];
        return usual.into_iter().filter(|(alias, _)| known(alias)).map(|(alias, list)| (alias.to_owned(), list)).collect();
    }
    let mut words = Vec::new();
    for (alias, lists) in top.named_texts("words") {
        match (known(alias), lists.as_slice()) {
            (false, _) => top.fault("words", format!("no column is called `{alias}`.")),
            (true, [list]) => match Vocabulary::from_str(list) {
                Ok(list) => words.push((alias.to_owned(), list)),
                Err(_) => top.fault("words", format!("no list is called \"{list}\". Known: status, payment, cancellation.")),
            },
            (true, _) => top.fault("words", format!("`{alias}` is read by one list.")),
        }
    }
    words
}
