//! Field maps: how the records of a platform's export become labels.
//!
//! A map in TOML is parsed once and checked whole; then foreign records go in, one by one, and labels in our own
//! JSON shape come out, or the reason a record is left out. Every value of a map is a minijinja expression over the
//! record (`templates/maps/tiktok-shop.toml` is an example):
//!
//! - `title` is what people call such exports; `record` names a record in messages; `leave_out` gives the reason to leave one out, or none.
//! - `[label]` holds an expression for each field of a label; objects are tables, `[label.cod]` with a `when` if
//!   it is not always there; `[label.items]` goes through the list `each`, where `item` is one entry.
//! - `[sheet]`, `[columns]` and `[optional]` make it a map for tables, whose rows become labels ([`tables`]).
//!
//! Knows the names of a label's fields, but not what makes a label right: the waybill room does.

mod checks;
mod layout;
pub mod tables;
pub mod times;
mod traced;
pub mod view;

use crate::fault::{Code, Fault, FileFault};
use crate::import::ends::LeaveKind;
use crate::toml_file::{self, Table};
use crate::waybill::json::Node;
use crate::waybill::{COD_FIELDS, ITEM_FIELDS, LABEL_FIELDS, PARCEL_FIELDS, PARTY_FIELDS};
use layout::Layout;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior, Value, context};
use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::rc::Rc;
use times::Refusal;
use traced::Traced;

/// A checked map.
pub struct FieldMap {
    /// What people call the exports it is for.
    title: Option<String>,
    environment: Environment<'static>,
    /// Gives what messages call a record by.
    record: String,
    leave_out: Option<String>,
    label: Source,
    /// How it finds its way in a table.
    layout: Option<Layout>,
}

/// Where a value of the label comes from.
enum Source {
    Expression(String),
    Object {
        when: Option<String>,
        fields: Vec<(&'static str, Source)>,
    },
    /// Without a list, each row of the table that is of the label.
    Each {
        list: Option<String>,
        when: Option<String>,
        fields: Vec<(&'static str, Source)>,
    },
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// A label in our JSON shape, not yet checked.
    Label(Node),
    LeftOut(LeftOut),
}

/// A record that becomes no label, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub kind: LeaveKind,
    /// The first row or line it is about.
    pub row: usize,
    pub order: String,
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "left out: order {} ({})", self.order, self.why)
    }
}

impl FieldMap {
    /// Reads a map; `file` is its name in messages.
    pub fn parse(text: &str, file: &str) -> Result<FieldMap, Vec<FileFault>> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.add_test("digits", |value: &Value| {
            value.as_str().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        });
        tables::add_filters(&mut environment);
        let (title, record, leave_out, label, layout) = toml_file::read(file, text, |mut top| {
            top.require(&["record", "label"]);
            let title = top.text("title").map(str::to_owned);
            let layout = Layout::read(&mut top, &mut environment);
            let record = expression(&mut top, "record", &environment).unwrap_or_default();
            let leave_out = expression(&mut top, "leave_out", &environment);
            let label = top.table("label");
            let fields = label.map(|label| read_label(label, layout.is_some(), &environment)).unwrap_or_default();
            (title, record, leave_out, Source::Object { when: None, fields }, layout)
        })?;
        Ok(FieldMap { title, environment, record, leave_out, label, layout })
    }

    /// What people call the exports it is for, such as "Shopify".
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Makes a label of the record on that line, or tells every field the record fails to give.
    pub fn apply(&self, line: usize, record: &Node) -> Result<Mapped, Vec<Fault>> {
        let session = Session::new(self);
        let scope = to_value(record);
        let named = session.evaluate(&self.record, &scope).ok().filter(|name| !name.is_none());
        let Some(order) = named.map(|name| name.to_string()) else {
            return Err(vec![Fault::new(
                Code::Unmapped,
                "",
                format!("the record on line {line} has no `{}` to call it by.", self.record),
            )]);
        };
        let whose = format!("order {order} (line {line})");
        let mut mapping = Mapping { session: &session, whose, faults: Vec::new(), table: None };
        let why = self.leave_out.as_ref().and_then(|rule| mapping.expression(rule, &scope, "leave_out"));
        if let Some(why) = why.filter(Value::is_true) {
            return Ok(Mapped::LeftOut(LeftOut { kind: LeaveKind::Rule, row: line, order, why: why.to_string() }));
        }
        let label = mapping.source(&self.label, &scope, "");
        if mapping.faults.is_empty() { Ok(Mapped::Label(label.unwrap_or(Node::Null))) } else { Err(mapping.faults) }
    }
}

/// A map while it is applied: each of its expressions is compiled once.
pub(crate) struct Session<'m> {
    pub(crate) map: &'m FieldMap,
    compiled: RefCell<HashMap<String, Rc<Expression<'m, 'static>>>>,
}

impl<'m> Session<'m> {
    fn new(map: &'m FieldMap) -> Session<'m> {
        Session { map, compiled: RefCell::default() }
    }

    fn evaluate(&self, expression: &str, scope: &Value) -> Result<Value, Error> {
        let known = self.compiled.borrow().get(expression).cloned();
        let compiled = match known {
            Some(compiled) => compiled,
            None => {
                let compiled = Rc::new(self.map.environment.compile_expression_owned(expression.to_owned())?);
                self.compiled.borrow_mut().insert(expression.to_owned(), compiled.clone());
                compiled
            }
        };
        let value = compiled.eval(scope.clone())?;
        if value.is_undefined() { Err(ErrorKind::UndefinedError.into()) } else { Ok(value) }
    }
}

fn read_label(mut label: Table<'_>, of_table: bool, environment: &Environment<'_>) -> Vec<(&'static str, Source)> {
    label.require(&["id", "order", "tracking", "recipient"]);
    let mut fields = Vec::new();
    for field in LABEL_FIELDS {
        let inner: &[&'static str] = match field {
            "sender" | "recipient" => &PARTY_FIELDS,
            "parcel" => &PARCEL_FIELDS,
            "cod" => &COD_FIELDS,
            "items" => &ITEM_FIELDS,
            _ => &[],
        };
        let source = if inner.is_empty() || label.is_text(field) {
            expression(&mut label, field, environment).map(Source::Expression)
        } else {
            label.table(field).map(|table| read_object(table, field, inner, of_table, environment))
        };
        fields.extend(source.map(|source| (field, source)));
    }
    fields
}

fn read_object(
    mut table: Table<'_>,
    name: &str,
    known: &[&'static str],
    of_table: bool,
    environment: &Environment<'_>,
) -> Source {
    let read = |table: &mut Table<'_>| -> Vec<(&'static str, Source)> {
        known.iter().filter_map(|field| Some((*field, Source::Expression(expression(table, field, environment)?)))).collect()
    };
    if name == "items" {
        if !of_table {
            table.require(&["each"]);
        }
        let list = expression(&mut table, "each", environment);
        let when = expression(&mut table, "when", environment);
        return Source::Each { list, when, fields: read(&mut table) };
    }
    Source::Object { when: expression(&mut table, "when", environment), fields: read(&mut table) }
}

/// An expression that compiles; what does not is told with its line.
fn expression(table: &mut Table<'_>, key: &'static str, environment: &Environment<'_>) -> Option<String> {
    let text = table.text(key)?;
    if let Err(error) = environment.compile_expression(text) {
        let why = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        table.fault(key, format!("`{key}` is no expression{why}."));
    }
    Some(text.to_owned())
}

/// One record on its way to a label.
struct Mapping<'a, 'm> {
    session: &'a Session<'m>,
    whose: String,
    faults: Vec<Fault>,
    /// When the record is rows of a table.
    table: Option<Traced>,
}

impl Mapping<'_, '_> {
    fn source(&mut self, source: &Source, scope: &Value, path: &str) -> Option<Node> {
        match source {
            Source::Expression(text) if path == "order" && self.table.is_some() => self.orders(text),
            Source::Object { when, fields } if path == "cod" && self.table.is_some() => {
                self.sum_to_collect(when.as_deref(), fields)
            }
            Source::Expression(text) => {
                let rows = self.table.as_ref().filter(|_| matches!(path, "hold" | "cancel_requested")).map(Traced::rows);
                let mut scopes = rows.unwrap_or_else(|| vec![scope.clone()]).into_iter();
                scopes.find_map(|scope| self.value(text, &scope, path))
            }
            Source::Object { when, fields } => {
                let there =
                    when.as_ref().is_none_or(|when| self.expression(when, scope, path).is_some_and(|there| there.is_true()));
                there.then(|| self.object(fields, scope, path))
            }
            Source::Each { list, when, fields } => {
                let scopes: Vec<Value> = match (list, &self.table) {
                    (None, Some(table)) => table.rows(),
                    (list, _) => {
                        let list = self.expression(list.as_deref().unwrap_or_default(), scope, path)?;
                        let Ok(items) = list.try_iter() else {
                            self.fault(path, format!("`each` is not a list for {}.", self.whose));
                            return None;
                        };
                        items.map(|item| context! { item, ..scope.clone() }).collect()
                    }
                };
                let mut items = Vec::new();
                for scope in scopes {
                    let path = format!("{path}[{}]", items.len());
                    let there = |rule| self.expression(rule, &scope, &path).is_some_and(|there| there.is_true());
                    if !when.as_deref().is_none_or(there) {
                        continue;
                    }
                    let item = self.object(fields, &scope, &path);
                    match &mut self.table {
                        Some(table) if traced::add_to(&mut items, &item) => table.forget(&path),
                        _ => items.push(item),
                    }
                }
                Some(Node::List(items))
            }
        }
    }

    /// The order of a label, or all orders that share the parcel, in the order of the rows.
    fn orders(&mut self, text: &str) -> Option<Node> {
        let rows = self.table.as_ref().map(Traced::rows).unwrap_or_default();
        let mut orders: Vec<String> = Vec::new();
        for (at, scope) in rows.into_iter().enumerate() {
            let said = match self.value(text, &scope, "order") {
                Some(Node::Text(text) | Node::Number(text)) => text,
                Some(_) | None => match orders.last() {
                    // A row that says nothing is of the order above it.
                    Some(order) => order.clone(),
                    None => continue,
                },
            };
            if let Some(table) = &mut self.table {
                table.note_order(at, &said);
            }
            if !orders.contains(&said) {
                orders.push(said);
            }
        }
        (!orders.is_empty()).then(|| Node::text(orders.join(tables::ORDERS_BETWEEN)))
    }

    /// What is to be collected: of several orders in a parcel what each of them says, to be added up.
    fn sum_to_collect(&mut self, when: Option<&str>, fields: &[(&'static str, Source)]) -> Option<Node> {
        let scopes = self.table.as_ref().map(Traced::by_order).unwrap_or_default();
        let mut parts: Vec<Node> = Vec::new();
        for scope in scopes {
            if when.is_none_or(|when| self.expression(when, &scope, "cod").is_some_and(|there| there.is_true())) {
                parts.push(self.object(fields, &scope, "cod"));
            }
        }
        let texts = |field: &str| -> Vec<String> {
            let texts = parts.iter().filter_map(|part| match part.get(field) {
                Some(Node::Text(text) | Node::Number(text)) => Some(text.clone()),
                _ => None,
            });
            texts.collect()
        };
        let (amounts, currencies) = (texts("amount"), texts("currency"));
        if parts.len() <= 1 {
            return parts.pop();
        }
        let same = currencies.iter().all(|currency| Some(currency) == currencies.first());
        let currency = if same { currencies.first().cloned().unwrap_or_default() } else { currencies.join(" + ") };
        let fields = [("amount", amounts.join(tables::ORDERS_BETWEEN)), ("currency", currency)];
        Some(Node::Object(fields.into_iter().map(|(field, text)| (field.to_owned(), Node::text(text))).collect()))
    }

    /// What a label's field is to be, if it is to be anything.
    fn value(&mut self, text: &str, scope: &Value, path: &str) -> Option<Node> {
        let value = self.expression(text, scope, path)?;
        let node = to_node(&value);
        if node.is_none() {
            self.fault(path, format!("`{text}` gives what cannot stand on a label for {}.", self.whose));
        }
        let node = node.filter(|node| *node != Node::Null)?;
        if self.table.is_some() { traced::plain(node, path) } else { Some(node) }
    }

    fn object(&mut self, fields: &[(&'static str, Source)], scope: &Value, path: &str) -> Node {
        let below = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        let fields =
            fields.iter().filter_map(|(field, source)| Some(((*field).to_owned(), self.source(source, scope, &below(field))?)));
        Node::Object(fields.collect())
    }

    fn expression(&mut self, text: &str, scope: &Value, path: &str) -> Option<Value> {
        let value = self.session.evaluate(text, scope);
        let sound = self.table.as_mut().is_none_or(|table| table.look(path));
        let error = match value {
            // What a wrong cell leads to is not told beside it.
            _ if !sound => return None,
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let refusal = error.source().and_then(|source| source.downcast_ref::<Refusal>());
        let message = match (refusal, error.kind()) {
            (Some(Refusal(why)), _) => why.clone(),
            (None, ErrorKind::UndefinedError) => format!("{} has no `{text}`.", self.whose),
            // The error's detail may repeat the value: only its kind is said.
            (None, kind) => format!("`{text}` does not work out for {}: {kind}.", self.whose),
        };
        self.fault(path, message);
        None
    }

    fn fault(&mut self, path: &str, message: String) {
        let fault = Fault::new(Code::Unmapped, path, message);
        match &mut self.table {
            Some(table) => table.fault(fault),
            None => self.faults.push(fault),
        }
    }
}

fn to_value(node: &Node) -> Value {
    match node {
        Node::Null => Value::from(()),
        Node::Boolean(yes) => Value::from(*yes),
        Node::Number(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Value::from(whole),
            (_, Ok(number)) => Value::from(number),
            _ => Value::from(text.as_str()),
        },
        Node::Text(text) => Value::from(text.as_str()),
        Node::List(items) => items.iter().map(to_value).collect(),
        Node::Object(entries) => Value::from_pairs(entries.iter().map(|(key, value)| (key.as_str(), to_value(value)))),
    }
}

fn to_node(value: &Value) -> Option<Node> {
    Some(match value.kind() {
        ValueKind::None => Node::Null,
        ValueKind::Bool => Node::Boolean(value.is_true()),
        ValueKind::String => Node::text(value.as_str()?),
        ValueKind::Number => {
            f64::try_from(value.clone()).ok().filter(|number| number.is_finite()).map(|_| Node::Number(value.to_string()))?
        }
        ValueKind::Seq | ValueKind::Iterable => {
            Node::List(value.try_iter().ok()?.map(|item| to_node(&item)).collect::<Option<_>>()?)
        }
        ValueKind::Map => {
            let keys = value.try_iter().ok()?;
            let entry = |key: Value| Some((key.as_str()?.to_owned(), to_node(&value.get_item(&key).ok()?)?));
            Node::Object(keys.map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
