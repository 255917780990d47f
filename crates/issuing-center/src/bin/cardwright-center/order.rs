//! `order`: customers' orders. What is sealed of them is not shown, but for the card's face by `order face`.

use std::path::PathBuf;

use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::State;
use cardwright_issuing_center::intake;
use cardwright_issuing_center::registry::person::Role;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::order_enter::Enter;
use crate::order_face::Face;
use crate::order_import::import;
use crate::order_show;
use crate::report::{Report, counted};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Enter one order
    Enter(Enter),
    /// Import a file of orders: all of it or nothing
    Import {
        /// CSV: reference,base,profile,kind,customer,taken_by and the profile's fields; for a card in use card,argument too
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
    /// Cancel an order that was not carried out: by who entered it, or an approver; it is closed for good
    Cancel {
        /// Its reference
        reference: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// List orders, newest first; those about one card, oldest first
    List {
        /// The most that are listed
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// A card: the reference of an order that it carries, its id or its key diversification data in hexadecimal
        #[arg(long, value_name = "CARD")]
        card: Option<String>,
    },
    /// Show one order, the state of its card, and what waits for that
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
            Self::Enter(enter) => enter.run(context).await,
            Self::Import { file, photos, acting } => import(context, &file, photos.as_deref(), &acting).await,
            Self::Approve { references, acting } => approve(context, &references, &acting).await,
            Self::Prepare { references, acting } => prepare(context, &references, &acting).await,
            Self::Reject { reference, acting } => reject(context, &reference, &acting).await,
            Self::Cancel { reference, acting } => cancel(context, &reference, &acting).await,
            Self::List { limit, card } => order_show::list(context, limit, card.as_deref()).await,
            Self::Show { reference } => order_show::show(context, &reference).await,
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

async fn cancel(context: &Context, reference: &str, acting: &Acting) -> Result<Report, Failure> {
    let store = context.store().await?;
    let person = acting.one_of(context, &*store, &[Role::OrderEntry, Role::Approver]).await?;
    let order = intake::cancel(&*store, context.now(), &person, reference).await?;
    let stays = matches!(order.kind, OrderKind::Block | OrderKind::Terminate | OrderKind::Replace)
        && order.approved_by.is_some();
    let text = match (stays, order.kind) {
        (false, _) => format!("Order {reference} is cancelled."),
        (true, OrderKind::Terminate) => {
            format!("Order {reference} is cancelled. The card stays terminated for the issuer's host.")
        }
        (true, _) => {
            format!("Order {reference} is cancelled. Its card stays blocked until an order unblock is carried out.")
        }
    };
    Ok(Report::new(text, value(&order)))
}

pub(crate) fn value(order: &Order) -> Value {
    json!({
        "id": hex::encode(*order.id),
        "reference": order.reference,
        "state": order.state.name(),
        "base": order.base,
        "profile": order.profile,
        "kind": order.kind.name(),
        "argument": order.argument,
        "entered": order.entered,
    })
}
