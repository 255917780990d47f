//! A card's keys: the maker's, as the product diversifies them, and the issuer's own, by generation.

use cardwright_globalplatform::{KeyDerivation, StaticKey};
use cardwright_issuance::product::CardProduct;
use cardwright_keystore::Derivation;

/// How the maker made `role` of the card with `kdd` from the batch's master.
pub(super) fn transport(product: &CardProduct, kdd: &[u8; 10], role: StaticKey) -> Derivation {
    match product.diversification().derivation(role, kdd) {
        KeyDerivation::AesCmac { blocks, length } => Derivation::AesCmac { blocks, length },
        KeyDerivation::TdesCbc { block } => Derivation::TdesCbc { block },
        KeyDerivation::TdesEcb { blocks } => Derivation::TdesEcb { blocks },
    }
}

/// How the issuer's key `role` of a card is made from the issuer's master: SP 800-108 in counter mode with AES-CMAC.
///
/// The context is what the card itself tells (product, CPLC, KDD) and the generation, which steps with every set ever
/// made for the card, so that no value is put on a card twice.
pub(super) fn issuer(
    product: &str,
    cplc: &[u8],
    kdd: &[u8; 10],
    (generation, length): (u32, usize),
    role: StaticKey,
) -> Derivation {
    let context = minicbor::to_vec((
        "cardwright issuer key 1",
        product,
        ByteSlice(cplc),
        ByteSlice(kdd),
        generation,
        role.identifier(),
    ))
    .expect("encoding into a Vec cannot fail: there is no writer that could");
    let bits = (length as u16 * 8).to_be_bytes();
    let block = |counter: usize| [&[counter as u8][..], &context, &[0], &bits].concat();
    Derivation::AesCmac { blocks: (1..=length.div_ceil(16)).map(block).collect(), length }
}

/// Bytes that are encoded as a byte string.
struct ByteSlice<'a>(&'a [u8]);

impl<C> minicbor::Encode<C> for ByteSlice<'_> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        out: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        out.bytes(self.0)?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_context_makes_another_key() {
        let product = "scp03-i70";
        let keys = [
            issuer(product, &[1; 42], &[2; 10], (1, 16), StaticKey::Enc),
            issuer(product, &[9; 42], &[2; 10], (1, 16), StaticKey::Enc),
            issuer(product, &[1; 42], &[9; 10], (1, 16), StaticKey::Enc),
            issuer(product, &[1; 42], &[2; 10], (2, 16), StaticKey::Enc),
            issuer(product, &[1; 42], &[2; 10], (1, 16), StaticKey::Mac),
            issuer(product, &[], &[2; 10], (1, 16), StaticKey::Enc),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(key.length(), 16);
            assert!(!keys[index + 1..].contains(key), "{index}");
        }
    }
}
