//! The printer loop's side of the ledger: a label leaves, and what became of it.

use super::error::{NoLongerWaiting, Refusal, SpoolError};
use super::ledger::{State, Step};
use super::pending;
use super::records::{LabelKey, Outcome, ToSend};
use super::transaction::{LabelRow, Transaction};
use crate::closed_set::{DoubtCause, Evidence};
use rusqlite::params;

/// Records that these labels are about to leave for that printer, all of them or none.
pub(super) fn sending(tx: &mut Transaction, printer: &str, labels: &[ToSend]) -> Result<(), SpoolError> {
    let standing = labels.iter().map(|to_send| tx.label_of_key(to_send.key)).collect::<Result<Vec<_>, _>>()?;
    let left: Vec<NoLongerWaiting> = standing
        .iter()
        .zip(labels)
        .map(|(label, to_send)| (label, to_send.revision.is_some_and(|read| read != label.revision)))
        .filter(|(label, changed)| label.state != State::Waiting || label.printer != printer || *changed)
        .map(|(label, changed)| NoLongerWaiting {
            key: label.key,
            id: label.id.clone(),
            state: label.state,
            changed: changed && label.printer == printer,
            printer: label.printer.clone(),
        })
        .collect();
    if !left.is_empty() {
        return Err(Refusal::NotWaiting(left).into());
    }
    for (label, ToSend { digest, .. }) in standing.iter().zip(labels) {
        let number = label.attempts + 1;
        tx.step(label, Step::Send, "", None)?;
        tx.db
            .prepare_cached(
                "INSERT INTO prints (label, number, printer, run, state, reason, reprint_reason, reprint_by,
                     reprint_station, digest, sending_at)
                 SELECT key, ?2, printer, run, state, '', reprint_reason, reprint_by, reprint_station, ?3, ?4 FROM labels WHERE key = ?1",
            )?
            .execute(params![label.key, number, digest.as_bytes(), tx.now])?;
        tx.db
            .prepare_cached(
                "UPDATE labels SET attempts = ?2, digest = coalesce(digest, ?3), reprint_reason = NULL, reprint_by = NULL,
                     reprint_station = NULL WHERE key = ?1",
            )?
            .execute(params![label.key, number, digest.as_bytes()])?;
    }
    Ok(())
}

/// Records what became of a label that was being sent, or in doubt until the printer's evidence came.
pub(super) fn settle(tx: &mut Transaction, key: LabelKey, attempt: i64, outcome: &Outcome) -> Result<(), SpoolError> {
    let label = tx.label_of_key(key)?;
    if label.attempts != attempt {
        return Err(Refusal::Outdated { label: label.id, attempt }.into());
    }
    match outcome {
        Outcome::Printed { evidence } => end_attempt(tx, &label, Step::Confirm, "", Some(*evidence), None),
        Outcome::Sent => end_attempt(tx, &label, Step::HandOver, "", None, None),
        Outcome::Waiting { why } => end_attempt(tx, &label, Step::Return, why, None, None),
        Outcome::NotSent { why } => {
            let state = end_attempt(tx, &label, Step::Return, why, None, None)?;
            tx.db.prepare_cached("UPDATE labels SET unsent = unsent + 1 WHERE key = ?1")?.execute([key])?;
            Ok(state)
        }
        Outcome::InDoubt { cause, why } => end_attempt(tx, &label, Step::Doubt(*cause), why, None, None),
    }
    .map(|_| ())
}

/// Moves the label and writes the same into the row of its latest attempt; then does what was asked of it meanwhile.
/// Says where it stands in the end.
pub(super) fn end_attempt(
    tx: &mut Transaction,
    label: &LabelRow,
    step: Step,
    reason: &str,
    evidence: Option<Evidence>,
    by: Option<&str>,
) -> Result<State, SpoolError> {
    let state = tx.step(label, step, reason, by)?;
    tx.db
        .prepare_cached(
            "UPDATE prints SET state = ?3, reason = ?4, evidence = ?5, settled_by = ?6, settled_at = ?7
             WHERE label = ?1 AND number = ?2",
        )?
        .execute(params![label.key, label.attempts, state, reason, evidence, by, tx.now])?;
    if matches!(state, State::Printed | State::Sent) {
        tx.db.prepare_cached("UPDATE labels SET copies = copies + 1 WHERE key = ?1")?.execute([label.key])?;
    }
    Ok(pending::apply_pending(tx, label.key)?.unwrap_or(state))
}

/// After a restart it is unknown how far the bytes of a label that was being sent have come.
pub(super) fn doubt_what_was_being_sent(tx: &mut Transaction) -> Result<(), SpoolError> {
    let keys = tx
        .db
        .prepare_cached("SELECT key FROM labels WHERE state = 'sending' ORDER BY key")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<LabelKey>>>()?;
    for key in keys {
        let label = tx.label_of_key(key)?;
        end_attempt(tx, &label, Step::Doubt(DoubtCause::Restarted), "the daemon restarted while it was being sent", None, None)?;
    }
    Ok(())
}
