//! The face of an order's card, as a base may see it: a picture that nobody keeps and in which nothing runs.

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use zeroize::Zeroizing;

use super::answer::Refusal;
use super::orders::{From, READERS, Shared, respond};
use crate::face;
use crate::store::Store;

/// What goes with the picture: it stands alone, its photo inside it.
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_TYPE, "image/svg+xml"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; img-src data:; sandbox"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// The picture on its way out; its bytes are erased once they are written.
struct Picture(Zeroizing<String>);

impl AsRef<[u8]> for Picture {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl IntoResponse for Picture {
    fn into_response(self) -> Response {
        (HEADERS, Body::from(Bytes::from_owner(self))).into_response()
    }
}

pub(super) async fn read<S: Store + 'static>(
    State(api): Shared<S>,
    ConnectInfo(from): From,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answered = async {
        let person = api.credentials.person(&headers, from.ip(), &READERS).await?;
        let drawn = face::at_base(&api.center, &reference).await.map_err(Refusal::from);
        if let Err(refusal) = &drawn {
            api.refusals.tell_person(&person, refusal.refused()).await;
        }
        drawn.map(Picture)
    };
    respond(&headers, answered.await)
}
