//! The PIV card application (NIST SP 800-73-5; docs/piv-application.md): data objects, PIN and PUK, keys that are
//! made on the card and used there, and an administrator. It is personalized over the Security Domain's channel.

mod administration;
mod chain;
mod content;
mod cryptography;
mod data_objects;
mod elliptic_curve;
mod extension;
mod general_authenticate;
mod generation;
mod personalization;
mod references;
mod rsa;
mod stored;
mod template;

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};
use zeroize::Zeroizing;

use crate::applications::{Program, Running};
use crate::channel::Session;
use crate::entropy::Entropy;
use crate::level::SecurityLevel;
use crate::memory::{Memory, Stop};

pub use content::PivData;

/// What an instance remembers while it is selected.
#[derive(Default)]
pub(crate) struct PivSession {
    /// the PIN was verified, and nothing has undone that
    pin_verified: bool,
    /// the command before this one verified the PIN
    pin_just_verified: bool,
    /// the administration key was proven
    administrator: bool,
    /// what the administrator has to prove with the next command
    challenge: Option<administration::Pending>,
    chain: Option<chain::Chain>,
}

impl PivSession {
    /// What was begun ends, what was proven stays. A chain never goes on in another channel, nor from clear into one.
    pub(super) fn interrupt(&mut self) {
        self.pin_just_verified = false;
        self.challenge = None;
        self.chain = None;
    }
}

/// Runs one command of the selected instance; within a channel it is the plain command.
pub(super) fn process(running: Running<'_>, command: &Command) -> Result<Response, Stop> {
    let Running { memory, aid, session, channel, entropy } = running;
    let channel = channel.open().map(Session::level).filter(|level| level.command_mac());
    Visit { memory, aid, session: &mut session.piv, entropy, channel }.process(command)
}

/// One command's way through the application.
struct Visit<'a> {
    memory: &'a mut Memory,
    aid: &'a Aid,
    session: &'a mut PivSession,
    entropy: &'a mut dyn Entropy,
    /// the level of the Security Domain's channel whose MAC says that the issuer sent the command
    channel: Option<SecurityLevel>,
}

impl Visit<'_> {
    fn process(&mut self, command: &Command) -> Result<Response, Stop> {
        let by_issuer = self.channel.is_some();
        let complete = self.data()?.is_complete();
        if !by_issuer && !complete {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
        }
        let Some(whole) = chain::gather(&mut self.session.chain, command)? else {
            return Ok(Response::new([], StatusWord::SUCCESS));
        };
        let just_verified = std::mem::take(&mut self.session.pin_just_verified);
        let pending = self.session.challenge.take();
        let header = whole.header;
        let answer = match (header.cla, header.ins) {
            (0x80, 0xE2) if by_issuer => self.complete(&whole)?,
            (0x00, 0x24) if by_issuer && header.p1 == 0xFF => self.set_reference(&whole)?,
            (0x00, 0x47) => self.generate(&whole)?,
            (0x00, 0xDB) => self.put_data(&whole)?,
            _ if !complete => return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
            (0x00, 0xCB) => self.get_data(&whole)?,
            (0x00, 0x20) => self.verify(&whole)?,
            (0x00, 0x24) => self.change_reference(&whole)?,
            (0x00, 0x2C) => self.reset_retry_counter(&whole)?,
            (0x00, 0x87) => self.general_authenticate(&whole, just_verified, pending)?,
            (0x00, 0xFD) => extension::version(&whole)?,
            (0x00, 0xF8) => extension::serial_number(&whole, self.memory.read())?,
            (0x00, _) => return Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into()),
            _ => return Err(StatusWord::CLASS_NOT_SUPPORTED.into()),
        };
        Ok(Response::new(answer.to_vec(), StatusWord::SUCCESS))
    }

    /// Keys and objects are the administrator's: whoever proved the key 9B, or the issuer through its channel.
    fn require_administrator(&self) -> Result<(), StatusWord> {
        if self.session.administrator || self.channel.is_some() {
            Ok(())
        } else {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
        }
    }

    fn data(&self) -> Result<&PivData, StatusWord> {
        match self.memory.read().application(self.aid).map(|application| &application.program) {
            Some(Program::Piv(data)) => Ok(data),
            _ => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        }
    }

    /// Changes the data by one atomic write.
    fn write(&mut self, change: impl FnOnce(&mut PivData)) -> Result<(), Stop> {
        let aid = self.aid;
        self.memory.write(|state| {
            if let Some(Program::Piv(data)) = state.application_mut(aid).map(|application| &mut application.program) {
                change(data);
            }
        })
    }

    /// 6A84 where `growth` more bytes do not fit the card.
    fn require_memory(&self, growth: usize) -> Result<(), StatusWord> {
        if growth <= self.memory.read().memory_free() as usize { Ok(()) } else { Err(StatusWord::NOT_ENOUGH_MEMORY) }
    }
}

/// The application property template (SP 800-73-5 part 2 §3.1.1): AID without the provider, who allots the tags, a
/// name, and the algorithms.
///
/// From version 2 of the program on the name tells it.
pub(super) fn property_template(version: u8, aid: &Aid) -> Vec<u8> {
    let name = if version < 2 { "cardwright PIV".to_owned() } else { format!("cardwright PIV {version}") };
    let (provider, extension) = aid.as_bytes().split_at(5);
    let algorithms = cryptography::ALGORITHMS.map(|code| tlv::element(0x80, &[code])).concat();
    let content = [
        tlv::element(0x4F, extension),
        tlv::element(0x79, &tlv::element(0x4F, provider)),
        tlv::element(0x50, name.as_bytes()),
        tlv::element(0xAC, &[algorithms, tlv::element(0x06, &[0x00])].concat()),
    ];
    tlv::element(0x61, &content.concat())
}

/// Answer data, wiped when it is dropped: it may be personal.
type Answer = Zeroizing<Vec<u8>>;

/// The answer of a command that only acts.
fn nothing() -> Answer {
    Answer::default()
}
