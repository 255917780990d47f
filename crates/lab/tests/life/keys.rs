//! Other keys: the card can always be opened, no value comes twice, and what was said under the old ones is worth nothing.

use cardwright_lab::life::bench::{Word, whole_answer};
use cardwright_lab::life::fault::Fault;
use cardwright_lab::life::judge::NOT_OPENED;
use cardwright_lab::life::matrix::undisturbed;
use cardwright_lab::life::picture::{Picture, card};
use cardwright_lab::life::plan::{Plan, keys_again};
use cardwright_lab::life::planted::Planted;
use cardwright_lab::life::scene::{Recorded, Scene};
use cardwright_relay::message::Outcome;
use cardwright_virtual_card::Card;

use crate::cuts::assert_whole;

/// Card products, and the lengths that their keys are changed to, one after the other.
const CHANGES: [(&str, &[&str]); 4] = [
    ("scp03-i70-life", &["24", "32", "16"]),
    ("scp03-i70", &["16", "16"]),
    ("scp02-i55", &["16", "16"]),
    ("scp02-then-scp03", &["16", "scp03/16", "16"]),
];

fn last(product: &'static str, lengths: &[&'static str]) -> Plan {
    keys_again(product, lengths).pop().unwrap()
}

#[test]
fn keys_that_are_changed_again_and_again_open_the_card_wherever_a_change_is_cut() {
    for (product, lengths) in CHANGES {
        assert_whole(keys_again(product, lengths).into_iter().skip(1), Planted::Nothing);
    }
}

/// How many commands under secure messaging the card takes of a session that it hears again, and whether it is what it
/// was: what anybody may ask it in clear counts sessions and transactions.
fn taken(session: &Recorded, state: &[u8]) -> (usize, bool) {
    let mut heard = card(state);
    let before = (Picture::of(&mut heard), keys(&heard));
    let answers = session.commands.iter().map(|command| (command[0] & 0x04 != 0, whole_answer(&mut heard, command)));
    let taken = answers.filter(|(secure, answer)| *secure && answer.ends_with(&[0x90, 0x00])).count();
    heard.reset();
    (taken, before == (Picture::of(&mut heard), keys(&heard)))
}

fn keys(card: &Card) -> Vec<(u8, Vec<u8>)> {
    let sets = card.state().key_sets.iter();
    sets.flat_map(|set| set.keys.iter().map(|key| (set.version, key.value.expose().to_vec()))).collect()
}

#[test]
fn a_session_that_somebody_recorded_is_refused_after_every_change_of_keys() {
    for (product, lengths) in CHANGES {
        for plan in keys_again(product, lengths) {
            let scene = Scene::before(plan);
            let mut stage = scene.stage();
            let before = stage.card.state().to_json();
            let done = stage.bench.insert(0, scene.word(), &mut stage.card, Fault::Nothing);
            assert_eq!(done.end.outcome, Outcome::Issued, "{product}");
            let after = stage.card.state().to_json();
            let this = Recorded { before, commands: done.commands };
            for session in scene.recorded.iter().chain([&this]) {
                assert_eq!(taken(session, &after), (0, true), "{product}");
            }
        }
    }
}

/// The control: where the card's challenge can be foreseen, it takes the same session as before, if it is set back.
#[test]
fn the_same_session_is_taken_by_a_card_that_is_set_back() {
    let scene = Scene::before(last("scp03-i70-life", &["24", "32"]));
    let session = scene.recorded.last().unwrap();
    let (taken, unchanged) = taken(session, &session.before);
    assert!(taken > 2 && !unchanged, "{taken}");
}

#[test]
fn a_key_that_was_changed_at_one_base_opens_nothing_with_its_old_value_at_another() {
    for (product, lengths) in CHANGES {
        let scene = Scene::before(last(product, lengths));
        let (mut here, mut there) = (scene.stage(), scene.stage());
        let old = here.card.state().key_sets[0].version;
        here.bench.insert(0, scene.word(), &mut here.card, Fault::Nothing);
        // a center that has not heard of it, with the rows of before
        let done = there.bench.insert(1, Word::Desk, &mut here.card, Fault::Nothing);
        let code = done.end.refusal.map(|refusal| refusal.code);
        assert!(code.is_some_and(|code| NOT_OPENED.contains(&code)), "{product}: {code:?}");
        assert!(here.card.state().key_sets.iter().all(|set| set.version != old && set.failures == 0), "{product}");
        here.card.reset();
        let answer = whole_answer(&mut here.card, &[&[0x80, 0x50, old, 0x00, 0x08], &[7; 8][..], &[0x00]].concat());
        assert!(!answer.ends_with(&[0x90, 0x00]), "{product}");
    }
}

#[test]
fn every_change_brings_keys_that_the_card_never_had() {
    for (product, lengths) in CHANGES {
        let scene = Scene::before(last(product, lengths));
        let (expected, ..) = undisturbed(&scene);
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let mut stage = scene.stage();
        stage.bench.insert(0, scene.word(), &mut stage.card, Fault::Nothing);
        let states = scene.recorded.iter().map(|session| card(&session.before)).chain([scene.stage().card, stage.card]);
        for state in states {
            let values = state.state().key_sets.iter().flat_map(|set| &set.keys).map(|key| key.value.expose().to_vec());
            values.for_each(|value| {
                assert!(!seen.contains(&value), "{product}");
                seen.push(value);
            });
        }
        // transport, issued, and each change: three keys each
        assert_eq!(seen.len(), 3 * (2 + lengths.len()), "{product}: {:?}", expected.row.state);
    }
}
