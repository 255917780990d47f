//! Secure messaging of issuer scripts: session keys of one transaction, MACs, and what is enciphered
//! (docs/emv-application.md, section 6).

use cardwright_apdu::Command;

use super::cryptogram::{Version, common_session_key};
use super::groupings::{Groupings, KEYS};
use crate::block_cipher::{BlockCipher, retail_mac, unpad};
use crate::secret::{Secret, equal};

/// Bytes of a MAC.
const MAC: usize = 8;

/// What makes a script's commands those of one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transaction {
    /// the application transaction counter
    pub(super) counter: u16,
    /// what the first GENERATE AC answered
    pub(super) cryptogram: [u8; 8],
}

/// The session keys of one transaction.
pub(super) struct ScriptKeys {
    version: Version,
    transaction: Transaction,
    integrity: Secret,
    confidentiality: Secret,
}

/// A command whose MAC was right.
pub(super) struct Proven<'a> {
    pub(super) mac: [u8; MAC],
    /// the data before the MAC
    pub(super) data: &'a [u8],
}

impl ScriptKeys {
    /// From the card's MAC and ENC key; `None` where it has none.
    pub(super) fn new(groupings: &Groupings, transaction: Transaction) -> Option<Self> {
        let version = Version::of(groupings.internal(0x9F10)?)?;
        let keys = groupings.get(KEYS)?;
        let integrity = session_key(version, keys.get(16..32)?, transaction)?;
        let confidentiality = session_key(version, keys.get(32..48)?, transaction)?;
        Some(Self { version, transaction, integrity, confidentiality })
    }

    /// `None`: the command does not end in a right MAC, over header and Lc, counter, cryptogram, and the data as sent.
    pub(super) fn prove<'a>(&self, command: &'a Command) -> Option<Proven<'a>> {
        let (data, mac) = command.data().split_last_chunk::<MAC>()?;
        let header = command.header;
        let length = u8::try_from(command.data().len()).ok()?;
        let Transaction { counter, cryptogram } = self.transaction;
        let covered =
            [&[header.cla, header.ins, header.p1, header.p2, length][..], &counter.to_be_bytes(), &cryptogram, data];
        let expected = retail_mac(self.integrity.expose(), [0; 8], &covered.concat())?;
        equal(&expected, mac).then_some(Proven { mac: *mac, data })
    }

    /// What was enciphered, filled up to whole blocks: by CVN 0A behind its length in ECB mode, by CVN 12 in CBC mode.
    pub(super) fn decipher(&self, enciphered: &[u8]) -> Option<Secret> {
        if enciphered.is_empty() || !enciphered.len().is_multiple_of(8) {
            return None;
        }
        let cipher = BlockCipher::triple_des(self.confidentiality.expose())?;
        let mut plain = zeroize::Zeroizing::new(enciphered.to_vec());
        match self.version {
            Version::Cvn0A => plain.chunks_exact_mut(8).for_each(|block| cipher.decrypt_block(block)),
            Version::Cvn12 => cipher.decrypt_cbc(&[0; 8], &mut plain),
        }
        let content = unpad(&plain, 8)?;
        let content = match (self.version, content) {
            (Version::Cvn0A, [length, content @ ..]) if usize::from(*length) == content.len() => content,
            (Version::Cvn0A, _) => return None,
            (Version::Cvn12, content) => content,
        };
        Some(Secret::new(content.to_vec()))
    }
}

/// CVN 0A mixes the counter and its complement into the halves; CVN 12 derives from the cryptogram.
fn session_key(version: Version, card_key: &[u8], transaction: Transaction) -> Option<Secret> {
    match version {
        Version::Cvn0A => {
            let mut key: [u8; 16] = card_key.try_into().ok()?;
            let counter = transaction.counter.to_be_bytes();
            for (at, byte) in counter.into_iter().enumerate() {
                key[6 + at] ^= byte;
                key[14 + at] ^= !byte;
            }
            let session_key = Secret::new(key.to_vec());
            zeroize::Zeroize::zeroize(&mut key);
            Some(session_key)
        }
        Version::Cvn12 => common_session_key(card_key, transaction.cryptogram),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD_KEY: [u8; 16] = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210_u128.to_be_bytes();
    const TRANSACTION: Transaction =
        Transaction { counter: 0x001C, cryptogram: [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88] };

    /// What pyemv 1.5 makes of the example in docs/emv-application.md: `kd.derive_visa_sm_sk`, `kd.derive_common_sk`,
    /// `sm.generate_command_mac`, `sm.encrypt_command_data`.
    #[test]
    fn the_example_of_the_documentation_is_obeyed_under_both_versions() {
        for (version, limit, pin) in [
            (0x0A, "04DA9F580905B0329E779C66C618", "8424000218FDA8B871A2F4C2279AF1EC50A27FAAF3EE5A587F4C97A6D4"),
            (0x12, "04DA9F580905A9AD120573539E9F", "8424000218081C43E4AE4A9CBCA076FCCADA6DB0ADBA0B4D0FEE0885AB"),
        ] {
            let mut groupings = Groupings::default();
            groupings.put(KEYS, Secret::new(CARD_KEY.repeat(3)));
            let issuer_data = [0x9F, 0x10, 7, 6, 1, version, 3, 0, 0, 0];
            groupings.put(super::super::groupings::INTERNAL, Secret::new(issuer_data.to_vec()));
            let keys = ScriptKeys::new(&groupings, TRANSACTION).unwrap();
            let [limit, pin] = [limit, pin].map(|text| Command::parse(&hex::decode(text).unwrap()).unwrap());
            assert_eq!(keys.prove(&limit).unwrap().data, [0x05]);
            let enciphered = keys.prove(&pin).unwrap();
            let block = keys.decipher(enciphered.data).unwrap();
            assert!(block.equals(&[0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
            let other = Transaction { counter: 0x001D, cryptogram: [0x11; 8] };
            assert!(ScriptKeys::new(&groupings, other).unwrap().prove(&limit).is_none(), "another transaction");
        }
    }
}
