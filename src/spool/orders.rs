//! What becomes of the labels of an order: canceled, asked to be canceled, or reissued.
//!
//! A label whose bytes are on their way can be neither kept back nor voided. What is asked of it is written down, and
//! [`apply_pending`] does it in the same commit that records the label's end.

use super::error::{Refusal, SpoolError};
use super::events::{About, CancelTold, Happened, LabelMoved, LabelReplaced};
use super::hold::{Hold, HoldCause, PendingCancel};
use super::ledger::{State, Step};
use super::reading;
use super::records::{CancelOutcome, Canceled, Cancellation, Clash, LabelKey, NewLabel, Number, Replaced};
use super::taking;
use super::transaction::{LabelRow, Transaction};
use rusqlite::{OptionalExtension, params};

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
            // What was said of it stays here: it may name somebody, and events go to everybody.
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
fn set_hold(tx: &Transaction, label: &LabelRow, hold: &Hold) -> Result<(), SpoolError> {
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
fn set_pending(
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

/// Reissues the label: in its place while no copy of it can exist, else as a label of its own beside the voided old one.
pub(super) fn replace(tx: &mut Transaction, id: &str, new: &NewLabel, by: &str) -> Result<Replaced, SpoolError> {
    let label = tx.label(id)?;
    let (replaced_by, shipped, paper): (Option<String>, bool, Option<String>) = tx
        .db
        .prepare_cached("SELECT replaced_by, shipped_at IS NOT NULL, paper FROM labels WHERE key = ?1")?
        .query_row([label.key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if replaced_by.as_ref() == Some(&new.id) && is_kept(tx, new)? {
        return Ok(Replaced::Done(Box::new(reading::label(tx.db, &new.id)?.label)));
    }
    let refused = |why: String| Err(Refusal::NotReplaced { label: id.to_owned(), why }.into());
    if paper.is_some() {
        return refused("it is a paper of a wave and no waybill: print that paper again instead.".to_owned());
    }
    if shipped {
        return refused("it was handed over already: stop the parcel at the carrier.".to_owned());
    }
    let in_place = match label.state {
        State::Waiting | State::Held if label.copies == 0 => true,
        State::Waiting | State::Held | State::Printed | State::Sent => false,
        State::Sending => return refused("it is being sent: wait until it has its end, then ask again.".to_owned()),
        State::InDoubt => {
            return refused("it is in doubt: look at the tray and say whether it came out, then ask again.".to_owned());
        }
        State::Canceled | State::Voided => {
            return refused(match replaced_by {
                Some(other) => format!("label {other} replaces it already: replace that one."),
                None => format!("it is {}: send a new job.", label.state),
            });
        }
    };
    if in_place != (new.id == label.id) {
        return Ok(Replaced::Otherwise { in_place });
    }
    let clashes = clashes(tx, &label, new)?;
    if !clashes.is_empty() {
        return Ok(Replaced::Clashes(clashes));
    }
    if in_place {
        if !is_kept(tx, new)? {
            rewrite(tx, &label, new)?;
        }
        match (label.state, &new.held) {
            (State::Waiting, Some(hold)) => drop(tx.step(&label, Step::Hold(hold.cause), &hold.text, None)?),
            (State::Held, Some(hold)) if label.hold == Some(HoldCause::OnScan) => set_hold(tx, &label, hold)?,
            _ => {}
        }
    } else {
        replace_with_new(tx, &label, new, by)?;
    }
    Ok(Replaced::Done(Box::new(reading::label(tx.db, &new.id)?.label)))
}

/// Whether the label stands in the ledger just so.
fn is_kept(tx: &Transaction, new: &NewLabel) -> Result<bool, SpoolError> {
    let kept: Option<bool> = tx
        .db
        .prepare_cached(
            "SELECT c.waybill = ?2 AND l.template = ?3 FROM labels l JOIN contents c ON c.label = l.key WHERE l.id = ?1",
        )?
        .query_row(params![new.id, &*new.waybill, new.template.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(kept == Some(true))
}

/// Another label that has its id or its tracking number.
fn clashes(tx: &Transaction, old: &LabelRow, new: &NewLabel) -> Result<Vec<Clash>, SpoolError> {
    let mut clashes = Vec::new();
    if new.id != old.id {
        clashes.extend(taking::id_clash(tx.db, 0, &new.id)?);
    }
    if let Some(tracking) = &new.tracking {
        clashes.extend(taking::tracking_clash(tx.db, 0, tracking, Some(old.key))?);
    }
    Ok(clashes)
}

fn rewrite(tx: &mut Transaction, label: &LabelRow, new: &NewLabel) -> Result<(), SpoolError> {
    let (order, tracking) = (new.order.as_ref(), new.tracking.as_ref());
    tx.db
        .prepare_cached(
            "UPDATE labels SET order_no = ?2, order_key = ?3, tracking = ?4, tracking_key = ?5, ship_by = ?6, template = ?7,
                 carrier = ?8, weight_g = ?9, expires = ?10, digest = NULL, revision = revision + 1 WHERE key = ?1",
        )?
        .execute(params![
            label.key,
            order.map(|number| &number.text),
            order.map(|number| &number.key),
            tracking.map(|number| &number.text),
            tracking.map(|number| &number.key),
            new.ship_by,
            new.template.as_bytes(),
            new.carrier,
            new.weight_g,
            new.expires,
        ])?;
    tx.db
        .prepare_cached("INSERT OR REPLACE INTO contents (label, waybill) VALUES (?1, ?2)")?
        .execute(params![label.key, &*new.waybill])?;
    tx.db.prepare_cached("DELETE FROM goods WHERE label = ?1")?.execute([label.key])?;
    // It waits for its scan as before; its goods may be others.
    taking::keep_goods(tx, label.key, label.on_scan, &new.skus)?;
    // What it lists may be another label's by now.
    for slip in tx.slips(label)? {
        if matches!(slip.state, State::Waiting | State::Held) {
            tx.step(&slip, Step::Void { copy_out: slip.copies > 0 }, "its label was replaced", Some("the shop"))?;
        }
    }
    let replaced = LabelReplaced { run: label.run, position: label.position, replaced_by: None };
    tx.record_event(About::label(label), &Happened::Replaced(replaced))?;
    // It may have been read ahead as it was.
    tx.bells.insert(label.printer.clone());
    Ok(())
}

/// Voids the old label and takes the new one as an urgent run of its own: somebody has the parcel in hand.
fn replace_with_new(tx: &mut Transaction, old: &LabelRow, new: &NewLabel, by: &str) -> Result<(), SpoolError> {
    tx.step(old, Step::Void { copy_out: true }, &format!("replaced by {}", new.id), Some(by))?;
    tx.db
        .prepare_cached("UPDATE labels SET replaced_by = ?2, pending_cancel = NULL, cancel_by = NULL WHERE key = ?1")?
        .execute(params![old.key, new.id])?;
    let run = tx.new_run(&old.printer, None, old.job, 1)?;
    taking::write_label(tx, (old.job, &old.printer, None), run, 1, &NewLabel { urgent: true, ..new.clone() })?;
    let state = if new.held.is_some() { State::Held } else { State::Waiting };
    tx.count(&old.printer, state, 1)?;
    tx.bells.insert(old.printer.clone());
    let replaced = LabelReplaced { run: old.run, position: old.position, replaced_by: Some(new.id.clone()) };
    tx.record_event(About::label(old), &Happened::Replaced(replaced))?;
    let cause = new.held.as_ref().map(|hold| hold.cause);
    let taken = LabelMoved { run, position: 1, cause, replaces: Some(old.id.clone()), ..LabelMoved::default() };
    tx.record_event(About { label: Some(&new.id), ..About::label(old) }, &Happened::Label(state, taken))
}
