//! Payment cards by the example profiles: keys under the data encryption key, both routes, several commit points.

use cardwright_issuance::flow::StageKind;
use cardwright_relay::Code;
use cardwright_virtual_card::{ApplicationState, Card};
use sha2::{Digest, Sha256};

use crate::new_card::{Issuer, PROVING, RIGHT, Recording, accept, blank_card, run};
use crate::specimens::{credit, debit_with_r_mac, two_straight};

/// An application's AID and its state, in the order of installation.
fn states(card: &Card) -> Vec<(String, ApplicationState)> {
    let state = |application: &cardwright_virtual_card::Application| (application.aid.to_string(), application.state);
    card.state().applications.iter().map(state).collect()
}

fn kinds(recording: &Recording) -> Vec<StageKind> {
    recording.scripts.iter().map(|(kind, _)| *kind).collect()
}

#[test]
fn a_credit_card_with_two_directories_is_written_through_its_security_domain() {
    let data = credit().data;
    for product in PROVING {
        let recording = Recording::with(product, &data);
        let trips = if product == "scp03-i60" { 3 } else { 2 };
        assert_eq!(kinds(&recording).len(), trips, "{product}");
        let states = states(&recording.card);
        assert_eq!(states.len(), 3);
        assert!(states.iter().all(|(_, state)| *state == ApplicationState::Selectable), "{states:?}");
    }
}

#[test]
fn a_debit_card_is_written_straight_where_challenges_are_foreseen_without_a_trip_more() {
    let data = debit_with_r_mac().data;
    for (product, trips) in [("scp03-i70", 2), ("scp03-i71", 2), ("scp03-i60", 5)] {
        let recording = Recording::with(product, &data);
        assert_eq!(kinds(&recording).len(), trips, "{product}: one more for each channel that cannot be foreseen");
        let expected = [
            ("315041592E5359532E4444463031".to_owned(), ApplicationState::Selectable),
            ("F0454D56012010".to_owned(), ApplicationState::Personalized),
        ];
        assert_eq!(states(&recording.card), expected, "{product}");
    }
}

#[test]
fn two_applications_are_written_straight_only_where_their_challenges_tell_them_apart() {
    let data = two_straight().data;
    for product in ["scp03-i70", "scp03-i71"] {
        let recording = Recording::with(product, &data);
        assert_eq!(kinds(&recording).len(), 2, "{product}");
        let states = states(&recording.card);
        assert!(states.iter().all(|(_, state)| *state == ApplicationState::Personalized), "{states:?}");
    }
    let refusal = Issuer::of("scp03-i60", &data).open(&[]).err().unwrap();
    assert_eq!(refusal.code, Code::PROFILE_REFUSED);
    assert!(refusal.parameters[1].contains("nothing ties a channel"), "{refusal:?}");
}

/// The payment application is not personalized while its proof is not stored, whatever else is.
#[test]
fn a_payment_application_that_is_written_straight_is_not_complete_before_its_proof() {
    let data = debit_with_r_mac().data;
    let issuer = Issuer::of("scp03-i70", &data);
    let mut card = blank_card("scp03-i70", RIGHT);
    let update = issuer.preamble(&mut card).remove(2);
    let first = issuer.open(&update).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let answers = run(&mut card, &first.commands());
    assert_eq!(states(&card)[1].1, ApplicationState::Selectable);
    let second = accept(&issuer, first, &answers).unwrap();
    assert_eq!(second.kind(), StageKind::Activate);
    run(&mut card, &second.commands());
    assert_eq!(states(&card)[1].1, ApplicationState::Personalized);
}

#[test]
fn a_foreseen_channel_of_the_application_is_refused_when_another_was_selected() {
    let data = debit_with_r_mac().data;
    let issuer = Issuer::of("scp03-i70", &data);
    let mut card = blank_card("scp03-i70", RIGHT);
    let update = issuer.preamble(&mut card).remove(2);
    let commands = issuer.open(&update).unwrap_or_else(|refusal| panic!("{refusal:?}")).commands();
    let select = commands.iter().position(|command| command.apdu[..2] == [0x00, 0xA4]).unwrap();
    run(&mut card, &commands[..select]);
    let answer = card.transmit(&commands[select + 1].apdu);
    let hash: [u8; 32] = Sha256::digest(&answer).into();
    assert!(
        commands[select + 1].answer_hash.is_some_and(|expected| *expected != hash),
        "another AID, another challenge"
    );
}

#[test]
fn nothing_is_sent_in_clear_that_is_under_the_data_encryption_key() {
    let data = credit().data;
    let recording = Recording::with("scp03-i70", &data);
    let keys = data.applications[2].dgis.iter().find(|dgi| dgi.dgi().identifier == 0x8000).unwrap();
    let commands = recording.stage(0).commands();
    let holds =
        |bytes: &[u8]| commands.iter().any(|command| command.apdu.windows(bytes.len()).any(|window| window == bytes));
    assert!(!holds(&keys.dgi().data[..16]));
}
