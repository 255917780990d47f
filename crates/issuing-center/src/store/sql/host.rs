//! The outbox, the host it is for, and what two people decide about a card.

use cardwright_issuance::Id;
use cardwright_issuance::row::Outbox;
use sqlx::any::AnyRow;

use super::column::{FromColumn, IntoColumn, columns, read, statement};
use super::commit::Writing;
use super::{SqlStore, column, issuance, unavailable};
use crate::store::{CardDecision, DecisionKind, FailedAttempt, HostEvent, HostRow, Retry, StoreError};

pub(super) fn host(row: &AnyRow) -> Result<HostRow, StoreError> {
    Ok(HostRow {
        url: read(row, "url")?,
        ca: read(row, "ca")?,
        key: read(row, "key")?,
        previous_key: read(row, "previous_key")?,
        previous_until: read(row, "previous_until")?,
    })
}

pub(super) fn event(row: &AnyRow) -> Result<HostEvent, StoreError> {
    Ok(HostEvent {
        event: issuance::outbox(row)?,
        number: read(row, "number")?,
        attempts: read(row, "attempts")?,
        next_attempt: read(row, "next_attempt")?,
        last_error: read(row, "last_error")?,
        taken: read(row, "taken")?,
    })
}

/// Numbers are given one after the other, for every commit locks the log's head first.
pub(super) async fn add_outbox(writing: &mut Writing, outbox: &Outbox) -> Result<(), StoreError> {
    let text = "INSERT INTO outbox (id, kind, order_id, card, created, number, attempts, next_attempt, was_reached, \
                lease_until) SELECT $1, $2, $3, $4, $5, COALESCE(MAX(number), 0) + 1, 0, 0, 0, 0 FROM outbox";
    let Outbox { id, ref kind, order, card, created } = *outbox;
    writing.one("the outbox", statement(text, columns![id, kind.clone(), order, card, created])).await
}

/// The next event that is due: nobody has it, and the host has taken every earlier one about its card.
const DUE: &str = "SELECT * FROM outbox AS one WHERE taken IS NULL AND next_attempt <= $1 AND lease_until <= $2 \
                   AND NOT EXISTS (SELECT 1 FROM outbox AS before WHERE before.card = one.card \
                   AND before.taken IS NULL AND before.number < one.number) ORDER BY number LIMIT 1";

/// Found first and leased then, by a statement that only one of two changes a row with.
pub(super) async fn lease_event(
    store: &SqlStore,
    node: Id,
    now: i64,
    until: i64,
) -> Result<Option<HostEvent>, StoreError> {
    let Some(due) = store.find(statement(DUE, columns![now, now]), event).await? else { return Ok(None) };
    let text = "UPDATE outbox SET leased_by = $1, lease_until = $2 \
                WHERE id = $3 AND taken IS NULL AND next_attempt <= $4 AND lease_until <= $5";
    let leased = statement(text, columns![node, until, due.event.id, now, now]).execute(&store.writer).await;
    Ok((leased.map_err(unavailable)?.rows_affected() == 1).then_some(due))
}

pub(super) async fn event_failed(store: &SqlStore, failed: &FailedAttempt) -> Result<bool, StoreError> {
    let text = "UPDATE outbox SET attempts = attempts + 1, next_attempt = $1, was_reached = $2, last_error = $3, \
                leased_by = NULL, lease_until = 0 WHERE id = $4 AND leased_by = $5 AND taken IS NULL";
    let FailedAttempt { event, node, next, was_reached, error } = failed;
    let values = columns![*next, *was_reached, error.as_str(), *event, *node];
    let result = statement(text, values).execute(&store.writer).await.map_err(unavailable)?;
    Ok(result.rows_affected() == 1)
}

pub(super) async fn retry_events(store: &SqlStore, now: i64, which: Retry) -> Result<u64, StoreError> {
    let text = "UPDATE outbox SET next_attempt = $1 WHERE taken IS NULL AND next_attempt > $2 AND was_reached <= $3";
    let statement = statement(text, columns![now, now, which == Retry::All]);
    Ok(statement.execute(&store.writer).await.map_err(unavailable)?.rows_affected())
}

pub(super) async fn event_taken(writing: &mut Writing, event: Id, time: i64) -> Result<(), StoreError> {
    let text = "UPDATE outbox SET taken = $1, leased_by = NULL, lease_until = 0 WHERE id = $2 AND taken IS NULL";
    writing.one("the event", statement(text, columns![time, event])).await
}

pub(super) async fn has_waiting(store: &SqlStore, card: Id, kind: &str) -> Result<bool, StoreError> {
    let text = "SELECT COUNT(*) AS waiting FROM outbox WHERE card = $1 AND kind = $2 AND taken IS NULL";
    let waiting = store.find(statement(text, columns![card, kind]), |row| column::read::<i64>(row, "waiting")).await?;
    Ok(waiting.unwrap_or(0) > 0)
}

pub(super) async fn set_host(writing: &mut Writing, host: &HostRow) -> Result<(), StoreError> {
    let text = "INSERT INTO host (id, url, ca, key, previous_key, previous_until) VALUES (1, $1, $2, $3, $4, $5) \
                ON CONFLICT (id) DO UPDATE SET url = excluded.url, ca = excluded.ca, key = excluded.key, \
                previous_key = excluded.previous_key, previous_until = excluded.previous_until";
    let HostRow { url, ca, key, previous_key, previous_until } = host;
    let values = columns![url.as_str(), ca.clone(), key.as_str(), previous_key.clone(), *previous_until];
    writing.one("the host", statement(text, values)).await
}

pub(super) async fn set_expiry(writing: &mut Writing, order: Id, day: i64) -> Result<(), StoreError> {
    let text = "INSERT INTO card_expiries (order_id, day) VALUES ($1, $2) \
                ON CONFLICT (order_id) DO UPDATE SET day = excluded.day";
    writing.one("the expiry", statement(text, columns![order, day])).await
}

pub(super) fn decision(row: &AnyRow) -> Result<CardDecision, StoreError> {
    Ok(CardDecision {
        id: read(row, "id")?,
        card: read(row, "card")?,
        kind: read(row, "kind")?,
        card_state: read(row, "card_state")?,
        proposed_by: read(row, "proposed_by")?,
        proposed: read(row, "proposed")?,
    })
}

/// A new proposal about a card takes the place of an open one.
pub(super) async fn propose(writing: &mut Writing, decision: &CardDecision) -> Result<(), StoreError> {
    let text = "DELETE FROM card_decisions WHERE card = $1 AND confirmed_by IS NULL";
    writing.any(statement(text, columns![decision.card])).await?;
    let text = "INSERT INTO card_decisions (id, card, kind, card_state, proposed_by, proposed) \
                VALUES ($1, $2, $3, $4, $5, $6)";
    let CardDecision { id, card, kind, card_state, proposed_by, proposed } = *decision;
    let values = columns![id, card, kind, card_state, proposed_by, proposed];
    writing.one("the decision", statement(text, values)).await
}

pub(super) async fn confirm(writing: &mut Writing, decision: Id, by: Id, time: i64) -> Result<(), StoreError> {
    let text = "UPDATE card_decisions SET confirmed_by = $1, confirmed = $2 \
                WHERE id = $3 AND confirmed_by IS NULL AND proposed_by <> $4";
    writing.one("the decision", statement(text, columns![by, time, decision, by])).await
}

impl IntoColumn for DecisionKind {
    fn to_column(&self) -> column::Column {
        self.name().to_column()
    }
}

impl FromColumn for DecisionKind {
    fn from_column(row: &AnyRow, name: &str) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged(format!("column {name} does not hold what it should"));
        Self::named(&read::<String>(row, name)?).ok_or_else(damaged)
    }
}
