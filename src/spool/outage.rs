//! The end of a long outage of a printer: what has waited through it is held, so that it is no flood.

use super::error::SpoolError;
use super::events::{About, BacklogHeld, Happened};
use super::hold::HoldCause;
use super::ledger::{State, Step};
use super::records::{LabelKey, UnixMs};
use super::transaction::Transaction;
use rusqlite::params;
use std::time::Duration;

/// Holds every label of the printer that has been waiting for longer; says how many, in an event too.
pub(super) fn hold_stale(tx: &mut Transaction, printer: &str, longer_than: Duration) -> Result<usize, SpoolError> {
    let before = tx.now.saturating_sub(longer_than.as_millis() as UnixMs);
    let keys = tx
        .db
        .prepare_cached(
            "SELECT key FROM labels INDEXED BY labels_next WHERE state = 'waiting' AND printer = ?1 AND moved_at < ?2",
        )?
        .query_map(params![printer, before], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<LabelKey>>>()?;
    for key in &keys {
        let label = tx.label_of_key(*key)?;
        // A slip is held with its label already.
        if label.state == State::Waiting {
            tx.step(&label, Step::Hold(HoldCause::LongOutage), HoldCause::LongOutage.sentence(), None)?;
        }
    }
    if !keys.is_empty() {
        let sentence = format!("{} labels that waited through a long outage are held.", keys.len());
        let held = BacklogHeld { printer: printer.to_owned(), labels: keys.len(), sentence };
        tx.record_event(About { printer: Some(printer), ..About::default() }, &Happened::BacklogHeld(held))?;
    }
    Ok(keys.len())
}

/// Lets go what [`hold_stale`] has held, in its order; says how many labels.
pub(super) fn release_stale(tx: &mut Transaction, printer: &str) -> Result<usize, SpoolError> {
    let keys = tx
        .db
        .prepare_cached(
            "SELECT key FROM labels INDEXED BY labels_of_state WHERE state = 'held' AND printer = ?1 AND hold = ?2
                 AND pending_cancel IS NULL ORDER BY key",
        )?
        .query_map(params![printer, HoldCause::LongOutage], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<LabelKey>>>()?;
    for key in &keys {
        let label = tx.label_of_key(*key)?;
        if label.state == State::Held {
            tx.step(&label, Step::Release, "", None)?;
        }
    }
    Ok(keys.len())
}
