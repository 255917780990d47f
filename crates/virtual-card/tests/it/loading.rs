//! LOAD: hash, block order, memory; a load file's hash selects a built-in program (GPCS §11.6).

use cardwright_virtual_card::applications::built_in;
use cardwright_virtual_card::{Card, ProgramName};
use sha2::{Digest, Sha256};

use crate::host::Scp03;
use crate::identity::issue;
use crate::world::{IDENTITY_PACKAGE, card_of, product};

fn empty_card() -> Card {
    let mut product = product("scp03-i70");
    product.preloaded = Vec::new();
    card_of(product)
}

pub(crate) fn announce(package: &str, hash: &[u8]) -> Vec<u8> {
    let aid = hex::decode(package).unwrap();
    [&[aid.len() as u8][..], &aid, &[0, hash.len() as u8], hash, &[0, 0]].concat()
}

pub(crate) fn load_file(block: &[u8]) -> Vec<u8> {
    let [high, low] = (block.len() as u16).to_be_bytes();
    let length = match block.len() {
        0..=0x7F => vec![low],
        0x80..=0xFF => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[0xC4][..], &length, block].concat()
}

/// Sends the load file in blocks; the status of the last command that was sent.
pub(crate) fn load(card: &mut Card, host: &mut Scp03, file: &[u8]) -> u16 {
    let count = file.len().div_ceil(200);
    for (number, block) in file.chunks(200).enumerate() {
        let last = if number + 1 == count { 0x80 } else { 0x00 };
        let (data, status) = host.send(card, &format!("80E8{last:02X}{number:02X}"), block);
        if status != 0x9000 {
            return status;
        }
        assert_eq!(data, [0]);
    }
    0x9000
}

#[test]
fn a_loaded_identity_program_runs() {
    let mut card = empty_card();
    let mut host = Scp03::open(&mut card, 0x33);
    let block = built_in::all()[0].load_file_data_block();
    assert_eq!(host.status(&mut card, "80E60200", &announce(IDENTITY_PACKAGE, &Sha256::digest(&block))), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&block)), 0x9000);
    assert_eq!(card.state().packages[0].program, ProgramName::Identity);
    issue(&mut card, &mut host);
    crate::identity::read_everything(&mut card);
}

#[test]
fn a_wrong_hash_a_missing_block_and_another_command_end_the_load() {
    let mut card = empty_card();
    let mut host = Scp03::open(&mut card, 0x11);
    let block = built_in::all()[0].load_file_data_block();
    assert_eq!(host.status(&mut card, "80E88000", &load_file(&block)), 0x6985, "not announced");
    assert_eq!(host.status(&mut card, "80E60200", &announce(IDENTITY_PACKAGE, &[7; 32])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&block)), 0x6A80, "the hash");
    assert_eq!(host.status(&mut card, "80E60200", &announce(IDENTITY_PACKAGE, &[])), 0x9000);
    assert_eq!(host.status(&mut card, "80E88001", &load_file(&block)), 0x6A86, "block 01 first");
    assert_eq!(host.status(&mut card, "80E88000", &load_file(&block)), 0x6985, "the load has ended");
    assert_eq!(host.status(&mut card, "80E60200", &announce(IDENTITY_PACKAGE, &[])), 0x9000);
    assert_eq!(host.status(&mut card, "80F28002", &[0x4F, 0]), 0x9000);
    assert_eq!(host.status(&mut card, "80E88000", &load_file(&block)), 0x6985, "another command came between");
    assert_eq!(host.status(&mut card, "80E60200", &announce("F000000001", &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&block)), 0x6A80, "announced under another AID");
    assert_eq!(host.status(&mut card, "80E60200", &announce(IDENTITY_PACKAGE, &[1; 20])), 0x6A80, "SHA-1");
    assert!(card.state().packages.is_empty());
}

#[test]
fn a_program_that_cannot_be_run_is_kept_listed_and_installed() {
    let mut card = empty_card();
    let mut host = Scp03::open(&mut card, 0x33);
    let header = hex::decode("01000EDECAFFED010200000105F000000001").unwrap();
    let header = [&[1, 0, (header.len() - 3) as u8][..], &header[3..]].concat();
    let applet = hex::decode("03000A0106F000000001010000").unwrap();
    let block = [header, applet, vec![7, 1, 0x2C], vec![0xEE; 300]].concat();
    assert_eq!(host.status(&mut card, "80E60200", &announce("F000000001", &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&block)), 0x9000);
    let package = &card.state().packages[0];
    assert_eq!((package.program, package.size as usize), (ProgramName::Opaque, block.len()));
    assert_eq!(package.modules.len(), 1);
    let install = hex::decode("05F00000000106F0000000010106F00000000101010002C90000").unwrap();
    assert_eq!(host.status(&mut card, "80E60C00", &install), 0x9000);
    assert!(crate::world::send(&mut card, "00A4040006F0000000010100").ends_with("9000"));
    assert_eq!(crate::world::send(&mut card, "0011000000"), "6D00");
}

#[test]
fn what_does_not_fit_the_memory_is_refused_and_leaves_nothing() {
    let mut product = product("scp03-i70");
    product.memory = 1000;
    product.preloaded = Vec::new();
    let mut card = card_of(product);
    let mut host = Scp03::open(&mut card, 0x33);
    let free = card.state().memory_free();
    assert_eq!(host.status(&mut card, "80E60200", &announce("F000000001", &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&[0xEE; 1200])), 0x6A84);
    assert_eq!(card.state().memory_free(), free);
    let block = built_in::all()[3].load_file_data_block();
    assert_eq!(host.status(&mut card, "80E60200", &announce("F04341524457494402", &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&block)), 0x6A84, "a program of this project's");
    let wanted = hex::decode("05F0000000010000").unwrap();
    let with_c6 = [&wanted[..], &[8, 0xEF, 6, 0xC6, 4, 0, 0, 0xFF, 0xFF, 0]].concat();
    assert_eq!(host.status(&mut card, "80E60200", &with_c6), 0x6A84, "C6 says so beforehand");
}

#[test]
fn a_product_without_loading_refuses_it() {
    let mut card = crate::world::card("scp03-i10");
    let mut host = Scp03::open(&mut card, 0x03);
    assert_eq!(host.status(&mut card, "80E60200", &announce("F000000001", &[])), 0x6A86);
}
