//! A PIN that is generated: nobody sees it but the card and who prints it, who gets a block under a zone key.
//!
//! What is kept of it is that block and the random bytes that the PIN came from, both sealed under the order's data
//! key: an order that is prepared again keeps its PIN, for the letter may be on its way.

use cardwright_data_preparation::emv::pin_block::PinBlockFormat;
use cardwright_data_preparation::profile::PinRule;
use cardwright_data_preparation::{PersonalizationData, PinForMailer, Profile};
use cardwright_issuance::row::Order;
use cardwright_keystore::{KeyId, Keystore};
use cardwright_relay::Code;
use zeroize::Zeroizing;

use crate::center::Center;
use crate::refused::Refused;
use crate::sealing::{self, Column};
use crate::store::{PinMailer, Registration, SealedOrder, Store, StoreError};

/// Bytes of the block before the random bytes.
pub(super) const BLOCK: usize = 8;

/// How an order's PIN goes to who prints it.
pub(super) struct Mailer {
    /// what the PIN came from before, where the order is prepared again
    before: Option<Zeroizing<Vec<u8>>>,
    /// random bytes that the PIN and its filling come from: the first ones
    length: usize,
}

impl Mailer {
    /// The way of the order's PIN, as it was before where the order is prepared again.
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
        let Some(row) = center.store.pin_mailer(order.id).await? else { return Ok(Self { before: None, length }) };
        let keystore = &*center.keystore;
        let clear = sealing::open_column(keystore, order.id, sealed, Column::PinBlock, &row.sealed)?;
        let (_, random) = clear.split_at_checked(BLOCK).ok_or_else(damaged)?;
        let same = |(key, format): (&KeyId, _)| {
            key.to_string() == row.zone_key && number(format) == row.block_format && random.len() == length
        };
        if wanted.is_none_or(|wanted| !same(wanted)) {
            let rule = "the order's PIN went to the mailer by another rule than the profile has now";
            let remedy = "Give the profile its former [pin] under a higher version, then prepare the order again";
            return Err(Refused::with(Code::DATA_REFUSED, ["pin", rule, remedy]));
        }
        Ok(Self { before: Some(Zeroizing::new(random.to_vec())), length })
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
        let random = random.get(..self.length).ok_or_else(damaged)?;
        let clear = Zeroizing::new([pin.block.as_slice(), random].concat());
        if pin.block.len() != BLOCK {
            return Err(damaged().into());
        }
        Ok(Some(Registration::PinMailer(PinMailer {
            order: order.id,
            zone_key: pin.under.to_string(),
            masked: data.masked_number.clone(),
            block_format: number(pin.format),
            sealed: sealing::seal_column(&*center.keystore, order.id, sealed, Column::PinBlock, &clear)?,
            prepared: center.now(),
            exported: None,
        })))
    }
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
