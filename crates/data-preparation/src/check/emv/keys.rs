//! The card's secrets against what is known of them: private keys against certified ones, application keys against
//! their check values.

use super::EmvFault;
use super::certificates::Certified;
use super::groupings::Groupings;
use crate::emv::certificate::CardCertificate;
use crate::emv::rsa::{PrivateParts, PublicKey, RsaFault};
use crate::emv::tdes;

/// Where one private key stands, in its two forms.
struct Place {
    /// q^-1 mod p, d mod q-1, d mod p-1, q, p
    parts: [u16; 5],
    exponent: u16,
    modulus: u16,
}

const CARD: Place = Place { parts: [0x8201, 0x8202, 0x8203, 0x8204, 0x8205], exponent: 0x8101, modulus: 0x8103 };
const PIN: Place = Place { parts: [0x8301, 0x8302, 0x8303, 0x8304, 0x8305], exponent: 0x8102, modulus: 0x8104 };

/// `may_be_aes`: whether the application takes keys of AES as well.
pub(super) fn check(groupings: &Groupings<'_>, certified: &Certified, may_be_aes: bool) -> Result<(), EmvFault> {
    check_private(groupings, certified.card.as_ref(), &CARD)?;
    check_private(groupings, certified.pin.as_ref(), &PIN)?;
    check_application_keys(groupings, may_be_aes)
}

/// One form, complete, exactly where a certificate speaks of the key.
fn check_private(
    groupings: &Groupings<'_>,
    certified: Option<&CardCertificate>,
    place: &Place,
) -> Result<(), EmvFault> {
    let parts = place.parts.map(|identifier| groupings.get(identifier));
    let whole = [groupings.get(place.exponent), groupings.get(place.modulus)];
    let form = EmvFault::PrivateKeyForm(place.parts[0]);
    match (certified, parts, whole) {
        (None, [None, None, None, None, None], [None, None]) => Ok(()),
        (Some(key), [Some(q_inverse), Some(d_q), Some(d_p), Some(q), Some(p)], [None, None]) => {
            let parts = PrivateParts { p, q, d_p, d_q, q_inverse };
            held_against(key, place.parts[0], |public| public.belongs_to_parts(&parts))
        }
        (Some(key), [None, None, None, None, None], [Some(exponent), Some(modulus)]) => {
            held_against(key, place.exponent, |public| {
                if public.modulus() != modulus {
                    return Err(RsaFault::Part);
                }
                public.belongs_to_exponent(exponent)
            })
        }
        _ => Err(form),
    }
}

fn held_against(
    key: &CardCertificate,
    dgi: u16,
    belongs: impl FnOnce(PublicKey<'_>) -> Result<(), RsaFault>,
) -> Result<(), EmvFault> {
    let public = PublicKey::new(&key.modulus, &key.exponent);
    public.and_then(belongs).map_err(|fault| EmvFault::PrivateKey { dgi, fault })
}

/// The keys for cryptograms, MACs and encipherment, each with its check value: three of 3DES, or three of AES.
fn check_application_keys(groupings: &Groupings<'_>, may_be_aes: bool) -> Result<(), EmvFault> {
    let (Some(keys), Some(values)) = (groupings.get(0x8000), groupings.get(0x9000)) else {
        return Err(EmvFault::Alone { present: 0x9000, missing: 0x8000 });
    };
    let (keys, values) = (keys.as_chunks::<16>().0, values.as_chunks::<3>().0);
    let are_aes = may_be_aes && keys.iter().map(|key| tdes::aes_check_value(key)).eq(values.iter().copied().map(Some));
    for (position, key) in keys.iter().enumerate() {
        if !are_aes && values.get(position) != Some(&tdes::check_value(key)) {
            return Err(EmvFault::CheckValue(position + 1));
        }
        if !are_aes {
            check_form(keys, position)?;
        } else if keys[..position].contains(key) {
            return Err(EmvFault::SameKeys);
        }
    }
    Ok(())
}

/// Keys of 3DES alone: those that an issuer's script is made under.
pub(super) fn check_forms(keys: &[[u8; 16]; 3]) -> Result<(), EmvFault> {
    (0..keys.len()).try_for_each(|position| check_form(keys, position))
}

fn check_form(keys: &[[u8; 16]], position: usize) -> Result<(), EmvFault> {
    if !tdes::has_odd_parity(&keys[position]) {
        return Err(EmvFault::Parity(position + 1));
    }
    if keys[..position].contains(&keys[position]) { Err(EmvFault::SameKeys) } else { Ok(()) }
}
