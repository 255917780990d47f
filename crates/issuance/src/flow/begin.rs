//! The beginning of a flow: the card's first answer, its keys, the first script.

use cardwright_globalplatform::commands::EncryptedKeySet;
use cardwright_globalplatform::{
    CardAuthenticated, Conversation, DataEncryptionKey, HostChallenge, NeedsSessionKeys, SessionSecrets,
};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use zeroize::Zeroizing;

use super::ahead::{Ahead, AheadKeys, Count, Requests, Secrets, Standing, counter};
use super::groupings::{self, Enciphered};
use super::run::Flow;
use super::stage::Stage;
use super::{Inputs, card_refused, fitness};
use crate::admission::{self, refusal};
use crate::proof::Proof;
use crate::task;
use crate::work::segment::{Place, Ring, Segment};

/// The card has answered; keys are needed from the keystore, of one or two key sets, in one batch.
pub struct NeedsKeys {
    inputs: Inputs,
    opening: NeedsSessionKeys,
    segments: Vec<Segment>,
    ahead: Ahead,
}

/// Starts the flow with the card's answer (data and status word) to INITIALIZE UPDATE.
///
/// # Errors
/// A refusal where order, card and product do not go together, or where the answer is not one of this product.
pub fn begin(inputs: Inputs, initialize_update_answer: &[u8]) -> Result<NeedsKeys, Refusal> {
    let name = inputs.product.name().to_owned();
    if inputs.proof(inputs.last_ring()) == Proof::None {
        return Err(refusal(Code::PRODUCT_REFUSED, &[&name, "its answers carry no R-MAC, so nothing would be proven"]));
    }
    admission::speaks_as_allowed(&inputs.product, inputs.opened_with.protocol)?;
    let parameters = inputs.channel(Ring::Opened, Place::Domain)?;
    fitness::check(&inputs)?;
    let challenge = HostChallenge::new(*inputs.host_challenge);
    let opening =
        Conversation::begin(parameters, challenge, initialize_update_answer).map_err(|error| card_refused(&error))?;
    let segments = task::first(&inputs)?;
    let counter = counter(opening.card_answer().sequence_counter);
    let standing = Standing { channel: Some((Ring::Opened, Place::Domain)), count: Count::default(), counter };
    let ahead = Ahead::new(&inputs, &segments, standing)?;
    Ok(NeedsKeys { inputs, opening, segments, ahead })
}

impl NeedsKeys {
    /// Derivations: the session keys, the card challenge where it is pseudo-random, the card challenges that can be
    /// foreseen.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let opened = self.opening.request().into_iter().chain(self.opening.challenge_request()).collect();
        let mut requests = Requests { opened, ..Requests::default() };
        self.ahead.request(&mut requests);
        requests
    }

    /// The key that a new key set is to be encrypted under for PUT KEY: of the key set that the card was opened with,
    /// or derived from one.
    #[must_use]
    pub fn data_encryption_key(&self) -> DataEncryptionKey {
        self.opening.data_encryption_key()
    }

    /// Takes what the keystore derived, and the new keys encrypted for the card, where there are new keys.
    ///
    /// # Errors
    /// A refusal where the card does not hold the keys it was opened with: no try was spent.
    pub fn keys(self, mut secrets: Secrets, new_keys: Option<EncryptedKeySet>) -> Result<Authenticated, Refusal> {
        let prepared = new_keys.as_ref().map(|keys| keys.keys().each_ref().map(|key| key.check_value()));
        if prepared != self.inputs.new_keys.map(|keys| keys.check_values) {
            return Err(refusal(Code::KEYSTORE_UNAVAILABLE, &[]));
        }
        let session = secrets.take(Ring::Opened, self.opening.request().len())?;
        if self.opening.challenge_request().is_some() {
            let derived = secrets.take(Ring::Opened, 1)?;
            self.opening.verify_challenge(&derived[0]).map_err(|error| card_refused(&error))?;
        }
        let card = self.opening.session_keys(SessionSecrets::new(session)).map_err(|error| card_refused(&error))?;
        card.verify_scp02_challenge().map_err(|error| card_refused(&error))?;
        let ahead = self.ahead.challenges(&mut secrets)?;
        secrets.finish()?;
        Ok(Authenticated { inputs: self.inputs, card, segments: self.segments, ahead, new_keys })
    }
}

/// The card holds the keys it was opened with. Where further channels can be foreseen, their session keys are needed.
pub struct Authenticated {
    inputs: Inputs,
    card: CardAuthenticated,
    segments: Vec<Segment>,
    ahead: AheadKeys,
    new_keys: Option<EncryptedKeySet>,
}

impl Authenticated {
    /// Derivations of session keys; none where card challenges are random.
    #[must_use]
    pub fn requests(&self) -> Requests {
        let mut requests = Requests::default();
        self.ahead.request(&mut requests);
        requests
    }

    /// Whose data encryption key [`Authenticated::to_encipher`] goes under, and which key that is.
    #[must_use]
    pub fn enciphers_under(&self) -> (Ring, DataEncryptionKey) {
        groupings::under(&self.inputs, &self.card.data_encryption_key())
    }

    /// What the keystore is to encrypt, each by itself, whole blocks, in clear. Nothing where the key is one of a
    /// channel that is not open yet.
    #[must_use]
    pub fn to_encipher(&self) -> Vec<Zeroizing<Vec<u8>>> {
        groupings::to_encipher_now(&self.inputs)
    }

    /// The first script, with what the keystore derived and encrypted.
    ///
    /// # Errors
    /// A refusal where the data cannot travel at the profile's level or does not fit the commands.
    pub fn script(self, mut secrets: Secrets, enciphered: Vec<Vec<u8>>) -> Result<Stage, Refusal> {
        let enciphered = Enciphered::now(&self.inputs, enciphered);
        let enciphered = enciphered.ok_or_else(|| refusal(Code::KEYSTORE_UNAVAILABLE, &[]))?;
        let predicted = self.ahead.open(&self.inputs, &mut secrets)?;
        secrets.finish()?;
        let mut flow = Flow::new(self.inputs, self.segments, predicted, enciphered);
        flow.new_keys = self.new_keys;
        flow.begin(self.card)
    }
}
