//! The filter `time`: what a cell says of a moment, as a label says it.
//!
//! `deadline | time` gives RFC 3339 with the offset of the map's `zone`. It reads the map's own `times` (strftime) and,
//! always, ISO 8601, what a workbook keeps of a date, and Unix seconds. A date alone means the end of that day. A text that
//! two of the map's `times` read as different days is not decided here: it comes out marked, and the review of the label
//! decides by the whole column or asks ([`Times::readings`]).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::tz::Offset;
use minijinja::{Error, ErrorKind, Value};
use std::fmt;

/// How the times of an export are written.
#[derive(Debug, Clone)]
pub struct Times {
    pub zone: Offset,
    pub formats: Vec<String>,
}

/// A sentence of ours inside an expression's error: fit to be told, as it repeats nothing of the record.
#[derive(Debug)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl Times {
    /// The moment a text means; a blank text means none.
    pub fn read(&self, value: &Value) -> Result<Value, Error> {
        let text = value.to_string();
        let text = text.trim();
        if text.is_empty() || value.is_none() {
            return Ok(Value::from(""));
        }
        if text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(text.parse::<i64>().map_or(Value::from(text), Value::from));
        }
        if text.parse::<Timestamp>().is_ok() {
            return Ok(Value::from(text));
        }
        let readings = self.readings(text);
        if readings.len() > 1 {
            return Ok(Value::from(format!("{UNDECIDED}{text}")));
        }
        let civil = readings.first().map(|(_, civil)| *civil).or_else(|| iso(text));
        let at = civil.and_then(|civil| self.zone.to_timestamp(civil).ok());
        match at {
            Some(at) => Ok(Value::from(at.display_with_offset(self.zone).to_string())),
            None => {
                let why = "is no time that can be read: write it as 2025-07-14 18:00.".to_owned();
                Err(Error::from(ErrorKind::InvalidOperation).with_source(Refusal(why)))
            }
        }
    }
}

/// Marks a text that two formats read as different moments; no text of a file holds it.
pub const UNDECIDED: char = '\u{fdd1}';

impl Times {
    /// The different moments a text can mean by the map's own formats, each with the first format that reads it so.
    pub fn readings(&self, text: &str) -> Vec<(&str, DateTime)> {
        let mut readings: Vec<(&str, DateTime)> = Vec::new();
        for format in &self.formats {
            if let Some(at) = civil(format, text)
                && readings.iter().all(|(_, known)| *known != at)
            {
                readings.push((format, at));
            }
        }
        readings
    }

    /// A moment as a label says it.
    pub fn written(&self, civil: DateTime) -> Option<String> {
        Some(self.zone.to_timestamp(civil).ok()?.display_with_offset(self.zone).to_string())
    }
}

fn civil(format: &str, text: &str) -> Option<DateTime> {
    let parsed = strtime::parse(format, text).ok()?;
    match format.contains("%H") || format.contains("%I") {
        true => parsed.to_datetime().ok(),
        false => parsed.to_date().ok().map(end_of),
    }
}

fn iso(text: &str) -> Option<DateTime> {
    if text.len() <= 10 { text.parse::<Date>().ok().map(end_of) } else { text.parse().ok() }
}

fn end_of(day: Date) -> DateTime {
    day.to_datetime(Time::constant(23, 59, 59, 0))
}

/// `+08:00`
pub fn zone(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, max: i32| text.parse().ok().filter(|n: &i32| text.len() == 2 && (0..=max).contains(n));
    Offset::from_seconds(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let formats = ["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y"].map(str::to_owned).to_vec();
        let times = Times { zone: zone("+08:00").expect("a zone"), formats };
        times.read(&Value::from(text)).ok().map(|value| value.to_string())
    }

    #[test]
    fn a_cell_is_read_on_the_shops_clock() {
        for (text, means) in [
            ("14/07/2025 18:00:00", "2025-07-14T18:00:00+08:00"),
            ("7/14/2025 6:00:00 PM", "2025-07-14T18:00:00+08:00"),
            ("14.07.2025", "2025-07-14T23:59:59+08:00"),
            ("2025-07-14", "2025-07-14T23:59:59+08:00"),
            ("2025-07-14 18:00", "2025-07-14T18:00:00+08:00"),
            ("2025-07-14T18:00:00", "2025-07-14T18:00:00+08:00"),
            ("2025-07-14T18:00:00+07:00", "2025-07-14T18:00:00+07:00"),
            ("1735862400", "1735862400"),
            (" ", ""),
        ] {
            assert_eq!(read(text).as_deref(), Some(means), "{text}");
        }
        for text in ["soon", "14/14/2025 18:00:00", "2025-02-30", "99999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_that_two_formats_read_otherwise_is_not_decided_here() {
        let formats = ["%d/%m/%Y", "%m/%d/%Y"].map(str::to_owned).to_vec();
        let times = Times { zone: zone("+08:00").expect("a zone"), formats };
        let read = |text: &str| times.read(&Value::from(text)).ok().map(|value| value.to_string());
        assert_eq!(read("13/12/2026").as_deref(), Some("2026-12-13T23:59:59+08:00"));
        assert_eq!(read("12/12/2026").as_deref(), Some("2026-12-12T23:59:59+08:00"));
        assert_eq!(read("12/04/2026"), Some(format!("{UNDECIDED}12/04/2026")));
    }

    #[test]
    fn a_zone_is_an_offset() {
        assert_eq!(zone("-03:30").map(Offset::seconds), Some(-12_600));
        for text in ["", "8", "+8:00", "+08", "Asia/Shanghai", "+15:00", "é08:00"] {
            assert_eq!(zone(text), None, "{text}");
        }
    }
}
