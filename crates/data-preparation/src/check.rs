//! The check: finished data read back as the card's application would read it.
//!
//! [`Checked`] is what the store takes and what cards are written from; it can be made here alone.

use std::ops::Deref;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::data::masked;
use crate::{Error, PersonalizationData, Prepared, Standard, encoding};

/// Why finished data was refused. It never holds the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckFault {
    /// the bytes are not the canonical encoding of format 1
    #[error("the bytes are not the canonical encoding of personalization data")]
    Encoding,
    /// the digest is another one: the bytes are not those that were checked
    #[error("the digest of the data is not the one on record")]
    Digest,
    /// there is no application, or two under one AID
    #[error("the applications are none, or two of them have one AID")]
    Applications,
    /// an application whose data this version cannot read back
    #[error("data of {0:?} applications cannot be read back")]
    Standard(Standard),
    /// privileges of another length than 1 and 3
    #[error("the privileges are not 1 or 3 bytes")]
    Privileges,
    /// personal data under a level without command encryption
    #[error("personal data would travel unencrypted")]
    SecurityLevel,
    /// a DGI that the card's application does not know
    #[error("the card's application knows no DGI {0:04X}")]
    UnknownDgi(u16),
    /// a DGI that is there twice
    #[error("DGI {0:04X} is there twice")]
    DoubledDgi(u16),
    /// a DGI that the card's application needs
    #[error("DGI {0:04X} is missing")]
    MissingDgi(u16),
    /// a DGI of a length that the card's application refuses
    #[error("DGI {identifier:04X} cannot have {length} bytes")]
    Length {
        /// the DGI
        identifier: u16,
        /// its bytes
        length: usize,
    },
    /// a DGI whose bytes are not what they must be
    #[error("DGI {0:04X} does not hold what it must")]
    Value(u16),
    /// a DGI that must be encrypted under the DEK is not
    #[error("DGI {0:04X} must be encrypted under the data encryption key")]
    Unprotected(u16),
    /// a DGI about a person that is not declared so
    #[error("DGI {0:04X} must be declared personal")]
    NotPersonal(u16),
    /// the last DGI is not the manifest
    #[error("the last DGI is not the manifest")]
    ManifestNotLast,
    /// the manifest names other DGIs, lengths or hashes
    #[error("the manifest is not that of the DGIs before it")]
    Manifest,
    /// the number for people is not that of the card
    #[error("the masked number is not that of the card number")]
    MaskedNumber,
}

/// A value that passed its check, and the digest by which it is known from then on.
///
/// It cannot be made in another way:
/// ```compile_fail,E0451
/// use cardwright_data_preparation::{Checked, PersonalizationData};
/// fn unchecked(value: PersonalizationData) -> Checked<PersonalizationData> {
///     Checked { value, digest: [0; 32] }
/// }
/// ```
/// What it holds cannot be printed:
/// ```compile_fail,E0277
/// use cardwright_data_preparation::{Checked, PersonalizationData};
/// fn show(data: &Checked<PersonalizationData>) -> String {
///     format!("{:?}", **data)
/// }
/// ```
/// Nor can it be copied:
/// ```compile_fail,E0599
/// use cardwright_data_preparation::{Checked, PersonalizationData};
/// fn copy(data: &Checked<PersonalizationData>) -> PersonalizationData {
///     (**data).clone()
/// }
/// ```
pub struct Checked<T> {
    value: T,
    digest: [u8; 32],
}

impl<T> Checked<T> {
    /// SHA-256 over the canonical encoding.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Reads prepared data back as the card's applications would, from the finished DGIs alone.
///
/// # Errors
/// `Error::Check` with the first fault. The data is lost with it: it was not worth keeping.
pub fn check(prepared: Prepared) -> Result<Checked<PersonalizationData>, Error> {
    let Prepared { data, .. } = prepared;
    read_back(&data)?;
    let digest = Sha256::digest(&*encoding::to_bytes(&data)).into();
    Ok(Checked { value: data, digest })
}

impl Checked<PersonalizationData> {
    /// The canonical encoding, for sealing; erased when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        encoding::to_bytes(&self.value)
    }

    /// Opens what [`Checked::to_bytes`] made: holds it against the digest on record, and checks it anew.
    ///
    /// # Errors
    /// `Error::Check`: `CheckFault::Digest` for other bytes, otherwise as [`check`].
    pub fn reopen(bytes: &[u8], digest: &[u8; 32]) -> Result<Self, Error> {
        if <[u8; 32]>::from(Sha256::digest(bytes)) != *digest {
            return Err(CheckFault::Digest.into());
        }
        let value = encoding::from_bytes(bytes)?;
        read_back(&value)?;
        Ok(Self { value, digest: *digest })
    }
}

fn read_back(data: &PersonalizationData) -> Result<(), CheckFault> {
    let applications = &data.applications;
    let doubled = |position: usize| {
        applications[..position].iter().any(|before| before.instance == applications[position].instance)
    };
    if applications.is_empty() || (0..applications.len()).any(doubled) {
        return Err(CheckFault::Applications);
    }
    for application in applications {
        if !matches!(application.privileges.len(), 1 | 3) {
            return Err(CheckFault::Privileges);
        }
        let mut dgis = application.dgis.iter();
        let closed = dgis.any(|dgi| dgi.personal || dgi.protection.is_under_dek());
        if closed && !data.security_level.encrypts_commands() {
            return Err(CheckFault::SecurityLevel);
        }
        application.standard.read_back(application, data.security_level)?;
    }
    let mut numbers = applications.iter().filter_map(|application| application.standard.card_number(application));
    if numbers.all(|number| masked(number) == data.masked_number) { Ok(()) } else { Err(CheckFault::MaskedNumber) }
}
