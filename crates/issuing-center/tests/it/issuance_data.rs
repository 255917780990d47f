//! What the host gets of cards: the right number, PIN and verification value, to the right caller, with a log entry.

use std::os::unix::fs::PermissionsExt;

use cardwright_issuance::change::Change;
use cardwright_issuance::entry::Event;
use cardwright_issuance::row::{Order, Outbox};
use cardwright_issuing_center::host::issuance_data;
use cardwright_issuing_center::registry::key::{self, KeyUse};
use cardwright_issuing_center::sealing;
use cardwright_issuing_center::store::{Commit, SqlStore, Store};
use cardwright_keystore::{BlockMechanism, Enciphering, KeyId, KeyKind, KeyRef};
use cardwright_relay::Code;

use crate::payment::{Bank, NUMBERS};

async fn happened(bank: &Bank, order: &Order, byte: u8, kind: &str) {
    let event = Outbox { id: [byte; 16].into(), kind: kind.into(), order: order.id, card: None, created: 1 };
    let commit = Commit { changes: vec![Change::AddOutbox(event)], ..Commit::default() };
    bank.world.center.store.commit(commit).await.unwrap();
}

fn deciphered(bank: &Bank, key: &str, value: &str) -> Vec<u8> {
    let under = KeyRef::Named(key.parse::<KeyId>().unwrap());
    let data = hex::decode(value).unwrap();
    let item = Enciphering { under: &under, mechanism: BlockMechanism::TdesEcb, data: &data };
    bank.world.center.keystore.decipher(&item).unwrap().expose().to_vec()
}

/// Index and value of the PIN's verification as they stand in the prepared card's track 2 (tag 57): number, `D`, expiry,
/// service code, and then what the profile puts first.
async fn on_the_card(bank: &Bank, order: &Order, number: &str) -> (u8, String) {
    let data = sealing::open_prepared(&bank.world.center, order.id).await.unwrap();
    let groupings = data.applications.iter().flat_map(|application| &application.dgis);
    let track = groupings.map(|grouping| hex::encode_upper(&grouping.dgi().data)).find_map(|text| {
        let at = text.find(&format!("{number}D"))?;
        Some(text[at + number.len() + 1..].to_owned())
    });
    let track = track.unwrap();
    (track[7..8].parse().unwrap(), track[8..12].to_owned())
}

#[tokio::test]
async fn a_record_has_the_number_and_the_same_pin_under_the_hosts_key_and_the_log_tells_of_it() {
    let bank = Bank::new(4).await;
    let orders = bank.orders(&[("C-1", NUMBERS[0], 1), ("C-2", NUMBERS[1], 7)]).await;
    bank.approve(&["C-1", "C-2"]).await.unwrap();
    let (center, admin) = (&bank.world.center, &bank.world.admin);
    key::generate(center, admin, "zone/accounts", KeyKind::Tdes2, KeyUse::Zone).await.unwrap();
    happened(&bank, &orders[0], 1, "issued").await;
    happened(&bank, &orders[1], 2, "unknown").await;
    happened(&bank, &orders[1], 3, "issued").await;
    let page = issuance_data::page(center, admin, None, Some("zone/accounts")).await.unwrap();
    assert_eq!((page.records.len(), page.more, page.next.as_deref()), (2, false, Some(&*"03".repeat(16))));
    let record = &page.records[0];
    assert_eq!((record.number.as_str(), record.sequence_number, record.order.as_str()), (NUMBERS[0], 1, "C-1"));
    assert!(record.expiry.as_ref().unwrap().len() == 10);
    let pin = record.pin.as_ref().unwrap();
    let block = pin.block.as_ref().unwrap();
    assert_eq!((block.format, block.key.as_str()), (0, "zone/accounts.1"));
    let clear = deciphered(&bank, "zone/accounts.1", &block.value);
    assert_eq!(clear[0], 0x04, "format 0, four digits");
    assert_ne!(clear, deciphered(&bank, "zone/host.1", &block.value), "not under the key it came under");
    let (index, value) = on_the_card(&bank, &orders[0], NUMBERS[0]).await;
    assert_eq!(pin.verification_key_index, Some(index));
    assert_eq!(pin.verification_value, Some(value), "as it stands in the card's track 2");
    assert_eq!(page.commit.entries.len(), 2);
    assert!(page.commit.entries.iter().all(|entry| entry.person == Some(admin.id) && entry.order.is_some()));
    let told = |event: &Event| matches!(event, Event::Registered { what, .. } if what == "card for the host");
    assert!(page.commit.entries.iter().all(|entry| told(&entry.event)));
    let rest = issuance_data::page(center, admin, page.next.as_deref(), None).await.unwrap();
    assert_eq!((rest.records.len(), rest.next), (0, None));
    let later = issuance_data::page(center, admin, Some(&"01".repeat(16)), None).await.unwrap();
    assert_eq!(later.records.len(), 1);
    assert!(later.records[0].pin.as_ref().is_none_or(|pin| pin.block.is_none()), "no block without a zone key");
}

#[tokio::test]
async fn a_block_goes_under_no_key_that_is_for_something_else() {
    let bank = Bank::new(0).await;
    let (center, admin) = (&bank.world.center, &bank.world.admin);
    for (name, code) in [("imk-ac", Code::KEY_REFUSED), ("search", Code::KEY_REFUSED), ("nobody", Code::KEY_UNKNOWN)] {
        let refused = issuance_data::page(center, admin, None, Some(name)).await.err().unwrap();
        assert_eq!(refused.code, code, "{name}");
    }
    for after in ["", "zz", &"09".repeat(16)] {
        let refused = issuance_data::page(center, admin, Some(after), None).await.err().unwrap();
        assert_eq!(refused.code, Code::EVENT_UNKNOWN, "{after}");
    }
}

/// Over HTTP, with a card of the center's own number and PIN.
#[tokio::test]
async fn only_the_host_gets_card_numbers_over_http_and_every_record_is_in_the_log() {
    let desk = crate::payment_commands::bank();
    crate::payment_commands::fill(&desk, "2");
    desk.done(&["order", "approve", "C-1", "--as", "Ben"]);
    desk.done(&["person", "add", "Hal", "--role", "host", "--as", "Ada"]);
    assert_eq!(desk.refused(&["person", "add", "Hans", "--role", "host", "--role", "operator", "--as", "Ada"]).0, 1);
    let url = format!("sqlite://{}", desk.directory.path().join("state/center.sqlite").display());
    let store = SqlStore::open(&url).await.unwrap();
    let order = store.order_by_reference("C-1").await.unwrap().unwrap();
    let event = Outbox { id: [1; 16].into(), kind: "issued".into(), order: order.id, card: None, created: 1 };
    let commit = Commit { changes: vec![Change::AddOutbox(event)], ..Commit::default() };
    store.commit(commit).await.unwrap();
    let center = crate::beside::Serving::start(&desk);
    let path = "GET /api/v1/host/cards?zone_key=zone/mailer";
    for person in ["Ada", "Ben", "Eve"] {
        assert_eq!(center.ask(person, path, "", "").0, 403, "{person}");
    }
    assert_eq!(center.ask("Hal", "GET /api/v1/orders/C-1", "", "").0, 403, "the host reads no orders");
    let (status, page) = center.ask("Hal", path, "", "");
    assert_eq!((status, page["cards"].as_array().map(Vec::len)), (200, Some(1)), "{page}");
    let card = &page["cards"][0];
    let masked = store.number_of(order.id).await.unwrap().unwrap().masked;
    let number = card["number"].as_str().unwrap();
    assert_eq!((number.len(), &number[..6]), (13, &masked[..6]));
    assert_eq!(card["pin"]["block"]["key"], "zone/mailer.1");
    let next = page["next"].as_str().unwrap();
    let (status, rest) = center.ask("Hal", &format!("GET /api/v1/host/cards?after={next}"), "", "");
    assert_eq!((status, rest["cards"].as_array().map(Vec::len), rest["next"].as_str()), (200, Some(0), Some(next)));
    assert_eq!(center.ask("Hal", "GET /api/v1/host/cards?after=09", "", "").0, 404);
    let log = desk.done(&["log", "show", "--order", "C-1"]).to_string();
    assert_eq!(log.matches("handed to the issuer's host").count(), 1);
    assert!(!log.contains(number), "no number is in the log");

    let file = desk.directory.path().join("cards.csv");
    let export = ["host", "export", "--zone-key", "zone/mailer", file.to_str().unwrap(), "--as", "Ada"];
    let done = desk.done(&export);
    assert_eq!((done["cards"].as_u64(), done["after"].as_str()), (Some(1), Some(next)));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.lines().nth(1).unwrap().contains(number), "the same card");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.refused(&export).1, "CW-5013", "never over a file that is there");
    assert_eq!(
        desk.done(&["log", "show", "--order", "C-1"]).to_string().matches("handed to the issuer's host").count(),
        2
    );
}
