//! Rows of a sheet as expressions see them, and a memory of which cells were looked at.
//!
//! The memory is what leads a fault of a label's field back to the columns it was made from: nobody has to say in a map
//! what an expression reads.

use crate::import::damage::mend;
use crate::import::ends::{AskKind, RefuseKind};
use crate::import::place::Place;
use crate::import::sheet::{Cell, Row};
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The rows of a sheet below its header.
#[derive(Debug)]
pub struct Grid {
    pub rows: Vec<Row>,
    /// Where the columns are that the map has names for; `None` where one that may be missing is.
    pub aliases: BTreeMap<String, Option<usize>>,
    /// The header of each column, as it stands there.
    pub headers: Vec<String>,
    seen: Mutex<Vec<Seen>>,
}

/// A cell that an expression looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Counted as the spreadsheet does.
    pub row: usize,
    pub column: usize,
    pub blank: bool,
    /// Why the cell cannot be read.
    pub wrong: Option<(RefuseKind, &'static str)>,
    /// What is uncertain about it, and what it would be read as where that is not what it says.
    pub ask: Option<(AskKind, String, Option<String>)>,
    /// What was done to its text.
    pub remark: Option<&'static str>,
}

/// Some rows that are to be one label, or one of them.
#[derive(Debug)]
pub struct View {
    pub grid: Arc<Grid>,
    /// Positions in the grid.
    pub rows: Vec<usize>,
    /// Asked by header instead of by the map's own names.
    by_header: bool,
}

impl Grid {
    pub fn new(rows: Vec<Row>, aliases: BTreeMap<String, Option<usize>>, headers: Vec<String>) -> Arc<Grid> {
        Arc::new(Grid { rows, aliases, headers, seen: Mutex::default() })
    }

    /// The cells looked at since the last time this was asked.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.memory())
    }

    // What is in it is whole at any time.
    fn memory(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The column of that name of the map.
    pub fn column(&self, alias: &str) -> Option<usize> {
        self.aliases.get(alias).copied().flatten()
    }

    /// The texts of a column, in all rows.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row.text(column)).filter(|text| !text.is_empty())
    }

    /// The place of these cells: the row of the first, and every column; of blank ones only where all are.
    pub fn place(&self, seen: &[Seen]) -> Option<Place> {
        let all_blank = seen.iter().all(|seen| seen.blank);
        let seen: Vec<&Seen> = seen.iter().filter(|seen| all_blank || !seen.blank).collect();
        let mut columns: Vec<usize> = seen.iter().map(|seen| seen.column).collect();
        columns.sort_unstable();
        columns.dedup();
        let named = columns.into_iter().map(|column| (column, self.headers.get(column).cloned().unwrap_or_default()));
        Some(Place { row: seen.first()?.row, columns: named.collect() })
    }
}

impl View {
    pub fn new(grid: &Arc<Grid>, rows: Vec<usize>) -> Arc<View> {
        Arc::new(View { grid: grid.clone(), rows, by_header: false })
    }

    /// Each row by itself.
    pub fn each(&self) -> impl Iterator<Item = Arc<View>> {
        self.rows.iter().map(|row| View::new(&self.grid, vec![*row]))
    }

    /// What all these rows say in that column; those that say nothing are not asked.
    fn read(&self, column: usize) -> Value {
        let mut said: Option<(usize, String)> = None;
        let mut seen = Vec::new();
        for row in self.rows.iter().filter_map(|row| self.grid.rows.get(*row)) {
            let look = Seen { row: row.number, column, blank: false, wrong: None, ask: None, remark: None };
            let wrong = match row.cells.get(column) {
                Some(Cell::Rounded) => Some((
                    RefuseKind::DigitsLost,
                    "is a number that the spreadsheet has rounded: export it again, or make the column text before typing.",
                )),
                Some(Cell::Error) => {
                    Some((RefuseKind::ErrorValue, "holds a formula that came to an error: mend it or type the value."))
                }
                Some(Cell::NoResult) => Some((
                    RefuseKind::NoResult,
                    "holds a formula without a result: open the file in a spreadsheet and save it, or type the value.",
                )),
                Some(Cell::Torn) => {
                    Some((RefuseKind::Quoting, "has quotation marks that do not close where the cell ends: write two for one."))
                }
                Some(Cell::Text(_)) | None => None,
            };
            if wrong.is_some() {
                seen.push(Seen { wrong, ..look });
                continue;
            }
            let mended = mend(row.text(column));
            let ask = mended.ask.map(|(kind, sentence)| (kind, sentence, Some(mended.text.clone().into_owned())));
            let said_before = said.as_ref().filter(|(_, first)| *first != mended.text);
            match (mended.text.as_ref(), said_before) {
                ("", _) if ask.is_none() => {}
                ("", _) => seen.push(Seen { ask, ..look }),
                (_, Some((first, text))) => {
                    let sentence = format!("says something else than row {first}, and both rows are one label.");
                    seen.push(Seen { ask: Some((AskKind::RowsDisagree, sentence, Some(text.clone()))), ..look });
                }
                (text, None) => {
                    if said.is_none() {
                        said = Some((row.number, text.to_owned()));
                    }
                    seen.push(Seen { ask, remark: mended.remark, ..look });
                }
            }
        }
        if seen.is_empty() {
            let first = self.rows.first().and_then(|row| self.grid.rows.get(*row)).map_or(0, |row| row.number);
            seen.push(Seen { row: first, column, blank: true, wrong: None, ask: None, remark: None });
        }
        self.grid.memory().extend(seen);
        Value::from(said.map(|(_, text)| text).unwrap_or_default())
    }
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        if self.by_header {
            let wanted = normal(key);
            let column = self.grid.headers.iter().position(|header| normal(header) == wanted)?;
            return Some(self.read(column));
        }
        match (key, self.grid.aliases.get(key)) {
            (_, Some(Some(column))) => Some(self.read(*column)),
            (_, Some(None)) => Some(Value::from("")),
            ("row", None) => {
                let view = View { grid: self.grid.clone(), rows: self.rows.clone(), by_header: true };
                Some(Value::from_object(view))
            }
            ("rows", None) => Some(self.each().map(Value::from_dyn_object).collect()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        // Going through everything would say that every field comes from every column.
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

/// A header as it is compared: capitals and blanks do not count.
pub fn normal(header: &str) -> String {
    header.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
