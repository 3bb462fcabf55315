//! Every refusal, and the one place where it becomes an answer (PROTOCOL 4.6, RFC 9457).
//!
//! A problem document is fixed by its word: no cause, no detail, nothing of the request.

use axum::Json;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::storage;

/// How long a client is asked to wait when the write queue is full or the database is held.
const RETRY_AFTER_SECONDS: &str = "5";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Malformed,
    Unauthorized,
    UnknownMailbox,
    NotFound,
    MethodNotAllowed,
    CaseExists,
    OffsetMismatch,
    Finished,
    TusVersion,
    TooLarge,
    MediaType,
    /// With the length of what a range was asked of.
    Range {
        size_bytes: u64,
    },
    NotASizeClass,
    NotSealed,
    Internal,
    Busy,
    StorageFull,
}

#[derive(Serialize)]
struct Document {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
}

impl Problem {
    const fn document(self) -> Document {
        let (status, kind, title) = match self {
            Problem::Malformed => (400, "urn:mohr:problem:malformed", "The request does not parse"),
            Problem::Unauthorized => (401, "urn:mohr:problem:unauthorized", "No valid authorization"),
            Problem::UnknownMailbox => (404, "urn:mohr:problem:unknown-mailbox", "No such mailbox"),
            Problem::NotFound => (404, "urn:mohr:problem:not-found", "Not found"),
            Problem::MethodNotAllowed => (405, "urn:mohr:problem:method-not-allowed", "Method not allowed"),
            Problem::CaseExists => (409, "urn:mohr:problem:case-exists", "The case is taken"),
            Problem::OffsetMismatch => {
                (409, "urn:mohr:problem:offset-mismatch", "The upload stands elsewhere")
            }
            Problem::Finished => (409, "urn:mohr:problem:finished", "The upload is complete"),
            Problem::TusVersion => (412, "urn:mohr:problem:tus-version", "Only tus 1.0.0 is spoken"),
            Problem::TooLarge => (413, "urn:mohr:problem:too-large", "Too large"),
            Problem::MediaType => (415, "urn:mohr:problem:media-type", "Unsupported media type"),
            Problem::Range { .. } => (416, "urn:mohr:problem:range", "No such range"),
            Problem::NotASizeClass => (422, "urn:mohr:problem:not-a-size-class", "Not a size class"),
            Problem::NotSealed => (422, "urn:mohr:problem:not-sealed", "Not a sealed message"),
            Problem::Internal => (500, "urn:mohr:problem:internal", "The server failed"),
            Problem::Busy => (503, "urn:mohr:problem:busy", "The server is busy"),
            Problem::StorageFull => (507, "urn:mohr:problem:storage-full", "The storage is full"),
        };
        Document { kind, title, status }
    }

    /// The header that HTTP wants with some of them.
    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Problem::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Problem::TusVersion => {
                Some((HeaderName::from_static("tus-version"), HeaderValue::from_static("1.0.0")))
            }
            Problem::Busy => Some((RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS))),
            Problem::Range { size_bytes } => HeaderValue::try_from(format!("bytes */{size_bytes}"))
                .ok()
                .map(|value| (CONTENT_RANGE, value)),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = self.document();
        let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(document)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(self.header());
        response
    }
}

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::NotFound => Problem::NotFound,
            storage::Error::UnknownMailbox => Problem::UnknownMailbox,
            storage::Error::CaseExists => Problem::CaseExists,
            storage::Error::OffsetMismatch => Problem::OffsetMismatch,
            storage::Error::TooLong => Problem::TooLarge,
            storage::Error::Finished => Problem::Finished,
            storage::Error::Busy | storage::Error::Locked | storage::Error::Closed => Problem::Busy,
            storage::Error::StorageFull => Problem::StorageFull,
            storage::Error::Failed(_) | storage::Error::FileReplaced => {
                tracing::error!(%error, "a request failed in the storage");
                Problem::Internal
            }
        }
    }
}
