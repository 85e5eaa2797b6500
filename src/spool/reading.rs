//! Questions to the ledger. Each is answered from an index, so history does not make it slower.

use super::error::{Refusal, SpoolError, Trouble};
use super::ledger::State;
use super::records::{
    Count, Event, Hash, JobBrief, JobView, LabelDetail, LabelKey, LabelPage, LabelView, MoveView, PrintView, QueuedLabel,
    Reprint, RunView, UnixMs,
};
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

/// Labels or events in one answer, at most.
const ROWS_MAX: usize = 1000;
/// Jobs in one answer, at most: each has up to 500 labels to count.
const JOBS_MAX: usize = 100;

fn hash_of(row: &Row, column: usize) -> rusqlite::Result<Hash> {
    row.get(column).map(Hash::from_bytes)
}

fn hash_if_any(row: &Row, column: usize) -> rusqlite::Result<Option<Hash>> {
    Ok(row.get::<_, Option<[u8; 32]>>(column)?.map(Hash::from_bytes))
}

pub(super) const LABEL: &str =
    "SELECT l.key, l.id, j.id, l.printer, l.run, l.position, l.state, l.reason, l.order_no, l.tracking,
    l.ship_by, l.urgent, l.attempts, l.copies, l.taken_at, l.moved_at, l.carrier, l.weight_g, l.expires, l.on_scan, l.paper,
    l.replaced_by, l.shipped_at, l.manifest, (l.pending_cancel IS 'hold' OR l.hold IS 'buyer_asked') AND l.state NOT IN ('canceled', 'voided'), l.shipped_station, l.hold,
    l.pending_cancel IS 'void', l.doubt
    FROM labels l JOIN jobs j ON j.key = l.job";

pub(super) fn label_view(row: &Row) -> rusqlite::Result<LabelView> {
    Ok(LabelView {
        key: row.get(0)?,
        id: row.get(1)?,
        job: row.get(2)?,
        printer: row.get(3)?,
        run: row.get(4)?,
        position: row.get(5)?,
        state: row.get(6)?,
        reason: row.get(7)?,
        order: row.get(8)?,
        tracking: row.get(9)?,
        ship_by: row.get(10)?,
        urgent: row.get(11)?,
        attempts: row.get(12)?,
        copies: row.get(13)?,
        taken_at: row.get(14)?,
        moved_at: row.get(15)?,
        carrier: row.get(16)?,
        weight_g: row.get(17)?,
        expires: row.get(18)?,
        on_scan: row.get(19)?,
        paper: row.get(20)?,
        replaced_by: row.get(21)?,
        shipped_at: row.get(22)?,
        manifest: row.get(23)?,
        cancel_requested: row.get(24)?,
        shipped_station: row.get(25)?,
        hold: row.get(26)?,
        cancel_pending: row.get(27)?,
        doubt: row.get(28)?,
    })
}

/// The job with its runs and labels, in the order they were asked for.
pub(super) fn job(db: &Connection, id: &str) -> Result<JobView, SpoolError> {
    let (key, printer, sort, taken_at): (i64, String, String, i64) = db
        .prepare_cached("SELECT key, printer, sort, taken_at FROM jobs WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?
        .ok_or_else(|| Refusal::NoJob(id.to_owned()))?;
    let runs = db
        .prepare_cached("SELECT printer, number, labels FROM runs WHERE job = ?1")?
        .query_map([key], |row| {
            Ok(RunView { printer: row.get(0)?, number: row.get(1)?, labels: row.get::<_, i64>(2)? as usize })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let labels = db
        .prepare_cached(&format!("{LABEL} WHERE l.job = ?1 ORDER BY l.key"))?
        .query_map([key], label_view)?
        .collect::<rusqlite::Result<_>>()?;
    let sort = serde_json::from_str(&sort).map_err(|error| Trouble::Disk(error.to_string()))?;
    Ok(JobView { id: id.to_owned(), printer, sort, taken_at, runs, labels })
}

/// The newest jobs in numbers, the newest first.
pub(super) fn newest_jobs(db: &Connection, jobs_max: usize) -> Result<Vec<JobBrief>, SpoolError> {
    let mut query = db.prepare_cached(
        "SELECT j.id, j.printer, j.taken_at, l.state, count(*),
             min(l.ship_by) FILTER (WHERE l.state IN ('waiting', 'sending', 'in_doubt', 'held'))
         FROM (SELECT key, id, printer, taken_at FROM jobs ORDER BY key DESC LIMIT ?1) j JOIN labels l ON l.job = j.key
         GROUP BY j.key, l.state ORDER BY j.key DESC",
    )?;
    let mut jobs: Vec<JobBrief> = Vec::new();
    let mut rows = query.query([jobs_max.clamp(1, JOBS_MAX) as i64])?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        if jobs.last().is_none_or(|job| job.id != id) {
            jobs.push(JobBrief { id, printer: row.get(1)?, taken_at: row.get(2)?, counts: Vec::new(), ship_by: None });
        }
        let job = jobs.last_mut().expect("one was pushed");
        job.counts.push((row.get(3)?, row.get(4)?));
        job.ship_by = job.ship_by.into_iter().chain(row.get::<_, Option<i64>>(5)?).min();
    }
    Ok(jobs)
}

/// The label as it stands.
pub(super) fn label_of_key(db: &Connection, key: LabelKey) -> Result<LabelView, SpoolError> {
    Ok(db.prepare_cached(&format!("{LABEL} WHERE l.key = ?1"))?.query_row([key], label_view)?)
}

/// The label with its data and every attempt at it.
pub(super) fn label(db: &Connection, id: &str) -> Result<LabelDetail, SpoolError> {
    let label = db
        .prepare_cached(&format!("{LABEL} WHERE l.id = ?1"))?
        .query_row([id], label_view)
        .optional()?
        .ok_or_else(|| Refusal::NoLabel(id.to_owned()))?;
    let (template, digest, waybill) = db
        .prepare_cached(
            "SELECT l.template, l.digest, c.waybill FROM labels l LEFT JOIN contents c ON c.label = l.key WHERE l.key = ?1",
        )?
        .query_row([label.key], |row| Ok((hash_of(row, 0)?, hash_if_any(row, 1)?, row.get::<_, Option<Arc<str>>>(2)?)))?;
    let prints = db
        .prepare_cached(
            "SELECT number, printer, run, state, reason, evidence, settled_by, reprint_reason, reprint_by,
                 reprint_station, digest, sending_at, settled_at FROM prints WHERE label = ?1 ORDER BY number",
        )?
        .query_map([label.key], print_view)?
        .collect::<rusqlite::Result<_>>()?;
    let moves = db
        .prepare_cached("SELECT from_printer, to_printer, why, at FROM moves WHERE label = ?1 ORDER BY number")?
        .query_map([label.key], |row| Ok(MoveView { from: row.get(0)?, to: row.get(1)?, why: row.get(2)?, at: row.get(3)? }))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(LabelDetail { label, waybill, template, digest, prints, moves })
}

fn print_view(row: &Row) -> rusqlite::Result<PrintView> {
    let (reason, by, station): (Option<String>, Option<String>, _) = (row.get(7)?, row.get(8)?, row.get(9)?);
    Ok(PrintView {
        number: row.get(0)?,
        printer: row.get(1)?,
        run: row.get(2)?,
        state: row.get(3)?,
        reason: row.get(4)?,
        evidence: row.get(5)?,
        settled_by: row.get(6)?,
        reprint: reason.zip(by).map(|(reason, by)| Reprint { reason, by, station }),
        digest: hash_of(row, 10)?,
        sending_at: row.get(11)?,
        settled_at: row.get(12)?,
    })
}

/// How many labels of that group wait for the printer and were never sent to any.
pub(super) fn movable(db: &Connection, printer: &str, group: &str) -> Result<usize, SpoolError> {
    let mut query = db.prepare_cached(
        "SELECT count(*) FROM labels INDEXED BY labels_next
         WHERE state = 'waiting' AND printer = ?1 AND printer_group = ?2 AND attempts = unsent",
    )?;
    Ok(query.query_row([printer, group], |row| row.get::<_, i64>(0))? as usize)
}

/// The printer's next labels, in the order they are to print.
pub(super) fn upcoming(db: &Connection, printer: &str, labels_max: usize) -> Result<Vec<QueuedLabel>, SpoolError> {
    let mut query = db.prepare_cached(
        "SELECT l.key, l.id, l.run, l.position, r.labels, l.urgent, c.waybill, l.template, l.attempts + 1, l.copies, l.digest,
             l.moved_at, l.revision, l.expires
         FROM labels l INDEXED BY labels_next JOIN runs r ON r.printer = l.printer AND r.number = l.run
             JOIN contents c ON c.label = l.key
         WHERE l.state = 'waiting' AND l.printer = ?1 ORDER BY l.urgent DESC, l.run, l.position LIMIT ?2",
    )?;
    let labels = query.query_map(params![printer, labels_max.min(ROWS_MAX) as i64], |row| {
        Ok(QueuedLabel {
            key: row.get(0)?,
            id: row.get(1)?,
            run: row.get(2)?,
            position: row.get(3)?,
            run_labels: row.get(4)?,
            urgent: row.get(5)?,
            waybill: row.get(6)?,
            template: hash_of(row, 7)?,
            attempt: row.get(8)?,
            copies: row.get(9)?,
            digest: hash_if_any(row, 10)?,
            waiting_since: row.get(11)?,
            revision: row.get(12)?,
            expires: row.get(13)?,
        })
    })?;
    Ok(labels.collect::<rusqlite::Result<_>>()?)
}

/// Which labels to list; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct LabelFilter {
    /// The key form of an order number.
    pub order: Option<String>,
    /// The key form of a tracking number.
    pub tracking: Option<String>,
    /// The shop's own words, as they were given.
    pub reference: Option<String>,
    pub state: Option<State>,
    /// Taken then or later.
    pub since: Option<UnixMs>,
    /// From [`LabelPage::next`]: goes on where that page ended.
    pub cursor: Option<LabelKey>,
    /// Labels in a page, 1–1000.
    pub limit: usize,
}

/// One page of the labels that match, newest first.
pub(super) fn labels(db: &Connection, filter: &LabelFilter) -> Result<LabelPage, SpoolError> {
    let limit = filter.limit.clamp(1, ROWS_MAX);
    let mut conditions = vec!["l.key < ?1"];
    let cursor = filter.cursor.unwrap_or(LabelKey::MAX);
    let mut values: Vec<&dyn ToSql> = vec![&cursor];
    let mut also = |condition, value| {
        conditions.push(condition);
        values.push(value);
    };
    let first;
    if let Some(since) = &filter.since {
        // Labels are numbered as they are taken: the first one taken since then bounds the search.
        first = db
            .prepare_cached("SELECT key FROM labels WHERE taken_at >= ?1 ORDER BY taken_at, key LIMIT 1")?
            .query_row([since], |row| row.get::<_, LabelKey>(0))
            .optional()?;
        match &first {
            Some(first) => also("l.key >= ?", first),
            None => return Ok(LabelPage { labels: Vec::new(), next: None }),
        }
    }
    if let Some(order) = &filter.order {
        also("l.order_key = ?", order);
    }
    if let Some(tracking) = &filter.tracking {
        also("l.tracking_key = ?", tracking);
    }
    if let Some(reference) = &filter.reference {
        also("l.key IN (SELECT label FROM contents WHERE reference = ?)", reference);
    }
    if let Some(state) = &filter.state {
        also("l.state = ?", state);
    }
    let sql = format!("{LABEL} WHERE {} ORDER BY l.key DESC LIMIT {}", conditions.join(" AND "), limit + 1);
    let mut labels: Vec<LabelView> =
        db.prepare_cached(&sql)?.query_map(values.as_slice(), label_view)?.collect::<rusqlite::Result<_>>()?;
    let more = labels.len() > limit;
    labels.truncate(limit);
    Ok(LabelPage { next: labels.last().filter(|_| more).map(|label| label.key), labels })
}

/// The labels under one word.
pub(super) fn find_sql() -> String {
    format!(
        "{LABEL} WHERE l.key IN (SELECT key FROM labels WHERE id = ?1 UNION SELECT key FROM labels WHERE tracking_key = ?1
             UNION SELECT key FROM labels WHERE order_key = ?1) ORDER BY l.key DESC LIMIT ?2"
    )
}

/// Every label whose id, tracking key or order key is one of the words, newest first.
pub(super) fn find(db: &Connection, words: &[String], labels_max: usize) -> Result<Vec<LabelView>, SpoolError> {
    let mut query = db.prepare_cached(&find_sql())?;
    let limit = labels_max.min(ROWS_MAX);
    let mut found: Vec<LabelView> = Vec::new();
    for word in words {
        for label in query.query_map(params![word, limit as i64], label_view)? {
            found.push(label?);
        }
    }
    found.sort_by_key(|label| std::cmp::Reverse(label.key));
    found.dedup_by_key(|label| label.key);
    found.truncate(limit);
    Ok(found)
}

/// Events after that one, oldest first.
pub(super) fn events_after(db: &Connection, seq: i64, events_max: usize) -> Result<Vec<Event>, SpoolError> {
    let mut query =
        db.prepare_cached("SELECT seq, at, kind, job, label, printer, data FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let events = query.query_map(params![seq, events_max.min(ROWS_MAX) as i64], |row| {
        Ok(Event {
            seq: row.get(0)?,
            at: row.get(1)?,
            kind: row.get(2)?,
            job: row.get(3)?,
            label: row.get(4)?,
            printer: row.get(5)?,
            data: row.get(6)?,
        })
    })?;
    Ok(events.collect::<rusqlite::Result<_>>()?)
}

/// How many labels stand where, by printer and state; what is nowhere is left out.
pub(super) fn counts(db: &Connection) -> Result<Vec<Count>, SpoolError> {
    let mut query = db.prepare_cached("SELECT printer, state, labels FROM counts WHERE labels > 0 ORDER BY printer, state")?;
    let counts = query.query_map([], |row| Ok(Count { printer: row.get(0)?, state: row.get(1)?, labels: row.get(2)? }))?;
    Ok(counts.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn template(db: &Connection, hash: Hash) -> Result<Option<Arc<str>>, SpoolError> {
    let mut query = db.prepare_cached("SELECT text FROM templates WHERE hash = ?1")?;
    Ok(query.query_row([hash.as_bytes()], |row| row.get(0)).optional()?)
}

pub(super) fn printer_facts(db: &Connection, printer: &str) -> Result<Option<String>, SpoolError> {
    let mut query = db.prepare_cached("SELECT facts FROM printers WHERE name = ?1")?;
    Ok(query.query_row([printer], |row| row.get(0)).optional()?)
}

/// The number of the newest event; 0 before the first.
pub(super) fn latest_seq(db: &Connection) -> Result<i64, SpoolError> {
    Ok(db.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))?)
}
