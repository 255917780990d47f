//! A terminal's side of a transaction, as far as the tests of the card need one.

use cardwright_virtual_card::Card;
use openssl::pkey::Private;
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha1;

use super::card_data::bytes;
use super::route::{INSTANCE, select};
use crate::host::{split, triple_des_cbc};

/// Amounts, country, TVR, currency, date, type, unpredictable number.
pub(crate) const CDOL1_DATA: &str = "000000012300 000000000000 0392 0000000000 0392 261124 00 11223344";
/// For the PDOL of the tests: 83, country.
pub(crate) const OPTIONS: &str = "80A80000 04 8302 0392 00";

pub(crate) const AAC: u8 = 0x00;
pub(crate) const TC: u8 = 0x40;
pub(crate) const ARQC: u8 = 0x80;
pub(crate) const SIGNED: u8 = 0x10;

/// The answer to GENERATE AC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// tag and value, in the order in which they came
    elements: Vec<(u32, Vec<u8>)>,
}

impl Answer {
    pub(crate) fn parse(answer: &[u8]) -> Self {
        let (data, status) = split(answer);
        let elements = if data.is_empty() { Vec::new() } else { elements(inside(data, 0x77)) };
        Self { status, elements }
    }

    pub(crate) fn find(&self, tag: u32) -> Option<&[u8]> {
        self.elements.iter().find(|(other, _)| *other == tag).map(|(_, value)| &value[..])
    }

    pub(crate) fn get(&self, tag: u32) -> &[u8] {
        self.find(tag).unwrap_or_else(|| panic!("{tag:04X} in {self:02X?}"))
    }

    /// What the card has decided.
    pub(crate) fn kind(&self) -> u8 {
        assert_eq!(self.status, 0x9000);
        self.get(0x9F27)[0]
    }

    pub(crate) fn counter(&self) -> u16 {
        u16::from_be_bytes(self.get(0x9F36).try_into().unwrap())
    }

    pub(crate) fn cryptogram(&self) -> [u8; 8] {
        self.get(0x9F26).try_into().unwrap()
    }

    /// The three bytes of the CVR.
    pub(crate) fn results(&self) -> [u8; 3] {
        assert_eq!(self.get(0x9F10)[3], 3);
        self.get(0x9F10)[4..7].try_into().unwrap()
    }

    /// The elements besides the signature, as they were sent.
    fn without_signature(&self) -> Vec<u8> {
        let kept = self.elements.iter().filter(|(tag, _)| *tag != 0x9F4B);
        kept.flat_map(|(tag, value)| [&tag.to_be_bytes()[2..], &[value.len() as u8], value].concat()).collect()
    }
}

fn inside(data: &[u8], tag: u8) -> &[u8] {
    assert_eq!(data[0], tag, "{data:02X?}");
    if data[1] == 0x81 { &data[3..] } else { &data[2..] }
}

/// Elements with tags of 2 bytes.
fn elements(mut data: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let tag = u32::from(u16::from_be_bytes([data[0], data[1]]));
        let (at, length) = if data[2] == 0x81 { (4, data[3]) } else { (3, data[2]) };
        let end = at + usize::from(length);
        found.push((tag, data[at..end].to_vec()));
        data = &data[end..];
    }
    found
}

/// Selects and begins a transaction.
pub(crate) fn begin(card: &mut Card) {
    assert_eq!(select(card, INSTANCE).1, 0x9000);
    assert!(card.transmit(&bytes(OPTIONS)).ends_with(&[0x90, 0x00]));
}

pub(crate) fn generate(card: &mut Card, p1: u8, data: &[u8]) -> Answer {
    Answer::parse(&card.transmit(&[&[0x80, 0xAE, p1, 0, data.len() as u8][..], data, &[0]].concat()))
}

pub(crate) fn first(card: &mut Card, p1: u8) -> Answer {
    generate(card, p1, &bytes(CDOL1_DATA))
}

pub(crate) fn second(card: &mut Card, p1: u8, code: &[u8; 2]) -> Answer {
    generate(card, p1, &[code, &bytes(CDOL1_DATA)[..]].concat())
}

pub(crate) fn authenticate_issuer(card: &mut Card, proof: &[u8]) -> u16 {
    split(&card.transmit(&[&[0x00, 0x82, 0, 0, proof.len() as u8][..], proof].concat())).1
}

/// ARPC by method 1 with `code` behind it.
pub(crate) fn response_1(key: &[u8], cryptogram: [u8; 8], code: &[u8; 2]) -> Vec<u8> {
    let mut block = cryptogram;
    block[0] ^= code[0];
    block[1] ^= code[1];
    [&triple_des_cbc(key, &block)[..], code].concat()
}

/// An online transaction that the issuer approves; its counter.
pub(crate) fn online(card: &mut Card) -> u16 {
    begin(card);
    let answer = first(card, ARQC);
    let proof = response_1(&super::card_data::AC_KEY, answer.cryptogram(), b"00");
    assert_eq!(authenticate_issuer(card, &proof), 0x9000);
    assert_eq!(second(card, TC, b"00").kind(), TC);
    answer.counter()
}

/// Recovers a signature and checks header, trailer, padding and hash; the dynamic data in it.
pub(crate) fn recover(key: &Rsa<Private>, signature: &[u8], of_terminal: &[u8]) -> Vec<u8> {
    assert_eq!(signature.len(), key.size() as usize);
    let mut block = vec![0; signature.len()];
    key.public_decrypt(signature, &mut block, Padding::NONE).unwrap();
    let (covered, end) = block[1..].split_at(block.len() - 22);
    assert_eq!((block[0], end[20], &covered[..2]), (0x6A, 0xBC, &[0x05, 0x01][..]));
    assert_eq!(end[..20], sha1(&[covered, of_terminal].concat()));
    let (dynamic, padding) = covered[3..].split_at(usize::from(covered[2]));
    assert!(padding.iter().all(|byte| *byte == 0xBB));
    dynamic.to_vec()
}

/// Checks a combined signature; `values` are those for PDOL, CDOL1 and CDOL2 together.
pub(crate) fn check_combined(key: &Rsa<Private>, answer: &Answer, values: &[u8]) {
    let dynamic = recover(key, answer.get(0x9F4B), &bytes("11223344"));
    assert_eq!((dynamic[0], dynamic.len()), (8, 38));
    assert_eq!(dynamic[9], answer.kind());
    assert_eq!(dynamic[18..], sha1(&[values, &answer.without_signature()].concat()));
}
