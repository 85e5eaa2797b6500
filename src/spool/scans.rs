//! What a pack station asks of the ledger: which label is meant, what waits for a scan, which wave is printing.

use super::error::{Refusal, SpoolError};
use super::events::{About, AtStation, Happened, Scanned};
use super::hold::HoldCause;
use super::ledger::{State, Step};
use super::reading::{LABEL, label_view};
use super::records::{GoodsWaiting, LabelKey, LabelView, ScanNote, UnixMs, Wave};
use super::transaction::Transaction;
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

#[cfg(test)]
mod tests {
    use super::super::handover::{not_shipped_sql, shipped_sql};
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
