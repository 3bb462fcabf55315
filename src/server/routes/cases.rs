//! The cases, for inspectors in a session (PROTOCOL 4.5).

use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::http::body;
use crate::http::headers::{bearer, is_content_type};
use crate::http::problem::Problem;
use crate::protocol::api::{CasesAnswer, CasesPage, CasesRequest, ListedCase, ListedReport, ProblemWord};
use crate::protocol::ids::CaseId;
use crate::protocol::limits::{CASES_PER_PAGE_MAX, ENTRIES_PER_ANSWER_MAX, INTEGER_MAX};
use crate::protocol::record::ThreadName;
use crate::server::office::ServedOffice;
use crate::storage::ThreadsQuery;
use crate::verify::digest::write_hash;

use super::blob;
use super::extract::{AtOffice, PathParam, shown_write};
use super::mailbox::listed;

const LIMIT_DEFAULT: u16 = 100;
/// Of all cases of one answer together: it bounds the memory that an answer takes. What
/// does not fit is asked for again.
const ENTRIES_IN_ALL_MAX: usize = 20_000;
/// The most cases that one request may name, with room for white space.
const REQUEST_BYTES_MAX: usize = 512 * 1024;

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
    let found = office.storage.reports(after, limit.into()).await?;
    let cases = found.reports.into_iter();
    let cases = cases.map(|(case, report)| ListedReport { case, report: listed(report, None) }).collect();
    Ok(Json(CasesPage { cases, next: found.next }).into_response())
}

/// `POST /cases/read`.
pub async fn read(
    AtOffice(office): AtOffice,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    expect_session(&office, &headers)?;
    if !is_content_type(&headers, "application/json")? {
        return Err(ProblemWord::MediaType.into());
    }
    let request = body::small(request, REQUEST_BYTES_MAX).await?;
    let request: CasesRequest = serde_json::from_slice(&request).map_err(|_| ProblemWord::Malformed)?;
    let in_bounds = request.cases.len() <= usize::from(CASES_PER_PAGE_MAX)
        && request.cases.iter().all(|case| case.mailbox <= INTEGER_MAX && case.office <= INTEGER_MAX);
    if !in_bounds {
        return Err(ProblemWord::Malformed.into());
    }
    let queries = request.cases.iter().map(|asked| ThreadsQuery {
        case: asked.case,
        write_hash: asked.write.as_ref().map(write_hash),
        mailbox: asked.mailbox,
        office: asked.office,
    });
    let found = office.storage.threads(queries.collect(), ENTRIES_PER_ANSWER_MAX, ENTRIES_IN_ALL_MAX).await?;
    let entries = |thread: Vec<_>| thread.into_iter().map(|message| listed(message, None)).collect();
    let cases = found.into_iter().map(|found| ListedCase {
        case: found.case,
        mailbox: entries(found.mailbox),
        office: entries(found.office),
        orders: Vec::new(),
        more: found.more,
    });
    Ok(Json(CasesAnswer { cases: cases.collect() }).into_response())
}

/// `GET /cases/<case>/<thread>/<position>`.
pub async fn message(
    AtOffice(office): AtOffice,
    path: PathParam<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    expect_session(&office, &headers)?;
    let Path((case, thread, position)) = path.map_err(|_| ProblemWord::NotFound)?;
    let case = case.parse().map_err(|_| ProblemWord::NotFound)?;
    let thread = ThreadName::ALL.into_iter().find(|name| name.as_str() == thread);
    let thread = thread.ok_or(ProblemWord::NotFound)?;
    let position = blob::position(&position).ok_or(ProblemWord::NotFound)?;
    let found = office.storage.message(case, thread, position, shown_write(&headers)?).await?;
    blob::answer(&office, found, &headers).await
}

fn expect_session(office: &ServedOffice, headers: &HeaderMap) -> Result<(), Problem> {
    let secret = bearer(headers)?;
    office.sessions.inspector(&secret, Instant::now()).map(|_| ()).ok_or(ProblemWord::Unauthorized.into())
}
