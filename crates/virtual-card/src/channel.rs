//! The secure channel as an application session sees it (GPCS §10; Amd D §5.6).

use cardwright_apdu::{Command, Header, Response, StatusWord};

use crate::level::SecurityLevel;
use crate::product::ChannelProtocol;
use crate::{scp02, scp03};

/// 6884: command chaining is not supported (ISO/IEC 7816-4).
pub(crate) const CHAINING_NOT_SUPPORTED: StatusWord = StatusWord(0x6884);

/// Where the secure channel stands.
#[derive(Default)]
pub(crate) enum Channel {
    /// none was opened in this application session
    #[default]
    Closed,
    /// INITIALIZE UPDATE was answered; the key set's version and protocol are kept beside the session
    Challenged { session: Session, key_version: u8, protocol: ChannelProtocol },
    /// EXTERNAL AUTHENTICATE succeeded
    Open(Session),
    /// a security error ended it: every command but a new INITIALIZE UPDATE is refused
    Aborted,
}

impl Channel {
    /// The session, where the host has proved itself.
    pub(crate) fn open(&self) -> Option<&Session> {
        if let Self::Open(session) = self { Some(session) } else { None }
    }

    /// The plain command within one that reached the selected application, whatever that is.
    ///
    /// # Errors
    /// 6982: a security error. It has ended an open session (Amd D §5.6, GPCS §E.1.6).
    pub(crate) fn unwrap(&mut self, command: &Command) -> Result<Command, StatusWord> {
        let plain = match self {
            Self::Open(session) => session.unwrap(command),
            Self::Closed | Self::Challenged { .. } => return Ok(command.clone()),
            Self::Aborted => None,
        };
        if plain.is_none() {
            *self = Self::Aborted;
        }
        plain.ok_or(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
    }

    /// The answer as it leaves the card.
    pub(crate) fn protect(&self, response: Response) -> Response {
        match self {
            Self::Open(session) => session.protect(response),
            _ => response,
        }
    }
}

/// One session of either protocol.
pub(crate) enum Session {
    Scp02(Box<scp02::Session>),
    Scp03(Box<scp03::Session>),
}

impl Session {
    pub(crate) fn level(&self) -> SecurityLevel {
        match self {
            Self::Scp02(session) => session.level,
            Self::Scp03(session) => session.level,
        }
    }

    pub(crate) fn set_level(&mut self, level: SecurityLevel) {
        match self {
            Self::Scp02(session) => session.level = level,
            Self::Scp03(session) => session.level = level,
        }
    }

    /// Bytes of a C-MAC.
    pub(crate) fn mac_length(&self) -> usize {
        match self {
            Self::Scp02(_) => 8,
            Self::Scp03(session) => session.mac_length(),
        }
    }

    pub(crate) fn proves_the_host(&self, cryptogram: &[u8]) -> bool {
        match self {
            Self::Scp02(session) => session.proves_the_host(cryptogram),
            Self::Scp03(session) => session.proves_the_host(cryptogram),
        }
    }

    /// Verifies the C-MAC of EXTERNAL AUTHENTICATE, whose data is never encrypted.
    pub(crate) fn verify_authenticate(&mut self, header: Header, data: &[u8]) -> bool {
        match self {
            Self::Scp02(session) => {
                data.split_last_chunk::<8>().is_some_and(|(body, mac)| session.verify(header, body, mac))
            }
            Self::Scp03(session) => session.verify(header, data).is_some(),
        }
    }

    /// The plain command within a protected one; `None` is a security error (Amd D §5.6, GPCS §E.1.6).
    pub(crate) fn unwrap(&mut self, command: &Command) -> Option<Command> {
        let level = self.level();
        let header = command.header;
        let marked = header.cla & 0x04 != 0;
        if marked != level.command_mac() {
            return None;
        }
        let data = if marked { self.unwrap_data(header, command.data())? } else { command.data().to_vec() };
        let plain = Command::new(header.cla & !0x04, header.ins, header.p1, header.p2).with_data(data).ok()?;
        match command.expected() {
            Some(count) => plain.expecting(count).ok(),
            None => Some(plain),
        }
    }

    fn unwrap_data(&mut self, header: Header, data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Scp03(session) => {
                session.count_command();
                let body = session.verify(header, data)?;
                if session.level.command_encryption() { session.decrypt(body) } else { Some(body.to_vec()) }
            }
            Self::Scp02(session) => {
                let (body, mac) = data.split_last_chunk::<8>()?;
                let plain = if session.level.command_encryption() { session.decrypt(body)? } else { body.to_vec() };
                session.verify(header, &plain, mac).then_some(plain)
            }
        }
    }

    /// The answer as it leaves the card.
    pub(crate) fn protect(&self, response: Response) -> Response {
        match self {
            Self::Scp02(_) => response,
            Self::Scp03(session) => session.protect(response).unwrap_or_else(|| Response::new([], StatusWord(0x6400))),
        }
    }

    /// How many bytes an answer may have so that it fits 256 when protected.
    pub(crate) fn room(&self) -> usize {
        let level = self.level();
        let mac = if level.response_mac() { self.mac_length() } else { 0 };
        if level.response_encryption() { (256 - mac) / 16 * 16 - 1 } else { 256 - mac }
    }

    /// Bytes of a block of the cipher that keys and sensitive data are under: 8 or 16.
    pub(crate) fn data_encryption_block(&self) -> usize {
        match self {
            Self::Scp02(_) => 8,
            Self::Scp03(_) => 16,
        }
    }

    /// Keys and other sensitive data, from under the channel's DEK; `None` where that is no whole number of blocks.
    pub(crate) fn decrypt_sensitive(&self, data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Scp02(session) => session.decrypt_sensitive(data),
            Self::Scp03(session) => session.decrypt_sensitive(data),
        }
    }
}
