//! The card's own symmetric keys, derived from the issuer's masters: one batch for all applications.

use cardwright_keystore::{Derivation, KeyRef, Secret};
use zeroize::Zeroizing;

use super::application::Application;
use super::card::{Card, keystore};
use crate::emv::derivation::{option_a, option_b, option_c, under_tdes};
use crate::emv::pin_block::PinBlockFault;
use crate::emv::tdes;
use crate::means::MeansFault;
use crate::profile::{CardKeyRule, KeyOption, PUK_DIGITS, PivReferenceProfile, PivReferenceSource};
use crate::{Error, Means, PivReference};

/// The administration keys of PIV are told apart from other keys of the same master by this.
const ADMINISTRATION: &[u8] = b"PIV administration key";

/// One key to be derived: of which application, from what, how.
struct Wanted {
    application: usize,
    place: Place,
    master: KeyRef,
    derivation: Derivation,
}

/// Where a derived key goes.
#[derive(Clone, Copy)]
enum Place {
    /// bytes of the application keys, from this one
    Keys(usize, KeyOption),
    /// the administration key of this algorithm
    Administration(u8),
}

/// Brings `applications` their keys and references.
pub(super) fn derive(card: &Card<'_>, applications: &mut [Application<'_>], means: &Means<'_>) -> Result<(), Error> {
    let mut wanted = Vec::new();
    for (position, application) in applications.iter().enumerate() {
        if let Some(rule) = application.profile.payment.as_ref().and_then(|payment| payment.keys.as_ref()) {
            wanted.extend(application_keys(card, rule, position)?);
        }
        for reference in application.profile.piv.iter().flat_map(|piv| &piv.references) {
            wanted.extend(administration_key(card, reference, position));
        }
    }
    bring_references(card, applications)?;
    if wanted.is_empty() {
        return Ok(());
    }
    let items: Vec<_> = wanted.iter().map(|one| (&one.master, &one.derivation)).collect();
    let secrets = keystore(means)?.session_secrets(&items)?;
    for (one, secret) in wanted.iter().zip(&secrets) {
        put(&mut applications[one.application], one.place, secret)?;
    }
    Ok(())
}

fn application_keys(card: &Card<'_>, rule: &CardKeyRule, application: usize) -> Result<[Wanted; 3], Error> {
    let (pan, sequence) = (card.pan()?, card.sequence);
    let derivation = match rule.option {
        KeyOption::A => under_tdes(option_a(pan, sequence)),
        KeyOption::B => under_tdes(option_b(pan, sequence)),
        // A key of 16 bytes takes the first block alone.
        KeyOption::C => Derivation::AesEcb { blocks: vec![option_c(pan, sequence)[0]] },
    };
    let masters = [&rule.cryptogram, &rule.mac, &rule.encipherment].map(|key| KeyRef::Named(key.clone()));
    let mut place = 0;
    Ok(masters.map(|master| {
        let one =
            Wanted { application, place: Place::Keys(place, rule.option), master, derivation: derivation.clone() };
        place += 16;
        one
    }))
}

/// The administration key: AES-CMAC in counter mode over purpose and card number (SP 800-108).
fn administration_key(card: &Card<'_>, reference: &PivReferenceProfile, application: usize) -> Option<Wanted> {
    let PivReferenceSource::Derived(master) = &reference.source else { return None };
    let length = key_length(reference.algorithm);
    let bits = (length as u16 * 8).to_be_bytes();
    let block = |counter: u8| [&[counter], ADMINISTRATION, &[0], card.number, &bits].concat();
    let blocks = (1..=length.div_ceil(16) as u8).map(block).collect();
    let derivation = Derivation::AesCmac { blocks, length };
    let place = Place::Administration(reference.algorithm);
    Some(Wanted { application, place, master: KeyRef::Named(master.clone()), derivation })
}

/// The bytes of a key of PIV `algorithm`: 03 3DES with three keys, 08, 0A, 0C AES.
fn key_length(algorithm: u8) -> usize {
    match algorithm {
        0x08 => 16,
        0x0C => 32,
        _ => 24,
    }
}

fn put(application: &mut Application<'_>, place: Place, secret: &Secret) -> Result<(), Error> {
    let Place::Keys(from, option) = place else {
        let Place::Administration(algorithm) = place else { return Ok(()) };
        let mut value = secret.expose().to_vec();
        if algorithm == 0x03 {
            tdes::set_odd_parity(&mut value);
        }
        application.references.push(PivReference { reference: 0x9B, algorithm, value });
        return Ok(());
    };
    let mut key: Zeroizing<[u8; 16]> = Zeroizing::new(secret.expose().try_into().map_err(|_| MeansFault::Keystore)?);
    let check_value = match option {
        KeyOption::C => tdes::aes_check_value(&*key).unwrap_or_default(),
        KeyOption::A | KeyOption::B => {
            tdes::set_odd_parity(&mut *key);
            tdes::check_value(&key)
        }
    };
    application.keys.get_or_insert_with(|| Zeroizing::new([0; 48]))[from..from + 16].copy_from_slice(&*key);
    let at = from / 16 * 3;
    application.check_values[at..at + 3].copy_from_slice(&check_value);
    Ok(())
}

/// PIN and PUK of PIV applications: 6 to 8 digits and 8, filled up with FF to 8 bytes.
fn bring_references(card: &Card<'_>, applications: &mut [Application<'_>]) -> Result<(), Error> {
    for application in applications {
        for reference in application.profile.piv.iter().flat_map(|piv| &piv.references) {
            let (field, pin) = match &reference.source {
                // A change brings no PUK where the order has none.
                PivReferenceSource::Block(field) if card.leaves_out(field) => continue,
                PivReferenceSource::Block(field) => (field.as_str(), card.opened_pin(field)),
                PivReferenceSource::Generated if reference.reference == 0x81 => ("puk", card.puk()),
                PivReferenceSource::Generated => ("pin", card.pin()),
                PivReferenceSource::Derived(_) => continue,
            };
            let refused = |fault| Error::PinBlock { field: field.to_owned(), fault };
            let digits = pin.ok_or_else(|| refused(PinBlockFault::Length))?.digits();
            let least = if reference.reference == 0x81 { PUK_DIGITS } else { 6 };
            if !(least..=8).contains(&digits.len()) {
                return Err(refused(PinBlockFault::Digits));
            }
            let mut value = vec![0xFF; 8];
            value[..digits.len()].copy_from_slice(digits);
            application.references.push(PivReference { reference: reference.reference, algorithm: 0, value });
        }
    }
    Ok(())
}
