//! The PIV card-authentication application: a certificate, and a P-256 key that signs without a PIN
//! (NIST SP 800-73-4 part 2 §3; key reference 9E), so that a card can serve as a reader's SAM.

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use serde::{Deserialize, Serialize};

use crate::hexadecimal;
use crate::secret::Secret;

/// The tag of the card-authentication certificate (SP 800-73-4 part 1 Table 3).
const CARD_AUTHENTICATION_CERTIFICATE: [u8; 3] = [0x5F, 0xC1, 0x01];
/// ECC P-256 (SP 800-78-4 Table 6-2).
const ALGORITHM_P256: u8 = 0x11;
/// The card-authentication key.
const KEY_REFERENCE: u8 = 0x9E;

/// The application's persistent data.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PivData {
    /// what stands in the data object 53, `70 {certificate} 71 01 00 FE 00`; empty: none
    #[serde(with = "hexadecimal::bytes")]
    pub certificate_object: Vec<u8>,
    /// the private scalar, 32 bytes
    pub private_key: Option<Secret>,
}

impl PivData {
    /// The key `private_key` (32 bytes) with the DER `certificate` of its public key.
    #[must_use]
    pub fn new(private_key: Secret, certificate: &[u8]) -> Self {
        let object = [tlv::element(0x70, certificate), tlv::element(0x71, &[0]), tlv::element(0xFE, &[])].concat();
        Self { certificate_object: object, private_key: Some(private_key) }
    }

    pub(super) fn memory_used(&self) -> usize {
        self.certificate_object.len() + self.private_key.as_ref().map_or(0, |_| 32)
    }
}

/// The application property template (SP 800-73-4 part 2 Table 3).
pub(super) fn property_template(aid: &Aid) -> Vec<u8> {
    let (provider, extension) = aid.as_bytes().split_at(5);
    let authority = tlv::element(0x79, &tlv::element(0x4F, provider));
    tlv::element(0x61, &[tlv::element(0x4F, extension), authority].concat())
}

/// Runs one command. Nothing is ever written.
pub(super) fn process(data: &PivData, command: &Command) -> Result<Response, StatusWord> {
    if command.header.cla != 0x00 {
        return Err(StatusWord::CLASS_NOT_SUPPORTED);
    }
    let answer = match command.header.ins {
        0xCB => get_data(data, command)?,
        0x87 => general_authenticate(data, command)?,
        _ => return Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
    };
    Ok(Response::new(answer, StatusWord::SUCCESS))
}

/// GET DATA `00 CB 3F FF`, tag list 5C (SP 800-73-4 part 2 §3.1.2): the certificate and the discovery object 7E.
fn get_data(data: &PivData, command: &Command) -> Result<Vec<u8>, StatusWord> {
    if (command.header.p1, command.header.p2) != (0x3F, 0xFF) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let tag = tlv::find(command.data(), 0x5C).ok().flatten().ok_or(StatusWord::WRONG_DATA)?;
    match tag {
        tag if tag == CARD_AUTHENTICATION_CERTIFICATE && !data.certificate_object.is_empty() => {
            Ok(tlv::element(0x53, &data.certificate_object))
        }
        [0x7E] => {
            let aid = tlv::element(0x4F, &[0xA0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1, 0]);
            Ok(tlv::element(0x7E, &[aid, tlv::element(0x5F2F, &[0x40, 0x00])].concat()))
        }
        _ => Err(StatusWord::NOT_FOUND),
    }
}

/// GENERAL AUTHENTICATE `00 87 11 9E`, internal authentication: `7C {82 00, 81 hash}` answers `7C {82 signature}`
/// (SP 800-73-4 part 2 §3.2.4). The nonce of the signature is that of RFC 6979.
fn general_authenticate(data: &PivData, command: &Command) -> Result<Vec<u8>, StatusWord> {
    if (command.header.p1, command.header.p2) != (ALGORITHM_P256, KEY_REFERENCE) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let template = tlv::find(command.data(), 0x7C).ok().flatten().ok_or(StatusWord::WRONG_DATA)?;
    let element = |tag| tlv::find(template, tag).ok().flatten().ok_or(StatusWord::WRONG_DATA);
    if !element(0x82)?.is_empty() || element(0x81)?.len() != 32 {
        return Err(StatusWord::WRONG_DATA);
    }
    let secret = data.private_key.as_ref().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let key = SigningKey::from_slice(secret.expose()).map_err(|_| StatusWord(0x6400))?;
    let signature: Signature = key.sign_prehash(element(0x81)?).map_err(|_| StatusWord(0x6400))?;
    Ok(tlv::element(0x7C, &tlv::element(0x82, signature.to_der().as_bytes())))
}
