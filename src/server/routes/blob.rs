//! A message's blob, whole or a range of it, streamed from the storage (RFC 9110, section 14).

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};

use crate::http::problem::Problem;
use crate::http::range::requested;
use crate::protocol::api::ProblemWord;
use crate::server::office::ServedOffice;
use crate::server::problem::word_of;
use crate::storage::{self, StoredMessage};

/// Held in memory for one download.
const READ_BYTES: usize = 128 * 1024;

/// A position in a path: decimal, as it would be written.
pub fn position(text: &str) -> Option<u32> {
    text.parse().ok().filter(|position: &u32| position.to_string() == text)
}

/// The blob of a message, as the request asks for it.
pub async fn answer(
    office: &Arc<ServedOffice>,
    message: StoredMessage,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let size_bytes = message.summary.size_bytes;
    let asked = requested(headers, size_bytes)?;
    let range = asked.clone().unwrap_or(0..size_bytes);
    // Before anything is promised: what cannot be read from its first byte on is said in words.
    let first = read(office, &message, &range).await?;
    let left = range.start + first.len() as u64..range.end;
    let mut response = (
        [
            (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            (CONTENT_LENGTH, HeaderValue::from(range.end - range.start)),
        ],
        stream(office.clone(), message, first, left),
    )
        .into_response();
    if asked.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let value = format!("bytes {}-{}/{size_bytes}", range.start, range.end - 1);
        response
            .headers_mut()
            .insert(CONTENT_RANGE, HeaderValue::try_from(value).map_err(|_| ProblemWord::Internal)?);
    }
    Ok(response)
}

/// Read as the client takes it. A failure on the way is logged and cuts the connection: the
/// length was promised, so it shows.
fn stream(office: Arc<ServedOffice>, message: StoredMessage, first: Vec<u8>, left: Range<u64>) -> Body {
    let rest = stream::unfold((office, left), move |(office, left)| async move {
        if left.is_empty() {
            return None;
        }
        let piece = read(&office, &message, &left).await.inspect_err(|error| {
            word_of(*error);
        });
        let next = left.start + piece.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let left = if piece.is_ok() { next..left.end } else { left.end..left.end };
        Some((piece, (office, left)))
    });
    Body::from_stream(stream::once(async { Ok(first) }).chain(rest))
}

/// The next piece of a range that is not empty.
async fn read(
    office: &ServedOffice,
    message: &StoredMessage,
    range: &Range<u64>,
) -> Result<Vec<u8>, storage::Error> {
    let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX).min(READ_BYTES);
    office.storage.message_bytes(message, range.start, wanted).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        assert_eq!(position("0"), Some(0));
        assert_eq!(position("4294967295"), Some(u32::MAX));
        for bad in ["", "-1", "+1", "01", "4294967296", "1.0", "٣", " 1"] {
            assert_eq!(position(bad), None, "{bad}");
        }
    }
}
