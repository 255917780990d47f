//! What a keystore costs one issuance: the session keys of one opening, and three keys put on a token.
//!
//! `cargo bench -p cardwright-keystore`

use std::path::Path;

use cardwright_keystore::software::{PassphraseCost, Settings, SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    Derivation, KeyKind, KeyRef, Keystore, NewKey, NewWrappedKey, Purpose, RewrapMechanism, Rewrapping, Source,
    WrappedPurpose,
};
use divan::Bencher;

fn main() {
    divan::main();
}

/// A keystore in memory, and `count` wrapped token keys of it.
fn token_keys(count: usize, kind: KeyKind) -> (SoftwareKeystore, Vec<KeyRef>) {
    let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
    let keys = token_keys_of(&keystore, count, kind);
    (keystore, keys)
}

/// A keystore in a file.
fn in_a_file(path: &Path) -> SoftwareKeystore {
    let settings = Settings { cost: PassphraseCost::weak_for_tests(), ..Settings::default() };
    SoftwareKeystore::create(path, b"passphrase", settings).expect("a new file")
}

fn token_keys_of(keystore: &SoftwareKeystore, count: usize, kind: KeyKind) -> Vec<KeyRef> {
    let id = "data.1".parse().expect("a handle");
    let new = NewKey { id, kind: KeyKind::Aes256, purpose: Purpose::Wrap, created: 0 };
    let under = keystore.generate(&new).expect("a new key").id;
    let item = NewWrappedKey {
        under: &under,
        associated_data: b"token 17, generation 1",
        kind,
        purpose: WrappedPurpose::Token,
        source: Source::Random,
    };
    let wrapped = keystore.wrap_new_batch(&vec![item; count]).expect("random keys");
    wrapped.into_iter().map(|wrapped| wrapped.key.into()).collect()
}

/// S-ENC, S-MAC and S-RMAC of one SCP03 opening: 32 bytes of input a block (Amd D §6.2.1).
fn scp03_steps(length: usize) -> [Derivation; 3] {
    [4, 6, 7].map(|constant| {
        let block = |count| {
            let mut block = vec![0; 32];
            block[11] = constant;
            block[13..16].copy_from_slice(&[(length >> 5) as u8, (length << 3) as u8, count]);
            block
        };
        Derivation::AesCmac { blocks: (1..=length.div_ceil(16) as u8).map(block).collect(), length }
    })
}

#[divan::bench(args = [KeyKind::Aes128, KeyKind::Aes256])]
fn session_secrets_of_one_opening(bencher: Bencher<'_, '_>, kind: KeyKind) {
    let (keystore, keys) = token_keys(2, kind);
    let [enc, mac, rmac] = scp03_steps(kind.length());
    let items = [(&keys[0], &enc), (&keys[1], &mac), (&keys[1], &rmac)];
    bencher.bench(|| keystore.session_secrets(&items).expect("token keys"));
}

/// The same, where each call looks whether another program has changed the file.
#[divan::bench]
fn session_secrets_of_one_opening_from_a_file(bencher: Bencher<'_, '_>) {
    let place = tempfile::tempdir().expect("a directory");
    let keystore = in_a_file(&place.path().join("keys"));
    let keys = token_keys_of(&keystore, 2, KeyKind::Aes128);
    let [enc, mac, rmac] = scp03_steps(16);
    let items = [(&keys[0], &enc), (&keys[1], &mac), (&keys[1], &rmac)];
    bencher.bench(|| keystore.session_secrets(&items).expect("token keys"));
}

/// The first call after another program has changed a file of so many keys.
#[divan::bench(args = [10, 1000])]
fn reading_again_what_another_has_changed(bencher: Bencher<'_, '_>, count: u32) {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("keys");
    let keystore = in_a_file(&path);
    for version in 1..=count {
        let id = format!("data.{version}").parse().expect("a handle");
        let new = NewKey { id, kind: KeyKind::Aes256, purpose: Purpose::Wrap, created: 0 };
        keystore.generate(&new).expect("a new key");
    }
    let replace = || {
        std::fs::copy(&path, path.with_extension("new")).expect("a copy");
        std::fs::rename(path.with_extension("new"), &path).expect("the file is ours");
    };
    bencher.with_inputs(replace).bench_values(|()| keystore.list().expect("keys").len());
}

#[divan::bench(args = [KeyKind::Aes128, KeyKind::Aes256])]
fn rewrap_of_three_keys(bencher: Bencher<'_, '_>, kind: KeyKind) {
    let (keystore, keys) = token_keys(4, kind);
    let mechanism = RewrapMechanism::AesCbcZeroIv;
    let items: Vec<_> = keys[1..].iter().map(|key| Rewrapping { key, under: &keys[0], mechanism }).collect();
    bencher.bench(|| keystore.rewrap(&items).expect("token keys"));
}

#[divan::bench]
fn sealing_of_a_row_of_1_kib(bencher: Bencher<'_, '_>) {
    let (keystore, _) = token_keys(0, KeyKind::Aes128);
    let key = KeyRef::Named("data.1".parse().expect("a handle"));
    bencher.bench(|| keystore.encrypt(&key, b"orders/17", &[7; 1024]).expect("a Wrap key"));
}

#[divan::bench]
fn signature(bencher: Bencher<'_, '_>) {
    let (keystore, _) = token_keys(0, KeyKind::Aes128);
    let id = "sign.1".parse().expect("a handle");
    let new = NewKey { id, kind: KeyKind::P256, purpose: Purpose::Sign, created: 0 };
    let key = keystore.generate(&new).expect("a new key").id;
    bencher.bench(|| keystore.sign(&key, b"message").expect("a Sign key"));
}
