//! What a card says that it holds: its registry page by page, its load files, its key sets, its memory.

use cardwright_apdu::{Aid, StatusWord, tlv};
use cardwright_globalplatform::cap::PackageVersion;
use cardwright_globalplatform::commands::{DataObject, Scope, StatusFormat, get_data_in_channel};
use cardwright_globalplatform::registry::{Listed, Listing, LoadFile, MOST_PAGES, RegistryEntry, read_registry};
use cardwright_globalplatform::{
    CardResources, Content, Error, KeyInformation, KeySetInformation, key_sets, read_key_information,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn aid(number: u16) -> Aid {
    Aid::new(&[&[0xF0, 0x43, 0x41, 0x52, 0x44][..], &number.to_be_bytes()].concat()).unwrap()
}

/// An entry of GET STATUS 40 (GPCS Table 11-36).
fn application(number: u16) -> Vec<u8> {
    let content =
        [tlv::element(0x4F, aid(number).as_bytes()), tlv::element(0x9F70, &[0x07]), tlv::element(0xC5, &[0; 3])];
    tlv::element(0xE3, &content.concat())
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn load_files(content: &str) -> Result<Vec<LoadFile>, Error> {
    let data = tlv::element(0xE3, &bytes(content));
    read_registry(Scope::LoadFilesAndModules, StatusFormat::Tlv, &data)?.iter().map(LoadFile::of).collect()
}

#[test]
fn pages_are_asked_for_until_the_card_has_no_more() {
    let listing = Listing::new(Scope::Applications, StatusFormat::Tlv);
    assert_eq!(hex::encode_upper(listing.question().command().to_bytes()), "80F24002024F0000");
    let page = [application(1), application(2)].concat();
    let Ok(Listed::More(listing)) = listing.take(StatusWord::MORE_DATA, &page) else { panic!("there is more") };
    assert_eq!(hex::encode_upper(listing.question().command().to_bytes()), "80F24003024F0000");
    assert!(listing.question().allowed().contains(&StatusWord::MORE_DATA));
    let Ok(Listed::Whole(entries)) = listing.take(StatusWord::SUCCESS, &application(3)) else { panic!("that was all") };
    assert_eq!(entries.iter().map(|entry| entry.aid).collect::<Vec<_>>(), [aid(1), aid(2), aid(3)]);
}

#[test]
fn a_card_that_lists_in_circles_is_not_followed() {
    let begun = || Listing::new(Scope::Applications, StatusFormat::Tlv);
    let Ok(Listed::More(listing)) = begun().take(StatusWord::MORE_DATA, &application(1)) else {
        panic!("there is more")
    };
    assert!(matches!(listing.clone().take(StatusWord::SUCCESS, &application(1)), Err(Error::Content { .. })));
    assert!(matches!(listing.take(StatusWord::MORE_DATA, &[]), Err(Error::Content { .. })));
    let mut listing = begun();
    for number in 1..MOST_PAGES as u16 {
        let Ok(Listed::More(next)) = listing.take(StatusWord::MORE_DATA, &application(number)) else {
            panic!("{number}")
        };
        listing = next;
    }
    assert!(matches!(listing.take(StatusWord::MORE_DATA, &application(99)), Err(Error::Content { .. })));
}

/// GPCS §11.4.2.2: there is one, and get next is refused for it.
#[test]
fn the_issuer_security_domain_has_no_second_page() {
    let listing = Listing::new(Scope::IssuerSecurityDomain, StatusFormat::Tlv);
    assert!(matches!(listing.take(StatusWord::MORE_DATA, &application(1)), Err(Error::Content { .. })));
}

#[test]
fn a_refused_page_is_no_empty_one() {
    let listing = Listing::new(Scope::LoadFiles, StatusFormat::Tlv);
    let status = StatusWord::REFERENCED_DATA_NOT_FOUND;
    assert_eq!(listing.take(status, &[]), Err(Error::Status { status }));
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

/// GPCS Tables 11-3 and 11-37, note 1: state LOADED, the CAP file's major and minor version, the modules.
#[test]
fn a_load_file_is_read_with_its_version_and_modules() {
    let file =
        "4F09F043415244574944029F700101CE020103840AF0434152445749440201840AF0434152445749440202CC08A000000151000000";
    let [read] = &load_files(file).unwrap()[..] else { panic!("one load file") };
    assert_eq!(read.aid.to_string(), "F04341524457494402");
    assert_eq!(read.version, Some(PackageVersion { major: 1, minor: 3 }));
    assert_eq!(
        read.modules.iter().map(Aid::to_string).collect::<Vec<_>>(),
        ["F0434152445749440201", "F0434152445749440202"]
    );
    assert_eq!(read.security_domain, Some(Aid::ISSUER_SECURITY_DOMAIN));
    let bare = load_files("4F09F043415244574944029F700101").unwrap();
    assert_eq!((bare[0].version, bare[0].modules.len()), (None, 0));
    for wrong in [
        "4F09F043415244574944029F700107",           // an application's state
        "4F09F043415244574944029F700101CE0101",     // half a version
        "4F09F043415244574944029F700101CE03010203", // more than a version
        "4F09F043415244574944029F700101840AF0434152445749440201840AF0434152445749440201", // a module twice
        "4F09F043415244574944029F7001018404F0434152", // a module without an AID
    ] {
        assert!(load_files(wrong).is_err(), "{wrong}");
    }
}

/// GPCS Tables 11-28 and 11-29.
#[test]
fn key_sets_are_those_that_are_whole_and_alike() {
    let template = |entries: &str| tlv::element(0xE0, &bytes(&entries.replace(' ', "")));
    let two_sets =
        template("C00401308010 C00402308010 C00403308010 C00401318820 C00402318820 C00403318820 C00401708180");
    let found = key_sets(&read_key_information(&two_sets).unwrap());
    let set = |version, kind, length| KeySetInformation { version, kind, length };
    assert_eq!(found, [set(0x30, 0x80, 16), set(0x31, 0x88, 32)]);
    let extended =
        template("C00A 0131 FF88 0018 0118 0100  C00A 0231 FF88 0018 0114 0100  C00A 0331 FF88 0018 0148 0100");
    assert_eq!(key_sets(&read_key_information(&extended).unwrap()), [set(0x31, 0x88, 24)]);
    for not_whole in [
        "C00401318810 C00402318810",
        "C00401318810 C00402318810 C00403318820",
        "C00401318810 C00402318010 C00403318810",
        "C00401318810 C00402318810 C006033188108810",
        "C00401318810 C00402318810 C00403308810",
    ] {
        assert_eq!(key_sets(&read_key_information(&template(not_whole)).unwrap()), [], "{not_whole}");
    }
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
    fn however_a_list_is_cut_into_pages_it_comes_together(count in 1u16..60, cuts in vec(1usize..9, 60)) {
        let numbers: Vec<u16> = (1..=count).collect();
        let mut rest = &numbers[..];
        let mut listing = Listing::new(Scope::Applications, StatusFormat::Tlv);
        let mut cuts = cuts.into_iter();
        let whole: Vec<RegistryEntry> = loop {
            let (page, after) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            rest = after;
            let data: Vec<u8> = page.iter().flat_map(|number| application(*number)).collect();
            let status = if rest.is_empty() { StatusWord::SUCCESS } else { StatusWord::MORE_DATA };
            match listing.take(status, &data).unwrap() {
                Listed::Whole(entries) => break entries,
                Listed::More(next) => listing = next,
            }
        };
        prop_assert_eq!(whole.iter().map(|entry| entry.aid).collect::<Vec<_>>(), numbers.into_iter().map(aid).collect::<Vec<_>>());
    }

    #[test]
    fn answers_of_any_kind_are_read_or_refused_without_harm(data in vec(any::<u8>(), 0..300)) {
        let _ = CardResources::parse(&data);
        let _ = read_key_information(&data).map(|keys| key_sets(&keys));
        let _ = read_registry(Scope::LoadFilesAndModules, StatusFormat::Tlv, &data).map(|entries| entries.iter().map(LoadFile::of).count());
        let _ = Listing::new(Scope::LoadFilesAndModules, StatusFormat::Untagged).take(StatusWord::SUCCESS, &data);
    }

    #[test]
    fn any_keys_read_back(keys in prop::collection::btree_map((any::<u8>(), any::<u8>()), (0u8..0xFF, 1u8..), 0..20)) {
        let entries: Vec<u8> = keys.iter().flat_map(|((version, identifier), (kind, length))| tlv::element(0xC0, &[*identifier, *version, *kind, *length])).collect();
        let read = read_key_information(&tlv::element(0xE0, &entries)).unwrap();
        let expected: Vec<_> = keys.into_iter().map(|((version, identifier), (kind, length))| KeyInformation { identifier, version, components: vec![(kind, length.into())] }).collect();
        prop_assert_eq!(read, expected);
    }
}
