//! What of a flow is still to come, and how much of it goes into one script.

use std::collections::VecDeque;

use cardwright_apdu::Aid;
use cardwright_globalplatform::commands::{EncryptedKeySet, select};
use cardwright_globalplatform::{
    CardAuthenticated, ChannelParameters, HostChallenge, OpenChannel, PredictedChannel, Script, initialize_update,
};
use cardwright_relay::message::Refusal;
use sha2::{Digest, Sha256};

use super::groupings::Enciphered;
use super::plan::{self, Asked, Material};
use super::segment::{self, Gate, Place, Segment};
use super::showing::Shows;
use super::stage::{End, Stage, StageKind, Tail};
use super::{Inputs, caller_refused, cryptograms, issuer_channel};
use crate::product::Proof;

/// The parts that are still to come, and what they are made from.
pub(super) struct Flow {
    pub(super) inputs: Inputs,
    pub(super) segments: VecDeque<Segment>,
    /// the channels that can be opened without asking, in order; none where challenges are random
    pub(super) predicted: VecDeque<PredictedChannel>,
    pub(super) enciphered: Enciphered,
    /// certificates of the keys that the card made last
    pub(super) certificates: Vec<Vec<u8>>,
    /// where the channel under the issuer's keys is open
    place: Option<Place>,
    /// how many channels were opened under the issuer's keys
    openings: u32,
    /// whether commands may go out that need the stored proof of what was before
    activating: bool,
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
            certificates: Vec::new(),
            place: None,
            openings: 0,
            activating: false,
            diversification_data: [0; 10],
        }
    }

    /// The first script: the issuer's keys onto the card, and what can follow at once.
    pub(super) fn begin(mut self, card: CardAuthenticated, keys: &EncryptedKeySet) -> Result<Stage, Refusal> {
        self.diversification_data = card.card_answer().diversification_data;
        let (command, shows) = plan::put_key(&self.inputs, keys)?;
        let script = card.wrap(&[command]).map_err(|error| caller_refused(&self.inputs, &error))?;
        let shown = vec![Shows::Nothing, shows];
        self.fill(script, shown, false)
    }

    /// The next script in the channel that is open, after the answers or the proof that it waited for.
    pub(super) fn go_on(self, channel: OpenChannel) -> Result<Stage, Refusal> {
        let script = channel.wrap(&[]).map_err(|error| caller_refused(&self.inputs, &error))?;
        self.fill(script, Vec::new(), true)
    }

    /// The next script in a channel that was opened by a round trip of its own.
    pub(super) fn enter(mut self, card: CardAuthenticated) -> Result<Stage, Refusal> {
        self.openings += 1;
        self.place = self.segments.front().map(|segment| segment.place);
        let script = card.wrap(&[]).map_err(|error| caller_refused(&self.inputs, &error))?;
        self.fill(script, vec![Shows::Nothing], true)
    }

    /// Adds segments until one must wait, or its channel cannot be opened without asking. `passing` says that what the
    /// first of them waits for is there.
    fn fill(mut self, mut script: Script, mut shown: Vec<Shows>, mut passing: bool) -> Result<Stage, Refusal> {
        let mut written = false;
        let mut end = End::Nothing;
        while let Some(next) = self.segments.front().copied() {
            let reopens = self.place != Some(next.place);
            if reopens && self.predicted.is_empty() {
                end = End::Reopen(Box::new(self.tail(next.place)?));
                break;
            }
            if next.gate != Gate::Open && !passing {
                break;
            }
            passing = false;
            self.activating |= next.gate == Gate::Proof;
            written = true;
            script = self.add(script, &mut shown, next)?;
            self.segments.pop_front();
        }
        let kind = match (self.activating, written) {
            (true, _) => StageKind::Activate,
            (false, true) => StageKind::Write,
            (false, false) => StageKind::ChangeKeys,
        };
        if self.segments.is_empty() && self.inputs.product.proof() == Proof::Cryptogram {
            end = End::Prove(cryptograms(&self.inputs)?);
        }
        Ok(Stage::new(self, kind, script, shown, end))
    }

    fn add(&mut self, script: Script, shown: &mut Vec<Shows>, segment: Segment) -> Result<Script, Refusal> {
        let material =
            Material { inputs: &self.inputs, enciphered: &self.enciphered, certificates: &self.certificates };
        let asked: Vec<Asked> = material.commands(segment.work)?;
        let (commands, shows): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        let reopened = (self.place != Some(segment.place)).then(|| self.predicted.pop_front()).flatten();
        let script = match reopened {
            Some(channel) => {
                let selected = self.selected(segment.place);
                (self.place, self.openings) = (Some(segment.place), self.openings + 1);
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
        segment::travelling(&self.inputs.data, self.segments.iter())
    }

    /// What must be selected first: nothing where the Issuer Security Domain is since the preamble.
    fn selected(&self, place: Place) -> Option<Aid> {
        (self.place.is_some() || place != Place::Domain).then(|| aid(&self.inputs, place))
    }

    /// The unprotected commands at a script's end that open the next channel, as far as the card alone can.
    fn tail(&self, place: Place) -> Result<Tail, Refusal> {
        let (parameters, challenge) = opening(&self.inputs, place, self.openings + 1)?;
        let selected = self.selected(place).map(|aid| select(&aid));
        Ok(Tail { selected, update: initialize_update(&parameters, &challenge), parameters, challenge })
    }
}

/// How the `number`th channel under the issuer's keys is opened.
pub(super) fn opening(
    inputs: &Inputs,
    place: Place,
    number: u32,
) -> Result<(ChannelParameters, HostChallenge), Refusal> {
    let parameters = issuer_channel(inputs)?.through(aid(inputs, place));
    Ok((parameters, host_challenge(inputs, number)))
}

fn aid(inputs: &Inputs, place: Place) -> Aid {
    match place {
        Place::Domain => inputs.product.security_domain(),
        Place::Application(number) => inputs.data.applications[number].instance,
    }
}

/// A host challenge of its own for each channel: an answer of one of them is none to another. The first is the random
/// value of the issuance, the others are made from it, so that any node makes the same.
fn host_challenge(inputs: &Inputs, number: u32) -> HostChallenge {
    if number == 1 {
        return HostChallenge::new(*inputs.second_challenge);
    }
    let digest = Sha256::new()
        .chain_update(b"cardwright host challenge 1")
        .chain_update(*inputs.second_challenge)
        .chain_update(number.to_be_bytes())
        .finalize();
    let mut challenge = [0; 16];
    challenge.copy_from_slice(&digest[..16]);
    HostChallenge::new(challenge)
}
