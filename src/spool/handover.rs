//! Which parcels stand on which handover manifest.

use super::error::{Refusal, SpoolError};
use super::events::{About, Happened, ManifestMade};
use super::reading::{LABEL, label_view};
use super::records::{LabelKey, LabelView, NewJob, Taken};
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
