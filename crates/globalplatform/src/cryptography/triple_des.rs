//! Two-key triple DES of SCP02: CBC, full triple DES MAC and retail MAC (GPCS §B.1).

use cipher::{Array, BlockCipherEncrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use des::{Des, TdesEde2};

use crate::Error;

/// Block length of DES in bytes.
pub(crate) const BLOCK: usize = 8;

/// A two-key triple DES key and its first half; both schedules are wiped when they are dropped.
pub(crate) struct TripleDesKey {
    triple: TdesEde2,
    first_half: Des,
}

impl TripleDesKey {
    /// A key of 16 bytes.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |_| Error::SessionKeyLength { length: bytes.len() };
        let triple = TdesEde2::new_from_slice(bytes).map_err(wrong)?;
        let first_half = Des::new_from_slice(&bytes[..BLOCK]).map_err(wrong)?;
        Ok(Self { triple, first_half })
    }

    /// Encrypts whole blocks in place with ICV zero (GPCS §B.1.1.1).
    pub(crate) fn cbc_encrypt(&self, data: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(data);
        cbc::Encryptor::inner_iv_init(&self.triple, &Array::from([0; BLOCK])).encrypt_blocks(blocks);
    }

    /// The full triple DES MAC over padded data, ICV zero (GPCS §B.1.2.1).
    pub(crate) fn full_mac(&self, padded: &[u8]) -> [u8; BLOCK] {
        padded.chunks_exact(BLOCK).fold([0; BLOCK], |chain, block| encrypt(&self.triple, xor(chain, block)))
    }

    /// The retail MAC over padded data: single DES, the last block triple DES (GPCS §B.1.2.2).
    pub(crate) fn retail_mac(&self, icv: [u8; BLOCK], padded: &[u8]) -> [u8; BLOCK] {
        let mut blocks = padded.chunks_exact(BLOCK);
        let last = blocks.next_back();
        let chain = blocks.fold(icv, |chain, block| encrypt(&self.first_half, xor(chain, block)));
        last.map_or(chain, |block| encrypt(&self.triple, xor(chain, block)))
    }

    /// One block under the first half of the key: the encrypted ICV of SCP02 (GPCS §E.3.4).
    pub(crate) fn single_des(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        encrypt(&self.first_half, block)
    }
}

fn encrypt<C>(key: &C, block: [u8; BLOCK]) -> [u8; BLOCK]
where
    C: BlockCipherEncrypt<BlockSize = cipher::consts::U8>,
{
    let mut block = Array::from(block);
    key.encrypt_block(&mut block);
    block.into()
}

fn xor(mut chain: [u8; BLOCK], block: &[u8]) -> [u8; BLOCK] {
    chain.iter_mut().zip(block).for_each(|(byte, other)| *byte ^= other);
    chain
}
