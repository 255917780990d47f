//! Data: encryption, keyed hashes, signatures, randomness.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};

use super::{
    Failure, Outcome, bytes, ensure, generated, hexadecimal, imported, not_authentic, refused, same, wrong_length,
};
use crate::{Decryption, Encryption, KeyKind, KeyRef, Keystore, NewWrappedKey, Purpose, Source, WrappedPurpose};

/// A named Wrap key and a wrapped Data key: both encrypt data.
fn data_keys(keystore: &dyn Keystore) -> Result<[KeyRef; 2], Failure> {
    let under = generated(keystore, "day/2027-01-31", KeyKind::Aes256, Purpose::Wrap)?;
    let wrapped = keystore.wrap_new(&NewWrappedKey {
        under: &under,
        associated_data: b"row 17",
        kind: KeyKind::Aes256,
        purpose: WrappedPurpose::Data,
        source: Source::Random,
    })?;
    Ok([under.into(), wrapped.key.into()])
}

/// Another key, other associated data: nothing opens.
pub(super) fn data_opens_under_the_same_key_only(keystore: &dyn Keystore) -> Outcome {
    let keys = data_keys(keystore)?;
    for (key, other) in [(&keys[0], &keys[1]), (&keys[1], &keys[0])] {
        for length in [0, 1, 15, 16, 17, 16 * 1024] {
            let data = vec![0xA5; length];
            let sealed = keystore.encrypt(key, b"row 17", &data)?;
            ensure(sealed.len() == length + 28, "nonce 12, as long as the data, tag 16")?;
            ensure(*keystore.decrypt(key, b"row 17", &sealed)? == data, "what was encrypted comes back")?;
            refused(keystore.decrypt(key, b"row 18", &sealed), not_authentic, "other associated data")?;
            refused(keystore.decrypt(other, b"row 17", &sealed), not_authentic, "another key")?;
        }
    }
    Ok(())
}

/// Every bit, and every length that is too short.
pub(super) fn a_changed_ciphertext_does_not_open(keystore: &dyn Keystore) -> Outcome {
    for key in data_keys(keystore)? {
        let sealed = keystore.encrypt(&key, b"row", b"name")?;
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            refused(keystore.decrypt(&key, b"row", &changed), not_authentic, "a changed bit")?;
        }
        for length in 0..sealed.len() {
            refused(keystore.decrypt(&key, b"row", &sealed[..length]), not_authentic, "a cut ciphertext")?;
        }
    }
    Ok(())
}

/// In one batch and over batches.
pub(super) fn the_same_data_never_looks_the_same(keystore: &dyn Keystore) -> Outcome {
    let [key, _] = data_keys(keystore)?;
    let item = Encryption { key: &key, associated_data: b"row", data: b"name" };
    let mut sealed = keystore.encrypt_batch(&[item, item])?;
    sealed.extend(keystore.encrypt_batch(&[item, item])?);
    let items: Vec<_> = sealed.iter().map(|sealed| Decryption { key: &key, associated_data: b"row", sealed }).collect();
    ensure(keystore.decrypt_batch(&items)?.iter().all(|data| **data == b"name"), "all of them open")?;
    let mut nonces: Vec<&[u8]> = sealed.iter().map(|sealed| &sealed[..12]).collect();
    nonces.sort_unstable();
    nonces.dedup();
    ensure(nonces.len() == 4, "no nonce is used twice")
}

/// Test case 16 of McGrew and Viega's paper on GCM, the one with data and associated data under AES-256.
pub(super) fn aes_gcm_gives_the_known_answer(keystore: &dyn Keystore) -> Outcome {
    let value = "FEFFE9928665731C6D6A8F9467308308FEFFE9928665731C6D6A8F9467308308";
    let key = imported(keystore, "gcm", KeyKind::Aes256, Purpose::Wrap, value)?.into();
    let sealed = bytes(
        "CAFEBABEFACEDBADDECAF888
         522DC1F099567D07F47F37A32A84427D643A8CDCBFE5C0C97598A2BD2555D1AA
         8CB08E48590DBB3DA7B08B1056828838C5F61E6393BA7A0ABCC9F662
         76FC6ECE0F4E1768CDDF8853BB2D551B",
    );
    let associated_data = bytes("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
    let data = keystore.decrypt(&key, &associated_data, &sealed)?;
    let expected = "D9313225F88406E5A55909C5AFF5269A86A7A9531534F7DA2E4C303D8A318A72
                    1C3C0C95956809532FCF0E2449A6B525B16AEDF5AA0DE657BA637B39";
    same(&hexadecimal(&data), expected, "AES-256-GCM")
}

/// RFC 4231, test cases 1 to 3: their keys, filled up with zeros to 32 bytes, as HMAC itself does.
pub(super) fn hmac_gives_the_known_answers(keystore: &dyn Keystore) -> Outcome {
    let padded = |value: &str, length: usize| value.repeat(length) + &"00".repeat(32 - length * value.len() / 2);
    let (first, second, third) = (padded("0B", 20), padded("4A656665", 1), padded("AA", 20));
    for (name, key, message, expected) in [
        ("case-1", first, "4869205468657265", "B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7"),
        (
            "case-2",
            second,
            "7768617420646F2079612077616E7420666F72206E6F7468696E673F",
            "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
        ),
        ("case-3", third, &"DD".repeat(50), "773EA91E36800E46854DB8EBD09181A72959098B3EF8C122D9635514CED565FE"),
    ] {
        let key = imported(keystore, name, KeyKind::Hmac256, Purpose::Mac, &key)?;
        same(&hexadecimal(&keystore.mac(&key, &bytes(message))?), expected, name)?;
    }
    Ok(())
}

/// Each under its own key and for its own message only.
pub(super) fn signatures_verify(keystore: &dyn Keystore) -> Outcome {
    let first = generated(keystore, "sign/first", KeyKind::P256, Purpose::Sign)?;
    let second = generated(keystore, "sign/second", KeyKind::P256, Purpose::Sign)?;
    let signatures = keystore.sign_batch(&[(&first, b"one"), (&second, b"two")])?;
    let verifies = |key, message: &[u8], signature: &[u8]| -> Result<bool, Failure> {
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, keystore.public_key(key)?)
            .map_err(|_| Failure("the public key is no SubjectPublicKeyInfo of P-256".into()))?;
        Ok(key.verify_sig(message, signature).is_ok())
    };
    ensure(verifies(&first, b"one", &signatures[0])? && verifies(&second, b"two", &signatures[1])?, "they verify")?;
    ensure(!verifies(&first, b"two", &signatures[0])?, "another message")?;
    ensure(!verifies(&second, b"one", &signatures[0])?, "another key")
}

/// The private key of RFC 6979 §A.2.5 and its public key.
pub(super) fn p256_gives_the_known_public_key(keystore: &dyn Keystore) -> Outcome {
    let scalar = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
    let key = imported(keystore, "sign", KeyKind::P256, Purpose::Sign, scalar)?;
    let expected = "3059301306072A8648CE3D020106082A8648CE3D03010703420004
                    60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
                    7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    same(&hexadecimal(&keystore.public_key(&key)?), expected, "the public key")
}

/// And is not the same twice.
pub(super) fn randomness_has_the_length_asked_for(keystore: &dyn Keystore) -> Outcome {
    for length in [0, 1, 16, 0x1_0000] {
        ensure(keystore.random(length)?.len() == length, "the length asked for")?;
    }
    ensure(keystore.random(32)? != keystore.random(32)?, "two draws differ")?;
    refused(keystore.random(0x1_0001), wrong_length, "more than 65,536 bytes at once")
}
