//! Changes and campaigns as people and scripts order them, by commands alone.

use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

use crate::commands::Desk;
use crate::life::CHANGES;
use crate::stock::{check_value, shipment};

const MASTER: [u8; 16] = *b"\x1F\x02\xA3\x04\xB5\x06\xC7\x08\xD9\x0A\xEB\x0C\xFD\x0E\x1F\x10";

/// A desk with two cards that carry, as a session would leave them.
async fn desk() -> Desk {
    let desk = Desk::new();
    desk.set_up();
    let key = desk.file("batch.key", "1F02A304B506C708D90AEB0CFD0E1F10\n");
    let kcv = check_value(&MASTER).to_string();
    let key = key.to_str().unwrap();
    desk.done(&["key", "import", "batch", "--file", key, "--kind", "aes128", "--kcv", &kcv, "--as", "Ada"]);
    let cards = desk.file("box-1.csv", &shipment(&MASTER, 2));
    desk.done(&["stock", "import", cards.to_str().unwrap(), "--key", "batch", "--as", "Ada"]);
    desk.done(&["order", "import", &desk.orders(&["R-1", "R-2"]), "--as", "Eve"]);
    desk.done(&["order", "approve", "R-1", "R-2", "--as", "Ben"]);
    for (reference, kdd) in [("R-1", "54455354000000000001"), ("R-2", "54455354000000000002")] {
        let card = format!("(SELECT id FROM cards WHERE kdd = x'{kdd}')");
        let order = format!("(SELECT id FROM orders WHERE reference = '{reference}')");
        let issued = format!(
            "UPDATE cards SET state = 'live', masked_number = '492900******1234', order_id = {order} WHERE id = {card};
             UPDATE orders SET state = 'issued', card = {card} WHERE id = {order}"
        );
        let path = desk.directory.path().join("state/center.sqlite");
        let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(issued)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
    desk
}

fn references(orders: &Value) -> Vec<&str> {
    orders["orders"].as_array().unwrap().iter().map(|order| order["reference"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn changes_are_ordered_listed_by_their_card_shown_and_cancelled() {
    let desk = desk().await;
    let rows = "P-1,north,,pin,R-1,,ACME,Tom,,,4711,\nB-1,north,,block,R-1,,ACME,Tom,,,,\n";
    let file = desk.file("changes.csv", &format!("{CHANGES}{rows}"));
    desk.done(&["order", "import", file.to_str().unwrap(), "--as", "Eve"]);
    desk.done(&["order", "approve", "P-1", "--as", "Ben"]);
    for card in ["R-1", "P-1", "54455354000000000001"] {
        assert_eq!(references(&desk.done(&["order", "list", "--card", card])), ["R-1", "P-1", "B-1"]);
    }
    let shown = desk.done(&["order", "show", "R-1"]);
    assert_eq!((&shown["card_state"], &shown["waiting"]), (&"live".into(), &serde_json::json!(["P-1"])));
    let output = desk.command(&["order", "show", "R-1"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("card 492900******1234  live") && said.contains("waits for the card: P-1  pin"), "{said}");
    desk.done(&["order", "approve", "B-1", "--as", "Ben"]);
    assert_eq!(desk.done(&["order", "show", "B-1"])["card_state"], "locked");
    let output = desk.command(&["order", "cancel", "B-1", "--as", "Eve"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("stays blocked until an order unblock"), "{said}");
    assert_eq!(desk.refused(&["order", "cancel", "B-1", "--as", "Eve"]), (1, "CW-4014".into()));
    assert_eq!(desk.refused(&["order", "list", "--card", "R-9"]), (1, "CW-1020".into()));
}

#[tokio::test]
async fn a_campaign_is_counted_entered_approved_held_back_and_closed() {
    let desk = desk().await;
    let create = ["campaign", "create", "keys", "--kind", "change-keys", "--argument", "16"];
    let create = [&create[..], &["--select", "profile=identity", "--as", "Eve"]].concat();
    let dry = desk.done(&[&create[..], &["--dry-run"]].concat());
    assert_eq!((&dry["selected"], &dry["bases"]["north"]), (&2.into(), &2.into()));
    assert_eq!(desk.refused(&["campaign", "show", "keys"]), (1, "CW-4021".into()));
    assert_eq!(desk.done(&create)["state"], "entered");
    assert_eq!(desk.refused(&["campaign", "approve", "keys", "--as", "Eve"]), (1, "CW-1003".into()));
    assert_eq!(desk.done(&["campaign", "approve", "keys", "--as", "Ben"])["numbers"]["waiting"], 2);
    let waiting = |desk: &Desk| desk.done(&["order", "show", "R-1"])["waiting"].as_array().unwrap().len();
    assert_eq!(waiting(&desk), 1);
    assert_eq!(desk.done(&["campaign", "pause", "keys", "--as", "Eve"])["state"], "paused");
    assert_eq!(waiting(&desk), 0);
    assert_eq!(desk.refused(&["campaign", "pause", "keys", "--as", "Eve"]), (1, "CW-4022".into()));
    assert_eq!(desk.done(&["campaign", "resume", "keys", "--as", "Ben"])["state"], "approved");
    let output = desk.command(&["campaign", "list"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "keys  approved  change-keys  16  2 selected, 2 waiting, 0 done, 0 blocked, 0 cancelled\n");
    assert_eq!(desk.done(&["campaign", "cancel", "keys", "--as", "Ben"])["numbers"]["cancelled"], 2);
    let told = desk.done(&["log", "show"]).to_string();
    for entry in ["campaign keys, change-keys", "campaign keys, paused", "campaign keys, cancelled"] {
        assert!(told.contains(entry), "{entry}");
    }
}

#[tokio::test]
async fn one_order_is_entered_on_the_command_line_and_its_fields_are_on_none() {
    let desk = desk().await;
    let about = ["--base", "north", "--card", "R-1", "--customer", "ACME", "--taken-by", "Tom", "--as", "Eve"];
    let entered = |reference: &str, kind: &str, more: &[&str]| {
        desk.done(&[&["order", "enter", reference, "--kind", kind][..], &about, more].concat())
    };
    let fields = desk.file("fields.json", "{\"pin\": \"4711\"}");
    let pin = entered("P-2", "pin", &["--fields", fields.to_str().unwrap()]);
    assert_eq!((references(&pin), &pin["orders"][0]["kind"]), (vec!["P-2"], &"pin".into()));
    entered("K-2", "change-keys", &["--argument", "16"]);
    desk.done(&["order", "approve", "P-2", "K-2", "--as", "Ben"]);
    assert_eq!(desk.done(&["order", "show", "R-1"])["waiting"], serde_json::json!(["P-2", "K-2"]));
    let wrong = desk.file("wrong.json", "{\"pin\": 4711}");
    let asked = ["order", "enter", "P-3", "--kind", "pin", "--fields", wrong.to_str().unwrap()];
    assert_eq!(desk.refused(&[&asked[..], &about].concat()), (1, "CW-4008".into()));
    let nowhere = ["order", "enter", "U-3", "--kind", "unblock"];
    assert_eq!(desk.refused(&[&nowhere[..], &about].concat()).0, 1, "the card is not blocked");
}
