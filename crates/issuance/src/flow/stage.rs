//! One script of a flow, and what its proven answers lead to.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_globalplatform::{
    Answer, ChannelParameters, Conversation, Expected, HostChallenge, OpenChannel, Outcome, Script, WrappedCommand,
};
use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, ScriptCommand};
use sha2::{Digest, Sha256};

use super::card_refused;
use super::cryptogram::Cryptograms;
use super::next::{Certification, Foresight, Next, Reopening};
use super::run::Flow;
use super::segment::Gate;
use super::showing::{Learned, Shows};
use super::worth::{Flaw, Grade, Verified};
use crate::admission::refusal;
use crate::product::Proof;
use crate::task;

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
    /// what makes its answers count
    proof: Proof,
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

impl Stage {
    pub(super) fn new(flow: Flow, kind: StageKind, proof: Proof, script: Script, shown: Vec<Shows>, end: End) -> Self {
        Self { flow, kind, proof, script, shown, end }
    }

    /// What the script is for.
    #[must_use]
    pub fn kind(&self) -> StageKind {
        self.kind
    }

    /// What people may see of the card's number.
    #[must_use]
    pub fn masked_number(&self) -> &str {
        &self.flow.inputs.masked_number
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

    /// The AIDs, in hexadecimal, of the applications that are proven to be active where these answers leave others that
    /// are not: none where no application is active, and none where all are.
    #[must_use]
    pub fn partly_activated(&self, answers: &[&[u8]]) -> Vec<String> {
        let here = self.shown.iter().filter_map(|shows| match shows {
            Shows::CommitPoint(instance) => Some(instance.to_string()),
            _ => None,
        });
        let here: Vec<String> = here.collect();
        let all = self.flow.inputs.applications().iter().map(|application| application.instance.to_string());
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
        let content = task::content_after(&self.flow.inputs);
        let Judged { grade, learned, next } = self.judge(answers)?;
        Ok((Verified { grade, changed_keys, masked_number, content, unknown_groupings: learned.refused }, next))
    }

    fn judge(self, answers: &[&[u8]]) -> Result<Judged, Flaw> {
        let Self { flow, proof, script, shown, end, .. } = self;
        let own = match end {
            End::Nothing => answers.len(),
            End::Reopen(_) | End::Prove(_) => script.commands().len().min(answers.len()),
        };
        let (for_script, for_end) = answers.split_at(own);
        let outcome = script.verify(for_script).map_err(Flaw::Answer)?;
        let (grade, answers, channel) = counting(proof, outcome)?;
        let mut learned = Learned::new(proof);
        shown.iter().zip(&answers).try_for_each(|(shows, answer)| learned.take(shows, answer))?;
        let (grade, next) = match end {
            End::Nothing if flow.inputs.applications().is_empty() => {
                (grade.or(Some(Grade::B)), follow(flow, channel, &learned)?)
            }
            End::Nothing => (grade, follow(flow, channel, &learned)?),
            End::Reopen(tail) => (grade, reopen(flow, *tail, for_end)?),
            End::Prove(cryptograms) => {
                cryptograms.verify(for_end)?;
                (Some(Grade::B), Ok(Next::Done))
            }
        };
        Ok(Judged { grade, learned, next })
    }
}

/// What answers gave.
struct Judged {
    grade: Option<Grade>,
    learned: Learned,
    next: Result<Next, Refusal>,
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
        None if flow.surveyed => Ok(decided(flow, channel, learned)),
        None => Ok(Ok(Next::Done)),
        Some(Gate::Answers) => {
            let certification = Certification::new(flow, channel, &learned.public_keys)?;
            Ok(Ok(Next::Certify(Box::new(certification))))
        }
        Some(Gate::Open | Gate::Proof) => Ok(flow.go_on(channel).map(|stage| Next::Stage(Box::new(stage)))),
    }
}

/// What the card holds is known: what remains to be done, or why nothing is. Nothing was written yet.
fn decided(flow: Flow, channel: OpenChannel, learned: &Learned) -> Result<Next, Refusal> {
    let settles = flow.inputs.basis.survey;
    match flow.decide(learned) {
        Ok((flow, ahead)) => Ok(Next::Foresee(Box::new(Foresight::new(flow, channel, ahead)))),
        Err(why) if settles => Err(why),
        Err(why) => Ok(Next::Declined(why)),
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
