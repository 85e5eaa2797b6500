//! Closed sets in columns: the ledger keeps a member by its word.

use super::answers::ScanAnswer;
use super::events::EventKind;
use super::hold::{HoldCause, PendingCancel};
use super::ledger::State;
use crate::closed_set::{ClosedSet, DoubtCause, Evidence, PaperKind};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

/// Stands in the ledger by its word.
macro_rules! kept_by_word {
    ($($set:ty),+) => {$(
        impl ToSql for $set {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.word()))
            }
        }

        impl FromSql for $set {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                read_word(value)
            }
        }
    )+};
}

kept_by_word!(DoubtCause, EventKind, Evidence, HoldCause, PaperKind, PendingCancel, ScanAnswer, State);

fn read_word<T: ClosedSet>(value: ValueRef<'_>) -> FromSqlResult<T> {
    let word = value.as_str()?;
    let unknown = || FromSqlError::Other(format!("the ledger holds the unknown word {word}").into());
    T::from_word(word).ok_or_else(unknown)
}
