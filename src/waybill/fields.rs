//! The fields of one JSON object, read one by one while every fault is gathered.

use super::clean::{Kind, clean};
use super::json::{Node, shown};
use super::spec::{Field, What};
use crate::fault::{Code, Fault, hint};
use std::cell::RefCell;
use std::ops::RangeInclusive;

/// Unknown names told of one object; a wrong file is understood after as many.
const UNKNOWN_MAX: usize = 10;

/// One object with the path that leads to it. Each getter answers `None` for a field that is missing, null or blank,
/// and also, after noting the fault, for one that is wrong.
pub struct Fields<'a> {
    entries: &'a [(String, Node)],
    /// What they may be, where that stands in a list.
    list: &'static [Field],
    path: &'a str,
    faults: &'a RefCell<Vec<Fault>>,
}

impl<'a> Fields<'a> {
    /// The fields of that object. What is not an object, and names that are not known, are noted.
    pub fn of(node: &'a Node, path: &'a str, known: &[&str], faults: &'a RefCell<Vec<Fault>>) -> Option<Fields<'a>> {
        let Node::Object(entries) = node else {
            faults.borrow_mut().push(Fault::new(
                Code::WrongType,
                path,
                format!("must be an object in braces, not {}.", kind(node)),
            ));
            return None;
        };
        let fields = Fields { entries, list: &[], path, faults };
        let unknown = entries.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        for (name, _) in unknown.take(UNKNOWN_MAX) {
            fields.fault(Code::UnknownField, &shown(name), format!("is not a field we know.{}", hint(name, known)));
        }
        Some(fields)
    }

    /// What `read` makes of the fields of that object, or everything wrong with them.
    pub fn read<T>(node: &Node, known: &[&str], read: impl FnOnce(&Fields<'_>) -> T) -> Result<T, Vec<Fault>> {
        let faults: RefCell<Vec<Fault>> = RefCell::default();
        let made = Fields::of(node, "", known, &faults).map(|fields| read(&fields));
        made.filter(|_| faults.borrow().is_empty()).ok_or_else(|| faults.into_inner())
    }

    /// The fields of an object of which a list says what they may be.
    pub fn listed(node: &'a Node, path: &'a str, list: &'static [Field], faults: &'a RefCell<Vec<Fault>>) -> Option<Fields<'a>> {
        let known: Vec<&str> = list.iter().map(|field| field.name).collect();
        Fields::of(node, path, &known, faults).map(|fields| Fields { list, ..fields })
    }

    fn what(&self, name: &str) -> What {
        self.list.iter().find(|field| field.name == name).expect("the reader asks for fields of its list").what
    }

    /// A text, as its list says.
    pub fn said(&self, name: &str) -> Option<String> {
        match self.what(name) {
            What::Text { max, kind, .. } => self.text(name, max, kind),
            _ => None,
        }
    }

    /// A whole number, as its list says.
    pub fn number(&self, name: &str) -> Option<u32> {
        match self.what(name) {
            What::Whole { min, max } => self.whole(name, min..=max),
            _ => None,
        }
    }

    /// Lines of an address, as their list says.
    pub fn lines(&self, name: &str) -> Vec<String> {
        match self.what(name) {
            What::Lines { count_max, max } => self.texts(name, count_max, max),
            _ => Vec::new(),
        }
    }

    /// Objects, at most as many as their list says.
    pub fn objects(&self, name: &str) -> &'a [Node] {
        match self.what(name) {
            What::Many { max, .. } => self.list(name, max),
            _ => &[],
        }
    }

    /// Notes a fault of that field.
    pub fn fault(&self, code: Code, name: &str, message: impl Into<String>) {
        self.faults.borrow_mut().push(Fault::new(code, self.path_of(name), message));
    }

    /// The path of that field: `recipient.name`.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Notes that a field is missing, unless it is there or something is already said of it.
    pub fn need(&self, name: &str, there: bool, what_to_do: &str) {
        let path = self.path_of(name);
        let is_of_field = |field: &str| field.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('['));
        if !there && !self.faults.borrow().iter().any(|fault| is_of_field(&fault.field)) {
            self.fault(Code::Missing, name, format!("is missing: {what_to_do}"));
        }
    }

    /// The field as it came; null is as good as missing.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        let (_, node) = self.entries.iter().find(|(key, _)| key == name)?;
        Some(node).filter(|node| **node != Node::Null)
    }

    /// A text of at most `max` characters. Only a note keeps its line ends.
    pub fn text(&self, name: &str, max: usize, kind: Kind) -> Option<String> {
        self.clean(name, self.get(name)?, max, kind)
    }

    /// A list of address lines; a line with line ends in it is several.
    pub fn texts(&self, name: &str, count_max: usize, max: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for (i, node) in self.list(name, count_max).iter().enumerate() {
            let each = format!("{name}[{i}]");
            match node {
                Node::Text(text) => {
                    let parts = text.split(['\n', '\r']).take(count_max);
                    lines.extend(parts.filter_map(|part| self.clean(&each, &Node::text(part), max, Kind::Address)));
                }
                _ => drop(self.clean(&each, node, max, Kind::Address)),
            }
        }
        if !lines.iter().any(|line| line.chars().any(char::is_alphanumeric)) {
            lines.clear();
        }
        lines
    }

    fn clean(&self, name: &str, node: &Node, max: usize, kind: Kind) -> Option<String> {
        let Node::Text(text) = node else {
            self.fault(Code::WrongType, name, format!("must be a text in quotes, not {}.", self::kind(node)));
            return None;
        };
        match clean(text, kind) {
            Ok(Some(text)) if text.chars().count() > max => {
                let count = text.chars().count();
                self.fault(Code::TooLong, name, format!("has {count} characters and may have {max}: shorten it."));
            }
            Ok(Some(text)) if kind != Kind::Note && text.contains('\n') => return Some(text.replace('\n', " ")),
            Ok(cleaned) => return cleaned,
            Err((code, message)) => self.fault(code, name, message),
        }
        None
    }

    /// A whole number in that range.
    pub fn whole(&self, name: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let node = self.get(name)?;
        let number = if let Node::Number(text) = node { text.parse().ok() } else { None };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let code = if matches!(node, Node::Number(_)) { Code::OutOfRange } else { Code::WrongType };
            self.fault(code, name, format!("must be a whole number from {} to {}.", range.start(), range.end()));
        }
        number
    }

    /// `true` or `false`; missing is `false`.
    pub fn boolean(&self, name: &str) -> bool {
        match self.get(name) {
            None => false,
            Some(Node::Boolean(yes)) => *yes,
            Some(node) => {
                self.fault(Code::WrongType, name, format!("must be true or false, not {}.", kind(node)));
                false
            }
        }
    }

    /// A list of at most `max` entries; empty when it is missing or wrong.
    pub fn list(&self, name: &str, max: usize) -> &'a [Node] {
        match self.get(name) {
            None => &[],
            Some(Node::List(items)) if items.len() <= max => items,
            Some(Node::List(items)) => {
                self.fault(Code::TooMany, name, format!("has {} entries and may have {max}: leave some out.", items.len()));
                &[]
            }
            Some(node) => {
                self.fault(Code::WrongType, name, format!("must be a list in brackets, not {}.", kind(node)));
                &[]
            }
        }
    }
}

fn kind(node: &Node) -> &'static str {
    match node {
        Node::Null => "null",
        Node::Boolean(_) => "true or false",
        Node::Number(_) => "a number",
        Node::Text(_) => "a text",
        Node::List(_) => "a list",
        Node::Object(_) => "an object",
    }
}
