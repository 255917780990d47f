//! Changes that come another way than by a file: a campaign for many cards, the API, and an operator's word where a card
//! is too small.

use cardwright_lab::world::{APPROVER, CLERK, ChangeOrder, World};

use super::{CAPITALS, HARBOR, SELECT, STATION, assert_name, identity_world, issued, leave, moved, read, says, served};

/// Everybody's application to version 2, entered by one person and approved once by another.
fn campaign(world: &mut World) {
    let create = ["campaign", "create", "everybody-2", "--kind", "upgrade-application", "--profile", "identity-2"];
    let create = [&create[..], &["--select", "profile=identity", "--as", CLERK]].concat();
    world
        .while_closed(|world| {
            world.center.must(&create)?;
            let own = world.center.run(&["campaign", "approve", "everybody-2", "--as", CLERK])?;
            assert_ne!(own.exit, 0, "who entered a campaign approved it");
            world.center.must(&["campaign", "approve", "everybody-2", "--as", APPROVER])
        })
        .unwrap();
}

/// What a campaign says of itself.
fn numbers(world: &World) -> serde_json::Value {
    let shown = world.center.must(&["--json", "campaign", "show", "everybody-2"]).unwrap();
    shown.events()[0]["numbers"].clone()
}

#[test]
fn a_campaign_brings_every_card_to_version_2_with_what_its_holder_ordered_meanwhile() {
    let mut world = identity_world("scp03-i70-life", 2);
    let cards = [issued(&world, "A-1", 0), issued(&world, "A-2", 1)];
    campaign(&mut world);
    world.order_by_api(&moved("P-1", 1, "Noor de Vries")).unwrap();
    // the campaign's order is older than the holder's, and is carried out first
    let attempt = served(&world, STATION, &cards[0], 2);
    assert!(attempt.notices()[0].contains("a new version of an application"), "{:?}", attempt.notices());
    assert_name(&world, STATION, "Noor de Vries");
    assert!(says(&read(&world, STATION, &[SELECT, CAPITALS]), "NOOR DE VRIES"));
    let so_far = numbers(&world);
    assert_eq!((so_far["done"].as_u64(), so_far["waiting"].as_u64()), (Some(1), Some(1)), "{so_far}");
    // paused: the card is served what its holder ordered, and nothing else
    world.while_closed(|world| world.center.must(&["campaign", "pause", "everybody-2", "--as", CLERK])).unwrap();
    world.order_by_api(&moved("P-2", 2, "Noor Jansen")).unwrap();
    served(&world, HARBOR, &cards[1], 1);
    assert!(!says(&read(&world, HARBOR, &[SELECT, CAPITALS]), "NOOR JANSEN"));
    world.while_closed(|world| world.center.must(&["campaign", "resume", "everybody-2", "--as", CLERK])).unwrap();
    served(&world, HARBOR, &cards[1], 1);
    // what was changed while the campaign's order waited is not changed back
    assert!(says(&read(&world, HARBOR, &[SELECT, CAPITALS]), "NOOR JANSEN"));
    assert_eq!(numbers(&world)["done"].as_u64(), Some(2));
}

#[test]
fn a_card_that_is_too_small_loses_nothing_until_the_operator_says_that_the_old_application_may_go_first() {
    let mut world = identity_world("scp03-i70-small", 1);
    let card = issued(&world, "A-1", 0);
    let upgrade = ChangeOrder::new("upgrade-application", "U-1", "A-1").profile("identity-2");
    world.order_changes(&[upgrade]).unwrap();
    world.open_desk(STATION, false).unwrap();
    let refused = world.base(STATION).serve(&card).unwrap();
    assert_eq!((refused.outcome.as_str(), refused.code.as_str()), ("failed-clean", "CW-3016"), "{refused:?}");
    assert_name(&world, STATION, "Noor Visser");
    assert_eq!(world.order_state("U-1").unwrap(), "prepared");
    leave(&world);
    world.open_desk(HARBOR, true).unwrap();
    let attempt = world.base(HARBOR).serve(&card).unwrap();
    assert!(attempt.is_issued(), "{attempt:?}");
    assert!(says(&read(&world, HARBOR, &[SELECT, CAPITALS]), "NOOR VISSER"));
}
