//! What is wrong with something we were given, in one sentence a person can act on.
//!
//! A [`Fault`] names the label and the field of a job; a [`FileFault`] the file and line of a template,
//! map or configuration. Faults are gathered, so that all of a file or job are
//! reported at once. Knows no job, template or configuration.

use serde::{Deserialize, Serialize};
use std::fmt;
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// What kind of fault it is, for a program; the sentence beside it is for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// It is needed and is not there.
    Missing,
    /// No field has this name.
    UnknownField,
    /// It names something that is not there, such as a printer, a template or a sort key.
    UnknownValue,
    /// Another kind of JSON value is needed here.
    WrongType,
    /// The text has too many characters.
    TooLong,
    /// The list has too many entries.
    TooMany,
    /// The number is too small or too large.
    OutOfRange,
    /// It is not written as it must be, or holds a character that cannot be there.
    BadFormat,
    /// Stars stand where letters must be.
    Masked,
    /// It contradicts something else: another label, another field, what the ledger has.
    Conflict,
    /// It needs more room than its place on the label has.
    DoesNotFit,
    /// No font has one of its characters.
    NoGlyph,
    /// The template cannot show this label.
    Template,
    /// The map cannot make it of what the file says.
    Unmapped,
    /// The body or the file cannot be read at all.
    Unreadable,
    /// It can be read in several ways: a person is asked first.
    Uncertain,
    /// It is not taken yet.
    Unsupported,
}

/// One thing wrong with a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: Code,
    /// The label's id, when the fault lies in one label.
    pub label: Option<String>,
    /// The field's path, such as `recipient.postcode`; empty when it is the whole.
    pub field: String,
    /// What is wrong and what to do. Never a person's name, phone or address.
    pub message: String,
}

impl Fault {
    /// A fault in that field.
    pub fn new(code: Code, field: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault { code, label: None, field: field.into(), message: message.into() }
    }

    /// The same fault, said of that label.
    pub fn of_label(self, id: &str) -> Fault {
        Fault { label: Some(id.to_owned()), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = &self.label {
            write!(f, "label {label}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    pub file: String,
    /// Counted from 1; 0 when it is the whole file.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// The known word that `word` was most likely meant to be, if one is near enough to say so.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .iter()
        .map(|&name| (edits(&word, &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other, of their first 64
/// letters.
fn edits(a: &str, b: &str) -> usize {
    let first = |word: &str| word.chars().take(64).collect::<String>();
    strsim::osa_distance(&first(a), &first(b))
}

/// ` Did you mean "x"?` or, when nothing is near, ` Known: a, b, c.`
pub fn hint(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(name) => format!(" Did you mean \"{name}\"?"),
        None => format!(" Known: {}.", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_word_that_was_meant() {
        let known = ["tracking", "recipient", "sender", "postcode"];
        assert_eq!(nearest("trakcing", &known), Some("tracking"));
        assert_eq!(nearest("post_code", &known), Some("postcode"));
        assert_eq!(nearest("Sender", &known), Some("sender"));
        assert_eq!(nearest("colour", &known), None);
    }
}
