//! The check: finished data read back as the card's application would read it.
//!
//! [`Checked`] is what the store takes and what cards are written from; it can be made here alone.

mod change;
pub(crate) mod emv;
mod fault;

pub use emv::{CryptogramQuestion, EmvFault, Interface};
pub use fault::CheckFault;

use std::ops::Deref;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::data::masked;
use crate::{CommitPoint, Error, PersonalizationData, Prepared, Route, Scope, Standard, encoding};

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
        let payment = matches!(application.standard, Standard::Emv | Standard::PaymentEnvironment);
        let own = application.commit_point == CommitPoint::Personalized;
        if payment && own != (application.route == Route::Application) {
            return Err(CheckFault::CommitPoint(application.instance));
        }
        match data.scope {
            Scope::Whole => application.standard.read_back(application, data)?,
            scope => change::read_back(application, data, scope)?,
        }
    }
    if let Some(key) = emv::idle_authority(data) {
        return Err(CheckFault::CertificationKey { provider: key.rid, index: key.index });
    }
    let mut numbers = applications.iter().filter_map(|application| application.standard.card_number(application));
    if numbers.all(|number| masked(&number) == data.masked_number) { Ok(()) } else { Err(CheckFault::MaskedNumber) }
}
