//! `pyemv` makes the same issuer scripts: of 1,000 random transactions of each cryptogram version it gives the cryptogram,
//! which our side believes, and then the answer to it and a command of each kind, which are ours byte for byte.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use cardwright_data_preparation::emv::pan::check_digit;
use cardwright_data_preparation::{
    Interface, IssuerScript, OrderFields, Profile, Scope, ScriptCommand, ScriptQuestion, ScriptSession, check,
    prepare_change,
};
use cardwright_keystore::{KeyKind, Keystore, NewKey, PublishedKeys, Purpose};
use zeroize::Zeroizing;

use crate::payment_oracles::card::Chance;
use crate::preparer::Issuer;

const TRANSACTIONS: usize = 1_000;
const SEED: u64 = 11;

/// The interchange profile of the debit card, and what its scripts are made under.
const PROFILE: &str = "3C00";
const MASTERS: [&str; 3] = ["debit-imk-ac.1", "debit-imk-smi.1", "debit-imk-smc.1"];

/// What is compared, in the order of the oracle's answers.
const NAMES: [&str; 9] = [
    "EXTERNAL AUTHENTICATE",
    "UPDATE RECORD",
    "PUT DATA",
    "PIN CHANGE",
    "PIN UNBLOCK",
    "APPLICATION BLOCK",
    "APPLICATION UNBLOCK",
    "CARD BLOCK",
    "a longest record",
];

/// One card of the debit profile, and one transaction with it.
struct Transaction {
    version: u8,
    number: String,
    question: ScriptQuestion,
    counter: [u8; 2],
    issuer_data: [u8; 7],
    commands: Vec<(String, ScriptCommand)>,
}

struct Bank {
    clear: [[u8; 16]; 3],
    issuer: Issuer,
    profile: Profile,
    version: u8,
}

impl Bank {
    fn of(version: u8, chance: &mut Chance) -> Self {
        let text = crate::file("profiles/emv-debit.toml");
        let profile = Profile::parse(&text.replace("version = \"10\"", &format!("version = \"{version}\""))).unwrap();
        let (issuer, clear) = (Issuer::empty(), std::array::from_fn(|_| chance.array()));
        for (name, value) in MASTERS.iter().zip(&clear) {
            let id = name.parse().unwrap();
            let new = NewKey { id, kind: KeyKind::Tdes2, purpose: Purpose::Personalize, created: 0 };
            issuer.keystore.import(&new, value, None, PublishedKeys::Refused).unwrap();
        }
        let issuer = issuer.furnish(&profile.within(Scope::Pin).unwrap());
        Self { clear, issuer, profile, version }
    }

    fn transaction(&self, chance: &mut Chance) -> Transaction {
        let digits = format!("476174{}", chance.digits(9));
        let number = format!("{digits}{}", char::from(check_digit(digits.as_bytes()).unwrap()));
        let part = self.profile.within(Scope::Pin).unwrap();
        let fields = OrderFields::read(&part, [], None).unwrap();
        let means = self.issuer.means(&part, Some(&number));
        let day = "2026-11-24".parse().unwrap();
        let data = check(prepare_change(&self.profile, Scope::Pin, &fields, day, &means).unwrap()).unwrap();
        let version = if self.version == 10 { 0x0A } else { 0x12 };
        let results: [u8; 3] = chance.array();
        Transaction {
            version: self.version,
            question: IssuerScript::question(&data.applications[0], Interface::Contact, chance.array()).unwrap(),
            number,
            counter: chance.array(),
            issuer_data: [0x06, 0x01, version, 0x03, results[0], results[1], results[2]],
            commands: commands(chance),
        }
    }
}

/// One command of each kind, with what the oracle is told of it.
fn commands(chance: &mut Chance) -> Vec<(String, ScriptCommand)> {
    let any = 1 + chance.below(238);
    let mut record = |length: usize| {
        let content = chance.bytes(length);
        let (file, number) = (1 + chance.below(30) as u8, 1 + chance.below(255) as u8);
        let head = format!("84DC{number:02X}{:02X}*{}", file << 3 | 4, hex::encode_upper(&content));
        (head, ScriptCommand::UpdateRecord { file, number, content: Zeroizing::new(content) })
    };
    let (updated, longest) = (record(any), record(238));
    let tag: u16 = if chance.below(2) == 0 { 0x9F58 } else { 0x9F59 };
    let value = chance.bytes(1);
    let digits = 4 + chance.below(9);
    let pin = chance.digits(digits);
    let block: [u8; 8] = hex::decode(format!("2{digits:X}{pin:F<14}")).unwrap().try_into().unwrap();
    vec![
        updated,
        (
            format!("04DA{tag:04X}-{}", hex::encode_upper(&value)),
            ScriptCommand::PutData { tag, value: Zeroizing::new(value) },
        ),
        (format!("84240002*{}", hex::encode_upper(block)), ScriptCommand::ChangePin(Zeroizing::new(block))),
        ("84240000-".to_owned(), ScriptCommand::UnblockPin),
        ("841E0000-".to_owned(), ScriptCommand::BlockApplication),
        ("84180000-".to_owned(), ScriptCommand::UnblockApplication),
        ("84160000-".to_owned(), ScriptCommand::BlockCard),
        longest,
    ]
}

impl Transaction {
    fn record(&self, masters: &[[u8; 16]; 3]) -> String {
        let masters = masters.map(hex::encode_upper).join(" ");
        let (counter, values) = (hex::encode_upper(self.counter), hex::encode_upper(self.question.transaction()));
        let issuer_data = hex::encode_upper(self.issuer_data);
        let commands: Vec<&str> = self.commands.iter().map(|(told, _)| told.as_str()).collect();
        format!(
            "{} {masters} {} 00 {counter} {values} {PROFILE} {issuer_data} {}",
            self.version,
            self.number,
            commands.join(" ")
        )
    }

    /// The transaction goes on with a card that answers the cryptogram `arqc`.
    fn session(&self, arqc: &[u8]) -> Option<ScriptSession<'_>> {
        let body = [
            &[0x9F, 0x27, 0x01, 0x80, 0x9F, 0x36, 0x02][..],
            &self.counter,
            &[0x9F, 0x26, 0x08],
            arqc,
            &[0x9F, 0x10, 0x07],
            &self.issuer_data,
        ]
        .concat();
        self.question.answered_by(&[&[0x77, body.len() as u8][..], &body].concat())
    }

    /// Ours, in the order of [`NAMES`].
    fn ours(&self, arqc: &[u8]) -> Vec<String> {
        let Some(session) = self.session(arqc) else { return vec!["the cryptogram was not believed".to_owned()] };
        let bytes = |command: &cardwright_apdu::Command| {
            let header = command.header;
            let head = [header.cla, header.ins, header.p1, header.p2, command.data().len() as u8];
            hex::encode_upper([&head[..], command.data()].concat())
        };
        let external = bytes(&session.commands()[0]);
        let commands = self.commands.iter().map(|(_, command)| bytes(&session.secured(command)));
        std::iter::once(external).chain(commands).collect()
    }
}

fn oracle(records: &[String]) -> Vec<Vec<String>> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/oracles/bin/python");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/issuer_scripts/oracle.py");
    let place = tempfile::tempdir().unwrap();
    let input = place.path().join("records");
    std::fs::write(&input, records.join("\n") + "\n").unwrap();
    let output = Command::new(&tools).arg("-I").arg(program).stdin(Stdio::from(File::open(input).unwrap())).output();
    let output = output.unwrap_or_else(|error| panic!("no pyemv here ({error}); run script/prepare test"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// Where ours and theirs differ: transaction and name.
fn differences(ours: &[Vec<String>], theirs: &[Vec<String>]) -> Vec<String> {
    let mut found = Vec::new();
    for (row, (our, their)) in ours.iter().zip(theirs).enumerate() {
        if (our.len(), their.len()) != (NAMES.len(), NAMES.len()) {
            found.push(format!("transaction {row}: {our:?} and {their:?}"));
            continue;
        }
        let differ = NAMES.iter().zip(our.iter().zip(their)).filter(|(_, (our, their))| our != their);
        found.extend(
            differ.map(|(name, (our, their))| format!("transaction {row}, {name}: ours {our}, theirs {their}")),
        );
    }
    found
}

#[test]
fn pyemv_makes_the_same_scripts_of_two_thousand_transactions() {
    let mut chance = Chance(SEED);
    for version in [10, 18] {
        let bank = Bank::of(version, &mut chance);
        let transactions: Vec<_> = (0..TRANSACTIONS).map(|_| bank.transaction(&mut chance)).collect();
        let records: Vec<String> = transactions.iter().map(|one| one.record(&bank.clear)).collect();
        let answers = oracle(&records);
        assert_eq!(answers.len(), TRANSACTIONS);
        let cryptograms: Vec<Vec<u8>> = answers.iter().map(|answer| hex::decode(&answer[0]).unwrap()).collect();
        let mut ours: Vec<_> = transactions.iter().zip(&cryptograms).map(|(one, arqc)| one.ours(arqc)).collect();
        let theirs: Vec<Vec<String>> = answers.into_iter().map(comparable).collect();
        let found = differences(&ours, &theirs);
        assert!(found.is_empty(), "{} differences, of them\n{}", found.len(), found[..found.len().min(5)].join("\n"));
        // The controls: one digit of every kind, each in another transaction; and a cryptogram that is not theirs.
        for (index, name) in NAMES.iter().enumerate() {
            let row = &mut ours[100 + index];
            let last = row[index].pop();
            row[index].push(if last == Some('7') { '8' } else { '7' });
            assert_eq!(differences(&ours, &theirs).len(), index + 1, "a planted {name}");
        }
        let mut other = cryptograms[0].clone();
        other[7] ^= 1;
        assert!(transactions[0].session(&other).is_none() && transactions[0].session(&cryptograms[1]).is_none());
    }
}

/// The oracle's answer as ours: the ARPC as the command that brings it.
fn comparable(answer: Vec<String>) -> Vec<String> {
    let [_, arpc, commands @ ..] = answer.as_slice() else { return answer };
    std::iter::once(format!("008200000A{arpc}3030")).chain(commands.iter().cloned()).collect()
}
