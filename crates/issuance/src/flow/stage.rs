//! One script of a flow, and what its proven answers lead to.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_globalplatform::{Answer, Conversation, Expected, OpenChannel, Outcome, Script, WrappedCommand};
use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, ScriptCommand};
use sha2::{Digest, Sha256};

use super::card_refused;
use super::end::{End, Tail, Then, plain};
use super::next::{Certification, Foresight, Next, Reopening};
use super::question::Asking;
use super::run::Flow;
use super::showing::{Learned, Shows};
use super::worth::{Flaw, Verified};
use crate::admission::refusal;
use crate::kind::OrderKind;
use crate::proof::{Grade, Proof};
use crate::task;
use crate::work::segment::Gate;

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
    sent: Sent,
    end: End,
}

/// What a script is made of, before its end.
pub(super) enum Sent {
    /// commands through a channel
    Secured {
        /// what makes its answers count
        proof: Proof,
        /// the commands, wrapped
        script: Script,
        /// what each answer must show, in the order of the script's commands
        shown: Vec<Shows>,
    },
    /// commands of the issuer's to an application, which the application's own keys protect
    Plain(Vec<Command>),
}

impl Sent {
    fn len(&self) -> usize {
        match self {
            Self::Secured { script, .. } => script.commands().len(),
            Self::Plain(commands) => commands.len(),
        }
    }

    fn commands(&self) -> Vec<ScriptCommand> {
        match self {
            Self::Secured { script, shown, .. } => {
                script.commands().zip(shown).map(|(wrapped, shows)| relayed(wrapped, shows)).collect()
            }
            Self::Plain(commands) => commands.iter().map(plain).collect(),
        }
    }

    fn shown(&self) -> &[Shows] {
        match self {
            Self::Secured { shown, .. } => shown,
            Self::Plain(_) => &[],
        }
    }

    /// The instances whose commit points the answers prove to be passed.
    fn commit_points(&self, answers: &[&[u8]]) -> Vec<Aid> {
        let Self::Secured { script, shown, .. } = self else { return Vec::new() };
        let asked = shown.iter().zip(answers).enumerate();
        let passed = asked.filter_map(|(index, (shows, answer))| match shows {
            Shows::CommitPoint(instance) => {
                let answer = script.verify_one(index, answer).ok()?;
                answer.proven().map(|_| *instance)
            }
            _ => None,
        });
        passed.collect()
    }

    /// What the answers are worth by themselves, what they told, and the channel that they leave open.
    fn judge(self, answers: &[&[u8]]) -> Result<(Option<Grade>, Learned, Option<OpenChannel>), Flaw> {
        let (proof, script, shown) = match self {
            Self::Secured { proof, script, shown } => (proof, script, shown),
            Self::Plain(commands) => {
                let succeeded = |answer: &&[u8]| answer.ends_with(&StatusWord::SUCCESS.0.to_be_bytes());
                let whole = answers.len() == commands.len() && answers.iter().all(succeeded);
                let refused = Flaw::Content("an application did not take all of its issuer's script");
                return if whole { Ok((None, Learned::new(Proof::None), None)) } else { Err(refused) };
            }
        };
        let outcome = script.verify(answers).map_err(Flaw::Answer)?;
        let (grade, answers, channel) = counting(proof, outcome)?;
        let mut learned = Learned::new(proof);
        shown.iter().zip(&answers).try_for_each(|(shows, answer)| learned.take(shows, answer))?;
        Ok((grade, learned, Some(channel)))
    }
}

impl Stage {
    pub(super) fn new(flow: Flow, kind: StageKind, sent: Sent, end: End) -> Self {
        Self { flow, kind, sent, end }
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
        self.sent.commands().into_iter().chain(self.end.commands()).collect()
    }

    /// The AIDs, in hexadecimal, of the applications whose commit points these answers prove to be passed, each by its
    /// own R-MAC or by its cryptogram, whatever became of the rest of the script.
    #[must_use]
    pub fn commit_points(&self, answers: &[&[u8]]) -> Vec<String> {
        let passed = self.sent.commit_points(answers);
        let asked = answers.get(self.sent.len()..).unwrap_or_default();
        passed.into_iter().chain(self.end.answered(asked)).map(|instance| instance.to_string()).collect()
    }

    /// The AIDs, in hexadecimal, of the applications that are proven to be active where these answers leave others that
    /// are not: none where no application is active, and none where all are.
    #[must_use]
    pub fn partly_activated(&self, answers: &[&[u8]]) -> Vec<String> {
        if matches!(self.flow.inputs.kind, OrderKind::PersonalData | OrderKind::Pin) {
            return Vec::new(); // they were active before, and are
        }
        let here = self.sent.shown().iter().filter_map(|shows| match shows {
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
        let changed_keys = self.sent.shown().iter().any(|shows| matches!(shows, Shows::KeysStored { .. }));
        let masked_number = self.masked_number().to_owned();
        let content = task::content_after(&self.flow.inputs);
        let Judged { grade, learned, next } = self.judge(answers)?;
        Ok((Verified { grade, changed_keys, masked_number, content, unknown_groupings: learned.refused }, next))
    }

    fn judge(self, answers: &[&[u8]]) -> Result<Judged, Flaw> {
        let Self { flow, sent, end, .. } = self;
        let own = if end.is_nothing() { answers.len() } else { sent.len().min(answers.len()) };
        let (for_sent, for_end) = answers.split_at(own);
        let (grade, learned, channel) = sent.judge(for_sent)?;
        let (proven, for_then) = end.verify(for_end)?;
        let grade = if proven { Some(Grade::B) } else { grade };
        let next = match (end.then, channel) {
            (Then::Nothing, Some(channel)) if !proven => {
                let nothing_to_ask = flow.inputs.applications().is_empty();
                let grade = if nothing_to_ask { grade.or(Some(Grade::B)) } else { grade };
                return Ok(Judged { grade, next: follow(flow, channel, &learned)?, learned });
            }
            (Then::Nothing, _) => Ok(Next::Done),
            (Then::Reopen(tail), _) => reopen(flow, *tail, for_then)?,
            (Then::Question(asking), _) => asked(flow, *asking, for_then)?,
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
    let answer = tail.opened(answers)?;
    let opening = match Conversation::begin(tail.parameters, tail.challenge, answer) {
        Ok(opening) => opening,
        Err(error) => return Ok(Err(card_refused(&error))),
    };
    if opening.card_answer().diversification_data != flow.diversification_data {
        return Ok(Err(refusal(Code::CARD_ANSWER_REFUSED, &["other key diversification data than before"])));
    }
    Ok(Ok(Next::Reopen(Box::new(Reopening::new(flow, opening)))))
}

/// The script of the issuer's to the application that was asked. Where it does not answer as the issuer's card does, it
/// gets none: nothing is done where nothing was written yet.
fn asked(flow: Flow, asking: Asking, answers: &[&[u8]]) -> Result<Result<Next, Refusal>, Flaw> {
    let why = asking.refused();
    match asking.answered(&flow.inputs, answers) {
        Some(answered) => {
            Ok(answered.and_then(|answered| flow.send(answered)).map(|stage| Next::Stage(Box::new(stage))))
        }
        None if flow.writing || flow.inputs.basis.survey => Ok(Err(why)),
        None => Ok(Ok(Next::Declined(why))),
    }
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
