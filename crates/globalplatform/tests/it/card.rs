//! A card for tests: the other side of SCP03, read from Amd D once more, sharing nothing with the crate but APDUs.

use cardwright_apdu::{Command, Response};
use cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Iso7816};

use crate::keystore::{KeySet, aes_cmac, aes_ecb_block};

/// The state of one channel on the card.
pub(crate) struct Card {
    enc: Vec<u8>,
    mac: Vec<u8>,
    rmac: Vec<u8>,
    host_cryptogram: Vec<u8>,
    length: usize,
    level: u8,
    chain: [u8; 16],
    counter: u128,
    idle_counter: bool,
}

/// SP 800-108 as Amd D §4.1.5 lays it out.
pub(crate) fn derive(key: &[u8], constant: u8, context: &[u8], length: usize) -> Vec<u8> {
    let bits = (length * 8) as u16;
    let block = |counter: u8| {
        let mut input = vec![0u8; 11];
        input.push(constant);
        input.push(0);
        input.extend(bits.to_be_bytes());
        input.push(counter);
        input.extend(context);
        aes_cmac(key, &input)
    };
    let mut out = [block(1), block(2)].concat();
    out.truncate(length);
    out
}

impl Card {
    /// Answers INITIALIZE UPDATE: the card and its answer with status word.
    pub(crate) fn open(
        keys: &KeySet,
        head: &[u8],
        host_challenge: &[u8],
        card_challenge: &[u8],
        counter: &[u8],
    ) -> (Self, Vec<u8>) {
        let context = [host_challenge, card_challenge].concat();
        let (length, size) = (host_challenge.len(), keys.enc.len());
        let mac = derive(&keys.mac, 6, &context, size);
        let cryptogram = derive(&mac, 0, &context, length);
        let answer = [head, card_challenge, &cryptogram, counter, &[0x90, 0x00]].concat();
        let card = Self {
            enc: derive(&keys.enc, 4, &context, size),
            rmac: derive(&keys.mac, 7, &context, size),
            host_cryptogram: derive(&mac, 1, &context, length),
            mac,
            length,
            level: 0,
            chain: [0; 16],
            counter: 0,
            idle_counter: false,
        };
        (card, answer)
    }

    pub(crate) fn with_idle_counter(mut self) -> Self {
        self.idle_counter = true;
        self
    }

    /// EXTERNAL AUTHENTICATE.
    pub(crate) fn authenticate(&mut self, command: &Command) -> Vec<u8> {
        let cryptogram = self.take_mac(command);
        assert_eq!(cryptogram, self.host_cryptogram, "the host cryptogram");
        assert_eq!((command.header.cla, command.header.ins, command.header.p2), (0x84, 0x82, 0));
        self.level = command.header.p1;
        vec![0x90, 0x00]
    }

    /// A command of the channel: the plain data that arrived, and the protected form of `answer`.
    pub(crate) fn process(&mut self, command: &Command, answer: &Response) -> (Vec<u8>, Vec<u8>) {
        let mut data = self.take_mac(command);
        if !data.is_empty() || !self.idle_counter {
            self.counter += 1;
        }
        if !data.is_empty() && self.level & 0x02 != 0 {
            data = self.cbc(false, self.counter, &data);
        }
        (data, self.protect(answer))
    }

    fn take_mac(&mut self, command: &Command) -> Vec<u8> {
        assert_eq!(command.header.cla & 0x04, 0x04, "secure messaging is announced");
        let (data, mac) = command.data().split_at(command.data().len() - self.length);
        let header = command.header;
        let input =
            [&self.chain[..], &[header.cla, header.ins, header.p1, header.p2, command.data().len() as u8], data];
        self.chain = aes_cmac(&self.mac, &input.concat());
        assert_eq!(mac, &self.chain[..self.length], "the C-MAC");
        data.to_vec()
    }

    fn protect(&self, answer: &Response) -> Vec<u8> {
        let status = answer.status.0.to_be_bytes();
        if self.level & 0x10 == 0 {
            return answer.to_bytes();
        }
        if !matches!(answer.status.0, 0x9000 | 0x6200..=0x63FF) {
            return status.to_vec();
        }
        let encrypt = self.level & 0x20 != 0 && !answer.data.is_empty();
        let data = if encrypt { self.cbc(true, self.counter | 0x80 << 120, &answer.data) } else { answer.data.clone() };
        let mac = aes_cmac(&self.rmac, &[&self.chain[..], &data, &status].concat());
        [&data, &mac[..self.length], &status[..]].concat()
    }

    fn cbc(&self, encrypt: bool, counter: u128, data: &[u8]) -> Vec<u8> {
        let icv = aes_ecb_block(&self.enc, counter.to_be_bytes());
        match (self.enc.len(), encrypt) {
            (16, true) => cbc_encrypt::<aes::Aes128>(&self.enc, &icv, data),
            (24, true) => cbc_encrypt::<aes::Aes192>(&self.enc, &icv, data),
            (_, true) => cbc_encrypt::<aes::Aes256>(&self.enc, &icv, data),
            (16, false) => cbc_decrypt::<aes::Aes128>(&self.enc, &icv, data),
            (24, false) => cbc_decrypt::<aes::Aes192>(&self.enc, &icv, data),
            (_, false) => cbc_decrypt::<aes::Aes256>(&self.enc, &icv, data),
        }
    }
}

fn cbc_encrypt<C: cipher::BlockCipherEncrypt + cipher::KeyInit>(key: &[u8], icv: &[u8], data: &[u8]) -> Vec<u8> {
    let cipher = cbc::Encryptor::<C>::new_from_slices(key, icv).unwrap();
    cipher.encrypt_padded_vec::<Iso7816>(data)
}

fn cbc_decrypt<C: cipher::BlockCipherDecrypt + cipher::KeyInit>(key: &[u8], icv: &[u8], data: &[u8]) -> Vec<u8> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, icv).unwrap();
    cipher.decrypt_padded_vec::<Iso7816>(data).unwrap()
}
