//! How an inspector is let in: by signing a challenge with the key that the office profile lists (PROTOCOL
//! 4.4).

use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use zeroize::Zeroizing;

use crate::http::body;
use crate::http::headers::is_content_type;
use crate::http::problem::Problem;
use crate::protocol::api::{IssuedChallenge, IssuedSession, ProblemWord, SessionRequest};
use crate::protocol::ids::{Digest, encode_hex};
use crate::protocol::person::KeyId;
use crate::server::sessions::SESSION_LIFE;
use crate::verify::signature::{is_signed_by, session_bytes};

use super::extract::AtOffice;

/// More than any request here can need.
const REQUEST_BYTES_MAX: usize = 4096;

/// `POST /inspector/challenge`. Whatever its body, it is not looked at.
pub async fn challenge(AtOffice(office): AtOffice, request: Body) -> Result<Response, Problem> {
    body::small(request, REQUEST_BYTES_MAX).await?;
    let challenge = Digest::from_bytes(office.sessions.issue_challenge(Instant::now()));
    Ok(Json(IssuedChallenge { challenge }).into_response())
}

/// `POST /inspector/session`. What was wrong is not said: the key, the name, the epoch, the address, the
/// challenge and its time are one. A former key lets nobody in.
pub async fn session(
    AtOffice(office): AtOffice,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    if !is_content_type(&headers, "application/json")? {
        return Err(ProblemWord::MediaType.into());
    }
    let request = body::small(request, REQUEST_BYTES_MAX).await?;
    let request: SessionRequest = serde_json::from_slice(&request).map_err(|_| ProblemWord::Malformed)?;
    let now = Instant::now();
    if !office.sessions.take_challenge(request.challenge.as_bytes(), now) {
        return Err(ProblemWord::Unauthorized.into());
    }
    let profile = &office.profile;
    let inspector = profile
        .inspector(&request.inspector)
        .filter(|inspector| inspector.epoch == request.epoch && profile.addresses.contains(&request.address))
        .ok_or(ProblemWord::Unauthorized)?;
    let key = KeyId { person: inspector.id.clone(), epoch: inspector.epoch };
    let signed = session_bytes(profile.office, &key, &request.address, request.challenge);
    if !is_signed_by(&inspector.signer, &request.signature, &signed) {
        return Err(ProblemWord::Unauthorized.into());
    }
    let secret = office.sessions.begin(inspector.id.clone(), now);
    let session = Zeroizing::new(encode_hex(&*secret));
    let session = IssuedSession { session, expires_in_seconds: SESSION_LIFE.as_secs() };
    Ok(Json(session).into_response())
}
