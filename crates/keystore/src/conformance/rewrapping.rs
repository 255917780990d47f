//! Keys encrypted for a token.

use super::{Outcome, generated, hexadecimal, refused, same, unsuitable, wrapped_value};
use crate::{KeyKind, KeyRef, Keystore, Purpose, RewrapMechanism, Rewrapping};

/// 3DES-ECB: a published log of a token that takes an AES key under SCP02. AES-CBC: made with `openssl enc`.
pub(super) fn rewrapping_gives_the_known_answers(keystore: &dyn Keystore) -> Outcome {
    let seal = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let wrapped = |kind, value: &str| wrapped_value(keystore, &seal, kind, value);
    let counted = "404142434445464748494A4B4C4D4E4F";
    let long = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4";
    let medium = "000102030405060708090A0B0C0D0E0F1011121314151617";
    let (ecb, cbc) = (RewrapMechanism::TdesEcb, RewrapMechanism::AesCbcZeroIv);
    for (key, under, mechanism, ciphertext, kcv) in [
        (
            wrapped(KeyKind::Aes128, counted)?,
            wrapped(KeyKind::Tdes2, "C61DF24D2C9A770E32E969984B5B7074")?,
            ecb,
            "B23034FA4329DE9AD8E91583618813B3",
            "504A77",
        ),
        (
            wrapped(KeyKind::Aes192, medium)?,
            wrapped(KeyKind::Aes256, long)?,
            cbc,
            "B7BF3A5DF43989DD97F0FA97EBCE2F4A246681AA50D1422C5341522AF03F9C6F",
            "38FCB6",
        ),
    ] {
        let (key, under) = (KeyRef::from(key.key), KeyRef::from(under.key));
        let rewrapped = keystore.rewrap(&[Rewrapping { key: &key, under: &under, mechanism }])?;
        same(&hexadecimal(&rewrapped[0].ciphertext), ciphertext, "the encrypted key")?;
        same(&rewrapped[0].kcv.to_string(), kcv, "its check value")?;
    }
    Ok(())
}

/// A mechanism under a key of another cipher.
pub(super) fn rewrapping_refuses_what_does_not_fit(keystore: &dyn Keystore) -> Outcome {
    let seal = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let key = wrapped_value(keystore, &seal, KeyKind::Aes128, "2B7E151628AED2A6ABF7158809CF4F3C")?.key.into();
    let aes = generated(keystore, "aes", KeyKind::Aes128, Purpose::Token)?.into();
    let tdes = generated(keystore, "tdes", KeyKind::Tdes2, Purpose::Token)?.into();
    for (under, mechanism) in [(&aes, RewrapMechanism::TdesEcb), (&tdes, RewrapMechanism::AesCbcZeroIv)] {
        let done = keystore.rewrap(&[Rewrapping { key: &key, under, mechanism }]);
        refused(done, unsuitable, "a mechanism of another cipher")?;
    }
    Ok(())
}
