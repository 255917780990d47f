//! Keys that the caller keeps, sealed.

use super::{Failure, Outcome, bytes, cmac, ensure, generated, not_authentic, refused, unsuitable, wrong_length};
use crate::{
    Error, Kcv, KeyId, KeyKind, KeyRef, Keystore, NewWrappedKey, PublishedKeys, Purpose, RsaExponent, RsaSize, Source,
    Wrapped, WrappedKey, WrappedPurpose,
};

/// A random AES-128 key of a token, wrapped for `place`.
fn token_key(keystore: &dyn Keystore, under: &KeyId, place: &[u8]) -> Result<WrappedKey, Failure> {
    let new = NewWrappedKey {
        under,
        associated_data: place,
        kind: KeyKind::Aes128,
        purpose: WrappedPurpose::Token,
        source: Source::Random,
    };
    Ok(keystore.wrap_new(&new)?.key)
}

/// Whether a wrapped key still works.
fn used(keystore: &dyn Keystore, key: WrappedKey) -> Result<(), Error> {
    keystore.session_secrets(&[(&KeyRef::from(key), &cmac(&["00"], 16))]).map(drop)
}

/// Another place, kind or sealing key: it does not open.
pub(super) fn a_wrapped_key_is_bound_to_its_place(keystore: &dyn Keystore) -> Outcome {
    let under = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let other = generated(keystore, "data/other", KeyKind::Aes256, Purpose::Wrap)?;
    let key = token_key(keystore, &under, b"token 1")?;
    used(keystore, key.clone())?;
    let elsewhere = WrappedKey { associated_data: b"token 2".to_vec(), ..key.clone() };
    refused(used(keystore, elsewhere), not_authentic, "another place")?;
    let none = WrappedKey { associated_data: Vec::new(), ..key.clone() };
    refused(used(keystore, none), not_authentic, "no place")?;
    refused(used(keystore, WrappedKey { under: other, ..key.clone() }), not_authentic, "another sealing key")?;
    let other_kind = KeyRef::from(WrappedKey { kind: KeyKind::Tdes2, ..key.clone() });
    let cbc = crate::Derivation::TdesCbc { block: [0; 16] };
    refused(keystore.session_secrets(&[(&other_kind, &cbc)]), not_authentic, "another kind of the same length")?;
    let first = token_key(keystore, &under, b"token 1")?;
    ensure(first.blob != key.blob, "two keys do not look the same")
}

/// Every bit; and every length that is too short.
pub(super) fn a_changed_blob_does_not_open(keystore: &dyn Keystore) -> Outcome {
    let under = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let key = token_key(keystore, &under, b"token")?;
    let closed = |error: &Error| matches!(error, Error::NotAuthentic | Error::NotAllowed { .. });
    for bit in 0..key.blob.len() * 8 {
        let mut changed = key.clone();
        changed.blob[bit / 8] ^= 1 << (bit % 8);
        refused(used(keystore, changed), closed, "a changed bit")?;
    }
    for length in 0..key.blob.len() {
        let cut = WrappedKey { blob: key.blob[..length].to_vec(), ..key.clone() };
        refused(used(keystore, cut), closed, "a cut blob")?;
    }
    Ok(used(keystore, key)?)
}

/// Shredding: without the sealing key the blob is noise, even under a new key of the same handle.
pub(super) fn a_wrapped_key_is_gone_with_the_key_it_is_under(keystore: &dyn Keystore) -> Outcome {
    let under = generated(keystore, "day/2027-01-31", KeyKind::Aes256, Purpose::Wrap)?;
    let key = token_key(keystore, &under, b"token")?;
    keystore.destroy(&under)?;
    let unknown = |error: &Error| matches!(error, Error::UnknownKey(_));
    refused(used(keystore, key.clone()), unknown, "a key under a destroyed one")?;
    generated(keystore, under.name(), KeyKind::Aes256, Purpose::Wrap)?;
    refused(used(keystore, key), not_authentic, "a key under another one of the same handle")
}

/// Length, check value, published keys, kinds.
pub(super) fn clear_values_are_checked(keystore: &dyn Keystore) -> Outcome {
    let under = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let wrap = |kind, purpose, value: &[u8], expected, published| {
        let source = Source::Clear { value, expected, published };
        keystore.wrap_new(&NewWrappedKey { under: &under, associated_data: b"", kind, purpose, source })
    };
    let (token, data) = (WrappedPurpose::Token, WrappedPurpose::Data);
    let value = bytes("000102030405060708090A0B0C0D0E0F1011121314151617");
    let kcv = Some(Kcv([0x38, 0xFC, 0xB6]));
    ensure(wrap(KeyKind::Aes192, token, &value, kcv, PublishedKeys::Refused)?.kcv == Kcv([0x38, 0xFC, 0xB6]), "KCV")?;
    let mismatch = |error: &Error| matches!(error, Error::KcvMismatch { .. });
    let wrong = wrap(KeyKind::Aes192, token, &value, Some(Kcv([0; 3])), PublishedKeys::Refused);
    refused(wrong, mismatch, "another check value")?;
    let short = wrap(KeyKind::Aes192, token, &value[1..], None, PublishedKeys::Refused);
    refused(short, wrong_length, "a value that is too short")?;
    let counted: Vec<u8> = (0x40..0x60).collect();
    let published = |error: &Error| matches!(error, Error::PublishedKey);
    let refused_key = wrap(KeyKind::Aes128, token, &counted[..16], None, PublishedKeys::Refused);
    refused(refused_key, published, "a published key")?;
    let transport = wrap(KeyKind::Aes128, token, &counted[..16], None, PublishedKeys::AllowedForTransport)?;
    ensure(transport.kcv == Kcv([0x50, 0x4A, 0x77]), "the published key's check value")?;
    let for_data = wrap(KeyKind::Aes256, data, &counted, None, PublishedKeys::AllowedForTransport);
    refused(for_data, published, "a published key for data")?;
    let rsa = KeyKind::Rsa(RsaSize::new(512, RsaExponent::Three)?);
    for kind in KeyKind::ALL_BUT_RSA.into_iter().chain([rsa]) {
        for purpose in [token, data] {
            let made = wrap(kind, purpose, &vec![7; kind.length()], None, PublishedKeys::Refused);
            if purpose.takes(kind) {
                made?;
            } else {
                refused(made, unsuitable, &format!("wrapping {kind:?} for {purpose:?}"))?;
            }
        }
    }
    Ok(())
}

/// Results stand in the order of the items; one bad item, and nothing is done; nothing to do is done.
pub(super) fn a_batch_is_done_as_a_whole_in_its_order(keystore: &dyn Keystore) -> Outcome {
    let under = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let master = KeyRef::from(generated(keystore, "master", KeyKind::Aes256, Purpose::Derive)?);
    let steps: Vec<_> = (0..20).map(|number| cmac(&[&format!("{number:02X}")], 16)).collect();
    let items: Vec<_> = steps
        .iter()
        .map(|step| NewWrappedKey {
            under: &under,
            associated_data: b"place",
            kind: KeyKind::Aes128,
            purpose: WrappedPurpose::Token,
            source: Source::Derived(&master, step),
        })
        .collect();
    let together = keystore.wrap_new_batch(&items)?;
    let kcvs = |keys: &[Wrapped]| keys.iter().map(|key| key.kcv).collect::<Vec<_>>();
    let mut one_by_one = Vec::new();
    for item in &items {
        one_by_one.push(keystore.wrap_new(item)?);
    }
    ensure(kcvs(&together) == kcvs(&one_by_one), "the order is the items'")?;
    let wrong = NewWrappedKey { kind: KeyKind::Aes192, ..items[0] };
    refused(keystore.wrap_new_batch(&[items[0], wrong]), wrong_length, "a batch with one bad item")?;
    ensure(keystore.wrap_new_batch(&[])?.is_empty() && keystore.encrypt_batch(&[])?.is_empty(), "empty batches")?;
    ensure(keystore.rewrap(&[])?.is_empty() && keystore.session_secrets(&[])?.is_empty(), "empty batches")
}

/// Many threads, one keystore: everybody gets the answers of one who asks alone.
pub(super) fn many_threads_get_the_same_answers(keystore: &dyn Keystore) -> Outcome {
    let under = generated(keystore, "data", KeyKind::Aes256, Purpose::Wrap)?;
    let key = KeyRef::from(token_key(keystore, &under, b"token")?);
    let ask = || -> Result<Vec<Vec<u8>>, Error> {
        let steps: Vec<_> = (0..8).map(|number| cmac(&[&format!("{number:02X}")], 16)).collect();
        let items: Vec<_> = steps.iter().map(|step| (&key, step)).collect();
        Ok(keystore.session_secrets(&items)?.iter().map(|secret| secret.expose().to_vec()).collect())
    };
    let alone = ask()?;
    let together = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..25).map(|_| ask()).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    ensure(together.len() == 100, "no thread failed")?;
    for answer in together {
        ensure(answer? == alone, "the same answers")?;
    }
    Ok(())
}
