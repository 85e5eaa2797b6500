//! What people and other programs ask of labels that are taken, and what time asks of old ones.

use super::error::{Refusal, SpoolError};
use super::events::{About, BacklogHeld, Happened, LabelReassigned};
use super::hold::{Hold, HoldCause};
use super::ledger::{State, Step};
use super::mode::Mode;
use super::orders;
use super::printing::end_attempt;
use super::reading;
use super::records::{Hash, LabelKey, Reprint, UnixMs};
use super::scans::put_first;
use super::transaction::Transaction;
use rusqlite::{OptionalExtension, params};
use std::time::Duration;

/// Rows one erasing request may touch, so that it never keeps a label waiting.
pub(super) const ERASE_ROWS: i64 = 500;

pub(super) fn void(tx: &mut Transaction, id: &str, by: &str) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    tx.step(&label, Step::Void { copy_out: label.copies > 0 }, "voided", Some(by))
}

pub(super) fn hold(tx: &mut Transaction, id: &str, hold: &Hold) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    tx.step(&label, Step::Hold(hold.cause), &hold.text, None)
}

pub(super) fn release(tx: &mut Transaction, id: &str) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    tx.allowed(&label, Step::Release)?;
    // Who lets it print has decided.
    orders::forget_pending(tx, &label)?;
    tx.step(&label, Step::Release, "", None)
}

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

/// Gives what waits for a printer on behalf of a group, and was never sent, to others of it: run by run in its order, each
/// to whoever has the least to do. Says how many labels.
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
        tx.bells.insert(printer.clone());
    }
    if !waiting.is_empty() {
        // It may have read some of them ahead.
        tx.bells.insert(from.to_owned());
    }
    Ok(waiting.len())
}

fn move_label(tx: &mut Transaction, key: LabelKey, to: &str, run: i64, position: i64, why: &str) -> Result<(), SpoolError> {
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

pub(super) fn outcome(tx: &mut Transaction, id: &str, came_out: bool, by: &str) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    let (step, reason) =
        if came_out { (Step::CameOut, "a person saw it come out") } else { (Step::DidNotComeOut, "it did not come out") };
    end_attempt(tx, &label, step, reason, None, Some(by))
}

/// Queues the label again, as an urgent run of its own: somebody stands there and waits for it.
pub(super) fn reprint(tx: &mut Transaction, id: &str, reprint: &Reprint, printer: Option<&str>) -> Result<State, SpoolError> {
    let mut label = tx.label(id)?;
    let kept: Option<i64> =
        tx.db.prepare_cached("SELECT 1 FROM contents WHERE label = ?1")?.query_row([label.key], |row| row.get(0)).optional()?;
    if kept.is_none() {
        return Err(Refusal::Erased(id.to_owned()).into());
    }
    tx.check_use(&label, Mode::Reprint)?;
    put_first(tx, &mut label, printer)?;
    tx.db
        .prepare_cached("UPDATE labels SET reprint_reason = ?2, reprint_by = ?3, reprint_station = ?4 WHERE key = ?1")?
        .execute(params![label.key, reprint.reason, reprint.by, reprint.station])?;
    tx.step(&label, Step::Reprint, "reprint", Some(&reprint.by))
}

/// Erases the data of some ended labels that last moved before then; 0 when there are no more.
///
/// The oldest label is looked at first, and each call goes on after `from`, where the last one ended.
pub(super) fn erase(tx: &mut Transaction, before: UnixMs, from: LabelKey) -> Result<Erased, SpoolError> {
    let rows = tx
        .db
        .prepare_cached(
            "SELECT l.key, l.taken_at, l.moved_at < ?2 AND l.state IN ('printed', 'sent', 'canceled', 'voided')
             FROM contents c JOIN labels l ON l.key = c.label WHERE c.label > ?1 ORDER BY c.label LIMIT ?3",
        )?
        .query_map(params![from, before, ERASE_ROWS], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(LabelKey, UnixMs, bool)>>>()?;
    let mut labels = 0;
    for (key, _, old) in &rows {
        if *old {
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
    let go_on = rows.last().filter(|(_, taken_at, _)| *taken_at < before).map(|(key, ..)| *key);
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

pub(super) fn keep_template(tx: &mut Transaction, text: &str) -> Result<Hash, SpoolError> {
    let hash = blake3::hash(text.as_bytes());
    tx.db.prepare_cached("INSERT OR IGNORE INTO templates (hash, text, kept_at) VALUES (?1, ?2, ?3)")?.execute(params![
        hash.as_bytes(),
        text,
        tx.now
    ])?;
    Ok(hash)
}

pub(super) fn keep_printer_facts(tx: &mut Transaction, printer: &str, facts: &str) -> Result<(), SpoolError> {
    tx.db
        .prepare_cached(
            "INSERT INTO printers (name, facts, learnt_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET facts = excluded.facts, learnt_at = excluded.learnt_at",
        )?
        .execute(params![printer, facts, tx.now])?;
    Ok(())
}

/// How far a target has been told; never further than there is something to tell.
pub(super) fn webhook_told(tx: &mut Transaction, name: &str) -> Result<i64, SpoolError> {
    let latest = reading::latest_seq(tx.db)?;
    let told = tx
        .db
        .prepare_cached("SELECT told FROM webhooks WHERE name = ?1")?
        .query_row([name], |row| row.get::<_, i64>(0))
        .optional()?;
    match told {
        Some(told) if told <= latest => Ok(told),
        // Of another ledger, or new.
        _ => keep_webhook_told(tx, name, latest).map(|()| latest),
    }
}

pub(super) fn keep_webhook_told(tx: &mut Transaction, name: &str, told: i64) -> Result<(), SpoolError> {
    tx.db
        .prepare_cached("INSERT INTO webhooks (name, told) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET told = excluded.told")?
        .execute(params![name, told])?;
    Ok(())
}
