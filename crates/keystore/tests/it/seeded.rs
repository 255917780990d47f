//! Randomness that can be replayed, and a keystore made with it.

use std::sync::Mutex;

use cardwright_keystore::software::{PassphraseCost, Settings, SoftwareKeystore};
use cardwright_keystore::{KeyId, KeyKind, Keystore, NewKey, Purpose};

/// SplitMix64 from `seed`: for tests only, anybody can predict it.
pub(crate) fn source(seed: u64) -> Box<dyn cardwright_keystore::software::RandomSource> {
    let state = Mutex::new(seed);
    Box::new(move |bytes: &mut [u8]| {
        let mut state = state.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = *state;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes()[..chunk.len()]);
        }
    })
}

/// Settings for tests: cheap, and the same every time.
pub(crate) fn settings() -> Settings {
    Settings { cost: PassphraseCost::weak_for_tests(), random: source(1), ..Settings::default() }
}

/// A key to be made.
pub(crate) fn new_key(id: &str, kind: KeyKind, purpose: Purpose) -> NewKey {
    NewKey { id: id.parse().unwrap(), kind, purpose, created: 1_700_000_000_000_000 }
}

/// A key made inside.
pub(crate) fn generated(keystore: &dyn Keystore, id: &str, kind: KeyKind, purpose: Purpose) -> KeyId {
    keystore.generate(&new_key(id, kind, purpose)).unwrap().id
}

#[test]
fn the_same_seed_gives_the_same_keys_and_another_seed_others() {
    let public = |seed| {
        let keystore = SoftwareKeystore::in_memory(source(seed));
        for (kind, purpose) in [(KeyKind::Aes256, Purpose::Wrap), (KeyKind::P256, Purpose::Sign)] {
            generated(&keystore, &format!("{kind:?}.1").to_lowercase(), kind, purpose);
        }
        keystore.list().unwrap()
    };
    assert_eq!(public(7), public(7));
    assert_ne!(public(7)[0].public, public(8)[0].public);
}
