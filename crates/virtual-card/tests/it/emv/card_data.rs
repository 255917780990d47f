//! The data of a payment card: keys by OpenSSL, records as a terminal wants them.

use std::sync::OnceLock;

use openssl::bn::BigNum;
use openssl::pkey::Private;
use openssl::rsa::Rsa;

use crate::host::triple_des_cbc;

/// How a grouping travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Clear,
    /// under the DEK, padded where it is no whole number of blocks
    Dek,
    /// under the DEK, always padded
    DekPadded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grouping {
    pub(crate) identifier: u16,
    pub(crate) content: Vec<u8>,
    pub(crate) way: Way,
}

pub(crate) const AC_KEY: [u8; 16] =
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];
/// DDA, cardholder verification, terminal risk management, issuer authentication, CDA.
pub(crate) const PROFILE: [u8; 2] = [0x3D, 0x00];
pub(crate) const CDOL1: &str = "9F02069F03069F1A0295055F2A029A039C019F3704";
pub(crate) const PIN_BLOCK: &str = "241234FFFFFFFFFF";

pub(crate) fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

/// A key of 1024 bits with e = 3, the same for all tests.
pub(crate) fn signature_key() -> &'static Rsa<Private> {
    static KEY: OnceLock<Rsa<Private>> = OnceLock::new();
    KEY.get_or_init(|| new_key(1024, 3))
}

/// The PIN encipherment key: 768 bits, e = 65537.
pub(crate) fn pin_key() -> &'static Rsa<Private> {
    static KEY: OnceLock<Rsa<Private>> = OnceLock::new();
    KEY.get_or_init(|| new_key(768, 65537))
}

pub(crate) fn new_key(bits: u32, exponent: u32) -> Rsa<Private> {
    Rsa::generate_with_e(bits, &BigNum::from_u32(exponent).unwrap()).unwrap()
}

pub(crate) fn tlv(tag: &str, value: &[u8]) -> Vec<u8> {
    let length = match value.len() {
        short @ 0..=0x7F => vec![short as u8],
        long => vec![0x81, u8::try_from(long).unwrap()],
    };
    [bytes(tag), length, value.to_vec()].concat()
}

pub(crate) fn clear(identifier: u16, content: Vec<u8>) -> Grouping {
    Grouping { identifier, content, way: Way::Clear }
}

fn under_dek(identifier: u16, content: Vec<u8>, way: Way) -> Grouping {
    Grouping { identifier, content, way }
}

/// The five parts of a key in the order of the groupings `first` to `first + 4`.
pub(crate) fn crt(first: u16, key: &Rsa<Private>) -> Vec<Grouping> {
    let parts = [key.iqmp(), key.dmq1(), key.dmp1(), key.q(), key.p()];
    let half = key.size() as i32 / 2 + key.size() as i32 % 2;
    (first..)
        .zip(parts)
        .map(|(identifier, part)| under_dek(identifier, part.unwrap().to_vec_padded(half).unwrap(), Way::DekPadded))
        .collect()
}

/// Private exponent and modulus.
pub(crate) fn exponent_form(first: u16, key: &Rsa<Private>) -> Vec<Grouping> {
    let exponent = key.d().to_vec_padded(key.size() as i32).unwrap();
    vec![under_dek(first, exponent, Way::DekPadded), clear(first + 2, key.n().to_vec())]
}

pub(crate) fn check_value(key: &[u8]) -> Vec<u8> {
    triple_des_cbc(key, &[0; 8])[..3].to_vec()
}

/// The three application keys and their check values.
fn keys() -> Vec<Grouping> {
    let keys = [AC_KEY, [0x22; 16], [0x44; 16]];
    let values = keys.iter().flat_map(|key| check_value(key)).collect();
    vec![under_dek(0x8000, keys.concat(), Way::Dek), clear(0x9000, values)]
}

/// Number, dates, lists; the second file holds what a terminal needs for DDA and the PIN.
pub(crate) fn records() -> Vec<Grouping> {
    let file_1 = [
        tlv("5A", &bytes("9999010000000017")),
        tlv("5F24", &bytes("311231")),
        tlv("8C", &bytes(CDOL1)),
        tlv("8D", &bytes(&format!("8A02{CDOL1}"))),
    ];
    let modulus = signature_key().n().to_vec();
    let file_2 = [
        tlv("9F47", &[3]),
        tlv("9F48", &modulus[modulus.len() - 20..]),
        tlv("9F2E", &[1, 0, 1]),
        tlv("9F49", &bytes("9F3704")),
    ];
    vec![clear(0x0101, tlv("70", &file_1.concat())), clear(0x0201, tlv("70", &file_2.concat()))]
}

/// `A5 {50, 87, 9F38 (9F1A 02)}`.
pub(crate) fn template() -> Vec<u8> {
    tlv("A5", &[tlv("50", b"CARDWRIGHT"), tlv("87", &[1]), tlv("9F38", &bytes("9F1A02"))].concat())
}

pub(crate) fn answer_to_gpo(profile: [u8; 2]) -> Vec<u8> {
    [tlv("82", &profile), tlv("94", &bytes("08010101 10010100"))].concat()
}

/// Internal data: cryptogram version, lower and upper limit.
pub(crate) fn internal(version: u8, lower: u8, upper: u8) -> Vec<u8> {
    let issuer_data = [&[6, 1, version, 3][..], &[0; 3]].concat();
    [tlv("9F10", &issuer_data), tlv("9F58", &[lower]), tlv("9F59", &[upper])].concat()
}

/// Everything, in the order of the specification.
pub(crate) fn whole() -> Vec<Grouping> {
    let mut all = records();
    all.extend(keys());
    all.push(clear(0x9010, vec![3, 3]));
    all.push(under_dek(0x8010, bytes(PIN_BLOCK), Way::Dek));
    all.extend(crt(0x8201, signature_key()));
    all.extend(crt(0x8301, pin_key()));
    all.push(clear(0x3000, internal(0x0A, 5, 10)));
    all.push(clear(0x9102, template()));
    all.push(clear(0x9104, answer_to_gpo(PROFILE)));
    all
}

/// The same with another content of one grouping.
pub(crate) fn with(identifier: u16, content: Vec<u8>) -> Vec<Grouping> {
    let mut all = whole();
    all.iter_mut()
        .filter(|grouping| grouping.identifier == identifier)
        .for_each(|found| found.content = content.clone());
    all
}

pub(crate) fn without(identifier: u16) -> Vec<Grouping> {
    whole().into_iter().filter(|grouping| grouping.identifier != identifier).collect()
}
