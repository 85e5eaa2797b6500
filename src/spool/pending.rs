//! What is to happen to a label whose fate is not known yet: it is written down, and done in the commit that records
//! its end.

use super::error::SpoolError;
use super::events::{About, CancelTold, Happened};
use super::hold::{Hold, HoldCause, PendingCancel};
use super::ledger::{State, Step};
use super::records::LabelKey;
use super::transaction::{LabelRow, Transaction};
use rusqlite::{OptionalExtension, params};

/// Does what was asked of a label while its fate was unknown; says where it stands then, if that can be done.
pub(super) fn apply_pending(tx: &mut Transaction, key: LabelKey) -> Result<Option<State>, SpoolError> {
    let pending: Option<(PendingCancel, Option<String>)> = tx
        .db
        .prepare_cached("SELECT pending_cancel, cancel_by FROM labels WHERE key = ?1 AND pending_cancel IS NOT NULL")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((pending, by)) = pending else { return Ok(None) };
    let label = tx.label_of_key(key)?;
    match (pending, label.state) {
        (PendingCancel::Void, State::Waiting | State::Printed | State::Sent) => {
            set_pending(tx, &label, None, None)?;
            let by = by.as_deref().unwrap_or("somebody");
            let step = Step::Void { copy_out: label.copies > 0 };
            tx.step(&label, step, "canceled while it was on its way", Some(by)).map(Some)
        }
        (PendingCancel::Hold, State::Waiting) => {
            let hold = Hold::of(HoldCause::BuyerAsked);
            tx.step(&label, Step::Hold(hold.cause), &hold.text, None).map(Some)
        }
        _ => Ok(None),
    }
}

/// The held label stays so, for another cause.
pub(super) fn set_hold(tx: &Transaction, label: &LabelRow, hold: &Hold) -> Result<(), SpoolError> {
    tx.db
        .prepare_cached("UPDATE labels SET hold = ?2, reason = ?3 WHERE key = ?1")?
        .execute(params![label.key, hold.cause, hold.text])?;
    Ok(())
}

/// It is not to be kept back or canceled any more.
pub(super) fn forget_pending(tx: &mut Transaction, label: &LabelRow) -> Result<(), SpoolError> {
    tx.db.prepare_cached("UPDATE labels SET pending_cancel = NULL, cancel_by = NULL WHERE key = ?1")?.execute([label.key])?;
    Ok(())
}

/// Writes down what is to happen to the label, and records an event if that is news.
pub(super) fn set_pending(
    tx: &mut Transaction,
    label: &LabelRow,
    pending: Option<PendingCancel>,
    by: Option<&str>,
) -> Result<(), SpoolError> {
    let known: Option<PendingCancel> =
        tx.db.prepare_cached("SELECT pending_cancel FROM labels WHERE key = ?1")?.query_row([label.key], |row| row.get(0))?;
    // A request that comes after the order was canceled takes nothing back.
    let is_sure = known == Some(PendingCancel::Void) && pending == Some(PendingCancel::Hold);
    if known == pending || is_sure {
        return Ok(());
    }
    tx.db
        .prepare_cached("UPDATE labels SET pending_cancel = ?2, cancel_by = ?3 WHERE key = ?1")?
        .execute(params![label.key, pending, by])?;
    let told = CancelTold { run: label.run, position: label.position, state: label.state };
    let happened = match (pending, known) {
        (Some(PendingCancel::Hold), _) => Happened::CancelRequested(told),
        (Some(PendingCancel::Void), _) => Happened::CancelPending(told),
        (None, Some(PendingCancel::Hold)) => Happened::CancelDecided(told),
        (None, _) => return Ok(()),
    };
    tx.record_event(About::label(label), &happened)
}
