//! Field maps: how the records of a platform's export become labels.
//!
//! A map in TOML is parsed once and checked whole; then foreign records go in, one by one, and labels in our own
//! JSON shape come out, or the reason a record is left out. Every value of a map is a minijinja expression over the
//! record (`templates/maps/tiktok-shop.toml` is an example):
//!
//! - `record` names a record in messages; `leave_out` gives the reason to leave one out, or none.
//! - `[label]` holds an expression for each field of a label; objects are tables, `[label.cod]` with a `when` if
//!   it is not always there; `[label.items]` goes through the list `each`, where `item` is one entry.
//! - `[sheet]`, `[columns]` and `[optional]` make it a map for tables, whose rows become labels ([`tables`]).
//!
//! Knows the names of a label's fields, but not what makes a label right: the waybill room does.

pub mod tables;
mod times;
pub mod view;

use crate::fault::{Code, Fault, FileFault};
use crate::toml_file::{self, Table};
use crate::waybill::json::Node;
use crate::waybill::{COD_FIELDS, ITEM_FIELDS, LABEL_FIELDS, PARCEL_FIELDS, PARTY_FIELDS};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, context};
use std::error::Error as _;
use std::fmt;
use tables::{Layout, Traced};
use times::Refusal;

/// A checked map.
pub struct FieldMap {
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
        let (record, leave_out, label, layout) = toml_file::read(file, text, |mut top| {
            top.require(&["record", "label"]);
            let layout = Layout::read(&mut top, &mut environment);
            let record = expression(&mut top, "record", &environment).unwrap_or_default();
            let leave_out = expression(&mut top, "leave_out", &environment);
            let label = top.table("label");
            let fields = label.map(|label| read_label(label, layout.is_some(), &environment)).unwrap_or_default();
            (record, leave_out, Source::Object { when: None, fields }, layout)
        })?;
        Ok(FieldMap { environment, record, leave_out, label, layout })
    }

    /// Makes a label of the record on that line, or tells every field the record fails to give.
    pub fn apply(&self, line: usize, record: &Node) -> Result<Mapped, Vec<Fault>> {
        let scope = to_value(record);
        let named = self.evaluate(&self.record, &scope).ok().filter(|name| !name.is_none());
        let Some(order) = named.map(|name| name.to_string()) else {
            return Err(vec![Fault::new(
                Code::Unmapped,
                "",
                format!("the record on line {line} has no `{}` to call it by.", self.record),
            )]);
        };
        let mut mapping = Mapping { map: self, whose: format!("order {order} (line {line})"), faults: Vec::new(), table: None };
        let why = self.leave_out.as_ref().and_then(|rule| mapping.expression(rule, &scope, "leave_out"));
        if let Some(why) = why.filter(Value::is_true) {
            return Ok(Mapped::LeftOut(LeftOut { order, why: why.to_string() }));
        }
        let label = mapping.source(&self.label, &scope, "");
        if mapping.faults.is_empty() { Ok(Mapped::Label(label.unwrap_or(Node::Null))) } else { Err(mapping.faults) }
    }

    // Compiled where it is used: a microsecond each, and the map stays plain text.
    fn evaluate(&self, expression: &str, scope: &Value) -> Result<Value, Error> {
        let value = self.environment.compile_expression(expression)?.eval(scope.clone())?;
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
struct Mapping<'a> {
    map: &'a FieldMap,
    whose: String,
    faults: Vec<Fault>,
    /// When the record is rows of a table.
    table: Option<Traced>,
}

impl Mapping<'_> {
    fn source(&mut self, source: &Source, scope: &Value, path: &str) -> Option<Node> {
        match source {
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
                        Some(table) if tables::add_to(&mut items, &item) => table.forget(&path),
                        _ => items.push(item),
                    }
                }
                Some(Node::List(items))
            }
        }
    }

    /// What a label's field is to be, if it is to be anything.
    fn value(&mut self, text: &str, scope: &Value, path: &str) -> Option<Node> {
        let value = self.expression(text, scope, path)?;
        let node = to_node(&value);
        if node.is_none() {
            self.fault(path, format!("`{text}` gives what cannot stand on a label for {}.", self.whose));
        }
        let node = node.filter(|node| *node != Node::Null)?;
        if self.table.is_some() { tables::plain(node, path) } else { Some(node) }
    }

    fn object(&mut self, fields: &[(&'static str, Source)], scope: &Value, path: &str) -> Node {
        let below = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        let fields =
            fields.iter().filter_map(|(field, source)| Some(((*field).to_owned(), self.source(source, scope, &below(field))?)));
        Node::Object(fields.collect())
    }

    fn expression(&mut self, text: &str, scope: &Value, path: &str) -> Option<Value> {
        let value = self.map.evaluate(text, scope);
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
mod tests {
    use super::*;
    use crate::waybill::{Senders, Waybill, json};

    const MAP: &str = r#"
record = "number"
leave_out = "'cancelled' if gone | default(false) else none"

[label]
id = "'pkg-' ~ number"
order = "number"
tracking = "track"
sender = "'shop'"
urgent = "fast | default(false)"

[label.recipient]
name = "to.first ~ ' ' ~ to.last"
lines = "[to.street, to.town | default(none)] | select | list"
country = "to.country"

[label.items]
each = "goods"
name = "item.title"
quantity = "item.count"

[label.cod]
when = "pay > 0"
amount = "pay"
currency = "'THB'"
"#;

    fn apply(record: &str) -> Result<Mapped, Vec<String>> {
        let map =
            FieldMap::parse(MAP, "map.toml").map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let record = json::parse(record.as_bytes()).expect("JSON");
        map.apply(3, &record).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_foreign_record_becomes_a_label() {
        let record = r#"{"number": "A-1", "track": "T1", "pay": 12.50, "goods": [{"title": "Lamp", "count": 2}],
            "to": {"first": "Ann", "last": "Lee", "street": "1 Elm", "country": "HK"}}"#;
        let label = concat!(
            r#"{"id":"pkg-A-1","order":"A-1","tracking":"T1","sender":"shop","recipient":{"name":"Ann Lee","lines":["1 Elm"],"country":"HK"},"#,
            r#""items":[{"name":"Lamp","quantity":2}],"cod":{"amount":12.5,"currency":"THB"},"urgent":false}"#
        );
        assert_eq!(apply(record), Ok(Mapped::Label(json::parse(label.as_bytes()).expect("JSON"))));
        let free = record.replace("12.50", "0");
        assert!(matches!(apply(&free), Ok(Mapped::Label(label)) if label.get("cod").is_none()));
    }

    #[test]
    fn a_record_is_left_out_by_name_and_reason() {
        let out = apply(r#"{"number": 17, "gone": true}"#);
        assert_eq!(out, Ok(Mapped::LeftOut(LeftOut { order: "17".into(), why: "cancelled".into() })));
        assert_eq!(LeftOut { order: "17".into(), why: "cancelled".into() }.to_string(), "left out: order 17 (cancelled)");
    }

    #[test]
    fn what_a_record_does_not_give_is_told_by_order_and_field() {
        let record = r#"{"number": 17, "pay": "much", "goods": [{"title": "Lamp"}], "to": {"first": "Ann", "last": "Lee", "street": "1 Elm"}}"#;
        assert_eq!(
            apply(record),
            Err(vec![
                "tracking: order 17 (line 3) has no `track`.".to_owned(),
                "recipient.country: order 17 (line 3) has no `to.country`.".to_owned(),
                "items[0].quantity: order 17 (line 3) has no `item.count`.".to_owned(),
            ])
        );
        assert_eq!(apply("{}"), Err(vec!["the record on line 3 has no `number` to call it by.".to_owned()]));
        assert_eq!(apply("[1]"), Err(vec!["the record on line 3 has no `number` to call it by.".to_owned()]));
    }

    #[test]
    fn a_map_tells_all_its_faults_with_their_lines() {
        let text = "record = \"number\"\n\n[label]\nid = \"a b\"\norder = 5\ntracking = \"t\"\n[label.recipient]\nnmae = \"x\"\n[label.items]\nname = \"x\"\n";
        let said: Vec<String> =
            FieldMap::parse(text, "map.toml").err().unwrap_or_default().iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "map.toml:4: `id` is no expression: unexpected input after expression.",
                "map.toml:5: `order` must be text, not a whole number.",
                "map.toml:8: no key `nmae` here. Did you mean \"name\"?",
                "map.toml:9: `each` is missing.",
            ]
        );
    }

    #[test]
    fn the_shipped_map_makes_a_sound_label_holds_what_the_buyer_would_cancel_and_leaves_out_what_is_cancelled() {
        let map =
            FieldMap::parse(include_str!("../../templates/maps/tiktok-shop.toml"), "tiktok-shop.toml").expect("a sound map");
        let record = |status: &str, cancel: bool| {
            let text = format!(
                r#"{{"order_id": "5764", "package_id": "1152", "status": "{status}", "is_buyer_request_cancel": {cancel},
                "tracking_number": "LY000000001CN", "shipping_provider": "Postal Air", "rts_sla_time": 1735862400, "is_cod": true,
                "fulfillment_priority_level": 400, "cod_amount": "185.00", "currency": "USD", "buyer_message": "", "seller_note": "gift",
                "recipient": {{"name": "山本 舞", "phone": "15-6498", "lines": ["和歌山県17丁目"], "postal_code": "256-2072", "region_code": "JP"}},
                "sender": {{"name": "Sample 样例", "lines": ["Nanshan"], "postal_code": "518000", "region_code": "CN"}}, "weight_g": 100,
                "line_items": [{{"seller_sku": "S", "product_name": "Case", "location": "B-09", "quantity": 2}}]}}"#
            );
            map.apply(1, &json::parse(text.as_bytes()).expect("JSON"))
        };
        let Ok(Mapped::Label(label)) = record("AWAITING_COLLECTION", true) else { panic!("a label") };
        let waybill = Waybill::parse(&label, &Senders::default()).expect("a sound label");
        assert_eq!((waybill.hold.as_deref(), waybill.cancel_requested), (Some("buyer asked to cancel"), true));
        assert_eq!((waybill.service.as_deref(), waybill.note.as_deref()), (Some("next day"), None));
        assert_eq!(waybill.cod.as_ref().map(|cod| cod.amount.as_str()), Some("185.00"));
        assert_eq!(waybill.ship_by.map(|ship_by| ship_by.to_string()).as_deref(), Some("2025-01-03T00:00:00+00:00"));
        let cancelled = LeftOut { order: "5764".into(), why: "CANCELLED".into() };
        assert_eq!(record("CANCELLED", true), Ok(Mapped::LeftOut(cancelled)));
    }
}
