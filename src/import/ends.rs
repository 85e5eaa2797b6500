//! What becomes of a row: it is taken, asked about, left out or refused.
//!
//! The kinds are closed sets with a stable word each, which command line and API use; the sentence beside a kind is for
//! people. Nothing that is only guessed is taken: what can be read two ways is asked ([`AskKind`]), with what would be
//! printed; what cannot be read is refused ([`RefuseKind`]); what is not to be printed is left out ([`LeaveKind`]).

use super::place::Place;
use crate::closed_set::ClosedSet;
use crate::fault::{Code, Fault};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Why a row is asked about before it is taken.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Display,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AskKind {
    /// The file's encoding is not certain.
    Encoding,
    /// A line is written in another encoding than the rest of the file.
    MixedEncoding,
    /// Several sheets hold orders, or the one that does is not the one that is open.
    Sheet,
    /// Letters are lost: `?` in their place.
    LettersLost,
    /// Text that looks damaged and can be mended in a way that is not certain.
    DamagedText,
    /// The postcode lost its leading zeros.
    PostcodeZero,
    /// No postcode of that country looks so.
    Postcode,
    /// The amount can be read in two ways.
    Amount,
    /// The sum names another currency than the label.
    Currency,
    /// Nobody knows whether money is to be collected.
    Payment,
    /// Nobody knows what the status says.
    Status,
    /// Nobody knows what the word in a column of cancellations says.
    Cancellation,
    /// A column that the map does not read says that something is canceled, unpaid or to be paid on delivery.
    UnreadColumn,
    /// A number that has been a decimal on its way: `10110.0`.
    Float,
    /// A word that programs write for nothing: `nan`, `null`.
    NoValue,
    /// The date can be read in two ways.
    Date,
    /// The deadline is over, or more than a year ahead.
    Deadline,
    /// Rows of one label say different things.
    RowsDisagree,
    /// Some rows of a parcel are hidden.
    HiddenRows,
    /// The tracking number stands under another label too.
    TrackingTwice,
    /// An order in several parcels, each with the same sum to collect.
    SplitOrder,
    /// Several orders in one parcel, each with a sum to collect.
    CombinedAmount,
    /// The check digit is wrong for the carrier that is named.
    CheckDigit,
    /// The row has fewer cells than the header: a line end may have torn it.
    RowShort,
}

/// Why a row is not to be printed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Display,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LeaveKind {
    /// The map's rule says so, by the status of the order or otherwise.
    Rule,
    /// The row is hidden or filtered away in the spreadsheet.
    Hidden,
    /// A sum, a repeated header or another row that is no order.
    NoOrder,
    /// Taken before with the same content.
    PrintedBefore,
}

/// Why a row cannot be read.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Display,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RefuseKind {
    /// A formula without a stored result.
    NoResult,
    /// A formula that came to an error, such as `#REF!`.
    ErrorValue,
    /// Digits are gone: `5.76E+17`.
    DigitsLost,
    /// More cells than the header has.
    RowWide,
    /// Quotation marks that do not close where the cell ends.
    Quoting,
    /// Two parcels under one number.
    TwoParcels,
    /// A field is missing or not as a label needs it.
    Field,
}

/// A question about a row, or about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub kind: AskKind,
    /// Where in the sheet; `None`: the whole file.
    pub place: Option<Place>,
    /// The field of the label, by its path.
    pub field: String,
    /// What is uncertain, in a sentence without the row.
    pub sentence: String,
    /// What would be printed, where that is not what the cell says.
    pub would_print: Option<String>,
}

/// What was done to a row's text that a person may want to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub place: Option<Place>,
    pub sentence: String,
}

/// Why a label is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub kind: RefuseKind,
    pub place: Place,
    pub fault: Fault,
}

/// The answers to asks: yes to a kind everywhere, or in one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers(BTreeSet<Answer>);

/// `postcode_zero`, or `postcode_zero@7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answer {
    pub kind: AskKind,
    /// The row, counted as the spreadsheet does; 0 is the file.
    pub row: Option<usize>,
}

impl Ask {
    /// The row it is about; 0 is the whole file.
    pub fn row(&self) -> usize {
        self.place.as_ref().map_or(0, |place| place.row)
    }

    /// As a fault of that label.
    pub fn to_fault(&self, label: Option<&str>) -> Fault {
        Fault { label: label.map(str::to_owned), ..Fault::new(Code::Uncertain, self.field.clone(), self.to_string()) }
    }
}

/// `row 17, column H "Zipcode": …`
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.sentence)
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.sentence)
    }
}

impl Answers {
    /// Yes to those kinds, in every row.
    pub fn yes(kinds: impl IntoIterator<Item = AskKind>) -> Answers {
        Answers(kinds.into_iter().map(|kind| Answer { kind, row: None }).collect())
    }

    pub fn add(&mut self, answer: Answer) {
        self.0.insert(answer);
    }

    /// Whether the question is answered with yes.
    pub fn allow(&self, ask: &Ask) -> bool {
        let given = |row| self.0.contains(&Answer { kind: ask.kind, row });
        given(None) || given(Some(ask.row()))
    }
}

impl FromIterator<Answer> for Answers {
    fn from_iter<I: IntoIterator<Item = Answer>>(answers: I) -> Answers {
        Answers(answers.into_iter().collect())
    }
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Answer, String> {
        let (word, row) = match text.trim().split_once('@') {
            Some((word, row)) => {
                (word, Some(row.parse().map_err(|_| format!("`{text}`: behind @ stands the number of a row."))?))
            }
            None => (text.trim(), None),
        };
        let kind = AskKind::from_word(word)
            .ok_or_else(|| format!("`{word}` is no kind of question.{}", crate::fault::hint(word, &AskKind::words())))?;
        Ok(Answer { kind, row })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "{}@{row}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_for_a_kind_or_for_one_row_of_it() {
        let ask = |row| Ask {
            kind: AskKind::PostcodeZero,
            place: Some(Place { row, columns: Vec::new() }),
            field: "recipient.postcode".into(),
            sentence: String::new(),
            would_print: None,
        };
        let answers = |text: &str| text.split(',').map(|one| one.parse().expect("an answer")).collect::<Answers>();
        assert!(answers("postcode_zero").allow(&ask(7)) && answers("postcode-zero").allow(&ask(7)));
        assert!(answers("amount,postcode_zero@7").allow(&ask(7)) && !answers("amount,postcode_zero@7").allow(&ask(8)));
        assert!(!answers("postcode").allow(&ask(7)));
        assert_eq!(
            "postcode_zer".parse::<Answer>().expect_err("no kind"),
            "`postcode_zer` is no kind of question. Did you mean \"postcode_zero\"?"
        );
    }
}
