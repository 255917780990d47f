//! What the operator is told beside scripts and verdicts: what is being done, and what waits after it.

use cardwright_issuance::Id;
use cardwright_issuance::admission::refusal;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::OrderState;
use cardwright_relay::Code;
use cardwright_relay::message::{Refusal, Verdict};

use super::engine::Engine;
use crate::intake::waiting;
use crate::refused::Refused;
use crate::store::{Store, StoreError};

/// What is being done: nothing is told of a blank that gets its order.
pub(super) fn notice(order: &Order, settles: bool, of_card: &[Order]) -> Option<Refusal> {
    let (kind, reference) = (order.kind.name(), &order.reference[..]);
    if settles {
        return Some(refusal(Code::BEING_FINISHED, &[kind, reference]));
    }
    if order.kind.is_new_card() {
        return None;
    }
    let count = further(of_card, order.id).to_string();
    Some(refusal(Code::CHANGES_WAIT, &[kind, reference, &count]))
}

/// How many of a card's orders wait, but for one.
fn further(of_card: &[Order], but: Id) -> u32 {
    let waits = |order: &&Order| order.state == OrderState::Prepared && order.id != but && !order.kind.is_new_card();
    of_card.iter().filter(waits).count() as u32
}

impl<S: Store> Engine<S> {
    /// The verdict, with the number of changes that wait for the card after it.
    pub(super) async fn with_what_waits(
        &self,
        verdict: Verdict,
        card: &Card,
        order: &Order,
    ) -> Result<Verdict, StoreError> {
        if matches!(order.kind, OrderKind::Terminate | OrderKind::Block) {
            return Ok(verdict);
        }
        let count = further(&waiting::changes(&*self.center.store, card.id).await?, order.id);
        Ok(Verdict { waiting: (count > 0).then_some(count), ..verdict })
    }

    /// What is told beside the first script of `order` on `card`, when it is handed out again.
    pub(super) async fn notice_again(
        &self,
        order: &Order,
        settles: bool,
        card: Id,
    ) -> Result<Option<Refusal>, Refused> {
        Ok(notice(order, settles, &waiting::changes(&*self.center.store, card).await?))
    }
}
