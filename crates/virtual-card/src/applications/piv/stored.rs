//! How the application's data stands in a state file. The first cards had a certificate and one key; they load for
//! ever.

use serde::Deserialize;

use super::content::{AdministrationKey, PivData, Reference, StoredKey, StoredObject, TRIES};
use super::{administration, references};
use crate::hexadecimal;
use crate::secret::Secret;

/// The fields of [`PivData`], or those of the first form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredPiv {
    #[serde(default)]
    objects: Vec<StoredObject>,
    #[serde(default)]
    keys: Vec<StoredKey>,
    #[serde(default)]
    waiting: Vec<StoredKey>,
    #[serde(default)]
    pin: Option<Reference>,
    #[serde(default)]
    puk: Option<Reference>,
    #[serde(default)]
    administration: Option<AdministrationKey>,
    #[serde(default)]
    complete: bool,
    /// first form: what stands in the card-authentication certificate's object
    #[serde(default, with = "hexadecimal::bytes")]
    certificate_object: Vec<u8>,
    /// first form: the card-authentication key, 32 bytes; such a card is complete
    #[serde(default)]
    private_key: Option<Secret>,
}

impl TryFrom<StoredPiv> for PivData {
    type Error = &'static str;

    fn try_from(stored: StoredPiv) -> Result<Self, Self::Error> {
        let StoredPiv { objects, keys, waiting, pin, puk, administration, complete, certificate_object, private_key } =
            stored;
        let data = match private_key {
            Some(key) => Self::of_one_key(key, certificate_object),
            None => Self { objects, keys, waiting, pin, puk, administration, complete },
        };
        data.check().map(|()| data)
    }
}

impl PivData {
    /// Whether everything has the form that the commands rely on.
    fn check(&self) -> Result<(), &'static str> {
        let mut references = [&self.pin, &self.puk].into_iter().flatten();
        if !self.keys.iter().chain(&self.waiting).all(|key| key.private.is_whole()) {
            return Err("a PIV key is none");
        }
        if !references.all(|held| held.value.expose().len() == references::LENGTH && held.tries <= TRIES) {
            return Err("a PIV PIN or PUK has not 8 bytes, or more tries than there are");
        }
        match &self.administration {
            Some(key) if !administration::fits(key.algorithm, key.value.expose()) => {
                Err("the PIV administration key does not fit its algorithm")
            }
            _ => Ok(()),
        }
    }
}
