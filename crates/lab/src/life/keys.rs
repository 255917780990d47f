//! Which keys were ever on a card: no value comes a second time.

use std::collections::BTreeMap;

use cardwright_virtual_card::Card;

/// Watches cards from command to command.
#[derive(Debug, Default, Clone)]
pub struct KeyWatch(BTreeMap<Vec<u8>, Watched>);

/// One card, by its key diversification data.
#[derive(Debug, Default, Clone)]
struct Watched {
    /// values of key sets, in the order in which they came, and whether each is there now
    seen: Vec<(Vec<Vec<u8>>, bool)>,
    /// values that came again
    again: usize,
}

impl KeyWatch {
    /// Looks at the card after a command.
    pub fn look(&mut self, card: &Card) {
        self.0.entry(card.state().identity.key_diversification_data.clone()).or_default().look(card);
    }

    /// How often a value came to a card that had been on it before.
    #[must_use]
    pub fn again(&self) -> usize {
        self.0.values().map(|watched| watched.again).sum()
    }

    /// How many key sets were ever on the card that had most.
    #[must_use]
    pub fn generations(&self) -> usize {
        self.0.values().map(|watched| watched.seen.len()).max().unwrap_or_default()
    }
}

impl Watched {
    fn look(&mut self, card: &Card) {
        let sets = card.state().key_sets.iter();
        let there: Vec<Vec<Vec<u8>>> =
            sets.map(|set| set.keys.iter().map(|key| key.value.expose().to_vec()).collect()).collect();
        for (values, is_there) in &mut self.seen {
            let now = there.contains(values);
            self.again += usize::from(now && !*is_there);
            *is_there = now;
        }
        for values in there {
            if !self.seen.iter().any(|(known, _)| *known == values) {
                let parts_known = self.seen.iter().flat_map(|(known, _)| known).any(|known| values.contains(known));
                self.again += usize::from(parts_known);
                self.seen.push((values, true));
            }
        }
    }
}
