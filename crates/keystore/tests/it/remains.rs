//! What remains of a key in this process's memory after it was used: nothing, outside the keystore's own pages (which
//! the kernel marks as not dumped).

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;

use cardwright_keystore::software::{Settings, SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{
    Derivation, KeyKind, KeyRef, Keystore, NewSealedRsa, NewWrappedKey, PublishedKeys, Purpose, RewrapMechanism,
    Rewrapping, RsaComponents, RsaExponent, RsaSize, Source, WrappedPurpose,
};
use zeroize::Zeroize;

use crate::memory::{Mapping, mappings};
use crate::seeded::{generated, new_key, settings};

/// The key values looked for, kept so that looking for them does not find the list itself.
struct Needles(Vec<Vec<u8>>);

const VEIL: u8 = 0x55;

impl Needles {
    fn veiled(values: &[&[u8]]) -> Self {
        Self(values.iter().map(|value| value.iter().map(|byte| byte ^ VEIL).collect()).collect())
    }

    /// The clear value, for the caller to wipe.
    fn clear(&self, number: usize) -> Vec<u8> {
        self.0[number].iter().map(|byte| byte ^ VEIL).collect()
    }

    /// Where a needle stands: its number and the mapping.
    fn found(&self) -> Vec<(usize, Mapping)> {
        let memory = File::open("/proc/self/mem").unwrap();
        let mut buffer = vec![0; 1 << 16];
        let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
        let mut found = Vec::new();
        for mapping in mappings().into_iter().filter(|mapping| mapping.writable) {
            // Overlapping windows: a value that straddles two would be missed otherwise.
            for start in (mapping.start..mapping.end).step_by(buffer.len() - 64) {
                let length = buffer.len().min(mapping.end - start);
                let Ok(length) = memory.read_at(&mut buffer[..length], start as u64) else { break };
                let places = self.places(&buffer[..length]);
                let elsewhere = places.into_iter().filter(|(_, at)| !own.contains(&(start + at)));
                found.extend(elsewhere.map(|(number, _)| (number, mapping.clone())));
            }
        }
        buffer.zeroize();
        found
    }

    fn places(&self, hay: &[u8]) -> Vec<(usize, usize)> {
        const PIECE: usize = 64;
        let mut places = Vec::new();
        for (number, needle) in self.0.iter().enumerate() {
            let first = needle[0] ^ VEIL;
            // `contains` is fast in any build, and most pieces do not have the first byte.
            for (piece, bytes) in hay.chunks(PIECE).enumerate().filter(|(_, bytes)| bytes.contains(&first)) {
                let starts = (piece * PIECE..piece * PIECE + bytes.len()).filter(|at| hay[*at] == first);
                let whole = starts.filter(|at| hay.get(*at..at + needle.len()).is_some_and(|found| is(found, needle)));
                places.extend(whole.map(|at| (number, at)));
            }
        }
        places
    }
}

fn is(found: &[u8], veiled: &[u8]) -> bool {
    found.iter().zip(veiled).all(|(byte, veiled)| byte ^ VEIL == *veiled)
}

#[test]
fn after_use_no_key_remains_outside_the_keystores_pages() {
    let needles = {
        let mut drawn = [vec![0; 32], vec![0; 16], vec![0; 32]];
        drawn.iter_mut().for_each(|value| aws_lc_rs::rand::fill(value).unwrap());
        let needles = Needles::veiled(&drawn.iter().map(Vec::as_slice).collect::<Vec<_>>());
        drawn.iter_mut().for_each(|value| value.as_mut_slice().zeroize());
        needles
    };
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("keys");
    let fresh = || Settings { random: Box::new(SystemRandomness), ..settings() };
    let keystore = SoftwareKeystore::create(&path, b"passphrase", fresh()).unwrap();
    for (number, id, kind, purpose) in [
        (0, "data.1", KeyKind::Aes256, Purpose::Wrap),
        (1, "token.1", KeyKind::Aes128, Purpose::Token),
        (2, "search.1", KeyKind::Hmac256, Purpose::Mac),
    ] {
        let mut clear = needles.clear(number);
        keystore.import(&new_key(id, kind, purpose), &clear, None, PublishedKeys::Refused).unwrap();
        clear.as_mut_slice().zeroize();
    }
    drop(keystore);
    let keystore = SoftwareKeystore::open(&path, b"passphrase", fresh()).unwrap();
    use_everything(&keystore);
    // What another has changed is read again: all keys come into memory once more.
    let other = SoftwareKeystore::open(&path, b"passphrase", fresh()).unwrap();
    other.destroy(&"other.1".parse().unwrap()).unwrap();
    drop(other);
    use_everything(&keystore);
    let found = needles.found();
    for number in 0..3 {
        assert!(found.iter().any(|(each, _)| *each == number), "the control: the key itself is found");
    }
    let outside: Vec<_> = found.iter().filter(|(_, mapping)| !mapping.flags.contains(&"dd".to_owned())).collect();
    assert!(outside.is_empty(), "{outside:?}");
    let mut planted = needles.clear(0);
    let with_planted = needles.found();
    assert!(with_planted.iter().any(|(_, mapping)| !mapping.flags.contains(&"dd".to_owned())), "the control");
    planted.as_mut_slice().zeroize();
    drop(keystore);
    assert!(needles.found().is_empty(), "nothing remains of a closed keystore");
    assert!(fs::exists(&path).unwrap());
}

/// The numbers of an RSA key as OpenSSL has them, and as they are written; of each a part, since what is freed is first
/// written over at its ends.
fn rsa_needles(numbers: &[&[u8]]) -> Needles {
    let part = |number: &[u8]| number[number.len() / 4..number.len() / 4 + 24].to_vec();
    let mut parts: Vec<Vec<u8>> = numbers.iter().map(|number| part(number)).collect();
    let backwards: Vec<Vec<u8>> = parts.iter().map(|part| part.iter().rev().copied().collect()).collect();
    parts.extend(backwards);
    let needles = Needles::veiled(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    parts.iter_mut().for_each(|part| part.as_mut_slice().zeroize());
    needles
}

/// The secret numbers of a key, wherever it stands in `PKCS#8`.
fn secret_numbers(pkcs8: &[u8]) -> Vec<&[u8]> {
    // Version, algorithm and the two headers of 4 bytes are before the key's own.
    let mut rest = &pkcs8[4 + 3 + 15 + 4 + 4..];
    let mut numbers = Vec::new();
    while let [2, first, ..] = rest {
        let (header, length) = match first {
            0x82 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            0x81 => (3, usize::from(rest[2])),
            short => (2, usize::from(*short)),
        };
        numbers.push(&rest[header..header + length]);
        rest = &rest[header + length..];
    }
    assert_eq!(numbers.len(), 9);
    numbers.split_off(3)
}

#[test]
fn after_use_no_number_of_an_rsa_key_remains_outside_the_keystores_pages() {
    let place = tempfile::tempdir().unwrap();
    let made = place.path().join("made");
    let pem = place.path().join("pem");
    let genpkey = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1976", "-out"];
    assert!(Command::new("openssl").args(genpkey).arg(&pem).output().unwrap().status.success());
    let pkcs8 = ["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in"];
    assert!(Command::new("openssl").args(pkcs8).arg(&pem).arg("-out").arg(&made).output().unwrap().status.success());
    let path = place.path().join("keys");
    let fresh = || Settings { random: Box::new(SystemRandomness), ..settings() };
    let keystore = SoftwareKeystore::create(&path, b"passphrase", fresh()).unwrap();
    let size = RsaSize::new(1976, RsaExponent::F4).unwrap();
    let mut clear = fs::read(&made).unwrap();
    let needles = rsa_needles(&secret_numbers(&clear));
    let new = new_key("issuer.1", KeyKind::Rsa(size), Purpose::RsaSign);
    keystore.import(&new, &clear, None, PublishedKeys::Refused).unwrap();
    clear.as_mut_slice().zeroize();
    drop(keystore);
    let keystore = SoftwareKeystore::open(&path, b"passphrase", fresh()).unwrap();
    let id = "issuer.1".parse().unwrap();
    for number in 0..70 {
        keystore.rsa_private(&id, &[number; 247]).unwrap();
    }
    keystore.rsa_public_key(&id).unwrap();
    let found = needles.found();
    for number in 0..6 {
        assert!(found.iter().any(|(each, _)| *each == number), "the control: number {number} itself is found");
    }
    let outside: Vec<_> = found.iter().filter(|(_, mapping)| !mapping.flags.contains(&"dd".to_owned())).collect();
    assert!(outside.is_empty(), "{outside:?}");
    drop(keystore);
    assert!(needles.found().is_empty(), "nothing remains of a closed keystore");
}

#[test]
fn no_number_of_an_rsa_key_made_for_a_card_remains() {
    let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
    let under = KeyRef::from(generated(&keystore, "pool.1", KeyKind::Aes256, Purpose::Wrap));
    for exponent in [RsaExponent::Three, RsaExponent::F4] {
        let size = RsaSize::new(1640, exponent).unwrap();
        let item = NewSealedRsa { under: &under, associated_data: b"", size };
        let made = keystore.rsa_generate_sealed_batch(&[item]).unwrap().remove(0);
        let opened = keystore.decrypt(&under, b"", &made.sealed).unwrap();
        let components = RsaComponents::from_bytes(&opened).unwrap();
        let RsaComponents { d, p, q, d_p, d_q, q_inv, .. } = &components;
        let needles = rsa_needles(&[d, p, q, d_p, d_q, q_inv]);
        let found = needles.found();
        assert!((0..6).all(|number| found.iter().any(|(each, _)| *each == number)), "the control: opened, it is found");
        drop((components, opened));
        let found = needles.found();
        assert!(found.is_empty(), "{size}: {found:?}");
    }
}

/// Every verb that touches the three keys.
fn use_everything(keystore: &dyn Keystore) {
    let data = KeyRef::Named("data.1".parse().unwrap());
    let sealed = keystore.encrypt(&data, b"", b"a row").unwrap();
    keystore.decrypt(&data, b"", &sealed).unwrap();
    keystore.mac(&"search.1".parse().unwrap(), b"a name").unwrap();
    let token = KeyRef::Named("token.1".parse().unwrap());
    let step = Derivation::AesCmac { blocks: vec![vec![1; 32]], length: 16 };
    drop(keystore.session_secrets(&[(&token, &step)]).unwrap());
    let wrapped = keystore
        .wrap_new(&NewWrappedKey {
            under: &"data.1".parse().unwrap(),
            associated_data: b"",
            kind: KeyKind::Aes128,
            purpose: WrappedPurpose::Token,
            source: Source::Derived(&token, &step),
        })
        .unwrap();
    let (key, mechanism) = (KeyRef::from(wrapped.key), RewrapMechanism::AesCbcZeroIv);
    keystore.rewrap(&[Rewrapping { key: &key, under: &token, mechanism }]).unwrap();
    generated(keystore, "other.1", KeyKind::Aes256, Purpose::Derive);
}
