//! A list of wrapped commands for the card, and the channel that it leaves behind.

use cardwright_apdu::{Aid, Command, StatusWord};

use crate::Error;
use crate::channel::{Channel, Protection};
use crate::commands::select;
use crate::initialize_update::DIVERSIFICATION_DATA_LENGTH;
use crate::plan::PlannedCommand;
use crate::prediction::PredictedChannel;

/// What the carrier of a command must see to go on with the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// one of these status words, 9000 the first
    Status(Vec<StatusWord>),
    /// exactly these bytes, data and status word. The carrier gets their hash and never the bytes: a cryptogram
    /// that it knew it could echo
    Exactly(Vec<u8>),
}

/// A command as it goes to the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedCommand {
    /// the command, protected by the channel
    pub command: Command,
    /// what lets the list go on
    pub expected: Expected,
}

/// A wrapped command with what verifies its answer.
pub(crate) struct Step {
    pub(crate) wrapped: WrappedCommand,
    pub(crate) protection: Protection,
    /// which of the script's channels it went through
    pub(crate) channel: usize,
}

/// A list of commands, wrapped, whose answers can be verified at any later time.
#[must_use]
pub struct Script {
    pub(crate) steps: Vec<Step>,
    /// the channels that the script leaves behind, in their order
    ended: Vec<Channel>,
    /// the channel that is open at its end
    current: Channel,
    diversification_data: [u8; DIVERSIFICATION_DATA_LENGTH],
}

impl Script {
    /// The commands for the card, in order.
    pub fn commands(&self) -> impl ExactSizeIterator<Item = &WrappedCommand> {
        self.steps.iter().map(|step| &step.wrapped)
    }

    /// The same script with further `commands` in the channel that is open at its end.
    ///
    /// # Errors
    /// As [`crate::CardAuthenticated::wrap`]; places count within `commands`.
    pub fn and(mut self, commands: &[PlannedCommand]) -> Result<Self, Error> {
        self.push(commands)?;
        Ok(self)
    }

    /// The same script, going on through a new INITIALIZE UPDATE into the `predicted` channel (Amd D §6.2.2.1): the
    /// card's answer is known beforehand, so nothing needs to be asked in between. `selected` is selected first, which
    /// ends the channel before (Amd D §5.6); `None` stays with what is selected.
    ///
    /// # Errors
    /// As [`crate::CardAuthenticated::wrap`]; places count within `commands`.
    pub fn continue_with(
        mut self,
        selected: Option<&Aid>,
        predicted: PredictedChannel,
        commands: &[PlannedCommand],
    ) -> Result<Self, Error> {
        let answer = Expected::Exactly(predicted.expected_answer(&self.diversification_data));
        let update = predicted.initialize_update();
        self.ended.push(std::mem::replace(&mut self.current, predicted.into_channel()));
        if let Some(aid) = selected {
            self.push_plain(select(aid), Expected::Status(vec![StatusWord::SUCCESS]));
        }
        self.push_plain(update, answer);
        self.push_external_authenticate();
        self.push(commands)?;
        Ok(self)
    }

    fn push_plain(&mut self, command: Command, expected: Expected) {
        let wrapped = WrappedCommand { command, expected };
        self.steps.push(Step { wrapped, protection: Protection::None, channel: self.ended.len() });
    }

    fn push_external_authenticate(&mut self) {
        let command = self.current.external_authenticate();
        self.push_plain(command, Expected::Exactly(StatusWord::SUCCESS.0.to_be_bytes().to_vec()));
    }

    fn push(&mut self, commands: &[PlannedCommand]) -> Result<(), Error> {
        for (index, planned) in commands.iter().enumerate() {
            let (command, protection) = self.current.wrap(index, planned)?;
            let wrapped = WrappedCommand { command, expected: Expected::Status(planned.allowed().to_vec()) };
            self.steps.push(Step { wrapped, protection, channel: self.ended.len() });
        }
        Ok(())
    }

    /// The channel that a step went through.
    pub(crate) fn channel_of(&self, step: &Step) -> &Channel {
        self.ended.get(step.channel).unwrap_or(&self.current)
    }

    /// The number of the channel that is open at the script's end; those before it have ended.
    pub(crate) fn last_channel(&self) -> usize {
        self.ended.len()
    }

    pub(crate) fn into_channel(self) -> OpenChannel {
        OpenChannel::new(self.current, self.diversification_data)
    }
}

/// A channel whose script was answered, ready for a further list: chain and counter are carried on.
#[must_use]
pub struct OpenChannel {
    channel: Channel,
    diversification_data: [u8; DIVERSIFICATION_DATA_LENGTH],
}

impl OpenChannel {
    pub(crate) fn new(channel: Channel, diversification_data: [u8; DIVERSIFICATION_DATA_LENGTH]) -> Self {
        Self { channel, diversification_data }
    }

    /// A further script in the same channel, for example the activation after the proof.
    ///
    /// # Errors
    /// As [`crate::CardAuthenticated::wrap`].
    pub fn wrap(self, commands: &[PlannedCommand]) -> Result<Script, Error> {
        let mut script = self.into_script();
        script.push(commands)?;
        Ok(script)
    }

    pub(crate) fn wrap_opening(self, commands: &[PlannedCommand]) -> Result<Script, Error> {
        let mut script = self.into_script();
        script.push_external_authenticate();
        script.push(commands)?;
        Ok(script)
    }

    fn into_script(self) -> Script {
        Script {
            steps: Vec::new(),
            ended: Vec::new(),
            current: self.channel,
            diversification_data: self.diversification_data,
        }
    }
}
