//! People: names, secrets, roles; and what they enter.

use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::registry::{base, document};
use cardwright_relay::Code;

use crate::world::{PRODUCT, PROFILE, SECRET, World};

#[tokio::test]
async fn a_person_is_let_in_with_name_secret_and_role() {
    let world = World::new().await;
    let enter = |name, secret, role| person::authenticate(&*world.center.store, world.center.now(), name, secret, role);
    assert_eq!(enter("Eve", SECRET, Role::OrderEntry).await.unwrap().id, world.entry.id);
    for (name, secret, role, code) in [
        ("Eve", &b"another secret"[..], Role::OrderEntry, Code::PERSON_REFUSED),
        ("Eva", SECRET, Role::OrderEntry, Code::PERSON_REFUSED),
        ("Eve", SECRET, Role::Approver, Code::ROLE_MISSING),
        ("Ada", SECRET, Role::OrderEntry, Code::ROLE_MISSING),
    ] {
        assert_eq!(enter(name, secret, role).await.unwrap_err().code, code, "{name} {}", role.name());
        world.assert_refusal_logged(code).await;
    }
}

#[tokio::test]
async fn a_name_is_given_once() {
    let world = World::new().await;
    let (store, now) = (&*world.center.store, world.center.now());
    let again = person::add(store, now, &world.admin, "Eve", &[Role::Operator], SECRET).await;
    assert_eq!(again.unwrap_err().code, Code::NAME_TAKEN);
    let again = base::add(store, now, &world.admin, "north", 0).await;
    assert_eq!(again.unwrap_err().code, Code::NAME_TAKEN);
    for name in ["", " x", "a\nb", "a,b", &"a".repeat(65)] {
        assert_eq!(base::add(store, now, &world.admin, name, 0).await.unwrap_err().code, Code::NAME_REFUSED);
    }
}

#[tokio::test]
async fn a_text_is_imported_once_and_a_changed_profile_needs_a_new_version() {
    let world = World::new().await;
    let (store, now, admin) = (&*world.center.store, world.center.now(), &world.admin);
    assert_eq!(document::import_product(store, now, admin, PRODUCT).await.unwrap().version, 1);
    let product = format!("# a remark\n{PRODUCT}");
    assert_eq!(document::import_product(store, now, admin, &product).await.unwrap().version, 2);
    assert_eq!(document::import_profile(store, now, admin, PROFILE).await.unwrap().version, 1);
    let changed = format!("# a remark\n{PROFILE}");
    assert_eq!(document::import_profile(store, now, admin, &changed).await.unwrap_err().code, Code::PROFILE_REFUSED);
    let newer = changed.replace("version = 1", "version = 2");
    assert_eq!(document::import_profile(store, now, admin, &newer).await.unwrap().version, 2);
    assert_eq!(document::import_profile(store, now, admin, PROFILE).await.unwrap_err().code, Code::PROFILE_REFUSED);
}

#[tokio::test]
async fn a_product_whose_cards_would_be_opened_otherwise_needs_another_name() {
    let world = World::new().await;
    let (store, now, admin) = (&*world.center.store, world.center.now(), &world.admin);
    for (line, other) in [("transport_key_version = 0x30", "transport_key_version = 0x20"), ("i = 0x70", "i = 0x60")] {
        assert!(PRODUCT.contains(line));
        let changed = PRODUCT.replace(line, other);
        let refused = document::import_product(store, now, admin, &changed).await.unwrap_err();
        assert_eq!(refused.code, Code::PRODUCT_REFUSED);
        let renamed = changed.replace("name = \"scp03-i70\"", &format!("name = \"other-{}\"", &other[..1]));
        document::import_product(store, now, admin, &renamed).await.unwrap();
    }
}

#[tokio::test]
async fn a_profile_that_no_card_can_be_written_by_is_refused_at_its_import() {
    let world = World::new().await;
    let (store, now, admin) = (&*world.center.store, world.center.now(), &world.admin);
    let pin_under_dek = PROFILE.replace(
        "content = [\"pin-block\"]\nprotection = \"clear\"",
        "content = [\"pin-block\"]\nprotection = \"dek\"",
    );
    let without_proof = pin_under_dek.replace("security-level = \"33\"", "security-level = \"03\"");
    assert!(pin_under_dek != PROFILE && without_proof != pin_under_dek);
    let refused = document::import_profile(store, now, admin, &without_proof).await.unwrap_err();
    assert_eq!(refused.code, Code::PROFILE_REFUSED);
    assert!(refused.parameters[1].contains("a cryptogram must prove the card"), "{refused:?}");
}

#[tokio::test]
async fn a_text_that_is_wrong_is_refused_with_the_reason() {
    let world = World::new().await;
    let (store, now, admin) = (&*world.center.store, world.center.now(), &world.admin);
    let product = document::import_product(store, now, admin, &format!("colour = 1\n{PRODUCT}")).await.unwrap_err();
    assert_eq!(product.code, Code::PRODUCT_REFUSED);
    let profile = document::import_profile(store, now, admin, &format!("colour = 1\n{PROFILE}")).await.unwrap_err();
    assert_eq!(profile.code, Code::PROFILE_REFUSED);
    assert!(product.parameters[1].contains("colour") && profile.parameters[1].contains("colour"));
}
