//! A card: powered, it answers commands one by one (the OPEN of GPCS §6: selection and dispatch).

use std::time::Duration;

use cardwright_apdu::{Aid, Command, Response, StatusWord};

use crate::applications::{self, Running};
use crate::entropy::Entropy;
use crate::memory::{Memory, Stop};
use crate::security_domain;
use crate::selection;
use crate::state::CardState;
use crate::volatile::{Selected, Volatile};

/// When the power fails around one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerCut {
    /// before the card reads the command: nothing happens
    Before,
    /// after this many persistent writes of the command; if it makes no more than these, before the answer
    AfterWrites(u64),
    /// after the last write, before the answer
    BeforeAnswer,
}

/// A card.
pub struct Card {
    memory: Memory,
    volatile: Volatile,
    entropy: Box<dyn Entropy + Send>,
    last_duration: Duration,
}

impl Card {
    /// A card with `state` in its persistent memory, powered and reset.
    #[must_use]
    pub fn new(state: CardState, entropy: Box<dyn Entropy + Send>) -> Self {
        let volatile = Volatile::default();
        Self { memory: Memory::new(state), volatile, entropy, last_duration: Duration::ZERO }
    }

    /// Resets the card: volatile memory is lost, the Issuer Security Domain is selected (GPCS §5.1.1.1).
    /// Answers the ATR.
    pub fn reset(&mut self) -> Vec<u8> {
        self.volatile = Volatile::default();
        self.memory.read().product.atr.clone()
    }

    /// Runs one command and answers it: data and status word, never fewer than 2 bytes.
    pub fn transmit(&mut self, command: &[u8]) -> Vec<u8> {
        let writes = self.memory.writes();
        let answer = match self.execute(command) {
            Ok(response) => response.to_bytes(),
            Err(Stop::Refused(status)) => status.0.to_be_bytes().to_vec(),
            Err(Stop::PowerLost) => StatusWord(0x6F00).0.to_be_bytes().to_vec(),
        };
        let timing = self.memory.read().product.timing;
        self.last_duration = timing.duration(command.len(), answer.len(), self.memory.writes() - writes);
        answer
    }

    /// Runs one command and cuts the power as `cut` says: no answer comes, volatile memory is lost. Answers the
    /// number of persistent writes that were made: a number under the allowed one says that there were no more.
    pub fn transmit_and_cut(&mut self, command: &[u8], cut: PowerCut) -> u64 {
        let before = self.memory.writes();
        match cut {
            PowerCut::Before => self.memory.limit_power(Some(0)),
            PowerCut::AfterWrites(writes) => self.memory.limit_power(Some(writes)),
            PowerCut::BeforeAnswer => {}
        }
        if cut != PowerCut::Before {
            self.transmit(command);
        }
        self.memory.limit_power(None);
        self.reset();
        self.memory.writes() - before
    }

    /// What the card keeps without power.
    #[must_use]
    pub fn state(&self) -> &CardState {
        self.memory.read()
    }

    /// What the card keeps without power, to make another card of: volatile memory is lost.
    #[must_use]
    pub fn into_state(self) -> CardState {
        self.memory.into_state()
    }

    /// Persistent writes since the card was made or loaded: where the number has changed, the state has.
    #[must_use]
    pub fn persistent_writes(&self) -> u64 {
        self.memory.writes()
    }

    /// How long the last command would take on the product's chip and line. The card does not wait.
    #[must_use]
    pub fn last_duration(&self) -> Duration {
        self.last_duration
    }

    fn execute(&mut self, bytes: &[u8]) -> Result<Response, Stop> {
        let command = Command::parse(bytes).map_err(|_| StatusWord::WRONG_LENGTH)?;
        check_class(command.header.cla)?;
        if (command.header.cla, command.header.ins) == (0x00, 0xC0) {
            return Ok(self.volatile.get_response(&command)?);
        }
        self.volatile.forget_response();
        let response = if selection::is_select_by_name(&command) {
            selection::select(self.memory.read(), &mut self.volatile, &command)?
        } else {
            self.dispatch(&command)?
        };
        Ok(self.volatile.hold_back(response, &command))
    }

    fn dispatch(&mut self, command: &Command) -> Result<Response, Stop> {
        let Self { memory, volatile, entropy, .. } = self;
        match volatile.selected {
            Selected::SecurityDomain => security_domain::process(memory, volatile, entropy.as_mut(), command),
            Selected::Application(aid) => dispatch_to_application(memory, volatile, entropy.as_mut(), &aid, command),
        }
    }
}

/// A locked or terminated card runs no application (GPCS §5.1.1.4, §5.1.1.5). An application that wants a secure
/// channel has it opened, and its commands unwrapped, by its Security Domain (GPCS §7.3.1; Amd D §5.2).
fn dispatch_to_application(
    memory: &mut Memory,
    volatile: &mut Volatile,
    entropy: &mut dyn Entropy,
    aid: &Aid,
    command: &Command,
) -> Result<Response, Stop> {
    let state = memory.read();
    if !state.life_cycle.allows_changes() {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED.into());
    }
    let opens_channel = state.application(aid).is_some_and(|application| application.program.opens_channel());
    match (command.header.cla, command.header.ins) {
        (0x80, 0x50) if opens_channel => security_domain::initialize_update(memory, volatile, entropy, command),
        (0x84, 0x82) if opens_channel => security_domain::external_authenticate(memory, volatile, command),
        _ => {
            let unwrapped = volatile.channel.unwrap(command);
            let plain = unwrapped.inspect_err(|_| volatile.application.interrupt())?;
            let Volatile { application: session, channel, .. } = volatile;
            let response = match applications::process(Running { memory, aid, session, channel, entropy }, &plain) {
                // a warning is an answer: it carries the MAC that an error does not (Amd D §6.2.5)
                Err(Stop::Refused(warning)) if warning.carries_response_mac() => Response::new([], warning),
                other => other?,
            };
            Ok(channel.protect(response))
        }
    }
}

/// The basic logical channel, no secure messaging but GlobalPlatform's (GPCS §11.1.4), and the bit of command
/// chaining (ISO/IEC 7816-4), which is for the selected program to take or refuse.
fn check_class(cla: u8) -> Result<(), StatusWord> {
    match cla {
        0xFF => Err(StatusWord::FUNCTION_NOT_SUPPORTED), // readers' own commands (PC/SC part 3 §3.2.2)
        cla if cla & 0x6B == 0 => Ok(()),
        cla if cla & 0x60 == 0 && cla & 0x08 != 0 => Err(StatusWord(0x6882)),
        cla if cla & 0x40 != 0 || cla & 0x03 != 0 => Err(StatusWord(0x6881)),
        _ => Err(StatusWord::CLASS_NOT_SUPPORTED),
    }
}
