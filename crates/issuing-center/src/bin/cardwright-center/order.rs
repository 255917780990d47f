//! `order`: customers' orders. What is sealed of them is not shown, but for the card's face by `order face`.

use std::path::PathBuf;

use cardwright_issuance::row::Order;
use cardwright_issuance::state::State;
use cardwright_issuing_center::host::Standing;
use cardwright_issuing_center::intake;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::order_face::Face;
use crate::order_import::import;
use crate::report::{Report, counted};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a file of orders: all of it or nothing
    Import {
        /// CSV: reference,base,profile,kind,customer,taken_by and the profile's fields
        file: PathBuf,
        /// The directory of the photos that the file names
        #[arg(long, value_name = "DIR")]
        photos: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Approve orders, as another person than who entered them; their cards' data is prepared at once
    Approve {
        /// The orders' references
        #[arg(required = true)]
        references: Vec<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Prepare orders again that were not written yet: by the newest text of their profile; their tickets are gone then
    Prepare {
        /// The orders' references
        #[arg(required = true)]
        references: Vec<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Reject an order that waits for approval: it is closed for good
    Reject {
        /// Its reference
        reference: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// List orders, newest first
    List {
        /// The most that are listed
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one order
    Show {
        /// Its reference
        reference: String,
    },
    /// Draw the face of an order's card (SVG)
    Face(Face),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Import { file, photos, acting } => import(context, &file, photos.as_deref(), &acting).await,
            Self::Approve { references, acting } => approve(context, &references, &acting).await,
            Self::Prepare { references, acting } => prepare(context, &references, &acting).await,
            Self::Reject { reference, acting } => reject(context, &reference, &acting).await,
            Self::List { limit } => list(context, limit).await,
            Self::Show { reference } => show(context, &reference).await,
            Self::Face(face) => face.run(context).await,
        }
    }
}

async fn approve(context: &Context, references: &[String], acting: &Acting) -> Result<Report, Failure> {
    let center = context.center().await?;
    let person = acting.person(context, &*center.store, Role::Approver).await?;
    let orders = intake::approve(&center, &person, references).await?;
    let text = format!("{} approved and prepared.", counted(orders.len(), "order"));
    Ok(Report::new(text, json!({ "orders": orders.iter().map(value).collect::<Vec<_>>() })))
}

async fn prepare(context: &Context, references: &[String], acting: &Acting) -> Result<Report, Failure> {
    let center = context.center().await?;
    let person = acting.person(context, &*center.store, Role::Approver).await?;
    let orders = intake::prepare_again(&center, &person, references).await?;
    let text = format!("{} prepared again; a new ticket is needed for each.", counted(orders.len(), "order"));
    Ok(Report::new(text, json!({ "orders": orders.iter().map(value).collect::<Vec<_>>() })))
}

async fn reject(context: &Context, reference: &str, acting: &Acting) -> Result<Report, Failure> {
    let store = context.store().await?;
    let person = acting.person(context, &*store, Role::Approver).await?;
    let order = intake::reject(&*store, context.now(), &person, reference).await?;
    Ok(Report::new(format!("Order {reference} is rejected."), value(&order)))
}

async fn list(context: &Context, limit: u32) -> Result<Report, Failure> {
    let orders = context.store().await?.orders(limit).await?;
    let lines: Vec<_> = orders.iter().map(line).collect();
    Ok(Report::new(lines.join("\n"), json!({ "orders": orders.iter().map(value).collect::<Vec<_>>() })))
}

async fn show(context: &Context, reference: &str) -> Result<Report, Failure> {
    let store = context.store().await?;
    let order = store.order_by_reference(reference).await?;
    let order = order.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]))?;
    let mut lines = vec![line(&order)];
    let mut shown = value(&order);
    if let Some(card) = order.card {
        let card = store.card(card).await?.and_then(|card| card.masked_number).unwrap_or_default();
        lines.push(format!("  card {card}"));
        shown["card"] = json!(card);
    }
    if let Some(standing) = Standing::of(&*store, order.id).await? {
        lines.push(format!("  {}", standing.text()));
        shown["host"] = json!({ "state": standing.name(), "time": standing.time() });
    }
    let mut attempts = Vec::new();
    for issuance in store.issuances_of(order.id).await? {
        lines.push(format!(
            "  attempt {}: {}, step {}",
            hex::encode(*issuance.id),
            issuance.state.name(),
            issuance.step
        ));
        attempts.push(
            json!({ "session": hex::encode(*issuance.id), "state": issuance.state.name(), "step": issuance.step }),
        );
    }
    shown["attempts"] = json!(attempts);
    Ok(Report::new(lines.join("\n"), shown))
}

fn line(order: &Order) -> String {
    format!("{}  {}  {}  {}  {}", order.reference, order.state.name(), order.base, order.profile, order.kind.name())
}

pub(crate) fn value(order: &Order) -> Value {
    json!({
        "id": hex::encode(*order.id),
        "reference": order.reference,
        "state": order.state.name(),
        "base": order.base,
        "profile": order.profile,
        "kind": order.kind.name(),
        "entered": order.entered,
    })
}
