//! One script of a new card, and what its proven answers lead to.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_globalplatform::{
    Answer, ChannelParameters, Conversation, Expected, Failure, HostChallenge, OpenChannel, Outcome, Script,
    WrappedCommand,
};
use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, ScriptCommand};
use sha2::{Digest, Sha256};

use super::card_refused;
use super::cryptogram::Cryptograms;
use super::flow::Flow;
use super::next::{Certification, Next, Reopening};
use super::segment::Gate;
use super::showing::{Learned, Shows};
use crate::admission::refusal;
use crate::product::Proof;

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
    end: End,
}

/// The unprotected commands that a script ends with.
pub(super) enum End {
    /// none
    Nothing,
    /// those that open the next channel
    Reopen(Box<Tail>),
    /// those that prove the card where no answer has a MAC
    Prove(Cryptograms),
}

impl End {
    fn commands(&self) -> Vec<Command> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Reopen(tail) => tail.selected.iter().chain([&tail.update]).cloned().collect(),
            Self::Prove(cryptograms) => cryptograms.commands(),
        }
    }
}

/// The unprotected commands at a script's end that open a channel which cannot be foreseen.
pub(super) struct Tail {
    pub(super) selected: Option<Command>,
    pub(super) update: Command,
    pub(super) parameters: ChannelParameters,
    pub(super) challenge: HostChallenge,
}

/// What a proof is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// the card's MAC on every answer: it is as it was written
    A,
    /// a cryptogram: it has the keys that were written; what else was written is believed
    B,
}

impl Grade {
    /// The grade as the log and screens have it.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
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

/// What a script's answers are worth, after they were found right. Only [`Stage::answers`] makes it, and every commit
/// that counts on a script takes it.
#[derive(Debug)]
pub struct Verified {
    grade: Option<Grade>,
    changed_keys: bool,
    masked_number: String,
    unknown_groupings: Vec<(Aid, u16)>,
}

impl Verified {
    /// The grade of the proof. None where the answers are believed until a cryptogram proves the card, at the end of the
    /// last script.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        self.grade
    }

    /// Whether the script changed the card's keys. Where its answers are believed, the cryptogram of the channel that
    /// was opened next shows that it did.
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
    pub(super) fn new(flow: Flow, kind: StageKind, script: Script, shown: Vec<Shows>, end: End) -> Self {
        Self { flow, kind, script, shown, end }
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
        let plain = |command: Command| ScriptCommand {
            apdu: command.to_bytes().into(),
            allowed: None,
            answer_hash: None,
            limit: None,
        };
        shown.chain(self.end.commands().into_iter().map(plain)).collect()
    }

    /// The AIDs, in hexadecimal, of the applications whose commit points these answers prove to be passed, each by its
    /// own R-MAC or by its cryptogram, whatever became of the rest of the script.
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
        let asked = answers.get(self.script.commands().len()..).unwrap_or_default();
        let proven = match &self.end {
            End::Prove(cryptograms) => cryptograms.answered(asked).map(Aid::to_string).collect(),
            End::Nothing | End::Reopen(_) => Vec::new(),
        };
        passed.chain(proven).collect()
    }

    /// Verifies the card's answers to the whole script, and gives the proof and what follows.
    ///
    /// # Errors
    /// The first `Flaw`, or a refusal where the next script cannot be made; either way the outcome is unknown.
    pub fn answers(self, answers: &[&[u8]]) -> Result<(Verified, Result<Next, Refusal>), Flaw> {
        let changed_keys = self.shown.iter().any(|shows| matches!(shows, Shows::KeysStored { .. }));
        let masked_number = self.masked_number().to_owned();
        let (grade, learned, next) = self.next(answers)?;
        Ok((Verified { grade, changed_keys, masked_number, unknown_groupings: learned.refused }, next))
    }

    fn next(self, answers: &[&[u8]]) -> Result<(Option<Grade>, Learned, Result<Next, Refusal>), Flaw> {
        let Self { flow, script, shown, end, .. } = self;
        let own = match end {
            End::Nothing => answers.len(),
            End::Reopen(_) | End::Prove(_) => script.commands().len().min(answers.len()),
        };
        let (for_script, for_end) = answers.split_at(own);
        let proof = flow.inputs.product.proof();
        let outcome = script.verify(for_script).map_err(Flaw::Answer)?;
        let (grade, answers, channel) = counting(proof, outcome)?;
        let mut learned = Learned::new(proof);
        shown.iter().zip(&answers).try_for_each(|(shows, answer)| learned.take(shows, answer))?;
        match end {
            End::Nothing => {
                let next = follow(flow, channel, &learned)?;
                Ok((grade, learned, next))
            }
            End::Reopen(tail) => {
                let next = reopen(flow, *tail, for_end)?;
                Ok((grade, learned, next))
            }
            End::Prove(cryptograms) => {
                cryptograms.verify(for_end)?;
                Ok((Some(Grade::B), learned, Ok(Next::Done)))
            }
        }
    }
}

/// Answers that lead on: proven ones, and believed ones where a cryptogram proves the card in the end.
fn counting(proof: Proof, outcome: Outcome) -> Result<(Option<Grade>, Vec<Answer>, OpenChannel), Flaw> {
    match (proof, outcome) {
        (Proof::RMac, Outcome::Proven(proven)) => {
            Ok((Some(Grade::A), proven.answers().to_vec(), proven.into_channel()))
        }
        (Proof::Cryptogram, Outcome::Believed(believed)) => {
            Ok((None, believed.answers().to_vec(), believed.into_channel()))
        }
        _ => Err(Flaw::Content("nothing in the answers proves them")),
    }
}

/// What follows in the channel that is open.
fn follow(flow: Flow, channel: OpenChannel, learned: &Learned) -> Result<Result<Next, Refusal>, Flaw> {
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
