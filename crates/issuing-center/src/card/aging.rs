//! The list into which cards age that were left half-way and never came back.

use cardwright_issuance::row::Card;
use cardwright_issuance::state::CardState;

use crate::refused::Refused;
use crate::store::Store;

/// The states of cards that have to be seen again: what they hold is not known, or is not all.
pub const NEVER_CAME_BACK: [CardState; 3] = [CardState::Unknown, CardState::Dirty, CardState::PartlyActivated];

/// The most cards of one state that are looked at.
const MOST: u32 = 10_000;

/// A card, and since when it is as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aged {
    /// the card
    pub card: Card,
    /// when its last issuance was opened, microseconds since 1970 UTC; none where it never had one
    pub since: Option<i64>,
    /// the reference of its order
    pub order: Option<String>,
}

/// The cards in `states` whose last issuance was opened before `before`, the oldest first; those that never had one
/// last, and only where no time is given.
///
/// # Errors
/// The store's own.
pub async fn aging<S: Store>(store: &S, states: &[CardState], before: Option<i64>) -> Result<Vec<Aged>, Refused> {
    let mut found = Vec::new();
    for state in states {
        for card in store.cards_in(*state, MOST).await? {
            let since = store.issuances_of_card(card.id).await?.last().map(|last| last.opened);
            if before.is_some_and(|before| since.is_none_or(|since| since >= before)) {
                continue;
            }
            let order = match card.order {
                Some(order) => store.order(order).await?.map(|order| order.reference),
                None => None,
            };
            found.push(Aged { card, since, order });
        }
    }
    found.sort_by_key(|aged| (aged.since.unwrap_or(i64::MAX), aged.card.kdd));
    Ok(found)
}
