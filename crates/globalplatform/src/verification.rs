//! The answers to a script: proven, believed, or refused with where and why.

use cardwright_apdu::{Response, StatusWord};

use crate::channel::{Channel, Protection, Unverified};
use crate::script::{Expected, OpenChannel, Script, Step};

/// One answer that was accepted.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// The card itself made it: an R-MAC was right, or the answer was the one that only the card could make
    Proven(Response),
    /// It has an allowed status word and nothing that the carrier could not have made: no R-MAC at this level, the
    /// answer to EXTERNAL AUTHENTICATE, or an allowed error (Amd D §6.2.5)
    Claimed(Response),
}

impl Answer {
    /// The plain response, R-ENCRYPTION removed.
    #[must_use]
    pub fn response(&self) -> &Response {
        match self {
            Self::Proven(response) | Self::Claimed(response) => response,
        }
    }

    /// The response if the card proved it.
    #[must_use]
    pub fn proven(&self) -> Option<&Response> {
        match self {
            Self::Proven(response) => Some(response),
            Self::Claimed(_) => None,
        }
    }
}

/// Why the answers to a script were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// the R-MAC is not the one of this response to this command
    #[error("the R-MAC is wrong")]
    WrongResponseMac,
    /// the answer has a status word that needs an R-MAC, and is shorter than one
    #[error("the R-MAC is missing")]
    ResponseMacMissing,
    /// the status word is none of those that let the list go on
    #[error("{0} is not allowed here ({meaning})", meaning = .0.meaning())]
    StatusNotAllowed(StatusWord),
    /// the answer differs from the one that was computed beforehand
    #[error("the answer is not the expected one")]
    NotAsExpected,
    /// fewer answers than commands; those that came are right
    #[error("the answer is missing")]
    TooFew,
    /// more answers than commands; those to the commands are right
    #[error("there was no such command")]
    TooMany,
    /// fewer than 2 bytes, or a right R-MAC over data that does not decrypt
    #[error("the answer is malformed")]
    Malformed,
}

/// The answers to a script were refused. What the card did is not known from the failing answer on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("answer {index}: {reason}")]
pub struct Failure {
    /// place of the first bad answer; all before it were accepted
    pub index: usize,
    /// what is wrong with it
    pub reason: Reason,
    /// whether whoever carries the answers could have made this; `false` only where a right R-MAC shows that the
    /// card itself said so
    pub could_be_relay: bool,
}

/// Answers to a whole script, the last of them proven: the card has received every command as it was wrapped, and
/// each [`Answer::Proven`] is the card's own word. Only [`Script::verify`] makes it.
#[must_use]
pub struct Proven {
    answers: Vec<Answer>,
    channel: OpenChannel,
}

/// Answers to a whole script that nothing proves: the level or the protocol has no R-MAC, or the last answer carries
/// none. Only [`Script::verify`] makes it.
#[must_use]
pub struct Believed {
    answers: Vec<Answer>,
    channel: OpenChannel,
}

/// What the answers to a script are worth.
#[must_use]
pub enum Outcome {
    /// the card proved it
    Proven(Proven),
    /// nothing disproves it
    Believed(Believed),
}

impl Outcome {
    /// The proof, where there is one.
    #[must_use]
    pub fn proven(self) -> Option<Proven> {
        match self {
            Self::Proven(proven) => Some(proven),
            Self::Believed(_) => None,
        }
    }
}

impl Proven {
    /// One answer per command of the script.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The channel, to go on with.
    pub fn into_channel(self) -> OpenChannel {
        self.channel
    }
}

impl Believed {
    /// One answer per command of the script.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The channel, to go on with.
    pub fn into_channel(self) -> OpenChannel {
        self.channel
    }
}

impl Script {
    /// Verifies the raw answers (data and status word each) to all commands of the script.
    ///
    /// # Errors
    /// `Failure` with the first bad answer.
    pub fn verify(self, answers: &[impl AsRef<[u8]>]) -> Result<Outcome, Failure> {
        let accepted = self
            .steps
            .iter()
            .zip(answers)
            .enumerate()
            .map(|(index, (step, answer))| self.accept(index, step, answer.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        let (index, expected) = (accepted.len(), self.steps.len());
        if index < expected || answers.len() > expected {
            let reason = if index < expected { Reason::TooFew } else { Reason::TooMany };
            return Err(Failure { index, reason, could_be_relay: true });
        }
        let proven = self.is_proven(&accepted);
        let channel = self.into_channel();
        Ok(if proven {
            Outcome::Proven(Proven { answers: accepted, channel })
        } else {
            Outcome::Believed(Believed { answers: accepted, channel })
        })
    }

    /// Verifies the raw answer to the `index`th command alone: no other answer is needed.
    ///
    /// # Errors
    /// `Failure`; `Reason::TooMany` where the script has no such command.
    pub fn verify_one(&self, index: usize, answer: &[u8]) -> Result<Answer, Failure> {
        let missing = Failure { index, reason: Reason::TooMany, could_be_relay: true };
        let step = self.steps.get(index).ok_or(missing)?;
        self.accept(index, step, answer)
    }

    /// The last answer of each channel is the card's own word: through the C-MAC chain it vouches that all commands
    /// of that channel were received. A channel that an earlier script left open, and this one closes without a
    /// command in it, has nothing to prove.
    fn is_proven(&self, answers: &[Answer]) -> bool {
        let last_of = |channel| self.steps.iter().rposition(|step| step.channel == channel);
        let is_proven = |channel| match last_of(channel) {
            Some(last) => answers[last].proven().is_some(),
            None => channel < self.last_channel(),
        };
        (0..=self.last_channel()).all(is_proven)
    }

    fn accept(&self, index: usize, step: &Step, answer: &[u8]) -> Result<Answer, Failure> {
        let failure = |reason| Failure { index, reason, could_be_relay: true };
        let response = Response::parse(answer).map_err(|_| failure(Reason::Malformed))?;
        match &step.wrapped.expected {
            Expected::Exactly(expected) => accept_exactly(expected, answer, response).map_err(failure),
            Expected::Status(allowed) => match &step.protection {
                Protection::ResponseMac(_) if response.status.carries_response_mac() => {
                    self.accept_proven(index, step, allowed, &response)
                }
                _ if !allowed.contains(&response.status) => Err(failure(Reason::StatusNotAllowed(response.status))),
                // an error comes without data where responses are protected (Amd D §6.2.5): this is not the card's
                Protection::ResponseMac(_) if !response.data.is_empty() => Err(failure(Reason::Malformed)),
                _ => Ok(Answer::Claimed(response)),
            },
        }
    }

    fn accept_proven(
        &self,
        index: usize,
        step: &Step,
        allowed: &[StatusWord],
        response: &Response,
    ) -> Result<Answer, Failure> {
        let (Channel::Scp03(channel), Protection::ResponseMac(check)) = (self.channel_of(step), &step.protection)
        else {
            return Err(Failure { index, reason: Reason::ResponseMacMissing, could_be_relay: true });
        };
        let plain = channel.unwrap(check, response).map_err(|unverified| {
            let (reason, could_be_relay) = match unverified {
                Unverified::Missing => (Reason::ResponseMacMissing, true),
                Unverified::Wrong => (Reason::WrongResponseMac, true),
                Unverified::Padding => (Reason::Malformed, false),
            };
            Failure { index, reason, could_be_relay }
        })?;
        if allowed.contains(&plain.status) {
            return Ok(Answer::Proven(plain));
        }
        Err(Failure { index, reason: Reason::StatusNotAllowed(plain.status), could_be_relay: false })
    }
}

/// A predicted answer holds a cryptogram that only the card can make; a bare 9000 proves nothing.
fn accept_exactly(expected: &[u8], answer: &[u8], response: Response) -> Result<Answer, Reason> {
    match expected == answer {
        true if response.data.is_empty() => Ok(Answer::Claimed(response)),
        true => Ok(Answer::Proven(response)),
        false if response.status != StatusWord::SUCCESS => Err(Reason::StatusNotAllowed(response.status)),
        false => Err(Reason::NotAsExpected),
    }
}
