//! Maps for tables: which rows are one label, and which column is what.
//!
//! ```toml
//! record = "order"                        # what messages call a label by
//! leave_out = "status if status == 'Canceled' else none"   # asked of every row
//!
//! [sheet]
//! name = "OrderSKUList"                   # of a workbook; the first one shown otherwise
//! encoding = "windows-874"                # of a text file; found out otherwise
//! header = 1                              # the row with the columns' names; looked for in the first 20 otherwise
//! skip = 0                                # rows below it that hold no order
//! described = "order is not digits"       # true of the row below those: it describes the columns
//! group = "package or order"              # rows for which it gives the same are one label
//! fill_down = ["status"]                  # blank there means what the row above says, where both have the same `order`
//! zone = "+08:00"                         # the clock of its times
//! times = ["%d/%m/%Y %H:%M:%S"]           # as `deadline | time` reads them, beside ISO 8601
//!
//! [columns]                               # a name for each column, by its header or headers; the first found counts
//! order = ["Order ID", "订单号"]
//!
//! [optional]                              # the same, of columns that may be missing: blank then
//! package = "Package ID"
//!
//! [words]                                 # columns whose words decide whether and how a label prints; what nobody knows there is asked
//! status = "status"                       # read by the list of: status, payment, cancellation
//! ```
//!
//! `status | meaning('status')` gives what a word of such a column means, in the languages of the markets: `ship`, `canceled`, `cancel_requested`,
//! `refunded`, `unpaid`, `shipped`, `on_hold`, `cod`, `prepaid`, `no`, `unknown`, or nothing of a blank. Without `[words]`, columns called
//! `status`, `substatus`, `payment` and `cancel` are read so. `country | country_code` gives the two letters of a country's name, and
//! `cod is nothing_to_collect` is true of `0,00` too.
//!
//! Expressions use those names, or `row['Any Header']`. Of a label with several rows a name gives what they agree on; where
//! they do not, a person is asked; orders that share a parcel are all named, and what is to be collected for them is added up. `hold`, `cancel_requested` and `leave_out` are
//! asked row by row, and the first that gives something
//! counts; `rows` is all of them. Items come from the rows, those that differ in quantity only as one; with
//! `when`, only from some. A blank text is as good as none, and a text in place of a number is taken for one.

use super::layout::{Found, HEADER_ROWS};
use super::times::Times;
use super::traced::Traced;
use super::view::{Grid, View, normal};
use super::{FieldMap, Layout, LeftOut, Mapping, Session};
use crate::fault::{Code, Fault};
use crate::import::amount;
use crate::import::ends::{Ask, AskKind, LeaveKind, RefuseKind, Refused, Remark};
use crate::import::place::Place;
use crate::import::sheet::{Cell, Row, Sheet, Wanted};
use crate::import::words::{self, Meaning, Vocabulary};
use crate::waybill::Country;
use crate::waybill::json::Node;
use minijinja::{Environment, Value};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

/// Between the numbers of orders that share a parcel.
pub const ORDERS_BETWEEN: &str = " + ";

/// How a row that adds up others begins.
const SUMS: [&str; 14] = [
    "total",
    "totals",
    "grand total",
    "sum",
    "summe",
    "gesamt",
    "合计",
    "总计",
    "小计",
    "合計",
    "รวม",
    "tổng cộng",
    "totale",
    "end of report",
];

/// What became of the rows of one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Not yet checked. With faults, it may lack what they are about.
    pub label: Node,
    /// What messages call it by.
    pub order: String,
    /// The row it begins at, and no column.
    pub place: Place,
    /// Where each field comes from, by its path.
    pub places: Vec<(String, Place)>,
    /// The rows it is made of, as the spreadsheet counts them.
    pub rows: Vec<usize>,
    /// What its status says, where it has one.
    pub status: Option<String>,
    /// Why it cannot be printed, as far as the map can tell.
    pub refused: Vec<Refused>,
    /// What a person is asked before it is taken.
    pub asks: Vec<Ask>,
    pub remarks: Vec<Remark>,
}

/// What became of a table.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    pub drawn: Vec<Drawn>,
    pub left_out: Vec<LeftOut>,
    /// The rows below the header, as the review of the labels looks at whole columns.
    pub grid: Option<Arc<Grid>>,
}

/// What expressions of any map may ask beside minijinja's own filters.
pub(super) fn add_filters(environment: &mut Environment<'_>) {
    environment.add_filter("meaning", |value: &Value, list: &str| -> String {
        let list = Vocabulary::from_str(list).unwrap_or(Vocabulary::Status);
        match words::meaning(list, value.as_str().unwrap_or_default()) {
            Meaning::Blank => String::new(),
            meaning => <&str>::from(meaning).to_owned(),
        }
    });
    environment.add_filter("country_code", |value: &Value| -> Value {
        let text = value.as_str().unwrap_or_default();
        Country::named(text).map_or_else(|| value.clone(), |country| Value::from(country.code()))
    });
    environment.add_test("nothing_to_collect", |value: &Value| value.as_str().map_or(value.is_none(), amount::is_zero));
}

impl FieldMap {
    /// Whether it is a map for tables.
    pub fn is_for_tables(&self) -> bool {
        self.layout.is_some()
    }

    /// How its times are written.
    pub fn times(&self) -> Option<&Times> {
        self.layout.as_ref().map(|layout| &layout.times)
    }

    /// What of a file it is for.
    pub fn wanted(&self) -> Wanted<'_> {
        let layout = self.layout.as_ref();
        Wanted { sheet: layout.and_then(|layout| layout.sheet.as_deref()), encoding: layout.and_then(|layout| layout.encoding) }
    }

    /// How many columns it knows of that table; `None` where one it needs is missing.
    pub fn fits(&self, sheet: &Sheet) -> Option<usize> {
        let layout = self.layout.as_ref()?;
        Some(layout.locate(sheet).ok()?.aliases.values().flatten().count())
    }

    /// How many columns it knows of that table at best, and which of those it needs are missing then.
    pub fn nearly_fits(&self, sheet: &Sheet) -> Option<(usize, Vec<&str>)> {
        let layout = self.layout.as_ref()?;
        let rows = sheet.rows.iter().take(HEADER_ROWS);
        let headers = rows.map(|row| (0..row.cells.len()).map(|at| row.text(at).to_owned()).collect::<Vec<_>>());
        headers.map(|headers| layout.known(&headers)).max_by_key(|(count, _)| *count)
    }

    /// Makes labels of the table's rows, or tells which columns it lacks.
    pub fn apply_to_sheet(&self, sheet: Sheet) -> Result<Labels, Vec<String>> {
        let Some(layout) = &self.layout else {
            return Err(vec!["is a table, and the map is for JSON records: it has no [columns].".to_owned()]);
        };
        let Found { header, aliases, headers } = layout.locate(&sheet)?;
        let first = header + layout.skip;
        let mut rows: Vec<Row> = sheet.rows.into_iter().filter(|row| row.number > first).collect();
        let column = |alias: &str| aliases.get(alias).copied().flatten();
        if let Some(order) = column("order") {
            let columns: Vec<usize> = layout.fill_down.iter().filter_map(|alias| column(alias)).collect();
            fill_down(&mut rows, order, &columns, sheet.is_text);
        }
        if let Some(row) = rows.iter().find(|row| is_other_header(row, &headers)) {
            return Err(vec![format!(
                "row {}: is a header with other columns, and what stands below it cannot be read by the first: give each table by itself.",
                row.number
            )]);
        }
        let grid = Grid::new(rows, aliases, headers);
        let session = Session::new(self);
        let table = TableMapping { session: &session, layout, grid: &grid, is_text: sheet.is_text };
        let mut labels = Labels::default();
        let mut groups = table.groups(first + 1, &mut labels);
        for Group { rows, hidden } in groups.drain(..) {
            table.draw(&View::new(&grid, rows), &hidden, &mut labels);
        }
        labels.grid = Some(grid);
        Ok(labels)
    }
}

/// Whether a row is the header of another table that was put below the first: the same names in other places.
fn is_other_header(row: &Row, headers: &[String]) -> bool {
    let texts: Vec<(usize, &str)> =
        (0..row.cells.len()).map(|at| (at, row.text(at))).filter(|(_, text)| !text.is_empty()).collect();
    let is_name = |text: &str| headers.iter().any(|header| !header.is_empty() && normal(header) == normal(text));
    let is_same = |at: usize, text: &str| headers.get(at).is_some_and(|header| normal(header) == normal(text));
    let names = texts.iter().filter(|(_, text)| is_name(text)).count();
    names >= 4 && names * 2 > texts.len() && texts.iter().any(|(at, text)| is_name(text) && !is_same(*at, text))
}

/// What is of a whole order stands in its first row only, in some exports.
fn fill_down(rows: &mut [Row], order: usize, columns: &[usize], is_text: bool) {
    for at in 1..rows.len() {
        let (above, below) = rows.split_at_mut(at);
        let (Some(above), Some(row)) = (above.last(), below.first_mut()) else { continue };
        if row.text(order).is_empty() || row.text(order) != above.text(order) {
            continue;
        }
        // A workbook keeps no blank cells at the end of a row.
        let last = columns.iter().max().map_or(0, |last| last + 1);
        if !is_text && row.cells.len() < last {
            row.cells.resize(last, Cell::Text(String::new()));
        }
        let width = row.cells.len();
        for column in columns.iter().filter(|column| **column < width) {
            if let (Cell::Text(text), Some(cell)) = (&row.cells[*column], above.cells.get(*column))
                && text.is_empty()
            {
                row.cells[*column] = cell.clone();
            }
        }
    }
}

/// The rows of one label.
struct Group {
    rows: Vec<usize>,
    /// Rows of it that are hidden, as the spreadsheet counts them.
    hidden: Vec<usize>,
}

/// A map at work on a table.
pub(super) struct TableMapping<'a, 'm> {
    session: &'a Session<'m>,
    pub(super) layout: &'m Layout,
    pub(super) grid: &'a Arc<Grid>,
    pub(super) is_text: bool,
}

impl<'m> TableMapping<'_, 'm> {
    fn map(&self) -> &'m FieldMap {
        self.session.map
    }

    fn ask(&self, rule: &'m Option<String>, view: &Value) -> Option<Value> {
        rule.as_ref().and_then(|rule| self.session.evaluate(rule, view).ok())
    }

    /// The rows of each label, in the order they begin. What is no order is left out.
    fn groups(&self, first: usize, labels: &mut Labels) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut hidden: Vec<(usize, Option<String>)> = Vec::new();
        for (at, row) in self.grid.rows.iter().enumerate() {
            let view = Value::from_dyn_object(View::new(self.grid, vec![at]));
            let described = row.number == first && self.ask(&self.layout.described, &view).is_some_and(|value| value.is_true());
            // A cell that is wrong is told where the label is made, and the row stays.
            if self.grid.seen().iter().all(|seen| seen.wrong.is_none()) && described {
                continue;
            }
            if let Some(why) = self.no_order(row) {
                labels.left_out.push(LeftOut {
                    kind: LeaveKind::NoOrder,
                    row: row.number,
                    order: format!("of row {}", row.number),
                    why,
                });
                continue;
            }
            let key = self.ask(&self.layout.group, &view).map(|key| key.to_string()).filter(|key| !key.trim().is_empty());
            let sound = self.grid.seen().iter().all(|seen| seen.wrong.is_none());
            let key = key.filter(|_| sound);
            if row.is_hidden {
                hidden.push((at, key));
                continue;
            }
            match key {
                Some(key) => {
                    let group = *known.entry(key).or_insert_with(|| {
                        groups.push(Group { rows: Vec::new(), hidden: Vec::new() });
                        groups.len() - 1
                    });
                    groups[group].rows.push(at);
                }
                None => groups.push(Group { rows: vec![at], hidden: Vec::new() }),
            }
        }
        for (at, key) in hidden {
            let row = self.grid.rows[at].number;
            match key.and_then(|key| known.get(&key)) {
                Some(group) => groups[*group].hidden.push(row),
                None => {
                    let order = self.name(&View::new(self.grid, vec![at]), row);
                    let why = "its row is hidden or filtered away".to_owned();
                    labels.left_out.push(LeftOut { kind: LeaveKind::Hidden, row, order, why });
                }
            }
        }
        groups
    }

    /// Why a row is no order at all: the header again, or a sum.
    fn no_order(&self, row: &Row) -> Option<String> {
        let texts = || (0..row.cells.len()).map(|at| row.text(at));
        let filled = texts().filter(|text| !text.is_empty()).count();
        let same =
            texts().zip(&self.grid.headers).filter(|(text, header)| !text.is_empty() && normal(text) == normal(header)).count();
        if filled >= 3 && same == filled {
            return Some("the header again".to_owned());
        }
        let first = texts().find(|text| !text.is_empty())?;
        let word = normal(first.split([':', '：', '(']).next().unwrap_or_default());
        // The foot of eBay's report.
        if filled <= 4 && texts().any(|text| text.contains("record(s) downloaded") || text.starts_with("Seller ID")) {
            return Some("the foot of the report".to_owned());
        }
        (filled <= 4 && SUMS.contains(&word.as_str())).then(|| "a sum, no order".to_owned())
    }

    /// What messages call these rows by.
    fn name(&self, view: &Arc<View>, row: usize) -> String {
        let mut names: Vec<String> = Vec::new();
        for view in view.each() {
            let named = self.session.evaluate(&self.map().record, &Value::from_dyn_object(view)).ok();
            let name = named.map(|name| name.to_string()).filter(|name| !name.trim().is_empty());
            names.extend(name.filter(|name| !names.contains(name)));
        }
        drop(self.grid.seen());
        if names.is_empty() { format!("of row {row}") } else { names.join(ORDERS_BETWEEN) }
    }

    fn draw(&self, whole: &Arc<View>, hidden: &[usize], labels: &mut Labels) {
        let grid = self.grid;
        let map = self.map();
        let row = whole.rows.first().and_then(|row| grid.rows.get(*row)).map_or(0, |row| row.number);
        let order = self.name(whole, row);
        let table = Traced::new(whole.clone(), row);
        let whose = format!("order {order}");
        let mut mapping = Mapping { session: self.session, whose, faults: Vec::new(), table: Some(table) };
        // Some lines of an order may be canceled and the others not.
        let mut kept = Vec::new();
        let mut out = Vec::new();
        for view in whole.each() {
            let rule = map.leave_out.as_ref();
            let why = rule.and_then(|rule| mapping.expression(rule, &Value::from_dyn_object(view.clone()), "leave_out"));
            match why.filter(Value::is_true) {
                Some(why) => out.push(why.to_string()),
                None => kept.extend(&view.rows),
            }
        }
        if let Some(why) = out.first() {
            let why =
                if kept.is_empty() { why.clone() } else { format!("{} of its {} lines: {why}", out.len(), whole.rows.len()) };
            labels.left_out.push(LeftOut { kind: LeaveKind::Rule, row, order: order.clone(), why });
        }
        if kept.is_empty() {
            return;
        }
        let view = View::new(grid, kept);
        let Some(table) = &mut mapping.table else { return };
        table.view = view.clone();
        self.check_rows(&view, hidden, table);
        self.check_words(&view, table);
        let label = mapping.source(&map.label, &Value::from_dyn_object(view.clone()), "").unwrap_or(Node::Null);
        let Some(Traced { places, mut refused, mut asks, mut remarks, orders, .. }) = mapping.table else { return };
        self.check_unheeded(&view, &label, &mut asks);
        if orders.len() > 1 {
            let place = Some(Place { row, columns: Vec::new() });
            remarks.push(Remark {
                place,
                sentence: format!("{} orders share this parcel: its label names all of them.", orders.len()),
            });
            let is_of_person = |ask: &Ask| ask.kind == AskKind::RowsDisagree && ask.field.starts_with("recipient");
            // The same number for two people: one of the rows has the wrong number.
            if let Some(ask) = asks.iter().find(|ask| is_of_person(ask)) {
                let place = ask.place.clone().unwrap_or_default();
                let sentence = "two orders for two addresses have one number of parcel or tracking: mend the number of one.";
                refused.push(Refused {
                    kind: RefuseKind::TwoParcels,
                    place,
                    fault: Fault::new(Code::Conflict, ask.field.clone(), sentence),
                });
            }
        }
        let status =
            self.layout.words.iter().find(|(_, list)| *list == Vocabulary::Status).and_then(|(alias, _)| grid.column(alias));
        let status =
            status.and_then(|column| view.rows.iter().map(|row| grid.rows[*row].text(column)).find(|text| !text.is_empty()));
        let status = status.map(str::to_owned);
        let rows = view.rows.iter().map(|at| grid.rows[*at].number).collect();
        let place = Place { row, columns: Vec::new() };
        labels.drawn.push(Drawn { label, order, place, places, rows, status, refused, asks, remarks });
    }
}
