//! A card by hand: a list of records and a few answers, with places to plant faults in.

use cardwright_apdu::Command;
use cardwright_apdu::tlv::{self, element};
use openssl::rsa::Padding;
use openssl::sha::sha1;

use super::authority::{self, Owner, certificate, key, sign};
use crate::payment_terminal::{Link, LinkFailure, cipher};

pub(super) const MASTER_KEY: [u8; 16] = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210_u128.to_be_bytes();
pub(super) const AID: [u8; 7] = [0xF0, 0x45, 0x4D, 0x56, 0x01, 0x10, 0x10];
const ACCOUNT: [u8; 8] = [0x40, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x39];
const LIST: &[u8] = &[0x9F, 2, 6, 0x9F, 3, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F, 0x37, 4];

/// A record: file, number, whether it is signed, data objects.
pub(super) type Record = (u8, u8, bool, Vec<(u32, Vec<u8>)>);

/// Changes the answer to commands that begin so.
type Change = (Vec<u8>, Box<dyn Fn(Vec<u8>) -> Vec<u8>>);

pub(super) struct Card {
    pub(super) profile: [u8; 2],
    pub(super) locator: Vec<u8>,
    pub(super) records: Vec<Record>,
    pub(super) options: Vec<u8>,
    pub(super) pin: [u8; 8],
    pub(super) tries: u8,
    pub(super) version: u8,
    pub(super) contactless: bool,
    /// whether answers come by 61xx, and 6Cxx wants the right length
    pub(super) in_pieces: bool,
    /// what the card makes of a wish: GENERATE AC's P1
    pub(super) decides: fn(u8) -> u8,
    pub(super) changes: Vec<Change>,
    pub(super) counter: u16,
    pub(super) commands: Vec<Vec<u8>>,
    waiting: Vec<u8>,
    /// what GET RESPONSE has not fetched yet
    pieces: Vec<u8>,
    sent: Vec<u8>,
    cryptogram: [u8; 8],
    issuer_is_known: bool,
}

impl Card {
    /// A card whose profile begins with `profile`.
    pub(super) fn new(profile: u8) -> Self {
        let mut card = Self {
            profile: [profile, 0x00],
            locator: vec![0x08, 1, 1, 0, 0x10, 1, 2, 1, 0x18, 1, 4, 0],
            records: records(),
            options: vec![0x9F, 0x1A, 0x02, 0x9F, 0x37, 0x04],
            pin: [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            tries: 3,
            version: 0x0A,
            contactless: false,
            in_pieces: false,
            decides: |wish| wish,
            changes: Vec::new(),
            counter: 0x1C,
            commands: Vec::new(),
            waiting: Vec::new(),
            pieces: Vec::new(),
            sent: Vec::new(),
            cryptogram: [0; 8],
            issuer_is_known: false,
        };
        card.sign([0x12, 0x30], [0x12, 0x30]);
        card
    }

    /// Makes certificates and signed data anew; issuer's and card's certificates end with these months.
    pub(super) fn sign(&mut self, issuer_end: [u8; 2], card_end: [u8; 2]) {
        let mut signed: Vec<u8> = self.records.iter().filter(|record| record.2).flat_map(inside).collect();
        signed.extend_from_slice(&self.profile);
        let account = [&ACCOUNT[..], &[0xFF, 0xFF]].concat();
        let (issuer, rest) = certificate(Owner::Authority, Owner::Issuer, 2, &ACCOUNT[..4], issuer_end, &[]);
        let (card, card_rest) = certificate(Owner::Issuer, Owner::Card, 4, &account, card_end, &signed);
        let (pin, pin_rest) = certificate(Owner::Issuer, Owner::Pin, 4, &account, card_end, &[]);
        assert!(pin_rest.is_empty());
        let data = sign(Owner::Issuer, &[0x03, 0x01, 0xDA, 0xC0], &signed);
        for (tag, value) in
            [(0x90, issuer), (0x92, rest), (0x9F46, card), (0x9F48, card_rest), (0x9F2D, pin), (0x93, data)]
        {
            self.change(tag, |old| *old = value.clone());
        }
    }

    /// Changes a data object in its record.
    pub(super) fn change(&mut self, tag: u32, change: impl FnOnce(&mut Vec<u8>)) {
        let mut objects = self.records.iter_mut().flat_map(|record| record.3.iter_mut());
        change(&mut objects.find(|(other, _)| *other == tag).unwrap().1);
    }

    pub(super) fn remove(&mut self, tag: u32) {
        self.records.iter_mut().for_each(|record| record.3.retain(|(other, _)| *other != tag));
    }

    pub(super) fn add(&mut self, tag: u32, value: &[u8]) {
        self.records[0].3.push((tag, value.to_vec()));
    }

    /// From now on the answer to commands that begin so is another.
    pub(super) fn answer(&mut self, command: &[u8], change: impl Fn(Vec<u8>) -> Vec<u8> + 'static) {
        self.changes.push((command.to_vec(), Box::new(change)));
    }

    fn respond(&mut self, command: &Command) -> Vec<u8> {
        let header = command.header;
        match (header.ins, header.p1, header.p2) {
            (0xA4, ..) => self.select(command.data()),
            (0xB2, number, file) => self.read(file >> 3, number),
            (0xA8, ..) => self.start(command.data()),
            (0x88, ..) => self.authenticate(command.data()),
            (0x84, ..) => good(&[0xC5; 8]),
            (0xCA, 0x9F, 0x17) => good(&element(0x9F17, &[self.tries])),
            (0xCA, ..) => vec![0x6A, 0x88],
            (0x20, 0, 0x80) => self.verify(command.data()),
            (0x20, 0, 0x88) => self.decipher(command.data()),
            (0xAE, wish, _) => self.generate(wish, command.data()),
            (0x82, ..) => self.external_authenticate(command.data()),
            _ => vec![0x6D, 0x00],
        }
    }

    fn select(&mut self, name: &[u8]) -> Vec<u8> {
        let entry = element(0x61, &[element(0x4F, &AID), element(0x50, b"LAB CREDIT"), element(0x87, &[1])].concat());
        let inside = match name {
            b"1PAY.SYS.DDF01" if !self.contactless => element(0x88, &[0x01]),
            b"2PAY.SYS.DDF01" if self.contactless => element(0xBF0C, &entry),
            _ if name == AID => [element(0x50, b"LAB CREDIT"), element(0x9F38, &self.options)].concat(),
            _ => return vec![0x6A, 0x82],
        };
        if name.starts_with(b"1PAY") {
            self.waiting = element(0x70, &entry); // the directory's record, until the application is selected
        } else {
            self.waiting.clear();
        }
        good(&element(0x6F, &[element(0x84, name), element(0xA5, &inside)].concat()))
    }

    fn read(&mut self, file: u8, number: u8) -> Vec<u8> {
        if !self.waiting.is_empty() {
            return if number == 1 { good(&self.waiting) } else { vec![0x6A, 0x83] };
        }
        let found = self.records.iter().find(|record| (record.0, record.1) == (file, number));
        found.map_or(vec![0x6A, 0x83], |record| good(&element(0x70, &inside(record))))
    }

    fn start(&mut self, data: &[u8]) -> Vec<u8> {
        self.sent = data[2..].to_vec();
        good(&element(0x77, &[element(0x82, &self.profile), element(0x94, &self.locator)].concat()))
    }

    fn authenticate(&self, data: &[u8]) -> Vec<u8> {
        good(&element(0x80, &sign(Owner::Card, &[5, 1, 9, 8, 1, 2, 3, 4, 5, 6, 7, 8], data)))
    }

    fn verify(&mut self, block: &[u8]) -> Vec<u8> {
        if block == self.pin {
            return good(&[]);
        }
        self.tries -= 1;
        vec![0x63, 0xC0 | self.tries]
    }

    fn decipher(&mut self, data: &[u8]) -> Vec<u8> {
        let owner = if data.len() == 96 { Owner::Pin } else { Owner::Card };
        let mut plain = vec![0; data.len()];
        key(owner).private_decrypt(data, &mut plain, Padding::NONE).unwrap();
        if plain[0] != 0x7F || plain[9..17] != [0xC5; 8] {
            return vec![0x69, 0x84];
        }
        self.verify(&plain[1..9])
    }

    fn generate(&mut self, wish: u8, data: &[u8]) -> Vec<u8> {
        if data.len() > LIST.len() + 24 {
            self.issuer_is_known = data[2..12] == self.proof(*b"00")[..]; // 8A, 91, and the rest
        }
        let information = (self.decides)(wish & 0xC0);
        let issuer_data = [0x06, 0x01, self.version, 0x03, 0xA4, 0x00, 0x00];
        let covered = &data[data.len() - 29..];
        let all = [covered, &self.profile, &self.counter.to_be_bytes()].concat();
        let padded = match self.version {
            0x0A => cipher::zero_padded([&all, &issuer_data[3..]].concat()),
            _ => cipher::padded([&all, &issuer_data[..]].concat()),
        };
        self.cryptogram = cipher::mac(&self.key(), &padded).unwrap();
        self.sent.extend_from_slice(data);
        let mut answer = [element(0x9F27, &[information]), element(0x9F36, &self.counter.to_be_bytes())].concat();
        tlv::write(&mut answer, 0x9F10, &issuer_data);
        if wish & 0x10 == 0 || information == 0 {
            tlv::write(&mut answer, 0x9F26, &self.cryptogram);
        } else {
            let hash = sha1(&[&self.sent[..], &answer].concat());
            let body = [&[5, 1, 32, 2, 7, 7][..], &[information], &self.cryptogram, &hash].concat();
            tlv::write(&mut answer, 0x9F4B, &sign(Owner::Card, &body, &covered[25..]));
        }
        good(&element(0x77, &answer))
    }

    fn external_authenticate(&mut self, data: &[u8]) -> Vec<u8> {
        if data == self.proof(*b"00") || data == self.proof(*b"05") { good(&[]) } else { vec![0x63, 0x00] }
    }

    /// At most `count` bytes, and whether there are more.
    fn next_piece(&mut self, count: usize) -> Vec<u8> {
        let rest = self.pieces.split_off(count.min(self.pieces.len()));
        let piece = std::mem::replace(&mut self.pieces, rest);
        let status = if self.pieces.is_empty() { [0x90, 0x00] } else { [0x61, self.pieces.len().min(0x20) as u8] };
        [&piece[..], &status].concat()
    }

    fn key(&self) -> cipher::Key {
        let digits: Vec<u8> = ACCOUNT.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]).collect();
        let key = cipher::card_key_a(&MASTER_KEY, &digits, [0, 1]).unwrap();
        if self.version == 0x0A { key } else { cipher::session_key(&key, self.counter).unwrap() }
    }

    fn proof(&self, response_code: [u8; 2]) -> Vec<u8> {
        let mut block = self.cryptogram;
        block[0] ^= response_code[0];
        block[1] ^= response_code[1];
        [cipher::encrypt(&self.key(), &block).unwrap(), response_code.to_vec()].concat()
    }
}

impl Link for Card {
    fn transmit(&mut self, bytes: &[u8]) -> Result<Vec<u8>, LinkFailure> {
        self.commands.push(bytes.to_vec());
        let command = Command::parse(bytes).map_err(|error| LinkFailure(error.to_string()))?;
        if command.header.ins == 0xC0 {
            return Ok(self.next_piece(command.expected().unwrap() as usize));
        }
        let mut response = self.respond(&command);
        for (beginning, change) in &self.changes {
            if bytes.starts_with(beginning) {
                response = change(response);
            }
        }
        if !self.in_pieces || response.len() == 2 {
            return Ok(response);
        }
        let length = response.len() - 2;
        if command.header.ins == 0xB2 && command.expected() == Some(0x100) {
            return Ok(vec![0x6C, length as u8]);
        }
        self.pieces = response[..length].to_vec();
        Ok(self.next_piece(0))
    }
}

fn good(data: &[u8]) -> Vec<u8> {
    [data, &[0x90, 0x00]].concat()
}

fn inside(record: &Record) -> Vec<u8> {
    record.3.iter().flat_map(|(tag, value)| element(*tag, value)).collect()
}

/// What the records hold; what is signed comes later.
fn records() -> Vec<Record> {
    let track = [&ACCOUNT[..], &[0xD3, 0x01, 0x12, 0x01, 0x12, 0x34, 0x5F]].concat();
    let rules = [0, 0, 0, 0, 0, 0, 0, 0, 0x44, 0x03, 0x41, 0x03, 0x42, 0x03, 0x1F, 0x03];
    let second = [&[0x8A, 2], LIST].concat();
    let values = |pairs: &[(u32, &[u8])]| pairs.iter().map(|(tag, value)| (*tag, value.to_vec())).collect();
    vec![
        (1, 1, false, values(&[(0x57, &track), (0x5F20, b"DOE/JOAN")])),
        (
            2,
            1,
            true,
            values(&[
                (0x5A, &ACCOUNT),
                (0x5F24, &[0x30, 0x11, 0x30]),
                (0x5F25, &[0x25, 0x01, 0x01]),
                (0x5F28, &[0x02, 0x76]),
                (0x5F34, &[0x01]),
                (0x8E, &rules),
                (0x9F07, &[0xFF, 0xC0]),
                (0x9F08, &[0x00, 0x01]),
                (0x9F0D, &[0xF8, 0x70, 0xA4, 0x98, 0x00]),
                (0x9F0E, &[0x00, 0x10, 0x00, 0x00, 0x00]),
                (0x9F0F, &[0xF8, 0x70, 0xA4, 0x98, 0x00]),
                (0x9F42, &[0x09, 0x78]),
                (0x9F4A, &[0x82]),
            ]),
        ),
        (2, 2, false, values(&[(0x8C, LIST), (0x8D, &second), (0x9F32, &authority::exponent(Owner::Issuer))])),
        (3, 1, false, values(&[(0x8F, &[authority::INDEX]), (0x90, &[]), (0x92, &[])])),
        (
            3,
            2,
            false,
            values(&[
                (0x9F46, &[]),
                (0x9F47, &authority::exponent(Owner::Card)),
                (0x9F48, &[]),
                (0x9F49, &[0x9F, 0x37, 4]),
            ]),
        ),
        (3, 3, false, values(&[(0x9F2D, &[]), (0x9F2E, &authority::exponent(Owner::Pin))])),
        (3, 4, false, values(&[(0x93, &[])])),
    ]
}
