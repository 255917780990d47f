//! Channels opened without asking: where a card's challenge can be foreseen, the rest of a flow is computed ahead, in
//! two steps of the keystore.

use cardwright_globalplatform::{
    HostChallenge, KeyRequest, PredictedChannel, Prediction, PredictionNeedsSessionKeys, SequenceCounter,
    SessionSecrets,
};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Inputs, caller_refused, card_refused};
use crate::Id;
use crate::admission::refusal;
use crate::work::segment::{Place, Ring, Segment, Work, openings};

/// Derivations that are asked of the keystore, by whose keys.
#[derive(Default)]
pub struct Requests {
    /// under the key set that the card was opened with
    pub opened: Vec<KeyRequest>,
    /// under the key set that is put on the card
    pub new: Vec<KeyRequest>,
}

/// What the keystore derived, in the order of the requests.
pub struct Secrets {
    /// under the key set that the card was opened with
    pub opened: Vec<Zeroizing<Vec<u8>>>,
    /// under the key set that is put on the card
    pub new: Vec<Zeroizing<Vec<u8>>>,
}

impl Requests {
    pub(super) fn of(&mut self, ring: Ring) -> &mut Vec<KeyRequest> {
        match ring {
            Ring::Opened => &mut self.opened,
            Ring::New => &mut self.new,
        }
    }
}

impl Secrets {
    /// The next `count` of a ring's, or a refusal where there are not as many.
    pub(super) fn take(&mut self, ring: Ring, count: usize) -> Result<Vec<Zeroizing<Vec<u8>>>, Refusal> {
        let secrets = match ring {
            Ring::Opened => &mut self.opened,
            Ring::New => &mut self.new,
        };
        if secrets.len() < count {
            return Err(refusal(Code::KEYSTORE_UNAVAILABLE, &[]));
        }
        Ok(secrets.drain(..count).collect())
    }

    pub(super) fn finish(self) -> Result<(), Refusal> {
        let used_up = self.opened.is_empty() && self.new.is_empty();
        if used_up { Ok(()) } else { Err(refusal(Code::KEYSTORE_UNAVAILABLE, &[])) }
    }
}

/// How many channels were opened after the first, of each ring and together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    opened: u32,
    new: u32,
}

impl Count {
    pub(super) fn add(&mut self, ring: Ring) {
        match ring {
            Ring::Opened => self.opened += 1,
            Ring::New => self.new += 1,
        }
    }

    /// The number of the next host challenge.
    pub(super) fn next(self) -> u32 {
        self.opened + self.new + 1
    }
}

/// Where a flow stands: what is open, what was opened, and the counter that the card told first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// none where a script of the issuer's ended it
    pub(super) channel: Option<(Ring, Place)>,
    pub(super) count: Count,
    pub(super) counter: Option<u32>,
}

/// The counter of a card's answer, where the next challenges follow from it.
pub(super) fn counter(of: SequenceCounter) -> Option<u32> {
    match of {
        SequenceCounter::Scp03([high, middle, low]) => Some(u32::from_be_bytes([0, high, middle, low])),
        SequenceCounter::Scp02(_) | SequenceCounter::None => None,
    }
}

/// Channels whose card challenges are needed.
pub(super) struct Ahead(Vec<(Ring, Prediction)>);

impl Ahead {
    /// The channels that `segments` open, as far as each can be foreseen from where the flow stands.
    pub(super) fn new(inputs: &Inputs, segments: &[Segment], standing: Standing) -> Result<Self, Refusal> {
        let mut predictions = Vec::new();
        let mut count = standing.count;
        // what follows a script of the issuer's is not foreseen: the script waits for an answer
        let script = segments.iter().position(|segment| matches!(segment.work, Work::Script(_)));
        let segments = &segments[..script.unwrap_or(segments.len())];
        for (ring, place) in openings(standing.channel, segments) {
            if !inputs.is_foreseeable(ring) {
                break;
            }
            let number = count.next();
            count.add(ring);
            let opening = match ring {
                Ring::New => count.new,
                Ring::Opened => standing.counter.unwrap_or_default() + count.opened,
            };
            let challenge = host_challenge(inputs.second_challenge, number);
            let prediction = Prediction::new(inputs.channel(ring, place)?, challenge, opening);
            predictions.push((ring, prediction.map_err(|error| caller_refused(inputs, &error))?));
        }
        Ok(Self(predictions))
    }

    pub(super) fn request(&self, requests: &mut Requests) {
        self.0.iter().for_each(|(ring, prediction)| requests.of(*ring).push(prediction.request()));
    }

    pub(super) fn challenges(self, secrets: &mut Secrets) -> Result<AheadKeys, Refusal> {
        let keys = self.0.into_iter().map(|(ring, prediction)| {
            let challenge = secrets.take(ring, 1)?;
            Ok((ring, prediction.card_challenge(&challenge[0]).map_err(|error| card_refused(&error))?))
        });
        keys.collect::<Result<_, Refusal>>().map(AheadKeys)
    }
}

/// Channels whose session keys are needed.
pub(super) struct AheadKeys(Vec<(Ring, PredictionNeedsSessionKeys)>);

impl AheadKeys {
    pub(super) fn request(&self, requests: &mut Requests) {
        self.0.iter().for_each(|(ring, prediction)| requests.of(*ring).extend(prediction.request()));
    }

    pub(super) fn open(self, inputs: &Inputs, secrets: &mut Secrets) -> Result<Vec<PredictedChannel>, Refusal> {
        let channels = self.0.into_iter().map(|(ring, prediction)| {
            let secrets = SessionSecrets::new(secrets.take(ring, prediction.request().len())?);
            prediction.session_keys(secrets).map_err(|error| caller_refused(inputs, &error))
        });
        channels.collect()
    }
}

/// A host challenge of its own for each channel: an answer of one of them is none to another. The first is the random
/// value of the issuance, the others are made from it, so that any node makes the same.
pub(super) fn host_challenge(second_challenge: Id, number: u32) -> HostChallenge {
    if number == 1 {
        return HostChallenge::new(*second_challenge);
    }
    let digest = Sha256::new()
        .chain_update(b"cardwright host challenge 1")
        .chain_update(*second_challenge)
        .chain_update(number.to_be_bytes())
        .finalize();
    let mut challenge = [0; 16];
    challenge.copy_from_slice(&digest[..16]);
    HostChallenge::new(challenge)
}
