//! The accept loop of the terminals' listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cardwright_relay::Code;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::admission::{self, NotAdmitted, Peer};
use super::connection::{self, Version};
use super::doorstep::{Doorstep, Place};
use super::{CONNECTION_CHECK, Dialogue, Terminals, exchange};
use crate::authority::fingerprint;
use crate::refused::Refused;
use crate::stop::Stopping;
use crate::store::Store;

/// After an accept that failed (no descriptors left), before the next.
const BREATH: Duration = Duration::from_millis(100);
/// For a terminal that is not let in to ask once and hear why.
const FAREWELL: Duration = Duration::from_secs(3);
/// Reads of up to 1 KiB from whoever was turned away, so that it hears why.
const UNREAD: usize = 64;

/// The bound listener.
pub struct Listener<S, D> {
    socket: TcpListener,
    tls: TlsAcceptor,
    terminals: Arc<Terminals<S, D>>,
    connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    doorstep: Arc<Doorstep>,
}

impl<S: Store + 'static, D: Dialogue> Listener<S, D> {
    /// Takes the address.
    ///
    /// # Errors
    /// What the system says: the address is taken, or not ours.
    pub async fn bind(address: SocketAddr, tls: ServerConfig, terminals: Terminals<S, D>) -> io::Result<Self> {
        let connections = Arc::new(Semaphore::new(terminals.limits.connections));
        let handshakes = Arc::new(Semaphore::new(terminals.limits.handshakes));
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            tls: TlsAcceptor::from(Arc::new(tls)),
            terminals: Arc::new(terminals),
            connections,
            handshakes,
            doorstep: Arc::default(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Lets terminals in until stop is said. Connections that are open then end by themselves.
    pub async fn run(self, mut stopping: Stopping) {
        loop {
            let accepted = tokio::select! {
                accepted = self.accept() => accepted,
                () = stopping.said() => return,
            };
            let Some((socket, address, permits)) = accepted else { continue };
            let Some(place) = self.doorstep.step_on(address.ip(), self.terminals.limits.unproven) else {
                tracing::debug!(%address, "too many connections without a certificate");
                continue;
            };
            let visit = Visit {
                tls: self.tls.clone(),
                terminals: Arc::clone(&self.terminals),
                stopping: stopping.clone(),
                address,
            };
            tokio::spawn(visit.take(socket, permits, place));
        }
    }

    /// The next connection, once there is room for it.
    async fn accept(&self) -> Option<(TcpStream, SocketAddr, Permits)> {
        let connection = Arc::clone(&self.connections).acquire_owned().await.ok()?;
        let handshake = Arc::clone(&self.handshakes).acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((socket, address)) => Some((socket, address, Permits { _connection: connection, handshake })),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(BREATH).await;
                None
            }
        }
    }
}

/// Lets the other side hear why it was turned away. A socket that is closed with bytes unread resets the connection, and
/// what was said last is lost; so the rest of what comes is read, up to a bound.
async fn heard(mut socket: TcpStream) -> io::Result<()> {
    socket.shutdown().await?;
    let mut unread = [0; 1024];
    for _ in 0..UNREAD {
        if socket.read(&mut unread).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Room that a connection takes.
struct Permits {
    _connection: OwnedSemaphorePermit,
    handshake: OwnedSemaphorePermit,
}

/// One connection.
struct Visit<S, D> {
    tls: TlsAcceptor,
    terminals: Arc<Terminals<S, D>>,
    stopping: Stopping,
    address: SocketAddr,
}

impl<S: Store + 'static, D: Dialogue> Visit<S, D> {
    async fn take(self, socket: TcpStream, permits: Permits, place: Place) {
        let Permits { _connection, handshake } = permits;
        if socket.set_nodelay(true).is_err() {
            return;
        }
        let accept = self.tls.accept(socket).into_fallible();
        let shaken = tokio::time::timeout(self.terminals.limits.handshake, accept).await;
        drop(handshake);
        match shaken {
            Ok(Ok(stream)) => self.serve(stream, place).await,
            Ok(Err((error, socket))) => {
                self.turned_away(&error).await;
                let _ = tokio::time::timeout(FAREWELL, heard(socket)).await;
            }
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }

    /// A certificate that does not lead to our authority is a refusal; other broken handshakes are noise.
    async fn turned_away(&self, error: &io::Error) {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        if matches!(cause, Some(rustls::Error::InvalidCertificate(_))) {
            let refused = Refused::with(Code::TERMINAL_UNKNOWN, ["not of this center's authority"]);
            self.terminals.refusals.tell(self.stranger().source(), None, &refused).await;
        }
    }

    fn stranger(&self) -> Peer {
        Peer::Stranger(self.address.ip().to_string())
    }

    async fn serve(self, stream: TlsStream<TcpStream>, place: Place) {
        let (_, tls) = stream.get_ref();
        let version = if tls.alpn_protocol() == Some(b"h2") { Version::Http2 } else { Version::Http1 };
        let certificate = tls.peer_certificates().and_then(<[_]>::first);
        let peer = certificate.map_or_else(|| self.stranger(), |certificate| Peer::Holder(fingerprint(certificate)));
        // A stranger stays on the doorstep for as long as it is here.
        let _place = matches!(peer, Peer::Stranger(_)).then_some(place);
        let peer = Arc::new(peer);
        let terminals = Arc::clone(&self.terminals);
        let (asked, stopping) = (Arc::clone(&peer), self.stopping.clone());
        let answer =
            move |request| exchange::answer(Arc::clone(&terminals), Arc::clone(&asked), stopping.clone(), request);
        let cut = self.cut(&peer);
        connection::serve(stream, version, &self.terminals.limits, self.stopping.clone(), cut, answer).await;
    }

    /// Is over when the connection has to end at once: a stranger's time is up, or the terminal is not (or no longer)
    /// let in.
    async fn cut(&self, peer: &Peer) {
        let Peer::Holder(fingerprint) = peer else {
            return tokio::time::sleep(self.terminals.limits.stranger).await;
        };
        if let Err(NotAdmitted { refused, terminal }) = admission::ask(&self.terminals.center, *fingerprint).await {
            self.terminals.refusals.tell(peer.source(), terminal, &refused).await;
            return tokio::time::sleep(FAREWELL).await;
        }
        loop {
            tokio::time::sleep(CONNECTION_CHECK).await;
            match admission::ask(&self.terminals.center, *fingerprint).await {
                Err(NotAdmitted { refused, terminal }) if refused.code != Code::STORE_UNAVAILABLE => {
                    return self.terminals.refusals.tell(peer.source(), terminal, &refused).await;
                }
                _ => {}
            }
        }
    }
}
