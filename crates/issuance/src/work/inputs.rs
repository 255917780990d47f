//! What a flow is made from.

use cardwright_apdu::Aid;
use cardwright_data_preparation::{Activation, Application, Checked, PersonalizationData, Route};
use cardwright_globalplatform::{ChannelParameters, Protocol, SecurityLevel};
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use super::segment::{Place, Ring};
use crate::Id;
use crate::admission::refusal;
use crate::basis::Basis;
use crate::kind::OrderKind;
use crate::product::{CardProduct, StoreDataIn};
use crate::proof::Proof;

/// What a flow is made from. The same inputs give the same scripts, so that any node can carry an issuance on.
pub struct Inputs {
    /// the kind of card
    pub product: CardProduct,
    /// what the order asks for
    pub kind: OrderKind,
    /// what the kind needs to know
    pub argument: Option<String>,
    /// what goes onto the card; none where the kind has no data
    pub data: Option<Checked<PersonalizationData>>,
    /// what people may see of the card's number
    pub masked_number: String,
    /// the key set that the card answered with
    pub opened_with: Keys,
    /// the key set that is put on the card
    pub new_keys: Option<Keys>,
    /// application programs that may be loaded
    pub programs: Vec<LoadFile>,
    /// what the issuance was opened on
    pub basis: Basis,
    /// the challenge that was used at INITIALIZE UPDATE
    pub host_challenge: Id,
    /// the challenge for the next channel; those after it are made from it
    pub second_challenge: Id,
}

/// A key set on record, without its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// key version number
    pub version: u8,
    /// the protocol it speaks
    pub protocol: Protocol,
    /// check values on record: ENC, MAC, DEK; other keys are not put on the card
    pub check_values: [[u8; 3]; 3],
}

/// An application program that was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadFile {
    /// the load file's AID
    pub aid: Aid,
    /// SHA-256 of the load file data block
    pub hash: [u8; 32],
    /// the load file data block, without tag and length
    pub block: Vec<u8>,
    /// bytes of memory that it needs on the card
    pub memory: u32,
}

impl Inputs {
    /// The applications that the order is about; none where it has no data.
    pub(crate) fn applications(&self) -> &[Application] {
        self.data.as_ref().map_or(&[], |data| &data.applications)
    }

    /// The profile's name, or the kind's where there is no data.
    pub(crate) fn about(&self) -> &str {
        self.data.as_ref().map_or_else(|| self.kind.name(), |data| &data.profile.name)
    }

    /// The keys of a ring.
    pub(crate) fn keys(&self, ring: Ring) -> &Keys {
        match ring {
            Ring::Opened => &self.opened_with,
            Ring::New => self.new_keys.as_ref().unwrap_or(&self.opened_with),
        }
    }

    /// The ring that everything after a change of keys is done with.
    pub(crate) fn last_ring(&self) -> Ring {
        if self.new_keys.is_some() { Ring::New } else { Ring::Opened }
    }

    /// The security level of a ring's channels: the data's, or without data the highest that the protocol has.
    pub(crate) fn level(&self, ring: Ring) -> Result<SecurityLevel, Refusal> {
        let byte = match (&self.data, self.keys(ring).protocol) {
            (Some(data), _) => data.security_level.byte(),
            (None, Protocol::Scp03 { i, .. }) if i.has_response_encryption() => 0x33,
            (None, Protocol::Scp03 { i, .. }) if i.has_response_mac() => 0x13,
            (None, _) => 0x03,
        };
        SecurityLevel::from_byte(byte).map_err(|_| refusal(Code::LEVEL_REFUSED, &[&format!("{byte:02X}")]))
    }

    /// What makes answers in a ring's channels count.
    pub(crate) fn proof(&self, ring: Ring) -> Proof {
        match self.level(ring) {
            Ok(level) if level.has_response_mac() => Proof::RMac,
            _ => self.product.proof(),
        }
    }

    /// The channel of a ring, opened at a place.
    pub(crate) fn channel(&self, ring: Ring, place: Place) -> Result<ChannelParameters, Refusal> {
        let (level, keys) = (self.level(ring)?, self.keys(ring));
        let provable = level.has_response_mac() || self.product.proof() == Proof::Cryptogram;
        if !provable || !level.has_command_encryption() {
            return Err(refusal(Code::LEVEL_REFUSED, &[&format!("{:02X}", level.byte())]));
        }
        let parameters = self.product.channel(keys.protocol, keys.version, level);
        let parameters =
            parameters.map_err(|fault| refusal(Code::PRODUCT_REFUSED, &[self.product.name(), &fault.0]))?;
        Ok(parameters.through(self.aid(place)))
    }

    /// Whether what a card answers to INITIALIZE UPDATE under a ring can be computed beforehand. Not where the key sets
    /// speak two protocols: what proves the answers of the one says nothing of the other's. Nor where an application is
    /// activated in the script that writes it: what makes a card usable does not lie ready behind a foreseen channel.
    pub(crate) fn is_foreseeable(&self, ring: Ring) -> bool {
        let pseudo_random = match self.keys(ring).protocol {
            Protocol::Scp03 { i, .. } => i.has_pseudo_random_challenge(),
            Protocol::Scp02 { .. } => false,
        };
        let one_protocol = self.proof(Ring::Opened) == self.proof(Ring::New);
        let in_script = |application: &Application| application.activation == Activation::InScript;
        pseudo_random && one_protocol && !self.applications().iter().any(in_script)
    }

    /// What is selected at a place.
    pub(crate) fn aid(&self, place: Place) -> Aid {
        match place {
            Place::Domain => self.product.security_domain(),
            Place::Application(number) => self.applications()[number].instance,
        }
    }

    /// Whether applications that are written through the Security Domain are selectable before: where a cryptogram
    /// proves the card they are usable before the proof anyway, so that a card which takes data no sooner gets it then.
    pub(crate) fn is_written_selectable(&self) -> bool {
        self.product.proof() == Proof::Cryptogram && self.product.store_data_in() == StoreDataIn::Selectable
    }

    /// Whether the application is usable from its writing on, without a commit point of its own.
    pub(crate) fn is_complete_at_once(&self, application: &Application) -> bool {
        application.route == Route::SecurityDomain && self.is_written_selectable()
    }
}
