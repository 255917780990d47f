//! Whether an order makes sense on its card: each combination that does not is told by column, with what to do.

use cardwright_apdu::Aid;
use cardwright_data_preparation::Profile;
use cardwright_globalplatform::{ChannelParameters, SecurityLevel};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{CardState, OrderState};

use super::subject::{Subject, is_open};

/// What is asked of a card.
pub(crate) struct Asked<'a> {
    pub(crate) kind: OrderKind,
    pub(crate) argument: Option<&'a str>,
    /// the profile that the order names, or the one of the card's own order where it names none
    pub(crate) profile: &'a Profile,
    /// whether cards can be loaded with the package
    pub(crate) loadable: &'a dyn Fn(Aid) -> bool,
}

/// What is wrong: the column, and the reason with what would be right.
pub(crate) type Nonsense = (&'static str, String);

/// Why the order makes no sense on the card, if it makes none.
pub(crate) fn fault(asked: &Asked<'_>, subject: &Subject) -> Option<Nonsense> {
    let of_state = state_fault(asked.kind, subject.card.state).map(|reason| ("card", reason.to_owned()));
    of_state.or_else(|| content_fault(asked, subject)).or_else(|| already(asked, subject))
}

/// Why a card in this state takes no such change.
pub(crate) fn state_fault(kind: OrderKind, state: CardState) -> Option<&'static str> {
    use CardState::{
        Activating, Bound, Dirty, Live, Locked, Lost, PartlyActivated, Quarantined, Scrapped, Stock, Terminated,
        Unknown, Verified,
    };
    const WRITTEN: &str = "the card is being written at this moment: enter the order again when that has ended";
    const UNKNOWN: &str = "what the card holds is not known: have it put into a terminal and settled first";
    const LOCKED: &str = "the card is locked: order unblock first";
    const LOST: &str = "the card is declared lost: order a card in its place by replace";
    const ENDED: &str = "the card is ended for good: order a new card";
    const ASIDE: &str = "the card is in quarantine: two people lift that first";
    const BLANK: &str = "the card is not issued";
    use OrderKind::{Block, Replace, Terminate, Unblock};
    match (kind, state) {
        (_, Stock | Bound) => Some(BLANK),
        (_, Scrapped) | (Replace, Terminated) => Some(ENDED),
        (Terminate, Terminated) => Some("the card is terminated already"),
        (_, Terminated) => Some(ENDED),
        (Block, Locked) => Some("the card is locked already: order unblock or terminate"),
        (Unblock, Locked) | (Replace, Locked | Lost | Unknown | PartlyActivated | Quarantined) => None,
        (Terminate, Locked | Lost | Unknown | PartlyActivated) => None,
        (Block | Terminate, Dirty | Verified | Activating) | (Block, Unknown | PartlyActivated) => None,
        (Unblock, Live) => Some("the card is not locked: nothing is to be unblocked"),
        (_, Live) => None,
        (_, Dirty | Verified | Activating) => Some(WRITTEN),
        (_, Unknown | PartlyActivated) => Some(UNKNOWN),
        (_, Locked) => Some(LOCKED),
        (_, Lost) => Some(LOST),
        (_, Quarantined) => Some(ASIDE),
    }
}

/// Why the order, which made sense once, makes none any more.
pub(crate) fn later_fault(asked: &Asked<'_>, subject: &Subject) -> Option<Nonsense> {
    let of_state = gone(asked.kind, subject.card.state).map(|reason| ("card", reason.to_owned()));
    of_state.or_else(|| content_fault(asked, subject)).or_else(|| already(asked, subject))
}

/// Why a change is not approved any more. One of what a card holds waits where the card is locked, being written or not
/// known; it does not where the card is gone.
pub(crate) fn gone(kind: OrderKind, state: CardState) -> Option<&'static str> {
    let gone = matches!(state, CardState::Lost | CardState::Terminated | CardState::Scrapped);
    let of_state = matches!(kind, OrderKind::Block | OrderKind::Unblock | OrderKind::Terminate | OrderKind::Replace);
    if gone || of_state { state_fault(kind, state) } else { None }
}

fn content_fault(asked: &Asked<'_>, subject: &Subject) -> Option<Nonsense> {
    let profile = asked.profile.reference().name.as_str();
    match asked.kind {
        OrderKind::PersonalData | OrderKind::Pin if !subject.holds(profile) => {
            Some(("profile", "the card holds no application of this profile: see card show".to_owned()))
        }
        OrderKind::ChangeKeys if profile == subject.issued_by.profile || subject.holds(profile) => {
            let wanted = asked.argument.unwrap_or_default();
            let fault = subject.product.changed_protocol(wanted, subject.protocol).err();
            fault.map(|fault| ("argument", fault.to_string()))
        }
        OrderKind::RemoveApplication => removal_fault(asked.argument, subject),
        OrderKind::AddApplication => addition_fault(asked, subject),
        OrderKind::UpgradeApplication => upgrade_fault(asked, subject),
        OrderKind::Block | OrderKind::Unblock | OrderKind::Terminate | OrderKind::ChangeKeys
            if profile != subject.issued_by.profile && !subject.holds(profile) =>
        {
            Some(("profile", "the card holds no application of this profile: leave the column empty".to_owned()))
        }
        _ => None,
    }
}

fn removal_fault(argument: Option<&str>, subject: &Subject) -> Option<Nonsense> {
    let instance: Option<Aid> = argument.and_then(|text| text.parse().ok());
    let held = instance.and_then(|instance| subject.application(instance));
    match held {
        None => Some(("argument", "there is no such instance on the card: see card show".to_owned())),
        Some(_) if subject.applications.len() == 1 => {
            Some(("argument", "it is the card's only application: order terminate, or add another first".to_owned()))
        }
        Some(_) => None,
    }
}

fn addition_fault(asked: &Asked<'_>, subject: &Subject) -> Option<Nonsense> {
    let there = asked.profile.applications().iter().find(|one| subject.application(one.instance).is_some());
    if let Some(application) = there {
        let reason = format!("the card has {} already: order upgrade-application", application.instance);
        return Some(("profile", reason));
    }
    unfit(asked, subject)
}

fn upgrade_fault(asked: &Asked<'_>, subject: &Subject) -> Option<Nonsense> {
    let applications = asked.profile.applications();
    let same =
        |one: &&cardwright_data_preparation::profile::ApplicationProfile| subject.application(one.instance).is_some();
    if let Some(missing) = applications.iter().find(|one| !same(one)) {
        let reason = format!("the card has no {} that could be upgraded: order add-application", missing.instance);
        return Some(("profile", reason));
    }
    let newer = |instance: Aid, package: Aid| subject.application(instance).is_some_and(|held| held.package != package);
    if !applications.iter().any(|one| newer(one.instance, one.package)) {
        let reason = "the card has these programs already: name the profile that holds the new one".to_owned();
        return Some(("profile", reason));
    }
    unfit(asked, subject)
}

/// Why the card product cannot hold what the profile puts on it.
fn unfit(asked: &Asked<'_>, subject: &Subject) -> Option<Nonsense> {
    let Subject { product, card, .. } = subject;
    let missing = asked.profile.applications().iter().find(|one| {
        !product.has_preloaded(one.package) && !card.content.has_loaded(&one.package) && !(asked.loadable)(one.package)
    });
    if let Some(application) = missing {
        let reason = format!(
            "the program {} is neither on the card nor an approved one here: import and approve its CAP file",
            application.package
        );
        return Some(("profile", reason));
    }
    let level = SecurityLevel::from_byte(asked.profile.security_level().byte());
    let speaks = level
        .is_ok_and(|level| ChannelParameters::new(subject.protocol, 0x01, level, product.security_domain()).is_ok());
    if speaks {
        return None;
    }
    let reason = format!(
        "cards of the product {} cannot do the profile's security-level: choose a profile of another level",
        product.name()
    );
    Some(("profile", reason))
}

/// An order that asks for the same and is not done, or a card in place of this one.
fn already(asked: &Asked<'_>, subject: &Subject) -> Option<Nonsense> {
    let in_its_place = |order: &&Order| {
        let waits = is_open(order) && (asked.kind != OrderKind::Unblock || order.kind == OrderKind::Replace);
        order.replaces == Some(subject.card.id) && (waits || order.state == OrderState::Issued)
    };
    if let OrderKind::Replace | OrderKind::Renew | OrderKind::Unblock = asked.kind
        && let Some(other) = subject.orders.iter().find(in_its_place)
    {
        let reason = format!("the order {} is for a card in place of this one already", other.reference);
        return Some(("card", reason));
    }
    if let OrderKind::Replace | OrderKind::Renew = asked.kind {
        return None;
    }
    if let OrderKind::PersonalData | OrderKind::Pin = asked.kind {
        return None;
    }
    let of_profile = matches!(asked.kind, OrderKind::AddApplication | OrderKind::UpgradeApplication);
    let same = |order: &&Order| {
        order.kind == asked.kind
            && order.card == Some(subject.card.id)
            && order.argument.as_deref() == asked.argument
            && (!of_profile || order.profile == asked.profile.reference().name)
    };
    let other = subject.open().find(same)?;
    Some(("card", format!("the order {} asks for the same, and waits", other.reference)))
}

#[cfg(test)]
mod tests {
    use cardwright_issuance::state::State;

    use super::*;

    #[test]
    fn what_is_refused_of_each_state_says_what_to_do() {
        let changes = OrderKind::NAMES.iter().filter(|(kind, _)| *kind != OrderKind::New);
        for (kind, name) in changes {
            let taken: Vec<_> = CardState::NAMES
                .iter()
                .filter(|(state, _)| state_fault(*kind, *state).is_none())
                .map(|(_, name)| *name)
                .collect();
            let expected: &[&str] = match kind {
                OrderKind::Block => &["dirty", "verified", "activating", "partly-activated", "live", "unknown"],
                OrderKind::Unblock => &["locked"],
                OrderKind::Terminate => {
                    &["dirty", "verified", "activating", "partly-activated", "live", "unknown", "lost", "locked"]
                }
                OrderKind::Replace => &["partly-activated", "live", "unknown", "quarantined", "lost", "locked"],
                _ => &["live"],
            };
            assert_eq!(taken, expected, "{name}");
        }
    }
}
