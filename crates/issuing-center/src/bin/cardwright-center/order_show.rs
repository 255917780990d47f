//! `order list`, `order show`: orders, the card that they are about, and what waits for it.

use cardwright_issuance::Id;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{OrderState, State};
use cardwright_issuing_center::host::Standing;
use cardwright_issuing_center::intake::waiting;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::{CampaignStore, SqlStore, Store, WaitingStore};
use cardwright_relay::Code;
use serde_json::{Value, json};

use crate::card;
use crate::context::Context;
use crate::failure::Failure;
use crate::order::value;
use crate::report::Report;

pub(crate) async fn list(context: &Context, limit: u32, card: Option<&str>) -> Result<Report, Failure> {
    let store = context.store().await?;
    let orders = match card {
        None => store.orders(limit).await?,
        Some(card) => {
            let found = card::found(&store, card).await?;
            let mut orders = store.orders_of_card(found.id).await?;
            orders.extend(store.replacements_of(found.id).await?);
            orders.truncate(limit as usize);
            orders
        }
    };
    let lines: Vec<_> = orders.iter().map(line).collect();
    Ok(Report::new(lines.join("\n"), json!({ "orders": orders.iter().map(value).collect::<Vec<_>>() })))
}

pub(crate) async fn show(context: &Context, reference: &str) -> Result<Report, Failure> {
    let store = context.store().await?;
    let order = store.order_by_reference(reference).await?;
    let order = order.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]))?;
    let mut lines = vec![line(&order)];
    let mut shown = value(&order);
    if let Some(card) = order.card {
        let (text, value) = of_card(&store, card).await?;
        lines.extend(text);
        shown["card"] = value["number"].clone();
        shown["card_state"] = value["state"].clone();
        shown["waiting"] = value["waiting"].clone();
    }
    if let Some(card) = order.replaces {
        let (text, value) = of_card(&store, card).await?;
        lines.push("  in place of".to_owned());
        lines.extend(text);
        shown["replaces"] = value;
    }
    if let Some(campaign) = order.campaign {
        let name = store.campaign_by_id(campaign).await?.map(|campaign| campaign.name).unwrap_or_default();
        lines.push(format!("  campaign {name}"));
        shown["campaign"] = json!(name);
    }
    if let Some(standing) = Standing::of(&*store, order.id).await? {
        lines.push(format!("  {}", standing.text()));
        shown["host"] = json!({ "state": standing.name(), "time": standing.time() });
    }
    let mut attempts = Vec::new();
    for issuance in store.issuances_of(order.id).await? {
        let (session, state) = (hex::encode(*issuance.id), issuance.state.name());
        lines.push(format!("  attempt {session}: {state}, step {}", issuance.step));
        attempts.push(json!({ "session": session, "state": state, "step": issuance.step }));
    }
    shown["attempts"] = json!(attempts);
    Ok(Report::new(lines.join("\n"), shown))
}

/// The card's number and state, and the changes that are offered when it is seen, the next one first.
async fn of_card(store: &SqlStore, id: Id) -> Result<(Vec<String>, Value), Failure> {
    let Some(card) = store.card(id).await? else { return Ok((Vec::new(), Value::Null)) };
    let number = card.masked_number.unwrap_or_default();
    let mut lines = vec![format!("  card {number}  {}", card.state.name())];
    let waiting = waiting::changes(store, id).await?;
    lines.extend(
        waiting.iter().map(|order| format!("  waits for the card: {}  {}", order.reference, order.kind.name())),
    );
    lines.extend(not_offered(store, id, &waiting).await?);
    let names: Vec<_> = waiting.iter().map(|order| order.reference.as_str()).collect();
    Ok((lines, json!({ "number": number, "state": card.state.name(), "waiting": names })))
}

/// The card's other orders that are not carried out: one that was left in the middle, and those that are held back, for
/// the card is blocked or their campaign is paused.
async fn not_offered(store: &SqlStore, card: Id, waiting: &[Order]) -> Result<Vec<String>, Failure> {
    let orders = store.orders_of_card(card).await?;
    let lines = orders.iter().filter_map(|order| {
        let what = match order.state {
            OrderState::Blocked => "is finished when the card is seen",
            OrderState::Prepared if !order.kind.is_new_card() && !waiting.contains(order) => "is held back",
            _ => return None,
        };
        Some(format!("  {what}: {}  {}", order.reference, order.kind.name()))
    });
    Ok(lines.collect())
}

fn line(order: &Order) -> String {
    let mut line = format!(
        "{}  {}  {}  {}  {}",
        order.reference,
        order.state.name(),
        order.base,
        order.profile,
        order.kind.name()
    );
    if let Some(argument) = &order.argument {
        line.push_str("  ");
        line.push_str(argument);
    }
    line
}
