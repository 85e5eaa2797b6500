//! Rows of a sheet as expressions see them, and a memory of which cells were looked at.
//!
//! The memory is what leads a fault of a label's field back to the columns it was made from: nobody has to say in a map
//! what an expression reads.

use crate::import::sheet::{Cell, Row, letters};
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use std::collections::BTreeMap;
use std::fmt;
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
    pub wrong: Option<String>,
}

/// Where in the sheet something of a label comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub row: usize,
    /// Each with its header.
    pub columns: Vec<(usize, String)>,
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
        let mut said: Option<(usize, &str)> = None;
        let mut seen = Vec::new();
        for row in self.rows.iter().filter_map(|row| self.grid.rows.get(*row)) {
            let mut look = |wrong: Option<String>| seen.push(Seen { row: row.number, column, blank: false, wrong });
            match row.cells.get(column) {
                Some(Cell::Rounded) => look(Some(
                    "is a number that the spreadsheet has rounded: export it again, or make the column text before typing."
                        .to_owned(),
                )),
                Some(Cell::Broken) => look(Some("holds a formula without a result: mend it or type the value.".to_owned())),
                _ => match (row.text(column), said) {
                    ("", _) => {}
                    (text, None) => {
                        look(None);
                        said = Some((row.number, text));
                    }
                    (text, Some((_, first))) if text == first => {}
                    (_, Some((first, _))) => {
                        look(Some(format!("says otherwise than row {first}, and both are of one label: mend one of them.")));
                    }
                },
            }
        }
        if seen.is_empty() {
            let first = self.rows.first().and_then(|row| self.grid.rows.get(*row)).map_or(0, |row| row.number);
            seen.push(Seen { row: first, column, blank: true, wrong: None });
        }
        self.grid.memory().extend(seen);
        Value::from(said.map_or("", |(_, text)| text))
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

/// `row 17, column H "Zipcode"`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        let last = self.columns.len().saturating_sub(1);
        for (at, (column, header)) in self.columns.iter().enumerate() {
            f.write_str(match at {
                0 if last == 0 => ", column ",
                0 => ", columns ",
                _ if at == last => " and ",
                _ => ", ",
            })?;
            let header: String = header.chars().filter(|c| !c.is_control()).take(40).collect();
            write!(f, "{} \"{header}\"", letters(*column))?;
        }
        Ok(())
    }
}
