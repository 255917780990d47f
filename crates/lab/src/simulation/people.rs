//! What people do: they order changes of cards in use, and let cards go on that were put aside.

use cardwright_issuance::change::Change;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Card as CardRow, Order};
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::store::{Commit, Store};

use super::at_once;
use super::furnish::Asked;
use super::world::World;

impl World {
    /// Somebody orders a change of any card in use, and another person approves it.
    pub(super) fn order_change(&mut self) {
        let in_use: Vec<_> = self.center.store.all_cards().into_iter().filter(|row| row.state.is_in_use()).collect();
        if in_use.is_empty() {
            return;
        }
        let card = &in_use[self.dice.below(in_use.len())];
        let kind = match card.state {
            CardState::Locked => OrderKind::Unblock,
            _ => [OrderKind::ChangeKeys, OrderKind::PersonalData, OrderKind::Block][self.dice.below(3)],
        };
        self.order_one(card, kind);
    }

    /// Orders one change, unless the same is ordered already.
    pub(super) fn order_one(&mut self, card: &CardRow, kind: OrderKind) {
        let orders = at_once(self.center.store.orders_of_card(card.id)).unwrap_or_default();
        let same = |order: &&Order| order.kind == kind && order.state == OrderState::Prepared;
        if orders.iter().any(|order| same(&order)) {
            return;
        }
        let reference = format!("change-{}", self.report.changes);
        let own = orders.iter().find(|order| order.kind.is_new_card()).expect("a card in use has an order");
        let number = format!("62000012345678{:0>2}", own.reference.trim_start_matches("order-"));
        let name = format!("Ada {reference}");
        let lengths: &[&str] = if self.product.has_spare_key_set() { &["16", "24", "32"] } else { &["16"] };
        let length = lengths[self.dice.below(lengths.len())];
        let asked = Asked {
            reference: reference.clone(),
            base: "north",
            kind,
            argument: (kind == OrderKind::ChangeKeys).then(|| length.to_owned()),
            card: Some(card.id),
            columns: vec![("name", &name), ("card_number", &number)],
            photo: None,
        };
        // a card that is to be blocked is used no more from the approval on
        let locks = kind == OrderKind::Block && card.state == CardState::Live;
        self.enter(&asked, if locks { vec![moved(card, CardState::Locked, card.open_tries)] } else { Vec::new() });
        self.names.insert(reference, name);
        self.report.changes += 1;
    }

    /// Two people let a card go on that was put aside: it has one try more, and what it holds is found out.
    pub(super) fn lift(&mut self, card: &CardRow) {
        let changes = vec![moved(card, CardState::Unknown, card.open_tries.saturating_sub(1))];
        at_once(self.center.store.commit(Commit { changes, ..Commit::default() })).expect("nothing else goes on");
        self.report.lifted += 1;
    }
}

fn moved(card: &CardRow, to: CardState, open_tries: u8) -> Change {
    let CardRow { id, state, order, ref masked_number, .. } = *card;
    Change::MoveCard { card: id, from: state, to, order, open_tries, masked_number: masked_number.clone() }
}
