//! The static data that issuer and card certificates vouch for (`EMV B2`, `EMV B3`), and the issuer's
//! signature over it alone.

use cardwright_apdu::tlv;

use super::{CertificateFault, close, open};
use crate::emv::Afl;
use crate::emv::rsa::PublicKey;

const FORMAT: u8 = 0x03;

/// Signed static application data: the value of tag 93, of cards that authenticate in no other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedStaticData {
    /// the issuer's data authentication code
    pub authentication_code: [u8; 2],
}

impl SignedStaticData {
    /// The block that an issuer whose modulus has `issuer_length` bytes signs.
    ///
    /// # Errors
    /// [`CertificateFault::KeyLength`].
    pub fn to_be_signed(&self, issuer_length: usize, static_data: &[u8]) -> Result<Vec<u8>, CertificateFault> {
        let [high, low] = self.authentication_code;
        close(vec![FORMAT, 0x01, high, low], issuer_length, &[static_data])
    }

    /// Recovers it from the value of tag 93.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub fn recover(signed: &[u8], issuer: PublicKey<'_>, static_data: &[u8]) -> Result<Self, CertificateFault> {
        let body = open(signed, issuer, &[static_data])?;
        let [FORMAT, 0x01, high, low, filler @ ..] = body.as_slice() else { return Err(CertificateFault::Kind) };
        if filler.iter().any(|byte| *byte != super::PADDING) {
            return Err(CertificateFault::Padding);
        }
        Ok(Self { authentication_code: [*high, *low] })
    }
}

/// What of a record is signed: in files 1 to 10 the bytes inside the template 70, in files 11 to 30 all of it.
/// `None` where a record of files 1 to 10 is not one template 70.
#[must_use]
pub fn signed_part(file: u8, record: &[u8]) -> Option<&[u8]> {
    if file > 10 {
        return Some(record);
    }
    tlv::read_one(record).ok().filter(|template| template.tag == tlv::Tag(0x70)).map(|template| template.value)
}

/// The static data to be authenticated: the signed records in the locator's order, then the interchange profile where
/// tag 9F4A asks for it. `None` where a record is not there or no template.
#[must_use]
pub fn static_data_to_be_authenticated<'a>(
    locator: &Afl,
    record: impl Fn(u8, u8) -> Option<&'a [u8]>,
    interchange_profile: Option<[u8; 2]>,
) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    for (file, number, _) in locator.records().filter(|(_, _, signed)| *signed) {
        data.extend_from_slice(signed_part(file, record(file, number)?)?);
    }
    data.extend(interchange_profile.into_iter().flatten());
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_signed_only_in_the_files_from_11() {
        let record = [0x70, 0x03, 0x5A, 0x01, 0x47];
        assert_eq!(signed_part(10, &record), Some(&record[2..]));
        assert_eq!(signed_part(11, &record), Some(&record[..]));
        assert_eq!(signed_part(1, &record[2..]), None);
    }

    #[test]
    fn only_the_first_records_of_an_entry_are_signed_and_the_profile_comes_last() {
        let (one, two) = ([0x70, 0x02, 0x5A, 0x00], [0x70, 0x02, 0x57, 0x00]);
        let afl = Afl::read(&[0x10, 1, 2, 1]).unwrap();
        let record = |_, number| if number == 1 { Some(&one[..]) } else { Some(&two[..]) };
        let data = static_data_to_be_authenticated(&afl, record, Some([0x39, 0x00]));
        assert_eq!(data, Some(vec![0x5A, 0x00, 0x39, 0x00]));
        assert_eq!(static_data_to_be_authenticated(&afl, |_, _| None, None), None);
    }
}
