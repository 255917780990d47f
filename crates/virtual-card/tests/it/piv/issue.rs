//! A card with the PIV application, personalized over a channel by a host that knows the documents alone.

use cardwright_apdu::tlv::element;
use cardwright_virtual_card::Card;
use openssl::pkey::{PKey, Public};

use super::certificate::{Authority, public_key};
use super::{PACKAGE, SELECT, status};
use crate::host::Scp03;
use crate::world::card;

pub(super) const PIN: &[u8; 8] = b"123456\xFF\xFF";
pub(super) const PUK: &[u8; 8] = b"87654321";
/// What `yubico-piv-tool` takes where it is told nothing: 3DES.
pub(super) const ADMINISTRATION: [u8; 25] = [3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
pub(super) const RSA_2048: u8 = 0x07;
pub(super) const P_256: u8 = 0x11;

/// Slots and the objects of their certificates.
pub(super) const SLOTS: [(u8, [u8; 3]); 4] =
    [(0x9A, [0x5F, 0xC1, 0x05]), (0x9C, [0x5F, 0xC1, 0x0A]), (0x9D, [0x5F, 0xC1, 0x0B]), (0x9E, [0x5F, 0xC1, 0x01])];

/// A blank with an instance that can be selected, and a channel to it.
pub(crate) fn installed(level: u8) -> (Card, Scp03) {
    installed_on("scp03-i70", level)
}

/// The same of another product.
pub(crate) fn installed_on(product: &str, level: u8) -> (Card, Scp03) {
    let mut card = card(product);
    let mut host = Scp03::open(&mut card, 0x33);
    let instance = format!("{PACKAGE}0100");
    let install = format!("09{PACKAGE} 0B{instance} 0B{instance} 0100 02C900 00").replace(' ', "");
    assert_eq!(host.status(&mut card, "80E60C00", &hex::decode(install).unwrap()), 0x9000);
    assert_eq!(status(&mut card, SELECT), 0x9000);
    let host = Scp03::open(&mut card, level);
    (card, host)
}

/// Sends `data` through the channel in as many commands as it needs; the status word of the last.
pub(super) fn send(card: &mut Card, host: &mut Scp03, header: [u8; 4], data: &[u8]) -> u16 {
    let parts: Vec<&[u8]> = data.chunks(223).collect();
    let (last, before) = parts.split_last().unwrap();
    let [cla, ins, p1, p2] = header;
    for part in before {
        let header = hex::encode([cla | 0x10, ins, p1, p2]);
        assert_eq!(host.status(card, &header, part), 0x9000);
    }
    host.status(card, &hex::encode(header), last)
}

/// PUT DATA of what stands inside 53.
pub(super) fn put(card: &mut Card, host: &mut Scp03, tag: &[u8], content: &[u8]) -> u16 {
    let data = [element(0x5C, tag), element(0x53, content)].concat();
    send(card, host, [0x00, 0xDB, 0x3F, 0xFF], &data)
}

/// GENERATE ASYMMETRIC KEY PAIR.
pub(super) fn generate(card: &mut Card, host: &mut Scp03, slot: u8, algorithm: u8) -> PKey<Public> {
    let (answer, status) = host.send(card, &format!("004700{slot:02X}"), &[0xAC, 0x03, 0x80, 0x01, algorithm]);
    assert_eq!(status, 0x9000);
    public_key(&answer)
}

/// The objects of a card that are neither certificates nor computed.
pub(super) fn objects() -> Vec<([u8; 3], Vec<u8>)> {
    let number = hex::decode("D4E739DA739CED39CE739D836858210842108421C84210C3EB").unwrap();
    let holder = [element(0x30, &number), element(0x34, &[0x47; 16]), element(0x35, b"20311231"), element(0x3E, &[])];
    let mut capability = element(0xF0, &[&[0xA0, 0, 0, 1, 0x16, 0xFF, 2][..], &[0xC5; 14]].concat());
    for (tag, value) in [(0xF1, &[0x21][..]), (0xF2, &[0x21]), (0xF3, &[]), (0xF4, &[0]), (0xF5, &[0x10])] {
        capability.extend(element(tag, value));
    }
    (0xF6..=0xFD).filter(|tag| !matches!(tag, 0xF8 | 0xF9)).for_each(|tag| capability.extend(element(tag, &[])));
    let printed = [element(0x01, b"ZOE PRESENS"), element(0x02, b"EMPLOYEE"), element(0x04, b"2031DEC31")];
    let face = element(0xBC, &[0xFF, 0xD8, 0xFF].iter().copied().cycle().take(5000).collect::<Vec<_>>());
    let ended = |content: Vec<u8>| [content, element(0xFE, &[])].concat();
    vec![
        ([0x5F, 0xC1, 0x02], ended(holder.concat())),
        ([0x5F, 0xC1, 0x07], ended(capability)),
        ([0x5F, 0xC1, 0x09], ended(printed.concat())),
        ([0x5F, 0xC1, 0x08], ended(face)),
        ([0x5F, 0xC1, 0x0C], ended([element(0xC1, &[0]), element(0xC2, &[0])].concat())),
    ]
}

/// Sends everything but the end.
pub(crate) fn fill(card: &mut Card, host: &mut Scp03, algorithm: u8) -> Vec<PKey<Public>> {
    let authority = Authority::new();
    let keys = SLOTS.map(|(slot, _)| generate(card, host, slot, algorithm));
    for ((slot, tag), key) in SLOTS.iter().zip(&keys) {
        let certificate = element(0x70, &authority.certify(key, *slot));
        let content = [certificate, element(0x71, &[0]), element(0xFE, &[])].concat();
        assert_eq!(put(card, host, tag, &content), 0x9000);
    }
    for (tag, content) in objects() {
        assert_eq!(put(card, host, &tag, &content), 0x9000);
    }
    for (reference, value) in [("80", &PIN[..]), ("81", PUK), ("9B", &ADMINISTRATION)] {
        assert_eq!(host.status(card, &format!("0024FF{reference}"), value), 0x9000);
    }
    keys.into()
}

/// An issued card, reset, and the public keys of its slots.
pub(super) fn issued(algorithm: u8) -> (Card, Vec<PKey<Public>>) {
    let (mut card, mut host) = installed(0x33);
    let keys = fill(&mut card, &mut host, algorithm);
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000);
    card.reset();
    (card, keys)
}
