//! What RSA costs: keys for cards, made ahead, and a certificate signed.
//!
//! `cargo bench -p cardwright-keystore --bench rsa`

use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{KeyId, KeyKind, KeyRef, Keystore, NewKey, NewSealedRsa, Purpose, RsaExponent, RsaSize};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn keystore_with(name: &str, kind: KeyKind, purpose: Purpose) -> (SoftwareKeystore, KeyId) {
    let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
    let new = NewKey { id: KeyId::new(name, 1).expect("a handle"), kind, purpose, created: 0 };
    let id = keystore.generate(&new).expect("a new key").id;
    (keystore, id)
}

/// The rate of one core: a card key made and sealed. Primes are found by luck, so that many are made.
#[divan::bench(args = [1152, 1408, 1640], consts = [3, 65537], sample_count = 150, sample_size = 1)]
fn card_key_made_and_sealed<const E: u32>(bencher: Bencher<'_, '_>, bits: u16) {
    let (keystore, under) = keystore_with("data", KeyKind::Aes256, Purpose::Wrap);
    let under = KeyRef::from(under);
    let size = size::<E>(bits);
    let item = NewSealedRsa { under: &under, associated_data: b"pool", size };
    bencher.counter(ItemsCount::new(1_u8)).bench(|| keystore.rsa_generate_sealed_batch(&[item]).expect("a Wrap key"));
}

/// The raw private operation, its result verified: what one certificate costs.
#[divan::bench(args = [1152, 1408, 1976, 2048], consts = [3, 65537])]
fn signature<const E: u32>(bencher: Bencher<'_, '_>, bits: u16) {
    let size = size::<E>(bits);
    let (keystore, key) = keystore_with("issuer", KeyKind::Rsa(size), Purpose::RsaSign);
    let block = vec![0x6A; size.length()];
    bencher.bench(|| keystore.rsa_private(&key, &block).expect("an RsaSign key"));
}

fn size<const E: u32>(bits: u16) -> RsaSize {
    let exponent = if E == 3 { RsaExponent::Three } else { RsaExponent::F4 };
    RsaSize::new(bits, exponent).expect("whole bytes")
}
