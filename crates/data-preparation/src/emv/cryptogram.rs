//! Application cryptograms and the issuer's answers to them, as the issuer's host makes them: for tests, previews and
//! agreement with others' programs. They work on keys in clear, which only tests and virtual hosts have.

use zeroize::Zeroizing;

use super::derivation;
use super::tdes::{encrypt, encrypt_both, pad_with_mark, retail_mac};

/// How an application makes its cryptograms: the third byte of its issuer application data says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CryptogramVersion {
    /// 10 (0A): under the card key, over the card verification results, padded with zeros
    Ten,
    /// 18 (12): under the common session key, over the whole issuer application data, padded 80 00..
    Eighteen,
}

impl CryptogramVersion {
    /// The version that the byte names, if it is one of the two.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x0A => Some(Self::Ten),
            0x12 => Some(Self::Eighteen),
            _ => None,
        }
    }

    /// The byte that names the version.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Ten => 0x0A,
            Self::Eighteen => 0x12,
        }
    }
}

/// Issuer application data (9F10) as our application keeps it: `06`, key index, version, card verification results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuerApplicationData {
    /// which master key the card's key is of
    pub key_index: u8,
    /// how cryptograms are made
    pub version: CryptogramVersion,
    /// card verification results; the card changes them
    pub verification_results: [u8; 4],
}

impl IssuerApplicationData {
    /// Reads the value of tag 9F10, 7 bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [0x06, key_index, version, verification_results @ ..] = bytes else { return None };
        let version = CryptogramVersion::from_byte(*version)?;
        Some(Self { key_index: *key_index, version, verification_results: verification_results.try_into().ok()? })
    }

    /// The value of tag 9F10.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 7] {
        let [first, second, third, fourth] = self.verification_results;
        [0x06, self.key_index, self.version.byte(), first, second, third, fourth]
    }
}

/// What a cryptogram is made over.
#[derive(Debug, Clone, Copy)]
pub struct CryptogramData<'a> {
    /// the values of CDOL1 in its order, without issuer data (29 bytes for the usual list)
    pub terminal: &'a [u8],
    /// application interchange profile
    pub interchange_profile: [u8; 2],
    /// application transaction counter
    pub counter: u16,
    /// issuer application data as the card answered it
    pub issuer_application_data: IssuerApplicationData,
}

/// The key that makes the cryptograms of transaction `counter`: the card's, or the common session key of it.
#[must_use]
pub fn working_key(version: CryptogramVersion, card_key: &[u8; 16], counter: u16) -> Zeroizing<[u8; 16]> {
    match version {
        CryptogramVersion::Ten => Zeroizing::new(*card_key),
        CryptogramVersion::Eighteen => encrypt_both(card_key, derivation::session(counter)),
    }
}

/// The cryptogram (ARQC, TC or AAC) over `data` under the card's application cryptogram key.
#[must_use]
pub fn application_cryptogram(card_key: &[u8; 16], data: &CryptogramData<'_>) -> [u8; 8] {
    let issuer = data.issuer_application_data;
    let mut message = data.terminal.to_vec();
    message.extend_from_slice(&data.interchange_profile);
    message.extend_from_slice(&data.counter.to_be_bytes());
    let message = match issuer.version {
        CryptogramVersion::Ten => {
            message.extend_from_slice(&issuer.verification_results);
            message
        }
        CryptogramVersion::Eighteen => {
            message.extend_from_slice(&issuer.to_bytes());
            pad_with_mark(&message)
        }
    };
    retail_mac(&working_key(issuer.version, card_key, data.counter), &message)
}

/// The issuer's answer by method 1 (`EMV B2`): 8 bytes. `key` is the [`working_key`].
#[must_use]
pub fn response_by_method_1(key: &[u8; 16], cryptogram: [u8; 8], response_code: [u8; 2]) -> [u8; 8] {
    let mut block = cryptogram;
    block[0] ^= response_code[0];
    block[1] ^= response_code[1];
    encrypt(key, block)
}

/// The issuer's answer by method 2 (`EMV B2`): 4 bytes, over the cryptogram, the card status update and up to
/// 8 bytes of the issuer's own. `key` is the [`working_key`].
#[must_use]
pub fn response_by_method_2(key: &[u8; 16], cryptogram: [u8; 8], status_update: [u8; 4], own: &[u8]) -> [u8; 4] {
    let message = [&cryptogram[..], &status_update, own].concat();
    let [first, second, third, fourth, ..] = retail_mac(key, &pad_with_mark(&message));
    [first, second, third, fourth]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] = *b"\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10";

    fn data(version: CryptogramVersion, counter: u16) -> CryptogramData<'static> {
        let issuer_application_data =
            IssuerApplicationData { key_index: 1, version, verification_results: [0x03, 0xA0, 0, 0] };
        CryptogramData { terminal: &[0x5A; 29], interchange_profile: [0x39, 0], counter, issuer_application_data }
    }

    #[test]
    fn the_two_versions_differ_in_key_and_padding() {
        let ten = application_cryptogram(&KEY, &data(CryptogramVersion::Ten, 1));
        let message = [&[0x5A; 29][..], &[0x39, 0, 0, 1, 0x03, 0xA0, 0, 0, 0, 0, 0]].concat();
        assert_eq!(ten, retail_mac(&KEY, &message));
        let eighteen = application_cryptogram(&KEY, &data(CryptogramVersion::Eighteen, 1));
        let message =
            [&[0x5A; 29][..], &[0x39, 0, 0, 1, 6, 1, 0x12, 0x03, 0xA0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]].concat();
        let mut padded = message;
        padded.truncate(48);
        assert_eq!(eighteen, retail_mac(&working_key(CryptogramVersion::Eighteen, &KEY, 1), &padded[..48]));
    }

    #[test]
    fn each_transaction_of_version_18_has_a_key_of_its_own() {
        let first = working_key(CryptogramVersion::Eighteen, &KEY, 1);
        assert_ne!(*first, *working_key(CryptogramVersion::Eighteen, &KEY, 2));
        assert_ne!(*first, KEY);
        assert_eq!(*working_key(CryptogramVersion::Ten, &KEY, 2), KEY);
    }

    #[test]
    fn answers_depend_on_what_they_say() {
        let one = response_by_method_1(&KEY, [1; 8], *b"00");
        assert_ne!(one, response_by_method_1(&KEY, [1; 8], *b"05"));
        let two = response_by_method_2(&KEY, [1; 8], [0, 0x82, 0, 0], &[]);
        assert_ne!(two, response_by_method_2(&KEY, [1; 8], [0, 0x81, 0, 0], &[]));
    }

    #[test]
    fn issuer_application_data_reads_back_and_no_other_version_does() {
        let bytes = [6, 1, 0x0A, 3, 0xA0, 0, 0];
        assert_eq!(IssuerApplicationData::read(&bytes).map(IssuerApplicationData::to_bytes), Some(bytes));
        for wrong in [&[6, 1, 0x0B, 3, 0xA0, 0, 0][..], &[7, 1, 0x0A, 3, 0xA0, 0, 0], &[6, 1, 0x0A, 3, 0xA0, 0], &[]] {
            assert!(IssuerApplicationData::read(wrong).is_none());
        }
    }
}
