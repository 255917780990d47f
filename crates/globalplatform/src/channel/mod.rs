//! An open secure channel: it wraps commands and knows what verifies each answer.

mod scp02;
mod scp03;

use cardwright_apdu::Command;

use crate::Error;
use crate::conversation::DataEncryptionKey;
use crate::derivation::KeyRequest;
use crate::initialize_update::{CardAnswer, HostChallenge, SequenceCounter};
use crate::parameters::ChannelParameters;
use crate::plan::{Content, PlannedCommand};
use crate::protocol::Protocol;
use crate::secrets::SessionSecrets;
use crate::security_level::SecurityLevel;

pub(crate) use scp02::Scp02Channel;
pub(crate) use scp03::{ResponseCheck, Scp03Channel, Unverified};

/// The most bytes that a short command's data field holds (ISO/IEC 7816-4 §5.2).
pub(crate) const SHORT_COMMAND_DATA: usize = 255;

/// What an opening has once the card answered.
pub(crate) struct Opening {
    pub(crate) parameters: ChannelParameters,
    pub(crate) host_challenge: HostChallenge,
    pub(crate) answer: CardAnswer,
}

impl Opening {
    pub(crate) fn new(parameters: ChannelParameters, host_challenge: HostChallenge, answer: CardAnswer) -> Self {
        Self { parameters, host_challenge, answer }
    }

    pub(crate) fn request(&self) -> Vec<KeyRequest> {
        match self.parameters.protocol() {
            Protocol::Scp03 { key_size, .. } => {
                scp03::request(&self.context(), key_size, self.parameters.level().has_response_mac())
            }
            Protocol::Scp02 { .. } => scp02::request(self.scp02_counter()),
        }
    }

    pub(crate) fn data_encryption_key(&self) -> DataEncryptionKey {
        match self.parameters.protocol() {
            Protocol::Scp03 { .. } => DataEncryptionKey::Static,
            Protocol::Scp02 { .. } => DataEncryptionKey::Derived(scp02::data_encryption_key(self.scp02_counter())),
        }
    }

    /// Host challenge and card challenge: the context of SCP03's derivations (Amd D §6.2.1).
    pub(crate) fn context(&self) -> Vec<u8> {
        [self.host_challenge.sent(&self.parameters), &self.answer.card_challenge].concat()
    }

    /// An SCP02 answer always has its counter: it is parsed with it.
    fn scp02_counter(&self) -> [u8; 2] {
        match self.answer.sequence_counter {
            SequenceCounter::Scp02(counter) => counter,
            SequenceCounter::Scp03(_) | SequenceCounter::None => unreachable!("the protocol chose how it is parsed"),
        }
    }
}

/// A channel after the card cryptogram was found right, before or after EXTERNAL AUTHENTICATE.
pub(crate) enum Channel {
    Scp03(Box<Scp03Channel>),
    Scp02(Box<Scp02Channel>),
}

/// What verifies one answer.
#[derive(Clone, Copy)]
pub(crate) enum Protection {
    /// nothing: the level has no R-MAC, or the command is EXTERNAL AUTHENTICATE
    None,
    /// an R-MAC
    ResponseMac(ResponseCheck),
}

impl Channel {
    /// Takes the session keys into use; refuses unless they give the card cryptogram that came.
    pub(crate) fn open(opening: &Opening, secrets: &SessionSecrets) -> Result<Self, Error> {
        let keys = secrets.for_requests(&opening.request())?;
        Ok(match opening.parameters.protocol() {
            Protocol::Scp03 { .. } => Self::Scp03(Box::new(Scp03Channel::open(opening, keys)?)),
            Protocol::Scp02 { .. } => Self::Scp02(Box::new(Scp02Channel::open(opening, keys)?)),
        })
    }

    pub(crate) fn verify_scp02_challenge(&self, opening: &Opening) -> Result<(), Error> {
        match self {
            Self::Scp02(channel) => channel.verify_challenge(opening),
            Self::Scp03(_) => Ok(()),
        }
    }

    pub(crate) fn level(&self) -> SecurityLevel {
        match self {
            Self::Scp03(channel) => channel.level(),
            Self::Scp02(channel) => channel.level(),
        }
    }

    /// EXTERNAL AUTHENTICATE with the host cryptogram and the first C-MAC.
    pub(crate) fn external_authenticate(&mut self) -> Command {
        match self {
            Self::Scp03(channel) => channel.external_authenticate(),
            Self::Scp02(channel) => channel.external_authenticate(),
        }
    }

    /// The `index`th command of a list, wrapped. One of a chain (class 10, ISO/IEC 7816-4 §5.3.3) is a command like
    /// any other: each part has a C-MAC and, where there are any, an R-MAC of its own.
    pub(crate) fn wrap(&mut self, index: usize, planned: &PlannedCommand) -> Result<(Command, Protection), Error> {
        self.check(index, planned)?;
        Ok(match self {
            Self::Scp03(channel) => channel.wrap(planned.command()),
            Self::Scp02(channel) => (channel.wrap(planned.command()), Protection::None),
        })
    }

    fn check(&self, index: usize, planned: &PlannedCommand) -> Result<(), Error> {
        let level = self.level();
        if planned.content() == Content::Personal && !level.has_command_encryption() {
            return Err(Error::PersonalInClear { index, level: level.byte() });
        }
        let class = planned.command().header.cla;
        if !matches!(class & !0x04, 0x00 | 0x10 | 0x80) {
            return Err(Error::Class { index, class });
        }
        let (limit, length) = (self.data_limit(), planned.command().data().len());
        if length > limit || planned.command().is_extended() {
            return Err(Error::TooLong { index, length, limit });
        }
        Ok(())
    }

    fn data_limit(&self) -> usize {
        match self {
            Self::Scp03(channel) => data_limit(channel.mac_length(), 16, channel.level()),
            Self::Scp02(channel) => data_limit(8, 8, channel.level()),
        }
    }
}

/// How many bytes of plain data fit a short command beside its C-MAC, and padded where it is encrypted: 247 and 239,
/// in S16 mode 239 and 223 (Amd D §6.2.4, §6.2.6). SCP02 at level 03: 239 (GPCS §E.4.6).
pub(crate) fn data_limit(mac_length: usize, block_length: usize, level: SecurityLevel) -> usize {
    let room = SHORT_COMMAND_DATA - mac_length;
    if level.has_command_encryption() { room / block_length * block_length - 1 } else { room }
}

/// `command` with data that is short by its making: an AID, a challenge, a cryptogram, or checked before.
pub(crate) fn with_short_data(command: Command, data: impl Into<Vec<u8>>) -> Command {
    command.with_data(data).expect("at most 255 bytes, as the callers see to")
}

/// The command that the card gets: class byte with the bit of GlobalPlatform secure messaging, data and C-MAC, and
/// the Le of the plain command, which no MAC covers (GPCS §11.1.4, Amd D §6.2.4). `answered` commands get an R-MAC
/// back, so they ask for all data there is even where the plain one asks for little or none (ISO/IEC 7816-4 §5.2).
pub(crate) fn secured(plain: &Command, data: Vec<u8>, answered: bool) -> Command {
    let header = plain.header;
    let command = with_short_data(Command::new(header.cla | 0x04, header.ins, header.p1, header.p2), data);
    match plain.expected() {
        _ if answered => command.expecting_all(),
        Some(count) => command.expecting(count).expect("it was a command's Le already"),
        None => command,
    }
}
