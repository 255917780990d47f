//! State files of every format there ever was load, and what is in them still opens, reads and signs.

use cardwright_virtual_card::CardState;

use crate::host::Scp03;
use crate::identity::{issue, read_everything};
use crate::world::{card, card_with};

fn stored(name: &str) -> CardState {
    let path = format!("{}/tests/states/{name}", env!("CARGO_MANIFEST_DIR"));
    CardState::from_json(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_state_of_format_1_loads_for_ever() {
    let mut card = card_with(stored("format-1.json"));
    read_everything(&mut card);
    card.reset();
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.initialize_update[29..], [0, 0, 2], "the counter went on");
    let (list, status) = host.send(&mut card, "80F24002", &[0x4F, 0]);
    assert_eq!(status, 0x9000);
    assert_eq!(list.windows(2).filter(|pair| *pair == [0x4F, 0x0A]).count(), 2, "a whole and a half-written instance");
}

#[test]
fn what_is_saved_loads_as_the_same_card() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let saved = card.state().to_json();
    let loaded = CardState::from_json(&saved).unwrap();
    assert_eq!(loaded.to_json(), saved);
    read_everything(&mut card_with(loaded));
}

#[test]
fn another_format_and_an_unknown_field_are_refused() {
    let saved = String::from_utf8(card("scp03-i70").state().to_json()).unwrap();
    for (from, to) in [("\"format\": 1", "\"format\": 2"), ("\"life_cycle\"", "\"x\": 1, \"life_cycle\""), ("{", "[")] {
        assert!(CardState::from_json(saved.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

/// Writes the state file of the present format, once: `cargo test -- --ignored write_the_state_file`.
#[test]
#[ignore = "writes tests/states; a file that is there is never written again"]
fn write_the_state_file() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let second = hex::decode("09F043415244574944000AF04341524457494400010AF0434152445749440002010002C90000").unwrap();
    assert_eq!(host.status(&mut card, "80E60C00", &second), 0x9000);
    let begin = hex::decode("00000AF0434152445749440002000000").unwrap();
    assert_eq!(host.status(&mut card, "80E62000", &begin), 0x9000);
    assert_eq!(host.status(&mut card, "80E20800", b"\x01\x01\x14half a name"), 0x9000);
    let path = format!("{}/tests/states/format-1.json", env!("CARGO_MANIFEST_DIR"));
    assert!(!std::path::Path::new(&path).exists());
    std::fs::write(path, card.state().to_json()).unwrap();
}
