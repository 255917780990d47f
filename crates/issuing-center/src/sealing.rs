//! Sealing: what of an order is not to be read in the database, and the keys of cards.
//!
//! An order has a data key of its own, which lives in its row, wrapped by the keystore under the key of the day on
//! which the order's data is to be destroyed: destroying that one key destroys the data. Every sealed value names the
//! row and column it belongs to as associated data, so that it opens nowhere else.

use cardwright_data_preparation::{Checked, Error as DataError, OrderFields, PersonalizationData, Profile};
use cardwright_globalplatform::{KeySize, Protocol, StaticKey};
use cardwright_issuance::Id;
use cardwright_issuance::row::KeySet;
use cardwright_keystore::{
    Error, KeyId, KeyKind, KeyRef, Keystore, NewKey, NewWrappedKey, Purpose, Source, WrappedKey, WrappedPurpose,
};
use cardwright_relay::Code;
use zeroize::{Zeroize, Zeroizing};

use crate::center::{Center, SEARCH_KEY};
use crate::refused::Refused;
use crate::store::{Commit, Registration, SealedBlob, SealedOrder, Store, StoreError};

/// Bytes of a digest before the sealed value it belongs to.
const DIGEST: usize = 32;

/// The format of what is sealed of an order.
const FORMAT: u8 = 1;

/// What is sealed of an order: neither printable nor copyable.
pub struct OrderContent {
    /// who asked for the card
    pub customer: String,
    /// who took the order, at the customer's side or at the desk
    pub taken_by: String,
    /// the day of the order as it was written
    pub date: Option<String>,
    /// the profile's fields
    pub fields: OrderFields,
}

impl OrderContent {
    /// The encoding for sealing: a CBOR array. The buffer never grows, so that no copy is left behind.
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let fields = self.fields.to_bytes();
        let texts = self.customer.len() + self.taken_by.len() + self.date.as_ref().map_or(0, String::len);
        let mut bytes = Zeroizing::new(Vec::with_capacity(fields.len() + texts + 64));
        let fields = <&minicbor::bytes::ByteSlice>::from(fields.as_slice());
        let content = (FORMAT, &self.customer, &self.taken_by, &self.date, fields);
        minicbor::encode(content, &mut *bytes).expect("memory takes every byte and every value here has an encoding");
        bytes
    }
}

impl Drop for OrderContent {
    fn drop(&mut self) {
        self.customer.zeroize();
        self.taken_by.zeroize();
        self.date.zeroize();
    }
}

/// The associated data of a sealed value: where it stands.
fn place(table: &str, row: Id, column: &str) -> Vec<u8> {
    minicbor::to_vec(("cardwright sealed value 1", table, row, column))
        .expect("encoding into a Vec cannot fail: there is no writer that could")
}

/// The associated data of an order's data key.
fn data_key_place(order: Id) -> Vec<u8> {
    place("sealed_orders", order, "data_key")
}

/// The associated data of a card's key: which card, key version, generation and role.
#[must_use]
pub fn card_key_place(card: Id, version: u8, generation: u32, role: StaticKey) -> Vec<u8> {
    minicbor::to_vec(("cardwright card key 1", card, version, generation, role.identifier()))
        .expect("encoding into a Vec cannot fail: there is no writer that could")
}

/// A wrapped key as a column holds it: length and handle of the key it is wrapped under, then the keystore's blob.
#[must_use]
pub fn column_of(key: &WrappedKey) -> Vec<u8> {
    let under = key.under.to_string();
    let length = u8::try_from(under.len()).expect("a handle has at most 75 bytes");
    [&[length][..], under.as_bytes(), &key.blob].concat()
}

/// Reads what [`column_of`] made.
fn wrapped(column: &[u8], associated_data: Vec<u8>, kind: KeyKind) -> Result<WrappedKey, Error> {
    let (length, rest) = column.split_first().ok_or(Error::NotAuthentic)?;
    let (under, blob) = rest.split_at_checked(usize::from(*length)).ok_or(Error::NotAuthentic)?;
    let under: KeyId = std::str::from_utf8(under).map_err(|_| Error::NotAuthentic)?.parse()?;
    Ok(WrappedKey { under, blob: blob.to_vec(), associated_data, kind })
}

/// The kind of the static keys of `protocol`.
#[must_use]
pub fn key_kind(protocol: Protocol) -> KeyKind {
    match protocol {
        Protocol::Scp02 { .. } => KeyKind::Tdes2,
        Protocol::Scp03 { key_size: KeySize::Aes128, .. } => KeyKind::Aes128,
        Protocol::Scp03 { key_size: KeySize::Aes192, .. } => KeyKind::Aes192,
        Protocol::Scp03 { key_size: KeySize::Aes256, .. } => KeyKind::Aes256,
    }
}

/// One key of a card's key set, as the keystore works with it.
///
/// # Errors
/// `NotAuthentic` where the column holds no wrapped key. Whether it is this card's, its use will tell.
pub fn card_key(set: &KeySet, role: StaticKey) -> Result<KeyRef, Error> {
    let column = match role {
        StaticKey::Enc => &set.wrapped[0],
        StaticKey::Mac => &set.wrapped[1],
        StaticKey::Dek => &set.wrapped[2],
    };
    let place = card_key_place(set.card, set.version, set.generation, role);
    Ok(KeyRef::Wrapped(wrapped(column, place, key_kind(set.protocol))?))
}

/// Seals the fields of `order` under a new data key, which is wrapped under the key of its destruction day.
///
/// # Errors
/// The keystore's.
pub fn seal_order(
    keystore: &dyn Keystore,
    order: Id,
    (destruction_day, day_key): (i64, &KeyId),
    content: &OrderContent,
) -> Result<SealedOrder, Error> {
    let data_key = keystore.wrap_new(&NewWrappedKey {
        under: day_key,
        associated_data: &data_key_place(order),
        kind: KeyKind::Aes256,
        purpose: WrappedPurpose::Data,
        source: Source::Random,
    })?;
    let column = column_of(&data_key.key);
    let key = KeyRef::Wrapped(data_key.key);
    let fields = keystore.encrypt(&key, &place("sealed_orders", order, "fields"), &content.to_bytes())?;
    Ok(SealedOrder { fields, data_key: column, destruction_day })
}

fn data_key(order: Id, sealed: &SealedOrder) -> Result<KeyRef, Error> {
    Ok(KeyRef::Wrapped(wrapped(&sealed.data_key, data_key_place(order), KeyKind::Aes256)?))
}

/// Opens the fields of `order`, read anew for `profile`.
///
/// # Errors
/// The keystore's; `ORDER_FIELD_REFUSED` where they no longer fit the profile.
pub fn open_order(
    keystore: &dyn Keystore,
    order: Id,
    sealed: &SealedOrder,
    profile: &Profile,
) -> Result<OrderContent, Refused> {
    let bytes = opened(keystore, order, sealed)?;
    let (customer, taken_by, date, fields) = read(&bytes)?;
    Ok(OrderContent {
        customer: customer.to_owned(),
        taken_by: taken_by.to_owned(),
        date: date.map(str::to_owned),
        fields: OrderFields::reopen(profile, fields).map_err(field_refused)?,
    })
}

/// The encoding of the fields of `order`, for an order that carries them over.
///
/// # Errors
/// The keystore's, among them that the key of their destruction day is gone; `STORE_UNAVAILABLE` for what is damaged.
pub fn open_fields(
    keystore: &dyn Keystore,
    order: Id,
    sealed: &SealedOrder,
) -> Result<Result<Zeroizing<Vec<u8>>, Refused>, Error> {
    let bytes = opened(keystore, order, sealed)?;
    Ok(read(&bytes).map(|(.., fields)| Zeroizing::new(fields.to_vec())).map_err(Refused::from))
}

fn opened(keystore: &dyn Keystore, order: Id, sealed: &SealedOrder) -> Result<Zeroizing<Vec<u8>>, Error> {
    keystore.decrypt(&data_key(order, sealed)?, &place("sealed_orders", order, "fields"), &sealed.fields)
}

/// Customer, who took it, date, fields.
type Read<'a> = (&'a str, &'a str, Option<&'a str>, &'a [u8]);

fn read(bytes: &[u8]) -> Result<Read<'_>, StoreError> {
    let (format, customer, taken_by, date, fields): (u8, &str, &str, Option<&str>, &minicbor::bytes::ByteSlice) =
        minicbor::decode(bytes).map_err(|_| damaged())?;
    if format == FORMAT { Ok((customer, taken_by, date, fields)) } else { Err(damaged()) }
}

/// The first fault of an order's fields as a refusal: field and rule, never a value.
#[must_use]
pub fn field_refused(error: DataError) -> Refused {
    match error {
        DataError::Order(faults) => match faults.into_iter().next() {
            Some(fault) => Refused::with(Code::ORDER_FIELD_REFUSED, [fault.field, fault.message]),
            None => Refused::with(Code::ORDER_FIELD_REFUSED, ["", "unknown"]),
        },
        other => {
            tracing::error!(error = %other, "sealed data cannot be used");
            Refused::new(Code::STORE_UNAVAILABLE)
        }
    }
}

/// Seals an order's prepared data under the order's data key.
///
/// # Errors
/// The keystore's.
pub fn seal_prepared(
    keystore: &dyn Keystore,
    order: Id,
    sealed_order: &SealedOrder,
    data: &Checked<PersonalizationData>,
) -> Result<SealedBlob, Error> {
    let bytes = data.to_bytes();
    let mut value = Zeroizing::new(Vec::with_capacity(DIGEST + bytes.len()));
    value.extend_from_slice(data.digest());
    value.extend_from_slice(&bytes);
    let sealed = keystore.encrypt(&data_key(order, sealed_order)?, &place("prepared", order, "sealed"), &value)?;
    Ok(SealedBlob { sealed, digest: keyed_digest(keystore, data)?, profile: data.profile.digest })
}

/// What else of an order is sealed under its data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// the number of its card
    CardNumber,
    /// the PIN block for who prints the PIN
    PinBlock,
}

impl Column {
    fn place(self, order: Id) -> Vec<u8> {
        match self {
            Self::CardNumber => place("card_numbers", order, "sealed"),
            Self::PinBlock => place("pin_mailers", order, "sealed"),
        }
    }
}

/// Seals a column of an order's under the order's data key.
///
/// # Errors
/// The keystore's.
pub fn seal_column(
    keystore: &dyn Keystore,
    order: Id,
    sealed_order: &SealedOrder,
    column: Column,
    clear: &[u8],
) -> Result<Vec<u8>, Error> {
    keystore.encrypt(&data_key(order, sealed_order)?, &column.place(order), clear)
}

/// Opens what [`seal_column`] made.
///
/// # Errors
/// The keystore's.
pub fn open_column(
    keystore: &dyn Keystore,
    order: Id,
    sealed_order: &SealedOrder,
    column: Column,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    keystore.decrypt(&data_key(order, sealed_order)?, &column.place(order), sealed)
}

/// The digest that may stand in the database: without the search key, nobody can try values against it.
fn keyed_digest(keystore: &dyn Keystore, data: &Checked<PersonalizationData>) -> Result<[u8; 32], Error> {
    let message = [b"cardwright prepared data 1".as_slice(), data.digest()].concat();
    keystore.mac(&KeyId::new(SEARCH_KEY, 1)?, &message)
}

/// Opens the prepared data of an order.
///
/// # Errors
/// `ORDER_NOT_PREPARED` where there is none; the store's and the keystore's own; `STORE_UNAVAILABLE` where the data is
/// not what was sealed.
pub async fn open_prepared<S: Store>(center: &Center<S>, order: Id) -> Result<Checked<PersonalizationData>, Refused> {
    let missing = || Refused::with(Code::ORDER_NOT_PREPARED, [hex::encode(*order)]);
    let sealed_order = center.store.sealed_order(order).await?.ok_or_else(missing)?;
    let prepared = center.store.prepared(order).await?.ok_or_else(missing)?;
    let keystore = &*center.keystore;
    let place = place("prepared", order, "sealed");
    let value = keystore.decrypt(&data_key(order, &sealed_order)?, &place, &prepared.sealed)?;
    let (digest, bytes) = value.split_first_chunk::<DIGEST>().ok_or_else(damaged)?;
    let data = Checked::reopen(bytes, digest).map_err(field_refused)?;
    if keyed_digest(keystore, &data)? == prepared.digest { Ok(data) } else { Err(damaged().into()) }
}

fn damaged() -> StoreError {
    StoreError::Damaged("prepared data is not what was sealed".into())
}

/// The key of a destruction day; made, and entered in the database, when it is first needed.
///
/// # Errors
/// The store's and the keystore's.
pub async fn destruction_key<S: Store>(center: &Center<S>, day: i64) -> Result<KeyId, Refused> {
    if let Some(handle) = center.store.destruction_key(day).await? {
        return Ok(handle.parse::<KeyId>()?);
    }
    let id = KeyId::new(format!("destruction-day/{day}"), 1)?;
    let new = NewKey { id: id.clone(), kind: KeyKind::Aes256, purpose: Purpose::Wrap, created: center.now() };
    match center.keystore.generate(&new) {
        Ok(_) | Err(Error::KeyExists(_)) => {} // made before a crash, or by another task just now
        Err(other) => return Err(other.into()),
    }
    let registrations = vec![Registration::DestructionKey { day, key: id.to_string() }];
    match center.store.commit(Commit { registrations, ..Commit::default() }).await {
        Ok(()) | Err(StoreError::Conflict(_)) => Ok(id),
        Err(other) => Err(other.into()),
    }
}
