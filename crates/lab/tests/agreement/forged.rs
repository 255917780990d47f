//! Payment and PIV cards: an answer that was forged, whichever it is, never counts.

use std::rc::Rc;

use crate::new_card::{Issuer, Recording};
use crate::specimens::{Specimen, credit, debit_with_r_mac, employee};

fn recordings() -> Vec<Recording> {
    let recording = |product, Specimen { preparer, data, .. }: Specimen| {
        Recording::by(Issuer::of(product, &data).certifying(&Rc::new(preparer)))
    };
    let foreseen = [credit(), debit_with_r_mac(), employee()].map(|specimen| recording("scp03-i70", specimen));
    let asked = [debit_with_r_mac(), employee()].map(|specimen| recording("scp03-i60", specimen));
    foreseen.into_iter().chain(asked).collect()
}

/// Whether these answers to the `number`th script lead on.
fn counts(recording: &Recording, number: usize, answers: &[Vec<u8>]) -> bool {
    let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
    let next = recording.stage(number).answers(&answers).ok().map(|(_, next)| next);
    next.is_some_and(|next| next.and_then(|next| recording.issuer.follow(next)).is_ok())
}

/// What whoever carries an answer could make of it: an error, a bare success, and the answer with one bit changed near
/// its end, where an R-MAC is. What a SELECT answers besides its status word says nothing, and is not looked at.
fn forgeries(command: &[u8], answer: &[u8]) -> Vec<Vec<u8>> {
    let errors = [[0x6A, 0x80], [0x69, 0x85], [0x6A, 0x82]].map(Vec::from);
    if command[..2] == [0x00, 0xA4] {
        return errors.into();
    }
    let mut altered = answer.to_vec();
    let near_end = altered.len().saturating_sub(4);
    altered[near_end] ^= 0x04;
    let mut forged = Vec::from(errors);
    forged.push(altered);
    if answer != [0x90, 0x00] {
        forged.push(vec![0x90, 0x00]);
    }
    forged
}

#[test]
fn no_forged_answer_of_any_application_counts_at_any_index_of_any_script() {
    for recording in recordings() {
        let mut forged = 0;
        for (number, (_, answers)) in recording.scripts.iter().enumerate() {
            assert!(counts(&recording, number, answers), "the control: unchanged they are accepted");
            let commands = recording.stage(number).commands();
            for (place, command) in commands.iter().enumerate() {
                for forgery in forgeries(&command.apdu, &answers[place]) {
                    let mut altered = answers.clone();
                    altered[place] = forgery;
                    assert!(!counts(&recording, number, &altered), "script {number}, answer {place}");
                    forged += 1;
                }
            }
        }
        assert!(forged > 50, "{forged}");
    }
}

#[test]
fn answers_left_out_or_doubled_do_not_count() {
    for recording in recordings() {
        for (number, (_, answers)) in recording.scripts.iter().enumerate() {
            let last = answers.len() - 1;
            assert!(!counts(&recording, number, &answers[..last]));
            let doubled = [&answers[..], &answers[last..]].concat();
            assert!(!counts(&recording, number, &doubled));
        }
    }
}
