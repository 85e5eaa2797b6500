//! What the ledger keeps beside labels: templates, what was learnt of printers, and how far each webhook has been told.

use super::error::SpoolError;
use super::reading;
use super::records::Hash;
use super::transaction::Transaction;
use rusqlite::{OptionalExtension, params};

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
