//! Cards whose answers carry no MAC: a payment card is proven by its cryptogram, and by nothing else.

use cardwright_data_preparation::{Checked, PersonalizationData, Profile};
use cardwright_issuance::flow::{Flaw, Stage, StageKind, unwritable};
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::proof::Grade;
use cardwright_relay::Code;
use cardwright_virtual_card::{ApplicationState, Card};

use crate::file;
use crate::new_card::{Issuer, RIGHT, Recording, accept, blank_card, run};
use crate::specimens::{credit_without_r_mac, debit, debit_with_r_mac, many_straight};

/// The card products without a MAC on answers.
const BELIEVED: [&str; 3] = ["scp02-i55", "scp02-i15", "scp03-i10"];

const STORE_DATA: u8 = 0xE2;
/// SELECT, GET PROCESSING OPTIONS, GENERATE AC
const QUESTION: usize = 3;

/// What `answers` to a script are: its grade, or the flaw.
fn judged(stage: Stage, answers: &[Vec<u8>]) -> Result<Option<Grade>, Flaw> {
    let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
    stage.answers(&answers).map(|(verified, _)| verified.grade())
}

fn is_wrong_cryptogram(judged: &Result<Option<Grade>, Flaw>) -> bool {
    matches!(judged, Err(Flaw::Content(what)) if what.contains("cryptogram"))
}

/// The states of the card's applications.
fn states(card: &Card) -> Vec<ApplicationState> {
    card.state().applications.iter().map(|application| application.state).collect()
}

/// A card issued as far as its last script, which is not run yet.
fn before_the_last(issuer: &Issuer) -> (Card, Stage) {
    let mut card = blank_card(issuer.product.name(), RIGHT);
    let update = issuer.preamble(&mut card).remove(2);
    let mut stage = issuer.open(&update).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    while !stage.commands().iter().any(|command| command.apdu[..2] == [0x80, 0xAE]) {
        let answers = run(&mut card, &stage.commands());
        stage = accept(issuer, stage, &answers).unwrap();
    }
    (card, stage)
}

#[test]
fn a_debit_card_is_issued_without_r_mac_in_three_scripts_whatever_the_challenges() {
    let data = debit().data;
    for product in BELIEVED {
        let recording = Recording::with(product, &data);
        let kinds: Vec<_> = recording.scripts.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [StageKind::ChangeKeys, StageKind::Write, StageKind::Write], "{product}");
        let directory = match product {
            "scp02-i55" => ApplicationState::Selectable,
            _ => ApplicationState::Personalized, // it takes data only when it is selectable
        };
        assert_eq!(states(&recording.card), [directory, ApplicationState::Personalized], "{product}");
        let grades: Vec<_> =
            (0..3).map(|number| judged(recording.stage(number), &recording.scripts[number].1).unwrap()).collect();
        assert_eq!(grades, [None, None, Some(Grade::B)], "{product}: nothing is proven before the cryptogram");
    }
}

#[test]
fn a_card_that_is_written_through_its_security_domain_alone_takes_two_scripts() {
    let data = credit_without_r_mac().data;
    for product in BELIEVED {
        let recording = Recording::with(product, &data);
        assert_eq!(recording.scripts.len(), 2, "{product}");
        assert_eq!(judged(recording.stage(1), &recording.scripts[1].1), Ok(Some(Grade::B)), "{product}");
    }
}

#[test]
fn nothing_but_the_question_is_sent_in_clear_and_the_question_is_the_end() {
    let recording = Recording::with("scp02-i55", &debit().data);
    let commands = recording.stage(2).commands();
    let (secured, question) = commands.split_at(commands.len() - QUESTION);
    assert!(secured.iter().all(|command| command.apdu[0] == 0x84));
    let asked: Vec<_> = question.iter().map(|command| [command.apdu[0], command.apdu[1], command.apdu[2]]).collect();
    assert_eq!(asked, [[0x00, 0xA4, 0x04], [0x80, 0xA8, 0x00], [0x80, 0xAE, 0x00]], "a declined transaction");
}

#[test]
fn a_terminal_that_answers_9000_to_every_store_data_and_passes_none_on_is_found_by_the_cryptogram() {
    for product in BELIEVED {
        let issuer = Issuer::of(product, &debit().data);
        let (mut card, stage) = before_the_last(&issuer);
        let commands = stage.commands();
        let mut stored = 0;
        let answers = commands.iter().map(|command| match command.apdu[1] {
            STORE_DATA => {
                stored += 1;
                vec![0x90, 0x00]
            }
            _ => card.transmit(&command.apdu),
        });
        let mut answers: Vec<_> = answers.collect();
        assert!(stored > 3, "{product}: {stored}");
        let last = answers.len() - 1;
        assert_eq!(answers[last], [0x69, 0x85], "{product}: the card has nothing to answer with");
        assert!(is_wrong_cryptogram(&judged(stage, &answers)), "{product}");

        // and makes the best of it
        for forged in [&b"\x90\x00"[..], b"\x77\x1E\x9F\x27\x01\x00\x9F\x36\x02\x00\x01\x9F\x26\x08\x01\x02\x03\x04\x05\x06\x07\x08\x9F\x10\x07\x06\x01\x0A\x03\x00\x00\x00\x90\x00"] {
            let (_, stage) = before_the_last(&issuer);
            answers[last - 1] = vec![0x90, 0x00];
            answers[last] = forged.to_vec();
            assert!(is_wrong_cryptogram(&judged(stage, &answers)), "{product}");
        }
        let (mut card, stage) = before_the_last(&issuer);
        let answers = run(&mut card, &stage.commands());
        assert_eq!(judged(stage, &answers), Ok(Some(Grade::B)), "{product}: the control");
    }
}

#[test]
fn one_store_data_that_was_held_back_is_found_by_the_card_or_by_the_cryptogram() {
    let issuer = Issuer::of("scp02-i55", &debit().data);
    let (_, stage) = before_the_last(&issuer);
    let places = stage.commands().into_iter().enumerate().filter(|(_, command)| command.apdu[1] == STORE_DATA);
    let places: Vec<_> = places.map(|(place, _)| place).collect();
    for held_back in places {
        let (mut card, stage) = before_the_last(&issuer);
        let answers = stage.commands().into_iter().enumerate().map(|(place, command)| {
            if place == held_back {
                return vec![0x90, 0x00];
            }
            let answer = card.transmit(&command.apdu);
            if command.apdu[1] == STORE_DATA { vec![0x90, 0x00] } else { answer }
        });
        let answers: Vec<_> = answers.collect();
        assert!(is_wrong_cryptogram(&judged(stage, &answers)), "STORE DATA {held_back}");
    }
}

#[test]
fn a_cryptogram_under_a_key_that_was_altered_on_its_way_proves_nothing() {
    // the same card and order, but for the keys: another preparation's master keys
    let (mine, other) = (Issuer::of("scp02-i55", &debit().data), Issuer::of("scp02-i55", &debit().data));
    let (_, stage) = before_the_last(&mine);
    let (mut card, written) = before_the_last(&other);
    let answers = run(&mut card, &written.commands());
    assert_eq!(stage.commands().len(), answers.len());
    assert!(is_wrong_cryptogram(&judged(stage, &answers)));
    assert_eq!(judged(written, &answers), Ok(Some(Grade::B)), "the control: to whom it was meant it is right");
}

#[test]
fn a_cryptogram_over_another_number_is_a_replay_and_proves_nothing() {
    let data = debit().data;
    let (first, mut second) = (Issuer::of("scp02-i55", &data), Issuer::of("scp02-i55", &data));
    second.second_challenge = [0xC3; 16];
    let (mut card, stage) = before_the_last(&first);
    let answers = run(&mut card, &stage.commands());
    let recorded = answers.last().unwrap().clone();
    assert_eq!(judged(stage, &answers), Ok(Some(Grade::B)));

    // the same data on another card, in another issuance: its number is another, and the recorded answer is refused
    let (mut card, stage) = before_the_last(&second);
    let mut answers = run(&mut card, &stage.commands());
    let fresh = std::mem::replace(answers.last_mut().unwrap(), recorded);
    assert!(is_wrong_cryptogram(&judged(stage, &answers)));
    let (_, stage) = before_the_last(&second);
    *answers.last_mut().unwrap() = fresh;
    assert_eq!(judged(stage, &answers), Ok(Some(Grade::B)), "the control");
}

#[test]
fn every_bit_of_the_answer_that_holds_the_cryptogram_counts() {
    let recording = Recording::with("scp02-i15", &debit().data);
    let answers = &recording.scripts[2].1;
    let (last, whole) = (answers.len() - 1, answers.last().unwrap());
    let value = |tag: &[u8]| whole.windows(tag.len()).position(|window| window == tag).unwrap() + tag.len() + 1;
    // counter, cryptogram, the whole issuer application data, and what kind of cryptogram it is
    let parts = [(value(&[0x9F, 0x36]), 2), (value(&[0x9F, 0x26]), 8), (value(&[0x9F, 0x10]), 7)];
    let bits = parts
        .into_iter()
        .flat_map(|(from, length)| (from..from + length).flat_map(|at| (0..8).map(move |bit| (at, 1 << bit))));
    for (at, bit) in bits.chain([0x40, 0x80].map(|bit| (value(&[0x9F, 0x27]), bit))) {
        let mut altered = answers.clone();
        altered[last][at] ^= bit;
        assert!(is_wrong_cryptogram(&judged(recording.stage(2), &altered)), "byte {at}, bit {bit:02X}");
    }
}

#[test]
fn answers_that_are_missing_or_doubled_prove_nothing() {
    let recording = Recording::with("scp02-i55", &debit().data);
    for (number, (_, answers)) in recording.scripts.iter().enumerate() {
        for left in 0..answers.len() {
            let judged = judged(recording.stage(number), &answers[..left]);
            assert!(judged.is_err(), "script {number}, {left} answers: {judged:?}");
        }
        let doubled = [&answers[..], &answers[answers.len() - 1..]].concat();
        assert!(judged(recording.stage(number), &doubled).is_err(), "script {number}");
    }
}

#[test]
fn an_error_status_word_is_a_flaw_at_every_index() {
    let recording = Recording::with("scp02-i55", &debit().data);
    for (number, (_, answers)) in recording.scripts.iter().enumerate() {
        for place in 0..answers.len() {
            let mut altered = answers.clone();
            altered[place] = vec![0x69, 0x85];
            let answers: Vec<&[u8]> = altered.iter().map(Vec::as_slice).collect();
            let next = recording.stage(number).answers(&answers).ok().and_then(|(_, next)| next.ok());
            assert!(next.is_none(), "script {number}, answer {place}");
        }
    }
}

#[test]
fn a_card_that_does_not_hold_the_new_keys_is_found_at_the_next_opening() {
    for product in BELIEVED {
        let issuer = Issuer::of(product, &debit().data);
        let mut card = blank_card(product, RIGHT);
        let update = issuer.preamble(&mut card).remove(2);
        let recorded = Recording::with(product, &debit().data);
        let stage = issuer.open(&update).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let commands = stage.commands();
        // PUT KEY is held back, and its answer and the next card's opening are another card's
        let mut answers = vec![card.transmit(&commands[0].apdu)];
        answers.extend(recorded.scripts[0].1[1..].iter().cloned());
        let last = answers.len() - 1;
        let cryptogram = answers[last].len() - 3;
        answers[last][cryptogram] ^= 1;
        let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
        let (_, next) = stage.answers(&answers).unwrap_or_else(|flaw| panic!("{flaw:?}"));
        let refusal = next.and_then(|next| issuer.follow(next)).err().unwrap();
        assert_eq!(refusal.code, Code::CARD_CRYPTOGRAM_WRONG, "{product}");
    }
}

/// With random challenges a channel is tied to no application; with SCP02's pseudo-random ones it is.
#[test]
fn a_channel_that_was_opened_through_another_application_is_refused_or_proves_nothing() {
    for product in ["scp02-i55", "scp02-i15"] {
        let issuer = Issuer::of(product, &debit().data);
        let mut card = blank_card(product, RIGHT);
        let update = issuer.preamble(&mut card).remove(2);
        let first = issuer.open(&update).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let answers = run(&mut card, &first.commands());
        let second = accept(&issuer, first, &answers).unwrap();
        let commands = second.commands();
        let (opening, written) = (&commands[commands.len() - 1], &commands[..commands.len() - 2]);
        let mut answers = run(&mut card, written);
        answers.push(vec![0x90, 0x00]); // not selected: the Security Domain answers
        answers.push(card.transmit(&opening.apdu));
        let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
        let (_, next) = second.answers(&answers).unwrap_or_else(|flaw| panic!("{flaw:?}"));
        let third = next.and_then(|next| issuer.follow(next));
        if product == "scp02-i55" {
            assert_eq!(third.err().unwrap().code, Code::CARD_CRYPTOGRAM_WRONG, "its challenge is over another AID");
            continue;
        }
        let third = third.unwrap_or_else(|refusal| panic!("{refusal:?}")).unwrap();
        let answers = third.commands().into_iter().map(|command| {
            let answer = card.transmit(&command.apdu);
            if command.apdu[1] == STORE_DATA { vec![0x90, 0x00] } else { answer }
        });
        let answers: Vec<_> = answers.collect();
        assert!(is_wrong_cryptogram(&judged(third, &answers)));
    }
}

fn refused(product: &str, data: &Checked<PersonalizationData>) -> (Code, Vec<String>) {
    let refusal = Issuer::of(product, data).open(&[]).err().unwrap();
    (refusal.code, refusal.parameters)
}

#[test]
fn level_and_product_must_go_together() {
    for product in BELIEVED {
        let (code, _) = refused(product, &debit_with_r_mac().data);
        assert_eq!(code, Code::PRODUCT_REFUSED, "{product} has no R-MAC");
    }
    for product in ["scp03-i70", "scp03-i71", "scp03-i60"] {
        assert_eq!(refused(product, &debit().data).0, Code::LEVEL_REFUSED, "{product} could do better");
    }
}

#[test]
fn an_application_that_makes_no_cryptogram_is_refused_without_r_mac() {
    let text = file("profiles/identity.toml").replace("security-level = \"33\"", "security-level = \"03\"");
    let pin = "content = [\"pin-block\"]\nprotection = \"";
    let text = text.replace(&format!("{pin}clear"), &format!("{pin}dek")); // as every level below 33 wants it
    let profile = Profile::parse(&text).unwrap();
    assert!(unwritable(&profile).is_some_and(|reason| reason.contains("emv")), "at the profile's import");
    let data = crate::new_card::prepared(&text);
    for product in BELIEVED {
        let (code, parameters) = refused(product, &data);
        assert_eq!(code, Code::PROFILE_REFUSED, "{product}");
        assert!(parameters[1].contains("must be a payment application"), "{parameters:?}");
    }
    let (code, _) = refused("scp02-i55", &crate::new_card::data());
    assert_eq!(code, Code::PRODUCT_REFUSED, "at level 33 the product is the reason");
}

#[test]
fn a_profile_without_r_mac_says_itself_that_the_card_is_usable_before_its_proof() {
    let text = file("profiles/emv-debit.toml");
    assert_eq!(unwritable(&Profile::parse(&text).unwrap()), None);
    for place in [0, 1] {
        let activation = "activation = \"in-script\"\n";
        let at = text.match_indices(activation).nth(place).unwrap().0;
        let waiting = [&text[..at], &text[at + activation.len()..]].concat();
        let reason = unwritable(&Profile::parse(&waiting).unwrap());
        assert!(reason.is_some_and(|reason| reason.contains("in-script")), "{reason:?}");
    }
}

#[test]
fn a_product_says_how_it_is_proven_and_must_be_able_to() {
    let text = file("products/scp02-i55.toml");
    let other = |proof: &str| CardProduct::from_toml(&text.replace("\"cryptogram\"", proof)).is_ok();
    assert!(other("\"none\"") && other("\"cryptogram\"") && !other("\"r-mac\"") && !other("\"b\""));
    let text = file("products/scp03-i70.toml");
    assert!(CardProduct::from_toml(&text.replace("\"r-mac\"", "\"cryptogram\"")).is_err(), "it has better");
}

/// Each channel is one session under the issuer's keys: one for the Security Domain, one for each application.
#[test]
fn no_key_set_of_scp02_is_used_in_more_than_eight_sessions() {
    let (eight, nine) = (many_straight(7).data, many_straight(8).data);
    let (code, parameters) = refused("scp02-i55", &nine);
    assert_eq!(code, Code::PROFILE_REFUSED);
    assert!(parameters[1].contains("more than 8 channels"), "{parameters:?}");
    assert_eq!(
        refused("scp02-i55", &eight).0,
        Code::CARD_ANSWER_REFUSED,
        "the control: the empty answer is the reason"
    );
    assert_eq!(refused("scp03-i10", &nine).0, Code::CARD_ANSWER_REFUSED, "nor is another protocol bounded so");
}
