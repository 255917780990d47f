//! Answers as JSON; refusals with code, sentence and next step, in the caller's language.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use cardwright_relay::Code;
use cardwright_relay::text::Language;
use serde::Serialize;

use crate::file_fault::{FileFault, FileRefused};
use crate::refused::Refused;

/// What was done, as it is answered and, for an Idempotency-Key, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("names and numbers can be written as JSON");
        Self { status: status.as_u16(), body }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = HeaderValue::from_static("application/json");
        (status, [(CONTENT_TYPE, json)], self.body).into_response()
    }
}

/// Why something was not done.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    refused: Refused,
    faults: Vec<FileFault>,
    /// for what has no code: what HTTP itself is used for wrongly
    sentence: Option<(&'static str, String)>,
}

#[derive(Serialize)]
struct Said {
    code: Option<String>,
    message: String,
    next: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<SaidFault>,
}

#[derive(Serialize)]
struct SaidFault {
    field: String,
    reason: String,
    code: String,
}

impl<R: Into<Refused>> From<R> for Refusal {
    fn from(refused: R) -> Self {
        let refused = refused.into();
        Self { status: refused.status(), refused, faults: Vec::new(), sentence: None }
    }
}

impl Refusal {
    /// An order's faults, each with its field.
    pub(super) fn of_order(refused: FileRefused) -> Self {
        let first = refused.first();
        let FileRefused::Faults(_, faults) = refused else { return first.into() };
        // One order came, not a file: the refusal is that of its first fault.
        let refused = match faults.first() {
            Some(fault) => of_fault(fault),
            None => first,
        };
        Self { status: refused.status(), refused, faults, sentence: None }
    }

    /// HTTP used in a way that is not this API's.
    pub(super) fn wrong_use(status: StatusCode, message: impl Into<String>, next: &'static str) -> Self {
        let refused = Refused::new(Code::FORMAT_REFUSED);
        Self { status, refused, faults: Vec::new(), sentence: Some((next, message.into())) }
    }

    pub(super) fn too_long(longest: usize) -> Self {
        let message = format!("The body has more than {longest} bytes.");
        Self::wrong_use(StatusCode::PAYLOAD_TOO_LARGE, message, "Send one order, with a photo of 16 KiB at most.")
    }

    pub(super) fn too_slow() -> Self {
        Self::wrong_use(StatusCode::REQUEST_TIMEOUT, "The body did not come in time.", "Send it again at once.")
    }

    pub(super) fn too_many_tries() -> Self {
        let refused = Refused::new(Code::PERSON_REFUSED);
        let sentence = ("Wait a minute, then try again.", "Too many wrong names or secrets came from here.".to_owned());
        Self { status: StatusCode::TOO_MANY_REQUESTS, refused, faults: Vec::new(), sentence: Some(sentence) }
    }

    /// What the log tells of it.
    pub(super) fn refused(&self) -> &Refused {
        &self.refused
    }

    fn said(&self, language: Language) -> Said {
        let said = self.refused.message().say(language);
        let has_code = self.refused.code != Code::FORMAT_REFUSED;
        let code = has_code.then(|| self.refused.code.to_string());
        let (message, next) = match &self.sentence {
            Some((next, message)) => (message.clone(), (*next).to_owned()),
            None => (said.happened, said.next),
        };
        let fault = |fault: &FileFault| SaidFault {
            field: fault.column.clone(),
            reason: fault.reason.clone(),
            code: fault.code.to_string(),
        };
        Said { code, message, next, faults: self.faults.iter().map(fault).collect() }
    }

    /// The refusal in the language the caller prefers.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let mut response = (self.status, Json(self.said(language(headers)))).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"cardwright\", charset=\"UTF-8\""));
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

/// The refusal that says the same as one fault, with the parameters its code has.
fn of_fault(fault: &FileFault) -> Refused {
    match fault.code {
        Code::ORDER_FIELD_REFUSED => Refused::with(fault.code, [fault.column.as_str(), fault.reason.as_str()]),
        Code::ORDER_FILE_REFUSED => Refused::with(fault.code, [&fault.row.to_string(), &fault.column, &fault.reason]),
        code => Refused::new(code),
    }
}

/// Japanese where it is asked for first, else English.
fn language(headers: &HeaderMap) -> Language {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if asked.trim_start().to_ascii_lowercase().starts_with("ja") { Language::Japanese } else { Language::English }
}

pub(super) async fn no_such_path(headers: HeaderMap) -> Response {
    let next = "The paths are /api/v1/orders, /api/v1/orders/{reference}, after it /approve, /cancel or /face, and \
                /api/v1/host/cards.";
    Refusal::wrong_use(StatusCode::NOT_FOUND, "There is no such path.", next).answer(&headers)
}

pub(super) async fn no_such_method(headers: HeaderMap) -> Response {
    let next = "POST creates, approves and cancels, GET reads.";
    Refusal::wrong_use(StatusCode::METHOD_NOT_ALLOWED, "The path is not used so.", next).answer(&headers)
}
