//! Every kind of order on the card products where it makes sense: what it takes, and how the card behaves afterwards.

use cardwright_data_preparation::Scope;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::proof::Grade;
use cardwright_relay::Code;
use cardwright_virtual_card::applications::built_in;

use crate::changes::{
    Bureau, CREDIT, DEBIT, IDENTITY, face, identity_file, is_second_version, object, record, select, takes_pin,
    takes_piv_pin,
};
use crate::life::{Became, Life, Wanted};
use crate::new_card::Encoded;

const PROVING: [&str; 4] = ["scp03-i70", "scp03-i71", "scp03-i60", "scp03-i70-life"];
const BELIEVED: [&str; 4] = ["scp02-i55", "scp02-i15", "scp03-i10", "scp02-then-scp03"];

const HOLDER: [(&str, &str); 2] = [("name", "Ada Example"), ("card_number", "6200001234567894")];

fn holder(bureau: &Bureau) -> Encoded {
    bureau.whole(&[HOLDER[0], HOLDER[1], ("pin", "4711")], None)
}

fn renamed(bureau: &Bureau) -> Encoded {
    bureau.change(Scope::PersonalData, &[("name", "Zoë Sample"), HOLDER[1]], None)
}

fn done(life: &mut Life, wanted: &Wanted) -> Grade {
    match life.carry_out(wanted) {
        Became::Done(grade) => grade,
        other => panic!("{}, {}: {other:?}", life.product.name(), wanted.kind.name()),
    }
}

#[test]
fn a_new_name_and_a_new_pin_are_on_an_identity_card_and_the_rest_stays() {
    let bureau = Bureau::identity(1);
    for product in PROVING {
        let mut life = Life::issued(product, holder(&bureau), None);
        let grade = done(&mut life, &Wanted::with(OrderKind::PersonalData, renamed(&bureau)));
        assert_eq!((grade, life.scripts), (Grade::A, 1), "{product}");
        assert_eq!(identity_file(&mut life.card, 0x0101).unwrap(), "Zoë Sample".as_bytes());
        assert!(takes_pin(&mut life.card, "4711") && !takes_pin(&mut life.card, "0815"), "{product}");
        let pin = bureau.change(Scope::Pin, &[("pin", "0815")], None);
        assert_eq!(done(&mut life, &Wanted::with(OrderKind::Pin, pin)), Grade::A);
        assert!(takes_pin(&mut life.card, "0815") && !takes_pin(&mut life.card, "4711"), "{product}");
        assert_eq!(identity_file(&mut life.card, 0x0101).unwrap(), "Zoë Sample".as_bytes());
    }
}

#[test]
fn a_blocked_pin_of_an_identity_card_is_unblocked_by_an_order_for_a_pin() {
    let bureau = Bureau::identity(1);
    let mut life = Life::issued("scp03-i70", holder(&bureau), None);
    while takes_pin(&mut life.card, "4711") && !takes_pin(&mut life.card, "9999") {
        assert!(!takes_pin(&mut life.card, "9999") && !takes_pin(&mut life.card, "9999"));
        assert!(!takes_pin(&mut life.card, "4711"), "blocked");
    }
    let pin = bureau.change(Scope::Pin, &[("pin", "4711")], None);
    done(&mut life, &Wanted::with(OrderKind::Pin, pin));
    assert!(takes_pin(&mut life.card, "4711"));
}

#[test]
fn a_debit_card_is_changed_by_its_issuers_script_and_proven_by_its_next_cryptogram() {
    for (products, proving, grade, scripts) in [(PROVING, true, Grade::A, 3), (BELIEVED, false, Grade::B, 2)] {
        let bureau = Bureau::debit(proving);
        for product in products {
            let mut life = Life::issued(product, bureau.whole(&[("name", "Ada Example")], None), None);
            let data = bureau.change(Scope::PersonalData, &[("name", "Zoë Sample")], None);
            assert_eq!(done(&mut life, &Wanted::with(OrderKind::PersonalData, data)), grade, "{product}");
            assert_eq!(life.scripts, scripts, "{product}");
            assert_eq!(record(&mut life.card, &DEBIT, (1, 2)).unwrap(), b"\x70\x0D\x5F\x20\x0AZOE SAMPLE");
            let pin = bureau.change(Scope::Pin, &[], None);
            assert_eq!(done(&mut life, &Wanted::with(OrderKind::Pin, pin)), grade, "{product}");
        }
    }
}

#[test]
fn a_credit_card_is_changed_by_writing_its_application_anew() {
    for (products, proving, grade) in [(PROVING, true, Grade::A), (BELIEVED, false, Grade::B)] {
        let bureau = Bureau::credit(proving);
        let block = bureau.block("1234");
        for product in products {
            let number = ("card_number", "4761739001010119");
            let columns = [number, ("sequence", "1"), ("name", "Ada Example"), ("pin_block", &block)];
            let mut life = Life::issued(product, bureau.whole(&columns, None), None);
            let before = life.card.state().applications.len();
            let columns = [number, ("sequence", "2"), ("name", "Zoë Sample"), ("pin_block", &block)];
            let data = bureau.change(Scope::PersonalData, &columns, None);
            assert_eq!(done(&mut life, &Wanted::with(OrderKind::PersonalData, data)), grade, "{product}");
            assert!(select(&mut life.card, &CREDIT).ends_with(&[0x90, 0x00]), "{product}");
            assert_eq!(life.card.state().applications.len(), before, "{product}");
        }
    }
}

#[test]
fn an_employees_card_is_given_new_data_with_new_keys_and_a_new_pin() {
    let bureau = Bureau::employee();
    let (pin, puk, other) = (bureau.block("123456"), bureau.block("87654321"), bureau.block("135790"));
    for product in PROVING {
        let badge = ("badge", "123456789015");
        let named = |name| [badge, ("name", name), ("email", "ada@example.com"), ("photo", "ada.jpg")];
        let columns = [&named("Ada Example")[..], &[("pin_block", &*pin), ("puk_block", &*puk)]].concat();
        let whole = bureau.whole(&columns, Some(&face(0x5A)));
        let mut life = Life::issued(product, whole, Some(&bureau.preparer));
        let before = object(&mut life.card, [0x5F, 0xC1, 0x05]);
        let data = bureau.change(Scope::PersonalData, &named("Zoë Sample"), Some(&face(0xA5)));
        assert_eq!(done(&mut life, &Wanted::with(OrderKind::PersonalData, data)), Grade::A, "{product}");
        assert_ne!(object(&mut life.card, [0x5F, 0xC1, 0x05]), before, "{product}: another key, another certificate");
        assert!(takes_piv_pin(&mut life.card, "123456"), "{product}");
        let change = bureau.change(Scope::Pin, &[badge, ("pin_block", &other)], None);
        assert_eq!(done(&mut life, &Wanted::with(OrderKind::Pin, change)), Grade::A, "{product}");
        assert!(takes_piv_pin(&mut life.card, "135790") && !takes_piv_pin(&mut life.card, "123456"), "{product}");
    }
}

#[test]
fn an_identity_application_is_added_beside_a_debit_card_and_removed_again() {
    let (debit, identity) = (Bureau::debit(true), Bureau::identity(1));
    for product in PROVING {
        let mut life = Life::issued(product, debit.whole(&[("name", "Ada Example")], None), None);
        let add = Wanted::with(OrderKind::AddApplication, holder(&identity));
        assert_eq!(done(&mut life, &add), Grade::A, "{product}");
        assert_eq!(identity_file(&mut life.card, 0x0101).unwrap(), b"Ada Example");
        assert!(record(&mut life.card, &DEBIT, (1, 2)).is_some(), "{product}");
        let remove = Wanted::about(OrderKind::RemoveApplication, &hex::encode_upper(IDENTITY));
        assert_eq!(done(&mut life, &remove), Grade::A, "{product}");
        assert_eq!(identity_file(&mut life.card, 0x0101), None, "{product}");
        assert!(record(&mut life.card, &DEBIT, (1, 2)).is_some(), "{product}");
        assert_eq!(life.content.applications.len(), 2, "{product}");
    }
}

#[test]
fn the_next_version_of_a_program_takes_the_place_of_the_one_before() {
    let (one, two) = (Bureau::identity(1), Bureau::identity(2));
    let [.., program, _, _] = built_in::all();
    for product in PROVING {
        let mut life = Life::issued(product, holder(&one), None);
        let plain = select(&mut life.card, &IDENTITY);
        let upgrade = Wanted::with(OrderKind::UpgradeApplication, holder(&two)).loading(&program);
        assert_eq!(done(&mut life, &upgrade), Grade::A, "{product}");
        assert_ne!(select(&mut life.card, &IDENTITY), plain, "{product}: it says its version");
        assert_eq!(identity_file(&mut life.card, 0x0101).unwrap(), b"Ada Example");
        assert!(life.content.has_loaded(&program.package), "{product}");
        // and what was loaded for it goes with it
        let remove = Wanted::about(OrderKind::RemoveApplication, &hex::encode_upper(IDENTITY));
        assert_eq!(done(&mut life, &remove), Grade::A, "{product}");
        assert!(life.card.state().package(&program.package).is_none(), "{product}");
    }
}

#[test]
fn the_next_version_of_the_payment_program_takes_the_place_of_the_one_before() {
    let [.., program] = built_in::all();
    for (products, proving, grade) in [(PROVING, true, Grade::A), (BELIEVED, false, Grade::B)] {
        let (one, two) = (Bureau::debit(proving), Bureau::next_debit(proving));
        // one of them takes no load file
        for product in products.into_iter().filter(|product| *product != "scp03-i10") {
            let mut life = Life::issued(product, one.whole(&[("name", "Ada Example")], None), None);
            assert!(!is_second_version(&mut life.card, &DEBIT), "{product}");
            let data = two.whole(&[("name", "Ada Example"), ("lower_limit", "1"), ("upper_limit", "2")], None);
            let upgrade = Wanted::with(OrderKind::UpgradeApplication, data).loading(&program);
            assert_eq!(done(&mut life, &upgrade), grade, "{product}");
            assert!(is_second_version(&mut life.card, &DEBIT), "{product}");
            // and its issuer's scripts go on
            let pin = two.change(Scope::Pin, &[], None);
            assert_eq!(done(&mut life, &Wanted::with(OrderKind::Pin, pin)), grade, "{product}");
        }
    }
}

#[test]
fn where_memory_does_not_hold_both_versions_somebody_confirms_before_anything_is_deleted() {
    let (one, two) = (Bureau::identity(1), Bureau::identity(2));
    let [.., program, _, _] = built_in::all();
    let mut life = Life::issued("scp03-i70-small", holder(&one), None);
    let mut upgrade = Wanted::with(OrderKind::UpgradeApplication, holder(&two)).loading(&program);
    let Became::Declined(why) = life.carry_out(&upgrade) else { panic!("it does not fit") };
    assert_eq!(why.code, Code::MEMORY_TOO_SMALL);
    assert_eq!(identity_file(&mut life.card, 0x0101).unwrap(), b"Ada Example", "it was looked at, no more");
    upgrade.confirmed = true;
    assert_eq!(done(&mut life, &upgrade), Grade::A);
    assert_eq!(identity_file(&mut life.card, 0x0101).unwrap(), b"Ada Example");
    assert!(life.content.has_loaded(&program.package));
}

#[test]
fn keys_become_longer_and_shorter_where_a_card_has_room_beside_the_old_ones() {
    let bureau = Bureau::identity(1);
    let mut life = Life::issued("scp03-i70-life", holder(&bureau), None);
    for length in ["24", "32", "16", "32"] {
        let grade = done(&mut life, &Wanted::about(OrderKind::ChangeKeys, length));
        assert_eq!(grade, Grade::A, "{length}");
        let sets = &life.card.state().key_sets;
        assert_eq!(sets.len(), 1, "{length}: the old one is gone");
        done(&mut life, &Wanted::with(OrderKind::PersonalData, renamed(&bureau)));
    }
    for product in ["scp03-i70", "scp03-i71", "scp03-i60"] {
        let mut life = Life::issued(product, holder(&bureau), None);
        let length = if product == "scp03-i71" { "32" } else { "16" };
        let grade = done(&mut life, &Wanted::about(OrderKind::ChangeKeys, length));
        assert_eq!((grade, life.card.state().key_sets.len()), (Grade::A, 1), "{product}: in the place of the old one");
    }
}

#[test]
fn a_card_of_the_old_protocol_is_given_keys_of_the_new_one() {
    let bureau = Bureau::debit(false);
    for length in ["16", "24", "32"] {
        let mut life = Life::issued("scp02-then-scp03", bureau.whole(&[("name", "Ada Example")], None), None);
        let grade = done(&mut life, &Wanted::about(OrderKind::ChangeKeys, &format!("scp03/{length}")));
        assert_eq!((grade, life.card.state().key_sets.len()), (Grade::A, 1), "{length}");
        let data = bureau.change(Scope::PersonalData, &[("name", "Zoë Sample")], None);
        done(&mut life, &Wanted::with(OrderKind::PersonalData, data));
        assert_eq!(record(&mut life.card, &DEBIT, (1, 2)).unwrap(), b"\x70\x0D\x5F\x20\x0AZOE SAMPLE", "{length}");
    }
    for product in BELIEVED {
        let mut life = Life::issued(product, bureau.whole(&[("name", "Ada Example")], None), None);
        assert_eq!(done(&mut life, &Wanted::about(OrderKind::ChangeKeys, "16")), Grade::B, "{product}");
    }
}

#[test]
fn a_card_is_blocked_used_again_and_ended() {
    let (identity, debit) = (Bureau::identity(1), Bureau::debit(false));
    let proving = PROVING.map(|product| (product, holder(&identity), &IDENTITY[..], Grade::A));
    let believed =
        BELIEVED.map(|product| (product, debit.whole(&[("name", "Ada Example")], None), &DEBIT[..], Grade::B));
    for (product, data, instance, grade) in proving.into_iter().chain(believed) {
        let mut life = Life::issued(product, data, None);
        assert_eq!(done(&mut life, &Wanted::of(OrderKind::Block)), grade, "{product}");
        assert!(!select(&mut life.card, instance).ends_with(&[0x90, 0x00]), "{product}");
        assert_eq!(done(&mut life, &Wanted::of(OrderKind::Unblock)), grade, "{product}");
        assert!(select(&mut life.card, instance).ends_with(&[0x90, 0x00]), "{product}");
        done(&mut life, &Wanted::of(OrderKind::Terminate));
        assert!(!select(&mut life.card, instance).ends_with(&[0x90, 0x00]), "{product}");
        assert!(matches!(life.carry_out(&Wanted::of(OrderKind::Unblock)), Became::Unknown(_)), "{product}: for good");
    }
}
