//! A card whose end cannot be asked for.

use super::{about, order_moved, told};
use crate::Id;
use crate::change::{Change, Changes};
use crate::entry::Event;
use crate::kind::OrderKind;
use crate::row::{Card, Issuance};
use crate::state::{CardState, IssuanceState, OrderState, State};

/// The rows where a card is to be ended, is proven to be locked, and what became of its last command is not known. A
/// card that took it says nothing provable any more, to anybody, for good (GPCS §5.1.1.5); one that did not is locked,
/// and nobody but this center unlocks it, which never does what is ended. So there is nothing left to find out.
pub(super) fn ended(now: i64, issuance: &Issuance, card: &Card, outbox: Id) -> Changes {
    let issued = (IssuanceState::Issued, issuance.step);
    let rows = vec![
        Change::MoveIssuance {
            issuance: issuance.id,
            epoch: issuance.epoch,
            from: (issuance.state, issuance.step),
            to: issued,
            deadline: issuance.deadline,
        },
        Change::move_card(card, CardState::Terminated, 0),
        order_moved(issuance, OrderState::Issued),
        told(issuance, now, OrderKind::Terminate.told(), outbox),
    ];
    let events = [
        Event::CardMoved { state: CardState::Terminated.name().to_owned() },
        Event::OrderMoved { state: OrderState::Issued.name().to_owned() },
    ];
    Changes { rows, entries: events.map(|event| about(issuance, now, event)).into() }
}
