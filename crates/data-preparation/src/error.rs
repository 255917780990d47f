//! The one error of this crate: who is wrong, and where.

use cardwright_apdu::Aid;

use crate::Scope;
use crate::check::CheckFault;
use crate::emv::certificate::CertificateFault;
use crate::emv::pin_block::PinBlockFault;
use crate::means::MeansFault;
use crate::order::FieldFault;
use crate::piv::Unfit;
use crate::profile::Fault;

/// Why no personalization data came out. No variant holds a value of an order.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The issuer's profile is wrong: every fault that was found, in the order of the lines.
    #[error("the profile has {} fault(s); the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Profile(Vec<Fault>),
    /// The order is wrong: every fault that was found, in the order of the profile's fields.
    #[error("the order has {} fault(s); the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Order(Vec<FieldFault>),
    /// The store hands in bytes that are no order's fields.
    #[error("the bytes are not the fields of an order")]
    OrderEncoding,
    /// The caller combines fields with a profile, or a part of it, that they were not read for.
    #[error("the order's fields were read for another text of the profile, or for another change: read them again")]
    OtherProfile,
    /// The profile has nothing that a change of the scope would write.
    #[error("the profile `{profile}` has nothing that a change of {scope} writes: order another change, or a new card")]
    NothingToChange {
        /// the profile
        profile: String,
        /// the change
        scope: Scope,
    },
    /// A payment application would be installed again under the number and sequence number that its keys come from.
    #[error(
        "the payment application {0} is installed again by this change, and needs another sequence number for other \
         keys: write `sequence-field` into [card-number], or rewrite = \"issuer-script\""
    )]
    SameSequence(Aid),
    /// The validity rule leads to a day after 9999-12-31, or after 2049-12-31 for payment cards.
    #[error("the validity ends after the year 9999, or 2049 for a payment card")]
    DateOutOfRange,
    /// The caller hands in less than the profile asks for, or something else.
    #[error("{0}")]
    Means(#[from] MeansFault),
    /// The order's PIN block does not open to a PIN, or none can be made of what is there.
    #[error("{field}: {fault}; ask the issuer's host for the block again, and compare zone key and format")]
    PinBlock {
        /// the field of the order
        field: String,
        /// what is wrong
        fault: PinBlockFault,
    },
    /// A certificate or signature of the card cannot be made.
    #[error("the {what} cannot be made: {fault}; compare the sizes of the keys with [application.certificates]")]
    Certificate {
        /// which one
        what: &'static str,
        /// why
        fault: CertificateFault,
    },
    /// The keystore does not do what the profile asks of it.
    #[error("the keystore refuses: {0}")]
    Keystore(#[from] cardwright_keystore::Error),
    /// A value of the order or the profile does not go into PIV's data.
    #[error("{0}")]
    Piv(#[from] Unfit),
    /// The prepared data would not be accepted by the card's application. The preparation or its store is wrong.
    #[error("the prepared data does not read back: {0}")]
    Check(#[from] CheckFault),
}
