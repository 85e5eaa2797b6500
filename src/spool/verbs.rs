//! What people and other programs ask of labels that are taken, and what time asks of old ones.

use super::error::SpoolError;
use super::ledger::{State, Step};
use super::orders;
use super::printing::end_attempt;
use super::reading;
use super::records::{Hash, LabelKey, Reprint, UnixMs};
use super::scans::{check_usable, put_first};
use super::transaction::Desk;
use rusqlite::{OptionalExtension, params};
use serde_json::json;
use std::time::Duration;

/// Rows one erasing request may touch, so that it never keeps a label waiting.
pub(super) const ERASE_ROWS: i64 = 500;

pub(super) fn void(desk: &mut Desk, id: &str, by: &str) -> Result<State, SpoolError> {
    let label = desk.label(id)?;
    desk.step(&label, Step::Void { copy_out: label.copies > 0 }, "voided", Some(by))
}

pub(super) fn hold(desk: &mut Desk, id: &str, why: &str) -> Result<State, SpoolError> {
    let label = desk.label(id)?;
    desk.step(&label, Step::Hold, why, None)
}

pub(super) fn release(desk: &mut Desk, id: &str) -> Result<State, SpoolError> {
    let label = desk.label(id)?;
    desk.allowed(&label, Step::Release)?;
    // Who lets it print has decided.
    orders::forget_wish(desk, &label)?;
    desk.step(&label, Step::Release, "", None)
}

/// Why a label is held that has waited through a long outage.
const STALE: &str = "waited through a long outage";

/// Holds every label of the printer that has been waiting for longer; says how many, in an event too.
pub(super) fn hold_stale(desk: &mut Desk, printer: &str, longer_than: Duration) -> Result<usize, SpoolError> {
    let before = desk.now.saturating_sub(longer_than.as_millis() as UnixMs);
    let keys = desk
        .db
        .prepare_cached(
            "SELECT key FROM labels INDEXED BY labels_next WHERE state = 'waiting' AND printer = ?1 AND moved_at < ?2",
        )?
        .query_map(params![printer, before], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<LabelKey>>>()?;
    for key in &keys {
        let label = desk.label_of_key(*key)?;
        // A slip is held with its label already.
        if label.state == State::Waiting {
            desk.step(&label, Step::Hold, STALE, None)?;
        }
    }
    if !keys.is_empty() {
        let sentence = format!("{} labels that waited through a long outage are held.", keys.len());
        let data = json!({ "printer": printer, "labels": keys.len(), "sentence": sentence });
        desk.tell("backlog-held", None, None, Some(printer), &data.to_string())?;
    }
    Ok(keys.len())
}

/// Lets go what [`hold_stale`] has held, in its order; says how many labels.
pub(super) fn release_stale(desk: &mut Desk, printer: &str) -> Result<usize, SpoolError> {
    let keys = desk
        .db
        .prepare_cached(
            "SELECT key FROM labels INDEXED BY labels_of_state WHERE state = 'held' AND printer = ?1 AND reason = ?2
                 AND cancel_wish IS NULL ORDER BY key",
        )?
        .query_map(params![printer, STALE], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<LabelKey>>>()?;
    for key in &keys {
        let label = desk.label_of_key(*key)?;
        if label.state == State::Held {
            desk.step(&label, Step::Release, "", None)?;
        }
    }
    Ok(keys.len())
}

/// Gives what waits for a printer on behalf of a group, and was never sent, to others of it: run by run in its order, each
/// to whoever has the least to do. Says how many labels.
pub(super) fn reassign(desk: &mut Desk, from: &str, group: &str, to: &[String], why: &str) -> Result<usize, SpoolError> {
    let waiting = desk
        .db
        .prepare_cached(
            "SELECT key, run FROM labels INDEXED BY labels_next
             WHERE state = 'waiting' AND printer = ?1 AND printer_group = ?2 AND attempts = unsent
             ORDER BY urgent DESC, run, position",
        )?
        .query_map([from, group], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(LabelKey, i64)>>>()?;
    for labels in waiting.chunk_by(|(_, one), (_, next)| one == next) {
        let Some(printer) = desk.least_busy(to)? else { return Ok(0) };
        let first = desk.label_of_key(labels[0].0)?;
        let run = desk.new_run(printer, Some(group), first.job, labels.len())?;
        for (position, (key, _)) in (1..).zip(labels) {
            move_label(desk, *key, printer, run, position, why)?;
        }
        desk.count(from, State::Waiting, -(labels.len() as i64))?;
        desk.count(printer, State::Waiting, labels.len() as i64)?;
        desk.bells.insert(printer.clone());
    }
    if !waiting.is_empty() {
        // It may have read some of them ahead.
        desk.bells.insert(from.to_owned());
    }
    Ok(waiting.len())
}

fn move_label(desk: &mut Desk, key: LabelKey, to: &str, run: i64, position: i64, why: &str) -> Result<(), SpoolError> {
    let label = desk.label_of_key(key)?;
    desk.db
        .prepare_cached("UPDATE labels SET printer = ?2, run = ?3, position = ?4, reason = ?5 WHERE key = ?1")?
        .execute(params![key, to, run, position, format!("moved from {}: {why}", label.printer)])?;
    desk.db
        .prepare_cached(
            "INSERT INTO moves (label, number, from_printer, to_printer, why, at)
             SELECT ?1, count(*) + 1, ?2, ?3, ?4, ?5 FROM moves WHERE label = ?1",
        )?
        .execute(params![key, label.printer, to, why, desk.now])?;
    let data = json!({ "from": label.printer, "run": run, "position": position, "reason": why });
    desk.tell("moved", Some(&label.job_id), Some(&label.id), Some(to), &data.to_string())
}

pub(super) fn outcome(desk: &mut Desk, id: &str, came_out: bool, by: &str) -> Result<State, SpoolError> {
    let label = desk.label(id)?;
    let (step, reason) =
        if came_out { (Step::CameOut, "a person saw it come out") } else { (Step::DidNotComeOut, "it did not come out") };
    end_attempt(desk, &label, step, reason, None, Some(by))
}

/// Queues the label again, as an urgent run of its own: somebody stands there and waits for it.
pub(super) fn reprint(desk: &mut Desk, id: &str, reprint: &Reprint, printer: Option<&str>) -> Result<State, SpoolError> {
    let mut label = desk.label(id)?;
    let kept: Option<i64> =
        desk.db.prepare_cached("SELECT 1 FROM contents WHERE label = ?1")?.query_row([label.key], |row| row.get(0)).optional()?;
    if kept.is_none() {
        return Err(SpoolError::Erased(id.to_owned()));
    }
    check_usable(desk, &label)?;
    desk.allowed(&label, Step::Reprint)?;
    put_first(desk, &mut label, printer)?;
    desk.db
        .prepare_cached("UPDATE labels SET reprint_reason = ?2, reprint_by = ?3, reprint_station = ?4 WHERE key = ?1")?
        .execute(params![label.key, reprint.reason, reprint.by, reprint.station])?;
    desk.step(&label, Step::Reprint, "reprint", Some(&reprint.by))
}

/// Erases the data of some ended labels that last moved before then; 0 when there are no more.
///
/// The oldest label is looked at first, and each call goes on after `from`, where the last one ended.
pub(super) fn erase(desk: &mut Desk, before: UnixMs, from: LabelKey) -> Result<Erased, SpoolError> {
    let rows = desk
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
            desk.db.prepare_cached("DELETE FROM contents WHERE label = ?1")?.execute([key])?;
            desk.db
                .prepare_cached("UPDATE prints SET reprint_by = NULL, reprint_reason = NULL, settled_by = NULL WHERE label = ?1")?
                .execute([key])?;
            desk.db
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
pub(super) fn erase_events(desk: &mut Desk, before: UnixMs) -> Result<usize, SpoolError> {
    let last: Option<i64> = desk
        .db
        .prepare_cached(
            "SELECT max(seq) FROM (SELECT seq, at FROM events ORDER BY seq LIMIT ?1)
             WHERE at < ?2 AND seq < (SELECT max(seq) FROM events)",
        )?
        .query_row(params![ERASE_ROWS, before], |row| row.get(0))?;
    let scans = desk
        .db
        .prepare_cached(
            "DELETE FROM scans WHERE key IN (SELECT key FROM (SELECT key, at FROM scans ORDER BY key LIMIT ?1) WHERE at < ?2)",
        )?
        .execute(params![ERASE_ROWS, before])?;
    Ok(scans + desk.db.prepare_cached("DELETE FROM events WHERE seq <= ?1")?.execute([last.unwrap_or(0)])?)
}

pub(super) fn keep_template(desk: &mut Desk, text: &str) -> Result<Hash, SpoolError> {
    let hash = blake3::hash(text.as_bytes());
    desk.db.prepare_cached("INSERT OR IGNORE INTO templates (hash, text, kept_at) VALUES (?1, ?2, ?3)")?.execute(params![
        hash.as_bytes(),
        text,
        desk.now
    ])?;
    Ok(hash)
}

pub(super) fn keep_printer_facts(desk: &mut Desk, printer: &str, facts: &str) -> Result<(), SpoolError> {
    desk.db
        .prepare_cached(
            "INSERT INTO printers (name, facts, learnt_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET facts = excluded.facts, learnt_at = excluded.learnt_at",
        )?
        .execute(params![printer, facts, desk.now])?;
    Ok(())
}

/// How far a target has been told; never further than there is something to tell.
pub(super) fn webhook_told(desk: &mut Desk, name: &str) -> Result<i64, SpoolError> {
    let latest = reading::latest_seq(desk.db)?;
    let told = desk
        .db
        .prepare_cached("SELECT told FROM webhooks WHERE name = ?1")?
        .query_row([name], |row| row.get::<_, i64>(0))
        .optional()?;
    match told {
        Some(told) if told <= latest => Ok(told),
        // Of another ledger, or new.
        _ => keep_webhook_told(desk, name, latest).map(|()| latest),
    }
}

pub(super) fn keep_webhook_told(desk: &mut Desk, name: &str, told: i64) -> Result<(), SpoolError> {
    desk.db
        .prepare_cached("INSERT INTO webhooks (name, told) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET told = excluded.told")?
        .execute(params![name, told])?;
    Ok(())
}
