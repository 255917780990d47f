//! Purchases that go as they should.

use super::{COMBINED, Card, Connection, DYNAMIC, Derivation, Interface, Pin, REST, STATIC, Shop};
use crate::payment_terminal::{
    Authentication, CryptogramKind, Directory, IssuerAuthentication, Method, Outcome, Script, ScriptCommand,
    ScriptTime, Verified,
};

#[test]
fn a_purchase_below_the_floor_limit_is_approved_offline_with_the_pin_enciphered() {
    let mut card = Card::new(COMBINED);
    let report = Shop::new().buy(&mut card).unwrap();
    assert_eq!(report.directory, Directory::Contact);
    assert_eq!((report.candidates[0].priority, &report.candidates[0].label[..]), (1, &b"LAB CREDIT"[..]));
    assert_eq!(report.authentication, Authentication::Combined);
    assert_eq!(report.verification.verified, Verified::EncipheredPin);
    assert_eq!(report.verification.results, [0x44, 0x03, 0x02]);
    assert_eq!(report.first.kind, CryptogramKind::Approve);
    assert_eq!(report.first.signed_number.as_deref(), Some(&[7, 7][..]));
    assert!(report.first.is_checked);
    assert_eq!((report.outcome, report.second), (Outcome::ApprovedOffline, None));
    assert_eq!((report.verification_results, report.status), ([0; 5], [0xE8, 0x00]));
    assert_eq!(report.records.len(), 7);
}

#[test]
fn a_purchase_that_goes_online_ends_with_a_second_cryptogram() {
    for profile in [STATIC, DYNAMIC, COMBINED, REST] {
        let mut card = Card::new(profile);
        let mut shop = Shop::online();
        shop.terminal.capabilities[1] &= !0x10;
        let report = shop.buy(&mut card).unwrap();
        assert_eq!(report.first.kind, CryptogramKind::Online, "{profile:02X}");
        let online = report.online.unwrap();
        assert_eq!(
            (&online.answer.unwrap().response_code, online.authentication),
            (b"00", IssuerAuthentication::Succeeded)
        );
        let second = report.second.unwrap();
        assert!(second.is_checked && second.kind == CryptogramKind::Approve);
        assert_eq!(second.signed_number.is_some(), profile == COMBINED);
        assert_eq!((report.outcome, report.verification.verified), (Outcome::ApprovedOnline, Verified::PlainPin));
        let (results, status) = match profile {
            STATIC => ([0x02, 0, 0, 0x80, 0], [0xF8, 0]),
            REST => ([0x80, 0, 0, 0x80, 0], [0x78, 0]),
            _ => ([0, 0, 0, 0x80, 0], [0xF8, 0]),
        };
        assert_eq!((report.verification_results, report.status), (results, status));
    }
}

#[test]
fn each_way_of_data_authentication_tells_what_it_found() {
    let found = |profile| Shop::new().buy(&mut Card::new(profile)).unwrap().authentication;
    let mut shop = Shop::new();
    shop.terminal.capabilities[1] &= !0x10; // enciphered PINs need an issuer's key, which SDA has as well
    assert_eq!(found(STATIC), Authentication::Static { code: [0xDA, 0xC0] });
    assert_eq!(found(DYNAMIC), Authentication::Dynamic { number: vec![1, 2, 3, 4, 5, 6, 7, 8] });
    assert_eq!(shop.buy(&mut Card::new(REST)).unwrap().authentication, Authentication::NotPerformed);
}

#[test]
fn the_issuer_knows_version_18_and_proves_itself_in_the_second_cryptogram() {
    let mut card = Card::new(DYNAMIC & !0x04);
    card.version = 0x12;
    card.change(0x8D, |list| drop(list.splice(2..2, [0x91, 0x0A])));
    let report = Shop::online().buy(&mut card).unwrap();
    assert_eq!(report.online.unwrap().authentication, IssuerAuthentication::InSecondCryptogram);
    assert_eq!(report.outcome, Outcome::ApprovedOnline);
}

#[test]
fn an_issuer_answers_by_method_2_in_8_bytes() {
    let mut shop = Shop::online();
    shop.issuer.method = Method::Two;
    shop.issuer.derivation = Derivation::B; // the same for 16 digits
    let report = shop.buy(&mut Card::new(DYNAMIC)).unwrap();
    let online = report.online.unwrap();
    assert_eq!(online.answer.unwrap().authentication_data[4..], [0x00, 0x80, 0x00, 0x00]);
    assert_eq!(online.authentication, IssuerAuthentication::Failed, "this card knows method 1 only");
    assert_eq!(report.verification_results[4], 0x40);
}

#[test]
fn an_issuer_that_says_no_and_one_that_lies_are_told_apart() {
    let mut shop = Shop::online();
    shop.issuer.approves = false;
    let report = shop.buy(&mut Card::new(COMBINED)).unwrap();
    assert_eq!(report.outcome, Outcome::DeclinedOnline);
    assert_eq!(report.online.unwrap().authentication, IssuerAuthentication::Succeeded);

    let mut shop = Shop::online();
    shop.issuer.lies = true;
    let report = shop.buy(&mut Card::new(COMBINED)).unwrap();
    assert_eq!(report.online.unwrap().authentication, IssuerAuthentication::Failed);
    assert_eq!(report.verification_results[4], 0x40);
}

#[test]
fn a_terminal_that_does_not_reach_the_issuer_decides_by_the_default_codes() {
    let mut shop = Shop::online();
    shop.terminal.connection = Connection::Unreachable;
    let report = shop.buy(&mut Card::new(COMBINED)).unwrap();
    assert_eq!((report.online.unwrap().answer, report.outcome), (None, Outcome::DeclinedOffline));
    shop.terminal.floor_limit = 5_000;
    shop.terminal.connection = Connection::OfflineOnly;
    assert_eq!(shop.buy(&mut Card::new(COMBINED)).unwrap().outcome, Outcome::ApprovedOffline);
}

#[test]
fn dates_usage_and_chance_go_into_the_analysis() {
    let mut shop = Shop::new();
    shop.terminal.selected_at_random = true;
    let report = shop.buy(&mut Card::new(COMBINED)).unwrap();
    assert_eq!((report.verification_results[3], report.asked), (0x10, CryptogramKind::Online));

    let mut card = Card::new(COMBINED);
    card.change(0x9F07, |usage| usage[0] = 0x0F); // services only
    card.sign([0x12, 0x30], [0x12, 0x30]);
    shop.purchase.kind = 0x01;
    let report = shop.buy(&mut card).unwrap();
    assert_eq!((report.verification_results[1], report.asked), (0x10, CryptogramKind::Decline));
    assert_eq!(report.outcome, Outcome::DeclinedOffline);

    let mut card = Card::new(COMBINED);
    card.change(0x5F25, |day| *day = vec![0x26, 0x01, 0x16]);
    card.change(0x5F24, |day| *day = vec![0x26, 0x01, 0x14]);
    card.change(0x57, |track| track.splice(8..11, [0xD2, 0x60, 0x12]).for_each(drop));
    card.change(0x9F08, |version| *version = vec![0x00, 0x02]);
    card.sign([0x12, 0x30], [0x12, 0x30]);
    assert_eq!(Shop::new().buy(&mut card).unwrap().verification_results[1], 0xE0);
}

#[test]
fn a_wrong_pin_costs_one_try_and_the_next_rule_is_tried() {
    let mut shop = Shop::new();
    shop.purchase.pin = Pin::new("4321");
    let mut card = Card::new(COMBINED);
    let report = shop.buy(&mut card).unwrap();
    assert_eq!(card.tries, 1, "enciphered, then in clear");
    assert_eq!(report.verification.verified, Verified::OnlinePin);
    assert_eq!((report.verification.tries_left, report.verification_results[2]), (Some(1), 0x04));

    shop.terminal.capabilities[1] = 0x80;
    let report = shop.buy(&mut card).unwrap();
    assert_eq!((report.verification.verified, report.verification_results[2]), (Verified::Failed, 0xA0));
}

#[test]
fn the_issuer_compares_the_pin_that_comes_online() {
    let mut shop = Shop::online();
    shop.terminal.capabilities[1] = 0x40;
    shop.issuer.pin = Pin::new("1234");
    let report = shop.buy(&mut Card::new(COMBINED)).unwrap();
    assert_eq!((report.verification.verified, report.outcome), (Verified::OnlinePin, Outcome::ApprovedOnline));
    shop.issuer.pin = Pin::new("9999");
    let report = shop.buy(&mut Card::new(COMBINED)).unwrap();
    assert_eq!(report.outcome, Outcome::DeclinedOnline);
    assert_eq!(&report.online.unwrap().answer.unwrap().response_code, b"55");
}

#[test]
fn a_pin_is_enciphered_for_the_cards_key_where_it_has_no_other() {
    for profile in [DYNAMIC, STATIC] {
        let mut card = Card::new(profile);
        card.remove(0x9F2D);
        card.remove(0x9F2E);
        let report = Shop::new().buy(&mut card).unwrap();
        assert_eq!(report.verification.verified, Verified::EncipheredPin);
        let verify = card.commands.iter().find(|command| command.starts_with(&[0, 0x20, 0, 0x88])).unwrap();
        assert_eq!(verify[4], 128);
    }
}

#[test]
fn no_pin_where_the_card_asks_for_none() {
    let mut shop = Shop::new();
    shop.terminal.capabilities[1] = 0x08;
    let report = shop.buy(&mut Card::new(COMBINED)).unwrap();
    assert_eq!(report.verification.verified, Verified::NoneNeeded);
    let report = shop.buy(&mut Card::new(COMBINED & !0x10)).unwrap();
    assert_eq!((report.verification.verified, report.verification.results), (Verified::NotAsked, [0x3F, 0, 0]));
}

#[test]
fn a_contactless_card_is_found_by_its_own_directory() {
    let mut shop = Shop::new();
    shop.terminal.interface = Interface::Contactless;
    let mut card = Card::new(COMBINED);
    card.contactless = true;
    assert_eq!(shop.buy(&mut card).unwrap().directory, Directory::Contactless);
    let mut card = Card::new(COMBINED);
    assert_eq!(shop.buy(&mut card).unwrap().directory, Directory::Absent);
}

#[test]
fn answers_in_pieces_are_put_together() {
    let mut card = Card::new(COMBINED);
    card.in_pieces = true;
    assert_eq!(Shop::online().buy(&mut card).unwrap().outcome, Outcome::ApprovedOnline);
    assert!(card.commands.iter().any(|command| command[1] == 0xC0));
    assert!(card.commands.iter().any(|command| command[1] == 0xB2 && command[4] != 0));
}

#[test]
fn a_card_that_declines_or_asks_for_the_issuer_is_followed() {
    let mut card = Card::new(COMBINED);
    card.decides = |_| 0x00;
    assert_eq!(Shop::new().buy(&mut card).unwrap().outcome, Outcome::DeclinedOffline);
    let mut card = Card::new(REST | 0x20);
    card.answer(&[0x80, 0xAE, 0x40], |answer| answer);
    assert_eq!(Shop::new().buy(&mut card).unwrap().outcome, Outcome::ApprovedOffline);
}

#[test]
fn a_script_ends_at_its_first_error_and_a_warning_is_none() {
    for (time, bit) in [(ScriptTime::Before, 0x20), (ScriptTime::After, 0x10)] {
        for (answer, failed) in [([0x90, 0x00], false), ([0x62, 0x00], false), ([0x69, 0x88], true)] {
            let mut shop = Shop::online();
            shop.issuer.script = Some(Script {
                time,
                integrity: super::MASTER_KEY.into(),
                confidentiality: super::MASTER_KEY.into(),
                commands: vec![ScriptCommand::UnblockPin, ScriptCommand::BlockApplication],
                lies: false,
            });
            let mut card = Card::new(COMBINED);
            card.answer(&[0x84, 0x24], move |_| answer.to_vec());
            card.answer(&[0x84, 0x1E], |_| vec![0x90, 0x00]);
            let report = shop.buy(&mut card).unwrap();
            assert_eq!((report.scripts[0].time, report.scripts[0].failed), (time, failed));
            assert_eq!(report.scripts[0].statuses.len(), if failed { 1 } else { 2 });
            assert_eq!(report.verification_results[4], if failed { bit } else { 0 });
            assert_eq!(report.status[0] & 0x04, 0x04);
            let place = |ins| card.commands.iter().rposition(|command| command[1] == ins).unwrap();
            assert_eq!(place(0x24) < place(0xAE), time == ScriptTime::Before, "before the last cryptogram or after it");
        }
    }
}
