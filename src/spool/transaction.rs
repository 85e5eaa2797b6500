//! One open transaction of the writer: the time it goes by, and what to tell when it is committed.
//!
//! Every change of a label's state goes through [`Transaction::step`], which asks the ledger first and writes the
//! event beside it.

use super::error::{Refusal, SpoolError};
use super::events::{About, Happened, LabelMoved};
use super::hold::HoldCause;
use super::ledger::{Illegal, State, Step, next};
use super::mode::Mode;
use super::reading;
use super::records::{LabelKey, UnixMs};
use super::usable;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;

/// The open transaction for one group of requests.
pub(super) struct Transaction<'db> {
    pub db: &'db Connection,
    pub now: UnixMs,
    /// Printers that have something new to print.
    pub to_wake: BTreeSet<String>,
    /// The newest event written.
    pub latest: Option<i64>,
    /// Why the group cannot be committed any more.
    pub broken: Option<SpoolError>,
}

impl<'db> Transaction<'db> {
    pub fn new(db: &'db Connection, now: UnixMs) -> Transaction<'db> {
        Transaction { db, now, to_wake: BTreeSet::new(), latest: None, broken: None }
    }
}

/// A label as the writer needs it.
pub(super) struct LabelRow {
    pub key: LabelKey,
    pub id: String,
    pub job: i64,
    pub job_id: String,
    pub printer: String,
    pub run: i64,
    pub position: i64,
    pub state: State,
    pub attempts: i64,
    pub copies: i64,
    pub revision: i64,
    pub hold: Option<HoldCause>,
    pub on_scan: bool,
}

const LABEL_ROW: &str =
    "SELECT l.key, l.id, l.job, j.id, l.printer, l.run, l.position, l.state, l.attempts, l.copies, l.revision,
    l.on_scan, l.hold FROM labels l JOIN jobs j ON j.key = l.job";

fn label_row(row: &Row) -> rusqlite::Result<LabelRow> {
    Ok(LabelRow {
        key: row.get(0)?,
        id: row.get(1)?,
        job: row.get(2)?,
        job_id: row.get(3)?,
        printer: row.get(4)?,
        run: row.get(5)?,
        position: row.get(6)?,
        state: row.get(7)?,
        attempts: row.get(8)?,
        copies: row.get(9)?,
        revision: row.get(10)?,
        on_scan: row.get(11)?,
        hold: row.get(12)?,
    })
}

impl<'a> About<'a> {
    /// An event of that label.
    pub fn label(label: &'a LabelRow) -> About<'a> {
        About { job: Some(&label.job_id), label: Some(&label.id), printer: Some(&label.printer) }
    }
}

impl Transaction<'_> {
    /// Runs one request of the group.
    ///
    /// Requests refuse before they write. One that fails later, by the disk, breaks the whole group: that costs
    /// nobody anything but asking again, and a savepoint for each request costs a third of the time of all.
    pub fn serve<T>(&mut self, work: impl FnOnce(&mut Transaction) -> Result<T, SpoolError>) -> Result<T, SpoolError> {
        let writes = self.db.total_changes();
        let result = work(self);
        if let Err(error) = &result
            && (self.db.total_changes() != writes || matches!(error, SpoolError::Trouble(_)))
        {
            self.broken = Some(error.clone());
        }
        result
    }

    pub fn label(&self, id: &str) -> Result<LabelRow, SpoolError> {
        self.db
            .prepare_cached(&format!("{LABEL_ROW} WHERE l.id = ?1"))?
            .query_row([id], label_row)
            .optional()?
            .ok_or_else(|| Refusal::NoLabel(id.to_owned()).into())
    }

    pub fn label_of_key(&self, key: LabelKey) -> Result<LabelRow, SpoolError> {
        self.db
            .prepare_cached(&format!("{LABEL_ROW} WHERE l.key = ?1"))?
            .query_row([key], label_row)
            .optional()?
            .ok_or_else(|| Refusal::NoLabel(format!("number {key}")).into())
    }

    /// Where the label would stand after the step, or why it may not be taken.
    pub fn allowed(&self, label: &LabelRow, step: Step) -> Result<State, SpoolError> {
        let illegal = || Illegal { label: label.id.clone(), from: label.state, step };
        Ok(next(label.state, step).ok_or_else(illegal)?)
    }

    /// Refuses what a person wants of a label in hand when it may not be used so.
    pub fn check_use(&self, label: &LabelRow, mode: Mode) -> Result<(), SpoolError> {
        let label = reading::label_of_key(self.db, label.key)?;
        usable::refusal(&label, mode, self.now).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// Moves the label one step, if the ledger allows it, and tells so.
    ///
    /// `by` is the person who asked. A person's reason stays out of the event: it may name a person.
    pub fn step(&mut self, label: &LabelRow, step: Step, reason: &str, by: Option<&str>) -> Result<State, SpoolError> {
        let state = self.allowed(label, step)?;
        let (hold, doubt) = match step {
            Step::Hold(cause) => (Some(cause), None),
            Step::Doubt(cause) => (None, Some(cause)),
            _ => (None, None),
        };
        self.db
            .prepare_cached(
                "UPDATE labels SET state = ?2, hold = ?3, doubt = ?4, reason = ?5, moved_by = ?6, moved_at = ?7 WHERE key = ?1",
            )?
            .execute(params![label.key, state, hold, doubt, reason, by, self.now])?;
        self.count(&label.printer, label.state, -1)?;
        self.count(&label.printer, state, 1)?;
        let mut moved = LabelMoved { run: label.run, position: label.position, cause: hold, doubt, ..LabelMoved::default() };
        if let Step::Void { .. } = step {
            moved.manifest = self.manifest_of(label.key)?;
        }
        if by.is_none() && !reason.is_empty() {
            moved.reason = Some(reason.to_owned());
        }
        if matches!(step, Step::TakeBack { .. }) {
            // It stands as before: no copy more has come out.
            moved.taken_back = true;
        } else if label.copies > 0 {
            self.note_reprint(label, state, &mut moved)?;
        }
        if label.on_scan && matches!(state, State::Sending | State::Canceled | State::Voided) {
            self.db.prepare_cached("DELETE FROM goods WHERE label = ?1")?.execute([label.key])?;
        }
        self.record_event(About::label(label), &Happened::Label(state, moved))?;
        if state == State::Waiting {
            self.to_wake.insert(label.printer.clone());
        }
        if matches!(step, Step::Hold(_) | Step::Release | Step::Void { .. }) {
            self.step_slips(label, step, reason, by)?;
        }
        Ok(state)
    }

    /// The manifest the label stands on.
    fn manifest_of(&self, key: LabelKey) -> Result<Option<String>, SpoolError> {
        Ok(self.db.prepare_cached("SELECT manifest FROM labels WHERE key = ?1")?.query_row([key], |row| row.get(0))?)
    }

    /// The packing slips of a label.
    pub fn slips(&self, label: &LabelRow) -> Result<Vec<LabelRow>, SpoolError> {
        let slips = format!("{}/packing-slip-", label.id);
        let mut query = self.db.prepare_cached(&format!("{LABEL_ROW} WHERE l.id > ?1 AND l.id < ?1 || ':' AND l.job = ?2"))?;
        Ok(query.query_map(params![slips, label.job], label_row)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Holds, releases or voids the packing slips of a label with it, those that can be: a slip without its label, or a
    /// label without its slip, would lie in the wrong package.
    fn step_slips(&mut self, label: &LabelRow, step: Step, reason: &str, by: Option<&str>) -> Result<(), SpoolError> {
        for slip in self.slips(label)? {
            let step = match step {
                Step::Void { .. } => Step::Void { copy_out: slip.copies > 0 },
                other => other,
            };
            if next(slip.state, step).is_some() {
                self.step(&slip, step, reason, by)?;
            }
        }
        Ok(())
    }

    /// Adds to an event that the label is a copy of one that came out, and at which station it was asked for.
    fn note_reprint(&self, label: &LabelRow, state: State, moved: &mut LabelMoved) -> Result<(), SpoolError> {
        if !matches!(state, State::Waiting | State::Sending | State::Printed | State::Sent | State::InDoubt) {
            return Ok(());
        }
        moved.reprint = true;
        moved.copies = Some(label.copies);
        moved.station = self
            .db
            .prepare_cached(
                "SELECT coalesce(l.reprint_station, p.reprint_station)
                 FROM labels l LEFT JOIN prints p ON p.label = l.key AND p.number = l.attempts WHERE l.key = ?1",
            )?
            .query_row([label.key], |row| row.get(0))?;
        Ok(())
    }

    /// So many more labels of the printer stand in that state.
    pub fn count(&self, printer: &str, state: State, labels: i64) -> Result<(), SpoolError> {
        self.db
            .prepare_cached("INSERT INTO counts VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET labels = labels + excluded.labels")?
            .execute(params![printer, state, labels])?;
        Ok(())
    }

    /// Writes one event.
    pub fn record_event(&mut self, about: About, happened: &Happened) -> Result<(), SpoolError> {
        let About { job, label, printer } = about;
        self.db
            .prepare_cached("INSERT INTO events (at, kind, job, label, printer, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![self.now, happened.kind(), job, label, printer, happened.data()])?;
        self.latest = Some(self.db.last_insert_rowid());
        Ok(())
    }

    /// The one of these printers with the fewest labels before it; the first of several.
    pub fn least_busy<'a>(&self, printers: &'a [String]) -> Result<Option<&'a String>, SpoolError> {
        let mut least = None;
        for printer in printers {
            let before: i64 = self
                .db
                .prepare_cached(
                    "SELECT coalesce(sum(labels), 0) FROM counts WHERE printer = ?1 AND state IN ('waiting', 'sending')",
                )?
                .query_row([printer], |row| row.get(0))?;
            if least.is_none_or(|(fewest, _)| before < fewest) {
                least = Some((before, printer));
            }
        }
        Ok(least.map(|(_, printer)| printer))
    }

    /// Begins the next run of the printer, perhaps for a group, and returns its number.
    pub fn new_run(&self, printer: &str, group: Option<&str>, job: i64, labels: usize) -> Result<i64, SpoolError> {
        let number: i64 = self
            .db
            .prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM runs WHERE printer = ?1")?
            .query_row([printer], |row| row.get(0))?;
        self.db
            .prepare_cached("INSERT INTO runs (printer, number, job, labels, printer_group) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![printer, number, job, labels as i64, group])?;
        Ok(number)
    }

    /// Puts the label into an urgent run of its own at that printer: the packer waits for it at the printer.
    pub fn put_first(&self, label: &mut LabelRow, printer: Option<&str>) -> Result<(), SpoolError> {
        if let Some(printer) = printer {
            self.count(&label.printer, label.state, -1)?;
            self.count(printer, label.state, 1)?;
            label.printer = printer.to_owned();
        }
        label.run = self.new_run(&label.printer, None, label.job, 1)?;
        label.position = 1;
        self.db
            .prepare_cached("UPDATE labels SET printer = ?2, run = ?3, position = ?4, urgent = 1 WHERE key = ?1")?
            .execute(params![label.key, label.printer, label.run, label.position])?;
        Ok(())
    }
}
