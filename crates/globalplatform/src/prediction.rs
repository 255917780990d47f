//! Channels on a new key set, computed before the card has that key set.
//!
//! Where the card challenge is pseudo-random, it is a function of Key-ENC, the sequence counter and the AID of the
//! application that asks for the channel. The counter of a new key set is 0 and steps before use at each INITIALIZE
//! UPDATE (Amd D §6.2.2.1). So the whole answer to the nth INITIALIZE UPDATE on it is known, and a script can go on
//! through it without a round trip, as long as nobody else asks the key set in between.

use cardwright_apdu::{Command, StatusWord};

use crate::Error;
use crate::channel::{Channel, Opening, Scp03Channel};
use crate::conversation::challenge_request;
use crate::derivation::KeyRequest;
use crate::initialize_update::{
    CardAnswer, DIVERSIFICATION_DATA_LENGTH, HostChallenge, SequenceCounter, initialize_update,
};
use crate::parameters::ChannelParameters;
use crate::protocol::{Protocol, Scp03Options};
use crate::secrets::SessionSecrets;

/// The highest sequence counter there is.
const LAST_OPENING: u32 = 0x00FF_FFFF;

/// An opening of a new key set; its card challenge is needed.
#[must_use]
pub struct Prediction {
    parameters: ChannelParameters,
    i: Scp03Options,
    host_challenge: HostChallenge,
    counter: [u8; 3],
}

impl Prediction {
    /// Foresees the `opening`th channel, from 1, of the new key set that `parameters` name, with a fresh
    /// `host_challenge`.
    ///
    /// # Errors
    /// `Error::NotPredictable` unless the protocol is SCP03 with a pseudo-random challenge, and the opening one that
    /// the counter of 3 bytes can have.
    pub fn new(parameters: ChannelParameters, host_challenge: HostChallenge, opening: u32) -> Result<Self, Error> {
        let [_, counter @ ..] = opening.to_be_bytes();
        match parameters.protocol() {
            Protocol::Scp03 { i, .. } if i.has_pseudo_random_challenge() && (1..=LAST_OPENING).contains(&opening) => {
                Ok(Self { parameters, i, host_challenge, counter })
            }
            _ => Err(Error::NotPredictable),
        }
    }

    /// The derivation of the card challenge, under the new set's Key-ENC.
    #[must_use]
    pub fn request(&self) -> KeyRequest {
        let domain = self.parameters.security_domain();
        challenge_request(&self.counter, domain.as_bytes(), self.i.security_length())
    }

    /// Takes the result of [`Prediction::request`].
    ///
    /// # Errors
    /// `Error::SessionKeyLength` unless it is of 8 bytes (S16: 16).
    pub fn card_challenge(self, challenge: &[u8]) -> Result<PredictionNeedsSessionKeys, Error> {
        if challenge.len() != self.i.security_length() {
            return Err(Error::SessionKeyLength { length: challenge.len() });
        }
        let answer = CardAnswer {
            diversification_data: [0; DIVERSIFICATION_DATA_LENGTH], // the script that it continues knows it
            sequence_counter: SequenceCounter::Scp03(self.counter),
            card_challenge: challenge.to_vec(),
            card_cryptogram: Vec::new(),
        };
        let opening = Opening::new(self.parameters, self.host_challenge, answer);
        Ok(PredictionNeedsSessionKeys { opening, i: self.i, counter: self.counter })
    }
}

/// The card challenge is known; the session keys are needed.
#[must_use]
pub struct PredictionNeedsSessionKeys {
    opening: Opening,
    i: Scp03Options,
    counter: [u8; 3],
}

impl PredictionNeedsSessionKeys {
    /// The derivations whose results, in this order, are the [`SessionSecrets`]; under the new set's keys.
    #[must_use]
    pub fn request(&self) -> Vec<KeyRequest> {
        self.opening.request()
    }

    /// Computes the card cryptogram and opens the channel with it.
    ///
    /// # Errors
    /// `Error::SecretCount` and `Error::SessionKeyLength` for secrets that are not what was asked for.
    pub fn session_keys(mut self, secrets: SessionSecrets) -> Result<PredictedChannel, Error> {
        let keys = secrets.for_requests(&self.opening.request())?;
        let length = self.i.security_length();
        self.opening.answer.card_cryptogram = Scp03Channel::card_cryptogram(&keys[1], &self.opening.context(), length)?;
        let channel = Channel::open(&self.opening, &secrets)?;
        Ok(PredictedChannel { opening: self.opening, i: self.i, counter: self.counter, channel })
    }
}

/// A channel that the card does not have yet: for [`crate::Script::continue_with`].
#[must_use]
pub struct PredictedChannel {
    opening: Opening,
    i: Scp03Options,
    counter: [u8; 3],
    channel: Channel,
}

impl PredictedChannel {
    /// The INITIALIZE UPDATE that opens it.
    #[must_use]
    pub fn initialize_update(&self) -> Command {
        initialize_update(&self.opening.parameters, &self.opening.host_challenge)
    }

    /// The whole answer that a card with `diversification_data` gives to it: KDD, key version, 03, i, challenge,
    /// cryptogram, counter, 9000 (Amd D Table 7-3).
    #[must_use]
    pub fn expected_answer(&self, diversification_data: &[u8; DIVERSIFICATION_DATA_LENGTH]) -> Vec<u8> {
        let answer = &self.opening.answer;
        let mut bytes = diversification_data.to_vec();
        bytes.extend_from_slice(&[self.opening.parameters.key_version(), 0x03, self.i.byte()]);
        bytes.extend_from_slice(&answer.card_challenge);
        bytes.extend_from_slice(&answer.card_cryptogram);
        bytes.extend_from_slice(&self.counter);
        bytes.extend_from_slice(&StatusWord::SUCCESS.0.to_be_bytes());
        bytes
    }

    pub(crate) fn into_channel(self) -> Channel {
        self.channel
    }
}
