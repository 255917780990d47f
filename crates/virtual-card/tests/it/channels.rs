//! Secure channels: levels, errors, tries, counters (Amd D §5.6, §6.2; GPCS §E.1).

use crate::host::{Scp02, Scp03, split};
use crate::world::{card, card_of, product, send, static_keys};

const LIST: &str = "80F28002";

#[test]
fn every_level_of_every_scp03_product_protects_commands_and_answers() {
    for (name, levels) in [
        ("scp03-i70", &[0x01, 0x03, 0x11, 0x13, 0x33][..]),
        ("scp03-i71", &[0x01, 0x03, 0x11, 0x13, 0x33]),
        ("scp03-i60", &[0x01, 0x03, 0x11, 0x13, 0x33]),
        ("scp03-i10", &[0x01, 0x03]),
    ] {
        let mut card = card(name);
        for level in levels {
            let mut host = Scp03::open(&mut card, *level);
            for _ in 0..3 {
                assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x9000, "{name} at {level:02X}");
                assert_eq!(host.status(&mut card, "80CA0066", &[]), 0x9000, "{name} at {level:02X}, without data");
                assert_eq!(host.status(&mut card, "80F24002", &[0x4F, 0]), 0x6A88, "{name} at {level:02X}, an error");
            }
        }
    }
}

#[test]
fn aes_of_every_length_opens_in_s8_and_s16() {
    for (i, length) in [(0x70, 16), (0x70, 24), (0x70, 32), (0x71, 16), (0x71, 24), (0x71, 32), (0x60, 24), (0x61, 32)]
    {
        let mut product = product("scp03-i70");
        product.i = i;
        product.key_length = length;
        let mut card = card_of(product);
        let mut host = Scp03::open(&mut card, 0x33);
        assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x9000, "i = {i:02X}, {length} bytes");
    }
}

#[test]
fn a_level_that_i_does_not_have_is_refused_without_spending_a_try() {
    let mut card = card("scp03-i10");
    let keys = static_keys(&card.state().product);
    for level in [0x11, 0x13, 0x33, 0x02, 0x80] {
        assert_eq!(Scp03::open_with(&mut card, &keys, 0, level).err(), Some(0x6A86));
    }
    assert_eq!(card.state().key_sets[0].failures, 0);
}

#[test]
fn one_wrong_bit_in_a_command_aborts_the_channel() {
    let mut card = card("scp03-i70");
    let plain = Scp03::open(&mut card, 0x33).wrap([0x80, 0xF2, 0x80, 0x02], &[0x4F, 0]);
    for byte in (0..plain.len() - 1).filter(|byte| *byte != 0 && *byte != 4) {
        let mut host = Scp03::open(&mut card, 0x33);
        let mut command = host.wrap([0x80, 0xF2, 0x80, 0x02], &[0x4F, 0]);
        command[byte] ^= 0x01;
        assert_eq!(card.transmit(&command), [0x69, 0x82], "byte {byte}");
        assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x6982, "the channel stays aborted");
        assert_eq!(send(&mut card, "80CA006600"), "6982", "even a command that needs no channel");
    }
    assert_eq!(Scp03::open(&mut card, 0x33).status(&mut card, LIST, &[0x4F, 0]), 0x9000, "a new one opens");
}

#[test]
fn a_command_below_the_level_aborts_the_channel_and_select_ends_it() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x01);
    assert_eq!(send(&mut card, "80F28002024F0000"), "6982");
    assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x6982);
    send(&mut card, "00A4040000");
    assert!(send(&mut card, "80CA006600").ends_with("9000"), "a new application session");
    assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x6982, "the old channel is gone");
}

#[test]
fn a_command_cannot_be_replayed_or_left_out() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    let command = host.wrap([0x80, 0xF2, 0x80, 0x02], &[0x4F, 0]);
    assert_eq!(host.unwrap(&card.transmit(&command)).1, 0x9000);
    assert_eq!(card.transmit(&command), [0x69, 0x82]);
    let mut host = Scp03::open(&mut card, 0x33);
    host.wrap([0x80, 0xF2, 0x80, 0x02], &[0x4F, 0]);
    assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x6982);
}

#[test]
fn external_authenticate_needs_initialize_update_and_ends_what_was_open() {
    let mut card = card("scp03-i70");
    assert_eq!(send(&mut card, "848201001000112233445566770011223344556677"), "6985");
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(send(&mut card, "848201001000112233445566770011223344556677"), "6985");
    assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x6982);
}

#[test]
fn initialize_update_checks_version_identifier_and_length() {
    let mut card = card("scp03-i70");
    assert_eq!(send(&mut card, "8050770008001122334455667700"), "6A88");
    assert_eq!(send(&mut card, "8050300108001122334455667700"), "6A86");
    assert_eq!(send(&mut card, "80503000070011223344556600"), "6700");
    assert_eq!(send(&mut card, "80503000100011223344556677001122334455667700"), "6700", "16 bytes are for S16");
    assert_eq!(card.state().key_sets[0].sequence_counter, 0, "no counter stepped");
    assert!(send(&mut card, "8050300008001122334455667700").ends_with("9000"));
}

#[test]
fn the_scp03_counter_steps_before_use_at_each_initialize_update() {
    let mut card = card("scp03-i70");
    for expected in 1..=3 {
        let answer = hex::decode(send(&mut card, "8050300008001122334455667700")).unwrap();
        let (data, status) = split(&answer);
        assert_eq!((data.len(), status), (32, 0x9000));
        assert_eq!(data[29..], [0, 0, expected]);
        assert!(send(&mut card, "80CA00C100").starts_with(&format!("C1030000{expected:02X}")));
    }
    let mut random = crate::world::card("scp03-i60");
    assert_eq!(hex::decode(send(&mut random, "8050FF0008001122334455667700")).unwrap().len(), 29 + 2);
    assert_eq!(send(&mut random, "80CA00C100"), "6A88", "a card with random challenges has no counter");
}

#[test]
fn at_its_maximum_the_scp03_counter_opens_nothing() {
    let mut state = crate::world::state_of(product("scp03-i70"));
    state.key_sets[0].sequence_counter = 0x00FF_FFFE;
    let mut card = crate::world::card_with(state);
    let answer = hex::decode(send(&mut card, "8050300008001122334455667700")).unwrap();
    assert_eq!(answer[29..32], [0xFF, 0xFF, 0xFF]);
    assert_eq!(send(&mut card, "8050300008001122334455667700"), "6985");
}

#[test]
fn the_scp02_counter_steps_when_a_channel_opens_and_not_before() {
    for name in ["scp02-i15", "scp02-i55"] {
        let mut card = card(name);
        for expected in 0..3 {
            let answer = hex::decode(send(&mut card, "8050000008001122334455667700")).unwrap();
            assert_eq!(answer.len(), 30);
            assert_eq!(answer[12..14], [0, expected], "INITIALIZE UPDATE alone steps nothing");
            assert_eq!(Scp02::open(&mut card, 0x03).initialize_update[12..14], [0, expected]);
        }
        let wrong = [vec![1; 16], vec![2; 16], vec![3; 16]];
        assert_eq!(Scp02::open_with(&mut card, &wrong, 0, 1).err(), Some(0), "the host sees a wrong card cryptogram");
    }
}

#[test]
fn pseudo_random_challenges_differ_by_counter_and_random_ones_always() {
    let challenge = |answer: &str, at: usize| answer[2 * at..2 * at + 12].to_owned();
    let mut pseudo = card("scp02-i55");
    let twice = [0; 2].map(|_| challenge(&send(&mut pseudo, "8050000008001122334455667700"), 14));
    assert_eq!(twice[0], twice[1], "the same counter gives the same challenge");
    let mut random = card("scp02-i15");
    let twice = [0; 2].map(|_| challenge(&send(&mut random, "8050000008001122334455667700"), 14));
    assert_ne!(twice[0], twice[1]);
}

#[test]
fn too_many_failures_lock_the_key_set_for_good_and_a_success_restores_the_tries() {
    let mut card = card("scp03-i60"); // three tries
    let keys = static_keys(&card.state().product);
    let fail = |card: &mut cardwright_virtual_card::Card| {
        let (mut host, mut cryptogram) = Scp03::challenge(card, &keys, 0, 0x33).unwrap();
        cryptogram[0] ^= 1;
        host.authenticate(card, &cryptogram)
    };
    assert_eq!((fail(&mut card), fail(&mut card)), (0x6300, 0x6300));
    Scp03::open(&mut card, 0x33);
    assert_eq!((fail(&mut card), fail(&mut card), fail(&mut card)), (0x6300, 0x6300, 0x6300));
    assert_eq!(Scp03::open_with(&mut card, &keys, 0, 0x33).err(), Some(0x6983));
    card.reset();
    assert_eq!(Scp03::open_with(&mut card, &keys, 0xFF, 0x33).err(), Some(0x6983));
}

#[test]
fn a_right_cryptogram_with_a_wrong_mac_is_refused_and_counted() {
    let mut card = card("scp03-i70");
    let keys = static_keys(&card.state().product);
    let (_, cryptogram) = Scp03::challenge(&mut card, &keys, 0, 0x33).unwrap();
    let command = [&[0x84, 0x82, 0x33, 0, 16][..], &cryptogram, &[0; 8]].concat();
    assert_eq!(card.transmit(&command), [0x69, 0x82]);
    assert_eq!(card.state().key_sets[0].failures, 1);
}

#[test]
fn get_status_goes_page_by_page_within_what_the_level_leaves() {
    for (name, level) in [("scp03-i70", 0x33), ("scp03-i71", 0x33), ("scp03-i70", 0x11), ("scp03-i70", 0x01)] {
        let mut card = card(name);
        let mut host = Scp03::open(&mut card, level);
        for number in 1..=12 {
            let install =
                format!("09F043415244574944000AF04341524457494400010AF04341524457494400{number:02X}010002C90000");
            assert_eq!(host.status(&mut card, "80E60400", &hex::decode(install).unwrap()), 0x9000);
        }
        let mut command = "80F24002";
        let mut list = Vec::new();
        loop {
            let wrapped = host.wrap(hex::decode(command).unwrap().try_into().unwrap(), &[0x4F, 0]);
            let answer = card.transmit(&wrapped);
            assert!(answer.len() <= 258, "an answer of {} bytes", answer.len());
            let (data, status) = host.unwrap(&answer);
            list.extend_from_slice(&data);
            command = "80F24003";
            if status == 0x9000 {
                break;
            }
            assert_eq!(status, 0x6310);
        }
        assert_eq!(list.windows(2).filter(|pair| *pair == [0x4F, 0x0A]).count(), 12, "{name} at {level:02X}");
    }
}

#[test]
fn with_a_right_mac_and_a_wrong_cryptogram_the_scp02_counter_steps_all_the_same() {
    let mut card = card("scp02-i55");
    let mut keys = static_keys(&card.state().product);
    keys[0] = vec![1; 16]; // another ENC: both cryptograms are wrong, the C-MAC is right
    assert_eq!(Scp02::authenticate_blindly(&mut card, &keys), 0x6300);
    assert_eq!(card.state().key_sets[0].sequence_counter, 1, "GPCS §E.1.2: when the first C-MAC is valid");
    keys[1] = vec![2; 16];
    assert_eq!(Scp02::authenticate_blindly(&mut card, &keys), 0x6300);
    assert_eq!(card.state().key_sets[0].sequence_counter, 1);
}

#[test]
fn command_data_of_every_length_that_fits_is_taken() {
    for (name, level, longest) in
        [("scp03-i70", 0x01, 247), ("scp03-i70", 0x33, 239), ("scp03-i71", 0x11, 239), ("scp03-i71", 0x33, 223)]
    {
        let mut card = card(name);
        let mut host = Scp03::open(&mut card, level);
        for length in (0..=longest).rev() {
            let data: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let wrapped = host.wrap([0x80, 0xE2, 0x00, 0xFF], &data);
            assert!(wrapped.len() <= 5 + 255 + 1, "{length} bytes");
            assert_eq!(host.unwrap(&card.transmit(&wrapped)).1, 0x6A86, "taken off, and refused for its block number");
        }
        assert_eq!(host.status(&mut card, LIST, &[0x4F, 0]), 0x9000, "{name} at {level:02X}");
    }
}
