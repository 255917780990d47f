//! One POST: path, who asks, body, answer.

use std::convert::Infallible;
use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE as CONTENT_TYPE_HEADER, HeaderValue};
use cardwright_issuance::row::Terminal;
use cardwright_relay::message::{Abort, Enrol, Hello, Open, Progress, Refusal, ScriptResult, WorkQuery};
use cardwright_relay::{CONTENT_TYPE, Code, Message, decode, encode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use zeroize::Zeroizing;

use super::admission::{self, Peer};
use super::{Dialogue, Terminals};
use crate::refused::Refused;
use crate::stop::Stopping;
use crate::store::Store;

/// Answers one request. Whatever the request is, it gets an answer; a refusal is one.
pub(super) async fn answer<S: Store + 'static, D: Dialogue>(
    terminals: Arc<Terminals<S, D>>,
    peer: Arc<Peer>,
    stopping: Stopping,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(path) = Path::of(&request) else {
        return Ok(response(StatusCode::NOT_FOUND, Vec::new()));
    };
    if path == Path::Work {
        // Held back for long, and nothing is lost when it is given up with its connection.
        return Ok(match exchange(&terminals, &peer, path, request, stopping).await {
            Ok(body) => response(StatusCode::OK, body),
            Err(turned) => turned.response(),
        });
    }
    // On a task of its own, so that what is begun is also ended where the connection is lost meanwhile.
    let task = tokio::spawn(async move { exchange(&terminals, &peer, path, request, stopping).await });
    Ok(match task.await {
        Ok(Ok(body)) => response(StatusCode::OK, body),
        Ok(Err(turned)) => turned.response(),
        Err(error) => {
            tracing::error!(%error, "an exchange broke off");
            response(StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
        }
    })
}

/// Where messages are posted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    Enrol,
    Hello,
    Work,
    Open,
    Result,
    Progress,
    Abort,
}

impl Path {
    fn of(request: &Request<Incoming>) -> Option<Self> {
        if request.method() != Method::POST {
            return None;
        }
        Some(match request.uri().path() {
            Enrol::PATH => Self::Enrol,
            Hello::PATH => Self::Hello,
            WorkQuery::PATH => Self::Work,
            Open::PATH => Self::Open,
            ScriptResult::PATH => Self::Result,
            Progress::PATH => Self::Progress,
            Abort::PATH => Self::Abort,
            _ => return None,
        })
    }

    /// The longest body that is read.
    fn longest(self) -> usize {
        match self {
            Self::Enrol => Enrol::LONGEST,
            Self::Hello => Hello::LONGEST,
            Self::Work => WorkQuery::LONGEST,
            Self::Open => Open::LONGEST,
            Self::Result => ScriptResult::LONGEST,
            Self::Progress => Progress::LONGEST,
            Self::Abort => Abort::LONGEST,
        }
    }
}

/// A refusal with the status it goes out under.
struct Turned {
    refused: Refused,
    status: StatusCode,
}

impl Turned {
    fn response(&self) -> Response<Full<Bytes>> {
        response(self.status, encode::<Refusal>(&self.refused.message()))
    }
}

impl<R: Into<Refused>> From<R> for Turned {
    fn from(refused: R) -> Self {
        let refused = refused.into();
        Self { status: refused.status(), refused }
    }
}

async fn exchange<S: Store + 'static, D: Dialogue>(
    terminals: &Terminals<S, D>,
    peer: &Peer,
    path: Path,
    request: Request<Incoming>,
    stopping: Stopping,
) -> Result<Vec<u8>, Turned> {
    if path == Path::Enrol {
        let body = body(terminals, path, request).await?;
        return enrol(terminals, peer, &body).await;
    }
    let Peer::Holder(fingerprint) = peer else {
        let refused = Refused::new(Code::TERMINAL_UNKNOWN);
        terminals.refusals.tell(peer.source(), None, &refused).await;
        return Err(Turned { refused, status: StatusCode::UNAUTHORIZED });
    };
    admitted(terminals, peer, *fingerprint).await?;
    let body = body(terminals, path, request).await;
    // Asked again: a body may take its time, and a terminal may be withdrawn meanwhile.
    let terminal = admitted(terminals, peer, *fingerprint).await?;
    let answered = match body {
        Ok(body) => talk(terminals, &terminal, path, &body, stopping).await.map_err(Turned::from),
        Err(turned) => Err(turned),
    };
    if let Err(turned) = &answered {
        tell(terminals, peer, &terminal, &turned.refused).await;
    }
    answered
}

/// The terminal, if the database lets it in now.
async fn admitted<S: Store, D>(
    terminals: &Terminals<S, D>,
    peer: &Peer,
    fingerprint: [u8; 32],
) -> Result<Terminal, Turned> {
    match admission::ask(&terminals.center, fingerprint).await {
        Ok(terminal) => Ok(terminal),
        Err(not_admitted) => {
            terminals.refusals.tell(peer.source(), not_admitted.terminal, &not_admitted.refused).await;
            Err(not_admitted.refused.into())
        }
    }
}

/// Tells of a message that was refused. What does not fit its session the dialogue has logged itself.
async fn tell<S: Store, D>(terminals: &Terminals<S, D>, peer: &Peer, terminal: &Terminal, refused: &Refused) {
    if refused.code != Code::MESSAGE_CONFLICT {
        terminals.refusals.tell(peer.source(), Some(terminal.id), refused).await;
    }
}

async fn talk<S: Store, D: Dialogue>(
    terminals: &Terminals<S, D>,
    terminal: &Terminal,
    path: Path,
    body: &[u8],
    stopping: Stopping,
) -> Result<Vec<u8>, Refused> {
    match path {
        Path::Enrol => Err(Refused::new(Code::ENROLMENT_REFUSED)),
        Path::Hello => Ok(encode(&terminals.presence.hello(terminal, decode(body)?).await?)),
        Path::Work => Ok(encode(&terminals.presence.work(terminal, decode(body)?, stopping).await?)),
        Path::Open => terminals.dialogue.open(terminal, body).await,
        Path::Result => terminals.dialogue.result(terminal, body).await,
        Path::Progress => terminals.dialogue.progress(terminal, body).await,
        Path::Abort => terminals.dialogue.abort(terminal, body).await,
    }
}

async fn enrol<S: Store + 'static, D>(
    terminals: &Terminals<S, D>,
    peer: &Peer,
    body: &[u8],
) -> Result<Vec<u8>, Turned> {
    let enrolled = match decode::<Enrol>(body) {
        Ok(message) => terminals.enrolment.enrol(message).await,
        Err(error) => Err(error.into()),
    };
    match enrolled {
        Ok(enrolled) => Ok(encode(&enrolled)),
        Err(refused) => {
            terminals.refusals.tell(peer.source(), None, &refused).await;
            Err(refused.into())
        }
    }
}

/// The body, within its length and time; wiped after use, for ENROL carries a secret.
async fn body<S, D>(
    terminals: &Terminals<S, D>,
    path: Path,
    request: Request<Incoming>,
) -> Result<Zeroizing<Vec<u8>>, Turned> {
    let format = Refused::new(Code::FORMAT_REFUSED);
    let kind = request.headers().get(CONTENT_TYPE_HEADER).map(HeaderValue::as_bytes);
    if kind != Some(CONTENT_TYPE.as_bytes()) {
        return Err(Turned { refused: format, status: StatusCode::UNSUPPORTED_MEDIA_TYPE });
    }
    let read = Limited::new(request.into_body(), path.longest()).collect();
    match tokio::time::timeout(terminals.limits.body, read).await {
        Err(_) => Err(Turned { refused: format, status: StatusCode::REQUEST_TIMEOUT }),
        Ok(Err(_)) => Err(Turned { refused: format, status: StatusCode::PAYLOAD_TOO_LARGE }),
        Ok(Ok(body)) => Ok(Zeroizing::new(body.to_bytes().to_vec())),
    }
}

/// An answer with as few headers as HTTP allows: every byte of them is on the line while a card waits.
fn response(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let has_body = !body.is_empty();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    if has_body {
        response.headers_mut().insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(CONTENT_TYPE));
    }
    response
}
