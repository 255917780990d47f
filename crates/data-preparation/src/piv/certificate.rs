//! Certificates of keys that do not exist yet: everything before and after the public key (RFC 5280 §4.1), and what is
//! left to do when there is one.
//!
//! The card makes its keys while it is issued. What can be decided before is decided at preparation, so that the center
//! has only to put the key between and to sign, and the same order gives the same certificate.

use cardwright_apdu::tlv::{self, element};
use sha2::{Digest, Sha256};

use super::Unfit;
use super::der::{
    self, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, ObjectIdentifier, SEQUENCE, UTC_TIME, bit_string, explicit,
    null, sequence, time,
};
use super::extensions::{self, AlternativeNames, extensions};
use super::name::{DistinguishedName, is_name};
use crate::{CertificateTemplate, Date};

/// RSA PKCS#1 v1.5 with SHA-256 (RFC 4055 §5): its signatures are the same every time.
const SIGNATURE: &str = "1.2.840.113549.1.1.11";

/// DigestInfo of SHA-256 without the digest (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// AlgorithmIdentifier of the signature in DER, as it stands in the certificate twice.
fn signature_algorithm() -> Vec<u8> {
    sequence(&[ObjectIdentifier::known(SIGNATURE).to_der(), null()])
}

/// What a certificate is to say.
#[derive(Clone, Copy)]
pub struct CertificateRequest<'a> {
    /// the keystore's handle of the authority's RSA key
    pub authority: &'a str,
    /// the authority's name
    pub authority_name: &'a DistinguishedName,
    /// [`key_identifier`](super::key_identifier) of the authority's key
    pub authority_key: [u8; 20],
    /// 9A, 9C, 9D or 9E
    pub slot: u8,
    /// 07 RSA-2048, 11 P-256
    pub algorithm: u8,
    /// whose certificate it is
    pub subject: &'a DistinguishedName,
    /// 16 random bytes for the serial number
    pub serial: [u8; 16],
    /// the first day, from midnight
    pub from: Date,
    /// the last day, to its last second; times are UTC
    pub to: Date,
    /// names besides the subject
    pub names: AlternativeNames<'a>,
    /// the policies that it is issued under; none where the issuer has none
    pub policies: &'a [ObjectIdentifier],
}

/// The template of a certificate.
///
/// # Errors
/// A key that PIV does not have, or a name that does not fit.
pub fn certificate_template(request: &CertificateRequest<'_>) -> Result<CertificateTemplate, Unfit> {
    let mut serial = request.serial;
    serial[0] = serial[0] & 0x7F | 0x40; // positive, not zero, and of one length
    let before = [
        explicit(0, &element(INTEGER, &[2])),
        element(INTEGER, &serial),
        signature_algorithm(),
        request.authority_name.to_der().to_vec(),
        sequence(&[time(request.from, "000000"), time(request.to, "235959")]),
        request.subject.to_der().to_vec(),
    ];
    Ok(CertificateTemplate {
        authority: request.authority.to_owned(),
        before: before.concat(),
        after: extensions(request)?,
    })
}

impl CertificateTemplate {
    /// TBSCertificate in DER, with this SubjectPublicKeyInfo (DER) in it.
    #[must_use]
    pub fn to_be_signed(&self, public_key: &[u8]) -> Vec<u8> {
        element(SEQUENCE, &[&self.before, public_key, &self.after].concat())
    }
}

/// What the authority's private key of `modulus_length` bytes is applied to: SHA-256 of the TBSCertificate (or what
/// else is signed) in PKCS#1 v1.5 encoding (RFC 8017 §9.2). `None` where the key is too short for it.
#[must_use]
pub fn signature_block(to_be_signed: &[u8], modulus_length: usize) -> Option<Vec<u8>> {
    let info = [&SHA256_DIGEST_INFO[..], &Sha256::digest(to_be_signed)].concat();
    let filler = modulus_length.checked_sub(info.len() + 3).filter(|length| *length >= 8)?;
    Some([&[0x00, 0x01][..], &vec![0xFF; filler], &[0x00], &info].concat())
}

/// The certificate, DER: the TBSCertificate with the authority's signature.
#[must_use]
pub fn signed_certificate(to_be_signed: &[u8], signature: &[u8]) -> Vec<u8> {
    sequence(&[to_be_signed.to_vec(), signature_algorithm(), bit_string(signature)])
}

/// An extension: its identifier, whether it is critical, its content.
type ReadExtension = (Vec<u8>, bool, Vec<u8>);

/// What the check reads out of a template.
pub(crate) struct ReadTemplate {
    /// first and last day
    pub(crate) validity: (Date, Date),
    extensions: Vec<ReadExtension>,
}

impl ReadTemplate {
    /// Reads a template with an example of a key in it; `None` where anything is not as RFC 5280 has it.
    pub(crate) fn read(template: &CertificateTemplate, public_key: &[u8]) -> Option<Self> {
        let whole = template.to_be_signed(public_key);
        let fields = tlv::read_all(tlv::read_one(&whole).ok()?.value).ok()?;
        let [version, serial, algorithm, issuer, validity, subject, key, extensions] = &fields[..] else { return None };
        let head = version.tag.0 == 0xA0 && version.value == element(INTEGER, &[2]);
        let positive = serial.tag.0 == INTEGER && is_serial(serial.value);
        let signed = element(algorithm.tag.0, algorithm.value) == signature_algorithm();
        let named = [issuer, subject].iter().all(|name| name.tag.0 == SEQUENCE && is_name(name.value));
        let framed = element(key.tag.0, key.value) == public_key && extensions.tag.0 == 0xA3;
        if !(head && positive && signed && named && framed && validity.tag.0 == SEQUENCE) {
            return None;
        }
        Some(Self { validity: read_validity(validity.value)?, extensions: read_extensions(extensions.value)? })
    }

    /// Whether the key usage is the slot's, nobody takes the holder for an authority, and the authority's key is named.
    pub(crate) fn fits(&self, slot: u8, algorithm: u8) -> bool {
        let usage = extensions::key_usage(slot, algorithm).map(der::named_bits);
        let critical = |identifier| self.find(identifier).filter(|(critical, _)| *critical).map(|(_, value)| value);
        critical("2.5.29.15") == usage.as_deref()
            && critical("2.5.29.19") == Some(&[0x30, 0x00][..])
            && self.find("2.5.29.35").is_some_and(|(_, value)| value.starts_with(&[0x30, 0x16, 0x80, 0x14]))
            && self.find("2.5.29.37").is_some()
    }

    /// Whether the card's UUID is among the alternative names.
    pub(crate) fn names(&self, uuid: [u8; 16]) -> bool {
        let address = extensions::uuid_address(uuid);
        let names = self.find("2.5.29.17").and_then(|(_, value)| tlv::read_one(value).ok());
        names.and_then(|names| tlv::find(names.value, 0x86).ok()?).is_some_and(|value| value == address.as_bytes())
    }

    fn find(&self, identifier: &'static str) -> Option<(bool, &[u8])> {
        let wanted = ObjectIdentifier::known(identifier).to_der();
        let found = self.extensions.iter().find(|(known, ..)| element(OBJECT_IDENTIFIER, known) == wanted)?;
        Some((found.1, &found.2))
    }
}

/// 1 to 20 bytes, positive, not zero, in the shortest form (RFC 5280 §4.1.2.2).
fn is_serial(bytes: &[u8]) -> bool {
    let shortest = !matches!(bytes, [0x00, 0x00..=0x7F, ..] | [0x00] | []);
    shortest && bytes.len() <= 20 && bytes[0] < 0x80
}

fn read_validity(der: &[u8]) -> Option<(Date, Date)> {
    match &tlv::read_all(der).ok()?[..] {
        [from, to] => Some((read_time(from, b"000000Z")?, read_time(to, b"235959Z")?)).filter(|(from, to)| from <= to),
        _ => None,
    }
}

fn read_time(time: &tlv::Tlv<'_>, clock: &[u8]) -> Option<Date> {
    let (day, rest) = time.value.split_at_checked(time.value.len().checked_sub(7)?)?;
    let text = match (time.tag.0, day.len()) {
        (UTC_TIME, 6) => [if day[0] < b'5' { &b"20"[..] } else { b"19" }, day].concat(),
        (GENERALIZED_TIME, 8) => day.to_vec(),
        _ => return None,
    };
    let date = super::expiry_of(&text)?;
    (rest == clock && element(time.tag.0, time.value) == der::time(date, std::str::from_utf8(&clock[..6]).ok()?))
        .then_some(date)
}

/// The extensions, none twice.
fn read_extensions(der: &[u8]) -> Option<Vec<ReadExtension>> {
    let list = tlv::read_one(der).ok().filter(|list| list.tag.0 == SEQUENCE)?;
    let mut all: Vec<ReadExtension> = Vec::new();
    for extension in tlv::read_all(list.value).ok()? {
        let fields = tlv::read_all(extension.value).ok()?;
        let (identifier, critical, content) = match &fields[..] {
            [identifier, content] => (identifier, false, content),
            [identifier, critical, content] if (critical.tag.0, critical.value) == (0x01, &[0xFF]) => {
                (identifier, true, content)
            }
            _ => return None,
        };
        let formed = identifier.tag.0 == OBJECT_IDENTIFIER && content.tag.0 == 0x04;
        if !formed || tlv::read_one(content.value).is_err() || all.iter().any(|(known, ..)| known == identifier.value) {
            return None;
        }
        all.push((identifier.value.to_vec(), critical, content.value.to_vec()));
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_as_long_as_the_modulus_and_ends_with_the_digest() {
        let block = signature_block(b"what is signed", 256).unwrap();
        assert_eq!((block.len(), &block[..3]), (256, &[0x00, 0x01, 0xFF][..]));
        assert_eq!(block[224..], Sha256::digest(b"what is signed")[..]);
        assert_eq!(block[256 - 52..256 - 51], [0x00]);
        assert!(signature_block(b"", 61).is_none());
        assert!(signature_block(b"", 62).is_some());
    }

    #[test]
    fn the_key_stands_between_the_templates_two_parts() {
        let template = CertificateTemplate { authority: String::new(), before: vec![1], after: vec![2] };
        assert_eq!(template.to_be_signed(&[9; 3]), [0x30, 5, 1, 9, 9, 9, 2]);
    }
}
