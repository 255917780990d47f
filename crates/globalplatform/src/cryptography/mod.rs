//! The ciphers and MACs of the secure channels, over session keys only: a card's static keys never come here.

mod aes_keys;
mod triple_des;

pub(crate) use aes_keys::{AesKey, CmacKey};
pub(crate) use triple_des::TripleDesKey;

use zeroize::Zeroizing;

/// Appends `80` and as many zero bytes as fill the last block (GPCS §B.1.3, §B.2.3: always at least the `80`).
pub(crate) fn pad(data: &[u8], block_length: usize) -> Zeroizing<Vec<u8>> {
    let padded_length = padded_length(data.len(), block_length);
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_length));
    padded.extend_from_slice(data);
    padded.push(0x80);
    padded.resize(padded_length, 0);
    padded
}

/// The length that [`pad`] makes of `length`.
pub(crate) fn padded_length(length: usize, block_length: usize) -> usize {
    (length / block_length + 1) * block_length
}

/// Takes the padding of [`pad`] off; `None` where there is none. The data has been authenticated before.
pub(crate) fn unpad(data: &[u8]) -> Option<&[u8]> {
    let end = data.iter().rposition(|byte| *byte != 0)?;
    (data[end] == 0x80).then(|| &data[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_comes_off_as_it_went_on() {
        for length in 0..=48 {
            let data = vec![0x80; length];
            let padded = pad(&data, 16);
            assert_eq!(padded.len() % 16, 0);
            assert_eq!(unpad(&padded), Some(&data[..]));
        }
        assert_eq!(unpad(&[0; 16]), None);
        assert_eq!(unpad(&[1, 0, 0]), None);
    }
}
