//! Cards to test with.

use cardwright_virtual_card::{Card, CardIdentity, CardProduct, CardState, Secret, SeededEntropy, blank};

pub(crate) const KEYS: [[u8; 16]; 3] = [[0xE1; 16], [0xA2; 16], [0xD3; 16]];
pub(crate) const IDENTITY_PACKAGE: &str = "F04341524457494400";
pub(crate) const IDENTITY: &str = "F0434152445749440001";

pub(crate) fn product(name: &str) -> CardProduct {
    let path = format!("{}/../../products/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    CardProduct::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The static keys of a card of `product`: as many bytes as it wants.
pub(crate) fn static_keys(product: &CardProduct) -> [Vec<u8>; 3] {
    KEYS.map(|key| key.iter().copied().cycle().take(product.key_length).collect())
}

pub(crate) fn identity() -> CardIdentity {
    CardIdentity {
        issuer_identification_number: vec![0x99, 0x99, 0x01],
        card_image_number: vec![0x00, 0x00, 0x00, 0x01],
        production_life_cycle: (0..42).collect(),
        key_diversification_data: (10..20).collect(),
    }
}

pub(crate) fn state_of(product: CardProduct) -> CardState {
    let keys = static_keys(&product).map(Secret::new);
    blank::blank(product, identity(), keys).unwrap()
}

pub(crate) fn card_of(product: CardProduct) -> Card {
    card_with(state_of(product))
}

pub(crate) fn card_with(state: CardState) -> Card {
    let mut card = Card::new(state, Box::new(SeededEntropy::new([7; 32])));
    card.reset();
    card
}

pub(crate) fn card(name: &str) -> Card {
    card_of(product(name))
}

/// Sends hexadecimal, answers hexadecimal.
pub(crate) fn send(card: &mut Card, command: &str) -> String {
    let bytes = hex::decode(command.replace(' ', "")).unwrap();
    hex::encode_upper(card.transmit(&bytes))
}
