//! Personalization data of payment cards as it is encoded, written by hand, so that the check reads what preparation
//! did not write; and the keys of `golden/emv-keys.toml`.

use cardwright_data_preparation::{CheckFault, Checked, Error, PersonalizationData};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use minicbor::Encoder;
use sha2::{Digest, Sha256};

const KEYS: &str = include_str!("../golden/emv-keys.toml");

/// One entry of the key file.
pub(crate) struct Key(toml::Table);

impl Key {
    pub(crate) fn named(name: &str) -> Self {
        let all: toml::Table = KEYS.parse().unwrap();
        Self(all[name].as_table().unwrap().clone())
    }

    pub(crate) fn part(&self, name: &str) -> Vec<u8> {
        hex::decode(self.0[name].as_str().unwrap()).unwrap()
    }

    /// The private operation on `block`, as the keystore does it.
    pub(crate) fn sign(&self, block: &[u8]) -> Vec<u8> {
        let modulus = Option::<Odd<BoxedUint>>::from(number(&self.part("n")).into_odd()).unwrap();
        let parameters = BoxedMontyParams::new_vartime(modulus);
        let signed = BoxedMontyForm::new(number(block), &parameters).pow(&number(&self.part("d"))).retrieve();
        let bytes = signed.to_be_bytes();
        bytes[bytes.len() - block.len()..].to_vec()
    }
}

fn number(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(bytes)
}

/// A grouping as it is encoded.
#[derive(Clone)]
pub(crate) struct Grouping {
    pub(crate) identifier: u16,
    pub(crate) data: Vec<u8>,
    pub(crate) protection: u8,
    pub(crate) personal: bool,
    pub(crate) optional: bool,
}

/// An application as it is encoded.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) standard: u8,
    pub(crate) instance: Vec<u8>,
    pub(crate) dgis: Vec<Grouping>,
    pub(crate) commit_point: u8,
    pub(crate) route: u8,
}

impl Application {
    pub(crate) fn new(standard: u8, instance: &[u8]) -> Self {
        Self { standard, instance: instance.to_vec(), dgis: Vec::new(), commit_point: 0, route: 0 }
    }

    pub(crate) fn add(&mut self, identifier: u16, data: impl Into<Vec<u8>>) {
        let protection = match identifier {
            0x8000 | 0x8010 => 1,
            0x8101 | 0x8102 | 0x8201..=0x8205 | 0x8301..=0x8305 => 2,
            _ => 0,
        };
        self.dgis.push(Grouping { identifier, data: data.into(), protection, personal: true, optional: false });
    }

    pub(crate) fn dgi(&mut self, identifier: u16) -> &mut Grouping {
        self.dgis.iter_mut().find(|grouping| grouping.identifier == identifier).unwrap()
    }

    pub(crate) fn remove(&mut self, identifier: u16) {
        self.dgis.retain(|grouping| grouping.identifier != identifier);
    }
}

/// A certification authority's key as it is encoded.
#[derive(Clone)]
pub(crate) struct Authority {
    pub(crate) provider: [u8; 5],
    pub(crate) index: u8,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

/// A card as it is encoded.
#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) applications: Vec<Application>,
    pub(crate) authorities: Vec<Authority>,
    pub(crate) masked: String,
    pub(crate) level: u8,
}

impl Card {
    /// The payment application, which stands after its directories.
    pub(crate) fn payment(&mut self) -> &mut Application {
        self.applications.last_mut().unwrap()
    }

    /// The canonical encoding, written here by itself.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut Encoder::new(&mut bytes));
        bytes
    }

    fn write(&self, out: &mut Encoder<&mut Vec<u8>>) {
        out.map(7).unwrap().u8(0).unwrap().u8(1).unwrap();
        out.u8(1).unwrap().map(3).unwrap().u8(0).unwrap().str("sample").unwrap();
        out.u8(1).unwrap().u32(1).unwrap().u8(2).unwrap().bytes(&[0; 32]).unwrap();
        out.u8(2).unwrap().u8(self.level).unwrap().u8(3).unwrap().str(&self.masked).unwrap();
        out.u8(4).unwrap().array(self.applications.len() as u64).unwrap();
        for application in &self.applications {
            write_application(out, application);
        }
        out.u8(5).unwrap().array(self.authorities.len() as u64).unwrap();
        for authority in &self.authorities {
            out.map(4).unwrap().u8(0).unwrap().bytes(&authority.provider).unwrap();
            out.u8(1).unwrap().u8(authority.index).unwrap();
            out.u8(2).unwrap().bytes(&authority.modulus).unwrap();
            out.u8(3).unwrap().bytes(&authority.exponent).unwrap();
        }
        out.u8(6).unwrap().array(0).unwrap();
    }

    /// What the read-back alone says: the digest is that of whatever the bytes are.
    pub(crate) fn read_back(&self) -> Result<Checked<PersonalizationData>, CheckFault> {
        reopen(&self.to_bytes(), None)
    }
}

fn write_application(out: &mut Encoder<&mut Vec<u8>>, application: &Application) {
    out.map(11).unwrap().u8(0).unwrap().u8(application.standard).unwrap();
    out.u8(1).unwrap().bytes(&[0xF0, 0x43, 0x41, 0x52, 0x44]).unwrap();
    out.u8(2).unwrap().bytes(&[0xF0, 0x43, 0x41, 0x52, 0x44, 1]).unwrap();
    out.u8(3).unwrap().bytes(&application.instance).unwrap();
    out.u8(4).unwrap().bytes(&[]).unwrap().u8(5).unwrap().bytes(&[0]).unwrap();
    out.u8(6).unwrap().array(application.dgis.len() as u64).unwrap();
    for grouping in &application.dgis {
        out.array(4).unwrap().array(2).unwrap().u16(grouping.identifier).unwrap().bytes(&grouping.data).unwrap();
        out.u8(grouping.protection).unwrap().bool(grouping.personal).unwrap().bool(grouping.optional).unwrap();
    }
    out.u8(7).unwrap().u8(0).unwrap().u8(8).unwrap().u8(application.commit_point).unwrap();
    out.u8(9).unwrap().u8(application.route).unwrap().u8(10).unwrap().u8(3).unwrap();
}

/// Opens an encoding against `digest`, or against its own.
pub(crate) fn reopen(bytes: &[u8], digest: Option<[u8; 32]>) -> Result<Checked<PersonalizationData>, CheckFault> {
    let digest = digest.unwrap_or_else(|| Sha256::digest(bytes).into());
    Checked::reopen(bytes, &digest).map_err(|error| match error {
        Error::Check(fault) => fault,
        other => panic!("{other}"),
    })
}

/// The bytes of a hexadecimal text; spaces are for people.
pub(crate) fn hexadecimal(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}
