//! What an event says about a card's key sets: only a cryptogram, or the R-MAC under one, says which the card has.

use super::{Arrived, Opening};
use crate::change::Change;
use crate::row::KeySet;
use crate::state::{KeySetState, State};

fn name(set: &KeySet) -> (u8, u32) {
    (set.version, set.generation)
}

fn moved(set: &KeySet, to: KeySetState) -> Option<Change> {
    let (card, key_set, from) = (set.card, name(set), set.state);
    from.may_become(to).then_some(Change::MoveKeySet { card, key_set, from, to })
}

/// The card answered with one of its key sets: that one is on it. Where a key set takes another's place, the others are
/// not. The new one is intended.
pub(super) fn at_opening(opening: &Opening<'_>) -> Vec<Change> {
    let basis = &opening.basis;
    let is_new = |set: &KeySet| Some(name(set)) == basis.puts;
    let known = opening.key_sets.iter().filter(|set| !is_new(set)).filter_map(|set| {
        if name(set) == basis.opened_with {
            return if set.state == KeySetState::Intended { moved(set, KeySetState::OnCard) } else { None };
        }
        // a set that was never sent may be kept for later
        let gone = !basis.beside && set.state != KeySetState::Derived;
        gone.then(|| moved(set, KeySetState::Retired)).flatten()
    });
    let new = opening.key_sets.iter().chain(opening.derived).find(|set| is_new(set));
    known.chain(new.and_then(|set| moved(set, KeySetState::Intended))).collect()
}

/// The new key set is proven on the card. One that it took the place of is gone.
pub(super) fn put(arrived: &Arrived<'_>) -> Vec<Change> {
    let basis = &arrived.issuance.basis;
    let next = |set: &KeySet| match name(set) {
        new if Some(new) == basis.puts => moved(set, KeySetState::OnCard),
        old if old == basis.opened_with && !basis.beside => moved(set, KeySetState::Retired),
        _ => None,
    };
    arrived.key_sets.iter().filter_map(next).collect()
}

/// The order is carried out: the card has the new key set where there is one, and no other.
pub(super) fn at_the_end(arrived: &Arrived<'_>) -> Vec<Change> {
    let basis = &arrived.issuance.basis;
    let last = basis.puts.unwrap_or(basis.opened_with);
    let next = |set: &KeySet| match (name(set) == last, set.state) {
        (true, _) => moved(set, KeySetState::OnCard),
        (false, KeySetState::Derived | KeySetState::Retired) => None,
        (false, _) => moved(set, KeySetState::Retired),
    };
    arrived.key_sets.iter().filter_map(next).collect()
}
