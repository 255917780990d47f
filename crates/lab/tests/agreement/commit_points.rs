//! Several applications on one card, each with a commit point: asked for one by one, activated in the profile's order,
//! and counted one by one where a script is left in the middle.

use cardwright_apdu::Aid;
use cardwright_data_preparation::{Checked, PersonalizationData};
use cardwright_issuance::flow::{Stage, StageKind};

use crate::file;
use crate::grouping::read;
use crate::new_card::{PROVING, Recording, prepared, run};

const INSTALL: u8 = 0xE6;
const GET_STATUS: u8 = 0xF2;

fn instance(number: u8) -> Aid {
    Aid::new(&[0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00, number]).unwrap()
}

/// The identity profile with a second application under another AID, activated `activation`.
fn two(activations: [&str; 2]) -> Checked<PersonalizationData> {
    let profile = file("profiles/identity.toml");
    let (head, application) = profile.split_once("[[application]]").unwrap();
    let other = application.replacen("instance = \"F0434152445749440001\"", "instance = \"F0434152445749440002\"", 1);
    let applications = [application, &other];
    let activated = |(application, activation): (&&str, &str)| {
        format!("[[application]]{}\n", application.replacen("after-proof", activation, 1))
    };
    prepared(
        &[head.to_owned()].into_iter().chain(applications.iter().zip(activations).map(activated)).collect::<String>(),
    )
}

fn after_proof() -> Checked<PersonalizationData> {
    two(["after-proof", "after-proof"])
}

fn in_script() -> Checked<PersonalizationData> {
    two(["in-script", "in-script"])
}

fn first_in_script() -> Checked<PersonalizationData> {
    two(["in-script", "after-proof"])
}

/// Places of the commands with this instruction byte: secure messaging leaves the header readable.
fn places(stage: &Stage, instruction: u8) -> Vec<usize> {
    let commands = stage.commands().into_iter().enumerate();
    commands.filter(|(_, command)| command.apdu[1] == instruction).map(|(place, _)| place).collect()
}

fn kinds(recording: &Recording) -> Vec<StageKind> {
    recording.scripts.iter().map(|(kind, _)| *kind).collect()
}

fn assert_issued(recording: &mut Recording) {
    for number in [1, 2] {
        assert_eq!(read(&mut recording.card, &instance(number), 0x0101), b"Ada Example");
    }
}

#[test]
fn every_application_is_asked_for_by_its_own_aid_in_every_script_that_proves() {
    for product in PROVING {
        let mut recording = Recording::with(product, &after_proof());
        let proving = kinds(&recording).iter().position(|kind| *kind == StageKind::Write).unwrap();
        for number in [proving, proving + 1] {
            assert_eq!(
                places(&recording.stage(number), GET_STATUS).len(),
                3,
                "{product}: the card and two applications"
            );
        }
        assert_issued(&mut recording);
    }
}

#[test]
fn a_card_that_was_left_between_two_commit_points_is_usable_in_part_and_that_is_proven() {
    let mut recording = Recording::with("scp03-i70", &after_proof());
    let (last, answers) = (recording.scripts.len() - 1, recording.scripts.last().unwrap().1.clone());
    let stage = recording.stage(last);
    assert_eq!(places(&stage, INSTALL), [0, 1], "both commit points, one after the other");
    let passed = |answers: &[Vec<u8>]| {
        let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
        stage.commit_points(&answers)
    };
    let both = [instance(1).to_string(), instance(2).to_string()];
    assert_eq!(passed(&answers[..0]), [""; 0]);
    assert_eq!(passed(&answers[..1]), both[..1]);
    assert_eq!(passed(&answers), both);
    let partly = |count: usize| {
        let answers: Vec<&[u8]> = answers[..count].iter().map(Vec::as_slice).collect();
        stage.partly_activated(&answers)
    };
    assert_eq!((partly(0), partly(1)), (Vec::new(), both[..1].to_vec()));
    assert_eq!(partly(2), [""; 0], "both are active: what is missing is the proof alone");
    let mut forged = answers.clone();
    forged[0] = vec![0x90, 0x00];
    assert_eq!(passed(&forged[..1]), [""; 0], "what has no R-MAC is no commit point");
    forged[0] = answers[1].clone();
    assert_eq!(passed(&forged[..1]), [""; 0], "nor is another's answer");
    assert_issued(&mut recording);
}

/// The order of the commit points is the profile's: the second application is not reachable while the first is not.
#[test]
fn the_first_application_is_active_before_the_second() {
    let recording = Recording::with("scp03-i70", &after_proof());
    let mut card = crate::new_card::blank_card("scp03-i70", crate::new_card::RIGHT);
    recording.issuer.preamble(&mut card);
    run(&mut card, &recording.stage(0).commands());
    run(&mut card, &recording.stage(1).commands()[..1]);
    let states: Vec<_> =
        card.state().applications.iter().map(|application| (application.aid, application.is_selectable())).collect();
    assert_eq!(states, [(instance(1), true), (instance(2), false)]);
}

#[test]
fn activation_in_the_script_costs_no_trip_more_but_lies_behind_no_foreseen_channel() {
    for product in PROVING {
        let mut recording = Recording::with(product, &in_script());
        assert_eq!(kinds(&recording), [StageKind::ChangeKeys, StageKind::Write], "{product}");
        for number in [0, 1] {
            let commands = recording.stage(number).commands();
            assert!(commands.iter().all(|command| command.answer_hash.is_none()), "{product}: nothing is foreseen");
        }
        let stage = recording.stage(1);
        let (installs, questions) = (places(&stage, INSTALL), places(&stage, GET_STATUS));
        assert_eq!((installs.len(), questions.len()), (6, 6));
        assert!(installs[4] > questions[2], "{product}: the states are asked for before it");
        assert_issued(&mut recording);
    }
}

#[test]
fn an_application_in_the_script_may_come_before_one_that_waits_for_the_proof() {
    let mut recording = Recording::with("scp03-i60", &first_in_script());
    assert_eq!(kinds(&recording), [StageKind::ChangeKeys, StageKind::Write, StageKind::Activate]);
    let answers: Vec<&[u8]> = recording.scripts[1].1.iter().map(Vec::as_slice).collect();
    assert_eq!(recording.stage(1).commit_points(&answers), [instance(1).to_string()]);
    assert_eq!(recording.stage(1).partly_activated(&answers), [instance(1).to_string()]);
    assert_eq!(recording.stage(2).partly_activated(&[]), [instance(1).to_string()], "it stays so");
    assert_issued(&mut recording);
}

/// The identity profile with a file of its own that the card may refuse.
fn with_an_optional_file() -> Checked<PersonalizationData> {
    let profile = file("profiles/identity.toml");
    let element = "[[element]]\nname = \"extra\"\nsource = \"constant\"\nencoding = \"hex\"\nvalue = \"0102\"\n\n";
    let grouping = "[[application.dgi]]\nidentifier = \"0110\"\ncontent = [\"extra\"]\nprotection = \"clear\"\n\
                    personal = false\noptional = true\n\n";
    let manifest = "# The manifest comes last";
    assert!(profile.contains(manifest));
    let profile = profile.replacen("[[application]]", &format!("{element}[[application]]"), 1);
    prepared(&profile.replacen(manifest, &format!("{grouping}{manifest}"), 1))
}

#[test]
fn a_refused_optional_grouping_is_told_and_not_taken_for_a_proof() {
    let recording = Recording::with("scp03-i70", &with_an_optional_file());
    let stage = || recording.stage(0);
    let refusable = |words: &Vec<u16>| words.contains(&0x6A88);
    let place = stage().commands().iter().position(|command| command.allowed.as_ref().is_some_and(refusable)).unwrap();
    let judged = |answers: &[Vec<u8>]| {
        let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
        stage().answers(&answers).map(|(verified, _)| verified.unknown_groupings().to_vec())
    };
    let mut answers = recording.scripts[0].1.clone();
    assert_eq!(judged(&answers), Ok(vec![]));
    answers[place] = vec![0x6A, 0x88];
    assert_eq!(judged(&answers), Ok(vec![(instance(1), 0x0110)]));
    answers[place] = vec![0x6A, 0x80];
    assert!(judged(&answers).is_err(), "another error is none that it may answer");
    answers[place - 1] = vec![0x6A, 0x88];
    assert!(judged(&answers).is_err(), "nor may another grouping be refused");
}

#[test]
fn an_application_that_waits_for_the_proof_is_not_overtaken() {
    fn overtaking() -> Checked<PersonalizationData> {
        two(["after-proof", "in-script"])
    }
    let issuer = crate::new_card::Issuer::of("scp03-i70", &overtaking());
    let refusal = issuer.open(&[]).err().unwrap();
    assert_eq!(refusal.code, cardwright_relay::Code::PROFILE_REFUSED);
}
