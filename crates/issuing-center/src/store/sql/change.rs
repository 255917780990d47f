//! Changes of an issuance's rows: each names what it expects to find and touches exactly one row.

use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::row::{Intent, Issuance, KeySet};
use cardwright_issuance::state::{CardState, State};

use super::column::{columns, statement};
use super::commit::Writing;
use super::host;
use crate::store::StoreError;

pub(super) async fn apply(writing: &mut Writing, change: &Change) -> Result<(), StoreError> {
    match change {
        Change::UseChallenge { challenge, session } => {
            let text = "UPDATE challenges SET used_by = $1 WHERE id = $2 AND used_by IS NULL";
            writing.one("the challenge", statement(text, columns![*session, *challenge])).await
        }
        Change::UseTicket { ticket, session } => {
            let text = "UPDATE tickets SET used_by = $1 WHERE id = $2 AND used_by IS NULL";
            writing.one("the ticket", statement(text, columns![*session, *ticket])).await
        }
        Change::OpenIssuance(issuance) => open_issuance(writing, issuance).await,
        Change::MoveIssuance { .. } => move_issuance(writing, change).await,
        Change::MoveOrder { order, from, to, card } => {
            if from != to {
                allowed("order", *from, *to)?;
            }
            let text = "UPDATE orders SET state = $1, card = $2 WHERE id = $3 AND state = $4";
            writing.one("the order", statement(text, columns![*to, *card, *order, *from])).await
        }
        Change::MoveCard { .. } => move_card(writing, change).await,
        Change::SetContent { card, content } => {
            let text = "UPDATE cards SET content = $1 WHERE id = $2";
            writing.one("the card", statement(text, columns![**content, *card])).await
        }
        Change::AddKeySet(key_set) => add_key_set(writing, key_set).await,
        Change::MoveKeySet { card, key_set: (version, generation), from, to } => {
            allowed("key set", *from, *to)?;
            let text =
                "UPDATE key_sets SET state = $1 WHERE card = $2 AND version = $3 AND generation = $4 AND state = $5";
            writing.one("the key set", statement(text, columns![*to, *card, *version, *generation, *from])).await
        }
        Change::AddIntent(intent) => add_intent(writing, intent).await,
        Change::CloseIntent { issuance, step, result, received } => {
            close_intent(writing, *issuance, *step, result, *received).await
        }
        Change::AddOutbox(outbox) => host::add_outbox(writing, outbox).await,
    }
}

/// Whether the transition tables have the step.
fn allowed<S: State>(what: &str, from: S, to: S) -> Result<(), StoreError> {
    if from.may_become(to) {
        return Ok(());
    }
    Err(StoreError::Conflict(format!("no {what} becomes {} after {}", to.name(), from.name())))
}

async fn open_issuance(writing: &mut Writing, issuance: &Issuance) -> Result<(), StoreError> {
    let text = "INSERT INTO issuances (id, order_id, card, terminal, reader, operator, state, epoch, step, opened, \
                deadline, open_message, second_challenge, basis) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let Issuance { id, order, card, terminal, reader, operator, state, epoch, step, .. } = *issuance;
    let Issuance { opened, deadline, open_message, second_challenge, basis, .. } = issuance;
    let mut values = columns![id, order, card, terminal, reader, operator, state, epoch, step];
    values.extend(columns![*opened, *deadline, open_message.as_slice(), *second_challenge, *basis]);
    writing.one("the issuance", statement(text, values)).await
}

async fn move_issuance(writing: &mut Writing, change: &Change) -> Result<(), StoreError> {
    let Change::MoveIssuance { issuance, epoch, from: (from, from_step), to: (to, to_step), deadline } = change else {
        return Err(StoreError::Conflict("not a move of an issuance".into()));
    };
    allowed("issuance", *from, *to)?;
    let text = "UPDATE issuances SET state = $1, step = $2, deadline = $3 \
                WHERE id = $4 AND epoch = $5 AND state = $6 AND step = $7";
    let values = columns![*to, *to_step, *deadline, *issuance, *epoch, *from, *from_step];
    writing.one("the issuance", statement(text, values)).await
}

/// A card may also stay in its state: what changes then is the count of tries.
async fn move_card(writing: &mut Writing, change: &Change) -> Result<(), StoreError> {
    let Change::MoveCard { card, from, to, order, open_tries, masked_number } = change else {
        return Err(StoreError::Conflict("not a move of a card".into()));
    };
    if from != to {
        allowed::<CardState>("card", *from, *to)?;
    }
    let text = "UPDATE cards SET state = $1, order_id = $2, open_tries = $3, masked_number = $4 \
                WHERE id = $5 AND state = $6";
    let values = columns![*to, *order, *open_tries, masked_number.clone(), *card, *from];
    writing.one("the card", statement(text, values)).await
}

pub(super) async fn add_key_set(writing: &mut Writing, key_set: &KeySet) -> Result<(), StoreError> {
    let text = "INSERT INTO key_sets (card, version, generation, state, wrapped_enc, wrapped_mac, wrapped_dek, \
                check_values, protocol) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let [enc, mac, dek] = &key_set.wrapped;
    let KeySet { card, version, generation, state, .. } = *key_set;
    let mut values = columns![card, version, generation, state, enc.as_slice(), mac.as_slice(), dek.as_slice()];
    values.extend(columns![key_set.check_values.concat(), key_set.protocol]);
    writing.one("the key set", statement(text, values)).await
}

async fn add_intent(writing: &mut Writing, intent: &Intent) -> Result<(), StoreError> {
    let text = "INSERT INTO intents (issuance, step, script_hash, commands, committed, result, received) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let Intent { issuance, step, script_hash, commands, committed, received, .. } = *intent;
    let values = columns![issuance, step, script_hash, commands, committed, intent.result.clone(), received];
    writing.one("the intent", statement(text, values)).await
}

async fn close_intent(
    writing: &mut Writing,
    issuance: Id,
    step: u16,
    result: &[u8],
    received: i64,
) -> Result<(), StoreError> {
    let text = "UPDATE intents SET result = $1, received = $2 WHERE issuance = $3 AND step = $4 AND result IS NULL";
    writing.one("the intent", statement(text, columns![result, received, issuance, step])).await
}
