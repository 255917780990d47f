//! Transactions: what a terminal reads, what the card signs, and what it decides.

use super::answers::*;
use super::card_data::*;
use super::route::{INSTANCE, issued, issued_as_usual, select};
use crate::world::send;

fn counters(card: &mut cardwright_virtual_card::Card) -> [String; 2] {
    [send(card, "80CA9F3600"), send(card, "80CA9F1300")]
}

#[test]
fn a_terminal_finds_everything_by_the_fci_and_the_afl() {
    let mut card = issued_as_usual();
    let (information, _) = select(&mut card, INSTANCE);
    assert_eq!(information, tlv("6F", &[tlv("84", &bytes(INSTANCE)), template()].concat()));
    assert_eq!(send(&mut card, OPTIONS), hex::encode_upper(tlv("77", &answer_to_gpo(PROFILE))) + "9000");
    for (record, command) in records().iter().zip(["00B2010C00", "00B2011400"]) {
        assert_eq!(send(&mut card, command), hex::encode_upper(&record.content) + "9000");
    }
    assert_eq!(send(&mut card, "00B2020C00"), "6A83", "no such record");
    assert_eq!(send(&mut card, "00B2011C00"), "6A82", "no such file");
    assert_eq!(send(&mut card, "00B2010D00"), "6A86");
    assert_eq!(send(&mut card, "00B2000C00"), "6A83");
    assert_eq!(send(&mut card, "00B2010400"), "6A86", "file 0");
}

#[test]
fn get_data_answers_what_is_there_and_nothing_else() {
    let mut all = with(0x3000, [internal(0x0A, 5, 10), tlv("9F4F", &bytes("9A039F3602"))].concat());
    let mut card = issued("scp03-i70", &all);
    select(&mut card, INSTANCE);
    assert_eq!(counters(&mut card), ["9F360200009000", "9F130200009000"]);
    assert_eq!(send(&mut card, "80CA9F1700"), "9F1701039000");
    assert_eq!(send(&mut card, "80CA9F4F00"), "9F4F059A039F36029000");
    for secret in ["80CA800000", "80CA9F2600", "80CA801000", "80CA005A00"] {
        assert_eq!(send(&mut card, secret), "6A88");
    }
    assert_eq!(send(&mut card, "00CA9F3600"), "6E00");
    all.retain(|grouping| !matches!(grouping.identifier, 0x8010 | 0x9010));
    let mut card = issued("scp03-i70", &all);
    select(&mut card, INSTANCE);
    assert_eq!(send(&mut card, "80CA9F1700"), "6A88", "no PIN, no tries");
    assert_eq!(send(&mut card, &format!("0020008008{PIN_BLOCK}")), "6A88");
}

#[test]
fn get_processing_options_wants_the_pdol_and_runs_once_in_a_session() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    for wrong in ["80A8000002830000", "80A80000048202039200", "80A800000483030392", "80A80000058302039200 00"] {
        assert_eq!(send(&mut card, wrong), "6A80", "{wrong}");
    }
    assert_eq!(send(&mut card, "80A80001048302039200"), "6A86");
    assert_eq!(counters(&mut card)[0], "9F360200009000", "what is refused counts nothing");
    assert!(send(&mut card, OPTIONS).ends_with("9000"));
    assert_eq!(send(&mut card, OPTIONS), "6985");
    assert_eq!(counters(&mut card)[0], "9F360200019000");
    let template = tlv("A5", &tlv("50", b"NO PDOL"));
    let mut card = issued("scp03-i70", &with(0x9102, template));
    select(&mut card, INSTANCE);
    assert_eq!(send(&mut card, OPTIONS), "6A80");
    assert!(send(&mut card, "80A8000002830000").ends_with("9000"));
}

#[test]
fn a_signature_is_over_the_terminals_number_and_never_the_same() {
    for groupings in [whole(), in_exponent_form()] {
        let mut card = issued("scp03-i70", &groupings);
        select(&mut card, INSTANCE);
        assert_eq!(send(&mut card, "00880000041122334400"), "6985", "before the transaction");
        begin(&mut card);
        let mut signatures = Vec::new();
        for _ in 0..2 {
            let answer = Answer::parse(&card.transmit(&bytes("0088000004 11223344 00")));
            let dynamic = recover(signature_key(), answer.get(0x9F4B), &bytes("11223344"));
            assert_eq!((dynamic[0], dynamic.len()), (8, 9));
            signatures.push(dynamic);
        }
        assert_ne!(signatures[0], signatures[1]);
        assert_eq!(send(&mut card, "008800000311223300"), "6700", "the DDOL asks for 4");
        assert_eq!(send(&mut card, "008800010411223344"), "6A86");
        assert_eq!(first(&mut card, TC).results()[2], 0x02, "DDA was performed");
    }
}

/// The signature key as exponent and modulus.
fn in_exponent_form() -> Vec<Grouping> {
    let mut all = whole();
    all.retain(|grouping| !(0x8201..=0x8205).contains(&grouping.identifier));
    let at = all.iter().position(|grouping| grouping.identifier == 0x3000).unwrap();
    all.splice(at..at, exponent_form(0x8101, signature_key()));
    all
}

#[test]
fn combined_signatures_cover_everything_that_was_said() {
    let mut card = issued_as_usual();
    begin(&mut card);
    let answer = first(&mut card, ARQC | SIGNED);
    assert_eq!((answer.kind(), answer.find(0x9F26)), (ARQC, None));
    check_combined(signature_key(), &answer, &bytes(&format!("0392{CDOL1_DATA}")));
    let dynamic = recover(signature_key(), answer.get(0x9F4B), &bytes("11223344"));
    let cryptogram = dynamic[10..18].try_into().unwrap();
    assert_eq!(authenticate_issuer(&mut card, &response_1(&AC_KEY, cryptogram, b"00")), 0x9000);
    let answer = second(&mut card, TC | SIGNED, b"00");
    assert_eq!(answer.kind(), TC);
    check_combined(signature_key(), &answer, &bytes(&format!("0392{CDOL1_DATA}3030{CDOL1_DATA}")));
}

#[test]
fn an_aac_is_never_signed_and_a_card_without_cda_signs_nothing() {
    let mut card = issued_as_usual();
    begin(&mut card);
    let answer = first(&mut card, AAC | SIGNED);
    assert_eq!((answer.kind(), answer.find(0x9F4B)), (AAC, None));
    assert_eq!(answer.cryptogram().len(), 8);
    let mut card = issued("scp03-i70", &with(0x9104, answer_to_gpo([0x3C, 0])));
    begin(&mut card);
    assert_eq!(first(&mut card, TC | SIGNED).status, 0x6985);
    assert_eq!(first(&mut card, TC).kind(), TC, "without a signature it goes on");
}

#[test]
fn every_size_of_key_signs_and_deciphers() {
    for (bits, exponent) in [(512, 65537), (1152, 3), (1408, 65537), (1640, 3), (1984, 3)] {
        let key = new_key(bits, exponent);
        let modulus = key.n().to_vec();
        let mut all = whole();
        all.retain(|grouping| !(0x8201..=0x8205).contains(&grouping.identifier));
        let exponent = key.e().to_vec();
        let file =
            [tlv("9F47", &exponent), tlv("9F48", &modulus[modulus.len() - 5..]), tlv("9F2E", &[1, 0, 1])].concat();
        all.iter_mut().filter(|found| found.identifier == 0x0201).for_each(|found| found.content = tlv("70", &file));
        let at = all.iter().position(|grouping| grouping.identifier == 0x3000).unwrap();
        all.splice(at..at, crt(0x8201, &key));
        let mut card = issued("scp03-i70", &all);
        begin(&mut card);
        let answer = Answer::parse(&card.transmit(&bytes("0088000004 11223344 00")));
        recover(&key, answer.get(0x9F4B), &bytes("11223344"));
        if bits < 1800 {
            let answer = first(&mut card, TC | SIGNED);
            check_combined(&key, &answer, &bytes(&format!("0392{CDOL1_DATA}")));
        }
    }
}

#[test]
fn the_order_of_a_transaction_is_kept() {
    let mut card = issued_as_usual();
    select(&mut card, INSTANCE);
    assert_eq!(first(&mut card, TC).status, 0x6985, "before GET PROCESSING OPTIONS");
    assert_eq!(authenticate_issuer(&mut card, &[0; 10]), 0x6985);
    begin(&mut card);
    assert_eq!(generate(&mut card, TC, &[0; 28]).status, 0x6700, "CDOL1 asks for 29");
    assert_eq!(generate(&mut card, 0xC0, &bytes(CDOL1_DATA)).status, 0x6A86);
    assert_eq!(generate(&mut card, TC | 1, &bytes(CDOL1_DATA)).status, 0x6A86);
    assert_eq!(first(&mut card, TC).kind(), TC);
    assert_eq!(first(&mut card, TC).status, 0x6985, "a TC is the end");
    assert_eq!(authenticate_issuer(&mut card, &[0; 10]), 0x6985);
    begin(&mut card);
    assert_eq!(first(&mut card, ARQC).kind(), ARQC);
    assert_eq!(second(&mut card, ARQC, b"00").status, 0x6A86, "an ARQC is no second cryptogram");
    assert_eq!(first(&mut card, TC).status, 0x6700, "CDOL2 asks for 31");
    assert_eq!(second(&mut card, AAC, b"00").kind(), AAC);
    assert_eq!(second(&mut card, TC, b"00").status, 0x6985);
    assert_eq!(send(&mut card, "80A9000000"), "6D00");
    assert_eq!(send(&mut card, "00AE400000"), "6E00");
}

#[test]
fn a_wrong_issuer_is_refused_once_and_remembered() {
    let mut card = issued_as_usual();
    begin(&mut card);
    let cryptogram = first(&mut card, ARQC).cryptogram();
    assert_eq!(authenticate_issuer(&mut card, &[0; 7]), 0x6700);
    let mut proof = response_1(&AC_KEY, cryptogram, b"00");
    proof[0] ^= 1;
    assert_eq!(authenticate_issuer(&mut card, &proof), 0x6300);
    assert_eq!(authenticate_issuer(&mut card, &response_1(&AC_KEY, cryptogram, b"00")), 0x6985, "no second try");
    let answer = second(&mut card, TC, b"00");
    assert_eq!((answer.kind(), answer.results()), (AAC, [0x28, 0x10, 0]));
    assert_eq!(counters(&mut card)[1], "9F130200009000", "not online");
    begin(&mut card);
    let answer = first(&mut card, TC);
    assert_eq!((answer.kind(), answer.results()), (ARQC, [0xA0, 0x98, 0]), "it wants to go online");
    assert_eq!(online(&mut card), 3);
    begin(&mut card);
    let answer = first(&mut card, TC);
    assert_eq!((answer.kind(), answer.results()), (TC, [0x90, 0x00, 0]), "and is content afterwards");
}

#[test]
fn an_approval_that_the_issuer_has_not_proven_is_declined() {
    let mut card = issued_as_usual();
    begin(&mut card);
    first(&mut card, ARQC);
    let answer = second(&mut card, TC, b"00");
    assert_eq!((answer.kind(), answer.results()), (AAC, [0x20, 0x14, 0]), "not performed");
    begin(&mut card);
    let cryptogram = first(&mut card, ARQC).cryptogram();
    assert_eq!(authenticate_issuer(&mut card, &response_1(&AC_KEY, cryptogram, b"05")), 0x9000);
    assert_eq!(second(&mut card, TC, b"00").kind(), AAC, "the issuer said 05 and not 00");
    begin(&mut card);
    let cryptogram = first(&mut card, ARQC).cryptogram();
    assert_eq!(authenticate_issuer(&mut card, &response_1(&AC_KEY, cryptogram, b"05")), 0x9000);
    assert_eq!(second(&mut card, TC, b"05").kind(), AAC, "declined");
}

#[test]
fn without_issuer_authentication_the_response_code_decides() {
    let mut card = issued("scp03-i70", &with(0x9104, answer_to_gpo([0x39, 0])));
    begin(&mut card);
    let cryptogram = first(&mut card, ARQC).cryptogram();
    assert_eq!(authenticate_issuer(&mut card, &response_1(&AC_KEY, cryptogram, b"00")), 0x6985, "AIP: not supported");
    assert_eq!(second(&mut card, TC, b"00").kind(), TC);
    assert_eq!(counters(&mut card), ["9F360200019000", "9F130200019000"]);
}

#[test]
fn issuer_authentication_data_may_come_in_cdol2() {
    let file = [
        tlv("5A", &bytes("9999010000000017")),
        tlv("5F24", &bytes("311231")),
        tlv("8C", &bytes(CDOL1)),
        tlv("8D", &bytes(&format!("8A02910A{CDOL1}"))),
    ];
    let mut all = with(0x9104, answer_to_gpo([0x39, 0]));
    all.iter_mut()
        .filter(|found| found.identifier == 0x0101)
        .for_each(|found| found.content = tlv("70", &file.concat()));
    let mut card = issued("scp03-i70", &all);
    for (code, spoilt, expected) in [(b"00", false, TC), (b"00", true, AAC), (b"05", false, AAC)] {
        begin(&mut card);
        let cryptogram = first(&mut card, ARQC).cryptogram();
        let mut proof = response_1(&AC_KEY, cryptogram, code);
        proof[3] ^= u8::from(spoilt);
        let answer = generate(&mut card, TC, &[&code[..], &proof, &bytes(CDOL1_DATA)].concat());
        assert_eq!(answer.kind(), expected, "{code:?} {spoilt}");
    }
    begin(&mut card);
    first(&mut card, ARQC);
    let answer = generate(&mut card, TC, &[&b"00"[..], &[0; 10], &bytes(CDOL1_DATA)].concat());
    assert_eq!(answer.kind(), AAC, "00 .. is no authentication data");
}

#[test]
fn a_status_update_without_the_approval_bit_approves_nothing() {
    let mut card = issued("scp03-i70", &with(0x3000, internal(0x12, 5, 10)));
    begin(&mut card);
    assert_eq!(hex::encode_upper(first(&mut card, ARQC).cryptogram()), "BA1C599F4957FACC");
    // pyemv 1.5.0, ac.generate_arpc_2 with CSU 00000000
    assert_eq!(authenticate_issuer(&mut card, &bytes(super::known::WITHOUT_APPROVAL)), 0x9000);
    assert_eq!(second(&mut card, TC, b"00").kind(), AAC);
}

#[test]
fn the_limits_bring_a_card_online_and_decline_where_nobody_can_be_reached() {
    let mut card = issued("scp03-i70", &with(0x3000, internal(0x0A, 2, 3)));
    for number in 1..=2 {
        begin(&mut card);
        assert_eq!(first(&mut card, TC).kind(), TC, "{number} offline");
    }
    begin(&mut card);
    let answer = first(&mut card, TC);
    assert_eq!((answer.kind(), answer.results()), (ARQC, [0xA0, 0x30, 0]), "over the lower limit");
    let answer = second(&mut card, TC, b"Y3");
    assert_eq!((answer.kind(), answer.results()), (TC, [0x61, 0x30, 0]), "not over the upper");
    begin(&mut card);
    assert_eq!(first(&mut card, TC).kind(), ARQC);
    let answer = second(&mut card, TC, b"Y3");
    assert_eq!((answer.kind(), answer.results()), (AAC, [0x21, 0xB0, 0]), "over the upper limit");
    assert_eq!(online(&mut card), 5);
    begin(&mut card);
    assert_eq!(first(&mut card, TC).kind(), TC, "online once, and it counts anew");
    assert_eq!(counters(&mut card), ["9F360200069000", "9F130200059000"]);
}

#[test]
fn a_card_declines_what_the_terminal_declines_and_asks_where_it_asks() {
    let mut card = issued_as_usual();
    begin(&mut card);
    let answer = first(&mut card, AAC);
    assert_eq!((answer.kind(), answer.results()), (AAC, [0x80, 0x10, 0]));
    begin(&mut card);
    let answer = first(&mut card, ARQC);
    assert_eq!((answer.kind(), answer.results()), (ARQC, [0xA0, 0x10, 0]));
    assert_ne!(answer.cryptogram(), [0; 8]);
}

#[test]
fn at_its_maximum_the_counter_begins_no_transaction() {
    let card = issued_as_usual();
    let text = String::from_utf8(card.state().to_json()).unwrap();
    let edited = text.replace("\"transaction_counter\": 0", "\"transaction_counter\": 65534");
    assert_ne!(text, edited);
    let state = cardwright_virtual_card::CardState::from_json(edited.as_bytes()).unwrap();
    let mut card = crate::world::card_with(state);
    begin(&mut card);
    assert_eq!(first(&mut card, ARQC).counter(), 0xFFFF);
    select(&mut card, INSTANCE);
    assert_eq!(send(&mut card, OPTIONS), "6985");
}
