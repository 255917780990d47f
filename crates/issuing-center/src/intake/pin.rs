//! A PIN that is generated: nobody sees it but the card and who prints it, who gets a block under a zone key.
//!
//! What is kept of it is that block, that of the PUK where one is generated with it, and the random bytes that they came
//! from, sealed under the order's data key: an order that is prepared again keeps them, for the letter may be on its way.

use cardwright_data_preparation::emv::pin_block::PinBlockFormat;
use cardwright_data_preparation::profile::PinRule;
use cardwright_data_preparation::{PersonalizationData, PinForMailer, Profile};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::OrderState;
use cardwright_keystore::{Error as KeystoreError, KeyId, Keystore};
use cardwright_relay::Code;
use minicbor::bytes::ByteSlice;
use zeroize::Zeroizing;

use crate::center::Center;
use crate::refused::Refused;
use crate::sealing::{self, Column};
use crate::store::{PinMailer, Registration, SealedOrder, Store, StoreError};

/// Bytes of a block.
const BLOCK: usize = 8;
/// The format of what is sealed.
const FORMAT: u8 = 1;

/// What is kept of a generated PIN.
pub(super) struct Kept {
    pub(super) block: [u8; BLOCK],
    /// that of the PUK
    pub(super) puk_block: Option<[u8; BLOCK]>,
    /// what PIN and PUK came from
    random: Zeroizing<Vec<u8>>,
}

impl Kept {
    /// The encoding for sealing: a CBOR array. The buffer never grows, so that no copy is left behind.
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.random.len() + 2 * BLOCK + 16));
        let value = |bytes| <&ByteSlice>::from(bytes);
        let puk_block = self.puk_block.as_ref().map(|block| value(&block[..]));
        let content = (FORMAT, value(&self.block[..]), puk_block, value(self.random.as_slice()));
        minicbor::encode(content, &mut *bytes).expect("memory takes every byte and every value here has an encoding");
        bytes
    }

    /// Opens what the row of an order's letter holds.
    ///
    /// # Errors
    /// The keystore's; `STORE_UNAVAILABLE` where it is not what was sealed.
    pub(super) fn open(keystore: &dyn Keystore, sealed: &SealedOrder, row: &PinMailer) -> Result<Self, Refused> {
        Self::read(&sealing::open_column(keystore, row.order, sealed, Column::PinBlock, &row.sealed)?)
    }

    /// Reads what was sealed.
    fn read(clear: &[u8]) -> Result<Self, Refused> {
        let read: Result<(u8, &ByteSlice, Option<&ByteSlice>, &ByteSlice), _> = minicbor::decode(clear);
        let Ok((FORMAT, block, puk_block, random)) = read else { return Err(damaged().into()) };
        let block_of = |bytes: &[u8]| <[u8; BLOCK]>::try_from(bytes).map_err(|_| damaged());
        let puk_block = puk_block.map(|bytes| block_of(bytes)).transpose()?;
        Ok(Self { block: block_of(block)?, puk_block, random: Zeroizing::new(random.to_vec()) })
    }
}

/// How an order's PIN goes to who prints it.
pub(super) struct Mailer {
    /// what the PIN came from before, where the order is prepared again
    before: Option<Zeroizing<Vec<u8>>>,
    /// random bytes that PIN, PUK and their fillings come from: the first ones
    length: usize,
}

impl Mailer {
    /// The way of the order's PIN, as it was before where the order is prepared again, or changes a card whose PIN stays.
    ///
    /// # Errors
    /// `DATA_REFUSED` where the profile's `[pin]` is another one than the letter was made by; the store's and the
    /// keystore's own.
    pub(super) async fn of<S: Store>(
        center: &Center<S>,
        order: &Order,
        sealed: &SealedOrder,
        profile: &Profile,
    ) -> Result<Self, Refused> {
        let wanted = match profile.pin() {
            Some(PinRule::Generated { mailer_key, format, .. }) => Some((mailer_key, *format)),
            _ => None,
        };
        let length = profile.pin_bytes();
        let (row, kept) = match center.store.pin_mailer(order.id).await? {
            Some(row) => {
                let kept = Kept::open(&*center.keystore, sealed, &row)?;
                (row, kept)
            }
            None if wanted.is_some() && keeps_pin(order.kind) => of_the_card(center, order).await?,
            None => return Ok(Self { before: None, length }),
        };
        let same = |(key, format): (&KeyId, _)| {
            key.to_string() == row.zone_key && number(format) == row.block_format && kept.random.len() == length
        };
        if wanted.is_none_or(|wanted| !same(wanted)) {
            let rule = "the order's PIN went to the mailer by another rule than the profile has now";
            let remedy = "Give the profile its former [pin] under a higher version, then prepare the order again";
            return Err(Refused::with(Code::DATA_REFUSED, ["pin", rule, remedy]));
        }
        Ok(Self { before: Some(kept.random), length })
    }

    /// As many random bytes as preparation wants; those of the PIN first, which stay what they were.
    ///
    /// # Errors
    /// The keystore's.
    pub(super) fn random(
        &self,
        keystore: &dyn Keystore,
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, cardwright_keystore::Error> {
        let mut random = Zeroizing::new(if length == 0 { Vec::new() } else { keystore.random(length)? });
        if let Some(before) = &self.before {
            random[..before.len()].copy_from_slice(before);
        }
        Ok(random)
    }

    /// The row of a PIN that is new.
    ///
    /// # Errors
    /// The keystore's.
    pub(super) fn row<S>(
        &self,
        center: &Center<S>,
        order: &Order,
        sealed: &SealedOrder,
        data: &PersonalizationData,
        pin: Option<&PinForMailer>,
        random: &[u8],
    ) -> Result<Option<Registration>, Refused> {
        let Some(pin) = pin.filter(|_| self.before.is_none()) else { return Ok(None) };
        let block_of = |bytes: &[u8]| <[u8; BLOCK]>::try_from(bytes).map_err(|_| damaged());
        let random = random.get(..self.length).ok_or_else(damaged)?;
        let kept = Kept {
            block: block_of(&pin.block)?,
            puk_block: pin.puk_block.as_deref().map(block_of).transpose()?,
            random: Zeroizing::new(random.to_vec()),
        };
        Ok(Some(Registration::PinMailer(PinMailer {
            order: order.id,
            zone_key: pin.under.to_string(),
            masked: data.masked_number.clone(),
            block_format: number(pin.format),
            sealed: sealing::seal_column(&*center.keystore, order.id, sealed, Column::PinBlock, &kept.to_bytes())?,
            prepared: center.now(),
            exported: None,
        })))
    }
}

/// Whether the card's PIN stays what it is, although it may be written again.
fn keeps_pin(kind: OrderKind) -> bool {
    matches!(kind, OrderKind::PersonalData | OrderKind::UpgradeApplication)
}

/// What is kept of the PIN that a card in use has: that of the newest order it carries that made one.
async fn of_the_card<S: Store>(center: &Center<S>, order: &Order) -> Result<(PinMailer, Kept), Refused> {
    let gone = || {
        let rule = "the card's PIN is written again by this change, and nothing is kept of it any more";
        let remedy = "Order a card in its place by renew";
        Refused::with(Code::DATA_REFUSED, ["pin", rule, remedy])
    };
    let card = order.card.ok_or_else(gone)?;
    for issued in center.store.orders_of_card(card).await?.iter().rev() {
        if issued.state != OrderState::Issued {
            continue;
        }
        let Some(row) = center.store.pin_mailer(issued.id).await? else { continue };
        let sealed = center.store.sealed_order(issued.id).await?.ok_or_else(gone)?;
        return match sealing::open_column(&*center.keystore, row.order, &sealed, Column::PinBlock, &row.sealed) {
            Ok(clear) => Ok((row, Kept::read(&clear)?)),
            Err(KeystoreError::UnknownKey(_)) => Err(gone()),
            Err(other) => Err(other.into()),
        };
    }
    Err(gone())
}

/// The format as rows have it.
fn number(format: PinBlockFormat) -> u8 {
    match format {
        PinBlockFormat::Zero => 0,
        PinBlockFormat::One => 1,
        PinBlockFormat::Two => 2,
        PinBlockFormat::Three => 3,
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged("what is kept of an order's PIN".into())
}
