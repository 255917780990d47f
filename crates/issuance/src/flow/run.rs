//! What of a flow is still to come, and how much of it goes into one script.

use std::collections::VecDeque;

use cardwright_apdu::Aid;
use cardwright_globalplatform::commands::{EncryptedKeySet, select};
use cardwright_globalplatform::{CardAuthenticated, OpenChannel, PredictedChannel, Script, initialize_update};
use cardwright_relay::message::Refusal;

use super::ahead::{Ahead, Count, Standing, counter, host_challenge};
use super::cryptogram::Cryptograms;
use super::end::{End, Tail, Then};
use super::groupings::Enciphered;
use super::plan::{Asked, Material};
use super::question::{Answered, Asking};
use super::showing::{Learned, Shows};
use super::stage::{Sent, Stage, StageKind};
use super::{Inputs, caller_refused, fitness};
use crate::proof::Proof;
use crate::task;
use crate::work::segment::{self, Gate, Place, Ring, Segment, Work};

/// The parts that are still to come, and what they are made from.
pub(super) struct Flow {
    pub(super) inputs: Inputs,
    pub(super) segments: VecDeque<Segment>,
    /// the channels that can be opened without asking, in order; none where challenges are random
    pub(super) predicted: VecDeque<PredictedChannel>,
    pub(super) enciphered: Enciphered,
    /// the keys that are put on the card, encrypted for it
    pub(super) new_keys: Option<EncryptedKeySet>,
    /// certificates of the keys that the card made last
    pub(super) certificates: Vec<Vec<u8>>,
    standing: Standing,
    /// what was selected last
    selected: Place,
    /// whether what the card holds was asked last, so that what follows is decided by the answers
    pub(super) surveyed: bool,
    /// whether commands may go out that need the stored proof of what was before
    activating: bool,
    /// whether something was sent that changes the card
    pub(super) writing: bool,
    /// what the card said at its first opening; it must say the same at each
    pub(super) diversification_data: [u8; 10],
}

impl Flow {
    pub(super) fn new(
        inputs: Inputs,
        segments: Vec<Segment>,
        predicted: Vec<PredictedChannel>,
        enciphered: Enciphered,
    ) -> Self {
        Self {
            inputs,
            segments: segments.into(),
            predicted: predicted.into(),
            enciphered,
            new_keys: None,
            certificates: Vec::new(),
            standing: Standing { channel: Some((Ring::Opened, Place::Domain)), count: Count::default(), counter: None },
            selected: Place::Domain,
            surveyed: false,
            activating: false,
            writing: false,
            diversification_data: [0; 10],
        }
    }

    /// The first script, in the channel that the card was opened with, and what can follow at once.
    pub(super) fn begin(mut self, card: CardAuthenticated) -> Result<Stage, Refusal> {
        self.diversification_data = card.card_answer().diversification_data;
        self.standing.counter = counter(card.card_answer().sequence_counter);
        let script = card.wrap(&[]).map_err(|error| caller_refused(&self.inputs, &error))?;
        self.fill(script, vec![Shows::Nothing], true)
    }

    /// The next script in the channel that is open, after the answers or the proof that it waited for.
    pub(super) fn go_on(self, channel: OpenChannel) -> Result<Stage, Refusal> {
        let script = channel.wrap(&[]).map_err(|error| caller_refused(&self.inputs, &error))?;
        self.fill(script, Vec::new(), true)
    }

    /// The next script in a channel that was opened by a round trip of its own.
    pub(super) fn enter(mut self, card: CardAuthenticated) -> Result<Stage, Refusal> {
        if let Some(channel) = self.segments.front().map(Segment::channel) {
            self.standing.count.add(channel.0);
            self.standing.channel = Some(channel);
            self.selected = channel.1;
        }
        let script = card.wrap(&[]).map_err(|error| caller_refused(&self.inputs, &error))?;
        self.fill(script, vec![Shows::Nothing], true)
    }

    /// What remains to be done, after the card told what it holds; and the channels for it that can be foreseen.
    pub(super) fn decide(mut self, learned: &Learned) -> Result<(Self, Ahead), Refusal> {
        self.surveyed = false;
        self.segments = task::remaining(&self.inputs, &learned.observed)?.into();
        let segments = self.segments.make_contiguous();
        fitness::check_channels(&self.inputs, segments)?;
        let ahead = Ahead::new(&self.inputs, segments, self.standing)?;
        Ok((self, ahead))
    }

    /// The script of the issuer's to an application that answered its question, and what can follow at once.
    pub(super) fn send(mut self, answered: Answered) -> Result<Stage, Refusal> {
        self.writing = true;
        let then = match self.segments.front().map(Segment::channel) {
            None => Then::Nothing,
            Some(channel) => match self.question()? {
                Some(question) => question,
                None => Then::Reopen(Box::new(self.tail(channel)?)),
            },
        };
        let end = End { counted: Some(answered.proof), ..End::then(then) };
        Ok(Stage::new(self, StageKind::Write, Sent::Plain(answered.commands), end))
    }

    /// Adds segments until one must wait, or its channel cannot be opened without asking. `passing` says that what the
    /// first of them waits for is there.
    fn fill(mut self, mut script: Script, mut shown: Vec<Shows>, mut passing: bool) -> Result<Stage, Refusal> {
        let proof = self.inputs.proof(self.ring());
        let mut only_keys = true;
        let mut end = End::then(Then::Nothing);
        while let Some(next) = self.segments.front().cloned() {
            if matches!(next.work, Work::Script(_)) {
                only_keys = false;
                break;
            }
            if self.standing.channel != Some(next.channel()) && self.predicted.is_empty() {
                end.then = Then::Reopen(Box::new(self.tail(next.channel())?));
                break;
            }
            if next.gate != Gate::Open && !passing {
                break;
            }
            passing = false;
            self.activating |= next.gate == Gate::Proof;
            self.writing |= !next.work.only_looks();
            only_keys &= matches!(next.work, Work::PutKeys { .. });
            self.surveyed |= next.work == Work::Survey;
            script = self.add(script, &mut shown, &next)?;
            self.segments.pop_front();
        }
        let kind = match (self.activating, only_keys) {
            (true, _) => StageKind::Activate,
            (false, false) => StageKind::Write,
            (false, true) => StageKind::ChangeKeys,
        };
        if matches!(end.then, Then::Nothing) && self.is_at_its_end() && proof == Proof::Cryptogram {
            end.cryptograms = self.proving()?;
        }
        if let Some(question) = self.question()? {
            end.then = question;
        }
        Ok(Stage::new(self, kind, Sent::Secured { proof, script, shown }, end))
    }

    /// Whose keys the channel is opened with that is open, or comes next.
    fn ring(&self) -> Ring {
        self.standing.channel.map_or_else(|| self.next_ring(), |(ring, _)| ring)
    }

    /// The question before the next segment, where that is a script of the issuer's. It ends the channel.
    fn question(&mut self) -> Result<Option<Then>, Refusal> {
        let Some(Work::Script(number)) = self.segments.front().map(|segment| &segment.work) else { return Ok(None) };
        let number = *number;
        let asking = Asking::new(&self.inputs, number)?;
        self.segments.pop_front();
        self.standing.channel = None;
        self.selected = Place::Application(number);
        Ok(Some(Then::Question(Box::new(asking))))
    }

    /// Whether nothing follows but scripts of the issuer's: a survey is followed by what it shows to remain.
    fn is_at_its_end(&self) -> bool {
        !self.surveyed && self.segments.iter().all(|segment| matches!(segment.work, Work::Script(_)))
    }

    /// What proves the card where its answers do not: a cryptogram of each payment application that was written. Where
    /// nothing was written to one, the card's own cryptogram at the opening of the channel is all there is.
    fn proving(&self) -> Result<Option<Cryptograms>, Refusal> {
        let applications = self.inputs.applications();
        let scripted = applications.iter().all(|application| application.script.is_some());
        if scripted { Ok(None) } else { Cryptograms::new(&self.inputs).map(Some) }
    }

    fn add(&mut self, script: Script, shown: &mut Vec<Shows>, segment: &Segment) -> Result<Script, Refusal> {
        let material = Material {
            inputs: &self.inputs,
            enciphered: &self.enciphered,
            certificates: &self.certificates,
            new_keys: self.new_keys.as_ref(),
            ring: segment.ring,
        };
        let asked: Vec<Asked> = material.commands(&segment.work)?;
        let (commands, shows): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        let reopens = self.standing.channel != Some(segment.channel());
        let script = match reopens.then(|| self.predicted.pop_front()).flatten() {
            Some(channel) => {
                let selected = self.selects(segment.place);
                self.standing.channel = Some(segment.channel());
                self.standing.count.add(segment.ring);
                self.selected = segment.place;
                script.continue_with(selected.as_ref(), channel, &commands)
            }
            None => script.and(&commands),
        };
        let script = script.map_err(|error| caller_refused(&self.inputs, &error))?;
        shown.resize(script.commands().len() - shows.len(), Shows::Nothing);
        shown.extend(shows);
        Ok(script)
    }

    /// The applications whose groupings travel in the next channel.
    pub(super) fn travelling(&self) -> Vec<usize> {
        segment::travelling(self.inputs.applications(), self.segments.iter())
    }

    /// Whose keys the next channel is opened with.
    pub(super) fn next_ring(&self) -> Ring {
        let standing = || self.standing.channel.map_or(self.inputs.last_ring(), |(ring, _)| ring);
        self.segments.front().map_or_else(standing, |segment| segment.ring)
    }

    /// What must be selected first: nothing where it is already.
    fn selects(&self, place: Place) -> Option<Aid> {
        (self.selected != place).then(|| self.inputs.aid(place))
    }

    /// The unprotected commands at a script's end that open the next channel, as far as the card alone can.
    fn tail(&self, (ring, place): (Ring, Place)) -> Result<Tail, Refusal> {
        let parameters = self.inputs.channel(ring, place)?;
        let challenge = host_challenge(self.inputs.second_challenge, self.standing.count.next());
        let selected = self.selects(place).map(|aid| select(&aid));
        Ok(Tail { selected, update: initialize_update(&parameters, &challenge), parameters, challenge })
    }
}
