//! What waits for a card that is in use: its prepared changes, to be offered when the card is seen.

use std::collections::BTreeMap;

use cardwright_issuance::Id;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{CardState, OrderState};

use crate::store::{CampaignState, Store, StoreError};

/// The prepared changes of a card that may be made now; what is offered next is the first of them.
///
/// They are in the order in which they were entered, but for the end of a card and its lock, which come before the
/// others. Left out are those of campaigns that are paused or cancelled, and those that the card's state does not allow
/// yet: a locked card is unlocked or ended and nothing else, a lost or terminated one is ended. The list is empty for a
/// card that does not exist.
///
/// # Errors
/// The store's own.
pub async fn next_change<S: Store>(store: &S, card: Id) -> Result<Vec<Order>, StoreError> {
    let Some(row) = store.card(card).await? else { return Ok(Vec::new()) };
    let waits = |order: &Order| {
        order.state == OrderState::Prepared && !order.kind.is_new_card() && is_offered(order.kind, row.state)
    };
    let mut waiting: Vec<_> = store.orders_of_card(card).await?.into_iter().filter(waits).collect();
    let mut campaigns = BTreeMap::new();
    for campaign in waiting.iter().filter_map(|order| order.campaign) {
        if let std::collections::btree_map::Entry::Vacant(entry) = campaigns.entry(campaign) {
            entry.insert(store.campaign_by_id(campaign).await?.map(|campaign| campaign.state));
        }
    }
    waiting.retain(|order| {
        order.campaign.is_none_or(|campaign| campaigns.get(&campaign) == Some(&Some(CampaignState::Approved)))
    });
    waiting.sort_by_key(|order| rank(order.kind));
    Ok(waiting)
}

/// Whether a change of this kind may be made on a card in this state.
fn is_offered(kind: OrderKind, state: CardState) -> bool {
    match state {
        CardState::Locked => matches!(kind, OrderKind::Block | OrderKind::Unblock | OrderKind::Terminate),
        CardState::Lost | CardState::Terminated => kind == OrderKind::Terminate,
        CardState::Stock | CardState::Bound | CardState::Quarantined | CardState::Scrapped => false,
        CardState::Live
        | CardState::Dirty
        | CardState::Verified
        | CardState::Activating
        | CardState::PartlyActivated
        | CardState::Unknown => true,
    }
}

/// What comes first; of the same rank, the older one.
fn rank(kind: OrderKind) -> u8 {
    match kind {
        OrderKind::Terminate => 0,
        OrderKind::Block => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_card_is_not_written_before_it_is_unlocked() {
        use OrderKind::{Block, ChangeKeys, PersonalData, Terminate, Unblock};
        for kind in [PersonalData, ChangeKeys] {
            assert!(is_offered(kind, CardState::Live));
            assert!(!is_offered(kind, CardState::Locked) && !is_offered(kind, CardState::Lost));
        }
        assert!([Block, Unblock, Terminate].into_iter().all(|kind| is_offered(kind, CardState::Locked)));
        assert!(is_offered(Terminate, CardState::Lost) && !is_offered(Unblock, CardState::Lost));
        assert!(rank(Terminate) < rank(Block) && rank(Block) < rank(Unblock));
    }
}
