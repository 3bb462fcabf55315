//! Sending (PROTOCOL 4.2): uploads that become messages when they are whole.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, LOCATION};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::body::Incoming;
use crate::http::headers::{bearer, integer};
use crate::http::problem::Problem;
use crate::protocol::api::ProblemWord;
use crate::protocol::memo::SealedMemo;
use crate::protocol::upload::{MessageKind, UploadMetadata};
use crate::server::app::App;
use crate::server::office::ServedOffice;
use crate::storage::{NewUpload, Owner, UploadId};
use crate::verify::digest;

use super::extract::{AtOffice, PathParam, shown_write};
use super::receiving::{Receiver, create_with_upload};
use super::tus;

/// `POST /uploads`.
pub async fn create(
    State(app): State<Arc<App>>,
    AtOffice(office): AtOffice,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let empty = body.is_end_stream();
    let (new, memo) = begin(&app, &office, &headers, empty)?;
    let (id, offset) = if empty {
        (office.storage.create_upload(new, None).await?.0, 0)
    } else {
        create_with_upload(&app, &office, new, memo, &mut Incoming::new(body, app.stopping.clone())).await?
    };
    let location = format!("/api/v1/uploads/{id}");
    let headers = [(LOCATION, location), (tus::UPLOAD_OFFSET, offset.to_string())];
    Ok((StatusCode::CREATED, headers).into_response())
}

/// `HEAD /uploads/<id>`.
pub async fn head(
    AtOffice(office): AtOffice,
    id: PathParam<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, owner) = authorize(&office, id, &headers)?;
    let upload = office.storage.upload(id, owner).await?;
    Ok(tus::standing(&upload).into_response())
}

/// `PATCH /uploads/<id>`.
pub async fn append(
    State(app): State<Arc<App>>,
    AtOffice(office): AtOffice,
    id: PathParam<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (id, owner) = authorize(&office, id, &headers)?;
    let offset = tus::offset(&headers)?;
    let upload = office.storage.upload(id, owner).await?;
    if upload.is_finished() {
        return Err(ProblemWord::Finished.into());
    }
    if offset != upload.offset {
        return Err(ProblemWord::OffsetMismatch.into());
    }
    let memo = tus::memo(&headers)?;
    fits(&headers, upload.length_bytes - offset, upload.kind, memo.as_ref())?;
    let mut receiver = Receiver::new(id, owner, upload.length_bytes, offset, memo);
    receiver.receive(&app, &office, &mut Incoming::new(body, app.stopping.clone())).await?;
    let headers = [(tus::UPLOAD_OFFSET, receiver.offset().to_string())];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// `DELETE /uploads/<id>`.
pub async fn remove(
    AtOffice(office): AtOffice,
    id: PathParam<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (id, owner) = authorize(&office, id, &headers)?;
    office.storage.remove_upload(id, owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /uploads/<id>`: PATCH or DELETE, if the request says so.
pub async fn overridden(
    app: State<Arc<App>>,
    office: AtOffice,
    id: PathParam<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    match tus::overriding_method(&headers)? {
        Some(Method::PATCH) => append(app, office, id, headers, body).await,
        Some(Method::DELETE) => Ok(remove(office, id, headers).await?.into_response()),
        _ => Err(ProblemWord::MethodNotAllowed.into()),
    }
}

/// What the headers of a POST ask for, all of it checked before a byte of the body is read.
fn begin(
    app: &App,
    office: &ServedOffice,
    headers: &HeaderMap,
    empty: bool,
) -> Result<(NewUpload, Option<SealedMemo>), Problem> {
    let secret = bearer(headers)?;
    let UploadMetadata { kind, case, write_hash } = tus::metadata(headers)?;
    let (owner, write_hash) = if kind.is_from_reporter() {
        (Owner::from(digest::mailbox_id(&secret)), write_hash)
    } else {
        let owner = inspector_owner(office, &secret).ok_or(ProblemWord::Unauthorized)?;
        (owner, shown_write(headers)?)
    };
    let length_bytes = tus::length_bytes(headers, app.message_bytes_max)?;
    let memo = tus::memo(headers)?;
    if !empty {
        tus::expect_content(headers)?;
        fits(headers, length_bytes, kind, memo.as_ref())?;
    }
    Ok((NewUpload { owner, kind, case, write_hash, length_bytes, day: app.today() }, memo))
}

/// A body that is declared too long, or to be the last of a reporter's message though it lacks the memo, is
/// refused before it is sent: the upload stands where it stood.
fn fits(
    headers: &HeaderMap,
    bytes_max: u64,
    kind: MessageKind,
    memo: Option<&SealedMemo>,
) -> Result<(), Problem> {
    match integer(headers, &CONTENT_LENGTH)? {
        Some(declared) if declared > bytes_max => Err(ProblemWord::TooLarge.into()),
        Some(declared) if declared == bytes_max && kind.is_from_reporter() && memo.is_none() => {
            Err(ProblemWord::Malformed.into())
        }
        _ => Ok(()),
    }
}

/// The upload that a path names and to whom the request's secret belongs: a reporter, or an inspector in a
/// session.
fn authorize(
    office: &ServedOffice,
    id: PathParam<String>,
    headers: &HeaderMap,
) -> Result<(UploadId, Owner), Problem> {
    let secret = bearer(headers)?;
    let id = id.ok().and_then(|Path(id)| id.parse().ok()).ok_or(ProblemWord::NotFound)?;
    let owner = inspector_owner(office, &secret).unwrap_or_else(|| Owner::from(digest::mailbox_id(&secret)));
    Ok((id, owner))
}

/// An inspector's uploads are the inspector's, not the session's: a new session goes on with them.
fn inspector_owner(office: &ServedOffice, secret: &[u8; 32]) -> Option<Owner> {
    let inspector = office.sessions.inspector(secret, Instant::now())?;
    let parts = [&office.ids.office.as_bytes()[..], inspector.as_str().as_bytes()];
    let digest = digest::labelled("inspector", &parts);
    Some(Owner::from_bytes(*digest.as_bytes()))
}
