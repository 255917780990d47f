//! PUT KEY and DELETE of keys (GPCS §11.8, §11.2; Amd D §6.2.2.1).

use cardwright_virtual_card::Card;

use crate::host::{Scp02, Scp03, aes_block, aes_cbc};
use crate::world::{card, card_of, product, static_keys};

pub(crate) fn new_keys(length: usize) -> [Vec<u8>; 3] {
    [0x11, 0x22, 0x33].map(|byte| (0..length).map(|index| byte + index as u8).collect())
}

pub(crate) fn versions(card: &Card) -> Vec<u8> {
    card.state().key_sets.iter().map(|set| set.version).collect()
}

#[test]
fn a_whole_set_is_replaced_and_its_counter_starts_again() {
    let mut card = card("scp03-i70");
    let keys = new_keys(16);
    Scp03::open(&mut card, 0x33);
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.initialize_update[29..], [0, 0, 2]);
    let (answer, status) = host.send(&mut card, "80D83081", &host.key_data(0x10, &keys));
    assert_eq!(status, 0x9000);
    let kcvs: Vec<u8> = keys.iter().flat_map(|key| aes_block(key, [1; 16])[..3].to_vec()).collect();
    assert_eq!(answer, [&[0x10][..], &kcvs].concat());
    assert_eq!(versions(&card), [0x10]);
    let old = static_keys(&card.state().product);
    assert_eq!(Scp03::open_with(&mut card, &old, 0x30, 0x33).err(), Some(0x6A88), "the old version is gone");
    assert_eq!(Scp03::open_with(&mut card, &old, 0x10, 0x33).err(), Some(0), "the old keys open nothing");
    let host = Scp03::open_with(&mut card, &keys, 0x10, 0x33).unwrap();
    assert_eq!(host.initialize_update[29..], [0, 0, 2], "one failed opening, then this");
}

#[test]
fn a_set_is_added_beside_the_old_but_takes_the_place_of_ff() {
    let mut card = card("scp03-i70-life");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x10, &new_keys(16))), 0x9000);
    assert_eq!(versions(&card), [0x30, 0x10]);
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x10, &new_keys(16))), 0x6A80, "it is there");

    let mut card = crate::world::card("scp03-i60");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x01, &new_keys(16))), 0x9000, "one slot, and FF's");
    assert_eq!(versions(&card), [0x01]);
    assert!(Scp03::open_with(&mut card, &new_keys(16), 0, 0x33).is_ok());
    let mut host = Scp03::open_with(&mut card, &new_keys(16), 0, 0x33).unwrap();
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x02, &new_keys(16))), 0x6A84, "not a second time");
}

#[test]
fn a_replacement_of_another_size_or_algorithm_is_refused() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80D83081", &host.key_data(0x30, &new_keys(32))), 0x6A80);
    assert_eq!(host.status(&mut card, "80D83181", &host.key_data(0x31, &new_keys(16))), 0x6A88, "no version 31");
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x80, &new_keys(16))), 0x6A80, "no version 80");
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x00, &new_keys(16))), 0x6A80, "no version 00");
    assert_eq!(versions(&card), [0x30]);
}

#[test]
fn both_forms_of_the_key_component_are_taken() {
    for with_length in [true, false] {
        let mut card = card("scp03-i70-life");
        let mut host = Scp03::open(&mut card, 0x33);
        let mut data = vec![0x10];
        for key in new_keys(16) {
            data.push(0x88);
            data.extend_from_slice(if with_length { &[0x11, 0x10] } else { &[0x10] });
            data.extend_from_slice(&aes_cbc(&host.dek, [0; 16], &key));
            data.push(3);
            data.extend_from_slice(&aes_block(&key, [1; 16])[..3]);
        }
        assert_eq!(host.status(&mut card, "80D80081", &data), 0x9000);
        assert!(Scp03::open_with(&mut card, &new_keys(16), 0x10, 0x33).is_ok());
    }
}

#[test]
fn aes_192_keys_travel_padded() {
    let mut product = product("scp03-i70");
    product.key_length = 24;
    let mut card = card_of(product);
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80D83081", &host.key_data(0x30, &new_keys(24))), 0x9000);
    assert!(Scp03::open_with(&mut card, &new_keys(24), 0x30, 0x33).is_ok());
}

#[test]
fn a_wrong_check_value_writes_nothing_and_leaves_the_channel_open() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    let mut data = host.key_data(0x10, &new_keys(16));
    *data.last_mut().unwrap() ^= 1;
    assert_eq!(host.status(&mut card, "80D83081", &data), 0x6982);
    assert_eq!(versions(&card), [0x30]);
    assert_eq!(host.status(&mut card, "80F28002", &[0x4F, 0]), 0x9000);
    let length = data.len();
    data[length - 4] = 0;
    data.truncate(length - 3);
    assert_eq!(host.status(&mut card, "80D83081", &data), 0x6A80, "a check value shall be present");
}

#[test]
fn one_key_of_a_set_is_replaced_and_the_scp03_counter_goes_on() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    let mut keys = static_keys(&card.state().product);
    keys[2] = new_keys(16)[2].clone();
    let single = host.key_data(0x30, &keys[2..]);
    assert_eq!(host.status(&mut card, "80D83003", &single), 0x9000);
    let host = Scp03::open_with(&mut card, &keys, 0x30, 0x33).unwrap();
    assert_eq!(host.initialize_update[29..], [0, 0, 2]);
}

#[test]
fn keys_are_deleted_but_never_the_last_set_that_opens() {
    let mut card = card("scp03-i70-life");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.status(&mut card, "80E40000", &[0xD2, 1, 0x30]), 0x6985);
    assert_eq!(host.status(&mut card, "80E40000", &[0xD0, 1, 0x01]), 0x6985);
    assert_eq!(host.status(&mut card, "80E40000", &[0xD2, 1, 0x44]), 0x6A88);
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x10, &new_keys(16))), 0x9000);
    assert_eq!(host.send(&mut card, "80E40000", &[0xD2, 1, 0x30]), (vec![0], 0x9000));
    assert_eq!(versions(&card), [0x10]);
    assert_eq!(host.status(&mut card, "80E40000", &[0xD0, 1, 0x02, 0xD2, 1, 0x10]), 0x6985);
}

#[test]
fn scp02_keys_are_replaced_under_the_session_dek() {
    let mut card = card("scp02-i55");
    let mut host = Scp02::open(&mut card, 0x03);
    let keys = new_keys(16);
    let data = host.key_data(0x01, &keys);
    let (answer, status) = host.send(&mut card, "80D80181", &data);
    assert_eq!((answer.len(), status), (10, 0x9000));
    let host = Scp02::open_with(&mut card, &keys, 0x01, 0x03).unwrap();
    assert_eq!(host.initialize_update[12..14], [0, 0], "the counter starts again");
}
