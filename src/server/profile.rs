//! `GET /profile`: the signed note, as it was signed.

use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::protocol::profile::Profile;
use crate::verify;

use super::Error;
use super::app::App;

/// The office profile and the note it came in.
pub(super) struct Signed {
    pub(super) profile: Profile,
    note: Bytes,
}

impl Signed {
    /// Reads the note and checks that the root key it names signed it. Whether it has expired is left to the readers:
    /// inspectors must get at their cases all the same.
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        let note = std::fs::read(path)
            .map_err(|source| Error::ReadProfile { path: path.display().to_string(), source })?;
        let profile = verify::profile::verify_signature(&note)
            .map_err(|source| Error::Profile { path: path.display().to_string(), source })?;
        Ok(Self { profile, note: note.into() })
    }
}

pub(super) async fn read(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], app.signed.note.clone())
}
