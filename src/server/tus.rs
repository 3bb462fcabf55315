//! The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload): headers in, headers out.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::protocol::ids::CaseId;
use crate::protocol::sizes::is_size_class;
use crate::storage::{Kind, StoredUpload};

use super::app::App;
use super::error::Problem;
use super::headers::{integer, is_content_type, single};

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,termination";
const CONTENT: &str = "application/offset+octet-stream";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Every request but OPTIONS names the version, and every answer does.
pub(super) async fn speak(request: Request, next: Next) -> Response {
    let spoken = request.method() == Method::OPTIONS
        || matches!(single(request.headers(), &TUS_RESUMABLE), Ok(Some(VERSION)));
    let mut response = if spoken { next.run(request).await } else { Problem::TusVersion.into_response() };
    response.headers_mut().insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    response
}

/// `OPTIONS /uploads`.
pub(super) async fn describe(State(app): State<Arc<App>>) -> impl IntoResponse {
    let headers = [
        (TUS_VERSION, HeaderValue::from_static(VERSION)),
        (TUS_EXTENSION, HeaderValue::from_static(EXTENSIONS)),
        (TUS_MAX_SIZE, HeaderValue::from(app.message_bytes_max)),
    ];
    (StatusCode::NO_CONTENT, headers)
}

/// `Upload-Length`, one of the sizes that a sealed blob may have.
pub(super) fn length_bytes(headers: &HeaderMap, length_max: u64) -> Result<u64, Problem> {
    if headers.contains_key(UPLOAD_DEFER_LENGTH) {
        return Err(Problem::Malformed);
    }
    let length_bytes = integer(headers, &UPLOAD_LENGTH)?.ok_or(Problem::Malformed)?;
    if length_bytes > length_max {
        return Err(Problem::TooLarge);
    }
    if is_size_class(length_bytes) { Ok(length_bytes) } else { Err(Problem::NotASizeClass) }
}

/// `Upload-Offset` of a PATCH, whose body must be said to be one.
pub(super) fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    expect_content(headers)?;
    integer(headers, &UPLOAD_OFFSET)?.ok_or(Problem::Malformed)
}

pub(super) fn expect_content(headers: &HeaderMap) -> Result<(), Problem> {
    if is_content_type(headers, CONTENT)? { Ok(()) } else { Err(Problem::MediaType) }
}

/// `Upload-Metadata`: exactly `kind` and `case`, each once, values in base64.
pub(super) fn metadata(headers: &HeaderMap) -> Result<(Kind, CaseId), Problem> {
    let text = single(headers, &UPLOAD_METADATA)?.ok_or(Problem::Malformed)?;
    decode_metadata(text).ok_or(Problem::Malformed)
}

fn decode_metadata(text: &str) -> Option<(Kind, CaseId)> {
    let (mut kind, mut case) = (None, None);
    for pair in text.split(',') {
        let (key, value) = pair.trim().split_once(' ')?;
        let value = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
        let taken = match key {
            "kind" => kind.replace(value.parse().ok()?).is_some(),
            "case" => case.replace(value.parse().ok()?).is_some(),
            _ => true,
        };
        if taken {
            return None;
        }
    }
    Some((kind?, case?))
}

/// Where an upload stands, as HEAD tells it.
pub(super) fn standing(upload: &StoredUpload) -> impl IntoResponse + use<> {
    let metadata = format!(
        "kind {},case {}",
        STANDARD.encode(upload.kind.as_str()),
        STANDARD.encode(upload.case.to_string())
    );
    [
        (UPLOAD_OFFSET, upload.offset.to_string()),
        (UPLOAD_LENGTH, upload.length_bytes.to_string()),
        (UPLOAD_METADATA, metadata),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_kind_and_case_and_nothing_else() {
        let case = format!("case {}", STANDARD.encode("00112233445566778899aabbccddeeff"));
        let kind = format!("kind {}", STANDARD.encode("follow-up"));
        for good in [format!("{kind},{case}"), format!("{case},{kind}"), format!("{case}, {kind}")] {
            let (kind, case) = decode_metadata(&good).unwrap();
            assert_eq!(
                (kind, case.to_string().as_str()),
                (Kind::FollowUp, "00112233445566778899aabbccddeeff")
            );
        }
        for bad in [
            String::new(),
            kind.clone(),
            case.clone(),
            format!("{kind},{case},{kind}"),
            format!("{kind},{case},"),
            format!("{kind},{case},filename {}", STANDARD.encode("secret.pdf")),
            format!("{kind},case"),
            format!("{kind},case {}", STANDARD.encode("0011")),
            format!("{kind},case !!!"),
            format!("kind {},{case}", STANDARD.encode("note")),
            format!("kind {},{case}", STANDARD.encode([0xff, 0xfe])),
        ] {
            assert!(decode_metadata(&bad).is_none(), "{bad}");
        }
    }
}
