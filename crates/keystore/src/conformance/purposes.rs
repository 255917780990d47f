//! Every key with every verb: what is allowed is done, all else is refused.

use super::{Failure, Outcome, cmac, generated, not_allowed, refused};
use crate::{
    BlockMechanism, Enciphering, Encryption, Error, KeyKind, KeyRef, Keystore, NewSealedRsa, NewWrappedKey, Purpose,
    RewrapMechanism, Rewrapping, RsaExponent, RsaSize, Source, WrappedPurpose,
};

/// What a key may be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Encrypt,
    Derive,
    Session,
    BeRewrapped,
    Rewrap,
    EncipherForToken,
    EncipherBlocks,
    DecipherBlocks,
    DecipherForToken,
}

const VERBS: [Verb; 9] = [
    Verb::Encrypt,
    Verb::Derive,
    Verb::Session,
    Verb::BeRewrapped,
    Verb::Rewrap,
    Verb::EncipherForToken,
    Verb::EncipherBlocks,
    Verb::DecipherBlocks,
    Verb::DecipherForToken,
];

/// The table of the design: a key on the left, the verbs it does on the right.
pub(super) fn every_key_does_the_one_thing_it_is_for(keystore: &dyn Keystore) -> Outcome {
    for (name, key, verbs) in keys(keystore)? {
        for verb in VERBS {
            let done = ask(keystore, &key, verb)?;
            if verbs.contains(&verb) {
                done.map_err(|error| Failure(format!("{name} must do {verb:?}: {error}")))?;
            } else {
                refused(done, not_allowed, &format!("{verb:?} with {name}"))?;
            }
        }
    }
    tdes_blocks_go_to_tokens_and_other_parties(keystore)?;
    only_its_own_keys_hash_sign_and_seal(keystore)
}

/// 3DES has one mechanism for both; only what was exchanged with another party is deciphered.
fn tdes_blocks_go_to_tokens_and_other_parties(keystore: &dyn Keystore) -> Outcome {
    for (name, purpose, enciphers, deciphers) in [
        ("tdes/token", Purpose::Token, true, false),
        ("tdes/zone", Purpose::Zone, true, true),
        ("tdes/derive", Purpose::Derive, false, false),
        ("tdes/personalize", Purpose::Personalize, false, false),
        ("tdes/retail", Purpose::RetailMac, false, false),
    ] {
        let under = &generated(keystore, name, KeyKind::Tdes2, purpose)?.into();
        let item = Enciphering { under, mechanism: BlockMechanism::TdesEcb, data: &[0; 8] };
        for (allowed, done) in
            [(enciphers, keystore.encipher(&item).map(drop)), (deciphers, keystore.decipher(&item).map(drop))]
        {
            if allowed { done? } else { refused(done, not_allowed, &format!("3DES blocks with {name}"))? }
        }
    }
    Ok(())
}

type Row = (&'static str, KeyRef, &'static [Verb]);

fn keys(keystore: &dyn Keystore) -> Result<Vec<Row>, Failure> {
    use Verb::{BeRewrapped, DecipherBlocks, Derive, EncipherBlocks, EncipherForToken, Encrypt, Rewrap, Session};
    let wrap = generated(keystore, "wrap", KeyKind::Aes256, Purpose::Wrap)?;
    let master = KeyRef::from(generated(keystore, "derive", KeyKind::Aes256, Purpose::Derive)?);
    let token = KeyRef::from(generated(keystore, "token", KeyKind::Aes256, Purpose::Token)?);
    let mac = generated(keystore, "mac", KeyKind::Hmac256, Purpose::Mac)?;
    let sign = generated(keystore, "sign", KeyKind::P256, Purpose::Sign)?;
    let size = RsaSize::new(512, RsaExponent::Three)?;
    let rsa = generated(keystore, "rsa", KeyKind::Rsa(size), Purpose::RsaSign)?;
    let wrapped = |purpose| {
        let source = Source::Random;
        let new = NewWrappedKey { under: &wrap, associated_data: b"", kind: KeyKind::Aes256, purpose, source };
        keystore.wrap_new(&new).map(|wrapped| KeyRef::from(wrapped.key))
    };
    let derived = |parent: &KeyRef| parent.clone().derive(cmac(&["01", "02"], 32), KeyKind::Aes256);
    let (wrapped_data, wrapped_token) = (wrapped(WrappedPurpose::Data)?, wrapped(WrappedPurpose::Token)?);
    let personalize = KeyRef::from(generated(keystore, "personalize", KeyKind::Aes256, Purpose::Personalize)?);
    let zone = KeyRef::from(generated(keystore, "zone", KeyKind::Aes256, Purpose::Zone)?);
    let retail = generated(keystore, "retail", KeyKind::Tdes2, Purpose::RetailMac)?;
    let everything_of_a_token: &[Verb] = &[Derive, Session, BeRewrapped, Rewrap, EncipherForToken];
    Ok(vec![
        ("a Wrap key", wrap.into(), &[Encrypt]),
        ("a Derive key", master.clone(), &[Derive]),
        ("a Token key", token.clone(), &[Derive, Session, Rewrap, EncipherForToken]),
        ("a Personalize key", personalize.clone(), &[Session]),
        ("a Zone key", zone.clone(), &[EncipherBlocks, DecipherBlocks]),
        ("a RetailMac key", retail.into(), &[]),
        ("an RsaSign key", rsa.into(), &[]),
        ("a Mac key", mac.into(), &[]),
        ("a Sign key", sign.into(), &[]),
        ("a wrapped Data key", wrapped_data.clone(), &[Encrypt]),
        ("a wrapped Token key", wrapped_token.clone(), everything_of_a_token),
        ("a key derived from a master", derived(&master), everything_of_a_token),
        ("a key derived from a Token key", derived(&token), everything_of_a_token),
        ("a key derived from a wrapped Token key", derived(&wrapped_token), everything_of_a_token),
        ("a key derived from a Wrap key", derived(&KeyRef::Named("wrap.1".parse()?)), &[]),
        ("a key derived from a wrapped Data key", derived(&wrapped_data), &[]),
        ("a key derived from a Personalize key", derived(&personalize), &[]),
        ("a key derived from a Zone key", derived(&zone), &[]),
    ])
}

fn ask(keystore: &dyn Keystore, key: &KeyRef, verb: Verb) -> Result<Result<(), Error>, Failure> {
    let step = cmac(&["03", "04"], 32);
    let partner = KeyRef::Named("token.1".parse()?).derive(step.clone(), KeyKind::Aes256);
    let mechanism = RewrapMechanism::AesCbcZeroIv;
    let under = "wrap.1".parse()?;
    let block = |mechanism| Enciphering { under: key, mechanism, data: &[0; 16] };
    Ok(match verb {
        Verb::Encrypt => keystore.encrypt_batch(&[Encryption { key, associated_data: b"", data: b"" }]).map(drop),
        Verb::Derive => keystore
            .wrap_new(&NewWrappedKey {
                under: &under,
                associated_data: b"",
                kind: KeyKind::Aes256,
                purpose: WrappedPurpose::Token,
                source: Source::Derived(key, &step),
            })
            .map(drop),
        Verb::Session => keystore.session_secrets(&[(key, &step)]).map(drop),
        Verb::BeRewrapped => keystore.rewrap(&[Rewrapping { key, under: &partner, mechanism }]).map(drop),
        Verb::Rewrap => keystore.rewrap(&[Rewrapping { key: &partner, under: key, mechanism }]).map(drop),
        Verb::EncipherForToken => keystore.encipher(&block(BlockMechanism::AesCbcZeroIv)).map(drop),
        Verb::EncipherBlocks => keystore.encipher(&block(BlockMechanism::AesEcb)).map(drop),
        Verb::DecipherBlocks => keystore.decipher(&block(BlockMechanism::AesEcb)).map(drop),
        Verb::DecipherForToken => keystore.decipher(&block(BlockMechanism::AesCbcZeroIv)).map(drop),
    })
}

/// The verbs that take handles only, and those that seal.
fn only_its_own_keys_hash_sign_and_seal(keystore: &dyn Keystore) -> Outcome {
    let size = RsaSize::new(512, RsaExponent::Three)?;
    for name in ["wrap", "derive", "token", "mac", "sign", "personalize", "retail", "zone", "rsa"] {
        let id = format!("{name}.1").parse()?;
        let new = NewWrappedKey {
            under: &id,
            associated_data: b"",
            kind: KeyKind::Aes128,
            purpose: WrappedPurpose::Token,
            source: Source::Random,
        };
        let sealed = NewSealedRsa { under: &KeyRef::Named(id.clone()), associated_data: b"", size };
        for (verb, owners, done) in [
            ("hash", &["mac"][..], keystore.mac(&id, b"").map(drop)),
            ("sign", &["sign"], keystore.sign(&id, b"").map(drop)),
            ("tell a public key", &["sign", "rsa"], keystore.public_key(&id).map(drop)),
            ("tell an RSA public key", &["rsa"], keystore.rsa_public_key(&id).map(drop)),
            ("do raw RSA", &["rsa"], keystore.rsa_private(&id, &[1; 64]).map(drop)),
            ("make retail MACs", &["retail"], keystore.retail_mac(&id, &[0; 8]).map(drop)),
            ("seal keys", &["wrap"], keystore.wrap_new(&new).map(drop)),
            ("seal RSA keys", &["wrap"], keystore.rsa_generate_sealed_batch(&[sealed]).map(drop)),
        ] {
            if owners.contains(&name) {
                done?;
            } else {
                refused(done, not_allowed, &format!("{verb} with {name}"))?;
            }
        }
    }
    Ok(())
}
