//! The PIN: compared by the card, in clear or enciphered, or by the issuer (B3 §10.5.1, §10.5.2; B2 §7).

use std::fmt;

use openssl::rand::rand_bytes;
use zeroize::Zeroizing;

use super::cardholder::Ended;
use super::certificates::{card_key, pin_encipherment_key};
use super::data::only;
use super::fault::Wrong;
use super::public_key::PublicKey;
use super::report::Verified;
use super::session::{Bit, Session};

/// Verification results, byte 3 (B3 §C5).
const TRIES_EXCEEDED: Bit = (3, 0x20);
const NO_PAD: Bit = (3, 0x10);
const NOT_ENTERED: Bit = (3, 0x08);
const ENTERED_ONLINE: Bit = (3, 0x04);

/// 4 to 12 digits that a cardholder types.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// The PIN of these digits; `None` where they are not 4 to 12 digits.
    #[must_use]
    pub fn new(digits: &str) -> Option<Self> {
        let good = (4..=12).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        good.then(|| Self(Zeroizing::new(digits.bytes().map(|digit| digit - b'0').collect())))
    }

    /// The block of ISO 9564 format 2 that VERIFY carries: `2n`, the digits, F (B3 §6.5.12.2).
    pub(super) fn block(&self) -> Zeroizing<[u8; 8]> {
        let mut nibbles = Zeroizing::new([0x0F; 16]);
        (nibbles[0], nibbles[1]) = (0x02, self.0.len() as u8);
        nibbles[2..2 + self.0.len()].copy_from_slice(&self.0);
        let mut block = Zeroizing::new([0; 8]);
        for (byte, pair) in block.iter_mut().zip(nibbles.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        block
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Pin")
    }
}

/// Notes that a PIN was asked for which the terminal cannot take.
pub(super) fn note_missing_pad(session: &mut Session<'_>, method: u8) {
    if (0x01..=0x05).contains(&method) && session.terminal.capabilities[1] & 0xD0 == 0 {
        session.note(NO_PAD);
    }
}

/// The issuer compares; what is typed goes with the authorization request.
pub(super) fn online(session: &mut Session<'_>) -> Ended {
    if session.purchase.pin.is_none() {
        session.note(NOT_ENTERED);
        return Ended::Failed;
    }
    session.note(ENTERED_ONLINE);
    Ended::Unknown(Verified::OnlinePin)
}

/// The card compares. A wrong PIN is no fault; a card that answers something else than the tries left is one.
pub(super) fn offline(
    session: &mut Session<'_>,
    enciphered: bool,
    tries_left: &mut Option<u8>,
) -> Result<Ended, Wrong> {
    *tries_left = tries(session)?;
    if *tries_left == Some(0) {
        session.note(TRIES_EXCEEDED);
        return Ok(Ended::Failed);
    }
    let Some(pin) = session.purchase.pin.clone() else {
        session.note(NOT_ENTERED);
        return Ok(Ended::Failed);
    };
    let (verified, status) = if enciphered {
        let data = enciphered_block(session, &pin)?;
        (Verified::EncipheredPin, session.tell([0x00, 0x20, 0x00, 0x88], &data)?)
    } else {
        (Verified::PlainPin, session.tell([0x00, 0x20, 0x00, 0x80], &*pin.block())?)
    };
    match status {
        0x9000 => Ok(Ended::Succeeded(verified)),
        0x63C0..=0x63CF => {
            check_tries(*tries_left, (status & 0x0F) as u8)?;
            *tries_left = Some((status & 0x0F) as u8);
            if status == 0x63C0 {
                session.note(TRIES_EXCEEDED);
            }
            Ok(Ended::Failed)
        }
        0x6983 | 0x6984 => {
            *tries_left = Some(0);
            session.note(TRIES_EXCEEDED);
            Ok(Ended::Failed)
        }
        status => Err(Wrong::Status { command: "VERIFY", status }),
    }
}

/// A wrong PIN costs one try, and the card's two ways of telling them agree.
fn check_tries(before: Option<u8>, after: u8) -> Result<(), Wrong> {
    match before {
        Some(before) if after + 1 != before => Err(Wrong::value(0x9F17, "a wrong PIN did not cost one try")),
        _ => Ok(()),
    }
}

/// The PIN try counter (9F17), where the card tells it (B3 §6.5.7).
fn tries(session: &mut Session<'_>) -> Result<Option<u8>, Wrong> {
    let response = session.send([0x80, 0xCA, 0x9F, 0x17], &[])?;
    if response.status != 0x9000 {
        return Ok(None);
    }
    match only("PIN try counter", &response.data, 0x9F17)? {
        [tries] => Ok(Some(*tries)),
        _ => Err(Wrong::value(0x9F17, "its length is not 1")),
    }
}

/// `7F`, the PIN block, the card's unpredictable number, random bytes, for the PIN's key or the card's (B2 §7.1, §7.2).
fn enciphered_block(session: &mut Session<'_>, pin: &Pin) -> Result<Vec<u8>, Wrong> {
    let key = encipherment_key(session)?;
    let challenge = session.send([0x00, 0x84, 0x00, 0x00], &[])?.succeeded("GET CHALLENGE")?;
    if challenge.len() != 8 {
        return Err(Wrong::structure("challenge", "its length is not 8"));
    }
    let mut block = Zeroizing::new(vec![0; key.len()]);
    rand_bytes(&mut block)?;
    block[0] = 0x7F;
    block[1..9].copy_from_slice(&*pin.block());
    block[9..17].copy_from_slice(&challenge);
    key.apply(&block)
}

fn encipherment_key(session: &Session<'_>) -> Result<PublicKey, Wrong> {
    let issuer = session.issuer_key.as_ref().ok_or(Wrong::Missing(0x90))?;
    let today = session.purchase.day;
    match (pin_encipherment_key(&session.card, issuer, today)?, &session.card_key) {
        (Some(key), _) => Ok(key),
        (None, Some(key)) => Ok(key.clone()),
        (None, None) => card_key(&session.card, issuer, &session.static_data, today),
    }
}
