//! `issue [ORDER]`: waits for the operator's ticket and for the card, and serves it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use cardwright_relay::Code;
use cardwright_relay::message::Ticket;

use super::Place;
use super::work::Work;
use crate::failure::{Exit, Failure};
use crate::inserting::{Asked, Wait};
use crate::issuing::Issuing;
use crate::presence::Presence;
use crate::screen;

pub(super) async fn issue(
    place: &Place,
    order: Option<&str>,
    reader: Option<&str>,
    wait: u64,
) -> Result<Exit, Failure> {
    let presence = place.arrive().await?;
    let mut work =
        Work::begin(Arc::clone(&presence), Duration::from_secs(place.configuration.work_wait_seconds.into()));
    let issuing = place.issuing(&presence);
    let outcome = one(&issuing, &mut work, order, reader, Duration::from_secs(wait)).await;
    drop(work);
    presence.leave().await;
    outcome
}

async fn one(
    issuing: &Issuing<'_>,
    work: &mut Work,
    order: Option<&str>,
    reader: Option<&str>,
    wait: Duration,
) -> Result<Exit, Failure> {
    let listed = issuing.reader(reader).await?;
    match order {
        Some(order) => issuing.voice.say(&screen::WAITING_FOR_ORDER, json!({ "order": order })),
        None => issuing.voice.say(&screen::WAITING_FOR_DESK, json!({ "order": null })),
    }
    let no_ticket = |seconds: &str| match order {
        Some(order) => Failure::machine(Code::NO_TICKET, &[order, seconds]),
        None => Failure::machine(Code::NO_DESK, &[seconds]),
    };
    let wanted = order.unwrap_or_default();
    let ticket = tokio::select! {
        ticket = issuing.until_stopped(ticket(issuing.presence, wanted), Some(wait), no_ticket) => ticket?,
        failure = work.refused() => return Err(failure),
    };
    loop {
        let Asked::Card(card) =
            issuing.ask_for_card(&ticket, &listed, Wait { at_most: Some(wait), yields: false }).await?
        else {
            return Err(Failure::machine(Code::TICKET_ENDED, &[]));
        };
        let served = issuing.serve(&ticket, &listed, &card).await?;
        if !served.another {
            issuing.voice.may_be_taken_out();
            return Ok(served.exit);
        }
        // the order's own card is still to come
        issuing.until_card_is_out(&ticket, &listed, &card).await?;
    }
}

/// The ticket of `order`, or for an empty one the desk's.
async fn ticket(presence: &Presence, order: &str) -> Result<Ticket, Failure> {
    let mut changes = presence.changes();
    loop {
        if let Some(ticket) = presence.ticket(Some(order)) {
            return Ok(ticket);
        }
        if changes.changed().await.is_err() {
            return Err(Failure::machine(Code::CANCELLED, &[]));
        }
    }
}
