//! The opening of a secure channel as states that are consumed: answer of the card, session keys, authenticated.
//!
//! Architecture invariant: EXTERNAL AUTHENTICATE, which costs the card a try when it is wrong, can be had from
//! [`CardAuthenticated`] only, and that can be had from a right card cryptogram only.

use subtle::ConstantTimeEq;

use crate::Error;
use crate::channel::{Channel, Opening};
use crate::derivation::{KeyDerivation, KeyRequest, StaticKey};
use crate::initialize_update::{CardAnswer, HostChallenge, SequenceCounter};
use crate::parameters::ChannelParameters;
use crate::plan::PlannedCommand;
use crate::protocol::Protocol;
use crate::script::{OpenChannel, Script};
use crate::secrets::SessionSecrets;

/// Where a dialogue with one card begins.
pub struct Conversation;

impl Conversation {
    /// Takes the card's answer (data and status word) to the INITIALIZE UPDATE that carried `host_challenge`.
    ///
    /// # Errors
    /// As [`CardAnswer::parse`]: whatever is not of the product that `parameters` describe is refused.
    pub fn begin(
        parameters: ChannelParameters,
        host_challenge: HostChallenge,
        answer: &[u8],
    ) -> Result<NeedsSessionKeys, Error> {
        let answer = CardAnswer::parse(&parameters, answer)?;
        let opening = Opening::new(parameters, host_challenge, answer);
        Ok(NeedsSessionKeys { opening })
    }
}

/// The card has answered; the session keys are needed from whoever holds its static keys.
#[must_use]
pub struct NeedsSessionKeys {
    opening: Opening,
}

impl NeedsSessionKeys {
    /// What the card answered: which keys it has, and its challenge.
    #[must_use]
    pub fn card_answer(&self) -> &CardAnswer {
        &self.opening.answer
    }

    /// The derivations whose results, in this order, are the [`SessionSecrets`].
    #[must_use]
    pub fn request(&self) -> Vec<KeyRequest> {
        self.opening.request()
    }

    /// Which key encrypts key values and other secrets within command data.
    #[must_use]
    pub fn data_encryption_key(&self) -> DataEncryptionKey {
        self.opening.data_encryption_key()
    }

    /// The derivation whose result the card challenge must be, where it is pseudo-random: for SCP03 under the
    /// static Key-ENC (Amd D §6.2.2.1). SCP02's is checked under the session keys, by [`CardAuthenticated`].
    #[must_use]
    pub fn challenge_request(&self) -> Option<KeyRequest> {
        let Protocol::Scp03 { i, .. } = self.opening.parameters.protocol() else { return None };
        let SequenceCounter::Scp03(counter) = self.opening.answer.sequence_counter else { return None };
        let domain = self.opening.parameters.security_domain();
        Some(challenge_request(&counter, domain.as_bytes(), i.security_length()))
    }

    /// Compares the card challenge with the result of [`NeedsSessionKeys::challenge_request`].
    ///
    /// # Errors
    /// `Error::CardChallenge` where they differ.
    pub fn verify_challenge(&self, derived: &[u8]) -> Result<(), Error> {
        let same = bool::from(self.opening.answer.card_challenge[..].ct_eq(derived));
        if same { Ok(()) } else { Err(Error::CardChallenge) }
    }

    /// Verifies the card cryptogram with the derived session keys, in constant time. Nothing has been sent yet that
    /// costs the card a try.
    ///
    /// # Errors
    /// `Error::CardCryptogram`; `Error::SecretCount` and `Error::SessionKeyLength` for secrets that are not what
    /// [`NeedsSessionKeys::request`] asked for.
    pub fn session_keys(self, secrets: SessionSecrets) -> Result<CardAuthenticated, Error> {
        let channel = Channel::open(&self.opening, &secrets)?;
        Ok(CardAuthenticated { opening: self.opening, channel })
    }
}

/// The derivation of a pseudo-random card challenge: under Key-ENC over counter and AID (Amd D §6.2.2.1).
pub(crate) fn challenge_request(counter: &[u8], aid: &[u8], length: usize) -> KeyRequest {
    let context = [counter, aid].concat();
    let constant = crate::derivation::constant::CARD_CHALLENGE;
    KeyRequest { key: StaticKey::Enc, derivation: crate::derivation::counter_mode(constant, &context, length) }
}

/// The card has proven that it holds its keys. From here on the whole list of commands can be computed.
#[must_use]
pub struct CardAuthenticated {
    opening: Opening,
    channel: Channel,
}

impl CardAuthenticated {
    /// What the card answered.
    #[must_use]
    pub fn card_answer(&self) -> &CardAnswer {
        &self.opening.answer
    }

    /// Which key encrypts key values and other secrets within command data.
    #[must_use]
    pub fn data_encryption_key(&self) -> DataEncryptionKey {
        self.opening.data_encryption_key()
    }

    /// Whether an SCP02 card challenge is the one that the well-known algorithm gives: the first 6 bytes of the MAC
    /// over the AID under the session C-MAC key (GPCS §E.4.2.3). `Ok` where the challenge is random.
    ///
    /// # Errors
    /// `Error::CardChallenge` where it is not.
    pub fn verify_scp02_challenge(&self) -> Result<(), Error> {
        self.channel.verify_scp02_challenge(&self.opening)
    }

    /// The script: EXTERNAL AUTHENTICATE, then `commands`, all wrapped. The same inputs give the same bytes.
    ///
    /// # Errors
    /// `Error::PersonalInClear`, `Error::TooLong` or `Error::Class`, with the command's place in `commands`.
    pub fn wrap(self, commands: &[PlannedCommand]) -> Result<Script, Error> {
        let diversification_data = self.opening.answer.diversification_data;
        let channel = OpenChannel::new(self.channel, diversification_data);
        channel.wrap_opening(commands)
    }
}

/// The key that encrypts sensitive data within commands: the DEK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataEncryptionKey {
    /// SCP03: the static Key-DEK itself, AES-CBC, ICV zero (Amd D §6.2.8)
    Static,
    /// SCP02: the session key that this derivation under Key-DEK gives, triple DES in ECB mode (GPCS §E.4.7)
    Derived(KeyDerivation),
}
