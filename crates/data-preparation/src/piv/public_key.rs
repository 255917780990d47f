//! Public keys of PIV cards and of their authorities: how certificates have them (RFC 5280 §4.1.2.7), and whether one that
//! a card made can be a key at all: what no authority certifies, whoever vouches for the way.

use std::sync::LazyLock;

use cardwright_apdu::tlv::element;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use sha1::{Digest, Sha1};

use super::der::{INTEGER, ObjectIdentifier, bit_string, null, sequence};

/// P-256, as OpenSSL prints it (prime256v1): the prime of its field, and b of y² = x³ - 3x + b.
const FIELD: &str = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF";
const B: &str = "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B";

/// No factor of a modulus may be below this: a made key has two factors of half its length.
const LEAST_FACTOR: u32 = 1_024;

static PARAMETERS: LazyLock<BoxedMontyParams> = LazyLock::new(|| {
    let field = Option::<Odd<BoxedUint>>::from(constant(FIELD).into_odd());
    BoxedMontyParams::new_vartime(field.expect("the prime of a field is odd"))
});

fn constant(digits: &str) -> BoxedUint {
    BoxedUint::from_be_hex(digits, 256).expect("64 hexadecimal digits are written above")
}

/// A public key that a card made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA: modulus and exponent, big-endian
    Rsa {
        /// the modulus, without zeros before it
        modulus: Vec<u8>,
        /// the exponent, without zeros before it
        exponent: Vec<u8>,
    },
    /// a point of P-256: `04`, X, Y
    P256(Vec<u8>),
}

impl PublicKey {
    /// SubjectPublicKeyInfo, DER (RSA: RFC 3279 §2.3.1; P-256: RFC 5480 §2.1).
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let known = |text| ObjectIdentifier::known(text).to_der();
        match self {
            Self::Rsa { modulus, exponent } => {
                let algorithm = sequence(&[known("1.2.840.113549.1.1.1"), null()]);
                sequence(&[algorithm, bit_string(&rsa_public_key(modulus, exponent))])
            }
            Self::P256(point) => {
                let algorithm = sequence(&[known("1.2.840.10045.2.1"), known("1.2.840.10045.3.1.7")]);
                sequence(&[algorithm, bit_string(point)])
            }
        }
    }
}

/// The identifier of an RSA key: SHA-1 of its RSAPublicKey (RFC 5280 §4.2.1.2, method 1).
#[must_use]
pub fn key_identifier(modulus: &[u8], exponent: &[u8]) -> [u8; 20] {
    Sha1::digest(rsa_public_key(modulus, exponent)).into()
}

/// RSAPublicKey, DER (RFC 8017 §A.1.1).
fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    sequence(&[unsigned(modulus), unsigned(exponent)])
}

/// A positive INTEGER: 00 before a first byte whose highest bit is set (X.690 §8.3).
fn unsigned(number: &[u8]) -> Vec<u8> {
    let sign = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0x00][..] } else { &[] };
    element(INTEGER, &[sign, number].concat())
}

/// Whether `point` is an uncompressed point of P-256: `04`, X, Y. The point at infinity has no such form, and the group
/// has prime order, so that every other point of the curve is a key.
#[must_use]
pub fn is_point_of_p256(point: &[u8]) -> bool {
    let Some((&0x04, coordinates)) = point.split_first() else { return false };
    let Some((x, y)) = coordinates.split_at_checked(32).filter(|(_, y)| y.len() == 32) else { return false };
    let [x, y] = [x, y].map(BoxedUint::from_be_slice_vartime);
    let field = constant(FIELD);
    x < field && y < field && is_on_curve(x, y)
}

fn is_on_curve(x: BoxedUint, y: BoxedUint) -> bool {
    let [x, y, b] = [x, y, constant(B)].map(|number| BoxedMontyForm::new(number, &PARAMETERS));
    let three_x = x.add(&x).add(&x);
    y.square() == x.square().mul(&x).sub(&three_x).add(&b)
}

/// Whether `modulus` is of exactly `length` bytes, begins with a bit that is set, and has no small factor.
#[must_use]
pub fn is_modulus(modulus: &[u8], length: usize) -> bool {
    let high = modulus.first().is_some_and(|byte| byte & 0x80 != 0);
    modulus.len() == length && high && (2..LEAST_FACTOR).all(|factor| rest(modulus, factor) != 0)
}

fn rest(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passport: the generator that `openssl ecparam -name prime256v1 -param_enc explicit -text` prints.
    const BASE: &str = "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296\
                        4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";

    #[test]
    fn a_point_beside_the_curve_is_none() {
        let base = hex::decode(BASE).unwrap();
        assert!(is_point_of_p256(&base));
        for place in 0..65 {
            let mut beside = base.clone();
            beside[place] ^= 1;
            assert!(!is_point_of_p256(&beside), "byte {place}");
        }
        for wrong in [&base[..64], &[&base[..], &[0]].concat(), &[4; 65], &[&[4][..], &[0; 64]].concat(), &[0], &[]] {
            assert!(!is_point_of_p256(wrong));
        }
    }

    /// A coordinate is below the prime: x + p would be the same point a second time.
    #[test]
    fn a_coordinate_beyond_the_field_is_none() {
        let root_of_b = "66485C780E2F83D72433BD5D84A06BB6541C2AF31DAE871728BF856A174F93F4";
        let point = |x: &str| hex::decode(format!("04{x}{root_of_b}")).unwrap();
        assert!(is_point_of_p256(&point(&"00".repeat(32))), "x = 0, the control");
        assert!(!is_point_of_p256(&point(FIELD)));
    }

    #[test]
    fn a_modulus_with_a_small_factor_is_none() {
        let mut modulus = vec![0; 256];
        modulus[0] = 0x80;
        let free = (1..=u16::MAX).step_by(2).find(|end| {
            modulus[254..].copy_from_slice(&end.to_be_bytes());
            is_modulus(&modulus, 256)
        });
        assert!(free.is_some(), "the control");
        assert!(!is_modulus(&modulus, 128) && !is_modulus(&modulus[1..], 255));
        for wrong in [[0xFF; 256], [0x81; 256], [0x80; 256], [0x7F; 256]] {
            assert!(!is_modulus(&wrong, 256), "{:02X}", wrong[0]);
        }
    }

    #[test]
    fn a_modulus_is_a_positive_number() {
        assert_eq!(unsigned(&[0x80]), [0x02, 0x02, 0x00, 0x80]);
        assert_eq!(unsigned(&[1, 0, 1]), [0x02, 0x03, 1, 0, 1]);
    }

    #[test]
    fn the_known_forms_come_out() {
        let point = PublicKey::P256([&[4][..], &[9; 64]].concat()).to_der();
        let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        assert_eq!((hex::encode(&point[..26]).as_str(), point.len()), (head, 91));
        let rsa = PublicKey::Rsa { modulus: vec![0xFF; 256], exponent: vec![1, 0, 1] }.to_der();
        let head = "30820122300d06092a864886f70d01010105000382010f00";
        assert_eq!((hex::encode(&rsa[..24]).as_str(), rsa.len()), (head, 294));
    }
}
