//! The other side of a secure channel, for tests only: SCP03 and SCP02 as a host does them.

use aes::{Aes128, Aes192, Aes256};
use cardwright_virtual_card::Card;
use cipher::{BlockCipherEncrypt, KeyInit};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2};

use crate::world::static_keys;

pub(crate) fn cmac(key: &[u8], data: &[u8]) -> [u8; 16] {
    fn run<M: Mac + cmac::KeyInit>(key: &[u8], data: &[u8]) -> [u8; 16] {
        let mut mac = <M as cmac::KeyInit>::new_from_slice(key).unwrap();
        mac.update(data);
        mac.finalize().into_bytes().as_slice().try_into().unwrap()
    }
    match key.len() {
        16 => run::<Cmac<Aes128>>(key, data),
        24 => run::<Cmac<Aes192>>(key, data),
        _ => run::<Cmac<Aes256>>(key, data),
    }
}

pub(crate) fn aes_block(key: &[u8], block: [u8; 16]) -> [u8; 16] {
    let mut block = block.into();
    match key.len() {
        16 => Aes128::new_from_slice(key).unwrap().encrypt_block(&mut block),
        24 => Aes192::new_from_slice(key).unwrap().encrypt_block(&mut block),
        _ => Aes256::new_from_slice(key).unwrap().encrypt_block(&mut block),
    }
    block.into()
}

pub(crate) fn aes_cbc(key: &[u8], initial: [u8; 16], data: &[u8]) -> Vec<u8> {
    let mut previous = initial;
    let mut out = Vec::new();
    for chunk in data.chunks_exact(16) {
        let block: [u8; 16] = std::array::from_fn(|index| chunk[index] ^ previous[index]);
        previous = aes_block(key, block);
        out.extend_from_slice(&previous);
    }
    out
}

fn padded(data: &[u8], block: usize) -> Vec<u8> {
    let mut padded = [data, &[0x80]].concat();
    padded.resize(padded.len().next_multiple_of(block), 0);
    padded
}

pub(crate) fn kdf(key: &[u8], constant: u8, bits: u16, context: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for counter in 1..=bits.div_ceil(128) as u8 {
        let [high, low] = bits.to_be_bytes();
        let head = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, constant, 0, high, low, counter];
        out.extend_from_slice(&cmac(key, &[&head[..], context].concat()));
    }
    out.truncate(usize::from(bits / 8));
    out
}

/// An open SCP03 channel.
pub(crate) struct Scp03 {
    enc: Vec<u8>,
    mac: Vec<u8>,
    rmac: Vec<u8>,
    pub(crate) dek: Vec<u8>,
    chaining: [u8; 16],
    counter: u128,
    level: u8,
    length: usize,
    pub(crate) initialize_update: Vec<u8>,
}

impl Scp03 {
    /// Opens with the card's transport keys.
    pub(crate) fn open(card: &mut Card, level: u8) -> Self {
        let keys = static_keys(&card.state().product);
        Self::open_with(card, &keys, 0, level).expect("the channel opens")
    }

    /// Opens with `keys` at `version`; the status word where the card refuses.
    pub(crate) fn open_with(card: &mut Card, keys: &[Vec<u8>; 3], version: u8, level: u8) -> Result<Self, u16> {
        let (mut host, cryptogram) = Self::challenge(card, keys, version, level)?;
        let answer = host.authenticate(card, &cryptogram);
        if answer == 0x9000 { Ok(host) } else { Err(answer) }
    }

    /// INITIALIZE UPDATE; the card's cryptogram is checked. Answers the host's cryptogram.
    pub(crate) fn challenge(
        card: &mut Card,
        keys: &[Vec<u8>; 3],
        version: u8,
        level: u8,
    ) -> Result<(Self, Vec<u8>), u16> {
        let length = if card.state().product.protocols().any(|protocol| protocol.is_s16()) { 16 } else { 8 };
        let host_challenge = vec![0x5A; length];
        let command = [&[0x80, 0x50, version, 0, length as u8][..], &host_challenge, &[0]].concat();
        let answer = card.transmit(&command);
        let (data, status) = split(&answer);
        if status != 0x9000 {
            return Err(status);
        }
        let context = [&host_challenge[..], &data[13..13 + length]].concat();
        let bits = keys[0].len() as u16 * 8;
        let host = Self {
            enc: kdf(&keys[0], 4, bits, &context),
            mac: kdf(&keys[1], 6, bits, &context),
            rmac: kdf(&keys[1], 7, bits, &context),
            dek: keys[2].clone(),
            chaining: [0; 16],
            counter: 0,
            level,
            length,
            initialize_update: data.to_vec(),
        };
        let short = length as u16 * 8;
        if kdf(&host.mac, 0, short, &context) != data[13 + length..13 + 2 * length] {
            return Err(0);
        }
        let cryptogram = kdf(&host.mac, 1, short, &context);
        Ok((host, cryptogram))
    }

    /// EXTERNAL AUTHENTICATE; answers the status word.
    pub(crate) fn authenticate(&mut self, card: &mut Card, cryptogram: &[u8]) -> u16 {
        let command = self.with_mac([0x84, 0x82, self.level, 0], cryptogram);
        split(&card.transmit(&command)).1
    }

    pub(crate) fn with_mac(&mut self, header: [u8; 4], data: &[u8]) -> Vec<u8> {
        let command = [&header[..], &[(data.len() + self.length) as u8], data].concat();
        self.chaining = cmac(&self.mac, &[&self.chaining[..], &command].concat());
        [&command[..], &self.chaining[..self.length]].concat()
    }

    /// The protected form of header and data, Le 00 added.
    pub(crate) fn wrap(&mut self, header: [u8; 4], data: &[u8]) -> Vec<u8> {
        self.counter += 1;
        let body = if self.level & 0x02 != 0 && !data.is_empty() {
            aes_cbc(&self.enc, aes_block(&self.enc, self.counter.to_be_bytes()), &padded(data, 16))
        } else {
            data.to_vec()
        };
        let mut command = self.with_mac([header[0] | 0x04, header[1], header[2], header[3]], &body);
        command.push(0);
        command
    }

    /// Checks the answer's MAC, where it must have one, and takes its protection off.
    pub(crate) fn unwrap(&self, answer: &[u8]) -> (Vec<u8>, u16) {
        let (data, status) = split(answer);
        let carries = status == 0x9000 || matches!(status >> 8, 0x62 | 0x63);
        if self.level & 0x10 == 0 || !carries {
            assert!(carries || data.is_empty(), "an error status travels alone");
            return (data.to_vec(), status);
        }
        let (body, mac) = data.split_at(data.len() - self.length);
        let computed = cmac(&self.rmac, &[&self.chaining[..], body, &status.to_be_bytes()].concat());
        assert_eq!(computed[..self.length], *mac, "R-MAC");
        (if self.level & 0x20 != 0 && !body.is_empty() { self.decrypt(body) } else { body.to_vec() }, status)
    }

    fn decrypt(&self, body: &[u8]) -> Vec<u8> {
        use cipher::BlockCipherDecrypt;
        let mut block = self.counter.to_be_bytes();
        block[0] = 0x80;
        let mut previous = aes_block(&self.enc, block);
        let mut plain = Vec::new();
        for chunk in body.chunks_exact(16) {
            let mut block: aes::Block = chunk.try_into().unwrap();
            match self.enc.len() {
                16 => Aes128::new_from_slice(&self.enc).unwrap().decrypt_block(&mut block),
                24 => Aes192::new_from_slice(&self.enc).unwrap().decrypt_block(&mut block),
                _ => Aes256::new_from_slice(&self.enc).unwrap().decrypt_block(&mut block),
            }
            plain.extend(block.iter().zip(previous).map(|(byte, before)| byte ^ before));
            previous = chunk.try_into().unwrap();
        }
        let end = plain.iter().rposition(|byte| *byte == 0x80).unwrap();
        plain.truncate(end);
        plain
    }

    /// Sends `header data` (hexadecimal, without Lc) protected; answers data and status.
    pub(crate) fn send(&mut self, card: &mut Card, header: &str, data: &[u8]) -> (Vec<u8>, u16) {
        let header: [u8; 4] = hex::decode(header.replace(' ', "")).unwrap().try_into().unwrap();
        let command = self.wrap(header, data);
        self.unwrap(&transmit(card, &command))
    }

    /// As `send`, for the status alone.
    pub(crate) fn status(&mut self, card: &mut Card, header: &str, data: &[u8]) -> u16 {
        self.send(card, header, data).1
    }

    /// The data of PUT KEY for AES keys under this channel's DEK (Amd D §6.2.8, GPCS Table 11-70).
    pub(crate) fn key_data(&self, version: u8, keys: &[Vec<u8>]) -> Vec<u8> {
        let mut data = vec![version];
        for key in keys {
            let encrypted = aes_cbc(&self.dek, [0; 16], &fill(key));
            data.extend_from_slice(&[0x88, encrypted.len() as u8 + 1, key.len() as u8]);
            data.extend_from_slice(&encrypted);
            data.push(3);
            data.extend_from_slice(&aes_block(key, [1; 16])[..3]);
        }
        data
    }
}

/// Whole blocks for encryption under the DEK.
fn fill(key: &[u8]) -> Vec<u8> {
    let mut filled = key.to_vec();
    filled.resize(key.len().next_multiple_of(16), 0);
    filled
}

/// The whole answer, fetched by GET RESPONSE while the card has more.
pub(crate) fn transmit(card: &mut Card, command: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut answer = card.transmit(command);
    while let [data @ .., 0x61, left] = &answer[..] {
        all.extend_from_slice(data);
        answer = card.transmit(&[0x00, 0xC0, 0x00, 0x00, *left]);
    }
    all.extend(answer);
    all
}

pub(crate) fn split(answer: &[u8]) -> (&[u8], u16) {
    let (data, status) = answer.split_last_chunk::<2>().expect("at least a status word");
    (data, u16::from_be_bytes(*status))
}

/// An open SCP02 channel at level 01 or 03.
pub(crate) struct Scp02 {
    enc: Vec<u8>,
    mac: Vec<u8>,
    pub(crate) dek: Vec<u8>,
    previous: Option<[u8; 8]>,
    level: u8,
    pub(crate) initialize_update: Vec<u8>,
}

pub(crate) fn triple_des_cbc(key: &[u8], data: &[u8]) -> Vec<u8> {
    let cipher = TdesEde2::new_from_slice(key).unwrap();
    let mut previous = [0; 8];
    let mut out = Vec::new();
    for chunk in data.chunks_exact(8) {
        let block: [u8; 8] = std::array::from_fn(|index| chunk[index] ^ previous[index]);
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        previous = block.into();
        out.extend_from_slice(&previous);
    }
    out
}

fn des_block(key: &[u8], block: [u8; 8]) -> [u8; 8] {
    let mut block = block.into();
    Des::new_from_slice(&key[..8]).unwrap().encrypt_block(&mut block);
    block.into()
}

impl Scp02 {
    pub(crate) fn open(card: &mut Card, level: u8) -> Self {
        let keys = static_keys(&card.state().product);
        Self::open_with(card, &keys, 0, level).expect("the channel opens")
    }

    pub(crate) fn open_with(card: &mut Card, keys: &[Vec<u8>; 3], version: u8, level: u8) -> Result<Self, u16> {
        let (mut host, proof, card_is_right) = Self::challenge(card, keys, version, level)?;
        if !card_is_right {
            return Err(0);
        }
        match host.authenticate(card, &proof) {
            0x9000 => Ok(host),
            other => Err(other),
        }
    }

    /// EXTERNAL AUTHENTICATE without a look at the card's cryptogram; answers the status word.
    pub(crate) fn authenticate_blindly(card: &mut Card, keys: &[Vec<u8>; 3]) -> u16 {
        let (mut host, proof, _) = Self::challenge(card, keys, 0, 0x01).unwrap();
        host.authenticate(card, &proof)
    }

    /// INITIALIZE UPDATE: the channel, the host's cryptogram, and whether the card's is right.
    fn challenge(card: &mut Card, keys: &[Vec<u8>; 3], version: u8, level: u8) -> Result<(Self, Vec<u8>, bool), u16> {
        let host_challenge = [0x5A; 8];
        let answer = card.transmit(&[&[0x80, 0x50, version, 0, 8][..], &host_challenge, &[0]].concat());
        let (data, status) = split(&answer);
        if status != 0x9000 {
            return Err(status);
        }
        let (counter, challenge) = (&data[12..14], &data[14..20]);
        let derive = |key: &[u8], constant: [u8; 2]| triple_des_cbc(key, &[&constant[..], counter, &[0; 12]].concat());
        let host = Self {
            enc: derive(&keys[0], [1, 0x82]),
            mac: derive(&keys[1], [1, 1]),
            dek: derive(&keys[2], [1, 0x81]),
            previous: None,
            level,
            initialize_update: data.to_vec(),
        };
        let cryptogram = |parts: &[&[u8]]| triple_des_cbc(&host.enc, &padded(&parts.concat(), 8))[16..24].to_vec();
        let card_is_right = cryptogram(&[&host_challenge, counter, challenge]) == data[20..28];
        let proof = cryptogram(&[counter, challenge, &host_challenge]);
        Ok((host, proof, card_is_right))
    }

    fn authenticate(&mut self, card: &mut Card, proof: &[u8]) -> u16 {
        let mac = self.mac([0x84, 0x82, self.level, 0], proof);
        let command = [&[0x84, 0x82, self.level, 0, 16][..], proof, &mac].concat();
        split(&card.transmit(&command)).1
    }

    fn mac(&mut self, header: [u8; 4], data: &[u8]) -> [u8; 8] {
        let message = padded(&[&header[..], &[data.len() as u8 + 8], data].concat(), 8);
        let mut chained = self.previous.map_or([0; 8], |previous| des_block(&self.mac, previous));
        let (before, last) = message.split_last_chunk::<8>().unwrap();
        for chunk in before.chunks_exact(8) {
            chained = des_block(&self.mac, std::array::from_fn(|index| chained[index] ^ chunk[index]));
        }
        let block: [u8; 8] = std::array::from_fn(|index| chained[index] ^ last[index]);
        let mac: [u8; 8] = triple_des_cbc(&self.mac, &block).try_into().unwrap();
        self.previous = Some(mac);
        mac
    }

    pub(crate) fn send(&mut self, card: &mut Card, header: &str, data: &[u8]) -> (Vec<u8>, u16) {
        let mut header: [u8; 4] = hex::decode(header.replace(' ', "")).unwrap().try_into().unwrap();
        header[0] |= 0x04;
        let mac = self.mac(header, data);
        let body = if self.level & 2 != 0 && !data.is_empty() {
            triple_des_cbc(&self.enc, &padded(data, 8))
        } else {
            data.to_vec()
        };
        let command = [&header[..], &[(body.len() + 8) as u8], &body, &mac, &[0]].concat();
        let answer = transmit(card, &command);
        let (data, status) = split(&answer);
        (data.to_vec(), status)
    }

    /// The data of PUT KEY for 3DES keys under this channel's DEK (GPCS §E.4.7).
    pub(crate) fn key_data(&self, version: u8, keys: &[Vec<u8>]) -> Vec<u8> {
        self.key_blocks(version, keys, 0x80, |key| triple_des_cbc(key, &[0; 8])[..3].to_vec())
    }

    /// The same for AES keys.
    pub(crate) fn aes_key_data(&self, version: u8, keys: &[Vec<u8>]) -> Vec<u8> {
        self.key_blocks(version, keys, 0x88, |key| aes_block(key, [1; 16])[..3].to_vec())
    }

    fn key_blocks(&self, version: u8, keys: &[Vec<u8>], kind: u8, check: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let mut data = vec![version];
        for key in keys {
            data.extend_from_slice(&[kind, key.len() as u8]);
            key.chunks(8).for_each(|block| data.extend_from_slice(&triple_des_cbc(&self.dek, block)));
            data.push(3);
            data.extend(check(key));
        }
        data
    }
}
