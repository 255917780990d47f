//! The kinds of order: what a customer asks for.

/// What an order asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderKind {
    /// a new card
    New,
    /// a card in place of one that was lost, stolen or damaged: the old one is blocked first
    Replace,
    /// a card in place of one whose time is over
    Renew,
    /// other personal data on a card in use
    PersonalData,
    /// another PIN, or the same one unblocked
    Pin,
    /// a further application
    AddApplication,
    /// an application by another program
    UpgradeApplication,
    /// an application less
    RemoveApplication,
    /// other keys of the Security Domain
    ChangeKeys,
    /// the card locked
    Block,
    /// a locked card in use again
    Unblock,
    /// the card ended for good
    Terminate,
}

impl OrderKind {
    /// Every kind with its name in files, in the API and in the database.
    pub const NAMES: [(Self, &'static str); 12] = [
        (Self::New, "new"),
        (Self::Replace, "replace"),
        (Self::Renew, "renew"),
        (Self::PersonalData, "personal-data"),
        (Self::Pin, "pin"),
        (Self::AddApplication, "add-application"),
        (Self::UpgradeApplication, "upgrade-application"),
        (Self::RemoveApplication, "remove-application"),
        (Self::ChangeKeys, "change-keys"),
        (Self::Block, "block"),
        (Self::Unblock, "unblock"),
        (Self::Terminate, "terminate"),
    ];

    /// The name in files, in the API and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Whether it is written on a blank from stock, at the base that it names; the others change a card in use, at
    /// whatever base it is seen.
    #[must_use]
    pub fn is_new_card(self) -> bool {
        matches!(self, Self::New | Self::Replace | Self::Renew)
    }

    /// What the issuer's host is told when it is carried out. That a card is blocked or ended it was told at the approval,
    /// and is told again when the card has proved it: never that the card goes on.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::New | Self::Replace | Self::Renew => "issued",
            Self::Block => "blocked",
            Self::Unblock => "unblocked",
            Self::Terminate => "terminated",
            _ => "changed",
        }
    }

    /// Whether personalization data is prepared for it.
    #[must_use]
    pub fn has_data(self) -> bool {
        match self {
            Self::New
            | Self::Replace
            | Self::Renew
            | Self::PersonalData
            | Self::Pin
            | Self::AddApplication
            | Self::UpgradeApplication => true,
            Self::RemoveApplication | Self::ChangeKeys | Self::Block | Self::Unblock | Self::Terminate => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_that_reads_back() {
        for (kind, name) in OrderKind::NAMES {
            assert_eq!((kind.name(), OrderKind::named(name)), (name, Some(kind)));
        }
        assert_eq!(OrderKind::named(""), None);
    }

    #[test]
    fn no_host_is_told_that_a_card_goes_on_which_was_blocked_or_ended() {
        assert_eq!((OrderKind::Block.told(), OrderKind::Terminate.told()), ("blocked", "terminated"));
        assert_eq!(OrderKind::PersonalData.told(), "changed");
    }
}
