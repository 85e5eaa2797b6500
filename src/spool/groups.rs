//! Labels sent to a group of printers, given from one of them to others.

use super::error::SpoolError;
use super::events::{About, Happened, LabelReassigned};
use super::ledger::State;
use super::records::LabelKey;
use super::transaction::Transaction;
use rusqlite::params;

/// Gives what waits for a printer on behalf of a group, and was never sent, to others of it: run by run in its order, each
/// to the printer with the fewest labels before it. Says how many labels.
pub(super) fn reassign(tx: &mut Transaction, from: &str, group: &str, to: &[String], why: &str) -> Result<usize, SpoolError> {
    let waiting = tx
        .db
        .prepare_cached(
            "SELECT key, run FROM labels INDEXED BY labels_next
             WHERE state = 'waiting' AND printer = ?1 AND printer_group = ?2 AND attempts = unsent
             ORDER BY urgent DESC, run, position",
        )?
        .query_map([from, group], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(LabelKey, i64)>>>()?;
    for labels in waiting.chunk_by(|(_, one), (_, next)| one == next) {
        let Some(printer) = tx.least_busy(to)? else { return Ok(0) };
        let first = tx.label_of_key(labels[0].0)?;
        let run = tx.new_run(printer, Some(group), first.job, labels.len())?;
        for (position, (key, _)) in (1..).zip(labels) {
            move_label(tx, *key, printer, run, position, why)?;
        }
        tx.count(from, State::Waiting, -(labels.len() as i64))?;
        tx.count(printer, State::Waiting, labels.len() as i64)?;
        tx.to_wake.insert(printer.clone());
    }
    if !waiting.is_empty() {
        // It may have read some of them ahead.
        tx.to_wake.insert(from.to_owned());
    }
    Ok(waiting.len())
}

pub(super) fn move_label(
    tx: &mut Transaction,
    key: LabelKey,
    to: &str,
    run: i64,
    position: i64,
    why: &str,
) -> Result<(), SpoolError> {
    let label = tx.label_of_key(key)?;
    tx.db
        .prepare_cached("UPDATE labels SET printer = ?2, run = ?3, position = ?4, reason = ?5 WHERE key = ?1")?
        .execute(params![key, to, run, position, format!("moved from {}: {why}", label.printer)])?;
    tx.db
        .prepare_cached(
            "INSERT INTO moves (label, number, from_printer, to_printer, why, at)
             SELECT ?1, count(*) + 1, ?2, ?3, ?4, ?5 FROM moves WHERE label = ?1",
        )?
        .execute(params![key, label.printer, to, why, tx.now])?;
    let moved = LabelReassigned { from: label.printer.clone(), run, position, reason: why.to_owned() };
    tx.record_event(About { printer: Some(to), ..About::label(&label) }, &Happened::Moved(moved))
}
