//! The JSON API for orders.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuing_center::center::{Center, Clock};
use cardwright_issuing_center::registry::person::{self, Role};
use cardwright_issuing_center::registry::{base, document, setup};
use cardwright_issuing_center::server::Limits;
use cardwright_issuing_center::service::{Options, Service};
use cardwright_issuing_center::store::{SqlStore, Store};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_relay::Code;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::Echo;

const SECRET: &str = "a secret of eight and more";
const PROFILE: &str = include_str!("../../../../profiles/identity.toml");

/// A center with someone who enters orders and someone who approves them.
pub(crate) struct Office {
    pub(crate) center: Center<SqlStore>,
    address: SocketAddr,
    _service: Service,
    _directory: TempDir,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("center.sqlite").display());
        let store = Arc::new(SqlStore::create(&url).await.unwrap());
        let keystore = Arc::new(SoftwareKeystore::in_memory(Box::new(SystemRandomness)));
        let clock: Clock = Arc::new(|| 1_795_000_000_000_000);
        let center = Center { store, keystore, clock };
        let admin = setup::set_up(&center, "Ada", SECRET.as_bytes()).await.unwrap();
        for (name, role) in [("Eve", Role::OrderEntry), ("Ben", Role::Approver), ("Eva", Role::OrderEntry)] {
            person::add(&*center.store, center.now(), &admin, name, &[role], SECRET.as_bytes()).await.unwrap();
        }
        base::add(&*center.store, center.now(), &admin, "north", 2).await.unwrap();
        document::import_profile(&*center.store, center.now(), &admin, PROFILE).await.unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let limits = Limits { head: Duration::from_secs(1), idle: Duration::from_secs(2), ..Limits::default() };
        let options = Options {
            terminals: any,
            api: any,
            state_directory: directory.path().to_owned(),
            limits,
            pool: Default::default(),
        };
        let service = Service::start(center.clone(), Arc::new(Echo::default()), &options).await.unwrap();
        Self { center, address: service.api, _service: service, _directory: directory }
    }

    async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (StatusCode, Value) {
        let (status, _, body) = self.exchange(method, path, headers, body).await;
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Status, headers and bytes.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> (StatusCode, HeaderMap, Bytes) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "center");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.into_body().collect().await.unwrap().to_bytes())
    }

    pub(crate) async fn create(&self, who: &str, key: &str, order: &Value) -> (StatusCode, Value) {
        let (name, headers) = (basic(who, SECRET), order.to_string().into_bytes());
        let pairs = [("authorization", name.as_str()), ("idempotency-key", key)];
        self.call(Method::POST, "/api/v1/orders", &pairs, headers).await
    }

    pub(crate) async fn as_person(&self, who: &str, method: Method, path: &str) -> (StatusCode, Value) {
        self.call(method, path, &[("authorization", &basic(who, SECRET))], Vec::new()).await
    }

    pub(crate) async fn orders(&self) -> usize {
        self.center.store.orders(100).await.unwrap().len()
    }

    async fn log(&self) -> Vec<Entry> {
        let leaves = self.center.store.leaves(0, 1_000).await.unwrap();
        leaves.iter().map(|leaf| minicbor::decode(&leaf.entry).unwrap()).collect()
    }
}

fn basic(name: &str, secret: &str) -> String {
    format!("Basic {}", Base64::encode_string(format!("{name}:{secret}").as_bytes()))
}

pub(crate) fn order(reference: &str) -> Value {
    json!({
        "reference": reference,
        "base": "north",
        "profile": "identity",
        "customer": "ACME",
        "taken_by": "Tom",
        "fields": { "name": "Zoë Needleworth", "card_number": "4929000000001234", "pin": "92389" },
    })
}

pub(crate) fn code(answer: &(StatusCode, Value)) -> &str {
    answer.1["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_order_is_created_read_and_approved_by_another_person() {
    let office = Office::open().await;
    let (status, created) = office.create("Eve", "k1", &order("R-1")).await;
    assert_eq!((status, &created["state"]), (StatusCode::CREATED, &json!("received")));
    let (status, read) = office.as_person("Ben", Method::GET, "/api/v1/orders/R-1").await;
    assert_eq!((status, &read), (StatusCode::OK, &created));
    let refused = office.as_person("Eve", Method::POST, "/api/v1/orders/R-1/approve").await;
    assert_eq!((refused.0, code(&refused)), (StatusCode::FORBIDDEN, "CW-1003"));
    let (status, approved) = office.as_person("Ben", Method::POST, "/api/v1/orders/R-1/approve").await;
    assert_eq!((status, &approved["state"]), (StatusCode::OK, &json!("prepared")));
    let again = office.as_person("Ben", Method::POST, "/api/v1/orders/R-1/approve").await;
    assert_eq!((again.0, code(&again)), (StatusCode::CONFLICT, "CW-4016"));
    let log = office.log().await;
    assert!(log.iter().any(|entry| entry.event == Event::OrderReceived && entry.person.is_some()));
    assert!(log.iter().any(|entry| entry.event == Event::OrderMoved { state: "approved".into() }));
}

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer_and_make_one_order() {
    let office = Office::open().await;
    let first = office.create("Eve", "k1", &order("R-1")).await;
    let order = order("R-1");
    let (one, two) = tokio::join!(office.create("Eve", "k1", &order), office.create("Eve", "k1", &order));
    assert_eq!(first.0, StatusCode::CREATED);
    assert!(one == first && two == first);
    assert_eq!(office.orders().await, 1);
}

#[tokio::test]
async fn two_calls_at_once_with_one_new_key_make_one_order_and_get_one_answer() {
    let office = Office::open().await;
    let order = order("R-1");
    let (one, two) = tokio::join!(office.create("Eve", "k1", &order), office.create("Eve", "k1", &order));
    assert_eq!(one.0, StatusCode::CREATED);
    assert_eq!(one, two);
    assert_eq!(office.orders().await, 1);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_a_conflict_and_anothers_key_is_another_key() {
    let office = Office::open().await;
    assert_eq!(office.create("Eve", "k1", &order("R-1")).await.0, StatusCode::CREATED);
    let other = office.create("Eve", "k1", &order("R-2")).await;
    assert_eq!((other.0, code(&other)), (StatusCode::CONFLICT, "CW-4011"));
    assert_eq!(office.create("Eva", "k1", &order("R-2")).await.0, StatusCode::CREATED);
    let taken = office.create("Eve", "k2", &order("R-1")).await;
    assert_eq!((taken.0, code(&taken)), (StatusCode::CONFLICT, "CW-4007"));
    assert_eq!(office.orders().await, 2);
}

#[tokio::test]
async fn without_a_key_nothing_is_created() {
    let office = Office::open().await;
    for key in ["", " ", "ü"] {
        let (status, said) = office.create("Eve", key, &order("R-1")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
        assert!(said["next"].as_str().is_some_and(|next| !next.is_empty()));
    }
    assert_eq!(office.orders().await, 0);
}

#[tokio::test]
async fn a_refused_order_says_every_field_and_no_value_and_its_key_may_be_used_again() {
    let office = Office::open().await;
    let mut wrong = order("R-1");
    wrong["base"] = json!("nowhere");
    wrong["fields"]["card_number"] = json!("49290000000012X4");
    wrong["fields"]["pin"] = json!("1");
    let (status, said) = office.create("Eve", "k1", &wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
    let fields: Vec<_> = said["faults"].as_array().unwrap().iter().map(|fault| fault["field"].clone()).collect();
    assert!(["base", "card_number", "pin"].iter().all(|field| fields.contains(&json!(field))), "{said}");
    assert!(!said.to_string().contains("4929"));
    let told = |entry: &Entry| entry.person.is_some() && matches!(entry.event, Event::Refused { .. });
    assert_eq!(office.log().await.into_iter().filter(told).count(), 1);
    assert_eq!(office.create("Eve", "k1", &order("R-1")).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_not_an_order_is_told_by_place_and_never_by_content() {
    let office = Office::open().await;
    let name = basic("Eve", SECRET);
    let headers = [("authorization", name.as_str()), ("idempotency-key", "k1")];
    let mut unknown = order("R-1");
    unknown["Needleworth"] = json!("Needleworth");
    let mut photo = order("R-1");
    photo["photo"] = json!("Needleworth!");
    for body in [unknown.to_string(), photo.to_string(), "{\"reference\": \"Needleworth".into(), "[]".into(), "".into()]
    {
        let (status, said) = office.call(Method::POST, "/api/v1/orders", &headers, body.into()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
        assert!(!said.to_string().contains("Needleworth"), "{said}");
    }
    let long = vec![b' '; 64 * 1024 + 1];
    let (status, _) = office.call(Method::POST, "/api/v1/orders", &headers, long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(office.as_person("Eve", Method::GET, "/api/v1/nothing").await.0, StatusCode::NOT_FOUND);
    assert_eq!(office.as_person("Eve", Method::PUT, "/api/v1/orders").await.0, StatusCode::METHOD_NOT_ALLOWED);
    let absent = office.as_person("Eve", Method::GET, "/api/v1/orders/R-9").await;
    assert_eq!((absent.0, code(&absent)), (StatusCode::NOT_FOUND, "CW-4001"));
}

#[tokio::test]
async fn wrong_secrets_are_refused_alike_logged_and_soon_not_even_compared() {
    let office = Office::open().await;
    let path = "/api/v1/orders/R-1";
    let unknown = office.call(Method::GET, path, &[("authorization", &basic("Nobody", SECRET))], Vec::new()).await;
    let wrong = office.call(Method::GET, path, &[("authorization", &basic("Eve", "wrong"))], Vec::new()).await;
    let none = office.call(Method::GET, path, &[], Vec::new()).await;
    assert_eq!((wrong.0, code(&wrong)), (StatusCode::UNAUTHORIZED, "CW-1002"));
    assert!(unknown == wrong && none == wrong);
    let logged = office
        .log()
        .await
        .into_iter()
        .filter(|entry| matches!(entry.event, Event::Refused { code, .. } if code == Code::PERSON_REFUSED.0));
    assert_eq!(logged.count(), 2);
    // The right secret does not use tries up.
    assert_eq!(office.as_person("Eve", Method::GET, path).await.0, StatusCode::NOT_FOUND);
    for _ in 0..8 {
        office.call(Method::GET, path, &[("authorization", &basic("Eve", "wrong"))], Vec::new()).await;
    }
    let (status, said) = office.as_person("Eve", Method::GET, path).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{said}");
}

#[tokio::test]
async fn the_face_is_what_a_base_may_see_kept_by_nobody_and_nothing_in_it_runs() {
    let office = Office::open().await;
    let mut named = order("R-1");
    named["fields"]["name"] = json!("Zoë <script>alert(1)</script>");
    assert_eq!(office.create("Eve", "k1", &named).await.0, StatusCode::CREATED);
    let path = "/api/v1/orders/R-1/face";
    let early = office.as_person("Eve", Method::GET, path).await;
    assert_eq!((early.0, code(&early)), (StatusCode::CONFLICT, "CW-4015"));
    let absent = office.as_person("Eve", Method::GET, "/api/v1/orders/R-9/face").await;
    assert_eq!((absent.0, code(&absent)), (StatusCode::NOT_FOUND, "CW-4001"));
    office.as_person("Ben", Method::POST, "/api/v1/orders/R-1/approve").await;
    let stranger = office.call(Method::GET, path, &[], Vec::new()).await;
    assert_eq!((stranger.0, code(&stranger)), (StatusCode::UNAUTHORIZED, "CW-1002"));
    let posted = office.as_person("Ben", Method::POST, path).await;
    assert_eq!(posted.0, StatusCode::METHOD_NOT_ALLOWED);
    // Whoever may read the order, and the approver no more than they.
    for who in ["Eve", "Ben"] {
        let name = basic(who, SECRET);
        let (status, headers, body) =
            office.exchange(Method::GET, path, &[("authorization", name.as_str())], Vec::new()).await;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!((status, header("content-type")), (StatusCode::OK, "image/svg+xml"));
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("content-security-policy"), "default-src 'none'; img-src data:; sandbox");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let svg = std::str::from_utf8(&body).unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains("4929 00** **** 1234"), "{svg}");
        assert!(svg.contains("Zoë &lt;script&gt;") && !svg.contains("<script") && !svg.contains("0000 0000"), "{svg}");
    }
    assert!(!office.log().await.iter().any(|entry| entry.event == Event::FaceSeen));
}

#[tokio::test]
async fn refusals_are_told_in_japanese_where_that_is_asked_for() {
    let office = Office::open().await;
    let name = basic("Eve", SECRET);
    let headers = [("authorization", name.as_str()), ("accept-language", "ja,en;q=0.5")];
    let (_, said) = office.call(Method::GET, "/api/v1/orders/R-9", &headers, Vec::new()).await;
    assert!(said["message"].as_str().unwrap().contains("注文"), "{said}");
}

#[tokio::test]
async fn a_caller_that_trickles_is_cut() {
    let office = Office::open().await;
    let stream = TcpStream::connect(office.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let trickle = tokio::spawn(async move {
        let begun = write.write_all(b"GET / HTTP/1.1\r\n").await;
        while begun.is_ok() && write.write_all(b"a: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut all = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), read.read_to_end(&mut all)).await;
    assert!(ended.is_ok());
    trickle.abort();
}
