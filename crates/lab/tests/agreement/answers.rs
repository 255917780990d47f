//! Answers that were stripped, altered, swapped, dropped or doubled end in a flaw at every index of every script, and
//! never in a card that is done.

use cardwright_globalplatform::Reason;
use cardwright_issuance::flow::{Flaw, StageKind};

use crate::new_card::{PROVING, Recording};

/// What became of answers that are not the card's.
fn judged(recording: &Recording, number: usize, answers: &[Vec<u8>]) -> Result<(), Option<Flaw>> {
    let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
    match recording.stage(number).answers(&answers) {
        Err(flaw) => Err(Some(flaw)),
        // the answer that opens the next channel is no part of the proof: it is refused by itself
        Ok((_, next)) => next.and_then(|next| recording.issuer.follow(next)).map(drop).map_err(|_| None),
    }
}

/// Calls `check` with each script's number and answers, and how many of them are covered by R-MACs or compared
/// whole: all but the INITIALIZE UPDATE at the end of a script that changes keys.
fn for_each_script(check: impl Fn(&Recording, usize, &[Vec<u8>], usize)) {
    for product in PROVING {
        let recording = Recording::of(product);
        for (number, (kind, answers)) in recording.scripts.iter().enumerate() {
            assert_eq!(judged(&recording, number, answers), Ok(()), "the control: unchanged they are accepted");
            let opens_the_next = usize::from(*kind == StageKind::ChangeKeys);
            check(&recording, number, answers, answers.len() - opens_the_next);
        }
    }
}

fn mac_length(recording: &Recording) -> usize {
    if recording.issuer.product.name() == "scp03-i71" { 16 } else { 8 }
}

fn assert_flaw_at(recording: &Recording, number: usize, answers: &[Vec<u8>], place: usize, what: &str) {
    let name = recording.issuer.product.name();
    let flaw = judged(recording, number, answers).err().flatten();
    let found = flaw.as_ref().and_then(Flaw::index);
    assert_eq!(found, Some(place), "{name}, script {number}, answer {place} {what}: {flaw:?}");
}

#[test]
fn an_r_mac_that_was_taken_away_is_a_flaw_at_every_index_of_every_script() {
    for_each_script(|recording, number, answers, count| {
        let mut stripped = 0;
        for place in 0..count {
            let (data, status) = answers[place].split_last_chunk::<2>().unwrap();
            let Some(length) = data.len().checked_sub(mac_length(recording)) else { continue };
            stripped += 1;
            for kept in [length, 0] {
                let mut altered = answers.to_vec();
                altered[place] = [&data[..kept], status].concat();
                assert_flaw_at(recording, number, &altered, place, "without its R-MAC");
            }
        }
        let without = answers[..count].iter().filter(|answer| answer.len() == 2).count();
        assert_eq!(stripped, count - without, "all but those to EXTERNAL AUTHENTICATE have one");
        assert!(without <= 2 && stripped > 0);
    });
}

#[test]
fn an_r_mac_or_a_status_word_that_was_altered_is_a_flaw_at_every_index_of_every_script() {
    for_each_script(|recording, number, answers, count| {
        for place in 0..count {
            let length = answers[place].len();
            let mac_and_status = length.saturating_sub(mac_length(recording) + 2)..length;
            for byte in mac_and_status {
                let mut altered = answers.to_vec();
                altered[place][byte] ^= 1 << (byte % 8);
                assert_flaw_at(recording, number, &altered, place, "altered");
            }
        }
    });
}

#[test]
fn data_that_was_altered_in_an_answer_is_a_flaw_at_every_index_of_every_script() {
    for_each_script(|recording, number, answers, count| {
        for place in 0..count {
            let data = answers[place].len().saturating_sub(mac_length(recording) + 2);
            for byte in 0..data {
                let mut altered = answers.to_vec();
                altered[place][byte] ^= 0x80 >> (byte % 8);
                assert_flaw_at(recording, number, &altered, place, "with other data");
            }
        }
    });
}

#[test]
fn an_answer_that_says_error_is_a_flaw_at_every_index_of_every_script() {
    for_each_script(|recording, number, answers, count| {
        for place in 0..count {
            for status in [[0x69, 0x82], [0x69, 0x85], [0x6A, 0x88], [0x63, 0x10], [0x6F, 0x00]] {
                let mut altered = answers.to_vec();
                altered[place] = status.to_vec();
                assert_flaw_at(recording, number, &altered, place, "an error");
            }
        }
    });
}

#[test]
fn answers_that_change_places_are_a_flaw_at_the_first_of_them() {
    for_each_script(|recording, number, answers, count| {
        for place in 0..count {
            for other in (place + 1..count).filter(|other| answers[*other] != answers[place]) {
                let mut altered = answers.to_vec();
                altered.swap(place, other);
                assert_flaw_at(recording, number, &altered, place, "in another's place");
            }
        }
    });
}

#[test]
fn an_answer_that_was_dropped_or_doubled_is_a_flaw() {
    for_each_script(|recording, number, answers, count| {
        for place in 0..count {
            let mut dropped = answers.to_vec();
            dropped.remove(place);
            assert!(judged(recording, number, &dropped).is_err_and(|flaw| flaw.is_some()), "{number}/{place} dropped");
            let mut doubled = answers.to_vec();
            doubled.insert(place, answers[place].clone());
            assert!(judged(recording, number, &doubled).is_err_and(|flaw| flaw.is_some()), "{number}/{place} doubled");
        }
    });
}

#[test]
fn a_script_that_was_left_anywhere_is_a_flaw_at_the_first_missing_answer() {
    for_each_script(|recording, number, answers, count| {
        for place in 0..count {
            let flaw = judged(recording, number, &answers[..place]).err().flatten();
            let Some(Flaw::Answer(failure)) = flaw else { panic!("{flaw:?}") };
            assert_eq!((failure.index, failure.reason), (place, Reason::TooFew));
        }
    });
}

/// The channel that is opened under the issuer's keys, where its challenge is random.
#[test]
fn the_answer_that_opens_the_next_channel_is_refused_when_changed_before_that_channel_is_authenticated() {
    let recording = Recording::of("scp03-i60");
    let (kind, answers) = &recording.scripts[0];
    assert_eq!(*kind, StageKind::ChangeKeys);
    let last = answers.len() - 1;
    // the key diversification data before it names no key any more: the card has the issuer's
    for byte in 10..answers[last].len() {
        let mut altered = answers.clone();
        altered[last][byte] ^= 1 << (byte % 8);
        assert!(judged(&recording, 0, &altered).is_err(), "byte {byte}");
    }
}
