//! `card show`: everything that is known of one card, and no secret of it.

use cardwright_issuance::row::{Card, KeySet, Order};
use cardwright_issuance::state::{OrderState, State};
use cardwright_issuing_center::calendar::utc;
use cardwright_issuing_center::store::{SqlStore, Store};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::report::Report;

pub(crate) async fn show(store: &SqlStore, card: &Card) -> Result<Report, Failure> {
    let order = match card.order {
        Some(order) => store.order(order).await?.map(|order| order.reference),
        None => None,
    };
    let since = store.issuances_of_card(card.id).await?.last().map(|last| last.opened);
    let mut lines = vec![format!("{}  {}  {}", hex::encode(*card.id), card.product, card.state.name())];
    lines.push(format!("  KDD {}", hex::encode_upper(card.kdd)));
    lines.extend(card.masked_number.iter().map(|number| format!("  number {number}")));
    lines.extend(order.iter().map(|order| format!("  order {order}")));
    lines.extend(since.map(|since| format!("  last issuance {}", utc(since))));
    let sets = store.key_sets(card.id).await?;
    lines.extend(sets.iter().map(key_line));
    for installed in &card.content.applications {
        let (instance, package) = (hex::encode_upper(&*installed.instance), hex::encode_upper(&*installed.package));
        lines.push(format!(
            "  application {instance} of {package}, profile {}, life cycle {:02X}",
            installed.profile, installed.life_cycle
        ));
    }
    lines.extend(card.content.load_files.iter().map(|file| format!("  load file {}", hex::encode_upper(&**file))));
    let waiting: Vec<_> = store.orders_of_card(card.id).await?.into_iter().filter(waits).collect();
    lines.extend(
        waiting
            .iter()
            .map(|order| format!("  waiting: {}, {}, {}", order.reference, order.kind.name(), order.state.name())),
    );
    let proposal = store.proposal_about(card.id).await?.filter(|proposal| proposal.card_state == card.state);
    let mut proposed = Value::Null;
    if let Some(proposal) = proposal {
        let by = store.person_by_id(proposal.proposed_by).await?.map(|person| person.name).unwrap_or_default();
        lines.push(format!("  proposed by {by}: {}; another person has to confirm it", proposal.kind.name()));
        proposed = json!({ "decision": proposal.kind.name(), "by": by, "time": proposal.proposed });
    }
    let value = json!({
        "id": hex::encode(*card.id),
        "product": card.product,
        "state": card.state.name(),
        "kdd": hex::encode_upper(card.kdd),
        "cplc": hex::encode_upper(&card.cplc),
        "number": card.masked_number,
        "order": order,
        "open_tries": card.open_tries,
        "last_issuance": since,
        "key_sets": sets.iter().map(key_value).collect::<Vec<_>>(),
        "applications": applications(card),
        "load_files": card.content.load_files.iter().map(|file| hex::encode_upper(&**file)).collect::<Vec<_>>(),
        "waiting": waiting.iter().map(order_value).collect::<Vec<_>>(),
        "proposed": proposed,
    });
    Ok(Report::new(lines.join("\n"), value))
}

/// Changes that the card has not got yet.
fn waits(order: &Order) -> bool {
    let open = matches!(order.state, OrderState::Received | OrderState::Approved | OrderState::Prepared);
    open || (order.state == OrderState::Blocked && !order.kind.is_new_card())
}

fn order_value(order: &Order) -> Value {
    json!({ "reference": order.reference, "kind": order.kind.name(), "state": order.state.name() })
}

fn applications(card: &Card) -> Vec<Value> {
    let of = |installed: &cardwright_issuance::content::Installed| {
        json!({
            "instance": hex::encode_upper(&*installed.instance),
            "package": hex::encode_upper(&*installed.package),
            "profile": installed.profile,
            "life_cycle": format!("{:02X}", installed.life_cycle),
        })
    };
    card.content.applications.iter().map(of).collect()
}

fn key_line(set: &KeySet) -> String {
    let values = set.check_values.map(hex::encode_upper).join("/");
    format!("  keys {:02X}, generation {}: {}, check values {values}", set.version, set.generation, set.state.name())
}

fn key_value(set: &KeySet) -> Value {
    json!({
        "version": set.version,
        "generation": set.generation,
        "state": set.state.name(),
        "kcvs": set.check_values.map(hex::encode_upper).join("/"),
    })
}
