//! How a reader of tier R2 proves itself: its SAM, a PIV card, signs with its card-authentication key, which asks
//! for no PIN (NIST SP 800-73-4 part 2 §3.2.4, key reference 9E; algorithm 11: P-256).

use std::time::Duration;

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use cardwright_apdu::{Command, Response, StatusWord, tlv};
use cardwright_relay::Code;
use cardwright_relay::terminal::CardEvent;

use crate::card::CardLink;
use crate::failure::Failure;
use crate::readers::ListedReader;

/// The PIV card application, version 1.
const PIV: [u8; 11] = [0xA0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1, 0];
const LIMIT: Duration = Duration::from_secs(5);
const DYNAMIC_AUTHENTICATION_TEMPLATE: u32 = 0x7C;
const CHALLENGE: u32 = 0x81;
const RESPONSE: u32 = 0x82;

/// Has the SAM sign `proof_hash` (32 bytes) and checks the signature under the listed key.
///
/// # Errors
/// `CW-2008` for a SAM that is none, does not answer, or holds another key: a cloned reader ends here.
pub async fn prove(reader: &ListedReader, sam: &mut impl CardLink, proof_hash: &[u8; 32]) -> Result<Vec<u8>, Failure> {
    let wrong = || Failure::reader(Code::READER_PROOF_WRONG, &reader.entry.name);
    let key = reader.entry.sam_key.as_ref().ok_or_else(wrong)?;
    send(sam, &select()).await.ok_or_else(wrong)?;
    let answer = send(sam, &general_authenticate(proof_hash)).await.ok_or_else(wrong)?;
    let signature = signature(&answer).ok_or_else(wrong)?;
    if !signs(key, proof_hash, &signature) {
        return Err(wrong());
    }
    Ok(signature)
}

async fn send(sam: &mut impl CardLink, command: &Command) -> Option<Vec<u8>> {
    match sam.transmit(&command.to_bytes(), LIMIT).await {
        CardEvent::Answer(answer) => Response::parse(&answer).ok().filter(|it| it.status == StatusWord::SUCCESS),
        CardEvent::CardGone | CardEvent::TimedOut | CardEvent::ReaderGone => None,
    }
    .map(Response::into_data)
}

fn select() -> Command {
    Command::new(0x00, 0xA4, 0x04, 0x00).with_data(PIV).expect("an AID fits a command").expecting_all()
}

fn general_authenticate(hash: &[u8; 32]) -> Command {
    let inner = [tlv::element(RESPONSE, &[]), tlv::element(CHALLENGE, hash)].concat();
    let template = tlv::element(DYNAMIC_AUTHENTICATION_TEMPLATE, &inner);
    Command::new(0x00, 0x87, 0x11, 0x9E).with_data(template).expect("38 bytes fit a command").expecting_all()
}

fn signature(answer: &[u8]) -> Option<Vec<u8>> {
    let template = tlv::find(answer, DYNAMIC_AUTHENTICATION_TEMPLATE).ok()??;
    tlv::find(template, RESPONSE).ok()?.map(<[u8]>::to_vec)
}

/// Whether `signature` (ASN.1 DER) over a message of which `hash` is the SHA-256 verifies under `key`
/// (SubjectPublicKeyInfo DER). The SAM is given the hash and signs it as it is.
fn signs(key: &[u8], hash: &[u8; 32], signature: &[u8]) -> bool {
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
    Digest::import_less_safe(hash, &SHA256).is_ok_and(|hash| key.verify_digest(&hash, signature).is_ok())
}

/// Whether `signature` (ASN.1 DER) over `message` verifies under `key` (SubjectPublicKeyInfo DER), P-256 and SHA-256.
#[must_use]
pub fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(message, signature).is_ok()
}
