//! Data groupings of any length, packed into commands by the host, are the files that the card's application keeps.

use std::collections::BTreeMap;

use cardwright_apdu::{Aid, Dgi};
use cardwright_globalplatform::commands::{
    Blocks, Installation, Privileges, StoredDgi, StructureBits, install_for_personalization, make_selectable,
    store_data, store_data_through_domain,
};
use cardwright_globalplatform::{Error, PlannedCommand};
use cardwright_virtual_card::Card;
use cardwright_virtual_card::applications::{Program, built_in};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::pair::{KEY_VERSION, Pair, Randomness, Setting, any_setting, opened, randomness};

/// Files that must be there, and any number of a profile's own, in any order.
fn files() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    let length = prop_oneof![0usize..8, 200usize..260, 0usize..3000];
    let content = length.prop_flat_map(|length| prop::collection::vec(any::<u8>(), length));
    let own = prop::collection::btree_map(0x0110u16..=0x01FF, content, 0..8);
    let name = prop::collection::vec(0x20u8..0x7F, 1..=100);
    let number = prop::collection::vec(b'0'..=b'9', 8..=19);
    (own, name, number).prop_flat_map(|(own, name, number)| {
        let mut files: Vec<_> = own.into_iter().collect();
        files.push((0x0101, name));
        files.push((0x0102, number));
        files.push((0x0103, vec![0x20, 0x26, 0x01, 0x31, 0x20, 0x31, 0x12, 0x31]));
        Just(files).prop_shuffle()
    })
}

/// The manifest: count, then identifier, length and SHA-256 of each file (docs/identity-application.md).
fn manifest(files: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut manifest = vec![files.len() as u8];
    for (identifier, content) in files {
        manifest.extend_from_slice(&identifier.to_be_bytes());
        manifest.extend_from_slice(&(content.len() as u16).to_be_bytes());
        manifest.extend_from_slice(&Sha256::digest(content));
    }
    manifest
}

/// The files and, last, their manifest.
fn groupings(files: &[(u16, Vec<u8>)]) -> Vec<Dgi> {
    let manifest = (0x7FFF, manifest(files));
    let all = files.iter().chain([&manifest]);
    all.map(|(identifier, content)| Dgi::new(*identifier, content.clone()).unwrap()).collect()
}

fn in_clear(groupings: &[Dgi]) -> Vec<StoredDgi<'_>> {
    groupings.iter().map(|dgi| StoredDgi { dgi, encrypted: false, optional: false }).collect()
}

/// An ISO 9564-1 format 2 block.
fn pin_block(digits: &[u8]) -> [u8; 8] {
    let head = [2, digits.len() as u8];
    let nibbles: Vec<u8> = head.iter().chain(digits).copied().chain([0x0F; 16]).take(16).collect();
    std::array::from_fn(|place| nibbles[2 * place] << 4 | nibbles[2 * place + 1])
}

/// Installed, personalized, and made selectable.
fn commands(groupings: &[StoredDgi<'_>], structure: StructureBits, limit: usize) -> Result<Vec<PlannedCommand>, Error> {
    let [identity, ..] = built_in::all();
    let installation = Installation {
        load_file: identity.package,
        module: identity.module(),
        instance: identity.module(),
        privileges: Privileges::NONE,
        application_parameters: &[],
        further_parameters: &[],
    };
    let mut commands = vec![installation.install()?, install_for_personalization(&identity.module())];
    commands.extend(store_data(groupings, structure, limit, Blocks::ALL)?);
    commands.push(make_selectable(&identity.module(), Privileges::NONE));
    Ok(commands)
}

/// Reads files as any terminal would: SELECT, SELECT of the file, READ BINARY piece by piece.
pub(crate) fn read(card: &mut Card, application: &Aid, file: u16) -> Vec<u8> {
    let aid = application.as_bytes();
    let select = [&[0x00, 0xA4, 0x04, 0x00, aid.len() as u8], aid, &[0x00]].concat();
    assert!(card.transmit(&select).ends_with(&[0x90, 0x00]));
    let [high, low] = file.to_be_bytes();
    assert_eq!(card.transmit(&[0x00, 0xA4, 0x02, 0x0C, 0x02, high, low]), [0x90, 0x00]);
    let mut content = Vec::new();
    loop {
        let [high, low] = (content.len() as u16).to_be_bytes();
        let answer = card.transmit(&[0x00, 0xB0, high, low, 0x00]);
        let (piece, status) = answer.split_last_chunk::<2>().unwrap();
        assert_eq!(status, &[0x90, 0x00]);
        content.extend_from_slice(piece);
        if piece.len() < 256 {
            return content;
        }
    }
}

/// A grouping that the identity application does not know, before one that it does: whether it is refused or there is
/// none, what follows has the block number that the card counts.
#[test]
fn a_card_goes_on_behind_an_optional_grouping_that_it_refused() {
    let setting = Setting { scp: 3, i: 0x70, key_length: 16, level: 0x33 };
    let (keys, new_keys) = (vec![1; 96], vec![2; 96]);
    let random = Randomness { keys, new_keys, challenge: [3; 16], second_challenge: [4; 16], entropy: [5; 32] };
    let files = vec![
        (0x0101, b"Ada Example".to_vec()),
        (0x0102, b"6200001234567894".to_vec()),
        (0x0103, vec![0x20, 0x26, 0x01, 0x01, 0x20, 0x31, 0x01, 0x01]),
    ];
    let known = groupings(&files);
    let unknown = Dgi::new(0x0900, [1, 2, 3]).unwrap();
    let stored = |dgi, optional| StoredDgi { dgi, encrypted: false, optional };
    let [name, number, validity, manifest] = &known[..] else { panic!("three files and their manifest") };
    let list = [
        stored(name, false),
        stored(&unknown, true),
        stored(number, true),
        stored(validity, false),
        stored(manifest, false),
    ];
    let mut pair = Pair::new(setting, &random);
    let mut commands = commands(&in_clear(&known), StructureBits::Implicit, 239).unwrap();
    let instance = built_in::all()[0].module();
    let blocks = store_data_through_domain(&instance, &list, StructureBits::Implicit, 239, true).unwrap();
    commands.splice(1..commands.len() - 1, blocks);
    let (answers, _) = opened(&setting, pair.exchange(&commands));
    let refused = answers.iter().filter(|(_, status)| status.0 == 0x6A88).count();
    assert_eq!(refused, 1, "the unknown one, and not the other that might have been");
    assert_eq!(read(&mut pair.card, &instance, 0x0102), b"6200001234567894");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groupings_of_any_length_are_read_back_as_they_were_sent(
        setting in any_setting(Setting::encrypts_commands), random in randomness(), files in files(), stated: bool,
        shorter in 0usize..200,
    ) {
        let mut pair = Pair::new(setting, &random);
        let limit = setting.parameters(KEY_VERSION).command_data_limit() - shorter;
        let structure = if stated { StructureBits::Stated } else { StructureBits::Implicit };
        let groupings = groupings(&files);
        let commands = match commands(&in_clear(&groupings), structure, limit) {
            Err(Error::TooManyBlocks { .. }) => return Ok(()),
            commands => commands.unwrap(),
        };
        let outcome = pair.exchange(&commands);
        let _ = opened(&setting, outcome);
        let instance = built_in::all()[0].module();
        let found: BTreeMap<_, _> =
            files.iter().map(|(identifier, _)| (*identifier, read(&mut pair.card, &instance, *identifier))).collect();
        prop_assert_eq!(found, files.into_iter().collect::<BTreeMap<_, _>>());
    }

    /// P1 speaks for a whole command: the PIN travels in one of its own, between groupings in clear.
    #[test]
    fn a_pin_under_the_data_encryption_key_is_the_one_that_the_card_verifies(
        setting in any_setting(Setting::encrypts_commands), random in randomness(), files in files(),
        place: prop::sample::Index, digits in prop::collection::vec(0u8..10, 4..=12),
    ) {
        let mut pair = Pair::new(setting, &random);
        let limit = setting.parameters(KEY_VERSION).command_data_limit();
        let block = pin_block(&digits);
        let mut files = files;
        let place = place.index(files.len() + 1);
        files.insert(place, (0x0301, block.to_vec()));
        let card = pair.authenticate();
        let padding: &[u8] = if setting.scp == 3 { &[0x80, 0, 0, 0, 0, 0, 0, 0] } else { &[] };
        let sent = pair.keys.encrypt_sensitive(&[&block[..], padding].concat(), &card.data_encryption_key());
        let mut groupings: Vec<Dgi> = groupings(&files);
        groupings[place] = Dgi::new(0x0301, sent).unwrap();
        let stored = |(position, dgi)| StoredDgi { dgi, encrypted: position == place, optional: false };
        let groupings: Vec<_> = groupings.iter().enumerate().map(stored).collect();
        let commands = commands(&groupings, StructureBits::Implicit, limit).unwrap();
        let script = card.wrap(&commands).unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        let _ = opened(&setting, script.verify(&answers).unwrap_or_else(|failure| panic!("{failure}")));
        let verify = |block: [u8; 8]| [&[0x00, 0x20, 0x00, 0x01, 0x08][..], &block].concat();
        read(&mut pair.card, &built_in::all()[0].module(), 0x0101);
        prop_assert_eq!(pair.card.transmit(&verify(block)), [0x90, 0x00]);
        let mut other = digits;
        other[0] = (other[0] + 1) % 10;
        prop_assert_eq!(pair.card.transmit(&verify(pin_block(&other))), [0x63, 0xC2], "the control");
    }

    /// The control: what the card keeps is what the manifest says, or nothing is readable.
    #[test]
    fn a_grouping_that_differs_from_the_manifest_is_refused_at_the_end(
        setting in any_setting(Setting::encrypts_commands), random in randomness(), files in files(),
        place: prop::sample::Index,
    ) {
        let mut pair = Pair::new(setting, &random);
        let limit = setting.parameters(KEY_VERSION).command_data_limit();
        let mut altered = files.clone();
        let place = place.index(files.len());
        match altered[place].0 {
            0x0103 => altered[place].1[7] = 0x30,
            0x0102 => altered[place].1[0] = if files[place].1[0] == b'9' { b'8' } else { b'9' },
            _ => altered[place].1.insert(0, b'!'),
        }
        prop_assume!(altered[place].1.len() <= 100 || altered[place].0 != 0x0101);
        let mut groupings = groupings(&altered);
        groupings[files.len()] = Dgi::new(0x7FFF, manifest(&files)).unwrap();
        let planned = commands(&in_clear(&groupings), StructureBits::Implicit, limit).unwrap();
        let script = pair.authenticate().wrap(&planned).unwrap_or_else(|error| panic!("{error}"));
        let answers = pair.run(&script);
        // EXTERNAL AUTHENTICATE is the first command of the script, making it selectable the last
        prop_assert!(script.verify(&answers).is_err_and(|failure| failure.index == planned.len() - 1));
        let identity = pair.card.state().application(&built_in::all()[0].module()).unwrap();
        prop_assert!(matches!(&identity.program, Program::Identity(data) if !data.is_complete()));
    }
}
