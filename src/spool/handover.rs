//! The handover: which parcels were handed over, and which of them stand on which manifest.

use super::error::{Refusal, SpoolError};
use super::events::{About, AtStation, Happened, ManifestMade};
use super::mode::Mode;
use super::reading::{LABEL, label_view};
use super::records::{LabelKey, LabelView, NewJob, Shipments, Taken, UnixMs};
use super::taking;
use super::transaction::Transaction;
use rusqlite::{Connection, params};

/// Parcels of one manifest in an answer, at most.
const LABELS_MAX: i64 = 5_000;

/// Takes the job of a manifest's labels, and with it notes which parcel stands on which of them: all of it or nothing.
pub(super) fn take(tx: &mut Transaction, job: &NewJob, parcels: &[(LabelKey, String)]) -> Result<Taken, SpoolError> {
    if let Some(taken) = taking::known(tx.db, &job.id, job.content)? {
        return Ok(taken);
    }
    for (key, _) in parcels {
        let mut free = tx.db.prepare_cached(
            "SELECT shipped_at IS NOT NULL AND manifest IS NULL AND state NOT IN ('canceled', 'voided')
             FROM labels WHERE key = ?1",
        )?;
        if !free.query_row([key], |row| row.get::<_, bool>(0))? {
            return Err(Refusal::Overtaken(tx.label_of_key(*key)?.id).into());
        }
    }
    let taken = taking::take(tx, job)?;
    if !matches!(taken, Taken::New(_)) {
        return Ok(taken);
    }
    for (key, manifest) in parcels {
        tx.db.prepare_cached("UPDATE labels SET manifest = ?2 WHERE key = ?1")?.execute(params![key, manifest])?;
    }
    for parcels in parcels.chunk_by(|(_, one), (_, next)| one == next) {
        let manifest = &parcels[0].1;
        let about = About { job: Some(&job.id), label: Some(manifest), printer: Some(&job.printer) };
        tx.record_event(about, &Happened::Manifest(ManifestMade { parcels: parcels.len() }))?;
    }
    Ok(taken)
}

/// The parcels on that manifest, in the order they were handed over.
pub(super) fn parcels(db: &Connection, manifest: &str) -> Result<Vec<LabelView>, SpoolError> {
    let sql = format!("{LABEL} WHERE l.manifest = ?1 ORDER BY l.shipped_at, l.key LIMIT {LABELS_MAX}");
    let mut query = db.prepare_cached(&sql)?;
    Ok(query.query_map([manifest], label_view)?.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn shipped_sql() -> String {
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

pub(super) fn not_shipped_sql() -> String {
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
