//! Payment cards in use, changed by scripts of their issuer: what is prepared, asked, sent and believed.

use cardwright_apdu::Command;
use cardwright_data_preparation::emv::cryptogram::{
    CryptogramData, CryptogramVersion, IssuerApplicationData, application_cryptogram, response_by_method_1, working_key,
};
use cardwright_data_preparation::emv::script::{command_mac, enciphered, session_key};
use cardwright_data_preparation::{
    CarriedOut, Checked, Date, EmvFault, Error, FieldRule, Interface, IssuerScript, OrderFields, PersonalizationData,
    Profile, Scope, ScriptQuestion, check, prepare, prepare_change,
};

use crate::issuer::Issuer;
use crate::sample::today;

const DEBIT: &str = include_str!("../../../../profiles/emv-debit.toml");
const DEBIT_2: &str = include_str!("../../../../profiles/emv-debit-2.toml");
const NUMBER: &str = "4761740000000010";
const UNPREDICTABLE: [u8; 4] = [0xA1, 0xB2, 0xC3, 0xD4];

type Data = Checked<PersonalizationData>;

/// One debit card, and the issuer that made it.
struct Bank {
    profile: Profile,
    issuer: Issuer,
}

impl Bank {
    fn of(text: &str) -> Self {
        let profile = Profile::parse(text).unwrap();
        let issuer = Issuer::of(&profile);
        Self { profile, issuer }
    }

    fn card(&self, columns: &[(&str, &str)]) -> Data {
        let fields = OrderFields::read(&self.profile, columns.iter().copied(), None).unwrap();
        let means = self.issuer.means(&self.profile, Some(NUMBER));
        check(prepare(&self.profile, &fields, today(), &means).unwrap()).unwrap()
    }

    fn change(&self, scope: Scope, columns: &[(&str, &str)]) -> Result<Data, Error> {
        let part = self.profile.within(scope)?;
        let fields = OrderFields::read(&part, columns.iter().copied(), None)?;
        let means = self.issuer.means(&part, Some(NUMBER));
        check(prepare_change(&self.profile, scope, &fields, "2028-02-29".parse().unwrap(), &means)?)
    }
}

fn payment(data: &Data) -> &cardwright_data_preparation::Application {
    data.applications.last().unwrap()
}

fn dgi(data: &Data, identifier: u16) -> Vec<u8> {
    let mut found = payment(data).dgis.iter().map(|grouping| grouping.dgi());
    found.find(|dgi| dgi.identifier == identifier).map(|dgi| dgi.data.clone()).unwrap_or_default()
}

fn identifiers(data: &Data) -> Vec<u16> {
    payment(data).dgis.iter().map(|grouping| grouping.dgi().identifier).collect()
}

/// What a card answers to GENERATE AC: `77 {9F27, 9F36, 9F26, 9F10}`.
struct Card {
    keys: [[u8; 16]; 3],
    version: CryptogramVersion,
    counter: u16,
}

impl Card {
    fn of(data: &Data, version: CryptogramVersion) -> Self {
        let keys = dgi(data, 0x8000);
        let key = |at: usize| keys[at..at + 16].try_into().unwrap();
        Self { keys: [key(0), key(16), key(32)], version, counter: 0x1234 }
    }

    fn cryptogram(&self, question: &ScriptQuestion, results: [u8; 4]) -> ([u8; 8], IssuerApplicationData) {
        let terminal = &question.transaction()[..29];
        let issuer = IssuerApplicationData { key_index: 1, version: self.version, verification_results: results };
        let data = CryptogramData {
            terminal,
            interchange_profile: [0x3C, 0x00],
            counter: self.counter,
            issuer_application_data: issuer,
        };
        (application_cryptogram(&self.keys[0], &data), issuer)
    }

    fn answer(&self, question: &ScriptQuestion, information: u8, results: [u8; 4]) -> Vec<u8> {
        let (cryptogram, issuer) = self.cryptogram(question, results);
        let [high, low] = self.counter.to_be_bytes();
        let body = [
            &[0x9F, 0x27, 0x01, information, 0x9F, 0x36, 0x02, high, low, 0x9F, 0x26, 0x08][..],
            &cryptogram,
            &[0x9F, 0x10, 0x07],
            &issuer.to_bytes(),
        ]
        .concat();
        [&[0x77, body.len() as u8][..], &body].concat()
    }
}

const NO_RESULTS: [u8; 4] = [0x03, 0xA0, 0x00, 0x00];

fn bytes(command: &Command) -> Vec<u8> {
    let header = command.header;
    [&[header.cla, header.ins, header.p1, header.p2, command.data().len() as u8][..], command.data()].concat()
}

fn question(data: &Data, number: [u8; 4]) -> ScriptQuestion {
    IssuerScript::question(payment(data), Interface::Contact, number).unwrap()
}

#[test]
fn a_new_name_and_limits_take_no_pin_no_certificate_and_no_randomness() {
    let bank = Bank::of(DEBIT);
    let part = bank.profile.within(Scope::PersonalData).unwrap();
    let names: Vec<&str> = part.fields().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["name"]);
    assert_eq!((part.card_keys().len(), part.issuers().len(), part.random_bytes(), part.pin()), (0, 0, 0, None));
    let keys: Vec<String> = part.named_keys().iter().map(|key| key.id.to_string()).collect();
    assert_eq!(keys, ["debit-imk-ac.1", "debit-imk-smi.1", "debit-imk-smc.1"]);
    assert!(part.assigns_number() && part.uses_number());
    let data = bank.change(Scope::PersonalData, &[("name", "Ada Sample")]).unwrap();
    assert_eq!((identifiers(&data), data.applications.len()), (vec![0x0102, 0x3000], 1));
    assert_eq!(dgi(&data, 0x0102), b"\x70\x0D\x5F\x20\x0AADA SAMPLE");
    assert_eq!(dgi(&data, 0x3000), [0x9F, 0x58, 0x01, 0x00, 0x9F, 0x59, 0x01, 0x03]);
}

#[test]
fn the_script_answers_the_card_and_then_changes_it_under_its_keys() {
    let bank = Bank::of(DEBIT);
    let card = Card::of(&bank.card(&[("name", "Ada Example")]), CryptogramVersion::Ten);
    let data = bank.change(Scope::PersonalData, &[("name", "Ada Sample")]).unwrap();
    let question = question(&data, UNPREDICTABLE);
    assert_eq!((question.options(), question.reference_control()), (&[0x83, 0x00][..], 0x80));
    assert_eq!(question.transaction(), [&[0; 25][..], &UNPREDICTABLE].concat());
    let answer = card.answer(&question, 0x80, NO_RESULTS);
    let session = question.answered_by(&answer).unwrap();
    let commands: Vec<Vec<u8>> = session.commands().iter().map(bytes).collect();
    let (cryptogram, _) = card.cryptogram(&question, NO_RESULTS);
    let response = response_by_method_1(&card.keys[0], cryptogram, *b"00");
    assert_eq!(commands[0], [&[0x00, 0x82, 0x00, 0x00, 0x0A][..], &response, b"00"].concat());
    assert_eq!(commands[1], [&[0x80, 0xAE, 0x40, 0x00, 31][..], b"00", &[0; 25], &UNPREDICTABLE].concat());
    let key = session_key(CryptogramVersion::Ten, &card.keys[1], card.counter, cryptogram);
    let sent = |head: [u8; 4], value: &[u8]| {
        let header = [head[0], head[1], head[2], head[3], value.len() as u8 + 8];
        let mac = command_mac(&key, header, card.counter, cryptogram, value);
        [&header[..], value, &mac].concat()
    };
    let secrecy = session_key(CryptogramVersion::Ten, &card.keys[2], card.counter, cryptogram);
    let record = enciphered(CryptogramVersion::Ten, &secrecy, b"\x70\x0D\x5F\x20\x0AADA SAMPLE");
    assert_eq!(commands[2], sent([0x84, 0xDC, 0x02, 0x0C], &record));
    let in_clear = |command: &Vec<u8>| command.windows(6).any(|part| part == b"SAMPLE");
    assert!(!commands.iter().any(in_clear), "the holder's name is for the card alone");
    assert_eq!(commands[3], sent([0x04, 0xDA, 0x9F, 0x58], &[0x00]));
    assert_eq!(commands[4], sent([0x04, 0xDA, 0x9F, 0x59], &[0x03]));
    assert_eq!((commands.len(), session.changes(), session.completion().len()), (5, 3, 2));
}

#[test]
fn a_new_pin_goes_enciphered_and_the_one_that_the_mailer_gets() {
    for (version, text) in [(CryptogramVersion::Ten, "10"), (CryptogramVersion::Eighteen, "18")] {
        let profile = DEBIT.replace("cryptogram-version = \"10\"", &format!("cryptogram-version = \"{text}\""));
        let bank = Bank::of(&profile);
        let card = Card::of(&bank.card(&[("name", "Ada Example")]), version);
        let data = bank.change(Scope::Pin, &[]).unwrap();
        assert_eq!(identifiers(&data), [0x8010]);
        let question = question(&data, UNPREDICTABLE);
        let answer = card.answer(&question, 0x80, NO_RESULTS);
        let session = question.answered_by(&answer).unwrap();
        let command = bytes(session.commands().last().unwrap());
        let (cryptogram, _) = card.cryptogram(&question, NO_RESULTS);
        let key = session_key(version, &card.keys[2], card.counter, cryptogram);
        assert_eq!(command[..5], [0x84, 0x24, 0x00, 0x02, 24]);
        assert_eq!(command[5..21], enciphered(version, &key, &dgi(&data, 0x8010)));
        assert!(!command.windows(8).any(|window| window == dgi(&data, 0x8010)));
        assert_eq!(session.changes(), 1);
    }
}

#[test]
fn nothing_is_sent_to_whoever_does_not_make_the_cryptogram() {
    let bank = Bank::of(DEBIT);
    let card = Card::of(&bank.card(&[("name", "Ada Example")]), CryptogramVersion::Ten);
    let data = bank.change(Scope::PersonalData, &[("name", "Ada Sample")]).unwrap();
    let asked = question(&data, UNPREDICTABLE);
    let right = card.answer(&asked, 0x80, NO_RESULTS);
    for bit in 0..right.len() * 8 {
        let mut changed = right.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        // The lower bits of 9F27 say nothing that is believed.
        let told = bit / 8 == 5 && bit % 8 < 6;
        assert_eq!(asked.answered_by(&changed).is_some(), told, "bit {bit}");
    }
    assert!(asked.answered_by(&card.answer(&asked, 0x00, NO_RESULTS)).is_none(), "a declined transaction");
    assert!(asked.answered_by(&card.answer(&asked, 0x40, NO_RESULTS)).is_none(), "one that the card decided");
    assert!(question(&data, [0; 4]).answered_by(&right).is_none(), "an answer from before");
    assert!(asked.answered_by(&[]).is_none());
}

#[test]
fn the_next_cryptogram_proves_exactly_as_many_changes_as_there_were_and_no_failed_one() {
    let bank = Bank::of(DEBIT);
    let card = Card::of(&bank.card(&[("name", "Ada Example")]), CryptogramVersion::Ten);
    let data = bank.change(Scope::PersonalData, &[("name", "Ada Sample")]).unwrap();
    let next = question(&data, [9; 4]);
    let says = |third: u8| card.answer(&next, 0x80, [0x03, 0xA0, 0x00, third]);
    assert!(next.proves(&says(0x30), 3));
    assert_eq!(next.carried_out(&says(0x28)), Some(CarriedOut { commands: 2, refused: true }));
    assert_eq!(next.carried_out(&card.answer(&next, 0x00, NO_RESULTS)), None);
    assert!(next.proves(&says(0x32), 3), "it may have answered INTERNAL AUTHENTICATE");
    assert!(!next.proves(&says(0x38), 3), "one command was refused");
    assert!(!next.proves(&says(0x20), 3) && !next.proves(&says(0x40), 3) && !next.proves(&says(0x00), 3));
    let mut forged = says(0x20);
    *forged.last_mut().unwrap() = 0x30;
    assert!(!next.proves(&forged, 3), "the count is in the cryptogram");
}

#[test]
fn version_18_answers_under_the_session_key_of_the_transaction() {
    let bank = Bank::of(&DEBIT.replace("cryptogram-version = \"10\"", "cryptogram-version = \"18\""));
    let card = Card::of(&bank.card(&[("name", "Ada Example")]), CryptogramVersion::Eighteen);
    let data = bank.change(Scope::PersonalData, &[("name", "Ada Sample")]).unwrap();
    let question = question(&data, UNPREDICTABLE);
    let answer = card.answer(&question, 0x80, NO_RESULTS);
    let first = bytes(&question.answered_by(&answer).unwrap().commands()[0]);
    let (cryptogram, _) = card.cryptogram(&question, NO_RESULTS);
    let key = working_key(CryptogramVersion::Eighteen, &card.keys[0], card.counter);
    assert_eq!(first[5..13], response_by_method_1(&key, cryptogram, *b"00"));
}

#[test]
fn limits_of_an_order_pass_no_state_that_the_card_refuses() {
    let bank = Bank::of(DEBIT_2);
    let columns = |lower, upper| [("name", "Ada Example"), ("lower_limit", lower), ("upper_limit", upper)];
    let card = Card::of(&bank.card(&columns("1", "2")), CryptogramVersion::Ten);
    let data = bank.change(Scope::PersonalData, &columns("05", "10")).unwrap();
    let question = question(&data, UNPREDICTABLE);
    let answer = card.answer(&question, 0x80, NO_RESULTS);
    let commands = question.answered_by(&answer).unwrap().commands();
    let limits: Vec<(u8, u8)> = commands[3..].iter().map(|command| (command.header.p2, command.data()[0])).collect();
    assert_eq!(limits, [(0x58, 0), (0x59, 10), (0x58, 5)]);
    let refused = bank.change(Scope::PersonalData, &columns("11", "10")).err().unwrap();
    let Error::Order(faults) = refused else { panic!("{refused}") };
    assert_eq!(
        faults.iter().map(|fault| (fault.field.as_str(), fault.rule)).collect::<Vec<_>>(),
        [("lower_limit", FieldRule::Limits)]
    );
}

#[test]
fn a_new_card_is_no_card_that_a_script_changes() {
    let bank = Bank::of(DEBIT);
    let data = bank.card(&[("name", "Ada Example")]);
    let asked = IssuerScript::question(payment(&data), Interface::Contact, UNPREDICTABLE);
    assert!(matches!(asked, Err(EmvFault::NoScript)));
}

#[test]
fn data_of_a_change_by_script_reads_back_and_no_other_bytes_do() {
    let bank = Bank::of(DEBIT);
    for (scope, columns) in [(Scope::PersonalData, &[("name", "Ada Sample")][..]), (Scope::Pin, &[])] {
        let data = bank.change(scope, columns).unwrap();
        let (bytes, digest) = (data.to_bytes(), *data.digest());
        let again: Data = Checked::reopen(&bytes, &digest).unwrap();
        assert_eq!((again.scope, identifiers(&again)), (scope, identifiers(&data)));
        let mut other = bytes.to_vec();
        *other.last_mut().unwrap() ^= 3;
        assert!(Checked::<PersonalizationData>::reopen(&other, &digest).is_err());
    }
}

#[test]
fn an_application_that_is_installed_again_needs_another_sequence_number() {
    let text =
        DEBIT.replace("rewrite = \"issuer-script\"", "rewrite = \"reinstall\"").replace("rewritable = true\n", "");
    let profile = Profile::parse(&text).unwrap();
    for scope in [Scope::PersonalData, Scope::Pin] {
        assert!(matches!(profile.within(scope), Err(Error::SameSequence(_))), "{scope}");
    }
    let credit = Profile::parse(crate::broken::CREDIT).unwrap();
    let part = credit.within(Scope::Pin).unwrap();
    // The whole payment application, and neither of its directories.
    assert_eq!((part.applications().len(), part.card_keys(), part.fields().len()), (1, credit.card_keys(), 4));
    let issuer = Issuer::of(&credit);
    let block = issuer.pin_block(&credit, "4761739001010119", "1234");
    let columns = [("card_number", "4761739001010119"), ("sequence", "2"), ("name", "Ada"), ("pin_block", &*block)];
    let fields = OrderFields::read(&part, columns, None).unwrap();
    let day: Date = today();
    let data = check(prepare_change(&credit, Scope::Pin, &fields, day, &issuer.means(&part, None)).unwrap()).unwrap();
    assert_eq!(
        (data.applications[0].dgis.len(), data.face.len()),
        (credit.applications().last().unwrap().dgis.len(), 0)
    );
}
