//! The power fails at every write: keys are the old or the new, and no try comes back.

use cardwright_virtual_card::applications::Program;
use cardwright_virtual_card::{Card, CardState};

use super::issue::{P_256, RSA_2048, fill, generate, installed, issued};
use super::{SELECT, status};
use crate::host::Scp03;
use crate::power::all_cuts;

fn piv(state: &CardState) -> &cardwright_virtual_card::applications::piv::PivData {
    match &state.applications[0].program {
        Program::Piv(data) => data,
        _ => panic!("the PIV application"),
    }
}

/// The protected form of a command to the application.
fn wrapped(card: &mut Card, header: [u8; 4], data: &[u8]) -> Vec<u8> {
    assert_eq!(status(card, SELECT), 0x9000);
    Scp03::open(card, 0x33).wrap(header, data)
}

#[test]
fn a_key_generation_that_is_cut_leaves_the_old_key_or_the_new_one() {
    let (mut card, mut host) = installed(0x33);
    generate(&mut card, &mut host, 0x9A, P_256);
    let command = |card: &mut Card| wrapped(card, [0x00, 0x47, 0x00, 0x9A], &[0xAC, 0x03, 0x80, 0x01, RSA_2048]);
    let states = all_cuts(&mut card, command);
    let keys: Vec<Vec<_>> = states.iter().map(|state| piv(state).keys().collect()).collect();
    assert_eq!(keys, [vec![(0x9A, P_256)], vec![(0x9A, RSA_2048)], vec![(0x9A, RSA_2048)]]);
}

#[test]
fn the_end_of_a_personalization_is_there_or_not() {
    let (mut card, mut host) = installed(0x33);
    fill(&mut card, &mut host, P_256);
    let states = all_cuts(&mut card, |card| wrapped(card, [0x80, 0xE2, 0x80, 0x00], &[]));
    let ends: Vec<_> =
        states.iter().map(|state| (piv(state).is_complete(), state.applications[0].life_cycle_code())).collect();
    assert_eq!(ends, [(false, 0x07), (true, 0x0F), (true, 0x0F)]);
}

#[test]
fn a_cut_gives_no_try_back() {
    let (mut card, _) = issued(P_256);
    for (command, expected) in [
        ("0020008008313233343537FFFF", vec![[3, 3], [2, 3], [2, 3]]),
        ("0020008008313233343536FFFF", vec![[3, 3], [2, 3], [3, 3], [3, 3]]),
        ("0024008010313233343536FFFF363534333231FFFF", vec![[3, 3], [2, 3], [3, 3], [3, 3]]),
        ("002C0080103837363534333231363534333231FFFF", vec![[3, 3], [3, 2], [3, 3], [3, 3]]),
    ] {
        let states = all_cuts(&mut card, |card| {
            status(card, SELECT);
            hex::decode(command).unwrap()
        });
        let tries: Vec<_> = states.iter().map(|state| piv(state).tries().map(Option::unwrap)).collect();
        assert_eq!(tries, expected, "{command}");
    }
}
