//! Data groupings packed into STORE DATA: nothing is lost, nothing is too long, nothing is mixed.

use cardwright_apdu::{Aid, Dgi, StatusWord};
use cardwright_globalplatform::commands::{
    Blocks, StoredDgi, StructureBits, store_data, store_data_objects, store_data_through_domain, store_nothing_more,
};
use cardwright_globalplatform::{Content, PlannedCommand};
use proptest::collection::vec;
use proptest::prelude::*;

fn grouping() -> impl Strategy<Value = (Dgi, bool)> {
    let length = prop_oneof![0usize..40, 200usize..300, Just(254), Just(255), 500usize..900];
    (any::<u16>(), length, any::<u8>(), any::<bool>()).prop_map(|(identifier, length, byte, encrypted)| {
        (Dgi::new(identifier, vec![byte; length]).unwrap(), encrypted)
    })
}

fn pack(groupings: &[(Dgi, bool)], limit: usize) -> Vec<PlannedCommand> {
    let stored: Vec<_> =
        groupings.iter().map(|(dgi, encrypted)| StoredDgi { dgi, encrypted: *encrypted, optional: false }).collect();
    store_data(&stored, StructureBits::Stated, limit, Blocks::ALL).unwrap()
}

/// What an application reads: the data of runs of commands with the same protection, as groupings.
fn reassembled(commands: &[PlannedCommand]) -> Vec<(Dgi, bool)> {
    let mut groupings = Vec::new();
    let is_encrypted = |planned: &PlannedCommand| planned.command().header.p1 & 0x60 == 0x60;
    for run in commands.chunk_by(|one, next| is_encrypted(one) == is_encrypted(next)) {
        let data: Vec<u8> = run.iter().flat_map(|planned| planned.command().data().to_vec()).collect();
        let read = Dgi::read_all(&data).unwrap();
        groupings.extend(read.into_iter().map(|dgi| (dgi, is_encrypted(&run[0]))));
    }
    groupings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn packed_groupings_read_back_in_order_and_fit(groupings in vec(grouping(), 1..12), limit in prop_oneof![Just(247usize), Just(239), Just(223), 5usize..60]) {
        let commands = pack(&groupings, limit);
        prop_assert!(commands.iter().all(|planned| (1..=limit).contains(&planned.command().data().len())));
        prop_assert_eq!(reassembled(&commands), groupings);
    }

    #[test]
    fn block_numbers_run_and_only_the_last_is_last(groupings in vec(grouping(), 1..12)) {
        let commands = pack(&groupings, 20);
        for (number, planned) in commands.iter().enumerate() {
            let header = planned.command().header;
            prop_assert_eq!((header.cla, header.ins, header.p2), (0x80, 0xE2, number as u8));
            prop_assert_eq!(header.p1 & 0x80 != 0, number + 1 == commands.len());
            prop_assert!(header.p1 & 0x60 == 0 || header.p1 & 0x60 == 0x60);
            prop_assert_eq!(header.p1 & 0x18, 0x08);
            prop_assert_eq!(planned.content(), Content::Personal);
        }
    }

    #[test]
    fn a_grouping_that_fits_a_command_is_not_cut(groupings in vec(grouping(), 1..12)) {
        let limit = 239;
        let commands = pack(&groupings, limit);
        for (dgi, _) in groupings.iter().filter(|(dgi, _)| dgi.to_bytes().len() <= limit) {
            let encoded = dgi.to_bytes();
            let whole = |planned: &PlannedCommand| planned.command().data().windows(encoded.len()).any(|w| w == encoded);
            prop_assert!(commands.iter().any(whole));
        }
    }
}

#[test]
fn what_remains_of_a_long_grouping_shares_its_command() {
    let groupings = [(Dgi::new(0x3000, vec![1; 300]).unwrap(), false), (Dgi::new(0x3001, vec![2; 10]).unwrap(), false)];
    let commands = pack(&groupings, 239);
    let lengths: Vec<_> = commands.iter().map(|planned| planned.command().data().len()).collect();
    assert_eq!(lengths, [239, 5 + 300 - 239 + 13]);
    assert_eq!(commands[0].command().data()[..5], [0x30, 0x00, 0xFF, 0x01, 0x2C]);
}

#[test]
fn encrypted_and_clear_groupings_change_commands() {
    let short = |identifier| Dgi::new(identifier, vec![7; 16]).unwrap();
    let groupings = [(short(0x0101), false), (short(0x8000), true), (short(0x8010), true), (short(0x9000), false)];
    let p1: Vec<_> = pack(&groupings, 239).iter().map(|planned| planned.command().header.p1).collect();
    assert_eq!(p1, [0x08, 0x68, 0x88]);
}

#[test]
fn the_structure_is_stated_only_where_the_product_wants_it() {
    let dgi = Dgi::new(0x0101, vec![1]).unwrap();
    let stored = [StoredDgi { dgi: &dgi, encrypted: true, optional: false }];
    let p1 = |structure| store_data(&stored, structure, 239, Blocks::ALL).unwrap()[0].command().header.p1;
    assert_eq!((p1(StructureBits::Implicit), p1(StructureBits::Stated)), (0xE0, 0xE8));
}

#[test]
fn nothing_to_store_is_no_command() {
    assert!(store_data(&[], StructureBits::Stated, 239, Blocks::ALL).is_err());
    let dgi = Dgi::new(1, []).unwrap();
    for limit in [0, 4, 256] {
        assert!(
            store_data(
                &[StoredDgi { dgi: &dgi, encrypted: false, optional: false }],
                StructureBits::Stated,
                limit,
                Blocks::ALL
            )
            .is_err()
        );
    }
}

#[test]
fn data_objects_of_the_security_domain_go_as_tlv() {
    let command = store_data_objects(&[0x42, 0x01, 0x05]).unwrap();
    assert_eq!(command.command().to_bytes(), [0x80, 0xE2, 0x90, 0x00, 0x03, 0x42, 0x01, 0x05]);
}

/// Identifier and whether the card may refuse it, of groupings of 10 bytes in clear.
fn short(groupings: &[(u16, bool)]) -> Vec<(Dgi, bool)> {
    groupings.iter().map(|(identifier, optional)| (Dgi::new(*identifier, vec![5; 10]).unwrap(), *optional)).collect()
}

fn stored(groupings: &[(Dgi, bool)]) -> Vec<StoredDgi<'_>> {
    groupings.iter().map(|(dgi, optional)| StoredDgi { dgi, encrypted: false, optional: *optional }).collect()
}

fn may_be_refused(planned: &PlannedCommand) -> bool {
    planned.allowed().contains(&StatusWord::REFERENCED_DATA_NOT_FOUND)
}

#[test]
fn an_optional_grouping_is_alone_in_its_command_so_that_a_refusal_says_which() {
    let groupings = short(&[(0x0101, false), (0x3001, true), (0x3002, true), (0x0102, false), (0x0103, false)]);
    let commands = store_data(&stored(&groupings), StructureBits::Implicit, 239, Blocks::ALL).unwrap();
    let seen: Vec<_> =
        commands.iter().map(|planned| (planned.command().data().len(), may_be_refused(planned))).collect();
    assert_eq!(seen, [(13, false), (13, true), (13, true), (26, false)]);
}

#[test]
fn block_numbers_do_not_depend_on_whether_an_optional_grouping_was_refused() {
    let application = Aid::new(b"\xF0application").unwrap();
    let groupings = short(&[(0x0101, false), (0x3001, true), (0x0102, false)]);
    let commands =
        store_data_through_domain(&application, &stored(&groupings), StructureBits::Implicit, 239, true).unwrap();
    let headers: Vec<_> = commands.iter().map(|planned| planned.command().header).collect();
    let seen: Vec<_> = headers.iter().map(|header| (header.ins, header.p1, header.p2)).collect();
    let personalize = (0xE6, 0x20, 0x00);
    assert_eq!(seen, [personalize, (0xE2, 0, 0), (0xE2, 0, 1), personalize, (0xE2, 0x80, 0)]);
}

#[test]
fn an_optional_grouping_is_neither_the_last_nor_longer_than_a_command() {
    let refused =
        |groupings: &[(Dgi, bool)]| store_data(&stored(groupings), StructureBits::Implicit, 239, Blocks::ALL).is_err();
    assert!(refused(&short(&[(0x0101, false), (0x3001, true)])));
    assert!(!refused(&short(&[(0x3001, true), (0x0101, false)])));
    let of_length = |length| (Dgi::new(0x3001, vec![1; length]).unwrap(), true);
    let before_last = |long| [vec![long], short(&[(0x0101, false)])].concat();
    assert!(!refused(&before_last(of_length(236))));
    assert!(refused(&before_last(of_length(237))));
}

#[test]
fn what_is_held_back_goes_on_counting_and_alone_has_the_last_block_bit() {
    let groupings = short(&[(0x0101, false), (0x0102, false), (0x9000, false)]);
    let stored = stored(&groupings);
    let headers = |groupings: &[StoredDgi<'_>], part| {
        let commands = store_data(groupings, StructureBits::Implicit, 13, part).unwrap();
        commands.iter().map(|planned| (planned.command().header.p1, planned.command().header.p2)).collect::<Vec<_>>()
    };
    assert_eq!(headers(&stored[..2], Blocks { first: 0xFF, complete: false }), [(0x00, 0xFF), (0x00, 0x00)]);
    assert_eq!(headers(&stored[2..], Blocks { first: 0x01, complete: true }), [(0x80, 0x01)]);
}

#[test]
fn an_empty_last_block_says_that_there_is_no_more() {
    assert_eq!(store_nothing_more().command().to_bytes(), [0x80, 0xE2, 0x80, 0x00]);
}
