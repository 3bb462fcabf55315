//! The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload): headers in, headers out.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::headers::{integer, is_content_type, single};
use crate::http::problem::Problem;
use crate::protocol::api::ProblemWord;
use crate::protocol::limits::is_size_class;
use crate::protocol::memo::SealedMemo;
use crate::protocol::upload::UploadMetadata;
use crate::server::app::App;
use crate::storage::StoredUpload;

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,termination";
const CONTENT: &str = "application/offset+octet-stream";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_MEMO: HeaderName = HeaderName::from_static("upload-memo");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
pub const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Every request but OPTIONS names the version, and every answer does.
pub async fn require_version(request: Request, next: Next) -> Response {
    let spoken = request.method() == Method::OPTIONS
        || matches!(single(request.headers(), &TUS_RESUMABLE), Ok(Some(VERSION)));
    let mut response = if spoken { next.run(request).await } else { wrong_version().into_response() };
    response.headers_mut().insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    response
}

/// Also names the version that would have been right.
fn wrong_version() -> Problem {
    Problem::with_header(ProblemWord::TusVersion, TUS_VERSION, HeaderValue::from_static(VERSION))
}

/// `OPTIONS /uploads`.
pub async fn options(State(app): State<Arc<App>>) -> impl IntoResponse {
    let headers = [
        (TUS_VERSION, HeaderValue::from_static(VERSION)),
        (TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS)),
        (TUS_MAX_SIZE, HeaderValue::from(app.message_bytes_max)),
    ];
    (StatusCode::NO_CONTENT, headers)
}

/// `Upload-Length`, one of the sizes that a sealed blob may have.
pub fn length_bytes(headers: &HeaderMap, length_max: u64) -> Result<u64, Problem> {
    if headers.contains_key(UPLOAD_DEFER_LENGTH) {
        return Err(ProblemWord::Malformed.into());
    }
    let length_bytes = integer(headers, &UPLOAD_LENGTH)?.ok_or(ProblemWord::Malformed)?;
    if length_bytes > length_max {
        return Err(ProblemWord::TooLarge.into());
    }
    if is_size_class(length_bytes) { Ok(length_bytes) } else { Err(ProblemWord::NotASizeClass.into()) }
}

/// `Upload-Offset` of a PATCH, whose body must be said to be one.
pub fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    expect_content(headers)?;
    integer(headers, &UPLOAD_OFFSET)?.ok_or(ProblemWord::Malformed.into())
}

pub fn expect_content(headers: &HeaderMap) -> Result<(), Problem> {
    if is_content_type(headers, CONTENT)? { Ok(()) } else { Err(ProblemWord::MediaType.into()) }
}

/// `Upload-Metadata`: what the upload is to become.
pub fn metadata(headers: &HeaderMap) -> Result<UploadMetadata, Problem> {
    let text = single(headers, &UPLOAD_METADATA)?.ok_or(ProblemWord::Malformed)?;
    UploadMetadata::decode(text).ok_or(ProblemWord::Malformed.into())
}

/// `Upload-Memo`, which need not be there before the last byte.
pub fn memo(headers: &HeaderMap) -> Result<Option<SealedMemo>, Problem> {
    let Some(text) = single(headers, &UPLOAD_MEMO)? else { return Ok(None) };
    SealedMemo::decode(text).map(Some).ok_or(ProblemWord::Malformed.into())
}

/// The method that a POST stands for, where something on the way lets no other pass.
pub fn overriding_method(headers: &HeaderMap) -> Result<Option<Method>, Problem> {
    Ok(match single(headers, &METHOD_OVERRIDE)? {
        Some("PATCH") => Some(Method::PATCH),
        Some("DELETE") => Some(Method::DELETE),
        _ => None,
    })
}

/// Where an upload stands, as HEAD tells it. What was begun with a report's `write` is not told once the
/// report is whole: it is not kept beside the upload then.
pub fn standing(upload: &StoredUpload) -> impl IntoResponse + use<> {
    let metadata = UploadMetadata { kind: upload.kind, case: upload.case, write_hash: upload.write_hash };
    [
        (UPLOAD_OFFSET, upload.offset.to_string()),
        (UPLOAD_LENGTH, upload.length_bytes.to_string()),
        (UPLOAD_METADATA, metadata.encode()),
    ]
}
