//! The card that an order changes, or takes the place of, as far as the order has to fit it.

use cardwright_apdu::Aid;
use cardwright_data_preparation::Profile;
use cardwright_globalplatform::Protocol;
use cardwright_issuance::Id;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::{KeySetState, OrderState};
use cardwright_relay::Code;

use crate::refused::Refused;
use crate::registry::document;
use crate::store::{Store, StoreError};

/// A card with what orders about it are held against.
pub(crate) struct Subject {
    pub(crate) card: Card,
    pub(crate) product: CardProduct,
    /// what its key set speaks
    pub(crate) protocol: Protocol,
    /// the order that issued it
    pub(crate) issued_by: Order,
    /// all orders about it, and for cards in its place, oldest first
    pub(crate) orders: Vec<Order>,
    /// the applications on it
    pub(crate) applications: Vec<Held>,
}

/// An application on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) instance: Aid,
    pub(crate) package: Aid,
    pub(crate) profile: String,
}

impl Subject {
    /// The card that the order `reference` issued, or is about.
    ///
    /// # Errors
    /// The store's own. Within: why there is no such card, and what would be right.
    pub(crate) async fn named<S: Store>(store: &S, reference: &str) -> Result<Result<Self, &'static str>, Refused> {
        if reference.is_empty() {
            let reason = "an order of this kind names a card: write the reference of the order that issued it";
            return Ok(Err(reason));
        }
        let Some(order) = store.order_by_reference(reference).await? else {
            return Ok(Err("there is no such order: write the reference of the order that issued the card"));
        };
        match (order.state, order.card) {
            (OrderState::Issued, Some(card)) => Ok(Ok(Self::of(store, card).await?)),
            _ => Ok(Err("that order is not issued: write the reference of one that is")),
        }
    }

    /// A card that was issued.
    ///
    /// # Errors
    /// `CARD_NOT_FOUND` for one that never was; the store's own.
    pub(crate) async fn of<S: Store>(store: &S, card: Id) -> Result<Self, Refused> {
        let none = || Refused::with(Code::CARD_NOT_FOUND, [hex::encode(*card)]);
        let card = store.card(card).await?.ok_or_else(none)?;
        let product = document::product(store, &card.product).await?;
        let sets = store.key_sets(card.id).await?;
        let protocol = sets.iter().rfind(|set| set.state == KeySetState::OnCard).map(|set| set.protocol);
        let protocol = protocol.unwrap_or_else(|| product.protocol());
        let mut orders = store.orders_of_card(card.id).await?;
        let issued = |order: &&Order| order.state == OrderState::Issued && order.kind.is_new_card();
        let issued_by = orders.iter().rfind(issued).cloned().ok_or_else(none)?;
        let applications = applications(store, &card, &orders).await?;
        orders.extend(store.replacements_of(card.id).await?);
        Ok(Self { card, product, protocol, issued_by, orders, applications })
    }

    /// Whether an application of this profile is on it.
    pub(crate) fn holds(&self, profile: &str) -> bool {
        self.applications.iter().any(|held| held.profile == profile)
    }

    /// The application with this AID.
    pub(crate) fn application(&self, instance: Aid) -> Option<&Held> {
        self.applications.iter().find(|held| held.instance == instance)
    }

    /// The orders that are neither done nor closed.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| is_open(order))
    }
}

/// Whether an order is neither done nor closed.
pub(crate) fn is_open(order: &Order) -> bool {
    !matches!(order.state, OrderState::Issued | OrderState::Rejected | OrderState::Cancelled)
}

/// What the card holds as recorded; where nothing is, what the profiles of its issued orders put on it.
async fn applications<S: Store>(store: &S, card: &Card, orders: &[Order]) -> Result<Vec<Held>, Refused> {
    let damaged = || StoreError::Damaged("the content of a card".into());
    if !card.content.applications.is_empty() {
        let held = card.content.applications.iter().map(|installed| {
            let instance = Aid::new(&installed.instance).map_err(|_| damaged())?;
            let package = Aid::new(&installed.package).map_err(|_| damaged())?;
            Ok(Held { instance, package, profile: installed.profile.clone() })
        });
        return Ok(held.collect::<Result<_, StoreError>>()?);
    }
    let mut held: Vec<Held> = Vec::new();
    let made = orders.iter().filter(|order| order.state == OrderState::Issued && order.kind.has_data());
    for name in made.map(|order| order.profile.as_str()) {
        let profile: Profile = document::profile(store, name).await?;
        for application in profile.applications() {
            held.retain(|known| known.instance != application.instance);
            let (instance, package) = (application.instance, application.package);
            held.push(Held { instance, package, profile: name.to_owned() });
        }
    }
    Ok(held)
}
