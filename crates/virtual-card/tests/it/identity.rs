//! The identity application, from a blank card to a card that opensc-tool can read.

use cardwright_virtual_card::Card;
use sha2::{Digest, Sha256};

use crate::host::{Scp02, Scp03, aes_cbc, triple_des_cbc};
use crate::world::{IDENTITY, IDENTITY_PACKAGE, card, card_of, product, send};

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
    let p1 = |index: usize| if index + 1 == count { 0x88 } else { 0x08 };
    bytes
        .chunks(223)
        .enumerate()
        .map(|(index, block)| (format!("80E2{:02X}{index:02X}", p1(index)), block.to_vec()))
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

pub(crate) fn read_file(card: &mut Card) -> Vec<u8> {
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

/// Installed, with a personalization begun.
fn begun(card: &mut Card, level: u8) -> Scp03 {
    let mut host = Scp03::open(card, level);
    assert_eq!(host.status(card, "80E60C00", &install_data()), 0x9000);
    assert_eq!(host.status(card, "80E62000", &for_personalization()), 0x9000);
    host
}

fn without_photo() -> Groupings {
    person().into_iter().filter(|(identifier, _)| *identifier != 0x0201).collect()
}

/// Sends each block as it is, with 80 added to P1 of the last; the status of the last.
fn send_blocks(card: &mut Card, host: &mut Scp03, blocks: &[(u8, Vec<u8>)]) -> u16 {
    for (number, (p1, block)) in blocks.iter().enumerate() {
        let last = number + 1 == blocks.len();
        let header = format!("80E2{:02X}{:02X}", p1 | if last { 0x80 } else { 0 }, number % 256);
        let status = host.status(card, &header, block);
        if last || status != 0x9000 {
            return status;
        }
    }
    unreachable!("there is a block")
}

#[test]
fn the_pin_may_travel_under_the_dek_and_nothing_else() {
    let groupings = without_photo();
    let (clear, pin) = (&groupings[..3].to_vec(), &groupings[3].1);
    let with_manifest = |groupings: &Groupings| encoded(&vec![(0x7FFF, manifest(groupings))]);
    let mut card = card("scp03-i70");
    let mut host = begun(&mut card, 0x33);
    let under_dek = aes_cbc(&host.dek, [0; 16], &[&pin[..], &[0x80, 0, 0, 0, 0, 0, 0, 0]].concat());
    let blocks = [
        (0x08, encoded(clear)),
        (0x68, encoded(&vec![(0x0301, under_dek.clone())])),
        (0x08, with_manifest(&groupings)),
    ];
    assert_eq!(send_blocks(&mut card, &mut host, &blocks), 0x9000);
    assert!(send(&mut card, &format!("00A404000A{IDENTITY}00")).ends_with("9000"));
    assert_eq!(send(&mut card, "0020000108241234FFFFFFFFFF"), "9000", "the clear block is compared");

    let mut card = crate::world::card("scp03-i70");
    let mut host = begun(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80E26800", &encoded(&vec![(0x0102, under_dek.clone())])), 0x6A80);
    assert_eq!(host.status(&mut card, "80E26800", &encoded(&vec![(0x0301, vec![7; 16])])), 0x6A80, "not a block");
    assert_eq!(host.status(&mut card, "80E26800", &encoded(&vec![(0x0301, vec![7; 8])])), 0x6A80, "not whole");
    assert_eq!(host.status(&mut card, "80E20800", &encoded(&vec![(0x0301, under_dek)])), 0x6A80, "P1 says clear");
    assert_eq!(host.status(&mut card, "80E22800", &encoded(clear)), 0x6A86, "encryption left to the application");
}

#[test]
fn the_pin_may_travel_under_the_dek_of_scp02() {
    let mut card = card("scp02-i55");
    let mut host = Scp02::open(&mut card, 0x03);
    assert_eq!(host.send(&mut card, "80E60C00", &install_data()).1, 0x9000);
    assert_eq!(host.send(&mut card, "80E62000", &for_personalization()).1, 0x9000);
    let groupings = without_photo();
    let under_dek = triple_des_cbc(&host.dek, &groupings[3].1);
    assert_eq!(host.send(&mut card, "80E20800", &encoded(&groupings[..3].to_vec())).1, 0x9000);
    assert_eq!(host.send(&mut card, "80E26801", &encoded(&vec![(0x0301, under_dek)])).1, 0x9000);
    assert_eq!(host.send(&mut card, "80E28802", &encoded(&vec![(0x7FFF, manifest(&groupings))])).1, 0x9000);
    assert!(send(&mut card, &format!("00A404000A{IDENTITY}00")).ends_with("9000"));
    assert_eq!(send(&mut card, "0020000108241234FFFFFFFFFF"), "9000");
}

#[test]
fn files_of_16_kib_span_more_than_256_blocks() {
    let mut groupings = person();
    groupings[4].1.resize(16_384, 0xAB);
    groupings.extend((0..3).map(|number| (0x0110 + number, vec![number as u8; 16_384])));
    let mut card = card("scp03-i70");
    let mut host = begun(&mut card, 0x33);
    let commands = store_data(&groupings);
    assert!(commands.len() > 256);
    let blocks: Vec<_> = commands.into_iter().map(|(_, block)| (0x08, block)).collect();
    assert_eq!(send_blocks(&mut card, &mut host, &blocks), 0x9000);
    send(&mut card, &format!("00A404000A{IDENTITY}00"));
    send(&mut card, "00A4020C020112");
    assert_eq!(read_file(&mut card), [2; 16_384]);
}

#[test]
fn what_the_manifest_does_not_agree_with_is_never_readable() {
    let whole = without_photo();
    let mut other_name = manifest(&whole);
    other_name[10] ^= 1;
    let mut other_order = whole.clone();
    other_order.swap(0, 1);
    let mut one_more = whole.clone();
    one_more.push((0x0110, vec![1]));
    for (manifest, expected, why) in [
        (other_name, 0x6A80, "another hash"),
        (manifest(&other_order), 0x6A80, "another order"),
        (manifest(&one_more), 0x6A80, "one more"),
        (manifest(&whole[..3].to_vec()), 0x6A80, "one fewer"),
        (Vec::new(), 0x6A80, "nothing"),
        (manifest(&whole), 0x9000, "the control: everything agrees"),
    ] {
        let mut card = card("scp03-i70");
        let mut host = begun(&mut card, 0x33);
        let blocks = [(0x08, encoded(&whole)), (0x08, encoded(&vec![(0x7FFF, manifest)]))];
        assert_eq!(send_blocks(&mut card, &mut host, &blocks), expected, "{why}");
        let selected = send(&mut card, &format!("00A404000A{IDENTITY}00"));
        assert_eq!(selected.ends_with("9000"), expected == 0x9000, "{why}");
    }
}

#[test]
fn without_a_number_or_with_a_photo_but_no_pin_nothing_is_complete() {
    let keep = |unwanted: u16| person().into_iter().filter(|(identifier, _)| *identifier != unwanted).collect();
    for missing in [0x0101, 0x0102, 0x0103, 0x0301] {
        let groupings: Groupings = keep(missing);
        let mut card = card("scp03-i70");
        let mut host = begun(&mut card, 0x33);
        let blocks: Vec<_> = store_data(&groupings).into_iter().map(|(_, block)| (0x08, block)).collect();
        assert_eq!(send_blocks(&mut card, &mut host, &blocks), 0x6A86, "without {missing:04X}");
    }
}

#[test]
fn a_grouping_sent_again_takes_its_new_place() {
    let first = without_photo();
    let mut again = first.clone();
    let mut name = again.remove(0);
    name.1 = b"Another Name".to_vec();
    again.push(name);
    let mut card = card("scp03-i70");
    let mut host = begun(&mut card, 0x33);
    let blocks = [
        (0x08, encoded(&first)),
        (0x08, encoded(&again[3..].to_vec())),
        (0x08, encoded(&vec![(0x7FFF, manifest(&again))])),
    ];
    assert_eq!(send_blocks(&mut card, &mut host, &blocks), 0x9000);
    send(&mut card, &format!("00A404000A{IDENTITY}00"));
    send(&mut card, "00A4020C020101");
    assert_eq!(read_file(&mut card), b"Another Name");
}

#[test]
fn a_file_that_does_not_fit_the_memory_is_refused_when_it_begins() {
    let mut product = product("scp03-i70");
    product.preloaded.truncate(1);
    product.memory = 8_192;
    let mut card = card_of(product);
    let mut host = begun(&mut card, 0x33);
    let free = card.state().memory_free();
    assert_eq!(host.status(&mut card, "80E20800", &[&[0x01, 0x10, 0xFF, 0x40, 0x00][..], &[7; 100]].concat()), 0x6A84);
    assert_eq!(card.state().memory_free(), free);
    assert_eq!(host.status(&mut card, "80E20800", &[0x01, 0x10, 0xFF, 0x40, 0x01, 7]), 0x6A80, "over 16 KiB");
    assert_eq!(host.status(&mut card, "80E20800", &[0x01, 0x10, 0xFF, 0x00, 0x01, 7]), 0x6A80, "not the shortest form");
    assert_eq!(host.status(&mut card, "80E20800", &[0x01, 0x10]), 0x6A80, "a header does not span");
}
