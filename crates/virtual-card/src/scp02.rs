//! Secure Channel Protocol '02' from the card's side, i = 15 and 55: legacy (GPCS §E).

use cardwright_apdu::Header;

use crate::block_cipher::{BlockCipher, full_triple_des_mac, retail_mac, unpad};
use crate::key::ChannelKeys;
use crate::level::SecurityLevel;
use crate::secret::{Secret, equal};

/// Derivation constants of the session keys (GPCS §E.4.1).
const COMMAND_MAC: [u8; 2] = [0x01, 0x01];
const ENCRYPTION: [u8; 2] = [0x01, 0x82];
const DATA_ENCRYPTION: [u8; 2] = [0x01, 0x81];

/// Session keys and chaining of one channel.
pub(crate) struct Session {
    encryption: Secret,
    mac: Secret,
    data_encryption: Secret,
    sequence_counter: [u8; 2],
    host_challenge: [u8; 8],
    card_challenge: [u8; 6],
    /// the previous C-MAC; `None` before the first
    previous: Option<[u8; 8]>,
    pub(crate) level: SecurityLevel,
}

/// A session key: 3DES-CBC, IV zero, over constant, counter and 12 zero bytes (GPCS §E.4.1).
pub(crate) fn session_key(key: &[u8], constant: [u8; 2], sequence_counter: [u8; 2]) -> Option<Secret> {
    let mut derived = [constant, sequence_counter].concat();
    derived.resize(16, 0);
    BlockCipher::triple_des(key)?.encrypt_cbc(&[0; 8], &mut derived);
    Some(Secret::new(derived))
}

impl Session {
    /// Derives the session keys, and draws the card challenge from them where `aid` is given: the leftmost 6 bytes
    /// of the C-MAC over the AID (GPCS §E.4.2.3); otherwise `random` is the challenge.
    pub(crate) fn derive(
        keys: &ChannelKeys<'_>,
        sequence_counter: [u8; 2],
        host_challenge: [u8; 8],
        challenge: CardChallenge<'_>,
    ) -> Option<Self> {
        let mac = session_key(keys.mac, COMMAND_MAC, sequence_counter)?;
        let card_challenge = match challenge {
            CardChallenge::Random(random) => random,
            CardChallenge::OverAid(aid) => *retail_mac(mac.expose(), [0; 8], aid)?.first_chunk()?,
        };
        Some(Self {
            encryption: session_key(keys.encryption, ENCRYPTION, sequence_counter)?,
            data_encryption: session_key(keys.data_encryption, DATA_ENCRYPTION, sequence_counter)?,
            mac,
            sequence_counter,
            host_challenge,
            card_challenge,
            previous: None,
            level: SecurityLevel::default(),
        })
    }

    pub(crate) fn card_challenge(&self) -> [u8; 6] {
        self.card_challenge
    }

    /// Host challenge, counter, card challenge under the session ENC key (GPCS §E.4.2.1).
    pub(crate) fn card_cryptogram(&self) -> Option<[u8; 8]> {
        let data = [&self.host_challenge[..], &self.sequence_counter, &self.card_challenge].concat();
        full_triple_des_mac(self.encryption.expose(), &data)
    }

    /// Counter, card challenge, host challenge under the session ENC key (GPCS §E.4.2.2).
    pub(crate) fn proves_the_host(&self, cryptogram: &[u8]) -> bool {
        let data = [&self.sequence_counter[..], &self.card_challenge, &self.host_challenge].concat();
        full_triple_des_mac(self.encryption.expose(), &data).is_some_and(|expected| equal(&expected, cryptogram))
    }

    /// Verifies the C-MAC of a command whose plain data is `body` (GPCS §E.4.4: over the modified APDU, whose Lc
    /// counts plain data and C-MAC; the ICV is the previous C-MAC under single DES, §E.3.4).
    pub(crate) fn verify(&mut self, header: Header, body: &[u8], mac: &[u8]) -> bool {
        let computed = self.command_mac(header, body);
        match computed {
            Some(computed) if equal(&computed, mac) => {
                self.previous = Some(computed);
                true
            }
            _ => false,
        }
    }

    fn command_mac(&self, header: Header, body: &[u8]) -> Option<[u8; 8]> {
        let mut initial = self.previous.unwrap_or_default();
        if self.previous.is_some() {
            BlockCipher::single_des(self.mac.expose().get(..8)?)?.encrypt_block(&mut initial);
        }
        let length = u8::try_from(body.len() + 8).ok()?;
        let head = [header.cla & 0xFC, header.ins, header.p1, header.p2, length];
        retail_mac(self.mac.expose(), initial, &[&head, body].concat())
    }

    /// Decrypts command data; nothing stays nothing (GPCS §E.4.6). `None`: not whole blocks, or no padding.
    pub(crate) fn decrypt(&self, data: &[u8]) -> Option<Vec<u8>> {
        if data.is_empty() {
            return Some(Vec::new());
        }
        let mut plain = data.to_vec();
        BlockCipher::triple_des(self.encryption.expose())?.decrypt_cbc(&[0; 8], &mut plain);
        unpad(&plain, 8).map(<[u8]>::to_vec)
    }

    /// Decrypts keys and other sensitive data under the session DEK, 3DES in ECB mode (GPCS §E.4.7).
    pub(crate) fn decrypt_sensitive(&self, data: &[u8]) -> Option<Vec<u8>> {
        let cipher = BlockCipher::triple_des(self.data_encryption.expose())?;
        let mut plain = data.to_vec();
        plain.chunks_exact_mut(8).for_each(|block| cipher.decrypt_block(block));
        (!data.is_empty() && data.len().is_multiple_of(8)).then_some(plain)
    }
}

/// Where the 6 bytes of the card challenge come from.
pub(crate) enum CardChallenge<'a> {
    Random([u8; 6]),
    OverAid(&'a [u8]),
}
