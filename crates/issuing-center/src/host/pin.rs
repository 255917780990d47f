//! An order's PIN for the host: the block goes from the zone key it lies under to one of the host's, and the value that
//! the host verifies by is computed anew.

use cardwright_data_preparation::Profile;
use cardwright_data_preparation::emv::Pan;
use cardwright_data_preparation::emv::pin_block::{Pin, PinBlockFormat};
use cardwright_data_preparation::emv::verification::{pin_value, pin_value_message};
use cardwright_data_preparation::profile::PinRule;
use cardwright_issuance::row::Order;
use cardwright_keystore::{BlockMechanism, Enciphering, KeyId, KeyInfo, KeyKind, KeyRef, Public, Purpose, Secret};
use cardwright_relay::Code;
use serde::Serialize;

use crate::center::Center;
use crate::intake;
use crate::refused::Refused;
use crate::registry::document;
use crate::store::{SealedOrder, Store, StoreError};

/// The PIN of one card as the host gets it.
#[derive(Serialize)]
pub struct PinRecord {
    /// the block, where a zone key was asked for
    pub block: Option<PinBlock>,
    /// the verification value, four digits, where the profile names its key
    pub verification_value: Option<String>,
    /// which of the verification keys it is computed with
    pub verification_key_index: Option<u8>,
}

/// A PIN block under the host's zone key.
#[derive(Serialize)]
pub struct PinBlock {
    /// ISO 9564-1: 0, 1 or 3
    pub format: u8,
    /// 8 bytes in hexadecimal
    pub value: String,
    /// the zone key
    pub key: String,
    /// its check value
    pub kcv: String,
}

/// Where an order's PIN is.
struct Kept {
    block: [u8; 8],
    under: KeyId,
    format: PinBlockFormat,
}

/// That blocks may go out under this key.
///
/// # Errors
/// `KEY_REFUSED` with the reason.
pub(super) fn may_carry(info: &KeyInfo) -> Result<(), Refused> {
    let reason = match (info.purpose, info.kind) {
        (Purpose::Zone, KeyKind::Tdes2) => return Ok(()),
        (Purpose::Zone, _) => "PIN blocks of 8 bytes go under 3DES keys",
        _ => "it is no zone key",
    };
    Err(Refused::with(Code::KEY_REFUSED, [info.id.to_string(), reason.to_owned()]))
}

/// The PIN of `order`, whose card has the number `pan`; none where its profile brings none.
///
/// # Errors
/// The store's and the keystore's own.
pub(super) async fn record<S: Store>(
    center: &Center<S>,
    order: &Order,
    pan: &Pan,
    zone: Option<&KeyInfo>,
) -> Result<Option<PinRecord>, Refused> {
    let (Some(sealed), Some(prepared)) =
        (center.store.sealed_order(order.id).await?, center.store.prepared(order.id).await?)
    else {
        return Ok(None);
    };
    let profile = document::profile(&*center.store, &order.profile).await?;
    if profile.reference().digest != prepared.profile {
        // By another text than this card's, keys and rules may be others.
        return Ok(None);
    }
    let Some(kept) = kept(center, order, &sealed, &profile).await? else { return Ok(None) };
    let clear = opened(center, &kept)?;
    let verification = profile.verification();
    let value = match &verification.pin_key {
        Some(key) => Some(value(center, key, verification.pin_key_index, pan, &kept, &clear)?),
        None => None,
    };
    Ok(Some(PinRecord {
        block: zone.map(|zone| enciphered(center, zone, &kept, &clear)).transpose()?,
        verification_key_index: value.as_ref().map(|_| verification.pin_key_index),
        verification_value: value,
    }))
}

/// The block as it lies here: the order's own, or the letter's.
async fn kept<S: Store>(
    center: &Center<S>,
    order: &Order,
    sealed: &SealedOrder,
    profile: &Profile,
) -> Result<Option<Kept>, Refused> {
    match profile.pin() {
        Some(PinRule::Generated { mailer_key, format, .. }) => {
            let Some(row) = center.store.pin_mailer(order.id).await? else { return Ok(None) };
            let block = intake::pin_block(&*center.keystore, sealed, &row)?;
            Ok(Some(Kept { block, under: mailer_key.clone(), format: *format }))
        }
        Some(PinRule::FromOrder { field, zone_key, format }) => {
            let fields = intake::carried::fields_of(center, order, sealed, profile).await?;
            let Some(digits) = fields.value(field) else { return Ok(None) };
            let damaged = || StoreError::Damaged("an order's PIN block".into());
            let block = hex::decode(digits).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(damaged)?;
            Ok(Some(Kept { block, under: zone_key.clone(), format: *format }))
        }
        None => Ok(None),
    }
}

fn opened<S>(center: &Center<S>, kept: &Kept) -> Result<Secret, Refused> {
    let under = KeyRef::Named(kept.under.clone());
    Ok(center.keystore.decipher(&Enciphering {
        under: &under,
        mechanism: BlockMechanism::TdesEcb,
        data: &kept.block,
    })?)
}

/// The same block under the host's key: its format stays, and with it the card number that takes part in it.
fn enciphered<S>(center: &Center<S>, zone: &KeyInfo, kept: &Kept, clear: &Secret) -> Result<PinBlock, Refused> {
    let under = KeyRef::Named(zone.id.clone());
    let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: clear.expose() };
    let kcv = match &zone.public {
        Public::Kcv(kcv) => kcv.to_string(),
        Public::Key(_) => String::new(),
    };
    let format = match kept.format {
        PinBlockFormat::Zero => 0,
        PinBlockFormat::One => 1,
        PinBlockFormat::Two => 2,
        PinBlockFormat::Three => 3,
    };
    let value = hex::encode_upper(center.keystore.encipher(&item)?);
    Ok(PinBlock { format, value, key: zone.id.to_string(), kcv })
}

fn value<S>(
    center: &Center<S>,
    key: &KeyId,
    index: u8,
    pan: &Pan,
    kept: &Kept,
    clear: &Secret,
) -> Result<String, Refused> {
    let damaged = || StoreError::Damaged("a PIN block that was kept".into());
    let block = clear.expose().try_into().map_err(|_| damaged())?;
    let pin = Pin::read(kept.format, block, pan).map_err(|_| damaged())?;
    let mac = center.keystore.retail_mac(key, &*pin_value_message(pan, index, &pin))?;
    Ok(pin_value(&mac).iter().map(|digit| char::from(*digit)).collect())
}
