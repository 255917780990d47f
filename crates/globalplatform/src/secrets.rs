//! Session keys as they come back from the keystore: wiped when dropped, never printed, never copied.

use zeroize::Zeroizing;

use crate::Error;
use crate::derivation::KeyRequest;

/// The results of a list of [`KeyRequest`]s, in the order of that list.
pub struct SessionSecrets {
    keys: Vec<Zeroizing<Vec<u8>>>,
}

impl SessionSecrets {
    /// The derived values, one per request, in the requests' order.
    #[must_use]
    pub fn new(keys: Vec<Zeroizing<Vec<u8>>>) -> Self {
        Self { keys }
    }

    /// The values, if there is one of the right length for each request.
    ///
    /// # Errors
    /// `Error::SecretCount` or `Error::SessionKeyLength`.
    pub(crate) fn for_requests(&self, requests: &[KeyRequest]) -> Result<&[Zeroizing<Vec<u8>>], Error> {
        if self.keys.len() != requests.len() {
            return Err(Error::SecretCount { expected: requests.len(), found: self.keys.len() });
        }
        let wrong = |(key, request): &(&Zeroizing<Vec<u8>>, &KeyRequest)| key.len() != request.derivation.length();
        match self.keys.iter().zip(requests).find(wrong) {
            Some((key, _)) => Err(Error::SessionKeyLength { length: key.len() }),
            None => Ok(&self.keys),
        }
    }
}
