//! What is erased of old labels: personal data, events and scans. Rows and counts remain.

use super::clock;
use super::error::SpoolError;
use super::records::{LabelKey, UnixMs};
use super::transaction::Transaction;
use rusqlite::params;

/// Rows one erasing request may touch, so that it never keeps a label waiting.
pub(super) const ERASE_ROWS: i64 = 500;

/// Erases the data of some ended labels that last moved before then; 0 when there are no more.
///
/// The oldest label is looked at first, and each call goes on after `from`, where the last one ended.
pub(super) fn erase(tx: &mut Transaction, before: UnixMs, from: LabelKey) -> Result<Erased, SpoolError> {
    let jumps = clock::jumps(tx.db)?;
    let rows = tx
        .db
        .prepare_cached(
            "SELECT l.key, l.taken_at, l.moved_at, l.state IN ('printed', 'sent', 'canceled', 'voided')
             FROM contents c JOIN labels l ON l.key = c.label WHERE c.label > ?1 ORDER BY c.label LIMIT ?2",
        )?
        .query_map(params![from, ERASE_ROWS], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<Vec<(LabelKey, UnixMs, UnixMs, bool)>>>()?;
    let mut labels = 0;
    for (key, _, moved_at, ended) in &rows {
        if *ended && moved_at.saturating_add(clock::left_out(&jumps, *key)) < before {
            tx.db.prepare_cached("DELETE FROM contents WHERE label = ?1")?.execute([key])?;
            tx.db
                .prepare_cached("UPDATE prints SET reprint_by = NULL, reprint_reason = NULL, settled_by = NULL WHERE label = ?1")?
                .execute([key])?;
            tx.db
                .prepare_cached(
                    "UPDATE labels SET moved_by = NULL, shipped_by = NULL, cancel_by = NULL, reason = '' WHERE key = ?1",
                )?
                .execute([key])?;
            labels += 1;
        }
    }
    let go_on = rows.last().filter(|(_, taken_at, ..)| *taken_at < before || !jumps.is_empty()).map(|(key, ..)| *key);
    Ok(Erased { labels, go_on })
}

/// What one call of [`erase`] did.
pub(super) struct Erased {
    pub labels: usize,
    /// Where the next call goes on, if there may be more.
    pub go_on: Option<LabelKey>,
}

/// Deletes some of the events and scans before then, but never the newest event: its number must not come again.
pub(super) fn erase_events(tx: &mut Transaction, before: UnixMs) -> Result<usize, SpoolError> {
    let last: Option<i64> = tx
        .db
        .prepare_cached(
            "SELECT max(seq) FROM (SELECT seq, at FROM events ORDER BY seq LIMIT ?1)
             WHERE at < ?2 AND seq < (SELECT max(seq) FROM events)",
        )?
        .query_row(params![ERASE_ROWS, before], |row| row.get(0))?;
    let scans = tx
        .db
        .prepare_cached(
            "DELETE FROM scans WHERE key IN (SELECT key FROM (SELECT key, at FROM scans ORDER BY key LIMIT ?1) WHERE at < ?2)",
        )?
        .execute(params![ERASE_ROWS, before])?;
    Ok(scans + tx.db.prepare_cached("DELETE FROM events WHERE seq <= ?1")?.execute([last.unwrap_or(0)])?)
}
