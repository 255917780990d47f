//! Secure Channel Protocol '03' from the card's side (Amd D).

use cardwright_apdu::{Header, Response};

use crate::block_cipher::{BlockCipher, aes_cmac, pad, unpad};
use crate::key::ChannelKeys;
use crate::level::SecurityLevel;
use crate::secret::{Secret, equal};

/// Derivation constants (Amd D Table 4-1).
const CARD_CRYPTOGRAM: u8 = 0x00;
const HOST_CRYPTOGRAM: u8 = 0x01;
const CARD_CHALLENGE: u8 = 0x02;
const SESSION_ENCRYPTION: u8 = 0x04;
const SESSION_MAC: u8 = 0x06;
const SESSION_RESPONSE_MAC: u8 = 0x07;

/// `length` bytes of the KDF (Amd D §4.1.5); `None` for a key that is no AES key.
pub(crate) fn derive(key: &[u8], constant: u8, context: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut label = [0; 12];
    label[11] = constant;
    let bits = u16::try_from(length * 8).ok()?.to_be_bytes();
    let mut derived = Vec::with_capacity(32);
    for counter in 1..=length.div_ceil(16) as u8 {
        derived.extend_from_slice(&aes_cmac(key, &[&label, &[0], &bits, &[counter], context])?);
    }
    derived.truncate(length);
    Some(derived)
}

/// The card challenge of a card whose challenges can be computed beforehand (Amd D §6.2.2.1).
pub(crate) fn pseudo_random_challenge(key: &[u8], counter: u32, aid: &[u8], length: usize) -> Option<Vec<u8>> {
    let context = [&counter.to_be_bytes()[1..], aid].concat();
    derive(key, CARD_CHALLENGE, &context, length)
}

/// Session keys and chaining of one channel.
pub(crate) struct Session {
    encryption: Secret,
    mac: Secret,
    response_mac: Secret,
    data_encryption: Secret,
    /// host challenge and card challenge
    challenges: Vec<u8>,
    /// of challenges, cryptograms and MACs: 8 or 16
    length: usize,
    chaining: [u8; 16],
    /// commands since EXTERNAL AUTHENTICATE
    counter: u128,
    pub(crate) level: SecurityLevel,
}

impl Session {
    /// Derives the session keys (Amd D §6.2.1); challenges of 8 or 16 bytes each.
    pub(crate) fn derive(keys: &ChannelKeys<'_>, host_challenge: &[u8], card_challenge: &[u8]) -> Option<Self> {
        let challenges = [host_challenge, card_challenge].concat();
        let session_key = |key: &[u8], constant| derive(key, constant, &challenges, key.len()).map(Secret::new);
        Some(Self {
            encryption: session_key(keys.encryption, SESSION_ENCRYPTION)?,
            mac: session_key(keys.mac, SESSION_MAC)?,
            response_mac: session_key(keys.mac, SESSION_RESPONSE_MAC)?,
            data_encryption: Secret::new(keys.data_encryption.to_vec()),
            length: card_challenge.len(),
            challenges,
            chaining: [0; 16],
            counter: 0,
            level: SecurityLevel::default(),
        })
    }

    /// The cryptogram that proves the card (Amd D §6.2.2.2).
    pub(crate) fn card_cryptogram(&self) -> Option<Vec<u8>> {
        derive(self.mac.expose(), CARD_CRYPTOGRAM, &self.challenges, self.length)
    }

    /// Whether `cryptogram` proves the host (Amd D §6.2.2.3).
    pub(crate) fn proves_the_host(&self, cryptogram: &[u8]) -> bool {
        derive(self.mac.expose(), HOST_CRYPTOGRAM, &self.challenges, self.length)
            .is_some_and(|expected| equal(&expected, cryptogram))
    }

    /// Bytes of a C-MAC or R-MAC: 8 or 16.
    pub(crate) fn mac_length(&self) -> usize {
        self.length
    }

    /// Verifies the C-MAC at the end of `data` and hands back what stands before it (Amd D §6.2.4).
    /// The chaining value moves on only if it is right.
    pub(crate) fn verify<'a>(&mut self, header: Header, data: &'a [u8]) -> Option<&'a [u8]> {
        let (body, mac) = data.split_at_checked(data.len().checked_sub(self.length)?)?;
        let head = [header.cla & 0xFC, header.ins, header.p1, header.p2, u8::try_from(data.len()).ok()?];
        let computed = aes_cmac(self.mac.expose(), &[&self.chaining, &head, body])?;
        if !equal(&computed[..self.length], mac) {
            return None;
        }
        self.chaining = computed;
        Some(body)
    }

    /// Steps the encryption counter, once for each command, with data or without (Amd D §6.2.6).
    pub(crate) fn count_command(&mut self) {
        self.counter = self.counter.wrapping_add(1);
    }

    /// Decrypts command data; nothing stays nothing (Amd D §6.2.6). `None`: not whole blocks, or no padding.
    pub(crate) fn decrypt(&self, data: &[u8]) -> Option<Vec<u8>> {
        if data.is_empty() {
            return Some(Vec::new());
        }
        let mut plain = data.to_vec();
        let cipher = BlockCipher::aes(self.encryption.expose())?;
        cipher.decrypt_cbc(&self.initial_vector(&cipher, false), &mut plain);
        unpad(&plain, 16).map(<[u8]>::to_vec)
    }

    /// Protects an answer as the level says; an error status travels alone (Amd D §6.2.5, §6.2.7).
    pub(crate) fn protect(&self, response: Response) -> Option<Response> {
        if !self.level.response_mac() {
            return Some(response);
        }
        if !response.status.carries_response_mac() {
            return Some(Response::new([], response.status));
        }
        let status = response.status;
        let mut data = response.into_data();
        if self.level.response_encryption() && !data.is_empty() {
            let cipher = BlockCipher::aes(self.encryption.expose())?;
            data = pad(&data, 16);
            cipher.encrypt_cbc(&self.initial_vector(&cipher, true), &mut data);
        }
        let mac = aes_cmac(self.response_mac.expose(), &[&self.chaining, &data, &status.0.to_be_bytes()])?;
        data.extend_from_slice(&mac[..self.length]);
        Some(Response::new(data, status))
    }

    /// Decrypts keys and other sensitive data under the static Key-DEK, ICV zero (Amd D §6.2.8).
    pub(crate) fn decrypt_sensitive(&self, data: &[u8]) -> Option<Vec<u8>> {
        let mut plain = data.to_vec();
        let whole = !data.is_empty() && data.len().is_multiple_of(16);
        BlockCipher::aes(self.data_encryption.expose())?.decrypt_cbc(&[0; 16], &mut plain);
        whole.then_some(plain)
    }

    fn initial_vector(&self, cipher: &BlockCipher, response: bool) -> [u8; 16] {
        let mut block = self.counter.to_be_bytes();
        if response {
            block[0] = 0x80;
        }
        cipher.encrypt_block(&mut block);
        block
    }
}
