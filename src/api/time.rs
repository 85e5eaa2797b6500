//! Times as they go over the wire.

use crate::spool::UnixMs;
use jiff::Timestamp;

/// RFC 3339 in UTC.
pub fn time(at: UnixMs) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}
