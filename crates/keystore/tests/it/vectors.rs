//! The project's known-answer data, done as derivations: `vectors/diversification.json` and `vectors/scp02.json`.

use std::fs;
use std::path::Path;

use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    Derivation, KeyId, KeyKind, KeyRef, Keystore, NewWrappedKey, PublishedKeys, Purpose, RewrapMechanism, Rewrapping,
    Source, Wrapped, WrappedPurpose,
};
use serde_json::Value;

use crate::seeded::{generated, new_key};

fn vectors(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    hex::decode(vector[field].as_str().unwrap()).unwrap()
}

struct Bench {
    keystore: SoftwareKeystore,
    seal: KeyId,
}

impl Bench {
    fn new() -> Self {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        let seal = generated(&keystore, "data.1", KeyKind::Aes256, Purpose::Wrap);
        Self { keystore, seal }
    }

    fn wrap(&self, kind: KeyKind, source: Source<'_>) -> Wrapped {
        let new = NewWrappedKey {
            under: &self.seal,
            associated_data: b"vector",
            kind,
            purpose: WrappedPurpose::Token,
            source,
        };
        self.keystore.wrap_new(&new).unwrap()
    }

    fn wrap_clear(&self, kind: KeyKind, value: &[u8]) -> Wrapped {
        self.wrap(kind, Source::Clear { value, expected: None, published: PublishedKeys::AllowedForTransport })
    }
}

/// VISA2 and EMV: two 3DES blocks; KDF3: counted AES-CMACs. `number` is 1 ENC, 2 MAC, 3 DEK.
fn diversification(scheme: &str, kdd: &[u8], number: u8, length: usize) -> Derivation {
    let tdes = |diversifier: [u8; 6]| {
        let block = |half| {
            let mut block = [0; 8];
            block[..6].copy_from_slice(&diversifier);
            block[6..].copy_from_slice(&[half, number]);
            block
        };
        Derivation::TdesEcb { blocks: vec![block(0xF0), block(0x0F)] }
    };
    let counted = |count: u8| [&[count, 0, 0, 0, number, 0], kdd].concat();
    match scheme {
        "visa2" => tdes([kdd[0], kdd[1], kdd[4], kdd[5], kdd[6], kdd[7]]),
        "emv" => tdes(kdd[4..].try_into().unwrap()),
        "kdf3" => Derivation::AesCmac { blocks: (1..=length.div_ceil(16) as u8).map(counted).collect(), length },
        other => panic!("{other}"),
    }
}

#[test]
fn diversified_keys_are_those_of_the_vectors() {
    let bench = Bench::new();
    let mut checked = 0;
    for (number, vector) in vectors("diversification.json").iter().enumerate() {
        let scheme = vector["scheme"].as_str().unwrap();
        let (value, kdd) = (bytes(vector, "master"), bytes(vector, "kdd"));
        let kind = match (scheme, value.len()) {
            ("kdf3", 16) => KeyKind::Aes128,
            ("kdf3", 32) => KeyKind::Aes256,
            _ => KeyKind::Tdes2,
        };
        let new = new_key(&format!("master.{}", number + 1), kind, Purpose::Derive);
        let imported = bench.keystore.import(&new, &value, None, PublishedKeys::AllowedForTransport).unwrap();
        let master = KeyRef::from(imported.id);
        let derive = |key| {
            let derivation = diversification(scheme, &kdd, key, value.len());
            bench.wrap(kind, Source::Derived(&master, &derivation)).kcv.to_string()
        };
        if let Some(expected) = vector["kcv_enc_mac_dek"].as_array() {
            let found = [derive(1), derive(2), derive(3)];
            assert_eq!(
                found.to_vec(),
                expected.iter().map(|kcv| kcv.as_str().unwrap()).collect::<Vec<_>>(),
                "{scheme}"
            );
            checked += 3;
        }
        if vector["enc"].is_string() {
            let expected = bench.wrap_clear(kind, &bytes(vector, "enc"));
            assert_eq!(derive(1), expected.kcv.to_string());
            let derived = master.clone().derive(diversification(scheme, &kdd, 1, value.len()), kind);
            let secret = |key: &KeyRef| {
                let step = Derivation::AesCmac { blocks: vec![vec![1], vec![2]], length: 32 };
                bench.keystore.session_secrets(&[(key, &step)]).unwrap().remove(0).expose().to_vec()
            };
            assert_eq!(secret(&derived), secret(&expected.key.into()), "the whole key, not only its check value");
            checked += 1;
        }
    }
    assert_eq!(checked, 10);
}

#[test]
fn scp02_session_keys_are_those_of_the_vectors() {
    let bench = Bench::new();
    let mut checked = 0;
    for vector in vectors("scp02.json").iter().filter(|vector| vector["kind"] == "scp02-session-keys") {
        let key = KeyRef::from(bench.wrap_clear(KeyKind::Tdes2, &bytes(vector, "key")).key);
        let counter = bytes(vector, "seq");
        for (field, constant) in [("s_enc", [0x01, 0x82]), ("s_mac", [0x01, 0x01]), ("s_dek", [0x01, 0x81])] {
            let mut block = [0; 16];
            block[..2].copy_from_slice(&constant);
            block[2..4].copy_from_slice(&counter);
            let secrets = bench.keystore.session_secrets(&[(&key, &Derivation::TdesCbc { block })]).unwrap();
            assert_eq!(secrets[0].expose(), bytes(vector, field), "{field}");
            checked += 1;
        }
    }
    assert!(checked >= 15, "{checked} keys checked");
}

#[test]
fn the_key_put_on_a_card_is_that_of_the_vector() {
    let bench = Bench::new();
    let vectors = vectors("scp02.json");
    let vector = vectors.iter().find(|vector| vector["kind"] == "put-key-aes-under-scp02").unwrap();
    let under = KeyRef::from(bench.wrap_clear(KeyKind::Tdes2, &bytes(vector, "s_dek")).key);
    let key = KeyRef::from(bench.wrap_clear(KeyKind::Aes128, &bytes(vector, "new_key")).key);
    let mechanism = RewrapMechanism::TdesEcb;
    let rewrapped = bench.keystore.rewrap(&[Rewrapping { key: &key, under: &under, mechanism }]).unwrap().remove(0);
    assert_eq!(rewrapped.kcv.0.to_vec(), bytes(vector, "kcv"));
    let command = bytes(vector, "plain_apdu");
    // PUT KEY: header and Lc 5, new version 1, type 88, length 11, key length 10, the key.
    assert_eq!(command[9..25], rewrapped.ciphertext);
}
