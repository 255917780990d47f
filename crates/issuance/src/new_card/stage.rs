//! One script of a new card, and what its proven answers lead to.

use cardwright_apdu::Response;
use cardwright_globalplatform::commands::EncryptedKeySet;
use cardwright_globalplatform::{
    CardAuthenticated, Conversation, Expected, Failure, HostChallenge, KeyRequest, NeedsSessionKeys, OpenChannel,
    PredictedChannel, Proven, Script, SessionSecrets, WrappedCommand, initialize_update,
};
use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, ScriptCommand};
use sha2::{Digest, Sha256};

use super::{Inputs, caller_refused, card_refused, issuer_channel, plan};
use crate::admission::refusal;

/// What a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// transport keys to issuer keys, where the next channel's challenge cannot be foreseen
    ChangeKeys,
    /// keys, application, personalization data and the question that proves them
    Write,
    /// the commit point, after the proof is stored
    Activate,
}

/// A script that may go out once its intent is committed.
pub struct Stage {
    inputs: Inputs,
    kind: StageKind,
    script: Script,
    issuer_keys: Option<EncryptedKeySet>,
    /// place of PUT KEY in the script
    put_key: Option<usize>,
    /// what the card said at its first opening; it must say the same at its second
    diversification_data: [u8; 10],
}

/// Why answers do not count as proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// an answer does not verify
    Answer(Failure),
    /// everything verifies, but the card does not hold what it should
    Content(&'static str),
}

impl Flaw {
    /// The place of the first answer that is wrong, where one is.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::Answer(failure) => Some(failure.index),
            Self::Content(_) => None,
        }
    }
}

/// Proof that the card did what a script asked. Only [`Stage::answers`] makes it, and every commit that counts on a
/// script takes it.
#[derive(Debug)]
pub struct Verified {
    changed_keys: bool,
    masked_number: String,
}

impl Verified {
    /// Whether the script changed the card's keys.
    #[must_use]
    pub fn changed_keys(&self) -> bool {
        self.changed_keys
    }

    /// What people may see of the card's number.
    #[must_use]
    pub fn masked_number(&self) -> &str {
        &self.masked_number
    }
}

/// What follows proven answers.
pub enum Next {
    /// the next script
    Stage(Box<Stage>),
    /// the next channel's session keys are needed
    Reopen(Box<Reopening>),
    /// the card is done
    Done,
}

/// The card has its issuer keys and a random challenge: their session keys are needed.
pub struct Reopening {
    inputs: Inputs,
    opening: NeedsSessionKeys,
}

impl Reopening {
    /// Derivations under the issuer's keys.
    #[must_use]
    pub fn issuer_request(&self) -> Vec<KeyRequest> {
        self.opening.request()
    }

    /// The script that writes.
    ///
    /// # Errors
    /// A refusal where the card does not hold the issuer's keys, or the data does not fit.
    pub fn script(self, issuer: SessionSecrets) -> Result<Stage, Refusal> {
        let card = self.opening.session_keys(issuer).map_err(|error| card_refused(&error))?;
        let commands = plan::write(&self.inputs)?;
        let script = card.wrap(&commands).map_err(|error| caller_refused(&self.inputs, &error))?;
        Ok(Stage::new(self.inputs, StageKind::Write, script))
    }
}

impl Stage {
    fn new(inputs: Inputs, kind: StageKind, script: Script) -> Self {
        let (issuer_keys, put_key) = (None, None);
        Self { inputs, kind, script, issuer_keys, put_key, diversification_data: [0; 10] }
    }

    pub(super) fn first(
        inputs: Inputs,
        card: CardAuthenticated,
        predicted: Option<PredictedChannel>,
        issuer_keys: EncryptedKeySet,
    ) -> Result<Self, Refusal> {
        let diversification_data = card.card_answer().diversification_data;
        let change = [plan::put_key(&inputs, &issuer_keys)?];
        let refused = |error| caller_refused(&inputs, &error);
        let script = card.wrap(&change).map_err(refused)?;
        let put_key = Some(script.commands().len() - 1);
        let (kind, script) = match predicted {
            None => (StageKind::ChangeKeys, script),
            Some(channel) => {
                let commands = plan::write(&inputs)?;
                (StageKind::Write, script.continue_with(None, channel, &commands).map_err(refused)?)
            }
        };
        let issuer_keys = Some(issuer_keys);
        Ok(Self { put_key, issuer_keys, diversification_data, ..Self::new(inputs, kind, script) })
    }

    /// What the script is for.
    #[must_use]
    pub fn kind(&self) -> StageKind {
        self.kind
    }

    /// What people may see of the card's number.
    #[must_use]
    pub fn masked_number(&self) -> &str {
        &self.inputs.data.masked_number
    }

    /// The commands as the terminal gets them.
    #[must_use]
    pub fn commands(&self) -> Vec<ScriptCommand> {
        let mut commands: Vec<_> = self.script.commands().map(relayed).collect();
        commands.extend(self.reopening_command());
        commands
    }

    /// Where the next channel could not be foreseen, the script ends with its INITIALIZE UPDATE, unprotected.
    fn reopening_command(&self) -> Option<ScriptCommand> {
        if self.kind != StageKind::ChangeKeys {
            return None;
        }
        let parameters = issuer_channel(&self.inputs).ok()?;
        let command = initialize_update(&parameters, &HostChallenge::new(*self.inputs.second_challenge));
        Some(ScriptCommand { apdu: command.to_bytes().into(), allowed: None, answer_hash: None, limit: None })
    }

    fn verified(&self) -> Verified {
        Verified { changed_keys: self.put_key.is_some(), masked_number: self.masked_number().to_owned() }
    }

    /// Verifies the card's answers to the whole script, and gives the proof and what follows.
    ///
    /// # Errors
    /// The first `Flaw`, or a refusal where the next script cannot be made; either way the outcome is unknown.
    pub fn answers(self, answers: &[&[u8]]) -> Result<(Verified, Result<Next, Refusal>), Flaw> {
        let verified = self.verified();
        let next = self.next(answers)?;
        Ok((verified, next))
    }

    fn next(self, answers: &[&[u8]]) -> Result<Result<Next, Refusal>, Flaw> {
        let reopened = match (self.kind == StageKind::ChangeKeys, answers.len() > self.script.commands().len()) {
            (true, true) => answers.split_last(),
            _ => None,
        };
        let for_script = reopened.map_or(answers, |(_, script)| script);
        let Self { inputs, kind, script, issuer_keys, put_key, diversification_data } = self;
        let proven = script.verify(for_script).map_err(Flaw::Answer)?.proven();
        let proven = proven.ok_or(Flaw::Content("nothing in the answers proves them"))?;
        if let (Some(keys), Some(place)) = (&issuer_keys, put_key) {
            plan::check_put_key(&inputs, keys, answer(&proven, place)?)?;
        }
        match kind {
            StageKind::ChangeKeys => {
                let (answer, _) = reopened.ok_or(Flaw::Content("the answer to INITIALIZE UPDATE is missing"))?;
                Ok(reopen(inputs, answer, &diversification_data))
            }
            StageKind::Write => {
                plan::check_written(&inputs, last_answers(&proven)?)?;
                Ok(activate(inputs, proven.into_channel()))
            }
            StageKind::Activate => {
                plan::check_active(&inputs, last_answers(&proven)?)?;
                Ok(Ok(Next::Done))
            }
        }
    }
}

fn reopen(inputs: Inputs, answer: &[u8], diversification_data: &[u8; 10]) -> Result<Next, Refusal> {
    let challenge = HostChallenge::new(*inputs.second_challenge);
    let opening =
        Conversation::begin(issuer_channel(&inputs)?, challenge, answer).map_err(|error| card_refused(&error))?;
    if opening.card_answer().diversification_data != *diversification_data {
        return Err(refusal(Code::CARD_ANSWER_REFUSED, &["other key diversification data than before"]));
    }
    Ok(Next::Reopen(Box::new(Reopening { inputs, opening })))
}

fn activate(inputs: Inputs, channel: OpenChannel) -> Result<Next, Refusal> {
    let commands = plan::activate(&inputs)?;
    let script = channel.wrap(&commands).map_err(|error| caller_refused(&inputs, &error))?;
    Ok(Next::Stage(Box::new(Stage::new(inputs, StageKind::Activate, script))))
}

fn answer(proven: &Proven, place: usize) -> Result<&Response, Flaw> {
    let answer = proven.answers().get(place).and_then(|answer| answer.proven());
    answer.ok_or(Flaw::Content("an answer that must be proven is not"))
}

/// The answers to the questions at a script's end: the card's own state, then the applications.
fn last_answers(proven: &Proven) -> Result<[&Response; 2], Flaw> {
    let count = proven.answers().len();
    let place = |back: usize| count.checked_sub(back).ok_or(Flaw::Content("an answer is missing"));
    Ok([answer(proven, place(2)?)?, answer(proven, place(1)?)?])
}

fn relayed(wrapped: &WrappedCommand) -> ScriptCommand {
    let (allowed, answer_hash) = match &wrapped.expected {
        Expected::Status(words) if words.len() == 1 && words[0] == cardwright_apdu::StatusWord::SUCCESS => (None, None),
        Expected::Status(words) => (Some(words.iter().map(|word| word.0).collect()), None),
        // A bare 9000 is no secret and is told by the status word alone.
        Expected::Exactly(bytes) if bytes.len() == 2 => (None, None),
        Expected::Exactly(bytes) => (None, Some(<[u8; 32]>::from(Sha256::digest(bytes)).into())),
    };
    ScriptCommand { apdu: wrapped.command.to_bytes().into(), allowed, answer_hash, limit: None }
}
