//! What only the issuer may do, through the Security Domain's channel: set references, and end the personalization.

use cardwright_apdu::{Command, StatusWord};

use super::content::{AdministrationKey, PivData, Reference};
use super::cryptography::KeyReference;
use super::references::Name;
use super::{Answer, Visit, administration, nothing};
use crate::applications::Program;
use crate::life_cycle::ApplicationState;
use crate::memory::Stop;
use crate::secret::Secret;

/// The administration key.
const ADMINISTRATION: u8 = 0x9B;
const CARD_HOLDER_UNIQUE_IDENTIFIER: u32 = 0x5F_C1_02;
const CARD_CAPABILITY_CONTAINER: u32 = 0x5F_C1_07;

impl Visit<'_> {
    /// `00 24 FF 80`, `81` or `9B`: sets PIN, PUK or `algorithm ‖ key` without the present value, with all tries.
    /// The channel must encrypt commands.
    pub(super) fn set_reference(&mut self, command: &Command) -> Result<Answer, Stop> {
        if !self.channel.is_some_and(|level| level.command_encryption()) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
        }
        let data = command.data();
        if command.header.p2 == ADMINISTRATION {
            return self.set_administration_key(data);
        }
        let name = Name::from_code(command.header.p2)?;
        if !name.allows(data) {
            return Err(StatusWord::WRONG_DATA.into());
        }
        self.require_memory(if name.of(self.data()?).is_some() { 0 } else { 16 })?;
        let new = Reference::new(Secret::new(data.to_vec()));
        self.write(|data| *name.of_mut(data) = Some(new))?;
        if name == Name::Pin {
            self.session.pin_verified = false;
        }
        Ok(nothing())
    }

    fn set_administration_key(&mut self, data: &[u8]) -> Result<Answer, Stop> {
        let (algorithm, value) = data.split_first().ok_or(StatusWord::WRONG_DATA)?;
        if !administration::fits(*algorithm, value) {
            return Err(StatusWord::WRONG_DATA.into());
        }
        let held = self.data()?.administration.as_ref().map_or(0, |key| key.value.expose().len() + 8);
        self.require_memory((value.len() + 8).saturating_sub(held))?;
        let key = AdministrationKey { algorithm: *algorithm, value: Secret::new(value.to_vec()) };
        self.write(|data| data.administration = Some(key))?;
        self.session.administrator = false;
        Ok(nothing())
    }

    /// `80 E2 80 00` without data: nothing more is to come. The application looks whether it has what it needs, and is
    /// PERSONALIZED. After a rewriting it may be said again.
    pub(super) fn complete(&mut self, command: &Command) -> Result<Answer, Stop> {
        if (command.header.p1, command.header.p2) != (0x80, 0x00) {
            return Err(StatusWord::INCORRECT_P1_P2.into());
        }
        if !command.data().is_empty() {
            return Err(StatusWord::WRONG_DATA.into());
        }
        if !self.data()?.has_everything() {
            return Err(StatusWord::INCORRECT_P1_P2.into());
        }
        let aid = self.aid;
        self.memory.write(|state| {
            if let Some(application) = state.application_mut(aid) {
                application.state = ApplicationState::Personalized;
                if let Program::Piv(data) = &mut application.program {
                    data.complete = true;
                }
            }
        })?;
        Ok(nothing())
    }
}

impl PivData {
    /// PIN, PUK, administration key, CHUID, CCC, the authentication key, a certificate for each key and a key for
    /// each certificate, and no key that waits for one.
    fn has_everything(&self) -> bool {
        let objects = [CARD_HOLDER_UNIQUE_IDENTIFIER, CARD_CAPABILITY_CONTAINER];
        let pairs = [0x9A, 0x9C, 0x9D, 0x9E].into_iter().filter_map(KeyReference::from_code);
        self.pin.is_some()
            && self.waiting.is_empty()
            && self.puk.is_some()
            && self.administration.is_some()
            && objects.iter().all(|tag| self.object(*tag).is_some())
            && self.key(KeyReference::Authentication).is_some()
            && pairs.into_iter().all(|name| self.key(name).is_some() == self.object(name.certificate()).is_some())
    }
}
