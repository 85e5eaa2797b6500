//! What becomes of the labels of an order: canceled, asked to be canceled, or made out anew.
//!
//! A label whose bytes are on their way can be neither kept back nor voided. What is wished of it is written down, and
//! [`fulfil`] does it in the same commit that records the label's end.

use super::error::SpoolError;
use super::ledger::{State, Step};
use super::reading;
use super::records::{Canceled, Cancellation, Clash, LabelKey, NewLabel, Number, Replaced};
use super::scans::ON_SCAN;
use super::taking;
use super::transaction::{Desk, Standing};
use rusqlite::{OptionalExtension, params};
use serde_json::json;

/// Why a label is held that the buyer wants no more. Field maps say the same of labels born so.
pub const BUYER_ASKED: &str = "buyer asked to cancel";

/// Labels of one order that are canceled at once.
const LABELS_MAX: i64 = 1_000;

/// What is wished of a label as soon as its fate is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// The buyer asked to cancel: it must not print before somebody decided.
    Hold,
    /// It is canceled.
    Void,
}

impl Wish {
    fn word(self) -> &'static str {
        match self {
            Wish::Hold => "hold",
            Wish::Void => "void",
        }
    }
}

/// Cancels every label of the order, or keeps back those that wait; says what became of each, the newest first.
pub(super) fn cancel(desk: &mut Desk, order: &Number, how: &Cancellation) -> Result<Vec<Canceled>, SpoolError> {
    let labels = labels_of(desk, order)?;
    let mut canceled = Vec::with_capacity(labels.len());
    for (label, shipped) in labels {
        let became = match how {
            Cancellation::Asked { why } => ask_to_cancel(desk, &label, shipped, why)?,
            Cancellation::Sure { by, why } => cancel_label(desk, &label, shipped, by, why)?,
        };
        canceled.push((label.key, became));
    }
    let views = canceled.into_iter().map(|(key, became)| Ok(Canceled { label: reading::label_of_key(desk.db, key)?, became }));
    views.collect()
}

fn cancel_label(desk: &mut Desk, label: &Standing, shipped: bool, by: &str, why: &str) -> Result<&'static str, SpoolError> {
    if shipped {
        return Ok("shipped");
    }
    match label.state {
        State::Canceled | State::Voided => Ok("unchanged"),
        State::Sending | State::InDoubt => {
            wish(desk, label, Some(Wish::Void), Some(by))?;
            Ok("pending")
        }
        State::Waiting | State::Held | State::Printed | State::Sent => {
            wish(desk, label, None, None)?;
            desk.step(label, Step::Void { copy_out: label.copies > 0 }, why, Some(by)).map(State::word)
        }
    }
}

fn ask_to_cancel(desk: &mut Desk, label: &Standing, shipped: bool, why: &str) -> Result<&'static str, SpoolError> {
    if shipped {
        return Ok("shipped");
    }
    match label.state {
        State::Canceled | State::Voided => Ok("unchanged"),
        State::Waiting => {
            wish(desk, label, Some(Wish::Hold), None)?;
            // What was said of it stays here: it may name somebody, and events go to everybody.
            let state = desk.step(label, Step::Hold, BUYER_ASKED, None)?;
            give_reason(desk, label, why)?;
            Ok(state.word())
        }
        State::Held => {
            if label.reason == ON_SCAN {
                // A scan must not let it print.
                give_reason(desk, label, why)?;
            }
            wish(desk, label, Some(Wish::Hold), None).map(|()| "held")
        }
        State::Sending | State::InDoubt => wish(desk, label, Some(Wish::Hold), None).map(|()| "pending"),
        State::Printed | State::Sent => wish(desk, label, Some(Wish::Hold), None).map(|()| "flagged"),
    }
}

/// The buyer wants the order after all: what was kept back for that waits again. Says so of each label that changed.
pub(super) fn release(desk: &mut Desk, order: &Number) -> Result<Vec<Canceled>, SpoolError> {
    let mut released = Vec::new();
    let usable = |(label, _): &(Standing, bool)| !matches!(label.state, State::Canceled | State::Voided);
    for (label, _) in labels_of(desk, order)?.into_iter().filter(usable) {
        let asked: bool = desk
            .db
            .prepare_cached("SELECT cancel_wish IS 'hold' FROM labels WHERE key = ?1")?
            .query_row([label.key], |row| row.get(0))?;
        // It may be held for another reason besides.
        let kept_back = label.state == State::Held && label.reason.starts_with(BUYER_ASKED);
        if asked {
            wish(desk, &label, None, None)?;
        }
        match kept_back {
            // It still has to be scanned.
            true if label.on_scan => give_reason(desk, &label, ON_SCAN)?,
            true => drop(desk.step(&label, Step::Release, "", None)?),
            false => {}
        }
        if asked || kept_back {
            released.push((label.key, if kept_back && !label.on_scan { "released" } else { "unflagged" }));
        }
    }
    released.into_iter().map(|(key, became)| Ok(Canceled { label: reading::label_of_key(desk.db, key)?, became })).collect()
}

/// Does what was wished of a label while nobody knew its fate; says where it stands then, if that can be done.
pub(super) fn fulfil(desk: &mut Desk, key: LabelKey) -> Result<Option<State>, SpoolError> {
    let wished: Option<(String, Option<String>)> = desk
        .db
        .prepare_cached("SELECT cancel_wish, cancel_by FROM labels WHERE key = ?1 AND cancel_wish IS NOT NULL")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((wished, by)) = wished else { return Ok(None) };
    let label = desk.label_of_key(key)?;
    match label.state {
        State::Waiting | State::Printed | State::Sent if wished == Wish::Void.word() => {
            wish(desk, &label, None, None)?;
            let by = by.as_deref().unwrap_or("somebody");
            let step = Step::Void { copy_out: label.copies > 0 };
            desk.step(&label, step, "canceled while it was on its way", Some(by)).map(Some)
        }
        State::Waiting => desk.step(&label, Step::Hold, BUYER_ASKED, None).map(Some),
        _ => Ok(None),
    }
}

/// The held label stays so, for another reason.
fn give_reason(desk: &Desk, label: &Standing, why: &str) -> Result<(), SpoolError> {
    desk.db.prepare_cached("UPDATE labels SET reason = ?2 WHERE key = ?1")?.execute(params![label.key, why])?;
    Ok(())
}

/// Nobody wishes any more that it be kept back.
pub(super) fn forget_wish(desk: &mut Desk, label: &Standing) -> Result<(), SpoolError> {
    desk.db.prepare_cached("UPDATE labels SET cancel_wish = NULL, cancel_by = NULL WHERE key = ?1")?.execute([label.key])?;
    Ok(())
}

/// Writes down what is wished of the label, and tells so if that is news.
fn wish(desk: &mut Desk, label: &Standing, wish: Option<Wish>, by: Option<&str>) -> Result<(), SpoolError> {
    let word = wish.map(Wish::word);
    let known: Option<String> =
        desk.db.prepare_cached("SELECT cancel_wish FROM labels WHERE key = ?1")?.query_row([label.key], |row| row.get(0))?;
    // A request that comes after the order was canceled takes nothing back.
    let is_sure = known.as_deref() == Some(Wish::Void.word()) && wish == Some(Wish::Hold);
    if known.as_deref() == word || is_sure {
        return Ok(());
    }
    desk.db
        .prepare_cached("UPDATE labels SET cancel_wish = ?2, cancel_by = ?3 WHERE key = ?1")?
        .execute(params![label.key, word, by])?;
    let kind = match wish {
        Some(Wish::Hold) => "cancel-requested",
        Some(Wish::Void) => "cancel-pending",
        None if known.as_deref() == Some(Wish::Hold.word()) => "cancel-decided",
        None => return Ok(()),
    };
    let data = json!({ "run": label.run, "position": label.position, "state": label.state.word() });
    desk.tell(kind, Some(&label.job_id), Some(&label.id), Some(&label.printer), &data.to_string())
}

/// The labels of the order, and whether each was handed over; the newest first.
///
/// Two orders may be looked for by one key, `1001-1` and `10011`: then the one that is written so is meant, and where
/// none is, none of them.
fn labels_of(desk: &Desk, order: &Number) -> Result<Vec<(Standing, bool)>, SpoolError> {
    let written =
        |number: &str| -> String { number.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect() };
    let mut found = desk
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
        return Err(SpoolError::SeveralOrders);
    }
    if found.is_empty() {
        return Err(SpoolError::NoOrder);
    }
    found.into_iter().map(|(key, shipped, _)| Ok((desk.label_of_key(key)?, shipped))).collect()
}

/// Makes the label out anew: in its place while no copy of it can exist, else as a label of its own beside the voided
/// old one.
pub(super) fn replace(desk: &mut Desk, id: &str, new: &NewLabel, by: &str) -> Result<Replaced, SpoolError> {
    let label = desk.label(id)?;
    let (replaced_by, shipped, paper): (Option<String>, bool, Option<String>) = desk
        .db
        .prepare_cached("SELECT replaced_by, shipped_at IS NOT NULL, paper FROM labels WHERE key = ?1")?
        .query_row([label.key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if replaced_by.as_ref() == Some(&new.id) && is_kept(desk, new)? {
        return Ok(Replaced::Done(Box::new(reading::label(desk.db, &new.id)?.label)));
    }
    let refused = |why: String| Err(SpoolError::NotReplaced { label: id.to_owned(), why });
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
    let clashes = clashes(desk, &label, new)?;
    if !clashes.is_empty() {
        return Ok(Replaced::Clashes(clashes));
    }
    if in_place {
        if !is_kept(desk, new)? {
            rewrite(desk, &label, new)?;
        }
        match (label.state, &new.held) {
            (State::Waiting, Some(why)) => drop(desk.step(&label, Step::Hold, why, None)?),
            (State::Held, Some(why)) if label.reason == ON_SCAN => give_reason(desk, &label, why)?,
            _ => {}
        }
    } else {
        beside(desk, &label, new, by)?;
    }
    Ok(Replaced::Done(Box::new(reading::label(desk.db, &new.id)?.label)))
}

/// Whether the label stands in the ledger just so.
fn is_kept(desk: &Desk, new: &NewLabel) -> Result<bool, SpoolError> {
    let kept: Option<bool> = desk
        .db
        .prepare_cached(
            "SELECT c.waybill = ?2 AND l.template = ?3 FROM labels l JOIN contents c ON c.label = l.key WHERE l.id = ?1",
        )?
        .query_row(params![new.id, &*new.waybill, new.template.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(kept == Some(true))
}

/// Another label that has its id or its tracking number.
fn clashes(desk: &Desk, old: &Standing, new: &NewLabel) -> Result<Vec<Clash>, SpoolError> {
    let mut clashes = Vec::new();
    if new.id != old.id {
        clashes.extend(taking::id_clash(desk.db, 0, &new.id)?);
    }
    if let Some(tracking) = &new.tracking {
        clashes.extend(taking::tracking_clash(desk.db, 0, tracking, Some(old.key))?);
    }
    Ok(clashes)
}

fn rewrite(desk: &mut Desk, label: &Standing, new: &NewLabel) -> Result<(), SpoolError> {
    let (order, tracking) = (new.order.as_ref(), new.tracking.as_ref());
    desk.db
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
    desk.db
        .prepare_cached("INSERT OR REPLACE INTO contents (label, waybill) VALUES (?1, ?2)")?
        .execute(params![label.key, &*new.waybill])?;
    desk.db.prepare_cached("DELETE FROM goods WHERE label = ?1")?.execute([label.key])?;
    // It waits for its scan as before; its goods may be others.
    taking::keep_goods(desk, label.key, label.on_scan, &new.skus)?;
    // What it lists may be another label's by now.
    for slip in desk.slips(label)? {
        if matches!(slip.state, State::Waiting | State::Held) {
            desk.step(&slip, Step::Void { copy_out: slip.copies > 0 }, "its label was replaced", Some("the shop"))?;
        }
    }
    let data = json!({ "run": label.run, "position": label.position });
    desk.tell("replaced", Some(&label.job_id), Some(&label.id), Some(&label.printer), &data.to_string())?;
    // It may have been read ahead as it was.
    desk.bells.insert(label.printer.clone());
    Ok(())
}

/// Voids the old label and takes the new one as an urgent run of its own: somebody has the parcel in hand.
fn beside(desk: &mut Desk, old: &Standing, new: &NewLabel, by: &str) -> Result<(), SpoolError> {
    desk.step(old, Step::Void { copy_out: true }, &format!("replaced by {}", new.id), Some(by))?;
    desk.db
        .prepare_cached("UPDATE labels SET replaced_by = ?2, cancel_wish = NULL, cancel_by = NULL WHERE key = ?1")?
        .execute(params![old.key, new.id])?;
    let run = desk.new_run(&old.printer, None, old.job, 1)?;
    taking::write_label(desk, (old.job, &old.printer, None), run, 1, &NewLabel { urgent: true, ..new.clone() })?;
    let state = if new.held.is_some() { State::Held } else { State::Waiting };
    desk.count(&old.printer, state, 1)?;
    desk.bells.insert(old.printer.clone());
    let replaced = json!({ "run": old.run, "position": old.position, "replaced_by": new.id });
    desk.tell("replaced", Some(&old.job_id), Some(&old.id), Some(&old.printer), &replaced.to_string())?;
    let taken = json!({ "run": run, "position": 1, "replaces": old.id });
    desk.tell(state.word(), Some(&old.job_id), Some(&new.id), Some(&old.printer), &taken.to_string())
}
