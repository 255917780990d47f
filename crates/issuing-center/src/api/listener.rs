//! The API's accept loop: plain TCP, meant for loopback or for a proxy that speaks TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::router;
use crate::center::Center;
use crate::server::Limits;
use crate::server::connection::{self, Version};
use crate::stop::Stopping;
use crate::store::Store;

/// Connections at a time.
const CONNECTIONS: usize = 256;
/// After an accept that failed, before the next.
const BREATH: Duration = Duration::from_millis(100);

/// The bound listener.
pub struct ApiListener {
    socket: TcpListener,
    router: Router,
    limits: Limits,
}

impl ApiListener {
    /// Takes the address.
    ///
    /// # Errors
    /// What the system says: the address is taken, or not ours.
    pub async fn bind<S: Store + 'static>(address: SocketAddr, center: Center<S>, limits: Limits) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        if !socket.local_addr()?.ip().is_loopback() {
            tracing::warn!("the API is reachable from other machines without TLS; put a proxy before it");
        }
        Ok(Self { socket, router: router(center), limits })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Answers until stop is said.
    pub async fn run(self, mut stopping: Stopping) {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                accepted = async { (Arc::clone(&room).acquire_owned().await, self.socket.accept().await) } => accepted,
                () = stopping.said() => return,
            };
            let (Ok(place), Ok((socket, from))) = accepted else {
                tokio::time::sleep(BREATH).await;
                continue;
            };
            let (router, limits, stopping) = (self.router.clone(), self.limits, stopping.clone());
            tokio::spawn(async move {
                let answer = move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(ConnectInfo(from));
                    hyper::service::Service::call(&TowerToHyperService::new(router.clone()), request)
                };
                let never = std::future::pending();
                connection::serve(socket, Version::Http1, &limits, stopping, never, answer).await;
                drop(place);
            });
        }
    }
}
