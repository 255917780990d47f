//! The open desk: whatever card is put in is served. What was left in the middle is finished, and cards in use are
//! changed, while the center dies at each of the commits.

use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::store::Store;
use cardwright_relay::message::Outcome;
use cardwright_relay::terminal::End;

use crate::card::HeldCard;
use crate::counter::{Counter, Whim};
use crate::founding::TERMINAL;
use crate::world::{Again, PLACES, Story, World};

/// A card is pulled out in this script of its session, after so many of its commands.
type Pulled = Option<(usize, usize)>;

impl World {
    /// An operator attends the terminal.
    pub(crate) fn open_desk(&mut self) {
        let open = ["ticket", "issue", "--terminal", TERMINAL, "--hours", "24", "--as", "Kim"];
        self.step(&[], &open, Again::Done);
    }

    pub(crate) fn order(&mut self, reference: &str) -> Order {
        let store = self.store();
        self.runtime.block_on(store.order_by_reference(reference)).unwrap().expect("the order is there")
    }

    /// The row of the card that an order is about.
    pub(crate) fn row(&mut self, reference: &str) -> Card {
        let (card, store) = (self.order(reference).card.expect("the order has a card"), self.store());
        self.runtime.block_on(store.card(card)).unwrap().unwrap()
    }

    /// The card that an order is about.
    pub(crate) fn card(&mut self, reference: &str) -> &mut HeldCard {
        let kdd = self.row(reference).kdd;
        self.cards.iter_mut().find(|card| card.kdd == kdd).unwrap()
    }

    fn take(&mut self, reference: &str) -> HeldCard {
        let kdd = self.row(reference).kdd;
        let place = self.cards.iter().position(|card| card.kdd == kdd).unwrap();
        self.cards.remove(place)
    }

    /// Puts the order's card in at the desk of a center that dies at `name`, if it does.
    fn put_in(&mut self, name: Option<&str>, reference: &str, pulled: Pulled) -> End {
        let (counter, card) = (self.counter(), self.take(reference));
        let served = serve(counter, card, pulled);
        let (end, card) = match name {
            Some(name) => self.through_death(name, served),
            None => {
                self.center.serve(None);
                self.runtime.block_on(served)
            }
        };
        self.cards.push(card);
        self.hold(&format!("{name:?} of {reference}: {end:?}"));
        end
    }

    /// The card of `reference` is put in, and the order is carried out.
    pub(crate) fn carry_out(&mut self, name: Option<&str>, reference: &str) {
        let end = self.put_in(name, reference, None);
        assert_eq!(end.outcome, Outcome::Issued, "{name:?} of {reference}: {end:?}");
        assert_eq!(self.order(reference).state, OrderState::Issued, "{name:?} of {reference}");
    }

    /// The order is released by itself, though others wait for its card, and carried out.
    pub(crate) fn carry_out_first(&mut self, reference: &str) {
        let release = ["ticket", "issue", "--order", reference, "--terminal", TERMINAL, "--as", "Kim"];
        self.step(&[], &release, Again::Done);
        let (counter, mut card) = (self.counter(), self.take(reference));
        self.center.serve(None);
        let end = self.runtime.block_on(async {
            let ticket = counter.ticket(reference).await;
            counter.issue(ticket, &mut card, Whim::None).await
        });
        self.cards.push(card);
        assert_eq!(end.outcome, Outcome::Issued, "{reference}: {end:?}");
        self.hold(reference);
    }

    /// The card of `reference` is put in and pulled out in the middle.
    pub(crate) fn leave(&mut self, name: &str, reference: &str, pulled: (usize, usize)) {
        let end = self.put_in(Some(name), reference, Some(pulled));
        assert_eq!(end.outcome, Outcome::Unknown, "{name} of {reference}: {end:?}");
        assert_eq!(self.row(reference).state, CardState::Unknown, "{name} of {reference}");
    }

    /// The card of `reference` is put in and looked at, and the order cannot be carried out on it.
    pub(crate) fn decline(&mut self, name: &str, reference: &str) {
        let end = self.put_in(Some(name), reference, None);
        assert_eq!(end.outcome, Outcome::FailedClean, "{name} of {reference}: {end:?}");
        let states = (self.order(reference).state, self.row(reference).state);
        assert_eq!(states, (OrderState::Prepared, CardState::Live), "{name} of {reference}");
    }

    /// Every card that was left in the middle is finished when it is put in again, whichever commit of that the center
    /// dies at.
    pub(crate) fn finish_what_was_left(&mut self) {
        let mut left = std::mem::take(&mut self.left);
        let mut next = |stories: &[Story]| {
            let place = left.iter().position(|(story, _)| stories.contains(story));
            left.remove(place.expect("there are as many as are finished")).1
        };
        let written = [Story::PulledOut, Story::Late];
        for place in PLACES {
            // once more in the middle: what was found out before it counts, so that the tries are not used up
            let reference = next(&written);
            self.leave(&format!("{place}-issuance-unknown"), &reference, (2, 1));
            self.carry_out(Some(&format!("{place}-issuance-issued")), &reference);
        }
        for (kind, stories) in [
            ("issuance-opened", &written[..]),
            ("issuance-writing", &written[..]),
            ("issuance-activating", &[Story::BeforeActivation]),
            ("issuance-writing", &[Story::AfterActivation]),
        ] {
            for place in PLACES {
                let reference = next(stories);
                self.carry_out(Some(&format!("{place}-{kind}")), &reference);
                assert_eq!(self.row(&reference).state, CardState::Live, "{place}-{kind}");
            }
        }
        assert_eq!(left, [], "all of them were put in again");
    }
}

async fn serve(counter: Counter, mut card: HeldCard, pulled: Pulled) -> (End, HeldCard) {
    let ticket = counter.desk().await;
    card.pulled_at = pulled;
    let end = counter.issue(ticket, &mut card, Whim::None).await;
    card.pulled_at = None;
    (end, card)
}
