//! A card that is torn out in the middle of an order, anywhere: whoever puts it in again finishes the order, and the
//! card is as if nothing had happened.

use cardwright_data_preparation::Scope;
use cardwright_issuance::kind::OrderKind;
use cardwright_virtual_card::PowerCut;
use cardwright_virtual_card::applications::built_in;

use crate::changes::{
    Bureau, CREDIT, DEBIT, IDENTITY, face, identity_file, is_second_version, record, select, takes_pin, takes_piv_pin,
};
use crate::life::{Became, Life, Wanted};

const HOLDER: [(&str, &str); 3] = [("name", "Ada Example"), ("card_number", "6200001234567894"), ("pin", "4711")];
const RENAMED: [(&str, &str); 2] = [("name", "Zoë Sample"), ("card_number", "6200001234567894")];

/// One kind of order on one card, and what the card must be like afterwards.
struct Case {
    name: &'static str,
    life: Life,
    wanted: Wanted,
    holds: fn(&mut Life) -> bool,
}

fn case(name: &'static str, life: Life, wanted: Wanted, holds: fn(&mut Life) -> bool) -> Case {
    Case { name, life, wanted, holds }
}

impl Case {
    /// Cuts at every command, before its first write and after its last, and settles each by one opening; and by two,
    /// the first of which is cut as well.
    fn cut_everywhere(&self) {
        let mut whole = self.life.twin();
        let became = whole.carry_out(&self.wanted);
        assert!(matches!(became, Became::Done(_)), "{}: {became:?}", self.name);
        assert!((self.holds)(&mut whole), "{}: the control", self.name);
        let places = (0..whole.sent).flat_map(|at| [(at, PowerCut::AfterWrites(0)), (at, PowerCut::BeforeAnswer)]);
        for cut in places {
            let mut life = self.life.twin();
            let became = life.carry_out_until(&self.wanted, Some(cut));
            assert_eq!(became, Became::Unknown("the card is gone".to_owned()), "{}, {cut:?}", self.name);
            let again = life.twin();
            let became = life.carry_out(&self.wanted);
            self.is_settled(life, &became, &whole, cut);
            let mut life = again;
            let second = (cut.0 % 9, PowerCut::AfterWrites(1));
            let became = match life.carry_out_until(&self.wanted, Some(second)) {
                Became::Done(grade) => Became::Done(grade), // it was over before
                _ => life.carry_out(&self.wanted),
            };
            self.is_settled(life, &became, &whole, cut);
        }
    }

    fn is_settled(&self, mut life: Life, became: &Became, whole: &Life, cut: (usize, PowerCut)) {
        assert!(matches!(became, Became::Done(_)), "{}, {cut:?} of {}: {became:?}", self.name, whole.sent);
        assert!((self.holds)(&mut life), "{}, {cut:?} of {}", self.name, whole.sent);
        assert_eq!(life.content, whole.content, "{}, {cut:?}", self.name);
    }
}

fn is_renamed(life: &mut Life) -> bool {
    identity_file(&mut life.card, 0x0101) == Some("Zoë Sample".as_bytes().to_vec()) && takes_pin(&mut life.card, "4711")
}

fn is_ada(life: &mut Life) -> bool {
    identity_file(&mut life.card, 0x0101) == Some(b"Ada Example".to_vec())
}

fn has_the_new_pin(life: &mut Life) -> bool {
    takes_pin(&mut life.card, "0815") && is_ada(life)
}

fn is_debit_renamed(life: &mut Life) -> bool {
    record(&mut life.card, &DEBIT, (1, 2)) == Some(b"\x70\x0D\x5F\x20\x0AZOE SAMPLE".to_vec())
}

fn is_usable(life: &mut Life, instance: &[u8]) -> bool {
    select(&mut life.card, instance).ends_with(&[0x90, 0x00])
}

fn has_one_key_set(life: &mut Life) -> bool {
    life.card.state().key_sets.len() == 1
}

#[test]
fn orders_about_an_identity_application_are_finished_after_any_cut() {
    let (one, two) = (Bureau::identity(1), Bureau::identity(2));
    let [.., program, _, _] = built_in::all();
    let product = "scp03-i70-life";
    let issued = Life::issued(product, one.whole(&HOLDER, None), None);
    let wanted = Wanted::with(OrderKind::PersonalData, one.change(Scope::PersonalData, &RENAMED, None));
    case("personal data", issued.twin(), wanted, is_renamed).cut_everywhere();
    let wanted = Wanted::with(OrderKind::Pin, one.change(Scope::Pin, &[("pin", "0815")], None));
    case("pin", issued.twin(), wanted, has_the_new_pin).cut_everywhere();
    let wanted = Wanted::with(OrderKind::UpgradeApplication, two.whole(&HOLDER, None)).loading(&program);
    case("upgrade", issued.twin(), wanted, is_ada).cut_everywhere();
    let wanted = Wanted::about(OrderKind::RemoveApplication, &hex::encode_upper(IDENTITY));
    let is_gone = |life: &mut Life| life.card.state().applications.is_empty();
    case("remove", issued.twin(), wanted, is_gone).cut_everywhere();
}

#[test]
fn room_is_made_after_any_cut_where_somebody_confirmed_it() {
    let (one, two) = (Bureau::identity(1), Bureau::identity(2));
    let [.., program, _, _] = built_in::all();
    let issued = Life::issued("scp03-i70-small", one.whole(&HOLDER, None), None);
    let mut wanted = Wanted::with(OrderKind::UpgradeApplication, two.whole(&HOLDER, None)).loading(&program);
    wanted.confirmed = true;
    case("upgrade", issued, wanted, is_ada).cut_everywhere();
}

#[test]
fn a_new_card_and_an_application_beside_another_are_finished_after_any_cut() {
    let (identity, debit) = (Bureau::identity(1), Bureau::debit(true));
    for product in ["scp03-i70-life", "scp03-i60"] {
        let wanted = Wanted::with(OrderKind::New, identity.whole(&HOLDER, None));
        case("new", Life::blank(product), wanted, is_ada).cut_everywhere();
        let issued = Life::issued(product, debit.whole(&[("name", "Ada Example")], None), None);
        let wanted = Wanted::with(OrderKind::AddApplication, identity.whole(&HOLDER, None));
        let both = |life: &mut Life| is_ada(life) && is_usable(life, &DEBIT);
        case("add", issued, wanted, both).cut_everywhere();
    }
}

#[test]
fn payment_cards_without_a_mac_are_made_and_their_program_replaced_after_any_cut() {
    let (one, two) = (Bureau::debit(false), Bureau::next_debit(false));
    let [.., program] = built_in::all();
    for product in ["scp02-then-scp03", "scp02-i15"] {
        let data = || one.whole(&[("name", "Ada Example")], None);
        let usable = |life: &mut Life| is_usable(life, &DEBIT);
        case("new", Life::blank(product), Wanted::with(OrderKind::New, data()), usable).cut_everywhere();
        let next = two.whole(&[("name", "Ada Example"), ("lower_limit", "1"), ("upper_limit", "2")], None);
        let wanted = Wanted::with(OrderKind::UpgradeApplication, next).loading_briefly(&program);
        let replaced = |life: &mut Life| is_second_version(&mut life.card, &DEBIT);
        case("upgrade", Life::issued(product, data(), None), wanted, replaced).cut_everywhere();
    }
}

#[test]
fn issuers_scripts_are_finished_after_any_cut() {
    for (product, proving) in [("scp03-i70-life", true), ("scp03-i60", true), ("scp02-then-scp03", false)] {
        let debit = Bureau::debit(proving);
        let issued = Life::issued(product, debit.whole(&[("name", "Ada Example")], None), None);
        let change = debit.change(Scope::PersonalData, &[("name", "Zoë Sample")], None);
        let wanted = Wanted::with(OrderKind::PersonalData, change);
        case(product, issued.twin(), wanted, is_debit_renamed).cut_everywhere();
        let wanted = Wanted::with(OrderKind::Pin, debit.change(Scope::Pin, &[], None));
        case(product, issued, wanted, |life| is_usable(life, &DEBIT)).cut_everywhere();
    }
}

#[test]
fn a_payment_application_written_anew_is_finished_after_any_cut() {
    for (product, proving) in [("scp03-i70-life", true), ("scp02-then-scp03", false)] {
        let credit = Bureau::credit(proving);
        let (block, number) = (credit.block("1234"), ("card_number", "4761739001010119"));
        let columns = |name| [number, ("sequence", "1"), ("name", name), ("pin_block", &*block)];
        let issued = Life::issued(product, credit.whole(&columns("Ada Example"), None), None);
        let change = credit.change(Scope::PersonalData, &columns("Zoë Sample"), None);
        let wanted = Wanted::with(OrderKind::PersonalData, change);
        case(product, issued, wanted, |life| is_usable(life, &CREDIT)).cut_everywhere();
    }
}

#[test]
fn an_employees_data_and_pin_are_changed_after_any_cut() {
    let bureau = Bureau::employee_of_points();
    let (pin, puk, other) = (bureau.block("123456"), bureau.block("87654321"), bureau.block("135790"));
    let badge = ("badge", "123456789015");
    let named = [badge, ("name", "Ada Example"), ("email", "ada@example.com"), ("photo", "ada.jpg")];
    let columns = [&named[..], &[("pin_block", &*pin), ("puk_block", &*puk)]].concat();
    let issued = Life::issued("scp03-i60", bureau.whole(&columns, Some(&face(0x5A))), Some(&bureau.preparer));
    let wanted = Wanted::with(OrderKind::Pin, bureau.change(Scope::Pin, &[badge, ("pin_block", &other)], None));
    let named = [badge, ("name", "Zoë Sample"), ("email", "zoe@example.com"), ("photo", "zoe.jpg")];
    let data = bureau.change(Scope::PersonalData, &named, Some(&face(0xA5)));
    let wanted_data = Wanted::with(OrderKind::PersonalData, data);
    case("data", issued.twin(), wanted_data, |life| takes_piv_pin(&mut life.card, "123456")).cut_everywhere();
    case("pin", issued.twin(), wanted, |life| takes_piv_pin(&mut life.card, "135790")).cut_everywhere();
}

#[test]
fn keys_are_changed_after_any_cut_and_the_old_ones_are_gone() {
    let (identity, debit) = (Bureau::identity(1), Bureau::debit(false));
    let issued = Life::issued("scp03-i70-life", identity.whole(&HOLDER, None), None);
    case("32", issued, Wanted::about(OrderKind::ChangeKeys, "32"), has_one_key_set).cut_everywhere();
    for product in ["scp03-i70", "scp03-i60"] {
        let issued = Life::issued(product, identity.whole(&HOLDER, None), None);
        case(product, issued, Wanted::about(OrderKind::ChangeKeys, "16"), has_one_key_set).cut_everywhere();
    }
    let issued = Life::issued("scp02-then-scp03", debit.whole(&[("name", "Ada Example")], None), None);
    case("scp03", issued, Wanted::about(OrderKind::ChangeKeys, "scp03/32"), has_one_key_set).cut_everywhere();
}

#[test]
fn a_card_is_blocked_and_used_again_after_any_cut() {
    let identity = Bureau::identity(1);
    for product in ["scp03-i70-life", "scp03-i60"] {
        let issued = Life::issued(product, identity.whole(&HOLDER, None), None);
        let locked = |life: &mut Life| !is_usable(life, &IDENTITY);
        case("block", issued.twin(), Wanted::of(OrderKind::Block), locked).cut_everywhere();
        let mut blocked = issued;
        let _ = blocked.carry_out(&Wanted::of(OrderKind::Block));
        case("unblock", blocked, Wanted::of(OrderKind::Unblock), is_ada).cut_everywhere();
    }
}

/// The card that was ended just before it was torn out says so by what it does not say.
#[test]
fn a_card_is_ended_after_any_cut() {
    let (identity, debit) = (Bureau::identity(1), Bureau::debit(false));
    let holder = identity.whole(&HOLDER, None);
    let cards = [
        ("scp03-i70-life", holder.clone(), &IDENTITY[..]),
        ("scp03-i60", holder, &IDENTITY[..]),
        ("scp02-then-scp03", debit.whole(&[("name", "Ada Example")], None), &DEBIT[..]),
    ];
    for (product, data, instance) in cards {
        let issued = Life::issued(product, data, None);
        assert!(is_usable(&mut issued.twin(), instance));
        let is_over = |life: &mut Life| {
            let nothing_answers = !is_usable(life, &IDENTITY) && !is_usable(life, &DEBIT);
            nothing_answers && life.card.state().life_cycle == cardwright_virtual_card::CardLifeCycle::Terminated
        };
        case(product, issued, Wanted::of(OrderKind::Terminate), is_over).cut_everywhere();
    }
}
