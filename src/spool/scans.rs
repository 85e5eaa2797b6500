//! What a pack station asks of the ledger: which label is meant, what waits for a scan, what was handed over.

use super::error::{Refusal, SpoolError};
use super::events::{About, AtStation, Happened, Scanned};
use super::hold::HoldCause;
use super::ledger::{Illegal, State, Step};
use super::mode::Mode;
use super::reading::{LABEL, label_view};
use super::records::{GoodsWaiting, LabelKey, LabelView, ScanNote, Shipments, UnixMs, Wave};
use super::transaction::{LabelRow, Transaction};
use rusqlite::{Connection, OptionalExtension, params};

/// Labels in one answer, at most.
const LABELS_MAX: usize = 1000;

/// The labels under the first of these words that is the id, tracking key or order key of any, newest first.
pub(super) fn find_first(db: &Connection, words: &[String], labels_max: usize) -> Result<Vec<LabelView>, SpoolError> {
    for word in words {
        let found = super::reading::find(db, std::slice::from_ref(word), labels_max)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn doubts_sql() -> String {
    format!("{LABEL} WHERE l.state = 'in_doubt' ORDER BY l.moved_at, l.key LIMIT {LABELS_MAX}")
}

/// Labels in doubt, those first that have been so the longest.
pub(super) fn doubts(db: &Connection) -> Result<Vec<LabelView>, SpoolError> {
    let mut query = db.prepare_cached(&doubts_sql())?;
    Ok(query.query_map([], label_view)?.collect::<rusqlite::Result<_>>()?)
}

const GOODS_COUNT: &str = "SELECT coalesce(sum(g.single), 0), count(*) FROM goods g JOIN labels l ON l.key = g.label
    WHERE g.sku_key = ?1 AND l.state = 'held' AND l.hold = ?2 AND l.pending_cancel IS NULL
    AND (l.expires IS NULL OR l.expires > ?3)";

fn goods_next_sql() -> String {
    format!(
        "{LABEL} JOIN goods g ON g.label = l.key
         WHERE g.sku_key = ?1 AND g.single = 1 AND l.state = 'held' AND l.hold = ?2 AND l.pending_cancel IS NULL
             AND (l.expires IS NULL OR l.expires > ?3)
         ORDER BY l.ship_by IS NULL, l.ship_by, l.key LIMIT 1"
    )
}

/// What waits for a scan of the goods by the first of these keys that anything waits under.
pub(super) fn goods_waiting(db: &Connection, skus: &[String], now: UnixMs) -> Result<GoodsWaiting, SpoolError> {
    let mut count = db.prepare_cached(GOODS_COUNT)?;
    let mut first = db.prepare_cached(&goods_next_sql())?;
    for sku in skus {
        let (single, all): (i64, i64) =
            count.query_row(params![sku, HoldCause::OnScan, now], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if all > 0 {
            let next = first.query_row(params![sku, HoldCause::OnScan, now], label_view).optional()?;
            return Ok(GoodsWaiting { next, single: single as usize, in_orders: (all - single) as usize });
        }
    }
    Ok(GoodsWaiting { next: None, single: 0, in_orders: 0 })
}

/// How many labels wait for a scan.
pub(super) fn awaiting_scan(db: &Connection) -> Result<usize, SpoolError> {
    let mut query = db.prepare_cached("SELECT count(*) FROM labels WHERE state = 'held' AND hold = ?1 AND paper IS NULL")?;
    Ok(query.query_row([HoldCause::OnScan], |row| row.get::<_, i64>(0))? as usize)
}

fn shipped_sql() -> String {
    format!(
        "{LABEL} WHERE l.shipped_at >= ?1 AND l.shipped_at < ?2 AND (?3 IS NULL OR l.carrier = ?3)
             AND (?4 IS NULL OR (l.manifest IS NOT NULL) = ?4) ORDER BY l.shipped_at, l.key LIMIT ?5"
    )
}

/// Labels handed over in that time, the first first.
pub(super) fn shipped(db: &Connection, wanted: &Shipments, labels_max: usize) -> Result<Vec<LabelView>, SpoolError> {
    let mut query = db.prepare_cached(&shipped_sql())?;
    let Shipments { from, until, carrier, on_manifest } = wanted;
    let labels = query.query_map(params![from, until, carrier, on_manifest, labels_max as i64], label_view)?;
    Ok(labels.collect::<rusqlite::Result<_>>()?)
}

fn not_shipped_sql() -> String {
    // The + keeps SQLite off the index of states: nearly all of history stands in one of them.
    format!(
        "{LABEL} WHERE l.taken_at >= ?1 AND +l.state IN ('printed', 'sent') AND l.shipped_at IS NULL AND l.paper IS NULL
         ORDER BY l.taken_at DESC, l.key DESC LIMIT ?2"
    )
}

/// Waybills taken since then that came out and were not handed over, the newest first.
pub(super) fn not_shipped(db: &Connection, since: UnixMs, labels_max: usize) -> Result<Vec<LabelView>, SpoolError> {
    let mut query = db.prepare_cached(&not_shipped_sql())?;
    let labels = query.query_map(params![since, labels_max as i64], label_view)?;
    Ok(labels.collect::<rusqlite::Result<_>>()?)
}

/// Events looked back through for the last label of a printer.
const LOOK_BACK: i64 = 2_000;

const LAST_OUT: &str = "SELECT label FROM events WHERE seq > (SELECT max(seq) FROM events) - ?2 AND printer = ?1
    AND kind IN ('printed', 'sent') AND label IS NOT NULL AND data ->> '$.taken_back' IS NULL ORDER BY seq DESC LIMIT 1";

/// The label that came out of the printer last, if that was lately.
pub(super) fn last_out(db: &Connection, printer: &str) -> Result<Option<LabelView>, SpoolError> {
    let mut query = db.prepare_cached(LAST_OUT)?;
    let label: Option<String> = query.query_row(params![printer, LOOK_BACK], |row| row.get(0)).optional()?;
    label.map(|id| Ok(super::reading::label(db, &id)?.label)).transpose()
}

const WAVE_OF_SENDING: &str = "SELECT j.key, j.id FROM labels l JOIN jobs j ON j.key = l.job
    WHERE l.state = 'sending' AND l.printer = ?1 AND l.copies = 0 ORDER BY l.key LIMIT 1";
const WAVE_OF_NEXT: &str = "SELECT j.key, j.id FROM labels l INDEXED BY labels_next JOIN jobs j ON j.key = l.job
    WHERE l.state = 'waiting' AND l.printer = ?1 AND l.copies = 0 ORDER BY l.urgent DESC, l.run, l.position LIMIT 1";

/// The job that printer works on: that of the label being sent, else of the next that waits for its first print.
pub(super) fn wave(db: &Connection, printer: &str) -> Result<Option<Wave>, SpoolError> {
    let mut job = None;
    for sql in [WAVE_OF_SENDING, WAVE_OF_NEXT] {
        if job.is_none() {
            let mut query = db.prepare_cached(sql)?;
            job = query.query_row([printer], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()?;
        }
    }
    let Some((key, job)) = job else { return Ok(None) };
    Ok(Some(Wave { job, waiting: waiting_of(db, key, printer)?.len() }))
}

/// The labels of the job that wait for their first print at that printer.
fn waiting_of(db: &Connection, job: i64, printer: &str) -> Result<Vec<LabelKey>, SpoolError> {
    let mut query = db.prepare_cached(
        "SELECT key FROM labels INDEXED BY labels_next
         WHERE state = 'waiting' AND printer = ?1 AND job = ?2 AND copies = 0 ORDER BY run, position",
    )?;
    Ok(query.query_map(params![printer, job], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Voids what of the job waits for its first print at that printer; says how many.
pub(super) fn cancel_wave(tx: &mut Transaction, job: &str, printer: &str, by: &str) -> Result<usize, SpoolError> {
    let key: Option<i64> =
        tx.db.prepare_cached("SELECT key FROM jobs WHERE id = ?1")?.query_row([job], |row| row.get(0)).optional()?;
    let key = key.ok_or_else(|| Refusal::NoJob(job.to_owned()))?;
    let waiting = waiting_of(tx.db, key, printer)?;
    for label in &waiting {
        let label = tx.label_of_key(*label)?;
        // A slip is gone with its label already.
        if label.state != State::Waiting {
            continue;
        }
        tx.step(&label, Step::Void { copy_out: false }, "its wave was canceled", Some(by))?;
    }
    Ok(waiting.len())
}

/// Puts the label into an urgent run of its own at that printer: somebody stands there and waits for it.
pub(super) fn put_first(tx: &Transaction, label: &mut LabelRow, printer: Option<&str>) -> Result<(), SpoolError> {
    if let Some(printer) = printer {
        tx.count(&label.printer, label.state, -1)?;
        tx.count(printer, label.state, 1)?;
        label.printer = printer.to_owned();
    }
    label.run = tx.new_run(&label.printer, None, label.job, 1)?;
    label.position = 1;
    tx.db
        .prepare_cached("UPDATE labels SET printer = ?2, run = ?3, position = ?4, urgent = 1 WHERE key = ?1")?
        .execute(params![label.key, label.printer, label.run, label.position])?;
    Ok(())
}

/// Lets a label print that waited for its scan.
pub(super) fn let_print(tx: &mut Transaction, id: &str, printer: &str, by: &str) -> Result<State, SpoolError> {
    let mut label = tx.label(id)?;
    tx.check_use(&label, Mode::Print)?;
    put_first(tx, &mut label, Some(printer))?;
    // Its slip comes behind it, wherever it prints.
    for mut slip in tx.slips(&label)? {
        if slip.state == State::Held {
            put_first(tx, &mut slip, Some(printer))?;
        }
    }
    tx.step(&label, Step::Release, "scanned", Some(by))
}

/// Takes back a reprint that has not been sent: the label stands as it did.
pub(super) fn take_back_reprint(tx: &mut Transaction, id: &str, by: &str) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    let asked: Option<String> =
        tx.db.prepare_cached("SELECT reprint_by FROM labels WHERE key = ?1")?.query_row([label.key], |row| row.get(0))?;
    let before: Option<State> = tx
        .db
        .prepare_cached(
            "SELECT state FROM prints WHERE label = ?1 AND state IN ('printed', 'sent') ORDER BY number DESC LIMIT 1",
        )?
        .query_row([label.key], |row| row.get(0))
        .optional()?;
    let step = Step::TakeBack { sent: before == Some(State::Sent) };
    if asked.is_none() || before.is_none() {
        return Err(Illegal { label: label.id, from: label.state, step }.into());
    }
    let state = tx.step(&label, step, "the reprint was taken back", Some(by))?;
    tx.db
        .prepare_cached("UPDATE labels SET reprint_reason = NULL, reprint_by = NULL, reprint_station = NULL WHERE key = ?1")?
        .execute([label.key])?;
    Ok(state)
}

/// Records that the parcel was handed over.
pub(super) fn ship(tx: &mut Transaction, id: &str, by: Option<&str>, station: &str) -> Result<(), SpoolError> {
    let label = tx.label(id)?;
    tx.check_use(&label, Mode::Ship)?;
    tx.db
        .prepare_cached("UPDATE labels SET shipped_at = ?2, shipped_by = ?3, shipped_station = ?4 WHERE key = ?1")?
        .execute(params![label.key, tx.now, by, station])?;
    tx.record_event(About::label(&label), &Happened::Shipped(AtStation { station: station.to_owned() }))
}

/// Takes back that the parcel was handed over.
pub(super) fn unship(tx: &mut Transaction, id: &str, station: &str) -> Result<(), SpoolError> {
    let label = tx.label(id)?;
    let manifest: Option<String> =
        tx.db.prepare_cached("SELECT manifest FROM labels WHERE key = ?1")?.query_row([label.key], |row| row.get(0))?;
    if let Some(manifest) = manifest {
        return Err(Refusal::OnManifest { label: label.id, manifest }.into());
    }
    let changed = tx
        .db
        .prepare_cached(
            "UPDATE labels SET shipped_at = NULL, shipped_by = NULL, shipped_station = NULL
             WHERE key = ?1 AND shipped_at IS NOT NULL",
        )?
        .execute([label.key])?;
    if changed == 0 {
        return Err(Refusal::NotShipped(label.id).into());
    }
    tx.record_event(About::label(&label), &Happened::Unshipped(AtStation { station: station.to_owned() }))
}

/// Keeps what came of a scan, and tells it.
pub(super) fn note_scan(tx: &mut Transaction, note: &ScanNote) -> Result<(), SpoolError> {
    let label = note.label.as_deref().map(|id| tx.label(id)).transpose()?;
    tx.db
        .prepare_cached("INSERT INTO scans (at, station, scanned_by, label, answer) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![tx.now, note.station, note.by, label.as_ref().map(|label| label.key), note.answer])?;
    let scanned = Scanned {
        station: note.station.clone(),
        mode: note.mode,
        code: note.answer,
        tone: note.answer.tone(),
        job: label.map(|label| label.job_id),
    };
    let about = About { job: None, label: note.label.as_deref(), printer: Some(&note.printer) };
    tx.record_event(about, &Happened::Scan(scanned))
}

/// Records that a station asks whether a label in doubt came out.
pub(super) fn record_question(tx: &mut Transaction, id: &str, printer: &str, station: &str) -> Result<(), SpoolError> {
    let about = About { job: None, label: Some(id), printer: Some(printer) };
    tx.record_event(about, &Happened::Asked(AtStation { station: station.to_owned() }))
}

/// Deletes some of the scans before then; says how many.
pub(super) fn erase_scans(tx: &mut Transaction, before: UnixMs) -> Result<usize, SpoolError> {
    let mut delete = tx.db.prepare_cached(
        "DELETE FROM scans WHERE key IN (SELECT key FROM (SELECT key, at FROM scans ORDER BY key LIMIT ?1) WHERE at < ?2)",
    )?;
    Ok(delete.execute(params![super::verbs::ERASE_ROWS, before])?)
}

#[cfg(test)]
mod tests {
    use super::super::{reading, schema};
    use super::*;

    /// How SQLite would answer, a line a step.
    fn plan(sql: &str) -> String {
        let dir = std::path::Path::new("a ledger in memory");
        let mut db = Connection::open_in_memory().expect("memory");
        schema::migrate(&mut db, dir).expect("the tables");
        let mut query = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement of ours");
        let steps = query.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<rusqlite::Result<Vec<_>>>();
        steps.expect("a plan").join("\n")
    }

    #[test]
    fn what_a_station_asks_is_answered_through_indices_so_that_history_costs_nothing() {
        for (sql, index) in [
            (reading::find_sql(), "labels_of_tracking"),
            (doubts_sql(), "labels_of_state"),
            (GOODS_COUNT.to_owned(), "PRIMARY KEY"),
            (goods_next_sql(), "PRIMARY KEY"),
            (shipped_sql(), "labels_shipped"),
            (not_shipped_sql(), "labels_taken"),
            (LAST_OUT.to_owned(), "INTEGER PRIMARY KEY"),
            (WAVE_OF_SENDING.to_owned(), "labels_of_state"),
            (WAVE_OF_NEXT.to_owned(), "labels_next"),
        ] {
            let plan = plan(&sql);
            let scans = plan.lines().any(|step| step.starts_with("SCAN"));
            assert!(plan.contains(index) && !scans, "{sql}:\n{plan}");
        }
    }
}
