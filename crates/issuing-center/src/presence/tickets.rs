//! Operators' tickets: an order is released to a terminal, or the desk of a terminal is opened, where an operator attends
//! it and whatever card is put in is served. Each is one commit with its log entry, and can be withdrawn.

use cardwright_issuance::admission::not_prepared;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Order, Terminal, Ticket};
use cardwright_relay::Code;

use super::register::{Register, random, registered};
use crate::refused::Refused;
use crate::store::{Commit, Person, Registration, Store, StoreError};

const MINUTE: i64 = 60 * 1_000_000;
/// How long an order's ticket is taken, microseconds.
pub const TICKET_LIFE: i64 = 15 * MINUTE;
/// An hour of a desk ticket, microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// The role that releases orders to terminals and opens desks.
pub const OPERATOR: &str = "operator";

/// A ticket that is good, with the names of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// its row
    pub ticket: Ticket,
    /// the order's reference; none for a desk
    pub order: Option<String>,
    /// the terminal's name
    pub terminal: String,
    /// the operator's name
    pub operator: String,
}

impl<S: Store> Register<S> {
    /// Releases an order to a terminal for [`TICKET_LIFE`], as [`Register::release_order`] does, and confirms nothing.
    ///
    /// # Errors
    /// As [`Register::release_order`].
    pub async fn issue_ticket(&self, operator: &Person, reference: &str, terminal: &str) -> Result<Ticket, Refused> {
        self.release_order(operator, reference, terminal, false).await
    }

    /// Releases an order to a terminal for [`TICKET_LIFE`]. A ticket of the order that was not used is replaced.
    /// `confirms_deletion`: the operator confirms that the old application is deleted before the new one is loaded.
    /// Refusals are in the log.
    ///
    /// # Errors
    /// `ROLE_MISSING`, `SAME_PERSON` (who approves does not write), `ORDER_UNKNOWN` and the codes of an order that is not
    /// waiting to be written, `OTHER_BASE`; `PROFILE_CHANGED` where it must be prepared again; `TERMINAL_UNKNOWN`; the
    /// store's and the keystore's own.
    pub async fn release_order(
        &self,
        operator: &Person,
        reference: &str,
        terminal: &str,
        confirms_deletion: bool,
    ) -> Result<Ticket, Refused> {
        let order = self.store.order_by_reference(reference).await?;
        let order = order.ok_or_else(|| Refused::with(Code::ORDER_UNKNOWN, [reference]))?;
        let terminal = self.terminal_named(terminal).await?;
        let (prepared, profile) = (self.store.prepared(order.id).await?, self.store.profile(&order.profile).await?);
        let digests = (prepared.map(|data| data.profile), profile.map(|newest| newest.digest));
        let may = may_be_written(&order, operator, &terminal).and_then(|()| is_by_newest(&order, digests));
        self.unless_refused(may, Some(&order), operator, &terminal).await?;
        let ticket = self.ticket(Some(order.id), &terminal, operator, confirms_deletion, TICKET_LIFE)?;
        self.issue(ticket, &order.reference).await
    }

    /// Opens the desk of a terminal for `life` microseconds: whatever card is put in is served. A desk of the terminal
    /// that is open already is replaced. `confirms_deletion` as in [`Register::release_order`], for every card. A
    /// refusal is in the log.
    ///
    /// # Errors
    /// `ROLE_MISSING`, `TERMINAL_UNKNOWN`; the store's and the keystore's own.
    pub async fn open_desk(
        &self,
        operator: &Person,
        terminal: &str,
        life: i64,
        confirms_deletion: bool,
    ) -> Result<Ticket, Refused> {
        let terminal = self.terminal_named(terminal).await?;
        self.unless_refused(is_operator(operator), None, operator, &terminal).await?;
        let ticket = self.ticket(None, &terminal, operator, confirms_deletion, life)?;
        self.issue(ticket, &terminal.name).await
    }

    /// All tickets that are good: neither used, nor withdrawn, nor expired. By terminal, and then by their ends.
    ///
    /// # Errors
    /// The store's.
    pub async fn released(&self) -> Result<Vec<Released>, Refused> {
        let mut released = Vec::new();
        for terminal in self.store.terminals().await? {
            for ticket in self.store.tickets_for(terminal.id, (self.clock)()).await? {
                let order = match ticket.order {
                    Some(order) => self.store.order(order).await?.map(|order| order.reference),
                    None => None,
                };
                let operator = self.store.person_by_id(ticket.operator).await?.map(|person| person.name);
                let (terminal, operator) = (terminal.name.clone(), operator.unwrap_or_default());
                released.push(Released { ticket, order, terminal, operator });
            }
        }
        Ok(released)
    }

    /// Withdraws the tickets of an order, or else closes the desk of a terminal. A session that is open goes on to its
    /// end.
    ///
    /// # Errors
    /// `ROLE_MISSING`; `NOT_RELEASED` where there is none; `CHANGED_MEANWHILE` where it was used just now; the store's.
    pub async fn withdraw(&self, operator: &Person, which: Which<'_>) -> Result<Vec<Released>, Refused> {
        is_operator(operator)?;
        let found: Vec<_> = self.released().await?.into_iter().filter(|released| which.is(released)).collect();
        let first = found.first().ok_or_else(|| Refused::with(Code::NOT_RELEASED, [which.name()]))?;
        let now = (self.clock)();
        let (order, terminal) = (first.ticket.order, Some(first.ticket.terminal));
        let entry = Entry { order, terminal, ..registered(now, operator, which.what(), which.name(), false) };
        let registrations = found.iter().map(|released| Registration::EndTicket(released.ticket.id, now)).collect();
        self.write(registrations, vec![entry]).await?;
        Ok(found)
    }

    fn ticket(
        &self,
        order: Option<cardwright_issuance::Id>,
        terminal: &Terminal,
        operator: &Person,
        confirms_deletion: bool,
        life: i64,
    ) -> Result<Ticket, Refused> {
        let (id, expires) = (random()?.into(), (self.clock)() + life);
        let (terminal, operator) = (terminal.id, operator.id);
        Ok(Ticket { id, order, terminal, operator, confirms_deletion, expires, used_by: None })
    }

    /// Writes the ticket, and ends those that it replaces: of its order, or of the desk of its terminal.
    async fn issue(&self, ticket: Ticket, name: &str) -> Result<Ticket, Refused> {
        let now = (self.clock)();
        let replaced = |known: &Ticket| match ticket.order {
            Some(order) => known.order == Some(order),
            None => known.order.is_none() && known.terminal == ticket.terminal,
        };
        let known = self.released().await?.into_iter().map(|released| released.ticket).filter(replaced);
        let mut registrations = vec![Registration::Ticket(ticket.clone())];
        registrations.extend(known.map(|known| Registration::EndTicket(known.id, now)));
        let about = |event| Entry {
            order: ticket.order,
            person: Some(ticket.operator),
            terminal: Some(ticket.terminal),
            ..Entry::new(now, event)
        };
        let mut entries = vec![about(Event::TicketIssued)];
        if ticket.confirms_deletion {
            let (what, name) = ("confirmation of deletion".to_owned(), name.to_owned());
            entries.push(about(Event::Registered { what, name, present: true }));
        }
        self.write(registrations, entries).await?;
        Ok(ticket)
    }

    async fn write(&self, registrations: Vec<Registration>, entries: Vec<Entry>) -> Result<(), Refused> {
        match self.store.commit(Commit { registrations, entries, ..Commit::default() }).await {
            Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
            other => Ok(other?),
        }
    }

    /// Enters a refusal in the log before it is handed on.
    async fn unless_refused(
        &self,
        may: Result<(), Refused>,
        order: Option<&Order>,
        operator: &Person,
        terminal: &Terminal,
    ) -> Result<(), Refused> {
        let Err(refused) = may else { return Ok(()) };
        let event = Event::Refused { code: refused.code.0, parameters: refused.parameters.clone() };
        let (order, person) = (order.map(|order| order.id), Some(operator.id));
        let entry = Entry { order, person, terminal: Some(terminal.id), ..Entry::new((self.clock)(), event) };
        self.store.commit(Commit { entries: vec![entry], ..Commit::default() }).await?;
        Err(refused)
    }
}

/// Which tickets are withdrawn.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// those of an order, by its reference
    Order(&'a str),
    /// the desk of a terminal, by its name
    Desk(&'a str),
}

impl<'a> Which<'a> {
    fn is(&self, released: &Released) -> bool {
        match self {
            Self::Order(reference) => released.order.as_deref() == Some(*reference),
            Self::Desk(terminal) => released.ticket.order.is_none() && released.terminal == *terminal,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Order(_) => "release of order",
            Self::Desk(_) => "desk of terminal",
        }
    }

    fn name(self) -> &'a str {
        match self {
            Self::Order(name) | Self::Desk(name) => name,
        }
    }
}

fn is_operator(person: &Person) -> Result<(), Refused> {
    match person.roles.iter().any(|role| role == OPERATOR) {
        true => Ok(()),
        false => Err(Refused::with(Code::ROLE_MISSING, [person.name.as_str(), OPERATOR])),
    }
}

fn may_be_written(order: &Order, operator: &Person, terminal: &Terminal) -> Result<(), Refused> {
    is_operator(operator)?;
    if order.approved_by == Some(operator.id) {
        return Err(Refused::with(Code::SAME_PERSON, [operator.name.as_str()]));
    }
    let elsewhere = (order.kind.is_new_card() && order.base != terminal.base).then_some(Code::OTHER_BASE);
    let code = not_prepared(order.state).or(elsewhere);
    code.map_or(Ok(()), |code| Err(Refused::with(code, [order.reference.as_str()])))
}

/// Data is never mixed: what was prepared by an older text of the profile is prepared again first.
fn is_by_newest(order: &Order, digests: (Option<[u8; 32]>, Option<[u8; 32]>)) -> Result<(), Refused> {
    match digests {
        (Some(prepared), Some(newest)) if prepared != newest => {
            Err(Refused::with(Code::PROFILE_CHANGED, [order.reference.as_str(), order.profile.as_str()]))
        }
        _ => Ok(()),
    }
}
