//! What waits for a card that is in use: its prepared changes, to be offered when the card is seen.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use cardwright_issuance::Id;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;
use cardwright_issuance::waiting::{is_offered, sort};

use crate::store::{CampaignState, Store, StoreError};

/// The prepared changes of a card that may be made now, the one that is made next first.
///
/// Left out are those of campaigns that are paused or cancelled, and those that the card's state does not allow yet. The
/// list is empty for a card that does not exist.
///
/// # Errors
/// The store's own.
pub async fn changes<S: Store>(store: &S, card: Id) -> Result<Vec<Order>, StoreError> {
    let Some(row) = store.card(card).await? else { return Ok(Vec::new()) };
    let waits = |order: &Order| {
        order.state == OrderState::Prepared && !order.kind.is_new_card() && is_offered(order.kind, row.state)
    };
    let mut waiting: Vec<_> = store.orders_of_card(card).await?.into_iter().filter(waits).collect();
    let mut campaigns = BTreeMap::new();
    for campaign in waiting.iter().filter_map(|order| order.campaign) {
        if let Entry::Vacant(entry) = campaigns.entry(campaign) {
            entry.insert(store.campaign_by_id(campaign).await?.map(|campaign| campaign.state));
        }
    }
    waiting.retain(|order| {
        order.campaign.is_none_or(|campaign| campaigns.get(&campaign) == Some(&Some(CampaignState::Approved)))
    });
    sort(&mut waiting);
    Ok(waiting)
}
