//! The line to the center: one POST a message, over one kept HTTP/2 connection (or several of HTTP/1.1).

mod witness;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use cardwright_relay::message::Refusal;
use cardwright_relay::{CENTER_NAME, Message, decode, encode};

use self::witness::{Fate, Witness};
use crate::failure::Failure;
use crate::tls;

/// How long dialling may take: TCP, TLS and HTTP/2 together.
const DIAL_LIMIT: Duration = Duration::from_secs(10);
/// A line on which nothing is heard is asked for a sign of life this often, and given up after as long again.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// The longest answer that is read.
const LONGEST: usize = 4 * 1_024 * 1_024;
/// Room for a whole script in flight, so that it does not wait for the window to be opened again.
const WINDOW: u32 = 1_024 * 1_024;

type Body = Full<Bytes>;

/// What the center answered to one POST.
pub enum Answer {
    /// the body of a 200
    Done(Zeroizing<Vec<u8>>),
    /// a refusal, and the status it came with
    Refused(u16, Refusal),
}

/// A line to one center.
pub struct Line {
    host: String,
    port: u16,
    tls: Arc<ClientConfig>,
    kept: Mutex<Kept>,
}

/// Connections that are open and idle; one of HTTP/2 is idle as long as it is open.
#[derive(Default)]
struct Kept {
    http2: Option<(http2::SendRequest<Body>, Fate)>,
    http1: Vec<(http1::SendRequest<Body>, Fate)>,
}

enum Sender {
    Http2(http2::SendRequest<Body>),
    Http1(http1::SendRequest<Body>),
}

type Connection = (Sender, Fate);

impl Line {
    /// A line to `https://host:port`. Nothing is dialled yet.
    ///
    /// # Errors
    /// `CW-5004` for an address of another form.
    pub fn new(address: &str, tls: ClientConfig) -> Result<Self, Failure> {
        let refused = || Failure::Unreachable(format!("{address} is not of the form https://host:port"));
        let uri: Uri = address.parse().map_err(|_| refused())?;
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && uri.scheme_str() == Some("https");
        let (Some(host), true) = (uri.host(), bare) else {
            return Err(refused());
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(7443), tls: Arc::new(tls), kept: Mutex::default() })
    }

    /// Posts a message once and reads its answer.
    ///
    /// # Errors
    /// As [`Line::post`]; `Failure::Refused` for a refusal, `Failure::Message` for an answer that is none.
    pub async fn ask<Q: Message, A: Message>(&self, question: &Q, limit: Duration) -> Result<A, Failure> {
        match self.post(Q::PATH, Zeroizing::new(encode(question)), limit).await? {
            Answer::Done(body) => Ok(decode(&body)?),
            Answer::Refused(_, refusal) => Err(Failure::Refused(refusal)),
        }
    }

    /// Posts `body` once.
    ///
    /// # Errors
    /// `Failure::OtherCenter`, `Failure::Refused` where TLS itself refuses this terminal, `Failure::Unreachable`
    /// where the line broke or `limit` was over: whether the center has the message is not known then.
    pub async fn post(&self, path: &str, body: Zeroizing<Vec<u8>>, limit: Duration) -> Result<Answer, Failure> {
        let (sender, fate) = self.connection().await?;
        let outcome = tokio::time::timeout(limit, exchange(sender, path, body)).await;
        let failure = match outcome {
            Ok(Ok((answer, sender))) => {
                self.keep((sender, fate)).await;
                return Ok(answer);
            }
            // a request that fell with its connection fell of what the connection fell of
            Ok(Err(failure)) => fate.get().cloned().unwrap_or(failure),
            Err(_) => Failure::Unreachable(format!("no answer within {} s", limit.as_secs())),
        };
        *self.kept.lock().await = Kept::default();
        Err(failure)
    }

    async fn connection(&self) -> Result<Connection, Failure> {
        let mut kept = self.kept.lock().await;
        if let Some((open, fate)) = kept.http2.as_ref().filter(|(open, _)| !open.is_closed()) {
            return Ok((Sender::Http2(open.clone()), fate.clone()));
        }
        while let Some((open, fate)) = kept.http1.pop() {
            if open.is_ready() {
                return Ok((Sender::Http1(open), fate));
            }
        }
        // Dialled with the lock held: two messages at once make one connection, not two.
        let dialled = tokio::time::timeout(DIAL_LIMIT, self.dial()).await;
        let (sender, fate) = dialled.map_err(|_| Failure::Unreachable("no connection within 10 s".to_owned()))??;
        if let Sender::Http2(open) = &sender {
            kept.http2 = Some((open.clone(), fate.clone()));
        }
        Ok((sender, fate))
    }

    async fn keep(&self, (sender, fate): Connection) {
        if let Sender::Http1(open) = sender {
            self.kept.lock().await.http1.push((open, fate));
        }
    }

    async fn dial(&self) -> Result<Connection, Failure> {
        let socket = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| broken(&error))?;
        socket.set_nodelay(true).map_err(|error| broken(&error))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(tls::center_name(), socket).await.map_err(|error| broken(&error))?;
        let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let (stream, fate) = Witness::new(stream);
        let io = TokioIo::new(stream);
        if !speaks_http2 {
            let (sender, driver) = http1::handshake(io).await.map_err(|error| broken(&error))?;
            tokio::spawn(driver);
            return Ok((Sender::Http1(sender), fate));
        }
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .keep_alive_interval(SIGN_OF_LIFE)
            .keep_alive_timeout(SIGN_OF_LIFE)
            .handshake(io)
            .await
            .map_err(|error| broken(&error))?;
        tokio::spawn(driver);
        Ok((Sender::Http2(sender), fate))
    }
}

async fn exchange(mut sender: Sender, path: &str, body: Zeroizing<Vec<u8>>) -> Result<(Answer, Sender), Failure> {
    let body = Full::new(Bytes::from_owner(body));
    let response = match &mut sender {
        Sender::Http2(open) => {
            let uri = format!("https://{CENTER_NAME}{path}");
            open.send_request(request(&uri, body)?).await
        }
        Sender::Http1(open) => {
            let mut request = request(path, body)?;
            request.headers_mut().insert(HOST, HeaderValue::from_static(CENTER_NAME));
            open.send_request(request).await
        }
    };
    let answer = read(response.map_err(|error| broken(&error))?).await?;
    Ok((answer, sender))
}

/// A request with no header that is not needed: each costs its bytes on the line while a card waits.
fn request(uri: &str, body: Body) -> Result<Request<Body>, Failure> {
    let content_type = HeaderValue::from_static(cardwright_relay::CONTENT_TYPE);
    let request = Request::builder().method(Method::POST).uri(uri).header(CONTENT_TYPE, content_type).body(body);
    request.map_err(|error| Failure::Unreachable(error.to_string()))
}

async fn read(response: Response<Incoming>) -> Result<Answer, Failure> {
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    let body =
        body.map_err(|error| tls::meaning(&*error).unwrap_or_else(|| Failure::Unreachable(error.to_string())))?;
    let body = Zeroizing::new(Vec::from(body.to_bytes()));
    if status.is_success() {
        return Ok(Answer::Done(body));
    }
    match decode::<Refusal>(&body) {
        Ok(refusal) => Ok(Answer::Refused(status.as_u16(), refusal)),
        // a proxy's page, or a center that fell: the message may or may not have been taken
        Err(_) => Err(Failure::Unreachable(format!("HTTP status {}", status.as_u16()))),
    }
}

/// What an error of socket, TLS or HTTP means.
fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    tls::meaning(error).unwrap_or_else(|| {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        Failure::Unreachable(text)
    })
}
