//! Card keys of a master key, against published check values.

use cardwright_globalplatform::{Diversification, KeySize, StaticKey};

use crate::keystore::{aes_ecb_block, execute, tdes_ecb};
use crate::vectors::Vector;

fn scheme(vector: &Vector) -> Diversification {
    match (vector.text("scheme"), vector.hex("master").len()) {
        ("visa2", _) => Diversification::Visa2,
        ("emv", _) => Diversification::Emv,
        ("kdf3", 32) => Diversification::Kdf3(KeySize::Aes256),
        ("kdf3", _) => Diversification::Kdf3(KeySize::Aes128),
        (other, _) => panic!("no scheme {other}"),
    }
}

/// Key check value: triple DES of zeroes, AES of 01 (GPCS §B.6).
fn check_value(scheme: Diversification, key: &[u8]) -> String {
    let block = match scheme {
        Diversification::Kdf3(_) => aes_ecb_block(key, [1; 16]).to_vec(),
        _ => tdes_ecb(key, &[0; 8]),
    };
    hex::encode_upper(&block[..3])
}

#[test]
fn card_keys_have_the_published_check_values() {
    for vector in Vector::all("diversification.json", "diversification") {
        let data: [u8; 10] = vector.hex("kdd").try_into().unwrap();
        let keys = StaticKey::ALL.map(|key| execute(&vector.hex("master"), &scheme(&vector).derivation(key, &data)));
        if vector.has("enc") {
            assert_eq!(keys[0], vector.hex("enc"), "{}", vector.passport());
        } else {
            let found = keys.map(|key| check_value(scheme(&vector), &key));
            assert_eq!(found.to_vec(), vector.texts("kcv_enc_mac_dek"), "{}", vector.passport());
        }
    }
}
