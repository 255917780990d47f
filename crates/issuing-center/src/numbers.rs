//! Card numbers: each is one card's, whether the issuer's host gives it or the center assigns it from a range.
//!
//! Kept are a keyed hash, by which a number that comes again is found, the masked number, and the number itself sealed
//! under its order's data key. A range is gone through in an order that only the keystore knows, so that neither the
//! count of a range nor one card's number tells another's.

mod order;

use std::collections::{BTreeMap, BTreeSet};

use cardwright_data_preparation::emv::pan::check_digit;
use cardwright_data_preparation::masked;
use cardwright_issuance::Id;
use cardwright_keystore::{Error, KeyId, Keystore};
use cardwright_relay::Code;
use zeroize::Zeroizing;

use crate::center::{Center, SEARCH_KEY};
use crate::refused::Refused;
use crate::sealing::{self, Column};
use crate::store::{CardNumber, Novelty, Registration, SealedOrder, Store, StoreError};

/// The last sequence number that a card can have.
const LAST_SEQUENCE: u8 = 99;

/// A range of numbers: those of `length` digits that begin with `prefix` and end in the check digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// the digits they begin with
    pub prefix: String,
    /// how many digits they have
    pub length: usize,
}

impl Range {
    /// Its name in rows and messages.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.prefix, self.length)
    }

    /// The digits between prefix and check digit.
    fn free_digits(&self) -> usize {
        self.length.saturating_sub(self.prefix.len() + 1)
    }

    /// How many numbers it has.
    #[must_use]
    pub fn size(&self) -> i64 {
        10_i64.checked_pow(u32::try_from(self.free_digits()).unwrap_or(u32::MAX)).unwrap_or(i64::MAX)
    }

    /// The number at `place` of the range's own order.
    fn number(&self, keystore: &dyn Keystore, place: i64) -> Result<Zeroizing<String>, Error> {
        let account = order::at(keystore, &self.name(), self.free_digits(), place)?;
        let mut digits = Zeroizing::new(String::with_capacity(self.length));
        digits.push_str(&self.prefix);
        digits.push_str(&Zeroizing::new(format!("{account:0width$}", width = self.free_digits())));
        let check = check_digit(digits.as_bytes()).unwrap_or(b'0');
        digits.push(char::from(check));
        Ok(digits)
    }
}

/// The keyed hash of a number.
///
/// # Errors
/// The keystore's.
pub fn hash(keystore: &dyn Keystore, digits: &str) -> Result<[u8; 32], Error> {
    let message = Zeroizing::new([b"cardwright card number 1".as_slice(), digits.as_bytes()].concat());
    keystore.mac(&KeyId::new(SEARCH_KEY, 1)?, &message)
}

/// The number of a row, opened with what is sealed of its order.
///
/// # Errors
/// The keystore's; `STORE_UNAVAILABLE` where the row is not what was sealed.
pub fn open(keystore: &dyn Keystore, row: &CardNumber, sealed: &SealedOrder) -> Result<Zeroizing<String>, Refused> {
    let clear = sealing::open_column(keystore, row.order, sealed, Column::CardNumber, &row.sealed)?;
    let digits = std::str::from_utf8(&clear).map_err(|_| StoreError::Damaged("a sealed card number".into()))?;
    Ok(Zeroizing::new(digits.to_owned()))
}

/// Numbers that one commit gives, by their hash, each with a sequence number once.
#[derive(Debug, Default)]
pub struct Giving {
    given: BTreeSet<([u8; 32], u8)>,
    steps: BTreeMap<String, i64>,
}

/// An order whose card gets a number.
#[derive(Clone, Copy)]
pub struct For<'a> {
    /// the order
    pub order: Id,
    /// its reference
    pub reference: &'a str,
    /// what is sealed of it
    pub sealed: &'a SealedOrder,
    /// which of the cards of the number this is
    pub sequence: u8,
}

impl Giving {
    /// The number that the order got before, where it is prepared again.
    ///
    /// # Errors
    /// The store's and the keystore's own.
    pub async fn before<S: Store>(
        center: &Center<S>,
        wanted: For<'_>,
    ) -> Result<Option<(CardNumber, Zeroizing<String>)>, Refused> {
        let Some(row) = center.store.number_of(wanted.order).await? else { return Ok(None) };
        let digits = open(&*center.keystore, &row, wanted.sealed)?;
        Ok(Some((row, digits)))
    }

    /// Enters a number that the order brings.
    ///
    /// # Errors
    /// `NUMBER_TAKEN` where another card has it with this sequence number; the store's and the keystore's own.
    pub async fn enter<S: Store>(
        &mut self,
        center: &Center<S>,
        wanted: For<'_>,
        digits: &str,
    ) -> Result<Registration, Refused> {
        let hash = hash(&*center.keystore, digits)?;
        let taken = center.store.sequences_of(hash).await?;
        if taken.contains(&wanted.sequence) || !self.given.insert((hash, wanted.sequence)) {
            return Err(Refused::with(Code::NUMBER_TAKEN, [wanted.reference]));
        }
        row(center, wanted, digits, hash, Novelty::Sequence)
    }

    /// The next sequence number of a number that cards have.
    ///
    /// # Errors
    /// `NUMBER_TAKEN` where there is none left; the store's own.
    pub async fn next<S: Store>(&self, center: &Center<S>, hash: [u8; 32], reference: &str) -> Result<u8, Refused> {
        let taken = center.store.sequences_of(hash).await?;
        let given = self.given.range((hash, u8::MIN)..=(hash, u8::MAX)).map(|(_, sequence)| *sequence);
        let next = taken.into_iter().chain(given).max().map_or(0, |last| last.saturating_add(1));
        if next <= LAST_SEQUENCE { Ok(next) } else { Err(Refused::with(Code::NUMBER_TAKEN, [reference])) }
    }

    /// Assigns the next free number of a range.
    ///
    /// # Errors
    /// `RANGE_EXHAUSTED`; the store's and the keystore's own.
    pub async fn assign<S: Store>(
        &mut self,
        center: &Center<S>,
        wanted: For<'_>,
        range: &Range,
    ) -> Result<(Zeroizing<String>, [Registration; 2]), Refused> {
        let name = range.name();
        let before = match self.steps.get(&name) {
            Some(before) => *before,
            None => center.store.numbers_taken(&name).await?.unwrap_or(0),
        };
        let mut place = before;
        let (digits, hash) = loop {
            if place >= range.size() {
                return Err(Refused::with(Code::RANGE_EXHAUSTED, [name]));
            }
            let digits = range.number(&*center.keystore, place)?;
            place += 1;
            let hash = hash(&*center.keystore, &digits)?;
            // An order may have brought the number, or a range that overlaps with this one.
            if center.store.sequences_of(hash).await?.is_empty() && !self.gives(hash) {
                break (digits, hash);
            }
        };
        self.given.insert((hash, wanted.sequence));
        self.steps.insert(name.clone(), place);
        let number = row(center, wanted, &digits, hash, Novelty::Number)?;
        Ok((digits, [number, Registration::StepRange { range: name, before, after: place }]))
    }

    fn gives(&self, hash: [u8; 32]) -> bool {
        self.given.range((hash, u8::MIN)..=(hash, u8::MAX)).next().is_some()
    }
}

fn row<S>(
    center: &Center<S>,
    wanted: For<'_>,
    digits: &str,
    hash: [u8; 32],
    novelty: Novelty,
) -> Result<Registration, Refused> {
    let sealed =
        sealing::seal_column(&*center.keystore, wanted.order, wanted.sealed, Column::CardNumber, digits.as_bytes())?;
    let masked = masked(digits.as_bytes());
    let number = CardNumber { order: wanted.order, hash, sequence: wanted.sequence, masked, sealed };
    Ok(Registration::CardNumber(number, novelty))
}
