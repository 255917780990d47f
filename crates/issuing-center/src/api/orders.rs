//! Orders: created once per Idempotency-Key, read, approved.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::HeaderMap;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use cardwright_issuance::row::Order;
use cardwright_issuance::state::State as _;
use cardwright_keystore::KeyId;
use cardwright_relay::Code;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answer::{Answer, Refusal};
use super::{Api, body, credentials, to_its_end};
use crate::center::{Center, SEARCH_KEY};
use crate::host::Standing;
use crate::intake::{self, NewOrder, waiting};
use crate::refused::Refused;
use crate::registry::person::Role;
use crate::store::{Idempotency, Person, Registration, Store, StoreError};

/// Who may see that an order is there, and how far it is.
pub(super) const READERS: [Role; 5] = [Role::OrderEntry, Role::Approver, Role::Operator, Role::Auditor, Role::Admin];

/// An order as a caller writes it: the columns of a file of orders, and the profile's fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    reference: String,
    base: String,
    /// may be left out where the change brings no data
    #[serde(default)]
    profile: String,
    #[serde(default = "new_card")]
    kind: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    argument: String,
    customer: Zeroizing<String>,
    taken_by: Zeroizing<String>,
    date: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, Zeroizing<String>>,
    /// Base64
    photo: Option<Zeroizing<String>>,
}

fn new_card() -> String {
    "new".to_owned()
}

/// An order as it is answered: never a field of its.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    reference: &'a str,
    base: &'a str,
    profile: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    argument: Option<&'a str>,
    state: &'a str,
    /// microseconds since 1970 UTC
    entered: i64,
    /// what people may see of the card's number, once there is a card
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<String>,
    /// the state of that card
    #[serde(skip_serializing_if = "Option::is_none")]
    card_state: Option<&'static str>,
    /// the changes that are offered when that card is seen, the next one first
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Vec<String>>,
    /// what the issuer's host knows of it, once there is something to know
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Host>,
}

/// What the issuer's host knows of an order.
#[derive(Serialize)]
struct Host {
    /// told, waiting, or no-host
    state: &'static str,
    /// when it took the last event, or since when one waits; microseconds since 1970 UTC
    time: i64,
}

impl<'a> Shown<'a> {
    pub(super) fn of(order: &'a Order) -> Self {
        let Order { reference, base, profile, kind, entered, .. } = order;
        let (argument, state) = (order.argument.as_deref(), order.state.name());
        let (kind, entered) = (kind.name(), *entered);
        Self {
            reference,
            base,
            profile,
            kind,
            argument,
            state,
            entered,
            card: None,
            card_state: None,
            waiting: None,
            host: None,
        }
    }

    /// With what is known of its card.
    async fn with_card<S: Store>(store: &S, order: &'a Order) -> Result<Self, Refusal> {
        let mut shown = Self::of(order);
        if let Some(card) = order.card {
            let Some(row) = store.card(card).await? else { return Ok(shown) };
            let waiting = waiting::changes(store, card).await?;
            shown.card = row.masked_number;
            shown.card_state = Some(row.state.name());
            shown.waiting = Some(waiting.into_iter().map(|order| order.reference).collect());
        }
        Ok(shown)
    }
}

pub(super) type Shared<S> = State<Arc<Api<S>>>;
pub(super) type From = ConnectInfo<SocketAddr>;

pub(super) fn respond(headers: &HeaderMap, answered: Result<impl IntoResponse, Refusal>) -> Response {
    match answered {
        Ok(answer) => answer.into_response(),
        Err(refusal) => refusal.answer(headers),
    }
}

pub(super) async fn create<S: Store + 'static>(
    State(api): Shared<S>,
    ConnectInfo(from): From,
    request: Request<Body>,
) -> Response {
    let headers = request.headers().clone();
    let asked = headers.clone();
    let answered = to_its_end(async move {
        let person = api.credentials.person(&asked, from.ip(), &[Role::OrderEntry]).await?;
        let key = credentials::idempotency_key(&asked)?;
        let body = Zeroizing::new(body(request).await?.to_vec());
        let created = create_once(&api.center, &person, &key, &body).await;
        if let Err(refusal) = &created {
            api.refusals.tell_person(&person, refusal.refused()).await;
        }
        created
    });
    respond(&headers, answered.await)
}

/// The kept answer where this was asked before, else a new order and its answer in one commit.
async fn create_once<S: Store>(center: &Center<S>, person: &Person, key: &str, body: &[u8]) -> Result<Answer, Refusal> {
    let key = format!("{} {key}", hex::encode(person.id.as_slice()));
    // Keyed, for a bare hash of personal data could be tried out by whoever reads the database.
    let request = center.keystore.mac(&KeyId::new(SEARCH_KEY, 1)?, &[b"orders\0", body].concat())?;
    if let Some(answer) = kept(center, &key, &request).await? {
        return Ok(answer);
    }
    let mut received = intake::receive(center, person, &[order(body)?]).await.map_err(Refusal::of_order)?;
    let order = received.orders.first().ok_or_else(|| Refused::new(Code::STORE_UNAVAILABLE))?;
    let answer = Answer::new(StatusCode::CREATED, &Shown::of(order));
    let row = Idempotency {
        key: key.clone(),
        request,
        status: answer.status,
        body: answer.body.clone(),
        created: center.now(),
    };
    let reference = order.reference.clone();
    received.commit.registrations.push(Registration::Idempotency(row));
    match center.store.commit(received.commit).await {
        Ok(()) => Ok(answer),
        // Somebody was first: the same call at the same time, or another order of this reference.
        Err(StoreError::Conflict(_)) => match kept(center, &key, &request).await? {
            Some(answer) => Ok(answer),
            None => Err(Refused::with(Code::ORDER_DUPLICATE, [reference]).into()),
        },
        Err(error) => Err(error.into()),
    }
}

async fn kept<S: Store>(center: &Center<S>, key: &str, request: &[u8; 32]) -> Result<Option<Answer>, Refusal> {
    match center.store.idempotency(key).await? {
        Some(kept) if kept.request == *request => Ok(Some(Answer { status: kept.status, body: kept.body })),
        Some(_) => Err(Refused::new(Code::IDEMPOTENCY_CONFLICT).into()),
        None => Ok(None),
    }
}

/// The order in the body. What is wrong with its JSON is said by place, never by content.
fn order(body: &[u8]) -> Result<NewOrder, Refusal> {
    let next = "docs/api.md has an example; unknown members are refused.";
    let wanted: Wanted = serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Refusal::wrong_use(StatusCode::BAD_REQUEST, format!("The body is not an order: see {place}."), next)
    })?;
    let photo = wanted.photo.as_ref().map(|photo| Base64::decode_vec(photo)).transpose();
    let photo = photo.map_err(|_| {
        Refusal::wrong_use(StatusCode::BAD_REQUEST, "The member photo is not Base64.", "Use RFC 4648 §4, with padding.")
    })?;
    Ok(NewOrder {
        row: 1,
        reference: wanted.reference,
        base: wanted.base,
        profile: wanted.profile,
        kind: wanted.kind,
        card: wanted.card,
        argument: wanted.argument,
        customer: wanted.customer,
        taken_by: wanted.taken_by,
        date: wanted.date,
        fields: wanted.fields.into_iter().collect(),
        photo: photo.map(Zeroizing::new),
    })
}

pub(super) async fn read<S: Store + 'static>(
    State(api): Shared<S>,
    ConnectInfo(from): From,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answered = async {
        api.credentials.person(&headers, from.ip(), &READERS).await?;
        let store = &api.center.store;
        let order = store.order_by_reference(&reference).await?;
        let order = order.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference.as_str()]))?;
        let standing = Standing::of(&**store, order.id).await?;
        let host = standing.map(|standing| Host { state: standing.name(), time: standing.time() });
        Ok(Answer::new(StatusCode::OK, &Shown { host, ..Shown::with_card(&**store, &order).await? }))
    };
    respond(&headers, answered.await)
}

pub(super) async fn approve<S: Store + 'static>(
    State(api): Shared<S>,
    ConnectInfo(from): From,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Response {
    let asked = headers.clone();
    let answered = to_its_end(async move {
        let person = api.credentials.person(&asked, from.ip(), &[Role::Approver]).await?;
        let orders = intake::approve(&api.center, &person, std::slice::from_ref(&reference)).await?;
        let order = orders.first().ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]))?;
        Ok(Answer::new(StatusCode::OK, &Shown::of(order)))
    });
    respond(&headers, answered.await)
}
