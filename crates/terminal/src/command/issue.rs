//! `issue ORDER`: waits for the operator's ticket and for the card, and writes it.

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

pub(super) async fn issue(place: &Place, order: &str, reader: Option<&str>, wait: u64) -> Result<Exit, Failure> {
    let presence = place.arrive().await?;
    let mut work =
        Work::begin(Arc::clone(&presence), Duration::from_secs(place.configuration.work_wait_seconds.into()));
    let desk = Desk {
        presence: &presence,
        configuration: &place.configuration,
        voice: &place.voice,
        stop: place.stop.clone(),
    };
    let outcome = one(&desk, &mut work, order, reader, Duration::from_secs(wait)).await;
    drop(work);
    presence.leave().await;
    outcome
}

async fn one(
    desk: &Desk<'_>,
    work: &mut Work,
    order: &str,
    reader: Option<&str>,
    wait: Duration,
) -> Result<Exit, Failure> {
    let listed = desk.reader(reader).await?;
    let english = format!("Waiting for the release of order {order}.");
    desk.voice.tell(
        "waiting",
        json!({ "order": order }),
        &english,
        &format!("注文 {order} の割り当てを待っています。"),
    );
    let no_ticket = |seconds: &str| Failure::machine(Code::NO_TICKET, &[order, seconds]);
    let ticket = tokio::select! {
        ticket = desk.until_stopped(ticket(desk.presence, order), Some(wait), no_ticket) => ticket?,
        failure = work.refused() => return Err(failure),
    };
    let end = desk.issue(&ticket, &listed, Some(wait)).await?;
    Ok(desk.voice.end(order, &end))
}

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
