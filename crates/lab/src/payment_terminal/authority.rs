//! The authorities' public keys that the terminal holds (B2 §5.2, §11.2.2).

use openssl::sha::sha1;

use super::fault::Wrong;
use super::public_key::PublicKey;

/// One authority's public key, whose checksum was found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityKey {
    provider: [u8; 5],
    index: u8,
    key: PublicKey,
}

impl AuthorityKey {
    /// The key of `provider` (a RID) with `index`; `checksum` is SHA-1 over all four.
    ///
    /// # Errors
    /// [`Wrong::Terminal`] for another checksum, a modulus of more than 248 bytes, or an exponent other than 3 and
    /// 65,537.
    pub fn new(
        provider: [u8; 5],
        index: u8,
        modulus: &[u8],
        exponent: &[u8],
        checksum: [u8; 20],
    ) -> Result<Self, Wrong> {
        if sha1(&[&provider, &[index][..], modulus, exponent].concat()) != checksum {
            return Err(Wrong::Terminal("the authority key's checksum is another".to_owned()));
        }
        let key = PublicKey::new(modulus, exponent).map_err(|why| Wrong::Terminal(format!("authority key: {why}")))?;
        Ok(Self { provider, index, key })
    }

    /// Whether the key is the one that a card of this provider names by 8F.
    pub(super) fn is(&self, provider: [u8; 5], index: u8) -> bool {
        self.provider == provider && self.index == index
    }

    pub(super) fn key(&self) -> &PublicKey {
        &self.key
    }
}
