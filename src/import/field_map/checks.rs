//! What is wrong or uncertain about the rows of a label beside its fields: torn and hidden rows, words nobody knows, and what
//! the label would not heed.

use super::tables::TableMapping;
use super::traced::Traced;
use super::view::{View, normal};
use crate::fault::{Code, Fault};
use crate::import::amount;
use crate::import::ends::{Ask, AskKind, RefuseKind, Refused};
use crate::import::headers::{self, Subject};
use crate::import::place::Place;
use crate::import::sheet::{Cell, Row};
use crate::import::words::{self, Meaning, Vocabulary};
use crate::waybill::json::Node;

/// A word of a status is short; what is longer is a sentence about something else.
const WORD_CHARS_MAX: usize = 60;

impl TableMapping<'_, '_> {
    /// What is wrong with whole rows.
    pub(super) fn check_rows(&self, view: &View, hidden: &[usize], table: &mut Traced) {
        let width = self.grid.headers.len();
        let full = self.grid.rows.iter().filter(|row| row.cells.len() >= width).count();
        for row in view.rows.iter().filter_map(|at| self.grid.rows.get(*at)) {
            let place = Place { row: row.number, columns: Vec::new() };
            let beyond = (width..row.cells.len()).any(|at| !matches!(&row.cells[at], Cell::Text(text) if text.is_empty()));
            if self.is_text && beyond {
                let sentence = format!(
                    "has {} cells and the header has {width}: put cells with a comma in them in quotation marks.",
                    row.cells.len()
                );
                table.refused.push(Refused {
                    kind: RefuseKind::RowWide,
                    place,
                    fault: Fault::new(Code::BadFormat, "", sentence),
                });
            } else if self.is_text && row.cells.len() < width && full * 2 > self.grid.rows.len() {
                let sentence =
                    format!("has {} cells and the header has {width}: what is missing is read as blank.", row.cells.len());
                let ask = Ask { kind: AskKind::RowShort, place: Some(place), field: String::new(), sentence, would_print: None };
                table.asks.push(ask);
            } else if row.is_mixed {
                let sentence = "its line is written in another encoding than the rest of the file.".to_owned();
                let ask =
                    Ask { kind: AskKind::MixedEncoding, place: Some(place), field: String::new(), sentence, would_print: None };
                table.asks.push(ask);
            }
        }
        if let (Some(first), false) = (hidden.first(), view.rows.is_empty()) {
            let sentence = format!(
                "{} more of its rows, the first of them row {first}, are hidden: what they say is left out.",
                hidden.len()
            );
            let place = Some(Place { row: table.row, columns: Vec::new() });
            table.asks.push(Ask { kind: AskKind::HiddenRows, place, field: String::new(), sentence, would_print: None });
        }
    }

    /// Words nobody knows, in columns where words decide.
    pub(super) fn check_words(&self, view: &View, table: &mut Traced) {
        let grid = self.grid;
        let rows = || view.rows.iter().filter_map(|at| grid.rows.get(*at));
        let place = |row: usize, column: usize| {
            Some(Place { row, columns: vec![(column, grid.headers.get(column).cloned().unwrap_or_default())] })
        };
        let mut ask = |kind, row, column, sentence: String, would_print: Option<String>| {
            table.asks.push(Ask { kind, place: place(row, column), field: String::new(), sentence, would_print });
        };
        for (alias, list) in &self.layout.words {
            let Some(column) = grid.column(alias) else { continue };
            for row in rows() {
                let text = row.text(column);
                let (kind, what) = match (list, words::meaning(*list, text)) {
                    (_, Meaning::Unknown) if self.is_settled(alias, row) => continue,
                    (Vocabulary::Status, Meaning::Unknown) => (AskKind::Status, "whether it is to be printed"),
                    (Vocabulary::Payment, Meaning::Unknown) => (AskKind::Payment, "whether money is to be collected"),
                    (Vocabulary::Cancellation, Meaning::Unknown) => (AskKind::Cancellation, "whether it is canceled"),
                    _ => continue,
                };
                ask(kind, row.number, column, format!("\"{}\" does not say {what}.", short(text)), None);
            }
            // A sum, and no word of how it is paid.
            let says_nothing = rows().all(|row| row.text(column).is_empty());
            if *list == Vocabulary::Payment
                && says_nothing
                && let (Some(amount), Some(row)) = (grid.column("amount"), rows().next())
                && rows().any(|row| !amount::is_zero(row.text(amount)))
            {
                let sentence = "is blank beside a sum: is the parcel paid?".to_owned();
                ask(AskKind::Payment, row.number, column, sentence, None);
            }
        }
    }

    /// What the finished label does not heed: words that forbid it though no rule of the map acted upon them, a payment on delivery
    /// without a sum, and columns that the map does not read.
    pub(super) fn check_unheeded(&self, view: &View, label: &Node, asks: &mut Vec<Ask>) {
        let grid = self.grid;
        let rows = || view.rows.iter().filter_map(|at| grid.rows.get(*at));
        let mut ask = |kind, row: &Row, column: usize, sentence: String| {
            let columns = vec![(column, grid.headers.get(column).cloned().unwrap_or_default())];
            let place = Some(Place { row: row.number, columns });
            if asks.iter().all(|known| known.place != place) {
                asks.push(Ask { kind, place, field: String::new(), sentence, would_print: None });
            }
        };
        let is_held = label.get("cancel_requested") == Some(&Node::Boolean(true)) || label.get("hold").is_some();
        for (alias, list) in &self.layout.words {
            let Some(column) = grid.column(alias) else { continue };
            for row in rows() {
                let text = row.text(column);
                let (kind, sentence) = match (list, words::meaning(*list, text)) {
                    (Vocabulary::Payment, Meaning::Cod) if label.get("cod").is_none() => (
                        AskKind::Payment,
                        format!("\"{}\" says that money is collected, and no sum is read for it.", short(text)),
                    ),
                    (Vocabulary::Payment, _) => continue,
                    (Vocabulary::Status, meaning) if forbids(meaning) && !is_held => {
                        (AskKind::Status, format!("\"{}\" says that it is not to be printed.", short(text)))
                    }
                    (Vocabulary::Cancellation, meaning) if forbids(meaning) && !is_held => {
                        (AskKind::Cancellation, format!("\"{}\" says that it is not to be printed.", short(text)))
                    }
                    _ => continue,
                };
                ask(kind, row, column, sentence);
            }
        }
        let address = address_of(label);
        for (column, header) in grid.headers.iter().enumerate().filter(|(column, _)| !self.is_read(*column)) {
            let Some(subject) = headers::subject(header) else { continue };
            for row in rows() {
                let text = row.text(column);
                let is_long = text.chars().nth(WORD_CHARS_MAX).is_some();
                let matters = match subject {
                    _ if text.is_empty() => false,
                    Subject::Address => !self.is_alternative(header, row) && !address.contains(&words::fold(text)),
                    _ if is_long => false,
                    Subject::Words | Subject::Collect => {
                        let is_sum = text.chars().any(|c| c.is_ascii_digit()) && !amount::is_zero(text);
                        forbids_in_words(text) || subject == Subject::Collect && is_sum && label.get("cod").is_none()
                    }
                };
                if matters {
                    let sentence = match subject {
                        Subject::Address => "is not read by the map, and the address on the label would lack it.".to_owned(),
                        _ => format!("says \"{}\", and the map does not read this column.", short(text)),
                    };
                    ask(AskKind::UnreadColumn, row, column, sentence);
                }
            }
        }
    }

    fn is_read(&self, column: usize) -> bool {
        self.grid.aliases.values().flatten().any(|read| *read == column)
    }

    /// Whether the column says in another way what one that is read says in that row: the name of a province beside its code.
    fn is_alternative(&self, header: &str, row: &Row) -> bool {
        let header = normal(header);
        let columns = self.layout.columns.iter().filter(|column| column.headers.iter().any(|known| normal(known) == header));
        let mut read = columns.filter_map(|column| self.grid.column(&column.alias));
        read.any(|column| !row.text(column).is_empty())
    }

    /// Whether the word of a second column of the same kind matters no more: a substatus beside a status that is known.
    fn is_settled(&self, alias: &str, row: &Row) -> bool {
        let list_of = |wanted: &str| self.layout.words.iter().find(|(alias, _)| alias == wanted).map(|(_, list)| *list);
        let Some(list) = list_of(alias) else { return false };
        let others = self.layout.words.iter().take_while(|(known, _)| known != alias).filter(|(_, known)| *known == list);
        let mut columns = others.filter_map(|(known, _)| self.grid.column(known));
        columns.any(|column| !matches!(words::meaning(list, row.text(column)), Meaning::Unknown | Meaning::Blank))
    }
}

/// A word as a sentence may repeat it.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Words after which an order is not to be printed.
fn forbids(meaning: Meaning) -> bool {
    matches!(
        meaning,
        Meaning::Canceled | Meaning::CancelRequested | Meaning::Refunded | Meaning::Unpaid | Meaning::OnHold | Meaning::Shipped
    )
}

/// Whether a text in a column that nobody reads forbids printing, or says that money is collected.
fn forbids_in_words(text: &str) -> bool {
    let status = words::meaning(Vocabulary::Status, text);
    let is_done = matches!(status, Meaning::Shipped | Meaning::OnHold);
    forbids(status) && !is_done || words::meaning(Vocabulary::Payment, text) == Meaning::Cod
}

/// Everything the address of a label says, as texts are compared.
fn address_of(label: &Node) -> String {
    let mut texts: Vec<&str> = Vec::new();
    if let Some(Node::Object(fields)) = label.get("recipient") {
        for (_, node) in fields {
            match node {
                Node::List(lines) => texts.extend(lines.iter().filter_map(Node::as_text)),
                node => texts.extend(node.as_text()),
            }
        }
    }
    words::fold(&texts.join(" "))
}
