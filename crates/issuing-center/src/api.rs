//! The JSON API: orders are created, read, listed by card, approved, cancelled and looked at; the issuer's host gets
//! what it needs to know of cards. `docs/api.md` is its reference.
//!
//! It goes the way of the command line: the same reception, the same approval, the same log. What it answers in JSON
//! of orders holds no personal data, so that an answer may be kept for its Idempotency-Key; the picture of a card's face
//! holds what the profile shows a base, the host's records hold card numbers, and both are kept nowhere.

mod answer;
mod changes;
mod credentials;
mod face;
mod host;
mod listener;
mod orders;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::routing::{get, post};
use cardwright_relay::Code;

pub use self::listener::ApiListener;

use self::answer::{Answer, Refusal};
use self::credentials::Credentials;
use crate::center::Center;
use crate::refused::Refused;
use crate::server::RefusalLog;
use crate::store::Store;

/// The longest body that is read: an order with its photo in Base64.
const LONGEST_BODY: usize = 64 * 1_024;
/// For a body to come in.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// Everything the API works with.
struct Api<S> {
    center: Center<S>,
    credentials: Credentials<S>,
    refusals: RefusalLog<S>,
}

/// The API's paths.
pub(crate) fn router<S: Store + 'static>(center: Center<S>) -> Router {
    let credentials = Credentials::new(center.clone());
    Router::new()
        .route("/api/v1/orders", post(orders::create::<S>).get(changes::of_card::<S>))
        .route("/api/v1/orders/{reference}", get(orders::read::<S>))
        .route("/api/v1/orders/{reference}/face", get(face::read::<S>))
        .route("/api/v1/orders/{reference}/approve", post(orders::approve::<S>))
        .route("/api/v1/host/cards", get(host::cards::<S>))
        .route("/api/v1/orders/{reference}/cancel", post(changes::cancel::<S>))
        .fallback(answer::no_such_path)
        .method_not_allowed_fallback(answer::no_such_method)
        .with_state(Arc::new(Api { refusals: RefusalLog::new(center.clone()), center, credentials }))
}

/// The body, within its length and time.
async fn body(request: Request<Body>) -> Result<Bytes, Refusal> {
    let read = axum::body::to_bytes(request.into_body(), LONGEST_BODY);
    match tokio::time::timeout(BODY_PATIENCE, read).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Refusal::too_long(LONGEST_BODY)),
        Err(_) => Err(Refusal::too_slow()),
    }
}

/// Carries `work` to its end, whether or not the caller is still there to hear of it.
async fn to_its_end<F>(work: F) -> Result<Answer, Refusal>
where
    F: Future<Output = Result<Answer, Refusal>> + Send + 'static,
{
    match tokio::spawn(work).await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!(%error, "an API call broke off");
            Err(Refused::new(Code::STORE_UNAVAILABLE).into())
        }
    }
}
