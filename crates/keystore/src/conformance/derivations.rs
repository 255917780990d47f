//! Derivations, by known answers and at their limits.

use super::{
    Outcome, bytes, cmac, ensure, generated, imported, refused, same, session_secret, unsuitable, wrapped_value,
    wrong_length,
};
use crate::{Derivation, KeyKind, KeyRef, Keystore, NewWrappedKey, Purpose, Source, WrappedPurpose};

const MESSAGE: &str = "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51
                       30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710";

/// RFC 4493 §4, and SP 800-38B's examples for the longer keys.
pub(super) fn aes_cmac_gives_the_known_answers(keystore: &dyn Keystore) -> Outcome {
    let key_128 = "2B7E151628AED2A6ABF7158809CF4F3C";
    let key_192 = "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B";
    let key_256 = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4";
    for (kind, key, length, expected) in [
        (KeyKind::Aes128, key_128, 0, "BB1D6929E95937287FA37D129B756746"),
        (KeyKind::Aes128, key_128, 16, "070A16B46B4D4144F79BDD9DD04A287C"),
        (KeyKind::Aes128, key_128, 40, "DFA66747DE9AE63030CA32611497C827"),
        (KeyKind::Aes128, key_128, 64, "51F0BEBF7E3B9D92FC49741779363CFE"),
        (KeyKind::Aes192, key_192, 0, "D17DDF46ADAACDE531CAC483DE7A9367"),
        (KeyKind::Aes192, key_192, 16, "9E99A7BF31E710900662F65E617C5184"),
        (KeyKind::Aes256, key_256, 0, "028962F61B7BF89EFC6B551F4667D983"),
        (KeyKind::Aes256, key_256, 16, "28A7023F452E8F82BD4BF28D8C37C35C"),
    ] {
        let name = format!("{kind:?}-{length}").to_ascii_lowercase();
        let key = imported(keystore, &name, kind, Purpose::Token, key)?.into();
        let derivation = Derivation::AesCmac { blocks: vec![bytes(MESSAGE)[..length].to_vec()], length: 16 };
        same(&session_secret(keystore, &key, &derivation)?, expected, &name)?;
    }
    let key = imported(keystore, "two", KeyKind::Aes128, Purpose::Token, key_128)?.into();
    let two = Derivation::AesCmac { blocks: vec![Vec::new(), bytes(MESSAGE)[..16].to_vec()], length: 24 };
    same(&session_secret(keystore, &key, &two)?, "BB1D6929E95937287FA37D129B756746070A16B46B4D4144", "two blocks")
}

/// One-block CBC: the session key S-ENC of a published SCP02 log (counter 001D). ECB: SP 800-67's block cipher by the
/// check value of the same key, and the two halves of a diversified key.
pub(super) fn tdes_derivations_give_the_known_answers(keystore: &dyn Keystore) -> Outcome {
    let value = "404142434445464748494A4B4C4D4E4F";
    let key = KeyRef::from(imported(keystore, "token", KeyKind::Tdes2, Purpose::Token, value)?);
    let cbc = Derivation::TdesCbc { block: [0x01, 0x82, 0x00, 0x1D, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] };
    same(&session_secret(keystore, &key, &cbc)?, "1526478F541984920D6C39016463B195", "3DES-CBC")?;
    let ecb = Derivation::TdesEcb { blocks: vec![[0; 8], [0; 8]] };
    let found = session_secret(keystore, &key, &ecb)?;
    same(&found[..6], "8BAF47", "3DES-ECB")?;
    same(&found[16..], &found[..16], "3DES-ECB takes each block by itself")?;
    let blocks = vec![[4, 5, 6, 7, 8, 9, 0xF0, 1], [4, 5, 6, 7, 8, 9, 0x0F, 1]];
    let master = imported(keystore, "master", KeyKind::Tdes2, Purpose::Derive, value)?.into();
    let under = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let derived = keystore.wrap_new(&NewWrappedKey {
        under: &under,
        associated_data: b"",
        kind: KeyKind::Tdes2,
        purpose: WrappedPurpose::Token,
        source: Source::Derived(&master, &Derivation::TdesEcb { blocks }),
    })?;
    same(&derived.kcv.to_string(), "C33013", "a diversified key")
}

/// Keys that tokens get as data come out of their masters directly: FIPS 197, appendix C, for AES; a check value for
/// 3DES.
pub(super) fn masters_for_personalization_give_the_known_answers(keystore: &dyn Keystore) -> Outcome {
    let counted = "000102030405060708090A0B0C0D0E0F";
    let aes = imported(keystore, "aes", KeyKind::Aes128, Purpose::Personalize, counted)?.into();
    let block = [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF];
    let found = session_secret(keystore, &aes, &Derivation::AesEcb { blocks: vec![block, [1; 16]] })?;
    same(found.get(..32).unwrap_or_default(), "69C4E0D86A7B0430D8CDB78070B4C55A", "AES-ECB")?;
    ensure(found.get(32..) == Some("C352805754237F311AC0FFF4E3E03E78"), "each block by itself")?;
    let other = "0123456789ABCDEFFEDCBA9876543210";
    let tdes = imported(keystore, "tdes", KeyKind::Tdes2, Purpose::Personalize, other)?.into();
    let blocks = vec![[0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]; 2];
    let found = session_secret(keystore, &tdes, &Derivation::TdesEcb { blocks })?;
    same(&found, "1A4D672DCA6CB3351A4D672DCA6CB335", "3DES-ECB")
}

/// Kinds and lengths, in both places where derivations stand.
pub(super) fn derivations_refuse_what_does_not_fit(keystore: &dyn Keystore) -> Outcome {
    let aes = KeyRef::from(generated(keystore, "aes", KeyKind::Aes128, Purpose::Token)?);
    let tdes = KeyRef::from(generated(keystore, "tdes", KeyKind::Tdes2, Purpose::Token)?);
    let ecb = |count| Derivation::TdesEcb { blocks: vec![[1; 8]; count] };
    let secret = |key: &KeyRef, derivation: &Derivation| keystore.session_secrets(&[(key, derivation)]);
    refused(secret(&tdes, &cmac(&["00"], 16)), unsuitable, "AES-CMAC under 3DES")?;
    refused(secret(&aes, &ecb(2)), unsuitable, "3DES-ECB under AES")?;
    refused(secret(&aes, &Derivation::TdesCbc { block: [0; 16] }), unsuitable, "3DES-CBC under AES")?;
    for (blocks, length) in [(0, 0), (1, 0), (0, 1), (1, 17), (2, 16), (2, 33), (5, 65), (5, 80)] {
        let derivation = cmac(&vec!["00"; blocks], length);
        refused(secret(&aes, &derivation), wrong_length, &format!("{length} bytes of {blocks} AES-CMACs"))?;
    }
    for count in [0, 9] {
        refused(secret(&tdes, &ecb(count)), wrong_length, "3DES-ECB of 0 and of 9 blocks")?;
    }
    let aes_ecb = |count| Derivation::AesEcb { blocks: vec![[1; 16]; count] };
    refused(secret(&tdes, &aes_ecb(1)), unsuitable, "AES-ECB under 3DES")?;
    for count in [0, 5] {
        refused(secret(&aes, &aes_ecb(count)), wrong_length, "AES-ECB of 0 and of 5 blocks")?;
    }
    secret(&aes, &aes_ecb(4))?;
    for (blocks, length) in [(1, 1), (4, 64)] {
        secret(&aes, &cmac(&vec!["00"; blocks], length))?;
    }
    let longer = aes.clone().derive(cmac(&["00"], 16), KeyKind::Aes256);
    refused(secret(&longer, &cmac(&["00"], 16)), wrong_length, "an AES-256 key of 16 bytes")?;
    let other = aes.clone().derive(cmac(&["00", "01"], 32), KeyKind::Hmac256);
    refused(secret(&other, &cmac(&["00"], 16)), unsuitable, "a derived HMAC key")
}

/// Four steps, and no fifth.
pub(super) fn a_chain_of_derivations_ends(keystore: &dyn Keystore) -> Outcome {
    let master = generated(keystore, "master", KeyKind::Aes128, Purpose::Derive)?;
    let step = |key: KeyRef| key.derive(cmac(&["01"], 16), KeyKind::Aes128);
    let longest = (0..KeyRef::MAX_DEPTH).fold(KeyRef::from(master), |key, _| step(key));
    keystore.session_secrets(&[(&longest, &cmac(&["02"], 16))])?;
    let longer = step(longest);
    refused(keystore.session_secrets(&[(&longer, &cmac(&["02"], 16))]), wrong_length, "five steps")
}

/// A derived key, a wrapped derived key and the wrapped value of it are one key.
pub(super) fn a_reference_gives_what_its_steps_give(keystore: &dyn Keystore) -> Outcome {
    let value = "2B7E151628AED2A6ABF7158809CF4F3C";
    let master = KeyRef::from(imported(keystore, "master", KeyKind::Aes128, Purpose::Derive, value)?);
    let under = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let step = cmac(&[&MESSAGE[..32]], 16);
    let kept = keystore.wrap_new(&NewWrappedKey {
        under: &under,
        associated_data: b"place",
        kind: KeyKind::Aes128,
        purpose: WrappedPurpose::Token,
        source: Source::Derived(&master, &step),
    })?;
    let clear = wrapped_value(keystore, &under, KeyKind::Aes128, "070A16B46B4D4144F79BDD9DD04A287C")?;
    same(&kept.kcv.to_string(), &clear.kcv.to_string(), "the check values")?;
    let expected = session_secret(keystore, &clear.key.into(), &cmac(&["AA"], 16))?;
    same(&session_secret(keystore, &kept.key.into(), &cmac(&["AA"], 16))?, &expected, "the wrapped derived key")?;
    let derived = master.derive(step, KeyKind::Aes128);
    same(&session_secret(keystore, &derived, &cmac(&["AA"], 16))?, &expected, "the derived key")
}
