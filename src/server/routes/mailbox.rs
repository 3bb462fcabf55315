//! A reporter's mailbox (PROTOCOL 4.3).

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::http::headers::bearer;
use crate::http::problem::Problem;
use crate::protocol::api::{ListedMailbox, ListedMessage, ProblemWord};
use crate::storage;
use crate::verify::digest::mailbox_id;

use super::blob;
use super::extract::{AtOffice, PathParam};

/// The answer is filled to a multiple of this, so that its length tells little of how much there is.
const FILLED_TO: usize = 4096;

/// A message as every list shows it.
pub fn listed(message: storage::MessageSummary) -> ListedMessage {
    let storage::MessageSummary { position, direction, size_bytes, sha256, day } = message;
    ListedMessage { position: position.into(), direction, size_bytes, sha256, day }
}

/// `GET /mailbox`. An unknown token gets an answer of the same shape.
pub async fn list(AtOffice(office): AtOffice, headers: HeaderMap) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let (case, messages) = match office.storage.mailbox(mailbox_id(&token)).await? {
        Some(found) => (Some(found.case), found.messages),
        None => (None, Vec::new()),
    };
    let mailbox = ListedMailbox { case, messages: messages.into_iter().map(listed).collect() };
    let mut body = serde_json::to_vec(&mailbox).map_err(|_| ProblemWord::Internal)?;
    body.resize(body.len().next_multiple_of(FILLED_TO), b' ');
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// `GET /mailbox/messages/<position>`.
pub async fn message(
    AtOffice(office): AtOffice,
    position: PathParam<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let found = office.storage.mailbox(mailbox_id(&token)).await?.ok_or(ProblemWord::UnknownMailbox)?;
    let position = position.ok().and_then(|Path(text)| blob::position(&text)).ok_or(ProblemWord::NotFound)?;
    blob::answer(&office, found.case, position, &headers).await
}
