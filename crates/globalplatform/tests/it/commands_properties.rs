//! What the commands carry is what the card reads back.

use cardwright_apdu::{Aid, Dgi, tlv};
use cardwright_globalplatform::commands::*;
use cardwright_globalplatform::registry::read_registry;
use cardwright_globalplatform::{Diversification, KeyDerivation, KeySize, StaticKey};
use proptest::collection::vec;
use proptest::prelude::*;

fn aid() -> impl Strategy<Value = Aid> {
    vec(any::<u8>(), 5..=16).prop_map(|bytes| Aid::new(&bytes).unwrap())
}

fn key_type() -> impl Strategy<Value = (KeyType, u8, usize)> {
    prop_oneof![
        Just((KeyType::TripleDes, 0x80, 16)),
        Just((KeyType::Aes128, 0x88, 16)),
        Just((KeyType::Aes192, 0x88, 32)),
        Just((KeyType::Aes256, 0x88, 32)),
    ]
}

/// Takes `length` bytes, then the rest, as a card reads fields.
fn take<'a>(data: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (field, rest) = data.split_at(length);
    *data = rest;
    field
}

fn take_field<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let (length, rest) = tlv::read_length(data).unwrap();
    *data = rest;
    take(data, length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_card_reads_the_keys_that_put_key_carries((key_type, code, length) in key_type(), seed in any::<u8>(), version in 1u8..=0x7F, value_alone in any::<bool>()) {
        let form = if value_alone { AesKeyBlock::ValueAlone } else { AesKeyBlock::WithLength };
        let keys = [0, 1, 2].map(|n| EncryptedKey::new(key_type, vec![seed ^ n; length], [n; 3]).unwrap());
        let set = EncryptedKeySet::new(keys).unwrap();
        let command = put_keys(None, version, &set, form).unwrap();
        let mut data = command.command().data();
        prop_assert_eq!(take(&mut data, 1), &[version][..]);
        for n in 0..3 {
            prop_assert_eq!(take(&mut data, 1), &[code][..]);
            let block = take_field(&mut data);
            // a block that is no multiple of the cipher's blocks begins with the key's length (GPCS §11.8.2.3.3)
            let value = if block.len().is_multiple_of(8) { block } else { &block[1..] };
            prop_assert_eq!(value, &vec![seed ^ n; length][..]);
            prop_assert_eq!(take_field(&mut data), &[n; 3][..]);
        }
        prop_assert!(data.is_empty());
    }

    #[test]
    fn a_card_reads_the_fields_that_install_carries(file in aid(), module in aid(), instance in aid(), privileges in any::<[u8; 3]>(), parameters in vec(any::<u8>(), 0..180)) {
        let installation = Installation {
            load_file: file,
            module,
            instance,
            privileges: Privileges::new(&privileges).unwrap(),
            application_parameters: &parameters,
            further_parameters: &[],
        };
        let planned = installation.install().unwrap();
        let mut data = planned.command().data();
        for expected in [file, module, instance] {
            prop_assert_eq!(take_field(&mut data), expected.as_bytes());
        }
        prop_assert_eq!(take_field(&mut data), &privileges[..]);
        prop_assert_eq!(take_field(&mut data), &tlv::element(0xC9, &parameters)[..]);
        prop_assert_eq!(take_field(&mut data), &[0u8; 0][..]);
        prop_assert!(data.is_empty());
    }

    #[test]
    fn any_load_file_is_put_together_again(block in vec(any::<u8>(), 1..2000), limit in 20usize..=255) {
        let commands = load(&block, limit).unwrap();
        let whole: Vec<u8> = commands.iter().flat_map(|planned| planned.command().data().to_vec()).collect();
        prop_assert_eq!(whole, tlv::element(0xC4, &block));
        for (number, planned) in commands.iter().enumerate() {
            prop_assert_eq!(usize::from(planned.command().header.p2), number);
            prop_assert_eq!(planned.command().header.p1, if number + 1 == commands.len() { 0x80 } else { 0 });
            prop_assert!(planned.command().data().len() <= limit);
        }
    }

    #[test]
    fn any_registry_reads_back(entries in vec((aid(), any::<u8>(), any::<[u8; 3]>(), vec(aid(), 0..3)), 0..6)) {
        let write = |(aid, state, privileges, modules): &(Aid, u8, [u8; 3], Vec<Aid>)| {
            let mut content = tlv::element(0x4F, aid.as_bytes());
            tlv::write(&mut content, 0x9F70, &[*state]);
            tlv::write(&mut content, 0xC5, privileges);
            modules.iter().for_each(|module| tlv::write(&mut content, 0x84, module.as_bytes()));
            tlv::element(0xE3, &content)
        };
        let data: Vec<u8> = entries.iter().flat_map(write).collect();
        let read = read_registry(Scope::Applications, StatusFormat::Tlv, &data).unwrap();
        let read: Vec<_> = read
            .into_iter()
            .map(|entry| (entry.aid, entry.life_cycle, entry.privileges.unwrap().as_three_bytes(), entry.modules))
            .collect();
        prop_assert_eq!(read, entries);
    }

    #[test]
    fn no_two_keys_of_a_card_have_the_same_derivation(data in any::<[u8; 10]>()) {
        for scheme in [Diversification::Visa2, Diversification::Emv, Diversification::Kdf3(KeySize::Aes192)] {
            let [enc, mac, dek] = StaticKey::ALL.map(|key| scheme.derivation(key, &data));
            prop_assert!(enc != mac && mac != dek && enc != dek);
            let length = if matches!(enc, KeyDerivation::AesCmac { .. }) { 24 } else { 16 };
            prop_assert_eq!([enc, mac, dek].map(|derivation| derivation.length()), [length; 3]);
        }
    }
}

#[test]
fn block_numbers_of_a_long_personalization_wrap() {
    let dgi = Dgi::new(0x3000, vec![7; 65_000]).unwrap();
    let commands = store_data(
        &[StoredDgi { dgi: &dgi, encrypted: false, optional: false }],
        StructureBits::Implicit,
        239,
        Blocks::ALL,
    )
    .unwrap();
    assert_eq!(commands.len(), 272);
    assert_eq!(commands[255].command().header.p2, 0xFF);
    assert_eq!(commands[256].command().header.p2, 0x00);
    let last: Vec<_> = commands.iter().filter(|planned| planned.command().header.p1 & 0x80 != 0).collect();
    assert_eq!(last.len(), 1);
}

#[test]
fn what_is_asked_of_the_keystore_is_data() {
    let derivation = Diversification::Kdf3(KeySize::Aes256).derivation(StaticKey::Dek, &[0xAB; 10]);
    let KeyDerivation::AesCmac { blocks, length } = derivation else { panic!("KDF3 is AES") };
    assert_eq!(length, 32);
    let block = |counter| [&[counter, 0, 0, 0, 3, 0][..], &[0xAB; 10]].concat();
    assert_eq!(blocks, [block(1), block(2)]);
    let KeyDerivation::TdesEcb { blocks } =
        Diversification::Visa2.derivation(StaticKey::Enc, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    else {
        panic!("VISA2 is triple DES")
    };
    assert_eq!(blocks, [[1, 2, 5, 6, 7, 8, 0xF0, 1], [1, 2, 5, 6, 7, 8, 0x0F, 1]]);
}
