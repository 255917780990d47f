//! The rows an issuance reads and changes, as values. Times are microseconds since 1970 UTC.

use cardwright_globalplatform::Protocol;

use crate::Id;
use crate::basis::Basis;
use crate::content::Content;
use crate::kind::OrderKind;
use crate::state::{CardState, IssuanceState, KeySetState, OrderState};

/// A place where cards are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// unique name
    pub name: String,
    /// lowest reader tier accepted there: 0, 1 or 2
    pub reader_tier: u8,
}

/// A terminal of the control terminal database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// its name in messages
    pub id: Id,
    /// its name for people
    pub name: String,
    /// the base it stands at
    pub base: String,
    /// SHA-256 of its certificate, DER
    pub fingerprint: [u8; 32],
    /// end of its certificate
    pub expires: i64,
    /// set when it was revoked
    pub revoked: Option<i64>,
    /// the live instance
    pub instance: Option<Id>,
    /// until when the live instance holds the lease
    pub lease_until: i64,
}

/// A reader/writer of the reader/writer database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// its name in messages
    pub id: Id,
    /// its name for people
    pub name: String,
    /// the base it stands at
    pub base: String,
    /// 0, 1 or 2: attributes, host hardening, SAM
    pub tier: u8,
    /// PC/SC name of the slot that takes the card; `*` stands for any characters
    pub card_slot: String,
    /// PC/SC name of the slot that holds the SAM; `*` stands for any characters
    pub sam_slot: String,
    /// the SAM's P-256 key, SubjectPublicKeyInfo DER; empty below tier 2
    pub sam_key: Vec<u8>,
    /// set when it was revoked
    pub revoked: Option<i64>,
}

/// A one-time challenge handed to a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// its name
    pub id: Id,
    /// the random value
    pub value: Id,
    /// whom it was given to
    pub terminal: Id,
    /// until when it is taken
    pub expires: i64,
    /// the session that used it
    pub used_by: Option<Id>,
}

/// An operator's word that an order is to be written at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// its name
    pub id: Id,
    /// the order; none for a ticket that attends a terminal, whatever card is put in
    pub order: Option<Id>,
    /// the terminal
    pub terminal: Id,
    /// the person
    pub operator: Id,
    /// whether the person confirms that an application is deleted before the new one is loaded
    pub confirms_deletion: bool,
    /// until when it is taken
    pub expires: i64,
    /// the session that used it
    pub used_by: Option<Id>,
}

/// An order, without its personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// its name here
    pub id: Id,
    /// its name at the customer's side; unique
    pub reference: String,
    /// where it is to be written
    pub base: String,
    /// the profile's name
    pub profile: String,
    /// what is asked for
    pub kind: OrderKind,
    /// what the kind needs to know: the instance to remove, or the keys to change to
    pub argument: Option<String>,
    /// its state
    pub state: OrderState,
    /// who entered it
    pub entered_by: Id,
    /// when
    pub entered: i64,
    /// who approved it
    pub approved_by: Option<Id>,
    /// the card that carries it or is bound to it; for a change, the card to be changed
    pub card: Option<Id>,
    /// the card that a new one takes the place of
    pub replaces: Option<Id>,
    /// the campaign that made it
    pub campaign: Option<Id>,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// its name here
    pub id: Id,
    /// the card product's name
    pub product: String,
    /// card production life cycle data, 42 bytes, or empty where the product has none
    pub cplc: Vec<u8>,
    /// key diversification data, 10 bytes
    pub kdd: [u8; 10],
    /// its state
    pub state: CardState,
    /// the order it is bound to or carries
    pub order: Option<Id>,
    /// openings of a secure channel that were intended and not proven, in a row
    pub open_tries: u8,
    /// what people may see of the number it carries
    pub masked_number: Option<String>,
    /// what it holds, as it was proven last
    pub content: Content,
}

/// One version of a card's Security Domain keys; the keys themselves are wrapped by the keystore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    /// the card
    pub card: Id,
    /// key version number on the card
    pub version: u8,
    /// counts the values ever derived for this card; no value is put twice
    pub generation: u32,
    /// its state
    pub state: KeySetState,
    /// the secure channel protocol it speaks, with the length of its keys
    pub protocol: Protocol,
    /// Key-ENC, Key-MAC, Key-DEK, each as the keystore wrapped it
    pub wrapped: [Vec<u8>; 3],
    /// key check values of the three
    pub check_values: [[u8; 3]; 3],
}

/// One attempt to carry out an order on one card. Its id is the session's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuance {
    /// the session
    pub id: Id,
    /// the order
    pub order: Id,
    /// the card
    pub card: Id,
    /// the terminal
    pub terminal: Id,
    /// the reader
    pub reader: Id,
    /// the person
    pub operator: Id,
    /// its state
    pub state: IssuanceState,
    /// fence: every write carries it
    pub epoch: i64,
    /// the last script's step, 0 before the first
    pub step: u16,
    /// when it was opened
    pub opened: i64,
    /// after this it is ended without a RESULT
    pub deadline: i64,
    /// the whole OPEN message, from which every script can be computed again
    pub open_message: Vec<u8>,
    /// randomness drawn at OPEN: the host challenge for the second channel
    pub second_challenge: Id,
    /// what it was opened on
    pub basis: Basis,
}

impl Issuance {
    /// Whether everything that the order writes was proven by it or before it, and nothing was written since: what
    /// remains are commit points.
    #[must_use]
    pub fn has_proven_all(&self) -> bool {
        let only_looked = self.state == IssuanceState::Unknown && self.step == 1;
        self.state == IssuanceState::Interrupted || (self.basis.verified && self.basis.survey && only_looked)
    }
}

/// What was committed before a script went out, and what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// the session
    pub issuance: Id,
    /// the script's step
    pub step: u16,
    /// the script's hash
    pub script_hash: [u8; 32],
    /// number of commands
    pub commands: u16,
    /// when it was committed
    pub committed: i64,
    /// the RESULT message's bytes, once it came: later scripts are computed from its answers
    pub result: Option<Vec<u8>>,
    /// when the RESULT came
    pub received: Option<i64>,
}

/// Something the issuer's host is to be told, in order per card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    /// its name
    pub id: Id,
    /// `issued`, `unknown`, …
    pub kind: String,
    /// the order
    pub order: Id,
    /// the card, where there is one
    pub card: Option<Id>,
    /// when it was written
    pub created: i64,
}
