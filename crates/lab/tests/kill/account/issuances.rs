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
    let unknown = count(IssuanceState::Unknown) + count(IssuanceState::Interrupted);
    let issued = count(IssuanceState::Issued);
    let fits = match order.state {
        OrderState::Issued => issued == 1,
        OrderState::Blocked => issued == 0 && unknown > 0,
        _ => (issued, unknown) == (0, 0),
    };
    let settled = account.count(|entry| entry.order == Some(order.id) && entry.event == Event::Settled);
    let settles = usize::from(order.state == OrderState::Issued && unknown > 0);
    account.expect(settled == settles, || format!("order {}: settled {settled} times", order.reference));
    one_after_another(account, order, &issuances);
    account.expect(fits, || {
        format!("order {} is {:?}: issued {issued} times, unknown {unknown} times", order.reference, order.state)
    });
}

/// An order goes on on the card on which it began.
fn one_after_another(account: &mut Account<'_>, order: &Order, issuances: &[Issuance]) {
    let other = issuances.iter().any(|issuance| Some(issuance.card) != order.card);
    account.expect(!other, || format!("order {} was written on several cards", order.reference));
}

/// The challenge is used up by the session it opened, and the ticket where it was for this order. One for a desk, or for
/// another order, is not.
async fn used(account: &mut Account<'_>, issuance: &Issuance) {
    let open: Open = cardwright_relay::decode(&issuance.open_message).unwrap();
    let challenge = account.store.challenge(open.challenge).await.unwrap().and_then(|challenge| challenge.used_by);
    account.expect(challenge == Some(issuance.id), || format!("session {:?} used no challenge up", issuance.id));
    let ticket = account.store.ticket(open.ticket).await.unwrap();
    let fits = ticket.is_some_and(|ticket| match ticket.order {
        Some(order) if order == issuance.order => ticket.used_by == Some(issuance.id),
        _ => ticket.used_by.is_none(),
    });
    account.expect(fits, || format!("session {:?} and its ticket do not go together", issuance.id));
}

/// What the log must hold of an issuance with these rows.
fn entries(issuance: &Issuance, intents: &[Intent]) -> Vec<String> {
    let mut entries = vec!["authenticated".to_owned()];
    let unknown = matches!(issuance.state, IssuanceState::Unknown | IssuanceState::Interrupted);
    for intent in intents {
        let Intent { step, commands, .. } = intent;
        entries.push(format!("intended {step}: {commands} {}", hex::encode(intent.script_hash)));
    }
    for intent in intents {
        let Some(result) = &intent.result else { continue };
        entries.push(format!("received {}: {}", intent.step, hex::encode(Sha256::digest(result))));
        let declined = issuance.state == IssuanceState::FailedClean;
        if !(unknown || declined) || intent.step < issuance.step {
            entries.push(format!("proven {}", intent.step));
        }
    }
    match issuance.state {
        IssuanceState::Issued => entries.push("done".to_owned()),
        IssuanceState::FailedClean => entries.push("declined".to_owned()),
        _ if unknown => entries.push(format!("unknown {}", issuance.step)),
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
        Event::CardLive | Event::CardMoved { .. } => Some("done".to_owned()),
        Event::FailedClean { .. } => Some("declined".to_owned()),
        Event::OutcomeUnknown { step, .. } => Some(format!("unknown {step}")),
        _ => None,
    });
    let mut essence: Vec<_> = essence.collect();
    essence.sort();
    essence
}
