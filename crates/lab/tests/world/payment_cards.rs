//! Payment cards issued end to end by the real programs, and paid with at a terminal of other origin.

use std::path::{Path, PathBuf};

use cardwright_lab::shop::Order;
use cardwright_lab::world::issuers::{CREDIT_MASTER, DEBIT_MASTER, credit_order, pin_of_letter};
use cardwright_lab::world::programs::source;
use cardwright_lab::world::{NewOrder, Plan, Slot, World, slot_name};
use serde_json::{Value, json};

use crate::{EXTERNAL_AUTHENTICATE, has_got};

const NUMBER: &str = "4761739001010119";

fn order(reference: &str, number: &str) -> NewOrder {
    credit_order(reference, "harbor", number, "1234").unwrap()
}

fn bank(product: &str, orders: Vec<NewOrder>) -> World {
    let pool = vec![("1024", "3", 2 * orders.len())];
    bank_of("emv-credit", product, orders, pool)
}

fn bank_of(
    profile: &str,
    product: &str,
    orders: Vec<NewOrder>,
    pool: Vec<(&'static str, &'static str, usize)>,
) -> World {
    World::of(Plan {
        bases: vec!["harbor"],
        products: vec![source().join(format!("products/{product}.toml"))],
        profiles: vec![source().join(format!("profiles/{profile}.toml"))],
        orders,
        issuers: true,
        pool,
        ..Plan::default()
    })
    .unwrap_or_else(|fault| panic!("{fault}"))
}

/// Issues an order to a card, which stays in the reader.
#[track_caller]
fn issue(world: &World, reference: &str, card: &Path) {
    world.release(reference, 0).unwrap();
    let attempt = world.base(0).issue(reference, card).unwrap();
    assert!(attempt.is_issued(), "{attempt:?}");
    assert_eq!(world.order_state(reference).unwrap(), "issued");
    assert_eq!(world.card_state(card).unwrap(), "live");
}

/// The PIN of the only letter that waits for the printer.
fn letter(world: &World) -> String {
    let file = world.path("letters.csv");
    let out = file.display().to_string();
    world.center.must(&["pin-mailer", "export", "--key", "zone/mailer", "--out", &out, "--as", "Mori"]).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let row: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    pin_of_letter(row[3]).unwrap()
}

/// What a shop at the base sees when somebody pays with the card in the reader.
fn pay(world: &World, change: impl FnOnce(&mut Order)) -> Value {
    let mut order = Order::new(&slot_name(0, Slot::Card), world.authorities().unwrap(), CREDIT_MASTER, "1234");
    change(&mut order);
    world.base(0).shop(&order).unwrap()
}

#[test]
fn a_credit_card_issued_at_a_base_pays_in_a_shop_with_cda_its_pin_and_its_issuers_word() {
    let world = bank("scp03-i70", vec![order("C-1", NUMBER), order("C-2", "4761739001010127")]);
    let card = world.card(0);
    issue(&world, "C-1", &card);

    let paid = pay(&world, |_| {});
    let expected = json!({
        "directory": "Contact", "application": "F0454D56011010", "authentication": "Combined",
        "verification": "EncipheredPin", "pin": true, "terminal_verification_results": "0000008000",
        "first": "Online", "signed": true, "checked": true, "issuer_authentication": "Succeeded", "second": "Approve",
        "records": 7, "number": NUMBER, "outcome": "ApprovedOnline",
    });
    assert_eq!(paid, expected);
    let paid = pay(&world, |order| {
        order.amount = 1_000;
        order.enciphers = false;
    });
    assert_eq!((&paid["outcome"], &paid["verification"]), (&json!("ApprovedOffline"), &json!("PlainPin")), "{paid}");

    // controls: a PIN that is wrong, a shop that trusts another authority, an issuer with another master key
    let paid = pay(&world, |order| order.pin = Some("4321".to_owned()));
    assert_eq!((&paid["verification"], &paid["outcome"]), (&json!("OnlinePin"), &json!("DeclinedOnline")), "{paid}");
    let refused = pay(&world, |order| {
        let modulus = &mut order.authorities[0].modulus;
        let changed = if modulus.ends_with('1') { "3" } else { "1" };
        modulus.replace_range(modulus.len() - 1.., changed);
    });
    assert!(refused["fault"].as_str().is_some_and(|fault| fault.contains("authentication")), "{refused}");
    let refused = pay(&world, |order| order.master_key = Some("00112233445566778899AABBCCDDEEFF".to_owned()));
    assert!(refused["fault"].as_str().is_some_and(|fault| fault.contains("cryptogram")), "{refused}");
    world.base(0).remove_card().unwrap();

    // the pool has given both its keys to each, and no card has another's
    issue(&world, "C-2", &world.card(1));
    assert_eq!(pay(&world, |_| {})["outcome"], "ApprovedOnline");
    let pool = world.center.must(&["--json", "pool", "status"]).unwrap();
    let left = pool.events()[0]["sizes"][0]["keys"].as_u64();
    assert!(left.is_some(), "{}", pool.text());
}

/// Its number is the center's, its PIN comes by letter, its channel has no R-MAC: a cryptogram proves it (grade B).
#[test]
fn a_debit_card_of_scp02_with_a_number_and_a_pin_of_the_centers_pays_with_dda_and_the_pin_of_its_letter() {
    for product in ["scp02-i55", "scp02-i15"] {
        let order = NewOrder::of("emv-debit", "D-1", "harbor", &[("name", "Søren Ångström")]);
        let world = bank_of("emv-debit", product, vec![order], vec![("896", "65537", 1)]);
        issue(&world, "D-1", &world.card(0));
        let pin = letter(&world);
        let paid = pay(&world, |order| {
            order.master_key = Some(DEBIT_MASTER.to_owned());
            order.option_b = true;
            order.enciphers = false;
            (order.pin, order.issuer_pin) = (Some(pin.clone()), Some(pin.clone()));
        });
        let seen =
            ["authentication", "verification", "checked", "issuer_authentication", "outcome"].map(|key| &paid[key]);
        let expected = [json!("Dynamic"), json!("PlainPin"), json!(true), json!("Succeeded"), json!("ApprovedOnline")];
        assert_eq!(seen, expected.each_ref(), "{product}: {paid}");
        assert!(paid["number"].as_str().unwrap().starts_with("476174"), "{product}: {paid}");
        let told = world.center.must(&["log", "show", "--order", "D-1"]).unwrap().out;
        assert_eq!(told.matches("Believed, not proven: the answers to script").count(), 2, "{product}: {told}");
        assert!(told.contains("by their cryptogram at the end of script 3, grade B"), "{product}: {told}");
        world.base(0).remove_card().unwrap();
    }
}

#[test]
fn a_blank_whose_answer_to_reset_is_contactless_gets_its_own_record_set_and_opensc_sees_it() {
    let world = bank("scp03-i70-contactless", vec![order("C-1", NUMBER)]);
    let card = world.card(0);
    issue(&world, "C-1", &card);
    let select = |aid: &str| format!("00A40400{:02X}{aid}00", aid.len() / 2);
    let commands = [
        select(&hex::encode_upper("2PAY.SYS.DDF01")),
        select("F0454D56011010"),
        "80A800001283103600400000000001200011223344084000".to_owned(),
        "00B2012C00".to_owned(),
    ];
    let said = world.base(0).opensc_tool(&slot_name(0, Slot::Card), &commands).unwrap();
    assert_eq!(said.out.matches("SW1=0x90, SW2=0x00").count(), 4, "{}", said.text());
    // the record of file 5: the number and the expiry, as opensc-tool prints them
    assert!(said.out.contains("5A 08 47 61 73 90 01 01 01 19"), "{}", said.out);
}

#[test]
fn an_empty_pool_refuses_the_approval_and_prepares_nothing() {
    let mut world = World::empty(Plan {
        bases: vec!["harbor"],
        profiles: vec![source().join("profiles/emv-credit.toml")],
        issuers: true,
        pool: vec![("1024", "3", 1)],
        ..Plan::default()
    })
    .unwrap();
    world.found().unwrap();
    world.register_bases().unwrap();
    world.enter_orders(&[order("C-1", NUMBER)]).unwrap();
    let refused = world.center.run(&["order", "approve", "C-1", "--as", "Otto"]).unwrap();
    assert!(refused.exit == 1 && refused.err.contains("CW-1024") && refused.err.contains("1024"), "{}", refused.text());
    assert_eq!(world.order_state("C-1").unwrap(), "received");
    world.fill_pool("1024", "3", 1).unwrap();
    world.center.must(&["order", "approve", "C-1", "--as", "Otto"]).unwrap();
    assert_eq!(world.order_state("C-1").unwrap(), "prepared");
}

/// Where the search of a base's files, memory and traffic finds nothing of an identity card, it finds nothing of a
/// payment card either: what the terminal carried is looked through for the number, as digits and as BCD.
#[test]
fn what_the_card_got_holds_no_number_in_clear() {
    let world = bank("scp03-i70", vec![order("C-1", NUMBER)]);
    let card: PathBuf = world.card(0);
    issue(&world, "C-1", &card);
    let commands: String = world.dialogue(&card).unwrap().into_iter().map(|(command, _)| command).collect();
    let commands = commands.to_uppercase();
    assert!(has_got(&world, &card, EXTERNAL_AUTHENTICATE));
    for needle in [NUMBER.to_owned(), hex::encode_upper(NUMBER), hex::encode_upper("MUELLER")] {
        assert!(!commands.contains(&needle), "{needle}");
    }
    let read = world.base(0).opensc_tool(
        &slot_name(0, Slot::Card),
        &["00A4040007F0454D5601101000".to_owned(), "80A80000048302084000".to_owned(), "00B2010C00".to_owned()],
    );
    drop(read.unwrap());
    let after: String = world.dialogue(&card).unwrap().into_iter().map(|(_, answer)| answer).collect();
    assert!(after.to_uppercase().contains(NUMBER), "the control: a reader of the issued card sees the number");
}
