//! `card`: what the center knows of a card.

use cardwright_issuance::Id;
use cardwright_issuance::row::Card;
use cardwright_issuance::state::State;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::{SqlStore, Store};
use cardwright_relay::Code;
use clap::Subcommand;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show a card
    Show {
        /// Its id or its key diversification data in hexadecimal, or the reference of its order
        card: String,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self::Show { card } = self;
        let store = context.store().await?;
        let found = find(&store, &card).await?.ok_or_else(|| Refused::with(Code::CARD_NOT_FOUND, [card]))?;
        let order = match found.order {
            Some(order) => store.order(order).await?.map(|order| order.reference),
            None => None,
        };
        let mut lines = vec![format!("{}  {}  {}", hex::encode(*found.id), found.product, found.state.name())];
        lines.push(format!("  KDD {}", hex::encode_upper(found.kdd)));
        lines.extend(found.masked_number.iter().map(|number| format!("  number {number}")));
        lines.extend(order.iter().map(|order| format!("  order {order}")));
        let mut sets = Vec::new();
        for set in store.key_sets(found.id).await? {
            let values = set.check_values.map(hex::encode_upper).join("/");
            lines.push(format!(
                "  keys {:02X}, generation {}: {}, check values {values}",
                set.version,
                set.generation,
                set.state.name()
            ));
            sets.push(json!({ "version": set.version, "generation": set.generation, "state": set.state.name(), "kcvs": values }));
        }
        let value = json!({
            "id": hex::encode(*found.id),
            "product": found.product,
            "state": found.state.name(),
            "kdd": hex::encode_upper(found.kdd),
            "cplc": hex::encode_upper(&found.cplc),
            "number": found.masked_number,
            "order": order,
            "open_tries": found.open_tries,
            "key_sets": sets,
        });
        Ok(Report::new(lines.join("\n"), value))
    }
}

/// The card that people name so.
pub(crate) async fn find(store: &SqlStore, text: &str) -> Result<Option<Card>, Failure> {
    let bytes = hex::decode(text).unwrap_or_default();
    if let Ok(id) = <[u8; 16]>::try_from(bytes.as_slice()) {
        return Ok(store.card(Id::from(id)).await?);
    }
    if let Ok(kdd) = <[u8; 10]>::try_from(bytes.as_slice()) {
        return Ok(store.cards_by_kdd(kdd).await?.into_iter().next());
    }
    match store.order_by_reference(text).await?.and_then(|order| order.card) {
        Some(card) => Ok(store.card(card).await?),
        None => Ok(None),
    }
}
