//! Problem documents (PROTOCOL 4.7, RFC 9457), and the one place where a refusal becomes an answer.
//!
//! A problem document is fixed by its word: no cause, no detail, nothing of the request.

use axum::Json;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::protocol::api::ProblemWord;

/// How long a client is asked to wait when the server has too much to do.
const RETRY_AFTER_SECONDS: &str = "5";

/// A refusal: its word, and the header that HTTP wants with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    word: ProblemWord,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub const fn with_header(word: ProblemWord, name: HeaderName, value: HeaderValue) -> Self {
        Self { word, header: Some((name, value)) }
    }

    /// No such range of so many bytes.
    pub fn range(size_bytes: u64) -> Self {
        let value = HeaderValue::try_from(format!("bytes */{size_bytes}")).ok();
        Self { word: ProblemWord::Range, header: value.map(|value| (CONTENT_RANGE, value)) }
    }

    pub const fn word(&self) -> ProblemWord {
        self.word
    }
}

impl From<ProblemWord> for Problem {
    fn from(word: ProblemWord) -> Self {
        let header = match word {
            ProblemWord::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            ProblemWord::Busy => Some((RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS))),
            _ => None,
        };
        Self { word, header }
    }
}

#[derive(Serialize)]
struct ProblemDocument {
    #[serde(rename = "type")]
    urn: &'static str,
    title: &'static str,
    status: u16,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { word, header } = self;
        let document = ProblemDocument { urn: word.urn(), title: word.title(), status: word.status() };
        let status = StatusCode::from_u16(word.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(document)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(header);
        response
    }
}
