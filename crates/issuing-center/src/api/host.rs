//! What the issuer's host needs to know of cards. Whole card numbers are in it: the caller has the role of the host, and
//! comes over loopback, where a proxy may have spoken TLS with it.

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse, Response};
use cardwright_relay::Code;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answer::Refusal;
use super::orders::{From, Shared, respond};
use crate::host::issuance_data::{self, Record};
use crate::refused::Refused;
use crate::registry::person::Role;
use crate::store::Store;

/// Room for one record, so that the body does not move while it grows.
const RECORD: usize = 1_024;

/// Which records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// the last event that the host has
    after: Option<String>,
    /// the zone key for PIN blocks
    zone_key: Option<String>,
}

#[derive(Serialize)]
struct Page<'a> {
    cards: &'a [Record],
    /// what the next call's `after` is
    next: Option<&'a str>,
    more: bool,
}

/// A body on its way out; its bytes are erased once they are written.
struct Numbers(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Numbers {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl IntoResponse for Numbers {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
        (headers, Body::from(Bytes::from_owner(self))).into_response()
    }
}

pub(super) async fn cards<S: Store + 'static>(
    State(api): Shared<S>,
    ConnectInfo(from): From,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let answered = async {
        let person = api.credentials.person(&headers, from.ip(), &[Role::Host]).await?;
        let page = match from.ip().to_canonical().is_loopback() {
            true => {
                issuance_data::page(&api.center, &person, wanted.after.as_deref(), wanted.zone_key.as_deref()).await
            }
            false => Err(Refused::new(Code::HOST_NOT_PRIVATE)),
        };
        if let Err(refused) = &page {
            api.refusals.tell_person(&person, refused).await;
        }
        let page = page.map_err(Refusal::from)?;
        if !page.commit.entries.is_empty() {
            api.center.store.commit(page.commit).await?;
        }
        // Where nothing is new, the host goes on from where it was.
        let next = page.next.as_deref().or(wanted.after.as_deref());
        let mut body = Zeroizing::new(Vec::with_capacity((page.records.len() + 1) * RECORD));
        let shown = Page { cards: &page.records, next, more: page.more };
        serde_json::to_writer(&mut *body, &shown).expect("names and numbers can be written as JSON");
        Ok(Numbers(body))
    };
    respond(&headers, answered.await)
}
