//! What handlers take from a request besides its body.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use crate::http::headers::single;
use crate::http::host::requested_host;
use crate::http::problem::Problem;
use crate::protocol::api::ProblemWord;
use crate::protocol::ids::WriteHash;
use crate::protocol::secret::WriteToken;
use crate::server::app::App;
use crate::server::office::ServedOffice;
use crate::verify::digest::write_hash;

const CASE_WRITE: HeaderName = HeaderName::from_static("case-write");

/// What a path names, unless its bytes are no text. Handlers take it so: axum's own refusal is no problem
/// document and quotes the path.
pub type PathParam<T> = Result<Path<T>, PathRejection>;

/// The office that a request is for: the only way for a handler to get one.
pub struct AtOffice(pub Arc<ServedOffice>);

/// Before anything else of a request is looked at. Whoever knows none of the hosts learns of no
/// office, not even that there are any.
pub async fn choose_office(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let host = match requested_host(request.uri(), request.headers()) {
        Ok(host) => host,
        Err(problem) => return problem.into_response(),
    };
    let Some(office) = app.offices.at(&host) else {
        let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
        return (StatusCode::NOT_FOUND, plain, "Not Found\n").into_response();
    };
    request.extensions_mut().insert(office.clone());
    next.run(request).instrument(office.span.clone()).await
}

impl FromRequestParts<Arc<App>> for AtOffice {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        // There is one: [`choose_office`] stands before every handler.
        parts.extensions.get().cloned().map(Self).ok_or(ProblemWord::Internal.into())
    }
}

/// The hash of the write token in `Case-Write`, if one is shown. The storage
/// compares it with what the case keeps.
pub fn shown_write(headers: &HeaderMap) -> Result<Option<WriteHash>, Problem> {
    let Some(text) = single(headers, &CASE_WRITE)? else { return Ok(None) };
    let token = WriteToken::decode(text).ok_or(ProblemWord::Malformed)?;
    Ok(Some(write_hash(&token)))
}
