//! What the card decides at GENERATE AC, and what it says about it in the card verification results (CVR).

use super::cryptogram::IssuerSays;
use super::script::Tally;
use super::{Blocking, EmvData};

/// What GENERATE AC can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// declined
    Aac,
    /// approved offline, or after the issuer has approved
    Tc,
    /// ask the issuer
    Arqc,
}

impl Kind {
    /// Bits 8 and 7 of GENERATE AC's P1, and of the CID.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Aac => 0x00,
            Self::Tc => 0x40,
            Self::Arqc => 0x80,
        }
    }
}

/// How VERIFY went in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum PinVerification {
    #[default]
    NotTried,
    Failed,
    Succeeded,
}

/// How the issuer's authentication went in this transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IssuerAuthentication {
    NotPerformed,
    Failed,
    Succeeded(IssuerSays),
}

/// What the card knows when it decides.
pub(super) struct Facts {
    /// transactions since the last that was finished online, this one included
    offline_in_a_row: u16,
    /// lower and upper consecutive offline limit
    limits: Option<(u8, u8)>,
    never_online: bool,
    online_not_completed: bool,
    issuer_not_authenticated: bool,
    pin: PinVerification,
    pin_blocked: bool,
    /// INTERNAL AUTHENTICATE was answered
    signed: bool,
    application_blocked: bool,
    scripts: Tally,
}

/// How the attempt to go online ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OnlineResult {
    /// the authorization response code
    pub(super) code: [u8; 2],
    pub(super) authentication: IssuerAuthentication,
    /// whether an approval counts only with it
    pub(super) authentication_wanted: bool,
}

impl OnlineResult {
    /// Y3 and Z3: the terminal could not go online.
    pub(super) fn unable_to_go_online(&self) -> bool {
        matches!(&self.code, b"Y3" | b"Z3")
    }

    /// Whether the issuer was reached and has said nothing false.
    pub(super) fn is_completed(&self) -> bool {
        match self.authentication {
            IssuerAuthentication::Succeeded(_) => true,
            IssuerAuthentication::Failed => false,
            IssuerAuthentication::NotPerformed => !self.unable_to_go_online() && !self.authentication_wanted,
        }
    }

    fn issuer_approves(&self) -> bool {
        let approving = matches!(&self.code, b"00" | b"08" | b"10" | b"11");
        let proven = match self.authentication {
            IssuerAuthentication::Succeeded(IssuerSays::ResponseCode(code)) => code == self.code,
            IssuerAuthentication::Succeeded(IssuerSays::StatusUpdate { approves }) => approves,
            IssuerAuthentication::Failed => false,
            IssuerAuthentication::NotPerformed => !self.authentication_wanted,
        };
        approving && proven
    }
}

impl Facts {
    pub(super) fn gather(card: &EmvData, pin: PinVerification, signed: bool) -> Self {
        let limit = |tag| card.groupings.internal(tag).and_then(|value| value.first().copied());
        Self {
            offline_in_a_row: card.transaction_counter.saturating_sub(card.last_online),
            limits: limit(0x9F58).zip(limit(0x9F59)),
            never_online: card.last_online == 0,
            online_not_completed: card.online_not_completed,
            issuer_not_authenticated: card.issuer_not_authenticated,
            pin,
            pin_blocked: card.pin_tries() == Some(0),
            signed,
            application_blocked: card.blocking != Blocking::None,
            scripts: card.scripts,
        }
    }

    fn is_over_lower(&self) -> bool {
        self.limits.is_some_and(|(lower, _)| self.offline_in_a_row > u16::from(lower))
    }

    fn is_over_upper(&self) -> bool {
        self.limits.is_some_and(|(_, upper)| self.offline_in_a_row > u16::from(upper))
    }

    /// The card never answers more than was asked for: AAC < ARQC < TC. A blocked application answers an AAC alone.
    pub(super) fn decide_first(&self, requested: Kind) -> Kind {
        if self.application_blocked {
            return Kind::Aac;
        }
        let wants_online = self.is_over_lower() || self.online_not_completed || self.issuer_not_authenticated;
        if requested == Kind::Tc && wants_online { Kind::Arqc } else { requested }
    }

    /// After an ARQC: TC where the issuer approves, or where nobody was reached and the upper limit allows it.
    pub(super) fn decide_second(&self, requested: Kind, online: &OnlineResult) -> Kind {
        let allowed = if online.unable_to_go_online() { !self.is_over_upper() } else { online.issuer_approves() };
        if requested == Kind::Tc && allowed { Kind::Tc } else { Kind::Aac }
    }

    /// The three bytes after `03`: docs/emv-application.md, section 5.
    pub(super) fn results(&self, first: Kind, second: Option<(Kind, &OnlineResult)>) -> [u8; 3] {
        let set = |condition, bit: u8| if condition { bit } else { 0 };
        let (last, unable, not_performed, failed) = match second {
            None => (0x80, false, false, false),
            Some((kind, online)) => {
                let reached = !online.unable_to_go_online();
                let authentication = online.authentication;
                (
                    kind.code(),
                    !reached,
                    reached && authentication == IssuerAuthentication::NotPerformed,
                    authentication == IssuerAuthentication::Failed,
                )
            }
        };
        [
            last | first.code() >> 2
                | set(failed, 0x08)
                | set(self.pin != PinVerification::NotTried, 0x04)
                | set(self.pin == PinVerification::Failed, 0x02)
                | set(unable, 0x01),
            set(self.online_not_completed, 0x80)
                | set(self.pin_blocked, 0x40)
                | set(self.is_over_lower(), 0x20)
                | set(self.never_online, 0x10)
                | set(self.issuer_not_authenticated, 0x08)
                | set(not_performed, 0x04),
            self.scripts.results() | set(self.signed, 0x02),
        ]
    }
}
