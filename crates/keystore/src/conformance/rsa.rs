//! RSA: exact sizes, the raw operation, keys for tokens. A second implementation verifies what comes out.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY as PKCS1_SHA256;

use super::{
    Failure, Outcome, bytes, ensure, generated, hexadecimal, new_key, not_authentic, refused, same, unsuitable,
    wrong_length,
};
use crate::{
    Error, Kcv, KeyId, KeyKind, KeyRef, Keystore, NewSealedRsa, NewWrappedKey, Public, PublishedKeys, Purpose,
    RsaComponents, RsaExponent, RsaPublicKey, RsaSize, Source, WrappedPurpose,
};

/// 512 bits, e = 3: made with `openssl genpkey`.
const PKCS8: &str = "
    30820153020100300D06092A864886F70D01010105000482013D30820139020100024100B9AF02CF9A8C53E1F19F3202E495BF2E67D10448
    9C0C71D2ED5053A1EA3DC97E395BC869C7680AD573F3580DFBD0B8F14440A1B2A692CE7EDF5BBCC92959621F02010302407BCA01DFBC5D8D
    414BBF76AC9863D4C99A8B583068084BE1F38AE26BF17E8653022624C14AC12356910F37D71B4F86E8748D4E8447D1C06BA48AE1B00C6656
    8B022100F06956F79A564A0CB7F6F49D62089B6E49571F78C285090C3E7B225D6775D697022100C5B93A503CF00BC6E2658FADF0D0D3264C
    158C73785324D12A1047E3AF4A09B9022100A04639FA66E4315DCFF9F868EC05BCF430E4BFA5D7035B5D7EFCC1939A4E8F0F02210083D0D1
    8AD34AB28496EE5FC94B35E219880E5DA250376DE0C6B5854274DC067B022060053ED5074FF8E460590EAA8595864354762FCABB5B7F9644
    214B822B1C7B7C";
const MODULUS: &str = "B9AF02CF9A8C53E1F19F3202E495BF2E67D104489C0C71D2ED5053A1EA3DC97E
                       395BC869C7680AD573F3580DFBD0B8F14440A1B2A692CE7EDF5BBCC92959621F";
/// As `openssl pkeyutl -sign -pkeyopt rsa_padding_mode:none` gives it for `6A 01 02 … 3F`.
const ANSWER: &str = "81371916B9AB544DC47D08089F6868C8E6AA79D61C961E68DC678452C184582A
                      71A725358658904309E9E3865509C9532FD545118F273252DEF7CEBBD7807279";

fn size(bits: u16, exponent: RsaExponent) -> Result<RsaSize, Failure> {
    Ok(RsaSize::new(bits, exponent)?)
}

fn block() -> Vec<u8> {
    [0x6A].into_iter().chain(1..64).collect()
}

fn import(keystore: &dyn Keystore, name: &str, size: RsaSize, der: &[u8]) -> Result<Result<KeyId, Error>, Failure> {
    let new = new_key(name, KeyKind::Rsa(size), Purpose::RsaSign)?;
    Ok(keystore.import(&new, der, None, PublishedKeys::Refused).map(|info| info.id))
}

/// A key made elsewhere, and what was computed with it there.
pub(super) fn raw_rsa_gives_the_known_answer(keystore: &dyn Keystore) -> Outcome {
    let key = import(keystore, "rsa", size(512, RsaExponent::Three)?, &bytes(PKCS8))??;
    let public = keystore.rsa_public_key(&key)?;
    same(&hexadecimal(&public.modulus), MODULUS, "the modulus")?;
    same(&hexadecimal(&public.exponent), "03", "the exponent")?;
    let info = format!("305A300D06092A864886F70D010101050003490030460241 00 {MODULUS} 020103");
    let info: String = info.split_whitespace().collect();
    same(&hexadecimal(&keystore.public_key(&key)?), &info, "the SubjectPublicKeyInfo")?;
    ensure(keystore.list()?[0].public == Public::Key(bytes(&info)), "it is listed with its public key")?;
    // More operations than one pair of blinding factors serves.
    for _ in 0..70 {
        same(&hexadecimal(&keystore.rsa_private(&key, &block())?), ANSWER, "the raw operation")?;
    }
    let zero = keystore.rsa_private(&key, &[0; 64])?;
    ensure(zero == [0; 64], "zero stays zero, and keeps its length")
}

/// As long as the modulus, and below it.
pub(super) fn raw_rsa_takes_only_blocks_below_the_modulus(keystore: &dyn Keystore) -> Outcome {
    let key = import(keystore, "rsa", size(512, RsaExponent::Three)?, &bytes(PKCS8))??;
    let modulus = keystore.rsa_public_key(&key)?.modulus;
    for length in [0, 63, 65, 128] {
        refused(keystore.rsa_private(&key, &vec![1; length]), wrong_length, &format!("a block of {length} bytes"))?;
    }
    refused(keystore.rsa_private(&key, &modulus), wrong_length, "the modulus itself")?;
    let mut below = modulus.clone();
    below[63] -= 1;
    // n - 1 is -1, and e is odd.
    ensure(keystore.rsa_private(&key, &below)? == below, "the highest block")?;
    let good = block();
    let items: [(&KeyId, &[u8]); 2] = [(&key, &good), (&key, &modulus)];
    refused(keystore.rsa_private_batch(&items), wrong_length, "a batch with one bad item")?;
    ensure(keystore.rsa_private_batch(&[])?.is_empty(), "an empty batch")
}

/// Another size, another exponent, numbers that do not belong together, and no key at all.
pub(super) fn an_rsa_import_is_checked(keystore: &dyn Keystore) -> Outcome {
    let der = bytes(PKCS8);
    let no_value = |error: &Error| matches!(error, Error::KeyValue(KeyKind::Rsa(_)));
    for (bits, exponent) in [(520, RsaExponent::Three), (1024, RsaExponent::Three), (512, RsaExponent::F4)] {
        let other = import(keystore, "rsa", size(bits, exponent)?, &der)?;
        refused(other, no_value, "a key of another size than was said")?;
    }
    let right = size(512, RsaExponent::Three)?;
    for position in (0..der.len()).step_by(3) {
        let mut changed = der.clone();
        changed[position] ^= 2;
        refused(import(keystore, "rsa", right, &changed)?, no_value, &format!("a key with byte {position} changed"))?;
        refused(import(keystore, "rsa", right, &der[..position])?, no_value, "a key cut short")?;
    }
    refused(import(keystore, "rsa", right, &[&der[..], &[0]].concat())?, no_value, "a key with something after it")?;
    let new = new_key("rsa", KeyKind::Rsa(right), Purpose::RsaSign)?;
    let checked = keystore.import(&new, &der, Some(Kcv([0; 3])), PublishedKeys::Refused);
    refused(checked, unsuitable, "a check value, which RSA keys have not")?;
    import(keystore, "rsa", right, &der)?.map(drop).map_err(Failure::from)
}

/// Named keys, with both exponents, at the sizes that cards' certificates have.
pub(super) fn rsa_keys_have_exactly_the_size_asked_for(keystore: &dyn Keystore) -> Outcome {
    for (number, (bits, exponent)) in [
        (1152, RsaExponent::Three),
        (1408, RsaExponent::F4),
        (1640, RsaExponent::Three),
        (1976, RsaExponent::Three),
        (1984, RsaExponent::F4),
        (2048, RsaExponent::F4),
    ]
    .into_iter()
    .enumerate()
    {
        let size = size(bits, exponent)?;
        let key = generated(keystore, &format!("rsa-{number}"), KeyKind::Rsa(size), Purpose::RsaSign)?;
        let public = keystore.rsa_public_key(&key)?;
        exactly(&public, size)?;
        ensure(signs(keystore, &key, &public)?, format!("{size}: a second implementation verifies"))?;
    }
    Ok(())
}

fn exactly(public: &RsaPublicKey, size: RsaSize) -> Outcome {
    let whole = public.modulus.len() == size.length() && public.modulus[0] & 0x80 != 0;
    ensure(whole && public.exponent == size.exponent().bytes(), format!("{size}: the size is another"))
}

/// Whether a signature made with `key` (RFC 8017 §8.2) is one of `public`'s.
fn signs(keystore: &dyn Keystore, key: &KeyId, public: &RsaPublicKey) -> Result<bool, Failure> {
    let info = bytes("3031300D060960864801650304020105000420");
    let hash = digest(&SHA256, b"message");
    let padding = vec![0xFF; public.modulus.len() - info.len() - 32 - 3];
    let signature = keystore.rsa_private(key, &[&[0, 1], &*padding, &[0], &*info, hash.as_ref()].concat())?;
    let RsaPublicKey { modulus: n, exponent: e } = public;
    Ok(PublicKeyComponents { n, e }.verify(&PKCS1_SHA256, b"message", &signature).is_ok())
}

/// Their numbers belong together, which their import shows, and sign what their public key verifies.
pub(super) fn sealed_rsa_keys_open_to_all_their_numbers(keystore: &dyn Keystore) -> Outcome {
    let wrap = generated(keystore, "pool", KeyKind::Aes256, Purpose::Wrap)?;
    let data = keystore.wrap_new(&NewWrappedKey {
        under: &wrap,
        associated_data: b"",
        kind: KeyKind::Aes256,
        purpose: WrappedPurpose::Data,
        source: Source::Random,
    })?;
    let keys = [KeyRef::from(wrap), data.key.into()];
    let sizes = [size(1152, RsaExponent::Three)?, size(1640, RsaExponent::F4)?];
    let new = |number: usize| NewSealedRsa { under: &keys[number], associated_data: b"pool", size: sizes[number] };
    let sealed = keystore.rsa_generate_sealed_batch(&[new(0), new(1)])?;
    ensure(sealed.len() == 2 && keystore.rsa_generate_sealed_batch(&[])?.is_empty(), "one key for each item")?;
    for (number, (made, under)) in sealed.iter().zip(&keys).enumerate() {
        exactly(&made.public, sizes[number])?;
        refused(keystore.decrypt(under, b"other", &made.sealed), not_authentic, "other associated data")?;
        refused(keystore.decrypt(&keys[1 - number], b"pool", &made.sealed), not_authentic, "another key")?;
        let components = RsaComponents::from_bytes(&keystore.decrypt(under, b"pool", &made.sealed)?)?;
        ensure(components.public() == made.public, "the public key is that of the sealed one")?;
        let id = import(keystore, &format!("rsa-{number}"), sizes[number], &pkcs8(&components))??;
        ensure(signs(keystore, &id, &made.public)?, "the sealed key signs")?;
    }
    let unknown = NewSealedRsa { under: &KeyRef::Named("none.1".parse()?), associated_data: b"", size: sizes[0] };
    let missing = |error: &Error| matches!(error, Error::UnknownKey(_));
    refused(keystore.rsa_generate_sealed_batch(&[new(0), unknown]), missing, "a batch with one bad item")
}

/// PKCS#8 of a key's numbers (RFC 5208 §5, RFC 8017 §A.1.2), as a ceremony hands it to `import`. Of test keys: what is
/// made on the way is not wiped.
#[must_use]
pub fn pkcs8(components: &RsaComponents) -> Vec<u8> {
    let RsaComponents { n, e, d, p, q, d_p, d_q, q_inv } = components;
    let numbers = [&vec![0], n, e, d, p, q, d_p, d_q, q_inv].map(|number| integer(number));
    let key = element(0x30, &numbers.concat());
    let algorithm = element(0x30, &bytes("06092A864886F70D0101010500"));
    element(0x30, &[integer(&[0]), algorithm, element(4, &key)].concat())
}

/// A number, not negative, in as few bytes as it needs (X.690 §8.3).
fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let sign = number.get(start).is_none_or(|first| first & 0x80 != 0);
    element(2, &[if sign { &[0][..] } else { &[] }, &number[start..]].concat())
}

/// Tag, length in as few bytes as it needs (X.690 §10.1), contents.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = (contents.len() as u16).to_be_bytes();
    let header: &[u8] = match contents.len() {
        0..=0x7F => &[tag, low],
        0x80..=0xFF => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    [header, contents].concat()
}
