//! One HTTP connection from its first byte to its end, for terminals and for the API alike: every wait has a bound.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::HttpBody;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Limits;
use crate::stop::Stopping;

/// How often a connection is looked at.
const TICK: Duration = Duration::from_millis(500);
/// For the peer to read what is left, once the connection is to end.
const FAREWELL: Duration = Duration::from_secs(2);
/// Room for the heads of a request.
const HEAD_BYTES: usize = 16 * 1_024;
/// What a peer may send of one body before we answer: the longest of ordinary messages at once.
const WINDOW: u32 = 1 << 20;
/// Requests on one connection at a time.
const STREAMS: u32 = 32;

/// Which HTTP a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// as ALPN or the caller has settled
    Http1,
    /// as ALPN has settled
    Http2,
}

/// Whether something is asked on a connection, and since when not.
#[derive(Clone)]
pub struct Activity(Arc<Counters>);

struct Counters {
    running: AtomicUsize,
    idle_since: AtomicU64,
    opened: Instant,
}

impl Activity {
    fn new() -> Self {
        Self(Arc::new(Counters { running: AtomicUsize::new(0), idle_since: AtomicU64::new(0), opened: Instant::now() }))
    }

    /// Counts `work` as running until it is done or dropped.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        let _end = OnDrop(&self.0);
        work.await
    }

    fn idle(&self) -> Duration {
        if self.0.running.load(Ordering::SeqCst) > 0 {
            return Duration::ZERO;
        }
        self.0.opened.elapsed().saturating_sub(Duration::from_millis(self.0.idle_since.load(Ordering::SeqCst)))
    }
}

struct OnDrop<'a>(&'a Counters);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.idle_since.store(now, Ordering::SeqCst);
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Serves one connection: until the peer leaves, it is idle too long, stop is said (running requests are answered),
/// or `cut` is ready (nothing more is answered).
pub async fn serve<I, F, R, B>(
    io: I,
    version: Version,
    limits: &Limits,
    mut stopping: Stopping,
    cut: impl Future<Output = ()>,
    answer: F,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let activity = Activity::new();
    let watched = activity.clone();
    let service = hyper::service::service_fn(move |request| watched.clone().during(answer(request)));
    let builder = builder(version, limits);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(io), service));
    let mut cut = std::pin::pin!(cut);
    let mut tick = tokio::time::interval(TICK);
    let mut ending: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = cut.as_mut() => return,
            () = stopping.said(), if ending.is_none() => {
                connection.as_mut().graceful_shutdown();
                ending = Some(Instant::now() + limits.grace);
            }
            _ = tick.tick() => {
                let idle = activity.idle();
                if ending.is_some_and(|end| Instant::now() >= end) {
                    return;
                }
                if ending.is_none() && idle >= limits.idle {
                    connection.as_mut().graceful_shutdown();
                    ending = Some(Instant::now() + FAREWELL);
                }
            }
        }
    }
}

fn builder(version: Version, limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES)
        .auto_date_header(false)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES as u32)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .keep_alive_interval(limits.idle / 3)
        .keep_alive_timeout(limits.head)
        .auto_date_header(false);
    match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    }
}
