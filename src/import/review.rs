//! The second look at a label: whether what a map made of the cells can be what the sender meant.
//!
//! A drawn label and the columns it came from go in; the same label with its values as they would print, its questions and its
//! refusals come out. Decides by the whole column where one cell does not: the sign of decimals, the order of day and month.
//! Is told the time; looks at no clock.

use super::amount::{self, Amount, Signs};
use super::damage;
use super::ends::{Ask, AskKind, RefuseKind, Refused, Remark};
use super::field_map::tables::{Drawn, ORDERS_BETWEEN};
use super::field_map::times::{self, Times};
use super::field_map::view::Grid;
use super::place::Place;
use crate::carrier::number;
use crate::fault::{Code, Fault};
use crate::waybill::Country;
use crate::waybill::json::Node;
use crate::waybill::postcode::{self, Postcode};
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::collections::HashMap;

/// A deadline this long ago or this far ahead is not what was meant, where a day can be read in two ways.
const PLAUSIBLE_PAST: i64 = 3 * 86_400;
const PLAUSIBLE_AHEAD: i64 = 60 * 86_400;
/// No parcel waits that long; the year is of another calendar, or mistyped.
const AHEAD_MAX: i64 = 400 * 86_400;

/// Which of two readings of days a column is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Days {
    /// By the format that reads it so, and why.
    Decided(String),
    Open,
}

/// The review of a table's labels.
pub struct Review<'a> {
    grid: &'a Grid,
    times: Option<&'a Times>,
    now: Timestamp,
    signs: HashMap<usize, Signs>,
    days: HashMap<usize, Days>,
}

impl<'a> Review<'a> {
    pub fn new(grid: &'a Grid, times: Option<&'a Times>, now: Timestamp) -> Review<'a> {
        Review { grid, times, now, signs: HashMap::new(), days: HashMap::new() }
    }

    /// Looks at one label.
    pub fn look(&mut self, drawn: &mut Drawn) {
        self.tracking(drawn);
        for field in ["order", "id", "recipient.phone", "recipient.postcode"] {
            self.number(drawn, field);
        }
        self.postcode(drawn);
        self.amount(drawn);
        self.deadline(drawn);
        self.letters(drawn);
    }

    /// Groups of a number are one number; its check digit is known where the carrier is.
    fn tracking(&self, drawn: &mut Drawn) {
        let Some(text) = text_of(&drawn.label, "tracking").map(str::to_owned) else { return };
        let joined = number::joined(&text);
        if joined != text {
            for field in ["tracking", "id"] {
                if text_of(&drawn.label, field) == Some(&text) {
                    set(&mut drawn.label, field, &joined);
                }
            }
        }
        self.number(drawn, "tracking");
        // An id made of a number such as (00)34… holds signs no id may hold.
        if let Some(id) = text_of(&drawn.label, "id").map(str::to_owned)
            && !crate::waybill::is_id(&id)
        {
            let plain: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(*c)).collect();
            if crate::waybill::is_id(&plain) && plain.len() * 2 > id.len() {
                set(&mut drawn.label, "id", &plain);
            }
        }
        let carrier = text_of(&drawn.label, "carrier").unwrap_or_default().to_owned();
        let Some(number) = text_of(&drawn.label, "tracking") else { return };
        let sentence = "has a wrong check digit: look whether a digit was mistyped.".to_owned();
        if number::formats_of_carrier(&carrier).is_some() {
            if number::has_wrong_check(Some(&carrier), number) {
                ask(drawn, AskKind::CheckDigit, "tracking", sentence, None);
            }
        } else if number::has_wrong_check(None, number) {
            drawn.remarks.push(Remark { place: place_of(drawn, "tracking"), sentence });
        }
    }

    /// What once was a number on its way through a program: `10110.0`, `5E17`.
    fn number(&self, drawn: &mut Drawn, field: &str) {
        let Some(text) = text_of(&drawn.label, field).map(str::to_owned) else { return };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some((whole, zeros)) = text.split_once('.')
            && digits(whole)
            && (1..=2).contains(&zeros.len())
            && zeros.bytes().all(|byte| byte == b'0')
        {
            let sentence = "was a decimal number on its way here, and may have lost zeros in front.".to_owned();
            let mut would = whole.to_owned();
            let country = text_of(&drawn.label, "recipient.country").and_then(Country::of);
            if let (true, Some(country)) = (field == "recipient.postcode", country)
                && let Postcode::LostZeros(code) = postcode::check(&would, country)
            {
                would = code;
            }
            set(&mut drawn.label, field, &would);
            ask(drawn, AskKind::Float, field, sentence, Some(would));
        } else if let Some((mantissa, exponent)) = text.split_once(['E', 'e'])
            && digits(mantissa)
            && digits(exponent)
            && (2..=3).contains(&exponent.len())
        {
            let sentence = "looks like a number that a spreadsheet has rounded: export it again with the column as text.";
            refuse(drawn, RefuseKind::DigitsLost, field, sentence);
        }
    }

    fn postcode(&self, drawn: &mut Drawn) {
        let Some(country) = text_of(&drawn.label, "recipient.country").and_then(Country::of) else { return };
        let field = "recipient.postcode";
        let Some(code) = text_of(&drawn.label, field).map(str::to_owned) else { return };
        // Masked, it is refused by a sentence of its own.
        if drawn.asks.iter().any(|ask| ask.field == field) || code.contains('*') {
            return;
        }
        match postcode::check(&code, country) {
            Postcode::Possible => {}
            Postcode::LostZeros(meant) => {
                let sentence =
                    format!("is too short for {}: a spreadsheet takes the zero in front away. Is it {meant}?", country.name());
                set(&mut drawn.label, field, &meant);
                ask(drawn, AskKind::PostcodeZero, field, sentence, Some(meant));
            }
            Postcode::Impossible { example } => {
                let such = example.map(|example| format!(", such as {example}")).unwrap_or_default();
                let sentence = format!("is not a postcode of {}{such}.", country.name());
                ask(drawn, AskKind::Postcode, field, sentence, None);
            }
        }
    }

    fn amount(&mut self, drawn: &mut Drawn) {
        let field = "cod.amount";
        let Some(said) = text_of(&drawn.label, field).map(str::to_owned) else { return };
        let currency = text_of(&drawn.label, "cod.currency").unwrap_or_default().to_owned();
        let place = place_of(drawn, field);
        let column = place.as_ref().and_then(|place| place.columns.first()).map(|(column, _)| *column);
        let signs = match column {
            Some(column) => *self.signs.entry(column).or_insert_with(|| Signs::of(self.grid.texts(column).collect::<Vec<_>>())),
            None => Signs::of([said.as_str()]),
        };
        let parts: Vec<&str> = said.split(ORDERS_BETWEEN).collect();
        let mut exact = Vec::new();
        for part in &parts {
            if let Some(other) = amount::other_currency(part, &currency) {
                let sentence = format!("says {other}, and the currency is {currency}: is it {currency}?");
                ask(drawn, AskKind::Currency, field, sentence, None);
            }
            match amount::read(part, &currency, signs) {
                Amount::Exact(text) => exact.push(text),
                Amount::Unsure(likely, other) if parts.len() == 1 => {
                    set(&mut drawn.label, field, &likely);
                    let sentence = format!("can be read as {likely} and as {other} {currency}.");
                    ask(drawn, AskKind::Amount, field, sentence, Some(likely));
                    return;
                }
                Amount::Unsure(..) | Amount::None => {
                    refuse(drawn, RefuseKind::Field, field, "is not an amount that can be read in one way: write it as 185.00.");
                    return;
                }
            }
        }
        match exact.as_slice() {
            [only] if amount::is_zero(only) => {
                remove(&mut drawn.label, "cod");
                let sentence = "is to be paid on delivery, and the sum is 0: is nothing to be collected?".to_owned();
                ask(drawn, AskKind::Amount, field, sentence, None);
            }
            [only] => set(&mut drawn.label, field, only),
            several => match added(several) {
                Some(sum) => {
                    set(&mut drawn.label, field, &sum);
                    let sentence =
                        format!("the orders of this parcel ask for {}: is the sum {sum} {currency}?", several.join(" and "));
                    ask(drawn, AskKind::CombinedAmount, field, sentence, Some(sum));
                }
                None => refuse(drawn, RefuseKind::Field, field, "the sums of the orders in this parcel cannot be added up."),
            },
        }
    }

    fn deadline(&mut self, drawn: &mut Drawn) {
        let field = "ship_by";
        let Some(said) = text_of(&drawn.label, field).map(str::to_owned) else { return };
        let place = place_of(drawn, field);
        let column = place.as_ref().and_then(|place| place.columns.first()).map(|(column, _)| *column);
        if let (Some(undecided), Some(times)) = (said.strip_prefix(times::UNDECIDED), self.times) {
            let readings: Vec<(String, DateTime)> =
                times.readings(undecided).into_iter().map(|(format, at)| (format.to_owned(), at)).collect();
            let days = match column {
                Some(column) => self.days.entry(column).or_insert_with(|| days_of(self.grid, column, times, self.now)).clone(),
                None => Days::Open,
            };
            let chosen = match &days {
                Days::Decided(format) => {
                    let same = |known: &str| siblings(known) == siblings(format);
                    readings.iter().find(|(known, _)| known == format || day_first(known) == day_first(format) && same(known))
                }
                Days::Open => None,
            };
            match (chosen.or(readings.first()), chosen.is_some()) {
                (Some((_, at)), is_sure) => {
                    let written = times.written(*at).unwrap_or_default();
                    set(&mut drawn.label, field, &written);
                    if !is_sure {
                        let days: Vec<String> =
                            readings.iter().map(|(_, at)| at.date().strftime("%A %Y-%m-%d").to_string()).collect();
                        let sentence = format!("can be read as {}.", days.join(" and as "));
                        ask(drawn, AskKind::Date, field, sentence, Some(written));
                    }
                }
                (None, _) => remove(&mut drawn.label, field),
            }
        } else if let (Some(column), Some(times)) = (column, self.times)
            && self.is_date_among_texts(place.as_ref(), column, times)
        {
            let sentence =
                "is a date among texts that are written otherwise: the spreadsheet may have taken the month for the day."
                    .to_owned();
            ask(drawn, AskKind::Date, field, sentence, None);
        }
        let at = text_of(&drawn.label, field).and_then(|text| match text.parse::<i64>() {
            Ok(seconds) => Timestamp::from_second(seconds).ok(),
            Err(_) => text.parse::<Timestamp>().ok(),
        });
        if let Some(at) = at
            && at < self.now
        {
            let zone = self.times.map_or(jiff::tz::Offset::UTC, |times| times.zone);
            let day = zone.to_datetime(at).strftime("%A %Y-%m-%d %H:%M").to_string();
            ask(drawn, AskKind::Deadline, field, format!("the deadline, {day}, is over."), None);
        } else if let Some(at) = at
            && at.as_second() - self.now.as_second() > AHEAD_MAX
        {
            ask(drawn, AskKind::Deadline, field, format!("the deadline is more than a year ahead: {at}."), None);
        }
    }

    /// Whether a cell is a date of the spreadsheet, with a day that could be a month, in a column of texts with slashes: what it
    /// could not take for a date it left as text.
    fn is_date_among_texts(&self, place: Option<&Place>, column: usize, times: &Times) -> bool {
        let Some(row) = place.and_then(|place| self.grid.rows.iter().find(|row| row.number == place.row)) else { return false };
        let text = row.text(column);
        let is_iso = |text: &str| text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let day = text.get(8..10).and_then(|day| day.parse::<u8>().ok());
        is_iso(text)
            && day.is_some_and(|day| day <= 12)
            && text.get(5..7) != text.get(8..10)
            && self.grid.texts(column).any(|other| !is_iso(other) && !times.readings(other).is_empty())
    }

    fn letters(&self, drawn: &mut Drawn) {
        let mut fields: Vec<(String, bool)> = Vec::new();
        for field in ["recipient.name", "recipient.company", "recipient.city", "recipient.region"] {
            fields.push((field.to_owned(), false));
        }
        fields.push(("note".to_owned(), true));
        if let Some(Node::List(lines)) = node_at(&drawn.label, "recipient.lines") {
            fields.extend((0..lines.len()).map(|at| (format!("recipient.lines[{at}]"), false)));
        }
        if let Some(Node::List(items)) = node_at(&drawn.label, "items") {
            fields.extend(
                (0..items.len()).flat_map(|at| [(format!("items[{at}].name"), true), (format!("items[{at}].variant"), true)]),
            );
        }
        for (field, is_prose) in fields {
            let Some(text) = text_of(&drawn.label, &field) else { continue };
            let lost = match is_prose {
                true => damage::has_lost_letters_in_prose(text),
                false => damage::has_lost_letters(text),
            };
            let formula = !is_prose && text.starts_with('=') && text.len() > 1;
            if formula {
                refuse(drawn, RefuseKind::NoResult, &field, "holds a formula instead of its result: export the values.");
            } else if lost {
                let sentence = "letters are lost: there are question marks in their place. Export it again as UTF-8.".to_owned();
                ask(drawn, AskKind::LettersLost, &field, sentence, None);
            }
        }
        for field in
            ["recipient.name", "recipient.company", "recipient.phone", "recipient.city", "recipient.region", "recipient.postcode"]
        {
            if text_of(&drawn.label, field).is_some_and(|text| damage::NOTHING.contains(&text)) {
                let sentence = "says that there is nothing: would it be printed so?".to_owned();
                ask(drawn, AskKind::NoValue, field, sentence, None);
            }
        }
        for field in ["tracking", "order", "recipient.phone", "recipient.postcode"] {
            if text_of(&drawn.label, field).is_some_and(|text| text.starts_with('=') && text.len() > 1) {
                refuse(drawn, RefuseKind::NoResult, field, "holds a formula instead of its result: export the values.");
            }
        }
    }
}

/// What must hold between the labels of a file: a tracking number stands under one of them, and an order is collected once.
pub fn between(drawn: &mut [Drawn]) {
    let mut trackings: HashMap<String, Vec<usize>> = HashMap::new();
    let mut orders: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, one) in drawn.iter().enumerate() {
        if let Some(text) = text_of(&one.label, "tracking") {
            trackings.entry(number::key(text)).or_default().push(at);
        }
        if node_at(&one.label, "cod").is_some()
            && let Some(order) = text_of(&one.label, "order")
        {
            orders.entry(order.to_owned()).or_default().push(at);
        }
    }
    for (key, twins) in trackings {
        for at in twins.iter().filter(|_| twins.len() > 1 && !key.is_empty()) {
            let other = twins.iter().find(|other| *other != at).map_or(0, |other| drawn[*other].place.row);
            let sentence = format!("is the tracking number of row {other} too, which is another label.");
            ask(&mut drawn[*at], AskKind::TrackingTwice, "tracking", sentence, None);
        }
    }
    for twins in orders.into_values().filter(|twins| twins.len() > 1) {
        for at in &twins {
            let other = twins.iter().find(|other| *other != at).map_or(0, |other| drawn[*other].place.row);
            let sentence =
                format!("the same order is in another parcel too (row {other}), and the sum would be collected for each.");
            ask(&mut drawn[*at], AskKind::SplitOrder, "cod.amount", sentence, None);
        }
    }
}

/// The format that the other cells of a column decide for, or plausibility against today.
fn days_of(grid: &Grid, column: usize, times: &Times, now: Timestamp) -> Days {
    let mut first: Option<(bool, String)> = None;
    let mut contradicted = false;
    let mut undecided: Vec<Vec<(&str, DateTime)>> = Vec::new();
    for text in grid.texts(column) {
        let readings = times.readings(text);
        match readings.as_slice() {
            [(format, at)] if day_first(format).is_some() && at.day() != at.month() => {
                let is_day_first = day_first(format).unwrap_or_default();
                match &first {
                    Some((known, _)) => contradicted |= *known != is_day_first,
                    None => first = Some((is_day_first, (*format).to_owned())),
                }
            }
            [_, _, ..] => undecided.push(readings),
            _ => {}
        }
    }
    match (first, contradicted) {
        (Some((_, format)), false) => return Days::Decided(format),
        (Some(_), true) => return Days::Open,
        (None, _) => {}
    }
    let plausible = |at: &DateTime| {
        let seconds = times.zone.to_timestamp(*at).map_or(i64::MAX, |at| at.as_second() - now.as_second());
        (-PLAUSIBLE_PAST..=PLAUSIBLE_AHEAD).contains(&seconds)
    };
    let of = |is_day_first: bool| {
        let picked: Vec<&(&str, DateTime)> = undecided
            .iter()
            .filter_map(|readings| readings.iter().find(|(format, _)| day_first(format) == Some(is_day_first)))
            .collect();
        let all = picked.len() == undecided.len() && picked.iter().all(|(_, at)| plausible(at));
        let none = !picked.iter().any(|(_, at)| plausible(at));
        (all, none, picked.first().map(|(format, _)| (*format).to_owned()))
    };
    let (day, month) = (of(true), of(false));
    match (day, month) {
        ((true, _, Some(format)), (_, true, _)) | ((_, true, _), (true, _, Some(format))) => Days::Decided(format),
        _ => Days::Open,
    }
}

/// Whether a format has the day before the month, where it has both before the year.
fn day_first(format: &str) -> Option<bool> {
    let (day, month) = (format.find("%d")?, format.find("%m")?);
    let year = format.find("%Y").or_else(|| format.find("%y"))?;
    (year > day && year > month).then_some(day < month)
}

/// What is the same in formats that differ in the order of day and month only.
fn siblings(format: &str) -> String {
    format.replace("%d", "%m")
}

/// The sum of plain decimal numbers, as a plain decimal number.
fn added(parts: &[String]) -> Option<String> {
    let places = parts.iter().map(|part| part.split_once('.').map_or(0, |(_, behind)| behind.len())).max()?;
    let mut sum: u64 = 0;
    for part in parts {
        let (whole, behind) = part.split_once('.').unwrap_or((part, ""));
        let digits = format!("{whole}{behind:0<places$}");
        sum = sum.checked_add(digits.parse().ok()?)?;
    }
    let digits = format!("{sum:0>width$}", width = places + 1);
    let (whole, behind) = digits.split_at(digits.len() - places);
    Some(if places == 0 { whole.to_owned() } else { format!("{whole}.{behind}") })
}

/// The place a field comes from, or the row of the label.
fn place_of(drawn: &Drawn, field: &str) -> Option<Place> {
    let covers = |outer: &str| field.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let places = drawn.places.iter().filter(|(path, _)| covers(path));
    places.max_by_key(|(path, _)| path.len()).map(|(_, place)| place.clone()).or_else(|| Some(drawn.place.clone()))
}

pub(super) fn ask(drawn: &mut Drawn, kind: AskKind, field: &str, sentence: String, would_print: Option<String>) {
    let place = place_of(drawn, field);
    if drawn.asks.iter().all(|known| known.kind != kind || known.place != place) {
        drawn.asks.push(Ask { kind, place, field: field.to_owned(), sentence, would_print });
    }
}

fn refuse(drawn: &mut Drawn, kind: RefuseKind, field: &str, sentence: &str) {
    let place = place_of(drawn, field).unwrap_or_default();
    drawn.refused.push(Refused { kind, place, fault: Fault::new(Code::BadFormat, field, sentence) });
}

/// `recipient.lines[0]`
pub(super) fn node_at<'a>(label: &'a Node, path: &str) -> Option<&'a Node> {
    let mut node = label;
    for step in path.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, Some(index.strip_suffix(']')?.parse::<usize>().ok()?)),
            None => (step, None),
        };
        node = node.get(name)?;
        if let Some(index) = index {
            let Node::List(items) = node else { return None };
            node = items.get(index)?;
        }
    }
    Some(node)
}

pub(super) fn text_of<'a>(label: &'a Node, path: &str) -> Option<&'a str> {
    match node_at(label, path)? {
        Node::Text(text) | Node::Number(text) => Some(text.trim()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

fn object_at<'a>(label: &'a mut Node, path: &str) -> Option<(&'a mut Vec<(String, Node)>, String)> {
    let mut steps: Vec<&str> = path.split('.').collect();
    let last = steps.pop()?.to_owned();
    let mut node = label;
    for step in steps {
        let Node::Object(fields) = node else { return None };
        node = fields.iter_mut().find(|(name, _)| name == step).map(|(_, node)| node)?;
    }
    match node {
        Node::Object(fields) => Some((fields, last)),
        _ => None,
    }
}

fn set(label: &mut Node, path: &str, text: &str) {
    if let Some((fields, last)) = object_at(label, path)
        && let Some((_, node)) = fields.iter_mut().find(|(name, _)| *name == last)
    {
        *node = Node::text(text);
    }
}

fn remove(label: &mut Node, path: &str) {
    if let Some((fields, last)) = object_at(label, path) {
        fields.retain(|(name, _)| *name != last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_added_to_the_last_digit() {
        let sum = |parts: &[&str]| added(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        assert_eq!(sum(&["185.50", "0.5"]).as_deref(), Some("186.00"));
        assert_eq!(sum(&["1299", "1"]).as_deref(), Some("1300"));
        assert_eq!(sum(&["0.05", "0.03"]).as_deref(), Some("0.08"));
    }
}
