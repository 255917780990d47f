//! The states of orders, issuances, cards and key sets, and the tables of what may follow what.

/// A state machine whose transitions are a table.
pub trait State: Copy + Eq + Sized + 'static {
    /// Every allowed step.
    const TRANSITIONS: &'static [(Self, Self)];
    /// Every state with its name in the database.
    const NAMES: &'static [(Self, &'static str)];

    /// Whether `next` may follow.
    #[must_use]
    fn may_become(self, next: Self) -> bool {
        Self::TRANSITIONS.contains(&(self, next))
    }

    /// The name in the database and on screens.
    #[must_use]
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// The state of that name.
    #[must_use]
    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }
     transitions { $($from:ident => $to:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl State for $name {
            const TRANSITIONS: &'static [(Self, Self)] = &[$((Self::$from, Self::$to)),+];
            const NAMES: &'static [(Self, &'static str)] = &[$((Self::$variant, $text)),+];
        }
    };
}

states! {
    /// A customer's request.
    OrderState {
        /// entered, not yet looked at by a second person
        Received = "received",
        /// approved by someone else
        Approved = "approved",
        /// its personalization data is made, checked and sealed
        Prepared = "prepared",
        /// an issuance is under way
        Issuing = "issuing",
        /// a live card carries it
        Issued = "issued",
        /// refused by the second person
        Rejected = "rejected",
        /// withdrawn
        Cancelled = "cancelled",
        /// an outcome is unknown, or a person is needed
        Blocked = "blocked",
    }
    transitions {
        Received => Approved, Received => Rejected, Received => Cancelled,
        Approved => Prepared, Approved => Cancelled, Approved => Blocked,
        Prepared => Issuing, Prepared => Cancelled, Prepared => Blocked,
        Issuing => Issued, Issuing => Prepared, Issuing => Blocked,
        Blocked => Prepared, Blocked => Issuing, Blocked => Issued, Blocked => Cancelled,
    }
}

states! {
    /// One attempt to carry out an order on one card.
    IssuanceState {
        /// admitted; no script has gone out
        Leased = "leased",
        /// the card's cryptogram was right
        Authenticated = "authenticated",
        /// a script that writes is intended; what the card holds is not proven
        Writing = "writing",
        /// the terminal says the script ran to its end
        Written = "written",
        /// every answer is proven
        Verified = "verified",
        /// the commit point is intended
        Activating = "activating",
        /// live, and proven
        Issued = "issued",
        /// ended before anything was intended
        FailedClean = "failed-clean",
        /// ended after something was intended, without proof
        Unknown = "unknown",
        /// the same, after everything that was written had been proven: only commit points are not
        Interrupted = "interrupted",
        /// the card was wiped after an unknown
        Wiped = "wiped",
        /// the card was put aside after a forgery
        Quarantined = "quarantined",
    }
    transitions {
        Leased => Authenticated, Leased => FailedClean,
        Authenticated => Writing, Authenticated => FailedClean,
        Writing => Writing, Writing => Written, Writing => Verified, Writing => Unknown, Writing => FailedClean,
        Written => Verified, Written => Unknown,
        Verified => Activating, Verified => Issued, Verified => Unknown,
        Activating => Activating, Activating => Issued, Activating => Interrupted,
        Unknown => Wiped, Unknown => Quarantined, Unknown => Verified, Unknown => Issued,
    }
}

states! {
    /// One card, known by product, CPLC and KDD.
    CardState {
        /// blank, in stock
        Stock = "stock",
        /// bound to an order, nothing written
        Bound = "bound",
        /// a first write is intended
        Dirty = "dirty",
        /// written and proven, not active
        Verified = "verified",
        /// the commit point is intended
        Activating = "activating",
        /// at least one commit point is proven to be passed, the rest is not known
        PartlyActivated = "partly-activated",
        /// in use
        Live = "live",
        /// what it holds must be found out first
        Unknown = "unknown",
        /// put aside; two people lift it
        Quarantined = "quarantined",
        /// declared lost by two people
        Lost = "lost",
        /// locked by us
        Locked = "locked",
        /// ended for good
        Terminated = "terminated",
        /// destroyed
        Scrapped = "scrapped",
    }
    transitions {
        Stock => Bound, Stock => Dirty, Stock => Quarantined, Stock => Lost, Stock => Scrapped,
        Bound => Stock, Bound => Dirty, Bound => Quarantined,
        Dirty => Verified, Dirty => PartlyActivated, Dirty => Unknown, Dirty => Quarantined,
        Verified => Activating, Verified => Live, Verified => Locked, Verified => Terminated, Verified => Lost,
        Verified => Unknown,
        Activating => Live, Activating => Locked, Activating => Terminated, Activating => PartlyActivated, Activating => Unknown,
        PartlyActivated => Dirty, PartlyActivated => Activating, PartlyActivated => Unknown, PartlyActivated => Quarantined,
        PartlyActivated => Lost,
        Unknown => Stock, Unknown => Dirty, Unknown => Verified, Unknown => Activating, Unknown => Live,
        Unknown => Quarantined, Unknown => Lost, Unknown => Terminated,
        Quarantined => Stock, Quarantined => Unknown, Quarantined => Scrapped, Quarantined => Lost,
        Live => Locked, Live => Dirty, Live => Lost, Live => Terminated, Live => Unknown,
        Locked => Live, Locked => Dirty, Locked => Terminated, Locked => Lost,
        Lost => Quarantined, Lost => Dirty, Terminated => Dirty, Terminated => Scrapped, Lost => Scrapped,
    }
}

states! {
    /// One version of a card's Security Domain keys.
    KeySetState {
        /// derived and wrapped, never sent to the card
        Derived = "derived",
        /// the maker's keys, on the card since delivery
        Transport = "transport",
        /// a PUT KEY with them is committed, not proven
        Intended = "intended",
        /// proven on the card
        OnCard = "on-card",
        /// replaced, or the card is gone
        Retired = "retired",
    }
    transitions {
        Derived => Intended, Derived => Retired, Transport => Retired, Intended => OnCard, Intended => Retired, OnCard => Retired,
    }
}

impl CardState {
    /// States in which an order has no claim on the card: all others count against "one card an order".
    #[must_use]
    pub fn is_free(self) -> bool {
        matches!(self, Self::Stock | Self::Scrapped)
    }
}

impl KeySetState {
    /// Whether the card may answer with it.
    #[must_use]
    pub fn may_be_on_card(self) -> bool {
        matches!(self, Self::Transport | Self::Intended | Self::OnCard)
    }
}

impl CardState {
    /// Whether its holder has it, or may get it back.
    #[must_use]
    pub fn is_in_use(self) -> bool {
        matches!(self, Self::Live | Self::Locked)
    }
}

impl IssuanceState {
    /// Whether the issuance has ended, one way or another.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(
            self,
            Self::Issued | Self::FailedClean | Self::Unknown | Self::Interrupted | Self::Wiped | Self::Quarantined
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_name_reads_back<S: State + std::fmt::Debug>() {
        for (state, name) in S::NAMES {
            assert_eq!(S::named(name), Some(*state));
            assert_eq!(state.name(), *name);
        }
    }

    #[test]
    fn names_read_back_and_ends_are_ends() {
        every_name_reads_back::<OrderState>();
        every_name_reads_back::<IssuanceState>();
        every_name_reads_back::<CardState>();
        every_name_reads_back::<KeySetState>();
        assert!(OrderState::TRANSITIONS.iter().all(|(from, _)| *from != OrderState::Issued));
        assert!(IssuanceState::TRANSITIONS.iter().all(|(from, _)| *from != IssuanceState::Issued));
    }

    #[test]
    fn live_needs_a_proof_before_it() {
        let before: Vec<_> =
            CardState::TRANSITIONS.iter().filter(|(_, to)| *to == CardState::Live).map(|(from, _)| *from).collect();
        assert_eq!(
            before,
            [CardState::Verified, CardState::Activating, CardState::Unknown, CardState::Locked],
            "a card becomes live only after its proof was stored, or when an unknown is settled"
        );
    }
}
