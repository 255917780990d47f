//! The flow of a new card: transport keys to issuer keys, application installed, personalized, proven, activated.
//!
//! A flow is a chain of values: each stage holds the script that goes out, and gives the next stage only for
//! answers that are proven. The same inputs give the same scripts, so any node can carry an issuance on.

mod certificate;
mod cryptogram;
mod fitness;
mod flow;
mod groupings;
mod next;
mod piv;
mod plan;
mod segment;
mod showing;
mod stage;
mod worth;

use cardwright_data_preparation::{Activation, Application, Checked, EmvFault, PersonalizationData, Route};
use cardwright_globalplatform::commands::EncryptedKeySet;
use cardwright_globalplatform::{
    CardAuthenticated, ChannelParameters, Conversation, DataEncryptionKey, Error as ChannelError, HostChallenge,
    KeyRequest, NeedsSessionKeys, Prediction, PredictionNeedsSessionKeys, SecurityLevel, SessionSecrets,
};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;
use zeroize::Zeroizing;

use crate::Id;
use crate::admission::refusal;
use crate::product::{CardProduct, Proof, StoreDataIn};

pub use certificate::ToBeSigned;
pub use fitness::unwritable;
pub use next::{Certification, Next, Reopening};
pub use stage::{Stage, StageKind};
pub use worth::{Flaw, Grade, Verified};

use cryptogram::Cryptograms;
use flow::Flow;
use groupings::Enciphered;
use segment::Segment;

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
    segments: Vec<Segment>,
    predictions: Vec<Prediction>,
}

/// Starts the flow with the card's answer (data and status word) to INITIALIZE UPDATE.
///
/// # Errors
/// A refusal where product and profile do not go together, or where the answer is not one of this product.
pub fn begin(inputs: Inputs, initialize_update_answer: &[u8]) -> Result<NeedsKeys, Refusal> {
    let name = inputs.product.name().to_owned();
    if inputs.product.proof() == Proof::None {
        return Err(refusal(Code::PRODUCT_REFUSED, &[&name, "its answers carry no R-MAC, so nothing would be proven"]));
    }
    let parameters = channel(&inputs, inputs.product.transport_key_version())?;
    fitness::check(&inputs)?;
    let challenge = HostChallenge::new(*inputs.host_challenge);
    let opening =
        Conversation::begin(parameters, challenge, initialize_update_answer).map_err(|error| card_refused(&error))?;
    let segments = segments(&inputs);
    let predictions = if is_foreseen(&inputs) { predictions(&inputs, &segments)? } else { Vec::new() };
    Ok(NeedsKeys { inputs, opening, segments, predictions })
}

fn segments(inputs: &Inputs) -> Vec<Segment> {
    match inputs.product.proof() {
        Proof::RMac | Proof::None => segment::segments(&inputs.data, is_foreseen(inputs)),
        Proof::Cryptogram => segment::believed_segments(&inputs.data, inputs.is_written_selectable()),
    }
}

impl Inputs {
    /// Whether applications that are written through the Security Domain are selectable before: where a cryptogram
    /// proves the card they are usable before the proof anyway, so that a card which takes data no sooner gets it then.
    fn is_written_selectable(&self) -> bool {
        self.product.proof() == Proof::Cryptogram && self.product.store_data_in() == StoreDataIn::Selectable
    }

    /// Whether the application is usable from its writing on, without a commit point of its own.
    fn is_complete_at_once(&self, application: &Application) -> bool {
        application.route == Route::SecurityDomain && self.is_written_selectable()
    }
}

fn cryptograms(inputs: &Inputs) -> Result<Cryptograms, Refusal> {
    let refused = |fault: EmvFault| refusal(Code::PROFILE_REFUSED, &[&inputs.data.profile.name, &fault.to_string()]);
    Cryptograms::new(inputs).map_err(refused)
}

/// Whether channels are opened without asking. Never where an application is activated in the script that writes it:
/// what makes a card usable does not lie ready behind a foreseen channel.
fn is_foreseen(inputs: &Inputs) -> bool {
    let in_script = inputs.data.applications.iter().any(|application| application.activation == Activation::InScript);
    inputs.product.has_foreseeable_challenges() && !in_script
}

fn predictions(inputs: &Inputs, segments: &[Segment]) -> Result<Vec<Prediction>, Refusal> {
    let places = (1..).zip(segment::openings(segments));
    let predict = |(number, place)| {
        let (parameters, challenge) = flow::opening(inputs, place, number)?;
        Prediction::new(parameters, challenge, number).map_err(|error| caller_refused(inputs, &error))
    };
    places.map(predict).collect()
}

impl NeedsKeys {
    /// Derivations under the transport keys: the session keys, then the card challenge where it is pseudo-random.
    #[must_use]
    pub fn transport_request(&self) -> Vec<KeyRequest> {
        self.opening.request().into_iter().chain(self.opening.challenge_request()).collect()
    }

    /// Derivations under the issuer's keys: the card challenges that can be foreseen.
    #[must_use]
    pub fn issuer_request(&self) -> Vec<KeyRequest> {
        self.predictions.iter().map(Prediction::request).collect()
    }

    /// The key that the issuer's keys are to be encrypted under for PUT KEY: a transport key, or derived from one.
    #[must_use]
    pub fn data_encryption_key(&self) -> DataEncryptionKey {
        self.opening.data_encryption_key()
    }

    /// Takes what the keystore derived, and the issuer's keys encrypted under the card's transport Key-DEK.
    ///
    /// # Errors
    /// A refusal where the card does not hold the transport keys: no try was spent.
    pub fn keys(
        self,
        mut transport: Vec<Zeroizing<Vec<u8>>>,
        foreseen_challenges: &[Zeroizing<Vec<u8>>],
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
        card.verify_scp02_challenge().map_err(|error| card_refused(&error))?;
        if foreseen_challenges.len() != self.predictions.len() {
            return Err(refusal(Code::KEYSTORE_UNAVAILABLE, &[]));
        }
        let foreseen = self.predictions.into_iter().zip(foreseen_challenges);
        let foreseen = foreseen.map(|(prediction, challenge)| prediction.card_challenge(challenge));
        let predictions = foreseen.collect::<Result<_, _>>().map_err(|error| card_refused(&error))?;
        Ok(Authenticated { inputs: self.inputs, card, segments: self.segments, predictions, issuer_keys })
    }
}

/// The card holds its transport keys. Where further channels can be foreseen, their session keys are needed.
pub struct Authenticated {
    inputs: Inputs,
    card: CardAuthenticated,
    segments: Vec<Segment>,
    predictions: Vec<PredictionNeedsSessionKeys>,
    issuer_keys: EncryptedKeySet,
}

impl Authenticated {
    /// Derivations under the issuer's keys; none where card challenges are random.
    #[must_use]
    pub fn issuer_request(&self) -> Vec<KeyRequest> {
        self.predictions.iter().flat_map(PredictionNeedsSessionKeys::request).collect()
    }

    /// What the keystore is to encrypt under the issuer's Key-DEK, each by itself: AES in CBC mode, ICV zero (Amd D
    /// §6.2.8). Whole blocks, in clear. Nothing for SCP02, whose data encryption keys are those of the channels.
    #[must_use]
    pub fn to_encipher(&self) -> Vec<Zeroizing<Vec<u8>>> {
        if self.is_enciphered_now() { groupings::to_encipher(&self.inputs, &self.all()) } else { Vec::new() }
    }

    fn all(&self) -> Vec<usize> {
        (0..self.inputs.data.applications.len()).collect()
    }

    fn is_enciphered_now(&self) -> bool {
        self.card.data_encryption_key() == DataEncryptionKey::Static
    }

    /// The first script, with what the keystore derived and encrypted.
    ///
    /// # Errors
    /// A refusal where the data cannot travel at the profile's level or does not fit the commands.
    pub fn script(self, issuer: Vec<Zeroizing<Vec<u8>>>, enciphered: Vec<Vec<u8>>) -> Result<Stage, Refusal> {
        let enciphered = match self.is_enciphered_now() {
            true => Enciphered::new(&self.inputs, &self.all(), enciphered),
            false => Some(Enciphered::default()),
        };
        let enciphered = enciphered.ok_or_else(|| refusal(Code::KEYSTORE_UNAVAILABLE, &[]))?;
        let mut secrets = issuer.into_iter();
        let open = |prediction: PredictionNeedsSessionKeys| {
            let count = prediction.request().len();
            prediction.session_keys(SessionSecrets::new(secrets.by_ref().take(count).collect()))
        };
        let predicted = self.predictions.into_iter().map(open).collect::<Result<Vec<_>, _>>();
        let predicted = predicted.map_err(|error| caller_refused(&self.inputs, &error))?;
        Flow::new(self.inputs, self.segments, predicted, enciphered).begin(self.card, &self.issuer_keys)
    }
}

pub(crate) fn level(inputs: &Inputs) -> Result<SecurityLevel, Refusal> {
    let byte = inputs.data.security_level.byte();
    SecurityLevel::from_byte(byte).map_err(|_| refusal(Code::LEVEL_REFUSED, &[&format!("{byte:02X}")]))
}

fn channel(inputs: &Inputs, key_version: u8) -> Result<ChannelParameters, Refusal> {
    let level = level(inputs)?;
    let provable = level.has_response_mac() || inputs.product.proof() == Proof::Cryptogram;
    if !provable || !level.has_command_encryption() {
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
