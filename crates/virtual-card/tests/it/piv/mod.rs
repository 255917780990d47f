//! The PIV application: how it is personalized, what it then does, and what strangers' programs make of it.

mod administration;
mod certificate;
mod foreign;
pub(crate) mod issue;
mod keys;
mod objects;
mod personalization;
mod power;
mod references;
mod rewriting;

use cardwright_virtual_card::Card;

use crate::host::{split, transmit};

pub(crate) const PACKAGE: &str = "A00000030800001000";
pub(crate) const SELECT: &str = "00A4040009A0000003080000100000";

/// Sends hexadecimal in clear; the whole answer and its status word.
pub(crate) fn ask(card: &mut Card, command: &str) -> (Vec<u8>, u16) {
    let answer = transmit(card, &hex::decode(command.replace(' ', "")).unwrap());
    let (data, status) = split(&answer);
    (data.to_vec(), status)
}

/// As `ask`, for the status word alone.
pub(crate) fn status(card: &mut Card, command: &str) -> u16 {
    ask(card, command).1
}

/// Sends `data` in as many commands as it needs, chained.
fn chained(card: &mut Card, header: [u8; 4], data: &[u8]) -> (Vec<u8>, u16) {
    let parts: Vec<&[u8]> = data.chunks(255).collect();
    let (last, before) = parts.split_last().unwrap();
    let command = |cla, part: &[u8]| [&[cla], &header[1..], &[part.len() as u8], part].concat();
    for part in before {
        assert_eq!(split(&card.transmit(&command(header[0] | 0x10, part))), (&[][..], 0x9000));
    }
    let answer = transmit(card, &[command(header[0], last), vec![0]].concat());
    let (data, status) = split(&answer);
    (data.to_vec(), status)
}
