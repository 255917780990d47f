//! GENERAL AUTHENTICATE (SP 800-73-5 part 2 §3.2.4): signatures, deciphering and key agreement by the private keys.

use cardwright_apdu::{Command, StatusWord};

use super::administration::Pending;
use super::cryptography::{Algorithm, KeyReference};
use super::template::{self, Template};
use super::{Answer, Visit};
use crate::memory::Stop;

/// The administration key.
const ADMINISTRATION: u8 = 0x9B;
const RESPONSE: u32 = 0x82;

impl Visit<'_> {
    /// P1 is the algorithm, P2 the key. `just_verified`: the command before this one verified the PIN; `pending`: what
    /// it asked the administrator to prove.
    pub(super) fn general_authenticate(
        &mut self,
        command: &Command,
        just_verified: bool,
        pending: Option<Pending>,
    ) -> Result<Answer, Stop> {
        let (algorithm, reference) = (command.header.p1, command.header.p2);
        if reference == ADMINISTRATION {
            return Ok(self.authenticate_administrator(algorithm, command, pending)?);
        }
        Ok(self.use_key(command, just_verified)?)
    }

    /// `7C {82 00, 81 input}` or, for the key agreement of 9D, `7C {82 00, 85 point}`.
    fn use_key(&self, command: &Command, just_verified: bool) -> Result<Answer, StatusWord> {
        let reference = KeyReference::from_code(command.header.p2).ok_or(StatusWord::INCORRECT_P1_P2)?;
        let algorithm = Algorithm::from_code(command.header.p1).ok_or(StatusWord::INCORRECT_P1_P2)?;
        let key = self.data()?.key(reference).filter(|key| key.algorithm() == algorithm);
        let key = key.ok_or(StatusWord::INCORRECT_P1_P2)?;
        if !self.may_use(reference, just_verified) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let template = Template::read(command.data())?;
        let result = match template {
            Template { response: Some([]), challenge: Some(input), witness: None, exponentiation: None } => {
                key.sign(input)?
            }
            Template { response: Some([]), exponentiation: Some(point), witness: None, challenge: None }
                if reference == KeyReference::KeyManagement =>
            {
                key.agree(point)?
            }
            _ => return Err(StatusWord::WRONG_DATA),
        };
        Ok(template::answer(RESPONSE, &result))
    }

    /// The digital signature key wants the PIN immediately before each use, card authentication never (part 1 Table 5).
    fn may_use(&self, reference: KeyReference, just_verified: bool) -> bool {
        match reference {
            KeyReference::Authentication | KeyReference::KeyManagement => self.session.pin_verified,
            KeyReference::Signature => self.session.pin_verified && just_verified,
            KeyReference::CardAuthentication => true,
        }
    }
}
