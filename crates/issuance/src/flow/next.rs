//! What follows proven answers, and what it needs from outside first.

use cardwright_data_preparation::PivKey;
use cardwright_globalplatform::{DataEncryptionKey, KeyRequest, NeedsSessionKeys, OpenChannel, SessionSecrets};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use zeroize::Zeroizing;

use super::ahead::{Ahead, AheadKeys, Requests, Secrets};
use super::certificate::ToBeSigned;
use super::groupings::{self, Enciphered};
use super::run::Flow;
use super::stage::Stage;
use super::worth::Flaw;
use super::{card_refused, piv};
use crate::admission::refusal;
use crate::work::segment::{Ring, Work};

/// What follows proven answers.
pub enum Next {
    /// the next script
    Stage(Box<Stage>),
    /// the next channel's session keys are needed
    Reopen(Box<Reopening>),
    /// the certificates of keys that the card made are needed
    Certify(Box<Certification>),
    /// what the card holds is known; what remains to be done needs keys for the channels that can be foreseen
    Foresee(Box<Foresight>),
    /// nothing is to be done, and nothing was: why
    Declined(Refusal),
    /// the card is done
    Done,
}

/// The card has answered INITIALIZE UPDATE under its issuer keys: their session keys are needed.
pub struct Reopening {
    flow: Flow,
    opening: NeedsSessionKeys,
}

impl Reopening {
    pub(super) fn new(flow: Flow, opening: NeedsSessionKeys) -> Self {
        Self { flow, opening }
    }

    /// Whose keys the channel is opened with.
    #[must_use]
    pub fn ring(&self) -> Ring {
        self.flow.next_ring()
    }

    /// Derivations under the ring's keys: the session keys, then the card challenge where it is pseudo-random, which
    /// ties the channel to the application it was opened with.
    #[must_use]
    pub fn request(&self) -> Vec<KeyRequest> {
        self.opening.request().into_iter().chain(self.opening.challenge_request()).collect()
    }

    /// The key that [`Reopening::to_encipher`] is to be encrypted under.
    #[must_use]
    pub fn data_encryption_key(&self) -> DataEncryptionKey {
        self.opening.data_encryption_key()
    }

    /// What the keystore is to encrypt for this channel, each by itself, whole blocks, in clear: nothing where the data
    /// encryption key is the static one, under which it was done before the first script.
    #[must_use]
    pub fn to_encipher(&self) -> Vec<Zeroizing<Vec<u8>>> {
        match self.data_encryption_key() {
            DataEncryptionKey::Static => Vec::new(),
            DataEncryptionKey::Derived(_) => groupings::to_encipher(&self.flow.inputs, &self.flow.travelling()),
        }
    }

    /// The script in the channel, with what the keystore derived and encrypted.
    ///
    /// # Errors
    /// A refusal where the card does not hold the issuer's keys, or the data does not fit.
    pub fn script(mut self, mut issuer: Vec<Zeroizing<Vec<u8>>>, enciphered: Vec<Vec<u8>>) -> Result<Stage, Refusal> {
        if self.data_encryption_key() != DataEncryptionKey::Static {
            let enciphered = Enciphered::new(&self.flow.inputs, &self.flow.travelling(), enciphered);
            self.flow.enciphered = enciphered.ok_or_else(|| refusal(Code::KEYSTORE_UNAVAILABLE, &[]))?;
        }
        if self.opening.challenge_request().is_some() {
            let derived = issuer.pop().unwrap_or_default();
            self.opening.verify_challenge(&derived).map_err(|error| card_refused(&error))?;
        }
        let card = self.opening.session_keys(SessionSecrets::new(issuer)).map_err(|error| card_refused(&error))?;
        card.verify_scp02_challenge().map_err(|error| card_refused(&error))?;
        self.flow.enter(card)
    }
}

/// It is known what remains to be done: the card challenges of channels that can be foreseen are needed.
pub struct Foresight {
    flow: Flow,
    channel: OpenChannel,
    ahead: Ahead,
}

impl Foresight {
    pub(super) fn new(flow: Flow, channel: OpenChannel, ahead: Ahead) -> Self {
        Self { flow, channel, ahead }
    }

    /// Derivations of card challenges; none where they are random.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let mut requests = Requests::default();
        self.ahead.request(&mut requests);
        requests
    }

    /// Takes what the keystore derived.
    ///
    /// # Errors
    /// A refusal where it is not what was asked for.
    pub fn keys(self, mut secrets: Secrets) -> Result<ForesightKeys, Refusal> {
        let ahead = self.ahead.challenges(&mut secrets)?;
        secrets.finish()?;
        Ok(ForesightKeys { flow: self.flow, channel: self.channel, ahead })
    }
}

/// The session keys of channels that can be foreseen are needed.
pub struct ForesightKeys {
    flow: Flow,
    channel: OpenChannel,
    ahead: AheadKeys,
}

impl ForesightKeys {
    /// Derivations of session keys; none where card challenges are random.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let mut requests = Requests::default();
        self.ahead.request(&mut requests);
        requests
    }

    /// The script that goes on, with what the keystore derived.
    ///
    /// # Errors
    /// A refusal where the data does not fit the commands.
    pub fn script(mut self, mut secrets: Secrets) -> Result<Stage, Refusal> {
        self.flow.predicted = self.ahead.open(&self.flow.inputs, &mut secrets)?.into();
        secrets.finish()?;
        self.flow.go_on(self.channel)
    }
}

/// The card has made keys: their certificates are needed.
pub struct Certification {
    flow: Flow,
    channel: OpenChannel,
    to_be_signed: Vec<ToBeSigned>,
}

impl Certification {
    /// What is to be signed over `public_keys`, which the card has proven: application, key, answer.
    pub(super) fn new(flow: Flow, channel: OpenChannel, public_keys: &[(usize, usize, Vec<u8>)]) -> Result<Self, Flaw> {
        let wanted = keys(&flow);
        let public = wanted.iter().enumerate().map(|(place, (number, key))| {
            let answer = public_keys.iter().find(|(application, key, _)| (*application, *key) == (*number, place));
            let public = answer.and_then(|(_, _, answer)| piv::read_public_key(key, answer));
            public.ok_or(Flaw::Content("the card made no such key as was asked for"))
        });
        let public = public.collect::<Result<Vec<_>, _>>()?;
        if piv::has_twins(&public) {
            return Err(Flaw::Content("the card made one key twice"));
        }
        let to_be_signed = wanted.iter().zip(&public);
        let to_be_signed = to_be_signed.map(|((_, key), public)| ToBeSigned::new(&key.certificate, public)).collect();
        Ok(Self { flow, channel, to_be_signed })
    }

    /// What is to be signed, in order: by which authority, and what.
    #[must_use]
    pub fn to_be_signed(&self) -> &[ToBeSigned] {
        &self.to_be_signed
    }

    /// The next script, with the certificates that `signatures` make; one signature each, in order.
    ///
    /// # Errors
    /// A refusal where there are more or fewer signatures, or the certificates do not fit the commands.
    pub fn script(mut self, signatures: &[Vec<u8>]) -> Result<Stage, Refusal> {
        if signatures.len() != self.to_be_signed.len() {
            return Err(refusal(Code::KEYSTORE_UNAVAILABLE, &[]));
        }
        let signed = self.to_be_signed.iter().zip(signatures);
        self.flow.certificates = signed.map(|(to_be_signed, signature)| to_be_signed.signed(signature)).collect();
        self.flow.go_on(self.channel)
    }
}

/// The keys that the application of the next segment has made, each with the application's place.
fn keys(flow: &Flow) -> Vec<(usize, &PivKey)> {
    let number = match flow.segments.front().map(|segment| &segment.work) {
        Some(Work::StoreObjects(number)) => *number,
        _ => return Vec::new(),
    };
    let content = flow.inputs.applications()[number].piv.iter();
    content.flat_map(|content| &content.keys).map(|key| (number, key)).collect()
}
