//! The second version of a program: loaded beside the first, installed in its place, and seen to be another.

use cardwright_virtual_card::applications::built_in::{self, BuiltIn};
use cardwright_virtual_card::{Card, ProgramName};
use sha2::{Digest, Sha256};

use crate::host::Scp03;
use crate::identity::{issue, person, read_everything, store_data};
use crate::loading::{announce, load, load_file};
use crate::world::{IDENTITY, IDENTITY_PACKAGE, card, send};

fn second() -> BuiltIn {
    let [_, _, _, identity, ..] = built_in::all();
    identity
}

fn load_second(card: &mut Card, host: &mut Scp03) -> u16 {
    let block = second().load_file_data_block();
    assert_eq!(host.status(card, "80E60200", &announce("F04341524457494402", &Sha256::digest(&block))), 0x9000);
    load(card, host, &load_file(&block))
}

/// Deletes the old instance, installs the new one under the same AID and personalizes it, in one channel.
fn exchange(card: &mut Card, host: &mut Scp03) {
    let instance = hex::decode(format!("4F0A{IDENTITY}")).unwrap();
    assert_eq!(host.status(card, "80E40000", &instance), 0x9000);
    let install = format!("09F043415244574944020AF04341524457494402010A{IDENTITY}010002C90000");
    assert_eq!(host.status(card, "80E60400", &hex::decode(install).unwrap()), 0x9000);
    assert_eq!(host.status(card, "80E62000", &crate::identity::for_personalization()), 0x9000);
    for (header, data) in store_data(&person()) {
        assert_eq!(host.status(card, &header, &data), 0x9000, "{header}");
    }
    assert_eq!(host.status(card, "80E60800", &crate::identity::make_selectable()), 0x9000);
}

#[test]
fn after_an_upgrade_the_card_behaves_as_version_2() {
    let select = format!("00A404000A{IDENTITY}00");
    let mut card = card("scp03-i70-life");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let first = send(&mut card, &select);
    assert!(!first.contains("DF01"), "version 1 does not say its version");
    assert_eq!(send(&mut card, "00CA010400"), "6D00");

    card.reset();
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(load_second(&mut card, &mut host), 0x9000);
    assert_eq!(send(&mut card, &select), first, "loaded is not installed");
    card.reset();
    let mut host = Scp03::open(&mut card, 0x33);
    exchange(&mut card, &mut host);
    let (list, _) = host.send(&mut card, "80F24002", &[0x4F, 0]);
    assert!(hex::encode_upper(&list).contains("C409F04341524457494402"), "the instance's load file is the new one");
    let old = hex::decode(format!("4F09{IDENTITY_PACKAGE}")).unwrap();
    assert_eq!(host.status(&mut card, "80E40000", &old), 0x9000, "no instance holds the old load file");

    read_everything(&mut card);
    assert!(send(&mut card, &select).contains("DF010102"));
    assert_eq!(send(&mut card, "00CA010400"), format!("{}9000", hex::encode_upper("ZOË SØRENSEN")));
    assert_eq!(send(&mut card, "00CA010500"), "6A88");
}

#[test]
fn a_little_card_does_not_hold_both_versions_but_the_new_one_after_the_old() {
    let mut card = card("scp03-i70-small");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let free = card.state().memory_free();
    assert_eq!(load_second(&mut card, &mut host), 0x6A84);
    assert_eq!(card.state().memory_free(), free, "nothing was deleted, nothing is left behind");
    read_everything(&mut card);

    card.reset();
    let mut host = Scp03::open(&mut card, 0x33);
    let old = hex::decode(format!("4F09{IDENTITY_PACKAGE}")).unwrap();
    assert_eq!(host.status(&mut card, "80E40000", &old), 0x6985, "its instance is there");
    assert_eq!(host.status(&mut card, "80E40080", &old), 0x9000, "with its instance");
    assert_eq!(load_second(&mut card, &mut host), 0x9000);
    let install = format!("09F043415244574944020AF04341524457494402010A{IDENTITY}010002C90000");
    assert_eq!(host.status(&mut card, "80E60400", &hex::decode(install).unwrap()), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &crate::identity::for_personalization()), 0x9000);
    for (header, data) in store_data(&person()) {
        assert_eq!(host.status(&mut card, &header, &data), 0x9000);
    }
    assert_eq!(host.status(&mut card, "80E60800", &crate::identity::make_selectable()), 0x9000);
    read_everything(&mut card);
}

#[test]
fn every_built_in_package_is_known_by_its_hash_whatever_its_padding() {
    for known in built_in::all() {
        let size = known.padded_block(Some(known.full_padding())).len();
        assert!((6_000..=20_000).contains(&size), "{size} bytes");
        for padding in [None, Some(0), Some(1), Some(known.full_padding()), Some(20_000)] {
            let block = known.padded_block(padding);
            let package = built_in::recognize(&known.package, &block).unwrap();
            assert_eq!((package.program, package.version), (known.program, [known.version, 0]));
            assert_eq!(package.size as usize, block.len());
            let mut changed = block.clone();
            *changed.last_mut().unwrap() ^= 1;
            let other = built_in::recognize(&known.package, &changed);
            assert!(other.is_none_or(|package| package.program == ProgramName::Opaque), "one bit, and it is unknown");
        }
    }
}

#[test]
fn the_page_tells_the_hashes_that_select_the_identity_application() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/identity-application.md");
    let page = std::fs::read_to_string(page).unwrap();
    let [first, _, _, second, ..] = built_in::all();
    for block in [first.load_file_data_block(), second.load_file_data_block()] {
        assert!(page.contains(&hex::encode(Sha256::digest(block))));
    }
}
