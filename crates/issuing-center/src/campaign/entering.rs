//! Entering a campaign: its cards are looked up and kept, so that who approves it sees how many there are, and where.

use std::collections::BTreeMap;

use cardwright_data_preparation::Profile;
use cardwright_issuance::Id;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::state::CardState;
use cardwright_relay::Code;

use super::{Selection, commit};
use crate::center::Center;
use crate::intake::argument;
use crate::intake::reading::loadable;
use crate::intake::sense::{self, Asked};
use crate::intake::subject::Subject;
use crate::refused::Refused;
use crate::registry::{document, random_id, registered, told};
use crate::store::{Campaign, CampaignCard, CampaignChange, CampaignState, Outcome, Person, Registration, Store};

/// Cards that are looked at in one read, and kept in one commit.
const PAGE: u32 = 200;
/// The longest name: an order's reference is made of it.
const LONGEST_NAME: usize = 40;

/// A campaign as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCampaign {
    /// its name: 1 to 40 of A-Z, a-z, 0-9, `-`, `_`, `.`; orders are called by it
    pub name: String,
    /// what each order asks for
    pub kind: String,
    /// the profile of its orders, for an application that is added or upgraded
    pub profile: Option<String>,
    /// the argument of its orders
    pub argument: Option<String>,
    /// which cards: see [`Selection`]
    pub selection: String,
}

/// A campaign that can be, read.
struct Read {
    kind: OrderKind,
    argument: Option<String>,
    /// the profile that orders of it name, where they do
    profile: Option<Profile>,
    selection: Selection,
}

/// How many cards the campaign would be for, by base. Nothing is kept.
///
/// # Errors
/// `CAMPAIGN_REFUSED`, `PROFILE_UNKNOWN`; the store's own.
pub async fn dry_run<S: Store>(center: &Center<S>, new: &NewCampaign) -> Result<BTreeMap<String, u32>, Refused> {
    let read = read(center, new).await?;
    let mut bases = BTreeMap::new();
    let mut after = Id::from([0; 16]);
    while let Some((last, cards)) = page(center, &read, after).await? {
        cards.into_iter().for_each(|(_, base)| *bases.entry(base).or_insert(0) += 1);
        after = last;
    }
    Ok(bases)
}

/// Enters a campaign with its cards; `person` answers for it. One that broke off goes on where the same person asks for the
/// same again.
///
/// # Errors
/// `CAMPAIGN_REFUSED`, also where it would be for no card; `NAME_TAKEN`, `PROFILE_UNKNOWN`, `CHANGED_MEANWHILE`; the
/// store's own.
pub async fn create<S: Store>(center: &Center<S>, person: &Person, new: &NewCampaign) -> Result<Campaign, Refused> {
    let entered = enter(center, person, new).await;
    told(&*center.store, center.now(), person, entered).await
}

async fn enter<S: Store>(center: &Center<S>, person: &Person, new: &NewCampaign) -> Result<Campaign, Refused> {
    let read = read(center, new).await?;
    let wanted = Campaign {
        id: random_id()?,
        name: new.name.clone(),
        kind: read.kind,
        profile: new.profile.clone(),
        argument: read.argument.clone(),
        selection: new.selection.clone(),
        state: CampaignState::Selecting,
        entered_by: person.id,
        entered: center.now(),
        approved_by: None,
    };
    let (campaign, mut after, mut is_new) = match center.store.campaign(&new.name).await? {
        None => (wanted, Id::from([0; 16]), true),
        Some(begun) if is_same(&begun, &wanted) => {
            let last = last_card(center, begun.id).await?;
            (begun, last, false)
        }
        Some(_) => return Err(Refused::with(Code::NAME_TAKEN, [new.name.as_str()])),
    };
    while let Some((last, cards)) = page(center, &read, after).await? {
        after = last;
        if cards.is_empty() {
            continue;
        }
        let selecting = CampaignState::Selecting;
        let begins = match is_new {
            true => CampaignChange::New(campaign.clone()),
            // It was not cancelled meanwhile.
            false => CampaignChange::Moved { campaign: campaign.id, from: selecting, to: selecting, approved_by: None },
        };
        let rows = cards.into_iter().map(|(card, base)| {
            CampaignChange::Card(CampaignCard { campaign: campaign.id, card, base, outcome: Outcome::Selected })
        });
        let rows = [begins].into_iter().chain(rows).map(Registration::Campaign).collect();
        commit(&*center.store, rows, Vec::new()).await?;
        is_new = false;
    }
    if is_new {
        let reason = "no live card that it makes sense for is selected";
        return Err(Refused::with(Code::CAMPAIGN_REFUSED, [new.name.as_str(), reason]));
    }
    let (from, to) = (CampaignState::Selecting, CampaignState::Entered);
    let moved = CampaignChange::Moved { campaign: campaign.id, from, to, approved_by: None };
    let entry = registered(center.now(), person, "campaign", &format!("{}, {}", campaign.name, campaign.kind.name()));
    commit(&*center.store, vec![Registration::Campaign(moved)], vec![entry]).await?;
    Ok(Campaign { state: to, ..campaign })
}

/// Whether it is the one that the same person began to enter before.
fn is_same(begun: &Campaign, wanted: &Campaign) -> bool {
    let Campaign { id, entered, .. } = begun;
    *begun == Campaign { id: *id, entered: *entered, ..wanted.clone() }
}

async fn last_card<S: Store>(center: &Center<S>, campaign: Id) -> Result<Id, Refused> {
    let mut last = Id::from([0; 16]);
    loop {
        let cards = center.store.campaign_cards(campaign, false, last, PAGE).await?;
        match cards.last() {
            Some(card) => last = card.card,
            None => return Ok(last),
        }
    }
}

/// The next cards that are looked at, up to the last of them, and those that are meant, with the base that issued each.
async fn page<S: Store>(
    center: &Center<S>,
    read: &Read,
    after: Id,
) -> Result<Option<(Id, Vec<(Id, String)>)>, Refused> {
    let cards = center.store.cards_after(CardState::Live, after, PAGE).await?;
    let Some(last) = cards.last().map(|card| card.id) else { return Ok(None) };
    let loadable = match &read.profile {
        Some(profile) => loadable(center, read.kind, profile).await?,
        None => Default::default(),
    };
    let is_loadable = |package| loadable.contains(&package);
    let mut meant = Vec::new();
    for card in cards {
        let subject = Subject::of(&*center.store, card.id).await?;
        if !read.selection.means(&subject) {
            continue;
        }
        let profile = profile_of(center, read.profile.as_ref(), &subject).await?;
        let argument = read.argument.as_deref();
        let asked = Asked { kind: read.kind, argument, profile: &profile, loadable: &is_loadable };
        if sense::fault(&asked, &subject).is_none() {
            meant.push((card.id, subject.issued_by.base));
        }
    }
    Ok(Some((last, meant)))
}

/// The profile that the campaign names, or else the card's own.
pub(super) async fn profile_of<S: Store>(
    center: &Center<S>,
    named: Option<&Profile>,
    subject: &Subject,
) -> Result<Profile, Refused> {
    match named {
        Some(profile) => Ok(profile.clone()),
        None => document::profile(&*center.store, &subject.issued_by.profile).await,
    }
}

async fn read<S: Store>(center: &Center<S>, new: &NewCampaign) -> Result<Read, Refused> {
    let refused = |reason: &str| Refused::with(Code::CAMPAIGN_REFUSED, [new.name.as_str(), reason]);
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=LONGEST_NAME).contains(&new.name.len()) || !new.name.bytes().all(letter) {
        return Err(Refused::with(Code::CAMPAIGN_REFUSED, ["", "its name must be 1 to 40 of A-Z, a-z, 0-9 and - _ ."]));
    }
    let kind = OrderKind::named(&new.kind).filter(|kind| is_for_many(*kind)).ok_or_else(|| {
        refused("its kind must be add-application, upgrade-application, remove-application, change-keys, block or terminate")
    })?;
    let text = new.argument.as_deref().unwrap_or_default();
    let argument = argument::read(kind, text).map_err(|reason| refused(&format!("the argument {reason}")))?;
    let selection = new.selection.parse().map_err(|reason: String| refused(&reason))?;
    let profile = match (&new.profile, kind.has_data()) {
        (Some(name), true) => Some(document::profile(&*center.store, name).await?),
        (None, true) => return Err(refused("name the profile that holds the new application or program")),
        (Some(_), false) => return Err(refused("an order of this kind names no profile: leave it out")),
        (None, false) => None,
    };
    Ok(Read { kind, argument, profile, selection })
}

/// Whether a change can be ordered for many cards at once: it brings nothing that only one holder has.
fn is_for_many(kind: OrderKind) -> bool {
    matches!(
        kind,
        OrderKind::AddApplication
            | OrderKind::UpgradeApplication
            | OrderKind::RemoveApplication
            | OrderKind::ChangeKeys
            | OrderKind::Block
            | OrderKind::Terminate
    )
}
