//! A reporter's mailbox (PROTOCOL 4.3).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest};
use crate::protocol::message::Direction;
use crate::storage;
use crate::verify::digest::mailbox_id;

use super::app::{App, Named};
use super::blob;
use super::error::Problem;
use super::headers::bearer;

/// The answer is filled to a multiple of this, so that its length tells little of how much there is.
const FILLED_TO: usize = 4096;

/// A message as every list shows it.
#[derive(Serialize)]
pub(super) struct Listed {
    position: u32,
    direction: Direction,
    size_bytes: u64,
    sha256: Digest,
    day: Day,
}

impl From<storage::MessageSummary> for Listed {
    fn from(summary: storage::MessageSummary) -> Self {
        let storage::MessageSummary { position, direction, size_bytes, sha256, day } = summary;
        Self { position, direction, size_bytes, sha256, day }
    }
}

#[derive(Serialize)]
struct Mailbox {
    case: Option<CaseId>,
    messages: Vec<Listed>,
}

/// `GET /mailbox`. An unknown token gets an answer of the same shape.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let (case, messages) = match app.storage.mailbox(mailbox_id(&token)).await? {
        Some(found) => (Some(found.case), found.messages),
        None => (None, Vec::new()),
    };
    let mailbox = Mailbox { case, messages: messages.into_iter().map(Listed::from).collect() };
    let mut body = serde_json::to_vec(&mailbox).map_err(|_| Problem::Internal)?;
    body.resize(body.len().next_multiple_of(FILLED_TO), b' ');
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// `GET /mailbox/messages/<position>`.
pub(super) async fn message(
    State(app): State<Arc<App>>,
    position: Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = bearer(&headers)?;
    let found = app.storage.mailbox(mailbox_id(&token)).await?.ok_or(Problem::UnknownMailbox)?;
    let position = position.ok().and_then(|Path(text)| blob::position(&text)).ok_or(Problem::NotFound)?;
    blob::answer(&app, found.case, position, &headers).await
}
