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

pub(crate) fn load_second(card: &mut Card, host: &mut Scp03) -> u16 {
    let block = second().load_file_data_block();
    assert_eq!(host.status(card, "80E60200", &announce("F04341524457494402", &Sha256::digest(&block))), 0x9000);
    load(card, host, &load_file(&block))
}

/// Deletes the old instance, installs the new one under the same AID and personalizes it, in one channel.
pub(crate) fn exchange(card: &mut Card, host: &mut Scp03) {
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
        let full = known.block(known.full_padding());
        assert!((6_000..=20_000).contains(&full.len()), "{} bytes", full.len());
        for block in [known.load_file_data_block(), known.block(0), known.block(1), full, known.block(20_000)] {
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

/// Loads the second version and puts an instance of `module` in the place of the one called `instance`.
fn exchange_module(card: &mut Card, known: &BuiltIn, module: usize, instance: &str) {
    card.reset();
    let mut host = Scp03::open(card, 0x33);
    let package = hex::encode_upper(known.package.as_bytes());
    if card.state().package(&known.package).is_none() {
        let block = known.load_file_data_block();
        assert_eq!(host.status(card, "80E60200", &announce(&package, &Sha256::digest(&block))), 0x9000);
        assert_eq!(load(card, &mut host, &load_file(&block)), 0x9000);
    }
    let field = |bytes: &[u8]| [&[bytes.len() as u8][..], bytes].concat();
    let instance = hex::decode(instance).unwrap();
    assert_eq!(host.status(card, "80E40000", &[&[0x4F][..], &field(&instance)].concat()), 0x9000);
    let names = [known.package.as_bytes(), known.modules[module].aid.as_bytes(), &instance].map(field);
    let install = [names.concat(), vec![1, 0, 2, 0xC9, 0, 0]].concat();
    assert_eq!(host.status(card, "80E60C00", &install), 0x9000);
}

#[test]
fn payment_applications_and_environments_of_version_2_say_so() {
    use crate::emv::card_data::whole;
    use crate::emv::environment::{PSE, pse};
    use crate::emv::route::{Host, INSTANCE, for_personalization, issued, select};
    let [.., emv] = built_in::all();
    let mut card = issued("scp03-i70-life", &whole());
    select(&mut card, INSTANCE);
    assert_eq!(send(&mut card, "80CA9F0800"), "6A88", "version 1 does not say its version");
    exchange_module(&mut card, &emv, 0, INSTANCE);
    let mut host = Host::open(&mut card);
    let directory = [crate::emv::route::field(PSE)].concat();
    let names = [emv.package.as_bytes(), emv.modules[1].aid.as_bytes()];
    let names: Vec<u8> = names.iter().flat_map(|name| [&[name.len() as u8][..], name].concat()).collect();
    let install = [names, directory, vec![1, 0, 2, 0xC9, 0, 0]].concat();
    assert_eq!(host.status(&mut card, "80E60C00", &install), 0x9000);
    for (instance, groupings) in [(INSTANCE, whole()), (PSE, pse())] {
        assert_eq!(host.status(&mut card, "80E62000", &for_personalization(instance)), 0x9000);
        assert_eq!(host.personalize(&mut card, &groupings), 0x9000);
    }
    for instance in [INSTANCE, PSE] {
        assert_eq!(select(&mut card, instance).1, 0x9000);
        assert_eq!(send(&mut card, "80CA9F0800"), "9F080200029000", "{instance}");
        assert_eq!(send(&mut card, "80CA9F0900"), "6A88");
    }
    crate::emv::answers::online(&mut card);
}

#[test]
fn a_piv_application_of_version_2_says_so() {
    let [.., piv, _] = built_in::all();
    let (mut card, _) = crate::piv::issue::installed_on("scp03-i70-life", 0x33);
    let (first, _) = crate::piv::ask(&mut card, crate::piv::SELECT);
    exchange_module(&mut card, &piv, 0, &format!("{}0100", crate::piv::PACKAGE));
    let (second, status) = crate::piv::ask(&mut card, crate::piv::SELECT);
    assert_eq!(status, 0x9000);
    let has = |answer: &[u8], name: &[u8]| answer.windows(name.len()).any(|part| part == name);
    assert!(has(&first, b"cardwright PIV") && !has(&first, b"cardwright PIV 2"));
    assert!(has(&second, b"cardwright PIV 2"));
    let mut host = Scp03::open(&mut card, 0x33);
    crate::piv::issue::fill(&mut card, &mut host, 0x11);
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000);
}

#[test]
fn the_pages_tell_the_hashes_that_select_the_other_applications() {
    let page = |name: &str| {
        std::fs::read_to_string(format!("{}/../../docs/{name}-application.md", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let [_, piv, emv, _, piv_2, emv_2] = built_in::all();
    for (name, known) in [("piv", piv), ("emv", emv), ("piv", piv_2), ("emv", emv_2)] {
        let hash = hex::encode(Sha256::digest(known.load_file_data_block()));
        assert!(page(name).contains(&hash), "{name} {}: {hash}", known.version);
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
