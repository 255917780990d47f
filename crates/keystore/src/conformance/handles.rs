//! Handles, kinds, purposes, and what comes in from outside.

use super::{CREATED, Outcome, bytes, ensure, generated, new_key, refused, unsuitable, wrong_length};
use crate::{
    Error, Kcv, KeyId, KeyKind, KeyRef, Keystore, NewKey, Public, PublishedKeys, Purpose, RsaExponent, RsaSize,
};

/// `list` tells what was made, in the order of the handles; `destroy` takes it away for good.
pub(super) fn a_key_is_listed_until_it_is_destroyed(keystore: &dyn Keystore) -> Outcome {
    ensure(keystore.list()?.is_empty(), "a case needs an empty keystore")?;
    let second =
        NewKey { id: KeyId::new("data", 10)?, kind: KeyKind::Aes256, purpose: Purpose::Wrap, created: CREATED };
    let first = NewKey { id: KeyId::new("data", 2)?, created: -1, ..second.clone() };
    let second_info = keystore.generate(&second)?;
    let first_info = keystore.generate(&first)?;
    let listed = keystore.list()?;
    ensure(listed == [first_info.clone(), second_info.clone()], format!("{listed:?} listed"))?;
    ensure(second_info.created == CREATED && first_info.created == -1, "the time made is the caller's")?;
    ensure(first_info.public != second_info.public, "two keys are not the same")?;
    let sealed = keystore.encrypt(&KeyRef::Named(first.id.clone()), b"", b"data")?;
    keystore.destroy(&first.id)?;
    ensure(keystore.list()? == [second_info], "a destroyed key is not listed")?;
    let unknown = |error: &Error| matches!(error, Error::UnknownKey(id) if id.to_string() == "data.2");
    refused(keystore.decrypt(&KeyRef::Named(first.id.clone()), b"", &sealed), unknown, "using a destroyed key")?;
    refused(keystore.destroy(&first.id), unknown, "destroying a key again")
}

/// Neither `generate` nor `import` touches a key that is there.
pub(super) fn a_handle_is_never_given_twice(keystore: &dyn Keystore) -> Outcome {
    let new = new_key("data", KeyKind::Aes256, Purpose::Wrap)?;
    let sealed_under = KeyRef::Named(keystore.generate(&new)?.id);
    let sealed = keystore.encrypt(&sealed_under, b"", b"data")?;
    let exists = |error: &Error| matches!(error, Error::KeyExists(_));
    refused(keystore.generate(&new), exists, "generating under a taken handle")?;
    let imported = keystore.import(&new, &[7; 32], None, PublishedKeys::Refused);
    refused(imported, exists, "importing under a taken handle")?;
    ensure(*keystore.decrypt(&sealed_under, b"", &sealed)? == b"data", "the first key still opens its data")
}

/// Each purpose with each kind.
pub(super) fn purposes_take_only_their_kinds(keystore: &dyn Keystore) -> Outcome {
    let rsa = KeyKind::Rsa(RsaSize::new(512, RsaExponent::Three)?);
    for (number, purpose) in Purpose::ALL.into_iter().enumerate() {
        for (other, kind) in KeyKind::ALL_BUT_RSA.into_iter().chain([rsa]).enumerate() {
            let what = format!("{kind} for {purpose:?}");
            let made = keystore.generate(&new_key(&format!("made/{number}-{other}"), kind, purpose)?);
            let new = new_key(&format!("imported/{number}-{other}"), kind, purpose)?;
            let value: Vec<u8> = (9..=u8::MAX).cycle().take(kind.length()).collect();
            let imported = keystore.import(&new, &value, None, PublishedKeys::Refused);
            if purpose.takes(kind) {
                ensure(made?.kind == kind, format!("{what} is what was asked for"))?;
            } else {
                refused(made, unsuitable, &format!("generating {what}"))?;
            }
            if purpose.takes(kind) && kind != rsa {
                ensure(imported?.purpose == purpose, format!("{what} is what was asked for"))?;
            } else if kind != rsa {
                refused(imported, unsuitable, &format!("importing {what}"))?;
            }
        }
    }
    Ok(())
}

/// Length, check value and the value itself.
pub(super) fn an_import_is_checked(keystore: &dyn Keystore) -> Outcome {
    let new = new_key("master", KeyKind::Aes192, Purpose::Derive)?;
    let value = bytes("000102030405060708090A0B0C0D0E0F1011121314151617");
    let import = |value: &[u8], kcv| keystore.import(&new, value, kcv, PublishedKeys::Refused);
    refused(import(&value[..16], None), wrong_length, "a key that is too short")?;
    refused(import(&[3; 32], None), wrong_length, "a key that is too long")?;
    let mismatch = |error: &Error| {
        matches!(error, Error::KcvMismatch { found: Kcv([0x38, 0xFC, 0xB6]), expected: Kcv([1, 2, 3]) })
    };
    refused(import(&value, Some(Kcv([1, 2, 3]))), mismatch, "a key with another check value")?;
    let info = import(&value, Some(Kcv([0x38, 0xFC, 0xB6])))?;
    ensure(info.public == Public::Kcv(Kcv([0x38, 0xFC, 0xB6])), "the check value is told")?;
    let zone = new_key("zone", KeyKind::Tdes2, Purpose::Zone)?;
    let no_triple = |error: &Error| matches!(error, Error::KeyValue(KeyKind::Tdes2));
    for halves in ["0123456789ABCDEF0123456789ABCDEF", "0123456789ABCDEF0022446688AACCEE"] {
        let imported = keystore.import(&zone, &bytes(halves), None, PublishedKeys::Refused);
        refused(imported, no_triple, "a triple DES key of two equal halves")?;
    }
    let sign = new_key("sign", KeyKind::P256, Purpose::Sign)?;
    let no_scalar = |error: &Error| matches!(error, Error::KeyValue(KeyKind::P256));
    for scalar in [[0x00; 32], [0xFF; 32]] {
        let imported = keystore.import(&sign, &scalar, None, PublishedKeys::Refused);
        refused(imported, no_scalar, "a P-256 scalar out of range")?;
    }
    Ok(())
}

/// The default keys of test tokens, in all sizes.
pub(super) fn published_keys_come_in_as_transport_keys_at_most(keystore: &dyn Keystore) -> Outcome {
    let counted = "404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F";
    let repeated = "404142434445464748494A4B4C4D4E4F404142434445464748494A4B4C4D4E4F";
    let without_parity = "404043434545464649494A4A4C4C4F4F";
    let sample = "47454D5850524553534F53414D504C45";
    let published = |error: &Error| matches!(error, Error::PublishedKey);
    for (kind, value) in [
        (KeyKind::Aes128, counted),
        (KeyKind::Aes192, counted),
        (KeyKind::Aes256, counted),
        (KeyKind::Aes192, repeated),
        (KeyKind::Aes256, repeated),
        (KeyKind::Tdes2, counted),
        (KeyKind::Tdes2, without_parity),
        (KeyKind::Tdes2, sample),
    ] {
        let value = &bytes(value)[..kind.length()];
        for (number, purpose) in [Purpose::Derive, Purpose::Token].into_iter().enumerate() {
            let name = format!("transport/{}-{number}", super::hexadecimal(&value[..4]).to_ascii_lowercase());
            let new = new_key(&format!("{name}-{kind:?}").to_ascii_lowercase(), kind, purpose)?;
            refused(keystore.import(&new, value, None, PublishedKeys::Refused), published, "a published key")?;
            let id = keystore.import(&new, value, None, PublishedKeys::AllowedForTransport)?.id;
            keystore.destroy(&id)?;
        }
    }
    for (name, kind, purpose) in [
        ("data", KeyKind::Aes256, Purpose::Wrap),
        ("search", KeyKind::Hmac256, Purpose::Mac),
        ("cards", KeyKind::Aes256, Purpose::Personalize),
        ("pins", KeyKind::Aes256, Purpose::Zone),
    ] {
        let new = new_key(name, kind, purpose)?;
        let imported = keystore.import(&new, &bytes(counted), None, PublishedKeys::AllowedForTransport);
        refused(imported, published, "a published key to seal or hash with")?;
    }
    generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap).map(drop)
}
