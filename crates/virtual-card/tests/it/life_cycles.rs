//! Locked, unlocked and terminated: the card and its instances, also where the power fails in between.

use cardwright_virtual_card::{Card, CardLifeCycle, CardState};

use crate::host::Scp03;
use crate::identity::{for_personalization, install_data, issue, read_everything};
use crate::power::all_cuts;
use crate::world::{IDENTITY, card, card_with, send, static_keys};

const SELECT: &str = "00A404000AF043415244574944000100";

fn instance() -> Vec<u8> {
    hex::decode(IDENTITY).unwrap()
}

fn opened(card: &mut Card) -> Scp03 {
    card.reset();
    Scp03::open(card, 0x33)
}

/// The status word of an INITIALIZE UPDATE that is refused.
fn open_again(card: &mut Card) -> u16 {
    let keys = static_keys(&card.state().product);
    Scp03::open_with(card, &keys, 0, 0x33).err().expect("no channel")
}

/// A card with an issued identity application, in SECURED.
fn secured() -> Card {
    let mut card = card("scp03-i70-life");
    let mut host = opened(&mut card);
    issue(&mut card, &mut host);
    for state in ["80F08007", "80F0800F"] {
        assert_eq!(host.status(&mut card, state, &[]), 0x9000);
    }
    card.reset();
    card
}

/// The life cycles that a cut SET STATUS of the card leaves.
fn cuts(from: &mut Card, to: u8) -> Vec<CardLifeCycle> {
    let states = all_cuts(from, |card| opened(card).wrap([0x80, 0xF0, 0x80, to], &[]));
    states.iter().map(|state| state.life_cycle).collect()
}

#[test]
fn a_locked_card_shows_its_domain_alone_and_is_unlocked_with_its_keys() {
    let mut card = secured();
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80F0807F", &[]), 0x9000);
    assert_eq!(send(&mut card, SELECT), "6A81", "the card is locked");
    assert!(send(&mut card, "00A4040000").ends_with("6283"), "a warning, and the Security Domain is selected");
    assert!(send(&mut card, "80CA00E000").ends_with("9000") && send(&mut card, "80CAFF2100").ends_with("9000"));
    let mut host = opened(&mut card);
    let keys = crate::keys::new_keys(16);
    let put = host.key_data(0x31, &keys);
    for (header, data) in [
        ("80E60C00", install_data()),
        ("80E62000", for_personalization()),
        ("80E60200", hex::decode("09F0434152445749440200000000").unwrap()),
        ("80E80000", vec![0xC4, 1]),
        ("80E40000", [&[0x4F, 10][..], &instance()].concat()),
        ("80D80081", put),
        ("80E29000", vec![0x42, 1, 1]),
        ("80F04080", instance()),
    ] {
        assert_eq!(host.status(&mut card, header, &data), 0x6985, "{header}");
    }
    let (list, status) = host.send(&mut card, "80F24002", &[0x4F, 0]);
    assert_eq!(status, 0x9000, "what is on it is told under the MAC");
    assert!(hex::encode_upper(list).contains(IDENTITY));
    assert_eq!(host.status(&mut card, "80F0800F", &[]), 0x9000, "unlocked");
    read_everything(&mut card);
}

#[test]
fn without_its_keys_a_locked_card_stays_locked() {
    let mut card = secured();
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80F0807F", &[]), 0x9000);
    card.reset();
    assert_eq!(send(&mut card, "80F0800F00"), "6982");
    assert_eq!(card.state().life_cycle, CardLifeCycle::CardLocked);
}

#[test]
fn a_terminated_card_is_terminated_for_good() {
    for locked_before in [false, true] {
        let mut card = secured();
        let mut host = opened(&mut card);
        if locked_before {
            assert_eq!(host.status(&mut card, "80F0807F", &[]), 0x9000);
        }
        assert_eq!(host.status(&mut card, "80F080FF", &[]), 0x9000);
        assert_eq!(host.status(&mut card, "80F0800F", &[]), 0x6985, "in the channel that is still open");
        card.reset();
        assert_eq!(open_again(&mut card), 0x6985, "no channel opens");
        assert_eq!(send(&mut card, SELECT), "6A81");
        assert_eq!(send(&mut card, "00A4040000"), "6A81");
        assert!(send(&mut card, "80CA9F7F00").ends_with("9000"), "it still says who it was");
        let saved = CardState::from_json(&card.state().to_json()).unwrap();
        assert_eq!(open_again(&mut card_with(saved)), 0x6985, "and after it was away");
    }
}

#[test]
fn every_step_of_the_cards_life_is_torn_to_before_or_after() {
    use CardLifeCycle::{CardLocked, Secured, Terminated};
    let mut card = secured();
    assert_eq!(cuts(&mut card, 0x7F), [Secured, CardLocked, CardLocked]);
    assert_eq!(cuts(&mut card, 0xFF), [Secured, Terminated, Terminated]);
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80F0807F", &[]), 0x9000);
    assert_eq!(cuts(&mut card, 0x0F), [CardLocked, Secured, Secured]);
    assert_eq!(cuts(&mut card, 0xFF), [CardLocked, Terminated, Terminated]);
}

#[test]
fn a_locked_instance_comes_back_as_it_was() {
    for installed_only in [true, false] {
        let mut card = card("scp03-i70-life");
        let mut host = opened(&mut card);
        if installed_only {
            assert_eq!(host.status(&mut card, "80E60400", &install_data()), 0x9000);
        } else {
            issue(&mut card, &mut host);
        }
        let before = card.state().applications[0].life_cycle_code();
        let lock = |p2: u8| move |card: &mut Card| opened(card).wrap([0x80, 0xF0, 0x40, p2], &instance());
        let code = |state: &CardState| state.applications[0].life_cycle_code();
        let codes: Vec<u8> = all_cuts(&mut card, lock(0x80)).iter().map(code).collect();
        assert_eq!(codes, [before, before | 0x80, before | 0x80]);
        let mut host = opened(&mut card);
        assert_eq!(host.status(&mut card, "80F04080", &instance()), 0x9000);
        assert_eq!(host.status(&mut card, "80E60800", &crate::identity::make_selectable()), 0x6985);
        assert_eq!(send(&mut card, SELECT), "6A82", "a locked instance is not found");
        let codes: Vec<u8> = all_cuts(&mut card, lock(0x00)).iter().map(code).collect();
        assert_eq!(codes, [before | 0x80, before, before]);
        let mut host = opened(&mut card);
        assert_eq!(host.status(&mut card, "80F04000", &instance()), 0x9000);
        if !installed_only {
            read_everything(&mut card);
        }
    }
}

#[test]
fn a_locked_instance_can_be_deleted() {
    let mut card = secured();
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80F04080", &instance()), 0x9000);
    assert_eq!(host.status(&mut card, "80E40000", &[&[0x4F, 10][..], &instance()].concat()), 0x9000);
    assert!(card.state().applications.is_empty());
}
