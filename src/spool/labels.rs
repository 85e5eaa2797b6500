//! What is asked of one label: void, hold, release, an outcome, a reprint, a print on scan.

use super::error::{Refusal, SpoolError};
use super::hold::Hold;
use super::ledger::{Illegal, State, Step};
use super::mode::Mode;
use super::pending;
use super::printing::end_attempt;
use super::records::Reprint;
use super::transaction::Transaction;
use rusqlite::{OptionalExtension, params};

pub(super) fn void(tx: &mut Transaction, id: &str, by: &str) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    tx.step(&label, Step::Void { copy_out: label.copies > 0 }, "voided", Some(by))
}

pub(super) fn hold(tx: &mut Transaction, id: &str, hold: &Hold) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    tx.step(&label, Step::Hold(hold.cause), &hold.text, None)
}

pub(super) fn release(tx: &mut Transaction, id: &str) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    tx.allowed(&label, Step::Release)?;
    // Who lets it print has decided.
    pending::forget_pending(tx, &label)?;
    tx.step(&label, Step::Release, "", None)
}

pub(super) fn outcome(tx: &mut Transaction, id: &str, came_out: bool, by: &str) -> Result<State, SpoolError> {
    let label = tx.label(id)?;
    let (step, reason) =
        if came_out { (Step::CameOut, "a person saw it come out") } else { (Step::DidNotComeOut, "it did not come out") };
    end_attempt(tx, &label, step, reason, None, Some(by))
}

/// Queues the label again, as an urgent run of its own: the packer waits for it at the printer.
pub(super) fn reprint(tx: &mut Transaction, id: &str, reprint: &Reprint, printer: Option<&str>) -> Result<State, SpoolError> {
    let mut label = tx.label(id)?;
    let kept: Option<i64> =
        tx.db.prepare_cached("SELECT 1 FROM contents WHERE label = ?1")?.query_row([label.key], |row| row.get(0)).optional()?;
    if kept.is_none() {
        return Err(Refusal::Erased(id.to_owned()).into());
    }
    tx.check_use(&label, Mode::Reprint)?;
    tx.put_first(&mut label, printer)?;
    tx.db
        .prepare_cached("UPDATE labels SET reprint_reason = ?2, reprint_by = ?3, reprint_station = ?4 WHERE key = ?1")?
        .execute(params![label.key, reprint.reason, reprint.by, reprint.station])?;
    tx.step(&label, Step::Reprint, "reprint", Some(&reprint.by))
}

/// Lets a label print that waited for its scan.
pub(super) fn let_print(tx: &mut Transaction, id: &str, printer: &str, by: &str) -> Result<State, SpoolError> {
    let mut label = tx.label(id)?;
    tx.check_use(&label, Mode::Print)?;
    tx.put_first(&mut label, Some(printer))?;
    // Its slip comes behind it, wherever it prints.
    for mut slip in tx.slips(&label)? {
        if slip.state == State::Held {
            tx.put_first(&mut slip, Some(printer))?;
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
