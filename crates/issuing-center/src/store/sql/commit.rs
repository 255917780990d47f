//! The one function that writes what belongs to an issuance and what people answer for.

use sqlx::{Any, Transaction};

use super::column::Statement;
use super::{SqlStore, change, log, registration, store_error, unavailable};
use crate::store::{Commit, CommitKind, StoreError, failpoint};

/// A transaction in which every statement but a clearing one must touch exactly one row.
pub(super) struct Writing(Transaction<'static, Any>);

impl Writing {
    /// Runs `statement`; anything but one row touched is a conflict over `what`, and the commit stops.
    pub(super) async fn one(&mut self, what: &str, statement: Statement) -> Result<(), StoreError> {
        let result = statement.execute(&mut *self.0).await.map_err(store_error)?;
        match result.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict(format!("{what} is not as it was expected to be"))),
        }
    }

    /// Runs `statement`, which may touch any number of rows.
    pub(super) async fn any(&mut self, statement: Statement) -> Result<(), StoreError> {
        statement.execute(&mut *self.0).await.map(drop).map_err(store_error)
    }
}

pub(super) async fn commit(store: &SqlStore, commit: Commit) -> Result<(), StoreError> {
    let kind = CommitKind::of(&commit);
    failpoint::reach(failpoint::Place::Before, kind);
    let mut transaction = store.begin().await?;
    let head = log::lock(&mut transaction).await?;
    let mut writing = Writing(transaction);
    for change in &commit.changes {
        change::apply(&mut writing, change).await?;
    }
    for registration in &commit.registrations {
        registration::apply(&mut writing, registration).await?;
    }
    let Writing(mut transaction) = writing;
    log::append(&mut transaction, head, &commit.entries).await?;
    failpoint::reach(failpoint::Place::Within, kind);
    transaction.commit().await.map_err(unavailable)?;
    failpoint::reach(failpoint::Place::After, kind);
    Ok(())
}
