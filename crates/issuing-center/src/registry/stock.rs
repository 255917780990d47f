//! Blank cards into stock: their transport keys derived and checked against the shipment, their first issuer keys
//! derived, all six wrapped, before any card waits for them.

use std::collections::BTreeMap;

use cardwright_globalplatform::{Protocol, StaticKey};
use cardwright_issuance::Id;
use cardwright_issuance::content::Content;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Card, KeySet};
use cardwright_issuance::state::{CardState, KeySetState};
use cardwright_keystore::{Derivation, KeyId, KeyInfo, KeyRef, NewWrappedKey, Public, Source, Wrapped, WrappedPurpose};
use cardwright_relay::Code;
use sha2::{Digest, Sha256};

use super::shipment::{self, Blank};
use super::{document, issuer_keys, key, random_id, registered};
use crate::center::{CARD_STORAGE_KEY, Center, ISSUER_MASTER_KEY};
use crate::file_fault::{FileFault, FileRefused};
use crate::refused::Refused;
use crate::sealing;
use crate::store::{Commit, Person, Registration, Store, StoreError};

/// The generation of a card's first issuer keys; the transport keys are 0.
const FIRST: u32 = 1;

/// Imports a shipment whose transport keys come from the batch key `master`. Gives the number of cards.
///
/// # Errors
/// `STOCK_FILE_REFUSED` with every fault; `KEY_UNKNOWN`, `PRODUCT_UNKNOWN`, `PUBLISHED_KEY`; the store's and the
/// keystore's own. Nothing is imported then.
pub async fn import<S: Store>(
    center: &Center<S>,
    person: &Person,
    file: &[u8],
    master: &str,
) -> Result<usize, FileRefused> {
    let blanks = shipment::read(file).map_err(refused)?;
    let master = key::find(center, master)?;
    let products = products(center, &blanks).await?;
    admit_master(center, &master, &products).await?;
    let mut faults = Vec::new();
    let mut cards = Vec::with_capacity(blanks.len());
    for blank in &blanks {
        let product = &products[&blank.product];
        let checked = shipment::fits(blank, product);
        if center.store.card_by_identity(&blank.product, &blank.cplc, blank.kdd).await?.is_some() {
            faults.push(FileFault::of_stock(blank.row, "kdd", "the card is in the database already"));
        } else if let Err(fault) = checked {
            faults.push(fault);
        } else {
            match card(center, blank, product, &master.id)? {
                Ok(card) => cards.push(card),
                Err(fault) => faults.push(fault),
            }
        }
    }
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    let count = cards.len();
    let told = format!("{count} cards of shipment {}", hex::encode(Sha256::digest(file)));
    let entries = vec![registered(center.now(), person, "stock", &told)];
    match center.store.commit(Commit { registrations: cards, entries, ..Commit::default() }).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE).into()),
        other => Ok(other.map(|()| count)?),
    }
}

fn refused(faults: Vec<FileFault>) -> FileRefused {
    FileRefused::Faults(Code::STOCK_FILE_REFUSED, faults)
}

/// The products of the shipment, each read once.
async fn products<S: Store>(
    center: &Center<S>,
    blanks: &[Blank],
) -> Result<BTreeMap<String, CardProduct>, FileRefused> {
    let mut products = BTreeMap::new();
    for blank in blanks {
        if !products.contains_key(&blank.product) {
            let product = document::product(&*center.store, &blank.product).await?;
            products.insert(blank.product.clone(), product);
        }
    }
    Ok(products)
}

/// A batch key has the kind of the card's keys; a published one serves only products that say so.
async fn admit_master<S: Store>(
    center: &Center<S>,
    master: &KeyInfo,
    products: &BTreeMap<String, CardProduct>,
) -> Result<(), FileRefused> {
    let published = key::is_published(&*center.store, &master.id).await?;
    for product in products.values() {
        let expected = sealing::key_kind(product.protocol());
        if expected.is_aes() != master.kind.is_aes() || expected.length() != master.kind.length() {
            let reason = format!("the keys of {} are {expected}, this one is {}", product.name(), master.kind);
            return Err(Refused::with(Code::KEY_REFUSED, [master.id.to_string(), reason]).into());
        }
        if published && !product.allows_published_transport_keys() {
            return Err(Refused::with(Code::PUBLISHED_KEY, [master.id.to_string()]).into());
        }
    }
    Ok(())
}

/// The rows of one blank, or what the derived keys say against the shipment.
fn card<S>(
    center: &Center<S>,
    blank: &Blank,
    product: &CardProduct,
    master: &KeyId,
) -> Result<Result<Registration, FileFault>, Refused> {
    let id = random_id()?;
    let transport = |role| issuer_keys::transport(product, &blank.kdd, role);
    let mut made = empty_set(id, (blank.key_version, 0), product.protocol(), KeySetState::Transport);
    wrap(center, &mut made, master, transport)?;
    if made.check_values != blank.check_values {
        return Ok(Err(FileFault::of_stock(blank.row, "kcvs", "the batch key gives this card other keys")));
    }
    let card = Card {
        id,
        product: blank.product.clone(),
        cplc: blank.cplc.clone(),
        kdd: blank.kdd,
        state: CardState::Stock,
        order: None,
        open_tries: 0,
        masked_number: None,
        content: Content::default(),
    };
    let issuer = issuer_key_set(center, &card, (product.issuer_key_version(), FIRST), product.protocol())?;
    Ok(Ok(Registration::Stock(card, made, issuer)))
}

/// A key set of the issuer's own for a card, by version and generation: derived and wrapped, on no card yet.
///
/// # Errors
/// The keystore's.
pub fn issuer_key_set<S>(
    center: &Center<S>,
    card: &Card,
    name: (u8, u32),
    protocol: Protocol,
) -> Result<KeySet, Refused> {
    let mut set = empty_set(card.id, name, protocol, KeySetState::Derived);
    let length = sealing::key_kind(protocol).length();
    let derivation = |role| issuer_keys::issuer(&card.product, &card.cplc, &card.kdd, (name.1, length), role);
    wrap(center, &mut set, &KeyId::new(ISSUER_MASTER_KEY, 1)?, derivation)?;
    Ok(set)
}

fn empty_set(card: Id, (version, generation): (u8, u32), protocol: Protocol, state: KeySetState) -> KeySet {
    let (wrapped, check_values) = Default::default();
    KeySet { card, version, generation, state, protocol, wrapped, check_values }
}

/// Derives and wraps the three keys of `set` from `master`.
fn wrap<S>(
    center: &Center<S>,
    set: &mut KeySet,
    master: &KeyId,
    derivation: impl Fn(StaticKey) -> Derivation,
) -> Result<(), Refused> {
    let under = KeyId::new(CARD_STORAGE_KEY, 1)?;
    let master = KeyRef::Named(master.clone());
    let derivations = StaticKey::ALL.map(&derivation);
    let places = StaticKey::ALL.map(|role| sealing::card_key_place(set.card, set.version, set.generation, role));
    let item = |index: usize| NewWrappedKey {
        under: &under,
        associated_data: &places[index],
        kind: sealing::key_kind(set.protocol),
        purpose: WrappedPurpose::Token,
        source: Source::Derived(&master, &derivations[index]),
    };
    let wrapped: Vec<Wrapped> = center.keystore.wrap_new_batch(&[item(0), item(1), item(2)])?;
    for (index, wrapped) in wrapped.into_iter().enumerate().take(3) {
        set.wrapped[index] = sealing::column_of(&wrapped.key);
        set.check_values[index] = wrapped.kcv.0;
    }
    Ok(())
}

/// The check value of a key, as people compare it.
#[must_use]
pub fn check_value(key: &KeyInfo) -> String {
    match &key.public {
        Public::Kcv(kcv) => kcv.to_string(),
        Public::Key(key) => hex::encode(Sha256::digest(key)),
    }
}
