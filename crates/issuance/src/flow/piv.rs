//! The commands of a PIV application before it is complete (NIST SP 800-73-4 part 2): keys made on the card, objects,
//! certificates, references. Long data goes in chained parts (ISO/IEC 7816-4 §5.3.3), each wrapped by itself.

use cardwright_apdu::{Command, tlv};
use cardwright_data_preparation::piv::{PublicKey, is_modulus, is_point_of_p256};
use cardwright_data_preparation::{PivContent, PivKey, PivObject, PivReference};
use cardwright_globalplatform::{Content, PlannedCommand};
use zeroize::Zeroizing;

/// Algorithms of the keys that a card makes (NIST SP 800-78-4 Table 6-2).
const RSA_2048: u8 = 0x07;
const P_256: u8 = 0x11;

/// GENERATE ASYMMETRIC KEY PAIR in the key's slot (§3.3.2).
pub(super) fn generate(key: &PivKey) -> PlannedCommand {
    let template = tlv::element(0xAC, &tlv::element(0x80, &[key.algorithm]));
    let command = with_data(Command::new(0x00, 0x47, 0x00, key.slot), &template).expecting_all();
    PlannedCommand::new(command, Content::Management)
}

/// The public key in the answer to [`generate`] of `key`: `7F49 {81, 82}` or `7F49 {86}`. That the card sent it is proven
/// by its R-MAC, that it is a key only by itself.
pub(super) fn read_public_key(key: &PivKey, answer: &[u8]) -> Option<PublicKey> {
    let template = tlv::read_one(answer).ok().filter(|element| element.tag.0 == 0x7F49)?.value;
    let find = |tag| tlv::find(template, tag).ok().flatten().map(<[u8]>::to_vec);
    match key.algorithm {
        RSA_2048 => {
            let (modulus, exponent) = (find(0x81)?, find(0x82)?);
            (is_modulus(&modulus, 256) && exponent == [1, 0, 1]).then_some(PublicKey::Rsa { modulus, exponent })
        }
        P_256 => {
            let point = find(0x86)?;
            is_point_of_p256(&point).then_some(PublicKey::P256(point))
        }
        _ => None,
    }
}

/// Whether two of a card's keys are one: what deciphers must not sign.
pub(super) fn has_twins(keys: &[PublicKey]) -> bool {
    keys.iter().enumerate().any(|(place, key)| keys[..place].contains(key))
}

/// Objects, certificates and references in that order, each command with at most `limit` bytes. `certificates` are
/// those of the content's keys, in their order.
pub(super) fn store(content: &PivContent, certificates: &[Vec<u8>], limit: usize) -> Vec<PlannedCommand> {
    let objects = content.objects.iter().flat_map(|object| put_data(object, limit));
    let keys = content.keys.iter().zip(certificates);
    let certificates = keys.filter_map(|(key, certificate)| Some((certificate_tag(key.slot)?, certificate)));
    let certificates =
        certificates.flat_map(|(tag, certificate)| put_object(tag, &certificate_container(certificate), limit));
    objects.chain(certificates).chain(content.references.iter().map(change_reference)).collect()
}

fn put_data(object: &PivObject, limit: usize) -> Vec<PlannedCommand> {
    put_object(object.tag, &object.value, limit)
}

/// PUT DATA (§3.3.2): `5C` the tag, `53` the value.
fn put_object(tag: u32, value: &[u8], limit: usize) -> Vec<PlannedCommand> {
    let tag = tag.to_be_bytes();
    let significant = tag.iter().position(|byte| *byte != 0).unwrap_or(tag.len() - 1);
    let mut data = Zeroizing::new(Vec::with_capacity(value.len() + 12));
    tlv::write(&mut data, 0x5C, &tag[significant..]);
    tlv::write(&mut data, 0x53, value);
    chained(Command::new(0x00, 0xDB, 0x3F, 0xFF), &data, limit)
}

/// What a certificate object holds: the certificate, uncompressed, and the error detection code, which is not used.
fn certificate_container(certificate: &[u8]) -> Vec<u8> {
    [tlv::element(0x70, certificate), tlv::element(0x71, &[0x00]), tlv::element(0xFE, &[])].concat()
}

/// The object that holds the certificate of the key in `slot` (NIST SP 800-73-4 part 1, Table 3).
fn certificate_tag(slot: u8) -> Option<u32> {
    match slot {
        0x9A => Some(0x5F_C105),
        0x9C => Some(0x5F_C10A),
        0x9D => Some(0x5F_C10B),
        0x9E => Some(0x5F_C101),
        _ => None,
    }
}

/// Whether there is an object for the certificate of this key, and the key is one that a card can be asked to make.
pub(super) fn is_possible(key: &PivKey) -> bool {
    certificate_tag(key.slot).is_some() && matches!(key.algorithm, RSA_2048 | P_256)
}

/// CHANGE REFERENCE DATA without the old one, before the application is complete: PIN and PUK, or an administration key
/// behind its algorithm. Not of the standard: over the secure channel alone.
fn change_reference(reference: &PivReference) -> PlannedCommand {
    let mut data = Zeroizing::new(Vec::with_capacity(reference.value.len() + 1));
    if reference.algorithm != 0 {
        data.push(reference.algorithm);
    }
    data.extend_from_slice(&reference.value);
    let command = with_data(Command::new(0x00, 0x24, 0xFF, reference.reference), &data);
    PlannedCommand::new(command, Content::Personal)
}

/// `data` in as many commands as it needs; all but the last have the chaining bit.
fn chained(command: Command, data: &[u8], limit: usize) -> Vec<PlannedCommand> {
    let header = command.header;
    let count = data.len().div_ceil(limit);
    let part = |(place, part): (usize, &[u8])| {
        let class = if place + 1 == count { header.cla } else { header.cla | 0x10 };
        let command = with_data(Command::new(class, header.ins, header.p1, header.p2), part);
        PlannedCommand::new(command, Content::Personal)
    };
    data.chunks(limit).enumerate().map(part).collect()
}

/// `command` with data of which whoever wraps it will say whether it is too long.
fn with_data(command: Command, data: &[u8]) -> Command {
    command.with_data(data).expect("fewer than 65,536 bytes: templates, keys, and parts of at most a short command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_data_preparation::CertificateTemplate;

    fn key(algorithm: u8) -> PivKey {
        let certificate = CertificateTemplate { authority: String::new(), before: Vec::new(), after: Vec::new() };
        PivKey { slot: 0x9A, algorithm, certificate }
    }

    #[test]
    fn long_objects_are_chained_and_only_the_last_part_ends_the_chain() {
        let commands = put_object(0x5F_C105, &[7; 500], 239);
        let shown: Vec<_> =
            commands.iter().map(|planned| (planned.command().header.cla, planned.command().data().len())).collect();
        assert_eq!(shown, [(0x10, 239), (0x10, 239), (0x00, 509 - 478)]);
        let data: Vec<u8> = commands.iter().flat_map(|planned| planned.command().data().to_vec()).collect();
        assert_eq!(data[..9], [0x5C, 3, 0x5F, 0xC1, 0x05, 0x53, 0x82, 0x01, 0xF4]);
    }

    #[test]
    fn a_tag_of_one_byte_is_named_by_one_byte() {
        let commands = put_object(0x7E, &[1], 239);
        assert_eq!(commands[0].command().data(), [0x5C, 1, 0x7E, 0x53, 1, 1]);
    }

    #[test]
    fn one_key_in_two_slots_is_seen() {
        let key = |byte| PublicKey::P256(vec![byte; 65]);
        assert!(has_twins(&[key(1), key(2), key(1)]));
        assert!(!has_twins(&[key(1), key(2), key(3)]) && !has_twins(&[]));
    }

    /// Passport: the generator that `openssl ecparam -name prime256v1 -param_enc explicit -text` prints.
    #[rustfmt::skip]
    const BASE_POINT: [u8; 65] = [
        0x04,
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
        0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96,
        0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16,
        0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5,
    ];

    /// A number of 2048 bits without a small factor.
    fn modulus() -> Vec<u8> {
        let ending = |end: u16| [&[0x80][..], &[0; 253], &end.to_be_bytes()].concat();
        (1..=u16::MAX).map(ending).find(|number| is_modulus(number, 256)).unwrap()
    }

    #[test]
    fn a_key_of_another_kind_than_was_asked_for_is_no_answer() {
        let rsa = |modulus: &[u8]| {
            let parts = [tlv::element(0x81, modulus), tlv::element(0x82, &[1, 0, 1])].concat();
            tlv::element(0x7F49, &parts)
        };
        let template = |point: &[u8]| tlv::element(0x7F49, &tlv::element(0x86, point));
        let (modulus, point) = (modulus(), template(&BASE_POINT));
        assert!(read_public_key(&key(RSA_2048), &rsa(&modulus)).is_some());
        assert!(read_public_key(&key(P_256), &point).is_some());
        for wrong in [rsa(&[0x81; 128]), rsa(&[0x01; 256]), rsa(&[0x80; 256]), point.clone(), Vec::new()] {
            assert_eq!(read_public_key(&key(RSA_2048), &wrong), None);
        }
        assert_eq!(read_public_key(&key(P_256), &rsa(&modulus)), None);
        assert_eq!(read_public_key(&key(RSA_2048), &rsa(&[0x81; 256])), None, "it has the factor 3");
        assert_eq!(read_public_key(&key(P_256), &template(&[&[4][..], &[9; 64]].concat())), None, "beside the curve");
    }

    #[test]
    fn an_administration_key_goes_behind_its_algorithm_and_a_pin_alone() {
        let planned = |reference, algorithm, value: &[u8]| {
            let command = change_reference(&PivReference { reference, algorithm, value: value.to_vec() });
            command.command().to_bytes()
        };
        assert_eq!(planned(0x80, 0, &[0x31; 8])[..6], [0x00, 0x24, 0xFF, 0x80, 8, 0x31]);
        assert_eq!(planned(0x9B, 0x08, &[0x42; 16])[..7], [0x00, 0x24, 0xFF, 0x9B, 17, 0x08, 0x42]);
    }
}
