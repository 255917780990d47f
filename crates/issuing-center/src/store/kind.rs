//! The kinds of commits there are, told from what a commit holds.

use cardwright_issuance::change::Change;
use cardwright_issuance::state::{IssuanceState, State};

use super::{CampaignChange, Commit, Registration};

/// What a commit is for: the name of its failpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitKind {
    /// an issuance is opened
    IssuanceOpened,
    /// an issuance goes to this state
    IssuanceMoved(IssuanceState),
    /// other rows of an issuance
    RowsMoved,
    /// people's work; the registration's name
    Registered(&'static str),
    /// log entries alone
    EntriesOnly,
}

/// The names of registrations.
const REGISTRATIONS: &[&str] = &[
    "base",
    "person",
    "product",
    "profile",
    "terminal",
    "terminal-revoked",
    "reader",
    "reader-revoked",
    "enrolment-code",
    "enrolment-code-used",
    "stock",
    "order",
    "prepared",
    "prepared-bare",
    "approved",
    "ticket",
    "ticket-ended",
    "idempotency",
    "destruction-key",
    "setting",
    "prepared-again",
    "pool-key",
    "pool-key-taken",
    "card-number",
    "number-range",
    "pin-mailer",
    "pin-mailer-exported",
    "certification-key",
    "emv-issuer",
    "issuer-certificate",
    "piv-authority",
    "piv-certified",
    "card-certificate",
    "program",
    "program-approved",
    "program-withdrawn",
    "freed",
    "campaign",
    "campaign-card",
    "campaign-card-settled",
    "campaign-moved",
    "host",
    "card-expiry",
    "event-taken",
    "card-decision",
    "card-decision-confirmed",
];

impl CommitKind {
    /// The kind of `commit`: by the issuance it opens, or the last state an issuance goes to, or its first
    /// registration.
    #[must_use]
    pub fn of(commit: &Commit) -> Self {
        let mut kind = None;
        for change in &commit.changes {
            match change {
                Change::OpenIssuance(_) => return Self::IssuanceOpened,
                Change::MoveIssuance { to: (state, _), .. } => kind = Some(Self::IssuanceMoved(*state)),
                _ => kind = kind.or(Some(Self::RowsMoved)),
            }
        }
        kind.or_else(|| commit.registrations.first().map(|first| Self::Registered(registration_name(first))))
            .unwrap_or(Self::EntriesOnly)
    }

    /// Every kind.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let moved = IssuanceState::NAMES.iter().map(|(state, _)| Self::IssuanceMoved(*state));
        let registered = REGISTRATIONS.iter().map(|name| Self::Registered(name));
        [Self::IssuanceOpened, Self::RowsMoved, Self::EntriesOnly].into_iter().chain(moved).chain(registered).collect()
    }

    /// Its name, unique.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::IssuanceOpened => "issuance-opened".into(),
            Self::IssuanceMoved(state) => format!("issuance-{}", state.name()),
            Self::RowsMoved => "rows".into(),
            Self::Registered(name) => name.into(),
            Self::EntriesOnly => "entries".into(),
        }
    }
}

fn registration_name(registration: &Registration) -> &'static str {
    match registration {
        Registration::Base(_) => "base",
        Registration::Person(_) => "person",
        Registration::Product(_) => "product",
        Registration::Profile(_) => "profile",
        Registration::Terminal(_) => "terminal",
        Registration::RevokeTerminal(..) => "terminal-revoked",
        Registration::Reader(_) => "reader",
        Registration::RevokeReader(..) => "reader-revoked",
        Registration::EnrolmentCode(_) => "enrolment-code",
        Registration::UseEnrolmentCode(..) => "enrolment-code-used",
        Registration::Stock(..) => "stock",
        Registration::Order(..) => "order",
        Registration::Prepared(..) => "prepared",
        Registration::PreparedBare(_) => "prepared-bare",
        Registration::Approve(..) => "approved",
        Registration::Ticket(_) => "ticket",
        Registration::EndTicket(..) => "ticket-ended",
        Registration::Idempotency(_) => "idempotency",
        Registration::DestructionKey { .. } => "destruction-key",
        Registration::Setting { .. } => "setting",
        Registration::PreparedAgain(..) | Registration::CarriedAgain(..) => "prepared-again",

        Registration::PoolKey(_) => "pool-key",
        Registration::TakePoolKey(_) => "pool-key-taken",
        Registration::CardNumber(..) => "card-number",
        Registration::StepRange { .. } => "number-range",
        Registration::PinMailer(_) => "pin-mailer",
        Registration::PinMailerExported(..) => "pin-mailer-exported",
        Registration::CertificationKey(_) => "certification-key",
        Registration::EmvIssuer { .. } => "emv-issuer",
        Registration::IssuerCertificate(_) => "issuer-certificate",
        Registration::PivAuthority(_) => "piv-authority",
        Registration::PivCertified(..) => "piv-certified",
        Registration::CardCertificate(_) => "card-certificate",
        Registration::Free(_) => "freed",
        Registration::Campaign(CampaignChange::New(_)) => "campaign",
        Registration::Campaign(CampaignChange::Card(_)) => "campaign-card",
        Registration::Campaign(CampaignChange::Settled(_)) => "campaign-card-settled",
        Registration::Campaign(CampaignChange::Moved { .. }) => "campaign-moved",
        Registration::Program(_) => "program",
        Registration::ApproveProgram(..) => "program-approved",
        Registration::WithdrawProgram(_) => "program-withdrawn",
        Registration::Host(_) => "host",
        Registration::CardExpiry(..) => "card-expiry",
        Registration::EventTaken(..) => "event-taken",
        Registration::CardDecision(_) => "card-decision",
        Registration::CardDecisionConfirmed { .. } => "card-decision-confirmed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_named_by_what_matters_most_in_it() {
        let setting = Registration::Setting { name: "a".into(), value: vec![] };
        let commit = Commit { registrations: vec![setting], ..Commit::default() };
        assert_eq!(CommitKind::of(&commit).name(), "setting");
        assert!(CommitKind::all().contains(&CommitKind::of(&commit)));
        assert_eq!(CommitKind::of(&Commit::default()), CommitKind::EntriesOnly);
    }
}
