//! GENERATE ASYMMETRIC KEY PAIR (SP 800-73-5 part 2 §3.3.2).

use cardwright_apdu::{Command, StatusWord, tlv};

use super::cryptography::{Algorithm, KeyReference};
use super::{Answer, Visit};
use crate::memory::Stop;

const CONTROL_REFERENCE_TEMPLATE: u32 = 0xAC;
/// The one public exponent of RSA keys.
const EXPONENT: [u8; 3] = [0x01, 0x00, 0x01];

impl Visit<'_> {
    /// `00 47 00 key`, `AC {80 algorithm}`: makes a key and answers the public key. It replaces the one there was; made
    /// by the issuer on a card in use it waits for its certificate, so that a cut between the two leaves a pair that fits.
    pub(super) fn generate(&mut self, command: &Command) -> Result<Answer, Stop> {
        self.require_administrator()?;
        let reference = KeyReference::from_code(command.header.p2).filter(|_| command.header.p1 == 0x00);
        let reference = reference.ok_or(StatusWord::INCORRECT_P1_P2)?;
        let algorithm = mechanism(command.data())?;
        let waits = self.channel.is_some() && self.data()?.is_complete();
        let data = self.data()?;
        let held = if waits { data.waiting_key(reference) } else { data.key(reference) };
        let held = held.map_or(0, |old| old.memory_used() + 8);
        self.require_memory((algorithm.memory_used() + 8).saturating_sub(held))?;
        let failed = StatusWord(0x6400);
        let private = algorithm.generate(self.entropy).ok_or(failed)?;
        let public = private.public_template().ok_or(failed)?;
        self.write(|data| {
            if waits {
                data.keep_waiting(reference, private);
            } else {
                data.keep_key(reference, private);
            }
        })?;
        Ok(public)
    }
}

/// `80` names the algorithm; `81`, an RSA exponent, may say 65,537.
fn mechanism(data: &[u8]) -> Result<Algorithm, StatusWord> {
    let template = tlv::read_one(data).ok().filter(|outer| outer.tag.0 == CONTROL_REFERENCE_TEMPLATE);
    let elements = template.and_then(|outer| tlv::read_all(outer.value).ok()).ok_or(StatusWord::WRONG_DATA)?;
    let (first, parameters) = elements.split_first().ok_or(StatusWord::WRONG_DATA)?;
    let algorithm = match (first.tag.0, first.value) {
        (0x80, [code]) => Algorithm::from_code(*code),
        _ => None,
    };
    match (algorithm, parameters) {
        (Some(algorithm), []) => Ok(algorithm),
        (Some(Algorithm::Rsa2048), [exponent]) if exponent.tag.0 == 0x81 && exponent.value == EXPONENT => {
            Ok(Algorithm::Rsa2048)
        }
        _ => Err(StatusWord::WRONG_DATA),
    }
}
