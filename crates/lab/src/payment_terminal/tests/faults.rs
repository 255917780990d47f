//! Planted faults: each is found, in its step, and by its name.

use cardwright_apdu::tlv::element;
use openssl::sha::sha1;

use super::authority::{self, INDEX, Owner, PROVIDER, raw};
use super::{AID, COMBINED, Card, DYNAMIC, Fault, STATIC, Shop};
use crate::payment_terminal::{AuthorityKey, Certificate, Derivation, Step, Wrong};

/// What the card answers when `plant` has changed it; the shop asks the issuer about everything.
fn found(profile: u8, plant: impl FnOnce(&mut Card)) -> Fault {
    let mut card = Card::new(profile);
    plant(&mut card);
    Shop::online().buy(&mut card).unwrap_err()
}

fn certificate(step: Step, which: Certificate, why: &'static str) -> Fault {
    Fault { step, wrong: Wrong::Certificate { which, why } }
}

fn value(step: Step, tag: u32, why: &'static str) -> Fault {
    Fault { step, wrong: Wrong::Value { tag, why } }
}

/// An answer that is not what the step expects, whatever the sentence about it.
fn assert_structure(fault: &Fault, step: Step, what: &str) {
    match &fault.wrong {
        Wrong::Structure { what: found, .. } => assert_eq!((fault.step, *found), (step, what), "{fault}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_directory_that_is_not_one_is_found() {
    let step = Step::ApplicationSelection;
    let select = [0x00, 0xA4, 0x04, 0x00, 0x0E];
    let fault = found(COMBINED, |card| card.answer(&select, |_| vec![0x6A, 0x81]));
    assert_eq!(fault, Fault { step, wrong: Wrong::Status { command: "SELECT of the directory", status: 0x6A81 } });
    let fault = found(COMBINED, |card| card.answer(&select, |answer| answer[2..].to_vec()));
    assert_structure(&fault, step, "file control information");
    let fault = found(COMBINED, |card| card.answer(&[0x00, 0xB2, 0x01, 0x0C], |_| good(&element(0x61, &[]))));
    assert_structure(&fault, step, "directory record");
    let entry = |label: &[u8]| element(0x70, &element(0x61, &[element(0x4F, &AID), element(0x50, label)].concat()));
    let lower = entry(b"LAB-CREDIT");
    let fault = found(COMBINED, |card| card.answer(&[0x00, 0xB2, 0x01, 0x0C], move |_| good(&lower)));
    assert_eq!(fault, value(step, 0x50, "it is no label"));
}

#[test]
fn an_application_that_nobody_accepts_is_no_candidate() {
    let mut shop = Shop::new();
    shop.terminal.applications[0].aid = "F0454D56011011".parse().unwrap();
    let fault = shop.buy(&mut Card::new(COMBINED)).unwrap_err();
    assert_structure(&fault, Step::ApplicationSelection, "candidates");
}

#[test]
fn processing_options_that_are_none_are_found() {
    let start = [0x80, 0xA8];
    let fault = found(COMBINED, |card| card.answer(&start, |_| vec![0x69, 0x85]));
    let wrong = Wrong::Status { command: "GET PROCESSING OPTIONS", status: 0x6985 };
    assert_eq!(fault, Fault { step: Step::InitiateApplication, wrong });
    let fault = found(COMBINED, |card| card.answer(&start, |_| good(&element(0x77, &element(0x82, &[0x19, 0])))));
    assert_eq!(fault, Fault { step: Step::InitiateApplication, wrong: Wrong::Missing(0x94) });
    let fault = found(COMBINED, |card| card.options = vec![0x9F, 0x37]);
    assert_eq!(fault, value(Step::InitiateApplication, 0x9F38, "a tag of the list has no length"));
}

#[test]
fn a_locator_that_points_wrong_is_found() {
    let cases: [(&[u8], &str); 7] = [
        (&[], "its length is no multiple of 4"),
        (&[0x08, 1, 1], "its length is no multiple of 4"),
        (&[0x09, 1, 1, 0], "a file is not 1 to 30"),
        (&[0xF8, 1, 1, 0], "a file is not 1 to 30"),
        (&[0x08, 0, 1, 0], "its record numbers make no range"),
        (&[0x08, 1, 1, 2], "its record numbers make no range"),
        (&[0x08, 1, 1, 0, 0x08, 1, 1, 0], "it names a record twice"),
    ];
    for (locator, why) in cases {
        let fault = found(COMBINED, |card| card.locator = locator.to_vec());
        assert_eq!(fault, value(Step::ReadApplicationData, 0x94, why), "{locator:02X?}");
    }
    let fault = found(COMBINED, |card| card.locator[2] = 2);
    let wrong = Wrong::Status { command: "READ RECORD", status: 0x6A83 };
    assert_eq!(fault, Fault { step: Step::ReadApplicationData, wrong });
}

#[test]
fn a_record_that_is_not_70_and_one_that_says_a_thing_twice_are_found() {
    let first = [0x00, 0xB2, 0x01, 0x0C];
    let planted = |card: &mut Card, tag: u8| {
        let read = std::cell::Cell::new(0);
        card.answer(&first, move |mut answer| {
            read.set(read.get() + 1); // the directory's record is read before
            if read.get() == 2 {
                answer[0] = tag;
            }
            answer
        });
    };
    assert_structure(&found(COMBINED, |card| planted(card, 0x77)), Step::ReadApplicationData, "record");
    let step = Step::ReadApplicationData;
    let fault = found(COMBINED, |card| card.add(0x9F07, &[0xFF, 0xC0]));
    assert_eq!(fault, Fault { step, wrong: Wrong::Twice(0x9F07) });
    let fault = found(COMBINED, |card| card.add(0x9F36, &[0, 1]));
    assert_eq!(fault, value(step, 0x9F36, "stands in a record, where it never may"));
    for tag in [0x5A, 0x5F24, 0x8C, 0x8D] {
        assert_eq!(found(COMBINED, |card| card.remove(tag)), Fault { step, wrong: Wrong::Missing(tag) });
    }
}

#[test]
fn data_that_contradicts_itself_is_found() {
    let step = Step::ReadApplicationData;
    let fault = found(COMBINED, |card| card.change(0x5A, |number| number[7] = 0x38));
    assert_eq!(fault, value(step, 0x5A, "its check digit is wrong"));
    let fault = found(COMBINED, |card| card.change(0x57, |track| track[7] = 0x38));
    assert_eq!(fault, value(step, 0x57, "its account number is not that of 5A"));
    let fault = found(COMBINED, |card| card.change(0x57, |track| track[9] = 0x02));
    assert_eq!(fault, value(step, 0x57, "its expiry is not that of 5F24"));
    let fault = found(COMBINED, |card| card.change(0x5F24, |day| day[1] = 0x13));
    assert_eq!(fault, value(step, 0x5F24, "its format is wrong"));
    let fault = found(COMBINED, |card| card.change(0x8D, |list| drop(list.drain(..2))));
    assert_eq!(fault, value(step, 0x8D, "it does not ask for the authorization response code (8A)"));
    let fault = found(COMBINED, |card| card.change(0x9F0D, |codes| codes.truncate(4)));
    assert_eq!(fault, value(step, 0x9F0D, "its length is wrong"));
}

#[test]
fn a_certificate_that_does_not_hold_is_found() {
    let step = Step::DataAuthentication;
    let (issuer, card_key) = (Certificate::Issuer, Certificate::Card);
    let flip = |bytes: &mut Vec<u8>| bytes[20] ^= 1;
    let fault = found(COMBINED, |card| card.change(0x90, flip));
    assert_eq!(fault, certificate(step, issuer, "it does not begin with 6A and end with BC"));
    let fault = found(COMBINED, |card| card.change(0x90, |bytes| bytes.truncate(175)));
    assert_eq!(fault, certificate(step, issuer, "it is not as long as the modulus that it was signed with"));
    let fault = found(COMBINED, |card| card.change(0x92, |bytes| bytes[0] ^= 1));
    assert_eq!(fault, certificate(step, issuer, "its hash is wrong"));
    let fault = found(COMBINED, |card| card.sign([0x12, 0x25], [0x12, 0x30]));
    assert_eq!(fault, certificate(step, issuer, "it has expired"));
    let fault = found(COMBINED, |card| card.sign([0x12, 0x30], [0x12, 0x25]));
    assert_eq!(fault, certificate(step, card_key, "it has expired"));
    let fault = found(DYNAMIC, |card| card.change(0x9F07, |usage| usage[0] = 0xFE));
    assert_eq!(fault, certificate(step, card_key, "its hash is wrong"), "signed data was changed");
    let fault = found(COMBINED, |card| card.change(0x9F47, |exponent| *exponent = vec![1, 0, 1]));
    assert_eq!(fault, certificate(step, card_key, "its hash is wrong"));
    let fault = found(COMBINED, |card| card.change(0x8F, |index| index[0] = 0x93));
    assert_eq!(fault, Fault { step, wrong: Wrong::Authority { provider: PROVIDER, index: 0x93 } });
    for tag in [0x8F, 0x90, 0x9F32, 0x9F46, 0x9F47] {
        assert_eq!(found(COMBINED, |card| card.remove(tag)), Fault { step, wrong: Wrong::Missing(tag) });
    }
}

/// Certificates that hold, of keys that are not this card's.
#[test]
fn a_certificate_of_somebody_else_is_found() {
    let step = Step::DataAuthentication;
    let reissued = |name: &[u8; 4]| {
        let (certificate, rest) = authority::certificate(Owner::Authority, Owner::Issuer, 2, name, [0x12, 0x30], &[]);
        move |card: &mut Card| {
            card.change(0x90, |old| *old = certificate.clone());
            card.change(0x92, |old| *old = rest.clone());
        }
    };
    for name in [[0x40, 0x12, 0x34, 0x57], [0x40, 0xFF, 0xFF, 0xFF], [0x40, 0x12, 0xFF, 0x1F]] {
        let fault = found(COMBINED, reissued(&name));
        let why = "its issuer is not the one that the account number begins with";
        assert_eq!(fault, certificate(step, Certificate::Issuer, why), "{name:02X?}");
    }
    let mut card = Card::new(COMBINED);
    reissued(&[0x40, 0x12, 0x3F, 0xFF])(&mut card);
    assert!(Shop::new().buy(&mut card).is_ok(), "an issuer may have fewer digits");

    let fault = found(STATIC, |card| {
        let mut block = vec![0x6A, 0x02];
        block.resize(175, 0xBB);
        block.push(0xBC);
        card.change(0x90, |old| *old = raw(Owner::Authority, &block));
    });
    assert_eq!(fault, certificate(step, Certificate::Issuer, "its hash is wrong"));
}

#[test]
fn a_card_certificate_with_a_wrong_account_number_or_a_needless_remainder_is_found() {
    let step = Step::DataAuthentication;
    let own = |card: &mut Card, subject: Owner, name: [u8; 10], rest: &[u8]| {
        card.remove(0x9F4A);
        card.locator[7] = 0; // nothing is signed
        let (certificate, remainder) = authority::certificate(Owner::Issuer, subject, 4, &name, [0x12, 0x30], rest);
        card.change(0x9F46, |old| *old = certificate);
        card.change(0x9F48, |old| *old = [&remainder, rest].concat());
        card.change(0x9F47, |old| *old = authority::exponent(subject));
    };
    let account = [0x40, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x39, 0xFF, 0xFF];
    let mut other = account;
    other[7] = 0x38;
    let fault = found(DYNAMIC, |card| own(card, Owner::Card, other, &[]));
    assert_eq!(fault, certificate(step, Certificate::Card, "its account number is another"));
    let fault = found(DYNAMIC, |card| own(card, Owner::Authority, account, &[]));
    assert_eq!(fault, certificate(step, Certificate::Card, "its key is longer than the one that signed it"));
    let fault = found(DYNAMIC, |card| {
        own(card, Owner::Pin, account, &[]);
        card.change(0x9F48, |old| *old = vec![0xBB]);
    });
    assert_eq!(fault, certificate(step, Certificate::Card, "its hash is wrong"));
}

#[test]
fn signed_data_that_does_not_hold_is_found() {
    let step = Step::DataAuthentication;
    let fault = found(STATIC, |card| card.change(0x9F07, |usage| usage[0] = 0xFE));
    assert_eq!(fault, certificate(step, Certificate::StaticData, "its hash is wrong"));
    let fault = found(STATIC, |card| card.change(0x9F4A, |tags| tags[0] = 0x84));
    assert_eq!(fault, value(step, 0x9F4A, "it names something else than 82"));
    let fault = found(STATIC, |card| card.profile[1] = 0x80);
    assert_eq!(fault, certificate(step, Certificate::StaticData, "its hash is wrong"), "the profile is signed too");
    let fault = found(DYNAMIC, |card| {
        let signature = authority::sign(Owner::Card, &[5, 1, 9, 8, 1, 2, 3, 4, 5, 6, 7, 8], &[0; 4]);
        card.answer(&[0x00, 0x88], move |_| good(&element(0x80, &signature)));
    });
    assert_eq!(fault, certificate(step, Certificate::DynamicData, "its hash is wrong"), "another unpredictable number");
}

#[test]
fn a_pin_answer_that_cannot_be_is_found() {
    let step = Step::CardholderVerification;
    let wrong_pin = |card: &mut Card| card.pin[1] = 0x99;
    let fault = found(COMBINED, |card| {
        wrong_pin(card);
        card.answer(&[0x00, 0x20], |_| vec![0x63, 0xC3]);
    });
    assert_eq!(fault, value(step, 0x9F17, "a wrong PIN did not cost one try"));
    let fault = found(COMBINED, |card| card.answer(&[0x00, 0x20], |_| vec![0x6D, 0x00]));
    assert_eq!(fault, Fault { step, wrong: Wrong::Status { command: "VERIFY", status: 0x6D00 } });
    let fault = found(COMBINED, |card| card.answer(&[0x00, 0x84], |_| good(&[1, 2, 3, 4])));
    assert_structure(&fault, step, "challenge");
    let fault = found(COMBINED, |card| card.change(0x9F2D, |bytes| bytes[3] ^= 1));
    let why = "it does not begin with 6A and end with BC";
    assert_eq!(fault, certificate(step, Certificate::PinEncipherment, why));
    let fault = found(COMBINED, |card| card.remove(0x8E));
    assert_eq!(fault, certificate(Step::DataAuthentication, Certificate::Card, "its hash is wrong"));
}

#[test]
fn a_cryptogram_that_the_issuer_does_not_find_is_a_fault_in_either_round() {
    let spoil = |mut answer: Vec<u8>| {
        let place = answer.len() - 4; // within 9F26, which comes last
        answer[place] ^= 1;
        answer
    };
    for (wish, step) in [(0x80, Step::FirstCryptogram), (0x40, Step::SecondCryptogram)] {
        let fault = found(DYNAMIC, |card| card.answer(&[0x80, 0xAE, wish], spoil));
        assert_eq!(fault.step, step);
        assert!(matches!(fault.wrong, Wrong::Cryptogram(_)), "{fault}");
    }
    let mut shop = Shop::online();
    shop.issuer.derivation = Derivation::A;
    shop.issuer.master_key[0] ^= 0x10;
    let fault = shop.buy(&mut Card::new(COMBINED)).unwrap_err();
    assert!(matches!(fault.wrong, Wrong::Cryptogram(_)), "{fault}");
}

#[test]
fn a_combined_signature_over_something_else_is_found() {
    let step = Step::FirstCryptogram;
    let fault = found(COMBINED, |card| {
        card.answer(&[0x80, 0xAE], |mut answer| {
            let place = answer.windows(3).position(|bytes| bytes == [0x9F, 0x36, 0x02]).unwrap();
            answer[place + 4] ^= 1; // the counter, which is hashed
            answer
        });
    });
    assert_eq!(fault, certificate(step, Certificate::DynamicData, "its transaction data hash is wrong"));
    let fault = found(COMBINED, |card| {
        card.answer(&[0x80, 0xAE], |mut answer| {
            let place = answer.windows(3).position(|bytes| bytes == [0x9F, 0x27, 0x01]).unwrap();
            answer[place + 3] = 0x81;
            answer
        });
    });
    assert_eq!(fault, certificate(step, Certificate::DynamicData, "its cryptogram information data is another"));
    let fault = found(DYNAMIC, |card| {
        card.answer(&[0x80, 0xAE], |mut answer| {
            let place = answer.windows(3).position(|bytes| bytes == [0x9F, 0x26, 0x08]).unwrap();
            answer[place + 1] = 0x4B;
            answer
        });
    });
    assert_eq!(fault, value(step, 0x9F4B, "nobody asked for a signature"));
}

#[test]
fn a_card_that_gives_more_than_was_asked_for_is_found() {
    let fault = found(DYNAMIC, |card| card.decides = |_| 0x40);
    assert_eq!(fault, value(Step::FirstCryptogram, 0x9F27, "the card answers more than it was asked for"));
    let fault = found(DYNAMIC, |card| card.decides = |_| 0x80);
    assert_eq!(fault, value(Step::SecondCryptogram, 0x9F27, "the card answers more than it was asked for"));
    let fault = found(DYNAMIC, |card| card.answer(&[0x80, 0xAE], |_| vec![0x69, 0x85]));
    let wrong = Wrong::Status { command: "GENERATE AC", status: 0x6985 };
    assert_eq!(fault, Fault { step: Step::FirstCryptogram, wrong });
    let fault = found(DYNAMIC, |card| card.answer(&[0x00, 0x82], |_| vec![0x69, 0x85]));
    let wrong = Wrong::Status { command: "EXTERNAL AUTHENTICATE", status: 0x6985 };
    assert_eq!(fault, Fault { step: Step::OnlineProcessing, wrong });
}

#[test]
fn an_authority_key_with_another_checksum_is_refused() {
    let (modulus, exponent) = (authority::modulus(Owner::Authority), authority::exponent(Owner::Authority));
    let checksum = sha1(&[&PROVIDER, &[INDEX][..], &modulus, &exponent].concat());
    assert!(AuthorityKey::new(PROVIDER, INDEX, &modulus, &exponent, checksum).is_ok());
    assert!(AuthorityKey::new(PROVIDER, INDEX ^ 1, &modulus, &exponent, checksum).is_err());
    let checksum = sha1(&[&PROVIDER, &[INDEX][..], &modulus, &[5]].concat());
    assert!(AuthorityKey::new(PROVIDER, INDEX, &modulus, &[5], checksum).is_err());
}

fn good(data: &[u8]) -> Vec<u8> {
    [data, &[0x90, 0x00]].concat()
}
