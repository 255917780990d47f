//! How far a campaign is, in numbers.

use std::collections::BTreeMap;

use cardwright_issuance::state::{OrderState, State};

use super::named;
use crate::refused::Refused;
use crate::store::{Campaign, CampaignState, Count, Outcome, Store};

/// How many cards of a campaign are how far. Every card is counted in `selected`, and in one of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// all
    pub selected: u32,
    /// their orders wait for approval, for the card, or are being written; or are not made yet
    pub waiting: u32,
    /// carried out, and proven
    pub done: u32,
    /// their outcome is not known, or a person is needed
    pub blocked: u32,
    /// cancelled or rejected
    pub cancelled: u32,
    /// no order: the data that would be carried over is destroyed
    pub needs_data: u32,
    /// no order: the change made no sense on them any more
    pub left_out: u32,
}

impl Numbers {
    fn add(&mut self, state: CampaignState, count: &Count) {
        self.selected += count.cards;
        let place = match (OrderState::named(&count.what), count.what.as_str()) {
            (Some(OrderState::Issued), _) => &mut self.done,
            (Some(OrderState::Blocked), _) => &mut self.blocked,
            (Some(OrderState::Cancelled | OrderState::Rejected), _) => &mut self.cancelled,
            (Some(_), _) => &mut self.waiting,
            (None, what) if what == Outcome::NeedsData.name() => &mut self.needs_data,
            (None, what) if what == Outcome::LeftOut.name() => &mut self.left_out,
            (None, _) if state == CampaignState::Cancelled => &mut self.cancelled,
            (None, _) => &mut self.waiting,
        };
        *place += count.cards;
    }
}

/// A campaign with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldCampaign {
    /// the campaign
    pub campaign: Campaign,
    /// of all its cards
    pub all: Numbers,
    /// by the base that issued them
    pub bases: BTreeMap<String, Numbers>,
}

/// One campaign.
///
/// # Errors
/// `CAMPAIGN_UNKNOWN`; the store's own.
pub async fn show<S: Store>(store: &S, name: &str) -> Result<ToldCampaign, Refused> {
    let campaign = named(store, name).await?;
    told(store, campaign).await
}

/// All campaigns, the newest first.
///
/// # Errors
/// The store's own.
pub async fn list<S: Store>(store: &S) -> Result<Vec<ToldCampaign>, Refused> {
    let mut all = Vec::new();
    for campaign in store.campaigns().await? {
        all.push(told(store, campaign).await?);
    }
    Ok(all)
}

async fn told<S: Store>(store: &S, campaign: Campaign) -> Result<ToldCampaign, Refused> {
    let (mut all, mut bases) = (Numbers::default(), BTreeMap::<String, Numbers>::new());
    for count in store.campaign_counts(campaign.id).await? {
        all.add(campaign.state, &count);
        bases.entry(count.base.clone()).or_default().add(campaign.state, &count);
    }
    Ok(ToldCampaign { campaign, all, bases })
}
