//! Sending (PROTOCOL 4.2): uploads that become messages when they are whole.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::protocol::ids::Digest;
use crate::protocol::upload::MessageKind;
use crate::storage::{self, NewUpload, Owner, Piece, UploadId};
use crate::verify::digest::{self, Sha256};

use super::app::{App, Named};
use super::body::Incoming;
use super::error::Problem;
use super::headers::{bearer, integer};
use super::tus;

/// How every age file begins, up to the first stanza.
const SEALED: &[u8] = b"age-encryption.org/v1\n";
/// Bytes read back at a time to hash what earlier requests brought.
const READ_BYTES: usize = 256 * 1024;

/// `POST /uploads`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let empty = body.is_end_stream();
    let new = begin(&app, &headers, empty)?;
    let (id, offset) = if empty {
        (app.storage.create_upload(new, None).await?.0, 0)
    } else {
        create_with_upload(&app, new, &mut Incoming::new(body)).await?
    };
    let location = format!("/api/v1/uploads/{id}");
    let headers = [(LOCATION, location), (tus::UPLOAD_OFFSET, offset.to_string())];
    Ok((StatusCode::CREATED, headers).into_response())
}

/// `HEAD /uploads/<id>`.
pub(super) async fn stand(
    State(app): State<Arc<App>>,
    id: Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, owner) = name(&app, id, &headers)?;
    let upload = app.storage.upload(id, owner).await?;
    Ok(tus::standing(&upload).into_response())
}

/// `PATCH /uploads/<id>`.
pub(super) async fn append(
    State(app): State<Arc<App>>,
    id: Named<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (id, owner) = name(&app, id, &headers)?;
    let offset = tus::offset(&headers)?;
    let upload = app.storage.upload(id, owner).await?;
    if upload.is_finished() {
        return Err(Problem::Finished);
    }
    if offset != upload.offset {
        return Err(Problem::OffsetMismatch);
    }
    fits(&headers, upload.length_bytes - offset)?;
    let length_bytes = upload.length_bytes;
    let mut receiver = Receiver { id, owner, length_bytes, offset, hash: Running::from(offset) };
    receiver.receive(&app, &mut Incoming::new(body)).await?;
    let headers = [(tus::UPLOAD_OFFSET, receiver.offset.to_string())];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// `DELETE /uploads/<id>`.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    id: Named<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (id, owner) = name(&app, id, &headers)?;
    app.storage.remove_upload(id, owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the headers of a POST ask for, all of it checked before a byte of the body is read.
fn begin(app: &App, headers: &HeaderMap, empty: bool) -> Result<NewUpload, Problem> {
    let secret = bearer(headers)?;
    let (kind, case) = tus::metadata(headers)?;
    let owner = match kind {
        MessageKind::Report | MessageKind::FollowUp => Owner::from(digest::mailbox_id(&secret)),
        MessageKind::Reply => inspector_owner(app, &secret).ok_or(Problem::Unauthorized)?,
    };
    let length_bytes = tus::length_bytes(headers, app.message_bytes_max)?;
    if !empty {
        tus::expect_content(headers)?;
        fits(headers, length_bytes)?;
    }
    Ok(NewUpload { owner, kind, case, length_bytes, day: app.today() })
}

async fn create_with_upload(
    app: &App,
    new: NewUpload,
    incoming: &mut Incoming,
) -> Result<(UploadId, u64), Problem> {
    let mut hash = Running::from(0);
    let data = incoming.next_piece(app, 0, new.length_bytes).await?;
    if !is_sealed_so_far(0, &data) {
        return Err(Problem::NotSealed);
    }
    hash.update(&data);
    let digest = (data.len() as u64 == new.length_bytes).then(|| hash.finish()).flatten();
    let (id, progress) = app.storage.create_upload(new, Some(Piece { offset: 0, data, digest })).await?;
    let mut receiver =
        Receiver { id, owner: new.owner, length_bytes: new.length_bytes, offset: progress.offset, hash };
    match receiver.receive(app, incoming).await {
        Ok(()) => Ok((id, receiver.offset)),
        Err(problem) => {
            // The client is told of the problem and not of the upload: nobody could ever continue it.
            let _ = app.storage.remove_upload(id, new.owner).await;
            Err(problem)
        }
    }
}

/// An upload in the course of one request.
struct Receiver {
    id: UploadId,
    owner: Owner,
    length_bytes: u64,
    /// What is durable.
    offset: u64,
    hash: Running,
}

impl Receiver {
    /// Stores what the body brings, piece by piece, until it is over.
    async fn receive(&mut self, app: &App, incoming: &mut Incoming) -> Result<(), Problem> {
        while self.offset < self.length_bytes && !incoming.is_over() {
            let data = incoming.next_piece(app, self.offset, self.length_bytes).await?;
            if data.is_empty() {
                break;
            }
            if !is_sealed_so_far(self.offset, &data) {
                app.storage.remove_upload(self.id, self.owner).await?;
                return Err(Problem::NotSealed);
            }
            self.hash.update(&data);
            let last = self.offset + data.len() as u64 == self.length_bytes;
            let digest = if last { Some(self.digest(app, &data).await?) } else { None };
            let piece = Piece { offset: self.offset, data, digest };
            self.offset = app.storage.append(self.id, self.owner, piece, app.today()).await?.offset;
        }
        Ok(())
    }

    /// SHA-256 of the whole, outside the writer. What earlier requests brought is read back: it cannot have changed.
    async fn digest(&mut self, app: &App, last: &[u8]) -> Result<Digest, Problem> {
        if let Some(digest) = self.hash.finish() {
            return Ok(digest);
        }
        let mut hash = Sha256::new();
        let mut at = 0;
        while at < self.offset {
            let bytes = app.storage.upload_bytes(self.id, self.owner, at, READ_BYTES).await?;
            if bytes.is_empty() {
                return Err(storage::Error::OffsetMismatch.into());
            }
            hash.update(&bytes);
            at += bytes.len() as u64;
        }
        hash.update(last);
        Ok(hash.finish())
    }
}

/// The hash of a blob whose first byte came with this request; nothing of others.
struct Running(Option<Sha256>);

impl Running {
    fn from(offset: u64) -> Self {
        Self((offset == 0).then(Sha256::new))
    }

    fn update(&mut self, data: &[u8]) {
        if let Some(hash) = &mut self.0 {
            hash.update(data);
        }
    }

    fn finish(&mut self) -> Option<Digest> {
        self.0.take().map(Sha256::finish)
    }
}

/// Whether bytes at `offset` are those of an age file, as far as they tell.
fn is_sealed_so_far(offset: u64, data: &[u8]) -> bool {
    let wanted = SEALED.get(offset as usize..).unwrap_or(&[]);
    wanted.iter().zip(data).all(|(wanted, byte)| wanted == byte)
}

/// A body that is declared too long is refused before it is sent.
fn fits(headers: &HeaderMap, bytes_max: u64) -> Result<(), Problem> {
    match integer(headers, &CONTENT_LENGTH)? {
        Some(declared) if declared > bytes_max => Err(Problem::TooLarge),
        _ => Ok(()),
    }
}

/// The upload that a path names and to whom the request's secret belongs: a reporter, or an inspector in a session.
fn name(app: &App, id: Named<String>, headers: &HeaderMap) -> Result<(UploadId, Owner), Problem> {
    let secret = bearer(headers)?;
    let id = id.ok().and_then(|Path(id)| id.parse().ok()).ok_or(Problem::NotFound)?;
    let owner = inspector_owner(app, &secret).unwrap_or_else(|| Owner::from(digest::mailbox_id(&secret)));
    Ok((id, owner))
}

/// An inspector's uploads are the inspector's, not the session's: a new session goes on with them.
fn inspector_owner(app: &App, secret: &[u8; 32]) -> Option<Owner> {
    let inspector = app.sessions.inspector(secret, Instant::now())?;
    let digest = digest::labelled("inspector", &[inspector.as_str().as_bytes()]);
    Some(Owner::from_bytes(*digest.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_blob_is_known_by_its_beginning_however_it_is_cut() {
        let blob = b"age-encryption.org/v1\n-> mlkem768x25519 \xff\x00";
        for cut in 0..blob.len() {
            assert!(is_sealed_so_far(0, &blob[..cut]) && is_sealed_so_far(cut as u64, &blob[cut..]));
        }
        for at in 0..SEALED.len() {
            let mut other = *blob;
            other[at] ^= 1;
            assert!(!is_sealed_so_far(0, &other) && !is_sealed_so_far(at as u64, &other[at..]));
            assert!(is_sealed_so_far(0, &other[..at]));
        }
        assert!(is_sealed_so_far(1 << 40, b"anything"));
    }
}
