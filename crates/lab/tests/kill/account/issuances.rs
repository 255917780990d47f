//! An order's issuances against the log: each intent, each result, each end, once and in their order.

use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Intent, Issuance, Order};
use cardwright_issuance::state::{IssuanceState, OrderState};
use cardwright_issuing_center::store::Store;
use cardwright_relay::message::Open;
use sha2::{Digest, Sha256};

use super::Account;

pub(super) async fn check(account: &mut Account<'_>, order: &Order) {
    let issuances = account.store.issuances_of(order.id).await.unwrap();
    for issuance in &issuances {
        let intents = account.store.intents(issuance.id).await.unwrap();
        let expected = entries(issuance, &intents);
        let told: Vec<_> = account.entries.iter().filter(|entry| entry.session == Some(issuance.id)).collect();
        let told = essence(&told);
        account.expect(told == expected, || {
            format!("order {}: the log tells {told:?}, the rows {expected:?}", order.reference)
        });
        used(account, issuance).await;
    }
    let ended = issuances.iter().all(|issuance| issuance.state.is_ended());
    account.expect(ended, || format!("an issuance of {} goes on, and nobody works on it", order.reference));
    let count = |state| issuances.iter().filter(|issuance| issuance.state == state).count();
    let (issued, unknown) = (count(IssuanceState::Issued), count(IssuanceState::Unknown));
    let fits = match order.state {
        OrderState::Issued => (issued, unknown) == (1, 0),
        OrderState::Blocked => (issued, unknown) == (0, 1),
        _ => (issued, unknown) == (0, 0),
    };
    account.expect(fits, || {
        format!("order {} is {:?}: issued {issued} times, unknown {unknown} times", order.reference, order.state)
    });
    let released = account.count(|entry| entry.order == Some(order.id) && entry.event == Event::TicketIssued);
    account.expect(issuances.len() <= released, || format!("order {} was written without a ticket", order.reference));
}

/// Ticket and challenge are used up by the session they opened.
async fn used(account: &mut Account<'_>, issuance: &Issuance) {
    let open: Open = cardwright_relay::decode(&issuance.open_message).unwrap();
    let ticket = account.store.ticket(open.ticket).await.unwrap().and_then(|ticket| ticket.used_by);
    let challenge = account.store.challenge(open.challenge).await.unwrap().and_then(|challenge| challenge.used_by);
    let is_used = ticket == Some(issuance.id) && challenge == Some(issuance.id);
    account.expect(is_used, || format!("session {:?} has used neither its ticket nor its challenge up", issuance.id));
}

/// What the log must hold of an issuance with these rows.
fn entries(issuance: &Issuance, intents: &[Intent]) -> Vec<String> {
    let mut entries = vec!["authenticated".to_owned()];
    let unknown = issuance.state == IssuanceState::Unknown;
    for intent in intents {
        let Intent { step, commands, .. } = intent;
        entries.push(format!("intended {step}: {commands} {}", hex::encode(intent.script_hash)));
    }
    for intent in intents {
        let Some(result) = &intent.result else { continue };
        entries.push(format!("received {}: {}", intent.step, hex::encode(Sha256::digest(result))));
        if !unknown || intent.step < issuance.step {
            entries.push(format!("proven {}", intent.step));
        }
    }
    match issuance.state {
        IssuanceState::Issued => entries.push("live".to_owned()),
        IssuanceState::Unknown => entries.push(format!("unknown {}", issuance.step)),
        _ => {}
    }
    entries.sort();
    entries
}

/// What the log holds, without what depends on who was there to see it: a center that died may not have seen a
/// script leave.
fn essence(told: &[&Entry]) -> Vec<String> {
    let essence = told.iter().filter_map(|entry| match &entry.event {
        Event::CardAuthenticated => Some("authenticated".to_owned()),
        Event::Intended { step, commands, script_hash } => {
            Some(format!("intended {step}: {commands} {}", hex::encode(script_hash)))
        }
        Event::Received { step, result_hash, .. } => Some(format!("received {step}: {}", hex::encode(result_hash))),
        Event::Proven { step, .. } => Some(format!("proven {step}")),
        Event::CardLive => Some("live".to_owned()),
        Event::OutcomeUnknown { step, .. } => Some(format!("unknown {step}")),
        _ => None,
    });
    let mut essence: Vec<_> = essence.collect();
    essence.sort();
    essence
}
