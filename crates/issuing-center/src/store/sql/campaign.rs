//! Campaigns, and what is read of orders and cards for changes of cards in use.

use std::future::Future;

use cardwright_issuance::Id;
use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::{CardState, OrderState};
use sqlx::any::AnyRow;

use super::SqlStore;
use super::column::{columns, read, statement};
use super::commit::Writing;
use super::order;
use crate::store::{
    Campaign, CampaignCard, CampaignChange, CampaignState, CampaignStore, Count, Found, Freed, Listed, Outcome,
    StoreError, WaitingStore,
};

impl CampaignStore for SqlStore {
    fn campaign(&self, name: &str) -> impl Future<Output = Found<Campaign>> + Send {
        self.find(statement("SELECT * FROM campaigns WHERE name = $1", columns![name]), campaign)
    }

    fn campaign_by_id(&self, id: Id) -> impl Future<Output = Found<Campaign>> + Send {
        self.find(statement("SELECT * FROM campaigns WHERE id = $1", columns![id]), campaign)
    }

    fn campaigns(&self) -> impl Future<Output = Listed<Campaign>> + Send {
        self.list(statement("SELECT * FROM campaigns ORDER BY entered DESC, name", vec![]), campaign)
    }

    fn campaign_cards(
        &self,
        campaign: Id,
        selected: bool,
        after: Id,
        limit: u32,
    ) -> impl Future<Output = Listed<CampaignCard>> + Send {
        let text = if selected {
            "SELECT * FROM campaign_cards WHERE campaign = $1 AND card > $2 AND outcome = 'selected' \
             ORDER BY card LIMIT $3"
        } else {
            "SELECT * FROM campaign_cards WHERE campaign = $1 AND card > $2 ORDER BY card LIMIT $3"
        };
        self.list(statement(text, columns![campaign, after, limit]), card)
    }

    fn campaign_counts(&self, campaign: Id) -> impl Future<Output = Listed<Count>> + Send {
        let text = "SELECT c.base AS base, COALESCE(o.state, c.outcome) AS what, COUNT(*) AS cards \
                    FROM campaign_cards c LEFT JOIN orders o ON o.id = c.order_id WHERE c.campaign = $1 \
                    GROUP BY c.base, COALESCE(o.state, c.outcome) ORDER BY base, what";
        self.list(statement(text, columns![campaign]), |row| {
            Ok(Count { base: read(row, "base")?, what: read(row, "what")?, cards: read(row, "cards")? })
        })
    }

    fn campaign_orders(
        &self,
        campaign: Id,
        state: OrderState,
        limit: u32,
    ) -> impl Future<Output = Listed<Order>> + Send {
        let text = "SELECT * FROM orders WHERE campaign = $1 AND state = $2 ORDER BY entered, reference LIMIT $3";
        self.list(statement(text, columns![campaign, state, limit]), order::order)
    }
}

impl WaitingStore for SqlStore {
    fn replacements_of(&self, card: Id) -> impl Future<Output = Listed<Order>> + Send {
        let text = "SELECT * FROM orders WHERE replaces = $1 ORDER BY entered, reference";
        self.list(statement(text, columns![card]), order::order)
    }

    fn cards_after(&self, state: CardState, after: Id, limit: u32) -> impl Future<Output = Listed<Card>> + Send {
        let text = "SELECT * FROM cards WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3";
        self.list(statement(text, columns![state, after, limit]), order::card)
    }
}

fn campaign(row: &AnyRow) -> Result<Campaign, StoreError> {
    Ok(Campaign {
        id: read(row, "id")?,
        name: read(row, "name")?,
        kind: read(row, "kind")?,
        profile: read(row, "profile")?,
        argument: read(row, "argument")?,
        selection: read(row, "selection")?,
        state: CampaignState::named(&read::<String>(row, "state")?).ok_or_else(|| damaged("state"))?,
        entered_by: read(row, "entered_by")?,
        entered: read(row, "entered")?,
        approved_by: read(row, "approved_by")?,
    })
}

fn card(row: &AnyRow) -> Result<CampaignCard, StoreError> {
    let outcome = match (read::<String>(row, "outcome")?.as_str(), read::<Option<Id>>(row, "order_id")?) {
        ("selected", None) => Outcome::Selected,
        ("ordered", Some(order)) => Outcome::Ordered(order),
        ("needs-data", None) => Outcome::NeedsData,
        ("left-out", None) => Outcome::LeftOut,
        _ => return Err(damaged("outcome")),
    };
    Ok(CampaignCard { campaign: read(row, "campaign")?, card: read(row, "card")?, base: read(row, "base")?, outcome })
}

fn damaged(name: &str) -> StoreError {
    StoreError::Damaged(format!("column {name} does not hold what it should"))
}

pub(super) async fn apply(writing: &mut Writing, change: &CampaignChange) -> Result<(), StoreError> {
    match change {
        CampaignChange::New(campaign) => add(writing, campaign).await,
        CampaignChange::Card(card) => {
            let text =
                "INSERT INTO campaign_cards (campaign, card, base, outcome, order_id) VALUES ($1, $2, $3, $4, $5)";
            let CampaignCard { campaign, card, base, outcome } = card;
            let values = columns![*campaign, *card, base.as_str(), outcome.name(), outcome.order()];
            writing.one("the campaign's card", statement(text, values)).await
        }
        CampaignChange::Settled(card) => {
            let text = "UPDATE campaign_cards SET outcome = $1, order_id = $2 \
                        WHERE campaign = $3 AND card = $4 AND outcome = 'selected'";
            let values = columns![card.outcome.name(), card.outcome.order(), card.campaign, card.card];
            writing.one("the campaign's card", statement(text, values)).await
        }
        CampaignChange::Moved { campaign, from, to, approved_by: None } => {
            let text = "UPDATE campaigns SET state = $1 WHERE id = $2 AND state = $3";
            writing.one("the campaign", statement(text, columns![to.name(), *campaign, from.name()])).await
        }
        CampaignChange::Moved { campaign, from, to, approved_by: Some(person) } => {
            let text = "UPDATE campaigns SET state = $1, approved_by = $2 WHERE id = $3 AND state = $4";
            let values = columns![to.name(), *person, *campaign, from.name()];
            writing.one("the campaign", statement(text, values)).await
        }
    }
}

async fn add(writing: &mut Writing, campaign: &Campaign) -> Result<(), StoreError> {
    let text = "INSERT INTO campaigns (id, name, kind, profile, argument, selection, state, entered_by, entered, \
                approved_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let Campaign { id, name, kind, profile, argument, selection, state, entered_by, entered, approved_by } = campaign;
    let mut values = columns![*id, name.as_str(), *kind, profile.clone(), argument.clone(), selection.as_str()];
    values.extend(columns![state.name(), *entered_by, *entered, *approved_by]);
    writing.one("the campaign", statement(text, values)).await
}

/// A cancelled order's prepared data, its tickets and its letter that nobody has used.
pub(super) async fn free(writing: &mut Writing, freed: &Freed) -> Result<(), StoreError> {
    let Freed { order, number } = *freed;
    let cancelled = "UPDATE orders SET state = $1 WHERE id = $2 AND state = $3";
    let values = columns![OrderState::Cancelled, order, OrderState::Cancelled];
    writing.one("the order", statement(cancelled, values)).await?;
    for text in [
        "DELETE FROM prepared WHERE order_id = $1",
        "DELETE FROM tickets WHERE order_id = $1 AND used_by IS NULL",
        "DELETE FROM pin_mailers WHERE order_id = $1 AND exported IS NULL",
    ] {
        writing.any(statement(text, columns![order])).await?;
    }
    if number {
        writing.any(statement("DELETE FROM card_numbers WHERE order_id = $1", columns![order])).await?;
    }
    Ok(())
}
