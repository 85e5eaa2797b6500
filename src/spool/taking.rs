//! Taking a job: all of it or nothing.

use super::error::SpoolError;
use super::events::{About, Happened, JobTaken};
use super::ledger::State;
use super::reading;
use super::records::{Conflict, Hash, LabelKey, NewJob, NewLabel, Number, Taken};
use super::transaction::Transaction;
use crate::closed_set::PaperKind;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;
use std::collections::HashMap;

/// Labels in one unbroken sequence, at most: what a person can still lay straight after a jam.
pub const RUN_LABELS_MAX: usize = 50;

/// Looks for the job and for what stands in its way, then writes it.
pub(super) fn take(tx: &mut Transaction, job: &NewJob) -> Result<Taken, SpoolError> {
    if let Some(taken) = known(tx.db, &job.id, job.content)? {
        return Ok(taken);
    }
    let conflicts = conflicts(tx.db, job)?;
    if !conflicts.is_empty() {
        return Ok(Taken::Refused(conflicts));
    }
    write(tx, job)?;
    Ok(Taken::New(reading::job(tx.db, &job.id)?))
}

/// The answer to a job whose id was taken before.
pub(super) fn known(db: &Connection, id: &str, content: Hash) -> Result<Option<Taken>, SpoolError> {
    let known: Option<[u8; 32]> =
        db.prepare_cached("SELECT content FROM jobs WHERE id = ?1")?.query_row([id], |row| row.get(0)).optional()?;
    Ok(match known {
        Some(known) if Hash::from_bytes(known) == content => Some(Taken::Same(reading::job(db, id)?)),
        Some(_) => Some(Taken::Conflict),
        None => None,
    })
}

/// Ids and tracking numbers that stand already, in the ledger or earlier in the job.
pub(super) fn conflicts(db: &Connection, job: &NewJob) -> Result<Vec<Conflict>, SpoolError> {
    let mut conflicts = Vec::new();
    let mut ids = HashMap::new();
    let mut trackings = HashMap::new();
    for (index, label) in job.labels.iter().enumerate() {
        if let Some(first) = ids.insert(&label.id, index) {
            let message = format!("label id {} stands twice in this job, at {} and {}.", label.id, first + 1, index + 1);
            conflicts.push(Conflict { index, field: "id", message });
        } else {
            conflicts.extend(id_conflict(db, index, &label.id)?);
        }
        let Some(tracking) = label.tracking.as_ref().filter(|_| !job.reuse_tracking) else { continue };
        if let Some(first) = trackings.insert(&tracking.key, &label.id) {
            let message =
                format!("tracking number {} stands under label {first} of this job too. Check both numbers.", tracking.text);
            conflicts.push(Conflict { index, field: "tracking", message });
        } else {
            conflicts.extend(tracking_conflict(db, index, tracking, None)?);
        }
    }
    Ok(conflicts)
}

/// Whether that id stands already.
pub(super) fn id_conflict(db: &Connection, index: usize, id: &str) -> Result<Option<Conflict>, SpoolError> {
    let standing = standing_under(db, "l.id = ?1", id, None)?;
    let Some((_, job, state)) = standing else { return Ok(None) };
    let kept = db.prepare_cached("SELECT 1 FROM contents c JOIN labels l ON l.key = c.label WHERE l.id = ?1")?.exists([id])?;
    let way_out = match kept {
        true => "Choose another id, or reprint that label if it is meant.",
        // Reprinting it would send the caller back to here.
        false => "Choose another id: its data was erased, so that it cannot be reprinted.",
    };
    Ok(Some(Conflict { index, field: "id", message: format!("label {id} exists in job {job} and is {state}. {way_out}") }))
}

/// Whether that tracking number stands under another label than that one.
pub(super) fn tracking_conflict(
    db: &Connection,
    index: usize,
    tracking: &Number,
    but: Option<LabelKey>,
) -> Result<Option<Conflict>, SpoolError> {
    let standing = standing_under(db, "l.tracking_key = ?1 AND l.state <> 'canceled'", &tracking.key, but)?;
    Ok(standing.map(|(id, job, state)| {
        let message = format!(
            "tracking number {} stands under label {id} of job {job} already, which is {state}. \
             Check the number, or allow reused tracking numbers for this job if it is meant.",
            tracking.text
        );
        Conflict { index, field: "tracking", message }
    }))
}

/// The newest label for which the condition holds, but for that one: its id, its job, its state.
fn standing_under(
    db: &Connection,
    condition: &str,
    value: &str,
    but: Option<LabelKey>,
) -> Result<Option<(String, String, State)>, SpoolError> {
    let sql = format!(
        "SELECT l.id, j.id, l.state FROM labels l JOIN jobs j ON j.key = l.job WHERE {condition} AND l.key IS NOT ?2
         ORDER BY l.key DESC LIMIT 1"
    );
    let mut query = db.prepare_cached(&sql)?;
    Ok(query.query_row(params![value, but], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?)
}

fn write(tx: &mut Transaction, job: &NewJob) -> Result<(), SpoolError> {
    tx.db
        .prepare_cached("INSERT INTO jobs (id, content, printer, sort, taken_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![job.id, job.content.as_bytes(), job.printer, json!(job.sort).to_string(), tx.now])?;
    let key = tx.db.last_insert_rowid();
    let runs = runs(&job.labels, job.run_limit.clamp(1, RUN_LABELS_MAX));
    let run_count = runs.len();
    let group = (!job.group.is_empty()).then_some(job.printer.as_str());
    for labels in runs {
        // Whole runs, each to the printer with the fewest labels before it: a person finds a run in one tray.
        let printer = tx.least_busy(&job.group)?.unwrap_or(&job.printer);
        let run = tx.new_run(printer, group, key, labels.len())?;
        for (position, label) in (1..).zip(labels) {
            write_label(tx, (key, printer, group), run, position, label)?;
        }
        let held = labels.iter().filter(|label| label.held.is_some()).count();
        tx.count(printer, State::Held, held as i64)?;
        tx.count(printer, State::Waiting, (labels.len() - held) as i64)?;
        tx.to_wake.insert(printer.clone());
    }
    let held = job.labels.iter().filter(|label| label.held.is_some()).count();
    let taken = JobTaken { labels: job.labels.len(), runs: run_count, held };
    tx.record_event(About { job: Some(&job.id), label: None, printer: Some(&job.printer) }, &Happened::Taken(taken))
}

/// The labels in runs of at most so many. A packing slip stays in the run of its label where one run can hold both: they
/// go into one package, and runs may print at different printers.
fn runs(mut labels: &[NewLabel], limit: usize) -> Vec<&[NewLabel]> {
    let follows = |label: &NewLabel| label.paper == Some(PaperKind::PackingSlip);
    let mut runs = Vec::new();
    while labels.len() > limit {
        let begins = |at: &usize| !follows(&labels[*at]);
        let cut = (1..=limit).rev().find(begins).unwrap_or(limit);
        let (run, rest) = labels.split_at(cut);
        runs.push(run);
        labels = rest;
    }
    if !labels.is_empty() {
        runs.push(labels);
    }
    runs
}

/// Writes a label of a job by its key, for a printer, perhaps of a group.
pub(super) fn write_label(
    tx: &Transaction,
    (job, printer, group): (i64, &str, Option<&str>),
    run: i64,
    position: i64,
    label: &NewLabel,
) -> Result<(), SpoolError> {
    let state = if label.held.is_some() { State::Held } else { State::Waiting };
    let (order, tracking) = (label.order.as_ref(), label.tracking.as_ref());
    tx.db
        .prepare_cached(
            "INSERT INTO labels (id, job, printer, run, position, urgent, state, reason, moved_at, taken_at,
                 order_no, order_key, tracking, tracking_key, ship_by, template, attempts, copies, printer_group,
                 carrier, weight_g, expires, on_scan, paper, hold)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 0, 0, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
        )?
        .execute(params![
            label.id,
            job,
            printer,
            run,
            position,
            label.urgent,
            state,
            label.held.as_ref().map(|hold| hold.text.as_str()).unwrap_or_default(),
            tx.now,
            order.map(|number| &number.text),
            order.map(|number| &number.key),
            tracking.map(|number| &number.text),
            tracking.map(|number| &number.key),
            label.ship_by,
            label.template.as_bytes(),
            group,
            label.carrier,
            label.weight_g,
            label.expires,
            label.on_scan,
            label.paper,
            label.held.as_ref().map(|hold| hold.cause),
        ])?;
    let row = tx.db.last_insert_rowid();
    keep_goods(tx, row, label.on_scan, &label.skus)?;
    tx.db.prepare_cached("INSERT INTO contents (label, waybill) VALUES (?1, ?2)")?.execute(params![row, &*label.waybill])?;
    Ok(())
}

/// Remembers the goods of a label that waits for a scan of them.
pub(super) fn keep_goods(tx: &Transaction, key: LabelKey, on_scan: bool, skus: &[String]) -> Result<(), SpoolError> {
    if on_scan {
        let single = skus.len() == 1;
        for sku in skus.iter().filter(|sku| !sku.is_empty()) {
            tx.db
                .prepare_cached("INSERT OR IGNORE INTO goods (sku_key, label, single) VALUES (?1, ?2, ?3)")?
                .execute(params![sku, key, single])?;
        }
    }
    Ok(())
}
