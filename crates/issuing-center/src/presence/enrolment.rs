//! ENROL: a one-time code and a certificate request in, the terminal's certificate out.

use std::sync::Arc;

use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::Terminal;
use cardwright_keystore::KeyId;
use cardwright_relay::Code;
use cardwright_relay::message::{Enrol, Enrolled, Id};
use sha2::{Digest, Sha256};

use crate::authority::{Authority, AuthorityError, TerminalCertificate};
use crate::center::{Center, READER_LIST_KEY};
use crate::refused::Refused;
use crate::store::{Commit, EnrolmentCode, Registration, Store, StoreError};

/// How long a one-time code is taken unless its maker says otherwise, microseconds.
pub const CODE_LIFE: i64 = 24 * 3_600 * 1_000_000;

/// Lets new terminals in.
pub struct Enrolment<S> {
    center: Center<S>,
    authority: Arc<Authority>,
}

impl<S: Store> Enrolment<S> {
    /// Enrolment with the center's authority.
    pub fn new(center: Center<S>, authority: Arc<Authority>) -> Self {
        Self { center, authority }
    }

    /// Uses the code up and enters the terminal, in one commit. A terminal of the same name that is not revoked is
    /// revoked by it: a certificate is made anew by a new code.
    ///
    /// # Errors
    /// `ENROLMENT_REFUSED` where the code is wrong, used or expired, or the request is not one; the store's and the
    /// keystore's own.
    pub async fn enrol(&self, message: Enrol) -> Result<Enrolled, Refused> {
        let hash: [u8; 32] = Sha256::digest(message.code.as_slice()).into();
        let now = self.center.now();
        let code = self.center.store.enrolment_code(hash, now).await?;
        let code = code.ok_or_else(|| Refused::new(Code::ENROLMENT_REFUSED))?;
        let random = self.center.keystore.random(16)?;
        let id = Id::from(*random.first_chunk().ok_or_else(|| Refused::new(Code::KEYSTORE_UNAVAILABLE))?);
        let certificate = self.certify(message.certificate_request.to_vec(), id, now).await?;
        let reader_list_key = self.center.keystore.public_key(&KeyId::new(READER_LIST_KEY, 1)?)?;
        self.enter(&code, id, &certificate, now).await?;
        Ok(Enrolled {
            terminal: id,
            name: code.terminal,
            base: code.base,
            certificate: certificate.certificate.into(),
            authority: self.authority.certificate().to_vec().into(),
            reader_list_key: reader_list_key.into(),
        })
    }

    /// Signs off the threads that carry connections: a keystore may take milliseconds.
    async fn certify(&self, request: Vec<u8>, id: Id, now: i64) -> Result<TerminalCertificate, Refused> {
        let authority = Arc::clone(&self.authority);
        let certified = tokio::task::spawn_blocking(move || authority.certify(&request, &id, now)).await;
        match certified {
            Ok(Ok(certificate)) => Ok(certificate),
            Ok(Err(AuthorityError::Request(reason))) => Err(Refused::with(Code::ENROLMENT_REFUSED, [reason])),
            Ok(Err(error)) => {
                tracing::error!(%error, "no certificate could be made");
                Err(Refused::new(Code::KEYSTORE_UNAVAILABLE))
            }
            Err(_) => Err(Refused::new(Code::KEYSTORE_UNAVAILABLE)),
        }
    }

    async fn enter(
        &self,
        code: &EnrolmentCode,
        id: Id,
        certificate: &TerminalCertificate,
        now: i64,
    ) -> Result<(), Refused> {
        let before = self.center.store.terminals().await?;
        let before = before.into_iter().find(|row| row.name == code.terminal && row.revoked.is_none());
        let mut registrations = vec![Registration::UseEnrolmentCode(code.hash, now)];
        let mut entries = Vec::new();
        if let Some(before) = before {
            registrations.push(Registration::RevokeTerminal(before.id, now));
            entries.push(told(now, &code.terminal, before.id, false));
        }
        registrations.push(Registration::Terminal(row(code, id, certificate)));
        entries.push(told(now, &code.terminal, id, true));
        let commit = Commit { registrations, entries, ..Commit::default() };
        match self.center.store.commit(commit).await {
            Err(StoreError::Conflict(_)) => Err(Refused::new(Code::ENROLMENT_REFUSED)),
            other => Ok(other?),
        }
    }
}

fn row(code: &EnrolmentCode, id: Id, certificate: &TerminalCertificate) -> Terminal {
    Terminal {
        id,
        name: code.terminal.clone(),
        base: code.base.clone(),
        fingerprint: certificate.fingerprint,
        expires: certificate.expires,
        revoked: None,
        instance: None,
        lease_until: 0,
    }
}

fn told(now: i64, name: &str, id: Id, present: bool) -> Entry {
    let event = Event::Registered { what: "terminal".to_owned(), name: name.to_owned(), present };
    Entry { terminal: Some(id), ..Entry::new(now, event) }
}
