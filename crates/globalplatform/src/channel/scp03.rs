//! SCP03: session keys, cryptograms, C-MAC, C-DECRYPTION, R-MAC and R-ENCRYPTION (Amd D §6.2).
//!
//! The chain of C-MACs depends on the commands alone and the counter on their number; responses feed nothing back.
//! So a whole list is wrapped at once, and each answer is verified by its own command's values, in any order.

use cardwright_apdu::{Command, Response};
use zeroize::Zeroizing;

use super::{Opening, Protection, secured};
use crate::Error;
use crate::cryptography::{AesKey, CmacKey, pad, padded_length, unpad};
use crate::derivation::{KeyRequest, StaticKey, block, constant, counter_mode};
use crate::protocol::KeySize;
use crate::security_level::SecurityLevel;

/// The derivations of S-ENC, S-MAC and, where the level needs it, S-RMAC (Amd D §6.2.1, Table 6-2).
pub(crate) fn request(context: &[u8], key_size: KeySize, with_response_mac: bool) -> Vec<KeyRequest> {
    let keys =
        [(StaticKey::Enc, constant::S_ENC), (StaticKey::Mac, constant::S_MAC), (StaticKey::Mac, constant::S_RMAC)];
    keys.into_iter()
        .take(if with_response_mac { 3 } else { 2 })
        .map(|(key, constant)| KeyRequest { key, derivation: counter_mode(constant, context, key_size.bytes()) })
        .collect()
}

/// What verifies the answer to one command: its chaining value and its counter. Small, and independent of what the
/// answers before it were.
#[derive(Clone, Copy)]
pub(crate) struct ResponseCheck {
    chaining_value: [u8; 16],
    counter: u64,
}

/// A channel from the right card cryptogram on.
pub(crate) struct Scp03Channel {
    enc: AesKey,
    mac: CmacKey,
    response_mac: Option<CmacKey>,
    /// host challenge and card challenge, until EXTERNAL AUTHENTICATE has used them
    context: Vec<u8>,
    level: SecurityLevel,
    mac_length: usize,
    chaining_value: [u8; 16],
    counter: u64,
    idle_counter: bool,
}

/// Why an answer does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unverified {
    /// shorter than an R-MAC
    Missing,
    /// the R-MAC is not the one of this response to this command
    Wrong,
    /// a right R-MAC over data that does not decrypt to padded data
    Padding,
}

impl Scp03Channel {
    pub(crate) fn open(opening: &Opening, keys: &[Zeroizing<Vec<u8>>]) -> Result<Self, Error> {
        let context = opening.context();
        let mac = CmacKey::new(&keys[1])?;
        let mac_length = opening.parameters.security_length();
        let expected = block(constant::CARD_CRYPTOGRAM, &context, mac_length, 1);
        let cryptogram = &opening.answer.card_cryptogram;
        if cryptogram.len() != mac_length || !mac.verify(&[&expected], cryptogram) {
            return Err(Error::CardCryptogram);
        }
        Ok(Self {
            enc: AesKey::new(&keys[0])?,
            mac,
            response_mac: keys.get(2).map(|key| CmacKey::new(key)).transpose()?,
            context,
            level: opening.parameters.level(),
            mac_length,
            chaining_value: [0; 16],
            counter: 0,
            idle_counter: opening.parameters.counter_is_idle_without_data(),
        })
    }

    pub(crate) fn level(&self) -> SecurityLevel {
        self.level
    }

    pub(crate) fn mac_length(&self) -> usize {
        self.mac_length
    }

    /// The card cryptogram that a card with these session keys makes (Amd D §6.2.2.2).
    pub(crate) fn card_cryptogram(mac: &[u8], context: &[u8], length: usize) -> Result<Vec<u8>, Error> {
        Ok(CmacKey::new(mac)?.tag(&[&block(constant::CARD_CRYPTOGRAM, context, length, 1)])[..length].to_vec())
    }

    /// EXTERNAL AUTHENTICATE: C-MAC under the chaining value of 16 zero bytes, never encrypted, and the counter
    /// does not step (Amd D §6.2.2.3, §6.2.3, §7.1.2).
    pub(crate) fn external_authenticate(&mut self) -> Command {
        let host = block(constant::HOST_CRYPTOGRAM, &self.context, self.mac_length, 1);
        let cryptogram = self.mac.tag(&[&host])[..self.mac_length].to_vec();
        let command = Command::new(0x84, 0x82, self.level.byte(), 0x00);
        self.with_mac(&command, cryptogram, false)
    }

    /// Wraps a command whose class and length were found right (Amd D §6.2.4, §6.2.6).
    pub(crate) fn wrap(&mut self, plain: &Command) -> (Command, Protection) {
        let has_data = !plain.data().is_empty();
        if has_data || !self.idle_counter {
            self.counter += 1;
        }
        let data = if has_data && self.level.has_command_encryption() {
            self.encrypt(plain.data())
        } else {
            self.data_with_room(plain.data())
        };
        let protected = self.response_mac.is_some();
        let command = self.with_mac(plain, data, protected);
        let check = ResponseCheck { chaining_value: self.chaining_value, counter: self.counter };
        (command, if protected { Protection::ResponseMac(check) } else { Protection::None })
    }

    fn data_with_room(&self, plain: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(plain.len() + self.mac_length);
        data.extend_from_slice(plain);
        data
    }

    /// Padded and encrypted under the counter's ICV, in a buffer with room for the C-MAC: nothing clear is left
    /// behind by growing it.
    fn encrypt(&self, plain: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(padded_length(plain.len(), 16) + self.mac_length);
        data.extend_from_slice(&pad(plain, 16));
        self.enc.cbc_encrypt(self.icv(self.counter, 0x00), &mut data);
        data
    }

    /// The counter as a block, its first byte 00 for commands and 80 for responses, under S-ENC (Amd D §6.2.6, §6.2.7).
    fn icv(&self, counter: u64, first_byte: u8) -> [u8; 16] {
        let mut block = [0; 16];
        block[0] = first_byte;
        block[8..].copy_from_slice(&counter.to_be_bytes());
        self.enc.encrypt_block(block)
    }

    /// Appends the C-MAC over chaining value, modified header and data, and chains on with all 16 bytes of it.
    fn with_mac(&mut self, plain: &Command, mut data: Vec<u8>, answered: bool) -> Command {
        let header = plain.header;
        let length = (data.len() + self.mac_length) as u8;
        let modified = [header.cla | 0x04, header.ins, header.p1, header.p2, length];
        self.chaining_value = self.mac.tag(&[&self.chaining_value, &modified, &data]);
        data.extend_from_slice(&self.chaining_value[..self.mac_length]);
        secured(plain, data, answered)
    }

    /// Takes R-MAC and R-ENCRYPTION off an answer that must carry them (Amd D §6.2.5, §6.2.7).
    pub(crate) fn unwrap(&self, check: &ResponseCheck, answer: &Response) -> Result<Response, Unverified> {
        let key = self.response_mac.as_ref().ok_or(Unverified::Missing)?;
        let length = answer.data.len().checked_sub(self.mac_length).ok_or(Unverified::Missing)?;
        let (data, mac) = answer.data.split_at(length);
        if !key.verify(&[&check.chaining_value, data, &answer.status.0.to_be_bytes()], mac) {
            return Err(Unverified::Wrong);
        }
        if data.is_empty() || !self.level.has_response_encryption() {
            return Ok(Response::new(data, answer.status));
        }
        self.decrypt(check, data).map(|plain| Response::new(plain, answer.status))
    }

    fn decrypt(&self, check: &ResponseCheck, data: &[u8]) -> Result<Vec<u8>, Unverified> {
        if !data.len().is_multiple_of(16) {
            return Err(Unverified::Padding);
        }
        let mut plain = Zeroizing::new(data.to_vec());
        self.enc.cbc_decrypt(self.icv(check.counter, 0x80), &mut plain);
        unpad(&plain).map(<[u8]>::to_vec).ok_or(Unverified::Padding)
    }
}
