//! What people enter about terminals and readers. Each is one commit with its log entry.
//!
//! None of it needs a key of the keystore, so that it can be done beside a center that runs and has the keystore.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Reader, Terminal};
use cardwright_relay::Code;
use cardwright_relay::enrolment::{OneTimeCode, fingerprint};
use sha2::{Digest, Sha256};

use crate::authority::CERTIFICATE_SETTING;
use crate::center::Clock;
use crate::refused::Refused;
use crate::store::{Commit, EnrolmentCode, Person, Registration, Store, StoreError};

/// A reader as a person describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReader {
    /// its name for people
    pub name: String,
    /// the base it stands at
    pub base: String,
    /// 0, 1 or 2: attributes, host hardening, SAM
    pub tier: u8,
    /// PC/SC name of the slot that takes the card; `*` stands for any characters
    pub card_slot: String,
    /// PC/SC name of the slot that holds the SAM; empty below tier 2
    pub sam_slot: String,
    /// SubjectPublicKeyInfo or certificate of the SAM's key, DER or PEM; empty below tier 2
    pub sam_key: Vec<u8>,
}

/// Where it is entered.
#[derive(Clone)]
pub struct Register<S> {
    /// the rows
    pub store: Arc<S>,
    /// the time
    pub clock: Clock,
}

impl<S: Store> Register<S> {
    /// Makes a one-time code for a terminal that is to stand at `base`, taken for `life` microseconds.
    ///
    /// # Errors
    /// `BASE_UNKNOWN`; `NAME_REFUSED`; the store's and the keystore's own.
    pub async fn enrol_terminal(
        &self,
        person: &Person,
        name: &str,
        base: &str,
        life: i64,
    ) -> Result<OneTimeCode, Refused> {
        self.known_base(base).await?;
        let name = checked_name(name)?;
        let certificate =
            self.store.setting(CERTIFICATE_SETTING).await?.ok_or_else(|| Refused::new(Code::CENTER_MISSING))?;
        let code = OneTimeCode { secret: random()?, fingerprint: fingerprint(&certificate) };
        let now = (self.clock)();
        let hash = Sha256::digest(code.secret).into();
        let row = EnrolmentCode { hash, terminal: name.clone(), base: base.to_owned(), expires: now + life };
        let entry = registered(now, person, "enrolment code", &name, true);
        self.commit(vec![Registration::EnrolmentCode(row)], entry, &name).await?;
        Ok(code)
    }

    /// Revokes a terminal by its name.
    ///
    /// # Errors
    /// `TERMINAL_UNKNOWN`; the store's own.
    pub async fn revoke_terminal(&self, person: &Person, name: &str) -> Result<(), Refused> {
        let terminal = self.terminal_named(name).await?;
        let now = (self.clock)();
        let entry = Entry { terminal: Some(terminal.id), ..registered(now, person, "terminal", name, false) };
        self.commit(vec![Registration::RevokeTerminal(terminal.id, now)], entry, name).await
    }

    /// Enters a reader.
    ///
    /// # Errors
    /// `BASE_UNKNOWN`; `NAME_REFUSED`, `READER_REFUSED`, `NAME_TAKEN`; the store's and the keystore's own.
    pub async fn enrol_reader(&self, person: &Person, new: NewReader) -> Result<Reader, Refused> {
        self.known_base(&new.base).await?;
        let name = checked_name(&new.name)?;
        let fault = |reason: &str| Err(Refused::with(Code::READER_REFUSED, [name.as_str(), reason]));
        let (sam_slot, sam_key) = match new.tier {
            0 | 1 if new.sam_slot.is_empty() && new.sam_key.is_empty() => (String::new(), Vec::new()),
            0 | 1 => return fault("a SAM belongs to tier 2 alone"),
            2 if new.sam_slot.is_empty() => return fault("tier 2 needs the SAM's slot"),
            2 => match sam_key(&new.sam_key) {
                Some(key) => (new.sam_slot, key),
                None => return fault("no P-256 public key or certificate is in the file"),
            },
            _ => return fault("the tier is 0, 1 or 2"),
        };
        if new.card_slot.is_empty() {
            return fault("the card's slot has no name");
        }
        let reader = Reader {
            id: random()?.into(),
            name: name.clone(),
            base: new.base,
            tier: new.tier,
            card_slot: new.card_slot,
            sam_slot,
            sam_key,
            revoked: None,
        };
        let entry = registered((self.clock)(), person, "reader", &name, true);
        let entry = Entry { reader: Some(reader.id), ..entry };
        self.commit(vec![Registration::Reader(reader.clone())], entry, &name).await?;
        Ok(reader)
    }

    /// Revokes a reader by its name.
    ///
    /// # Errors
    /// `READER_UNKNOWN`; the store's own.
    pub async fn revoke_reader(&self, person: &Person, name: &str) -> Result<(), Refused> {
        let found = self.store.readers().await?.into_iter().find(|row| row.name == name && row.revoked.is_none());
        let reader = found.ok_or_else(|| Refused::with(Code::READER_UNKNOWN, [name]))?;
        let now = (self.clock)();
        let entry = Entry { reader: Some(reader.id), ..registered(now, person, "reader", name, false) };
        self.commit(vec![Registration::RevokeReader(reader.id, now)], entry, name).await
    }

    async fn known_base(&self, base: &str) -> Result<(), Refused> {
        match self.store.base(base).await? {
            Some(_) => Ok(()),
            None => Err(Refused::with(Code::BASE_UNKNOWN, [base])),
        }
    }

    pub(super) async fn terminal_named(&self, name: &str) -> Result<Terminal, Refused> {
        let found = self.store.terminals().await?.into_iter().find(|row| row.name == name && row.revoked.is_none());
        found.ok_or_else(|| Refused::new(Code::TERMINAL_UNKNOWN))
    }

    async fn commit(&self, registrations: Vec<Registration>, entry: Entry, name: &str) -> Result<(), Refused> {
        match self.store.commit(Commit { registrations, entries: vec![entry], ..Commit::default() }).await {
            Err(StoreError::Conflict(_)) => Err(Refused::with(Code::NAME_TAKEN, [name])),
            other => Ok(other?),
        }
    }
}

fn checked_name(name: &str) -> Result<String, Refused> {
    let letter = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | '.' | ' ');
    let fits = (1..=64).contains(&name.chars().count()) && name.chars().all(letter) && name.trim() == name;
    if fits { Ok(name.to_owned()) } else { Err(Refused::with(Code::NAME_REFUSED, [name])) }
}

pub(super) fn registered(now: i64, person: &Person, what: &str, name: &str, present: bool) -> Entry {
    let event = Event::Registered { what: what.to_owned(), name: name.to_owned(), present };
    Entry { person: Some(person.id), ..Entry::new(now, event) }
}

pub(super) fn random() -> Result<[u8; 16], Refused> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Refused::new(Code::KEYSTORE_UNAVAILABLE))?;
    Ok(bytes)
}

/// The P-256 key in a file: SubjectPublicKeyInfo or certificate, PEM or DER.
fn sam_key(file: &[u8]) -> Option<Vec<u8>> {
    let der = match x509_parser::pem::parse_x509_pem(file) {
        Ok((_, pem)) => pem.contents,
        Err(_) => file.to_vec(),
    };
    let key = match x509_parser::parse_x509_certificate(&der) {
        Ok((_, certificate)) => certificate.public_key().raw.to_vec(),
        Err(_) => der,
    };
    // A bare point would be taken for a key as well.
    let is_info = key.first() == Some(&0x30);
    let is_key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key[..]).is_ok();
    (is_info && is_key).then_some(key)
}
