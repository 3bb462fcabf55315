//! The cases, for inspectors in a session (PROTOCOL 4.4).

use std::time::Instant;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::http::headers::bearer;
use crate::http::problem::Problem;
use crate::protocol::api::{CasesPage, ListedCase, ProblemWord};
use crate::protocol::ids::CaseId;
use crate::protocol::limits::CASES_PER_PAGE_MAX;
use crate::server::office::ServedOffice;
use crate::storage;

use super::blob;
use super::extract::{AtOffice, PathParam};
use super::mailbox::listed;

const LIMIT_DEFAULT: u16 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasesQuery {
    after: Option<CaseId>,
    limit: Option<u16>,
}

/// `GET /cases`.
pub async fn list(
    AtOffice(office): AtOffice,
    page: Result<Query<CasesQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    expect_session(&office, &headers)?;
    let Query(CasesQuery { after, limit }) = page.map_err(|_| ProblemWord::Malformed)?;
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=CASES_PER_PAGE_MAX).contains(&limit) {
        return Err(ProblemWord::Malformed.into());
    }
    let found = office.storage.cases(after, limit.into()).await?;
    let cases = found.cases.into_iter().map(listed_case).collect();
    Ok(Json(CasesPage { cases, next: found.next }).into_response())
}

/// `GET /cases/<case>`.
pub async fn read(
    AtOffice(office): AtOffice,
    case: PathParam<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    expect_session(&office, &headers)?;
    let case = case.ok().and_then(|Path(text)| text.parse().ok()).ok_or(ProblemWord::NotFound)?;
    Ok(Json(listed_case(office.storage.case(case).await?)).into_response())
}

/// `GET /cases/<case>/messages/<position>`.
pub async fn message(
    AtOffice(office): AtOffice,
    path: PathParam<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    expect_session(&office, &headers)?;
    let Path((case, position)) = path.map_err(|_| ProblemWord::NotFound)?;
    let case = case.parse().map_err(|_| ProblemWord::NotFound)?;
    let position = blob::position(&position).ok_or(ProblemWord::NotFound)?;
    blob::answer(&office, case, position, &headers).await
}

fn expect_session(office: &ServedOffice, headers: &HeaderMap) -> Result<(), Problem> {
    let secret = bearer(headers)?;
    office.sessions.inspector(&secret, Instant::now()).map(|_| ()).ok_or(ProblemWord::Unauthorized.into())
}

fn listed_case(found: storage::StoredCase) -> ListedCase {
    ListedCase { case: found.case, messages: found.messages.into_iter().map(listed).collect() }
}
