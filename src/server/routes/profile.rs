//! `GET /profile` and `GET /profile/<version>`: signed notes, as they were signed.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::http::problem::Problem;
use crate::protocol::api::ProblemWord;
use crate::protocol::limits::INTEGER_MAX;

use super::extract::{AtOffice, PathParam};

pub async fn read(AtOffice(office): AtOffice, headers: HeaderMap) -> Response {
    office.note.answer(&headers)
}

/// One that was served at some time.
pub async fn read_version(
    AtOffice(office): AtOffice,
    version: PathParam<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let version = version.ok().and_then(|Path(text)| decode_version(&text)).ok_or(ProblemWord::NotFound)?;
    if version == office.profile.version {
        return Ok(office.note.answer(&headers));
    }
    let note = office.storage.profile(version).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response())
}

/// Decimal, as it would be written.
fn decode_version(text: &str) -> Option<u64> {
    text.parse().ok().filter(|version: &u64| *version <= INTEGER_MAX && version.to_string() == text)
}
