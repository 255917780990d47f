//! Certificates: the issuer's, the card's and the PIN encipherment key's (B2 §5.3, §6.3, §6.4, §7.1).

use super::data::CardData;
use super::day::Day;
use super::dictionary::nibbles;
use super::fault::{Certificate, Wrong};
use super::public_key::PublicKey;

/// Where a certificate and what belongs to it stand.
struct Place {
    which: Certificate,
    certificate: u32,
    remainder: u32,
    exponent: u32,
    format: u8,
    /// how many bytes the owner's name has: 4 of an issuer, 10 of an account number
    name: usize,
}

const ISSUER: Place =
    Place { which: Certificate::Issuer, certificate: 0x90, remainder: 0x92, exponent: 0x9F32, format: 0x02, name: 4 };

const CARD: Place = Place {
    which: Certificate::Card,
    certificate: 0x9F46,
    remainder: 0x9F48,
    exponent: 0x9F47,
    format: 0x04,
    name: 10,
};

const PIN_ENCIPHERMENT: Place = Place {
    which: Certificate::PinEncipherment,
    certificate: 0x9F2D,
    remainder: 0x9F2F,
    exponent: 0x9F2E,
    format: 0x04,
    name: 10,
};

/// The issuer's key, which the authority signed.
pub(super) fn issuer_key(card: &CardData, authority: &PublicKey, today: Day) -> Result<PublicKey, Wrong> {
    let (key, name) = ISSUER.key(card, authority, &[], today)?;
    let account_number = card.account_number()?;
    let issuer: Vec<u8> = nibbles(&name).take_while(|nibble| *nibble != 0x0F).collect();
    let padded_right = nibbles(&name).skip(issuer.len()).all(|nibble| nibble == 0x0F);
    if issuer.len() < 3 || !padded_right || !account_number.starts_with(&issuer) {
        return Err(Wrong::certificate(ISSUER.which, "its issuer is not the one that the account number begins with"));
    }
    Ok(key)
}

/// The card's key, which the issuer signed together with the data that is to be authenticated.
pub(super) fn card_key(
    card: &CardData,
    issuer: &PublicKey,
    static_data: &[u8],
    today: Day,
) -> Result<PublicKey, Wrong> {
    let (key, name) = CARD.key(card, issuer, static_data, today)?;
    CARD.check_account_number(card, &name)?;
    Ok(key)
}

/// The key that PINs are enciphered for, where the card has one of its own; no other data is signed with it.
pub(super) fn pin_encipherment_key(
    card: &CardData,
    issuer: &PublicKey,
    today: Day,
) -> Result<Option<PublicKey>, Wrong> {
    if card.get(PIN_ENCIPHERMENT.certificate).is_none() {
        return Ok(None);
    }
    let (key, name) = PIN_ENCIPHERMENT.key(card, issuer, &[], today)?;
    PIN_ENCIPHERMENT.check_account_number(card, &name)?;
    Ok(Some(key))
}

impl Place {
    /// The key that is certified, and the owner's name.
    fn key(
        &self,
        card: &CardData,
        signer: &PublicKey,
        static_data: &[u8],
        today: Day,
    ) -> Result<(PublicKey, Vec<u8>), Wrong> {
        let (certificate, exponent) = (card.need(self.certificate)?, card.need(self.exponent)?);
        let remainder = card.get(self.remainder).unwrap_or_default();
        let further = [remainder, exponent, static_data];
        let body = signer.recover(self.which, self.format, certificate, &further)?;
        // format, name, MMYY, serial 3, hash algorithm, key algorithm, key length, exponent length, key
        let (name, rest) = body[1..].split_at(self.name);
        let [month, year, _, _, _, hash, algorithm, length, exponent_length, digits @ ..] = rest else {
            return self.wrong("it is too short");
        };
        if (*hash, *algorithm) != (0x01, 0x01) {
            return self.wrong("it names other algorithms than SHA-1 and RSA");
        }
        if usize::from(*exponent_length) != exponent.len() {
            return self.wrong("its exponent has another length");
        }
        match Day::end_of_month(&[*month, *year]) {
            None => return self.wrong("its last month is none"),
            Some(end) if end < today => return self.wrong("it has expired"),
            Some(_) => {}
        }
        let modulus = self.joined(digits, remainder, usize::from(*length))?;
        let key = PublicKey::new(&modulus, exponent).map_err(|why| Wrong::certificate(self.which, why))?;
        if key.len() > signer.len() {
            return self.wrong("its key is longer than the one that signed it");
        }
        Ok((key, name.to_vec()))
    }

    /// The modulus: its digits within the certificate, filled up with BB, or going on in the remainder.
    fn joined(&self, digits: &[u8], remainder: &[u8], length: usize) -> Result<Vec<u8>, Wrong> {
        if let Some((modulus, filler)) = digits.split_at_checked(length) {
            if !remainder.is_empty() {
                return self.wrong("the key has a remainder and needs none");
            }
            if filler.iter().any(|byte| *byte != 0xBB) {
                return self.wrong("its key is not filled up with BB");
            }
            return Ok(modulus.to_vec());
        }
        if digits.len() + remainder.len() != length {
            return self.wrong("the key's remainder has another length");
        }
        Ok([digits, remainder].concat())
    }

    /// The name of a card's certificate is its account number, filled up with F.
    fn check_account_number(&self, card: &CardData, name: &[u8]) -> Result<(), Wrong> {
        let account_number = card.account_number()?;
        let certified: Vec<u8> = nibbles(name).take_while(|nibble| *nibble < 10).collect();
        if certified == account_number && nibbles(name).skip(certified.len()).all(|nibble| nibble == 0x0F) {
            Ok(())
        } else {
            self.wrong("its account number is another")
        }
    }

    fn wrong<T>(&self, why: &'static str) -> Result<T, Wrong> {
        Err(Wrong::certificate(self.which, why))
    }
}
