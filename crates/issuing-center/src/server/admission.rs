//! The control terminal database, asked by a certificate's fingerprint.

use cardwright_issuance::row::Terminal;
use cardwright_relay::Code;
use cardwright_relay::message::Id;

use super::refusal_log::Source;
use crate::center::Center;
use crate::refused::Refused;
use crate::store::Store;

/// Who is at the other end of a connection, as TLS has proven it.
#[derive(Debug, Clone)]
pub(super) enum Peer {
    /// showed no certificate; its address without port
    Stranger(String),
    /// holds the key of the certificate of this fingerprint, signed by our authority
    Holder([u8; 32]),
}

/// A certificate that the database does not let in.
pub(super) struct NotAdmitted {
    /// why
    pub(super) refused: Refused,
    /// whose certificate it is, where it is known
    pub(super) terminal: Option<Id>,
}

impl Peer {
    /// Under whose name refusals are told.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::Stranger(address) => Source::Address(address.clone()),
            Self::Holder(fingerprint) => {
                Source::Certificate(*fingerprint.first_chunk().expect("a fingerprint has 32 bytes"))
            }
        }
    }
}

/// The terminal of this certificate, as the database has it now.
pub(super) async fn ask<S: Store>(center: &Center<S>, fingerprint: [u8; 32]) -> Result<Terminal, NotAdmitted> {
    let found = center.store.terminal_by_fingerprint(fingerprint).await;
    let found = found.map_err(|error| NotAdmitted { refused: error.into(), terminal: None })?;
    let Some(terminal) = found else {
        return Err(NotAdmitted { refused: Refused::new(Code::TERMINAL_UNKNOWN), terminal: None });
    };
    let code = if terminal.revoked.is_some() {
        Code::TERMINAL_REVOKED
    } else if terminal.expires <= center.now() {
        Code::TERMINAL_EXPIRED
    } else {
        return Ok(terminal);
    };
    Err(NotAdmitted { refused: Refused::new(code), terminal: Some(terminal.id) })
}
