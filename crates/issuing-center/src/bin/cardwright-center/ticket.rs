//! `ticket`: an operator releases an order to a terminal.

use cardwright_issuing_center::presence::register::{Register, TICKET_LIFE};
use cardwright_issuing_center::registry::person::Role;
use clap::Subcommand;
use serde_json::json;

use crate::acting::Acting;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Release an approved order to a terminal of its base, for 15 minutes
    Issue {
        /// The order's reference
        #[arg(long)]
        order: String,
        /// The terminal's name
        #[arg(long)]
        terminal: String,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<Report, Failure> {
        let Self::Issue { order, terminal, acting } = self;
        let store = context.store().await?;
        let operator = acting.person(context, &*store, Role::Operator).await?;
        let register = Register { store, clock: context.clock() };
        let ticket = register.issue_ticket(&operator, &order, &terminal).await?;
        let minutes = TICKET_LIFE / 60_000_000;
        let text = format!("Order {order} may be written at {terminal} within {minutes} minutes.");
        let value = json!({
            "ticket": hex::encode(*ticket.id),
            "order": order,
            "terminal": terminal,
            "expires": ticket.expires,
        });
        Ok(Report::new(text, value))
    }
}
