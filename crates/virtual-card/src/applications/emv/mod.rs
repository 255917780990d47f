//! The EMV applications (docs/emv-application.md): a payment application, and the payment environments that say which
//! are there (PSE, PPSE). Personalized by STORE DATA on either route, then used by terminals.

mod completeness;
mod content;
mod cryptogram;
mod data_objects;
mod decision;
mod environment;
mod generate_ac;
mod groupings;
mod issuer;
mod pin;
mod reading;
mod receiving;
mod rsa;
mod script;
mod secure_messaging;
mod signature;

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};
use serde::{Deserialize, Serialize};

use crate::applications::{Program, Running};
use crate::memory::{Memory, Stop};
use crate::state::CardState;
use groupings::{Groupings, Interface};

pub use environment::EnvironmentData;
pub(crate) use environment::process as process_environment;
pub(crate) use receiving::{begin, store_data};

/// Which of the package's two modules an instance is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Module {
    Payment,
    Environment,
}

/// The payment application's persistent data.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmvData {
    groupings: Groupings,
    /// application transaction counter: of the last transaction that began
    transaction_counter: u16,
    /// the counter of the last transaction that was finished online
    last_online: u16,
    /// tries left of the PIN; 0 where there is none
    pin_tries: u8,
    /// an ARQC went out and no second cryptogram has followed
    online_not_completed: bool,
    /// the issuer's last answer did not prove itself
    issuer_not_authenticated: bool,
    /// what the issuer has taken away
    #[serde(default, skip_serializing_if = "Blocking::is_none")]
    blocking: Blocking,
    /// issuer script commands of which the issuer has not heard yet
    #[serde(default, skip_serializing_if = "script::Tally::is_empty")]
    scripts: script::Tally,
}

/// What the issuer has taken away by a script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Blocking {
    #[default]
    None,
    /// APPLICATION BLOCK: it declines everything, until APPLICATION UNBLOCK
    Application,
    /// CARD BLOCK: for good
    Card,
}

impl Blocking {
    fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// 6A81 after CARD BLOCK.
    fn check(self) -> Result<(), StatusWord> {
        if self == Self::Card { Err(StatusWord::FUNCTION_NOT_SUPPORTED) } else { Ok(()) }
    }
}

/// What an instance remembers while it is selected.
#[derive(Default)]
pub(crate) struct EmvSession {
    /// the number of the next STORE DATA
    next_block: u8,
    /// answered to GET CHALLENGE, for the next command and no later one
    challenge: Option<[u8; 8]>,
    pin: decision::PinVerification,
    transaction: Option<generate_ac::Transaction>,
}

impl EmvData {
    /// Whether personalization is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.groupings.complete
    }

    /// Identifiers and lengths of the groupings, in the order in which they arrived.
    pub fn groupings(&self) -> impl Iterator<Item = (u16, usize)> + '_ {
        self.groupings.lengths()
    }

    /// The application transaction counter.
    #[must_use]
    pub fn transaction_counter(&self) -> u16 {
        self.transaction_counter
    }

    /// Tries left of the PIN; `None` where there is no PIN.
    #[must_use]
    pub fn pin_tries(&self) -> Option<u8> {
        self.groupings.pin_tries_and_limit().map(|_| self.pin_tries)
    }

    pub(super) fn memory_used(&self) -> usize {
        self.groupings.memory_used()
    }

    /// Whether it is blocked, and SELECT says so.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocking == Blocking::Application
    }

    /// `6F {84 AID, A5 ..}`, in any state: before personalization the channel is opened with it. 6A81 after CARD BLOCK.
    pub(super) fn file_control_information(&self, state: &CardState, aid: &Aid) -> Result<Vec<u8>, StatusWord> {
        self.blocking.check()?;
        Ok(file_control_information(&self.groupings, state, aid))
    }
}

fn file_control_information(groupings: &Groupings, state: &CardState, aid: &Aid) -> Vec<u8> {
    let interface = Interface::of(&state.product.atr);
    let empty = tlv::element(0xA5, &[]);
    let template = groupings.template(interface).filter(|_| groupings.complete).unwrap_or(&empty);
    tlv::element(0x6F, &[&tlv::element(0x84, aid.as_bytes())[..], template].concat())
}

/// Runs one command of a selected payment application.
pub(crate) fn process(mut running: Running<'_>, command: &Command) -> Result<Response, Stop> {
    let header = command.header;
    let card = data(running.memory, running.aid)?;
    card.blocking.check()?;
    if !card.groupings.complete {
        return personalize(running, command);
    }
    let challenge = running.session.emv.challenge.take();
    match (header.cla, header.ins) {
        (0x80, 0xA8) => reading::get_processing_options(&mut running, command),
        (0x00, 0xB2) => Ok(reading::read_record(&data(running.memory, running.aid)?.groupings, command)?),
        (0x80, 0xCA) => {
            let version = running.memory.read().program_version(running.aid);
            Ok(reading::get_data(data(running.memory, running.aid)?, version, command)?)
        }
        (0x00, 0x84) => Ok(pin::get_challenge(&mut running, command)?),
        (0x00, 0x20) => pin::verify(&mut running, challenge, command),
        (0x00, 0x88) => Ok(signature::internal_authenticate(&mut running, command)?),
        (0x80, 0xAE) => generate_ac::generate(&mut running, command),
        (0x00, 0x82) => Ok(issuer::external_authenticate(&mut running, command)?),
        (0x04, 0xDA | 0xDC) | (0x84, 0x16 | 0x18 | 0x1E | 0x24 | 0xDC) => script::obey(&mut running, command),
        (0x80, 0x50 | 0xE2) => Err(StatusWord::CONDITIONS_NOT_SATISFIED.into()),
        (_, 0x16 | 0x18 | 0x1E | 0x24 | 0xDA | 0xDC) => Err(StatusWord::CLASS_NOT_SUPPORTED.into()),
        (_, 0x20 | 0x82 | 0x84 | 0x88 | 0xA8 | 0xAE | 0xB2 | 0xCA) => Err(StatusWord::CLASS_NOT_SUPPORTED.into()),
        _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED.into()),
    }
}

/// The direct route: STORE DATA within a channel whose commands carry a MAC, and nothing else.
fn personalize(running: Running<'_>, command: &Command) -> Result<Response, Stop> {
    let header = command.header;
    if (header.cla & !0x04, header.ins) != (0x80, 0xE2) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let Some(channel) = running.channel.open().filter(|session| session.level().command_mac()) else {
        return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED.into());
    };
    let next_block = &mut running.session.emv.next_block;
    let expected = std::mem::take(next_block);
    if header.p2 != expected {
        return Err(StatusWord::INCORRECT_P1_P2.into());
    }
    store_data(running.memory, running.aid, header.p1, command.data(), channel)?;
    *next_block = expected.wrapping_add(1);
    Ok(Response::new([], StatusWord::SUCCESS))
}

/// CARD BLOCK: no payment application or environment of the card does anything more.
fn disable_all(state: &mut CardState) {
    for application in &mut state.applications {
        match &mut application.program {
            Program::Emv(data) => data.blocking = Blocking::Card,
            Program::PaymentEnvironment(data) => data.blocking = Blocking::Card,
            _ => {}
        }
    }
}

/// The data of the instance with `aid`.
fn data<'a>(memory: &'a Memory, aid: &Aid) -> Result<&'a EmvData, StatusWord> {
    match memory.read().application(aid).map(|application| &application.program) {
        Some(Program::Emv(data)) => Ok(data),
        _ => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
    }
}

/// Changes the data of the instance with `aid` by one atomic write.
fn write(memory: &mut Memory, aid: &Aid, change: impl FnOnce(&mut EmvData)) -> Result<(), Stop> {
    memory.write(|state| {
        if let Some(Program::Emv(data)) = state.application_mut(aid).map(|application| &mut application.program) {
            change(data);
        }
    })
}
