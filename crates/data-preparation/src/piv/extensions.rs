//! The extensions of a card's certificates (RFC 5280 §4.2; FIPS 201-3 Appendix B for the identifiers of PIV).
//!
//! There is no subject key identifier: its value is of the public key, which the card makes only later.

use cardwright_apdu::tlv::element;

use super::certificate::CertificateRequest;
use super::der::{
    BOOLEAN, OCTET_STRING, ObjectIdentifier, SEQUENCE, UTF8_STRING, explicit, implicit, named_bits, sequence,
};
use super::{FascN, Unfit};

const KEY_USAGE: &str = "2.5.29.15";
const ALTERNATIVE_NAME: &str = "2.5.29.17";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const POLICIES: &str = "2.5.29.32";
const AUTHORITY_KEY: &str = "2.5.29.35";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

const CLIENT_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.2";
const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
const SMART_CARD_LOGON: &str = "1.3.6.1.4.1.311.20.2.2";
const PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";
/// FIPS 201-3 Appendix B
const CARD_AUTHENTICATION: &str = "2.16.840.1.101.3.6.8";
const FASC_N: &str = "2.16.840.1.101.3.6.6";

/// Key usage (RFC 5280 §4.2.1.3): the first bit is the highest.
const DIGITAL_SIGNATURE: u16 = 0x8000;
const NON_REPUDIATION: u16 = 0x4000;
const KEY_ENCIPHERMENT: u16 = 0x2000;
const KEY_AGREEMENT: u16 = 0x0800;

/// Names of the holder and of the card besides the subject.
#[derive(Clone, Copy, Default)]
pub struct AlternativeNames<'a> {
    /// an e-mail address
    pub email: Option<&'a str>,
    /// the name that a directory logs the holder in by
    pub principal: Option<&'a str>,
    /// the card's number; PIV wants it in 9A and 9E
    pub number: Option<FascN>,
    /// the card's UUID; PIV wants it in 9A and 9E (SP 800-73-5 part 1 §3.4.1)
    pub uuid: Option<[u8; 16]>,
}

/// What the key in a slot may be used for. A key of P-256 agrees on keys where RSA enciphers them.
pub(super) fn key_usage(slot: u8, algorithm: u8) -> Option<u16> {
    match (slot, algorithm) {
        (0x9A | 0x9E, _) => Some(DIGITAL_SIGNATURE),
        (0x9C, _) => Some(DIGITAL_SIGNATURE | NON_REPUDIATION),
        (0x9D, 0x07) => Some(KEY_ENCIPHERMENT),
        (0x9D, 0x11) => Some(KEY_AGREEMENT),
        _ => None,
    }
}

/// `[3] SEQUENCE OF Extension`
pub(super) fn extensions(request: &CertificateRequest<'_>) -> Result<Vec<u8>, Unfit> {
    let unfit =
        |reason| Unfit { element: "certificate", reason, remedy: "take slot 9A, 9C, 9D or 9E and RSA-2048 or P-256" };
    let usage = key_usage(request.slot, request.algorithm).ok_or(unfit("a key that PIV does not have"))?;
    let (purposes, purposes_are_critical): (&[&str], bool) = match request.slot {
        0x9A => (&[CLIENT_AUTHENTICATION, SMART_CARD_LOGON], false),
        0x9E => (&[CARD_AUTHENTICATION], true),
        _ => (&[EMAIL_PROTECTION], false),
    };
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|text| ObjectIdentifier::known(text).to_der()).collect();
    let mut all = vec![
        extension(AUTHORITY_KEY, false, &sequence(&[implicit(0, &request.authority_key)])),
        extension(KEY_USAGE, true, &named_bits(usage)),
        extension(BASIC_CONSTRAINTS, true, &sequence(&[])),
        extension(EXTENDED_KEY_USAGE, purposes_are_critical, &sequence(&purposes)),
    ];
    if !request.policies.is_empty() {
        let policies: Vec<Vec<u8>> = request.policies.iter().map(|policy| sequence(&[policy.to_der()])).collect();
        all.push(extension(POLICIES, false, &sequence(&policies)));
    }
    let names = alternative_names(&request.names)?;
    if !names.is_empty() {
        all.push(extension(ALTERNATIVE_NAME, false, &element(SEQUENCE, &names)));
    }
    Ok(explicit(3, &sequence(&all)))
}

fn extension(identifier: &'static str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { element(BOOLEAN, &[0xFF]) } else { Vec::new() };
    sequence(&[ObjectIdentifier::known(identifier).to_der(), critical, element(OCTET_STRING, value)])
}

/// The general names, without the sequence around them (RFC 5280 §4.2.1.6).
fn alternative_names(names: &AlternativeNames<'_>) -> Result<Vec<u8>, Unfit> {
    let mut all = Vec::new();
    if let Some(principal) = names.principal {
        if principal.is_empty() || principal.chars().any(char::is_control) {
            let reason = "it is empty, or holds a control character";
            return Err(Unfit { element: "principal name", reason, remedy: "correct the field" });
        }
        all.push(other_name(PRINCIPAL_NAME, &element(UTF8_STRING, principal.as_bytes())));
    }
    if let Some(number) = names.number {
        all.push(other_name(FASC_N, &element(OCTET_STRING, &number.to_bytes())));
    }
    if let Some(email) = names.email {
        address_fault(email).map_or(Ok(()), Err)?;
        all.push(implicit(1, email.as_bytes()));
    }
    if let Some(uuid) = names.uuid {
        all.push(implicit(6, uuid_address(uuid).as_bytes()));
    }
    Ok(all.concat())
}

fn other_name(identifier: &'static str, value: &[u8]) -> Vec<u8> {
    element(0xA0, &[ObjectIdentifier::known(identifier).to_der(), explicit(0, value)].concat())
}

/// Why `text` is no e-mail address of a certificate.
pub(crate) fn address_fault(text: &str) -> Option<Unfit> {
    let reason = "it is not name@host in ASCII";
    let unfit = Unfit { element: "e-mail address", reason, remedy: "correct the field" };
    (!is_address(text)).then_some(unfit)
}

/// A mailbox as certificates have it (RFC 5280 §4.2.1.6): ASCII without spaces, one @ with something on each side.
fn is_address(text: &str) -> bool {
    let ascii = text.bytes().all(|byte| (0x21..0x7F).contains(&byte));
    ascii && text.split('@').count() == 2 && text.split('@').all(|part| !part.is_empty()) && text.len() <= 254
}

/// `urn:uuid:..` (RFC 4122 §3)
pub(super) fn uuid_address(uuid: [u8; 16]) -> String {
    let mut text = "urn:uuid:".to_owned();
    for (place, byte) in uuid.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
