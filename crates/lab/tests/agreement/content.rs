//! Applications and load files: what the host asked for is what the card has, and what the host lists is all of it.

use cardwright_apdu::{Aid, StatusWord};
use cardwright_globalplatform::commands::{
    Installation, Occurrence, Privileges, Scope, StatusFormat, delete, get_status, install_for_load, load,
    make_selectable,
};
use cardwright_globalplatform::registry::{LifeCycle, RegistryEntry, read_registry};
use cardwright_globalplatform::{OpenChannel, PlannedCommand};
use cardwright_virtual_card::applications::built_in;
use proptest::prelude::*;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::pair::{KEY_VERSION, Pair, Setting, any_setting, opened, randomness};

fn aid() -> impl Strategy<Value = Aid> {
    prop::collection::vec(any::<u8>(), 5..=16).prop_map(|bytes| Aid::new(&bytes).unwrap())
}

fn identity(instance: Aid) -> Installation<'static> {
    let [identity, ..] = built_in::all();
    Installation {
        load_file: identity.package,
        module: identity.module(),
        instance,
        privileges: Privileges::NONE,
        application_parameters: &[],
        further_parameters: &[],
    }
}

/// Asks page by page, each in a script of its own, as long as there is more.
fn list(pair: &mut Pair, mut channel: OpenChannel, scope: Scope, format: StatusFormat) -> Vec<RegistryEntry> {
    let mut entries = Vec::new();
    let mut occurrence = Occurrence::First;
    loop {
        let question = get_status(scope, &[], format, occurrence).unwrap();
        let setting = pair.setting;
        let outcome = pair.go_on(channel, &[question]);
        let (answers, next) = opened(&setting, outcome);
        entries.extend(read_registry(scope, format, &answers[0].0).unwrap());
        if answers[0].1 == StatusWord::SUCCESS {
            return entries;
        }
        assert_eq!(answers[0].1, StatusWord::MORE_DATA);
        (channel, occurrence) = (next, Occurrence::Next);
    }
}

/// Opens a channel, runs `commands`, and hands the channel back.
fn run(pair: &mut Pair, commands: &[PlannedCommand]) -> OpenChannel {
    let setting = pair.setting;
    let outcome = pair.exchange(commands);
    opened(&setting, outcome).1
}

/// Sends `commands` one by one until one is refused; the status word of that one.
fn refused(pair: &mut Pair, commands: &[PlannedCommand]) -> Option<Vec<u8>> {
    let script = pair.authenticate().wrap(commands).unwrap_or_else(|error| panic!("{error}"));
    let commands: Vec<_> = script.commands().map(|wrapped| wrapped.command.to_bytes()).collect();
    let mut answers = commands.iter().map(|command| pair.card.transmit(command));
    answers.find(|answer| !answer.ends_with(&[0x90, 0x00]))
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn all_pages_of_get_status_together_are_the_cards_registry(
        setting in any_setting(|_| true), random in randomness(),
        instances in prop::collection::btree_set(aid(), 1..40), selectable: prop::sample::Index, tlv: bool,
    ) {
        let mut pair = Pair::new(setting, &random);
        let instances: Vec<Aid> = instances.into_iter().collect();
        let mut commands: Vec<_> = instances.iter().map(|instance| identity(*instance).install().unwrap()).collect();
        let chosen = *selectable.get(&instances);
        commands.push(make_selectable(&chosen, Privileges::NONE));
        let channel = run(&mut pair, &commands);
        let format = if tlv { StatusFormat::Tlv } else { StatusFormat::Untagged };
        let entries = list(&mut pair, channel, Scope::Applications, format);
        prop_assert_eq!(entries.iter().map(|entry| entry.aid).collect::<Vec<_>>(), instances);
        for entry in entries {
            let expected = if entry.aid == chosen { LifeCycle::Selectable } else { LifeCycle::Installed };
            prop_assert_eq!(LifeCycle::of_application(entry.life_cycle), Some(expected));
            prop_assert_eq!(entry.privileges.map(|privileges| privileges.as_three_bytes()), Some([0; 3]));
            prop_assert_eq!(entry.load_file, tlv.then_some(built_in::all()[0].package));
        }
    }

    #[test]
    fn load_files_with_their_modules_are_listed_alike_in_both_formats(
        setting in any_setting(|_| true), random in randomness(), tlv: bool,
    ) {
        let [identity, piv, ..] = built_in::all();
        let mut pair = Pair::new(setting, &random);
        let limit = setting.parameters(KEY_VERSION).command_data_limit();
        let block = piv.load_file_data_block();
        let mut commands = vec![install_for_load(&piv.package, None, &[], &[]).unwrap()];
        commands.extend(load(&block, limit).unwrap());
        let channel = run(&mut pair, &commands);
        let format = if tlv { StatusFormat::Tlv } else { StatusFormat::Untagged };
        let entries = list(&mut pair, channel, Scope::LoadFilesAndModules, format);
        let found: Vec<_> = entries.into_iter().map(|entry| (entry.aid, entry.modules)).collect();
        prop_assert_eq!(found, [(identity.package, vec![identity.module()]), (piv.package, vec![piv.module()])]);
    }

    #[test]
    fn a_load_file_of_any_length_arrives_whole_and_its_hash_is_checked(
        setting in any_setting(|_| true), random in randomness(), package in aid(),
        block in prop::collection::vec(any::<u8>(), 1..6000), hash in 0usize..4, bit: prop::sample::Index,
    ) {
        let mut pair = Pair::new(setting, &random);
        let limit = setting.parameters(KEY_VERSION).command_data_limit();
        let right = match hash {
            0 => Vec::new(),
            1 => Sha256::digest(&block).to_vec(),
            2 => Sha384::digest(&block).to_vec(),
            _ => Sha512::digest(&block).to_vec(),
        };
        let commands = |hash: &[u8]| {
            let mut commands = vec![install_for_load(&package, None, hash, &[]).unwrap()];
            commands.extend(load(&block, limit).unwrap());
            commands
        };
        if !right.is_empty() {
            let mut wrong = right.clone();
            let bit = bit.index(wrong.len() * 8);
            wrong[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(refused(&mut pair, &commands(&wrong)), Some(vec![0x6A, 0x80]));
            prop_assert!(pair.card.state().package(&package).is_none(), "a file with another hash was kept");
        }
        let _ = run(&mut pair, &commands(&right));
        prop_assert_eq!(pair.card.state().package(&package).map(|package| package.size), Some(block.len() as u32));
    }

    #[test]
    fn what_is_deleted_is_gone_and_nothing_else(
        setting in any_setting(|_| true), random in randomness(),
        instances in prop::collection::btree_set(aid(), 2..12), chosen: prop::sample::Index,
    ) {
        let package = built_in::all()[0].package;
        let mut pair = Pair::new(setting, &random);
        let mut instances: Vec<Aid> = instances.into_iter().collect();
        let mut commands: Vec<_> = instances.iter().map(|instance| identity(*instance).install().unwrap()).collect();
        let gone = instances.remove(chosen.index(instances.len()));
        commands.push(delete(&gone, false));
        let channel = run(&mut pair, &commands);
        let entries = list(&mut pair, channel, Scope::Applications, StatusFormat::Tlv);
        prop_assert_eq!(entries.into_iter().map(|entry| entry.aid).collect::<Vec<_>>(), instances);
        // a load file goes only without instances, or with them
        prop_assert_eq!(refused(&mut pair, &[delete(&package, false)]), Some(vec![0x69, 0x85]));
        let _ = run(&mut pair, &[delete(&package, true)]);
        prop_assert!(pair.card.state().applications.is_empty() && pair.card.state().packages.is_empty());
        prop_assert_eq!(refused(&mut pair, &[delete(&gone, false)]), Some(vec![0x6A, 0x88]));
    }

    /// A page is not asked for in another script's stead: after anything else the list is over.
    #[test]
    fn a_next_page_without_a_first_one_is_refused(
        setting in any_setting(Setting::has_response_mac), random in randomness(),
    ) {
        let mut pair = Pair::new(setting, &random);
        let next = get_status(Scope::Applications, &[], StatusFormat::Tlv, Occurrence::Next).unwrap();
        prop_assert_eq!(refused(&mut pair, &[next]), Some(vec![0x69, 0x85]));
    }
}
