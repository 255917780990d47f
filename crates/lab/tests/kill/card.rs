//! Cards in process: what they were sent is kept, and a hand may pull them out.

use std::collections::VecDeque;
use std::path::Path;

use cardwright_relay::message::ScriptCommand;
use cardwright_relay::terminal::CardEvent;
use cardwright_virtual_card::{ApplicationState, Card, CardLifeCycle, CardState, SeededEntropy};

/// Where the identity application's instance is.
const INSTANCE: [u8; 10] = [0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00, 0x01];

/// One card of the world.
pub(crate) struct HeldCard {
    card: Card,
    /// key diversification data: the center's name for it
    pub(crate) kdd: [u8; 10],
    /// commands of scripts whose intent was seen committed, and that it has not got yet
    released: VecDeque<Vec<u8>>,
    /// secured commands it got that nobody had released, in hexadecimal
    pub(crate) unforeseen: Vec<String>,
    /// secured commands it got
    pub(crate) secured: usize,
    /// scripts it got since it was put in, and secured commands of the last of them
    place: (usize, usize),
    /// pulled out in this script, when this many of its secured commands have come
    pub(crate) pulled_at: Option<(usize, usize)>,
}

impl HeldCard {
    /// The card of a state file.
    pub(crate) fn read(path: &Path) -> Self {
        Self::of(&std::fs::read(path).unwrap())
    }

    /// The card of a state file's bytes.
    pub(crate) fn of(state: &[u8]) -> Self {
        let state = CardState::from_json(state).unwrap();
        let kdd: [u8; 10] = state.identity.key_diversification_data.as_slice().try_into().unwrap();
        let mut seed = [0; 32];
        seed[..10].copy_from_slice(&kdd);
        let card = Card::new(state, Box::new(SeededEntropy::new(seed)));
        let (released, unforeseen) = (VecDeque::new(), Vec::new());
        Self { card, kdd, released, unforeseen, secured: 0, place: (0, 0), pulled_at: None }
    }

    /// What it keeps without power, as a state file's bytes.
    pub(crate) fn state(&self) -> Vec<u8> {
        self.card.state().to_json()
    }

    /// Puts it into a reader; gives its answer to reset.
    pub(crate) fn insert(&mut self) -> Vec<u8> {
        self.released.clear();
        self.place = (0, 0);
        self.card.reset()
    }

    /// The intent of this script stands in the log: its commands may come.
    pub(crate) fn release(&mut self, commands: &[ScriptCommand]) {
        self.place = (self.place.0 + 1, 0);
        self.released.extend(commands.iter().map(|command| command.apdu.to_vec()));
    }

    /// One command. A secured one (GPCS §11.1.4: bit 3 of the class) must be the next that was released.
    pub(crate) fn transmit(&mut self, apdu: &[u8]) -> CardEvent {
        let next = self.released.front().is_some_and(|next| next == apdu);
        if next {
            self.released.pop_front();
        }
        if apdu.first().is_some_and(|class| class & 0x04 != 0) {
            if self.pulled_at == Some(self.place) {
                self.pulled_at = None;
                self.card.reset();
                return CardEvent::CardGone;
            }
            self.secured += 1;
            self.place.1 += 1;
            self.unforeseen.extend((!next).then(|| hex::encode(apdu)));
        }
        CardEvent::Answer(self.card.transmit(apdu).into())
    }

    /// Whether the whole card is locked.
    pub(crate) fn is_locked(&self) -> bool {
        self.card.state().life_cycle == CardLifeCycle::CardLocked
    }

    /// The versions of the key sets that are on it.
    pub(crate) fn key_versions(&self) -> Vec<u8> {
        self.card.state().key_sets.iter().map(|set| set.version).collect()
    }

    /// Whether its application can be used; not as long as the card is locked, though it will be again.
    pub(crate) fn is_usable(&self) -> bool {
        let usable = |application: &cardwright_virtual_card::Application| {
            application.aid.as_bytes() == INSTANCE && application.state == ApplicationState::Selectable
        };
        self.card.state().applications.iter().any(usable)
    }

    /// Failed openings that it counts, of the key set that has most.
    pub(crate) fn failures(&self) -> u8 {
        self.card.state().key_sets.iter().map(|set| set.failures).max().unwrap_or_default()
    }

    /// The card number that a usable one tells everybody (file 0102 of the identity application).
    pub(crate) fn number(&self) -> Option<Vec<u8>> {
        self.told(0x02)
    }

    /// Its holder's name, likewise (file 0101).
    pub(crate) fn name(&self) -> Option<Vec<u8>> {
        self.told(0x01)
    }

    /// A file that anybody may read; nothing where the application or the card cannot be used.
    fn told(&self, file: u8) -> Option<Vec<u8>> {
        if !self.is_usable() {
            return None;
        }
        let mut card = Self::of(&self.state()).card;
        card.transmit(&[&[0x00, 0xA4, 0x04, 0x00, INSTANCE.len() as u8], &INSTANCE[..], &[0x00]].concat());
        card.transmit(&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x01, file]);
        let answer = card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00]);
        answer.strip_suffix(&[0x90, 0x00]).filter(|told| !told.is_empty()).map(<[u8]>::to_vec)
    }
}
