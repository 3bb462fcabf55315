//! One office as a value, and all of them.

use std::sync::Arc;

use crate::http::static_file::StaticFile;
use crate::protocol::profile::Profile;
use crate::storage::Storage;
use crate::verify;

use super::embedded::EmbeddedFiles;
use super::forms::Forms;
use super::sessions::Sessions;

/// Whatever belongs to one office and to no other: nothing of it may answer a request for another.
pub(super) struct ServedOffice {
    pub(super) signed: SignedProfile,
    pub(super) storage: Storage,
    pub(super) sessions: Sessions,
    pub(super) forms: Forms,
}

impl ServedOffice {
    pub(super) fn new(signed: SignedProfile, storage: Storage, files: &EmbeddedFiles) -> Self {
        let forms = Forms::new(files, &signed.profile);
        Self { signed, storage, sessions: Sessions::new(), forms }
    }
}

/// The office profile and the note it came in.
pub(super) struct SignedProfile {
    pub(super) profile: Profile,
    /// Public, so it may be compressed; recipients shrink by half.
    pub(super) note: StaticFile,
}

impl SignedProfile {
    /// Checks that the root key which the note names signed it. Whether it has expired is left to the
    /// readers: inspectors must get at their cases all the same.
    pub(super) fn verify(note: Vec<u8>) -> Result<Self, verify::profile::Error> {
        let profile = verify::profile::verify_signature(&note)?;
        Ok(Self { profile, note: StaticFile::new("profile.txt", note.into()) })
    }
}

/// The offices of this server. There is one, and it answers whatever host a request names.
pub(super) struct Offices {
    only: Arc<ServedOffice>,
}

impl Offices {
    pub(super) fn one(office: ServedOffice) -> Self {
        Self { only: Arc::new(office) }
    }

    /// The office that answers a request.
    pub(super) fn answering(&self) -> &Arc<ServedOffice> {
        &self.only
    }

    /// Every one, for what is done to all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<ServedOffice>> {
        std::iter::once(&self.only)
    }
}
