//! What the center says when it does not let someone in, or not for this: a code, its parameters, and the HTTP
//! status that goes with it.

use axum::http::StatusCode;
use cardwright_relay::Code;
use cardwright_relay::message::Refusal;

use crate::store::StoreError;

/// A refusal on its way to the one who asked. Texts are made at the edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// the code
    pub code: Code,
    /// the parameters the code's text names, in its order; never personal data
    pub parameters: Vec<String>,
}

impl Refused {
    /// A code without parameters.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, parameters: Vec::new() }
    }

    /// A code with its parameters.
    #[must_use]
    pub fn with(code: Code, parameters: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { code, parameters: parameters.into_iter().map(Into::into).collect() }
    }

    /// As a terminal reads it.
    #[must_use]
    pub fn message(&self) -> Refusal {
        Refusal { code: self.code, parameters: self.parameters.clone() }
    }

    /// The HTTP status that says the same, coarsely.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.code {
            Code::PERSON_REFUSED => StatusCode::UNAUTHORIZED,
            Code::SESSION_UNKNOWN
            | Code::ORDER_UNKNOWN
            | Code::CAMPAIGN_UNKNOWN
            | Code::CARD_NOT_FOUND
            | Code::EVENT_UNKNOWN => StatusCode::NOT_FOUND,
            Code::TERMINAL_TWICE
            | Code::CHALLENGE_REFUSED
            | Code::MESSAGE_CONFLICT
            | Code::IDEMPOTENCY_CONFLICT
            | Code::NAME_TAKEN
            | Code::CHANGED_MEANWHILE
            | Code::ORDER_APPROVED
            | Code::PROGRAM_APPROVED
            | Code::ORDER_NOT_APPROVED
            | Code::ORDER_ISSUED
            | Code::ORDER_BLOCKED
            | Code::ORDER_BUSY
            | Code::ORDER_DUPLICATE
            | Code::ORDER_CLOSED
            | Code::ORDER_NOT_PREPARED
            | Code::NUMBER_TAKEN
            | Code::PROFILE_CHANGED
            | Code::CHANGE_REFUSED
            | Code::CAMPAIGN_NOT_SO
            | Code::DECISION_REFUSED => StatusCode::CONFLICT,
            Code::STORE_UNAVAILABLE | Code::KEYSTORE_UNAVAILABLE | Code::KEYSTORE_BUSY | Code::POOL_EMPTY => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Code::ROLE_MISSING | Code::SAME_PERSON | Code::HOST_NOT_PRIVATE => StatusCode::FORBIDDEN,
            Code(2001..=2015) => StatusCode::FORBIDDEN,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

impl From<StoreError> for Refused {
    /// Whatever the store's reason, nothing was sent; the details are for the center's own eyes.
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(Code::STORE_UNAVAILABLE)
    }
}

impl From<cardwright_keystore::Error> for Refused {
    fn from(error: cardwright_keystore::Error) -> Self {
        tracing::error!(%error, "the keystore failed");
        Self::new(match error {
            cardwright_keystore::Error::Busy => Code::KEYSTORE_BUSY,
            _ => Code::KEYSTORE_UNAVAILABLE,
        })
    }
}

impl From<cardwright_relay::Error> for Refused {
    /// The message could not be taken; the reason is not repeated to the sender.
    fn from(error: cardwright_relay::Error) -> Self {
        Self::new(error.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_that_refuses() {
        for code in Code::ALL {
            let status = Refused::new(*code).status();
            assert!(status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{code}");
        }
        assert_eq!(Refused::new(Code::TERMINAL_REVOKED).status(), StatusCode::FORBIDDEN);
        assert_eq!(Refused::new(Code::MESSAGE_CONFLICT).status(), StatusCode::CONFLICT);
    }
}
