//! What the assertions of these tests see when something is wrong on purpose.

use std::collections::BTreeSet;

use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuing_center::journal::story;
use cardwright_issuing_center::store::{Commit, Registration, Store};
use cardwright_relay::message::{Id, Outcome, Script, ScriptCommand};

use crate::card::HeldCard;
use crate::counter::is_intended;
use crate::open;
use crate::world::{Story, World};

impl World {
    /// Does something wrong; a sentence that was not there before must say so.
    fn is_seen(&mut self, what: &str, wrong: impl FnOnce(&mut Self), said: &str) {
        let before: BTreeSet<String> = self.faults().into_iter().collect();
        wrong(self);
        let after = self.faults();
        let new: Vec<_> = after.iter().filter(|fault| !before.contains(*fault)).collect();
        assert!(new.iter().any(|fault| fault.contains(said)), "{what} was not seen: {new:#?}");
    }

    fn commit(&mut self, registrations: Vec<Registration>, entries: Vec<Entry>) {
        let store = self.store();
        self.runtime.block_on(store.commit(Commit { registrations, entries, ..Commit::default() })).unwrap();
    }

    /// A card that was sent nothing yet.
    fn blank(&mut self) -> &mut HeldCard {
        self.cards.iter_mut().find(|card| card.secured == 0).unwrap()
    }

    fn first_intent(&mut self) -> Entry {
        let store = self.store();
        let told = self.runtime.block_on(story::all(&*store)).unwrap();
        let intent = told.into_iter().find(|told| matches!(told.entry.event, Event::Intended { .. }));
        intent.expect("a card was issued").entry
    }
}

#[test]
fn an_intent_twice_an_entry_too_few_a_second_card_and_a_terminal_that_gives_up_are_seen() {
    let mut world = open(None, false, 3);
    world.see_through("after-issuance-writing", Story::Issue);
    let issued = world.cards.iter().find(|card| card.is_usable()).unwrap().state();

    world.is_seen(
        "an intent twice",
        |world| {
            let intent = world.first_intent();
            world.commit(Vec::new(), vec![intent]);
        },
        "the log tells",
    );
    world.is_seen(
        "an order that is told and is not there",
        |world| {
            world.commit(Vec::new(), vec![Entry::new(1, Event::OrderReceived)]);
        },
        "are told",
    );
    world.is_seen(
        "a row without its entry",
        |world| {
            let store = world.store();
            let readers = world.runtime.block_on(store.readers()).unwrap();
            world.commit(vec![Registration::RevokeReader(readers[0].id, 1)], Vec::new());
        },
        "is told [1, 0] times",
    );
    world.is_seen(
        "a second card with the same number",
        |world| world.cards.push(HeldCard::of(&issued)),
        "on two cards",
    );
    world.is_seen(
        "a secured command that nobody has intended",
        |world| {
            world.blank().transmit(&[0x84, 0x82, 0x33, 0x00, 0x00]);
        },
        "without an intent",
    );
    world.is_seen("a card that is written and in stock", |world| world.blank().secured += 1, "is in stock");
    world.is_seen(
        "a terminal that gives up",
        |world| {
            let (_, end) = world.play("after-issuance-activating", Story::Impatient);
            assert_eq!(end.outcome, Outcome::Unknown);
        },
        "nobody works on it",
    );
}

#[test]
fn a_script_that_is_not_the_intended_one_is_seen() {
    let mut world = open(None, false, 1);
    world.see_through("before-issuance-issued", Story::Issue);
    let store = world.store();
    let session: Id = world.first_intent().session.unwrap();
    let commands = vec![ScriptCommand { apdu: vec![0x84; 5].into(), allowed: None, answer_hash: None, limit: None }];
    let script = Script::new(session, 1, 1_000, commands);
    assert!(!world.runtime.block_on(is_intended(&store, &script)));
}
