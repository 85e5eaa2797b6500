//! TOML files, read once and checked whole.
//!
//! Text goes in; the reader asks each table for the keys it knows, and every fault of the file is gathered with
//! its line: bad TOML, a missing key, a value of the wrong kind, an unknown key. Shared by templates, field
//! maps and the configuration. Knows none of their keys and opens no file.
//!
//! ```
//! use waybilld::toml_file;
//!
//! struct Block { kind: String, x: f64, bold: bool }
//!
//! let text = r#"
//! title = "plain"
//!
//! [[block]]
//! kind = "text"
//! x = 4
//!
//! [[block]]
//! kind = "rule"
//! x = "4"
//! blod = true
//! "#;
//!
//! let faults = toml_file::read("plain.toml", text, |mut file| {
//!     file.require(&["title", "author"]);
//!     let title = file.text("title").unwrap_or_default().to_owned();
//!     let blocks: Vec<Block> = file
//!         .tables("block")
//!         .into_iter()
//!         .map(|mut block| {
//!             let kind = block.text("kind").unwrap_or_default().to_owned();
//!             if kind == "rule" {
//!                 block.fault("kind", "no rules today: use text.");
//!             }
//!             Block { kind, x: block.number("x").unwrap_or(0.0), bold: block.boolean("bold").unwrap_or(false) }
//!         })
//!         .collect();
//!     (title, file.text("author").map(str::to_owned), blocks)
//! })
//! .map(drop)
//! .unwrap_err();
//!
//! let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
//! assert_eq!(said, [
//!     "plain.toml:1: `author` is missing.",
//!     "plain.toml:9: no rules today: use text.",
//!     "plain.toml:10: `x` must be a number, not text.",
//!     "plain.toml:11: no key `blod` here. Did you mean \"bold\"?",
//! ]);
//! ```

use crate::fault::{FileFault, hint};
use std::cell::RefCell;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What `read` makes of the file's top table, or everything that is wrong with the file, by line.
pub fn read<T>(file: &str, text: &str, read: impl FnOnce(Table<'_>) -> T) -> Result<T, Vec<FileFault>> {
    let report = Report { file, text, faults: RefCell::default() };
    let (top, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        report.add(report.line(at), format!("not TOML: {}.", error.message().trim_end_matches('.')));
    }
    if errors.is_empty() {
        let made = read(Table::new(top.get_ref(), 1, &report));
        if report.faults.borrow().is_empty() {
            return Ok(made);
        }
    }
    let mut faults = report.faults.into_inner();
    faults.sort_by_key(|fault| fault.line);
    Err(faults)
}

/// The faults found so far, and what turns a place into a line.
struct Report<'a> {
    file: &'a str,
    text: &'a str,
    faults: RefCell<Vec<FileFault>>,
}

impl Report<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|&byte| byte == b'\n').count()
    }

    fn add(&self, line: usize, message: String) {
        self.faults.borrow_mut().push(FileFault { file: self.file.to_owned(), line, message });
    }
}

/// One table of the file. Each getter answers `None` for a key that is not there, and also, after noting the
/// fault, for one of the wrong kind. When the table is dropped, keys that no getter asked for are faults.
pub struct Table<'a> {
    keys: &'a DeTable<'a>,
    line: usize,
    report: &'a Report<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Table<'a> {
    fn new(keys: &'a DeTable<'a>, line: usize, report: &'a Report<'a>) -> Table<'a> {
        Table { keys, line, report, asked: Vec::new() }
    }

    /// The line the table begins at.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The line of that key, or the table's own when the key is missing.
    pub fn line_of(&self, key: &str) -> usize {
        self.keys.get_key_value(key).map_or(self.line, |(key, _)| self.report.line(key.span().start))
    }

    /// Notes a fault of that key. Give the whole sentence.
    pub fn fault(&self, key: &str, sentence: impl Into<String>) {
        self.fault_at(self.line_of(key), sentence);
    }

    /// Notes a fault at that line.
    pub fn fault_at(&self, line: usize, sentence: impl Into<String>) {
        self.report.add(line, sentence.into());
    }

    /// Notes a fault for each of these keys that is not there.
    pub fn require(&self, keys: &[&str]) {
        for key in keys.iter().filter(|key| !self.has(key)) {
            self.fault(key, format!("`{key}` is missing."));
        }
    }

    /// Whether the key is there, of whatever kind.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Whether the key is there and is a text, for one that may also be a table.
    pub fn is_text(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// A string.
    pub fn text(&mut self, key: &'static str) -> Option<&'a str> {
        self.get(key, "text", |value| value.as_str())
    }

    /// A whole or broken number.
    pub fn number(&mut self, key: &'static str) -> Option<f64> {
        self.get(key, "a number", number)
    }

    /// A whole number.
    pub fn whole(&mut self, key: &'static str) -> Option<i64> {
        self.get(key, "a whole number", whole)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.get(key, "true or false", |value| value.as_bool())
    }

    /// One word of a closed set; a hyphen is as good as an underscore.
    pub fn word<T: Copy>(&mut self, key: &'static str, known: &[(&str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let is = |name: &str| name.replace('-', "_") == word.replace('-', "_");
        let found = known.iter().find(|(name, _)| is(name)).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.fault(key, format!("`{key}` cannot be \"{word}\". Known: {}.", names.join(", ")));
        }
        found
    }

    /// A list of strings.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<&'a str>> {
        self.get(key, "a list of texts", |value| value.as_array()?.iter().map(|item| item.get_ref().as_str()).collect())
    }

    /// A list of numbers.
    pub fn numbers(&mut self, key: &'static str) -> Option<Vec<f64>> {
        self.get(key, "a list of numbers", |value| value.as_array()?.iter().map(|item| number(item.get_ref())).collect())
    }

    /// The table `[key]`.
    pub fn table(&mut self, key: &'static str) -> Option<Table<'a>> {
        let line = self.line_of(key);
        let keys = self.get(key, "a table", |value| value.as_table())?;
        Some(Table::new(keys, line, self.report))
    }

    /// The tables `[[key]]`, or a list of inline tables, in the order of the file; none when it is not there.
    pub fn tables(&mut self, key: &'static str) -> Vec<Table<'a>> {
        let found: Option<Vec<_>> = self.get(key, "a list of tables", |value| {
            let items = value.as_array()?.iter();
            items.map(|item| item.get_ref().as_table().map(|keys| (keys, item.span().start))).collect()
        });
        let found = found.unwrap_or_default().into_iter();
        found.map(|(keys, at)| Table::new(keys, self.report.line(at), self.report)).collect()
    }

    /// The tables `[key.<name>]` with names the file chose, in the order of the file.
    pub fn named_tables(&mut self, key: &'static str) -> Vec<(&'a str, Table<'a>)> {
        let Some(keys) = self.get(key, "a table of tables", |value| value.as_table()) else {
            return Vec::new();
        };
        let mut entries: Vec<_> = keys.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut tables = Vec::new();
        for (name, value) in entries {
            let line = self.report.line(name.span().start);
            match value.get_ref().as_table() {
                Some(keys) => tables.push((name.get_ref().as_ref(), Table::new(keys, line, self.report))),
                None => self.fault_at(line, format!("`{key}.{}` must be a table, not {}.", name.get_ref(), kind(value))),
            }
        }
        tables
    }

    /// The texts of the table `[key]` under names the file chose, in the order of the file; one text or a list of them.
    pub fn named_texts(&mut self, key: &'static str) -> Vec<(&'a str, Vec<&'a str>)> {
        let Some(keys) = self.get(key, "a table of texts", |value| value.as_table()) else {
            return Vec::new();
        };
        let mut entries: Vec<_> = keys.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut found = Vec::new();
        for (name, value) in entries {
            let texts: Option<Vec<&str>> = match value.get_ref() {
                DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str()).collect(),
                value => value.as_str().map(|text| vec![text]),
            };
            match texts {
                Some(texts) => found.push((name.get_ref().as_ref(), texts)),
                None => {
                    let line = self.report.line(name.span().start);
                    self.fault_at(line, format!("`{key}.{}` must be a text or a list of texts.", name.get_ref()));
                }
            }
        }
        found
    }

    fn get<T>(&mut self, key: &'static str, wanted: &str, take: impl FnOnce(&'a DeValue<'a>) -> Option<T>) -> Option<T> {
        self.asked.push(key);
        let value = self.keys.get(key)?;
        let taken = take(value.get_ref());
        if taken.is_none() {
            self.fault(key, format!("`{key}` must be {wanted}, not {}.", kind(value)));
        }
        taken
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        for name in self.keys.keys() {
            let word: &str = name.get_ref();
            if !self.asked.contains(&word) {
                self.fault(word, format!("no key `{word}` here.{}", hint(word, &self.asked)));
            }
        }
    }
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(number) => number.as_str().parse().ok().filter(|number: &f64| number.is_finite()),
        value => whole(value).map(|whole| whole as f64),
    }
}

/// The kind of value that was written, in a plain word.
fn kind(value: &Spanned<DeValue<'_>>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) if whole(value.get_ref()).is_none() => "one so large",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number such as this",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "such a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults<T>(text: &str, reader: impl FnOnce(Table<'_>) -> T) -> Vec<String> {
        let found = read("a.toml", text, reader).err().unwrap_or_default();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_without_a_fault_gives_what_was_asked_for() {
        let text =
            "n = 0x10\nlist = [\"a\", \"b\"]\nsize = [100, 150.5]\nhow = 'end'\n[sub.pack-1]\nx = 1.5\n[sub.alpha]\nx = 2\n";
        let read = read("a.toml", text, |mut top| {
            let xs: Vec<_> =
                top.named_tables("sub").into_iter().map(|(name, mut sub)| (name.to_owned(), sub.number("x"))).collect();
            let list = top.texts("list").map(|list| list.join("+"));
            (top.whole("n"), list, top.numbers("size"), top.word("how", &[("start", 1), ("end", 2)]), xs)
        });
        let xs = vec![("pack-1".to_owned(), Some(1.5)), ("alpha".to_owned(), Some(2.0))];
        assert_eq!(read, Ok((Some(16), Some("a+b".to_owned()), Some(vec![100.0, 150.5]), Some(2), xs)));
    }

    #[test]
    fn every_fault_of_a_file_is_told_at_once_with_its_line() {
        let text = "wide = \"x\"\nhow = \"centre\"\n\n[sub]\ndeep = true\n\n[[block]]\n\n[[block]]\ncolour = 1\n";
        let said = faults(text, |mut top| {
            top.require(&["name"]);
            top.number("wide");
            top.word("how", &[("start", 1), ("end", 2)]);
            top.table("sub").map(|mut sub| sub.boolean("y"));
            top.tables("block").iter_mut().for_each(|block| assert_eq!(block.text("kind"), None));
        });
        assert_eq!(
            said,
            [
                "a.toml:1: `name` is missing.",
                "a.toml:1: `wide` must be a number, not text.",
                "a.toml:2: `how` cannot be \"centre\". Known: start, end.",
                "a.toml:5: no key `deep` here. Known: y.",
                "a.toml:10: no key `colour` here. Known: kind.",
            ]
        );
    }

    #[test]
    fn broken_toml_is_told_by_line_and_nothing_else_is_said() {
        let said = faults("a = 1\nb = = 2\nc = \"open\n", |top| top.require(&["name"]));
        assert!(said.iter().all(|fault| fault.contains(": not TOML: ")), "{said:?}");
        assert!(said[0].starts_with("a.toml:2:") && said.last().is_some_and(|last| last.starts_with("a.toml:3:")), "{said:?}");
    }

    #[test]
    fn a_key_given_twice_is_told() {
        assert_eq!(faults("a = 1\na = 2\n", |mut top| top.whole("a")), ["a.toml:2: not TOML: duplicate key."]);
    }
}
