//! What is asked of a card in use: the orders about it, and taking one back.

use std::collections::BTreeMap;

use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::Response;
use cardwright_issuance::state::State as _;
use cardwright_relay::Code;
use serde::Serialize;

use super::answer::{Answer, Refusal};
use super::orders::{From, READERS, Shared, Shown, respond};
use super::to_its_end;
use crate::intake::{self, waiting};
use crate::refused::Refused;
use crate::registry::person::Role;
use crate::store::Store;

/// All orders about a card.
#[derive(Serialize)]
struct OfCard<'a> {
    /// the card's state
    card_state: &'static str,
    /// the changes that are offered when the card is seen, the next one first
    waiting: Vec<String>,
    /// those that it carries and those that wait, then those for a card in its place; each oldest first
    orders: Vec<Shown<'a>>,
}

/// The orders about the card that carries the order `card` of the query.
pub(super) async fn of_card<S: Store + 'static>(
    State(api): Shared<S>,
    ConnectInfo(from): From,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let answered = async {
        api.credentials.person(&headers, from.ip(), &READERS).await?;
        let next = "Ask for /api/v1/orders?card=REFERENCE, with an order that the card carries.";
        let [(key, reference)] = asked.iter().collect::<Vec<_>>()[..] else {
            return Err(Refusal::wrong_use(StatusCode::BAD_REQUEST, "Orders are listed by their card.", next));
        };
        if key != "card" {
            return Err(Refusal::wrong_use(StatusCode::BAD_REQUEST, "Orders are listed by their card.", next));
        }
        let store = &*api.center.store;
        let order = store.order_by_reference(reference).await?;
        let order = order.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference.as_str()]))?;
        let none = || Refused::with(Code::CARD_NOT_FOUND, [reference.as_str()]);
        let card = store.card(order.card.ok_or_else(none)?).await?.ok_or_else(none)?;
        let mut orders = store.orders_of_card(card.id).await?;
        orders.extend(store.replacements_of(card.id).await?);
        let waiting = waiting::changes(store, card.id).await?;
        let waiting = waiting.into_iter().map(|order| order.reference).collect();
        let orders = orders.iter().map(Shown::of).collect();
        Ok(Answer::new(StatusCode::OK, &OfCard { card_state: card.state.name(), waiting, orders }))
    };
    respond(&headers, answered.await)
}

/// Cancels an order.
pub(super) async fn cancel<S: Store + 'static>(
    State(api): Shared<S>,
    ConnectInfo(from): From,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Response {
    let asked = headers.clone();
    let answered = to_its_end(async move {
        let person = api.credentials.person(&asked, from.ip(), &[Role::OrderEntry, Role::Approver]).await?;
        let center = &api.center;
        let order = intake::cancel(&*center.store, center.now(), &person, &reference).await?;
        Ok(Answer::new(StatusCode::OK, &Shown::of(&order)))
    });
    respond(&headers, answered.await)
}
