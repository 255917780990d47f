//! Issuers' keys: made in the keystore, known to profiles by name.

use cardwright_keystore::{KeyKind, RsaSize};
use cardwright_relay::Code;

use super::refused;
use crate::center::Center;
use crate::refused::Refused;
use crate::registry::key::{KeyUse, keep, made};
use crate::store::{EmvIssuer, Person, Registration, Store};

/// The longest key of an issuer whose certificate of a card key leaves a record within 254 bytes.
const LONGEST: u16 = 1_976;

/// An issuer's key as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewIssuer<'a> {
    /// its name in profiles
    pub name: &'a str,
    /// length and exponent of the key
    pub size: RsaSize,
    /// the issuer identifier: the first 3 to 8 digits of its card numbers
    pub identifier: &'a str,
}

/// Makes an issuer's key; it waits for a certificate then.
///
/// # Errors
/// `CERTIFICATE_REFUSED` for a key that is too long or an identifier that is none; `KEY_REFUSED`, `NAME_TAKEN`; the
/// store's and the keystore's own.
pub async fn make<S: Store>(center: &Center<S>, person: &Person, new: NewIssuer<'_>) -> Result<EmvIssuer, Refused> {
    let element = || format!("The issuer key {}", new.name);
    if new.size.bits() > LONGEST {
        let rule = format!("an issuer's key has {LONGEST} bits at most, for a record that holds its signature");
        return Err(refused(element(), rule, format!("Ask for {LONGEST} bits or less")));
    }
    if identifier_bytes(new.identifier).is_none() {
        let rule = "the issuer identifier has 3 to 8 digits";
        return Err(refused(element(), rule, "Give the first digits of the issuer's card numbers"));
    }
    if center.store.emv_issuers().await?.iter().any(|known| known.name == new.name) {
        return Err(Refused::with(Code::NAME_TAKEN, [new.name]));
    }
    let info = made(center, &format!("emv-issuer/{}", new.name), KeyKind::Rsa(new.size), KeyUse::Authority)?;
    let issuer = EmvIssuer {
        name: new.name.to_owned(),
        key: info.id.to_string(),
        identifier: new.identifier.to_owned(),
        certificate: None,
    };
    let EmvIssuer { name, key, identifier, .. } = issuer.clone();
    keep(center, person, info, vec![Registration::EmvIssuer { name, key, identifier }]).await?;
    Ok(issuer)
}

/// The issuer of this name, certified or not.
///
/// # Errors
/// `ISSUER_UNKNOWN`; the store's own.
pub async fn named<S: Store>(store: &S, name: &str) -> Result<EmvIssuer, Refused> {
    let found = store.emv_issuers().await?.into_iter().find(|issuer| issuer.name == name);
    found.ok_or_else(|| Refused::with(Code::ISSUER_UNKNOWN, [name]))
}

/// The identifier as a certificate has it: 3 to 8 digits, filled up with F (EMV B2 §5.1).
pub(super) fn identifier_bytes(digits: &str) -> Option<[u8; 4]> {
    if !(3..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    hex::decode(format!("{digits:F<8}")).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_filled_up_and_has_three_to_eight_digits() {
        assert_eq!(identifier_bytes("492900"), Some([0x49, 0x29, 0x00, 0xFF]));
        assert_eq!(identifier_bytes("123"), Some([0x12, 0x3F, 0xFF, 0xFF]));
        assert_eq!(identifier_bytes("12345678"), Some([0x12, 0x34, 0x56, 0x78]));
        for wrong in ["12", "123456789", "12a4", "12F", ""] {
            assert_eq!(identifier_bytes(wrong), None, "{wrong}");
        }
    }
}
