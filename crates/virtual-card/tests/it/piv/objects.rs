//! What was written is read again, in pieces where it is long.

use cardwright_apdu::tlv::element;

use super::issue::{P_256, issued, objects};
use super::{SELECT, ask, status};
use crate::host::split;

#[test]
fn every_object_comes_back_as_it_was_written() {
    let (mut card, _) = issued(P_256);
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, "0020008008313233343536FFFF"), 0x9000);
    for (tag, content) in objects() {
        let tag = hex::encode(tag);
        let (answer, status) = ask(&mut card, &format!("00CB3FFF055C03{tag}00"));
        assert_eq!((answer, status), (element(0x53, &content), 0x9000), "{tag}");
    }
}

#[test]
fn the_face_is_long_and_comes_in_pieces_or_in_one_extended_answer() {
    let (mut card, _) = issued(P_256);
    status(&mut card, SELECT);
    status(&mut card, "0020008008313233343536FFFF");
    let first = card.transmit(&hex::decode("00CB3FFF055C035FC10800").unwrap());
    assert_eq!((first.len(), split(&first).1), (258, 0x6100));
    let whole = card.transmit(&hex::decode("00CB3FFF0000055C035FC1080000").unwrap());
    assert_eq!(split(&whole).1, 0x9000);
    assert_eq!(whole.len() - 2, 5000 + 4 + 2 + 4);
    assert_eq!(status(&mut card, "00C0000000"), 0x6985, "nothing is left");
}

#[test]
fn the_face_and_the_printed_information_need_the_pin_and_the_rest_does_not() {
    let (mut card, _) = issued(P_256);
    status(&mut card, SELECT);
    for (tag, content) in objects() {
        let protected = matches!(tag[2], 0x08 | 0x09);
        let (answer, status) = ask(&mut card, &format!("00CB3FFF055C03{}00", hex::encode(tag)));
        assert_eq!(status, if protected { 0x6982 } else { 0x9000 });
        assert_eq!(answer.len() > content.len(), !protected);
    }
}
