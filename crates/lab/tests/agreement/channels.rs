//! Every command that the host wraps is the one that the card reads, and every answer the one that it gave.

use cardwright_apdu::{Aid, StatusWord, tlv};
use cardwright_globalplatform::commands::{Scope, StatusFormat};
use cardwright_globalplatform::registry::read_registry;
use cardwright_globalplatform::{ChannelParameters, Error, PlannedCommand, SecurityLevel};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::pair::{KEY_VERSION, Pair, Randomness, Setting, command, opened, randomness, settings};

/// The tag of the URL that the Security Domain keeps for whoever asks (GPCS §11.3.2.1 leaves it room).
const URL: u32 = 0x5F50;

/// What a command does; a length is counted from the limit of the setting backwards where it is too long.
#[derive(Clone, Debug)]
enum Act {
    /// data that is kept, an answer without data
    Store(Vec<u8>),
    /// no data, an answer with what was kept last
    Read,
    /// data, and an answer with data
    List,
    /// data, or none, of an instruction that the card does not know: an error, which carries no R-MAC
    Refuse(Vec<u8>),
}

fn act() -> impl Strategy<Value = Act> {
    let data =
        || prop_oneof![prop::collection::vec(any::<u8>(), 0..=247), prop::collection::vec(any::<u8>(), 220..=247)];
    prop_oneof![
        3 => data().prop_map(Act::Store),
        1 => Just(Act::Read),
        1 => Just(Act::List),
        2 => data().prop_map(Act::Refuse),
        1 => Just(Act::Refuse(Vec::new())),
    ]
}

/// A data object whose encoding is as long as `random`, 3 bytes at least and at most `limit`.
fn object(random: &[u8], limit: usize) -> (Vec<u8>, Vec<u8>) {
    let length = random.len().clamp(3, limit);
    let overhead = if length <= 130 { 3 } else { 4 };
    let mut value: Vec<u8> = random.iter().copied().take(length - overhead).collect();
    value.resize(if length == 131 { 126 } else { length - overhead }, 0x5A);
    let mut encoded = tlv::element(URL, &value);
    if length == 131 {
        encoded.extend_from_slice(&tlv::element(0x42, &[])); // no object is 131 bytes long
    }
    assert_eq!(encoded.len(), length);
    (encoded, value)
}

/// What the card should hold and answer, written down beside it.
struct Model {
    limit: usize,
    url: Option<Vec<u8>>,
    commands: Vec<PlannedCommand>,
    answers: Vec<(Vec<u8>, StatusWord)>,
}

impl Model {
    fn add(&mut self, act: &Act) {
        let (planned, answer) = match act {
            Act::Store(random) => {
                let (encoded, value) = object(random, self.limit);
                self.url = Some(value);
                (command(0x80, 0xE2, 0x90, 0x00, &encoded), (Vec::new(), StatusWord::SUCCESS))
            }
            Act::Read => {
                let missing = (Vec::new(), StatusWord::REFERENCED_DATA_NOT_FOUND);
                let kept = self.url.as_ref().map(|value| (tlv::element(URL, value), StatusWord::SUCCESS));
                let planned = command(0x80, 0xCA, 0x5F, 0x50, &[]).allowing(StatusWord::REFERENCED_DATA_NOT_FOUND);
                (planned, kept.unwrap_or(missing))
            }
            Act::List => {
                let fields = [&[0x4F, 8][..], Aid::ISSUER_SECURITY_DOMAIN.as_bytes(), &[0x9F, 0x70, 1, 1]].concat();
                (command(0x80, 0xF2, 0x80, 0x02, &[0x4F, 0]), (fields, StatusWord::SUCCESS))
            }
            Act::Refuse(data) => {
                let data = &data[..data.len().min(self.limit)];
                let planned = command(0x80, 0x12, 0x34, 0x56, data).allowing(StatusWord::INSTRUCTION_NOT_SUPPORTED);
                (planned, (Vec::new(), StatusWord::INSTRUCTION_NOT_SUPPORTED))
            }
        };
        self.commands.push(planned);
        self.answers.push(answer);
    }

    /// Compares, and begins a new list.
    fn check(&mut self, pair: &Pair, answers: &[(Vec<u8>, StatusWord)]) {
        assert_eq!(answers.len(), self.answers.len());
        for (found, expected) in answers.iter().zip(&self.answers) {
            let begins_alike = expected.0.starts_with(&[0x4F]) && is_list(&found.0, &expected.0);
            assert!(begins_alike || found.0 == expected.0, "{:?}: {found:02X?}, not {expected:02X?}", pair.setting);
            assert_eq!(found.1, expected.1, "{:?}", pair.setting);
        }
        let kept = pair.card.state().data_objects.iter().find(|object| object.tag == URL);
        assert_eq!(kept.map(|object| &object.value), self.url.as_ref(), "{:?}", pair.setting);
        self.commands.clear();
        self.answers.clear();
    }
}

/// Whether `found` is the one entry E3 that begins with `fields`, and the host can read it.
fn is_list(found: &[u8], fields: &[u8]) -> bool {
    let entries = read_registry(Scope::IssuerSecurityDomain, StatusFormat::Tlv, found).unwrap();
    entries.len() == 1 && tlv::read_one(found).unwrap().value.starts_with(fields)
}

fn agree(setting: Setting, random: &Randomness, first: &[Act], second: &[Act]) {
    let mut pair = Pair::new(setting, random);
    let limit = setting.parameters(KEY_VERSION).command_data_limit();
    let mut model = Model { limit, url: None, commands: Vec::new(), answers: Vec::new() };
    first.iter().for_each(|act| model.add(act));
    // a script ends with an answer that can be proven
    model.add(&Act::List);
    let outcome = pair.exchange(&model.commands);
    let (answers, channel) = opened(&setting, outcome);
    assert_eq!(answers[0], (Vec::new(), StatusWord::SUCCESS), "EXTERNAL AUTHENTICATE");
    model.check(&pair, &answers[1..]);
    second.iter().for_each(|act| model.add(act));
    model.add(&Act::List);
    let outcome = pair.go_on(channel, &model.commands);
    let (answers, _) = opened(&setting, outcome);
    model.check(&pair, &answers);
}

/// Each of the settings gets cases of its own: none depends on being drawn.
#[test]
fn lists_of_commands_at_every_setting_arrive_as_planned_and_their_answers_as_given() {
    let settings = settings();
    assert_eq!(settings.len(), 12 * 11 + 4);
    for setting in settings {
        let mut runner = TestRunner::new(Config { cases: 4, failure_persistence: None, ..Config::default() });
        let lists = (randomness(), prop::collection::vec(act(), 0..12), prop::collection::vec(act(), 0..6));
        let case = |(random, first, second): (_, Vec<Act>, Vec<Act>)| {
            agree(setting, &random, &first, &second);
            Ok(())
        };
        runner.run(&lists, case).unwrap_or_else(|error| panic!("{setting:?}: {error}"));
    }
}

fn fixed_randomness() -> Randomness {
    Randomness {
        keys: (0..96).collect(),
        new_keys: (96..192).collect(),
        challenge: [0xA5; 16],
        second_challenge: [0x5A; 16],
        entropy: [5; 32],
    }
}

#[test]
fn a_command_of_every_length_up_to_the_limit_arrives_and_one_byte_more_is_refused_by_the_host() {
    let random = fixed_randomness();
    for setting in settings().into_iter().filter(|setting| setting.scp == 2 || setting.key_length == 16) {
        let mut pair = Pair::new(setting, &random);
        let limit = setting.parameters(KEY_VERSION).command_data_limit();
        let refuse = |length| Act::Refuse(vec![0x80; length]);
        let store = |length| Act::Store((0..length).map(|place| place as u8).collect());
        let mut model = Model { limit, url: None, commands: Vec::new(), answers: Vec::new() };
        (0..=limit).for_each(|length| model.add(&refuse(length)));
        (3..=limit).for_each(|length| model.add(&store(length)));
        model.add(&Act::List);
        let outcome = pair.exchange(&model.commands);
        let (answers, channel) = opened(&setting, outcome);
        model.check(&pair, &answers[1..]);
        let writes = pair.card.persistent_writes();
        let error = channel.wrap(&[command(0x80, 0x12, 0, 0, &vec![0; limit + 1])]).err().unwrap();
        assert_eq!(error, Error::TooLong { index: 0, length: limit + 1, limit });
        assert_eq!(pair.card.persistent_writes(), writes);
    }
}

/// P1 of EXTERNAL AUTHENTICATE from 00 to FF: 00 would protect nothing, and the host does not know it.
#[test]
fn host_and_card_allow_the_same_levels_and_another_one_spends_no_try() {
    let random = fixed_randomness();
    let allowed = settings();
    for setting in allowed.iter().filter(|setting| setting.level == 0x01 && setting.key_length == 16) {
        for level in 0x01..=0xFF {
            let at_level = Setting { level, ..*setting };
            let by_host = SecurityLevel::from_byte(level)
                .and_then(|level| {
                    let domain = Aid::ISSUER_SECURITY_DOMAIN;
                    ChannelParameters::new(setting.protocol(), KEY_VERSION, level, domain)
                })
                .is_ok();
            let mut pair = Pair::new(*setting, &random);
            let length = setting.parameters(KEY_VERSION).security_length() as u8;
            pair.ask(KEY_VERSION);
            let wrong = [&[0x84, 0x82, level, 0x00, 2 * length][..], &[0; 32][..2 * usize::from(length)]].concat();
            let by_card = pair.card.transmit(&wrong) != [0x6A, 0x86];
            assert_eq!((by_host, by_card), (allowed.contains(&at_level), by_host), "{at_level:?}");
            assert_eq!(pair.card.state().key_sets[0].failures, u8::from(by_card), "{at_level:?}");
        }
    }
}
