//! What the center told of a session before its first command: the order that is carried out. It need not be the
//! ticket's: what was left in the middle comes first.

use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, Ticket};

/// The order that a session carries out, by the center's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// its kind's name
    pub kind: String,
    /// its reference
    pub order: String,
}

impl Told {
    /// What `notice` tells; none where it tells of no order.
    #[must_use]
    pub fn of(notice: &Refusal) -> Option<Self> {
        let (Code::CHANGES_WAIT | Code::BEING_FINISHED) = notice.code else { return None };
        let [kind, order, ..] = &notice.parameters[..] else { return None };
        Some(Self { kind: kind.clone(), order: order.clone() })
    }

    /// Whether it is another order than the one that `ticket` names.
    #[must_use]
    pub fn is_another_than(&self, ticket: &Ticket) -> bool {
        !ticket.is_desk() && ticket.order != self.order
    }

    /// Whether its card is not given back when it is carried out.
    #[must_use]
    pub fn keeps_the_card(&self) -> bool {
        matches!(&self.kind[..], "block" | "terminate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_told_by_two_notices_and_no_other() {
        let block = Told::of(&Refusal::new(Code::CHANGES_WAIT, &["block", "B-1", "0"])).unwrap();
        assert!(block.keeps_the_card() && block.order == "B-1");
        let pin = Told::of(&Refusal::new(Code::BEING_FINISHED, &["pin", "P-1"])).unwrap();
        assert!(!pin.keeps_the_card());
        assert_eq!(Told::of(&Refusal::new(Code::OTHER_PRODUCT, &["x", "y"])), None);
    }
}
