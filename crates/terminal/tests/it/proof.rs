//! The reader's proof: a SAM with the listed key, and every kind of SAM that is not the one.

use std::time::Duration;

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use cardwright_apdu::{Command, tlv};
use cardwright_relay::Code;
use cardwright_relay::reader::{ReaderEntry, Tier};
use cardwright_relay::terminal::CardEvent;
use cardwright_terminal::card::CardLink;
use cardwright_terminal::readers::ListedReader;
use cardwright_terminal::sam::prove;

use crate::world::{id, reader_list};

/// A PIV card that signs the challenge it is given, or does what `fault` says.
pub(crate) struct Sam {
    key: EcdsaKeyPair,
    fault: Fault,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    None,
    NoPiv,
    OtherHash,
    NoSignature,
    Gone,
}

impl Sam {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key pair"), fault }
    }

    pub(crate) fn public_key(&self) -> Vec<u8> {
        let der: PublicKeyX509Der = self.key.public_key().as_der().expect("an SPKI");
        der.as_ref().to_vec()
    }

    pub(crate) fn answer(&self, apdu: &[u8]) -> Vec<u8> {
        let command = Command::parse(apdu).expect("a command");
        match (command.header.ins, command.header.p1, command.header.p2) {
            (0xA4, 4, 0) if self.fault == Fault::NoPiv => vec![0x6A, 0x82],
            (0xA4, 4, 0) => vec![0x61, 0x00, 0x90, 0x00],
            (0x87, 0x11, 0x9E) => self.sign(command.data()),
            _ => vec![0x6D, 0x00],
        }
    }

    fn sign(&self, template: &[u8]) -> Vec<u8> {
        let template = tlv::find(template, 0x7C).expect("TLV").expect("7C");
        assert_eq!(tlv::find(template, 0x82), Ok(Some(&[][..])));
        let challenge = tlv::find(template, 0x81).expect("TLV").expect("81");
        let mut hash: [u8; 32] = challenge.try_into().expect("32 bytes");
        hash[0] ^= u8::from(self.fault == Fault::OtherHash);
        let digest = Digest::import_less_safe(&hash, &SHA256).expect("32 bytes");
        let signature = self.key.sign_digest(&digest).expect("a signature");
        let tag = if self.fault == Fault::NoSignature { 0x80 } else { 0x82 };
        [tlv::element(0x7C, &tlv::element(tag, signature.as_ref())), vec![0x90, 0x00]].concat()
    }
}

impl CardLink for Sam {
    async fn transmit(&mut self, apdu: &[u8], _: Duration) -> CardEvent {
        match self.fault {
            Fault::Gone => CardEvent::CardGone,
            _ => CardEvent::Answer(Zeroizing::new(self.answer(apdu))),
        }
    }
}

fn reader(key: Vec<u8>) -> ListedReader {
    let entry = reader_list(1, 1).readers.remove(0);
    let entry =
        ReaderEntry { tier: Tier::R2, sam_key: Some(key.into()), sam_slot: Some("b".into()), id: id(6), ..entry };
    ListedReader { entry, card_slot: "a".into(), sam_slot: Some("b".into()) }
}

#[tokio::test]
async fn the_listed_sam_proves_its_reader() {
    let mut sam = Sam::new(Fault::None);
    let signature = prove(&reader(sam.public_key()), &mut sam, &[7; 32]).await.unwrap();
    assert_eq!(signature[0], 0x30);
}

#[tokio::test]
async fn a_cloned_reader_and_every_faulty_sam_are_refused() {
    let mut clone = Sam::new(Fault::None);
    let listed = reader(Sam::new(Fault::None).public_key());
    let refused = prove(&listed, &mut clone, &[7; 32]).await.unwrap_err();
    assert_eq!(refused.refusal().code, Code::READER_PROOF_WRONG);
    assert_eq!(refused.refusal().parameters, ["reader 1"]);
    for fault in [Fault::NoPiv, Fault::OtherHash, Fault::NoSignature, Fault::Gone] {
        let mut sam = Sam::new(fault);
        let outcome = prove(&reader(sam.public_key()), &mut sam, &[7; 32]).await;
        assert_eq!(outcome.unwrap_err().refusal().code, Code::READER_PROOF_WRONG);
    }
}
