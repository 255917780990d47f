//! Campaigns, and what is read of orders and cards for changes of cards in use.

use std::collections::BTreeMap;

use cardwright_issuance::Id;
use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::{CardState, OrderState, State};
use cardwright_issuing_center::store::{
    Campaign, CampaignCard, CampaignChange, CampaignState, CampaignStore, Count, Freed, Outcome, Registration,
    StoreError, WaitingStore,
};

use super::{ModelStore, Rows, conflict, insert};

/// Adds or changes a row of a campaign, or frees a cancelled order; gives back what is neither.
pub(super) fn register(rows: &mut Rows, registration: Registration) -> Result<Option<Registration>, StoreError> {
    match registration {
        Registration::Campaign(change) => apply(rows, change),
        Registration::Free(freed) => free(rows, freed),
        other => return Ok(Some(other)),
    }
    .map(|()| None)
}

fn apply(rows: &mut Rows, change: CampaignChange) -> Result<(), StoreError> {
    match change {
        CampaignChange::New(campaign) => {
            let taken = rows.campaigns.values().any(|known| known.name == campaign.name);
            if taken || !is_fit(&campaign) {
                return Err(conflict("campaign"));
            }
            insert(&mut rows.campaigns, campaign.id, campaign, "campaign")
        }
        CampaignChange::Card(card) => {
            if !rows.campaigns.contains_key(&card.campaign) || !rows.cards.contains_key(&card.card) {
                return Err(conflict("campaign or card"));
            }
            insert(&mut rows.campaign_cards, (card.campaign, card.card), card, "the campaign's card")
        }
        CampaignChange::Settled(card) => {
            let known = card.outcome.order().is_none_or(|order| rows.orders.contains_key(&order));
            let row = rows.campaign_cards.get_mut(&(card.campaign, card.card));
            let row = row.filter(|row| known && row.outcome == Outcome::Selected);
            row.map(|row| row.outcome = card.outcome).ok_or_else(|| conflict("the campaign's card"))
        }
        CampaignChange::Moved { campaign, from, to, approved_by } => {
            let row = rows.campaigns.get_mut(&campaign).filter(|row| row.state == from);
            let row = row.ok_or_else(|| conflict("campaign"))?;
            let moved = Campaign { state: to, approved_by: approved_by.or(row.approved_by), ..row.clone() };
            if !is_fit(&moved) {
                return Err(conflict("campaign"));
            }
            *row = moved;
            Ok(())
        }
    }
}

/// Approved by another person than who entered it, and not at work before.
fn is_fit(campaign: &Campaign) -> bool {
    let works = matches!(campaign.state, CampaignState::Approved | CampaignState::Paused);
    match campaign.approved_by {
        Some(person) => person != campaign.entered_by,
        None => !works,
    }
}

fn free(rows: &mut Rows, freed: Freed) -> Result<(), StoreError> {
    let Freed { order, number } = freed;
    if rows.orders.get(&order).is_none_or(|row| row.state != OrderState::Cancelled) {
        return Err(conflict("order"));
    }
    rows.prepared.remove(&order);
    rows.tickets.retain(|_, ticket| ticket.order != Some(order) || ticket.used_by.is_some());
    rows.mailers.retain(|id, mailer| *id != order || mailer.exported.is_some());
    if number {
        rows.numbers.remove(&order);
    }
    Ok(())
}

impl CampaignStore for ModelStore {
    async fn campaign(&self, name: &str) -> Result<Option<Campaign>, StoreError> {
        Ok(self.rows().campaigns.values().find(|row| row.name == name).cloned())
    }

    async fn campaign_by_id(&self, id: Id) -> Result<Option<Campaign>, StoreError> {
        Ok(self.rows().campaigns.get(&id).cloned())
    }

    async fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        let mut found: Vec<_> = self.rows().campaigns.values().cloned().collect();
        found.sort_by(|one, other| (other.entered, &one.name).cmp(&(one.entered, &other.name)));
        Ok(found)
    }

    async fn campaign_cards(
        &self,
        campaign: Id,
        selected: bool,
        after: Id,
        limit: u32,
    ) -> Result<Vec<CampaignCard>, StoreError> {
        let wanted = |row: &&CampaignCard| {
            row.campaign == campaign && row.card > after && (!selected || row.outcome == Outcome::Selected)
        };
        Ok(self.rows().campaign_cards.values().filter(wanted).take(limit as usize).cloned().collect())
    }

    async fn campaign_counts(&self, campaign: Id) -> Result<Vec<Count>, StoreError> {
        let rows = self.rows();
        let mut counts = BTreeMap::new();
        for card in rows.campaign_cards.values().filter(|row| row.campaign == campaign) {
            let order = card.outcome.order().and_then(|order| rows.orders.get(&order));
            let what = order.map_or(card.outcome.name(), |order| order.state.name());
            *counts.entry((card.base.clone(), what.to_owned())).or_insert(0) += 1;
        }
        Ok(counts.into_iter().map(|((base, what), cards)| Count { base, what, cards }).collect())
    }

    async fn campaign_orders(&self, campaign: Id, state: OrderState, limit: u32) -> Result<Vec<Order>, StoreError> {
        let wanted = |row: &&Order| row.campaign == Some(campaign) && row.state == state;
        let mut found: Vec<_> = self.rows().orders.values().filter(wanted).cloned().collect();
        found.sort_by(|one, other| (one.entered, &one.reference).cmp(&(other.entered, &other.reference)));
        found.truncate(limit as usize);
        Ok(found)
    }
}

impl WaitingStore for ModelStore {
    async fn replacements_of(&self, card: Id) -> Result<Vec<Order>, StoreError> {
        let mut found: Vec<_> = self.rows().orders.values().filter(|row| row.replaces == Some(card)).cloned().collect();
        found.sort_by(|one, other| (one.entered, &one.reference).cmp(&(other.entered, &other.reference)));
        Ok(found)
    }

    async fn cards_after(&self, state: CardState, after: Id, limit: u32) -> Result<Vec<Card>, StoreError> {
        let rows = self.rows();
        let wanted = |row: &&Card| row.state == state && row.id > after;
        Ok(rows.cards.values().filter(wanted).take(limit as usize).cloned().collect())
    }
}
