//! An outside judge: the `openssl` command verifies what the keystore signs, and computes what it computes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    KeyId, KeyKind, KeyRef, Keystore, NewSealedRsa, PublishedKeys, Purpose, RsaExponent, RsaSize,
};
use cardwright_keystore::{RsaComponents, conformance};

use crate::seeded;

const RAW: [&str; 2] = ["-pkeyopt", "rsa_padding_mode:none"];

/// Of 1976 bits, e = 3, made with `openssl genpkey`.
pub(crate) fn pkcs8() -> Vec<u8> {
    golden("rsa-1976-e3.pkcs8")
}

pub(crate) fn kind() -> KeyKind {
    KeyKind::Rsa(RsaSize::new(1976, RsaExponent::Three).unwrap())
}

/// `6A 01 02 … F6`.
pub(crate) fn block() -> Vec<u8> {
    [0x6A].into_iter().chain(1..=246).collect()
}

/// What `openssl pkeyutl -decrypt -pkeyopt rsa_padding_mode:none` made of the block.
pub(crate) fn power() -> Vec<u8> {
    golden("rsa-1976-e3.power")
}

fn golden(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)).unwrap()
}

fn openssl(place: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).current_dir(place).output().unwrap()
}

fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn openssl_verifies_our_signatures_and_no_others() {
    let keystore = SoftwareKeystore::in_memory(seeded::source(3));
    let key = seeded::generated(&keystore, "sign.1", KeyKind::P256, Purpose::Sign);
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::write(path("public"), keystore.public_key(&key).unwrap()).unwrap();
    fs::write(path("message"), b"the reader list of today").unwrap();
    fs::write(path("other"), b"the reader list of yesterday").unwrap();
    fs::write(path("signature"), keystore.sign(&key, b"the reader list of today").unwrap()).unwrap();
    let verify = ["dgst", "-sha256", "-keyform", "DER", "-verify", "public", "-signature", "signature"];
    let verifies = |message| openssl(place.path(), &[&verify[..], &[message]].concat());
    let good = verifies("message");
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert!(!verifies("other").status.success(), "the control: another message");
}

#[test]
fn a_key_of_openssl_gives_the_power_that_openssl_gives() {
    let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
    let new = seeded::new_key("issuer.1", kind(), Purpose::RsaSign);
    let key = keystore.import(&new, &pkcs8(), None, PublishedKeys::Refused).unwrap().id;
    assert_eq!(keystore.rsa_private(&key, &block()).unwrap(), power());
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("key"), pkcs8()).unwrap();
    for number in 0..5_u8 {
        let block: Vec<u8> = keystore.random(247).unwrap().iter().map(|byte| byte & 0x7F).collect();
        fs::write(place.path().join("block"), &block).unwrap();
        // Raw, the command's decryption is the private operation; its signing takes nothing longer than a hash.
        let sign = ["pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", "key", "-in", "block", "-out", "power"];
        said(openssl(place.path(), &[&sign[..], &RAW].concat()));
        let expected = fs::read(place.path().join("power")).unwrap();
        assert_eq!(keystore.rsa_private(&key, &block).unwrap(), expected, "block {number}");
    }
}

/// Sizes, primes and all numbers of keys made for cards, checked by the command; and a named key's powers.
#[test]
fn openssl_finds_our_rsa_keys_whole_and_of_the_size_asked_for() {
    let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
    let under = KeyRef::from(seeded::generated(&keystore, "pool.1", KeyKind::Aes256, Purpose::Wrap));
    let place = tempfile::tempdir().unwrap();
    for exponent in [RsaExponent::Three, RsaExponent::F4] {
        for bits in [512, 520, 1152, 1408, 1640, 1976, 1984, 2048] {
            let size = RsaSize::new(bits, exponent).unwrap();
            let item = NewSealedRsa { under: &under, associated_data: b"pool", size };
            let made = keystore.rsa_generate_sealed_batch(&[item]).unwrap().remove(0);
            let components =
                RsaComponents::from_bytes(&keystore.decrypt(&under, b"pool", &made.sealed).unwrap()).unwrap();
            fs::write(place.path().join("key"), conformance::pkcs8(&components)).unwrap();
            let check = ["rsa", "-inform", "DER", "-in", "key", "-check", "-noout", "-text", "-modulus"];
            let told = said(openssl(place.path(), &check));
            assert!(told.contains("RSA key ok"), "{size}: {told}");
            assert!(told.contains(&format!("Private-Key: ({bits} bit, 2 primes)")), "{size}: {told}");
            let e = if exponent == RsaExponent::Three { "publicExponent: 3 (" } else { "publicExponent: 65537 (" };
            assert!(told.contains(e), "{size}: {told}");
            assert!(told.contains(&format!("Modulus={}", hex::encode_upper(&made.public.modulus))), "{size}");
        }
    }
}

#[test]
fn a_named_key_gives_powers_that_openssl_takes_back() {
    let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
    let place = tempfile::tempdir().unwrap();
    for (number, exponent) in [RsaExponent::Three, RsaExponent::F4].into_iter().enumerate() {
        let kind = KeyKind::Rsa(RsaSize::new(1984, exponent).unwrap());
        let id: KeyId = format!("ca.{}", number + 1).parse().unwrap();
        let key = seeded::generated(&keystore, &id.to_string(), kind, Purpose::RsaSign);
        let block = [&[0x6A], &[number as u8; 247][..]].concat();
        fs::write(place.path().join("public"), keystore.public_key(&key).unwrap()).unwrap();
        fs::write(place.path().join("power"), keystore.rsa_private(&key, &block).unwrap()).unwrap();
        let recover = [
            "pkeyutl",
            "-verifyrecover",
            "-pubin",
            "-keyform",
            "DER",
            "-inkey",
            "public",
            "-in",
            "power",
            "-out",
            "block",
        ];
        said(openssl(place.path(), &[&recover[..], &RAW].concat()));
        assert_eq!(fs::read(place.path().join("block")).unwrap(), block);
    }
}
