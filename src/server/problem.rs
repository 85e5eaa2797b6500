//! Answers that say no, as `application/problem+json` (RFC 9457).
//!
//! A [`Problem`] is a kind, one sentence for a person, and every fault when the request itself was wrong.

use crate::api;
use crate::fault::Fault;
use crate::intake::Rejected;
use crate::spool::{Refusal, RefusalKind, SpoolError, Trouble};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::HashSet;

/// Faults told in one answer; the rest is counted.
const FAULTS_MAX: usize = 1000;

/// Why the answer is no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The body is not JSON, or JSON we refuse to guess about.
    Malformed,
    /// A query or header is wrong.
    BadQuery,
    Refused,
    /// At the console: without its token.
    NoToken,
    /// At the console: for another host, or from another page.
    ForeignOrigin,
    NoRoute,
    NoMethod,
    NotFound,
    Conflict,
    Erased,
    TooLarge,
    NotJson,
    TooSlow,
    Busy,
    Full,
    /// The ledger cannot be written.
    NotWritable,
    Internal,
}

/// One answer that says no.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    /// Which refusal of the ledger it is.
    code: Option<RefusalKind>,
    detail: String,
    faults: Vec<Fault>,
}

impl Kind {
    /// The status, the last word of the type, and the title.
    fn facts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The body is not readable JSON"),
            Kind::BadQuery => (StatusCode::BAD_REQUEST, "bad_query", "Invalid query"),
            Kind::Refused => (StatusCode::UNPROCESSABLE_ENTITY, "refused", "Refused: nothing was changed"),
            Kind::NoToken => (StatusCode::UNAUTHORIZED, "no_token", "The token is missing or wrong"),
            Kind::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin", "Origin not allowed"),
            Kind::NoRoute => (StatusCode::NOT_FOUND, "no_route", "No such route"),
            Kind::NoMethod => (StatusCode::METHOD_NOT_ALLOWED, "no_method", "Method not allowed"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Kind::Conflict => (StatusCode::CONFLICT, "conflict", "Conflicts with the current state"),
            Kind::Erased => (StatusCode::GONE, "erased", "Its data was erased"),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large"),
            Kind::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "The body must be JSON"),
            Kind::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "too_slow", "It took too long"),
            Kind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Overloaded"),
            Kind::Full => (StatusCode::INSUFFICIENT_STORAGE, "full", "The disk is full"),
            Kind::NotWritable => (StatusCode::SERVICE_UNAVAILABLE, "ledger_not_writable", "The ledger cannot be written"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem { kind, code: None, detail: detail.into(), faults: Vec::new() }
    }

    /// Everything wrong with a request, and what therefore was not done.
    pub fn refused(faults: Vec<Fault>, not_done: &str) -> Problem {
        let labels: HashSet<&str> = faults.iter().filter_map(|fault| fault.label.as_deref()).collect();
        let count = match faults.len() {
            1 => "1 fault".to_owned(),
            count => format!("{count} faults"),
        };
        let place = match labels.len() {
            0 => String::new(),
            1 => " in 1 label".to_owned(),
            count => format!(" in {count} labels"),
        };
        Problem { kind: Kind::Refused, code: None, detail: format!("{count}{place}; {not_done}."), faults }
    }

    /// A body that cannot be read.
    pub fn malformed(fault: Fault) -> Problem {
        Problem { kind: Kind::Malformed, code: None, detail: fault.to_string(), faults: vec![fault] }
    }

    pub fn to_json(&self) -> String {
        let (status, word, title) = self.kind.facts();
        let told = self.faults.iter().take(FAULTS_MAX);
        let shape = api::Problem {
            type_: format!("urn:waybilld:{word}"),
            title: title.to_owned(),
            status: status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            faults: told.map(api::Fault::of).collect(),
            faults_omitted: self.faults.len().saturating_sub(FAULTS_MAX),
        };
        serde_json::to_string(&shape).expect("a problem is plain JSON")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.facts().0;
        let retry: &[(HeaderName, &str)] = match status {
            StatusCode::SERVICE_UNAVAILABLE => &[(header::RETRY_AFTER, "1")],
            _ => &[],
        };
        let mut answer = (status, [(header::CONTENT_TYPE, "application/problem+json")], self.to_json()).into_response();
        for (name, value) in retry {
            answer.headers_mut().insert(name, header::HeaderValue::from_static(value));
        }
        answer
    }
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Problem {
        match rejected {
            Rejected::Faults { faults, not_done } => Problem::refused(faults, not_done),
            Rejected::Conflict(detail) => Problem::new(Kind::Conflict, detail),
            Rejected::Busy(detail) => Problem::new(Kind::Busy, detail),
            Rejected::Broken(detail) => Problem::new(Kind::Internal, detail),
            Rejected::Spool(error) => Problem::from(error),
        }
    }
}

impl From<SpoolError> for Problem {
    fn from(error: SpoolError) -> Problem {
        match error {
            SpoolError::Refusal(refusal) => refusal.into(),
            SpoolError::Trouble(trouble) => {
                let kind = match &trouble {
                    Trouble::Full => Kind::Full,
                    Trouble::Busy(_) | Trouble::Closed => Kind::Busy,
                    Trouble::Disk(_) => Kind::Internal,
                };
                if kind != Kind::Busy {
                    tracing::error!("{trouble}");
                }
                Problem::new(kind, trouble.to_string())
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let code = refusal.kind();
        let kind = match code {
            RefusalKind::NoLabel | RefusalKind::NoJob | RefusalKind::NoOrder => Kind::NotFound,
            RefusalKind::Erased => Kind::Erased,
            _ => Kind::Conflict,
        };
        Problem { code: Some(code), ..Problem::new(kind, refusal.to_string()) }
    }
}
