//! PIN and PUK: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (SP 800-73-5 part 2 §3.2.1 to §3.2.3).
//! A try is written off before the comparison, so that a cut of the power cannot give it back.

use cardwright_apdu::{Command, StatusWord};

use super::content::{PivData, Reference, TRIES};
use super::{Answer, Visit, nothing};
use crate::memory::Stop;
use crate::secret::Secret;

/// A PIN or PUK on the wire.
pub(super) const LENGTH: usize = 8;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// 80
    Pin,
    /// 81
    Puk,
}

impl Name {
    /// 6A88 for another key reference.
    pub(super) fn from_code(code: u8) -> Result<Self, StatusWord> {
        match code {
            0x80 => Ok(Self::Pin),
            0x81 => Ok(Self::Puk),
            _ => Err(StatusWord::REFERENCED_DATA_NOT_FOUND),
        }
    }

    /// Whether `value` may be one: a PIN is 6 to 8 digits filled with FF, a PUK any 8 bytes (part 2 §2.4.3).
    pub(super) fn allows(self, value: &[u8]) -> bool {
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let filled = value.iter().skip(digits).all(|byte| *byte == 0xFF);
        value.len() == LENGTH && (self == Self::Puk || digits >= 6 && filled)
    }

    pub(super) fn of(self, data: &PivData) -> Option<&Reference> {
        match self {
            Self::Pin => data.pin.as_ref(),
            Self::Puk => data.puk.as_ref(),
        }
    }

    pub(super) fn of_mut(self, data: &mut PivData) -> &mut Option<Reference> {
        match self {
            Self::Pin => &mut data.pin,
            Self::Puk => &mut data.puk,
        }
    }
}

impl Visit<'_> {
    /// `00 20 00 80` with the PIN; without data it tells the tries; P1 = FF takes the verification back.
    pub(super) fn verify(&mut self, command: &Command) -> Result<Answer, Stop> {
        let (p1, data) = (command.header.p1, command.data());
        if !matches!(p1, 0x00 | 0xFF) {
            return Err(StatusWord::INCORRECT_P1_P2.into());
        }
        if command.header.p2 != 0x80 {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into());
        }
        let tries = self.tries(Name::Pin)?;
        match (p1, data) {
            (0x00, []) if self.session.pin_verified => Ok(nothing()),
            (0x00, []) => Err(tries_left(tries).into()),
            (0xFF, []) => {
                self.session.pin_verified = false;
                Ok(nothing())
            }
            (0x00, presented) => {
                self.require(Name::Pin, presented)?;
                self.write(|data| restore(data, Name::Pin))?;
                self.session.pin_verified = true;
                self.session.pin_just_verified = true;
                Ok(nothing())
            }
            _ => Err(StatusWord::WRONG_DATA.into()),
        }
    }

    /// `00 24 00 80` or `81`: the present value, then the new one.
    pub(super) fn change_reference(&mut self, command: &Command) -> Result<Answer, Stop> {
        if command.header.p1 != 0x00 {
            return Err(StatusWord::INCORRECT_P1_P2.into());
        }
        let name = Name::from_code(command.header.p2)?;
        self.tries(name)?;
        let (present, new) = halves(command)?;
        if !name.allows(new) {
            return Err(StatusWord::WRONG_DATA.into());
        }
        self.require(name, present)?;
        let new = Reference::new(Secret::new(new.to_vec()));
        self.write(|data| *name.of_mut(data) = Some(new))?;
        if name == Name::Pin {
            self.session.pin_verified = true;
        }
        Ok(nothing())
    }

    /// `00 2C 00 80`: the PUK, then a new PIN. Whether the PIN counts as verified does not change.
    pub(super) fn reset_retry_counter(&mut self, command: &Command) -> Result<Answer, Stop> {
        match (command.header.p1, command.header.p2) {
            (0x00, 0x80) => {}
            (0x00, _) => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND.into()),
            _ => return Err(StatusWord::INCORRECT_P1_P2.into()),
        }
        self.tries(Name::Puk)?;
        let (puk, pin) = halves(command)?;
        if !Name::Pin.allows(pin) {
            return Err(StatusWord::WRONG_DATA.into());
        }
        self.require(Name::Puk, puk)?;
        let new = Reference::new(Secret::new(pin.to_vec()));
        self.write(|data| {
            restore(data, Name::Puk);
            data.pin = Some(new);
        })?;
        Ok(nothing())
    }

    /// Tries left; 6A88 where there is no such reference.
    fn tries(&self, name: Name) -> Result<u8, StatusWord> {
        let held = name.of(self.data()?).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        Ok(held.tries)
    }

    /// Writes a try off and compares. The caller gives the tries back with what it changes.
    ///
    /// # Errors
    /// 6983: none is left; 6A80: no such value can be, and no try is spent; 63Cx: wrong, x are left.
    fn require(&mut self, name: Name, presented: &[u8]) -> Result<(), Stop> {
        let tries = self.tries(name)?;
        let left = tries.checked_sub(1).ok_or(StatusWord::AUTHENTICATION_BLOCKED)?;
        if !name.allows(presented) {
            return Err(StatusWord::WRONG_DATA.into());
        }
        self.write(|data| name.of_mut(data).iter_mut().for_each(|held| held.tries = left))?;
        let right = name.of(self.data()?).is_some_and(|held| held.value.equals(presented));
        if right {
            return Ok(());
        }
        self.session.pin_verified = false;
        Err(tries_left(left).into())
    }
}

fn restore(data: &mut PivData, name: Name) {
    name.of_mut(data).iter_mut().for_each(|held| held.tries = TRIES);
}

/// Two values of 8 bytes.
fn halves(command: &Command) -> Result<(&[u8], &[u8]), StatusWord> {
    let data = command.data();
    if data.len() == 2 * LENGTH { Ok(data.split_at(LENGTH)) } else { Err(StatusWord::WRONG_DATA) }
}

/// 63Cx.
fn tries_left(tries: u8) -> StatusWord {
    StatusWord(0x63C0 | u16::from(tries))
}
