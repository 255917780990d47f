//! Certificates that others made, and blocks that are signed rightly and made wrongly.

use cardwright_data_preparation::emv::ExpiryMonth;
use cardwright_data_preparation::emv::certificate::{
    CardCertificate, CertificateFault, IssuerCertificate, SignedStaticData,
};
use cardwright_data_preparation::emv::rsa::{PrivateParts, PublicKey, RsaFault};
use sha1::{Digest, Sha1};

use crate::emv_sample::Key;

fn recover(certificate: &[u8], remainder: &[u8], exponent: &[u8]) -> Result<IssuerCertificate, CertificateFault> {
    let authority = Key::named("authority-3");
    let (modulus, authority_exponent) = (authority.part("n"), authority.part("e"));
    let authority = PublicKey::new(&modulus, &authority_exponent).unwrap();
    IssuerCertificate::recover(certificate, remainder, exponent, authority)
}

#[test]
fn issuer_certificates_of_another_program_are_recovered() {
    for (issuer, authority) in [("issuer-3", "authority-3"), ("issuer-f4", "authority-f4")] {
        let (key, known, authority) =
            (Key::named(issuer), Key::named(&format!("certificate-{issuer}")), Key::named(authority));
        let (modulus, exponent) = (authority.part("n"), authority.part("e"));
        let authority_key = PublicKey::new(&modulus, &exponent).unwrap();
        let (certificate, remainder) = (known.part("certificate"), known.part("remainder"));
        let read = IssuerCertificate::recover(&certificate, &remainder, &key.part("e"), authority_key).unwrap();
        assert_eq!((read.modulus.clone(), read.identifier.to_vec()), (key.part("n"), known.part("identifier")));
        assert_eq!(Some(read.expires), ExpiryMonth::new(2033, 12));
        // And ours is the same, byte for byte: nothing in it is left to chance.
        let block = read.to_be_signed(modulus.len()).unwrap();
        assert_eq!((authority.sign(&block.block), block.remainder), (certificate, remainder));
    }
}

/// The block of the known issuer certificate, opened, with `change` made and its hash made right again.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (authority, known) = (Key::named("authority-3"), Key::named("certificate-issuer-3"));
    let (modulus, exponent) = (authority.part("n"), authority.part("e"));
    let mut block = PublicKey::new(&modulus, &exponent).unwrap().recover(&known.part("certificate")).unwrap();
    let before = block.clone();
    change(&mut block);
    if block != before {
        let end = block.len() - 21;
        let hashed = [&block[1..end], &known.part("remainder"), &[3]].concat();
        block[end..end + 20].copy_from_slice(&Sha1::digest(&hashed));
    }
    authority.sign(&block)
}

#[test]
fn what_is_signed_rightly_and_made_wrongly_is_refused() {
    let known = Key::named("certificate-issuer-3");
    let fault = |certificate: &[u8]| recover(certificate, &known.part("remainder"), &[3]).err();
    assert_eq!(fault(&changed(|_| ())), None);
    assert_eq!(fault(&changed(|block| block[0] = 0x6B)), Some(CertificateFault::Signer));
    assert_eq!(fault(&changed(|block| *block.last_mut().unwrap() = 0xBD)), Some(CertificateFault::Signer));
    assert_eq!(fault(&changed(|block| block[1] = 0x04)), Some(CertificateFault::Kind));
    assert_eq!(fault(&changed(|block| block[11] = 0x02)), Some(CertificateFault::Kind));
    assert_eq!(fault(&changed(|block| block[12] = 0x02)), Some(CertificateFault::Kind));
    assert_eq!(fault(&changed(|block| block[13] = 0xF8)), Some(CertificateFault::Remainder));
    assert_eq!(fault(&changed(|block| block[14] = 0x03)), Some(CertificateFault::Kind));
    assert_eq!(fault(&changed(|block| block[6] = 0x13)), Some(CertificateFault::Expiry));
    assert_eq!(fault(&[0xFF; 248]), Some(CertificateFault::Rsa(RsaFault::Block)));
    let short = recover(&known.part("certificate"), &known.part("remainder")[1..], &[3]);
    assert!(matches!(short, Err(CertificateFault::Hash)));
    let exponent = recover(&known.part("certificate"), &known.part("remainder"), &[1, 0, 1]);
    assert!(matches!(exponent, Err(CertificateFault::Hash)));
}

#[test]
fn a_short_key_is_filled_up_and_nothing_else_may_fill_it() {
    let (issuer, key) = (Key::named("issuer-3"), Key::named("pin-3"));
    let certificate = CardCertificate {
        pan: [0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0xFF, 0xFF],
        expires: ExpiryMonth::new(2031, 12).unwrap(),
        serial: [0, 0, 1],
        modulus: key.part("n"),
        exponent: key.part("e"),
    };
    let made = certificate.to_be_signed(247, b"data").unwrap();
    assert!(made.remainder.is_empty());
    let (modulus, exponent) = (issuer.part("n"), issuer.part("e"));
    let issuer_key = PublicKey::new(&modulus, &exponent).unwrap();
    let recover = |block: &[u8], data: &[u8]| {
        CardCertificate::recover(&issuer.sign(block), &[], &[3], issuer_key, data).map(|read| read.modulus)
    };
    assert_eq!(recover(&made.block, b"data"), Ok(key.part("n")));
    assert_eq!(recover(&made.block, b"date"), Err(CertificateFault::Hash));
    let mut block = made.block;
    let end = block.len() - 21;
    assert_eq!(block[end - 1], 0xBB);
    block[end - 1] = 0xBA;
    let hash = Sha1::digest([&block[1..end], &[3], b"data"].concat());
    block[end..end + 20].copy_from_slice(&hash);
    assert_eq!(recover(&block, b"data"), Err(CertificateFault::Padding));
}

#[test]
fn keys_and_signers_have_their_room() {
    let key = Key::named("card-3");
    let certificate = IssuerCertificate {
        identifier: [0x47, 0x61, 0xFF, 0xFF],
        expires: ExpiryMonth::new(2031, 12).unwrap(),
        serial: [0; 3],
        modulus: key.part("n"),
        exponent: key.part("e"),
    };
    // 205 bytes of key and 36 of everything else: exactly full at 241.
    assert_eq!(certificate.to_be_signed(241).unwrap().remainder.len(), 0);
    assert_eq!(certificate.to_be_signed(240).unwrap().remainder, key.part("n")[204..]);
    assert_eq!(certificate.to_be_signed(35).err(), Some(CertificateFault::KeyLength));
    let signed = SignedStaticData { authentication_code: [1, 2] };
    assert_eq!(signed.to_be_signed(25, b"").err(), Some(CertificateFault::KeyLength));
    assert_eq!(signed.to_be_signed(144, b"").unwrap().len(), 144);
}

#[test]
fn private_parts_of_another_modulus_are_refused() {
    let key = Key::named("card-3");
    let [p, q, d_p, d_q, q_inverse] = ["p", "q", "d_p", "d_q", "q_inverse"].map(|name| key.part(name));
    let parts = PrivateParts { p: &p, q: &q, d_p: &d_p, d_q: &d_q, q_inverse: &q_inverse };
    let mut modulus = key.part("n");
    assert_eq!(PublicKey::new(&modulus, &[3]).unwrap().belongs_to_parts(&parts), Ok(()));
    assert_eq!(PublicKey::new(&modulus, &[1, 0, 1]).unwrap().belongs_to_parts(&parts), Err(RsaFault::Part));
    assert_eq!(PublicKey::new(&modulus, &[3]).unwrap().belongs_to_exponent(&key.part("d")), Ok(()));
    modulus[100] ^= 4;
    assert_eq!(PublicKey::new(&modulus, &[3]).unwrap().belongs_to_parts(&parts), Err(RsaFault::Part));
    assert_eq!(PublicKey::new(&modulus, &[3]).unwrap().belongs_to_exponent(&key.part("d")), Err(RsaFault::Part));
}
