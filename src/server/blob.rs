//! A message's blob, whole or a range of it, streamed from the storage (RFC 9110, section 14).

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::protocol::ids::CaseId;
use crate::storage::StoredMessage;

use super::app::App;
use super::error::Problem;
use super::headers::single;

/// Held in memory for one download.
const READ_BYTES: usize = 128 * 1024;

/// A position in a path: decimal, as it would be written.
pub(super) fn position(text: &str) -> Option<u32> {
    text.parse().ok().filter(|position: &u32| position.to_string() == text)
}

/// The blob at a position of a case, as the request asks for it.
pub(super) async fn answer(
    app: &Arc<App>,
    case: CaseId,
    position: u32,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let message = app.storage.message(case, position).await?;
    let size_bytes = message.summary.size_bytes;
    let asked = single(headers, &RANGE)?.map(|text| range(text, size_bytes)).transpose()?.flatten();
    let range = asked.clone().unwrap_or(0..size_bytes);
    let mut response = (
        [
            (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (CONTENT_LENGTH, HeaderValue::from(range.end - range.start)),
        ],
        stream(app.clone(), message, range.clone()),
    )
        .into_response();
    if asked.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let value = format!("bytes {}-{}/{size_bytes}", range.start, range.end - 1);
        response
            .headers_mut()
            .insert(CONTENT_RANGE, HeaderValue::try_from(value).map_err(|_| Problem::Internal)?);
    }
    Ok(response)
}

/// Read as the client takes it. A failure on the way cuts the connection: the length was promised, so it shows.
fn stream(app: Arc<App>, message: StoredMessage, range: Range<u64>) -> Body {
    let pieces = stream::unfold((app, range), move |(app, left)| async move {
        let wanted = usize::try_from(left.end - left.start).unwrap_or(usize::MAX).min(READ_BYTES);
        if wanted == 0 {
            return None;
        }
        let piece = app.storage.message_bytes(&message, left.start, wanted).await;
        let next = left.start + piece.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let left = if piece.is_ok() { next..left.end } else { left.end..left.end };
        Some((piece, (app, left)))
    });
    Body::from_stream(pieces)
}

/// One range of bytes; nothing when it is in another unit, which is to be ignored. Several ranges are refused.
fn range(text: &str, size_bytes: u64) -> Result<Option<Range<u64>>, Problem> {
    let Some((unit, set)) = text.split_once('=') else { return Ok(None) };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Ok(None);
    }
    let range = single_range(set.trim(), size_bytes).filter(|range| range.start < range.end);
    range.map(Some).ok_or(Problem::Range { size_bytes })
}

fn single_range(spec: &str, size_bytes: u64) -> Option<Range<u64>> {
    let number = |digits: &str| {
        let plain = (1..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse::<u64>().ok() } else { None }
    };
    match spec.split_once('-')? {
        ("", suffix) => Some(size_bytes.saturating_sub(number(suffix)?)..size_bytes),
        (first, "") => Some(number(first)?..size_bytes),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first <= last { Some(first..last.saturating_add(1).min(size_bytes)) } else { None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, wanted) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-99", 0..100),
            ("bytes=0-100000", 0..100),
            ("bytes=99-", 99..100),
            ("bytes=-1", 99..100),
            ("bytes=-1000", 0..100),
            ("BYTES= 10-19", 10..20),
            ("bytes=5-18446744073709551615", 5..100),
        ] {
            let got = range(text, 100);
            if text.len() > 26 { assert!(got.is_err()) } else { assert_eq!(got, Ok(Some(wanted)), "{text}") }
        }
        for bad in
            ["bytes=", "bytes=-", "bytes=100-", "bytes=100-200", "bytes=-0", "bytes=5-4", "bytes=0-1,3-4"]
        {
            assert_eq!(range(bad, 100), Err(Problem::Range { size_bytes: 100 }), "{bad}");
        }
        for bad in ["bytes=a-b", "bytes=+1-2", "bytes=0x1-2", "bytes=1 - 2", "bytes=--1"] {
            assert!(range(bad, 100).is_err(), "{bad}");
        }
        for ignored in ["", "items=0-1", "0-1"] {
            assert_eq!(range(ignored, 100), Ok(None), "{ignored}");
        }
    }

    #[test]
    fn positions() {
        assert_eq!(position("0"), Some(0));
        assert_eq!(position("4294967295"), Some(u32::MAX));
        for bad in ["", "-1", "+1", "01", "4294967296", "1.0", "٣", " 1"] {
            assert_eq!(position(bad), None, "{bad}");
        }
    }
}
