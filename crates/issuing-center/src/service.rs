//! The running center: both listeners, what tells the issuer's host, the watch on the log, the sweeper and the pool's
//! worker, as one value that is started and stopped.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::api::ApiListener;
use crate::authority::{Authority, AuthorityError, CERTIFICATE_SETTING};
use crate::center::Center;
use crate::host::delivery;
use crate::issuers;
use crate::pool::{self, Levels};
use crate::presence::{Beat, Enrolment, Presence};
use crate::server::{Dialogue, Limits, Listener, RefusalLog, Terminals, TlsError, configuration};
use crate::stop::{Stop, Stopping};
use crate::store::{Store, StoreError};

/// How often overdue issuances are looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// How often what is over is forgotten, and what ends soon is told; the first time at the start.
const FORGET: Duration = Duration::from_secs(3_600);

/// Where the center listens, and what it keeps beside the database.
#[derive(Debug, Clone)]
pub struct Options {
    /// address of the terminals' listener; port 0 takes a free one
    pub terminals: SocketAddr,
    /// address of the API; port 0 takes a free one
    pub api: SocketAddr,
    /// where the listener's key and certificate are kept
    pub state_directory: PathBuf,
    /// the bounds of the terminals' listener
    pub limits: Limits,
    /// how far cards' RSA keys are made ahead
    pub pool: Levels,
}

/// Why the center did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// there is no authority in the database
    #[error("the center was not set up to its end: there is no authority certificate in the database")]
    NotSetUp,
    /// the store's
    #[error(transparent)]
    Store(#[from] StoreError),
    /// the authority's
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// the certificate's
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// the system's
    #[error("{address}: {error}")]
    Listen {
        /// the address that was asked for
        address: SocketAddr,
        /// what the system said
        error: io::Error,
    },
}

/// A center that runs.
pub struct Service {
    /// where the terminals' listener is
    pub terminals: SocketAddr,
    /// where the API is
    pub api: SocketAddr,
    stop: Stop,
    grace: Duration,
}

impl Service {
    /// Starts everything; when this returns, both addresses answer.
    ///
    /// # Errors
    /// [`ServiceError`]; nothing runs then.
    pub async fn start<S: Store + 'static, D: Dialogue>(
        center: Center<S>,
        dialogue: Arc<D>,
        options: &Options,
    ) -> Result<Self, ServiceError> {
        let certificate = center.store.setting(CERTIFICATE_SETTING).await?.ok_or(ServiceError::NotSetUp)?;
        let authority = Arc::new(Authority::open(Arc::clone(&center.keystore), &certificate)?);
        let identity = authority.server_identity(&options.state_directory, center.now())?;
        let tls = configuration(identity, authority.certificate(), &center.clock)?;
        let (stop, stopping) = Stop::new();
        let (beat, pulse) = Beat::new(center.clone());
        let terminals = Terminals {
            center: center.clone(),
            presence: Presence::new(center.clone(), pulse),
            enrolment: Enrolment::new(center.clone(), authority),
            dialogue: Arc::clone(&dialogue),
            refusals: RefusalLog::new(center.clone()),
            limits: options.limits,
        };
        let failed = |address| move |error| ServiceError::Listen { address, error };
        let listener = Listener::bind(options.terminals, tls, terminals).await.map_err(failed(options.terminals))?;
        let api = ApiListener::bind(options.api, center.clone(), options.limits).await.map_err(failed(options.api))?;
        let terminals = listener.address().map_err(failed(options.terminals))?;
        let api_address = api.address().map_err(failed(options.api))?;
        tokio::spawn(listener.run(stopping.clone()));
        tokio::spawn(api.run(stopping.clone()));
        tokio::spawn(beat.run(stopping.clone()));
        tokio::spawn(sweep(dialogue, stopping.clone()));
        tokio::spawn(delivery::run(center.clone(), stopping.clone()));
        tokio::spawn(pool::worker::run(center.clone(), options.pool, stopping.clone()));
        tokio::spawn(forget(center, stopping.clone()));
        Ok(Self { terminals, api: api_address, stop, grace: options.limits.grace })
    }

    /// Takes no more connections, lets running exchanges come to their end, and stops; false where some had to be cut.
    pub async fn stop(self) -> bool {
        self.stop.stop(self.grace).await
    }
}

/// Ends issuances whose RESULT is overdue, for as long as the center runs.
async fn sweep<D: Dialogue>(dialogue: Arc<D>, mut stopping: Stopping) {
    let mut interval = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            () = stopping.said() => return,
        }
        match dialogue.expire().await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "issuances ended without a RESULT: outcome unknown"),
            Err(refused) => tracing::error!(code = %refused.code, "overdue issuances could not be ended"),
        }
    }
}

/// Forgets challenges, codes and answers that are over, and tells what ends soon, for as long as the center runs.
async fn forget<S: Store>(center: Center<S>, mut stopping: Stopping) {
    let mut interval = tokio::time::interval(FORGET);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            () = stopping.said() => return,
        }
        match center.store.sweep(center.now()).await {
            Ok(count) => tracing::debug!(count, "rows that were over are forgotten"),
            Err(error) => tracing::error!(%error, "what is over could not be forgotten"),
        }
        match issuers::ending(&*center.store, center.now()).await {
            Ok(sentences) => sentences.iter().for_each(|sentence| tracing::warn!("{sentence}")),
            Err(error) => tracing::error!(%error, "certificates could not be looked at"),
        }
    }
}
