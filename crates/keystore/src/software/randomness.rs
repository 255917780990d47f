//! Where keys, nonces and salts come from.

use crate::Error;

/// A source of random bytes. Tests and simulations hand in a seeded one; in any case P-256 signatures draw from AWS-LC,
/// and RSA keys from OpenSSL.
pub trait RandomSource: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error>;
}

/// AWS-LC's generator, seeded by the system.
pub struct SystemRandomness;

impl RandomSource for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| Error::Unavailable("the system gives no randomness".into()))
    }
}

impl<F: Fn(&mut [u8]) + Send + Sync> RandomSource for F {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        self(bytes);
        Ok(())
    }
}
