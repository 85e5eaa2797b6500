//! Maps for tables: which rows are one label, and which column is what.
//!
//! ```toml
//! record = "order"                        # what messages call a label by
//! leave_out = "status if status == 'Canceled' else none"   # asked of every row
//!
//! [sheet]
//! name = "OrderSKUList"                   # of a workbook; the first one shown otherwise
//! encoding = "windows-874"                # of a text file; found out otherwise: UTF-8, UTF-16, GB18030
//! header = 1                              # the row with the columns' names
//! skip = 0                                # rows below it that hold no order
//! described = "order is not digits"       # true of the row below those: it describes the columns
//! group = "package or order"              # rows for which it gives the same are one label
//! zone = "+08:00"                         # the clock of its times
//! times = ["%d/%m/%Y %H:%M:%S"]           # as `deadline | time` reads them, beside ISO 8601
//!
//! [columns]                               # a name for each column, by its header or headers; the first found counts
//! order = ["Order ID", "订单号"]
//!
//! [optional]                              # the same, of columns that may be missing: blank then
//! package = "Package ID"
//! ```
//!
//! Expressions use those names, or `row['Any Header']`. Of a label with several rows a name gives what they agree on,
//! and a fault where they do not; `hold`, `cancel_requested` and `leave_out` are asked row by row, and the first that gives something
//! counts; `rows` is all of them. Items come from the rows, those that differ in quantity only as one; with
//! `when`, only from some. A blank text is as good as none, and a text in place of a number is taken for one.

use super::times::{self, Times};
use super::view::{Grid, Place, Seen, View, normal};
use super::{FieldMap, LeftOut, Mapping, expression};
use crate::fault::{Code, Fault, nearest};
use crate::import::sheet::{Row, Sheet, Wanted, letters};
use crate::toml_file::Table;
use crate::waybill::json::Node;
use encoding_rs::Encoding;
use jiff::tz::Offset;
use minijinja::{Environment, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How a table is made.
pub struct Layout {
    sheet: Option<String>,
    encoding: Option<&'static Encoding>,
    header: usize,
    skip: usize,
    described: Option<String>,
    group: Option<String>,
    columns: Vec<Column>,
}

struct Column {
    alias: String,
    headers: Vec<String>,
    required: bool,
}

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
    /// What is wrong with it, as far as the map can tell, each with its place.
    pub faults: Vec<(Fault, Place)>,
}

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    pub drawn: Vec<Drawn>,
    pub left_out: Vec<LeftOut>,
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
        let mut layout = Layout { sheet: None, encoding: None, header: 1, skip: 0, described: None, group: None, columns };
        let mut times = Times { zone: Offset::UTC, formats: Vec::new() };
        let mut rules = None;
        if let Some(mut table) = top.table("sheet") {
            layout.sheet = table.text("name").map(str::to_owned);
            if let Some(name) = table.text("encoding") {
                layout.encoding = Encoding::for_label(name.as_bytes());
                if layout.encoding.is_none() {
                    table.fault("encoding", format!("no encoding \"{name}\". Known are those of the web, such as windows-874."));
                }
            }
            for (key, number) in [("header", &mut layout.header), ("skip", &mut layout.skip)] {
                match table.whole(key).map(usize::try_from) {
                    Some(Ok(given)) if given >= usize::from(key == "header") => *number = given,
                    Some(_) => table.fault(key, format!("`{key}` is a number of rows.")),
                    None => {}
                }
            }
            if let Some(text) = table.text("zone") {
                match times::zone(text) {
                    Some(offset) => times.zone = offset,
                    None => table.fault("zone", "`zone` is an offset such as \"+08:00\"."),
                }
            }
            times.formats = table.texts("times").unwrap_or_default().into_iter().map(str::to_owned).collect();
            if !times.formats.is_empty() {
                table.require(&["zone"]);
            }
            rules = Some(table);
        }
        environment.add_filter("time", move |value: &Value| times.read(value));
        if let Some(mut table) = rules {
            layout.described = expression(&mut table, "described", environment);
            layout.group = expression(&mut table, "group", environment);
        }
        Some(layout)
    }

    /// Where the columns of the map are, or which are not there.
    fn find(&self, headers: &[String]) -> Result<BTreeMap<String, Option<usize>>, Vec<String>> {
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
                    faults.push(format!("row {}: columns {places} are both called \"{header}\": rename one.", self.header));
                }
                None if column.required => {
                    let wanted = column.headers.iter().map(|header| format!("\"{header}\"")).collect::<Vec<_>>().join(" or ");
                    let known: Vec<&str> = headers.iter().map(String::as_str).filter(|header| !header.is_empty()).collect();
                    let near = column.headers.iter().find_map(|header| nearest(header, &known));
                    let near = near.map(|near| format!(" Is it \"{near}\"?")).unwrap_or_default();
                    faults.push(format!("row {}: no column is called {wanted}.{near}", self.header));
                }
                None => drop(aliases.insert(column.alias.clone(), None)),
            }
        }
        if faults.is_empty() { Ok(aliases) } else { Err(faults) }
    }

    fn headers(&self, sheet: &Sheet) -> Vec<String> {
        let row = sheet.rows.iter().find(|row| row.number == self.header);
        row.map(|row| (0..row.cells.len()).map(|at| row.text(at).to_owned()).collect()).unwrap_or_default()
    }
}

impl FieldMap {
    /// Whether it is a map for tables.
    pub fn is_for_tables(&self) -> bool {
        self.layout.is_some()
    }

    /// What of a file it is for.
    pub fn wanted(&self) -> Wanted<'_> {
        let layout = self.layout.as_ref();
        Wanted { sheet: layout.and_then(|layout| layout.sheet.as_deref()), encoding: layout.and_then(|layout| layout.encoding) }
    }

    /// How many columns it knows of that table; `None` where one it needs is missing.
    pub fn fits(&self, sheet: &Sheet) -> Option<usize> {
        let layout = self.layout.as_ref()?;
        let aliases = layout.find(&layout.headers(sheet)).ok()?;
        Some(aliases.values().flatten().count())
    }

    /// Makes labels of the table's rows, or tells which columns it lacks.
    pub fn apply_to_sheet(&self, sheet: Sheet) -> Result<Labels, Vec<String>> {
        let Some(layout) = &self.layout else {
            return Err(vec!["is a table, and the map is for JSON records: it has no [columns].".to_owned()]);
        };
        let headers = layout.headers(&sheet);
        let aliases = layout.find(&headers)?;
        let first = layout.header + layout.skip;
        let rows: Vec<Row> = sheet.rows.into_iter().filter(|row| row.number > first).collect();
        let grid = Grid::new(rows, aliases, headers);
        let mut labels = Labels::default();
        for rows in self.groups(layout, &grid, first + 1) {
            self.draw(&View::new(&grid, rows), &mut labels);
        }
        Ok(labels)
    }

    /// The rows of each label, in the order they begin.
    fn groups(&self, layout: &Layout, grid: &Arc<Grid>, first: usize) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (at, row) in grid.rows.iter().enumerate() {
            let view = Value::from_dyn_object(View::new(grid, vec![at]));
            let ask = |rule: &Option<String>| rule.as_ref().and_then(|rule| self.evaluate(rule, &view).ok());
            let described = row.number == first && ask(&layout.described).is_some_and(|value| value.is_true());
            // A cell that is wrong is told where the label is made, and the row stays.
            if grid.seen().iter().all(|seen| seen.wrong.is_none()) && described {
                continue;
            }
            let key = ask(&layout.group).map(|key| key.to_string()).filter(|key| !key.trim().is_empty());
            let sound = grid.seen().iter().all(|seen| seen.wrong.is_none());
            match key.filter(|_| sound) {
                Some(key) => {
                    let group = *known.entry(key).or_insert_with(|| {
                        groups.push(Vec::new());
                        groups.len() - 1
                    });
                    groups[group].push(at);
                }
                None => groups.push(vec![at]),
            }
        }
        groups
    }

    fn draw(&self, whole: &Arc<View>, labels: &mut Labels) {
        let grid = &whole.grid;
        let row = whole.rows.first().and_then(|row| grid.rows.get(*row)).map_or(0, |row| row.number);
        let named = self.evaluate(&self.record, &Value::from_dyn_object(whole.clone())).ok();
        let order = named.map(|name| name.to_string()).filter(|name| !name.trim().is_empty());
        let order = order.unwrap_or_else(|| format!("of row {row}"));
        drop(grid.seen());
        let whose = format!("order {order}");
        let table = Traced { view: whole.clone(), row, last: None, places: Vec::new(), faults: Vec::new() };
        let mut mapping = Mapping { map: self, whose, faults: Vec::new(), table: Some(table) };
        // Some lines of an order may be canceled and the others not.
        let mut kept = Vec::new();
        let mut out = Vec::new();
        for view in whole.each() {
            let rule = self.leave_out.as_ref();
            let why = rule.and_then(|rule| mapping.expression(rule, &Value::from_dyn_object(view.clone()), "leave_out"));
            match why.filter(Value::is_true) {
                Some(why) => out.push(why.to_string()),
                None => kept.extend(&view.rows),
            }
        }
        if let Some(why) = out.first() {
            let why =
                if kept.is_empty() { why.clone() } else { format!("{} of its {} lines: {why}", out.len(), whole.rows.len()) };
            labels.left_out.push(LeftOut { order: order.clone(), why });
        }
        if kept.is_empty() {
            return;
        }
        let view = View::new(grid, kept);
        let scope = Value::from_dyn_object(view.clone());
        if let Some(table) = &mut mapping.table {
            table.view = view;
        }
        let label = mapping.source(&self.label, &scope, "").unwrap_or(Node::Null);
        if let Some(Traced { places, faults, .. }) = mapping.table {
            labels.drawn.push(Drawn { label, order, place: Place { row, columns: Vec::new() }, places, faults });
        }
    }
}

/// What a mapping remembers of the table.
pub(super) struct Traced {
    /// The rows of the label.
    view: Arc<View>,
    row: usize,
    /// Where the latest expression looked.
    last: Option<Place>,
    places: Vec<(String, Place)>,
    faults: Vec<(Fault, Place)>,
}

impl Traced {
    /// Takes note of the cells the latest expression looked at, for that field; answers whether they are sound.
    pub(super) fn look(&mut self, path: &str) -> bool {
        let seen = self.view.grid.seen();
        self.last = self.view.grid.place(&seen);
        self.places.extend(self.last.clone().map(|place| (path.to_owned(), place)));
        let wrong: Vec<&Seen> = seen.iter().filter(|seen| seen.wrong.is_some()).collect();
        for cell in &wrong {
            let place = self.view.grid.place(&[(*cell).clone()]).unwrap_or_default();
            let message = cell.wrong.clone().unwrap_or_default();
            // One cell may be looked at for many fields.
            if self.faults.iter().all(|(fault, known)| *known != place || fault.message != message) {
                self.faults.push((Fault::new(Code::Unmapped, path, message), place));
            }
        }
        wrong.is_empty()
    }

    /// Notes what is wrong with the latest expression.
    pub(super) fn fault(&mut self, fault: Fault) {
        let place = self.last.clone().unwrap_or(Place { row: self.row, columns: Vec::new() });
        self.faults.push((fault, place));
    }

    pub(super) fn rows(&self) -> Vec<Value> {
        self.view.each().map(Value::from_dyn_object).collect()
    }

    /// Forgets where an item came from that was added to another.
    pub(super) fn forget(&mut self, path: &str) {
        self.places.retain(|(known, _)| known.strip_prefix(path).is_none_or(|rest| !rest.starts_with('.')));
    }
}

/// A blank is no value, and what is to be a number may stand as text in a table.
pub(super) fn plain(node: Node, path: &str) -> Option<Node> {
    let is_number = [".quantity", ".weight_g", ".number", ".of"].iter().any(|field| path.ends_with(field));
    match node {
        Node::Text(text) if text.trim().is_empty() => None,
        Node::Text(text) | Node::Number(text) if is_number => Some(match text.trim().parse::<f64>() {
            Ok(number) if number.fract() == 0.0 && (0.0..1e9).contains(&number) => Node::Number(format!("{number:.0}")),
            _ => Node::Text(text),
        }),
        node => Some(node),
    }
}

/// Adds the quantity of an item to one that differs in nothing else; answers whether there is one.
pub(super) fn add_to(items: &mut [Node], item: &Node) -> bool {
    let quantity = |node: &Node| match node.get("quantity") {
        Some(Node::Number(text)) => text.parse::<u32>().ok(),
        _ => None,
    };
    let rest = |node: &Node| match node {
        Node::Object(fields) => fields.iter().filter(|(field, _)| field != "quantity").cloned().collect(),
        _ => Vec::new(),
    };
    let wanted = rest(item);
    let Some(more) = quantity(item) else { return false };
    let Some(same) = items.iter_mut().find(|known| quantity(known).is_some() && rest(known) == wanted) else { return false };
    let sum = quantity(same).unwrap_or_default().saturating_add(more);
    if let Node::Object(fields) = same {
        fields.iter_mut().filter(|(field, _)| field == "quantity").for_each(|(_, node)| *node = Node::Number(sum.to_string()));
    }
    true
}
