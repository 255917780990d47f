//! Several key sets side by side: slots, lengths, protocols, counters and failures of each.

use cardwright_virtual_card::{Card, CardState};

use crate::host::{Scp02, Scp03, split};
use crate::keys::{new_keys, versions};
use crate::world::{card, card_with, send, static_keys};

/// Adds an AES set at `version` over a channel with the delivered keys; the status word.
fn add(card: &mut Card, version: u8, keys: &[Vec<u8>; 3]) -> u16 {
    let delivered = static_keys(&card.state().product);
    let at = card.state().product.transport_key_version;
    let mut host = Scp03::open_with(card, &delivered, at, 0x33).unwrap();
    let data = host.key_data(version, keys);
    host.status(card, "80D80081", &data)
}

#[test]
fn a_set_without_a_free_slot_is_refused_until_one_is_deleted() {
    let mut card = card("scp03-i70-life");
    assert_eq!(add(&mut card, 0x31, &new_keys(16)), 0x9000);
    assert_eq!(add(&mut card, 0x32, &new_keys(16)), 0x6A84, "both slots are taken");
    let mut host = Scp03::open_with(&mut card, &new_keys(16), 0x31, 0x33).unwrap();
    assert_eq!(host.status(&mut card, "80E40000", &[0xD2, 1, 0x30]), 0x9000);
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x32, &new_keys(32))), 0x9000, "in the same channel");
    assert_eq!(versions(&card), [0x31, 0x32]);

    let mut plain = crate::world::card("scp03-i70");
    assert_eq!(add(&mut plain, 0x31, &new_keys(16)), 0x6A84, "a card with one set replaces it in place");
    assert_eq!(versions(&plain), [0x30]);
}

#[test]
fn a_set_of_every_length_opens_its_own_channel() {
    for length in [16, 24, 32] {
        let mut card = card("scp03-i70-life");
        assert_eq!(add(&mut card, 0x31, &new_keys(length)), 0x9000, "{length}");
        let mut host = Scp03::open_with(&mut card, &new_keys(length), 0x31, 0x33).unwrap();
        let (information, status) = host.send(&mut card, "80CA00E0", &[]);
        assert_eq!(status, 0x9000);
        assert_eq!(information.len(), 2 + 6 * 6);
        assert_eq!(information[2..8], [0xC0, 4, 1, 0x30, 0x88, 16]);
        assert_eq!(information[20..26], [0xC0, 4, 1, 0x31, 0x88, length as u8]);
        Scp03::open(&mut card, 0x33);
    }
    assert_eq!(add(&mut card("scp03-i70"), 0x31, &new_keys(24)), 0x6A80, "a length that the product has not");
}

#[test]
fn initialize_update_without_a_version_means_the_first_set() {
    let mut card = card("scp03-i70-life");
    assert_eq!(add(&mut card, 0x31, &new_keys(32)), 0x9000);
    let first = |card: &mut Card| hex::decode(send(card, "8050000008001122334455667700")).unwrap()[10];
    assert_eq!(first(&mut card), 0x30, "the older one");
    let mut host = Scp03::open_with(&mut card, &new_keys(32), 0x31, 0x33).unwrap();
    assert_eq!(host.status(&mut card, "80E40000", &[0xD2, 1, 0x30]), 0x9000);
    assert_eq!(first(&mut card), 0x31, "what was second is first");
}

#[test]
fn counters_and_failures_are_of_each_set_alone() {
    let mut card = card("scp03-i70-life");
    let delivered = static_keys(&card.state().product);
    Scp03::open(&mut card, 0x33);
    assert_eq!(add(&mut card, 0x31, &new_keys(16)), 0x9000);
    let added = Scp03::open_with(&mut card, &new_keys(16), 0x31, 0x33).unwrap();
    assert_eq!(added.initialize_update[29..], [0, 0, 1], "its own counter, from its start");
    assert_eq!(Scp03::open(&mut card, 0x33).initialize_update[29..], [0, 0, 3]);
    for _ in 0..card.state().product.max_failures {
        let (mut host, mut cryptogram) = Scp03::challenge(&mut card, &delivered, 0x30, 0x33).unwrap();
        cryptogram[0] ^= 1;
        assert_eq!(host.authenticate(&mut card, &cryptogram), 0x6300);
    }
    assert_eq!(Scp03::open_with(&mut card, &delivered, 0, 0x33).err(), Some(0x6983), "the first set is locked");
    let mut host = Scp03::open_with(&mut card, &new_keys(16), 0x31, 0x33).unwrap();
    assert_eq!(host.status(&mut card, "80D83081", &host.key_data(0x30, &new_keys(16))), 0x9000);
    assert!(Scp03::open_with(&mut card, &new_keys(16), 0x30, 0x33).is_ok(), "new keys, new tries");
}

#[test]
fn a_legacy_card_opens_scp03_with_the_aes_keys_it_was_given() {
    let mut card = card("scp02-then-scp03");
    assert!(send(&mut card, "80CA006600").contains("2A864886FC6B04025564"), "both protocols are told");
    let mut host = Scp02::open(&mut card, 0x03);
    let aes = new_keys(32);
    assert_eq!(host.send(&mut card, "80D80081", &host.aes_key_data(0x20, &aes)).1, 0x9000);
    card.reset();
    assert_eq!(send(&mut card, "80CA00C100"), "C10200019000", "the default set is the delivered one, of SCP02");
    let host = Scp03::open_with(&mut card, &aes, 0x20, 0x33).unwrap();
    assert_eq!(host.initialize_update[11..13], [0x03, 0x70]);
    assert_eq!(host.initialize_update[29..], [0, 0, 1]);
    Scp02::open(&mut card, 0x03);
    let mut host = Scp03::open_with(&mut card, &aes, 0x20, 0x33).unwrap();
    assert_eq!(host.status(&mut card, "80E40000", &[0xD2, 1, 0x01]), 0x9000);
    assert_eq!(Scp02::open_with(&mut card, &new_keys(16), 0x01, 0x03).err(), Some(0x6A88));
    let first = hex::decode(send(&mut card, "8050000008001122334455667700")).unwrap();
    assert_eq!((first[10], first[11]), (0x20, 0x03), "and now the first set speaks SCP03");
    assert!(send(&mut card, "80CA00C100").starts_with("C103"));
}

#[test]
fn level_33_and_16_byte_blocks_belong_to_the_aes_set_alone() {
    let mut card = card("scp02-then-scp03");
    let mut host = Scp02::open(&mut card, 0x03);
    assert_eq!(host.send(&mut card, "80D80081", &host.aes_key_data(0x20, &new_keys(16))).1, 0x9000);
    let delivered = static_keys(&card.state().product);
    assert_eq!(Scp02::open_with(&mut card, &delivered, 0x01, 0x33).err(), Some(0x6A86), "SCP02 has no such level");
    let mut host = Scp03::open_with(&mut card, &new_keys(16), 0x20, 0x33).unwrap();
    crate::identity::issue(&mut card, &mut host);
    crate::identity::read_everything(&mut card);
}

/// A key value put twice brings the counter back to its start: the card then takes a session that was recorded before.
/// It is the issuer who must never do so.
#[test]
fn a_value_put_twice_lets_a_recorded_session_in_again() {
    let mut card = card("scp03-i70-life");
    let keys = new_keys(16);
    assert_eq!(add(&mut card, 0x31, &keys), 0x9000);
    let initialize = [&[0x80, 0x50, 0x31, 0, 8][..], &[0x5A; 8], &[0]].concat();
    let (mut host, cryptogram) = Scp03::challenge(&mut card, &keys, 0x31, 0x33).unwrap();
    let recorded = host.with_mac([0x84, 0x82, 0x33, 0], &cryptogram);
    assert!(card.transmit(&recorded).ends_with(&[0x90, 0x00]));
    card.reset();
    assert!(card.transmit(&initialize).ends_with(&[0x90, 0x00]));
    assert_eq!(card.transmit(&recorded), [0x63, 0x00], "the counter went on: the recording is worth nothing");

    let mut host = Scp03::open_with(&mut card, &keys, 0x31, 0x33).unwrap();
    let data = host.key_data(0x31, &keys);
    assert_eq!(host.status(&mut card, "80D83181", &data), 0x9000);
    card.reset();
    card.transmit(&initialize);
    assert!(card.transmit(&recorded).ends_with(&[0x90, 0x00]), "the same value again: the recording opens the card");
}

#[test]
fn adding_and_deleting_a_set_is_torn_to_before_or_after() {
    let mut card = card("scp03-i70-life");
    let states = crate::power::all_cuts(&mut card, |card| {
        let mut host = Scp03::open(card, 0x33);
        let data = host.key_data(0x31, &new_keys(32));
        host.wrap([0x80, 0xD8, 0x00, 0x81], &data)
    });
    let count = |state: &CardState| state.key_sets.iter().map(|set| set.keys.len()).collect::<Vec<_>>();
    assert_eq!(states.iter().map(count).collect::<Vec<_>>(), [vec![3], vec![3, 3], vec![3, 3]]);
    let mut whole = card_with(CardState::from_json(&states[2].to_json()).unwrap());
    let states = crate::power::all_cuts(&mut whole, |card| {
        let mut host = Scp03::open_with(card, &new_keys(32), 0x31, 0x33).unwrap();
        host.wrap([0x80, 0xE4, 0x00, 0x00], &[0xD2, 1, 0x30])
    });
    assert_eq!(states.iter().map(count).collect::<Vec<_>>(), [vec![3, 3], vec![3], vec![3]]);
    for state in states {
        assert!(Scp03::open_with(&mut card_with(state), &new_keys(32), 0x31, 0x33).is_ok());
    }
}

#[test]
fn keys_and_memory_are_told_within_the_channel_under_its_mac() {
    let mut card = card("scp03-i70-life");
    let outside = hex::decode(send(&mut card, "80CAFF2100")).unwrap();
    let mut host = Scp03::open(&mut card, 0x11);
    let (inside, status) = host.send(&mut card, "80CAFF21", &[]);
    assert_eq!((&inside[..], status), (split(&outside).0, 0x9000));
    let free = card.state().memory_free().to_be_bytes();
    assert_eq!(inside, [&[0xFF, 0x21, 13, 0x81, 1, 0, 0x82, 4][..], &free, &[0x83, 2, 0x10, 0x00]].concat());
    assert_eq!(host.send(&mut card, "80CA00E0", &[]).0.len(), 2 + 3 * 6);
    assert_eq!(host.status(&mut card, "80E60400", &crate::identity::install_data()), 0x9000);
    let (after, _) = host.send(&mut card, "80CAFF21", &[]);
    assert_eq!(after[5], 1, "one instance");
    assert_eq!(after[8..12], (u32::from_be_bytes(free) - 64).to_be_bytes());
}
