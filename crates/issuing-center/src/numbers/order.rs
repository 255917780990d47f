//! The order in which a range's numbers are given: a permutation that the keystore's search key decides.
//!
//! An unbalanced Feistel network over decimal digits, with a keyed hash for each round. It hides how the numbers of a
//! range follow one another, and nothing else: the numbers themselves are sealed.

use cardwright_keystore::{Error, KeyId, Keystore};

use crate::center::SEARCH_KEY;

const ROUNDS: u8 = 10;

/// What stands at `place` (from 0) of the order of all numbers of `digits` decimal digits, 17 at most.
pub(super) fn at(keystore: &dyn Keystore, range: &str, digits: usize, place: i64) -> Result<i64, Error> {
    let right_digits = digits.div_ceil(2);
    let (left_size, right_size) = (power(digits - right_digits), power(right_digits));
    let key = KeyId::new(SEARCH_KEY, 1)?;
    let (mut left, mut right) = (place / right_size, place % right_size);
    for round in 0..ROUNDS {
        let (from, size) = if round % 2 == 0 { (right, left_size) } else { (left, right_size) };
        let message = minicbor::to_vec(("cardwright number range 1", range, round, from))
            .expect("encoding into a Vec cannot fail: there is no writer that could");
        let mac = keystore.mac(&key, &message)?;
        let (first, _) = mac.split_first_chunk::<16>().expect("a keyed hash has 32 bytes");
        let step = (u128::from_be_bytes(*first) % size as u128) as i64;
        if round % 2 == 0 { left = (left + step) % size } else { right = (right + step) % size }
    }
    Ok(left * right_size + right)
}

fn power(digits: usize) -> i64 {
    (0..digits).fold(1, |power, _| power * 10)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
    use cardwright_keystore::{KeyKind, NewKey, Purpose};

    use super::*;

    fn keystore() -> SoftwareKeystore {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        let id = KeyId::new(SEARCH_KEY, 1).unwrap();
        keystore.generate(&NewKey { id, kind: KeyKind::Hmac256, purpose: Purpose::Mac, created: 0 }).unwrap();
        keystore
    }

    #[test]
    fn every_number_comes_once_and_not_in_its_own_order() {
        let keystore = keystore();
        for (digits, size) in [(0, 1), (1, 10), (2, 100), (3, 1_000)] {
            let numbers: Vec<_> = (0..size).map(|place| at(&keystore, "492900/10", digits, place).unwrap()).collect();
            let all: BTreeSet<_> = numbers.iter().copied().collect();
            assert_eq!(all, (0..size).collect(), "{digits} digits");
        }
        let first: Vec<_> = (0..20).map(|place| at(&keystore, "492900/16", 9, place).unwrap()).collect();
        assert!(first.windows(2).any(|pair| pair[1] - pair[0] != first[1] - first[0]), "{first:?}");
        assert!(first.iter().all(|number| (0..1_000_000_000).contains(number)));
        let elsewhere: Vec<_> = (0..20).map(|place| at(&keystore, "492901/16", 9, place).unwrap()).collect();
        assert_ne!(first, elsewhere, "each range has its own order");
    }
}
