//! Jumps of the wall clock, so that no label counts as old because a clock was set.
//!
//! A PC without a battery begins in 1970 and is set right later; another is set 40 days ahead and back. What the ledger
//! wrote before a jump has its time by the other clock: the jump is left out of its age. A jump that made the time go
//! back cancels one that made it go ahead, and nothing is ever older than its own time says.

use super::error::SpoolError;
use super::records::{LabelKey, UnixMs};
use super::transaction::Transaction;
use rusqlite::{Connection, OptionalExtension, params};

/// A jump: labels up to that one were taken before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    pub label: LabelKey,
    pub gap_ms: i64,
}

/// How much to leave out of the age of that label.
pub(super) fn left_out(jumps: &[Jump], label: LabelKey) -> i64 {
    jumps.iter().filter(|jump| jump.label >= label).map(|jump| jump.gap_ms).sum::<i64>().max(0)
}

pub(super) fn jumps(db: &Connection) -> Result<Vec<Jump>, SpoolError> {
    let mut query = db.prepare_cached("SELECT label, gap_ms FROM clock_jumps ORDER BY key")?;
    let jumps = query.query_map([], |row| Ok(Jump { label: row.get(0)?, gap_ms: row.get(1)? }))?;
    Ok(jumps.collect::<rusqlite::Result<_>>()?)
}

/// The clock jumped by so much, just now.
pub(super) fn record(tx: &mut Transaction, gap_ms: i64) -> Result<(), SpoolError> {
    tx.db
        .prepare_cached(
            "INSERT INTO clock_jumps (label, seq, gap_ms, at)
             VALUES ((SELECT coalesce(max(key), 0) FROM labels), (SELECT coalesce(max(seq), 0) FROM events), ?1, ?2)",
        )?
        .execute(params![gap_ms, tx.now])?;
    Ok(())
}

/// Forgets jumps so old that every label before them is past its days by either clock.
pub(super) fn forget(tx: &mut Transaction, before: UnixMs) -> Result<(), SpoolError> {
    // A jump back to 1970 and the one that set the clock right are forgotten together: alone, either makes labels older.
    tx.db.prepare_cached("DELETE FROM clock_jumps WHERE max(at, at - gap_ms) < ?1")?.execute([before])?;
    Ok(())
}

/// The time of the newest thing the ledger knows of.
pub(super) fn newest(db: &Connection) -> Result<Option<UnixMs>, SpoolError> {
    let event: Option<(i64, UnixMs)> = db
        .query_row("SELECT seq, at FROM events ORDER BY seq DESC LIMIT 1", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let jump: Option<(i64, UnixMs)> = db
        .query_row("SELECT seq, at FROM clock_jumps ORDER BY key DESC LIMIT 1", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match (event, jump) {
        (Some((seq, at)), Some((behind, _))) if seq > behind => Some(at),
        (_, Some((_, at))) => Some(at),
        (event, None) => event.map(|(_, at)| at),
    })
}

/// Writes a row, to see whether the ledger can be written.
pub(super) fn beat(tx: &mut Transaction) -> Result<(), SpoolError> {
    tx.db
        .prepare_cached("INSERT INTO pulse (one, at) VALUES (1, ?1) ON CONFLICT DO UPDATE SET at = excluded.at")?
        .execute([tx.now])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_there_and_back_leaves_nothing_out_and_one_makes_nothing_older() {
        let ahead = Jump { label: 10, gap_ms: 40 };
        let back = Jump { label: 12, gap_ms: -40 };
        assert_eq!(left_out(&[ahead], 10), 40);
        assert_eq!(left_out(&[ahead], 11), 0, "it was taken by the new clock");
        assert_eq!(left_out(&[ahead, back], 9), 0);
        assert_eq!(left_out(&[ahead, back], 12), 0, "never older than its own time says");
    }
}
