//! Every key with every verb: what is allowed is done, all else is refused.

use super::{Failure, Outcome, cmac, generated, not_allowed, refused};
use crate::{
    Encryption, Error, KeyKind, KeyRef, Keystore, NewWrappedKey, Purpose, RewrapMechanism, Rewrapping, Source,
    WrappedPurpose,
};

/// What a key may be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Encrypt,
    Derive,
    Session,
    BeRewrapped,
    Rewrap,
}

const VERBS: [Verb; 5] = [Verb::Encrypt, Verb::Derive, Verb::Session, Verb::BeRewrapped, Verb::Rewrap];

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
    only_its_own_keys_hash_sign_and_seal(keystore)
}

type Row = (&'static str, KeyRef, &'static [Verb]);

fn keys(keystore: &dyn Keystore) -> Result<Vec<Row>, Failure> {
    use Verb::{BeRewrapped, Derive, Encrypt, Rewrap, Session};
    let wrap = generated(keystore, "wrap", KeyKind::Aes256, Purpose::Wrap)?;
    let master = KeyRef::from(generated(keystore, "derive", KeyKind::Aes256, Purpose::Derive)?);
    let token = KeyRef::from(generated(keystore, "token", KeyKind::Aes256, Purpose::Token)?);
    let mac = generated(keystore, "mac", KeyKind::Hmac256, Purpose::Mac)?;
    let sign = generated(keystore, "sign", KeyKind::P256, Purpose::Sign)?;
    let wrapped = |purpose| {
        let source = Source::Random;
        let new = NewWrappedKey { under: &wrap, associated_data: b"", kind: KeyKind::Aes256, purpose, source };
        keystore.wrap_new(&new).map(|wrapped| KeyRef::from(wrapped.key))
    };
    let derived = |parent: &KeyRef| parent.clone().derive(cmac(&["01", "02"], 32), KeyKind::Aes256);
    let (wrapped_data, wrapped_token) = (wrapped(WrappedPurpose::Data)?, wrapped(WrappedPurpose::Token)?);
    let everything_of_a_token: &[Verb] = &[Derive, Session, BeRewrapped, Rewrap];
    Ok(vec![
        ("a Wrap key", wrap.into(), &[Encrypt]),
        ("a Derive key", master.clone(), &[Derive]),
        ("a Token key", token.clone(), &[Derive, Session, Rewrap]),
        ("a Mac key", mac.into(), &[]),
        ("a Sign key", sign.into(), &[]),
        ("a wrapped Data key", wrapped_data.clone(), &[Encrypt]),
        ("a wrapped Token key", wrapped_token.clone(), everything_of_a_token),
        ("a key derived from a master", derived(&master), everything_of_a_token),
        ("a key derived from a Token key", derived(&token), everything_of_a_token),
        ("a key derived from a wrapped Token key", derived(&wrapped_token), everything_of_a_token),
        ("a key derived from a Wrap key", derived(&KeyRef::Named("wrap.1".parse()?)), &[]),
        ("a key derived from a wrapped Data key", derived(&wrapped_data), &[]),
    ])
}

fn ask(keystore: &dyn Keystore, key: &KeyRef, verb: Verb) -> Result<Result<(), Error>, Failure> {
    let step = cmac(&["03", "04"], 32);
    let partner = KeyRef::Named("token.1".parse()?).derive(step.clone(), KeyKind::Aes256);
    let mechanism = RewrapMechanism::AesCbcZeroIv;
    let under = "wrap.1".parse()?;
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
    })
}

/// The verbs that take handles only.
fn only_its_own_keys_hash_sign_and_seal(keystore: &dyn Keystore) -> Outcome {
    for name in ["wrap", "derive", "token", "mac", "sign"] {
        let id = format!("{name}.1").parse()?;
        let new = NewWrappedKey {
            under: &id,
            associated_data: b"",
            kind: KeyKind::Aes128,
            purpose: WrappedPurpose::Token,
            source: Source::Random,
        };
        for (verb, owner, done) in [
            ("hash", "mac", keystore.mac(&id, b"").map(drop)),
            ("sign", "sign", keystore.sign(&id, b"").map(drop)),
            ("tell a public key", "sign", keystore.public_key(&id).map(drop)),
            ("seal keys", "wrap", keystore.wrap_new(&new).map(drop)),
        ] {
            if name == owner {
                done?;
            } else {
                refused(done, not_allowed, &format!("{verb} with {name}"))?;
            }
        }
    }
    Ok(())
}
