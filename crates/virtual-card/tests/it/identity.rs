//! The identity application, from a blank card to a card that opensc-tool can read.

use cardwright_virtual_card::Card;
use sha2::{Digest, Sha256};

use crate::host::{Scp02, Scp03};
use crate::world::{IDENTITY, IDENTITY_PACKAGE, card, send};

pub(crate) type Groupings = Vec<(u16, Vec<u8>)>;

pub(crate) fn person() -> Groupings {
    let photo = [&[0xFF, 0xD8, 0xFF, 0xE0][..], &(0..700).map(|byte| byte as u8).collect::<Vec<_>>()].concat();
    vec![
        (0x0101, "Zoë Sørensen".as_bytes().to_vec()),
        (0x0102, b"9999010000000017".to_vec()),
        (0x0103, hex::decode("2026010120311231").unwrap()),
        (0x0301, hex::decode("241234FFFFFFFFFF").unwrap()),
        (0x0201, photo),
    ]
}

pub(crate) fn manifest(groupings: &Groupings) -> Vec<u8> {
    let mut manifest = vec![groupings.len() as u8];
    for (identifier, data) in groupings {
        manifest.extend_from_slice(&identifier.to_be_bytes());
        manifest.extend_from_slice(&(data.len() as u16).to_be_bytes());
        manifest.extend_from_slice(&Sha256::digest(data));
    }
    manifest
}

pub(crate) fn encoded(groupings: &Groupings) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (identifier, data) in groupings {
        bytes.extend_from_slice(&identifier.to_be_bytes());
        match data.len() {
            short @ 0..=0xFE => bytes.push(short as u8),
            long => bytes.extend_from_slice(&[0xFF, (long >> 8) as u8, long as u8]),
        }
        bytes.extend_from_slice(data);
    }
    bytes
}

/// STORE DATA commands (header, data) that bring `groupings` and their manifest, 223 bytes each.
pub(crate) fn store_data(groupings: &Groupings) -> Vec<(String, Vec<u8>)> {
    let mut all = groupings.clone();
    all.push((0x7FFF, manifest(groupings)));
    let bytes = encoded(&all);
    let count = bytes.len().div_ceil(223);
    let number = |index: usize| if index + 1 == count { 0x88 } else { 0x08 };
    bytes
        .chunks(223)
        .enumerate()
        .map(|(index, block)| (format!("80E2{:02X}{index:02X}", number(index)), block.to_vec()))
        .collect()
}

pub(crate) fn install_data() -> Vec<u8> {
    hex::decode(format!("09{IDENTITY_PACKAGE}0A{IDENTITY}0A{IDENTITY}010002C90000")).unwrap()
}

pub(crate) fn for_personalization() -> Vec<u8> {
    hex::decode(format!("00000A{IDENTITY}000000")).unwrap()
}

pub(crate) fn make_selectable() -> Vec<u8> {
    hex::decode(format!("00000A{IDENTITY}01000000")).unwrap()
}

/// Installs, personalizes and makes selectable over an open channel.
pub(crate) fn issue(card: &mut Card, host: &mut Scp03) {
    assert_eq!(host.send(card, "80E60400", &install_data()), (vec![0], 0x9000));
    assert_eq!(host.status(card, "80E62000", &for_personalization()), 0x9000);
    for (header, data) in store_data(&person()) {
        assert_eq!(host.status(card, &header, &data), 0x9000, "{header}");
    }
    assert_eq!(host.status(card, "80E60800", &make_selectable()), 0x9000);
}

#[test]
fn a_card_is_issued_at_level_33_and_read_without_keys() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let (list, status) = host.send(&mut card, "80F24002", &[0x4F, 0]);
    assert_eq!(status, 0x9000);
    assert!(hex::encode_upper(&list).contains(&format!("4F0A{IDENTITY}9F700107C503000000")));
    read_everything(&mut card);
}

/// What opensc-tool does: nothing but SELECT, READ BINARY and VERIFY.
pub(crate) fn read_everything(card: &mut Card) {
    card.reset();
    assert!(send(card, &format!("00A404000A{IDENTITY}00")).starts_with("6F"));
    for (identifier, content) in person() {
        let selected = send(card, &format!("00A4020C02{identifier:04X}"));
        if identifier == 0x0301 {
            assert_eq!(selected, "6A82", "the PIN is no file");
            continue;
        }
        assert_eq!(selected, "9000");
        if identifier == 0x0201 {
            assert_eq!(send(card, "00B0000000"), "6982");
            assert_eq!(send(card, "0020000108241234FFFFFFFFFF"), "9000");
        }
        assert_eq!(read_file(card), content);
    }
}

fn read_file(card: &mut Card) -> Vec<u8> {
    let mut file = Vec::new();
    loop {
        let answer = hex::decode(send(card, &format!("00B0{:04X}00", file.len()))).unwrap();
        let (data, status) = answer.split_at(answer.len() - 2);
        assert_eq!(status, [0x90, 0x00]);
        file.extend_from_slice(data);
        if data.len() < 256 {
            return file;
        }
    }
}

#[test]
fn scp02_cards_are_issued_too() {
    for (name, level) in [("scp02-i55", 0x03), ("scp02-i15", 0x01)] {
        let mut card = card(name);
        let mut host = Scp02::open(&mut card, level);
        let early = name == "scp02-i55";
        assert_eq!(host.send(&mut card, if early { "80E60400" } else { "80E60C00" }, &install_data()).1, 0x9000);
        assert_eq!(host.send(&mut card, "80E62000", &for_personalization()).1, 0x9000);
        for (header, data) in store_data(&person()) {
            assert_eq!(host.send(&mut card, &header, &data).1, 0x9000, "{header}");
        }
        if early {
            assert_eq!(host.send(&mut card, "80E60800", &make_selectable()).1, 0x9000);
        }
        read_everything(&mut card);
    }
}
