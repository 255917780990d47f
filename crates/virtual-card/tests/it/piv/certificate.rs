//! A certification authority of the test's own, made with OpenSSL.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage};
use openssl::x509::{X509, X509Name, X509NameBuilder};

use cardwright_apdu::tlv;

/// The public key in an answer to GENERATE ASYMMETRIC KEY PAIR.
pub(super) fn public_key(answer: &[u8]) -> PKey<Public> {
    let template = tlv::read_one(answer).unwrap();
    assert_eq!(template.tag.0, 0x7F49);
    let element = |tag| tlv::find(template.value, tag).unwrap();
    if let Some(point) = element(0x86) {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let point = EcPoint::from_bytes(&group, point, &mut BigNumContext::new().unwrap()).unwrap();
        return PKey::from_ec_key(EcKey::from_public_key(&group, &point).unwrap()).unwrap();
    }
    let number = |tag| BigNum::from_slice(element(tag).unwrap()).unwrap();
    PKey::from_rsa(Rsa::from_public_components(number(0x81), number(0x82)).unwrap()).unwrap()
}

/// Who signs certificates.
pub(super) struct Authority {
    key: PKey<Private>,
    name: X509Name,
}

impl Authority {
    pub(super) fn new() -> Self {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        Self { key, name: name("Authority of a test") }
    }

    /// The DER certificate of `public` for the key called `slot`.
    pub(super) fn certify(&self, public: &PKey<Public>, slot: u8) -> Vec<u8> {
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&BigNum::from_u32(u32::from(slot)).unwrap().to_asn1_integer().unwrap()).unwrap();
        builder.set_issuer_name(&self.name).unwrap();
        builder.set_subject_name(&name(&format!("Zoe {slot:02X}"))).unwrap();
        builder.set_not_before(&Asn1Time::from_str("20200101000000Z").unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_str("20991231235959Z").unwrap()).unwrap();
        builder.set_pubkey(public).unwrap();
        builder.append_extension(BasicConstraints::new().build().unwrap()).unwrap();
        let mut usage = KeyUsage::new();
        usage.critical();
        match (slot, public.rsa().is_ok()) {
            (0x9D, true) => usage.key_encipherment(),
            (0x9D, false) => usage.key_agreement(),
            (0x9C, _) => usage.digital_signature().non_repudiation(),
            _ => usage.digital_signature(),
        };
        builder.append_extension(usage.build().unwrap()).unwrap();
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        builder.build().to_der().unwrap()
    }
}

fn name(common_name: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common_name).unwrap();
    name.build()
}
