//! An identity card's whole life, on card products with R-MAC of every sort.

use cardwright_lab::world::programs::source;
use cardwright_lab::world::{ADMIN, Attempt, ChangeOrder, World, read_card};

use super::{
    CAPITALS, HARBOR, HOLDER, SELECT, STATION, assert_name, identity_world, issued, key_sets, last_status, moved, read,
    says, served, verified,
};

/// The instance of the second identity application.
const SECOND: &str = "F0434152445749440009";

#[test]
fn on_a_card_with_room_for_new_keys_beside_the_old_ones() {
    whole_life("scp03-i70-life", "32");
}

#[test]
fn on_a_card_of_long_macs_whose_keys_are_replaced_in_place() {
    whole_life("scp03-i71", "32");
}

#[test]
fn on_a_card_whose_challenges_nobody_can_foresee() {
    whole_life("scp03-i60", "16");
}

fn whole_life(product: &str, keys: &str) {
    let mut world = identity_world(product, 1);
    let card = issued(&world, "A-1", 0);
    let first_keys = key_sets(&world, "A-1");
    assert_eq!(first_keys.iter().filter(|(_, state)| state == "on-card").count(), 1, "{first_keys:?}");
    changes_of_all_sorts(&mut world, &card, keys);
    assert_ne!(key_sets(&world, "A-1"), first_keys);
    another_application(&mut world, &card);
    blocked_and_unblocked(&mut world, &card);
    ended(&mut world, &card);
}

/// Four changes wait when the holder comes to another base: one insertion, one terminal, four sentences.
fn changes_of_all_sorts(world: &mut World, card: &std::path::Path, keys: &str) {
    let orders = [
        moved("P-1", 1, "Noor de Vries"),
        ChangeOrder::new("pin", "N-1", "A-1").fields(&[("pin", "112233")]),
        ChangeOrder::new("upgrade-application", "U-1", "A-1").profile("identity-2"),
        ChangeOrder::new("change-keys", "K-1", "A-1").argument(keys),
    ];
    world.order_changes(&orders).unwrap();
    let attempt = served(world, STATION, card, 4);
    let notices = attempt.notices();
    let told = [
        "new personal data (order P-1). Waiting after it: 3",
        "its PIN (order N-1)",
        "a new version of an application (order U-1)",
        "a change of keys (order K-1). Waiting after it: 0",
    ];
    assert!(notices.len() == 4 && told.iter().zip(&notices).all(|(told, notice)| notice.contains(told)), "{notices:?}");
    for order in ["P-1", "N-1", "U-1", "K-1"] {
        assert_eq!(world.order_state(order).unwrap(), "issued", "{order}");
    }
    assert_name(world, STATION, "Noor de Vries");
    let capitals = read(world, STATION, &[SELECT, CAPITALS]);
    assert!(says(&capitals, "NOOR DE VRIES") && capitals.contains("DF 01 01 02"), "{capitals}");
    assert_eq!(verified(world, STATION, "112233"), "9000");
    assert_eq!(verified(world, STATION, "4711"), "63C2", "the control: the old PIN");
    let held = read_card(card).unwrap();
    let on_card: Vec<_> = key_sets(world, "A-1").into_iter().filter(|(_, state)| state == "on-card").collect();
    let versions: Vec<_> = held.key_sets.iter().map(|set| u64::from(set.version)).collect();
    assert_eq!(on_card.iter().map(|(version, _)| *version).collect::<Vec<_>>(), versions);
    assert_eq!(held.key_sets[0].keys[0].value.expose().len().to_string(), keys);
}

/// A second identity application, with the data that the card's own order brought; and away again.
fn another_application(world: &mut World, card: &std::path::Path) {
    let text = std::fs::read_to_string(source().join("profiles/identity.toml")).unwrap();
    let text = text.replace("name = \"identity\"", "name = \"identity-second\"");
    let text = text.replace("instance = \"F0434152445749440001\"", &format!("instance = \"{SECOND}\""));
    let profile = world.path("identity-second.toml");
    std::fs::write(&profile, text).unwrap();
    let profile = profile.display().to_string();
    world.while_closed(|world| world.center.must(&["profile", "import", &profile, "--as", ADMIN])).unwrap();
    let fields = [("name", "N. de Vries"), ("card_number", "9999010000000001"), ("pin", "9911")];
    let added = ChangeOrder::new("add-application", "AA-1", "A-1").profile("identity-second").fields(&fields);
    world.order_changes(&[added]).unwrap();
    served(world, HARBOR, card, 1);
    let select = SELECT.replace("F0434152445749440001", SECOND);
    let second = read(world, HARBOR, &[&select, "00A4020C020101", "00B0000000"]);
    assert!(says(&second, "N. de Vries"), "{second}");
    assert_name(world, HARBOR, "Noor de Vries");
    world.order_changes(&[ChangeOrder::new("remove-application", "RA-1", "A-1").argument(SECOND)]).unwrap();
    served(world, STATION, card, 1);
    assert_eq!(last_status(&read(world, STATION, &[&select])), "6A82");
    assert_name(world, STATION, "Noor de Vries");
}

fn blocked_and_unblocked(world: &mut World, card: &std::path::Path) {
    world.order_changes(&[ChangeOrder::new("block", "B-1", "A-1")]).unwrap();
    served(world, STATION, card, 1);
    assert_eq!(world.card_state(card).unwrap(), "locked");
    assert_ne!(last_status(&read(world, STATION, &[SELECT])), "9000");
    world.order_by_api(&ChangeOrder::new("unblock", "UB-1", "A-1")).unwrap();
    served(world, HARBOR, card, 1);
    assert_eq!(world.card_state(card).unwrap(), "live");
    assert_name(world, HARBOR, "Noor de Vries");
}

/// A card that is blocked is ended at the next insertion; it answers nothing any more, and whoever puts it in again is
/// told what to do with it.
fn ended(world: &mut World, card: &std::path::Path) {
    world.order_changes(&[ChangeOrder::new("block", "B-2", "A-1")]).unwrap();
    served(world, STATION, card, 1);
    let blocked = put_in_again(world, card);
    assert!(blocked.code == "CW-3039" && blocked.happened.contains("is blocked"), "{blocked:?}");
    world.order_changes(&[ChangeOrder::new("terminate", "T-1", "A-1")]).unwrap();
    served(world, STATION, card, 1);
    assert_eq!(world.card_state(card).unwrap(), "terminated");
    assert_ne!(last_status(&read(world, STATION, &[SELECT])), "9000");
    let ended = put_in_again(world, card);
    let told = ended.events.last().unwrap()["next"].as_str().unwrap();
    assert!(ended.code == "CW-3003" && told.contains("A card that was ended for good answers so, too"), "{ended:?}");
}

fn put_in_again(world: &World, card: &std::path::Path) -> Attempt {
    world.base(STATION).remove_card().unwrap();
    let again = world.base(STATION).serve(card).unwrap();
    assert!(!again.is_issued() && !format!("{again:?}").contains(HOLDER), "{again:?}");
    again
}
