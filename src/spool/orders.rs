//! What becomes of the labels of an order: canceled, asked to be canceled, or wanted after all.
//!
//! A label whose bytes are on their way can be neither kept back nor voided. What is asked of it is written down, and
//! [`apply_pending`](super::pending::apply_pending) does it in the same commit that records the label's end.

use super::error::{Refusal, SpoolError};
use super::hold::{Hold, HoldCause, PendingCancel};
use super::ledger::{State, Step};
use super::pending::{set_hold, set_pending};
use super::reading;
use super::records::{CancelOutcome, Canceled, Cancellation, LabelKey, Number};
use super::transaction::{LabelRow, Transaction};
use rusqlite::params;

/// Labels of one order that are canceled at once.
const LABELS_MAX: i64 = 1_000;

/// Cancels every label of the order, or keeps back those that wait; says what became of each, the newest first.
pub(super) fn cancel(tx: &mut Transaction, order: &Number, how: &Cancellation) -> Result<Vec<Canceled>, SpoolError> {
    let labels = labels_of(tx, order)?;
    let mut canceled = Vec::with_capacity(labels.len());
    for (label, shipped) in labels {
        let became = match how {
            Cancellation::Asked { why } => ask_to_cancel(tx, &label, shipped, why)?,
            Cancellation::Sure { by, why } => cancel_label(tx, &label, shipped, by, why)?,
        };
        canceled.push((label.key, became));
    }
    let views = canceled.into_iter().map(|(key, became)| Ok(Canceled { label: reading::label_of_key(tx.db, key)?, became }));
    views.collect()
}

fn cancel_label(tx: &mut Transaction, label: &LabelRow, shipped: bool, by: &str, why: &str) -> Result<CancelOutcome, SpoolError> {
    if shipped {
        return Ok(CancelOutcome::Shipped);
    }
    match label.state {
        State::Canceled | State::Voided => Ok(CancelOutcome::Unchanged),
        State::Sending | State::InDoubt => {
            set_pending(tx, label, Some(PendingCancel::Void), Some(by))?;
            Ok(CancelOutcome::Pending)
        }
        State::Waiting | State::Held | State::Printed | State::Sent => {
            set_pending(tx, label, None, None)?;
            match tx.step(label, Step::Void { copy_out: label.copies > 0 }, why, Some(by))? {
                State::Canceled => Ok(CancelOutcome::Canceled),
                _ => Ok(CancelOutcome::Voided),
            }
        }
    }
}

fn ask_to_cancel(tx: &mut Transaction, label: &LabelRow, shipped: bool, why: &str) -> Result<CancelOutcome, SpoolError> {
    if shipped {
        return Ok(CancelOutcome::Shipped);
    }
    match label.state {
        State::Canceled | State::Voided => Ok(CancelOutcome::Unchanged),
        State::Waiting => {
            set_pending(tx, label, Some(PendingCancel::Hold), None)?;
            // The words given with the request stay in the ledger: they may name a person, and events leave the machine.
            let hold = Hold::of(HoldCause::BuyerAsked);
            tx.step(label, Step::Hold(hold.cause), &hold.text, None)?;
            set_hold(tx, label, &Hold::because(HoldCause::BuyerAsked, why))?;
            Ok(CancelOutcome::Held)
        }
        State::Held => {
            if label.hold == Some(HoldCause::OnScan) {
                // A scan must not let it print.
                set_hold(tx, label, &Hold::because(HoldCause::BuyerAsked, why))?;
            }
            set_pending(tx, label, Some(PendingCancel::Hold), None).map(|()| CancelOutcome::Held)
        }
        State::Sending | State::InDoubt => {
            set_pending(tx, label, Some(PendingCancel::Hold), None).map(|()| CancelOutcome::Pending)
        }
        State::Printed | State::Sent => set_pending(tx, label, Some(PendingCancel::Hold), None).map(|()| CancelOutcome::Flagged),
    }
}

/// The buyer wants the order after all: what was kept back for that waits again. Says so of each label that changed.
pub(super) fn release(tx: &mut Transaction, order: &Number) -> Result<Vec<Canceled>, SpoolError> {
    let mut released = Vec::new();
    let usable = |(label, _): &(LabelRow, bool)| !matches!(label.state, State::Canceled | State::Voided);
    for (label, _) in labels_of(tx, order)?.into_iter().filter(usable) {
        let asked: bool = tx
            .db
            .prepare_cached("SELECT pending_cancel IS 'hold' FROM labels WHERE key = ?1")?
            .query_row([label.key], |row| row.get(0))?;
        // It may be held for another reason besides.
        let kept_back = label.state == State::Held && label.hold == Some(HoldCause::BuyerAsked);
        if asked {
            set_pending(tx, &label, None, None)?;
        }
        match kept_back {
            // It still has to be scanned.
            true if label.on_scan => set_hold(tx, &label, &Hold::of(HoldCause::OnScan))?,
            true => drop(tx.step(&label, Step::Release, "", None)?),
            false => {}
        }
        if asked || kept_back {
            released
                .push((label.key, if kept_back && !label.on_scan { CancelOutcome::Released } else { CancelOutcome::Unflagged }));
        }
    }
    released.into_iter().map(|(key, became)| Ok(Canceled { label: reading::label_of_key(tx.db, key)?, became })).collect()
}

/// The labels of the order, and whether each was handed over; the newest first.
///
/// Two orders may be looked for by one key, `1001-1` and `10011`: then the one that is written so is meant, and where
/// none is, none of them.
fn labels_of(tx: &Transaction, order: &Number) -> Result<Vec<(LabelRow, bool)>, SpoolError> {
    let written =
        |number: &str| -> String { number.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect() };
    let mut found = tx
        .db
        .prepare_cached(
            "SELECT key, shipped_at IS NOT NULL, coalesce(order_no, '') FROM labels WHERE order_key = ?1 ORDER BY key DESC LIMIT ?2",
        )?
        .query_map(params![order.key, LABELS_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(LabelKey, bool, String)>>>()?;
    let meant = written(&order.text);
    if found.iter().any(|(.., number)| written(number) == meant) {
        found.retain(|(.., number)| written(number) == meant);
    } else if found.iter().any(|(.., number)| written(number) != written(&found[0].2)) {
        return Err(Refusal::SeveralOrders.into());
    }
    if found.is_empty() {
        return Err(Refusal::NoOrder.into());
    }
    found.into_iter().map(|(key, shipped, _)| Ok((tx.label_of_key(key)?, shipped))).collect()
}
