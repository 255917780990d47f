//! Random cards, each with one transaction.

use std::fmt::Write as _;

use cardwright_data_preparation::emv::cryptogram::{CryptogramVersion, IssuerApplicationData};
use cardwright_data_preparation::emv::pin_block::Pin;
use cardwright_data_preparation::emv::{ExpiryMonth, Pan, Sequence, pan::check_digit};

/// Chance from a seed (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.bytes(N).try_into().unwrap()
    }

    pub(crate) fn digits(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }
}

/// One card and one transaction with it.
pub(super) struct Card {
    pub(super) number: String,
    pub(super) sequence: u8,
    pub(super) expiry: String,
    pub(super) service_code: String,
    pub(super) pin: String,
    pub(super) pin_key_index: u8,
    pub(super) counter: u16,
    /// the nine values that a terminal gives, and the interchange profile last
    pub(super) data: Vec<Vec<u8>>,
    pub(super) issuer_data: [IssuerApplicationData; 2],
    pub(super) response_code: [u8; 2],
    pub(super) status_update: [u8; 4],
    pub(super) own: Vec<u8>,
}

impl Card {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let length = 11 + chance.below(8);
        let number = chance.digits(length);
        let last = char::from(check_digit(number.as_bytes()).unwrap());
        let pin_length = 4 + chance.below(9);
        let issuer_data = |chance: &mut Chance, version| IssuerApplicationData {
            key_index: chance.next() as u8,
            version,
            verification_results: chance.array(),
        };
        Self {
            number: format!("{number}{last}"),
            sequence: chance.below(100) as u8,
            expiry: format!("{:02}{:02}", chance.below(50), 1 + chance.below(12)),
            service_code: chance.digits(3),
            pin: chance.digits(pin_length),
            pin_key_index: chance.below(7) as u8,
            counter: chance.next() as u16,
            data: [6, 6, 2, 5, 2, 3, 1, 4, 2].map(|length| chance.bytes(length)).into(),
            issuer_data: [
                issuer_data(chance, CryptogramVersion::Ten),
                issuer_data(chance, CryptogramVersion::Eighteen),
            ],
            response_code: chance.array(),
            status_update: chance.array(),
            own: {
                let length = chance.below(9);
                chance.bytes(length)
            },
        }
    }

    pub(super) fn record(&self) -> String {
        let mut line = format!(
            "card {} {:02} {} {} {} {} {:04X}",
            self.number, self.sequence, self.expiry, self.service_code, self.pin, self.pin_key_index, self.counter
        );
        let issuer_data = self.issuer_data.map(|data| data.to_bytes().to_vec());
        let answer = [self.response_code.to_vec(), self.status_update.to_vec(), self.own.clone()];
        for field in self.data.iter().chain(&issuer_data).chain(&answer) {
            let field = if field.is_empty() { "-".into() } else { hex::encode_upper(field) };
            write!(line, " {field}").unwrap();
        }
        line
    }

    pub(super) fn pan(&self) -> Pan {
        Pan::new(self.number.as_bytes()).unwrap()
    }

    pub(super) fn sequence(&self) -> Sequence {
        Sequence::new(self.sequence).unwrap()
    }

    pub(super) fn expiry(&self) -> ExpiryMonth {
        ExpiryMonth::from_bcd(hex::decode(&self.expiry).unwrap().try_into().unwrap()).unwrap()
    }

    pub(super) fn pin(&self) -> Pin {
        Pin::new(self.pin.as_bytes()).unwrap()
    }
}
