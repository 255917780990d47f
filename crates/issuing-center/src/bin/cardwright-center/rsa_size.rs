//! `--bits` and `--exponent`: the size of an RSA key.

use cardwright_issuing_center::pool::exponent_of;
use cardwright_keystore::{RsaExponent, RsaSize};
use clap::Args;

use crate::failure::Failure;

/// The size of an RSA key.
#[derive(Args)]
pub(crate) struct RsaArguments {
    /// Length of an RSA key's modulus in bits, a multiple of 8
    #[arg(long)]
    bits: Option<u16>,
    /// Exponent of an RSA key: 3 or 65537
    #[arg(long, value_parser = exponent, default_value = "65537")]
    exponent: RsaExponent,
}

impl RsaArguments {
    /// The size, which must be given.
    pub(crate) fn size(&self) -> Result<RsaSize, Failure> {
        let bits = self.bits.ok_or_else(|| Failure::Usage("--bits is needed: the length of the key".into()))?;
        RsaSize::new(bits, self.exponent).map_err(|error| Failure::Usage(error.to_string()))
    }

    /// The size, where one is given.
    pub(crate) fn optional(&self) -> Result<Option<RsaSize>, Failure> {
        self.bits.map(|_| self.size()).transpose()
    }
}

fn exponent(text: &str) -> Result<RsaExponent, String> {
    text.parse().ok().and_then(exponent_of).ok_or_else(|| "3 or 65537".to_owned())
}
