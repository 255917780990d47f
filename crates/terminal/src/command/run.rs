//! `run`: stays, and issues every order that is released to this terminal.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use cardwright_relay::Code;
use cardwright_relay::message::Ticket;

use super::Place;
use super::work::Work;
use crate::failure::{Exit, Failure};
use crate::issuing::Desk;
use crate::presence::Presence;

/// How long a card is waited for before other tickets get their turn.
const CARD_WAIT: Duration = Duration::from_secs(120);

pub(super) async fn run(place: &Place, reader: Option<&str>) -> Result<Exit, Failure> {
    let presence = place.arrive().await?;
    let mut work =
        Work::begin(Arc::clone(&presence), Duration::from_secs(place.configuration.work_wait_seconds.into()));
    let desk = Desk {
        presence: &presence,
        configuration: &place.configuration,
        voice: &place.voice,
        stop: place.stop.clone(),
    };
    let name = &presence.identity.name;
    let english = format!("{name} is ready and waits for orders.");
    desk.voice.tell("ready", json!({ "terminal": name }), &english, &format!("{name} は注文を待っています。"));
    let outcome = serve(&desk, &mut work, reader).await;
    drop(work);
    presence.leave().await;
    match outcome.refusal().code {
        Code::CANCELLED => Ok(Exit::Done),
        _ => Err(outcome),
    }
}

/// Ends only when the operator stops it, or the center refuses this terminal.
async fn serve(desk: &Desk<'_>, work: &mut Work, reader: Option<&str>) -> Failure {
    loop {
        let ticket = tokio::select! {
            ticket = desk.until_stopped(any_ticket(desk.presence), None, |_| Failure::machine(Code::CANCELLED, &[])) => ticket,
            failure = work.refused() => Err(failure),
        };
        let ticket = match ticket {
            Ok(ticket) => ticket,
            Err(failure) => return failure,
        };
        match one(desk, &ticket, reader).await {
            Ok(()) => (),
            Err(failure) if failure.refusal().code == Code::CANCELLED => return failure,
            Err(failure) => {
                desk.voice.problem(&failure);
                lay_aside(desk.presence, &ticket, failure.refusal().code);
            }
        }
    }
}

async fn one(desk: &Desk<'_>, ticket: &Ticket, reader: Option<&str>) -> Result<(), Failure> {
    let reader = desk.reader(reader).await?;
    let end = desk.issue(ticket, &reader, Some(CARD_WAIT)).await?;
    let code = end.refusal.as_ref().map_or(Code(0), |refusal| refusal.code);
    lay_aside(desk.presence, ticket, code);
    desk.voice.end(&ticket.order, &end);
    desk.voice.tell("remove-card", json!({ "order": ticket.order }), "Take the card out.", "カードを抜いてください。");
    desk.until_card_is_out(&reader).await
}

/// A ticket whose card went before the center was asked is good for another card; any other was tried.
fn lay_aside(presence: &Presence, ticket: &Ticket, code: Code) {
    match code {
        Code::NO_CARD | Code::CARD_GONE | Code::CARD_SILENT | Code::ATR_UNKNOWN => presence.postpone(&ticket.id),
        _ => presence.spend(&ticket.id),
    }
}

async fn any_ticket(presence: &Presence) -> Result<Ticket, Failure> {
    let mut changes = presence.changes();
    loop {
        if let Some(ticket) = presence.ticket(None) {
            return Ok(ticket);
        }
        if changes.changed().await.is_err() {
            return Err(Failure::machine(Code::CANCELLED, &[]));
        }
    }
}
