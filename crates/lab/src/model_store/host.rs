//! The outbox, the host it is for, and what two people decide about a card.

use cardwright_issuance::Id;
use cardwright_issuance::row::Outbox;
use cardwright_issuing_center::store::{FailedAttempt, HostEvent, Registration, Retry, StoreError};

use super::{Rows, conflict};

/// An event, and who has leased it.
#[derive(Clone)]
pub(super) struct Event {
    row: HostEvent,
    was_reached: bool,
    leased_by: Option<Id>,
    lease_until: i64,
}

impl Rows {
    pub(super) fn add_outbox(&mut self, outbox: Outbox) -> Result<(), StoreError> {
        if self.all_events().any(|known| known.event.id == outbox.id) {
            return Err(conflict("the outbox"));
        }
        let row = HostEvent::new(outbox, self.events.len() as i64 + 1);
        self.events.push(Event { row, was_reached: false, leased_by: None, lease_until: 0 });
        Ok(())
    }

    pub(super) fn all_events(&self) -> impl Iterator<Item = &HostEvent> {
        self.events.iter().map(|event| &event.row)
    }

    pub(super) fn events_waiting(&self, limit: u32) -> Vec<HostEvent> {
        self.all_events().filter(|known| known.taken.is_none()).take(limit as usize).cloned().collect()
    }

    pub(super) fn lease_event(&mut self, node: Id, now: i64, until: i64) -> Option<HostEvent> {
        let waiting = self.events_waiting(u32::MAX);
        let is_first = |one: &HostEvent| {
            let same_card = |other: &&HostEvent| one.event.card.is_some() && other.event.card == one.event.card;
            waiting.iter().find(same_card).is_none_or(|first| first.number == one.number)
        };
        let due = |event: &&mut Event| {
            let waits = event.row.taken.is_none() && event.row.next_attempt <= now;
            waits && event.lease_until <= now && is_first(&event.row)
        };
        let event = self.events.iter_mut().find(due)?;
        (event.leased_by, event.lease_until) = (Some(node), until);
        Some(event.row.clone())
    }

    pub(super) fn event_failed(&mut self, failed: &FailedAttempt) -> bool {
        let held = |event: &&mut Event| event.row.event.id == failed.event && event.leased_by == Some(failed.node);
        let Some(event) = self.events.iter_mut().filter(|event| event.row.taken.is_none()).find(held) else {
            return false;
        };
        event.row.attempts += 1;
        (event.row.next_attempt, event.row.last_error) = (failed.next, Some(failed.error.clone()));
        (event.was_reached, event.leased_by, event.lease_until) = (failed.was_reached, None, 0);
        true
    }

    pub(super) fn retry_events(&mut self, now: i64, which: Retry) -> u64 {
        let later = |event: &&mut Event| {
            let waits = event.row.taken.is_none() && event.row.next_attempt > now;
            waits && (which == Retry::All || !event.was_reached)
        };
        self.events.iter_mut().filter(later).map(|event| event.row.next_attempt = now).count() as u64
    }

    fn event_taken(&mut self, id: Id, time: i64) -> Result<(), StoreError> {
        let waits = |event: &&mut Event| event.row.event.id == id && event.row.taken.is_none();
        let event = self.events.iter_mut().find(waits).ok_or_else(|| conflict("the event"))?;
        (event.row.taken, event.leased_by, event.lease_until) = (Some(time), None, 0);
        Ok(())
    }
}

/// Sets the host, marks an event as taken, proposes or confirms; gives back what belongs elsewhere.
pub(super) fn register(rows: &mut Rows, registration: Registration) -> Result<Option<Registration>, StoreError> {
    match registration {
        Registration::Host(row) => rows.host = Some(row),
        Registration::CardExpiry(order, day) if rows.orders.contains_key(&order) => {
            rows.expiries.insert(order, day);
        }
        Registration::CardExpiry(..) => return Err(conflict("the expiry")),
        Registration::EventTaken(id, time) => rows.event_taken(id, time)?,
        Registration::CardDecision(decision) if rows.cards.contains_key(&decision.card) => {
            rows.proposals.insert(decision.card, decision);
        }
        Registration::CardDecision(_) => return Err(conflict("the decision")),
        Registration::CardDecisionConfirmed { decision, by, .. } => {
            let open = rows.proposals.values().find(|known| known.id == decision && known.proposed_by != by);
            let card = open.ok_or_else(|| conflict("the decision"))?.card;
            rows.proposals.remove(&card);
        }
        other => return Ok(Some(other)),
    }
    Ok(None)
}
