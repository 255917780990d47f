//! What a card is worth, whatever happened to it on the way: its state, and what every program holds for its reader.

use cardwright_virtual_card::{Card, CardState, SeededEntropy};
use serde_json::Value;

/// A card as a reader, and as its own memory, has it; what counts sessions and transactions is left out, and what waits
/// aside unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// life cycle, load files, instances with all they hold
    pub memory: String,
    /// what a plain reader is answered
    pub read: Vec<Vec<u8>>,
}

/// What is no content: counters, and what is not in force.
const LEFT_OUT: [&str; 7] = [
    "rewriting",
    "transaction_counter",
    "last_online",
    "online_not_completed",
    "issuer_not_authenticated",
    "scripts",
    "waiting",
];
/// What the card makes by its own chance.
const OWN_CHANCE: [&str; 1] = ["private"];

impl Picture {
    /// Of a card, which is left reset.
    ///
    /// # Panics
    /// Never: a card's state has an encoding.
    #[must_use]
    pub fn of(card: &mut Card) -> Self {
        let state = card.state();
        let encode = |value| serde_json::to_value(value).expect("a card's state has an encoding");
        let mut applications = encode(&state.applications);
        settle(&mut applications);
        let mut packages: Vec<String> = state.packages.iter().map(|package| package.aid.to_string()).collect();
        packages.sort();
        let memory = format!("{:?} {packages:?} {applications}", state.life_cycle);
        let instances: Vec<Vec<u8>> =
            state.applications.iter().map(|application| application.aid.as_bytes().to_vec()).collect();
        let mut read = Vec::new();
        for instance in instances {
            card.reset();
            read.push(
                card.transmit(&[&[0x00, 0xA4, 0x04, 0x00, instance.len() as u8], &instance[..], &[0x00]].concat()),
            );
            for identifier in [0x0101u16, 0x0102, 0x0103] {
                let [high, low] = identifier.to_be_bytes();
                card.transmit(&[0x00, 0xA4, 0x02, 0x0C, 0x02, high, low]);
                read.push(card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00]));
            }
            read.push(card.transmit(&[0x00, 0xCA, 0x01, 0x04, 0x00]));
        }
        card.reset();
        read.sort();
        Self { memory, read }
    }
}

/// Leaves out what is no content, and puts lists whose order says nothing in order.
fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            LEFT_OUT.iter().for_each(|name| drop(fields.remove(*name)));
            for name in OWN_CHANCE {
                fields.entry(name).and_modify(|made| *made = Value::Bool(true));
            }
            fields.values_mut().for_each(settle);
        }
        Value::Array(list) => {
            list.iter_mut().for_each(settle);
            if list.iter().all(Value::is_object) {
                list.sort_by_key(ToString::to_string);
            }
        }
        _ => {}
    }
}

/// A card that begins where `state` ends.
///
/// # Panics
/// Where the bytes are no card's.
#[must_use]
pub fn card(state: &[u8]) -> Card {
    let state = CardState::from_json(state).expect("a card's own state");
    Card::new(state, Box::new(SeededEntropy::new([0x5E; 32])))
}
