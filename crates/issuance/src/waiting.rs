//! What waits for a card that is in use: which changes its state allows, and which of them comes first.

use crate::kind::OrderKind;
use crate::row::Order;
use crate::state::CardState;

/// Whether a card in its state can have a change of this kind: one that is blocked takes nothing but to be made usable
/// again, or ended (GPCS Table 11-1: no PUT KEY either); one that is lost or ended is only made to know it.
#[must_use]
pub fn fits(kind: OrderKind, state: CardState) -> bool {
    match state {
        CardState::Live => kind != OrderKind::Unblock,
        CardState::Locked => matches!(kind, OrderKind::Unblock | OrderKind::Block | OrderKind::Terminate),
        CardState::Lost | CardState::Terminated => matches!(kind, OrderKind::Block | OrderKind::Terminate),
        _ => false,
    }
}

/// Whether a change of this kind is among what waits for a card in this state: one that fits, and while the card is being
/// written or not known, all that may fit afterwards.
#[must_use]
pub fn is_offered(kind: OrderKind, state: CardState) -> bool {
    match state {
        CardState::Dirty
        | CardState::Verified
        | CardState::Activating
        | CardState::PartlyActivated
        | CardState::Unknown => true,
        settled => fits(kind, settled),
    }
}

/// Puts a card's orders, which are oldest first, into the order in which they are carried out: its end and its lock come
/// before the others.
pub fn sort(orders: &mut [Order]) {
    orders.sort_by_key(|order| rank(order.kind));
}

/// What comes first; of the same rank, the older one.
fn rank(kind: OrderKind) -> u8 {
    match kind {
        OrderKind::Terminate => 0,
        OrderKind::Block => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_card_is_not_written_before_it_is_unlocked() {
        use OrderKind::{Block, ChangeKeys, PersonalData, Terminate, Unblock};
        for kind in [PersonalData, ChangeKeys] {
            assert!(fits(kind, CardState::Live));
            assert!(!fits(kind, CardState::Locked) && !fits(kind, CardState::Lost));
        }
        assert!([Block, Unblock, Terminate].into_iter().all(|kind| fits(kind, CardState::Locked)));
        assert!([Block, Terminate].into_iter().all(|kind| fits(kind, CardState::Lost)));
        assert!(!fits(Unblock, CardState::Lost) && !fits(Unblock, CardState::Live));
        assert!(rank(Terminate) < rank(Block) && rank(Block) < rank(Unblock));
    }

    #[test]
    fn what_may_fit_when_a_card_is_settled_waits_until_then() {
        assert!(is_offered(OrderKind::PersonalData, CardState::Unknown));
        assert!(!fits(OrderKind::PersonalData, CardState::Unknown));
        assert!(!is_offered(OrderKind::PersonalData, CardState::Quarantined));
    }
}
