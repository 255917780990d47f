//! Load files and instances as a card holds them: the registry, what a load is interrupted by, every byte of memory.

use cardwright_virtual_card::applications::built_in::{self, BuiltIn};
use cardwright_virtual_card::{Card, CardState, PowerCut};

use crate::host::Scp03;
use crate::identity::{for_personalization, install_data, issue, make_selectable, person, store_data};
use crate::loading::{announce, load, load_file};
use crate::world::{IDENTITY, IDENTITY_PACKAGE, card, card_of, product, send};

const SECOND_PACKAGE: &str = "F04341524457494402";

fn second() -> BuiltIn {
    let [_, _, _, identity, ..] = built_in::all();
    identity
}

fn opened(card: &mut Card) -> Scp03 {
    card.reset();
    Scp03::open(card, 0x33)
}

/// The LOAD commands of `file`: header and data.
fn load_commands(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let count = file.len().div_ceil(223);
    let blocks = file.chunks(223).enumerate();
    let p1 = |number: usize| if number + 1 == count { 0x80 } else { 0x00 };
    blocks.map(|(number, block)| (format!("80E8{:02X}{number:02X}", p1(number)), block.to_vec())).collect()
}

fn aid_field(aid: &str) -> Vec<u8> {
    let aid = hex::decode(aid).unwrap();
    [&[0x4F, aid.len() as u8][..], &aid].concat()
}

fn install_second() -> Vec<u8> {
    hex::decode(format!("09{SECOND_PACKAGE}0A{SECOND_PACKAGE}010A{IDENTITY}010002C90000")).unwrap()
}

#[test]
fn a_loaded_file_stands_in_the_registry_with_its_modules_and_version() {
    let mut card = card("scp03-i70-life");
    let mut host = opened(&mut card);
    let file = load_file(&second().load_file_data_block());
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &file), 0x9000);
    let wanted = aid_field(SECOND_PACKAGE);
    let (files, status) = host.send(&mut card, "80F22002", &wanted);
    let version = "9F700101CE020200";
    assert_eq!(status, 0x9000);
    assert_eq!(hex::encode_upper(files), format!("E31D4F09{SECOND_PACKAGE}{version}CC08A000000151000000"));
    let (modules, _) = host.send(&mut card, "80F21002", &wanted);
    let module = format!("840A{SECOND_PACKAGE}01");
    assert_eq!(hex::encode_upper(modules), format!("E3294F09{SECOND_PACKAGE}{version}{module}CC08A000000151000000"));
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x6985, "it is there already");
}

#[test]
fn a_block_out_of_turn_or_too_much_ends_the_load_and_leaves_nothing() {
    let mut card = card("scp03-i70-life");
    let mut host = opened(&mut card);
    let free = card.state().memory_free();
    let file = load_file(&second().load_file_data_block());
    let commands = load_commands(&file);
    type Sent = (String, Vec<u8>);
    let misuses: [(&str, Sent, u16); 5] = [
        ("a gap", ("80E80004".into(), commands[4].1.clone()), 0x6A86),
        ("a repetition", ("80E80001".into(), commands[1].1.clone()), 0x6A86),
        ("from the start", ("80E80000".into(), commands[0].1.clone()), 0x6A86),
        ("the end too early", ("80E88002".into(), commands[2].1.clone()), 0x6A80),
        ("another command", ("80F22002".into(), vec![0x4F, 0]), 0x9000),
    ];
    for (why, (header, data), expected) in &misuses {
        assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
        for (header, data) in &commands[..2] {
            assert_eq!(host.status(&mut card, header, data), 0x9000);
        }
        assert_eq!(host.status(&mut card, header, data), *expected, "{why}");
        assert_eq!(host.status(&mut card, &commands[2].0, &commands[2].1), 0x6985, "{why}: the load has ended");
        assert_eq!((card.state().memory_free(), card.state().packages.len()), (free, 3), "{why}");
    }
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
    let (last, before) = commands.split_last().unwrap();
    for (header, data) in before {
        assert_eq!(host.status(&mut card, header, data), 0x9000);
    }
    assert_eq!(host.status(&mut card, &last.0, &[&last.1[..], &[0]].concat()), 0x6A80, "one byte more than announced");
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
    assert_eq!(host.status(&mut card, "80E80000", &[0xC4, 0x83, 0x02, 0x00, 0x00, 1]), 0x6A84, "more than there is");
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &file), 0x9000, "the control");
}

#[test]
fn a_load_cut_at_any_block_is_forgotten_and_starts_again() {
    let file = load_file(&second().block(2_000));
    let commands = load_commands(&file);
    for at in 0..commands.len() {
        for cut in [PowerCut::Before, PowerCut::AfterWrites(0), PowerCut::BeforeAnswer] {
            let mut card = card("scp03-i70-life");
            let free = card.state().memory_free();
            let mut host = opened(&mut card);
            assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
            for (header, data) in &commands[..at] {
                assert_eq!(host.status(&mut card, header, data), 0x9000);
            }
            let header = hex::decode(&commands[at].0).unwrap().try_into().unwrap();
            let wrapped = host.wrap(header, &commands[at].1);
            card.transmit_and_cut(&wrapped, cut);
            let whole = at + 1 == commands.len() && cut == PowerCut::BeforeAnswer;
            assert_eq!(card.state().memory_free() == free, !whole, "block {at}, {cut:?}");
            let mut host = opened(&mut card);
            assert_eq!(host.status(&mut card, &commands[at].0, &commands[at].1), 0x6985, "no load goes on");
            if !whole {
                assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
                assert_eq!(load(&mut card, &mut host, &file), 0x9000);
            }
            assert_eq!(free - card.state().memory_free(), file.len() as u32 - 4, "the bytes of the block");
        }
    }
}

#[test]
fn every_byte_is_accounted_for_and_given_back() {
    let mut card = card("scp03-i70-life");
    let mut host = opened(&mut card);
    let start = card.state().memory_free();
    let block = second().load_file_data_block();
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&block)), 0x9000);
    assert_eq!(card.state().memory_free(), start - block.len() as u32, "a load file: its block");
    assert_eq!(host.status(&mut card, "80E60400", &install_second()), 0x9000);
    assert_eq!(card.state().memory_free(), start - block.len() as u32 - 64, "an instance: 64");
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x9000);
    for (header, data) in store_data(&person()) {
        assert_eq!(host.status(&mut card, &header, &data), 0x9000);
    }
    let data: usize = person().iter().map(|(_, data)| data.len() + 8).sum();
    assert_eq!(card.state().memory_free(), start - block.len() as u32 - 64 - data as u32, "data: 8 bytes more each");
    assert_eq!(host.status(&mut card, "80E40000", &aid_field(IDENTITY)), 0x9000);
    assert_eq!(card.state().memory_free(), start - block.len() as u32, "an instance goes with its data");
    assert_eq!(host.status(&mut card, "80E40000", &aid_field(SECOND_PACKAGE)), 0x9000);
    assert_eq!(card.state().memory_free(), start);
    let keys = crate::keys::new_keys(32);
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x31, &keys)), 0x9000);
    assert_eq!(card.state().memory_free(), start - 3 * 40, "a key: 8 bytes more");
}

#[test]
fn a_full_card_says_so_at_load_install_and_store_data() {
    let mut little = product("scp03-i70-small");
    little.memory = 72 + 4135 + 100;
    let mut card = card_of(little);
    let mut host = opened(&mut card);
    let announced = [&announce(SECOND_PACKAGE, &[])[..12], &[8, 0xEF, 6, 0xC6, 4, 0, 0, 0, 101, 0]].concat();
    assert_eq!(host.status(&mut card, "80E60200", &announced), 0x6A84, "INSTALL [for load], which says its need");
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&second().load_file_data_block())), 0x6A84, "LOAD");
    assert_eq!(host.status(&mut card, "80E60400", &install_data()), 0x9000, "64 of 100");
    let other = format!("09{IDENTITY_PACKAGE}0A{IDENTITY}0AF0434152445749440002010002C90000");
    assert_eq!(host.status(&mut card, "80E60400", &hex::decode(other).unwrap()), 0x6A84, "INSTALL");
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x9000);
    let (header, data) = &store_data(&person())[0];
    assert_eq!(host.status(&mut card, header, data), 0x6A84, "STORE DATA");
    assert_eq!(card.state().memory_free(), 36, "and nothing of it stays");
}

#[test]
fn a_deleted_instance_is_not_found_and_its_successor_is_given_nothing_unasked() {
    let mut card = card("scp03-i70");
    let mut host = opened(&mut card);
    issue(&mut card, &mut host);
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x9000);
    assert_eq!(host.status(&mut card, "80E40000", &aid_field(IDENTITY)), 0x9000);
    assert_eq!(host.status(&mut card, "80E60C00", &install_data()), 0x9000, "the same AID in the same channel");
    let (header, data) = &store_data(&person())[0];
    assert_eq!(host.status(&mut card, header, data), 0x6A80, "it goes to the Security Domain");
    assert_eq!(send(&mut card, &format!("00A404000A{IDENTITY}00")), "6985", "new, and empty");
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80E40000", &aid_field(IDENTITY)), 0x9000);
    assert_eq!(send(&mut card, &format!("00A404000A{IDENTITY}00")), "6A82");
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80E40000", &aid_field(IDENTITY)), 0x6A88, "and not once more");
    assert_eq!(host.status(&mut card, "80E60800", &make_selectable()), 0x6A88);
}

#[test]
fn an_exchange_cut_between_its_commands_is_found_by_the_registry() {
    let mut card = card("scp03-i70-life");
    let mut host = opened(&mut card);
    issue(&mut card, &mut host);
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80E60200", &announce(SECOND_PACKAGE, &[])), 0x9000);
    assert_eq!(load(&mut card, &mut host, &load_file(&second().load_file_data_block())), 0x9000);
    card.reset();
    let states = crate::power::all_cuts(&mut card, |card| opened(card).wrap([0x80, 0xE4, 0, 0], &aid_field(IDENTITY)));
    let holds = |state: &CardState| state.applications.iter().map(|held| held.package.to_string()).collect::<Vec<_>>();
    assert_eq!(states.iter().map(holds).collect::<Vec<_>>(), [vec![IDENTITY_PACKAGE.to_owned()], vec![], vec![]]);
    for state in states.into_iter().skip(1) {
        let mut card = crate::world::card_with(state);
        let states = crate::power::all_cuts(&mut card, |card| opened(card).wrap([0x80, 0xE6, 4, 0], &install_second()));
        let left: Vec<_> = states.iter().map(holds).collect();
        assert_eq!(left, [vec![], vec![SECOND_PACKAGE.to_owned()], vec![SECOND_PACKAGE.to_owned()]]);
    }
}
