//! A label is reissued, such as for another address: in its place while no copy of it can exist, else with another id.

use super::error::{Refusal, SpoolError};
use super::events::{About, Happened, LabelMoved, LabelReplaced};
use super::hold::HoldCause;
use super::ledger::{State, Step};
use super::pending::set_hold;
use super::reading;
use super::records::{Conflict, NewLabel, Replaced};
use super::taking;
use super::transaction::{LabelRow, Transaction};
use crate::closed_set::PaperKind;
use rusqlite::{OptionalExtension, params};

/// Reissues the label: in its place while no copy of it can exist, else as a label of its own beside the voided old one.
pub(super) fn replace(tx: &mut Transaction, id: &str, new: &NewLabel, by: &str) -> Result<Replaced, SpoolError> {
    let label = tx.label(id)?;
    let (replaced_by, shipped, paper): (Option<String>, bool, Option<PaperKind>) = tx
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
    let conflicts = conflicts(tx, &label, new)?;
    if !conflicts.is_empty() {
        return Ok(Replaced::Conflicts(conflicts));
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
fn conflicts(tx: &Transaction, old: &LabelRow, new: &NewLabel) -> Result<Vec<Conflict>, SpoolError> {
    let mut conflicts = Vec::new();
    if new.id != old.id {
        conflicts.extend(taking::id_conflict(tx.db, 0, &new.id)?);
    }
    if let Some(tracking) = &new.tracking {
        conflicts.extend(taking::tracking_conflict(tx.db, 0, tracking, Some(old.key))?);
    }
    Ok(conflicts)
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
    tx.to_wake.insert(label.printer.clone());
    Ok(())
}

/// Voids the old label and takes the new one as an urgent run of its own: the parcel is packed and waits for it.
fn replace_with_new(tx: &mut Transaction, old: &LabelRow, new: &NewLabel, by: &str) -> Result<(), SpoolError> {
    tx.step(old, Step::Void { copy_out: true }, &format!("replaced by {}", new.id), Some(by))?;
    tx.db
        .prepare_cached("UPDATE labels SET replaced_by = ?2, pending_cancel = NULL, cancel_by = NULL WHERE key = ?1")?
        .execute(params![old.key, new.id])?;
    let run = tx.new_run(&old.printer, None, old.job, 1)?;
    taking::write_label(tx, (old.job, &old.printer, None), run, 1, &NewLabel { urgent: true, ..new.clone() })?;
    let state = if new.held.is_some() { State::Held } else { State::Waiting };
    tx.count(&old.printer, state, 1)?;
    tx.to_wake.insert(old.printer.clone());
    let replaced = LabelReplaced { run: old.run, position: old.position, replaced_by: Some(new.id.clone()) };
    tx.record_event(About::label(old), &Happened::Replaced(replaced))?;
    let cause = new.held.as_ref().map(|hold| hold.cause);
    let taken = LabelMoved { run, position: 1, cause, replaces: Some(old.id.clone()), ..LabelMoved::default() };
    tx.record_event(About { label: Some(&new.id), ..About::label(old) }, &Happened::Label(state, taken))
}
