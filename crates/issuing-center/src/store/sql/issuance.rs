//! Issuances, their intents, and what the issuer's host is to be told.

use cardwright_issuance::row::{Intent, Issuance, Outbox};
use sqlx::any::AnyRow;

use super::column::read;
use crate::store::StoreError;

pub(super) fn issuance(row: &AnyRow) -> Result<Issuance, StoreError> {
    Ok(Issuance {
        id: read(row, "id")?,
        order: read(row, "order_id")?,
        card: read(row, "card")?,
        terminal: read(row, "terminal")?,
        reader: read(row, "reader")?,
        operator: read(row, "operator")?,
        state: read(row, "state")?,
        epoch: read(row, "epoch")?,
        step: read(row, "step")?,
        opened: read(row, "opened")?,
        deadline: read(row, "deadline")?,
        open_message: read(row, "open_message")?,
        second_challenge: read(row, "second_challenge")?,
        basis: read(row, "basis")?,
    })
}

pub(super) fn intent(row: &AnyRow) -> Result<Intent, StoreError> {
    Ok(Intent {
        issuance: read(row, "issuance")?,
        step: read(row, "step")?,
        script_hash: read(row, "script_hash")?,
        commands: read(row, "commands")?,
        committed: read(row, "committed")?,
        result: read(row, "result")?,
        received: read(row, "received")?,
    })
}

pub(super) fn outbox(row: &AnyRow) -> Result<Outbox, StoreError> {
    Ok(Outbox {
        id: read(row, "id")?,
        kind: read(row, "kind")?,
        order: read(row, "order_id")?,
        card: read(row, "card")?,
        created: read(row, "created")?,
    })
}
