//! The rows of the model store.

use std::collections::BTreeMap;

use cardwright_apdu::Aid;
use cardwright_issuance::Id;
use cardwright_issuance::row::{Base, Card, Challenge, Intent, Issuance, KeySet, Order, Reader, Terminal, Ticket};
use cardwright_issuing_center::store::{
    Campaign, CampaignCard, CardCertificate, CardDecision, CardNumber, CertificationKeyRow, Document, EmvIssuer,
    EnrolmentCode, HostRow, Idempotency, Leaf, Person, PinMailer, PivAuthority, PoolKey, Program, SealedBlob,
    SealedOrder,
};

use super::host;

/// All rows. A commit works on a copy that replaces them only when everything in it was possible.
#[derive(Clone, Default)]
pub(super) struct Rows {
    pub(super) bases: BTreeMap<String, Base>,
    pub(super) persons: BTreeMap<Id, Person>,
    pub(super) products: BTreeMap<(String, u32), Document>,
    pub(super) profiles: BTreeMap<(String, u32), Document>,
    pub(super) terminals: BTreeMap<Id, Terminal>,
    pub(super) readers: BTreeMap<Id, Reader>,
    pub(super) codes: BTreeMap<[u8; 32], (EnrolmentCode, bool)>,
    pub(super) challenges: BTreeMap<Id, Challenge>,
    pub(super) tickets: BTreeMap<Id, Ticket>,
    pub(super) orders: BTreeMap<Id, Order>,
    pub(super) sealed_orders: BTreeMap<Id, SealedOrder>,
    pub(super) prepared: BTreeMap<Id, SealedBlob>,
    pub(super) cards: BTreeMap<Id, Card>,
    pub(super) key_sets: BTreeMap<(Id, u32, u8), KeySet>,
    pub(super) issuances: BTreeMap<Id, Issuance>,
    pub(super) intents: BTreeMap<(Id, u16), Intent>,
    pub(super) events: Vec<host::Event>,
    pub(super) host: Option<HostRow>,
    pub(super) proposals: BTreeMap<Id, CardDecision>,
    pub(super) expiries: BTreeMap<Id, i64>,
    pub(super) idempotency: BTreeMap<String, Idempotency>,
    pub(super) destruction_keys: BTreeMap<i64, String>,
    pub(super) settings: BTreeMap<String, Vec<u8>>,
    pub(super) pool: BTreeMap<Id, PoolKey>,
    pub(super) numbers: BTreeMap<Id, CardNumber>,
    pub(super) ranges: BTreeMap<String, i64>,
    pub(super) mailers: BTreeMap<Id, PinMailer>,
    pub(super) certification_keys: BTreeMap<([u8; 5], u8), CertificationKeyRow>,
    pub(super) issuers: BTreeMap<String, EmvIssuer>,
    pub(super) authorities: BTreeMap<String, PivAuthority>,
    pub(super) card_certificates: BTreeMap<(String, Vec<u8>), CardCertificate>,
    pub(super) programs: BTreeMap<Aid, Program>,
    pub(super) campaigns: BTreeMap<Id, Campaign>,
    pub(super) campaign_cards: BTreeMap<(Id, Id), CampaignCard>,
    pub(super) leaves: Vec<Leaf>,
}
