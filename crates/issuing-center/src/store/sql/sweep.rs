//! Rows that are over and are forgotten.

use super::column::{columns, statement};
use super::{SqlStore, store_error, unavailable};
use crate::store::{ANSWER_KEPT, CHALLENGE_KEPT, StoreError};

/// A challenge that was used is kept as long as its issuance, whose script is made from it.
const CHALLENGES: &str = "DELETE FROM challenges WHERE expires < $1 \
                          AND NOT EXISTS (SELECT 1 FROM issuances WHERE issuances.id = challenges.used_by)";
const CODES: &str = "DELETE FROM enrolment_codes WHERE expires < $1";
const ANSWERS: &str = "DELETE FROM idempotency WHERE created < $1";

pub(super) async fn sweep(store: &SqlStore, now: i64) -> Result<u64, StoreError> {
    let mut transaction = store.begin().await?;
    let mut count = 0;
    for (text, kept) in [(CHALLENGES, CHALLENGE_KEPT), (CODES, ANSWER_KEPT), (ANSWERS, ANSWER_KEPT)] {
        let statement = statement(text, columns![now - kept]);
        count += statement.execute(&mut *transaction).await.map_err(store_error)?.rows_affected();
    }
    transaction.commit().await.map_err(unavailable)?;
    Ok(count)
}
