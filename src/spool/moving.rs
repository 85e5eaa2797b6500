//! Labels given from one printer to another whatever they belong to: a printer that was renamed, or is no more.

use super::error::SpoolError;
use super::groups::move_label;
use super::ledger::State;
use super::records::LabelKey;
use super::transaction::Transaction;
use rusqlite::params;

/// Moves what waits, is held or is in doubt, run by run in its order; says how many labels. What is being sent stays.
pub(super) fn move_labels(tx: &mut Transaction, from: &str, to: &str) -> Result<usize, SpoolError> {
    let rows = tx
        .db
        .prepare_cached(
            "SELECT key, run, job, state, printer_group FROM labels INDEXED BY labels_of_state
             WHERE state IN ('waiting', 'held', 'in_doubt') AND printer = ?1 ORDER BY urgent DESC, run, position",
        )?
        .query_map([from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<rusqlite::Result<Vec<(LabelKey, i64, i64, State, Option<String>)>>>()?;
    for labels in rows.chunk_by(|one, next| (one.1, one.2) == (next.1, next.2)) {
        let (_, _, job, _, group) = &labels[0];
        let run = tx.new_run(to, group.as_deref(), *job, labels.len())?;
        for (position, (key, _, _, state, _)) in (1..).zip(labels) {
            let reason: String =
                tx.db.prepare_cached("SELECT reason FROM labels WHERE key = ?1")?.query_row([key], |row| row.get(0))?;
            move_label(tx, *key, to, run, position, "moved by an operator")?;
            if *state != State::Waiting {
                // Why it is held, or in doubt, stays what it was.
                tx.db.prepare_cached("UPDATE labels SET reason = ?2 WHERE key = ?1")?.execute(params![key, reason])?;
            }
            tx.count(from, *state, -1)?;
            tx.count(to, *state, 1)?;
        }
    }
    if !rows.is_empty() {
        // The one may have read some of them ahead.
        tx.to_wake.extend([from.to_owned(), to.to_owned()]);
    }
    Ok(rows.len())
}
