//! What a card says that it holds: its registry, its keys, its memory.

use cardwright_apdu::{StatusWord, tlv};
use cardwright_globalplatform::commands::{DataObject, Scope, StatusFormat, get_data_in_channel};
use cardwright_globalplatform::registry::read_registry;
use cardwright_globalplatform::{CardResources, Content, Error, KeyInformation, read_key_information};
use proptest::collection::vec;
use proptest::prelude::*;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

#[test]
fn an_entry_that_says_something_twice_is_refused() {
    let entry = |content: &str| tlv::element(0xE3, &bytes(content));
    for doubled in [
        "4F05F0000000014F05F0000000029F700107",
        "4F05F0000000019F7001079F700103",
        "4F05F0000000019F700107C503000000C503800000",
        "4F05F0000000019F700107C405F000000002C405F000000003",
        "4F05F0000000019F700101CE020100CE020200",
        "4F05F0000000019F700107CC05F000000002CC05F000000003",
    ] {
        let data = entry(doubled);
        let read = read_registry(Scope::Applications, StatusFormat::Tlv, &data);
        assert!(matches!(read, Err(Error::Content { .. })), "{doubled}");
    }
    let two_states = entry("4F05F0000000019F70020703");
    assert!(read_registry(Scope::Applications, StatusFormat::Tlv, &two_states).is_err());
}

/// GPCS Tables 11-28 and 11-29.
#[test]
fn keys_that_are_cut_or_told_twice_are_refused() {
    let template = |entries: &str| tlv::element(0xE0, &bytes(&entries.replace(' ', "")));
    let extended = template("C00A 0131 FF88 0018 0118 0100");
    let key = KeyInformation { identifier: 0x01, version: 0x31, components: vec![(0x88, 24)] };
    assert_eq!(read_key_information(&extended), Ok(vec![key]));
    for wrong in ["C00401308810 C00401308810", "C00401308810 C1020000", "C00601308810FF10"] {
        assert!(read_key_information(&template(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn free_memory_is_read_and_nothing_is_guessed() {
    let answer = |content: &str| CardResources::parse(&tlv::element(0xFF21, &bytes(&content.replace(' ', ""))));
    let expected = CardResources { applications: 3, non_volatile: 0x0001_4000, volatile: 0x0A00 };
    assert_eq!(answer("810103 820400014000 83020A00"), Ok(expected));
    assert_eq!(answer("83020A00 8203014000 810103"), Ok(expected)); // in any order, as short as the numbers are
    for wrong in [
        "",
        "810103 820400014000",
        "810103 820400014000 83020A00 840100",
        "810103 820400014000 82020A00",
        "810103 8200 83020A00",
        "810103 82050000014000 83020A00",
        "810103 820400014000 830 20A",
    ] {
        assert!(answer(wrong).is_err(), "{wrong}");
    }
    assert!(CardResources::parse(&tlv::element(0xE0, &[])).is_err());
}

#[test]
fn questions_through_a_channel_are_management_and_must_answer_9000() {
    let planned = get_data_in_channel(DataObject::ExtendedCardResources);
    assert_eq!(hex::encode_upper(planned.command().to_bytes()), "80CAFF2100");
    assert_eq!((planned.content(), planned.allowed()), (Content::Management, &[StatusWord::SUCCESS][..]));
    let keys = get_data_in_channel(DataObject::KeyInformation);
    assert_eq!(hex::encode_upper(keys.command().to_bytes()), "80CA00E000");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn answers_of_any_kind_are_read_or_refused_without_harm(data in vec(any::<u8>(), 0..300)) {
        let _ = CardResources::parse(&data);
        let _ = read_key_information(&data);
        let _ = read_registry(Scope::LoadFilesAndModules, StatusFormat::Tlv, &data);
        let _ = read_registry(Scope::LoadFilesAndModules, StatusFormat::Untagged, &data);
    }

    #[test]
    fn any_keys_read_back(keys in prop::collection::btree_map((any::<u8>(), any::<u8>()), (0u8..0xFF, 1u8..), 0..20)) {
        let entries: Vec<u8> = keys.iter().flat_map(|((version, identifier), (kind, length))| tlv::element(0xC0, &[*identifier, *version, *kind, *length])).collect();
        let read = read_key_information(&tlv::element(0xE0, &entries)).unwrap();
        let expected: Vec<_> = keys.into_iter().map(|((version, identifier), (kind, length))| KeyInformation { identifier, version, components: vec![(kind, length.into())] }).collect();
        prop_assert_eq!(read, expected);
    }
}
