//! Rows of campaigns, and what is read of orders and cards for changes of cards in use.

use std::future::Future;

use cardwright_issuance::Id;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::{CardState, OrderState};

use super::{Found, Listed};

/// One change of many cards, approved once for the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// in orders
    pub id: Id,
    /// unique
    pub name: String,
    /// what each order of it asks for
    pub kind: OrderKind,
    /// the profile of its orders; none where each card's own is meant
    pub profile: Option<String>,
    /// the argument of its orders
    pub argument: Option<String>,
    /// which cards, as it was written
    pub selection: String,
    /// how far it is
    pub state: CampaignState,
    /// who entered it
    pub entered_by: Id,
    /// when, microseconds since 1970 UTC
    pub entered: i64,
    /// who approved it, never who entered it
    pub approved_by: Option<Id>,
}

/// How far a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CampaignState {
    /// its cards are being looked up
    Selecting,
    /// its cards are known; it waits for approval
    Entered,
    /// its orders are made, and offered when their cards are seen
    Approved,
    /// its orders are not offered
    Paused,
    /// closed for good
    Cancelled,
}

impl CampaignState {
    /// Every state with its name.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::Selecting, "selecting"),
        (Self::Entered, "entered"),
        (Self::Approved, "approved"),
        (Self::Paused, "paused"),
        (Self::Cancelled, "cancelled"),
    ];

    /// Its name in the database and on screens.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

/// What became of a card of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// it gets an order
    Selected,
    /// it has one
    Ordered(Id),
    /// the data that its order would carry over is gone: it gets none
    NeedsData,
    /// the change makes no sense on it any more: it gets none
    LeftOut,
}

impl Outcome {
    /// Its name in the database and on screens.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Selected => "selected",
            Self::Ordered(_) => "ordered",
            Self::NeedsData => "needs-data",
            Self::LeftOut => "left-out",
        }
    }

    /// The order, where there is one.
    #[must_use]
    pub fn order(self) -> Option<Id> {
        match self {
            Self::Ordered(order) => Some(order),
            _ => None,
        }
    }
}

/// A card of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignCard {
    /// the campaign
    pub campaign: Id,
    /// the card
    pub card: Id,
    /// where it was issued
    pub base: String,
    /// what became of it
    pub outcome: Outcome,
}

/// A new row of a campaign, or a change of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignChange {
    /// a new campaign; its name is there once
    New(Campaign),
    /// a new card of it; each is in it once
    Card(CampaignCard),
    /// what became of a card: expects that it is selected
    Settled(CampaignCard),
    /// the campaign goes on; expects `from`. The same state twice only asks whether it is so
    Moved {
        /// the campaign
        campaign: Id,
        /// the state it must be in
        from: CampaignState,
        /// the state it will be in
        to: CampaignState,
        /// who approves it, where that is what happens; never who entered it
        approved_by: Option<Id>,
    },
}

/// What is freed of an order that was cancelled: its prepared data, its tickets and letter that nobody has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freed {
    /// the order
    pub order: Id,
    /// whether its number is free for another order: no card was ever written for it
    pub number: bool,
}

/// How many cards of a campaign are of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// where they were issued
    pub base: String,
    /// the state of their orders, or the outcome of those that have none
    pub what: String,
    /// how many
    pub cards: u32,
}

/// What is read of campaigns.
pub trait CampaignStore {
    /// The campaign of this name.
    fn campaign(&self, name: &str) -> impl Future<Output = Found<Campaign>> + Send;
    /// The campaign of this id.
    fn campaign_by_id(&self, id: Id) -> impl Future<Output = Found<Campaign>> + Send;
    /// All campaigns, newest first.
    fn campaigns(&self) -> impl Future<Output = Listed<Campaign>> + Send;
    /// The cards of a campaign, by id, from the one after `after`, at most `limit`; of `selected` those that have no
    /// order yet and are to get one.
    fn campaign_cards(
        &self,
        campaign: Id,
        selected: bool,
        after: Id,
        limit: u32,
    ) -> impl Future<Output = Listed<CampaignCard>> + Send;
    /// The cards of a campaign, counted by base and by what became of them, in the order of both.
    fn campaign_counts(&self, campaign: Id) -> impl Future<Output = Listed<Count>> + Send;
    /// The orders of a campaign in a state, oldest first, at most `limit`.
    fn campaign_orders(
        &self,
        campaign: Id,
        state: OrderState,
        limit: u32,
    ) -> impl Future<Output = Listed<Order>> + Send;
}

/// What is read of orders and cards for changes of cards in use.
pub trait WaitingStore {
    /// The orders for a card in place of this one, oldest first.
    fn replacements_of(&self, card: Id) -> impl Future<Output = Listed<Order>> + Send;
    /// Cards in a state, by id, from the one after `after`, at most `limit`.
    fn cards_after(&self, state: CardState, after: Id, limit: u32) -> impl Future<Output = Listed<Card>> + Send;
}
