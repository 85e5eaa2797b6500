//! JSON as a tree, strictly.
//!
//! Bytes go in, a [`Node`] or one fault comes out. Stricter than JSON itself, because a label must not depend on
//! a reader's habits: a key given twice is refused, nesting is bounded, numbers keep the text they were written
//! in. Knows no field of ours.

use crate::fault::{Code, Fault};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// How deep objects and lists may lie in each other.
pub const DEPTH_MAX: usize = 32;

/// serde_json hands a number over under this key when it keeps its text (`arbitrary_precision`).
const NUMBER_KEY: &str = "$serde_json::private::Number";

/// One JSON value. Objects keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Null,
    Boolean(bool),
    /// As it was written: `185.00` stays `185.00`.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// A text.
    pub fn text(text: impl Into<String>) -> Node {
        Node::Text(text.into())
    }

    /// The value of that key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Object(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same value as JSON without blanks.
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8(out).expect("made of texts")
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Node::Null => out.extend(b"null"),
            Node::Boolean(yes) => out.extend(if *yes { "true" } else { "false" }.bytes()),
            Node::Number(text) => out.extend(text.bytes()),
            Node::Text(text) => quote(text, out),
            Node::List(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Node::Object(entries) => {
                out.push(b'{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    quote(key, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }
}

fn quote(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a text is always JSON, and memory takes it");
}

/// Reads one JSON value.
pub fn parse(bytes: &[u8]) -> Result<Node, Fault> {
    parse_from_line(bytes, 1)
}

/// Reads JSON lines: one value a line, with the number of its line. Blank lines are skipped. A text whose first
/// line is not a whole value is one value over many lines.
pub fn parse_lines(bytes: &[u8]) -> Result<Vec<(usize, Node)>, Vec<Fault>> {
    let lines = (1..).zip(bytes.split(|&byte| byte == b'\n'));
    let mut full = lines.filter(|(_, line)| !line.trim_ascii().is_empty() && *line != BYTE_ORDER_MARK).peekable();
    if full.peek().is_some_and(|(_, line)| is_unfinished(line)) {
        return Ok(vec![(1, parse(bytes).map_err(|fault| vec![fault])?)]);
    }
    let mut nodes = Vec::new();
    let mut faults = Vec::new();
    for (number, line) in full {
        match parse_from_line(line, number) {
            Ok(node) => nodes.push((number, node)),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(nodes) } else { Err(faults) }
}

fn is_unfinished(line: &[u8]) -> bool {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

/// Some editors begin a file with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

fn parse_from_line(bytes: &[u8], first_line: usize) -> Result<Node, Fault> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let refusal = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Seed { depth: 0, path: &Path::Top, refusal: &refusal };
    let read = seed.deserialize(&mut reader).and_then(|node| reader.end().map(|()| node));
    read.map_err(|error| {
        let place = format!("line {}, column {}", first_line + error.line().saturating_sub(1), error.column());
        if let Some(Fault { field, message, .. }) = refusal.take() {
            return Fault::new(Code::Unreadable, field, format!("{message} ({place})."));
        }
        let whole = error.to_string();
        let reason = whole.split(" at line ").next().unwrap_or_default();
        let reason = if error.is_eof() { "it ends too early" } else { reason };
        Fault::new(Code::Unreadable, "", format!("not JSON at {place}: {reason}."))
    })
}

/// Where in the tree we are; made into words only for a fault.
enum Path<'a> {
    Top,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Top => Ok(()),
            Path::Key(Path::Top, key) => f.write_str(&shown(key)),
            Path::Key(parent, key) => write!(f, "{parent}.{}", shown(key)),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A key of the caller's, short and without control characters, fit for a sentence.
pub fn shown(key: &str) -> String {
    key.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: usize,
    path: &'a Path<'a>,
    refusal: &'a RefCell<Option<Fault>>,
}

impl<'a> Seed<'a> {
    fn below<'b>(self, path: &'b Path<'b>) -> Seed<'b>
    where
        'a: 'b,
    {
        Seed { depth: self.depth + 1, path, refusal: self.refusal }
    }

    fn refuse<E: Error>(self, path: &Path<'_>, message: impl Into<String>) -> E {
        *self.refusal.borrow_mut() = Some(Fault::new(Code::Unreadable, path.to_string(), message));
        E::custom("refused")
    }

    fn check_depth<E: Error>(self) -> Result<(), E> {
        if self.depth < DEPTH_MAX {
            return Ok(());
        }
        Err(self.refuse(&Path::Top, format!("nested deeper than {DEPTH_MAX}: no label needs that")))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Node, E> {
        Ok(Node::Boolean(yes))
    }

    // Whole numbers that fit come as such and were written so; all others come under `NUMBER_KEY`.
    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::text(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        self.check_depth()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.below(&Path::Index(self.path, items.len())))? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        while let Some(key) = object.next_key::<String>()? {
            if key == NUMBER_KEY {
                return self.number(object.next_value::<String>()?);
            }
            self.check_depth()?;
            let value = object.next_value_seed(self.below(&Path::Key(self.path, &key)))?;
            entries.push((key, value));
        }
        let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.refuse(&Path::Key(self.path, twice[0]), "is given twice: leave one out"));
        }
        Ok(Node::Object(entries))
    }
}

impl Seed<'_> {
    /// Anybody can write an object with serde_json's private key, so what stands there must be a number.
    fn number<E: Error>(self, text: String) -> Result<Node, E> {
        match serde_json::from_str::<serde_json::Number>(&text) {
            Ok(_) => Ok(Node::Number(text)),
            Err(_) => Err(self.refuse(self.path, "is not a number")),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> String {
        parse(text.as_bytes()).expect_err("refused").to_string()
    }

    #[test]
    fn a_tree_keeps_order_and_the_text_of_its_numbers() {
        let text =
            r#"{"z":185.00,"a":[2.50,-0,true,null],"m":{"k":"\u0000é"},"big":123456789012345678901234567890,"e":[],"o":{}}"#;
        let node = parse(text.as_bytes()).expect("JSON");
        assert_eq!(node.get("z"), Some(&Node::Number("185.00".into())));
        assert_eq!(node.to_json(), text);
    }

    #[test]
    fn bad_json_is_told_by_line_and_column() {
        assert_eq!(fault("{\n  \"a\": 1,\n  \"b\" 2\n}"), "not JSON at line 3, column 7: expected `:`.");
        assert_eq!(fault(""), "not JSON at line 1, column 0: it ends too early.");
        assert_eq!(fault("{\"a\": [1, 2"), "not JSON at line 1, column 11: it ends too early.");
        assert_eq!(fault("{} {}"), "not JSON at line 1, column 4: trailing characters.");
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn a_key_given_twice_is_named_by_its_path() {
        let said = fault(r#"{"labels": [{}, {"recipient": {"name": "A", "name": "B"}}]}"#);
        assert!(said.starts_with("labels[1].recipient.name: is given twice: leave one out (line 1, column "), "{said}");
    }

    #[test]
    fn thirty_two_levels_are_read_and_thirty_three_are_refused() {
        assert!(parse(format!("{}{}", "[".repeat(32), "]".repeat(32)).as_bytes()).is_ok());
        let deep = fault(&format!("{}{}", "[".repeat(33), "]".repeat(33)));
        assert!(deep.starts_with("nested deeper than 32"), "{deep}");
        assert!(fault(&"[".repeat(100_000)).starts_with("nested deeper than 32"));
        assert!(fault(&"{\"a\":".repeat(100_000)).starts_with("nested deeper than 32"));
    }

    #[test]
    fn the_readers_private_key_is_no_way_to_smuggle_a_number() {
        assert!(fault(r#"{"a": {"$serde_json::private::Number": "1, \"b\": 2"}}"#).starts_with("a: is not a number"));
    }

    #[test]
    fn json_lines_are_counted_blank_ones_are_skipped_and_every_bad_one_is_told() {
        let nodes = parse_lines("\u{feff}{\"a\":1}\r\n\n  \n[2]\n".as_bytes()).expect("two lines");
        assert_eq!(nodes.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 4]);
        let faults = parse_lines(b"{}\n{]\n{}\n{\"a\":1,\"a\":2}\n").expect_err("two bad lines");
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("not JSON at line 2, column 2"), "{said:?}");
        assert!(said[1].starts_with("a: is given twice: leave one out (line 4"), "{said:?}");
    }

    #[test]
    fn one_value_over_many_lines_is_one_value() {
        assert_eq!(parse_lines(b"{\n \"labels\": []\n}\n").expect("one job").len(), 1);
        let faults = parse_lines(b"{\n \"labels\": [\n}\n").expect_err("broken");
        assert!(faults[0].message.starts_with("not JSON at line 3"), "{faults:?}");
    }

    /// Any tree up to a small depth.
    pub fn any_node() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            Just(Node::Null),
            any::<bool>().prop_map(Node::Boolean),
            any::<i64>().prop_map(|number| Node::Number(number.to_string())),
            ".{0,12}".prop_map(Node::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
                prop::collection::btree_map(".{0,6}", inner, 0..5).prop_map(|map| Node::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_tree_comes_back_from_its_json(node in any_node()) {
            prop_assert_eq!(parse(node.to_json().as_bytes()), Ok(node));
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\":,a1 \\\\\n]{0,60}") {
            let _ = parse(&bytes);
            let _ = parse_lines(text.as_bytes());
        }
    }
}
