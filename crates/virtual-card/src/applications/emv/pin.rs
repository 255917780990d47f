//! The PIN: GET CHALLENGE and VERIFY, in clear and enciphered. A try is written off before anything is compared.

use cardwright_apdu::{Command, Response, StatusWord};

use super::decision::PinVerification;
use super::groupings::{Groupings, PIN};
use super::rsa::{KeyUse, PrivateKey};
use super::{data, write};
use crate::applications::Running;
use crate::memory::Stop;
use crate::secret::{Secret, equal};

/// P2 of VERIFY: the block in clear, or enciphered.
const PLAIN: u8 = 0x80;
const ENCIPHERED: u8 = 0x88;

/// The digits of a PIN, one a byte.
pub(super) struct Pin(Secret);

impl Pin {
    /// From a block of format 2 (`2 n digits F..`) or 1 (`1 n digits anything`), 4 to 12 digits (ISO 9564-1).
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        if block.len() != 8 {
            return None;
        }
        let nibbles = Secret::new(block.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]).collect());
        let [format, count, digits @ ..] = nibbles.expose() else { return None };
        if !(4..=12).contains(count) {
            return None;
        }
        let (digits, filling) = digits.split_at(usize::from(*count));
        let filled = *format == 1 || (*format == 2 && filling.iter().all(|nibble| *nibble == 0x0F));
        (filled && digits.iter().all(|digit| *digit <= 9)).then(|| Self(Secret::new(digits.to_vec())))
    }

    pub(super) fn of_format_2(block: &[u8]) -> Option<Self> {
        Self::parse(block).filter(|_| block[0] >> 4 == 2)
    }

    fn is(&self, other: &Self) -> bool {
        equal(self.0.expose(), other.0.expose())
    }
}

/// `00 84 00 00 00`: 8 bytes that the next command may use.
pub(super) fn get_challenge(running: &mut Running<'_>, command: &Command) -> Result<Response, StatusWord> {
    if (command.header.p1, command.header.p2) != (0, 0) {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    if !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let mut challenge = [0; 8];
    running.entropy.fill(&mut challenge);
    running.session.emv.challenge = Some(challenge);
    Ok(Response::new(challenge, StatusWord::SUCCESS))
}

/// `00 20 00 80` with a format 2 block, or `00 20 00 88` with one enciphered for the PIN key, where there is none for
/// the signature key. What is no block at all spends no try; what cannot be looked into without the key does.
pub(super) fn verify(
    running: &mut Running<'_>,
    challenge: Option<[u8; 8]>,
    command: &Command,
) -> Result<Response, Stop> {
    let card = data(running.memory, running.aid)?;
    let offer = Offer::parse(&card.groupings, challenge, command)?;
    let reference = card.groupings.get(PIN).and_then(Pin::parse).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let (_, limit) = card.groupings.pin_tries_and_limit().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    let left = card.pin_tries.checked_sub(1).ok_or(StatusWord::AUTHENTICATION_BLOCKED)?;
    running.session.emv.pin = PinVerification::Failed;
    write(running.memory, running.aid, |data| data.pin_tries = left)?;
    if !offer.open().is_some_and(|pin| pin.is(&reference)) {
        return Err(StatusWord(0x63C0 | u16::from(left)).into());
    }
    write(running.memory, running.aid, |data| data.pin_tries = limit)?;
    running.session.emv.pin = PinVerification::Succeeded;
    Ok(Response::new([], StatusWord::SUCCESS))
}

/// What VERIFY brings, as far as it can be looked at without spending a try.
enum Offer {
    Plain(Pin),
    Enciphered { block: Vec<u8>, key: PrivateKey, challenge: [u8; 8] },
}

impl Offer {
    fn parse(groupings: &Groupings, challenge: Option<[u8; 8]>, command: &Command) -> Result<Self, StatusWord> {
        let data = command.data();
        match (command.header.p1, command.header.p2) {
            (0x00, PLAIN) if data.len() != 8 => Err(StatusWord::WRONG_LENGTH),
            (0x00, PLAIN) => Pin::of_format_2(data).map(Self::Plain).ok_or(StatusWord::WRONG_DATA),
            (0x00, ENCIPHERED) => {
                let key = PrivateKey::find(groupings, KeyUse::Pin)
                    .or_else(|| PrivateKey::find(groupings, KeyUse::Signature))
                    .ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
                let challenge = challenge.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
                let whole = data.len() == key.length();
                whole.then(|| Self::Enciphered { block: data.to_vec(), key, challenge }).ok_or(StatusWord::WRONG_LENGTH)
            }
            _ => Err(StatusWord::INCORRECT_P1_P2),
        }
    }

    /// The PIN; enciphered it stands in `7F, block 8, challenge 8, any bytes` (EMV Book 2).
    fn open(self) -> Option<Pin> {
        match self {
            Self::Plain(pin) => Some(pin),
            Self::Enciphered { block, key, challenge } => {
                let plain = Secret::new(key.apply(&block)?);
                let fresh = equal(plain.expose().get(9..17)?, &challenge);
                if plain.expose()[0] == 0x7F && fresh { Pin::of_format_2(&plain.expose()[1..9]) } else { None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_formats_1_and_2_hold_the_same_digits() {
        let two = Pin::parse(&[0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).unwrap();
        let one = Pin::parse(&[0x14, 0x12, 0x34, 0xA1, 0x5E, 0x00, 0x9C, 0x42]).unwrap();
        assert!(one.is(&two));
        assert!(!one.is(&Pin::parse(&[0x25, 0x12, 0x34, 0x5F, 0xFF, 0xFF, 0xFF, 0xFF]).unwrap()));
        for wrong in [
            [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0],
            [0x24, 0x12, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x23, 0x12, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x2D, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x1F],
            [0x04, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] {
            assert!(Pin::parse(&wrong).is_none(), "{wrong:02X?}");
        }
    }
}
