//! The time a parcel must have left by.

use super::json::Node;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use std::fmt;

/// An instant, with the offset it was written in so that it is read as the shop wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShipBy {
    pub at: Timestamp,
    pub offset: Offset,
}

const NO_TIME: &str = "is not a timestamp: use \"2025-07-14T18:00:00+08:00\" or whole Unix seconds.";

/// 2000-01-01 to 2100-01-01. Outside lie zeros, milliseconds and slips.
const SECONDS: std::ops::Range<i64> = 946_684_800..4_102_444_800;

impl ShipBy {
    pub(super) fn parse(node: &Node) -> Result<ShipBy, String> {
        let read = match node {
            Node::Text(text) => Self::from_text(text.trim()),
            Node::Number(text) => {
                text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).map(|at| (at, Offset::UTC))
            }
            _ => None,
        };
        let (at, offset) = read.ok_or(NO_TIME)?;
        if !SECONDS.contains(&at.as_second()) {
            return Err("is not between the years 2000 and 2100: give Unix time in seconds.".to_owned());
        }
        Ok(ShipBy { at, offset })
    }

    fn from_text(text: &str) -> Option<(Timestamp, Offset)> {
        let pieces = Pieces::parse(text).ok()?;
        let offset = pieces.to_numeric_offset()?;
        let local = pieces.date().to_datetime(pieces.time()?);
        let plain = pieces.time_zone_annotation().is_none() && offset.seconds() % 60 == 0;
        plain.then_some((offset.to_timestamp(local).ok()?, offset))
    }

    /// The clock on the wall where the shop wrote it.
    pub fn local(&self) -> DateTime {
        self.offset.to_datetime(self.at)
    }
}

/// RFC 3339 with the offset.
impl fmt::Display for ShipBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.at.display_with_offset(self.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_the_offset_it_was_written_in() {
        let said = |node: Node| ShipBy::parse(&node).map(|ship_by| ship_by.to_string());
        assert_eq!(said(Node::text("2025-07-14T18:00:00+08:00")), Ok("2025-07-14T18:00:00+08:00".into()));
        assert_eq!(said(Node::text("2025-07-14T18:00:00Z")), Ok("2025-07-14T18:00:00+00:00".into()));
        assert_eq!(said(Node::Number("1735862400".into())), Ok("2025-01-03T00:00:00+00:00".into()));
        let local = ShipBy::parse(&Node::text("2025-07-14T18:00:00+08:00")).map(|ship_by| ship_by.local().to_string());
        assert_eq!(local, Ok("2025-07-14T18:00:00".into()));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["tomorrow", "2025-07-14", "2025-07-14T18:00:00", "2025-02-30T00:00:00Z", "1735862400", ""] {
            assert_eq!(ShipBy::parse(&Node::text(text)), Err(NO_TIME.into()), "{text}");
        }
        for number in ["1735862400.5", "1e9", "99999999999999999999"] {
            assert_eq!(ShipBy::parse(&Node::Number(number.into())), Err(NO_TIME.into()), "{number}");
        }
        assert!(ShipBy::parse(&Node::Number("0".into())).is_err());
        assert!(ShipBy::parse(&Node::Number("1735862400000".into())).is_err());
    }
}
