//! Issuer scripts: what the issuer's side makes, the virtual card carries out, and what was not carried out as it was
//! meant is not proven.

use cardwright_apdu::Command;
use cardwright_data_preparation::{
    Application, Checked, Interface, IssuerScript, OrderFields, PersonalizationData, Profile, Scope, ScriptQuestion,
    check, prepare, prepare_change,
};
use cardwright_virtual_card::Card;

use crate::file;
use crate::new_card::Recording;
use crate::preparer::Issuer as Preparer;

const NUMBER: &str = "4761740000000010";
/// A product whose answers carry no MAC, for which the example is.
const PRODUCT: &str = "scp02-i55";

/// One card by a profile, issued, and everything to change it.
struct Issued {
    profile: Profile,
    preparer: Preparer,
    card: Card,
    transactions: u8,
}

impl Issued {
    fn by(text: &str, columns: &[(&str, &str)]) -> Self {
        let profile = Profile::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let preparer = Preparer::of(&profile);
        let fields = OrderFields::read(&profile, columns.iter().copied(), None).unwrap();
        let means = preparer.means(&profile, Some(NUMBER));
        let data = check(prepare(&profile, &fields, "2026-11-24".parse().unwrap(), &means).unwrap()).unwrap();
        let card = Recording::with(PRODUCT, &data).card;
        Self { profile, preparer, card, transactions: 0 }
    }

    fn debit(version: &str) -> Self {
        let text = file("profiles/emv-debit.toml");
        let text = text.replace("cryptogram-version = \"10\"", &format!("cryptogram-version = \"{version}\""));
        Self::by(&text, &[("name", "Ada Example")])
    }

    fn change(&self, scope: Scope, columns: &[(&str, &str)]) -> Checked<PersonalizationData> {
        let part = self.profile.within(scope).unwrap();
        let fields = OrderFields::read(&part, columns.iter().copied(), None).unwrap();
        let mut means = self.preparer.means(&part, Some(NUMBER));
        // Another PIN than the card was issued with.
        means.random.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(3).wrapping_add(1));
        let day = "2027-11-24".parse().unwrap();
        check(prepare_change(&self.profile, scope, &fields, day, &means).unwrap()).unwrap()
    }

    /// A new transaction: the question, and the card's answer to GENERATE AC.
    fn asked(&mut self, application: &Application) -> (ScriptQuestion, Vec<u8>) {
        self.transactions += 1;
        let question = IssuerScript::question(application, Interface::Contact, [self.transactions; 4]).unwrap();
        self.card.reset();
        let instance = application.instance.as_bytes();
        let select = [&[0x00, 0xA4, 0x04, 0x00, instance.len() as u8][..], instance, &[0x00]].concat();
        self.succeeds(&select);
        self.succeeds(&sent(0xA8, 0x00, question.options()));
        let answer = self.succeeds(&sent(0xAE, question.reference_control(), question.transaction()));
        (question, answer)
    }

    fn succeeds(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.transmit(command);
        let (data, status) = answer.split_last_chunk::<2>().unwrap();
        assert_eq!(*status, [0x90, 0x00], "{}", hex::encode_upper(command));
        data.to_vec()
    }

    /// The status words of the script's commands, of which the first `count` are passed on, and each as `alter` makes it.
    fn changed(
        &mut self,
        data: &PersonalizationData,
        count: usize,
        alter: impl Fn(usize, &mut Vec<u8>),
    ) -> Vec<[u8; 2]> {
        let (question, answer) = self.asked(&data.applications[0]);
        let session = question.answered_by(&answer).unwrap();
        let before = session.completion().len();
        let commands = session.commands();
        assert_eq!(commands.len(), before + session.changes());
        let mut answers = Vec::new();
        for (at, command) in commands.iter().enumerate().take(before + count) {
            let mut command = bytes(command);
            if at >= before {
                alter(at - before, &mut command);
            }
            let answer = self.card.transmit(&command);
            let status: [u8; 2] = *answer.last_chunk().unwrap();
            if at < before {
                assert_eq!(status, [0x90, 0x00]);
            } else {
                answers.push(status);
            }
        }
        answers
    }

    /// Whether the next transaction proves `count` changes; it is completed then.
    fn proves(&mut self, data: &PersonalizationData, count: usize) -> bool {
        let (question, answer) = self.asked(&data.applications[0]);
        question.proves(&answer, count)
    }

    fn record(&mut self, number: u8, file: u8) -> Vec<u8> {
        self.succeeds(&[0x00, 0xB2, number, file << 3 | 4, 0x00])
    }

    fn data(&mut self, tag: [u8; 2]) -> u8 {
        *self.succeeds(&[0x80, 0xCA, tag[0], tag[1], 0x00]).last().unwrap()
    }
}

fn sent(instruction: u8, first: u8, data: &[u8]) -> Vec<u8> {
    [&[0x80, instruction, first, 0x00, data.len() as u8][..], data, &[0x00]].concat()
}

fn bytes(command: &Command) -> Vec<u8> {
    command.to_bytes().to_vec()
}

fn as_it_is(_: usize, _: &mut Vec<u8>) {}

const OBEYED: [u8; 2] = [0x90, 0x00];

#[test]
fn a_new_name_and_limits_are_on_the_card_and_proven_by_its_next_cryptogram() {
    for version in ["10", "18"] {
        let mut issued = Issued::debit(version);
        let data = issued.change(Scope::PersonalData, &[("name", "Zoë Sample")]);
        assert!(!issued.proves(&data, 3), "nothing was changed yet");
        assert_eq!(issued.changed(&data, 3, as_it_is), [OBEYED; 3]);
        assert!(issued.proves(&data, 3));
        assert!(!issued.proves(&data, 2) && !issued.proves(&data, 4));
        assert_eq!(issued.record(2, 1), b"\x70\x0D\x5F\x20\x0AZOE SAMPLE");
        assert_eq!((issued.data([0x9F, 0x58]), issued.data([0x9F, 0x59])), (0, 3));
    }
}

#[test]
fn a_new_pin_is_the_one_that_opens_and_a_blocked_one_has_its_tries_again() {
    for version in ["10", "18"] {
        let mut issued = Issued::debit(version);
        let data = issued.change(Scope::Pin, &[]);
        let block = data.applications[0].dgis[0].dgi().data.clone();
        let verify = [&[0x00, 0x20, 0x00, 0x80, 0x08][..], &block].concat();
        issued.asked(&data.applications[0]);
        assert_eq!(issued.card.transmit(&verify), [0x63, 0xC2], "it is not the card's PIN yet");
        assert_eq!(issued.card.transmit(&verify), [0x63, 0xC1]);
        assert_eq!(issued.card.transmit(&verify), [0x63, 0xC0]);
        assert_eq!(issued.changed(&data, 1, as_it_is), [OBEYED]);
        assert!(issued.proves(&data, 1));
        issued.succeeds(&verify);
    }
}

#[test]
fn a_script_that_was_held_back_in_part_is_not_proven_whole_and_its_next_one_is() {
    let mut issued = Issued::debit("18");
    let data = issued.change(Scope::PersonalData, &[("name", "Zoë Sample")]);
    for passed in 0..3 {
        assert_eq!(issued.changed(&data, passed, as_it_is), vec![OBEYED; passed]);
        assert!(!issued.proves(&data, 3));
        assert!(issued.proves(&data, passed), "the card tells how far it came");
    }
    // Each script is counted from nothing: its own transaction was completed.
    issued.changed(&data, 3, as_it_is);
    assert!(issued.proves(&data, 3));
}

#[test]
fn a_command_that_was_altered_anywhere_is_refused_and_the_refusal_is_in_the_cryptogram() {
    let mut issued = Issued::debit("10");
    let data = issued.change(Scope::PersonalData, &[("name", "Zoë Sample")]);
    for byte in [2, 5, 12, 20, 25] {
        let answers = issued.changed(&data, 1, |_, command| command[byte] ^= 0x01);
        assert_ne!(answers[0], OBEYED, "byte {byte}");
        assert!(!issued.proves(&data, 1) && !issued.proves(&data, 0), "byte {byte}");
    }
    assert_eq!(issued.record(2, 1), b"\x70\x0E\x5F\x20\x0BADA EXAMPLE");
    issued.changed(&data, 3, as_it_is);
    assert!(issued.proves(&data, 3), "the control");
}

#[test]
fn a_script_of_another_transaction_changes_nothing() {
    let mut issued = Issued::debit("10");
    let data = issued.change(Scope::PersonalData, &[("name", "Zoë Sample")]);
    let (question, answer) = issued.asked(&data.applications[0]);
    let stale = question.answered_by(&answer).unwrap().commands();
    let count = issued.changed(&data, 1, |_, command| *command = bytes(&stale[2]));
    assert_eq!(count, [[0x69, 0x88]]);
    assert!(!issued.proves(&data, 1));
}

#[test]
fn limits_come_from_any_to_any_without_one_that_the_card_refuses() {
    // The first version of the program, which blank cards have.
    let text = file("profiles/emv-debit-2.toml").replace("F04341524457454D5602", "F04341524457454D5600");
    let columns = |lower, upper| [("name", "Ada Example"), ("lower_limit", lower), ("upper_limit", upper)];
    let mut issued = Issued::by(&text, &columns("1", "2"));
    for (lower, upper) in [("5", "9"), ("0", "3"), ("0", "0"), ("7", "7"), ("99", "99"), ("1", "2"), ("1", "2")] {
        let data = issued.change(Scope::PersonalData, &columns(lower, upper));
        let count = if lower == "0" { 3 } else { 4 };
        assert_eq!(issued.changed(&data, count, as_it_is), vec![OBEYED; count], "{lower} and {upper}");
        assert!(issued.proves(&data, count));
        let found = (issued.data([0x9F, 0x58]).to_string(), issued.data([0x9F, 0x59]).to_string());
        assert_eq!(found, (lower.to_owned(), upper.to_owned()));
    }
}
