//! A PIV application read as a stranger reads it: objects, and certificates whose keys answer.

use cardwright_apdu::tlv;
use cardwright_data_preparation::{Application, PivContent, PivKey};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::sha::sha256;
use openssl::sign::Verifier;
use openssl::symm::{Cipher, Crypter, Mode};
use openssl::x509::X509;

use super::reader::{Content, Reader};

const PIN: u8 = 0x80;
const PUK: u8 = 0x81;
const ADMINISTRATION: u8 = 0x9B;
const RSA_2048: u8 = 0x07;

/// The card's own discovery object, which need not be written (SP 800-73-5 part 1 §3.3.2).
const DISCOVERY: [u8; 18] =
    [0x4F, 0x0B, 0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x5F, 0x2F, 0x02, 0x40, 0x00];

/// What stands before a SHA-256 in a signature (RFC 8017 §9.2 note 1).
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// What the data says of the objects, without certificates.
pub(crate) fn expected(content: &PivContent) -> Content {
    let objects = content.objects.iter().map(|object| (object.tag, object.value.clone()));
    Content::from([(0x7E, DISCOVERY.to_vec())]).into_iter().chain(objects).collect()
}

fn certificate_tag(slot: u8) -> u32 {
    match slot {
        0x9A => 0x5F_C105,
        0x9C => 0x5F_C10A,
        0x9D => 0x5F_C10B,
        _ => 0x5F_C101,
    }
}

/// The value of the reference that the data holds.
fn reference(content: &PivContent, number: u8) -> (&[u8], u8) {
    let found = content.references.iter().find(|reference| reference.reference == number).unwrap();
    (&found.value, found.algorithm)
}

impl Reader<'_> {
    /// Every object that is there; certificates are held against `authority`, and their keys asked to sign.
    pub(crate) fn employee(&mut self, application: &Application, authority: &PKey<Public>) -> Content {
        let content = application.piv.as_ref().unwrap();
        self.select(&application.instance);
        let (pin, _) = reference(content, PIN);
        assert_eq!(self.tell([0x00, 0x20, 0x00, PIN], pin), 0x9000, "the PIN");
        let tags = [0x7E].into_iter().chain(0x5F_C101..=0x5F_C123);
        let mut objects: Content = tags.filter_map(|tag| Some((tag, self.object(tag)?))).collect();
        for key in &content.keys {
            let object = objects.remove(&certificate_tag(key.slot)).unwrap();
            let der = tlv::find(&object, 0x70).unwrap().unwrap();
            assert_eq!(object[object.len() - 5..], [0x71, 0x01, 0x00, 0xFE, 0x00]);
            let certificate = X509::from_der(der).unwrap();
            assert!(certificate.verify(authority).unwrap(), "slot {:02X}", key.slot);
            self.signs(key, pin, &certificate.public_key().unwrap());
        }
        self.references(content);
        objects
    }

    /// GET DATA: what stands inside 53, or inside a tag that stands for itself.
    fn object(&mut self, tag: u32) -> Option<Vec<u8>> {
        let tag = tag.to_be_bytes();
        let list = tlv::element(0x5C, &tag[tag.iter().take_while(|byte| **byte == 0).count()..]);
        let (answer, status) = self.ask([0x00, 0xCB, 0x3F, 0xFF], &list);
        assert!(matches!(status, 0x9000 | 0x6A82), "{tag:02X?}: {status:04X}");
        (status == 0x9000).then(|| tlv::read_one(&answer).unwrap().value.to_vec())
    }

    /// The key in the slot is the certificate's: what it signs verifies.
    fn signs(&mut self, key: &PivKey, pin: &[u8], public: &PKey<Public>) {
        let message = [b"slot", &[key.slot][..]].concat();
        let hash = sha256(&message);
        let block = if key.algorithm == RSA_2048 {
            let digest = [&DIGEST_INFO[..], &hash].concat();
            [&[0x00, 0x01], &[0xFF; 256 - 3 - DIGEST_INFO.len() - 32][..], &[0x00], &digest].concat()
        } else {
            hash.to_vec()
        };
        assert_eq!(self.tell([0x00, 0x20, 0x00, PIN], pin), 0x9000, "slot 9C wants the PIN each time");
        let template = tlv::element(0x7C, &[tlv::element(0x82, &[]), tlv::element(0x81, &block)].concat());
        let (answer, status) = self.ask([0x00, 0x87, key.algorithm, key.slot], &template);
        assert_eq!(status, 0x9000, "GENERAL AUTHENTICATE of {:02X}", key.slot);
        let signature = tlv::find(tlv::read_one(&answer).unwrap().value, 0x82).unwrap().unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), public).unwrap();
        assert!(verifier.verify_oneshot(signature, &message).unwrap(), "slot {:02X} has another key", key.slot);
    }

    /// The PUK sets the PIN again, and the administration key opens.
    fn references(&mut self, content: &PivContent) {
        let ((pin, _), (puk, _)) = (reference(content, PIN), reference(content, PUK));
        assert_eq!(self.tell([0x00, 0x2C, 0x00, PIN], &[puk, pin].concat()), 0x9000, "the PUK");
        let (key, algorithm) = reference(content, ADMINISTRATION);
        let header = [0x00, 0x87, algorithm, ADMINISTRATION];
        let (answer, status) = self.ask(header, &tlv::element(0x7C, &tlv::element(0x81, &[])));
        assert_eq!(status, 0x9000, "a challenge for the administrator");
        let challenge = tlv::find(tlv::read_one(&answer).unwrap().value, 0x81).unwrap().unwrap();
        let response = tlv::element(0x82, &enciphered(algorithm, key, challenge));
        assert_eq!(self.tell(header, &tlv::element(0x7C, &response)), 0x9000, "the administration key");
    }
}

fn enciphered(algorithm: u8, key: &[u8], challenge: &[u8]) -> Vec<u8> {
    let cipher = match algorithm {
        0x03 => Cipher::des_ede3_ecb(),
        0x08 => Cipher::aes_128_ecb(),
        0x0A => Cipher::aes_192_ecb(),
        _ => Cipher::aes_256_ecb(),
    };
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, key, None).unwrap();
    crypter.pad(false);
    let mut out = vec![0; challenge.len() + cipher.block_size()];
    let count = crypter.update(challenge, &mut out).unwrap();
    out.truncate(count);
    out
}
