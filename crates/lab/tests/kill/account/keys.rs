//! The key sets of cards: no value twice, and a card at rest has the one that is on record.

use std::collections::{BTreeMap, BTreeSet};

use cardwright_issuance::row::Card;
use cardwright_issuance::state::KeySetState;
use cardwright_issuing_center::store::Store;

use super::Account;
use crate::card::HeldCard;

pub(super) async fn check(account: &mut Account<'_>, rows: &BTreeMap<[u8; 10], Card>, cards: &[HeldCard]) {
    let mut values = BTreeSet::new();
    for card in cards {
        let Some(row) = rows.get(&card.kdd) else { continue };
        let name = hex::encode_upper(card.kdd);
        let sets = account.store.key_sets(row.id).await.unwrap();
        for set in sets.iter().filter(|set| set.state != KeySetState::Derived) {
            let is_new = values.insert(set.check_values);
            account.expect(is_new, || format!("card {name}: a key value of version {:02X} twice", set.version));
        }
        if !row.state.is_in_use() {
            continue;
        }
        let on_card: Vec<u8> = sets.iter().filter(|set| set.state.may_be_on_card()).map(|set| set.version).collect();
        let there = card.key_versions();
        account.expect(on_card == there, || format!("card {name} holds keys {there:02X?}, on record {on_card:02X?}"));
    }
}
