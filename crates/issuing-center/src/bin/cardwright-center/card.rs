//! `card`: what the center knows of cards, and what two people decide about one.

use cardwright_issuance::Id;
use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::{CardState, State};
use cardwright_issuing_center::calendar::{DAY, utc};
use cardwright_issuing_center::card::{self, Aged, Decided, NEVER_CAME_BACK};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::{DecisionKind, SqlStore, Store};
use cardwright_relay::Code;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::card_show::show;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

/// Who decides about cards: two of them, different ones.
const DECIDING: [Role; 2] = [Role::Admin, Role::Approver];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show a card
    Show {
        /// Its id or its key diversification data in hexadecimal, or the reference of its order
        #[arg(required_unless_present = "order")]
        card: Option<String>,
        /// The reference of its order
        #[arg(long, value_name = "REFERENCE", conflicts_with = "card")]
        order: Option<String>,
    },
    /// List cards: without a state those that were left half-way and have not come back, the oldest first
    List {
        /// Only cards in this state
        #[arg(long = "in", value_name = "STATE", value_parser = state)]
        in_state: Option<CardState>,
        /// Only cards whose last issuance was opened so many days ago or before
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
    },
    /// Say that a card will not come back; done when a second person says so too
    DeclareLost(Deciding),
    /// Put a card aside; done when a second person says so too
    Quarantine(Deciding),
    /// Put a card aside no longer; done when a second person says so too
    LiftQuarantine(Deciding),
}

#[derive(Args)]
pub(crate) struct Deciding {
    /// Its id or its key diversification data in hexadecimal, or the reference of its order
    card: String,
    #[command(flatten)]
    acting: Acting,
}

fn state(text: &str) -> Result<CardState, String> {
    let names = || CardState::NAMES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    CardState::named(text).ok_or_else(|| format!("the states are {}", names()))
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Show { card, order } => {
                let store = context.store().await?;
                let found = match (card, order) {
                    (Some(card), _) => found(&store, &card).await?,
                    (None, order) => of_order(&store, &order.unwrap_or_default()).await?,
                };
                show(&store, &found).await
            }
            Self::List { in_state, older_than } => list(context, in_state, older_than).await,
            Self::DeclareLost(deciding) => deciding.run(context, DecisionKind::Lost).await,
            Self::Quarantine(deciding) => deciding.run(context, DecisionKind::Quarantine).await,
            Self::LiftQuarantine(deciding) => deciding.run(context, DecisionKind::LiftQuarantine).await,
        }
    }
}

impl Deciding {
    async fn run(self, context: &Context, kind: DecisionKind) -> Result<Report, Failure> {
        let center = context.center().await?;
        let person = self.acting.one_of(context, &*center.store, &DECIDING).await?;
        let card = found(&center.store, &self.card).await?;
        let decided = card::decide(&center, &person, &card, kind).await;
        let decided = told(&*center.store, context.now(), &person, decided).await?;
        let id = hex::encode(*card.id);
        Ok(match decided {
            Decided::Proposed => {
                let text = format!(
                    "Proposed about card {id}: {}. Another admin or approver confirms it by the same command.",
                    kind.name()
                );
                Report::new(text, json!({ "card": id, "decision": kind.name(), "proposed": true, "confirmed": false }))
            }
            Decided::Confirmed { state, cancelled } => confirmed(&id, kind, state, &cancelled),
        })
    }
}

fn confirmed(id: &str, kind: DecisionKind, state: CardState, cancelled: &[Order]) -> Report {
    let mut lines = vec![format!("Card {id} is {}.", state.name())];
    lines.extend(cancelled.iter().map(|order| {
        format!(
            "Order {} is cancelled: its keys and data may be on that card, and no other card gets them. Enter another \
             order, with a new number or sequence number.",
            order.reference
        )
    }));
    let references: Vec<_> = cancelled.iter().map(|order| &order.reference).collect();
    let value = json!({
        "card": id,
        "decision": kind.name(),
        "proposed": true,
        "confirmed": true,
        "state": state.name(),
        "cancelled": references,
    });
    Report::new(lines.join("\n"), value)
}

async fn list(context: &Context, state: Option<CardState>, older_than: Option<u32>) -> Result<Report, Failure> {
    let store = context.store().await?;
    let before = older_than.map(|days| context.now().saturating_sub(i64::from(days).saturating_mul(DAY)));
    let states = state.map_or_else(|| NEVER_CAME_BACK.to_vec(), |state| vec![state]);
    let cards = card::aging(&*store, &states, before).await?;
    let lines: Vec<_> = cards.iter().map(line).collect();
    let text = if lines.is_empty() { "There is no such card.".to_owned() } else { lines.join("\n") };
    Ok(Report::new(text, json!({ "cards": cards.iter().map(value).collect::<Vec<_>>() })))
}

fn line(aged: &Aged) -> String {
    let Aged { card, since, order } = aged;
    let since = since.map_or("never issued".to_owned(), |since| format!("since {}", utc(since)));
    let order = order.as_ref().map(|order| format!("  order {order}")).unwrap_or_default();
    let number = card.masked_number.as_ref().map(|number| format!("  {number}")).unwrap_or_default();
    format!("{}  {}  {}  {since}{order}{number}", hex::encode(*card.id), card.product, card.state.name())
}

fn value(aged: &Aged) -> Value {
    json!({
        "id": hex::encode(*aged.card.id),
        "kdd": hex::encode_upper(aged.card.kdd),
        "product": aged.card.product,
        "state": aged.card.state.name(),
        "since": aged.since,
        "order": aged.order,
        "number": aged.card.masked_number,
    })
}

/// The card that people name so: by its id or key diversification data in hexadecimal, or by an order that it carries.
pub(crate) async fn found(store: &SqlStore, text: &str) -> Result<Card, Failure> {
    let bytes = hex::decode(text).unwrap_or_default();
    let found = if let Ok(id) = <[u8; 16]>::try_from(bytes.as_slice()) {
        store.card(Id::from(id)).await?
    } else if let Ok(kdd) = <[u8; 10]>::try_from(bytes.as_slice()) {
        store.cards_by_kdd(kdd).await?.into_iter().next()
    } else {
        return of_order(store, text).await;
    };
    found.ok_or_else(|| Refused::with(Code::CARD_NOT_FOUND, [text]).into())
}

async fn of_order(store: &SqlStore, reference: &str) -> Result<Card, Failure> {
    let card = match store.order_by_reference(reference).await?.and_then(|order| order.card) {
        Some(card) => store.card(card).await?,
        None => None,
    };
    card.ok_or_else(|| Refused::with(Code::CARD_NOT_FOUND, [reference]).into())
}
