//! The cases, for inspectors in a session (PROTOCOL 4.4).

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::protocol::ids::CaseId;
use crate::storage;

use super::app::{App, Named};
use super::blob;
use super::error::Problem;
use super::headers::bearer;
use super::mailbox::Listed;

const LIMIT_DEFAULT: u16 = 100;
const LIMIT_MAX: u16 = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<CaseId>,
    limit: Option<u16>,
}

#[derive(Serialize)]
struct Case {
    case: CaseId,
    messages: Vec<Listed>,
}

impl From<storage::StoredCase> for Case {
    fn from(found: storage::StoredCase) -> Self {
        Self { case: found.case, messages: found.messages.into_iter().map(Listed::from).collect() }
    }
}

#[derive(Serialize)]
struct Cases {
    cases: Vec<Case>,
    next: Option<CaseId>,
}

/// `GET /cases`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    page: Result<Query<Page>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    expect_session(&app, &headers)?;
    let Query(Page { after, limit }) = page.map_err(|_| Problem::Malformed)?;
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::Malformed);
    }
    let found = app.storage.cases(after, limit.into()).await?;
    let cases = found.cases.into_iter().map(Case::from).collect();
    Ok(Json(Cases { cases, next: found.next }).into_response())
}

/// `GET /cases/<case>`.
pub(super) async fn read(
    State(app): State<Arc<App>>,
    case: Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    expect_session(&app, &headers)?;
    let case = case.ok().and_then(|Path(text)| text.parse().ok()).ok_or(Problem::NotFound)?;
    Ok(Json(Case::from(app.storage.case(case).await?)).into_response())
}

/// `GET /cases/<case>/messages/<position>`.
pub(super) async fn message(
    State(app): State<Arc<App>>,
    path: Named<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    expect_session(&app, &headers)?;
    let Path((case, position)) = path.map_err(|_| Problem::NotFound)?;
    let case = case.parse().map_err(|_| Problem::NotFound)?;
    let position = blob::position(&position).ok_or(Problem::NotFound)?;
    blob::answer(&app, case, position, &headers).await
}

fn expect_session(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let secret = bearer(headers)?;
    app.sessions.inspector(&secret, Instant::now()).map(|_| ()).ok_or(Problem::Unauthorized)
}
