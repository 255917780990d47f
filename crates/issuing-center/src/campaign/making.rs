//! Approving a campaign: each of its cards gets an order, and each order is approved and prepared as any other.

use cardwright_data_preparation::{OrderFields, Profile};
use cardwright_issuance::change::Change;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{OrderState, State};
use cardwright_relay::Code;

use super::entering::profile_of;
use super::{CHUNK, named, not_so};
use crate::center::Center;
use crate::intake::approval::{Approving, TRIES};
use crate::intake::reading::{Ready, loadable};
use crate::intake::sense::{self, Asked};
use crate::intake::subject::Subject;
use crate::intake::{carried, reception};
use crate::refused::Refused;
use crate::registry::{document, random_id, registered, told};
use crate::sealing::OrderContent;
use crate::store::{
    Campaign, CampaignCard, CampaignChange, CampaignState, Commit, Outcome, Person, Registration, Store, StoreError,
};

/// Approves a campaign, makes the orders of its cards and approves them. Where it broke off, whoever may approve does it
/// again, and it goes on. A refusal is in the log.
///
/// # Errors
/// `CAMPAIGN_UNKNOWN`, `CAMPAIGN_NOT_SO`, `SAME_PERSON` (who entered it does not approve it); what keys, pool and
/// certificates say against all of its orders, which are as they were; `CHANGED_MEANWHILE`; the store's and the
/// keystore's own.
pub async fn approve<S: Store>(center: &Center<S>, person: &Person, name: &str) -> Result<Campaign, Refused> {
    let approved = approved(center, person, name).await;
    told(&*center.store, center.now(), person, approved).await
}

async fn approved<S: Store>(center: &Center<S>, person: &Person, name: &str) -> Result<Campaign, Refused> {
    let mut campaign = named(&*center.store, name).await?;
    if campaign.entered_by == person.id {
        return Err(Refused::with(Code::SAME_PERSON, [person.name.as_str()]));
    }
    match campaign.state {
        CampaignState::Entered => {
            let (from, to, approved_by) = (campaign.state, CampaignState::Approved, Some(person.id));
            let moved = CampaignChange::Moved { campaign: campaign.id, from, to, approved_by };
            let entry = registered(center.now(), person, "campaign", &format!("{name}, {}", to.name()));
            super::commit(&*center.store, vec![Registration::Campaign(moved)], vec![entry]).await?;
            campaign = Campaign { state: to, approved_by, ..campaign };
        }
        CampaignState::Approved | CampaignState::Paused if is_unfinished(center, &campaign).await? => {}
        _ => return Err(not_so(&campaign)),
    }
    let approver = campaign.approved_by.ok_or_else(|| StoreError::Damaged("a campaign without approval".into()))?;
    let person_of = |id| async move {
        let found = center.store.person_by_id(id).await?;
        found.ok_or_else(|| Refused::from(StoreError::Damaged("a person of a campaign".into())))
    };
    let (entered_by, approver) = (person_of(campaign.entered_by).await?, person_of(approver).await?);
    while make_orders(center, &campaign, &entered_by).await? {}
    while approve_orders(center, &campaign, &approver).await? {}
    named(&*center.store, name).await
}

async fn is_unfinished<S: Store>(center: &Center<S>, campaign: &Campaign) -> Result<bool, Refused> {
    let first = [0; 16].into();
    let selected = center.store.campaign_cards(campaign.id, true, first, 1).await?;
    let received = center.store.campaign_orders(campaign.id, OrderState::Received, 1).await?;
    Ok(!selected.is_empty() || !received.is_empty())
}

/// Makes the orders of the next cards, in one commit; whether there were any.
async fn make_orders<S: Store>(center: &Center<S>, campaign: &Campaign, person: &Person) -> Result<bool, Refused> {
    let cards = center.store.campaign_cards(campaign.id, true, [0; 16].into(), CHUNK).await?;
    if cards.is_empty() {
        return Ok(false);
    }
    let named = match &campaign.profile {
        Some(name) => Some(document::profile(&*center.store, name).await?),
        None => None,
    };
    let mut commit = Commit::default();
    still_works(center, campaign, &mut commit).await?;
    for card in cards {
        let subject = Subject::of(&*center.store, card.card).await?;
        let profile = profile_of(center, named.as_ref(), &subject).await?;
        let outcome = match order(center, campaign, person, &subject, &profile).await? {
            Ok(ready) => {
                reception::seal(center, &ready, &mut commit).await?;
                Outcome::Ordered(ready.order.id)
            }
            Err(outcome) => outcome,
        };
        let settled = CampaignChange::Settled(CampaignCard { outcome, ..card });
        commit.registrations.push(Registration::Campaign(settled));
    }
    match center.store.commit(commit).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other.map(|()| true)?),
    }
}

/// The campaign is not cancelled before what is in `commit` is written: otherwise nothing of it is.
async fn still_works<S: Store>(center: &Center<S>, campaign: &Campaign, commit: &mut Commit) -> Result<(), Refused> {
    let now = super::named(&*center.store, &campaign.name).await?;
    if !matches!(now.state, CampaignState::Approved | CampaignState::Paused) {
        return Err(not_so(&now));
    }
    let asked = CampaignChange::Moved { campaign: now.id, from: now.state, to: now.state, approved_by: None };
    commit.registrations.push(Registration::Campaign(asked));
    Ok(())
}

/// The order of one card, or why it gets none.
async fn order<S: Store>(
    center: &Center<S>,
    campaign: &Campaign,
    person: &Person,
    subject: &Subject,
    profile: &Profile,
) -> Result<Result<Ready, Outcome>, Refused> {
    let loadable = loadable(center, campaign.kind, profile).await?;
    let is_loadable = |package| loadable.contains(&package);
    let argument = campaign.argument.as_deref();
    let asked = Asked { kind: campaign.kind, argument, profile, loadable: &is_loadable };
    if sense::later_fault(&asked, subject).is_some() {
        return Ok(Err(Outcome::LeftOut));
    }
    if campaign.kind.has_data() && carried::fields(center, subject, profile).await?.is_none() {
        return Ok(Err(Outcome::NeedsData));
    }
    let order = Order {
        id: random_id()?,
        reference: format!("{}/{}", campaign.name, hex::encode(&subject.card.id[..8])),
        base: subject.issued_by.base.clone(),
        profile: profile.reference().name.clone(),
        kind: campaign.kind,
        argument: campaign.argument.clone(),
        state: OrderState::Received,
        entered_by: campaign.entered_by,
        entered: center.now(),
        approved_by: None,
        card: Some(subject.card.id),
        replaces: None,
        campaign: Some(campaign.id),
    };
    let content = OrderContent {
        customer: format!("campaign {}", campaign.name),
        taken_by: person.name.clone(),
        date: None,
        // data is carried over when the order is prepared
        fields: OrderFields::none(profile),
    };
    Ok(Ok(Ready { order, content, retention_days: profile.retention_days() }))
}

/// Approves the next orders, in one commit; whether there were any. Whoever is overtaken begins anew.
async fn approve_orders<S: Store>(center: &Center<S>, campaign: &Campaign, person: &Person) -> Result<bool, Refused> {
    for _ in 0..TRIES {
        let orders = center.store.campaign_orders(campaign.id, OrderState::Received, CHUNK).await?;
        if orders.is_empty() {
            return Ok(false);
        }
        let mut approving = Approving::of(&orders);
        for order in &orders {
            match approving.approve(center, person, order).await {
                Err(refused) if is_of_the_card(&refused) => {
                    reject(center.now(), person, order, &mut approving.commit);
                }
                other => other?,
            }
        }
        still_works(center, campaign, &mut approving.commit).await?;
        match center.store.commit(approving.commit).await {
            Err(StoreError::Conflict(reason)) => tracing::debug!(reason, "somebody else was first"),
            other => return Ok(other.map(|()| true)?),
        }
    }
    Err(Refused::new(Code::CHANGED_MEANWHILE))
}

/// Whether it is this card's alone: the others of the campaign go on.
fn is_of_the_card(refused: &Refused) -> bool {
    match refused.code {
        Code::CHANGE_REFUSED | Code::ORDER_FIELD_REFUSED | Code::NUMBER_TAKEN => true,
        Code::DATA_REFUSED => {
            refused.parameters.first().is_some_and(|element| element == "pin" || element == "card-number")
        }
        _ => false,
    }
}

/// The log has the reason already.
fn reject(now: i64, person: &Person, order: &Order, commit: &mut Commit) {
    let (from, to) = (OrderState::Received, OrderState::Rejected);
    commit.changes.push(Change::MoveOrder { order: order.id, from, to, card: order.card });
    let event = Event::OrderMoved { state: to.name().to_owned() };
    let (of, card) = (Some(order.id), order.card);
    commit.entries.push(Entry { order: of, card, person: Some(person.id), ..Entry::new(now, event) });
}
