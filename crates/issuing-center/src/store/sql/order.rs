//! Orders and cards.

use cardwright_issuance::row::{Card, KeySet, Order};
use sqlx::any::AnyRow;

use super::column::read;
use crate::store::{SealedBlob, SealedOrder, StoreError};

pub(super) fn order(row: &AnyRow) -> Result<Order, StoreError> {
    Ok(Order {
        id: read(row, "id")?,
        reference: read(row, "reference")?,
        base: read(row, "base")?,
        profile: read(row, "profile")?,
        kind: read(row, "kind")?,
        argument: read(row, "argument")?,
        state: read(row, "state")?,
        entered_by: read(row, "entered_by")?,
        entered: read(row, "entered")?,
        approved_by: read(row, "approved_by")?,
        card: read(row, "card")?,
        replaces: read(row, "replaces")?,
        campaign: read(row, "campaign")?,
    })
}

pub(super) fn sealed_order(row: &AnyRow) -> Result<SealedOrder, StoreError> {
    Ok(SealedOrder {
        fields: read(row, "fields")?,
        data_key: read(row, "data_key")?,
        destruction_day: read(row, "destruction_day")?,
    })
}

pub(super) fn prepared(row: &AnyRow) -> Result<SealedBlob, StoreError> {
    Ok(SealedBlob { sealed: read(row, "sealed")?, digest: read(row, "digest")?, profile: read(row, "profile")? })
}

pub(super) fn card(row: &AnyRow) -> Result<Card, StoreError> {
    Ok(Card {
        id: read(row, "id")?,
        product: read(row, "product")?,
        cplc: read(row, "cplc")?,
        kdd: read(row, "kdd")?,
        state: read(row, "state")?,
        order: read(row, "order_id")?,
        open_tries: read(row, "open_tries")?,
        masked_number: read(row, "masked_number")?,
        content: read(row, "content")?,
    })
}

pub(super) fn key_set(row: &AnyRow) -> Result<KeySet, StoreError> {
    let check_values: [u8; 9] = read(row, "check_values")?;
    Ok(KeySet {
        card: read(row, "card")?,
        version: read(row, "version")?,
        generation: read(row, "generation")?,
        state: read(row, "state")?,
        protocol: read(row, "protocol")?,
        wrapped: [read(row, "wrapped_enc")?, read(row, "wrapped_mac")?, read(row, "wrapped_dek")?],
        check_values: std::array::from_fn(|key| std::array::from_fn(|byte| check_values[key * 3 + byte])),
    })
}
