//! Payment cards that their issuer changes while they are used: its answer brings a script, and the next purchase shows
//! what has become of it.

use cardwright_lab::payment_terminal::{
    Derivation, Outcome, Pin, Report, Script, ScriptCommand, ScriptTime, Step, Verified, Wrong, purchase,
};
use zeroize::Zeroizing;

use crate::pcscd::is_beside;
use crate::purchases::{MASTERS, Shop, assert_approved_online, generated_pin, prepared};

fn script(commands: Vec<ScriptCommand>) -> Script {
    Script {
        time: ScriptTime::After,
        integrity: Zeroizing::new(MASTERS[1]),
        confidentiality: Zeroizing::new(MASTERS[2]),
        commands,
        lies: false,
    }
}

/// The record with the holder's name, with another one.
fn renamed(report: &Report, name: &[u8]) -> ScriptCommand {
    let found = report.records.iter().find(|record| record.bytes.windows(2).any(|bytes| bytes == [0x5F, 0x20]));
    let found = found.unwrap();
    let content = cardwright_apdu::tlv::read_one(&found.bytes).unwrap().value;
    let elements = cardwright_apdu::tlv::read_all(content).unwrap();
    let changed = elements.iter().flat_map(|element| {
        let value = if element.tag.0 == 0x5F20 { name } else { element.value };
        cardwright_apdu::tlv::element(element.tag.0, value)
    });
    let record = cardwright_apdu::tlv::element(0x70, &changed.collect::<Vec<u8>>());
    ScriptCommand::UpdateRecord { file: found.file, number: found.number, record }
}

/// Of the first cryptogram's card verification results, what they say of scripts.
fn counted(report: &Report) -> u8 {
    report.first.issuer_data[6] & 0xF8
}

#[test]
fn a_credit_card_shows_its_new_name_and_keeps_to_its_new_limit() {
    if !is_beside("rewritten::a_credit_card_shows_its_new_name_and_keeps_to_its_new_limit") {
        return;
    }
    let data = prepared("emv-credit", "imk", "4761739001010119");
    let mut shop = Shop::new(&data, "scp03-i70", Derivation::A);
    shop.purchase.pin = Pin::new("1234");
    let before = shop.buy();
    assert_eq!((before.scripts.len(), counted(&before)), (0, 0x00));
    shop.terminal.floor_limit = 5_000;
    assert_eq!(shop.buy().outcome, Outcome::ApprovedOffline, "the control: the old limit allows it");

    shop.terminal.floor_limit = 0;
    shop.issuer.script = Some(script(vec![
        renamed(&before, b"LOVELACE/ADA"),
        ScriptCommand::PutData { tag: 0x9F58, value: vec![0] },
        ScriptCommand::ChangePin(Pin::new("987654").unwrap()),
    ]));
    let report = shop.buy();
    assert_approved_online(&report);
    assert_eq!(report.scripts.len(), 1);
    assert_eq!((&report.scripts[0].statuses[..], report.scripts[0].failed), (&[0x9000; 3][..], false));
    assert_eq!((report.status[0] & 0x04, report.verification_results[4]), (0x04, 0x00));
    assert_eq!(report.data, before.data, "it was read before the script");

    shop.issuer.script = None;
    shop.terminal.floor_limit = 5_000;
    shop.purchase.pin = Pin::new("987654");
    let after = shop.buy();
    assert_eq!(after.data[&0x5F20], b"LOVELACE/ADA");
    assert_eq!(after.data[&0x57], before.data[&0x57], "and nothing else is new");
    assert_eq!(after.verification.verified, Verified::EncipheredPin);
    assert_eq!(counted(&after), 0x30, "the issuer reads that three commands were obeyed");
    assert_approved_online(&after); // below the floor limit, and the card asks all the same
    assert_eq!(counted(&shop.buy()), 0x00);
}

#[test]
fn a_debit_card_is_given_its_tries_back_and_obeys_nobody_else() {
    if !is_beside("rewritten::a_debit_card_is_given_its_tries_back_and_obeys_nobody_else") {
        return;
    }
    let data = prepared("emv-debit", "debit-imk", "4761740000000010");
    let random: Vec<u8> = (0..16).map(|at: usize| (at * 37 + 11) as u8).collect();
    let pin = Pin::new(&generated_pin(&random, 4));
    let mut shop = Shop::new(&data, "scp02-i55", Derivation::B);
    shop.purchase.pin = Pin::new("0001");
    let left = shop.buy().verification.tries_left;
    shop.buy();

    shop.purchase.pin = None;
    shop.terminal.capabilities[1] = 0x20; // signature: no PIN is asked for
    let unblock = script(vec![ScriptCommand::UnblockPin]);
    shop.issuer.script = Some(Script { lies: true, ..unblock.clone() });
    let report = shop.buy();
    assert_eq!((&report.scripts[0].statuses[..], report.scripts[0].failed), (&[0x6988][..], true));
    assert_eq!((report.status[0] & 0x04, report.verification_results[4]), (0x04, 0x10));
    shop.issuer.script = Some(Script { integrity: Zeroizing::new(MASTERS[2]), ..unblock.clone() });
    let report = shop.buy();
    assert_eq!((&report.scripts[0].statuses[..], counted(&report)), (&[0x6988][..], 0x08));
    shop.issuer.script = Some(Script { time: ScriptTime::Before, ..unblock.clone() });
    let report = shop.buy();
    assert_eq!((&report.scripts[0].statuses[..], report.scripts[0].failed), (&[0x6985][..], true));
    assert_eq!(report.verification_results[4], 0x20, "a script before the last cryptogram");
    shop.issuer.script = Some(unblock);
    assert_eq!(shop.buy().scripts[0].statuses, [0x9000]);

    shop.issuer.script = None;
    shop.terminal.capabilities[1] = 0xF8;
    shop.purchase.pin = pin;
    let report = shop.buy();
    assert_eq!((counted(&report), report.verification.verified), (0x10, Verified::PlainPin));
    assert!(report.verification.tries_left > left, "{:?} after {left:?}", report.verification.tries_left);
}

/// Buys once with a script, and once more, which ends where the application is selected.
fn blocks(command: ScriptCommand, status: u16) {
    let data = prepared("emv-credit", "imk", "4761739001010119");
    let mut shop = Shop::new(&data, "scp03-i70", Derivation::A);
    shop.purchase.pin = Pin::new("1234");
    shop.issuer.script = Some(script(vec![command]));
    assert_eq!(shop.buy().scripts[0].statuses, [0x9000]);
    let fault = purchase(&mut shop.link, &shop.terminal, &shop.purchase, Some(&shop.issuer)).unwrap_err();
    assert_eq!(fault.step, Step::ApplicationSelection);
    assert!(matches!(fault.wrong, Wrong::Status { status: found, .. } if found == status), "{fault}");
}

#[test]
fn a_blocked_application_buys_nothing_more() {
    if is_beside("rewritten::a_blocked_application_buys_nothing_more") {
        blocks(ScriptCommand::BlockApplication, 0x6283);
    }
}

#[test]
fn a_blocked_card_does_not_even_show_its_directory() {
    if is_beside("rewritten::a_blocked_card_does_not_even_show_its_directory") {
        blocks(ScriptCommand::BlockCard, 0x6A81);
    }
}
