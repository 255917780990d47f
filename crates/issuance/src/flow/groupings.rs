//! Data groupings as the card gets them: those under the data encryption key are padded, encrypted by the keystore,
//! and put back in their places.

use std::collections::BTreeMap;

use cardwright_apdu::Dgi;
use cardwright_data_preparation::{Application, Protection, Route};
use cardwright_globalplatform::commands::StoredDgi;
use cardwright_globalplatform::{DataEncryptionKey, Error, Protocol};
use zeroize::Zeroizing;

use super::Inputs;
use crate::work::segment::Ring;

/// Bytes of a block of the cipher under the data encryption key that data goes under: of AES (Amd D §6.2.8), or of
/// triple DES (GPCS §E.4.7).
fn block(inputs: &Inputs) -> usize {
    match inputs.keys(inputs.last_ring()).protocol {
        Protocol::Scp03 { .. } => 16,
        Protocol::Scp02 { .. } => 8,
    }
}

const NOT_ENCRYPTED: Error =
    Error::Argument { what: "unencrypted groupings under the data encryption key", found: 1, allowed: "none" };

/// What the keystore made of the groupings under the data encryption key: application and grouping by place.
#[derive(Debug, Default)]
pub(super) struct Enciphered(BTreeMap<(usize, usize), Vec<u8>>);

impl Enciphered {
    /// Takes what the keystore encrypted of `applications`, in the order of [`to_encipher`]; `None` where it is not as
    /// many or as long.
    pub(super) fn new(inputs: &Inputs, applications: &[usize], encrypted: Vec<Vec<u8>>) -> Option<Self> {
        let block = block(inputs);
        let length = |dgi: &Dgi, always| padded_length(dgi.data.len(), always, block);
        let asked =
            places(inputs.applications(), applications).map(|(place, dgi, always)| (place, length(dgi, always)));
        let asked: Vec<_> = asked.collect();
        let fits = asked.len() == encrypted.len()
            && asked.iter().zip(&encrypted).all(|((_, length), ciphertext)| *length == ciphertext.len());
        fits.then(|| Self(asked.into_iter().map(|(place, _)| place).zip(encrypted).collect()))
    }

    /// Takes what the keystore encrypted at a flow's beginning, of [`to_encipher_now`].
    pub(super) fn now(inputs: &Inputs, encrypted: Vec<Vec<u8>>) -> Option<Self> {
        Self::new(inputs, &now(inputs), encrypted)
    }

    /// The groupings of the application at `number`, as they travel.
    ///
    /// # Errors
    /// `Error::Argument` for one under the data encryption key that was not encrypted: it would go without.
    pub(super) fn groupings(&self, number: usize, application: &Application) -> Result<Vec<Travelling>, Error> {
        let travelling = |(place, protected): (usize, &cardwright_data_preparation::ProtectedDgi)| {
            let dgi = protected.dgi();
            let encrypted = protected.protection.is_under_dek();
            let data = match self.0.get(&(number, place)) {
                Some(ciphertext) => ciphertext.clone(),
                None if encrypted => return Err(NOT_ENCRYPTED),
                None => dgi.data.clone(),
            };
            Ok(Travelling { dgi: Dgi { identifier: dgi.identifier, data }, encrypted, optional: protected.optional })
        };
        application.dgis.iter().enumerate().map(travelling).collect()
    }
}

/// A grouping as it travels; erased when dropped, for it may be in clear.
pub(super) struct Travelling {
    dgi: Dgi,
    encrypted: bool,
    optional: bool,
}

impl Travelling {
    pub(super) fn stored(&self) -> StoredDgi<'_> {
        StoredDgi { dgi: &self.dgi, encrypted: self.encrypted, optional: self.optional }
    }
}

impl Drop for Travelling {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.dgi.data);
    }
}

/// Whose data encryption key data goes under, and which one: the static one, or of the channel that was opened first.
pub(super) fn under(inputs: &Inputs, opened: &DataEncryptionKey) -> (Ring, DataEncryptionKey) {
    match (inputs.keys(inputs.last_ring()).protocol, inputs.last_ring()) {
        (Protocol::Scp03 { .. }, ring) => (ring, DataEncryptionKey::Static),
        (Protocol::Scp02 { .. }, _) => (Ring::Opened, opened.clone()),
    }
}

/// The padded values of all groupings that can be encrypted at a flow's beginning: under a static key all of them, under
/// the key of the channel that is opened first those that travel in it, under that of a later channel none.
pub(super) fn to_encipher_now(inputs: &Inputs) -> Vec<Zeroizing<Vec<u8>>> {
    to_encipher(inputs, &now(inputs))
}

fn now(inputs: &Inputs) -> Vec<usize> {
    let all = inputs.applications().iter().enumerate();
    let through_domain = |(_, application): &(usize, &Application)| application.route == Route::SecurityDomain;
    match (inputs.keys(inputs.last_ring()).protocol, inputs.last_ring()) {
        (Protocol::Scp03 { .. }, _) => all.map(|(number, _)| number).collect(),
        (Protocol::Scp02 { .. }, Ring::Opened) => all.filter(through_domain).map(|(number, _)| number).collect(),
        (Protocol::Scp02 { .. }, Ring::New) => Vec::new(),
    }
}

/// The padded values of all groupings of `applications` under the data encryption key, in order.
pub(super) fn to_encipher(inputs: &Inputs, applications: &[usize]) -> Vec<Zeroizing<Vec<u8>>> {
    let block = block(inputs);
    places(inputs.applications(), applications).map(|(_, dgi, always)| padded(&dgi.data, always, block)).collect()
}

/// The groupings under the data encryption key, each with its place and whether it is padded always.
fn places<'a>(all: &'a [Application], applications: &[usize]) -> impl Iterator<Item = ((usize, usize), &'a Dgi, bool)> {
    // what a script of the issuer's brings is under the application's own keys
    let stored =
        |number: usize, application: &Application| applications.contains(&number) && application.script.is_none();
    let wanted = all.iter().enumerate().filter(move |(number, application)| stored(*number, application));
    wanted.flat_map(|(number, application)| {
        let dgis = application.dgis.iter().enumerate();
        dgis.filter_map(move |(place, protected)| match protected.protection {
            Protection::Clear => None,
            Protection::Dek => Some(((number, place), protected.dgi(), false)),
            Protection::DekPadded => Some(((number, place), protected.dgi(), true)),
        })
    })
}

/// `80 00..` to whole blocks: `always`, or only where the length is none.
fn padded(value: &[u8], always: bool, block: usize) -> Zeroizing<Vec<u8>> {
    let length = padded_length(value.len(), always, block);
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(value);
    if length > value.len() {
        padded.push(0x80);
        padded.resize(length, 0);
    }
    padded
}

fn padded_length(length: usize, always: bool, block: usize) -> usize {
    if always { (length / block + 1) * block } else { length.next_multiple_of(block) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_byte_keys_are_never_padded_rsa_parts_always_and_a_pin_block_becomes_sixteen() {
        assert_eq!(padded(&[7; 16], false, 16).len(), 16);
        assert_eq!(padded(&[7; 48], false, 16)[..], [7; 48]);
        assert_eq!(padded(&[7; 8], false, 16)[..], [7, 7, 7, 7, 7, 7, 7, 7, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(padded(&[7; 96], true, 16)[95..], [7, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(padded(&[7; 95], true, 16).len(), 96);
    }

    #[test]
    fn under_triple_des_a_pin_block_is_a_block_already() {
        assert_eq!(padded(&[7; 8], false, 8)[..], [7; 8]);
        assert_eq!(padded(&[7; 48], false, 8).len(), 48);
        assert_eq!(padded(&[7; 112], true, 8)[111..], [7, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(padded(&[7; 111], true, 8).len(), 112);
    }
}
