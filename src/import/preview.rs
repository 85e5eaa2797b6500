//! The table a person looks at before anything is taken: what each label of a file will say, and what becomes of each row.
//!
//! Questions come first, then refusals, then what is taken and what is left out. Names and phones are masked as everywhere.

use super::ends::{Answers, AskKind, LeaveKind, RefuseKind};
use super::review::{node_at, text_of};
use super::{Entry, Import};
use crate::waybill::json::Node;
use crate::waybill::mask;
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Serialize};
use std::fmt;
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum End {
    Asks,
    Refuses,
    Takes,
    LeavesOut,
}

/// One row of the table: a label, or what becomes none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    pub end: End,
    /// The first of its rows, as the file counts them.
    #[schema(example = 2)]
    pub row: usize,
    /// All its rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<usize>,
    pub order: String,
    /// The label's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// Masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// City, region and country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// Masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// What is collected, with its currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "185.50 EUR")]
    pub collect: Option<String>,
    /// What the status says in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The deadline with its weekday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Fri 2026-12-04 18:00")]
    pub ship_by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// What is asked about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Question>,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// Why it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOutWhy>,
    /// What was done to its texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A question, as command line and API ask it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// Its kind; `yes=kind`, or `yes=kind@row` for this one alone, is the answer.
    pub kind: AskKind,
    /// 0 is the whole file.
    pub row: usize,
    pub field: String,
    #[schema(
        example = "row 2, column H \"postcode\": is too short for GERMANY: a spreadsheet takes the zero in front away. Is it 07743?"
    )]
    pub sentence: String,
    /// What would be printed, where that is not what the cell says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_print: Option<String>,
    /// Whether it is answered with yes.
    pub answered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    pub kind: RefuseKind,
    pub field: String,
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOutWhy {
    pub kind: LeaveKind,
    pub why: String,
}

impl Import {
    /// The questions about the whole file.
    pub fn questions(&self, answers: &Answers) -> Vec<Question> {
        self.asks.iter().map(|ask| Question::of(ask, answers)).collect()
    }

    /// The table, questions first.
    pub fn preview(&self, answers: &Answers) -> Vec<Line> {
        let entries = self.entries.iter().map(|entry| Line::of(entry, answers));
        let left_out = self.left_out.iter().map(|left_out| Line {
            left_out: Some(LeftOutWhy { kind: left_out.kind, why: left_out.why.clone() }),
            ..Line::blank(End::LeavesOut, left_out.row, left_out.order.clone())
        });
        let mut lines: Vec<Line> = entries.chain(left_out).collect();
        lines.sort_by_key(|line| line.end);
        lines
    }
}

impl Question {
    fn of(ask: &super::Ask, answers: &Answers) -> Question {
        Question {
            kind: ask.kind,
            row: ask.row(),
            field: ask.field.clone(),
            sentence: ask.to_string(),
            would_print: ask.would_print.clone(),
            answered: answers.allow(ask),
        }
    }
}

impl Line {
    fn blank(end: End, row: usize, order: String) -> Line {
        Line {
            end,
            row,
            rows: Vec::new(),
            order,
            id: None,
            tracking: None,
            name: None,
            place: None,
            postcode: None,
            phone: None,
            collect: None,
            status: None,
            ship_by: None,
            items: Vec::new(),
            asks: Vec::new(),
            refused: Vec::new(),
            left_out: None,
            remarks: Vec::new(),
        }
    }

    fn of(entry: &Entry, answers: &Answers) -> Line {
        let text = |path: &str| text_of(&entry.label, path).map(str::to_owned);
        let refused: Vec<Refusal> = entry
            .refused
            .iter()
            .map(|refused| Refusal {
                kind: refused.kind,
                field: refused.fault.field.clone(),
                sentence: match entry.origin {
                    Some(_) => format!("{}: {}", refused.place, refused.fault.message),
                    None => refused.fault.message.clone(),
                },
            })
            .collect();
        let asks: Vec<Question> = entry.asks.iter().map(|ask| Question::of(ask, answers)).collect();
        let end = match () {
            () if !refused.is_empty() => End::Refuses,
            () if asks.iter().any(|ask| !ask.answered) => End::Asks,
            () => End::Takes,
        };
        let place: Vec<String> =
            ["recipient.city", "recipient.region", "recipient.country"].iter().filter_map(|path| text(path)).collect();
        Line {
            rows: entry.rows.clone(),
            id: text("id"),
            tracking: text("tracking"),
            name: text("recipient.name").map(|name| mask::name(&name)),
            place: (!place.is_empty()).then(|| place.join(", ")),
            postcode: text("recipient.postcode"),
            phone: text("recipient.phone").map(|phone| mask::phone(&phone)),
            collect: text("cod.amount").map(|amount| format!("{amount} {}", text("cod.currency").unwrap_or_default())),
            status: entry.status.clone(),
            ship_by: text("ship_by").map(|text| weekday(&text)),
            items: items(&entry.label),
            asks,
            refused,
            remarks: entry.remarks.iter().map(ToString::to_string).collect(),
            ..Line::blank(end, entry.rows.first().copied().unwrap_or_default(), entry.order.clone())
        }
    }
}

fn items(label: &Node) -> Vec<String> {
    let Some(Node::List(items)) = node_at(label, "items") else { return Vec::new() };
    let said = items.iter().map(|item| {
        let text = |path: &str| text_of(item, path).unwrap_or_default().chars().take(60).collect::<String>();
        let variant = text("variant");
        format!(
            "{} × {}{}",
            text("quantity"),
            text("name"),
            if variant.is_empty() { String::new() } else { format!(" ({variant})") }
        )
    });
    said.collect()
}

/// `Fri 2026-12-04 18:00`, by the clock it was written with.
fn weekday(text: &str) -> String {
    let pieces = Pieces::parse(text).ok();
    let local = pieces.and_then(|pieces| Some(pieces.date().to_datetime(pieces.time()?)));
    local.map_or_else(|| text.to_owned(), |local| local.strftime("%a %Y-%m-%d %H:%M").to_string())
}

/// For a person at a terminal.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end: &str = self.end.into();
        write!(f, "{:<10} row {:<4} {}", end.replace('_', " "), self.row, self.order)?;
        if let Some(LeftOutWhy { why, .. }) = &self.left_out {
            return write!(f, ": {why}");
        }
        let place = [&self.name, &self.place, &self.postcode, &self.phone];
        for part in place.into_iter().flatten() {
            write!(f, " · {part}")?;
        }
        if let Some(collect) = &self.collect {
            write!(f, " · collect {collect}")?;
        }
        if let Some(status) = &self.status {
            write!(f, " · {status}")?;
        }
        if let Some(ship_by) = &self.ship_by {
            write!(f, " · by {ship_by}")?;
        }
        for item in self.items.iter().take(3) {
            write!(f, " · {item}")?;
        }
        if self.items.len() > 3 {
            write!(f, " · and {} more", self.items.len() - 3)?;
        }
        for question in self.asks.iter().filter(|question| !question.answered) {
            write!(f, "\n           ? {} [{}]", question.sentence, question.kind)?;
        }
        for refusal in &self.refused {
            write!(f, "\n           ! {}", refusal.sentence)?;
        }
        for remark in &self.remarks {
            write!(f, "\n           – {remark}")?;
        }
        Ok(())
    }
}
