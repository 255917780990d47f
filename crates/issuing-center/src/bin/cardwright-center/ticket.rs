//! `ticket`: an operator releases an order to a terminal, or opens the desk of a terminal.

use cardwright_issuing_center::presence::register::Register;
use cardwright_issuing_center::presence::tickets::{HOUR, Released, TICKET_LIFE, Which};
use cardwright_issuing_center::registry::person::Role;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

const MINUTE: i64 = 60_000_000;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Release an approved order to a terminal of its base, for 15 minutes; without an order open the terminal's desk:
    /// whatever card is put in is served
    Issue(Issue),
    /// List what is released and not used: terminal, order or desk, operator, time left
    List,
    /// Withdraw the release of an order, or close the desk of a terminal
    Cancel(Cancel),
}

#[derive(Args)]
pub(crate) struct Issue {
    /// The order's reference; without it the desk is opened
    #[arg(long)]
    order: Option<String>,
    /// The terminal's name
    #[arg(long)]
    terminal: String,
    /// How long the desk is open
    #[arg(long, default_value_t = 12, conflicts_with = "order", value_parser = clap::value_parser!(u8).range(1..=24))]
    hours: u8,
    /// Where a card's memory does not hold both: the old application is deleted before the new one is loaded
    #[arg(long)]
    confirm_deletion: bool,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Args)]
#[group(id = "which", required = true, args = ["cancelled_order", "cancelled_terminal"])]
pub(crate) struct Cancel {
    /// The order whose release is withdrawn
    #[arg(id = "cancelled_order", long = "order", value_name = "ORDER")]
    order: Option<String>,
    /// The terminal whose desk is closed
    #[arg(id = "cancelled_terminal", long = "terminal", value_name = "TERMINAL")]
    terminal: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        match self {
            Self::Issue(issue) => issue.run(context).await,
            Self::List => list(context).await,
            Self::Cancel(cancel) => cancel.run(context).await,
        }
    }
}

impl Issue {
    async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self { order, terminal, hours, confirm_deletion, acting } = self;
        let store = context.store().await?;
        let operator = acting.person(context, &*store, Role::Operator).await?;
        let register = Register { store, clock: context.clock() };
        let (ticket, mut text) = match &order {
            Some(order) => {
                let ticket = register.release_order(&operator, order, &terminal, confirm_deletion).await?;
                let minutes = TICKET_LIFE / MINUTE;
                (ticket, format!("Order {order} may be written at {terminal} within {minutes} minutes."))
            }
            None => {
                let life = i64::from(hours) * HOUR;
                let ticket = register.open_desk(&operator, &terminal, life, confirm_deletion).await?;
                (ticket, format!("The desk of {terminal} is open for {hours} hours: put in any card."))
            }
        };
        if confirm_deletion {
            text.push_str(" Where memory is short, the old application is deleted before the new one is loaded.");
        }
        let value = json!({
            "ticket": hex::encode(*ticket.id),
            "order": order,
            "terminal": terminal,
            "confirms_deletion": ticket.confirms_deletion,
            "expires": ticket.expires,
        });
        Ok(Report::new(text, value))
    }
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let register = Register { store: context.store().await?, clock: context.clock() };
    let (released, now) = (register.released().await?, context.now());
    let lines: Vec<_> = released.iter().map(|released| line(released, now)).collect();
    let values: Vec<_> = released.iter().map(value).collect();
    Ok(Report::new(lines.join("\n"), json!({ "tickets": values })))
}

impl Cancel {
    async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self { order, terminal, acting } = self;
        let store = context.store().await?;
        let operator = acting.person(context, &*store, Role::Operator).await?;
        let register = Register { store, clock: context.clock() };
        let (which, text) = match (&order, &terminal) {
            (Some(order), _) => (Which::Order(order), format!("The release of order {order} is withdrawn.")),
            (None, terminal) => {
                let terminal = terminal.as_deref().unwrap_or_default();
                (Which::Desk(terminal), format!("The desk of {terminal} is closed."))
            }
        };
        let withdrawn = register.withdraw(&operator, which).await?;
        Ok(Report::new(text, json!({ "withdrawn": withdrawn.iter().map(value).collect::<Vec<_>>() })))
    }
}

fn line(released: &Released, now: i64) -> String {
    let what = released.order.as_ref().map_or_else(|| "desk".to_owned(), |order| format!("order {order}"));
    let minutes = (released.ticket.expires - now).div_euclid(MINUTE);
    let confirmed = if released.ticket.confirms_deletion { "  deletion confirmed" } else { "" };
    let Released { terminal, operator, .. } = released;
    format!("{terminal}  {what}  {operator}  {} h {} min left{confirmed}", minutes / 60, minutes % 60)
}

fn value(released: &Released) -> Value {
    json!({
        "ticket": hex::encode(*released.ticket.id),
        "order": released.order,
        "terminal": released.terminal,
        "operator": released.operator,
        "confirms_deletion": released.ticket.confirms_deletion,
        "expires": released.ticket.expires,
    })
}
