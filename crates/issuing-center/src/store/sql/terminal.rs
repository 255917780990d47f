//! Terminals, readers, and what is handed to them: codes, challenges, tickets.

use cardwright_issuance::Id;
use cardwright_issuance::row::{Challenge, Reader, Terminal, Ticket};
use sqlx::any::AnyRow;

use super::column::{columns, read, statement};
use super::{SqlStore, store_error, unavailable};
use crate::store::{EnrolmentCode, StoreError};

pub(super) fn terminal(row: &AnyRow) -> Result<Terminal, StoreError> {
    Ok(Terminal {
        id: read(row, "id")?,
        name: read(row, "name")?,
        base: read(row, "base")?,
        fingerprint: read(row, "fingerprint")?,
        expires: read(row, "expires")?,
        revoked: read(row, "revoked")?,
        instance: read(row, "instance")?,
        lease_until: read(row, "lease_until")?,
    })
}

pub(super) fn reader(row: &AnyRow) -> Result<Reader, StoreError> {
    Ok(Reader {
        id: read(row, "id")?,
        name: read(row, "name")?,
        base: read(row, "base")?,
        tier: read(row, "tier")?,
        card_slot: read(row, "card_slot")?,
        sam_slot: read(row, "sam_slot")?,
        sam_key: read(row, "sam_key")?,
        revoked: read(row, "revoked")?,
    })
}

pub(super) fn enrolment_code(row: &AnyRow) -> Result<EnrolmentCode, StoreError> {
    Ok(EnrolmentCode {
        hash: read(row, "hash")?,
        terminal: read(row, "terminal")?,
        base: read(row, "base")?,
        expires: read(row, "expires")?,
    })
}

pub(super) fn challenge(row: &AnyRow) -> Result<Challenge, StoreError> {
    Ok(Challenge {
        id: read(row, "id")?,
        value: read(row, "value")?,
        terminal: read(row, "terminal")?,
        expires: read(row, "expires")?,
        used_by: read(row, "used_by")?,
    })
}

pub(super) fn ticket(row: &AnyRow) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: read(row, "id")?,
        order: read(row, "order_id")?,
        terminal: read(row, "terminal")?,
        operator: read(row, "operator")?,
        confirms_deletion: read(row, "confirms_deletion")?,
        expires: read(row, "expires")?,
        used_by: read(row, "used_by")?,
    })
}

/// One statement: the database itself decides who of two is first.
pub(super) async fn take_lease(
    store: &SqlStore,
    terminal: Id,
    instance: Id,
    now: i64,
    until: i64,
) -> Result<bool, StoreError> {
    let text = "UPDATE terminals SET instance = $1, lease_until = $2 \
                WHERE id = $3 AND revoked IS NULL AND (instance IS NULL OR instance = $4 OR lease_until <= $5)";
    let statement = statement(text, columns![instance, until, terminal, instance, now]);
    let result = statement.execute(&store.writer).await.map_err(unavailable)?;
    Ok(result.rows_affected() == 1)
}

pub(super) async fn add_challenges(store: &SqlStore, challenges: &[Challenge]) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    for challenge in challenges {
        let text = "INSERT INTO challenges (id, value, terminal, expires, used_by) VALUES ($1, $2, $3, $4, $5)";
        let Challenge { id, value, terminal, expires, used_by } = *challenge;
        let statement = statement(text, columns![id, value, terminal, expires, used_by]);
        statement.execute(&mut *transaction).await.map_err(store_error)?;
    }
    transaction.commit().await.map_err(unavailable)
}
