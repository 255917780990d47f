//! One script of a new card, and what its proven answers lead to.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_globalplatform::{
    ChannelParameters, Conversation, Expected, Failure, HostChallenge, Proven, Script, WrappedCommand,
};
use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, ScriptCommand};
use sha2::{Digest, Sha256};

use super::card_refused;
use super::flow::Flow;
use super::next::{Certification, Next, Reopening};
use super::segment::Gate;
use super::showing::{Learned, Shows};
use crate::admission::refusal;

/// Milliseconds that a card may take to make a key pair: RSA of 2048 bits is a matter of luck.
const KEY_PAIR_LIMIT: u32 = 60_000;

/// What a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// transport keys to issuer keys, where the next channel's challenge cannot be foreseen
    ChangeKeys,
    /// keys, application, personalization data and the question that proves them
    Write,
    /// commit points, after the proof is stored
    Activate,
}

/// A script that may go out once its intent is committed.
pub struct Stage {
    flow: Flow,
    kind: StageKind,
    script: Script,
    /// what each answer must show, in the order of the script's commands
    shown: Vec<Shows>,
    tail: Option<Tail>,
}

/// The unprotected commands at a script's end that open a channel which cannot be foreseen.
pub(super) struct Tail {
    pub(super) selected: Option<Command>,
    pub(super) update: Command,
    pub(super) parameters: ChannelParameters,
    pub(super) challenge: HostChallenge,
}

impl Tail {
    fn commands(&self) -> impl Iterator<Item = &Command> {
        self.selected.iter().chain([&self.update])
    }
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
    unknown_groupings: Vec<(Aid, u16)>,
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

    /// The optional groupings that the card is said not to know, with their applications. An error carries no R-MAC
    /// (Amd D §6.2.5): this is what the terminal told, and nothing depends on it.
    #[must_use]
    pub fn unknown_groupings(&self) -> &[(Aid, u16)] {
        &self.unknown_groupings
    }
}

impl Stage {
    pub(super) fn new(flow: Flow, kind: StageKind, script: Script, shown: Vec<Shows>, tail: Option<Tail>) -> Self {
        Self { flow, kind, script, shown, tail }
    }

    /// What the script is for.
    #[must_use]
    pub fn kind(&self) -> StageKind {
        self.kind
    }

    /// What people may see of the card's number.
    #[must_use]
    pub fn masked_number(&self) -> &str {
        &self.flow.inputs.data.masked_number
    }

    /// The commands as the terminal gets them.
    #[must_use]
    pub fn commands(&self) -> Vec<ScriptCommand> {
        let shown = self.script.commands().zip(&self.shown).map(|(wrapped, shows)| relayed(wrapped, shows));
        let plain = |command: &Command| ScriptCommand {
            apdu: command.to_bytes().into(),
            allowed: None,
            answer_hash: None,
            limit: None,
        };
        shown.chain(self.tail.iter().flat_map(Tail::commands).map(plain)).collect()
    }

    /// The AIDs, in hexadecimal, of the applications whose commit points these answers prove to be passed, each by its
    /// own R-MAC, whatever became of the rest of the script.
    #[must_use]
    pub fn commit_points(&self, answers: &[&[u8]]) -> Vec<String> {
        let asked = self.shown.iter().zip(answers).enumerate();
        let passed = asked.filter_map(|(index, (shows, answer))| match shows {
            Shows::CommitPoint(instance) => {
                let answer = self.script.verify_one(index, answer).ok()?;
                answer.proven().map(|_| instance.to_string())
            }
            _ => None,
        });
        passed.collect()
    }

    /// The AIDs, in hexadecimal, of the applications that are proven to be active where these answers leave others that
    /// are not: none where no application is active, and none where all are.
    #[must_use]
    pub fn partly_activated(&self, answers: &[&[u8]]) -> Vec<String> {
        let here = self.shown.iter().filter_map(|shows| match shows {
            Shows::CommitPoint(instance) => Some(instance.to_string()),
            _ => None,
        });
        let here: Vec<String> = here.collect();
        let all = self.flow.inputs.data.applications.iter().map(|application| application.instance.to_string());
        // what the last script does not activate was activated, and proven, before it
        let before = |aid: &String| self.kind == StageKind::Activate && !here.contains(aid);
        let (mut active, rest): (Vec<String>, Vec<String>) = all.partition(before);
        let passed = self.commit_points(answers);
        let is_whole = passed.len() == rest.len();
        active.extend(passed);
        if is_whole { Vec::new() } else { active }
    }

    /// Verifies the card's answers to the whole script, and gives the proof and what follows.
    ///
    /// # Errors
    /// The first `Flaw`, or a refusal where the next script cannot be made; either way the outcome is unknown.
    pub fn answers(self, answers: &[&[u8]]) -> Result<(Verified, Result<Next, Refusal>), Flaw> {
        let changed_keys = self.shown.iter().any(|shows| matches!(shows, Shows::KeysStored { .. }));
        let masked_number = self.masked_number().to_owned();
        let (learned, next) = self.next(answers)?;
        Ok((Verified { changed_keys, masked_number, unknown_groupings: learned.refused }, next))
    }

    fn next(self, answers: &[&[u8]]) -> Result<(Learned, Result<Next, Refusal>), Flaw> {
        let Self { flow, script, shown, tail, .. } = self;
        let own = if tail.is_some() { script.commands().len().min(answers.len()) } else { answers.len() };
        let (for_script, for_tail) = answers.split_at(own);
        let proven = script.verify(for_script).map_err(Flaw::Answer)?.proven();
        let proven = proven.ok_or(Flaw::Content("nothing in the answers proves them"))?;
        let mut learned = Learned::default();
        shown.iter().zip(proven.answers()).try_for_each(|(shows, answer)| learned.take(shows, answer))?;
        let next = match tail {
            Some(tail) => reopen(flow, tail, for_tail)?,
            None => follow(flow, proven, &learned)?,
        };
        Ok((learned, next))
    }
}

/// What follows in the channel that is open.
fn follow(flow: Flow, proven: Proven, learned: &Learned) -> Result<Result<Next, Refusal>, Flaw> {
    let channel = proven.into_channel();
    match flow.segments.front().map(|segment| segment.gate) {
        None => Ok(Ok(Next::Done)),
        Some(Gate::Answers) => {
            let certification = Certification::new(flow, channel, &learned.public_keys)?;
            Ok(Ok(Next::Certify(Box::new(certification))))
        }
        Some(Gate::Open | Gate::Proof) => Ok(flow.go_on(channel).map(|stage| Next::Stage(Box::new(stage)))),
    }
}

/// The channel that the script's end asked for.
fn reopen(flow: Flow, tail: Tail, answers: &[&[u8]]) -> Result<Result<Next, Refusal>, Flaw> {
    let answer = match (&tail.selected, answers) {
        (None, [answer]) => answer,
        (Some(_), [selected, answer]) if selected.ends_with(&StatusWord::SUCCESS.0.to_be_bytes()) => answer,
        (Some(_), [_, _]) => return Err(Flaw::Content("what must be selected was not")),
        _ => return Err(Flaw::Content("the answer to INITIALIZE UPDATE is missing")),
    };
    let opening = match Conversation::begin(tail.parameters, tail.challenge, answer) {
        Ok(opening) => opening,
        Err(error) => return Ok(Err(card_refused(&error))),
    };
    if opening.card_answer().diversification_data != flow.diversification_data {
        return Ok(Err(refusal(Code::CARD_ANSWER_REFUSED, &["other key diversification data than before"])));
    }
    Ok(Ok(Next::Reopen(Box::new(Reopening::new(flow, opening)))))
}

fn relayed(wrapped: &WrappedCommand, shows: &Shows) -> ScriptCommand {
    let (allowed, answer_hash) = match &wrapped.expected {
        Expected::Status(words) if words.len() == 1 && words[0] == StatusWord::SUCCESS => (None, None),
        Expected::Status(words) => (Some(words.iter().map(|word| word.0).collect()), None),
        // A bare 9000 is no secret and is told by the status word alone.
        Expected::Exactly(bytes) if bytes.len() == 2 => (None, None),
        Expected::Exactly(bytes) => (None, Some(<[u8; 32]>::from(Sha256::digest(bytes)).into())),
    };
    let limit = matches!(shows, Shows::PublicKey { .. }).then_some(KEY_PAIR_LIMIT);
    ScriptCommand { apdu: wrapped.command.to_bytes().into(), allowed, answer_hash, limit }
}
