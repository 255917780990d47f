//! The flow of a new card: transport keys to issuer keys, application installed, personalized, proven, activated.
//!
//! A flow is a chain of values: each stage holds the script that goes out, and gives the next stage only for
//! answers that are proven. The same inputs give the same scripts, so any node can carry an issuance on.

mod plan;
mod stage;

use cardwright_data_preparation::{Checked, PersonalizationData};
use cardwright_globalplatform::commands::EncryptedKeySet;
use cardwright_globalplatform::{
    CardAuthenticated, ChannelParameters, Conversation, Error as ChannelError, HostChallenge, KeyRequest,
    NeedsSessionKeys, PredictedChannel, Prediction, PredictionNeedsSessionKeys, SecurityLevel, SessionSecrets,
};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use zeroize::Zeroizing;

use crate::Id;
use crate::admission::refusal;
use crate::product::{CardProduct, Proof};

pub use plan::unwritable;
pub use stage::{Flaw, Next, Reopening, Stage, StageKind, Verified};

/// What a new card is made from.
pub struct Inputs {
    /// the kind of blank
    pub product: CardProduct,
    /// what goes onto it
    pub data: Checked<PersonalizationData>,
    /// check values of the issuer's keys on record: ENC, MAC, DEK; other keys are not put on the card
    pub issuer_check_values: [[u8; 3]; 3],
    /// the challenge that was used at INITIALIZE UPDATE
    pub host_challenge: Id,
    /// the challenge for the channel under the issuer's keys
    pub second_challenge: Id,
}

/// The card has answered; keys are needed from the keystore, of two key sets, in one batch.
pub struct NeedsKeys {
    inputs: Inputs,
    opening: NeedsSessionKeys,
    prediction: Option<Prediction>,
}

/// Starts the flow with the card's answer (data and status word) to INITIALIZE UPDATE.
///
/// # Errors
/// A refusal where product and profile do not go together, or where the answer is not one of this product.
pub fn begin(inputs: Inputs, initialize_update_answer: &[u8]) -> Result<NeedsKeys, Refusal> {
    let name = inputs.product.name().to_owned();
    if inputs.product.proof() != Proof::RMac {
        return Err(refusal(Code::PRODUCT_REFUSED, &[&name, "its answers carry no R-MAC, so nothing would be proven"]));
    }
    plan::check(&inputs)?;
    let parameters = channel(&inputs, inputs.product.transport_key_version())?;
    let challenge = HostChallenge::new(*inputs.host_challenge);
    let opening =
        Conversation::begin(parameters, challenge, initialize_update_answer).map_err(|error| card_refused(&error))?;
    let prediction = Prediction::new(issuer_channel(&inputs)?, HostChallenge::new(*inputs.second_challenge), 1).ok();
    Ok(NeedsKeys { inputs, opening, prediction })
}

impl NeedsKeys {
    /// Derivations under the transport keys: the session keys, then the card challenge where it is pseudo-random.
    #[must_use]
    pub fn transport_request(&self) -> Vec<KeyRequest> {
        self.opening.request().into_iter().chain(self.opening.challenge_request()).collect()
    }

    /// Derivation under the issuer's keys: the first card challenge, where it can be foreseen.
    #[must_use]
    pub fn issuer_request(&self) -> Option<KeyRequest> {
        self.prediction.as_ref().map(Prediction::request)
    }

    /// Takes what the keystore derived, and the issuer's keys encrypted under the card's transport Key-DEK.
    ///
    /// # Errors
    /// A refusal where the card does not hold the transport keys: no try was spent.
    pub fn keys(
        self,
        mut transport: Vec<Zeroizing<Vec<u8>>>,
        foreseen_challenge: Option<Zeroizing<Vec<u8>>>,
        issuer_keys: EncryptedKeySet,
    ) -> Result<Authenticated, Refusal> {
        let prepared = issuer_keys.keys().each_ref().map(|key| key.check_value());
        if prepared != self.inputs.issuer_check_values {
            return Err(refusal(Code::KEYSTORE_UNAVAILABLE, &[]));
        }
        if self.opening.challenge_request().is_some() {
            let derived = transport.pop().unwrap_or_default();
            self.opening.verify_challenge(&derived).map_err(|error| card_refused(&error))?;
        }
        let card = self.opening.session_keys(SessionSecrets::new(transport)).map_err(|error| card_refused(&error))?;
        let prediction = match (self.prediction, foreseen_challenge) {
            (Some(prediction), Some(challenge)) => {
                Some(prediction.card_challenge(&challenge).map_err(|error| card_refused(&error))?)
            }
            _ => None,
        };
        Ok(Authenticated { inputs: self.inputs, card, prediction, issuer_keys })
    }
}

/// The card holds its transport keys. Where the next channel can be foreseen, its session keys are needed.
pub struct Authenticated {
    inputs: Inputs,
    card: CardAuthenticated,
    prediction: Option<PredictionNeedsSessionKeys>,
    issuer_keys: EncryptedKeySet,
}

impl Authenticated {
    /// Derivations under the issuer's keys; none where the card challenge is random.
    #[must_use]
    pub fn issuer_request(&self) -> Vec<KeyRequest> {
        self.prediction.as_ref().map_or_else(Vec::new, PredictionNeedsSessionKeys::request)
    }

    /// The first script.
    ///
    /// # Errors
    /// A refusal where the data cannot travel at the profile's level or does not fit the commands.
    pub fn script(self, issuer: SessionSecrets) -> Result<Stage, Refusal> {
        let predicted = self.prediction.map(|prediction| prediction.session_keys(issuer)).transpose();
        let predicted: Option<PredictedChannel> = predicted.map_err(|error| caller_refused(&self.inputs, &error))?;
        Stage::first(self.inputs, self.card, predicted, self.issuer_keys)
    }
}

pub(crate) fn level(inputs: &Inputs) -> Result<SecurityLevel, Refusal> {
    let byte = inputs.data.security_level.byte();
    SecurityLevel::from_byte(byte).map_err(|_| refusal(Code::LEVEL_REFUSED, &[&format!("{byte:02X}")]))
}

fn channel(inputs: &Inputs, key_version: u8) -> Result<ChannelParameters, Refusal> {
    let level = level(inputs)?;
    if !level.has_response_mac() || !level.has_command_encryption() {
        return Err(refusal(Code::LEVEL_REFUSED, &[&format!("{:02X}", level.byte())]));
    }
    inputs
        .product
        .channel(key_version, level)
        .map_err(|fault| refusal(Code::PRODUCT_REFUSED, &[inputs.product.name(), &fault.0]))
}

pub(crate) fn issuer_channel(inputs: &Inputs) -> Result<ChannelParameters, Refusal> {
    channel(inputs, inputs.product.issuer_key_version())
}

/// What a card answered wrongly at its opening, as the terminal is told.
pub(crate) fn card_refused(error: &ChannelError) -> Refusal {
    match error {
        ChannelError::CardCryptogram | ChannelError::CardChallenge => refusal(Code::CARD_CRYPTOGRAM_WRONG, &[]),
        ChannelError::SecretCount { .. } | ChannelError::SessionKeyLength { .. } => {
            refusal(Code::KEYSTORE_UNAVAILABLE, &[])
        }
        other => refusal(Code::CARD_ANSWER_REFUSED, &[&other.to_string()]),
    }
}

/// What cannot be wrapped, as the terminal is told.
pub(crate) fn caller_refused(inputs: &Inputs, error: &ChannelError) -> Refusal {
    match error {
        ChannelError::PersonalInClear { level, .. } => refusal(Code::LEVEL_REFUSED, &[&format!("{level:02X}")]),
        other => refusal(Code::PROFILE_REFUSED, &[&inputs.data.profile.name, &other.to_string()]),
    }
}
