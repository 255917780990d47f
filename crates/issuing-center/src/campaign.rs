//! Campaigns: one change of many cards, such as everyone's application by a new program. A person enters it, another
//! approves it once for the whole, and each card gets an order of its own, which waits until the card is seen.
//!
//! Everything is done in small commits, each whole: whoever dies in between enters or approves the campaign again, and
//! goes on where it stopped. A card is in a campaign once and gets one order of it.

mod entering;
mod making;
mod numbers;
mod selection;

use cardwright_issuance::entry::Entry;
use cardwright_issuance::state::OrderState;
use cardwright_relay::Code;

pub use entering::{NewCampaign, create, dry_run};
pub use making::approve;
pub use numbers::{Numbers, ToldCampaign, list, show};
pub use selection::Selection;

use crate::center::Center;
use crate::intake::cancellation;
use crate::refused::Refused;
use crate::registry::{registered, told};
use crate::store::{Campaign, CampaignChange, CampaignState, Commit, Person, Registration, Store, StoreError};

/// Orders that are made, approved or cancelled in one commit.
const CHUNK: u32 = 25;

/// Holds a campaign back: its orders are not offered when their cards are seen.
///
/// # Errors
/// `CAMPAIGN_UNKNOWN`, `CAMPAIGN_NOT_SO`, `CHANGED_MEANWHILE`; the store's own.
pub async fn pause<S: Store>(center: &Center<S>, person: &Person, name: &str) -> Result<Campaign, Refused> {
    moved(center, person, name, (&[CampaignState::Approved], CampaignState::Paused)).await
}

/// Lets a campaign go on.
///
/// # Errors
/// As [`pause`].
pub async fn resume<S: Store>(center: &Center<S>, person: &Person, name: &str) -> Result<Campaign, Refused> {
    moved(center, person, name, (&[CampaignState::Paused], CampaignState::Approved)).await
}

/// Closes a campaign for good, and cancels those of its orders that are not carried out. What is being written, or
/// blocked, goes on. Where it broke off, doing it again goes on.
///
/// # Errors
/// As [`pause`].
pub async fn cancel<S: Store>(center: &Center<S>, person: &Person, name: &str) -> Result<Campaign, Refused> {
    use CampaignState::{Approved, Cancelled, Entered, Paused, Selecting};
    let known = center.store.campaign(name).await?;
    let campaign = match known {
        Some(campaign) if campaign.state == Cancelled => campaign,
        _ => moved(center, person, name, (&[Selecting, Entered, Approved, Paused], Cancelled)).await?,
    };
    for state in [OrderState::Received, OrderState::Prepared] {
        cancel_orders(center, person, &campaign, state).await?;
    }
    Ok(campaign)
}

async fn cancel_orders<S: Store>(
    center: &Center<S>,
    person: &Person,
    campaign: &Campaign,
    state: OrderState,
) -> Result<(), Refused> {
    loop {
        let orders = center.store.campaign_orders(campaign.id, state, CHUNK).await?;
        if orders.is_empty() {
            return Ok(());
        }
        let mut commit = Commit::default();
        for order in &orders {
            cancellation::enter(&*center.store, center.now(), person, order, &mut commit).await?;
        }
        match center.store.commit(commit).await {
            // One of them has just been opened, or closed: the next look does not find it.
            Err(StoreError::Conflict(reason)) => tracing::debug!(reason, "an order of the campaign went on"),
            other => other?,
        }
    }
}

/// The campaign in another state, with its entry in the log.
async fn moved<S: Store>(
    center: &Center<S>,
    person: &Person,
    name: &str,
    (from, to): (&[CampaignState], CampaignState),
) -> Result<Campaign, Refused> {
    let (store, now) = (&*center.store, center.now());
    let campaign = told(store, now, person, named(store, name).await).await?;
    if !from.contains(&campaign.state) {
        return told(store, now, person, Err(not_so(&campaign))).await;
    }
    let change = CampaignChange::Moved { campaign: campaign.id, from: campaign.state, to, approved_by: None };
    let entry = registered(now, person, "campaign", &format!("{name}, {}", to.name()));
    commit(store, vec![Registration::Campaign(change)], vec![entry]).await?;
    Ok(Campaign { state: to, ..campaign })
}

async fn named<S: Store>(store: &S, name: &str) -> Result<Campaign, Refused> {
    store.campaign(name).await?.ok_or_else(|| Refused::with(Code::CAMPAIGN_UNKNOWN, [name]))
}

fn not_so(campaign: &Campaign) -> Refused {
    Refused::with(Code::CAMPAIGN_NOT_SO, [campaign.name.as_str(), campaign.state.name()])
}

async fn commit<S: Store>(store: &S, registrations: Vec<Registration>, entries: Vec<Entry>) -> Result<(), Refused> {
    match store.commit(Commit { registrations, entries, ..Commit::default() }).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other?),
    }
}
