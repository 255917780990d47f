//! Application cryptograms and what the issuer answers to them: CVN 0A and 12, session keys CSK, ARPC methods 1 and 2.

use crate::block_cipher::{BlockCipher, pad, retail_mac_of_blocks};
use crate::secret::{Secret, equal};

/// Elements of the cryptogram's data in their order, with their lengths: 29 bytes.
pub(super) const ELEMENTS: [(u32, usize); 8] =
    [(0x9F02, 6), (0x9F03, 6), (0x9F1A, 2), (0x95, 5), (0x5F2A, 2), (0x9A, 3), (0x9C, 1), (0x9F37, 4)];

/// How cryptograms are made: the third byte of the issuer application data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// CVN 10: the card key, zero padding, the CVR
    Cvn0A,
    /// CVN 18: a session key, padding 80, the whole issuer application data
    Cvn12,
}

/// The key that makes cryptograms in one transaction.
pub(super) struct CryptogramKey {
    version: Version,
    key: Secret,
}

/// What goes into a cryptogram besides the elements.
pub(super) struct Input<'a> {
    /// 29 bytes
    pub(super) elements: &'a [u8],
    pub(super) profile: [u8; 2],
    pub(super) counter: u16,
    /// `06 DKI CVN CVR(4) ..`
    pub(super) issuer_data: &'a [u8],
}

impl Version {
    /// The version that issuer application data of 7 to 32 bytes names; `None` for another, or another form.
    pub(super) fn of(issuer_data: &[u8]) -> Option<Self> {
        match issuer_data {
            [0x06, _, version, 0x03, _, _, _, rest @ ..] if rest.len() <= 25 => match version {
                0x0A => Some(Self::Cvn0A),
                0x12 => Some(Self::Cvn12),
                _ => None,
            },
            _ => None,
        }
    }
}

impl CryptogramKey {
    /// The key for the transaction `counter` from the card's AC key; `None` for a key that is not 16 bytes.
    pub(super) fn new(version: Version, card_key: &[u8], counter: u16) -> Option<Self> {
        let key = match version {
            Version::Cvn0A => Secret::new(card_key.to_vec()),
            Version::Cvn12 => transaction_session_key(card_key, counter)?,
        };
        (key.expose().len() == 16).then_some(Self { version, key })
    }

    /// The cryptogram.
    pub(super) fn cryptogram(&self, input: &Input<'_>) -> Option<[u8; 8]> {
        let of_issuer = match self.version {
            Version::Cvn0A => input.issuer_data.get(3..7)?,
            Version::Cvn12 => input.issuer_data,
        };
        let data = [input.elements, &input.profile, &input.counter.to_be_bytes(), of_issuer].concat();
        let padded = match self.version {
            Version::Cvn0A => zero_padded(data),
            Version::Cvn12 => pad(&data, 8),
        };
        retail_mac_of_blocks(self.key.expose(), [0; 8], &padded)
    }

    /// What the issuer says by its authentication data (tag 91); `None` where they do not prove that it says so.
    pub(super) fn verify(&self, cryptogram: [u8; 8], authentication_data: &[u8]) -> Option<IssuerSays> {
        match (self.version, authentication_data) {
            (_, [response @ .., code_1, code_2]) if response.len() == 8 => {
                let expected = self.response_method_1(cryptogram, [*code_1, *code_2])?;
                equal(&expected, response).then_some(IssuerSays::ResponseCode([*code_1, *code_2]))
            }
            (Version::Cvn12, [r1, r2, r3, r4, update @ ..]) if (4..=12).contains(&update.len()) => {
                let expected = self.response_method_2(cryptogram, update)?;
                let approves = update[1] & 0x80 != 0;
                equal(&expected, &[*r1, *r2, *r3, *r4]).then_some(IssuerSays::StatusUpdate { approves })
            }
            _ => None,
        }
    }

    /// 3DES of the cryptogram xor the response code and six bytes 00.
    fn response_method_1(&self, mut cryptogram: [u8; 8], code: [u8; 2]) -> Option<[u8; 8]> {
        cryptogram[0] ^= code[0];
        cryptogram[1] ^= code[1];
        BlockCipher::triple_des(self.key.expose())?.encrypt_block(&mut cryptogram);
        Some(cryptogram)
    }

    /// The first 4 bytes of the MAC over cryptogram, card status update and proprietary authentication data.
    fn response_method_2(&self, cryptogram: [u8; 8], update: &[u8]) -> Option<[u8; 4]> {
        let padded = pad(&[&cryptogram, update].concat(), 8);
        retail_mac_of_blocks(self.key.expose(), [0; 8], &padded)?.first_chunk().copied()
    }
}

/// What a right answer of the issuer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssuerSays {
    /// method 1: the authorization response code
    ResponseCode([u8; 2]),
    /// method 2: the card status update, whose second byte has bit 80 where the issuer approves
    StatusUpdate { approves: bool },
}

/// The session key for cryptograms, derived from the counter.
fn transaction_session_key(card_key: &[u8], counter: u16) -> Option<Secret> {
    let [high, low] = counter.to_be_bytes();
    common_session_key(card_key, [high, low, 0, 0, 0, 0, 0, 0])
}

/// CSK: 3DES of `diversifier` with F0 as its third byte, and with 0F.
pub(super) fn common_session_key(card_key: &[u8], diversifier: [u8; 8]) -> Option<Secret> {
    let cipher = BlockCipher::triple_des(card_key)?;
    let mut derived = diversifier.repeat(2);
    (derived[2], derived[10]) = (0xF0, 0x0F);
    derived.chunks_exact_mut(8).for_each(|block| cipher.encrypt_block(block));
    Some(Secret::new(derived))
}

fn zero_padded(mut data: Vec<u8>) -> Vec<u8> {
    data.resize(data.len().next_multiple_of(8), 0);
    data
}
