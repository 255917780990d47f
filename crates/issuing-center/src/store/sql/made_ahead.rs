//! The pool of cards' keys, card numbers, and PIN mailers.

use cardwright_issuance::Id;
use cardwright_issuance::state::OrderState;
use sqlx::any::AnyRow;

use super::column::{columns, read, statement};
use super::commit::Writing;
use crate::store::{CardNumber, Novelty, PinMailer, PoolKey, PoolLevel, SealedBlob, StoreError};

pub(super) fn pool_key(row: &AnyRow) -> Result<PoolKey, StoreError> {
    Ok(PoolKey {
        id: read(row, "id")?,
        bits: read(row, "bits")?,
        exponent: read(row, "exponent")?,
        modulus: read(row, "modulus")?,
        sealed: read(row, "sealed")?,
        made: read(row, "made")?,
    })
}

pub(super) fn pool_level(row: &AnyRow) -> Result<PoolLevel, StoreError> {
    Ok(PoolLevel { bits: read(row, "bits")?, exponent: read(row, "exponent")?, keys: read(row, "keys")? })
}

pub(super) async fn add_pool_key(writing: &mut Writing, key: &PoolKey) -> Result<(), StoreError> {
    let text = "INSERT INTO card_key_pool (id, bits, exponent, modulus, sealed, made) VALUES ($1, $2, $3, $4, $5, $6)";
    let PoolKey { id, bits, exponent, ref modulus, ref sealed, made } = *key;
    let values = columns![id, bits, exponent, modulus.as_slice(), sealed.as_slice(), made];
    writing.one("the key of the pool", statement(text, values)).await
}

/// Deleted, so that nobody can take it again.
pub(super) async fn take_pool_key(writing: &mut Writing, id: Id) -> Result<(), StoreError> {
    let text = "DELETE FROM card_key_pool WHERE id = $1";
    writing.one("the key of the pool", statement(text, columns![id])).await
}

pub(super) fn card_number(row: &AnyRow) -> Result<CardNumber, StoreError> {
    Ok(CardNumber {
        order: read(row, "order_id")?,
        hash: read(row, "hash")?,
        sequence: read(row, "sequence")?,
        masked: read(row, "masked")?,
        sealed: read(row, "sealed")?,
    })
}

/// Commits are written one after the other, so that what a number must be holds until it is committed.
pub(super) async fn add_card_number(
    writing: &mut Writing,
    number: &CardNumber,
    novelty: Novelty,
) -> Result<(), StoreError> {
    let text = match novelty {
        Novelty::Sequence => {
            "INSERT INTO card_numbers (hash, sequence, order_id, masked, sealed) VALUES ($1, $2, $3, $4, $5)"
        }
        Novelty::Number => {
            "INSERT INTO card_numbers (hash, sequence, order_id, masked, sealed) SELECT $1, $2, $3, $4, $5 \
             WHERE NOT EXISTS (SELECT 1 FROM card_numbers WHERE hash = $1)"
        }
    };
    let CardNumber { order, hash, sequence, masked, sealed } = number;
    let values = columns![*hash, *sequence, *order, masked.as_str(), sealed.as_slice()];
    writing.one("the card number", statement(text, values)).await
}

/// The range steps from `before` to `after`; whoever was overtaken stops.
pub(super) async fn step_range(writing: &mut Writing, range: &str, before: i64, after: i64) -> Result<(), StoreError> {
    let statement = match before {
        0 => statement("INSERT INTO number_ranges (name, taken) VALUES ($1, $2)", columns![range, after]),
        _ => {
            let text = "UPDATE number_ranges SET taken = $1 WHERE name = $2 AND taken = $3";
            statement(text, columns![after, range, before])
        }
    };
    writing.one("the number range", statement).await
}

/// Other data for an order that is prepared. Its tickets go, so that an OPEN that has read the data before is refused.
pub(super) async fn prepare_again(writing: &mut Writing, order: Id, prepared: &SealedBlob) -> Result<(), StoreError> {
    carry_again(writing, order, prepared).await?;
    writing.any(statement("DELETE FROM tickets WHERE order_id = $1 AND used_by IS NULL", columns![order])).await
}

/// Other data for an order that is prepared.
pub(super) async fn carry_again(writing: &mut Writing, order: Id, prepared: &SealedBlob) -> Result<(), StoreError> {
    let text = "UPDATE prepared SET sealed = $1, digest = $2, profile = $3 WHERE order_id = $4 \
                AND EXISTS (SELECT 1 FROM orders WHERE id = $5 AND state = $6)";
    let values = columns![prepared.sealed, prepared.digest, prepared.profile, order, order, OrderState::Prepared];
    writing.one("the prepared data", statement(text, values)).await
}

pub(super) fn pin_mailer(row: &AnyRow) -> Result<PinMailer, StoreError> {
    Ok(PinMailer {
        order: read(row, "order_id")?,
        zone_key: read(row, "zone_key")?,
        masked: read(row, "masked")?,
        block_format: read(row, "block_format")?,
        sealed: read(row, "sealed")?,
        prepared: read(row, "prepared")?,
        exported: read(row, "exported")?,
    })
}

pub(super) async fn add_pin_mailer(writing: &mut Writing, mailer: &PinMailer) -> Result<(), StoreError> {
    let text = "INSERT INTO pin_mailers (order_id, zone_key, masked, block_format, sealed, prepared, exported) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let PinMailer { order, zone_key, masked, block_format, sealed, prepared, exported } = mailer;
    let mut values = columns![*order, zone_key.as_str(), masked.as_str(), *block_format, sealed.as_slice()];
    values.extend(columns![*prepared, *exported]);
    writing.one("the PIN mailer", statement(text, values)).await
}

pub(super) async fn export_pin_mailer(writing: &mut Writing, order: Id, time: i64) -> Result<(), StoreError> {
    let text = "UPDATE pin_mailers SET exported = $1 WHERE order_id = $2 AND exported IS NULL";
    writing.one("the PIN mailer", statement(text, columns![time, order])).await
}
