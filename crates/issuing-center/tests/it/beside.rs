//! Commands beside a center that serves: each reads what the other has written, rows and keys.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use base64ct::{Base64, Encoding};
use cardwright_issuance::row::Terminal;
use cardwright_issuing_center::store::{Commit, Registration, SqlStore, Store};
use cardwright_keystore::software::{Settings, SoftwareKeystore};
use cardwright_keystore::{KeyId, Keystore};
use serde_json::{Value, json};

use crate::commands::{Desk, PASSPHRASE, SECRET};
use crate::stock::{check_value, shipment};

const MASTER: [u8; 16] = *b"\x1F\x02\xA3\x04\xB5\x06\xC7\x08\xD9\x0A\xEB\x0C\xFD\x0E\x1F\x10";

/// A center that serves until this is dropped.
pub(crate) struct Serving {
    pub(crate) program: Child,
    api: String,
}

impl Serving {
    pub(crate) fn start(desk: &Desk) -> Self {
        Self::start_with(desk, &[])
    }

    /// Starts it with these variables.
    pub(crate) fn start_with(desk: &Desk, variables: &[(&str, &str)]) -> Self {
        let any = "127.0.0.1:0";
        let mut command = desk.command(&["--json", "serve", "--terminals", any, "--api", any]);
        command.envs(variables.iter().copied());
        let mut program = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let api = ready["ready"]["api"].as_str().unwrap().to_owned();
        Self { program, api }
    }

    /// Asks the API as `person`: the status and the body.
    pub(crate) fn ask(&self, person: &str, line: &str, headers: &str, body: &str) -> (u16, Value) {
        let credentials = Base64::encode_string(format!("{person}:{SECRET}").as_bytes());
        let mut stream = TcpStream::connect(&self.api).unwrap();
        let head =
            format!("{line} HTTP/1.1\r\nHost: center\r\nConnection: close\r\nAuthorization: Basic {credentials}");
        write!(stream, "{head}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    fn create(&self, reference: &str) -> (u16, Value) {
        let order = json!({
            "reference": reference, "base": "north", "profile": "identity", "customer": "ACME", "taken_by": "Tom",
            "fields": { "name": "Zoë Needleworth", "card_number": "4929000000001234", "pin": "92389" },
        });
        self.ask("Eve", "POST /api/v1/orders", &format!("Idempotency-Key: {reference}\r\n"), &order.to_string())
    }

    fn approve(&self, reference: &str) -> (u16, Value) {
        self.ask("Ben", &format!("POST /api/v1/orders/{reference}/approve"), "", "")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Enters a terminal, as its enrolment would.
fn enter_terminal(desk: &Desk, name: &str) {
    let url = format!("sqlite://{}", desk.directory.path().join("state/center.sqlite").display());
    let terminal = Terminal {
        id: [7; 16].into(),
        name: name.into(),
        base: "north".into(),
        fingerprint: [7; 32],
        expires: i64::MAX,
        instance: None,
        lease_until: 0,
        revoked: None,
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SqlStore::open(&url).await.unwrap();
        let registrations = vec![Registration::Terminal(terminal)];
        store.commit(Commit { registrations, ..Commit::default() }).await.unwrap();
        store.close().await;
    });
}

pub(crate) fn import_key_and_stock(desk: &Desk) {
    let key = desk.file("batch.key", &hex::encode_upper(MASTER));
    let kcv = check_value(&MASTER).to_string();
    let file = key.to_str().unwrap();
    let import = ["key", "import", "batch", "--file", file, "--kind", "aes128", "--kcv", &kcv, "--as", "Ada"];
    assert_eq!(desk.done(&import)["key"], "batch.1");
    let cards = desk.file("box-1.csv", &shipment(&MASTER, 2));
    assert_eq!(desk.done(&["stock", "import", cards.to_str().unwrap(), "--key", "batch", "--as", "Ada"])["cards"], 2);
}

/// Beside the release of R-1.
fn desk_tickets_are_opened_listed_and_cancelled(desk: &Desk) {
    let open = ["ticket", "issue", "--terminal", "counter 1", "--confirm-deletion", "--as", "Eve"];
    let ticket = desk.done(&open);
    assert_eq!((&ticket["order"], &ticket["confirms_deletion"]), (&json!(null), &json!(true)));
    let list = || {
        let tickets = desk.done(&["ticket", "list"])["tickets"].clone();
        let of = |ticket: &serde_json::Value| (ticket["order"].clone(), ticket["operator"].clone());
        tickets.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(list(), [(json!("R-1"), json!("Eve")), (json!(null), json!("Eve"))]);
    desk.done(&["ticket", "cancel", "--terminal", "counter 1", "--as", "Eve"]);
    assert_eq!(list(), [(json!("R-1"), json!("Eve"))]);
    desk.done(&["ticket", "cancel", "--order", "R-1", "--as", "Eve"]);
    assert_eq!(list(), []);
}

#[test]
fn keys_stock_orders_and_tickets_come_in_while_the_center_serves() {
    let desk = Desk::new();
    desk.set_up();
    let serving = Serving::start(&desk);
    enter_terminal(&desk, "counter 1");
    import_key_and_stock(&desk);
    desk.done(&["order", "import", &desk.orders(&["R-1", "R-2"]), "--as", "Eve"]);
    desk.done(&["order", "approve", "R-1", "--as", "Ben"]);
    let ticket = desk.done(&["ticket", "issue", "--order", "R-1", "--terminal", "counter 1", "--as", "Eve"]);
    assert_eq!(ticket["order"], "R-1");
    desk_tickets_are_opened_listed_and_cancelled(&desk);
    let (status, order) = serving.ask("Ben", "GET /api/v1/orders/R-1", "", "");
    assert_eq!((status, &order["state"]), (200, &json!("prepared")));
    // R-2 was sealed under a key that the server has not made: it opens it, and seals another order under it.
    let (status, order) = serving.approve("R-2");
    assert_eq!((status, &order["state"]), (200, &json!("prepared")), "{order}");
    let (status, order) = serving.create("R-3");
    assert_eq!((status, &order["state"]), (201, &json!("received")), "{order}");
    desk.done(&["order", "approve", "R-3", "--as", "Ben"]);
    desk.done(&["log", "verify"]);
}

#[test]
fn a_key_destroyed_beside_a_serving_center_is_not_used_by_it_any_more() {
    let desk = Desk::new();
    desk.set_up();
    let serving = Serving::start(&desk);
    assert_eq!(serving.create("R-1").0, 201);
    let path = desk.directory.path().join("state/keystore");
    let keystore = SoftwareKeystore::open(&path, PASSPHRASE.as_bytes(), Settings::default()).unwrap();
    let of_a_day = |id: &KeyId| id.name().starts_with("destruction-day/");
    let day: Vec<_> = keystore.list().unwrap().into_iter().map(|info| info.id).filter(of_a_day).collect();
    assert_eq!(day.len(), 1, "the server has made it");
    keystore.destroy(&day[0]).unwrap();
    assert_eq!(serving.approve("R-1").0, 503);
    assert_eq!(desk.done(&["order", "show", "R-1"])["state"], "received");
}

#[test]
fn while_the_keystore_is_being_changed_work_with_keys_goes_on_and_a_change_says_why_it_was_not_made() {
    let desk = Desk::new();
    desk.set_up();
    desk.done(&["order", "import", &desk.orders(&["R-1"]), "--as", "Eve"]);
    let lock = std::fs::File::open(desk.directory.path().join("state/keystore.lock")).unwrap();
    lock.lock().unwrap();
    let key = desk.file("batch.key", &hex::encode_upper(MASTER));
    let kcv = check_value(&MASTER).to_string();
    let file = key.to_str().unwrap();
    let import = ["key", "import", "batch", "--file", file, "--kind", "aes128", "--kcv", &kcv, "--as", "Ada"];
    assert_eq!(desk.refused(&import), (3, "CW-1016".into()));
    desk.done(&["key", "list"]);
    desk.done(&["order", "approve", "R-1", "--as", "Ben"]);
    lock.unlock().unwrap();
    assert_eq!(desk.done(&import)["key"], "batch.1");
}
