//! The tests that every keystore must pass, so that callers need not know which one they have.
//!
//! A backend's test run hands an empty keystore to each of [`CASES`]. A case answers with what it found wrong; it
//! never panics, so that a test can also show that a bad keystore is caught.

mod blocks;
mod data;
mod derivations;
mod handles;
mod purposes;
mod rewrapping;
mod rsa;
mod wrapping;

pub use rsa::pkcs8;

use crate::{
    Derivation, Error, KeyId, KeyKind, KeyRef, Keystore, NewKey, NewWrappedKey, PublishedKeys, Purpose, Source,
    Wrapped, WrappedPurpose,
};

/// What a keystore did wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub String);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(format!("refused: {error}"))
    }
}

/// What a case found.
pub type Outcome = Result<(), Failure>;

/// One test: its name, and what it does with an empty keystore.
pub type Case = (&'static str, fn(&dyn Keystore) -> Outcome);

/// All tests. Each wants an empty keystore of its own.
pub const CASES: &[Case] = &[
    ("a key is listed until it is destroyed", handles::a_key_is_listed_until_it_is_destroyed),
    ("a handle is never given twice", handles::a_handle_is_never_given_twice),
    ("purposes take only their kinds", handles::purposes_take_only_their_kinds),
    ("an import is checked", handles::an_import_is_checked),
    ("published keys come in as transport keys at most", handles::published_keys_come_in_as_transport_keys_at_most),
    ("data opens under the same key and associated data only", data::data_opens_under_the_same_key_only),
    ("a changed ciphertext does not open", data::a_changed_ciphertext_does_not_open),
    ("the same data never looks the same", data::the_same_data_never_looks_the_same),
    ("AES-256-GCM gives the known answer", data::aes_gcm_gives_the_known_answer),
    ("HMAC gives the known answers", data::hmac_gives_the_known_answers),
    ("signatures verify", data::signatures_verify),
    ("P-256 gives the known public key", data::p256_gives_the_known_public_key),
    ("randomness has the length asked for", data::randomness_has_the_length_asked_for),
    ("AES and 3DES masters give the known answers", derivations::masters_for_personalization_give_the_known_answers),
    ("AES-CMAC gives the known answers", derivations::aes_cmac_gives_the_known_answers),
    ("3DES derivations give the known answers", derivations::tdes_derivations_give_the_known_answers),
    ("derivations refuse what does not fit", derivations::derivations_refuse_what_does_not_fit),
    ("a chain of derivations ends", derivations::a_chain_of_derivations_ends),
    ("a reference gives what its steps give", derivations::a_reference_gives_what_its_steps_give),
    ("a wrapped key is bound to its place", wrapping::a_wrapped_key_is_bound_to_its_place),
    ("a changed blob does not open", wrapping::a_changed_blob_does_not_open),
    ("a wrapped key is gone with the key it is under", wrapping::a_wrapped_key_is_gone_with_the_key_it_is_under),
    ("clear values are checked before they are wrapped", wrapping::clear_values_are_checked),
    ("a batch is done as a whole, in its order", wrapping::a_batch_is_done_as_a_whole_in_its_order),
    ("many threads get the same answers", wrapping::many_threads_get_the_same_answers),
    ("every key does the one thing it is for", purposes::every_key_does_the_one_thing_it_is_for),
    ("rewrapping gives the known answers", rewrapping::rewrapping_gives_the_known_answers),
    ("rewrapping refuses what does not fit", rewrapping::rewrapping_refuses_what_does_not_fit),
    ("enciphering gives the known answers", blocks::enciphering_gives_the_known_answers),
    ("enciphering refuses what does not fit", blocks::enciphering_refuses_what_does_not_fit),
    ("the retail MAC gives the known answers", blocks::the_retail_mac_gives_the_known_answers),
    ("a batch of blocks is done as a whole", blocks::a_batch_of_blocks_is_done_as_a_whole),
    ("raw RSA gives the known answer", rsa::raw_rsa_gives_the_known_answer),
    ("raw RSA takes only blocks below the modulus", rsa::raw_rsa_takes_only_blocks_below_the_modulus),
    ("an RSA import is checked", rsa::an_rsa_import_is_checked),
    ("RSA keys have exactly the size asked for", rsa::rsa_keys_have_exactly_the_size_asked_for),
    ("sealed RSA keys open to all their numbers", rsa::sealed_rsa_keys_open_to_all_their_numbers),
];

/// `Ok` where the keystore did what it must.
fn ensure(holds: bool, what: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(Failure(what.into())) }
}

/// That a verb was refused, and for the right reason.
fn refused<T>(result: Result<T, Error>, reason: fn(&Error) -> bool, what: &str) -> Outcome {
    match result {
        Ok(_) => Err(Failure(format!("not refused: {what}"))),
        Err(error) if reason(&error) => Ok(()),
        Err(error) => Err(Failure(format!("{what}: refused for another reason: {error}"))),
    }
}

fn not_allowed(error: &Error) -> bool {
    matches!(error, Error::NotAllowed { .. })
}

fn not_authentic(error: &Error) -> bool {
    matches!(error, Error::NotAuthentic)
}

fn unsuitable(error: &Error) -> bool {
    matches!(error, Error::Unsuitable { .. })
}

fn wrong_length(error: &Error) -> bool {
    matches!(error, Error::Length { .. })
}

/// When the keys of the cases were made, in µs.
const CREATED: i64 = 1_700_000_000_000_000;

fn new_key(name: &str, kind: KeyKind, purpose: Purpose) -> Result<NewKey, Failure> {
    Ok(NewKey { id: KeyId::new(name, 1)?, kind, purpose, created: CREATED })
}

/// A key made inside.
fn generated(keystore: &dyn Keystore, name: &str, kind: KeyKind, purpose: Purpose) -> Result<KeyId, Failure> {
    Ok(keystore.generate(&new_key(name, kind, purpose)?)?.id)
}

/// A key of a known value.
fn imported(
    keystore: &dyn Keystore,
    name: &str,
    kind: KeyKind,
    purpose: Purpose,
    value: &str,
) -> Result<KeyId, Failure> {
    let new = new_key(name, kind, purpose)?;
    Ok(keystore.import(&new, &bytes(value), None, PublishedKeys::AllowedForTransport)?.id)
}

/// A clear value, wrapped as a token's key.
fn wrapped_value(keystore: &dyn Keystore, under: &KeyId, kind: KeyKind, value: &str) -> Result<Wrapped, Failure> {
    let value = bytes(value);
    let source = Source::Clear { value: &value, expected: None, published: PublishedKeys::AllowedForTransport };
    let new = NewWrappedKey { under, associated_data: b"place", kind, purpose: WrappedPurpose::Token, source };
    Ok(keystore.wrap_new(&new)?)
}

/// What one derivation gives, in hexadecimal.
fn session_secret(keystore: &dyn Keystore, key: &KeyRef, derivation: &Derivation) -> Result<String, Failure> {
    let secrets = keystore.session_secrets(&[(key, derivation)])?;
    ensure(secrets.len() == 1, "one derivation gives one secret")?;
    Ok(hexadecimal(secrets[0].expose()))
}

/// AES-CMAC of `messages`, in hexadecimal, cut to `length` bytes.
fn cmac(messages: &[&str], length: usize) -> Derivation {
    Derivation::AesCmac { blocks: messages.iter().map(|message| bytes(message)).collect(), length }
}

/// The bytes that hexadecimal digits mean.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.chars().filter_map(|digit| digit.to_digit(16).map(|value| value as u8)).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The digits of bytes.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// That two values are the same.
fn same(found: &str, expected: &str, what: &str) -> Outcome {
    let expected: String = expected.split_whitespace().collect();
    ensure(found == expected, format!("{what}: {expected} expected, {found} found"))
}
