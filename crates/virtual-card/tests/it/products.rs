//! Product files: every one of this project loads; what is wrong is named.

use cardwright_virtual_card::{CardProduct, ChannelProtocol, KeyKind};

use crate::world::{card, product};

const NAMES: [&str; 10] = [
    "scp03-i70",
    "scp03-i70-contactless",
    "scp03-i70-life",
    "scp03-i70-small",
    "scp03-i71",
    "scp03-i60",
    "scp03-i10",
    "scp02-i15",
    "scp02-i55",
    "scp02-then-scp03",
];

fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../products/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_product_loads_and_has_an_atr_of_its_own() {
    let mut atrs: Vec<Vec<u8>> = NAMES.iter().map(|name| product(name).atr).collect();
    for (name, atr) in NAMES.iter().zip(&atrs) {
        assert_eq!(product(name).name, *name);
        assert_eq!(atr[1..].iter().fold(0, |sum, byte| sum ^ byte), 0, "{name}: TCK (ISO/IEC 7816-3 §8.2.5)");
        assert_eq!(card(name).reset(), *atr);
    }
    atrs.sort();
    atrs.dedup();
    assert_eq!(atrs.len(), NAMES.len());
}

#[test]
fn an_unknown_key_and_a_contradiction_are_refused() {
    let good = text("scp03-i70");
    assert!(CardProduct::from_toml(&good).is_ok());
    for (from, to) in [
        ("format = 1", "format = 2"),
        ("format = 1", "format = 1\ncolour = \"blue\""),
        ("i = 0x70", "i = 0x72"),
        ("i = 0x70", "i = 0x40"),
        ("scp = 0x03", "scp = 0x02"),
        ("key_length = 16", "key_length = 17"),
        ("\"kdf3\"", "\"visa2\""),
        ("transport_key_version = 0x30", "transport_key_version = 0x80"),
        ("max_failures = 10", "max_failures = 0"),
        ("proof = \"r-mac\"", "proof = \"none\""),
        ("store_data_in = \"installed\"", "store_data_in = \"sometimes\""),
        ("name = \"scp03-i70\"", "name = \"SCP03\""),
        ("i = 0x70", "i = 0x70\nkey_sets = 0"),
        ("i = 0x70", "i = 0x70\nkey_lengths = [24, 32]"),
        ("i = 0x70", "i = 0x70\nkey_lengths = [16, 20]"),
        ("i = 0x70", "i = 0x70\nkey_lengths = [16, 16]"),
        ("i = 0x70", "i = 0x70\nalso = { scp = 3, i = 0x60 }"),
        ("i = 0x70", "i = 0x70\nalso = { scp = 2, i = 0x70 }"),
        ("i = 0x70", "i = 0x70\nalso = { scp = 2, i = 0x55, x = 1 }"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(CardProduct::from_toml(&good.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn what_is_left_out_is_one_key_set_of_one_length_and_one_protocol() {
    let plain = product("scp03-i70");
    assert_eq!((plain.key_sets, plain.also, plain.protocols().count()), (1, None, 1));
    assert!(plain.takes_key_length(16) && !plain.takes_key_length(32));
    let both = product("scp02-then-scp03");
    assert!([16, 24, 32].iter().all(|length| both.takes_key_length(*length)));
    assert_eq!(both.protocol_of(KeyKind::Aes), Some(ChannelProtocol { scp: 3, i: 0x70 }));
    assert_eq!(both.protocol_of(KeyKind::TripleDes), Some(both.protocol()));
    let longer = text("scp02-i55").replace("i = 0x55", "i = 0x55\nkey_lengths = [16, 24]");
    assert!(CardProduct::from_toml(&longer).is_err(), "3DES keys have 16 bytes");
}

#[test]
fn only_a_selectable_application_is_given_data_where_the_product_says_so() {
    let mut card = card("scp03-i10");
    let mut host = crate::host::Scp03::open(&mut card, 0x03);
    assert_eq!(host.status(&mut card, "80E60400", &crate::identity::install_data()), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &crate::identity::for_personalization()), 0x6985);
    assert_eq!(host.status(&mut card, "80E60800", &crate::identity::make_selectable()), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &crate::identity::for_personalization()), 0x9000);
}

#[test]
fn a_card_of_the_timed_product_says_how_long_it_takes() {
    let mut timed = card("scp03-i71");
    timed.transmit(&[0x80, 0xCA, 0x00, 0x66, 0x00]);
    let short = timed.last_duration();
    timed.transmit(&[0x80, 0xCA, 0x12, 0x34, 0x00]);
    assert!(short > timed.last_duration() && !timed.last_duration().is_zero(), "more bytes take more time");
    let mut untimed = card("scp03-i70");
    untimed.transmit(&[0x80, 0xCA, 0x00, 0x66, 0x00]);
    assert!(untimed.last_duration().is_zero());
}
