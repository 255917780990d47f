//! The end of a world: the accidents stop, every card is put in again, and everything that was ordered is carried out.

use std::collections::{BTreeMap, BTreeSet};

use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Card as CardRow, Order};
use cardwright_issuance::state::{CardState, IssuanceState, KeySetState, OrderState};
use cardwright_issuing_center::store::Store;
use cardwright_virtual_card::CardLifeCycle;

use super::furnish::HOLDER;
use super::world::World;
use super::{Broken, Report, assertions, at_once};

/// How often each card is put in at most: for what was left, and for each change that waits.
const VISITS: usize = 12;

impl World {
    pub(super) fn ended_well(mut self) -> Result<Report, Broken> {
        self.everything_expires()?;
        self.dice.calm_down();
        // what is still on its way comes late
        std::mem::take(&mut self.strays).into_iter().for_each(|stray| drop(at_once(stray)));
        self.every_card_is_put_in()?;
        self.every_order_gets_a_card()?;
        self.every_lock_is_opened();
        self.every_card_is_put_in()?;
        for one in [Self::unsettled, Self::left_over, Self::misread, Self::doubled, Self::keys_twice] {
            let found = one(&mut self);
            self.fine_unless(found)?;
        }
        self.count();
        self.report.issued = self.all(|order| order.kind.is_new_card()).len() as u32;
        Ok(self.report)
    }

    fn all(&self, meant: impl Fn(&Order) -> bool) -> Vec<Order> {
        let orders = at_once(self.center.store.orders(1_000)).unwrap_or_default();
        orders.into_iter().filter(meant).collect()
    }

    /// What was left, and what was settled of it.
    fn count(&mut self) {
        let is_unknown = |state| [IssuanceState::Unknown, IssuanceState::Interrupted].contains(&state);
        let issuances = self.center.store.all_issuances();
        self.report.unknown = issuances.iter().filter(|one| is_unknown(one.state)).count() as u32;
        let settled = issuances.iter().filter(|one| one.basis.settles && one.state == IssuanceState::Issued);
        self.report.settled = settled.count() as u32;
    }

    fn row(&self, card: usize) -> CardRow {
        let rows = self.center.store.all_cards();
        rows.into_iter().find(|row| row.id == self.cards[card].id).expect("the world's cards are there")
    }

    /// At a desk, until nothing waits for it.
    fn every_card_is_put_in(&mut self) -> Result<(), Broken> {
        for card in 0..self.cards.len() {
            for _ in 0..VISITS {
                let row = self.row(card);
                if row.state == CardState::Quarantined {
                    self.lift(&row);
                }
                let unknown = [CardState::Unknown, CardState::PartlyActivated, CardState::Quarantined];
                let is_unknown = unknown.contains(&row.state);
                let waits = self.all(|order| order.card == Some(row.id) && order.state == OrderState::Prepared);
                if row.state == CardState::Stock || (!is_unknown && waits.is_empty()) {
                    break;
                }
                self.serve("north", None, card);
                let found = assertions::broken(&self.center.store, &self.cards);
                self.fine_unless(found)?;
            }
        }
        Ok(())
    }

    /// Orders that wait for a card get a blank one.
    fn every_order_gets_a_card(&mut self) -> Result<(), Broken> {
        for order in self.all(|order| order.kind.is_new_card() && order.state == OrderState::Prepared) {
            let blank = (0..self.cards.len()).find(|card| self.row(*card).state == CardState::Stock);
            self.serve(&order.base, Some(&order.reference), blank.expect("there are more cards than orders"));
            let found = assertions::broken(&self.center.store, &self.cards);
            self.fine_unless(found)?;
        }
        Ok(())
    }

    fn every_lock_is_opened(&mut self) {
        for row in self.center.store.all_cards() {
            if row.state == CardState::Locked {
                self.order_one(&row, OrderKind::Unblock);
            }
        }
    }

    fn unsettled(&mut self) -> Option<String> {
        let rests = |state| matches!(state, CardState::Stock | CardState::Live);
        let row = self.center.store.all_cards().into_iter().find(|row| !rests(row.state))?;
        Some(format!("a card is left {:?} after {} tries", row.state, row.open_tries))
    }

    fn left_over(&mut self) -> Option<String> {
        let order = self.all(|order| order.state != OrderState::Issued).pop()?;
        Some(format!("order {}, {}, is left {:?}", order.reference, order.kind.name(), order.state))
    }

    /// Each card says what its orders asked for: the number, and the name of the last change; and is not locked.
    fn misread(&mut self) -> Option<String> {
        let mut names = BTreeMap::new();
        for issuance in at_once(self.center.store.orders(1_000)).unwrap_or_default().iter().filter_map(|order| {
            let done = self.center.store.all_issuances().into_iter();
            done.filter(|one| one.order == order.id && one.state == IssuanceState::Issued).max_by_key(|one| one.opened)
        }) {
            let order = at_once(self.center.store.order(issuance.order)).ok()??;
            let name = match order.kind {
                OrderKind::PersonalData => self.names.get(&order.reference)?.clone(),
                OrderKind::New => HOLDER.to_owned(),
                _ => continue,
            };
            let newest = names.entry(issuance.card).or_insert((issuance.opened, name.clone()));
            if newest.0 < issuance.opened {
                *newest = (issuance.opened, name);
            }
        }
        self.cards.iter_mut().filter(|card| card.is_active()).find_map(|card| {
            let is_open = card.card.state().life_cycle == CardLifeCycle::Secured;
            let (_, name) = names.get(&card.id)?;
            let told = card.told(0x01);
            let right = is_open && told == name.as_bytes();
            (!right).then(|| format!("a card says {:?} instead of {name}", String::from_utf8_lossy(&told)))
        })
    }

    /// Two cards that can be used and carry the same number.
    fn doubled(&mut self) -> Option<String> {
        let mut numbers = BTreeSet::new();
        let mut active = self.cards.iter_mut().filter(|card| card.is_active());
        let twice = active.any(|card| !numbers.insert(card.told(0x02)));
        twice.then(|| "two cards that can be used carry one number".into())
    }

    /// No key value was made for two key sets, and none was put on a card by two issuances.
    fn keys_twice(&mut self) -> Option<String> {
        let mut values = BTreeSet::new();
        if !self.center.store.all_key_sets().iter().all(|set| values.insert(set.check_values)) {
            return Some("two key sets have one value".into());
        }
        let mut put = BTreeSet::new();
        let issuances = self.center.store.all_issuances();
        let mut names = issuances.iter().filter_map(|one| Some((one.card, one.basis.puts?)));
        if !names.all(|name| put.insert(name)) {
            return Some("a key value was put on a card twice".into());
        }
        let sets = self.center.store.all_key_sets();
        let on_card = |card| sets.iter().filter(|set| set.card == card && set.state == KeySetState::OnCard).count();
        let wrong = self.cards.iter().find(|card| card.is_active() && on_card(card.id) != 1)?;
        Some(format!("{} key sets are on a card, as it is on record", on_card(wrong.id)))
    }
}
