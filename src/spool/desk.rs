//! Where the writer works: one open transaction, the time, and what to tell when it is committed.
//!
//! Every change of a label's state goes through [`Desk::step`], which asks the ledger first and writes the
//! event beside it.

use super::error::SpoolError;
use super::ledger::{Illegal, State, Step, next};
use super::reading::state_of;
use super::shapes::{LabelKey, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;
use std::collections::BTreeSet;

/// The writer's desk for one group of requests.
pub(super) struct Desk<'db> {
    pub db: &'db Connection,
    pub now: UnixMs,
    /// Printers that have something new to print.
    pub bells: BTreeSet<String>,
    /// The newest event written.
    pub latest: Option<i64>,
}

/// A label as the writer needs it.
pub(super) struct Standing {
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
}

const STANDING: &str = "SELECT l.key, l.id, l.job, j.id, l.printer, l.run, l.position, l.state, l.attempts, l.copies
    FROM labels l JOIN jobs j ON j.key = l.job";

fn standing(row: &Row) -> rusqlite::Result<Standing> {
    Ok(Standing {
        key: row.get(0)?,
        id: row.get(1)?,
        job: row.get(2)?,
        job_id: row.get(3)?,
        printer: row.get(4)?,
        run: row.get(5)?,
        position: row.get(6)?,
        state: state_of(row, 7)?,
        attempts: row.get(8)?,
        copies: row.get(9)?,
    })
}

impl Desk<'_> {
    /// Runs one request so that its failure leaves the others of the group untouched.
    pub fn alone<T>(&mut self, work: impl FnOnce(&mut Desk) -> Result<T, SpoolError>) -> Result<T, SpoolError> {
        self.db.prepare_cached("SAVEPOINT request")?.execute([])?;
        let latest = self.latest;
        let result = work(self);
        if result.is_err() {
            self.latest = latest;
            if self.db.is_autocommit() {
                // SQLite has given up the whole transaction (a full disk, a broken one), the savepoint with it.
                return result;
            }
            self.db.prepare_cached("ROLLBACK TO request")?.execute([])?;
        }
        self.db.prepare_cached("RELEASE request")?.execute([])?;
        result
    }

    pub fn label(&self, id: &str) -> Result<Standing, SpoolError> {
        self.db
            .prepare_cached(&format!("{STANDING} WHERE l.id = ?1"))?
            .query_row([id], standing)
            .optional()?
            .ok_or_else(|| SpoolError::NoLabel(id.to_owned()))
    }

    pub fn label_of_key(&self, key: LabelKey) -> Result<Standing, SpoolError> {
        self.db
            .prepare_cached(&format!("{STANDING} WHERE l.key = ?1"))?
            .query_row([key], standing)
            .optional()?
            .ok_or_else(|| SpoolError::NoLabel(format!("number {key}")))
    }

    /// Moves the label one step, if the ledger allows it, and tells so.
    ///
    /// `by` is the person who asked. A person's reason stays out of the event: it may name somebody.
    pub fn step(&mut self, label: &Standing, step: Step, reason: &str, by: Option<&str>) -> Result<State, SpoolError> {
        let illegal = || Illegal { label: label.id.clone(), from: label.state, step };
        let state = next(label.state, step).ok_or_else(illegal)?;
        self.db
            .prepare_cached("UPDATE labels SET state = ?2, reason = ?3, moved_by = ?4, moved_at = ?5 WHERE key = ?1")?
            .execute(params![label.key, state.word(), reason, by, self.now])?;
        let mut data = json!({ "run": label.run, "position": label.position });
        if by.is_none() && !reason.is_empty() {
            data["reason"] = reason.into();
        }
        if label.copies > 0 && state == State::Waiting {
            data["copies"] = label.copies.into();
        }
        self.tell(state.word(), Some(&label.job_id), Some(&label.id), Some(&label.printer), &data.to_string())?;
        if state == State::Waiting {
            self.bells.insert(label.printer.clone());
        }
        Ok(state)
    }

    /// Writes one event.
    pub fn tell(
        &mut self,
        kind: &str,
        job: Option<&str>,
        label: Option<&str>,
        printer: Option<&str>,
        data: &str,
    ) -> Result<(), SpoolError> {
        self.db
            .prepare_cached("INSERT INTO events (at, kind, job, label, printer, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![self.now, kind, job, label, printer, data])?;
        self.latest = Some(self.db.last_insert_rowid());
        Ok(())
    }

    /// Begins the next run of the printer and returns its number.
    pub fn new_run(&self, printer: &str, job: i64, labels: usize) -> Result<i64, SpoolError> {
        let number: i64 = self
            .db
            .prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM runs WHERE printer = ?1")?
            .query_row([printer], |row| row.get(0))?;
        self.db.prepare_cached("INSERT INTO runs (printer, number, job, labels) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            printer,
            number,
            job,
            labels as i64
        ])?;
        Ok(number)
    }
}
