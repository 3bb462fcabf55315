//! `GET /profile`: the signed note, as it was signed.

use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::protocol::profile::Profile;
use crate::verify;

use super::Error;
use super::app::App;
use super::pages::File;

/// The office profile and the note it came in.
pub(super) struct Signed {
    pub(super) profile: Profile,
    /// Public, so it may be compressed; recipients shrink by half.
    note: File,
}

impl Signed {
    /// Reads the note and checks that the root key it names signed it. Whether it has expired is left to the readers:
    /// inspectors must get at their cases all the same.
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        let note = std::fs::read(path)
            .map_err(|source| Error::ReadProfile { path: path.display().to_string(), source })?;
        let profile = verify::profile::verify_signature(&note)
            .map_err(|source| Error::Profile { path: path.display().to_string(), source })?;
        Ok(Self { profile, note: File::new("profile.txt", note.into()) })
    }
}

pub(super) async fn read(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.signed.note.answer("/api/v1/profile", &headers)
}
